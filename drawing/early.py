"""Pages older than the archives' own offices, by kind of document (EARLY in sheet.py).

    text_hw(sheet)            # one function a category, for documents of those kinds alone

Wills and deeds, manuscripts, registers, old print, as reading rooms photograph them.
"""

from __future__ import annotations

from drawing import annotated, books
from drawing.deeds import deed
from drawing.fiscal import fiscal_stamp, office_stamp
from drawing.ledgers import ledger
from drawing.manuscripts import manuscript
from drawing.marks import note
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


def text(sheet: Sheet) -> None:
    """A printed form of a file, filled by hand; a page of an old book that readers have written on."""
    w, h = sheet.width, sheet.height
    if sheet.document.kind == "old print":
        old_print(sheet)
        for _ in range(sheet.integer(3, 8)):
            y = sheet.uniform(0.05, 0.85) * h
            left, right = sheet.pick(((0.01, 0.14), (0.85, 0.99), (0.12, 0.8)))
            note(sheet, (left * w, y, right * w, y + sheet.uniform(60, 240)), sheet.uniform(8, 14))
        return
    sheet.pick({annotated.certificate: 4, annotated.signed: 2, annotated.half_and_half: 1})(sheet)
    if sheet.chance(0.4):
        fiscal_stamp(sheet, (w * sheet.uniform(0.02, 0.85), h * sheet.uniform(0.02, 0.85)))
    if sheet.chance(0.5):
        office_stamp(sheet, (w * sheet.uniform(0.02, 0.6), h * sheet.uniform(0.05, 0.9)))


def draw(sheet: Sheet) -> None:
    """A plate of an old book, or an engraving in its text."""
    sheet.pick({books.plate: 3, books.in_text: 1})(sheet, "DRAW")
