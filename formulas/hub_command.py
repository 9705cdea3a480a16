"""`formulas push` and `formulas pull`: models of formulas to the hub and from it, by the client of `--push` and `--hf`.

python run.py formulas push models/mine --repo me/formulas --revision v1
python run.py formulas pull me/formulas --revision v1 --name mine
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from formulas.flags import FormulasJob, plain_name
from settings.command import WRITING, Typed
from settings.flags import PROGRAM
from settings.given_paths import given_path
from settings.schema import Settings
from utils import UserError


@dataclass(frozen=True, kw_only=True)
class PushFormulas(FormulasJob):
    """Upload folder to repo, as typed, as that revision ("" = main). overwrite: one that is there."""

    name = "push"
    about = "upload a model of formulas to the hub"
    description = (
        "Uploads a model folder to a repository of your own on the hub, in one commit, after saying what is uploaded. "
        "A revision that is there is left as it is, unless --overwrite is given. Needs a login: `hf auth login`, or "
        "HF_TOKEN."
    )
    examples = f"""examples:
  {PROGRAM} formulas push models/mine --repo me/formulas --revision v1
"""
    work = "formulas.hub_jobs:run_push"
    needs = WRITING
    requirements = "requirements.txt"
    shared = ("--quiet",)

    folder: Path
    repo: str
    revision: str = ""
    overwrite: bool = False

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["formulas"].add_argument
        add("folder", nargs="*", metavar="MODEL", help="the model folder")
        add("--repo", dest="to", metavar="OWNER/NAME", help="where to; NAME alone: your own")
        add("--revision", metavar="NAME", help="as which revision (default: main)")
        add("--overwrite", action="store_true", help="replace a revision that is there")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, PushFormulas]:
        """As `Job` has it."""
        folders, repo = typed.value("folder"), typed.text("to", "--repo")
        if len(folders) != 1 or not repo:
            raise UserError(
                f"name one model folder and where to: {PROGRAM} formulas push models/mine --repo me/formulas"
            )
        job = cls(
            **typed.command(),
            folder=given_path(folders[0], "MODEL"),
            repo=repo,
            revision=typed.text("revision", "--revision"),
            overwrite=typed.given("overwrite"),
        )
        return settings, job


@dataclass(frozen=True, kw_only=True)
class PullFormulas(FormulasJob):
    """Load a model of formulas. name_of_model: of the folder to be, "" = that of the repository."""

    name = "pull"
    about = "load a model of formulas from the hub"
    description = (
        "Loads a model folder from the hub into the folder of models: whole or not at all. Cut at any moment, the same "
        "command goes on with what is there. Whatever reads with it afterwards needs no network."
    )
    examples = f"""examples:
  {PROGRAM} formulas pull me/formulas --revision v1 --name mine
  then: {PROGRAM} formulas read formula.png --model mine
"""
    work = "formulas.hub_jobs:run_pull"
    needs = WRITING
    requirements = "requirements.txt"
    shared = ("--model_dir", "--quiet")

    repo: str
    revision: str = ""
    name_of_model: str = ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["formulas"].add_argument
        add("repo", nargs="*", metavar="OWNER/NAME", help="the repository")
        add("--revision", metavar="NAME", help="which revision (default: main)")
        add(
            "--name",
            metavar="NAME",
            help="the folder that is made, in the folder of models (default: the repository's)",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, PullFormulas]:
        """As `Job` has it."""
        repos = typed.value("repo")
        if len(repos) != 1:
            raise UserError(f"name one repository: {PROGRAM} formulas pull owner/name")
        job = cls(
            **typed.command(),
            repo=repos[0],
            revision=typed.text("revision", "--revision"),
            name_of_model=plain_name(typed, ""),
        )
        return settings, job

    def to_continue(self, settings: Settings, began: float) -> str:
        """The same command: what was loaded is taken up without a flag."""
        return self.command()
