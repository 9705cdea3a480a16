"""Pages older than the archives' own offices, by kind of document (EARLY in sheet.py).

    text_hw(sheet)            # one function a category, for documents of those kinds alone

Wills and deeds, manuscripts, registers, old print, as reading rooms photograph them.
"""

from __future__ import annotations

from drawing import books
from drawing.deeds import deed
from drawing.ledgers import ledger
from drawing.manuscripts import manuscript
from drawing.old_print import old_print
from drawing.sheet import Sheet


def text_hw(sheet: Sheet) -> None:
    """A will, a letter or a deed; a manuscript; between registers, minutes in prose."""
    if sheet.document.kind == "deed":
        deed(sheet)
    else:
        manuscript(sheet)


def line_hw(sheet: Sheet) -> None:
    """A register, an account book."""
    ledger(sheet)


def text_p(sheet: Sheet) -> None:
    """A page of an old book."""
    old_print(sheet)


def draw(sheet: Sheet) -> None:
    """A plate of an old book, or an engraving in its text."""
    sheet.pick({books.plate: 3, books.in_text: 1})(sheet, "DRAW")
