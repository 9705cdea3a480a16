"""What is in a labelled data set: pages, documents, years, sizes, unreadable files, duplicates; tables and pictures.

    python data_scripts/dataset.py sorted --output result/dataset
    python data_scripts/dataset.py sorted --output result/dataset --split models/mine/split.csv

It sees what `run.py --train -d sorted` would see. Pages are only read, each once: what was measured is kept in
measures.jsonl, so that a second start measures only what is new or has changed.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import (
    Parser,
    alone_in,
    check_packages,
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
from dataset_measures import Measure, measure_all
from dataset_pictures import draw_shares, draw_sizes, draw_years
from duplicates import bits_apart, find_groups

from output.spreadsheets import read_table
from output.tables import bare_path, category_columns, cell, path_cell
from reading.pages import Page
from settings.given_paths import given_path
from settings.schema import Settings
from training.data import LabelledPages, find_labelled, split_leaks
from utils import UserError, page_number, printable

YEAR = r"1[5-9]\d\d|20\d\d"
SPLIT_ORDER = ("train", "validation", "test", "left out", "unreadable")
MEASURES = "measures.jsonl"
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


def main(arguments: Sequence[str]) -> int:
    """The command; its exit code."""
    options = _options(arguments)
    check_packages("dataset.py", ("matplotlib",), "")
    root = folder_argument(options.folder)
    settings = Settings()
    rules = {"document_from": options.document_from, "document_pattern": options.document_pattern}
    rules |= listing_of(options)
    by_folders = options.split == Path(FOLDERS)
    labelled = find_labelled(root, replace(settings, input=replace(settings.input, **rules)), by_folders=by_folders)
    split: dict[tuple[str, int], str] | None = None
    if by_folders:
        rows = zip(labelled.pages, labelled.splits, strict=True)
        split = {(printable(page.path), page.number): part for page, part in rows}
        labelled.notes += split_leaks(labelled.documents, labelled.splits)
    elif options.split:
        split = read_split(options.split, labelled)
    if options.dry_run:
        print(
            f"would measure {counted(len(labelled.pages), 'page')} in {counted(len(labelled.categories), 'category')}"
        )
        print(f"would write dataset.csv, pages.csv, duplicates.csv and pictures to {printable(str(options.output))}")
        return 0
    options.output.mkdir(parents=True, exist_ok=True)
    with alone_in(options.output, "it"):
        drop_parts(options.output)
        measures = measure_all(labelled, options.output / MEASURES, options.workers)
        report(labelled, measures, split, options)
    for note in labelled.notes:
        print(f"note: {note}")
    print(f"files in {printable(str(options.output))}", flush=True)
    bad = [f"{printable(page.path)}{_frame(page)}: {measure.reason}"
           for page, measure in zip(labelled.pages, measures, strict=True) if measure.reason]  # fmt: skip
    return list_undone([*bad, *labelled.lost], f"{counted(len(bad) + len(labelled.lost), 'page')} cannot be read")


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


def read_split(file: Path, labelled: LabelledPages) -> dict[tuple[str, int], str]:
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
        labelled.notes.append(f"{rows} of {file.name} without a page number (first: line {numberless[0]}) left out")
    known = {(printable(page.path), page.number) for page in labelled.pages}
    if not known & split.keys():
        raise UserError(f"{file}: none of its pages is in {printable(str(labelled.root))}: it is of another data set")
    if strangers := len(split.keys() - known):
        labelled.notes.append(
            f"{counted(strangers, 'page')} of {file.name} {'is' if strangers == 1 else 'are'} not there"
        )
    return split


# --- reporting ---


def report(
    labelled: LabelledPages,
    measures: list[Measure],
    split: dict[tuple[str, int], str] | None,
    options: argparse.Namespace,
) -> None:
    """Write all tables and pictures, and print the table of the categories."""
    output: Path = options.output
    years = [year_of(document, options.year_pattern) for document in labelled.documents]
    parts = [(split or {}).get((printable(page.path), page.number), "") for page in labelled.pages]
    write_csv(output / "pages.csv", _page_rows(labelled, measures, years))
    groups = _groups(measures)
    write_csv(output / "duplicates.csv", _duplicate_rows(labelled, measures, groups, parts if split else None))
    rows = list(category_rows(labelled, measures, years, groups))
    write_csv(output / "dataset.csv", [rows[0], *([cell(str(row[0])), *row[1:]] for row in rows[1:])])
    print(_aligned(rows))
    across = [group for group in groups if len({labelled.labels[index] for index in group}) > 1]
    copies = sum(map(len, groups))
    print(
        f"{counted(len(groups), 'group')} of duplicates with {counted(copies, 'page')}, {len(across)} across categories"
    )
    draw_years(output / "years.png", list(zip(labelled.labels, years, strict=True)))
    sized = zip(labelled.labels, measures, strict=True)
    draw_sizes(output / "sizes.png", [(label, one.width, one.height) for label, one in sized if one.width])
    if split is not None:
        leaks = [group for group in groups if len({parts[index] for index in group} - {""}) > 1]
        if leaks:
            print(f"{len(leaks)} of these groups stand in more than one split or fold: the same picture on both sides")
        _report_split(labelled, parts, output)


def category_rows(
    labelled: LabelledPages, measures: list[Measure], years: list[int | None], groups: list[list[int]]
) -> Iterator[list[str | int]]:
    """The table of the categories: header, a row each, all together."""
    yield ["CATEGORY", "PAGES", "SHARE", "DOCUMENTS", "FIRST_YEAR", "LAST_YEAR", "WIDTH", "HEIGHT", "UNREADABLE",
           "DUPLICATES", "ACROSS"]  # fmt: skip
    twins = {index for group in groups for index in group}
    across = {index for group in groups if len({labelled.labels[one] for one in group}) > 1 for index in group}
    indices: dict[str, list[int]] = defaultdict(list)
    for index, label in enumerate(labelled.labels):
        indices[label].append(index)
    for name, its in [*sorted(indices.items()), ("all", list(range(len(labelled.labels))))]:
        dated = [years[index] for index in its if years[index] is not None]
        widths = [measures[index].width for index in its if measures[index].width]
        heights = [measures[index].height for index in its if measures[index].width]
        yield [
            printable(name), len(its), f"{len(its) / len(labelled.labels):.3f}",
            len({labelled.documents[index] for index in its}),
            min(dated, default=""), max(dated, default=""),
            round(statistics.median(widths)) if widths else "", round(statistics.median(heights)) if heights else "",
            sum(bool(measures[index].reason) for index in its), len(twins.intersection(its)),
            len(across.intersection(its)),
        ]  # fmt: skip


def _page_rows(
    labelled: LabelledPages, measures: list[Measure], years: list[int | None]
) -> Iterator[Sequence[str | int]]:
    yield ("PATH", "PAGE", "CATEGORY", "DOCUMENT", "YEAR", "WIDTH", "HEIGHT", "SHA256", "REASON")
    for page, label, document, year, one in zip(
        labelled.pages, labelled.labels, labelled.documents, years, measures, strict=True
    ):
        size = (one.width or "", one.height or "")
        yield (path_cell(page.path), page.number, cell(label), cell(document), "" if year is None else year, *size,
               one.digest, cell(one.reason))  # fmt: skip


def _groups(measures: list[Measure]) -> list[list[int]]:
    readable = [index for index, one in enumerate(measures) if one.look is not None]
    # The pages of one file share its digest: what they look like tells them apart.
    keys = [(measures[index].digest, measures[index].look.bits, measures[index].look.thumbnail) for index in readable]
    return [[readable[at] for at in group] for group in find_groups(keys, [measures[at].look for at in readable])]


def _duplicate_rows(
    labelled: LabelledPages, measures: list[Measure], groups: list[list[int]], parts: list[str] | None
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
    by_labels = [(len({labelled.labels[index] for index in group}) > 1, group) for group in groups]
    for number, (across, group) in enumerate(sorted(by_labels, key=lambda item: (not item[0], item[1])), 1):
        kind = "exact" if len({measures[index].digest for index in group}) == 1 else "near"
        for index in group:
            page, apart = labelled.pages[index], bits_apart(measures[group[0]].look, measures[index].look)
            where = [*([parts[index]] if parts else []), path_cell(page.path), page.number]
            label, document = cell(labelled.labels[index]), cell(labelled.documents[index])
            yield (number, kind, "yes" if across else "no", label, document, apart, *where)


def _report_split(labelled: LabelledPages, parts: list[str], output: Path) -> None:
    """splits.csv and splits.png: pages of each category by split or fold."""
    shares: dict[str, Counter[str]] = defaultdict(Counter)
    for label, part in zip(labelled.labels, parts, strict=True):
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
