"""What the commands of `explore` share on the command line: their base, and where they read and write.

values = parse_words("explore", COMMANDS, OVERVIEW, ["search", "--image", "page.png"])     # settings/words.py
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

INDEX, OUTPUT = "index", "explore"  # folders in the output folder


@dataclass(frozen=True, kw_only=True)
class ExploreJob(WordJob):
    """A command of `explore`; the commands add their fields. index: the index's folder."""

    flag = "explore"
    needs: ClassVar[tuple[str, ...]] = ("lancedb", "pyarrow")
    requirements = "requirements-explore.txt"

    index: Path

    @classmethod
    def add_first(cls, parser: argparse.ArgumentParser) -> None:
        """As `WordJob` has it."""
        parser.add_argument("--index", metavar="DIR", help="the folder of the index (default: result/index)")

    @classmethod
    def hint(cls, word: str) -> str:
        """As `WordJob` has it."""
        shown = printable(word)
        if cls.name == "search" and Path(word).is_file():
            return f"; did you mean --image {shown}?"
        if cls.name != "index" and Path(word).is_dir():
            return f": folders of pages go to: {PROGRAM} explore index {shown}"
        return ""


def add_output(group: argparse._ActionsContainer) -> None:
    """Add `-o`, for commands that write files beside the index."""
    group.add_argument("-o", "--output", metavar="DIR", help="where files are written (default: result/explore)")


def places_of(typed: Typed, settings: Settings) -> dict[str, Path]:
    """index, and output: the folder of `-o`, by default in the output folder."""
    return {"index": index_of(typed, settings, INDEX), "output": output_of(typed, settings, OUTPUT)}
