"""What the commands of `writers` share on the command line: their base, the model, and where they read and write.

values = parse_words("writers", COMMANDS, OVERVIEW, ["compare", "a.png", "b.png"])     # settings/words.py
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from settings.command import Typed
from settings.flags import PROGRAM
from settings.schema import Settings
from settings.words import WordJob, index_of, output_of
from utils import printable
from writers.configurations import Configuration

INDEX, OUTPUT = "writers", "writers_found"  # folders in the output folder

LISTED = ("--file_format", "--inner", "--hidden", "--exclude")  # flags of which pages there are


@dataclass(frozen=True, kw_only=True)
class WritersJob(WordJob):
    """A command of `writers`; the commands add their fields. model: as typed, "" = the one that ships."""

    flag = "writers"
    needs: ClassVar[tuple[str, ...]] = ("cv2", "lancedb", "pyarrow")
    requirements = "requirements-writers.txt"

    model: str = ""

    @classmethod
    def hint(cls, word: str) -> str:
        """As `WordJob` has it."""
        shown = printable(word)
        if cls.name == "search" and Path(word).is_file():
            return f"; did you mean --image {shown}?"
        if Path(word).is_dir():
            return f": folders of pages go to: {PROGRAM} writers index {shown}"
        return ""


@dataclass(frozen=True, kw_only=True)
class TrainingJob(WritersJob):
    """A command that trains. pages: folders; model_name: of the folder to be, in the folder of models."""

    shared = (*LISTED, "--max_pixels", "--memory", "--model_dir", "--device", "--workers", "--quiet")
    needs = (*WritersJob.needs, "torch", "safetensors", "sklearn")
    requirements = "requirements.txt requirements-writers.txt"

    pages: tuple[Path, ...]
    model_name: str
    configuration: Configuration

    def to_continue(self, settings: Settings, began: float) -> str:
        """The same command: what was learned is taken up without a flag."""
        return self.command()


@dataclass(frozen=True, kw_only=True)
class IndexJob(WritersJob):
    """A command of `writers` that works on an index. index: its folder."""

    index: Path

    @classmethod
    def add_first(cls, parser: argparse.ArgumentParser) -> None:
        """As `WordJob` has it."""
        parser.add_argument("--index", metavar="DIR", help="the folder of the index (default: result/writers)")


def add_model(group: argparse._ActionsContainer, more: str = "") -> None:
    """Add `--model`. more: the end of its help."""
    what = "the folder of the model that describes hands (default: models/hands, which ships)"
    group.add_argument("--model", dest="hands", metavar="DIR", help=f"{what}{more}")


def add_page(group: argparse._ActionsContainer, metavar: str, more: str = "") -> None:
    """Add `--page`, which page of a file of several is meant."""
    about = "which page, from 1, of a PDF or a TIFF of several"
    group.add_argument("--page", nargs="+", metavar=metavar, help=f"{about}{more}")


def add_output(group: argparse._ActionsContainer) -> None:
    """Add `-o`, for commands that write files beside the index."""
    group.add_argument("-o", "--output", metavar="DIR", help="where files are written (default: result/writers_found)")


def model_of(typed: Typed) -> str:
    """What `--model` names, "" = the one that ships."""
    return typed.text("hands", "--model")


def output_folder_of(typed: Typed, settings: Settings) -> Path:
    """The folder of `-o`, by default in the output folder."""
    return output_of(typed, settings, OUTPUT)


def index_folder_of(typed: Typed, settings: Settings) -> Path:
    """The folder of `--index`, by default in the output folder."""
    return index_of(typed, settings, INDEX)
