"""Pages of running print (TEXT_P): books, journals, newspapers, reports, letters, lists, slides of points.

    text_p(sheet)             # draws one of many kinds of page

`heading` and `columns` also set the print of other categories. What stays TEXT_P: a file number, a signature, some
underlines by hand. Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

import numpy as np

from drawing.marks import letterhead, office_marks, page_number, red_underlines, signature
from drawing.sheet import Sheet
from drawing.typeset import Box


def text_p(sheet: Sheet) -> None:
    """A printed page: book, journal, newspaper, report, list of references, leaflet, slide of points."""
    if sheet.document.kind == "slide":
        slide_points(sheet)
    else:
        old = sheet.document.kind == "old"
        kinds = {
            printed_columns: 5 if old else 3,
            printed_report: 2 if old else 6,
            printed_references: 1,
            printed_labels: 1.2,
            printed_title: 0.8,
            printed_spread: 0.8,
            newspaper: 1.5 if old else 0.3,
            printed_letter: 1 if old else 1.5,
            printed_list: 1,
            dot_matrix: 0.3 if old else 0.8,
        }
        sheet.pick(kinds)(sheet)
    if sheet.chance(0.5):
        page_number(sheet, "print")
    office_marks(sheet, 0.7)
    if sheet.chance(0.06):
        signature(sheet, (sheet.width * sheet.uniform(0.4, 0.7), sheet.height * sheet.uniform(0.82, 0.92)))
    if sheet.chance(0.06):
        red_underlines(sheet, sheet.integer(1, 6))


def heading(sheet: Sheet, left: float, y: float, right: float, size: float = 0, centred: bool | None = None) -> float:
    """A printed heading of one or two lines; the y below it."""
    size = size or sheet.press.size * sheet.uniform(1.1, 1.8)
    centred = sheet.chance(0.4) if centred is None else centred
    for _ in range(1 if sheet.chance(0.75) else 2):
        text = sheet.words.phrase(2, 6).capitalize()
        if sheet.chance(0.35):
            text = f"{sheet.integer(1, 12)}.{sheet.integer(1, 9)}. {text}"
        if sheet.chance(0.15):
            text = text.upper()
        y += size * 1.2
        face = sheet.press.face(sheet.press.head, size)
        x = max(left, (left + right - face.getlength(text)) / 2) if centred else left
        sheet.put("print", (x, y), text, size, right - x, bold=True, file=sheet.press.head)
    return y + size * 0.6


def columns(sheet: Sheet, box: Box, count: int, *, headings: float = 0.3, size: float = 0) -> None:
    """Running print in so many columns, with a heading here and there."""
    left, top, right, bottom = box
    gap = sheet.uniform(22, 46)
    wide = (right - left - gap * (count - 1)) / count
    rule = count > 1 and sheet.chance(0.25)
    for number in range(count):
        x = left + number * (wide + gap)
        y = top
        while y < bottom - 60:
            if sheet.chance(headings):
                y = heading(sheet, x, y, x + wide, (size or sheet.press.size) * sheet.uniform(1.0, 1.35))
            end = bottom if sheet.chance(0.5) else min(bottom, y + sheet.uniform(200, 900))
            after = sheet.press.block(sheet.image, sheet.words, (x, y, x + wide, end), sheet.rng, size=size)
            y = max(after, y + 40) + sheet.press.size * 0.7
        if rule and number:
            sheet.rule([(x - gap / 2, top), (x - gap / 2, bottom)], width=1)


def printed_columns(sheet: Sheet) -> None:
    """A page of a book or a journal."""
    left, top, right, bottom = sheet.body
    y = top
    if sheet.chance(0.5):  # running head
        sheet.put(
            "print",
            (left + (right - left) * sheet.uniform(0, 0.4), y),
            sheet.words.phrase(2, 5).upper(),
            15,
            right - left,
        )
        if sheet.chance(0.5):
            sheet.rule([(left, y + 8), (right, y + 8)], width=1)
        y += 30
    if sheet.chance(0.35):
        y = heading(sheet, left, y, right, sheet.uniform(26, 52)) + sheet.uniform(0, 60)
    if sheet.chance(0.12):
        bottom -= sheet.uniform(0.1, 0.6) * (bottom - y)
    foot = bottom
    if sheet.chance(0.25):
        foot = bottom - sheet.uniform(60, 260)
        sheet.rule([(left, foot + 12), (left + (right - left) * 0.3, foot + 12)], width=1)
        sheet.press.block(
            sheet.image, sheet.words, (left, foot + 18, right, bottom), sheet.rng, size=sheet.press.size * 0.78
        )
    columns(sheet, (left, y, right, foot), sheet.pick({1: 5, 2: 4, 3: 0.7}), headings=sheet.pick((0.0, 0.0, 0.15, 0.4)))


def printed_report(sheet: Sheet) -> None:
    """A page of a report or thesis from a computer: numbered headings, paragraphs, points."""
    left, top, right, bottom = sheet.body
    y = top
    end = bottom if sheet.chance(0.7) else top + (bottom - top) * sheet.uniform(0.2, 0.9)
    if sheet.chance(0.3):
        sheet.put("print", (left, sheet.height * 0.035 + 10), sheet.words.phrase(3, 7), 15, right - left)
        sheet.rule([(left, sheet.height * 0.04 + 14), (right, sheet.height * 0.04 + 14)], width=1)
    while y < end - 60:
        kind = sheet.pick({"text": 6, "head": 2, "points": 1})
        if kind == "head":
            y = heading(sheet, left, y + 10, right, centred=False)
        elif kind == "points":
            for number in range(sheet.integer(2, 7)):
                if y > end - 40:
                    break
                mark = sheet.pick(("•", "-", f"{number + 1}.", "a)"))
                y += sheet.press.size * 1.3
                sheet.put("print", (left + 30, y), mark)
                sheet.put("print", (left + 62, y), sheet.words.sentence(), 0, right - left - 70)
        else:
            stop = min(end, y + sheet.uniform(90, 500))
            y = max(
                y + 30,
                sheet.press.block(sheet.image, sheet.words, (left, y, right, stop), sheet.rng, bold=sheet.chance(0.05)),
            ) + sheet.press.size * sheet.uniform(0.2, 1)


def printed_references(sheet: Sheet) -> None:
    """A list of references, hanging."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right) if sheet.chance(0.6) else top
    hang = sheet.uniform(20, 110)
    small = sheet.press.size * sheet.uniform(0.8, 1)
    while y < bottom - 50:
        y += small * 1.3
        sheet.put(
            "print",
            (left, y),
            f"{sheet.words.person()} {sheet.integer(1890, 2010)}:"
            if sheet.chance(0.8)
            else sheet.words.person().upper(),
            small,
            right - left,
        )
        after = sheet.press.block(
            sheet.image,
            sheet.words,
            (left + hang, y, right, min(bottom, y + small * sheet.uniform(1.5, 5))),
            sheet.rng,
            size=small,
            paragraph=(8, 30),
        )
        y = max(after, y + 4) + small * 0.3


def printed_labels(sheet: Sheet) -> None:
    """A printed sheet of bold labels and short answers, without rules."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right, sheet.uniform(28, 54), centred=True)
    if sheet.chance(0.6):
        y = sheet.press.block(
            sheet.image, sheet.words, (left + 40, y, right - 40, y + 110), sheet.rng, bold=sheet.chance(0.4)
        )
    step = sheet.uniform(1.6, 3) * sheet.press.size
    while y < bottom - 40:
        y += step
        x = sheet.put("print", (left, y), sheet.words.head(0.7).upper() + ":", 0, right - left, bold=True)
        sheet.put("print", (x + 14, y), sheet.words.phrase(1, 6), 0, right - x - 14)
        for _ in range(sheet.pick((0, 0, 1, 2))):
            y += sheet.press.size * 1.3
            sheet.put("print", (left + sheet.pick((0, 120)), y), sheet.words.sentence(), 0, right - left - 120)
    if sheet.chance(0.5):
        heading(sheet, left, min(bottom, y + 20), right, sheet.uniform(24, 44), centred=True)


def printed_title(sheet: Sheet) -> None:
    """A printed title page or cover."""
    left, top, right, bottom = sheet.body
    y = top
    for _ in range(sheet.integer(2, 5)):
        y = heading(sheet, left, y + sheet.uniform(20, 180), right, sheet.uniform(22, 80), centred=True)
        if y > bottom - 200:
            break
    if sheet.chance(0.5):
        sheet.rule([(left + 200, y + 10), (right - 200, y + 10)], width=sheet.integer(1, 5))
    heading(sheet, left, bottom - sheet.uniform(40, 160), right, sheet.uniform(20, 30), centred=True)


def printed_spread(sheet: Sheet) -> None:
    """A book opened on the scanner: one page, and a strip of the next."""
    cut = sheet.width * sheet.uniform(0.06, 0.3)
    right_side = sheet.chance(0.5)
    _, top, _, bottom = sheet.body
    inner = (
        (cut + 40, top, sheet.width * 0.95, bottom)
        if not right_side
        else (sheet.width * 0.05, top, sheet.width - cut - 40, bottom)
    )
    strip = (
        (-sheet.uniform(150, 400), top, cut - 25, bottom)
        if not right_side
        else (sheet.width - cut + 25, top, sheet.width + 400, bottom)
    )
    columns(sheet, inner, sheet.pick((1, 1, 2)))
    columns(sheet, strip, 1)
    x = cut if not right_side else sheet.width - cut
    if sheet.chance(0.7):
        sheet.rule([(x, 0), (x + sheet.rng.normal(0, 6), sheet.height)], (90, 90, 92), sheet.integer(1, 6))


def newspaper(sheet: Sheet) -> None:
    """A newspaper page or cutting: narrow columns, large headings, rules."""
    left, top, right, bottom = (sheet.width * 0.03, sheet.height * 0.03, sheet.width * 0.97, sheet.height * 0.97)
    if sheet.chance(0.5):  # a cutting on an empty page
        left, right = left + sheet.uniform(0, 250), right - sheet.uniform(0, 300)
        bottom -= sheet.uniform(0, 0.5) * sheet.height
    y = heading(sheet, left, top, right, sheet.uniform(40, 80), centred=True)
    sheet.rule([(left, y), (right, y)], width=2)
    columns(sheet, (left, y + 20, right, bottom), sheet.integer(2, 5), headings=0.3, size=sheet.uniform(15, 20))


def printed_letter(sheet: Sheet) -> None:
    """A letter or circular from a computer's printer, its head of the same make."""
    left, top, right, bottom = sheet.body
    y = letterhead(sheet) if sheet.chance(0.6) else top
    for _ in range(sheet.integer(2, 5)):
        y += sheet.press.size * 1.35
        sheet.put(
            "print",
            (left if sheet.chance(0.7) else (left + right) / 2, y),
            sheet.words.person() + ", " + sheet.words.place(),
            0,
            right - left,
        )
    y = heading(sheet, left, y + 30, right, sheet.press.size * 1.05, centred=False)
    y = sheet.press.block(
        sheet.image, sheet.words, (left, y + 10, right, min(bottom, y + sheet.uniform(200, 1100))), sheet.rng
    )
    sheet.put("print", (left + (right - left) * 0.6, min(bottom, y + 70)), sheet.words.person(), 0, 300)


def printed_list(sheet: Sheet) -> None:
    """A list of contents with dots, or of short numbered items, still text."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right)
    dots = sheet.chance(0.6)
    while y < bottom - 30:
        y += sheet.press.size * sheet.uniform(1.25, 1.7)
        x = sheet.put(
            "print",
            (left + sheet.pick((0, 0, 30, 60)), y),
            f"{sheet.integer(1, 9)}.{sheet.integer(1, 9)} {sheet.words.phrase(2, 7)}",
            0,
            (right - left) * 0.85,
        )
        if dots:
            sheet.put("print", (x + 6, y), "." * 300, 0, right - x - 60)
            sheet.put("print", (right - 40, y), str(sheet.integer(1, 300)), 0, 60)


def dot_matrix(sheet: Sheet) -> None:
    """Running text of a needle printer."""
    left, top, right, bottom = sheet.body
    press = sheet.press
    file = sheet.pick(sheet.document.kit.fonts.printer)
    tone = sheet.integer(30, 120)
    press.block(
        sheet.image,
        sheet.words,
        (left, top, right, bottom),
        sheet.rng,
        file=file,
        size=sheet.uniform(18, 26),
        justify=sheet.chance(0.3),
        ink=(tone, tone, tone),
    )


def slide_points(sheet: Sheet) -> None:
    """A slide: a heading and some points in large letters, on white or a tint."""
    left, top, right, bottom = (sheet.width * 0.06, sheet.height * 0.06, sheet.width * 0.95, sheet.height * 0.92)
    slide_ground(sheet)
    y = heading(sheet, left, top, right, sheet.uniform(48, 84), centred=sheet.chance(0.5)) + 30
    size = sheet.uniform(28, 50)
    while y < bottom - size * 1.3:
        y += size * sheet.uniform(1.25, 1.8)
        indent = sheet.pick((0, 0, 60))
        sheet.put(
            "print",
            (left + indent, y),
            sheet.pick(("• ", "– ", "", "■ ")) + sheet.words.sentence(3, 9),
            size - indent / 12,
            right - left - indent,
        )
        if sheet.chance(0.12):
            break


def slide_ground(sheet: Sheet) -> None:
    """The bars and tints of a slide's design, the same on all slides of the document."""

    def make(rng: np.random.Generator) -> tuple[str, tuple[int, int, int]]:
        return str(rng.choice(["plain", "top", "left", "foot", "tint"])), tuple(
            int(v) for v in rng.integers(60, 240, 3)
        )

    kind, colour = sheet.document.shared("slide ground", make)
    w, h = sheet.width, sheet.height
    pale = tuple(int(255 - (255 - v) * 0.18) for v in colour)
    box = {
        "top": (0, 0, w, h * 0.13),
        "left": (0, 0, w * 0.04, h),
        "foot": (0, h * 0.95, w, h),
        "tint": (0, 0, w, h),
    }.get(kind)
    if box:
        sheet.draw.rectangle(box, fill=pale if kind in ("tint", "top") else colour)
