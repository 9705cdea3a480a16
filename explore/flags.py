"""The command line of `explore`: a parser for each of its commands, with help that teaches.

    typed = parse_explore(["search", "--image", "page.png", "-k", "12"])     # a namespace; `explore_job` makes the job

Nothing here imports torch or LanceDB, so that help and mistakes are answered at once. Settings that a command shares
with sorting (--batch_size, --document_pattern, ...) come from settings/schema.py by themselves, stored under
`section.key`.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from settings.config_file import every_key
from settings.flags import PROGRAM, Help, Parser, add_setting, check_flags
from settings.given_paths import filled, given_files, given_path
from settings.schema import Settings
from utils import UserError, did_you_mean, nearest, printable

# Sub-command -> what it does, in one line. In the order in which people use them.
COMMANDS = {
    "index": "look at folders of pages and keep their vectors: embeds what is new, forgets what is gone",
    "search": "pages like an image, or like a text",
    "clusters": "groups of pages that look alike",
    "map": "all pages on one plane: a picture, a table, and a folder that opens in a browser",
    "duplicates": "pages that are there twice, as the same file or scanned again",
    "outliers": "pages unlike all others, and pages among neighbours of another category",
}
DESCRIPTIONS = {
    "index": "Makes an index of pages, or brings it up to date: pages that have not changed are recognised (by "
    "size and time, then by content) and not looked at again, moved ones keep their vector, gone ones are "
    "dropped, unreadable ones are listed with the reason. Where a whole folder or sub-folder holds no page any more "
    "(a drive that is not mounted), its pages are kept and named, until --forget. Killed at any moment, the same "
    "command goes on. Folders that were indexed before and are not named stay as they are; without any folder, all "
    "of them are looked at again.",
    "search": "Shows the pages most like an image, like several images (their mean), unlike others (--not), or like "
    "a text: a table, a CSV file and a contact sheet. With an image, the same page scanned again comes first, then "
    "what looks like it: similarity is two thirds how two pages look, one third of what kind they are (cosines; 1 is "
    "the same page). With a text, it is the kind alone.",
    "clusters": "Groups pages that look alike, without knowing any category: the number is chosen by a rule that is "
    "said, or by you. Each page's cluster goes into the index (columns cluster, cluster_distance) and a "
    "CSV file, each cluster onto a contact sheet.",
    "map": "Lays all pages on a plane so that alike ones lie together: a picture for each of category, cluster and "
    "year that is known (map_category.png, map_cluster.png, map_year.png), pages.parquet, and a folder whose "
    "index.html opens in any browser, offline: points or thumbnails, colours, filters, the page itself on a click.",
    "duplicates": "Finds pages that are there more than once: files of the same bytes, and the same page scanned again "
    "(other resolution, contrast, a little turned or cropped). Proposes which to keep. Nothing is ever "
    "deleted.",
    "outliers": "Lists pages unlike all others, and pages whose neighbours all have another category (with an index "
    "that knows categories, by --table): a wrong page, a wrong label, or a find.",
}
EXAMPLES = {
    "index": f"""examples:
  {PROGRAM} explore index pages/                                 all pages below a folder
  {PROGRAM} explore index pages/ more/ --index archive.index     two folders in one index, kept elsewhere
  {PROGRAM} explore index pages/ --table result/tables/result_....csv
                                                              with the categories that sorting has found
  {PROGRAM} explore index                                        all folders of the index again
  {PROGRAM} explore index --forget "pages/box 3"                 of this sub-folder, what is not there any more
  {PROGRAM} explore index pages/ --backbone models/mine          the vectors of your own model
  {PROGRAM} explore index pages/ --backbone google/bit-50        of any Hugging Face image model
""",
    "search": f"""examples:
  {PROGRAM} explore search --image page.png                      pages like this one
  {PROGRAM} explore search --image a.png b.png --not c.png       like both, and unlike the third
  {PROGRAM} explore search --image page.png --where "category = 'DRAW' and year < 1950" -k 50
  {PROGRAM} explore search --text "a map with a scale bar"
  {PROGRAM} explore search --where "document = 'CTX194604323'"   only the condition: a list, no search

columns for --where (SQL): id, folder, path, frame, document, page, file, year, category, score, hash, size, mtime_ns,
width, height, cluster, cluster_distance, x, y. Texts stand in single quotes: category = 'DRAW', path like '%box 3%'.
""",
    "clusters": f"""examples:
  {PROGRAM} explore clusters                   the number is chosen
  {PROGRAM} explore clusters --clusters 12     exactly twelve
  then: {PROGRAM} explore search --image page.png --where "cluster = 3"
""",
    "map": f"""examples:
  {PROGRAM} explore map                        neighbours stay together (t-SNE)
  {PROGRAM} explore map --method pca           quicker, and distances mean something: principal components
""",
    "duplicates": f"""examples:
  {PROGRAM} explore duplicates                 same files, and the same page scanned again
  {PROGRAM} explore duplicates --exact         only files of the same bytes: at once, no page is opened
""",
    "outliers": f"""examples:
  {PROGRAM} explore outliers                   the 60 pages that are least like any other
  {PROGRAM} explore outliers -n 200 -k 20      200 of them, judged by 20 neighbours each
""",
}
OVERVIEW = f"""Explore a collection: an index of pages by how they look, and what can be asked of it. Works offline.

{chr(10).join(f"  {PROGRAM} explore {name:<11} {about}" for name, about in COMMANDS.items())}

Begin with: {PROGRAM} explore index PAGES        The flags of a command: {PROGRAM} explore search -h
Needs more packages than sorting: python -m pip install -r requirements-explore.txt
"""
MOST = 1_000_000  # pages that a list, neighbours that a page, clusters that a collection may be asked for
# Settings whose flags a command shares with sorting.
FINDING = ("--file_format", "--inner", "--hidden", "--exclude")
READING = ("--max_pixels", "--memory", "--strict", "--document_from", "--document_pattern", *FINDING)
COMPUTING = ("--device", "--precision", "--batch_size", "--workers")
SHARED = {
    "index": (*READING, *COMPUTING, "--quiet"),
    "search": ("--max_pixels", "--memory", "--device", "--excel", "--quiet"),
    "clusters": ("--max_pixels", "--memory", "--excel", "--quiet"),
    "map": ("--quiet",),
    "duplicates": ("--max_pixels", "--memory", "--workers", "--excel", "--quiet"),
    "outliers": ("--max_pixels", "--memory", "--excel", "--quiet"),
}


@dataclass(frozen=True)
class ExploreJob:
    """What one `explore` command is to do, beside its settings; fields of other commands have their defaults.

    command: a key of COMMANDS. index: the index's folder. output: where files go (search, clusters, ...).
    index: pages (folders), forget (folders, places), forget_gone (whatever is gone), rescan, backbone ("" = the index's
    own, for a new one the default), tables, table_of (the folder that they are of).
    search: images, not_images, text, where, k, exact, backbone. clusters: clusters (0 = chosen by rule).
    map: method ("tsne" or "pca"). duplicates: exact (files of the same bytes only).
    outliers: k (neighbours that judge a page), count (how many are listed).
    """

    command: str
    index: Path
    output: Path
    pages: tuple[Path, ...] = ()
    forget: tuple[Path, ...] = ()
    forget_gone: bool = False
    rescan: bool = False
    backbone: str = ""
    tables: tuple[Path, ...] = ()
    table_of: Path | None = None
    images: tuple[Path, ...] = ()
    not_images: tuple[Path, ...] = ()
    text: str = ""
    where: str = ""
    k: int = 20
    exact: bool = False
    clusters: int = 0
    method: str = "tsne"
    count: int = 60


def parse_explore(arguments: Sequence[str]) -> argparse.Namespace:
    """The typed flags of `explore ...` (without that word); the command itself is `explore`.

    UserError for an unknown command, flag or word; SystemExit for help, as argparse does it.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(OVERVIEW, end="")
        sys.exit(0 if arguments else 2)
    command = arguments[0]
    if command not in COMMANDS:
        what = "flag" if command.startswith("-") else "command"
        hint = did_you_mean(command, COMMANDS)
        order = " (the command comes first)" if what == "flag" else ""
        raise UserError(f"explore: unknown {what} {printable(command)}{order}: {', '.join(COMMANDS)}{hint}")
    parser = build_parser(command)
    known = [flag for action in parser._actions for flag in action.option_strings]
    check_flags(arguments[1:], known, parser.prog)
    typed, words = parser.parse_known_args(arguments[1:])
    if words:
        raise UserError(_unknown_word(words[0], command, known))
    typed.explore, typed.safe = command, False
    return typed


def build_parser(command: str) -> Parser:
    """The parser of one command."""
    parser = Parser(
        prog=f"{PROGRAM} explore {command}",
        description=textwrap.fill(DESCRIPTIONS[command], 108),
        epilog=EXAMPLES[command],
        formatter_class=Help,
        allow_abbrev=False,
        add_help=False,
    )
    add = parser.add_argument
    if command == "index":
        add("pages", nargs="*", metavar="PAGES", help="folders of pages; none: all folders of the index again")
    add("-h", "--help", action="help", help="show this help")
    add("--index", metavar="DIR", help="the folder of the index (default: result/index)")
    if command == "index":
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
        add(
            "--forget", nargs="*", action="extend", metavar="FOLDER",
            help="take folders out of the index; of a sub-folder, or with no name at all: only pages that are not "
            "there any more, which else are kept where a whole folder is empty. No file is touched",
        )  # fmt: skip
        add(
            "--rescan", action="store_true",
            help="compare the content of all files, also of those whose size and time are as they were",
        )  # fmt: skip
    if command == "search":
        add("--image", nargs="+", action="extend", metavar="FILE", help="pages to look for; several: their mean")
        add("--not", dest="not_images", nargs="+", action="extend", metavar="FILE",
            help="pages whose likeness is subtracted")  # fmt: skip
        add("--text", metavar="TEXT", help="what to look for, in words; needs a model with a text tower")
        add("--where", metavar="SQL", help="only pages that this holds for, e.g. \"category = 'DRAW' and year < 1950\"")
        add("-k", "--neighbours", metavar="N", help="how many pages are shown (default: 20)")
        add("--exact", action="store_true",
            help="look at every page, also where there is an approximate index (from 100,000 pages on)")  # fmt: skip
        add("--backbone", metavar="MODEL", help="where the model lies now that made the index, if it has moved")
    if command == "clusters":
        add("--clusters", metavar="N", help="how many clusters (default: chosen by a rule, which is said)")
    if command == "map":
        add(
            "--method", metavar="{tsne,pca}", help="tsne: neighbours stay together (default); pca: principal components"
        )
    if command == "duplicates":
        add("--exact", action="store_true", help="only files of the same bytes; no page is opened")
    if command == "outliers":
        add("-n", "--count", metavar="N", help="how many are listed (default: 60)")
        add("-k", "--neighbours", metavar="N", help="neighbours that judge a page (default: 10)")
    if command != "index":
        add("-o", "--output", metavar="DIR", help="where files are written (default: result/explore)")
    add("--config", metavar="FILE", help="settings (default: the config.toml beside run.py)")
    for key in every_key():
        flags = [flag for flag in key.about["flags"] if set(key.about["flags"]) & set(SHARED[command])]
        if flags and key.section != "train":
            add_setting(parser, key, list(key.about["flags"]))
    return parser


def explore_job(typed: argparse.Namespace, settings: Settings) -> ExploreJob:
    """The job that the flags describe; UserError where they contradict each other or a value is not valid."""
    command = typed.explore
    given = {name: value for name, value in vars(typed).items() if value is not None}
    index = _path("--index", given.get("index")) or settings.output.folder / "index"
    if index.is_file():
        raise UserError(f"--index {printable(str(index))} is a file: the index is a folder")
    output = _path("-o", given.get("output")) or settings.output.folder / "explore"
    if command != "index" and output.is_file():
        raise UserError(f"the output folder {printable(str(output))} is a file: give another one with -o")
    neighbours = {"search": 20, "outliers": 10}.get(command, 20)
    job = ExploreJob(
        command=command,
        index=index,
        output=output,
        pages=tuple(_path("PAGES", page) for page in given.get("pages", ())),
        forget=tuple(_path("--forget", folder) for folder in given.get("forget", ())),
        forget_gone=given.get("forget") == [],
        rescan=bool(given.get("rescan")),
        backbone=_text("--backbone", given.get("backbone")),
        tables=tuple(given_files(given.get("table", ()), "--table")),
        table_of=_path("--table_of", given.get("table_of")),
        images=tuple(given_files(given.get("image", ()), "--image")),
        not_images=tuple(given_files(given.get("not_images", ()), "--not")),
        text=_text("--text", given.get("text")),
        where=_text("--where", given.get("where")),
        k=_count("-k", given.get("neighbours"), neighbours),
        exact=bool(given.get("exact")),
        clusters=_count("--clusters", given.get("clusters"), 0, least=2),
        method=_choice("--method", given.get("method", "tsne"), ("tsne", "pca")),
        count=_count("-n", given.get("count"), 60),
    )
    if job.table_of and not job.tables:
        raise UserError("--table_of says which folder a --table was made from: give that too")
    if command == "search":
        if job.text and (job.images or job.not_images):
            raise UserError("--text and --image are two searches: give one of them (a text and a --where are one)")
        if job.not_images and not job.images:
            raise UserError("--not subtracts from --image: say with --image what to look for")
        if not (job.images or job.text or job.where):
            raise UserError("what to look for? --image FILE, --text WORDS, or --where CONDITION for a plain list")
    return job


def _path(flag: str, text: str | None) -> Path | None:
    return given_path(text, flag) if text is not None else None


def _text(flag: str, text: str | None) -> str:
    return filled(text, flag) if text is not None else ""


def _count(flag: str, given: str | None, default: int, least: int = 1) -> int:
    if given is None:
        return default
    if not (given.isascii() and given.isdecimal() and int(given[:20]) >= least):
        raise UserError(f"{flag} {printable(given)}: must be a whole number, {least} or more")
    if len(given) > 20 or int(given) > MOST:
        raise UserError(f"{flag} {printable(given)}: must be at most {MOST:,}")
    return int(given)


def _choice(flag: str, given: str, valid: Sequence[str]) -> str:
    if given not in valid:
        raise UserError(f"{flag} {printable(given)}: must be {' or '.join(valid)}{did_you_mean(given, valid)}")
    return given


def _unknown_word(word: str, command: str, known: Sequence[str]) -> str:
    shown = printable(word)
    if command == "search" and Path(word).is_file():
        return f"unknown word {shown}; did you mean --image {shown}?"
    if Path(word).is_dir() and command != "index":
        return f"unknown word {shown}: folders of pages go to: {PROGRAM} explore index {shown}"
    found = nearest(word, [flag.lstrip("-") for flag in known]) if len(word) > 2 else None
    hint = f"; did you mean --{found}?" if found else f" (all flags: {PROGRAM} explore {command} -h)"
    return f"unknown word {shown}{hint}"
