"""What the commands of `explore` share on the command line: their base, its parser, and how values are read.

    values = parse_command(Search, ["--image", "page.png", "-k", "12"])     # a namespace; `Search.read` makes the job

Settings that a command shares with sorting (--batch_size, --document_pattern, ...) come from settings/schema.py by
themselves, stored under `section.key`.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from settings.command import Job, Typed
from settings.config_file import every_key
from settings.flags import PROGRAM, Help, Parser, add_setting, check_flags
from settings.schema import Settings
from utils import UserError, nearest, printable

MOST = 1_000_000  # pages that a list, neighbours that a page, clusters that a collection may be asked for


@dataclass(frozen=True, kw_only=True)
class ExploreJob(Job):
    """A command of `explore`; the commands add their fields. index: the index's folder.

    name: the word behind `explore`. about: one line of the overview; description, examples: of its help. shared: the
    flags of settings that it has.
    """

    flag = "explore"
    name: ClassVar[str]
    about: ClassVar[str]
    description: ClassVar[str]
    examples: ClassVar[str]
    shared: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[str, ...]] = ("lancedb", "pyarrow")
    requirements = "requirements-explore.txt"

    index: Path

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"explore {self.name}"


def build_parser(job: type[ExploreJob]) -> Parser:
    """The parser of one command."""
    parser = Parser(
        prog=f"{PROGRAM} explore {job.name}",
        description=textwrap.fill(job.description, 108),
        epilog=job.examples,
        formatter_class=Help,
        allow_abbrev=False,
        add_help=False,
    )
    add = parser.add_argument
    add("-h", "--help", action="help", help="show this help")
    add("--index", metavar="DIR", help="the folder of the index (default: result/index)")
    job.add_flags({"explore": parser})
    add("--config", metavar="FILE", help="settings (default: the config.toml beside run.py)")
    for key in every_key():
        flags = key.about["flags"]
        if set(flags) & set(job.shared) and key.section != "train":
            add_setting(parser, key, list(flags))
    return parser


def parse_command(job: type[ExploreJob], arguments: Sequence[str]) -> argparse.Namespace:
    """The typed flags of one command; UserError for an unknown flag or word, SystemExit for help."""
    parser = build_parser(job)
    known = [flag for action in parser._actions for flag in action.option_strings]
    check_flags(arguments, known, parser.prog)
    values, words = parser.parse_known_args(arguments)
    if words:
        raise UserError(_unknown_word(words[0], job.name, known))
    values.job, values.safe = job, False
    return values


def add_output(group: argparse._ActionsContainer) -> None:
    """Add `-o`, for commands that write files beside the index."""
    group.add_argument("-o", "--output", metavar="DIR", help="where files are written (default: result/explore)")


def index_of(typed: Typed, settings: Settings) -> Path:
    """The folder of `--index`, by default in the output folder."""
    index = typed.path("index", "--index") or settings.output.folder / "index"
    if index.is_file():
        raise UserError(f"--index {printable(str(index))} is a file: the index is a folder")
    return index


def places_of(typed: Typed, settings: Settings) -> dict[str, Path]:
    """index, and output: the folder of `-o`, by default in the output folder."""
    index = index_of(typed, settings)
    output = typed.path("output", "-o") or settings.output.folder / "explore"
    if output.is_file():
        raise UserError(f"the output folder {printable(str(output))} is a file: give another one with -o")
    return {"index": index, "output": output}


def count_of(typed: Typed, name: str, flag: str, default: int, least: int = 1) -> int:
    """A number of things; `default` where it is not given."""
    given = typed.value(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdecimal() and int(given[:20]) >= least):
        raise UserError(f"{flag} {printable(given)}: must be a whole number, {least} or more")
    if len(given) > 20 or int(given) > MOST:
        raise UserError(f"{flag} {printable(given)}: must be at most {MOST:,}")
    return int(given)


def _unknown_word(word: str, command: str, known: Sequence[str]) -> str:
    shown = printable(word)
    if command == "search" and Path(word).is_file():
        return f"unknown word {shown}; did you mean --image {shown}?"
    if Path(word).is_dir() and command != "index":
        return f"unknown word {shown}: folders of pages go to: {PROGRAM} explore index {shown}"
    meant = nearest(word, [flag.lstrip("-") for flag in known]) if len(word) > 2 else None
    hint = f"; did you mean --{meant}?" if meant else f" (all flags: {PROGRAM} explore {command} -h)"
    return f"unknown word {shown}{hint}"
