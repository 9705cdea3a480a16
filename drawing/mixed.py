"""Pages where writings meet (TEXT): letterheads with typing, notes by hand, cuttings, questionnaires, postcards.

    text(sheet)               # draws one of many kinds of page

A printed letterhead, stamps with entries or long notes by hand make a page TEXT that would be TEXT_T without them.
Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from drawing.correspondence import circular, envelope, invoice, postcard, telegram
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
from drawing.typed import corrections, retyped, typed_letter, typed_note, typed_report


def text(sheet: Sheet) -> None:
    """A page where writings meet: letterheads, stamps and signatures, notes by hand, cuttings, questionnaires."""
    retyped(sheet, old=0.3, copies=0.12)
    sheet.pick(
        {
            office_letter: 5,
            typed_with_notes: 3,
            clippings: 1.5,
            report_form: 2.5,
            glued_note: 1.6,
            printed_with_notes: 1.8,
            hand_with_type: 1.2,
            questionnaire: 1.6,
            boxed_report: 2,
            wide_margin: 1.6,
            orders: 1.8,
            cutting_on_typing: 1.2,
            circular: 1.2,
            invoice: 1,
            envelope: 0.7,
            postcard: 0.7,
            telegram: 0.8,
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
        cutting(sheet, (x, y), wide, high)
    for _ in range(sheet.integer(1, 3)):
        x, y = sheet.uniform(0.05, 0.55) * sheet.width, sheet.uniform(0.02, 0.85) * sheet.height
        note(sheet, (x, y, x + sheet.width * 0.4, y + sheet.uniform(50, 160)), sheet.uniform(12, 24))
    if sheet.chance(0.5):
        word_stamp(sheet, (sheet.uniform(0.1, 0.7) * sheet.width, sheet.uniform(0.05, 0.8) * sheet.height))


def cutting(sheet: Sheet, at: tuple[float, float], wide: int, high: int) -> None:
    """One newspaper cutting glued on, a little askew."""
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
    sheet.image.paste(turned, (int(at[0]), int(at[1])), turned)


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


def cutting_on_typing(sheet: Sheet) -> None:
    """A cutting glued into a typed sheet, the paper's name and date typed or by hand beside it."""
    left, top, right, bottom = sheet.body
    share = sheet.uniform(0.1, 0.45)
    y = sheet.machine.block(
        sheet.image, sheet.words, (left, top, right, top + (bottom - top) * share), sheet.rng, paragraph=(8, 50)
    )
    wide, high = int((right - left) * sheet.uniform(0.35, 0.9)), int((bottom - y) * sheet.uniform(0.4, 0.85))
    if high < 120:
        return
    x = left + sheet.uniform(0, 1) * (right - left - wide)
    cutting(sheet, (x, y + 40), wide, high)
    if sheet.chance(0.6):
        how = sheet.pick(("hand", "type", "hand"))
        text = f"{sheet.words.phrase(1, 3).capitalize()} {sheet.words.date(sheet.document.year)}"
        sheet.put(how, (x, min(sheet.height - 30, y + high + 90)), text, sheet.uniform(13, 20), 600)
    if sheet.chance(0.5):
        note(sheet, (left * 0.2, y, max(130, left - 8), y + sheet.uniform(100, 400)))


def wide_margin(sheet: Sheet) -> None:
    """A page with half of it or a broad margin left free, where others wrote their remarks and orders by hand."""
    left, top, right, bottom = sheet.body
    cut = left + (right - left) * sheet.uniform(0.3, 0.5)
    body, margin = ((cut, top, right, bottom), (left * 0.4, top, cut - 30, bottom))
    if sheet.chance(0.3):
        body, margin = (left, top, right - cut + left, bottom), (right - cut + left + 30, top, sheet.width - 20, bottom)
    if sheet.chance(0.6):
        y = letterhead(sheet)
        body = (body[0], y + 20, *body[2:])
    if sheet.chance(0.75):
        sheet.machine.block(sheet.image, sheet.words, body, sheet.rng)
    else:
        sheet.press.block(sheet.image, sheet.words, body, sheet.rng)
    y = body[1] + sheet.uniform(0, 0.3) * (bottom - body[1])
    sheet.hand = sheet.pick(sheet.document.hands)
    for _ in range(sheet.integer(1, 5)):
        end = min(bottom, y + sheet.uniform(80, 420))
        if end - y < 60:
            break
        y = sheet.hand_block((margin[0], y, margin[2], end), sheet.uniform(10, 18)) + sheet.uniform(20, 160)
        if sheet.chance(0.4):
            signature(sheet, (margin[0] + sheet.uniform(0, 100), min(bottom, y)), sheet.uniform(16, 26))
            y += 60
    if sheet.chance(0.5):
        round_stamp(sheet, (sheet.uniform(body[0], body[2]), bottom - 60))


def orders(sheet: Sheet) -> None:
    """A typed page that went through an office: stamps with entries, orders in large hands, initials."""
    sheet.pick((typed_letter, typed_note, typed_report))(sheet)
    left, top, right, bottom = sheet.body
    for _ in range(sheet.integer(2, 4)):
        sheet.hand = sheet.pick(sheet.document.hands)
        x, y = left + (right - left) * sheet.uniform(-0.05, 0.5), sheet.uniform(top, bottom - 60)
        if sheet.chance(0.6):
            y = bottom - sheet.uniform(0, 0.3) * (bottom - top)
        note(
            sheet,
            (x, y, x + (right - left) * sheet.uniform(0.3, 0.6), y + sheet.uniform(70, 260)),
            sheet.uniform(14, 28),
        )
        if sheet.chance(0.6):
            signature(sheet, (x + 200, min(sheet.height - 30, y + 160)), sheet.uniform(24, 48))
    registered(sheet)
    if sheet.chance(0.5):
        round_stamp(sheet, (sheet.uniform(left, right), sheet.uniform(0.6, 0.95) * bottom))
    for _ in range(sheet.integer(0, 2)):
        word_stamp(sheet, (sheet.uniform(left, right - 200), sheet.uniform(top, bottom)))


def boxed_report(sheet: Sheet) -> None:
    """A report form: some boxes, then headings in print, each with paragraphs by hand or typed below it, signed."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right, sheet.uniform(26, 44))

    def make(rng: np.random.Generator) -> tuple[Form, list[str], bool]:
        shape = Form.choose(rng, sheet, rows=int(rng.integers(2, 6)), style=str(rng.choice(["boxes", "lines", "dots"])))
        return shape, [sheet.words.head(0.9) for _ in range(6)], bool(rng.random() < 0.5)

    shape, labels, framed = sheet.document.shared("boxed report", make)
    fill = sheet.pick({"hand": 5, "type": 3})
    y = form(sheet, (left, y, right, y + (bottom - y) * sheet.uniform(0.12, 0.3)), fill, shape, title=False) + 16
    parts = sheet.integer(2, 5)
    each = (bottom - 40 - y) / parts
    for label in labels[:parts]:
        tall = each * sheet.uniform(0.75, 1.1)
        if y + 90 > bottom:
            break
        if framed:
            sheet.draw.rectangle((left, y, right, min(bottom, y + tall)), outline=shape.colour, width=2)
        sheet.put("print", (left + 8, y + 24), label, 19, right - left, bold=True, file=sheet.press.small)
        start = y + 34
        if sheet.chance(0.3):
            box = (left + 8, y + 30, right - 8, y + 80)
            start = sheet.press.block(sheet.image, sheet.words, box, sheet.rng, size=15) + 8
        area = (left + 16, start, right - 12, min(bottom, y + tall * sheet.uniform(0.6, 1.0)) - 8)
        if sheet.chance(0.85) and area[3] - area[1] > 40:
            if fill == "hand" or sheet.chance(0.25):
                sheet.hand_block(area, sheet.uniform(9, 15))
            else:
                sheet.machine.block(sheet.image, sheet.words, area, sheet.rng)
        y += tall + 8
    if sheet.chance(0.6):
        round_stamp(sheet, (left + (right - left) * sheet.uniform(0.2, 0.8), bottom))
    signature(sheet, (left + (right - left) * sheet.uniform(0.3, 0.7), min(sheet.height - 30, bottom + 20)))


def with_sketch(sheet: Sheet) -> None:
    """Typed or printed text with something by hand and a small figure that does not fill the page."""
    sheet.pick((typed_letter, typed_note, hand_with_type))(sheet)
    small_sketch(sheet, 0.22)
    left, _, right, bottom = sheet.body
    note(sheet, (left, bottom - 150, right, bottom + 20))
    if sheet.chance(0.5):
        file_number(sheet)
