"""An annotation table for sort.py, from label folders or from a result table that a person has corrected.

    python data_scripts/annotate.py sorted annotation.csv
    python data_scripts/annotate.py result/tables/result_20261121-101500_ViT-B16_3n_11c.csv annotation.csv --accept

The circle: classify, open the result table, add a column CORRECT and fill it in, annotate, sort, train.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, counted, list_undone, listing_of, start, write_csv

from encoders.descriptions import same_label
from encoders.labels import check_apart, label_warnings
from output.progress import Progress
from output.spreadsheets import Rows, number_in, open_table, read_table
from output.tables import bare_path, cell, path_cell
from reading.listing import KINDS, named_as_page
from reading.pages import find_pages
from settings.given_paths import given_path
from training.labels import NO_CATEGORY
from training.layout import refuse_split
from utils import UserError, did_you_mean, page_number, printable, split_page_name

DESCRIPTION = """\
Write ANNOTATION.csv (FILE,PAGE,CLASS,PATH), the table that sort.py reads. SOURCE is
  a folder   of label folders: every page below <CLASS>/ has that class
  a table    corrected.csv of the desk, or result_...csv of run.py with a column CORRECT that you have added: rows with
             CORRECT filled in are taken, with that class ("none of these" is left out). The others are left out too -
             or, with --accept, taken with CLASS-1 (CLASS); with --min-score 0.9 only those at least so sure. The table
             may have been saved by Excel or LibreOffice in any of their forms.
Rows are matched by PATH later on, so leading zeros that a spreadsheet has eaten from FILE are put back from PATH.
An ANNOTATION.csv that is there already is never overwritten, unless nothing would change.
Exit code: 0 all done, 1 something was left undone, 2 wrong command or table."""

EXAMPLES = """\
examples:
  python data_scripts/annotate.py sorted annotation.csv
  python data_scripts/annotate.py result/tables/result_20261121-101500_ViT-B16_3n_11c.csv annotation.csv --accept"""

COLUMNS = ("FILE", "PAGE", "CLASS", "PATH")
Annotation = tuple[str, int, str, str]  # FILE, PAGE, CLASS, PATH


def main(arguments: Sequence[str]) -> int:
    """The command; its exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "source", metavar="SOURCE", type=given_path, help="label folders, or a result table with CORRECT"
    )
    parser.add_argument("annotation", metavar="ANNOTATION.csv", type=given_path, help="the table to write")
    parser.add_argument("--accept", action="store_true", help="rows without CORRECT: take CLASS-1")
    parser.add_argument("--min-score", type=float, metavar="P", help="with --accept: only where SCORE-1 >= P")
    parser.add_argument("--encoding", default="", help="encoding of the table, where it is not found by itself")
    parser.add_listing()
    options = parser.read(arguments)
    if options.min_score is not None and not (options.accept and 0 <= options.min_score <= 1):
        raise UserError("--min-score is a score from 0 to 1, beside --accept")
    if options.source.is_dir():
        if options.accept or options.encoding:
            raise UserError("--accept and --encoding are for result tables; SOURCE is a folder")
        rows, undone = from_folders(options.source, listing_of(options))
    else:
        rows, undone = from_table(options)
    classes = Counter(label for _, _, label, _ in rows)
    check_apart(classes, printable(str(options.source)))
    for line in label_warnings(classes):
        print(f"warning: {line}", file=sys.stderr)
    for label, number in sorted(classes.items()):
        print(f"  {printable(label):<24} {number:>7}")
    target = options.annotation
    if target.is_dir():
        raise UserError(f"{printable(str(target))} is a folder: name the table, e.g. {target / 'annotation.csv'}")
    lines = [COLUMNS, *((cell(file), page, cell(label), path_cell(path)) for file, page, label, path in rows)]
    if options.dry_run:
        print(f"would write {counted(len(rows), 'row')} to {printable(str(target))}", flush=True)
        return list_undone(undone, "left out")
    if target.exists() and read_back(target) != [tuple(map(str, line)) for line in lines]:
        raise UserError(f"{printable(str(target))} is there already and says something else: give another name")
    written = not target.exists() and write_csv(target, lines)
    did = "written" if written else "there already"
    print(f"{printable(str(target))}: {counted(len(rows), 'row')} {did}", flush=True)
    return list_undone(undone, "left out")


def read_back(file: Path) -> list[tuple[str, ...]]:
    """The cells of a table as they stand in it."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            return [tuple(row) for row in csv.reader(stream)]
    except (UnicodeDecodeError, csv.Error):
        return []


def from_folders(root: Path, listed: dict[str, Any]) -> tuple[list[Annotation], list[str]]:
    """A row for each page below the label folders; pages outside of them are left out. listed: see `listing_of`."""
    with Progress(0, unit="file", label="annotate") as progress:
        page_list = find_pages(root, on_progress=lambda seen: progress.advance(seen - progress.done), **listed)
    for line in page_list.passed.lines():
        print(f"note: {line}: they are no pages")
    refuse_split(str(root), [page.path for page in page_list.pages])
    rows, undone = [], []
    for page in page_list.pages:
        label, slash, _ = page.path.partition("/")
        if page.reason and not named_as_page(page.path):
            undone.append(f"{printable(page.path)}: {page.reason}")
        elif slash:
            rows.append((page.file, page.number, same_label(printable(label)), page.path))
        else:
            undone.append(f"{printable(page.path)}: lies in no label folder")
    if not rows:
        raise UserError(f"{printable(str(root))} holds {counted(len(page_list.pages), 'page')} but no label folders")
    return rows, undone


def from_table(options: argparse.Namespace) -> tuple[list[Annotation], list[str]]:
    """A row for each corrected (and accepted) row of a result table."""
    accept, least = options.accept, options.min_score
    header = open_table(options.source, ("PAGE", "CORRECT", "CLASS-1"), options.encoding).columns
    guess = "CLASS" if "CLASS" in header and "CLASS-1" not in header else "CLASS-1"  # of the desk's export: CLASS
    wanted = ["PAGE"] if accept else ["PAGE", "CORRECT"]
    table = read_table(options.source, [*wanted, *([guess] if accept else []), *(["SCORE-1"] if least else [])],
                       options.encoding)  # fmt: skip
    if "FILE" not in table.columns and "PATH" not in table.columns:
        raise UserError(f"{options.source}: neither FILE nor PATH in the header")
    known = {
        cells[name] for _, cells in table.rows for name in table.columns if name.startswith("CLASS-") or name == guess
    } - {""}
    check_corrections(table, known)
    rows: list[Annotation] = []
    undone: list[str] = []
    of_all = corrected = unsure = without = none = 0
    for line, cells in table.rows:
        of_all += 1
        page = page_number(cells["PAGE"])
        if page is None:
            undone.append(f"line {line}: PAGE {cells['PAGE']!r} is not a page number")
            continue
        label = same_label(cells.get("CORRECT", ""))
        corrected += bool(label)
        if not label and not accept:
            without += 1
            continue
        if not label:
            if least and score(cells["SCORE-1"], f"{table.file}, line {line}") < least:
                unsure += 1
                continue
            label = same_label(cells[guess])
        if label.casefold() == NO_CATEGORY:
            none += 1
            continue
        path = bare_path(cells.get("PATH", ""))
        rows.append((file_of(cells.get("FILE", ""), page, path), page, label, path))
    accepted = len(rows) + none - corrected
    said = f"{counted(of_all, 'row')}: {corrected} corrected, {accepted} accepted"
    said += f", {none} {NO_CATEGORY} (left out)" if none else ""
    print(said + (f", {unsure} below --min-score" if least else "") + (f", {without} left out" if without else ""))
    if not rows and undone:
        raise UserError(f"{table.file}: no row is taken: {undone[0]}")
    if not rows:
        raise UserError(f"{table.file}: no row is taken: fill in CORRECT, or give --accept to take CLASS-1")
    if "PATH" not in table.columns:
        print("note: the table has no PATH: pages will be found by FILE and PAGE alone")
    return rows, undone


def check_corrections(table: Rows, known: set[str]) -> None:
    """Refuse corrections that differ from a class of the table in letter case only; point at those that are new."""
    by_case = {label.casefold(): label for label in known}
    new: Counter[str] = Counter()
    wrong = []
    for line, cells in table.rows:
        label = same_label(cells.get("CORRECT", ""))
        if label and label not in known and label.casefold() != NO_CATEGORY:
            if label.casefold() in by_case:
                wrong.append(f"line {line}: {label} should be {by_case[label.casefold()]}")
            else:
                new[label] += 1
    if wrong:
        rest = f" (and {len(wrong) - 20} more)" if len(wrong) > 20 else ""
        raise UserError(f"{table.file}: CORRECT in the wrong letter case: {'; '.join(wrong[:20])}{rest}")
    if known:
        for label, number in sorted(new.items()):
            near = did_you_mean(label, known)
            print(f"note: {printable(label)} in {counted(number, 'row')} is none of the table's classes{near}")


def score(text: str, where: str) -> float:
    """A score as Excel may have written it, with a decimal comma or in percent."""
    value = number_in(text)
    if value is None:
        raise UserError(f"{where}: SCORE-1 {text!r} is not a number")
    return value


def file_of(file: str, page: int, path: str) -> str:
    """FILE as the page's name says, where there is a PATH: spreadsheets eat leading zeros.

    >>> file_of("123", 4, "box/00123-4.png"), file_of("123", 2, "box/00123.pdf")
    ('00123', '00123')
    """
    if not path:
        return file
    stem, _, extension = path.replace("\\", "/").rpartition("/")[2].rpartition(".")
    name, number = split_page_name(stem)
    if not named_as_page(path):
        return file
    several = extension.lower() == "pdf" or (extension.lower() in KINDS["TIFF"] and number != page)
    return stem if several else name


if __name__ == "__main__":
    start(main)
