"""`--hf`, `--push` and `--convert` on the command line. For these, `--model_path` is what is written or uploaded.

python run.py --hf -rev v1.1
python run.py --push --model_path models/mine --repo me/pages -rev v1
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from settings.command import NO_MODEL, WRITING, Job, ModelRequest, Typed, name_of
from settings.schema import Settings
from sorting.command import OWN, Sorting
from utils import UserError


@dataclass(frozen=True, kw_only=True)
class Pull(Job):
    """Pull a model. sorting: what is sorted by it afterwards, None where no pages are named."""

    flag = "--hf"
    work = "hub.pull:run_pull"
    needs = WRITING
    takes = ("--repo", *OWN)
    resumes = True
    makes_model = True

    model: ModelRequest = NO_MODEL
    sorting: Sorting | None = None

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--hf`."""
        groups["hf"].add_argument(
            "--hf",
            action="store_true",
            help="pull a model into the models folder: -rev REV, -m BASE; with pages: then sort",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Pull]:
        """As `Job` has it."""
        if typed.names_pages:
            settings, sorting = Sorting.read(typed, settings)
            return settings, cls(**typed.command(), model=sorting.model, sorting=sorting)
        typed.no_pages()
        if given := [flag for flag in OWN if typed.given(name_of(flag))]:
            raise UserError(f"{given[0]} is for pages: name them with -d, and they are sorted by the model")
        model = typed.model()
        return typed.fit(settings, model), cls(**typed.command(), model=model)

    def to_continue(self, settings: Settings, began: float) -> str:
        """The same command: what was loaded is taken up without a flag."""
        return self.command()


@dataclass(frozen=True, kw_only=True)
class Push(Job):
    """Upload folder (`--model_path`) to repo, as typed, as that revision ("" = main). overwrite: one that is there."""

    flag = "--push"
    work = "hub.push:run_push"
    needs = WRITING
    takes = ("--repo", "--overwrite")
    makes_model = True

    folder: Path
    repo: str
    revision: str = ""
    overwrite: bool = False

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--push` and `--overwrite`."""
        add = groups["hf"].add_argument
        add("--push", action="store_true", help="upload the model folder --model_path to --repo, as the revision -rev")
        add("--overwrite", action="store_true", help="with --push: replace a revision that is there")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Push]:
        """As `Job` has it."""
        typed.no_pages()
        model, repo = typed.model(), typed.text("hf.repo", "--repo")
        if model.path is None or not repo:
            raise UserError("--push needs --model_path (the model folder) and --repo (where to: owner/name)")
        if model.base or typed.given("setup.zero_shot"):
            raise UserError("--push takes the folder that --model_path names: leave -m and --zero_shot out")
        settings = typed.fit(settings, model)
        overwrite = typed.given("overwrite")
        return settings, cls(
            **typed.command(), folder=model.path, repo=repo, revision=model.revision, overwrite=overwrite
        )


@dataclass(frozen=True, kw_only=True)
class Conversion(Job):
    """Write folder (`--model_path`) from source, a folder or `.pt` file of the earlier tool.

    folder: None adds the graphs to source, a model folder or an untuned base that has none or unsound ones.
    base (`-m`), revision (`-rev`): where its names do not tell, "" = not given.
    """

    flag = "--convert"
    work = "hub.convert:run_conversion"
    needs = WRITING
    makes_model = True

    source: Path
    folder: Path | None = None
    base: str = ""
    revision: str = ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--convert`."""
        groups["hf"].add_argument(
            "--convert",
            metavar="OLD",
            help="make a model folder (--model_path) of an earlier tool's folder or .pt file; or add the graphs that "
            "a model folder lacks",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Conversion]:
        """As `Job` has it."""
        typed.no_pages()
        model, source = typed.model(), typed.path("convert", "--convert")
        typed.refuse_others()
        settings = typed.fit(settings, model)
        return settings, cls(
            **typed.command(), source=source, folder=model.path, base=model.base, revision=model.revision
        )
