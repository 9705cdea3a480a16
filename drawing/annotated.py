"""Print on which people have written (TEXT), as it comes from elsewhere than excavation archives.

    annotated(sheet)          # draws one of many kinds of page

Articles, theses, slides and newspapers with notes, signed contracts and certificates, stamped covers, examinations
answered by hand, pages half printed and half written, notes stuck on. A signature alone would leave
a page TEXT_P. Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from drawing import books, newspapers, papers, printed, reports
from drawing.marks import letterhead, note, registered, round_stamp, signature, word_stamp
from drawing.printed import heading
from drawing.sheet import Sheet
from drawing.slide_design import Design
from drawing.slides import A4, handout
from drawing.typeset import Colour

MARKERS: dict[Colour, float] = {(255, 244, 120): 5, (190, 250, 160): 2, (255, 190, 210): 1.5, (170, 220, 255): 1}
PENS: dict[Colour, float] = {
    (30, 50, 150): 5,
    (190, 40, 50): 3,
    (40, 40, 44): 3,
    (40, 120, 70): 0.8,
    (100, 100, 104): 3,
}


def annotated(sheet: Sheet) -> None:
    """Print and writing that meet on one page."""
    old = sheet.document.kind == "old"
    sheet.pick(
        {
            notes_on_print: 4,
            signed: 3,
            certificate: 1.4,
            examination: 1.8,
            half_and_half: 2,
            stuck_on: 1.4,
            stamped_cover: 1.6,
            glossed_slides: 0 if old else 1.2,
            labelled_by_hand: 1,
        }
    )(sheet)


def _printed(sheet: Sheet) -> None:
    """Any page of print, to write on."""
    old = sheet.document.kind == "old"
    sheet.pick(
        {
            printed.printed_columns: 2,
            printed.printed_report: 2,
            papers.first_page: 0.6 if old else 2,
            papers.bibliography: 0.6,
            papers.contents: 0.6,
            papers.formulas: 0.2 if old else 1,
            papers.code_listing: 0 if old else 0.7,
            reports.boxed_report: 0.2 if old else 1,
            newspapers.gazette: 1,
            books.chapter: 1.2 if old else 0.5,
            newspapers.web_page: 0 if old else 1,
        }
    )(sheet)


def notes_on_print(sheet: Sheet) -> None:
    """Underlined, marked and ringed words, remarks in the margins and between the lines, arrows."""
    _printed(sheet)
    left, top, right, bottom = sheet.body
    sheet.pen = sheet.pick(PENS)
    if sheet.chance(0.35):
        _marker(sheet, sheet.integer(3, 14))
    for _ in range(sheet.integer(3, 16)):
        x, y, wide = sheet.uniform(left, right - 120), sheet.uniform(top, bottom), sheet.uniform(60, 320)
        kind = sheet.pick({"under": 4, "side": 2, "ring": 2, "through": 1, "tick": 1.5})
        if kind == "under":
            sheet.rule(
                [(x, y), (min(right, x + wide), y + sheet.rng.normal(0, 3))],
                sheet.pen,
                sheet.integer(2, 4),
                by_hand=True,
            )
        elif kind == "side":
            sheet.rule([(left - 14, y), (left - 14, min(bottom, y + wide))], sheet.pen, 3, by_hand=True)
        elif kind == "ring":
            sheet.draw.ellipse((x, y - 22, x + wide * 0.6, y + 14), outline=sheet.pen, width=3)
        elif kind == "through":
            sheet.rule([(x, y), (x + wide, y)], sheet.pen, 3, by_hand=True)
        else:
            sheet.draw.line([(right + 8, y), (right + 18, y + 14), (right + 40, y - 24)], sheet.pen, 4)
    for _ in range(sheet.integer(2, 7)):
        y = sheet.uniform(top, bottom - 80)
        size = sheet.uniform(9, 17)
        where = sheet.pick({"left": 2, "right": 3, "over": 2, "foot": 1})
        if where == "left":
            note(sheet, (6, y, max(120, left - 6), y + sheet.uniform(60, 260)), size)
        elif where == "right":
            note(sheet, (min(right - 60, sheet.width - 170), y, sheet.width - 6, y + sheet.uniform(60, 260)), size)
        elif where == "over":
            sheet.put("hand", (sheet.uniform(left, right - 300), y), sheet.words.phrase(1, 4), size, 300)
        else:
            note(sheet, (left, bottom - 20, right, min(sheet.height - 10, bottom + 120)), size)


def signed(sheet: Sheet) -> None:
    """A contract, minutes, a decision, a declaration: print, dates and names filled in, signatures, stamps."""
    left, top, right, bottom = sheet.body
    y = letterhead(sheet) if sheet.chance(0.5) else heading(sheet, left, top, right, sheet.uniform(28, 44))
    end = top + (bottom - top) * sheet.uniform(0.45, 0.78)
    while y < end - 60:
        if sheet.chance(0.35):  # a line with a blank that was filled in
            y += sheet.press.size * 1.7
            x = sheet.put("print", (left, y), sheet.words.phrase(1, 4).capitalize() + ":", 0, 400)
            text = sheet.pick((sheet.words.person(), sheet.words.date(sheet.document.year), sheet.words.phrase(2, 5)))
            sheet.put("hand", (x + 16, y), text, sheet.uniform(11, 17), right - x - 20)
            if sheet.chance(0.6):
                dots = "." * int((right - x - 20) / (sheet.press.size * 0.3))
                sheet.put("print", (x + 12, y + 4), dots, 0, right - x - 14)
        else:
            stop = min(end, y + sheet.uniform(90, 320))
            y = sheet.press.block(sheet.image, sheet.words, (left, y, right, stop), sheet.rng) + sheet.press.size
    for number in range(sheet.integer(1, 4)):
        x = left + (right - left) * (0.05 + 0.5 * (number % 2))
        at = min(sheet.height - 60, end + 90 + 120 * (number // 2))
        if sheet.chance(0.7):
            sheet.rule([(x, at + 6), (x + 320, at + 6)], (60, 60, 64), 1)
            sheet.put("print", (x + 40, at + 32), sheet.words.person(), sheet.press.size * 0.8, 300)
        signature(sheet, (x + sheet.uniform(0, 80), at), sheet.uniform(24, 48))
    if sheet.chance(0.8):
        round_stamp(sheet, (sheet.uniform(left, right), min(sheet.height - 90, end + 110)))
    if sheet.chance(0.4):
        registered(sheet)
    for _ in range(sheet.integer(1, 3)):
        x, y = sheet.uniform(left, right - 320), sheet.uniform(0.02, 0.1) * sheet.height
        note(sheet, (x, y, x + 320, y + sheet.uniform(40, 110)), sheet.uniform(11, 19))


def certificate(sheet: Sheet) -> None:
    """A diploma, a certificate of baptism, a licence: large print, names and dates by hand on its lines, a seal."""
    left, top, right, bottom = sheet.body
    if sheet.chance(0.5):
        for inset in (20, 30, 36)[: sheet.integer(1, 3)]:
            sheet.draw.rectangle(
                (inset, inset, sheet.width - inset, sheet.height - inset), outline=sheet.press.ink, width=2
            )
    y = heading(sheet, left, top + 40, right, sheet.uniform(44, 80), centred=True)
    step = sheet.uniform(64, 110)
    while y < bottom - 240:
        y += step
        x = left
        for _ in range(sheet.integer(1, 2)):
            x = sheet.put("print", (x, y), sheet.words.phrase(1, 4), 24, right - x) + 12
            if x > right - 200:
                break
            end = min(right, x + sheet.uniform(220, 620))
            sheet.put("hand", (x + 10, y), sheet.words.phrase(1, 4).capitalize(), sheet.uniform(14, 22), end - x)
            if sheet.chance(0.6):
                sheet.rule([(x, y + 6), (end, y + 6)], (90, 90, 94), 1)
            x = end + 14
    signature(sheet, (left + (right - left) * sheet.uniform(0.4, 0.65), bottom - 60), 40)
    round_stamp(sheet, (left + (right - left) * sheet.uniform(0.15, 0.4), bottom - 90))


def examination(sheet: Sheet) -> None:
    """Printed questions, answered by hand below or beside; marks in red, a name above."""
    left, y, right, bottom = sheet.body
    sheet.put("print", (left, y), sheet.words.phrase(2, 5).capitalize(), 26, right - left, bold=True)
    sheet.put("hand", (right - 420, y + 6), sheet.words.person(), 17, 400)
    y += 40
    size, number = sheet.press.size, 1
    while y < bottom - 120:
        y = (
            sheet.press.block(
                sheet.image, sheet.words, (left, y, right, y + size * sheet.integer(2, 4)), sheet.rng, paragraph=(8, 26)
            )
            + size
        )
        sheet.put("print", (left - 34, y - size * 2), f"{number}.", size, 30, bold=True)
        stop = min(bottom, y + sheet.uniform(60, 330))
        kind = sheet.pick({"lines": 5, "choice": 2, "sums": 1.5})
        if kind == "choice":
            for letter in "abcd"[: sheet.integer(2, 4)]:
                y += size * 1.5
                sheet.put("print", (left + 30, y), f"{letter}) {sheet.words.phrase(1, 5)}", size, right - left - 40)
                if sheet.chance(0.3):
                    sheet.draw.ellipse((left + 20, y - size, left + 54, y + 8), outline=sheet.pen, width=3)
        elif kind == "sums":
            for _ in range(sheet.integer(1, 4)):
                y += 46
                text = f"{sheet.words.number(3)} · {sheet.words.number(2)} = {sheet.words.measure()}"
                sheet.put("hand", (left + 60, y), text, 15, right - left - 80)
        else:
            y = sheet.hand_block((left + 20, y, right - sheet.uniform(0, 200), stop), sheet.uniform(10, 15), 42)
        if sheet.chance(0.6):
            sheet.put("hand", (right + 6, y), sheet.pick(("2", "5", "1/2", "+", "OK")), 22, 90, ink=(196, 40, 50))
        y += sheet.uniform(20, 60)
        number += 1


def half_and_half(sheet: Sheet) -> None:
    """One half printed, the other written: below, beside, on the back of a leaflet's fold."""
    left, top, right, bottom = sheet.body
    share = sheet.uniform(0.25, 0.65)
    if sheet.chance(0.35):
        cut = left + (right - left) * share
        sheet.press.block(sheet.image, sheet.words, (left, top, cut - 20, bottom), sheet.rng)
        area = (cut + 20, top, right, bottom)
    else:
        cut = top + (bottom - top) * share
        y = heading(sheet, left, top, right) if sheet.chance(0.6) else top
        sheet.press.block(sheet.image, sheet.words, (left, y, right, cut), sheet.rng)
        area = (left, cut + 30, right, bottom)
    sheet.hand_block(
        (area[0], area[1], area[2], area[1] + (area[3] - area[1]) * sheet.uniform(0.5, 1)), sheet.uniform(10, 17)
    )
    if sheet.chance(0.4):
        signature(sheet, (area[0] + 120, min(sheet.height - 30, bottom + 20)))


def stuck_on(sheet: Sheet) -> None:
    """A printed page with one to three coloured notes stuck on it, or a slip held by a clip, written by hand."""
    _printed(sheet)
    for _ in range(sheet.integer(1, 3)):
        wide, high = sheet.integer(200, 420), sheet.integer(180, 400)
        tone = sheet.pick(((255, 242, 130), (255, 206, 220), (190, 240, 190), (250, 250, 246), (200, 226, 250)))
        piece = Sheet.__new__(Sheet)
        piece.__dict__.update(sheet.__dict__)
        piece.image, piece.width, piece.height = Image.new("RGB", (wide, high), tone), wide, high
        piece.pen = sheet.pick(PENS)
        piece.hand_block((14, 12, wide - 12, high - 12), sheet.uniform(11, 18))
        turned = piece.image.convert("RGBA").rotate(
            float(sheet.rng.normal(0, 4)), Image.Resampling.BILINEAR, expand=True
        )
        at = (
            int(sheet.uniform(0.02, 0.95 - wide / sheet.width) * sheet.width),
            int(sheet.uniform(0.02, 0.75) * sheet.height),
        )
        sheet.image.paste(turned, at, turned)


def stamped_cover(sheet: Sheet) -> None:
    """A title page with a library's stamps, shelf marks, a dedication or an owner's name by hand, a label."""
    sheet.pick((papers.thesis_title, lambda s: reports.cover(s, "TEXT_P"), printed.printed_title))(sheet)
    w, h = sheet.width, sheet.height
    for _ in range(sheet.integer(1, 3)):
        round_stamp(sheet, (w * sheet.uniform(0.15, 0.85), h * sheet.uniform(0.1, 0.9)))
    if sheet.chance(0.6):
        registered(sheet)
    if sheet.chance(0.5):
        word_stamp(sheet, (w * sheet.uniform(0.1, 0.7), h * sheet.uniform(0.05, 0.9)))
    sheet.put(
        "hand",
        (w * sheet.uniform(0.1, 0.7), h * sheet.uniform(0.04, 0.1)),
        sheet.words.code(sheet.document.year),
        sheet.uniform(14, 30),
        400,
    )
    y = h * sheet.uniform(0.55, 0.85)
    x = w * sheet.uniform(0.1, 0.4)
    sheet.hand_block((x, y, min(w - 20, x + w * 0.5), y + sheet.uniform(90, 240)), sheet.uniform(13, 24))
    signature(sheet, (x + 160, min(h - 30, y + 250)), 34)


def glossed_slides(sheet: Sheet) -> None:
    """A hand-out of slides with a listener's notes beside and over them."""
    sheet.width, sheet.height = 1600, 1200
    design = sheet.document.shared("slide design", lambda rng: Design.choose(rng, sheet))
    handout(sheet, design, "TEXT_P")
    sheet.pen = sheet.pick(PENS)
    w, h = A4
    for _ in range(sheet.integer(4, 10)):
        x, y = sheet.uniform(0.04, 0.6) * w, sheet.uniform(0.05, 0.9) * h
        note(sheet, (x, y, min(w - 20, x + w * 0.35), y + sheet.uniform(50, 170)), sheet.uniform(11, 17))


def labelled_by_hand(sheet: Sheet) -> None:
    """Printed labels, cards or short texts on a sheet, each with words by hand."""
    left, y, right, bottom = sheet.body
    while y < bottom - 150:
        high = sheet.uniform(110, 260)
        y = sheet.press.block(
            sheet.image,
            sheet.words,
            (left, y, right - sheet.uniform(0, 400), min(bottom, y + high * 0.5)),
            sheet.rng,
            paragraph=(10, 40),
        )
        y = (
            sheet.hand_block(
                (left + sheet.uniform(0, 120), y + 10, right, min(bottom, y + high * 0.6)), sheet.uniform(11, 18)
            )
            + 36
        )


def _marker(sheet: Sheet, count: int) -> None:
    """Lines drawn with a light marker: what is below shines through."""
    left, top, right, bottom = sheet.body
    layer = Image.new("RGB", sheet.image.size, "white")
    pen, tone = ImageDraw.Draw(layer), sheet.pick(MARKERS)
    for _ in range(count):
        x, y = sheet.uniform(left, right - 150), sheet.uniform(top, bottom)
        for line in range(sheet.integer(1, 3)):
            at = y + line * sheet.press.size * sheet.document.press.leading
            bend = 4 * math.sin(line)
            pen.line(
                [(x if line == 0 else left, at), (float(np.clip(x + sheet.uniform(100, 600), 0, right)), at + bend)],
                tone,
                22,
            )
    sheet.image = ImageChops.multiply(sheet.image, layer)
