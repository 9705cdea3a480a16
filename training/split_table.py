"""A split that a table says: which part each page is of, taken as it stands.

    labelled = with_splits(labelled, SplitTable(Path("folds.csv"), "fold1"))     # labelled.splits

The table is a split.csv of ours (PATH, PAGE, SPLIT) or any other with PATH or FILE, and PAGE; or the earlier tool's
(PNG, fold1 ... fold5), where a file's name tells the page. The column holds train, dev or validation, test; pages of a
row without a part, or with "left out" or "unreadable", are left out, and so are pages that the table does not name.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from output.files import file_hash
from output.spreadsheets import Rows, open_table, read_table
from output.tables import bare_path
from reading.pages import Page
from training.command import SplitTable
from training.data import LEFT_OUT, UNREADABLE, LabelledPages, split_leaks
from training.labels import Shelf
from training.layout import part_of
from utils import UserError, did_you_mean, listed, printable

NAMES = "PNG"  # the column that holds file names, in tables of the earlier tool
_NAMED = 3  # rows or pages that a message names


def identity_of(split: SplitTable) -> list[str]:
    """What makes two of them the same. UserError where the table cannot be read."""
    try:
        return [str(split.file.resolve()), split.column.upper(), file_hash(split.file)]
    except OSError as error:
        raise UserError(f"--split {printable(str(split.file))}: {error.strerror}") from None


def with_splits(labelled: LabelledPages, split: SplitTable) -> LabelledPages:
    """The same pages with their parts ("left out" for those without one), and notes on what the table leaves open.

    Raises UserError, with the line: no such column, a value that is no part, two parts for one page, none of its pages
    is here.
    """
    table = _opened(split)
    shelf, column = Shelf(labelled.pages), split.column.upper()
    parts: dict[Page, tuple[str, int]] = {}  # -> and the line that says so
    missing: list[str] = []
    several = Counter[str]()
    for line, cells in table.rows:
        part = _part(cells[column], table, line)
        found = _pages_of(shelf, cells)
        if isinstance(found, str):
            missing.append(f"line {line}: {found}")
            continue
        several[cells.get(NAMES, "")] += len({page.path for page in found}) > 1
        for page in found:
            other, before = parts.setdefault(page, (part, line))
            if other != part:
                shown = f"{printable(page.path)} page {page.number}"
                raise UserError(f"{table.where(line)}: {shown} is {part} here and {other} in line {before}: leave one")
    where = printable(str(split.file))
    if not parts:
        raise UserError(
            f"{where}: none of its {len(missing)} pages is in {printable(str(labelled.root))} ({missing[0]}): pages "
            "are named by their path below that folder (PATH), or by file name (PNG)"
        )
    notes = list(labelled.notes)
    if missing:
        notes.append(f"{len(missing)} rows of {where} name pages that are not here: {listed(missing, _NAMED)}")
    if shared := [name for name, count in several.items() if count]:
        notes.append(f"{where} names {len(shared)} files that several folders hold ({shared[0]}, ...): all are meant")
    unnamed = [page.path for page in labelled.pages if page not in parts]
    if unnamed:
        notes.append(
            f"{len(unnamed)} of {len(labelled.pages)} pages are not in {where}, left out ({listed(unnamed, _NAMED)})"
        )
    return replace(labelled, splits=[parts.get(page, (LEFT_OUT, 0))[0] for page in labelled.pages], notes=notes)


def kept_for_testing(labelled: LabelledPages, split: SplitTable) -> LabelledPages:
    """The test pages of a table, and notes on documents of them that train. UserError: there are none."""
    whole = with_splits(labelled, split)
    chosen = [index for index, part in enumerate(whole.splits) if part == "test"]
    if not chosen:
        counts = Counter(whole.splits)
        there = ", ".join(f"{count} {part}" for part, count in sorted(counts.items()))
        raise UserError(f"{printable(str(split.file))}: {split.column} has no test pages here (there: {there})")

    def of(values: list) -> list:
        return [values[index] for index in chosen] if len(values) == len(whole.pages) else []

    return replace(
        whole,
        pages=of(whole.pages),
        labels=of(whole.labels),
        documents=of(whole.documents),
        splits=[],
        stamps=of(whole.stamps),
        notes=[*whole.notes, *split_leaks(whole.documents, whole.splits)],
    )


def _opened(split: SplitTable) -> Rows:
    likely = ("PATH", "FILE", "PAGE", NAMES, split.column)
    columns = open_table(split.file, likely).columns
    where = printable(str(split.file))
    if split.column.upper() not in columns:
        shown = ", ".join(printable(name) for name in columns if name)[:200] or "none"
        raise UserError(
            f"{where}: no column {printable(split.column)} (found: {shown}): name the one that says train, dev or test "
            f"with --split_column{did_you_mean(split.column, columns)}"
        )
    by_name = NAMES in columns and "PAGE" not in columns
    if not by_name and not ("PAGE" in columns and {"PATH", "FILE"} & set(columns)):
        raise UserError(f"{where}: neither {NAMES} nor PATH (or FILE) and PAGE in the header: what names a page?")
    return read_table(split.file, (NAMES if by_name else "PAGE", split.column))


def _part(value: str, table: Rows, line: int) -> str:
    if not value or value in (LEFT_OUT, UNREADABLE):
        return LEFT_OUT
    part = part_of(value)
    if part is None:
        raise UserError(f"{table.where(line)}: {printable(value)} is no part: train, dev (or validation) or test")
    return part


def _pages_of(shelf: Shelf, cells: dict[str, str]) -> list[Page] | str:
    """The pages that a row means: of a file's name all of it; or in words why there are none."""
    if "PAGE" in cells:
        page = shelf.find(cells)
        return page if isinstance(page, str) else [page]
    name = bare_path(cells[NAMES])
    return shelf.of_file(name) or printable(name)
