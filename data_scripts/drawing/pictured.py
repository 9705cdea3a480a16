"""Pages with something to see: DRAW and PHOTO; DRAW_L and PHOTO_L where a ruled card or a table is about it.

    photo_l(sheet)            # one function a category; each draws one of many kinds of page

A page with a photograph is PHOTO even where a drawing or much text stands beside it; a drawing among typed or printed
text is DRAW; the ruled head of a record card or a table of particulars turns them into DRAW_L and PHOTO_L.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from drawing.figures import draw_figure
from drawing.marks import file_number, letterhead, note, office_marks, page_number, registered, round_stamp
from drawing.photographs import draw_photograph
from drawing.sheet import Sheet
from drawing.tables import card_foot, card_head, table
from drawing.typeset import Box
from drawing.written import columns, heading, slide_ground, slip, typed_head

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


# -- drawings


def draw(sheet: Sheet) -> None:
    """A drawing, map, plan, chart or plate, alone or among text."""
    if sheet.document.kind == "slide":
        slide_picture(sheet, figure)
        return
    old = sheet.document.kind == "old"
    kind = sheet.pick(
        {
            "alone": 6,
            "whole": 2,
            "stack": 2.5,
            "typed": 1.8 if old else 0.4,
            "printed": 0.8 if old else 2.5,
            "wrapped": 1 if old else 0.7,
            "noted": 1.3,
            "slip": 0.7,
        }
    )
    left, top, right, bottom = sheet.body
    if kind == "whole":
        margin = sheet.uniform(0, 0.05) * sheet.width
        sheet.paste(
            figure(sheet, int(sheet.width - 2 * margin), int(sheet.height - 2 * margin)), (int(margin), int(margin))
        )
    elif kind == "alone":
        share = sheet.uniform(0.35, 1.0)
        high = (bottom - top) * share
        wide = (right - left) * (sheet.uniform(0.5, 1.0) if share < 0.7 else sheet.uniform(0.8, 1.0))
        y = top + (bottom - top - high) * sheet.uniform(0, 0.7)
        x = left + (right - left - wide) * sheet.uniform(0.1, 0.9)
        sheet.paste(figure(sheet, int(wide), int(high)), (int(x), int(y)))
        if sheet.chance(0.75):
            caption(sheet, x, min(y + high, sheet.height - 110), wide)
        if sheet.chance(0.3):
            heading(sheet, left, max(20, y - 70), right)
    elif kind == "stack":
        stacked(sheet, sheet.body, figure, glued=False, most=6)
    elif kind == "typed":
        between(sheet, figure, glued=False, how="type")
    elif kind == "printed":
        between(sheet, figure, glued=False, how="print")
    elif kind == "wrapped":
        wrapped(sheet, figure, glued=False)
    elif kind == "slip":
        wide, high = (right - left) * sheet.uniform(0.5, 0.95), (bottom - top) * sheet.uniform(0.25, 0.7)
        slip(sheet, (left, top, left + wide, top + high))
        sheet.paste(figure(sheet, int(wide - 30), int(high - 30)), (int(left + 15), int(top + 15)))
        note(sheet, (left, min(bottom - 60, top + high + 30), right, min(bottom, top + high + 200)))
    else:
        sheet.paste(figure(sheet, int(right - left), int(bottom - top)), (int(left), int(top)))
        for _ in range(sheet.integer(2, 12)):
            sheet.put(
                "hand",
                (sheet.uniform(left, right - 160), sheet.uniform(top, bottom)),
                sheet.words.phrase(1, 3),
                sheet.uniform(8, 15),
                260,
            )
    marks(sheet)


def marks(sheet: Sheet) -> None:
    """Page numbers and archive marks of a page with pictures."""
    if sheet.chance(0.35):
        page_number(
            sheet, "print" if sheet.document.kind != "old" or sheet.chance(0.3) else sheet.pick(("type", "hand"))
        )
    office_marks(sheet, 0.8)


def slide_picture(sheet: Sheet, make: Picture) -> None:
    """A slide with one to four pictures and perhaps some points."""
    slide_ground(sheet)
    w, h = sheet.width, sheet.height
    y = heading(sheet, w * 0.05, h * 0.03, w * 0.95, sheet.uniform(40, 70)) if sheet.chance(0.85) else h * 0.05
    right = w * 0.96
    if sheet.chance(0.35):
        right = w * sheet.uniform(0.5, 0.68)
        columns(sheet, (right + 20, y + 10, w * 0.96, h * 0.9), 1, headings=0, size=sheet.uniform(26, 36))
    stacked(
        sheet, (w * 0.04, y + 5, right, h * 0.96), make, glued=make is photograph, most=4, captions=sheet.chance(0.4)
    )


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


def draw_l(sheet: Sheet) -> None:
    """A drawing on a ruled record card, beside a legend table, with a title block, or in the cells of a table."""
    old = sheet.document.kind == "old"
    kind = sheet.pick(
        {
            "card": 6 if old else 2.5,
            "legend": 1.5 if old else 3,
            "title": 1.2 if old else 2.5,
            "cells": 1.2,
            "foot": 1.2,
            "with table": 1,
        }
    )
    pictured_card(sheet, figure, kind, glued=False)
    marks(sheet)


def photo_l(sheet: Sheet) -> None:
    """A photograph on a ruled record card, with a table of particulars, or in the cells of a table."""
    old = sheet.document.kind == "old"
    kind = sheet.pick({"card": 6 if old else 3, "title": 2.2, "cells": 2, "foot": 2, "with table": 1.4, "list": 1.5})
    make = cutout if kind in ("card", "cells", "list") and sheet.chance(0.2) else photograph
    pictured_card(sheet, make, kind, glued=make is photograph)
    marks(sheet)


def pictured_card(sheet: Sheet, make: Picture, kind: str, *, glued: bool) -> None:
    """The kinds of DRAW_L and PHOTO_L: a picture, and something ruled that tells about it."""
    left, top, right, bottom = sheet.body
    fill = sheet.pick({"type": 5, "hand": 2.5, "print": 0.6 if sheet.document.kind == "old" else 4})
    if kind == "card":
        y = card_head(sheet, fill)
        if sheet.chance(0.2):
            bottom = card_foot(sheet, fill) - 15
        room = bottom - y
        share = sheet.pick({0.0: 3, 0.15: 2, 0.3: 2, 0.5: 1.5})
        text_end = y + room * share
        side = sheet.chance(0.25)
        if side:  # text beside the picture
            middle = left + (right - left) * sheet.uniform(0.35, 0.6)
            stacked(
                sheet,
                (left, y + 20, middle - 15, y + room * sheet.uniform(0.4, 0.9)),
                make,
                glued=glued,
                most=2,
                captions=sheet.chance(0.4),
            )
            write(sheet, (middle + 15, y + 20, right, y + room * sheet.uniform(0.3, 0.9)), fill)
            return
        if share:
            write(sheet, (left, y + 20, right, text_end), fill)
        stacked(
            sheet,
            (left, text_end + 25, right, text_end + 25 + (bottom - text_end - 30) * sheet.uniform(0.45, 1.0)),
            make,
            glued=glued,
            most=4,
            captions=sheet.chance(0.3),
        )
        if sheet.chance(0.3):
            note(sheet, (left, bottom - 120, right, bottom))
    elif kind == "legend":
        flat = sheet.chance(0.4)
        if flat:
            cut = bottom - (bottom - top) * sheet.uniform(0.12, 0.35)
            sheet.paste(make(sheet, int(right - left), int(cut - top - 20)), (int(left), int(top)))
            legend(sheet, (left + (right - left) * sheet.uniform(0, 0.4), cut, right, bottom))
        else:
            cut = right - (right - left) * sheet.uniform(0.2, 0.4)
            sheet.paste(make(sheet, int(cut - left - 15), int(bottom - top)), (int(left), int(top)))
            start = top + (bottom - top) * sheet.uniform(0, 0.5)
            legend(sheet, (cut, start, right, min(bottom, start + sheet.uniform(200, 800))))
        if sheet.chance(0.4):
            heading(sheet, left, max(16, top - 70), right)
    elif kind == "title":
        high = sheet.height * sheet.uniform(0.05, 0.2)
        wide = (right - left) * sheet.pick((1.0, 0.6, 0.45))
        if sheet.chance(0.75):  # below
            area, block = (left, top, right, bottom - high - 20), (right - wide, bottom - high, right, bottom)
        else:
            area, block = (left, top + high + 25, right, bottom), (right - wide, top, right, top + high)
        if sheet.chance(0.4) and not glued:
            sheet.draw.rectangle((left - 8, top - 8, right + 8, bottom + 8), outline=sheet.press.ink, width=3)
        stacked(sheet, area, make, glued=glued, most=2, captions=False)
        title_block(sheet, block)
    elif kind == "foot":
        cut = card_foot(sheet, fill)
        if sheet.chance(0.4):
            top = card_head(sheet, fill, share=sheet.uniform(0.05, 0.12)) + 15
        stacked(sheet, (left, top, right, cut - 20), make, glued=glued, most=3, captions=sheet.chance(0.3))
    elif kind == "cells":
        across, down = sheet.pick(((1, 2), (2, 2), (2, 3), (1, 3), (2, 4), (3, 4), (1, 5)))
        label = sheet.uniform(0.15, 0.45)
        beside = sheet.chance(0.4)
        for number in range(across * down):
            w, h = (right - left) / across, (bottom - top) / down
            x, y = left + w * (number % across), top + h * (number // across)
            sheet.draw.rectangle((x, y, x + w, y + h), outline=sheet.press.ink, width=2)
            if sheet.chance(0.1):
                continue
            if beside:
                picture, words = (
                    (x + 10, y + 10, x + w * (1 - label) - 8, y + h - 10),
                    (x + w * (1 - label), y + 5, x + w - 6, y + h - 5),
                )
            else:
                picture, words = (
                    (x + 10, y + 10, x + w - 10, y + h * (1 - label) - 6),
                    (x + 12, y + h * (1 - label), x + w - 8, y + h - 4),
                )
            size = int(picture[2] - picture[0]), int(picture[3] - picture[1])
            if min(size) >= 60:
                place(sheet, make(sheet, *size), picture[0], picture[1], glued=glued)
            write(sheet, words, fill)
    elif kind == "list":  # entries beside small pictures, parted by lines
        y = top
        count = sheet.integer(3, 8)
        tall = (bottom - top) / count
        wide = (right - left) * sheet.uniform(0.15, 0.35)
        sided = sheet.chance(0.5)
        if sheet.chance(0.6):
            y = card_head(sheet, fill, share=sheet.uniform(0.06, 0.2))
            tall = (bottom - y) / count
        for _ in range(count):
            if sheet.chance(0.85):
                high = min(tall - 16, wide)
                if min(wide, high) >= 60:
                    place(sheet, make(sheet, int(wide), int(high)), left if sided else right - wide, y + 8, glued=glued)
            write(
                sheet,
                (
                    left + wide + 30 if sided else left,
                    y + 6,
                    right if sided else right - wide - 30,
                    y + tall * sheet.uniform(0.5, 0.95),
                ),
                fill,
            )
            y += tall
            if sheet.chance(0.7):
                if sheet.chance(0.5):
                    sheet.put("type", (left, y), "-" * sheet.machine.columns(right - left))
                else:
                    sheet.rule([(left, y), (right, y)], width=1)
    else:  # with table
        cut = top + (bottom - top) * sheet.uniform(0.4, 0.7)
        stacked(sheet, (left, top, right, cut - 20), make, glued=glued, most=3, captions=sheet.chance(0.5))
        table(sheet, (left, cut, right, bottom), fill)


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


# -- photographs


def photo(sheet: Sheet) -> None:
    """Photographs: glued prints, plates, contact sheets, among text, cut out, on slides."""
    if sheet.document.kind == "slide":
        slide_picture(sheet, photograph)
        return
    old = sheet.document.kind == "old"
    kind = sheet.pick(
        {
            "prints": 7 if old else 3,
            "whole": 1.2,
            "contact": 0.8,
            "printed": 0.7 if old else 4,
            "typed": 1.0 if old else 0.4,
            "wrapped": 0.7,
            "letter": 0.3 if old else 1.0,
            "plate": 1.2,
            "with drawing": 0.8,
        }
    )
    left, top, right, bottom = sheet.body
    if kind == "prints":
        if sheet.chance(0.3):
            typed_head(sheet, left, top - 40, right)
        stacked(
            sheet, (left, top, right, top + (bottom - top) * sheet.uniform(0.5, 1.0)), photograph, glued=True, most=6
        )
        if sheet.chance(0.3):
            heading(sheet, left, bottom - sheet.uniform(60, 200), right, sheet.uniform(26, 54), centred=True)
        elif sheet.chance(0.3):
            note(sheet, (left, bottom - sheet.uniform(60, 200), right, bottom))
    elif kind == "whole":
        inset = sheet.uniform(0, 0.04) * sheet.width
        place(
            sheet,
            photograph(sheet, int(sheet.width - 2 * inset), int(sheet.height - 2 * inset)),
            inset,
            inset,
            glued=True,
        )
    elif kind == "contact":
        across, down = sheet.pick(((3, 4), (4, 6), (6, 6), (3, 3), (2, 5)))
        w, h = (right - left) / across, (bottom - top) / down
        dark = sheet.chance(0.4)
        if dark:
            sheet.draw.rectangle((left - 10, top - 10, right + 10, bottom + 10), fill=(25, 25, 25))
        for number in range(across * down):
            if sheet.chance(0.94):
                x, y = left + w * (number % across), top + h * (number // across)
                sheet.image.paste(
                    photograph(sheet, int(w * 0.92), int(h * 0.85)), (int(x + w * 0.04), int(y + h * 0.04))
                )
    elif kind in ("printed", "typed"):
        between(sheet, photograph, glued=True, how="print" if kind == "printed" else "type")
    elif kind == "wrapped":
        wrapped(sheet, photograph, glued=True)
    elif kind == "letter":
        y = letterhead(sheet)
        y = sheet.press.block(
            sheet.image, sheet.words, (left, y + 20, right, y + (bottom - y) * sheet.uniform(0.2, 0.4)), sheet.rng
        )
        high = (bottom - y) * sheet.uniform(0.3, 0.5)
        count = sheet.integer(1, 3)
        for number in range(count):
            wide = (right - left) / count
            place(
                sheet,
                photograph(sheet, int(wide - 12), int(min(high, wide * 1.2))),
                left + wide * number,
                y + 20,
                glued=True,
            )
        sheet.press.block(sheet.image, sheet.words, (left, y + high + 40, right, bottom), sheet.rng)
    elif kind == "plate":
        count = sheet.integer(3, 12)
        for number in range(count):
            wide = (right - left) * sheet.uniform(0.18, 0.45)
            high = wide * sheet.uniform(0.6, 1.4)
            x, y = sheet.uniform(left, right - wide), top + (bottom - top - high) * number / max(1, count - 1)
            place(sheet, photograph(sheet, int(wide), int(high)), x, y, glued=True)
            sheet.put("print", (x, min(sheet.height - 8, y + high + 22)), str(number + 1), 20)
        heading(sheet, left, bottom, right, 22, centred=True)
    else:
        cut = top + (bottom - top) * sheet.uniform(0.35, 0.6)
        areas = [(left, top, right, cut - 20), (left, cut, right, bottom)]
        first = sheet.integer(0, 1)
        stacked(sheet, areas[first], figure, glued=False, most=1)
        stacked(sheet, areas[1 - first], photograph, glued=True, most=2)
    if sheet.chance(0.05):
        registered(sheet)
    if sheet.chance(0.04):
        round_stamp(sheet, (sheet.uniform(0.2, 0.8) * sheet.width, sheet.uniform(0.8, 0.92) * sheet.height))
    if sheet.chance(0.12):
        file_number(sheet)
    marks(sheet)
