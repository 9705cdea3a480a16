"""Lending a hand to a run that is cut into shards, and looking how far it is, on the command line.

python run.py --worker result/runs/20261129-101500_EfficientNet-Lite0
python run.py --status result/runs/20261129-101500_EfficientNet-Lite0
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from settings.command import Job, Typed
from settings.given_paths import given_path
from settings.schema import Settings
from utils import UserError, did_you_mean, printable

KINDS = ("local", "slurm", "ray", "join")
MOST = 100_000  # workers, and shards, that can be asked for


@dataclass(frozen=True)
class Place:
    """Where the shards of a run are done. kind: of `KINDS`. count: workers, 0 = as many as it finds good."""

    kind: str
    count: int = 0

    @property
    def elsewhere(self) -> bool:
        """Whether other machines compute, which may have devices that this one has not."""
        return self.kind in ("slurm", "ray")


def place_of(text: str) -> Place:
    """What `--cluster` was given. UserError for anything else.

    >>> place_of("local:4"), place_of("ray")
    (Place(kind='local', count=4), Place(kind='ray', count=0))
    """
    kind, colon, count = text.partition(":")
    if kind not in KINDS or (kind == "join" and colon):
        raise UserError(
            f"--cluster {printable(text)}: local:4 (processes of this machine), slurm:8 (tasks of a job array), ray or "
            f"ray:8, or join (the same command on several machines){did_you_mean(kind, KINDS)}"
        )
    if colon and not (count.isdecimal() and 1 <= int(count) <= MOST):
        raise UserError(f"--cluster {printable(text)}: behind the colon stands how many workers, from 1 to {MOST}")
    return Place(kind, int(count) if colon else 0)


def place_of_one(text: str) -> Place:
    """As `place_of`, for a job that one process begins and ends: UserError for `join` too."""
    place = place_of(text)
    if place.kind == "join":
        raise UserError(
            "--cluster join is for sorting: give local:4, slurm:8 or ray here; other machines lend a hand by python "
            "run.py --worker FOLDER, with the folder of shards that is named at the start"
        )
    return place


def add_cluster(add: Callable[..., object], does: str) -> None:
    """Add `--cluster` of such a job to a parser, or a group of it. does: what is done in shards, with what end."""
    where = "local:4 (processes of this machine), slurm:8 (a job array) or ray (a Ray cluster)"
    add("--cluster", metavar="WHERE", help=f"{does}: {where} (docs/cluster.md)")


def shard_of(text: str) -> tuple[int, int]:
    """What `--shard` was given: which one (from 1), of how many. UserError for anything else."""
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text.strip())
    if not found or not 1 <= int(found[1]) <= int(found[2]) <= MOST:
        raise UserError(f"--shard {printable(text)}: which one of how many, as 3/200 (the third of two hundred)")
    return int(found[1]), int(found[2])


@dataclass(frozen=True, kw_only=True)
class Working(Job):
    """Do shards of a run until none is left (`--worker`). folder: its work folder."""

    flag = "--worker"
    work = "cluster.status:run_worker"

    folder: Path

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--worker`."""
        groups["cluster"].add_argument(
            "--worker",
            metavar="RUN",
            help="lend this machine to a run that --cluster or --shard has begun (its folder, OUTPUT/runs/NAME, on a "
            "drive that both see), until no shard is left",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Working]:
        """As `Job` has it."""
        return settings, cls(**typed.command(), folder=work_folder(typed, settings, "--worker"))


@dataclass(frozen=True, kw_only=True)
class Status(Job):
    """Say how far a run in shards is (`--status`). folder: its work folder."""

    flag = "--status"
    work = "cluster.status:run_status"

    folder: Path

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--status`."""
        groups["cluster"].add_argument(
            "--status",
            metavar="RUN",
            help="how far a run in shards is, from any machine that sees its folder: pages, failures, who is at what",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Status]:
        """As `Job` has it."""
        return settings, cls(**typed.command(), folder=work_folder(typed, settings, "--status"))


def work_folder(typed: Typed, settings: Settings, flag: str) -> Path:
    """The work folder that is meant: itself, the name of a run of the output folder, or its record."""
    typed.no_pages()
    output = typed.fit(settings, typed.model()).output.folder
    given = given_path(typed.text(flag.lstrip("-"), flag), flag)
    name = given.name.removesuffix("_run.json")
    if given.is_dir() or (len(given.parts) > 1 and given.name == name):
        return given
    return (given.parent.parent if len(given.parts) > 1 else output) / "runs" / name
