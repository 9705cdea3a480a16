"""Labels in a table, for pages that stay where they lie: no label folders are needed.

    labelled = labelled_by_table(Path("scans"), Path("corrected.csv"), settings)     # a LabelledPages, as of folders

The table is the desk's export (FILE, PAGE, CLASS, CORRECT, PATH), a result table with a column CORRECT, or an
annotation (FILE, PAGE, CLASS, PATH). CORRECT counts where there is such a column: rows without it were looked at by
nobody, and are left out. PATH counts from the folder that was sorted; without it FILE and PAGE tell. A column DOCUMENT
says what belongs together; else documents.csv, else the names, as anywhere.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from encoders.descriptions import same_label
from encoders.labels import check_apart, label_warnings
from output.spreadsheets import Rows, open_table, read_table
from output.tables import bare_path
from reading.documents import below_categories
from reading.pages import Page
from training.data import DOCUMENTS, LabelledPages, documents_of, pages_below, without_lost
from utils import UserError, listed, page_number, printable

if TYPE_CHECKING:
    from settings.schema import Settings

NO_CATEGORY = "none of these"  # what people answer where no category fits: nothing to learn from
_NAMED = 3  # rows that a message names


def labelled_by_table(folder: Path, file: Path, settings: Settings) -> LabelledPages:
    """The pages of a folder that a table gives a label, in the order of the page list.

    Raises UserError: no such folder or table, no row with a label, none of its pages in the folder, two labels for one
    page, two labels that differ in letter case only.
    """
    column = "CORRECT" if "CORRECT" in open_table(file, ("PAGE", "CORRECT", "CLASS")).columns else "CLASS"
    table = read_table(file, ("PAGE", column))
    if "FILE" not in table.columns and "PATH" not in table.columns:
        raise UserError(f"{printable(str(file))}: neither FILE nor PATH in the header")
    listed_pages, lost = without_lost(pages_below(folder, settings))
    shelf = _Shelf(listed_pages.pages)
    labels: dict[Page, tuple[str, int]] = {}  # -> and the line that says so
    told: dict[Page, str] = {}
    missing: list[str] = []
    left_out: Counter[str] = Counter()
    for line, cells in table.rows:
        label = same_label(cells[column])
        if not label or label.casefold() == NO_CATEGORY:
            left_out[label and NO_CATEGORY] += 1
            continue
        page = shelf.find(cells)
        if isinstance(page, str):
            missing.append(f"line {line}: {page}")
            continue
        other, before = labels.setdefault(page, (label, line))
        if other != label:
            shown = f"{printable(page.path)} page {page.number}"
            raise UserError(f"{table.where(line)}: {shown} is {label} here and {other} in line {before}: leave one")
        if cells.get("DOCUMENT"):
            told[page] = cells["DOCUMENT"]
    if not labels:
        raise UserError(_why_none(table, folder, missing, left_out, column))
    notes = _notes(folder, missing, left_out, column)
    every = {label for label, _ in labels.values()}
    check_apart(every, printable(str(file)))
    notes += label_warnings(every)
    pages = [page for page in listed_pages.pages if page in labels]
    documents, folders, unclear = documents_of(
        folder / DOCUMENTS,
        pages,
        pages,
        settings,
        below_what=below_categories(every),
        told=told,
        among=listed_pages.pages,  # a few corrected pages do not tell that others of their box have such names too
    )
    chosen = [labels[page][0] for page in pages]
    return LabelledPages(folder, pages, chosen, documents, [*notes, *unclear], folders, lost=lost)


class _Shelf:
    """Pages, to be found by PATH and PAGE, else by FILE and PAGE."""

    def __init__(self, pages: list[Page]) -> None:
        self._by_path: dict[str, dict[int, Page]] = defaultdict(dict)
        self._by_name: dict[tuple[str, int], list[Page]] = defaultdict(list)
        for page in pages:
            self._by_path[_plain(page.path)][page.number] = page
            self._by_name[_plain(page.file).lstrip("0"), page.number].append(page)

    def find(self, cells: dict[str, str]) -> Page | str:
        """The page that a row means, or in words why there is none."""
        number, path = page_number(cells["PAGE"]), _plain(bare_path(cells.get("PATH", "")))
        if number is None:
            return f"PAGE {printable(cells['PAGE'])!r} is not a page number"
        if path:
            pages = self._by_path.get(path) or self._by_path.get(path.replace("\\", "/")) or {}
            single = next(iter(pages.values())) if len(pages) == 1 else None
            found = single if single is not None and single.frame is None else pages.get(number)
            return found or f"{printable(path)} page {number}"
        named = self._by_name.get((_plain(cells.get("FILE", "")).lstrip("0"), number), [])
        if len(named) == 1:
            return named[0]
        what = f"{printable(cells.get('FILE', ''))} page {number}"
        return f"{what} (there are {len(named)}: a column PATH decides)" if named else what


def _plain(name: str) -> str:
    """A name as a table holds it, in one spelling of its accents (macOS takes them apart)."""
    return unicodedata.normalize("NFC", printable(name))


def _notes(folder: Path, missing: list[str], left_out: Counter[str], column: str) -> list[str]:
    notes = []
    if missing:
        rows = "1 row names a page" if len(missing) == 1 else f"{len(missing)} rows name pages"
        where = printable(str(folder))
        notes.append(f"{rows} that {where} does not have, left out: {listed(missing, _NAMED)}")
    if left_out[NO_CATEGORY]:
        notes.append(f"{left_out[NO_CATEGORY]} pages are of no category ({NO_CATEGORY}): nothing to learn from")
    if left_out[""]:
        notes.append(f"{left_out['']} rows without {column} are left out")
    return notes


def _why_none(table: Rows, folder: Path, missing: list[str], left_out: Counter[str], column: str) -> str:
    file = printable(str(table.file))
    if missing:
        return (
            f"{file}: none of its {len(missing)} pages is in {printable(str(folder))} ({missing[0]}): PATH counts from "
            "the folder that was sorted, give that with -d"
        )
    said = f", {left_out[NO_CATEGORY]} are {NO_CATEGORY}" if left_out[NO_CATEGORY] else ""
    return f"{file}: no row has a label in the column {column}{said}"
