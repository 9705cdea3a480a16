"""The commands of `writers`: what each is asked, and who does it.

    python run.py writers index pages/
    python run.py writers search --image page.png -k 12

Each needs other packages (requirements-writers.txt), which are imported when it is asked for; nothing here imports
OpenCV or LanceDB, so that help and mistakes are answered at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import given_path
from settings.schema import Settings
from settings.words import parse_words
from utils import UserError, printable
from writers.flags import WritersJob, add_model, add_output, add_page, model_of, output_folder_of

# Settings whose flags a command shares with sorting.
READING_ONE = ("--max_pixels", "--memory", "--quiet")


@dataclass(frozen=True, kw_only=True)
class Compare(WritersJob):
    """Did one hand write both pages? pages: two files. numbers: which pages of files of several, in their order."""

    name = "compare"
    about = "two pages: how alike are their hands, and how sure is that?"
    description = (
        "Compares the handwriting of two pages: similarity (a cosine; 1 is the same page), how likely it is that one "
        'hand wrote both, by pages of writers that the model never saw, and a verdict in words, of which "unknown" '
        "is one. A sheet shows both pages with the strokes that made them alike."
    )
    examples = f"""examples:
  {PROGRAM} writers compare a.png b.png
  {PROGRAM} writers compare letter.pdf will.tif --page 3 1     page 3 of the first file, page 1 of the second
"""
    shared = READING_ONE
    work = "writers.compare:run_compare"

    output: Path
    pages: tuple[Path, Path]
    numbers: tuple[int, ...] = ()

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["writers"].add_argument
        add("pages", nargs="*", metavar="PAGE", help="two pages: files of any kind that is sorted")
        add_page(groups["writers"], "N", "; of two such files: both numbers, in their order")
        add_model(groups["writers"])
        add_output(groups["writers"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Compare]:
        """As `Job` has it."""
        given = [given_path(page, "PAGE") for page in typed.value("pages")]
        if len(given) != 2:
            raise UserError(f"compare takes two pages, {len(given)} given: {PROGRAM} writers compare a.png b.png")
        job = cls(
            **typed.command(),
            model=model_of(typed),
            output=output_folder_of(typed, settings),
            pages=(given[0], given[1]),
            numbers=_page_numbers(typed, most=2),
        )
        return settings, job


def _page_numbers(typed: Typed, most: int) -> tuple[int, ...]:
    """What `--page` says. UserError for what is no page number, or too many."""
    given = typed.value("page") or []
    for word in given:
        if not (word.isascii() and word.isdecimal() and int(word[:10]) >= 1 and len(word) <= 9):
            raise UserError(f"--page {printable(word)}: must be a page number, 1 or more")
    if len(given) > most:
        raise UserError(f"--page: {len(given)} numbers for {most} page{'s' * (most > 1)}")
    return tuple(map(int, given))


# In the order in which people use them.
COMMANDS: dict[str, type[WritersJob]] = {job.name: job for job in (Compare,)}
OVERVIEW = f"""Who wrote this page? Pages by the same hand, likely groups of them, two pages compared. Works offline.

{chr(10).join(f"  {PROGRAM} writers {job.name:<11} {job.about}" for job in COMMANDS.values())}

Begin with: {PROGRAM} writers index PAGES        The flags of a command: {PROGRAM} writers search -h
Needs more packages than sorting: python -m pip install -r requirements-writers.txt
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The typed flags of `writers ...` (without that word), and the job that is asked for: `.job`.

    UserError for an unknown command, flag or word; SystemExit for help, as argparse does it.
    """
    return parse_words("writers", COMMANDS, OVERVIEW, arguments)
