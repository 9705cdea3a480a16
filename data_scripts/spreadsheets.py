"""Tables as people keep them: any CSV that Excel, LibreOffice or this project writes.

table = read_table(Path("annotation.csv"), ("FILE", "PAGE", "CLASS"))
for line, cells in table.rows: ...           # cells["FILE"]
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tables import FORMULA
from utils import UserError, did_you_mean, printable

SEPARATORS = (",", ";", "\t", "|")


@dataclass
class Rows:
    """A table as it was read: `rows` are (line in the file, column -> cell); columns in capitals, cells stripped."""

    file: Path
    columns: list[str]
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


def read_table(file: Path, wanted: Sequence[str], encoding: str = "") -> Rows:
    """Any CSV that Excel, LibreOffice or this project writes: separators , ; tab |, UTF-8, UTF-16 or Windows-1250.

    The separator is the one that finds most of the `wanted` columns in the header. The quote that tables carry in front
    of what looks like a formula is taken off. A row with more cells than the header has is an error: it would be
    shifted. Raises UserError: no such file, none of the encodings, a wanted column is missing or stands twice.
    """
    if not file.is_file():
        siblings = [at.name for at in file.parent.iterdir()] if file.parent.is_dir() else []
        what = "is a folder, not a table" if file.is_dir() else f"does not exist{did_you_mean(file.name, siblings)}"
        raise UserError(f"{printable(str(file))} {what}")
    text = _decode(file, encoding)
    skipped = 0
    told = re.match(r"sep=(.)\r?\n?", text)  # Excel's own way of naming the separator
    if told:
        text, skipped = text[told.end() :], 1
    first = next((line for line in text.splitlines() if line.strip()), "")
    separators = [told[1]] if told else list(SEPARATORS)
    found = {separator: _header(first, separator) for separator in separators}
    separator = max(found, key=lambda separator: (len(set(wanted) & set(found[separator])), len(found[separator])))
    columns = found[separator]
    shown = ", ".join(name for name in columns if name) or "none"
    for name in wanted:
        if name not in columns:
            near = did_you_mean(name, [column for column in columns if column and column not in wanted])
            raise UserError(f"{file}: no column {name} in the header (found: {printable(shown[:200])}){near}")
    twice = [name for name in columns if name and columns.count(name) > 1]
    if twice:
        raise UserError(f"{file}: the column {twice[0]} stands twice in the header")
    table = Rows(file, columns)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        header_seen = False
        for row in reader:
            cells = [_bare(cell) for cell in row]
            if not any(cells):
                continue
            if not header_seen:
                header_seen = True
                continue
            line = reader.line_num + skipped
            if any(cells[len(columns) :]):
                raise UserError(f"{file}, line {line}: {len(cells)} cells, the header names {len(columns)}")
            table.rows.append((line, dict(zip(columns, cells + [""] * len(columns), strict=False))))
    except csv.Error as error:
        raise UserError(f"{file}: not a CSV ({error})") from None
    if not table.rows:
        raise UserError(f"{file}: no rows below the header")
    return table


def _decode(file: Path, encoding: str) -> str:
    data = file.read_bytes()
    if encoding:
        guesses = [encoding]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        guesses = ["utf-16"]
    elif b"\0" in data[:200]:
        guesses = ["utf-16-le" if data[1:2] == b"\0" else "utf-16-be"]
    else:
        guesses = ["utf-8-sig", "cp1250"]
    for guess in guesses:
        try:
            return data.decode(guess)
        except UnicodeDecodeError:
            continue
        except LookupError:
            raise UserError(f"--encoding {encoding}: no such encoding (e.g. utf-8, cp1250, cp852, utf-16)") from None
    raise UserError(f"{file}: not a table in {' or '.join(guesses)}: save it as CSV UTF-8, or name its --encoding")


def _header(line: str, separator: str) -> list[str]:
    cells = next(csv.reader([line], delimiter=separator), [])
    return [cell.strip().lstrip("\ufeff").upper() for cell in cells]


def _bare(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell
