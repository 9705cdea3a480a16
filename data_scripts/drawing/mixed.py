"""Pages where writings meet (TEXT): letterheads with typing, notes by hand, cuttings, questionnaires, postcards.

    text(sheet)               # draws one of many kinds of page

A printed letterhead, stamps with entries or long notes by hand make a page TEXT that would be TEXT_T without them.
Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

from PIL import Image

from drawing.handwritten import small_sketch
from drawing.marks import (
    file_number,
    letterhead,
    note,
    office_marks,
    registered,
    round_stamp,
    signature,
    slip,
    word_stamp,
)
from drawing.printed import columns, heading, printed_columns, printed_labels, printed_report
from drawing.sheet import Sheet
from drawing.tables import Form, entry, form
from drawing.typed import corrections, typed_letter, typed_note, typed_report


def text(sheet: Sheet) -> None:
    """A page where writings meet: letterheads, stamps and signatures, notes by hand, cuttings, questionnaires."""
    sheet.pick(
        {
            office_letter: 5,
            typed_with_notes: 3,
            clippings: 1.5,
            report_form: 2.5,
            glued_note: 1.6,
            printed_with_notes: 1.8,
            hand_with_type: 1.2,
            questionnaire: 1.8,
            postcard: 0.6,
            with_sketch: 1.4,
        }
    )(sheet)
    if sheet.chance(0.5):
        registered(sheet)
    office_marks(sheet, 1.6)


def office_letter(sheet: Sheet) -> None:
    """A printed letterhead, a typed letter, a stamp, a signature, an order in the margin."""
    y = letterhead(sheet)
    by_hand = sheet.chance(0.15)
    left, _, right, bottom = sheet.body
    if by_hand:
        y = sheet.hand_block((left, y + 40, right, y + (bottom - y) * sheet.uniform(0.3, 0.8)), sheet.uniform(10, 16))
    else:
        y = typed_letter(sheet, y + 20)
    x = left + (right - left) * sheet.uniform(0.4, 0.75)
    if sheet.chance(0.6):
        round_stamp(sheet, (x, min(bottom, y + 90)))
    if sheet.chance(0.8):
        signature(sheet, (x, min(bottom, y + 80)))
    if sheet.chance(0.4):
        note(sheet, (left * 0.3, y + 80, left + (right - left) * 0.5, min(bottom + 40, y + 300)))


def typed_with_notes(sheet: Sheet) -> None:
    """Typing with much by hand: corrections, additions, margins."""
    typed_report(sheet)
    corrections(sheet, sheet.integer(8, 26))
    left, top, right, bottom = sheet.body
    for _ in range(sheet.integer(1, 3)):
        if sheet.chance(0.5):
            y = sheet.uniform(top, bottom - 200)
            note(sheet, (6, y, max(120, left - 8), y + sheet.uniform(80, 300)), sheet.uniform(8, 13))
        else:
            y = sheet.uniform(0.75, 0.9) * sheet.height
            note(sheet, (left, y, right, y + sheet.uniform(60, 220)))
    if sheet.chance(0.5):
        signature(sheet, (left + (right - left) * 0.5, bottom))


def clippings(sheet: Sheet) -> None:
    """Newspaper cuttings glued on a sheet, with notes and stamps."""
    for _ in range(sheet.integer(1, 4)):
        wide, high = int(sheet.width * sheet.uniform(0.25, 0.7)), int(sheet.height * sheet.uniform(0.12, 0.5))
        x, y = (
            sheet.uniform(0.02, 0.98 - wide / sheet.width) * sheet.width,
            sheet.uniform(0.06, 0.97 - high / sheet.height) * sheet.height,
        )
        piece = Sheet.__new__(Sheet)
        piece.__dict__.update(sheet.__dict__)
        piece.image = Image.new("RGB", (wide, high), "white")
        slip(piece, (0, 0, wide - 1, high - 1), sheet.integer(205, 250))
        below = heading(piece, 14, 8, wide - 14, sheet.uniform(22, 36)) if sheet.chance(0.7) else 14
        columns(
            piece,
            (14, below, wide - 14, high - 10),
            1 if wide < 500 else sheet.integer(1, 3),
            headings=0.1,
            size=sheet.uniform(15, 20),
        )
        turned = piece.image.convert("RGBA").rotate(
            float(sheet.rng.normal(0, 2.5)), expand=True, resample=Image.Resampling.BILINEAR
        )
        sheet.image.paste(turned, (int(x), int(y)), turned)
    for _ in range(sheet.integer(1, 3)):
        x, y = sheet.uniform(0.05, 0.55) * sheet.width, sheet.uniform(0.02, 0.85) * sheet.height
        note(sheet, (x, y, x + sheet.width * 0.4, y + sheet.uniform(50, 160)), sheet.uniform(12, 24))
    if sheet.chance(0.5):
        word_stamp(sheet, (sheet.uniform(0.1, 0.7) * sheet.width, sheet.uniform(0.05, 0.8) * sheet.height))


def report_form(sheet: Sheet) -> None:
    """A printed report sheet: some boxes or dotted lines, typed paragraphs, additions by hand, stamps."""
    left, top, right, bottom = sheet.body
    y = letterhead(sheet) if sheet.chance(0.5) else heading(sheet, left, top, right, sheet.uniform(28, 46))
    shape = sheet.document.shared("report form", lambda rng: Form.choose(rng, sheet, rows=int(rng.integers(2, 5))))
    y = form(
        sheet,
        (left, y + 20, right, y + sheet.height * sheet.uniform(0.08, 0.16)),
        sheet.pick(("type", "type", "hand")),
        shape,
        title=False,
    )
    y = sheet.machine.block(
        sheet.image, sheet.words, (left, y + 20, right, y + (bottom - y) * sheet.uniform(0.3, 0.6)), sheet.rng
    )
    for _ in range(sheet.integer(2, 5)):
        y += sheet.uniform(40, 70)
        if y > bottom:
            break
        x = sheet.put("print", (left, y), sheet.words.head(0.6), 16, 300)
        sheet.rule([(x + 8, y + 4), (right if sheet.chance(0.6) else (left + right) / 2, y + 4)], width=1)
        if sheet.chance(0.8):
            entry(sheet, (x + 20, y - 40, right, y + 4), "hand")
    if sheet.chance(0.7):
        round_stamp(sheet, (left + (right - left) * sheet.uniform(0.3, 0.8), min(bottom, y + 20)))
    if sheet.chance(0.7):
        signature(sheet, (left + (right - left) * sheet.uniform(0.3, 0.6), min(bottom, y + 60)))


def glued_note(sheet: Sheet) -> None:
    """A typed sheet with a handwritten slip glued on it, or the other way round."""
    left, top, right, bottom = sheet.body
    sheet.machine.block(
        sheet.image, sheet.words, (left, top, right, top + sheet.uniform(80, 400)), sheet.rng, paragraph=(5, 25)
    )
    wide, high = (right - left) * sheet.uniform(0.5, 1), (bottom - top) * sheet.uniform(0.2, 0.5)
    x, y = left + sheet.uniform(0, right - left - wide), sheet.uniform(top + 250, bottom - high - 20)
    slip(sheet, (x, y, x + wide, y + high))
    sheet.hand_block((x + 20, y + 10, x + wide - 20, y + high - 15), sheet.uniform(10, 17))
    if sheet.chance(0.6):
        sheet.put("type", (left, min(bottom + 30, y + high + 120)), sheet.words.phrase(3, 7), 0, right - left)
    if sheet.chance(0.5):
        signature(sheet, (left + (right - left) * 0.5, min(bottom + 60, y + high + 90)))


def printed_with_notes(sheet: Sheet) -> None:
    """Print with much by hand: proofs, marked articles, filled circulars."""
    sheet.pick((printed_columns, printed_report, printed_labels))(sheet)
    corrections(sheet, sheet.integer(10, 30))
    left, top, right, bottom = sheet.body
    for _ in range(sheet.integer(1, 3)):
        y = sheet.uniform(top, bottom - 100)
        side = (
            (4, y, max(130, left - 5), y + 260)
            if sheet.chance(0.4)
            else (sheet.uniform(left, right - 400), y, right, y + sheet.uniform(60, 200))
        )
        note(sheet, side, sheet.uniform(12, 20))


def hand_with_type(sheet: Sheet) -> None:
    """A page by hand, with a printed head or typed lines and stamps."""
    left, top, right, bottom = sheet.body
    if sheet.chance(0.5):
        y = letterhead(sheet)
    else:
        y = sheet.machine.block(
            sheet.image, sheet.words, (left, top, right, top + sheet.uniform(60, 300)), sheet.rng, paragraph=(6, 25)
        )
    y = sheet.hand_block((left, y + 40, right, y + (bottom - y) * sheet.uniform(0.4, 0.95)), sheet.uniform(10, 18))
    if sheet.chance(0.6):
        round_stamp(sheet, (left + (right - left) * sheet.uniform(0.2, 0.8), min(bottom, y + 40)))
    signature(sheet, (left + (right - left) * sheet.uniform(0.4, 0.6), min(bottom, y + 70)))


def questionnaire(sheet: Sheet) -> None:
    """Printed or typed questions with answers by hand, not in boxes."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right, sheet.uniform(26, 42))
    asked = sheet.pick(("print", "print", "type"))
    number = 1
    while y < bottom - 90:
        y += sheet.uniform(34, 60)
        x = sheet.put(asked, (left, y), f"{number}. {sheet.words.phrase(2, 7)}:", 0, (right - left) * 0.8)
        lines = sheet.integer(0, 3)
        if sheet.chance(0.8):
            entry(sheet, (x + 12, y - 36, right, y + 6), "hand" if sheet.chance(0.75) else "type")
        if lines:
            y = sheet.hand_block((left + 30, y + 4, right, y + lines * 42), sheet.uniform(9, 14), 42)
        number += 1
    if sheet.chance(0.6):
        signature(sheet, (left + (right - left) * 0.55, bottom))


def postcard(sheet: Sheet) -> None:
    """A postcard or telegram on an empty page: printed words, address and message by hand, a postmark."""
    wide, high = sheet.width * sheet.uniform(0.6, 0.9), sheet.width * sheet.uniform(0.38, 0.55)
    x, y = sheet.uniform(0.04, 0.95 - wide / sheet.width) * sheet.width, sheet.uniform(0.05, 0.4) * sheet.height
    slip(sheet, (x, y, x + wide, y + high))
    sheet.put(
        "print",
        (x + wide * 0.35, y + 40),
        sheet.pick(("KORESPONDENČNÍ LÍSTEK", "Postkarte", "TELEGRAM", "CARTE POSTALE")),
        28,
        wide * 0.6,
        bold=True,
    )
    sheet.rule([(x + wide / 2, y + 60), (x + wide / 2, y + high - 20)], width=2)
    sheet.hand_block((x + 20, y + 60, x + wide / 2 - 15, y + high - 20), sheet.uniform(9, 13))
    for line in range(4):
        base = y + high * (0.45 + 0.13 * line)
        sheet.rule([(x + wide * 0.55, base), (x + wide - 30, base)], (120, 120, 120), 1)
        sheet.put("hand", (x + wide * 0.57, base - 5), sheet.words.person(), 13, wide * 0.38)
    round_stamp(sheet, (x + wide * 0.8, y + high * 0.2))


def with_sketch(sheet: Sheet) -> None:
    """Typed or printed text with something by hand and a small figure that does not fill the page."""
    sheet.pick((typed_letter, typed_note, hand_with_type))(sheet)
    small_sketch(sheet, 0.22)
    left, _, right, bottom = sheet.body
    note(sheet, (left, bottom - 150, right, bottom + 20))
    if sheet.chance(0.5):
        file_number(sheet)
