"""What is in a labelled data set: pages, documents, years, sizes, unreadable files, duplicates; tables and pictures.

    python data_scripts/dataset.py sorted --output result/dataset
    python data_scripts/dataset.py sorted --output result/dataset --split models/mine/split.csv

It sees what `run.py --train -d sorted` would see. Pages are only read, each once: what was measured is kept in
measures.jsonl, so that a second start measures only what is new or has changed.
"""

from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import json
import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import (
    Parser,
    alone_in,
    counted,
    default_workers,
    drop_parts,
    folder_argument,
    list_undone,
    listing_of,
    start,
    whole_number,
    write_csv,
)
from dataset_pictures import draw_shares, draw_sizes, draw_years
from duplicates import Look, bits_apart, find_groups, look
from processes import WorkerDied, in_processes

from output.progress import Progress
from output.spreadsheets import read_table
from output.tables import bare_path, category_columns, cell, path_cell
from output.work import Lines, whole_lines
from reading.decoding import PageError, Reader
from reading.pages import Page
from settings.given_paths import given_path
from settings.schema import Settings
from training.data import LabelledPages, find_labelled, split_leaks
from utils import UserError, page_number, printable

YEAR = r"1[5-9]\d\d|20\d\d"
MAX_PIXELS = 700_000_000
SIDE = 300  # pixels; a PDF page is drawn at four times this before it is compared
SPLIT_ORDER = ("train", "validation", "test", "left out", "unreadable")
MEASURES = "measures.jsonl"
RULE = 2  # of reading and measuring; measures of another rule are made anew
FOLDERS = "folders"  # what --split says where the folders are the split

DESCRIPTION = f"""\
Look through label folders (LABEL_FOLDERS/<CATEGORY>/...) before training on them. Written to --output:
  dataset.csv      a row a category: pages, documents, years, sizes, unreadable pages, duplicates
  pages.csv        a row a page: document, year, size, and why it cannot be read
  duplicates.csv   groups of exact copies and of near duplicates (rescanned, recompressed, resized); groups across
                   categories come first: one of the labels is likely wrong
  years.png        pages per year, stacked by category
  sizes.png        page sizes
  splits.csv, splits.png   the share of each split or fold in each category (with --split)
The year is the first {YEAR} in the document's name (CTX193701944A: 1937); --year-pattern takes another
regular expression, its first group the year. Files of an earlier start in --output are written anew; the label folders
are only read. Exit code: 0 all pages could be read, 1 some could not (they are listed), 2 wrong command."""

EXAMPLES = """\
examples:
  python data_scripts/dataset.py sorted
  python data_scripts/dataset.py sorted --output result/dataset --split models/mine/split.csv
  python data_scripts/dataset.py data --split folders      (data/train/TEXT, data/test/TEXT, ...)
  python data_scripts/dataset.py sorted --document-pattern "^(CTX\\d+)" --year-pattern "CTX(\\d{4})\""""


@dataclass(frozen=True)
class Measure:
    """What was found out about a page; `reason` is why it could not be read (then the rest is empty)."""

    digest: str = ""
    width: int = 0
    height: int = 0
    look: Look | None = None
    reason: str = ""


@dataclass(frozen=True)
class PageTask:
    """A page to measure."""

    root: str
    page: Page


def main(arguments: Sequence[str]) -> int:
    """The command; its exit code."""
    options = _options(arguments)
    root = folder_argument(options.folder)
    settings = Settings()
    rules = {"document_from": options.document_from, "document_pattern": options.document_pattern}
    rules |= listing_of(options)
    by_folders = options.split == Path(FOLDERS)
    found = find_labelled(root, replace(settings, input=replace(settings.input, **rules)), by_folders=by_folders)
    split: dict[tuple[str, int], str] | None = None
    if by_folders:
        rows = zip(found.pages, found.splits, strict=True)
        split = {(printable(page.path), page.number): part for page, part in rows}
        found.notes += split_leaks(found.documents, found.splits)
    elif options.split:
        split = read_split(options.split, found)
    if options.dry_run:
        print(f"would measure {counted(len(found.pages), 'page')} in {counted(len(found.categories), 'category')}")
        print(f"would write dataset.csv, pages.csv, duplicates.csv and pictures to {printable(str(options.output))}")
        return 0
    options.output.mkdir(parents=True, exist_ok=True)
    with alone_in(options.output, "it"):
        drop_parts(options.output)
        measures = measure_all(found, options.output / MEASURES, options.workers)
        report(found, measures, split, options)
    for note in found.notes:
        print(f"note: {note}")
    print(f"files in {printable(str(options.output))}", flush=True)
    bad = [f"{printable(page.path)}{_frame(page)}: {measure.reason}"
           for page, measure in zip(found.pages, measures, strict=True) if measure.reason]  # fmt: skip
    return list_undone([*bad, *found.lost], f"{counted(len(bad) + len(found.lost), 'page')} cannot be read")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(DESCRIPTION.replace("%", "%%"), EXAMPLES)
    parser.add_argument(
        "folder", metavar="LABEL_FOLDERS", type=given_path, help="the folder with one folder for each category"
    )
    parser.add_argument("-o", "--output", type=given_path, default=Path("result/dataset"), metavar="DIR",
                        help="where tables and pictures go (%(default)s)")  # fmt: skip
    parser.add_argument("--split", type=given_path, metavar="CSV", help="split.csv or folds.csv of a training; "
                        "or: folders, where the label folders lie within train/, val/, test/")  # fmt: skip
    parser.add_argument("--year-pattern", default=YEAR, metavar="REGEX", help="where a document's name holds the year")
    parser.add_argument(
        "--document-from", choices=("auto", "name", "folder"), default="auto", help="as in config.toml, [input]"
    )
    parser.add_argument("--document-pattern", default="", metavar="REGEX", help="as in config.toml, [input]")
    parser.add_argument(
        "--workers", type=whole_number(1, 256), default=default_workers(), metavar="N", help="processes (%(default)s)"
    )
    parser.add_listing()
    options = parser.read(arguments)
    try:
        options.year_pattern = re.compile(options.year_pattern)
    except re.error as error:
        raise UserError(f"--year-pattern {options.year_pattern!r} is not a regular expression: {error}") from None
    return options


def year_of(document: str, pattern: re.Pattern[str]) -> int | None:
    """The year in a document's name: the pattern's first group that matched, or all of it.

    >>> year_of("CTX193701944A", re.compile(YEAR)), year_of("report", re.compile(YEAR))
    (1937, None)
    """
    match = pattern.search(document)
    text = next((group for group in (*match.groups(), match[0]) if group), "") if match else ""
    return int(text) if re.fullmatch(r"\d{1,4}", text) else None


def read_split(file: Path, found: LabelledPages) -> dict[tuple[str, int], str]:
    """(PATH, PAGE) -> split or fold. UserError where none of its pages is in the data set."""
    table = read_table(file, ("PATH", "PAGE"))
    column = next((name for name in ("SPLIT", "FOLD") if name in table.columns), "")
    if not column:
        raise UserError(f"{file}: neither SPLIT nor FOLD in the header")
    split, numberless = {}, []
    for line, cells in table.rows:
        page = page_number(cells["PAGE"])
        if page is None:
            numberless.append(line)
        else:
            split[bare_path(cells["PATH"]), page] = cells[column]
    if numberless:
        rows = counted(len(numberless), "row")
        found.notes.append(f"{rows} of {file.name} without a page number (first: line {numberless[0]}) left out")
    known = {(printable(page.path), page.number) for page in found.pages}
    if not known & split.keys():
        raise UserError(f"{file}: none of its pages is in {printable(str(found.root))}: it is of another data set")
    if strangers := len(split.keys() - known):
        found.notes.append(f"{counted(strangers, 'page')} of {file.name} {'is' if strangers == 1 else 'are'} not there")
    return split


# --- measuring ---


def measure_all(found: LabelledPages, journal: Path, workers: int) -> list[Measure]:
    """One measure a page, in order; those in the journal of an earlier start are taken from there."""
    stored, end = read_journal(journal)
    keys = [_key(found.root, page) for page in found.pages]
    measures = {key: stored[key] for key in keys if key in stored}
    pages = {PageTask(str(found.root), page): key for page, key in zip(found.pages, keys, strict=True)}
    tasks = [task for task, key in pages.items() if key not in measures]
    with Progress(len(tasks), unit="page", label="dataset") as progress, Lines(journal, end) as lines:
        for task, answer in in_processes(measure, iter(tasks), min(workers, max(1, len(tasks)))):
            if isinstance(answer, WorkerDied):
                answer = Measure(reason=f"its decoder broke down: {answer}")
            progress.advance(1, failed=bool(answer.reason))
            measures[pages[task]] = answer
            if not answer.reason:  # a page that could not be read is tried again at the next start
                lines.append(json.dumps([pages[task], *_packed(answer)]).encode("ascii"))
    return [measures[key] for key in keys]


def _key(root: Path, page: Page) -> str:
    """Changes with the file and with how it is measured, so that an earlier measure is not taken for this one."""
    try:
        status = (root / page.path).stat()
        identity = [status.st_size, status.st_mtime_ns]
    except OSError:
        identity = [0, 0]
    return json.dumps([RULE, str(root.resolve()), page.path, page.number, page.frame, *identity])


def read_journal(journal: Path) -> tuple[dict[str, Measure], int]:
    """What earlier starts measured, and where the whole lines end; lines of another make are measured anew."""
    stored: dict[str, Measure] = {}
    end = 0
    for line in whole_lines(journal) if journal.is_file() else ():
        end += len(line)
        try:
            key, digest, width, height, bits, thumbnail = json.loads(line)
            fingerprint = Look(base64.b64decode(bits), base64.b64decode(thumbnail))
            if len(fingerprint.bits) == 32 and len(fingerprint.thumbnail) == 1024:
                stored[key] = Measure(digest, width, height, fingerprint)
        except (ValueError, TypeError):
            continue
    return stored, end


def _packed(measure: Measure) -> list[Any]:
    pictures = (base64.b64encode(part).decode("ascii") for part in (measure.look.bits, measure.look.thumbnail))
    return [measure.digest, measure.width, measure.height, *pictures]


_digest: list[str] = []  # in a worker: the last file and its digest (a TIFF or PDF has many pages)


@functools.cache
def _reader() -> Reader:
    """Of this worker; its files close with the process."""
    return Reader(min_side=SIDE, max_pixels=MAX_PIXELS)


def measure(task: PageTask) -> Measure:
    """Read a page: digest of its file, size in pixels (0 for a PDF, which has none), fingerprint. Runs in a worker."""
    page = task.page
    if page.reason:
        return Measure(reason=page.reason)
    path = Path(task.root) / page.path
    try:
        image = _reader().page(path, page.frame)
        if _digest[:1] != [str(path)]:
            with path.open("rb") as file:
                _digest[:] = [str(path), hashlib.file_digest(file, "sha256").hexdigest()]
    except PageError as error:
        return Measure(reason=str(error))
    except OSError as error:
        return Measure(reason=(error.strerror or str(error)).lower())
    size = (0, 0) if page.path.lower().endswith(".pdf") else image.size
    return Measure(_digest[1], *size, look(image))


# --- reporting ---


def report(
    found: LabelledPages,
    measures: list[Measure],
    split: dict[tuple[str, int], str] | None,
    options: argparse.Namespace,
) -> None:
    """Write all tables and pictures, and print the table of the categories."""
    output: Path = options.output
    years = [year_of(document, options.year_pattern) for document in found.documents]
    parts = [(split or {}).get((printable(page.path), page.number), "") for page in found.pages]
    write_csv(output / "pages.csv", _page_rows(found, measures, years))
    groups = _groups(measures)
    write_csv(output / "duplicates.csv", _duplicate_rows(found, measures, groups, parts if split else None))
    rows = list(category_rows(found, measures, years, groups))
    write_csv(output / "dataset.csv", [rows[0], *([cell(str(row[0])), *row[1:]] for row in rows[1:])])
    print(_aligned(rows))
    across = [group for group in groups if len({found.labels[place] for place in group}) > 1]
    copies = sum(map(len, groups))
    print(
        f"{counted(len(groups), 'group')} of duplicates with {counted(copies, 'page')}, {len(across)} across categories"
    )
    draw_years(output / "years.png", list(zip(found.labels, years, strict=True)))
    sized = zip(found.labels, measures, strict=True)
    draw_sizes(output / "sizes.png", [(label, one.width, one.height) for label, one in sized if one.width])
    if split is not None:
        leaks = [group for group in groups if len({parts[place] for place in group} - {""}) > 1]
        if leaks:
            print(f"{len(leaks)} of these groups stand in more than one split or fold: the same picture on both sides")
        _report_split(found, parts, output)


def category_rows(
    found: LabelledPages, measures: list[Measure], years: list[int | None], groups: list[list[int]]
) -> Iterator[list[str | int]]:
    """The table of the categories: header, a row each, all together."""
    yield ["CATEGORY", "PAGES", "SHARE", "DOCUMENTS", "FIRST_YEAR", "LAST_YEAR", "WIDTH", "HEIGHT", "UNREADABLE",
           "DUPLICATES", "ACROSS"]  # fmt: skip
    twins = {place for group in groups for place in group}
    across = {place for group in groups if len({found.labels[one] for one in group}) > 1 for place in group}
    places: dict[str, list[int]] = defaultdict(list)
    for place, label in enumerate(found.labels):
        places[label].append(place)
    for name, its in [*sorted(places.items()), ("all", list(range(len(found.labels))))]:
        dated = [years[place] for place in its if years[place] is not None]
        widths = [measures[place].width for place in its if measures[place].width]
        heights = [measures[place].height for place in its if measures[place].width]
        yield [
            printable(name), len(its), f"{len(its) / len(found.labels):.3f}", len({found.documents[at] for at in its}),
            min(dated, default=""), max(dated, default=""),
            round(statistics.median(widths)) if widths else "", round(statistics.median(heights)) if heights else "",
            sum(bool(measures[place].reason) for place in its), len(twins.intersection(its)),
            len(across.intersection(its)),
        ]  # fmt: skip


def _page_rows(found: LabelledPages, measures: list[Measure], years: list[int | None]) -> Iterator[Sequence[str | int]]:
    yield ("PATH", "PAGE", "CATEGORY", "DOCUMENT", "YEAR", "WIDTH", "HEIGHT", "SHA256", "REASON")
    for page, label, document, year, one in zip(
        found.pages, found.labels, found.documents, years, measures, strict=True
    ):
        size = (one.width or "", one.height or "")
        yield (path_cell(page.path), page.number, cell(label), cell(document), "" if year is None else year, *size,
               one.digest, cell(one.reason))  # fmt: skip


def _groups(measures: list[Measure]) -> list[list[int]]:
    readable = [place for place, one in enumerate(measures) if one.look is not None]
    # The pages of one file share its digest: what they look like tells them apart.
    keys = [(measures[place].digest, measures[place].look.bits, measures[place].look.thumbnail) for place in readable]
    return [[readable[at] for at in group] for group in find_groups(keys, [measures[at].look for at in readable])]


def _duplicate_rows(
    found: LabelledPages, measures: list[Measure], groups: list[list[int]], parts: list[str] | None
) -> Iterator[Sequence[str | int]]:
    yield (
        "GROUP",
        "KIND",
        "ACROSS",
        "CATEGORY",
        "DOCUMENT",
        "BITS_APART",
        *(["SPLIT"] if parts else []),
        "PATH",
        "PAGE",
    )
    by_labels = [(len({found.labels[place] for place in group}) > 1, group) for group in groups]
    for number, (across, group) in enumerate(sorted(by_labels, key=lambda item: (not item[0], item[1])), 1):
        kind = "exact" if len({measures[place].digest for place in group}) == 1 else "near"
        for place in group:
            page, apart = found.pages[place], bits_apart(measures[group[0]].look, measures[place].look)
            where = [*([parts[place]] if parts else []), path_cell(page.path), page.number]
            label, document = cell(found.labels[place]), cell(found.documents[place])
            yield (number, kind, "yes" if across else "no", label, document, apart, *where)


def _report_split(found: LabelledPages, parts: list[str], output: Path) -> None:
    """splits.csv and splits.png: pages of each category by split or fold."""
    shares: dict[str, Counter[str]] = defaultdict(Counter)
    for label, part in zip(found.labels, parts, strict=True):
        shares[label][part or "not in the table"] += 1
    names = sorted(
        {name for counter in shares.values() for name in counter},
        key=lambda name: (SPLIT_ORDER.index(name) if name in SPLIT_ORDER else 9, name.zfill(9), name),
    )
    rows = [[cell(label), *(shares[label][name] for name in names)] for label in sorted(shares)]
    write_csv(output / "splits.csv", [["CATEGORY", *category_columns(names, ["CATEGORY"])], *rows])
    folds = all(name.isdecimal() for name in names if name != "not in the table")
    shown = [f"fold {name}" if name.isdecimal() else name for name in names]
    renamed = {label: Counter({new: counter[old] for old, new in zip(names, shown, strict=True)})
               for label, counter in shares.items()}  # fmt: skip
    draw_shares(output / "splits.png", renamed, shown, f"pages of each category by {'fold' if folds else 'split'}")


def _aligned(rows: list[list[str | int]]) -> str:
    widths = [max(len(str(row[column])[:30]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        numbers = (f"{value!s:>{width}}" for value, width in zip(row[1:], widths[1:], strict=True))
        lines.append("  ".join([f"{str(row[0])[:30]:<{widths[0]}}", *numbers]))
    return "\n".join(lines)


def _frame(page: Page) -> str:
    return "" if page.frame is None else f", page {page.number}"


if __name__ == "__main__":
    start(main)
