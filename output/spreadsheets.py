"""Tables as people keep them: any CSV that Excel, LibreOffice or this project writes. The one reader of all jobs.

table = read_table(Path("annotation.csv"), ("FILE", "PAGE", "CLASS"))
for line, cells in table.rows: ...           # cells["FILE"], bare_path(cells["PATH"])
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from output.tables import bare
from utils import UserError, did_you_mean, printable

SEPARATORS = (",", ";", "\t", "|")
# What spreadsheet programs keep by themselves, and what a user must do with it.
WORKBOOKS = {b"PK\x03\x04": "a workbook (xlsx, ods)", b"\xd0\xcf\x11\xe0": "a workbook (xls)"}


@dataclass
class Rows:
    """A table, read again from its bytes whenever its rows are asked for: a million of them take no more room.

    header: the columns as they are written, blanks and guards taken off.
    """

    file: Path
    header: list[str]
    data: bytes
    encoding: str
    separator: str
    named: bool  # a first line `sep=;` is Excel's own way of naming the separator

    @property
    def columns(self) -> list[str]:
        """The columns in capitals."""
        return [name.upper() for name in self.header]

    @property
    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """(line in the file, as many cells as the header has), blanks around them and guards taken off.

        Raises UserError: a row with more cells than the header has (it would be shifted), quotes that do not end.
        """
        width, line, header_seen = len(self.header), 0, False
        try:
            for line, row in _parsed(self.data, self.encoding, self.separator, self.named, strict=True):
                cells = [bare(cell.strip()) for cell in row]
                if not any(cells):
                    continue
                if not header_seen:
                    header_seen = True
                    continue
                if any(cells[width:]):
                    raise UserError(
                        f"{self.where(line)}: {len(cells)} cells, the header names {width} (a cell that holds the "
                        "separator needs quotes)"
                    )
                yield line, (cells + [""] * width)[:width]
        except csv.Error as error:
            said = f"{error}; a cell that starts with a quote must end with one"
            raise UserError(f"{self.where(line + 1)}: not a CSV: {said}") from None

    @property
    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """(line in the file, column in capitals -> cell), as `lines`."""
        columns = self.columns
        for line, cells in self.lines:
            yield line, dict(zip(columns, cells, strict=True))

    def where(self, line: int) -> str:
        """How an error names a line."""
        return f"{printable(str(self.file))}, line {line}"


def read_table(file: Path, wanted: Sequence[str], encoding: str = "") -> Rows:
    """A table that has the `wanted` columns (in any letter case) and at least one row, see `open_table`.

    Raises UserError too where a wanted column is missing, a column stands twice, or no row follows.
    """
    table = open_table(file, wanted, encoding)
    shown = ", ".join(name for name in table.header if name) or "none"
    columns = table.columns
    for name in wanted:
        if name.upper() not in columns:
            near = did_you_mean(name, [column for column in table.header if column and column not in wanted])
            raise UserError(f"{printable(str(file))}: no column {name} in the header (found: {shown[:200]}){near}")
    twice = next((name for at, name in enumerate(columns) if name and name in columns[:at]), None)
    if twice:
        raise UserError(f"{printable(str(file))}: the column {twice} stands twice in the header")
    if next(table.lines, None) is None:
        raise UserError(f"{printable(str(file))}: no rows below the header")
    return table


def open_table(file: Path, likely: Sequence[str] = (), encoding: str = "") -> Rows:
    """Any CSV that Excel, LibreOffice or this project writes: separators , ; tab |, UTF-8, UTF-16 or Windows-1250.

    The separator is the one that finds most of the `likely` columns in the header, else most columns. The guard in
    front of what looks like a formula is taken off (`tables.bare`). An empty file has an empty header.

    Raises UserError: no such file, none of the encodings.
    """
    if not file.is_file():
        siblings = [at.name for at in file.parent.iterdir()] if file.parent.is_dir() else []
        what = "is a folder, not a table" if file.is_dir() else f"does not exist{did_you_mean(file.name, siblings)}"
        raise UserError(f"{printable(str(file))} {what}")
    data, encoding = _decoded(file, encoding)
    first = io.TextIOWrapper(io.BytesIO(data), encoding).readline().rstrip("\n")
    named = bool(re.fullmatch(r"sep=.", first))
    wanted = {name.upper() for name in likely}
    best: tuple[tuple[int, int], str, list[str]] = ((-1, -1), ",", [])
    for separator in first[4:] if named else SEPARATORS:
        header = _header(data, encoding, separator, named)
        fits = len(wanted & {name.upper() for name in header}), len(header)
        if fits > best[0]:
            best = fits, separator, header
    return Rows(file, best[2], data, encoding, best[1], named)


def number_in(text: str) -> float | None:
    """A finite number as Excel may have written it, with a decimal comma or in percent; None for any other text.

    >>> number_in("0,9840"), number_in(" 50 %"), number_in("x")
    (0.984, 0.5, None)
    """
    text = text.strip()
    try:
        value = float(text.removesuffix("%").strip().replace(",", "."))
    except ValueError:
        return None
    return (value / 100 if text.endswith("%") else value) if math.isfinite(value) else None


def _parsed(
    data: bytes, encoding: str, separator: str, named: bool, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """(line in the file, cells) of all rows behind a first line `sep=` (told)."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    if named:
        text.readline()
    reader = csv.reader(text, delimiter=separator, strict=strict)
    for row in reader:
        yield reader.line_num + named, row


def _header(data: bytes, encoding: str, separator: str, named: bool) -> list[str]:
    """The cells of the first row that has any."""
    try:
        for _, row in _parsed(data, encoding, separator, named):
            if any(map(str.strip, row)):
                return [bare(cell.strip()) for cell in row]
    except csv.Error:  # by another separator it may be a table
        pass
    return []


def _decoded(file: Path, encoding: str) -> tuple[bytes, str]:
    """The bytes of a table, and the encoding that they are in."""
    shown = printable(str(file))
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{shown} cannot be read: {error.strerror or error}") from error
    for start, what in WORKBOOKS.items():
        if data.startswith(start):
            raise UserError(f"{shown} is {what}, not a table in text: open it and save it as CSV UTF-8")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        guesses = ["utf-16"]
    elif encoding:
        guesses = ["utf-8-sig" if re.fullmatch("utf[-_]?8", encoding, re.IGNORECASE) else encoding]
    elif b"\0" in data[:200]:
        guesses = ["utf-16-le" if data[1:2] == b"\0" else "utf-16-be"]
    else:
        guesses = ["utf-8-sig", "cp1250"]
    for guess in guesses:
        try:
            data.decode(guess)
        except UnicodeDecodeError:
            continue
        except LookupError:
            raise UserError(f"--encoding {encoding}: no such encoding (e.g. utf-8, cp1250, cp852, utf-16)") from None
        return data, guess
    named = " or ".join(guess.removesuffix("-sig") for guess in guesses)
    raise UserError(f"{shown}: not a table in {named}: save it as CSV UTF-8")
