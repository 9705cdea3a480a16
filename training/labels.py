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
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from encoders.descriptions import same_label
from encoders.labels import check_apart, label_warnings
from output.files import file_hash
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

    A file whose pages cannot even be counted has those that the table names, with the reason.

    Raises UserError: no such folder or table, no row with a label, none of its pages in the folder, two labels for one
    page, two labels that differ in letter case only, a document of which DOCUMENT names some pages only.
    """
    column = "CORRECT" if "CORRECT" in open_table(file, ("PAGE", "CORRECT", "CLASS")).columns else "CLASS"
    table = read_table(file, ("PAGE", column))
    if "FILE" not in table.columns and "PATH" not in table.columns:
        raise UserError(f"{printable(str(file))}: neither FILE nor PATH in the header")
    listed_pages, lost = without_lost(pages_below(folder, settings))
    shelf = Shelf(listed_pages.pages)
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
    pages = shelf.in_order(labels)
    usual, folders, unclear = documents_of(
        folder / DOCUMENTS,
        pages,
        pages,
        settings,
        below_what=below_categories(every),
        among=listed_pages.pages,  # a few corrected pages do not tell that others of their box have such names too
    )
    _refuse_parted(table, pages, usual, told)
    documents = [told.get(page, was) for page, was in zip(pages, usual, strict=True)]
    # box1 is no name that means the same elsewhere, whoever has written it down
    folders |= {
        document
        for page, was, document in zip(pages, usual, documents, strict=True)
        if was in folders and set(document.split("/")) <= set(page.path.split("/"))
    }
    notes += unclear if len(told) < len(pages) else []
    chosen = [labels[page][0] for page in pages]
    return LabelledPages(folder, pages, chosen, documents, notes, folders, lost=lost)


def content_of(file: Path) -> str:
    """What a table holds, as a number of 64 digits. UserError where it cannot be read."""
    try:
        return file_hash(file)
    except OSError as error:
        raise UserError(f"{printable(str(file))}: {error.strerror}: give a table that can be read") from None


class Shelf:
    """Pages, to be found by PATH and PAGE, else by FILE and PAGE."""

    def __init__(self, pages: list[Page]) -> None:
        self._pages = pages
        self._by_path: dict[str, dict[int, Page]] = defaultdict(dict)
        self._by_name: dict[tuple[str, int], list[Page]] = defaultdict(list)
        self._unpadded: dict[tuple[str, int], list[Page]] = defaultdict(list)
        self._uncounted: dict[str, list[Page]] = defaultdict(list)  # by FILE
        self._of_file: dict[str, list[Page]] = defaultdict(list)  # by the file's name, with and without its ending
        for page in pages:
            name = _plain(page.file)
            base = _plain(page.path).rpartition("/")[2]
            for known in {base, base.rpartition(".")[0] or base}:
                self._of_file[known].append(page)
            self._by_path[_plain(page.path)][page.number] = page
            self._by_name[name, page.number].append(page)
            self._unpadded[name.lstrip("0"), page.number].append(page)
            if page.reason:
                self._uncounted[name].append(page)

    def find(self, cells: dict[str, str]) -> Page | str:
        """The page that a row means, or in words why there is none.

        Of a file whose pages could not be counted it is the one of that number, with the reason.
        """
        number, path = page_number(cells["PAGE"]), _plain(bare_path(cells.get("PATH", "")))
        if number is None:
            return f"PAGE {printable(cells['PAGE'])!r} is not a page number"
        if path:
            pages = self._by_path.get(path) or self._by_path.get(path.replace("\\", "/")) or {}
            single = next(iter(pages.values())) if len(pages) == 1 else None
            if single is not None and single.reason:
                return replace(single, number=number)
            found = single if single is not None and single.frame is None else pages.get(number)
            return found or f"{printable(path)} page {number}"
        name = _plain(cells.get("FILE", ""))
        named = self._by_name.get((name, number))
        named = named or self._unpadded.get((name.lstrip("0"), number))  # as Excel leaves a name
        if not named:
            named = [replace(page, number=number) for page in self._uncounted.get(name, [])]
        if len(named) == 1:
            return named[0]
        what = f"{printable(cells.get('FILE', ''))} page {number}"
        return f"{what} (there are {len(named)}: a column PATH decides)" if named else what

    def of_file(self, name: str) -> list[Page]:
        """All pages of the files of that name, in any folder; the ending may be left out, or another one."""
        name = _plain(name).replace("\\", "/").rpartition("/")[2]
        return self._of_file.get(name) or self._of_file.get(name.rpartition(".")[0] or name, [])

    def in_order(self, wanted: Collection[Page]) -> list[Page]:
        """The wanted ones, in the order of the page list."""
        uncounted: dict[str, list[Page]] = defaultdict(list)
        for page in wanted:
            if page.reason:
                uncounted[page.path].append(page)
        of_page = (
            sorted(uncounted[page.path], key=lambda one: one.number) if page.reason else [page] * (page in wanted)
            for page in self._pages
        )
        return [page for pages in of_page for page in pages]


def _plain(name: str) -> str:
    """A name as a table holds it, in one spelling of its accents (macOS takes them apart)."""
    return unicodedata.normalize("NFC", printable(name))


def _refuse_parted(table: Rows, pages: list[Page], usual: list[str], told: dict[Page, str]) -> None:
    """UserError where DOCUMENT names another document for some pages of one that it leaves alone: parts of one document
    would teach a model and judge it.
    """
    untold = {was: page for page, was in zip(pages, usual, strict=True) if page not in told}
    for page, was in zip(pages, usual, strict=True):
        if told.get(page, was) != was and was in untold:
            raise UserError(
                f"{printable(str(table.file))}: DOCUMENT is filled for some pages of {printable(was)} only "
                f"({printable(page.path)} page {page.number} has it, {printable(untold[was].path)} page "
                f"{untold[was].number} has not): fill it for all of them, or for none"
            )


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
