"""Slides as lecturers, offices and students make them, and hand-outs of them: TEXT_P, LINE_P, DRAW, PHOTO.

    slide(sheet, "PHOTO")             # points beside a photograph, photographs alone, in a grid, filling the slide

The design (ground, bars, letters, logo, footer) is shared by the slides of a document. All measures hang on the height
of the slide, so that a hand-out draws the same slides small. Boxes are (left, top, right, bottom).
"""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
from PIL import Image

from drawing.figures import draw_figure
from drawing.office_tables import Look, office_table
from drawing.placing import figure, photograph
from drawing.sheet import Sheet
from drawing.slide_design import Design, lines_of, listed, start, title
from drawing.slide_schemes import scheme_of
from drawing.typeset import Box, Colour

FIGURES = {
    "bars": 3, "lines": 2.5, "scatter": 1.5, "pie": 1.6, "histogram": 1, "boxes": 4, "gis": 2.5, "region": 1.2,
    "matrix": 0.5, "dendrogram": 0.6, "box_plots": 0.6, "chronology": 0.6, "site": 0.8, "geophysics": 0.8,
    "topographic": 0.7, "relief": 0.4,
}  # fmt: skip
A4 = (1240, 1754)


def slide(sheet: Sheet, label: str) -> None:
    """A slide of that category, or a page of a hand-out with several."""
    design = sheet.document.shared("slide design", lambda rng: Design.choose(rng, sheet))
    sheet.document.press = replace(sheet.document.press, body=design.body, head=design.head, ink=design.ink, spread=0)
    if label != "LINE_P" and sheet.chance(0.1):
        handout(sheet, design, label)
    else:
        _draw(sheet, design, label)


def _draw(sheet: Sheet, design: Design, label: str) -> None:
    if label == "TEXT_P":
        kinds = {points: 5, two_columns: 1.5, title_slide: 2, statement: 0.7, dense: 1.2, sources: 0.6}
        sheet.pick(kinds)(sheet, design)
    elif label == "LINE_P":
        table_slide(sheet, design)
    else:
        picture_slide(sheet, design, label)


# -- text


def points(sheet: Sheet, design: Design) -> None:
    """A title and points."""
    y = title(sheet, design)
    w, h = sheet.width, sheet.height
    listed(sheet, design, (0.06 * w, y + 20, w * sheet.uniform(0.75, 0.95), 0.93 * h))


def two_columns(sheet: Sheet, design: Design) -> None:
    """Two columns of points, with or without heads and boxes."""
    y = title(sheet, design)
    w, h, u = sheet.width, sheet.height, sheet.height / 1000
    boxed = sheet.chance(0.4)
    for left in (0.05 * w, 0.52 * w):
        right, at = left + 0.43 * w, y + 10 * u
        if boxed:
            sheet.draw.rectangle((left - 8 * u, at, right, 0.92 * h), outline=design.accent, width=max(1, int(4 * u)))
        if sheet.chance(0.6):
            size = 36 * u
            text = sheet.words.phrase(1, 3).capitalize()
            sheet.put("print", (left + 8 * u, at + 48 * u), text, size, right - left, bold=True, ink=design.ink)
            at += 60 * u
        listed(sheet, design, (left + 8 * u, at, right - 12 * u, 0.91 * h), sheet.uniform(24, 36) * u, 7)


def title_slide(sheet: Sheet, design: Design) -> None:
    """The first slide or that of a chapter: a large title, names, place and date."""
    start(sheet, design, bare=True)
    w, h, u = sheet.width, sheet.height, sheet.height / 1000
    ink = design.ink
    if sheet.chance(0.35):
        top, bottom = sorted(sheet.rng.uniform(0.2, 0.75, 2))
        sheet.draw.rectangle((0, top * h, w, max(bottom, top + 0.3) * h), fill=design.accent)
        if not design.dark and sum(design.accent) < 430:
            ink = (255, 255, 255)
        y = top * h + 30 * u
    else:
        y = h * sheet.uniform(0.2, 0.4)
    centred = design.centred

    def line(text: str, size: float, tone: Colour, bold: bool = False) -> None:
        face = sheet.press.face(design.head, size)
        x = max(0.05 * w, (w - face.getlength(text)) / 2) if centred else 0.09 * w
        sheet.put("print", (x, y), text, size, w * 0.97 - x, file=design.head, bold=bold, ink=tone)

    for _ in range(sheet.integer(1, 3)):
        size = sheet.uniform(62, 92) * u
        y += size * 1.15
        line(sheet.words.phrase(2, 4).capitalize(), size, ink, True)
    y = max(y + 120 * u, 0.72 * h) if sheet.chance(0.7) else y + 100 * u
    for _ in range(sheet.integer(0, 4)):
        line(
            sheet.pick((sheet.words.person(), sheet.words.place(), sheet.words.date(sheet.document.year))),
            34 * u,
            design.ink,
        )
        y += 46 * u


def statement(sheet: Sheet, design: Design) -> None:
    """A single sentence or question in large letters, perhaps in a box."""
    start(sheet, design)
    w, h, u = sheet.width, sheet.height, sheet.height / 1000
    size = sheet.uniform(50, 90) * u
    y = h * sheet.uniform(0.25, 0.45)
    if sheet.chance(0.4):
        sheet.draw.rectangle(
            (0.08 * w, y - 30 * u, 0.92 * w, y + size * 5), outline=design.accent, width=max(1, int(6 * u))
        )
    for text in lines_of(sheet, size, 0.76 * w, sheet.integer(5, 14))[:4]:
        y += size * 1.2
        sheet.put("print", (0.12 * w, y), text, size, 0.78 * w, ink=design.ink)


def dense(sheet: Sheet, design: Design) -> None:
    """Paragraphs in small letters, in one or two blocks with heads in colour."""
    y = title(sheet, design)
    w, h, u = sheet.width, sheet.height, sheet.height / 1000
    size = sheet.uniform(23, 32) * u
    cuts = sheet.pick((1, 1, 2, 3))
    y += 15 * u
    for part in range(cuts):
        end = y + (0.93 * h - y) / (cuts - part)
        if cuts > 1:  # the blocks of a LaTeX slide
            sheet.draw.rectangle((0.05 * w, y, 0.95 * w, y + size * 1.6), fill=design.accent)
            tone = (255, 255, 255) if sum(design.accent) < 430 else (10, 10, 14)
            sheet.put(
                "print", (0.06 * w, y + size * 1.15), sheet.words.phrase(1, 4).capitalize(), size, 0.8 * w, ink=tone
            )
            y += size * 1.8
        sheet.press.block(
            sheet.image, sheet.words, (0.06 * w, y, 0.94 * w, end - 20 * u), sheet.rng, size=size, ink=design.ink
        )
        y = end


def sources(sheet: Sheet, design: Design) -> None:
    """References in small letters."""
    y = title(sheet, design)
    w, h, u = sheet.width, sheet.height, sheet.height / 1000
    listed(sheet, replace(design, mark=sheet.pick(("•", "", "1"))), (0.05 * w, y, 0.95 * w, 0.93 * h), 24 * u, 16)


# -- tables and pictures


def table_slide(sheet: Sheet, design: Design) -> None:
    """A title and a table, perhaps a remark below."""
    y = title(sheet, design)
    w, h, u = sheet.width, sheet.height, sheet.height / 1000
    look = sheet.document.shared("slide table", lambda rng: Look.choose(rng, design.accent, design.ink))
    inset = sheet.uniform(0.04, 0.12) * w
    end = office_table(sheet, (inset, y + 20 * u, w - inset, 0.93 * h), sheet.uniform(20, 34) * u, look)
    if end < 0.8 * h and sheet.chance(0.4):
        listed(sheet, design, (inset, end + 30 * u, w - inset, 0.93 * h), 28 * u, 3)


def picture_slide(sheet: Sheet, design: Design, label: str) -> None:
    """Pictures alone, in a row or a grid, or points beside or above them."""
    w, h, u = sheet.width, sheet.height, sheet.height / 1000
    kind = sheet.pick({"beside": 5, "one": 2.5, "grid": 2.5, "above": 1, "whole": 0.7 if label == "PHOTO" else 0.2})
    if kind == "whole":
        start(sheet, design, bare=True)
        _picture(sheet, design, label, (0, 0, w, h), caption=False)
        if sheet.chance(0.7):
            tone = sheet.pick((design.accent, (0, 0, 0), (255, 255, 255)))
            sheet.draw.rectangle((0, 0.8 * h, w, 0.95 * h), fill=tone)
            text, ink = sheet.words.phrase(2, 5).capitalize(), (255, 255, 255) if sum(tone) < 430 else (10, 10, 14)
            sheet.put("print", (0.06 * w, 0.9 * h), text, design.title * u, 0.9 * w, bold=True, ink=ink)
        return
    if sheet.chance(0.88):
        y = title(sheet, design)
    else:
        start(sheet, design)
        y = 60 * u
    bottom = 0.93 * h
    if kind == "beside":
        share = sheet.uniform(0.38, 0.62)
        left = sheet.chance(0.35)
        picture = (
            (0.05 * w, y, (0.05 + share * 0.9) * w, bottom) if left else ((0.95 - share * 0.9) * w, y, 0.95 * w, bottom)
        )
        words = (
            ((0.07 + share * 0.9) * w, y, 0.96 * w, bottom) if left else (0.05 * w, y, (0.93 - share * 0.9) * w, bottom)
        )
        listed(sheet, design, words, sheet.uniform(24, 38) * u, 9)
        if sheet.chance(0.25):  # two below each other
            middle = (y + bottom) / 2
            _picture(sheet, design, label, (picture[0], y, picture[2], middle - 8 * u))
            _picture(sheet, design, label, (picture[0], middle + 8 * u, picture[2], bottom))
        else:
            _picture(sheet, design, label, picture)
    elif kind == "one":
        inset = sheet.uniform(0.03, 0.2) * w
        _picture(sheet, design, label, (inset, y, w - inset, bottom))
    elif kind == "above":
        y = (
            listed(sheet, design, (0.05 * w, y, 0.95 * w, y + (bottom - y) * 0.4), sheet.uniform(24, 36) * u, 3)
            + 20 * u
        )
        count = sheet.integer(1, 3)
        for number in range(count):
            step = 0.9 * w / count
            _picture(sheet, design, label, (0.05 * w + step * number, y, 0.05 * w + step * (number + 0.95), bottom))
    else:
        across, down = sheet.pick(((2, 1), (2, 1), (3, 1), (2, 2), (3, 2)))
        step, tall = 0.92 * w / across, (bottom - y) / down
        for number in range(across * down):
            x, at = 0.04 * w + step * (number % across), y + tall * (number // across)
            _picture(sheet, design, label, (x, at, x + step * 0.95, at + tall * 0.96))


def _picture(sheet: Sheet, design: Design, label: str, box: Box, caption: bool = True) -> None:
    """One picture within the box, often with a caption."""
    left, top, right, bottom = box
    u = sheet.height / 1000
    if caption and sheet.chance(0.35):
        bottom -= 36 * u
        text = sheet.words.phrase(2, 6)
        sheet.put("print", (left, bottom + 26 * u), text, 21 * u, right - left, ink=design.ink)
    wide, high = right - left, bottom - top
    if caption:
        ratio = sheet.pick((1.33, 1.5, 1.78, 0.75, 1.0, wide / high))
        wide, high = min(wide, high * ratio), min(high, wide / ratio)
    if min(wide, high) < 60:
        return
    x, y = left + (right - left - wide) / 2, top + (bottom - top - high) * sheet.uniform(0, 0.5)
    if label == "PHOTO":
        sheet.image.paste(photograph(sheet, int(wide), int(high)), (int(x), int(y)))
    else:
        if sheet.chance(0.5):
            area = (int(x), int(y), int(x) + int(wide), int(y) + int(high))
            sheet.image.paste(scheme_of(sheet, design, sheet.image.crop(area)), area[:2])
            return
        made = scheme(sheet, int(wide), int(high))
        sheet.paste(made, (int(x), int(y)), multiply=not design.dark and sheet.chance(0.7))
    if sheet.chance(0.2):
        sheet.draw.rectangle((x, y, x + wide, y + high), outline=design.accent, width=max(1, int(4 * u)))


def scheme(sheet: Sheet, wide: int, high: int) -> Image.Image:
    """What is drawn for slides and modern reports: charts, schemes and maps before all else."""
    if sheet.chance(0.25):
        return figure(sheet, wide, high)
    return draw_figure(sheet.rng, max(60, wide), max(60, high), sheet.pick(FIGURES))


# -- hand-outs


def handout(sheet: Sheet, design: Design, label: str) -> None:
    """A page with two to eight small slides, perhaps with lines for notes beside them."""
    wide, high = A4
    page = Image.new("RGB", A4, "white")
    across, down = sheet.pick({(1, 2): 3, (1, 3): 3, (2, 3): 4, (2, 2): 2, (2, 4): 0.7})
    notes = (across, down) == (1, 3) and sheet.chance(0.8)
    ratio = sheet.width / sheet.height
    step, tall = wide * 0.9 / across, high * 0.9 / down
    w = min(step * (0.52 if notes else 0.94), tall * 0.9 * ratio)
    for number in range(across * down):
        small = copy.copy(sheet)
        small.width, small.height = int(w), int(w / ratio)
        small.image = Image.new("RGB", (small.width, small.height), "white")
        here = label if number == 0 or sheet.chance(0.75) else "TEXT_P"
        _draw(small, design, here)
        x = wide * 0.05 + step * (number % across) + (0 if notes else (step - w) / 2)
        y = high * 0.05 + tall * (number // across) + (tall - small.height) / 2
        page.paste(small.image, (int(x), int(y)))
        sheet.image = page
        sheet.draw.rectangle((x, y, x + w, y + small.height), outline=(30, 30, 30), width=2)
        if notes:
            for line in np.arange(y + 40, y + small.height, 42):
                sheet.rule([(x + w + 40, line), (wide * 0.95, line)], (90, 90, 90), 1)
    sheet.image, sheet.width, sheet.height = page, wide, high
