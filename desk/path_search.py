"""Search in the PATHs of a queue: letter case aside, and however a file system spells letters with marks.

    search = PathSearch(scan)
    search.rows("krabice ž")                    # of "Krabice Ž/a.png" too; macOS writes Ž as Z and a mark

The PATHs are kept as one text in small letters, a line each. Only those ASCII has are made small at once; of all others
each is, as it is asked for the first time: a million PATHs are folded by replacing a few letters.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from unicodedata import normalize

import numpy as np

from desk.table_scan import Scan

LETTERS = range(0x80, 0x3000)  # of scripts that have capitals, or letters with marks
NO_MARK = rb"(?!\xcc|\xcd[\x80-\xaf])"  # U+0300 to U+036F in UTF-8: a letter with a mark is another letter


class PathSearch:
    """The PATHs of a table. Used by several threads."""

    def __init__(self, scan: Scan) -> None:
        self._scan, self._lock = scan, threading.Lock()
        self._text: bytes | None = None  # UTF-8, a line a row
        self._ends = np.empty(0, np.int64)  # of the lines
        self._done: set[str] = set()  # what is spelled in one way all over the text
        self._last: tuple[str, np.ndarray] | None = None  # a search, and the rows that it found

    def rows(self, wanted: str) -> np.ndarray:
        """Rows whose PATH holds a text, ascending, int64 [n]."""
        wanted = folded(wanted.replace("\n", " "))
        with self._lock:
            if self._last is None or self._last[0] != wanted:
                self._last = wanted, self._found(wanted)
            return self._last[1]

    def _found(self, wanted: str) -> np.ndarray:
        before = self._text
        text = self._lines() if before is None else before
        if not text.isascii():
            text = self._spelled(text, wanted)
        if text is not before:
            self._text, self._ends = text, np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
        sought = re.compile(re.escape(wanted.encode("utf-8", "replace")) + NO_MARK)
        hits = np.array([hit.start() for hit in sought.finditer(text)], np.int64)
        return np.unique(np.searchsorted(self._ends, hits))

    def _lines(self) -> bytes:
        """All PATHs, small as far as ASCII goes."""
        scan = self._scan
        cells = list(zip(*(places.tolist() for places in scan.marks), strict=True))
        texts = [scan.data[start:end] for start, end in cells]
        if b'"' in scan.data:
            for row, text in enumerate(texts):
                if text.startswith(b'"'):
                    texts[row] = scan.text_of(*cells[row]).replace("\n", " ").encode(scan.encoding)
        text = b"\n".join(texts)
        return (text if scan.encoding == "utf-8" else text.decode(scan.encoding).encode()).lower()

    def _spelled(self, text: bytes, wanted: str) -> bytes:
        """The text with all that a search asks for in the spelling of the search."""
        for letters in {*wanted, *(letters for letters in _spellings() if letters in wanted)} - self._done:
            for spelling in {*_spellings().get(letters, ()), normalize("NFD", letters)} - {letters}:
                text = text.replace(spelling.encode("utf-8", "replace").lower(), letters.encode("utf-8", "replace"))
            self._done.add(letters)
        return text


def folded(text: str) -> str:
    """A text as it is compared, by Unicode: letter case aside, each letter with its mark as one.

    >>> folded("STRAßE"), folded("Z\\u030c") == folded("ž")
    ('strasse', True)
    """
    return normalize("NFC", normalize("NFC", text).casefold())


@cache
def _spellings() -> dict[str, set[str]]:
    """Folded letters -> what else is folded to them."""
    alike: dict[str, set[str]] = {}
    for letter in map(chr, LETTERS):
        for spelling in (letter, normalize("NFD", letter)):
            if (small := folded(letter)) != spelling:
                alike.setdefault(small, set()).add(spelling)
    return alike
