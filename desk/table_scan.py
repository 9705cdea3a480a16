"""A large table, taken in at once: where its rows lie, and the few columns that a queue needs, without reading cells.

    scan = Scan.of(read_table(file, ("FILE", "PAGE")), numbers=["SCORE-1"], texts=["CLASS-1"], keyed=[("PATH", "PAGE")])
    scan.numbers["SCORE-1"]                     # float32 [N], NaN where a cell holds no number
    scan.keys["PATH", "PAGE"]                   # uint64 [N], alike where both texts are
    scan.texts["CLASS-1"].codes                 # int32 [N], and .values: what each code stands for
    scan.cells(17)                              # {"FILE": ..., ...}: one row, read as people wrote it

Python's own reader takes ten seconds for a million rows; here NumPy looks for separators, blocks of a megabyte at a
time. What is written in a way that this cannot follow (UTF-16, stray quotes) is brought into plain form first.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np

from output.spreadsheets import Rows, number_in
from output.tables import bare, bare_path, cell
from utils import UserError, page_number

BLOCK = 1 << 20  # bytes that are looked at together: what a processor keeps near
QUOTE, RETURN, NEWLINE, BLANK = b'"\r\n '
UNPLAIN = b"\"' ./=+-@\t\xef\xc2\xe2"  # first bytes of cells that may be guarded, quoted or padded
# Weights of bytes in a hash of 64 bits: odd, and fixed for ever, as which pages are shown blind follows from it.
LONGEST = 4096
PAGE_DIGITS = 9  # more are no number of a page (`page_number`)
_WEIGHTS = np.frombuffer(hashlib.shake_256(b"weights").digest(8 * LONGEST), "<u8").astype(np.uint64) | np.uint64(1)


class Texts(NamedTuple):
    """A column of texts that repeat. codes: int32 [N]; values: the text of each code."""

    codes: np.ndarray
    values: list[str]


class _Cells(NamedTuple):
    """Where the cells of one column lie in a block. starts, ends: int64 [n]."""

    starts: np.ndarray
    ends: np.ndarray


@dataclass
class Scan:
    """A table that was taken in. starts, ends: of its rows, int64 [N], in `data`; numbers, texts: of the columns asked
    for; keys: a hash of columns that were `keyed` together, uint64 [N], the same for the same texts; marks: where the
    cells of the first of them all lie, int64 [N] each.
    """

    columns: list[str]
    data: bytes
    encoding: str
    separator: str
    starts: np.ndarray
    ends: np.ndarray
    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    texts: dict[str, Texts] = field(default_factory=dict)
    keys: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict)
    marks: _Cells = field(default_factory=lambda: _Cells(np.empty(0, np.int64), np.empty(0, np.int64)))

    def __len__(self) -> int:
        return len(self.starts)

    @classmethod
    def of(cls, table: Rows, *, numbers: Sequence[str], texts: Sequence[str], keyed: Sequence[tuple[str, ...]]) -> Self:
        """Take a table in; of numbers and texts, columns that it lacks are left out.

        UserError: a row with more cells than the header has, quotes that do not end.
        """
        data, encoding, separator = table.data, table.encoding.removesuffix("-sig"), table.separator
        if not _is_plain(table):
            data, encoding, separator = _plain(table), "utf-8", ","
        columns = table.columns
        scan = cls(columns, data, encoding, separator, np.empty(0, np.int64), np.empty(0, np.int64))
        wanted_numbers = [name for name in numbers if name in columns]
        wanted_texts = [name for name in texts if name in columns]
        rows: list[_Cells] = []
        found_numbers: dict[str, list[np.ndarray]] = {name: [] for name in wanted_numbers}
        found_texts = {name: _Codes(scan) for name in wanted_texts}
        keys: dict[tuple[str, ...], list[np.ndarray]] = {names: [] for names in keyed}
        marks: list[_Cells] = []
        for block in _blocks(scan, table):
            rows.append(_Cells(block.row_starts, block.row_ends))
            for name in wanted_numbers:
                found_numbers[name].append(_numbers_in(scan, block.column(columns.index(name))))
            for name, codes in found_texts.items():
                codes.add(block.column(columns.index(name)))
            for names in keyed:
                keys[names].append(_keys_of(scan, [block.column(columns.index(name)) for name in names], names))
            marks.append(block.column(columns.index(keyed[0][0])))
        scan.starts, scan.ends = _joined(rows)
        scan.numbers = {
            name: np.concatenate(parts or [np.empty(0, np.float32)]) for name, parts in found_numbers.items()
        }
        scan.texts = {name: codes.texts() for name, codes in found_texts.items()}
        scan.keys = {names: np.concatenate(parts or [np.empty(0, np.uint64)]) for names, parts in keys.items()}
        scan.marks = _Cells(*_joined(marks))
        return scan

    def cells(self, row: int) -> dict[str, str]:
        """One row: column in capitals -> text, blanks and guards taken off."""
        line = self.data[self.starts[row] : self.ends[row]].decode(self.encoding)
        (found,) = csv.reader(io.StringIO(line, newline=""), delimiter=self.separator)
        texts = [bare(text.strip()) for text in found[: len(self.columns)]]
        return dict(zip(self.columns, texts + [""] * (len(self.columns) - len(texts)), strict=True))

    def text_of(self, start: int, end: int) -> str:
        """The text of one cell."""
        raw = self.data[start:end].decode(self.encoding).strip()
        if raw.startswith('"'):
            raw = next(iter(csv.reader(io.StringIO(raw, newline=""))), [""])[0].strip()
        return bare(raw)

    def key_of(self, texts: Sequence[str]) -> np.uint64:
        """The key of a row whose keyed columns hold these texts; PATH without its guard, PAGE as a plain number."""
        total = np.uint64(0)
        with np.errstate(over="ignore"):
            for at, text in enumerate(texts):
                total += _hash_text(text.encode(self.encoding, "replace"), at)
        return total


class _Block:
    """Rows that lie together, and their separators. row_starts, row_ends: int64 [n], positions in the data."""

    def __init__(self, row_starts: np.ndarray, row_ends: np.ndarray, separators: np.ndarray, width: int) -> None:
        self.row_starts, self.row_ends, self.separators, self._width = row_starts, row_ends, separators, width
        self._grid: np.ndarray | None = None  # int64 [n, width - 1], where each row has as many cells as the header
        if width > 1 and len(separators) == len(row_starts) * (width - 1):
            grid = separators.reshape(-1, width - 1)
            if (grid[:, 0] >= row_starts).all() and (grid[:, -1] < row_ends).all():
                self._grid = grid
        if self._grid is not None:
            self.first = np.arange(len(row_starts)) * (width - 1)  # of each row, its first separator
            self.count = np.full(len(row_starts), width - 1)
        else:
            self.first = np.searchsorted(separators, row_starts)
            self.count = np.searchsorted(separators, row_ends) - self.first

    def column(self, at: int) -> _Cells:
        """The cells of a column; empty ones where a row is shorter."""
        if self._grid is not None:
            starts = self._grid[:, at - 1] + 1 if at else self.row_starts
            return _Cells(starts, self._grid[:, at] if at < self._width - 1 else self.row_ends)
        if not len(self.separators):
            empty = self.row_ends if at else self.row_starts
            return _Cells(empty, self.row_ends)
        last = len(self.separators) - 1
        before = self.separators[np.clip(self.first + at - 1, 0, last)] + 1
        behind = self.separators[np.clip(self.first + at, 0, last)]
        starts = self.row_starts if at == 0 else np.where(self.count >= at, before, self.row_ends)
        return _Cells(starts, np.where(self.count > at, behind, self.row_ends))


def _is_plain(table: Rows) -> bool:
    """Whether its bytes can be looked at as they are: no UTF-16, no old line ends, quotes round whole cells alone."""
    data = table.data
    if table.encoding.startswith("utf-16"):
        return False
    look = np.frombuffer(data, np.uint8)
    returns = np.flatnonzero(look == RETURN) if b"\r" in data else np.empty(0, np.int64)
    if len(returns) and (returns[-1] + 1 == len(data) or (look[returns + 1] != NEWLINE).any()):
        return False
    if b'"' not in data:
        return True
    quotes = np.flatnonzero(look == QUOTE)
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    separator = ord(table.separator)
    before = np.where(opening > 0, look[np.maximum(opening - 1, 0)], NEWLINE)
    behind = np.where(closing + 1 < len(look), look[np.minimum(closing + 1, len(look) - 1)], NEWLINE)
    opens = np.isin(before, (separator, NEWLINE, QUOTE))
    return bool(opens.all() and np.isin(behind, (separator, NEWLINE, RETURN, QUOTE)).all())


def _plain(table: Rows) -> bytes:
    """The same table, as the project writes tables."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([cell(name) for name in table.header])
    writer.writerows([cell(text) for text in cells] for _, cells in table.lines)
    return out.getvalue().encode()


def _blocks(scan: Scan, table: Rows) -> Iterator[_Block]:
    """The rows of a table but its header; rows without any cell are passed over."""
    data = scan.data
    at, header_seen, named, separator = 0, False, table.named and scan.data is table.data, ord(scan.separator)
    if data.startswith(b"\xef\xbb\xbf"):
        at = 3
    while at < len(data):
        size = BLOCK
        while True:  # a block ends where a row does; one cell may be larger than a block
            look = np.frombuffer(data, np.uint8, min(size, len(data) - at), at)
            inside = _inside(look)
            ends = _places(look, NEWLINE, inside) + at
            if at + len(look) == len(data):
                if not len(ends) or ends[-1] != len(data) - 1:
                    ends = np.append(ends, len(data))
                break
            if len(ends):
                break
            size *= 2
        last = int(ends[-1])
        starts = np.concatenate([[at], ends[:-1] + 1])
        separators = _places(look[: last - at], separator, inside) + at
        whole = np.frombuffer(data, np.uint8)
        returned = (ends > starts) & (whole[np.maximum(ends - 1, 0)] == RETURN)
        row_ends = ends - returned
        block = _Block(starts, row_ends, separators, len(scan.columns))
        keep = row_ends - starts > block.count  # something stands there beside separators
        for line in np.flatnonzero(keep[:3]) if not header_seen else ():
            if named:  # Excel's own first line, `sep=;`
                keep[line], named = False, False
                continue
            keep[line], header_seen = False, True
            break
        if not keep.all():
            block = _Block(starts[keep], row_ends[keep], separators, len(scan.columns))
        _refuse_longer(scan, table, block)
        if len(block.row_starts):
            yield block
        at = last + 1


def _inside(look: np.ndarray) -> np.ndarray | None:
    """Which bytes of a block (uint8 [n]) stand within quotes; None: none do."""
    quotes = look == QUOTE
    return np.logical_xor.accumulate(quotes) if quotes.any() else None


def _places(look: np.ndarray, sign: int, inside: np.ndarray | None) -> np.ndarray:
    """Where a sign stands outside of quotes."""
    found = look == sign
    return np.flatnonzero(found if inside is None else found & ~inside[: len(look)])


def _refuse_longer(scan: Scan, table: Rows, block: _Block) -> None:
    width = len(scan.columns)
    for row in np.flatnonzero(block.count >= width):
        extra = block.separators[block.first[row] + width - 1]
        rest = scan.data[extra : block.row_ends[row]].decode(scan.encoding)
        if rest.replace(scan.separator, "").strip():
            line = scan.data.count(b"\n", 0, int(block.row_starts[row])) + 1
            raise UserError(
                f"{table.where(line)}: {block.count[row] + 1} cells, the header names {width} (a cell that holds the "
                "separator needs quotes)"
            )


def _groups(cells: _Cells, data: bytes, most: int = LONGEST) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cells of one length at a time: (places in the column, their bytes, uint8 [n, length])."""
    lengths = cells.ends - cells.starts
    look = np.frombuffer(data, np.uint8)
    least, longest = (int(lengths.min()), int(lengths.max())) if len(lengths) else (0, -1)
    few = longest < LONGEST  # counting them is quicker than sorting them
    for length in np.flatnonzero(np.bincount(lengths)) if few and least >= 0 else np.unique(lengths):
        if 0 < length <= most:
            places = np.flatnonzero(lengths == length) if least < longest else np.arange(len(lengths))
            yield places, np.lib.stride_tricks.sliding_window_view(look, int(length))[cells.starts[places]]


def _numbers_in(scan: Scan, cells: _Cells) -> np.ndarray:
    """float32 [n]: "0.9877", "0,9877" and whole numbers at once, all else as `number_in` reads it."""
    found = np.full(len(cells.starts), np.nan, np.float32)
    for places, signs in _groups(cells, scan.data):
        length = signs.shape[1]
        if length > 16:
            odd = np.ones(len(places), bool)
        else:
            point = (signs == ord(".")) | (signs == ord(","))
            digits = signs - np.uint8(ord("0"))
            odd = ~((digits <= 9) | point).all(axis=1) | (point.sum(axis=1) > 1)
            at = np.where(point.any(axis=1), point.argmax(axis=1), length)
            for place in range(length + 1):
                these = np.flatnonzero((at == place) & ~odd)
                if not len(these):
                    continue
                powers = np.array([10.0 ** (place - 1 - k + (k > place)) for k in range(length)])
                powers[place : place + 1] = 0
                found[places[these]] = np.where(point[these], 0, digits[these]) @ powers
        for row in places[odd]:
            value = number_in(scan.text_of(cells.starts[row], cells.ends[row]))
            found[row] = np.nan if value is None else value
    return found


class _Codes:
    """Gathers a column of texts, block by block."""

    def __init__(self, scan: Scan) -> None:
        self._scan, self._values = scan, []
        self._hashes = np.array([2**64 - 1], np.uint64)  # sorted; of this one no text is known
        self._codes = np.array([-1], np.int32)
        self._code_of_value: dict[str, int] = {}
        self._parts: list[np.ndarray] = []

    def add(self, cells: _Cells) -> None:
        """Take the cells of another block."""
        codes = np.zeros(len(cells.starts), np.int32)
        empty = cells.ends <= cells.starts
        if empty.any():
            codes[empty] = self._code("")
        for places, signs in _groups(cells, self._scan.data, most=1 << 30):
            hashes = _hashes(signs, 0)
            for _ in range(2):  # once more where there were new ones
                at = np.searchsorted(self._hashes, hashes)
                known = self._hashes[np.minimum(at, len(self._hashes) - 1)] == hashes
                if known.all():
                    break
                new, first = np.unique(hashes[~known], return_index=True)
                self._learn(new, [int(row) for row in places[~known][first]], cells)
            codes[places] = self._codes[np.searchsorted(self._hashes, hashes)]
        self._parts.append(codes)

    def _learn(self, hashes: np.ndarray, rows: list[int], cells: _Cells) -> None:
        """Take up texts that were not there before: their hashes, and a row that holds each."""
        codes = [self._code(self._scan.text_of(cells.starts[row], cells.ends[row])) for row in rows]
        merged, kept = np.unique(np.concatenate([self._hashes, hashes]), return_index=True)
        self._hashes, self._codes = merged, np.concatenate([self._codes, np.array(codes, np.int32)])[kept]

    def _code(self, text: str) -> int:
        if text not in self._code_of_value:
            self._code_of_value[text] = len(self._values)
            self._values.append(text)
        return self._code_of_value[text]

    def texts(self) -> Texts:
        """The whole column."""
        return Texts(np.concatenate(self._parts or [np.empty(0, np.int32)]), self._values)


def _keys_of(scan: Scan, parts: Sequence[_Cells], names: Sequence[str]) -> np.ndarray:
    """uint64 [n], as `Scan.key_of` of the texts."""
    total = np.zeros(len(parts[0].starts) if parts else 0, np.uint64)
    look = np.frombuffer(scan.data, np.uint8)
    unplain = np.isin(np.arange(256), list(UNPLAIN))
    for at, (cells, name) in enumerate(zip(parts, names, strict=True)):
        hashes = np.full(len(total), _hash_text(b"", at), np.uint64)
        odd = np.zeros(len(total), bool)
        for places, signs in _groups(cells, scan.data):
            hashes[places] = _hashes(signs, at)
            if name == "PAGE":  # numbers as they are compared: 07, 7,0 and 7 are one page
                digits = signs - np.uint8(ord("0"))
                odd[places] = (digits > 9).any(axis=1) | (digits[:, 0] == 0) | (signs.shape[1] > PAGE_DIGITS)
        filled = cells.ends > cells.starts
        heads, tails = look[np.minimum(cells.starts, len(look) - 1)], look[cells.ends - 1]
        odd |= ~filled & (name == "PAGE")
        odd |= filled & (unplain[heads] | (tails == BLANK) | (cells.ends - cells.starts > LONGEST))
        for row in np.flatnonzero(odd):
            text = scan.text_of(cells.starts[row], cells.ends[row])
            text = bare_path(text) if name == "PATH" else str(page_number(text) or 0) if name == "PAGE" else text
            hashes[row] = _hash_text(text.encode(scan.encoding, "replace"), at)
        total += hashes
    return total


def _hashes(signs: np.ndarray, at: int) -> np.ndarray:
    """uint64 [n] of texts of one length, uint8 [n, length]. at: which column of a key they stand in."""
    length = signs.shape[1]
    weights = np.resize(_WEIGHTS, length) if length > len(_WEIGHTS) else _WEIGHTS[:length]
    total = np.full(len(signs), length, np.uint64)
    for place in range(length):
        total += signs[:, place] * weights[place]
    total *= _WEIGHTS[-1 - at]
    # a sum of weights alone would make "ab" + "ba" of two columns alike: mixed, as splitmix64 ends
    total ^= total >> np.uint64(30)
    total *= np.uint64(0xBF58476D1CE4E5B9) + np.uint64(2 * at)
    total ^= total >> np.uint64(27)
    total *= np.uint64(0x94D049BB133111EB)
    return total ^ (total >> np.uint64(31))


def _hash_text(text: bytes, at: int) -> np.uint64:
    with np.errstate(over="ignore"):
        return _hashes(np.frombuffer(text, np.uint8).reshape(1, -1), at)[0]


def _joined(parts: Sequence[_Cells]) -> tuple[np.ndarray, np.ndarray]:
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate([part.starts for part in parts]), np.concatenate([part.ends for part in parts])
