"""`--train` and `--average` on the command line.

python run.py --train -d sorted/ --name mine
python run.py --average "models/mine_fold_*" --name mine_average
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from settings.command import NO_MODEL, WRITING, Job, ModelRequest, Typed
from settings.schema import Settings
from utils import UserError


@dataclass(frozen=True, kw_only=True)
class Training(Job):
    """Make a model from the label folders in directory (`-d`; None = `[train] folder`), of that name ("" = made up)."""

    flag = "--train"
    work = "training.job:run_training"
    needs = (*WRITING, "timm", "torchvision", "scipy", "matplotlib")
    section = "train"
    takes = ("--name",)
    resumes = True

    directory: Path | None = None
    model: ModelRequest = NO_MODEL
    name: str = ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--train` and `--name`."""
        add = groups["train"].add_argument
        add("--train", action="store_true", help="make a model from label folders, into the models folder")
        add("--name", metavar="NAME", help="the new model's name (default: base, date and time)")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Training]:
        """As `Job` has it."""
        directory = typed.folder()
        if typed.given("file"):
            raise UserError("--train takes label folders, not single files: give the folder that holds them with -d")
        if directory is None and settings.train.folder is None:
            raise UserError(
                "--train needs label folders: name the folder that holds them with -d, or as [train] folder"
            )
        model, name = typed.model(), typed.text("name", "--name")
        typed.refuse_others()
        if model.revision and model.path is None:
            raise UserError(
                "--train starts from -m BASE or --model_path FOLDER, not from -rev: name the revision's folder"
            )
        settings = typed.fit(settings, model)
        return settings, cls(**typed.command(), directory=directory, model=model, name=name)

    def begun(self, settings: Settings, began: float) -> bool:
        """Whether there is an unfinished training, of this name where it has one."""
        return any(settings.setup.model_dir.glob(f"{self.name or '*'}.training/work.json"))


@dataclass(frozen=True, kw_only=True)
class Averaging(Job):
    """The mean of the weights of parts (model folders) as a model of that name ("" = made up)."""

    flag = "--average"
    work = "training.averaging:run_average"
    needs = WRITING
    takes = ("--name",)

    parts: tuple[Path, ...] = ()
    name: str = ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--average`."""
        groups["hf"].add_argument(
            "--average",
            nargs="+",
            metavar="FOLDER",
            help="the mean of the weights of models, such as the folds of one training, as a new model (--name)",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Averaging]:
        """As `Job` has it."""
        typed.no_pages()
        model, name = typed.model(), typed.text("name", "--name")
        parts = typed.files("average", "--average", folders=True)
        settings = typed.fit(settings, model)
        return settings, cls(**typed.command(), parts=parts, name=name)
