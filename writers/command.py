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

from index.asked import UpdateJob
from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import given_files, given_path
from settings.schema import Settings
from settings.words import count_of, parse_words
from utils import UserError, printable
from writers.evaluate_command import Evaluation
from writers.flags import (
    IndexJob,
    WritersJob,
    add_model,
    add_output,
    add_page,
    index_folder_of,
    model_of,
    output_folder_of,
)
from writers.training_command import Finetuning, Pretraining

# Settings whose flags a command shares with sorting.
FINDING = ("--file_format", "--inner", "--hidden", "--exclude")
READING = ("--max_pixels", "--memory", "--strict", "--document_from", "--document_pattern", *FINDING)
READING_ONE = ("--max_pixels", "--memory", "--quiet")


@dataclass(frozen=True, kw_only=True)
class Indexing(UpdateJob, IndexJob):
    """Bring the index of hands up to date with pages. model: "" = the index's own, for a new one that which ships."""

    about = "look at folders of pages and keep what their hands are like"
    description = (
        "Makes an index of hands, or brings it up to date: of each page the handwriting is told from print, rules and "
        "stamps, and described by one vector. Pages that have not changed are recognised (by size and time, then by "
        "content), moved ones keep their vector, gone ones are dropped, unreadable ones are listed with the reason. "
        "Pages without handwriting are listed too, and never ranked. Where a whole folder or sub-folder holds no page "
        "any more (a drive that is not mounted), its pages are kept and named, until --forget. Killed at any moment, "
        "the same command goes on. Without any folder, all folders of the index are looked at again."
    )
    examples = f"""examples:
  {PROGRAM} writers index pages/                                 all pages below a folder
  {PROGRAM} writers index pages/ more/ --index hands.index       two folders in one index, kept elsewhere
  {PROGRAM} writers index                                        all folders of the index again
  {PROGRAM} writers index --forget "pages/box 3"                 of this sub-folder, what is not there any more
  {PROGRAM} writers index pages/ --model models/mine --index mine.index      by a model of your own
"""
    shared = (*READING, "--workers", "--quiet")
    work = "writers.indexing:run_index"

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["writers"].add_argument
        add("pages", nargs="*", metavar="PAGES", help="folders of pages; none: all folders of the index again")
        add_model(groups["writers"], "; for an index that is there its own")
        cls.add_update_flags(groups["writers"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Indexing]:
        """As `Job` has it."""
        index = index_folder_of(typed, settings)
        return settings, cls(**typed.command(), **cls.updates(typed), index=index, model=model_of(typed))


@dataclass(frozen=True, kw_only=True)
class Search(IndexJob):
    """Pages by the hand of a page. number: which page of a file of several, 0 = not given. k: how many.

    exact: look at every page, however many there are.
    """

    name = "search"
    about = "pages by the same hand as this one, ranked"
    description = (
        "Ranks the pages of the index by how alike their hand is to that of one page, which may be in the index or "
        "not: a table, a CSV file, and a sheet with the strokes that made them alike. Each page has its similarity (a "
        "cosine; 1 is the same page), how likely it is that one hand wrote both, and a verdict: what lies below the "
        "calibrated threshold is unknown, or not likely. The query itself is named, and is no hit."
    )
    examples = f"""examples:
  {PROGRAM} writers search --image page.png                      the ten pages most like it
  {PROGRAM} writers search --image will.pdf --page 3 -k 50       page 3 of a PDF
  {PROGRAM} writers search --image page.png --index hands.index -o found/
"""
    shared = (*READING_ONE, "--excel")
    work = "writers.search:run_search"

    output: Path
    image: Path
    number: int = 0
    k: int = 10
    exact: bool = False

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["writers"].add_argument
        add("--image", nargs="+", action="extend", metavar="FILE", help="the page whose hand is looked for")
        add_page(groups["writers"], "N")
        add("-k", "--neighbours", metavar="N", help="how many pages are shown (default: 10)")
        add("--exact", action="store_true",
            help="look at every page, also where there is an approximate index (from 250,000 pages on)")  # fmt: skip
        add_model(groups["writers"], "; for search: where it lies now, if it has moved")
        add_output(groups["writers"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Search]:
        """As `Job` has it."""
        images = given_files(typed.value("image") or (), "--image")
        if not images:
            raise UserError(f"whose hand? name a page: {PROGRAM} writers search --image page.png")
        if len(images) > 1:
            raise UserError(f"--image takes one page, {len(images)} given: search for one after another")
        job = cls(
            **typed.command(),
            index=index_folder_of(typed, settings),
            output=output_folder_of(typed, settings),
            model=model_of(typed),
            image=images[0],
            number=next(iter(_page_numbers(typed, most=1)), 0),
            k=count_of(typed, "neighbours", "-k", 10),
            exact=typed.value("exact"),
        )
        return settings, job


@dataclass(frozen=True, kw_only=True)
class Groups(IndexJob):
    """Pages that are likely by one hand. threshold: similarity from which on two pages are, None = the calibrated."""

    name = "groups"
    about = "which pages are likely by one hand, without asking for any"
    description = (
        "Groups pages that are likely by the same hand, from the calibrated similarity on: a table of all pages with "
        "their group, a table of groups, and a contact sheet of each of the first. How sure each group is is said, and "
        "how many pairs of different hands are as alike by chance in a collection of this size. Pages like no other "
        "stay unknown."
    )
    examples = f"""examples:
  {PROGRAM} writers groups                       from the calibrated threshold on
  {PROGRAM} writers groups --threshold 0.6       only what is more alike: fewer groups, fewer wrong pages in them
"""
    shared = (*READING_ONE, "--excel")
    work = "writers.groups:run_groups"

    output: Path
    threshold: float | None = None

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["writers"].add_argument
        add(
            "--threshold", metavar="N",
            help="similarity from which on two pages are by one hand, 0 to 1 (default: the model's calibrated one)",
        )  # fmt: skip
        add_model(groups["writers"], "; for groups: where it lies now, if it has moved")
        add_output(groups["writers"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Groups]:
        """As `Job` has it."""
        job = cls(
            **typed.command(),
            index=index_folder_of(typed, settings),
            output=output_folder_of(typed, settings),
            model=model_of(typed),
            threshold=_threshold(typed),
        )
        return settings, job


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


def _threshold(typed: Typed) -> float | None:
    """What `--threshold` says. UserError for what is no similarity."""
    given = typed.value("threshold")
    if given is None:
        return None
    try:
        threshold = float(given)
    except ValueError:
        threshold = -1.0
    if not 0 < threshold <= 1:
        raise UserError(f"--threshold {printable(given)}: must be a similarity, more than 0 and at most 1")
    return threshold


# In the order in which people use them.
COMMANDS: dict[str, type[WritersJob]] = {
    job.name: job for job in (Indexing, Search, Groups, Compare, Evaluation, Pretraining, Finetuning)
}
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
