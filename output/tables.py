"""CSV files that people and spreadsheet programs can open: cells, safe file names, completion by rename.

    with ExitStack() as opened:                  # what was not completed is dropped
        table = Table(folder / "pages.csv", ["FILE", "PAGE"], opened, excel=False)
        table.write([cell("CTX194603902"), 14])
        table.complete(notes := [])

UTF-8 and RFC 4180; with `excel` what Central European Excel opens (BOM, semicolons; decimal commas by `number`).
"""

from __future__ import annotations

import contextlib
import csv
import os
import re
import shutil
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Protocol, TextIO

from output.failures import WriteError, of_system
from output.files import part_of, replace_folder
from utils import UserError, printable

# First characters that make spreadsheet programs take a cell for a formula (OWASP, "CSV injection"), with the full-
# width forms that Excel takes for the same, and whatever blanks stand before them.
FORMULA = re.compile(r"[\s\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# What `cell` puts an apostrophe in front of: formulas, and texts that look like a guarded one, so that `bare` is exact.
GUARDED = re.compile(f"'*(?:{FORMULA.pattern})")
# Columns that any table with one column a category has, or will have; letter case aside, as databases and spreadsheets
# compare them.
COLUMN_NAMES = frozenset(["file", "page", "path", "true", "in_training", "review", "warning", "id", "unlike", "turn",
    "turn_score"])  # fmt: skip
RANKED = re.compile(r"(class|score)-[0-9]+", re.IGNORECASE)
MARKED = re.compile(r" \(category( [0-9]+)?\)$")
OPEN_DOCUMENTS = 64  # per-document files kept open at once; systems allow a few hundred
RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{n}" for port in ("COM", "LPT") for n in "0123456789"
}


class Writer(Protocol):
    """What `csv.writer` returns."""

    def writerow(self, row: Iterable[str | int], /) -> object:
        """Write one row."""


def cell(text: str) -> str:
    r"""Text that any CSV file can hold and no spreadsheet takes for a formula; `bare` takes the guard off.

    >>> cell("=1+1"), cell("-5"), cell("TEXT_P"), cell("'s-Gravenhage"), cell("a\udc9ab")
    ("'=1+1", "'-5", 'TEXT_P', "'s-Gravenhage", 'a\\x9ab')
    """
    text = printable(text).replace("\0", "")
    return f"'{text}" if GUARDED.match(text) else text


def bare(text: str) -> str:
    """The text that `cell` made a cell of.

    >>> bare("'=1+1"), bare(cell("'=1+1")), bare("'s-Gravenhage")
    ('=1+1', "'=1+1", "'s-Gravenhage")
    """
    return text[1:] if text.startswith("'") and GUARDED.match(text[1:]) else text


def path_cell(path: str) -> str:
    """A relative path as a cell; `./` in front keeps it a path that opens, and keeps a blank at its head.

    >>> path_cell("=1/a.png"), path_cell("box 1/a-1.png")
    ('./=1/a.png', 'box 1/a-1.png')
    """
    path = printable(path)
    return f"./{path}" if GUARDED.match(path) or path[:1].isspace() else path


def bare_path(text: str) -> str:
    """The path that `path_cell` made a cell of.

    >>> bare_path(path_cell("=1/a.png"))
    '=1/a.png'
    """
    return text.removeprefix("./")


def category_columns(categories: Sequence[str], beside: Iterable[str] = ()) -> list[str]:
    """A column for each category, as a cell. Where tables have a use for that name, or two are alike but for letter
    case, it gets a name of its own: no table has two columns of one name. `category_of` takes it back.

    beside: the other columns of this table, where they are more than `COLUMN_NAMES`.

    >>> category_columns(["TEXT", "Page", "Text", "CLASS-1"])
    ['TEXT', 'Page (category)', 'Text (category)', 'CLASS-1 (category)']
    """
    columns: list[str] = []
    taken = COLUMN_NAMES | {name.casefold() for name in beside}
    for category in categories:
        name = category
        plain = not RANKED.fullmatch(name) and not MARKED.search(name)
        for tried in count(1):
            if plain and name.casefold() not in taken:
                break
            name, plain = f"{category} (category{'' if tried == 1 else f' {tried}'})", True
        taken |= {name.casefold()}
        columns.append(cell(name))
    return columns


def category_of(column: str) -> str:
    """The category of a column that `category_columns` named, its guard already off.

    >>> category_of("Page (category)"), category_of("TEXT")
    ('Page', 'TEXT')
    """
    return MARKED.sub("", column)


def renamed_columns(categories: Sequence[str], columns: Sequence[str]) -> list[str]:
    """A line for the user where `category_columns` gave names of their own; [] where it did not."""
    pairs = [(one, other) for one, other in zip(categories, columns, strict=True) if cell(one) != other]
    if not pairs:
        return []
    shown = ", ".join(f"{printable(one)} stands as {other}" for one, other in pairs[:6])
    return [f"columns of the table have these names already: {shown}{', ...' if len(pairs) > 6 else ''}"]


def number(score: float, decimals: int, *, excel: bool) -> str:
    """A score as a cell.

    >>> number(0.98765, 4, excel=False), number(1, 4, excel=True)
    ('0.9877', '1,0000')
    """
    text = f"{score:.{decimals}f}"
    return text.replace(".", ",") if excel else text


class Table:
    """One CSV file, written beside as `<file>.part` and completed by rename."""

    def __init__(self, file: Path, head: list[str], opened: contextlib.ExitStack, *, excel: bool) -> None:
        self.file = file
        self._part = part_of(file)
        with _said_plainly(file):
            self._out = self._part.open("w", encoding=_encoding(excel), newline="")
        opened.callback(self._drop)
        self._writer = _writer(self._out, excel)
        self.write(head)

    def write(self, row: list[str | int]) -> None:
        """Add a row."""
        with _said_plainly(self.file):
            self._writer.writerow(row)

    def complete(self, notes: list[str]) -> Path:
        """Close the file and put it in place; where that is beside, a note says so. Returns where it lies."""
        with _said_plainly(self.file):
            self._out.flush()
            os.fsync(self._out.fileno())
            self._out.close()
            return _put_in_place(self._part, self.file, notes)

    def _drop(self) -> None:
        """Nothing is left to drop after `complete`."""
        with contextlib.suppress(OSError):
            self._out.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)


class DocumentTables:
    """A folder with one CSV a document. A document's pages need not stand together in the page list, so files are
    reopened where more than a few are in use."""

    def __init__(self, folder: Path, head: list[str], opened: contextlib.ExitStack, *, excel: bool) -> None:
        self.folder = folder
        self._part = part_of(folder)
        self._head = head
        self._excel = excel
        self._names = FileNames()
        self._open: OrderedDict[str, tuple[TextIO, Writer]] = OrderedDict()  # least lately used first
        with _said_plainly(folder):
            shutil.rmtree(self._part, ignore_errors=True)
            self._part.mkdir()
        opened.callback(self._drop)

    def write(self, document: str, row: list[str | int]) -> None:
        """Add a row to the document's table."""
        with _said_plainly(self.folder):
            self._table_of(document).writerow(row)

    def _table_of(self, document: str) -> Writer:
        if document in self._open:
            self._open.move_to_end(document)
            return self._open[document][1]
        if len(self._open) >= OPEN_DOCUMENTS:
            self._open.popitem(last=False)[1][0].close()
        file = self._part / f"{self._names.of(document)}.csv"
        new = not file.exists()
        # utf-8-sig writes its mark at the start of a file only, not where a file is reopened to append.
        out = file.open("a", encoding=_encoding(self._excel), newline="")
        writer = _writer(out, self._excel)
        self._open[document] = out, writer
        if new:
            writer.writerow(self._head)
        return writer

    def complete(self, notes: list[str]) -> Path:
        """Put the folder in place of an earlier one; see `Table.complete`."""
        with _said_plainly(self.folder):
            self._close()
            with contextlib.suppress(PermissionError):  # a file in it is open
                return replace_folder(self._part, self.folder)
            return _put_in_place(self._part, self.folder, notes)

    def _close(self) -> None:
        while self._open:
            self._open.popitem()[1][0].close()

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            self._close()
        shutil.rmtree(self._part, ignore_errors=True)


class FileNames:
    """File names that every system can hold, none given twice whatever the letter case."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._used: set[str] = set()
        self._next: dict[str, Iterator[int]] = {}

    def of(self, document: str) -> str:
        """The name of a document, the same each time."""
        if document not in self._of:
            self._of[document] = self.new(document)
        return self._of[document]

    def new(self, text: str) -> str:
        """A name like a text, that no other call got."""
        name = safe_name(text)
        while name.casefold() in self._used:
            # A counter a name: many texts of one safe name stay linear.
            tried = next(self._next.setdefault(safe_name(text).casefold(), count(2)))
            name = f"{safe_name(text)}-{tried}"
        self._used.add(name.casefold())
        return name


def safe_name(name: str) -> str:
    r"""A file name (without extension) that Windows, macOS and Linux take.

    >>> safe_name("box/3: \"a\""), safe_name("con"), safe_name("nul.x"), safe_name("a. "), safe_name("..")
    ('box_3_ _a_', '_con', '_nul.x', 'a', '_')
    """
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", printable(unicodedata.normalize("NFC", name)))
    # 150 bytes leave room for a number, the ending and the folder's path below the limits of all systems.
    name = name.encode("utf-8")[:150].decode("utf-8", "ignore").rstrip(". ").lstrip(" ")
    if name.split(".")[0].rstrip().upper() in RESERVED:
        name = f"_{name}"
    return name or "_"


def _put_in_place(part: Path, target: Path, notes: list[str]) -> Path:
    """Rename; beside the target under a free name where another program holds it (Excel on Windows)."""
    try:
        return part.replace(target)
    except PermissionError:
        if not target.exists():
            raise
    except OSError:  # a folder that could not be moved away
        if not target.is_dir():
            raise
    stem = target.name.removesuffix(".csv")
    for tried in count(2):
        beside = target.with_name(f"{stem}-{tried}{target.name[len(stem) :]}")
        if not beside.exists():
            part.replace(beside)
            notes.append(f"{target.name} is open in another program; the new one is {beside.name}")
            return beside
    raise AssertionError("count never ends")


def check_writable(folder: Path, instead: str = "give another one with -o") -> None:
    """UserError where files cannot be written into `folder`, or it cannot be made; nothing is made yet.

    Said before long work begins; where a system does not tell (a share, another program), writing says it later.
    """
    shown = printable(str(folder))
    existing = folder.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        said = "is a file" if existing == folder.absolute() else f"cannot be made: {printable(str(existing))} is a file"
        raise UserError(f"the output folder {shown} {said}: {instead}")
    inside = [existing / name for name in ("tables", "runs", "stats", "plots")] if existing == folder.absolute() else []
    for directory in [existing, *(path for path in inside if path.is_dir())]:
        if not os.access(directory, os.W_OK | os.X_OK):
            raise UserError(f"cannot write into {printable(str(directory))}: it may only be read; {instead}")


@contextlib.contextmanager
def _said_plainly(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(f"cannot write {of_system(error.errno, error.strerror or str(error), str(file))}") from error


def _encoding(excel: bool) -> str:
    return "utf-8-sig" if excel else "utf-8"


def _writer(out: TextIO, excel: bool) -> Writer:
    return csv.writer(out, delimiter=";" if excel else ",")
