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
from settings.given_paths import given_path
from settings.schema import Settings
from utils import UserError, did_you_mean, printable

LABELS, SPLIT, SPLIT_COLUMN = "--labels", "--split", "--split_column"
USUAL = "SPLIT"  # the column of a split.csv
WAYS = ("documents", "folders")  # what [train] split may be, if not a table


def labels_of(typed: Typed, directory: Path | None) -> Path | None:
    """The table of `--labels`. UserError where there is no such file, or no folder (`-d`) that has its pages."""
    labels = typed.path("labels", LABELS)
    if labels is not None and not labels.is_file():
        what = "is a folder: give the table" if labels.is_dir() else "there is no such table"
        raise UserError(f"{LABELS} {printable(str(labels))}: {what}, such as corrected.csv of the desk")
    if labels is not None and directory is None:
        raise UserError(f"{LABELS} names pages by their paths: give the folder that was sorted with -d")
    return labels


@dataclass(frozen=True)
class SplitTable:
    """A table, and the column of it that says each page's part (split_table.py)."""

    file: Path
    column: str


def split_of(typed: Typed, settings: Settings) -> SplitTable | None:
    """The table that `[train] split` names, None where it is one of `WAYS`. UserError where there is no such file."""
    how, column = settings.train.split, typed.text("split_column", SPLIT_COLUMN)
    if how in WAYS:
        if column:
            raise UserError(f"{SPLIT_COLUMN} {printable(column)}: of which table? Give it with {SPLIT} FILE")
        return None
    file = given_path(how, SPLIT)
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "there is no such table"
        raise UserError(
            f"{SPLIT} {printable(how)}: must be documents, folders or a table ({what}){did_you_mean(how, WAYS)}"
        )
    return SplitTable(file, column or USUAL)


@dataclass(frozen=True, kw_only=True)
class Training(Job):
    """Make a model from the label folders in directory (`-d`; None = `[train] folder`), of that name ("" = made up).

    labels: a table that has the labels of pages which lie anywhere in directory, None = label folders have them.
    split: the table that has the split, None = as `[train] split` says.
    """

    flag = "--train"
    work = "training.job:run_training"
    needs = (*WRITING, "timm", "torchvision", "scipy", "matplotlib")
    section = "train"
    takes = ("--name", LABELS, SPLIT, SPLIT_COLUMN)
    resumes = True

    directory: Path | None = None
    model: ModelRequest = NO_MODEL
    name: str = ""
    labels: Path | None = None
    split: SplitTable | None = None

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--train`, `--name`, `--labels` and `--split_column`."""
        add = groups["train"].add_argument
        add("--train", action="store_true", help="make a model from label folders, into the models folder")
        add("--name", metavar="NAME", help="the new model's name (default: base, date and time)")
        add(
            LABELS,
            metavar="TABLE",
            help="with --train, --eval or --eval_dir: pages lie anywhere in -d, and this table has their labels, such "
            "as corrected.csv of the desk (columns PATH, PAGE and CORRECT or CLASS)",
        )
        add(
            SPLIT_COLUMN,
            metavar="NAME",
            help="with --split TABLE: the column that says train, dev or test, such as fold1 (default: SPLIT)",
        )

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
        model, name, labels = typed.model(), typed.text("name", "--name"), labels_of(typed, directory)
        typed.refuse_others()
        if model.revision and model.path is None:
            raise UserError(
                "--train starts from -m BASE or --model_path FOLDER, not from -rev: name the revision's folder"
            )
        settings = typed.fit(settings, model)
        if labels is not None and settings.train.split == "folders":
            raise UserError("--split folders takes a split from folders, --labels takes labels from a table: give one")
        given = {"model": model, "name": name, "labels": labels, "split": split_of(typed, settings)}
        return settings, cls(**typed.command(), directory=directory, **given)

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
