"""Sub-commands (`run.py explore search ...`): their base, their parser, and how their values are read.

    class Search(ExploreJob): ...                                     # explore/command.py: a `WordJob`
    values = parse_words("explore", COMMANDS, OVERVIEW, ["search", "--image", "page.png", "-k", "12"])

Settings that a command shares with sorting (--batch_size, --document_pattern, ...) come from settings/schema.py by
themselves, stored under `section.key`.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from settings.command import Job, Typed
from settings.config_file import every_key
from settings.flags import PROGRAM, Help, Parser, add_setting, check_flags
from settings.schema import Settings
from utils import UserError, did_you_mean, nearest, printable

MOST = 1_000_000  # pages that a list, neighbours that a page, clusters that a collection may be asked for


@dataclass(frozen=True, kw_only=True)
class WordJob(Job):
    """A command behind a word (`flag`: "explore"); the commands add their fields.

    name: the word behind that one, "" = there is none. about: one line of the overview; description, examples: of its
    help. It takes of the flags of settings those in `shared` alone.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    description: ClassVar[str]
    examples: ClassVar[str]

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"{self.flag} {self.name}".rstrip()

    @classmethod
    def add_first(cls, parser: argparse.ArgumentParser) -> None:
        """Add the flags that several commands of the word have, before its own."""

    @classmethod
    def hint(cls, word: str) -> str:
        """What somebody means who typed a word that no flag has asked for, as the end of a line; "" = unknown."""
        return ""


def build_parser(job: type[WordJob]) -> Parser:
    """The parser of one command."""
    parser = Parser(
        prog=f"{PROGRAM} {job.flag} {job.name}".rstrip(),
        description=textwrap.fill(job.description, 108),
        epilog=job.examples,
        formatter_class=Help,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="show this help")
    job.add_first(parser)
    job.add_flags({job.flag: parser})
    parser.add_argument("--config", metavar="FILE", help="settings (default: the config.toml beside run.py)")
    for key in every_key():
        flags = key.about["flags"]
        if set(flags) & set(job.shared) and key.section != "train":
            add_setting(parser, key, list(flags))
    return parser


def parse_words(
    word: str, commands: Mapping[str, type[WordJob]], overview: str, arguments: Sequence[str]
) -> argparse.Namespace:
    """The typed flags of `word ...` (without that word), and the job that is asked for: `.job`.

    UserError for an unknown command, flag or word; SystemExit for help, as argparse does it.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(overview, end="")
        sys.exit(0 if arguments else 2)
    command = arguments[0]
    if command not in commands:
        what = "flag" if command.startswith("-") else "command"
        hint = did_you_mean(command, commands)
        order = " (the command comes first)" if what == "flag" else ""
        raise UserError(f"{word}: unknown {what} {printable(command)}{order}: {', '.join(commands)}{hint}")
    return parse_command(commands[command], arguments[1:])


def parse_command(job: type[WordJob], arguments: Sequence[str]) -> argparse.Namespace:
    """The typed flags of one command, behind its words. Raises as `parse_words`."""
    parser = build_parser(job)
    known = [flag for action in parser._actions for flag in action.option_strings]
    check_flags(arguments, known, parser.prog)
    values, words = parser.parse_known_args(arguments)
    if words:
        raise UserError(_unknown_word(words[0], job, known))
    values.job, values.safe = job, False
    return values


def index_of(typed: Typed, settings: Settings, name: str) -> Path:
    """The folder of `--index`, by default `name` in the output folder."""
    index = typed.path("index", "--index") or settings.output.folder / name
    if index.is_file():
        raise UserError(f"--index {printable(str(index))} is a file: the index is a folder")
    return index


def output_of(typed: Typed, settings: Settings, name: str) -> Path:
    """The folder of `-o`, by default `name` in the output folder."""
    output = typed.path("output", "-o") or settings.output.folder / name
    if output.is_file():
        raise UserError(f"the output folder {printable(str(output))} is a file: give another one with -o")
    return output


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


def _unknown_word(word: str, job: type[WordJob], known: Sequence[str]) -> str:
    shown = printable(word)
    if hint := job.hint(word):
        return f"unknown word {shown}{hint}"
    meant = nearest(word, [flag.lstrip("-") for flag in known]) if len(word) > 2 else None
    hint = f"; did you mean --{meant}?" if meant else f" (all flags: {build_parser(job).prog} -h)"
    return f"unknown word {shown}{hint}"
