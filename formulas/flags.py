"""What the commands of `formulas` share on the command line: their base, the model, and where they read and write.

values = parse_words("formulas", COMMANDS, OVERVIEW, ["read", "formula.png"])     # settings/words.py
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from settings.command import Typed
from settings.config_file import HOME
from settings.flags import PROGRAM
from settings.given_paths import expanded
from settings.schema import Settings
from settings.words import WordJob, count_of, output_of
from utils import UserError, did_you_mean, printable

SHIPPED = HOME / "models" / "formulas"  # the model that reads where no other is named
RECORD = "formulas.json"  # what tells a model of formulas from other model folders
OUTPUT = "formulas"  # the folder in the output folder
LISTED = ("--file_format", "--inner", "--hidden", "--exclude")  # flags of which pages there are
READING = (*LISTED, "--max_pixels", "--memory", "--strict")
COMPUTING = ("--model_dir", "--engine", "--device", "--batch_size", "--workers")
BEAMS, MOST_BEAMS = 4, 64  # beginnings of a reading that are followed at once
TRAINING_REQUIREMENTS = "requirements.txt requirements-formulas.txt"


@dataclass(frozen=True, kw_only=True)
class FormulasJob(WordJob):
    """A command of `formulas`; the commands add their fields. model: as typed, "" = the one that ships."""

    flag = "formulas"
    requirements = "requirements-sort.txt"

    model: str = ""

    @classmethod
    def hint(cls, word: str) -> str:
        """As `WordJob` has it."""
        shown = printable(word)
        return f": pictures go to: {PROGRAM} formulas read {shown}" if Path(word).exists() else ""


def add_model(group: argparse._ActionsContainer, more: str = "") -> None:
    """Add `--model`. more: the end of its help."""
    what = "the model that reads: a folder, or a name in the folder of models (default: models/formulas, which ships)"
    group.add_argument("--model", dest="reader", metavar="DIR", help=f"{what}{more}")


def model_of(typed: Typed) -> str:
    """What `--model` names, "" = the one that ships."""
    return typed.text("reader", "--model")


def model_folder(name: str, settings: Settings) -> Path:
    """The folder of a model of formulas: "" = the one that ships, a path, or a name in the folder of models.

    UserError: there is none of that name.
    """
    models = settings.setup.model_dir
    for folder in (expanded(name), models / name) if name else (SHIPPED,):
        if folder.is_dir():
            return folder
        if folder.is_file():
            raise UserError(f"--model {printable(name)} is a file: a model of formulas is a folder")
    there = sorted(file.parent.name for file in models.glob(f"*/{RECORD}"))
    known = f"(models of formulas in {printable(str(models))}: {', '.join(map(printable, there)) or 'none'})"
    if not name:
        raise UserError(f"{printable(str(SHIPPED))}, the model that ships, is missing {known}: name one with --model")
    raise UserError(f"--model {printable(name)}: no such folder {known}{did_you_mean(name, there)}")


def add_output(group: argparse._ActionsContainer, more: str = "") -> None:
    """Add `-o`. more: the end of its help."""
    about = f"where files are written (default: result/formulas){more}"
    group.add_argument("-o", "--output", metavar="DIR", help=about)


def output_folder_of(typed: Typed, settings: Settings) -> Path:
    """The folder of `-o`, by default in the output folder."""
    return output_of(typed, settings, OUTPUT)


def add_beams(group: argparse._ActionsContainer) -> None:
    """Add `--beams`."""
    about = f"beginnings of a reading that are followed at once; 1: fastest, no other readings (default: {BEAMS})"
    group.add_argument("--beams", metavar="N", help=about)


def beams_of(typed: Typed) -> int:
    """What `--beams` says. UserError for what is no such number."""
    beams = count_of(typed, "beams", "--beams", BEAMS)
    if beams > MOST_BEAMS:
        raise UserError(f"--beams {beams}: must be at most {MOST_BEAMS}")
    return beams


def plain_name(typed: Typed, default: str) -> str:
    """What `--name` calls a model folder that is made, in the folder of models. UserError for what is no plain name."""
    chosen = typed.text("name", "--name") or default
    if chosen and (Path(chosen).name != chosen or chosen.startswith(".") or chosen.endswith((".training", ".part"))):
        raise UserError(f"--name {printable(chosen)}: a plain folder name is wanted, such as mine")
    return chosen
