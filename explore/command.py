"""The commands of `explore`: what each is asked, and who does it.

    python run.py explore index pages/
    python run.py explore search --image page.png -k 12

Each needs other packages (requirements-explore.txt), which are imported when it is asked for; nothing here imports
torch or LanceDB, so that help and mistakes are answered at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from explore.flags import INDEX, ExploreJob, add_output, places_of
from index.asked import UpdateJob
from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import given_files
from settings.schema import Settings
from settings.words import count_of, index_of, parse_words
from utils import UserError, did_you_mean, printable

# Settings whose flags a command shares with sorting.
FINDING = ("--file_format", "--inner", "--hidden", "--exclude")
READING = ("--max_pixels", "--memory", "--strict", "--document_from", "--document_pattern", *FINDING)
COMPUTING = ("--engine", "--device", "--precision", "--batch_size", "--workers")
METHODS = ("tsne", "pca")


@dataclass(frozen=True, kw_only=True)
class Indexing(UpdateJob, ExploreJob):
    """Bring the index up to date with pages.

    backbone ("" = the index's own, for a new one the default), tables, table_of (the folder that they are of).
    """

    about = "look at folders of pages and keep their vectors: embeds what is new, forgets what is gone"
    description = (
        "Makes an index of pages, or brings it up to date: pages that have not changed are recognised (by "
        "size and time, then by content) and not looked at again, moved ones keep their vector, gone ones are "
        "dropped, unreadable ones are listed with the reason. Where a whole folder or sub-folder holds no page any "
        "more (a drive that is not mounted), its pages are kept and named, until --forget. Killed at any moment, the "
        "same command goes on. Folders that were indexed before and are not named stay as they are; without any "
        "folder, all of them are looked at again."
    )
    examples = f"""examples:
  {PROGRAM} explore index pages/                                 all pages below a folder
  {PROGRAM} explore index pages/ more/ --index archive.index     two folders in one index, kept elsewhere
  {PROGRAM} explore index pages/ --table result/tables/result_....csv
                                                              with the categories that sorting has found
  {PROGRAM} explore index                                        all folders of the index again
  {PROGRAM} explore index --forget "pages/box 3"                 of this sub-folder, what is not there any more
  {PROGRAM} explore index pages/ --backbone models/mine          the vectors of your own model
  {PROGRAM} explore index pages/ --backbone google/bit-50        of any Hugging Face image model
"""
    shared = (*READING, *COMPUTING, "--quiet")
    work = "explore.indexing:run_index"

    backbone: str = ""
    tables: tuple[Path, ...] = ()
    table_of: Path | None = None

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["explore"].add_argument
        add("pages", nargs="*", metavar="PAGES", help="folders of pages; none: all folders of the index again")
        add(
            "--backbone", metavar="MODEL",
            help="what makes the vectors: a model folder, or a Hugging Face image model (a folder, or an id that is in "
            "the hub cache); default: the model that ships, for an index that is there its own",
        )  # fmt: skip
        add(
            "--table", nargs="+", action="extend", metavar="CSV",
            help="take each page's category and score from result tables (columns PATH, PAGE, CLASS-1, SCORE-1); the "
            "run record beside a table says which folder it was made from; pages of other folders stay as they are",
        )  # fmt: skip
        add(
            "--table_of", metavar="FOLDER",
            help="the folder that the tables were made from, where no record beside them says so, or it has moved",
        )  # fmt: skip
        cls.add_update_flags(groups["explore"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Indexing]:
        """As `Job` has it."""
        job = cls(
            **typed.command(),
            index=index_of(typed, settings, INDEX),
            **cls.updates(typed),
            backbone=typed.text("backbone", "--backbone"),
            tables=tuple(given_files(typed.value("table") or (), "--table")),
            table_of=typed.path("table_of", "--table_of"),
        )
        if job.table_of and not job.tables:
            raise UserError("--table_of says which folder a --table was made from: give that too")
        return settings, job


@dataclass(frozen=True, kw_only=True)
class Search(ExploreJob):
    """Pages like images (and unlike not_images), or like text, of those that where holds for; "" = not given.

    k: how many. exact: look at every page. backbone: where the index's model lies, where it has moved.
    """

    name = "search"
    about = "pages like an image, or like a text"
    description = (
        "Shows the pages most like an image, like several images (their mean), unlike others (--not), or like "
        "a text: a table, a CSV file and a contact sheet. With an image, the same page scanned again comes first, then "
        "what looks like it: similarity is two thirds how two pages look, one third of what kind they are (cosines; 1 "
        "is the same page). With a text, it is the kind alone."
    )
    examples = f"""examples:
  {PROGRAM} explore search --image page.png                      pages like this one
  {PROGRAM} explore search --image a.png b.png --not c.png       like both, and unlike the third
  {PROGRAM} explore search --image page.png --where "category = 'DRAW' and year < 1950" -k 50
  {PROGRAM} explore search --text "a map with a scale bar"
  {PROGRAM} explore search --where "document = 'CTX194604323'"   only the condition: a list, no search

columns for --where (SQL): id, folder, path, frame, document, page, file, year, category, score, hash, size, mtime_ns,
width, height, cluster, cluster_distance, x, y. Texts stand in single quotes: category = 'DRAW', path like '%box 3%'.
"""
    shared = ("--max_pixels", "--memory", "--engine", "--device", "--excel", "--quiet")
    work = "explore.search:run_search"

    output: Path
    images: tuple[Path, ...] = ()
    not_images: tuple[Path, ...] = ()
    text: str = ""
    where: str = ""
    k: int = 20
    exact: bool = False
    backbone: str = ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["explore"].add_argument
        add("--image", nargs="+", action="extend", metavar="FILE", help="pages to look for; several: their mean")
        add("--not", dest="not_images", nargs="+", action="extend", metavar="FILE",
            help="pages whose likeness is subtracted")  # fmt: skip
        add("--text", metavar="TEXT", help="what to look for, in words; needs a model with a text tower")
        add("--where", metavar="SQL", help="only pages that this holds for, e.g. \"category = 'DRAW' and year < 1950\"")
        add("-k", "--neighbours", metavar="N", help="how many pages are shown (default: 20)")
        add("--exact", action="store_true",
            help="look at every page, also where there is an approximate index (from 100,000 pages on)")  # fmt: skip
        add("--backbone", metavar="MODEL", help="where the model lies now that made the index, if it has moved")
        add_output(groups["explore"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Search]:
        """As `Job` has it."""
        job = cls(
            **typed.command(),
            **places_of(typed, settings),
            backbone=typed.text("backbone", "--backbone"),
            images=tuple(given_files(typed.value("image") or (), "--image")),
            not_images=tuple(given_files(typed.value("not_images") or (), "--not")),
            text=typed.text("text", "--text"),
            where=typed.text("where", "--where"),
            k=count_of(typed, "neighbours", "-k", 20),
            exact=typed.value("exact"),
        )
        if job.text and (job.images or job.not_images):
            raise UserError("--text and --image are two searches: give one of them (a text and a --where are one)")
        if job.not_images and not job.images:
            raise UserError("--not subtracts from --image: say with --image what to look for")
        if not (job.images or job.text or job.where):
            raise UserError("what to look for? --image FILE, --text WORDS, or --where CONDITION for a plain list")
        return settings, job


@dataclass(frozen=True, kw_only=True)
class Clusters(ExploreJob):
    """Groups of pages that look alike. clusters: how many, 0 = chosen by rule."""

    name = "clusters"
    about = "groups of pages that look alike"
    description = (
        "Groups pages that look alike, without knowing any category: the number is chosen by a rule that is "
        "said, or by you. Each page's cluster goes into the index (columns cluster, cluster_distance) and a "
        "CSV file, each cluster onto a contact sheet."
    )
    examples = f"""examples:
  {PROGRAM} explore clusters                   the number is chosen
  {PROGRAM} explore clusters --clusters 12     exactly twelve
  then: {PROGRAM} explore search --image page.png --where "cluster = 3"
"""
    shared = ("--max_pixels", "--memory", "--excel", "--quiet")
    work = "explore.clusters:run_clusters"
    needs = (*ExploreJob.needs, "pandas", "sklearn")

    output: Path
    clusters: int = 0

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["explore"].add_argument
        add("--clusters", metavar="N", help="how many clusters (default: chosen by a rule, which is said)")
        add_output(groups["explore"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Clusters]:
        """As `Job` has it."""
        paths, clusters = places_of(typed, settings), count_of(typed, "clusters", "--clusters", 0, least=2)
        return settings, cls(**typed.command(), **paths, clusters=clusters)


@dataclass(frozen=True, kw_only=True)
class Map(ExploreJob):
    """All pages on one plane. method: "tsne" or "pca"."""

    name = "map"
    about = "all pages on one plane: a picture, a table, and a folder that opens in a browser"
    description = (
        "Lays all pages on a plane so that alike ones lie together: a picture for each of category, cluster and "
        "year that is known (map_category.png, map_cluster.png, map_year.png), pages.parquet, and a folder whose "
        "index.html opens in any browser, offline: points or thumbnails, colours, filters, the page itself on a click."
    )
    examples = f"""examples:
  {PROGRAM} explore map                        neighbours stay together (t-SNE)
  {PROGRAM} explore map --method pca           quicker, and distances mean something: principal components
"""
    shared = ("--quiet",)
    work = "explore.map:run_map"
    needs = (*ExploreJob.needs, "pandas", "sklearn", "matplotlib", "openTSNE")

    output: Path
    method: str = "tsne"

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["explore"].add_argument
        add(
            "--method", metavar="{tsne,pca}", help="tsne: neighbours stay together (default); pca: principal components"
        )
        add_output(groups["explore"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Map]:
        """As `Job` has it."""
        paths, method = places_of(typed, settings), typed.value("method") or "tsne"
        if method not in METHODS:
            valid = " or ".join(METHODS)
            raise UserError(f"--method {printable(method)}: must be {valid}{did_you_mean(method, METHODS)}")
        return settings, cls(**typed.command(), **paths, method=method)


@dataclass(frozen=True, kw_only=True)
class Duplicates(ExploreJob):
    """Pages that are there twice. exact: only as files of the same bytes."""

    name = "duplicates"
    about = "pages that are there twice, as the same file or scanned again"
    description = (
        "Finds pages that are there more than once: files of the same bytes, and the same page scanned again "
        "(other resolution, contrast, a little turned or cropped). Proposes which to keep. Nothing is ever "
        "deleted."
    )
    examples = f"""examples:
  {PROGRAM} explore duplicates                 same files, and the same page scanned again
  {PROGRAM} explore duplicates --exact         only files of the same bytes: at once, no page is opened
"""
    shared = ("--max_pixels", "--memory", "--workers", "--excel", "--quiet")
    work = "explore.duplicates:run_duplicates"
    needs = (*ExploreJob.needs, "pandas", "sklearn", "scipy", "cv2")

    output: Path
    exact: bool = False

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["explore"].add_argument
        add("--exact", action="store_true", help="only files of the same bytes; no page is opened")
        add_output(groups["explore"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Duplicates]:
        """As `Job` has it."""
        paths = places_of(typed, settings)
        return settings, cls(**typed.command(), **paths, exact=typed.value("exact"))


@dataclass(frozen=True, kw_only=True)
class Outliers(ExploreJob):
    """Pages unlike all others. k: neighbours that judge a page; count: how many are listed."""

    name = "outliers"
    about = "pages unlike all others, and pages among neighbours of another category"
    description = (
        "Lists pages unlike all others, and pages whose neighbours all have another category (with an index "
        "that knows categories, by --table): a wrong page, a wrong label, or a find."
    )
    examples = f"""examples:
  {PROGRAM} explore outliers                   the 60 pages that are least like any other
  {PROGRAM} explore outliers -n 200 -k 20      200 of them, judged by 20 neighbours each
"""
    shared = ("--max_pixels", "--memory", "--excel", "--quiet")
    work = "explore.outliers:run_outliers"
    needs = (*ExploreJob.needs, "pandas", "sklearn")

    output: Path
    k: int = 10
    count: int = 60

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["explore"].add_argument
        add("-n", "--count", metavar="N", help="how many are listed (default: 60)")
        add("-k", "--neighbours", metavar="N", help="neighbours that judge a page (default: 10)")
        add_output(groups["explore"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Outliers]:
        """As `Job` has it."""
        paths, k = places_of(typed, settings), count_of(typed, "neighbours", "-k", 10)
        return settings, cls(**typed.command(), **paths, k=k, count=count_of(typed, "count", "-n", 60))


# In the order in which people use them.
COMMANDS: dict[str, type[ExploreJob]] = {
    job.name: job for job in (Indexing, Search, Clusters, Map, Duplicates, Outliers)
}
OVERVIEW = f"""Explore a collection: an index of pages by how they look, and what can be asked of it. Works offline.

{chr(10).join(f"  {PROGRAM} explore {job.name:<11} {job.about}" for job in COMMANDS.values())}

Begin with: {PROGRAM} explore index PAGES        The flags of a command: {PROGRAM} explore search -h
Needs more packages than sorting: python -m pip install -r requirements-explore.txt
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The typed flags of `explore ...` (without that word), and the job that is asked for: `.job`.

    UserError for an unknown command, flag or word; SystemExit for help, as argparse does it.
    """
    return parse_words("explore", COMMANDS, OVERVIEW, arguments)
