"""How pictures come onto a page: as ink or glued on, in stacks, between paragraphs, in columns; captions and legends.

    stacked(sheet, sheet.body, photograph, glued=True)

A `Picture` makes a drawing or a photograph of a width and a height, in pixels at 150 dpi. Boxes are (left, top, right,
bottom).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from drawing.figures import draw_figure
from drawing.photographs import draw_photograph
from drawing.printed import columns, heading
from drawing.sheet import Sheet
from drawing.typeset import Box

Picture = Callable[[Sheet, int, int], Image.Image]


def figure(sheet: Sheet, wide: int, high: int) -> Image.Image:
    """A drawing of that size, ink on white."""
    return draw_figure(sheet.rng, max(60, wide), max(60, high))


def photograph(sheet: Sheet, wide: int, high: int) -> Image.Image:
    """A photograph of that size, in colour where the document's are; prints may have a pale border."""
    age = sheet.document.age
    colour = bool(
        sheet.document.shared(
            "colour", lambda rng: bool(rng.random() < (0.02 if age < 0.5 else 0.3 if age < 0.75 else 0.8))
        )
    )
    picture = draw_photograph(sheet.rng, max(60, wide), max(60, high), colour).convert("RGB")
    border = sheet.document.shared("border", lambda rng: int(rng.choice([0, 0, 0, 8, 16, 28])) if age < 0.8 else 0)
    if border and min(picture.size) > 6 * border:
        tone = sheet.integer(225, 252)
        draw = ImageDraw.Draw(picture)
        for inset in range(border):
            draw.rectangle(
                (inset, inset, picture.width - 1 - inset, picture.height - 1 - inset), outline=(tone, tone, tone)
            )
    return picture


def cutout(sheet: Sheet, wide: int, high: int) -> Image.Image:
    """A find cut out of its photograph: on white, without a background."""
    return draw_photograph(sheet.rng, max(60, wide), max(60, high), sheet.document.age > 0.8, "cutout").convert("RGB")


def place(sheet: Sheet, picture: Image.Image, x: float, y: float, *, glued: bool) -> None:
    """A picture onto the page, as ink or glued on (a little askew, with a shadow at its edge)."""
    if not glued:
        sheet.paste(picture, (int(x), int(y)))
        return
    if sheet.document.age < 0.85 and sheet.chance(0.6):
        angle = float(sheet.rng.normal(0, 0.8))
        turned = picture.convert("RGBA").rotate(angle, Image.Resampling.BILINEAR, expand=True)
        sheet.image.paste(turned, (int(x), int(y)), turned)
    else:
        sheet.image.paste(picture, (int(x), int(y)))
    if sheet.chance(0.4):
        sheet.draw.rectangle(
            (x - 1, y - 1, x + picture.width, y + picture.height),
            outline=(sheet.integer(0, 170),) * 3,
            width=sheet.integer(1, 3),
        )


def caption(sheet: Sheet, x: float, y: float, wide: float, how: str = "") -> float:
    """A caption of one or two lines below a picture; the y below it."""
    old = sheet.document.kind == "old"
    how = how or sheet.document.shared(
        "captions",
        lambda rng: str(
            rng.choice(
                ["type", "hand", "print", "lettering", "none"],
                p=(0.3, 0.22, 0.2, 0.18, 0.1) if old else (0.1, 0.08, 0.7, 0.07, 0.05),
            )
        ),
    )
    if how == "none":
        return y
    file = None
    size = sheet.uniform(15, 24)
    if how == "lettering":
        how, size, file = "print", sheet.uniform(18, 44), sheet.pick(sheet.document.kit.fonts.sans)
    number = sheet.integer(1, 90)
    text = (
        sheet.pick(
            (
                f"Obr. {number}. ",
                f"{number}",
                f"Foto {number}. ",
                f"Abb. {number}: ",
                f"Fig. {number}. ",
                f"Č. neg. {number}",
            )
        )
        + " "
        + sheet.words.phrase(1, 6)
    )
    x += sheet.pick((0.0, 0.0, 0.2, 0.4)) * wide
    for line in range(sheet.pick((1, 1, 1, 2, 3))):
        y += sheet.height_of(how, size if how == "print" else 12)
        sheet.put(
            how,
            (x, y),
            text if line == 0 else sheet.words.phrase(2, 7),
            size if how == "print" else 12,
            sheet.width - x - 20,
            file=file,
            bold=how == "print" and sheet.chance(0.3),
        )
    return y + 14


def stacked(sheet: Sheet, box: Box, make: Picture, *, glued: bool, most: int = 3, captions: bool = True) -> None:
    """One to `most` pictures below each other, or in a grid, with captions."""
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    count = sheet.pick({1: 4, 2: 4, 3: 2, 4: 2, 6: 1})
    count = min(count, most)
    across = max(range(1, 4), key=lambda n: min(wide / n, high / -(-count // n) * 1.2))  # the largest pictures
    if sheet.chance(0.25):
        across = sheet.integer(1, 2)
    down = -(-count // across)
    for number in range(count):
        cell_w, cell_h = wide / across, high / down
        x, y = left + cell_w * (number % across), top + cell_h * (number // across)
        room = 70 if captions else 14
        ratio = sheet.pick({1.45: 5, 1.33: 4, 1.0: 1, 0.72: 2.5, 2.2: 0.7})
        picture_w = min(cell_w - 24, (cell_h - room) * ratio) * sheet.uniform(0.72, 1.0)
        picture_h = picture_w / ratio
        if picture_h > cell_h - room:
            picture_h = cell_h - room
        if min(picture_w, picture_h) < 60:
            continue
        px = x + (cell_w - picture_w) * sheet.uniform(0.1, 0.9)
        place(sheet, make(sheet, int(picture_w), int(picture_h)), px, y + 6, glued=glued)
        if captions:
            caption(sheet, px, y + 6 + picture_h, picture_w)


def between(sheet: Sheet, make: Picture, *, glued: bool, how: str) -> None:
    """Pictures between paragraphs in print or typing."""
    left, top, right, bottom = sheet.body
    share = sheet.uniform(0.3, 0.8)
    cut = top + (bottom - top) * sheet.pick((0.0, 1 - share, (1 - share) / 2, (1 - share) * 0.3))

    def fill(box: Box) -> None:
        if box[3] - box[1] < 40:
            return
        if how == "type":
            sheet.machine.block(sheet.image, sheet.words, box, sheet.rng)
        else:
            columns(sheet, box, 1, headings=0.3)

    fill((left, top, right, cut - 20))
    stacked(sheet, (left, cut, right, cut + (bottom - top) * share), make, glued=glued)
    fill((left, cut + (bottom - top) * share + 25, right, bottom))


def wrapped(sheet: Sheet, make: Picture, *, glued: bool) -> None:
    """Pictures set into columns of print, as in newspapers and journals."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right)
    count = sheet.integer(2, 3)
    columns(sheet, (left, y, right, bottom), count, headings=0.1, size=sheet.uniform(15, 20))
    gap = (right - left) / count
    for _ in range(sheet.integer(1, 4)):
        x = left + gap * sheet.integer(0, count - 1)
        wide = gap * sheet.pick((0.95, 0.95, 0.8)) * (2 if sheet.chance(0.2) and x + 2 * gap <= right + 5 else 1)
        high = wide * sheet.uniform(0.6, 1.2)
        at = sheet.uniform(y, max(y + 1, bottom - high - 60))
        sheet.draw.rectangle((x - 6, at - 6, x + wide + 4, at + high + 50), fill="white")
        place(sheet, make(sheet, int(wide), int(high)), x, at, glued=glued)
        caption(sheet, x, at + high, wide, "print")


def legend(sheet: Sheet, box: Box) -> None:
    """A legend laid out as a table: signs or colours, and their meanings."""
    left, top, right, bottom = box
    rows = max(2, min(14, int((bottom - top) / sheet.uniform(34, 60))))
    tall = (bottom - top) / rows
    how = sheet.pick(("print", "print", "hand", "type"))
    ink = sheet.press.ink
    sign = left + min((right - left) * 0.3, tall * 2)
    for row in range(rows):
        y = top + tall * row
        sheet.draw.rectangle((left, y, right, y + tall), outline=ink, width=2)
        sheet.rule([(sign, y), (sign, y + tall)], ink, 2)
        swatch = (left + 6, y + 6, sign - 6, y + tall - 6)
        kind = sheet.pick(("fill", "hatch", "dots", "line", "number"))
        if swatch[2] - swatch[0] < 8 or swatch[3] - swatch[1] < 8:
            continue
        if kind == "fill":
            tone = (
                tuple(int(v) for v in sheet.rng.integers(60, 245, 3))
                if sheet.document.age > 0.7
                else (sheet.integer(40, 230),) * 3
            )
            sheet.draw.rectangle(swatch, fill=tone, outline=ink)
        elif kind == "hatch":
            for x in np.arange(swatch[0], swatch[2] - 6, sheet.uniform(5, 12)):
                sheet.rule([(x, swatch[3]), (min(swatch[2], x + tall * 0.5), swatch[1])], ink, 1)
        elif kind == "dots":
            for _ in range(30):
                x, yy = sheet.uniform(swatch[0], swatch[2]), sheet.uniform(swatch[1], swatch[3])
                sheet.draw.ellipse((x, yy, x + 2, yy + 2), fill=ink)
        elif kind == "line":
            sheet.rule(
                [(swatch[0], (swatch[1] + swatch[3]) / 2), (swatch[2], (swatch[1] + swatch[3]) / 2)],
                ink,
                sheet.integer(1, 5),
            )
        else:
            sheet.put("print", (swatch[0] + 4, y + tall * 0.7), sheet.words.number(2), min(20, tall * 0.5), sign - left)
        sheet.put(
            how,
            (sign + 10, y + tall * 0.68),
            sheet.words.phrase(1, 4),
            min(19, tall * 0.45) if how == "print" else min(12, tall * 0.28),
            right - sign - 14,
        )


def title_block(sheet: Sheet, box: Box) -> None:
    """The ruled block of a technical drawing: project, place, scale, date, names."""
    left, top, right, bottom = box
    fill = sheet.pick(("print", "print", "hand", "type"))
    rows = sheet.integer(1, 5)
    tall = (bottom - top) / rows
    for row in range(rows):
        edges = np.sort(sheet.rng.uniform(0.15, 0.85, sheet.integer(0, 4)))
        edges = [left, *(left + (right - left) * edges), right]
        y = top + tall * row
        for a, b in itertools.pairwise(edges):
            sheet.draw.rectangle((a, y, b, y + tall), outline=sheet.press.ink, width=2)
            small = min(14, tall * 0.3)
            sheet.put("print", (a + 5, y + small + 2), sheet.words.head(0.2), small, b - a - 8)
            sheet.put(
                fill,
                (a + 8, y + tall * 0.82),
                sheet.words.entry(sheet.pick(("word", "code", "date", "words")), sheet.document.year),
                min(22, tall * 0.4) if fill == "print" else min(12, tall * 0.24),
                b - a - 12,
            )


def write(sheet: Sheet, box: Box, fill: str) -> None:
    """Running text within the box, by that writing."""
    if box[3] - box[1] < 24 or box[2] - box[0] < 80:
        return
    if fill == "type":
        sheet.machine.block(sheet.image, sheet.words, box, sheet.rng)
    elif fill == "hand":
        sheet.hand_block(box, sheet.uniform(9, 14))
    else:
        sheet.press.block(sheet.image, sheet.words, box, sheet.rng)
