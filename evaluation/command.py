"""Judging on the command line: `--eval`, `--eval_dir`, `--vis`, `--best`, `--suggest`, `--wrong_labels`.

python run.py --eval -d sorted/
python run.py --suggest 50 -d pages/
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from settings.command import NO_MODEL, Job, ModelRequest, Typed, name_of
from settings.schema import Settings
from training.command import LABELS, SPLIT, SPLIT_COLUMN, SplitTable, labels_of, split_of
from utils import UserError, printable


@dataclass(frozen=True, kw_only=True)
class Evaluation(Job):
    """How good a model is, on the label folders in directory; None = on its own test pages.

    labels: a table that has the labels of pages in directory instead. split: a table whose test pages judge.
    """

    flag = "--eval"
    work = "evaluation.job:run_evaluation"
    needs = ("matplotlib",)
    requirements = ""
    takes = (LABELS, SPLIT, SPLIT_COLUMN)

    directory: Path | None = None
    model: ModelRequest = NO_MODEL
    labels: Path | None = None
    split: SplitTable | None = None

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--eval`."""
        groups["eval"].add_argument(
            "--eval",
            action="store_true",
            help="how good a model is: on its own test pages, or on the label folders of -d",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Evaluation]:
        """As `Job` has it."""
        directory, model = typed.folder_of_pages(settings, needed=False), typed.model()
        settings, labels = typed.fit(settings, model), labels_of(typed, directory)
        split = None
        if typed.given(name_of(SPLIT)) or typed.given(name_of(SPLIT_COLUMN)):  # that of config.toml is for training
            split = split_of(typed, settings)
            if split is None:
                raise UserError(f"{SPLIT} with --eval takes a table whose test pages judge")
            if directory is None:
                raise UserError(f"{SPLIT} names pages of a folder: give it with -d")
        return settings, cls(**typed.command(), directory=directory, model=model, labels=labels, split=split)


@dataclass(frozen=True, kw_only=True)
class Comparison(Job):
    """All models judged by the label folders in directory (None = `[eval] folder`); model: an untuned base, too.

    labels: a table that has the labels of pages in directory instead.
    """

    flag = "--eval_dir"
    work = "evaluation.comparison:run_comparison"
    needs = ("matplotlib",)
    requirements = ""
    takes = (LABELS,)
    resumes = True

    directory: Path | None = None
    model: ModelRequest = NO_MODEL
    labels: Path | None = None

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--eval_dir`."""
        groups["eval"].add_argument(
            "--eval_dir",
            action="store_true",
            help="compare all models in the models folder; with --zero_shot -m BASE "
            "also that base by each description set",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Comparison]:
        """As `Job` has it."""
        directory, model = typed.folder_of_pages(settings, needed=False), typed.model()
        settings, labels = typed.fit(settings, model), labels_of(typed, directory)
        return settings, cls(**typed.command(), directory=directory, model=model, labels=labels)

    def begun(self, settings: Settings, began: float) -> bool:
        """Whether a comparison has judged a model."""
        return any((settings.output.folder / "runs").glob("comparison-*/rows/*.json"))


@dataclass(frozen=True, kw_only=True)
class AccuracyPictures(Job):
    """Draw the accuracies in the tables of directory; None = those of the output folder."""

    flag = "--vis"
    work = "evaluation.accuracies:run_drawing"
    needs = ("matplotlib",)
    requirements = ""

    directory: Path | None = None

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--vis`."""
        groups["eval"].add_argument("--vis", action="store_true", help="draw the accuracies that --eval_dir has found")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, AccuracyPictures]:
        """As `Job` has it."""
        directory = typed.folder_of_pages(settings, needed=False)
        return typed.fit(settings, typed.model()), cls(**typed.command(), directory=directory)


@dataclass(frozen=True, kw_only=True)
class Voting(Job):
    """Several models vote on the pages of directory. model: as typed, though none may be."""

    flag = "--best"
    work = "evaluation.voting:run_voting"
    resumes = True

    directory: Path
    model: ModelRequest = NO_MODEL

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--best`."""
        groups["eval"].add_argument(
            "--best", action="store_true", help="let several models ([eval] best) vote on the pages of -d"
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Voting]:
        """As `Job` has it."""
        directory, model = typed.folder_of_pages(settings, needed=True), typed.model()
        return typed.fit(settings, model), cls(**typed.command(), directory=directory, model=model)

    def begun(self, settings: Settings, began: float) -> bool:
        """Whether a run was begun or taken up."""
        from output.runs import begun_since

        return begun_since(settings.output.folder, began)


@dataclass(frozen=True, kw_only=True)
class Suggestion(Job):
    """The count pages of directory that are worth labelling next."""

    flag = "--suggest"
    work = "evaluation.suggestions:run_suggestion"

    directory: Path
    model: ModelRequest = NO_MODEL
    count: int

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--suggest`."""
        groups["eval"].add_argument("--suggest", metavar="N", help="the N pages of -d that are worth labelling next")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Suggestion]:
        """As `Job` has it."""
        directory, model = typed.folder_of_pages(settings, needed=True), typed.model()
        count = typed.value("suggest")
        if not (count.isascii() and count.isdecimal() and int(count) > 0):
            raise UserError(f"--suggest {printable(count)}: must be a whole number of pages, 1 or more")
        settings = typed.fit(settings, model)
        return settings, cls(**typed.command(), directory=directory, model=model, count=int(count))


@dataclass(frozen=True, kw_only=True)
class WrongLabels(Job):
    """Labels ranked by how the scores in table contradict them. directory: where the pages lie, None = not told."""

    flag = "--wrong_labels"
    work = "evaluation.wrong_labels:run_wrong_labels"

    directory: Path | None = None
    table: Path

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--wrong_labels`."""
        groups["eval"].add_argument(
            "--wrong_labels",
            metavar="TABLE",
            help="rank labels by how the scores contradict them: out_of_fold.csv of --folds, or an EVAL_RAW table",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, WrongLabels]:
        """As `Job` has it."""
        directory, model = typed.folder_of_pages(settings, needed=False), typed.model()
        table = typed.path("wrong_labels", "--wrong_labels")
        return typed.fit(settings, model), cls(**typed.command(), directory=directory, table=table)
