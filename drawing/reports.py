"""Pages of modern reports: covers, boxes, photographs in columns, photographic records.

    photo_record(sheet)               # PHOTO_L: a ruled head, photographs with fields beside or below

Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

import itertools

import numpy as np

from drawing.office_tables import office_table
from drawing.papers import LABELS, long_caption, picture, running_head
from drawing.placing import photograph
from drawing.printed import columns, heading
from drawing.sheet import Sheet
from drawing.slide_design import listed_plain
from drawing.typeset import Colour


def accent(sheet: Sheet) -> Colour:
    """The colour of the document's design; grey in some."""

    def make(rng: np.random.Generator) -> Colour:
        grey = int(rng.integers(40, 200))
        return (grey, grey, grey) if rng.random() < 0.25 else tuple(int(v) for v in rng.integers(10, 205, 3))

    return sheet.document.shared("report accent", make)


def pale(colour: Colour, share: float = 0.18) -> Colour:
    """The colour thinned with white."""
    return tuple(int(255 - (255 - v) * share) for v in colour)


def on(colour: Colour) -> Colour:
    """Letters that can be read on that colour."""
    return (255, 255, 255) if sum(colour) < 430 else (15, 15, 18)


# -- text


def cover(sheet: Sheet, label: str) -> None:
    """The cover of a report: bars or blocks of colour, a large title; with a picture it is PHOTO or DRAW."""
    w, h = sheet.width, sheet.height
    tone = accent(sheet)
    pen = sheet.draw
    kind = sheet.pick(("bar", "block", "side", "plain", "foot"))
    top, ink = 0.12 * h, sheet.press.ink
    if kind == "bar":
        pen.rectangle((0, 0.06 * h, w, 0.1 * h), fill=tone)
    elif kind == "side":
        pen.rectangle((0, 0, 0.09 * w, h), fill=tone)
    elif kind == "block":
        pen.rectangle((0, 0.1 * h, w, 0.36 * h), fill=tone)
        ink = on(tone)
    elif kind == "foot":
        pen.rectangle((0, 0.86 * h, w, h), fill=tone)
    left, y = w * sheet.uniform(0.11, 0.2), top + 30
    for _ in range(sheet.integer(1, 3)):
        size = sheet.uniform(40, 74)
        y += size * 1.15
        if y > 0.35 * h:
            break
        text = sheet.words.phrase(2, 4).capitalize()
        sheet.put("print", (left, y), text, size, w * 0.95 - left, bold=True, file=sheet.press.head, ink=ink)
    if label != "TEXT_P":
        inset = sheet.pick((0.0, 0.1, 0.15)) * w
        low = 0.4 * h
        picture(sheet, label, (inset, low, w - inset, low + h * sheet.uniform(0.28, 0.44)))
    elif sheet.chance(0.4):
        sheet.press.block(sheet.image, sheet.words, (left, 0.45 * h, 0.85 * w, h * sheet.uniform(0.5, 0.7)), sheet.rng)
    for number in range(sheet.integer(1, 4)):
        words = sheet.pick(
            (sheet.words.person(), sheet.words.place(), sheet.words.date(sheet.document.year), sheet.words.title())
        )
        low_ink = on(tone) if kind == "foot" else sheet.press.ink
        sheet.put("print", (left, 0.885 * h + number * 30), words, 22, 0.8 * w, ink=low_ink)


def boxed_report(sheet: Sheet, label: str = "TEXT_P") -> None:
    """Numbered headings in colour, paragraphs, points, a box with remarks; one or two columns; perhaps pictures."""
    running_head(sheet)
    left, top, right, bottom = sheet.body
    tone = accent(sheet)
    if sheet.chance(0.3):
        sheet.draw.rectangle((0, 0, sheet.width, max(16, top - 70)), fill=tone)
    count = sheet.pick((1, 1, 2))
    gap = 36
    wide = (right - left - gap * (count - 1)) / count
    pictures = 0
    for column in range(count):
        x, y = left + column * (wide + gap), top
        while y < bottom - 70:
            kind = sheet.pick(
                {"text": 6, "head": 2, "points": 1.2, "box": 1.0, "picture": 0 if label == "TEXT_P" else 2}
            )
            if label != "TEXT_P" and not pictures and y > top + (bottom - top) * 0.25:
                kind = "picture"
            if kind == "head":
                size = sheet.press.size * sheet.uniform(1.05, 1.6)
                y += size * 1.6
                text = f"{sheet.integer(1, 9)}.{sheet.integer(1, 9)} {sheet.words.phrase(1, 5).capitalize()}"
                ink = tone if sum(tone) < 480 else sheet.press.ink
                sheet.put("print", (x, y), text, size, wide, bold=True, file=sheet.press.head, ink=ink)
                y += size * 0.5
            elif kind == "points":
                y = listed_plain(sheet, (x + 20, y, x + wide, min(bottom, y + sheet.uniform(100, 300)))) + 14
            elif kind == "box" and bottom - y > 160:
                high = min(bottom - y - 10, sheet.uniform(110, 320))
                fill = pale(tone) if sheet.chance(0.7) else None
                sheet.draw.rectangle(
                    (x, y + 10, x + wide, y + high), fill=fill, outline=tone, width=sheet.integer(1, 3)
                )
                sheet.put(
                    "print",
                    (x + 16, y + 44),
                    sheet.words.phrase(1, 4).capitalize(),
                    sheet.press.size,
                    wide - 32,
                    bold=True,
                )
                sheet.press.block(sheet.image, sheet.words, (x + 16, y + 54, x + wide - 16, y + high - 8), sheet.rng)
                y += high + 16
            elif kind == "picture" and bottom - y > 240:
                high = min(bottom - y - 110, wide * sheet.uniform(0.45, 0.8))
                picture(sheet, label, (x, y + 8, x + wide, y + high))
                y = long_caption(sheet, x, y + high, wide) + 8
                pictures += 1
            else:
                end = min(bottom, y + sheet.uniform(90, 420))
                y = max(y + 40, sheet.press.block(sheet.image, sheet.words, (x, y, x + wide, end), sheet.rng) + 14)
    if label != "TEXT_P" and not pictures:
        high = (bottom - top) * 0.28
        sheet.draw.rectangle((left, bottom - high - 60, right, bottom + 20), fill=(255, 255, 255))
        picture(sheet, label, (left, bottom - high - 50, right, bottom - 60))
        long_caption(sheet, left, bottom - 60, right - left)


def questions(sheet: Sheet) -> None:
    """A questionnaire, a test or minutes: numbered items with lines of text, boxes to tick or dots to fill."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right)
    ticks, number = sheet.chance(0.5), 1
    while y < bottom - 90:
        y += sheet.press.size * 1.7
        sheet.put("print", (left, y), f"{number}.", 0, 60, bold=True)
        sheet.put("print", (left + 46, y), sheet.words.sentence(5, 12), 0, right - left - 46, bold=sheet.chance(0.4))
        for _ in range(sheet.integer(1, 5)):
            y += sheet.press.size * 1.4
            if y > bottom:
                break
            if ticks:
                sheet.draw.rectangle((left + 50, y - 15, left + 65, y), outline=sheet.press.ink, width=2)
            sheet.put("print", (left + 80, y), sheet.words.phrase(1, 7), 0, right - left - 80)
        number += 1


# -- photographs


def photo_columns(sheet: Sheet) -> None:
    """Photographs in one to three columns, numbered captions below each: the plates at the end of a report."""
    running_head(sheet)
    left, top, right, bottom = sheet.body
    y0 = heading(sheet, left, top, right) if sheet.chance(0.3) else top
    across, down = sheet.pick({(2, 3): 4, (2, 4): 3, (1, 2): 4, (2, 2): 2, (1, 3): 2, (3, 4): 1, (3, 5): 0.5})
    step, tall = (right - left) / across, (bottom - y0) / down
    long = sheet.chance(0.4)
    frame = sheet.chance(0.25)
    ratio = sheet.pick((1.33, 1.33, 1.5, 1.78, 0.75))
    last = across * down - (sheet.integer(0, across * down // 2) if sheet.chance(0.3) else 0)
    number = sheet.integer(1, 40)
    name = sheet.pick((*LABELS, "Foto", "Photo", "Bild"))
    for index in range(last):
        x, y = left + step * (index % across), y0 + tall * (index // across)
        wide = min(step - 16, (tall - (90 if long else 52)) * ratio)
        high = wide / ratio
        inset = (step - 16 - wide) / 2
        sheet.image.paste(photograph(sheet, int(wide), int(high)), (int(x + inset), int(y)))
        if frame:
            sheet.draw.rectangle((x + inset, y, x + inset + wide, y + high), outline=(20, 20, 20), width=2)
        if long:
            long_caption(sheet, x + 4, y + high, step - 24)
        else:
            text = f"{name} {number + index}: {sheet.words.phrase(2, 6)}"
            sheet.put("print", (x + inset, y + high + 26), text, 17, step - 20, bold=sheet.chance(0.1))


def photo_record(sheet: Sheet) -> None:
    """A photographic record (PHOTO_L): a ruled head with the project, then photographs with fields beside or below."""
    left, top, right, bottom = sheet.body
    ink = sheet.press.ink
    tone = accent(sheet)
    rows = sheet.integer(1, 4)
    tall = sheet.uniform(34, 50)
    y = top
    for row in range(rows):
        edges = [left, left + (right - left) * 0.25, left + (right - left) * sheet.pick((0.6, 1.0)), right]
        for column, (a, b) in enumerate(itertools.pairwise(edges)):
            if b - a < 5:
                continue
            head = column == 0
            sheet.draw.rectangle((a, y, b, y + tall), outline=ink, width=2, fill=pale(tone, 0.25) if head else None)
            text = (
                sheet.words.head()
                if head
                else sheet.words.entry(sheet.pick(("words", "code", "date")), sheet.document.year)
            )
            sheet.put("print", (a + 8, y + tall * 0.68), text, 18, b - a - 14, bold=head or row == 0)
        y += tall
    y += sheet.uniform(0, 30)
    beside = sheet.chance(0.5)
    count, across = (
        sheet.pick((2, 3, 3, 4, 5)) if beside else sheet.pick((1, 2, 2, 3)),
        1 if beside else sheet.pick((1, 2, 2)),
    )
    cell_h, cell_w = (bottom - y) / count, (right - left) / across
    labels = [sheet.words.head() for _ in range(sheet.integer(2, 6))]
    for index in range(count * across):
        x, at = left + cell_w * (index % across), y + cell_h * (index // across)
        sheet.draw.rectangle((x, at, x + cell_w, at + cell_h), outline=ink, width=2)
        share = sheet.uniform(0.45, 0.65) if beside else 1.0
        foot = 0 if beside else min(34 * len(labels), cell_h * 0.35)
        wide, high = cell_w * share - 20, cell_h - foot - 20
        ratio = sheet.pick((1.33, 1.5, 0.75))
        wide, high = min(wide, high * ratio), min(high, wide / ratio)
        if min(wide, high) >= 60:
            sheet.image.paste(photograph(sheet, int(wide), int(high)), (int(x + 10), int(at + 10)))
        fx = x + cell_w * share if beside else x
        fy = at if beside else at + cell_h - foot
        step = (cell_h if beside else foot) / len(labels)
        for line, text in enumerate(labels):
            ly = fy + line * step
            sheet.rule([(fx, ly), (x + cell_w, ly)], ink, 1)
            middle = fx + (x + cell_w - fx) * 0.36
            size = min(18, step * 0.6)
            sheet.put("print", (fx + 8, ly + min(step * 0.8, 26)), text + ":", size, middle - fx - 12, bold=True)
            value = sheet.words.entry(sheet.pick(("words", "code", "date", "measure")), sheet.document.year)
            sheet.put("print", (middle, ly + min(step * 0.8, 26)), value, size, x + cell_w - middle - 10)
        if beside:
            sheet.rule([(fx, at), (fx, at + cell_h)], ink, 2)


def photo_and_table(sheet: Sheet) -> None:
    """PHOTO_L: a page of a catalogue or report with photographs and a set table of particulars."""
    running_head(sheet)
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right)
    count = sheet.integer(1, 3)
    step, high = (right - left) / count, (bottom - y) * sheet.uniform(0.22, 0.42)
    for number in range(count):
        picture(sheet, "PHOTO", (left + step * number, y, left + step * (number + 1) - 14, y + high))
    y = long_caption(sheet, left, y + high, right - left) + 20
    y = office_table(sheet, (left, y, right, y + (bottom - y) * sheet.uniform(0.5, 1)), most=sheet.integer(5, 22)) + 24
    if sheet.chance(0.5):
        sheet.press.block(sheet.image, sheet.words, (left, y, right, bottom), sheet.rng)


def brochure(sheet: Sheet, label: str) -> None:
    """A leaflet, magazine or poster: a large title, blocks of colour, columns of text, pictures of many sizes."""
    w, h = sheet.width, sheet.height
    tone = accent(sheet)
    if sheet.chance(0.5):
        sheet.draw.rectangle((0, 0, w, h), fill=pale(tone, sheet.uniform(0.05, 0.25)))
    high = h * sheet.uniform(0.08, 0.18)
    sheet.draw.rectangle((0, 0, w, high), fill=tone)
    text = sheet.words.phrase(2, 4).capitalize()
    sheet.put(
        "print",
        (0.05 * w, high * 0.7),
        text,
        min(90, high * 0.5),
        0.9 * w,
        bold=True,
        file=sheet.press.head,
        ink=on(tone),
    )
    count = sheet.pick((2, 3, 3, 4))
    gap = 0.025 * w
    wide = (0.92 * w - gap * (count - 1)) / count
    size = sheet.uniform(14, 19)
    boxed = sheet.chance(0.5)
    for column in range(count):
        x, y = 0.04 * w + column * (wide + gap), high + 24
        first = column == 0 or sheet.chance(0.5)
        while y < 0.95 * h - 80:
            end = min(0.96 * h, y + sheet.uniform(120, 420))
            if label != "TEXT_P" and (sheet.chance(0.4) or first) and 0.96 * h - y > 170:
                end = min(0.95 * h - 50, y + wide * sheet.uniform(0.5, 1.1))
                picture(sheet, label, (x, y, x + wide, end))
                y, first = end + 22, False
                sheet.put("print", (x, y), sheet.words.phrase(2, 6), size * 0.9, wide)
                y += 16
                continue
            if boxed and end - y > 90:
                sheet.draw.rectangle((x - 6, y, x + wide + 6, y + size * 2), fill=tone)
                sheet.put(
                    "print",
                    (x + 4, y + size * 1.45),
                    sheet.words.phrase(1, 3).capitalize(),
                    size * 1.15,
                    wide - 8,
                    bold=True,
                    ink=on(tone),
                )
                y += size * 2.2
            columns(sheet, (x, y, x + wide, end), 1, headings=0 if boxed else 0.3, size=size)
            y = end + 20
