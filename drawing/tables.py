"""Tables, lists and forms: ruled or only lined up, printed, typed or drawn by hand, and filled in any of these ways.

    table(sheet, (120, 300, 1120, 1500), fill="type")          # the y below its last row
    form(sheet, sheet.body, fill="hand")

The columns and rules of a table, and the questions of a form, are shared by the pages of a document.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from drawing.sheet import Sheet
from drawing.typeset import Box, Colour, choice

RULES = {
    "print": {"all": 5, "rows": 2, "columns": 1, "head": 2.5, "none": 2.5, "cells": 1},
    "type": {"all": 3, "rows": 1.5, "columns": 1.5, "head": 2, "none": 4, "dashes": 3},
    "hand": {"all": 6, "rows": 1.5, "columns": 1.2, "head": 1, "none": 2.2},
}
ENTRIES = {"number": 4, "measure": 3, "code": 3, "word": 4, "words": 4, "date": 1.5, "mark": 1.5}


@dataclass(frozen=True)
class TableStyle:
    """How the tables of a document look; widths: shares of the columns; frame: how rules and heads were made."""

    widths: tuple[float, ...]
    entries: tuple[str, ...]
    heads: tuple[str, ...]
    rules: str
    frame: str
    row: float
    head_row: float
    full: float
    gaps: float
    grey: bool
    weight: int
    colour: Colour
    bold: bool
    size: float

    @classmethod
    def choose(cls, rng: np.random.Generator, sheet: Sheet, fill: str, frame: str = "") -> TableStyle:
        """A style for tables filled by "print", "type" or "hand"."""
        frame = frame or choice(
            rng,
            {
                "print": {"print": 1},
                "type": {"type": 5, "print": 4, "hand": 1},
                "hand": {"print": 5, "hand": 4, "type": 0.5},
            }[fill],
        )
        count = int(choice(rng, {2: 2, 3: 4, 4: 5, 5: 5, 6: 4, 7: 3, 9: 2, 12: 1.2}))
        entries = [choice(rng, ENTRIES) for _ in range(count)]
        if rng.random() < 0.5:
            entries[0] = "number"
        widths = np.array([{"words": 3.2, "word": 1.8, "date": 1.5, "code": 1.3}.get(kind, 1.0) for kind in entries])
        widths = widths * rng.uniform(0.7, 1.5, count)
        rules = choice(rng, RULES[frame])
        line = sheet.height_of(fill) if fill == "type" else float(rng.uniform(24, 62))
        if fill == "print":
            line = float(rng.uniform(22, 46))
        if fill == "hand":
            line = float(rng.uniform(34, 74))
        shade = int(rng.integers(0, 150) * (rng.random() < 0.5))
        colour = (shade, shade, shade + int(rng.integers(0, 40) * (rng.random() < 0.3)))
        return cls(
            tuple(widths / widths.sum()),
            tuple(entries),
            tuple(sheet.words.head() for _ in range(count)),
            rules,
            frame,
            line * float(choice(rng, (1, 1, 1, 1.5, 2))) if fill == "type" else line,
            line * float(rng.uniform(1.0, 2.2)),
            float(choice(rng, {1.0: 5, 0.9: 2, 0.6: 1, 0.3: 1, 0.12: 0.6})),
            float(choice(rng, {0.0: 3, 0.1: 3, 0.3: 2})),
            bool(rng.random() < 0.25),
            int(choice(rng, {1: 2, 2: 5, 3: 2, 4: 0.7})),
            colour,
            bool(rng.random() < 0.55),
            float(rng.uniform(13, max(14, min(26, line * 0.72))))
            if fill == "print"
            else float(rng.uniform(8, max(9, min(17, line * 0.34)))),
        )


def table(sheet: Sheet, box: Box, fill: str, style: TableStyle | None = None) -> float:
    """A table of rows from the top of the box, often not down to its foot; the y below it."""
    if style is None:
        style = sheet.document.shared(f"table {fill}", lambda rng: TableStyle.choose(rng, sheet, fill))
    left, top, right, bottom = box
    wide = right - left
    edges = [left, *(left + wide * np.cumsum(style.widths))]
    end = top + style.head_row + (bottom - top - style.head_row) * (1 if sheet.chance(0.6) else sheet.uniform(0.4, 1))
    rows = [top + style.head_row]
    by_hand = style.frame == "hand"
    ink = sheet.pen if by_hand and sheet.chance(0.6) else style.colour
    while rows[-1] + style.row <= end:
        tall = style.row * (1 if sheet.chance(1 - style.gaps) else sheet.pick((1, 2, 2, 3)))
        if rows[-1] + tall > end:
            break
        rows.append(rows[-1] + tall)
    if style.grey and style.frame == "print":
        tone = sheet.integer(200, 238)
        sheet.draw.rectangle((left, top, right, rows[0]), fill=(tone, tone, tone))
    _rules(sheet, style, edges, [top, *rows], ink, by_hand)
    heading = style.frame if style.frame != "hand" else "hand"
    for i, text in enumerate(style.heads):
        width = edges[i + 1] - edges[i] - 10
        size = min(style.size * (1.0 if heading == "print" else 1.1), width / 4) if heading != "type" else 0
        sheet.put(
            heading,
            (edges[i] + 6, rows[0] - style.head_row * 0.3),
            text,
            size,
            width,
            bold=style.bold and heading == "print",
        )
    last = len(rows) - 1
    until = min(last, max(1, round(last * style.full)))
    for number in range(until):
        _fill_row(sheet, style, edges, rows[number], rows[number + 1], fill)
    if style.rules == "dashes":
        return rows[-1] + style.row
    return rows[-1]


def _fill_row(sheet: Sheet, style: TableStyle, edges: list[float], top: float, bottom: float, fill: str) -> None:
    base = top + style.row * (0.74 if fill != "type" else 0.78)
    year = sheet.document.year
    for i, kind in enumerate(style.entries):
        if sheet.chance(style.gaps):
            continue
        width = edges[i + 1] - edges[i] - 12
        x, y = edges[i] + 7, base
        size = style.size
        if fill == "hand":
            y += sheet.rng.normal(0, 2)
            x += abs(sheet.rng.normal(0, 5))
        text = sheet.words.entry(kind, year)
        if kind in ("number", "measure") and fill != "hand":
            taken = len(text) * (sheet.machine.pitch if fill == "type" else size * 0.55)
            x = max(x, edges[i + 1] - 14 - taken)
        sheet.put(fill, (x, y), text, size, width)
        if bottom - top > 1.5 * style.row and kind in ("words", "word"):
            for line in range(1, int((bottom - top) / style.row)):
                sheet.put(fill, (edges[i] + 7, base + line * style.row), sheet.words.phrase(2, 6), size, width)


def _rules(sheet: Sheet, style: TableStyle, edges: list[float], rows: list[float], ink: Colour, by_hand: bool) -> None:
    left, right, top, bottom = edges[0], edges[-1], rows[0], rows[-1]
    kind = style.rules
    weight = style.weight if not by_hand else sheet.integer(2, 3)

    def flat(y: float, width: int = weight) -> None:
        sheet.rule([(left, y), (right, y)], ink, width, by_hand)

    if kind == "dashes":
        letter = sheet.pick({"-": 6, "=": 2, "_": 1, ".": 1})
        text = letter * sheet.machine.columns(right - left)
        close = sheet.chance(0.35)
        for y in rows if close else (top, rows[1], bottom):
            sheet.machine.line(sheet.image, (left, y + 4), text, sheet.rng)
        if sheet.chance(0.3):
            for x in edges[1:-1]:
                for y in np.arange(top + sheet.machine.leading, bottom, sheet.machine.leading):
                    sheet.machine.line(sheet.image, (x - 6, y), sheet.pick((":", "!", "|")), sheet.rng)
        return
    if kind in ("all", "rows"):
        for y in rows:
            flat(y)
    if kind in ("all", "columns"):
        for x in edges if kind == "all" or sheet.chance(0.5) else edges[1:-1]:
            sheet.rule([(x, top), (x, bottom)], ink, weight, by_hand)
    if kind in ("head", "columns"):
        flat(rows[1])
        if sheet.chance(0.7):
            flat(top, weight + 1)
            flat(bottom, weight + 1)
    if kind == "cells":
        for y0, y1 in itertools.pairwise(rows):
            for x0, x1 in itertools.pairwise(edges):
                sheet.draw.rectangle((x0 + 3, y0 + 3, x1 - 3, y1 - 3), outline=ink, width=1)
    if kind == "all" and sheet.chance(0.4):
        sheet.draw.rectangle((left, top, right, bottom), outline=ink, width=weight + 2)


# -- forms


@dataclass(frozen=True)
class Form:
    """The questions of a form: rows of (share of the height, ((share of the width, label, lines), ...)); style."""

    rows: tuple[tuple[float, tuple[tuple[float, str], ...]], ...]
    style: str  # "boxes", "lines", "dots", "fields", "labels"
    size: float
    title: str
    weight: int
    colour: Colour
    capitals: bool

    @classmethod
    def choose(cls, rng: np.random.Generator, sheet: Sheet, rows: int = 0, style: str = "") -> Form:
        """A form with so many rows (0: 4 to 16)."""
        style = style or choice(rng, {"boxes": 6, "lines": 2, "dots": 2, "fields": 2, "labels": 0.7})
        count = rows or int(rng.integers(4, 17))
        made = []
        capitals = bool(rng.random() < 0.35)
        for _ in range(count):
            cells = int(choice(rng, {1: 4, 2: 4, 3: 3, 4: 1.5, 5: 0.5} if style != "fields" else {1: 6, 2: 3}))
            widths = rng.uniform(0.5, 1.6, cells)
            labels = [sheet.words.head(0.6) for _ in range(cells)]
            labels = [label.upper() if capitals else label for label in labels]
            tall = float(choice(rng, {1.0: 6, 1.6: 2, 3.0: 1, 5.0: 0.6}))
            made.append((tall, tuple(zip((widths / widths.sum()).tolist(), labels, strict=True))))
        total = sum(tall for tall, _ in made)
        shade = int(rng.integers(0, 130) * (rng.random() < 0.5))
        return cls(
            tuple((tall / total, cells) for tall, cells in made),
            style,
            float(rng.uniform(12, 21)),
            sheet.words.title(),
            int(choice(rng, {1: 2, 2: 4, 3: 2})),
            (shade, shade, min(255, shade + int(rng.integers(0, 60) * (rng.random() < 0.2)))),
            capitals,
        )


def form(
    sheet: Sheet, box: Box, fill: str, shape: Form | None = None, full: float | None = None, title: bool = True
) -> float:
    """A form over the whole box, filled by "print", "type", "hand" or "" (blank); the y below it."""
    if shape is None:
        shape = sheet.document.shared("form", lambda rng: Form.choose(rng, sheet))
    left, top, right, bottom = box
    full = sheet.pick({1.0: 4, 0.8: 3, 0.5: 2, 0.2: 1}) if full is None else full
    if title:
        size = sheet.uniform(24, 40)
        x = left if sheet.chance(0.3) else left + (right - left) * sheet.uniform(0.2, 0.4)
        sheet.put(
            "print",
            (x, top + size),
            shape.title.upper() if sheet.chance(0.5) else shape.title,
            size,
            right - x,
            bold=True,
            file=sheet.press.head,
        )
        top += size * 2
    y = top
    for share, cells in shape.rows:
        tall = (bottom - top) * share
        x = left
        for part, label in cells:
            wide = (right - left) * part
            _cell(sheet, shape, (x, y, x + wide, y + tall), label, fill if sheet.chance(full) else "")
            x += wide
        y += tall
    if shape.style == "boxes":
        sheet.draw.rectangle((left, top, right, bottom), outline=shape.colour, width=shape.weight + 1)
    return bottom


def _cell(sheet: Sheet, shape: Form, box: Box, label: str, fill: str) -> None:
    left, top, right, bottom = box
    wide, tall = right - left, bottom - top
    small = min(shape.size, tall * 0.45)
    ink = shape.colour
    if shape.style == "boxes":
        sheet.draw.rectangle(box, outline=ink, width=shape.weight)
        sheet.put("print", (left + 6, top + small + 3), label, small, wide - 8, file=sheet.press.small, ink=ink)
        area = (left + 10, top + small + 4, right - 6, bottom)
        if wide > 4 * tall and sheet.chance(0.4):
            area = (left + 12 + small * 0.6 * len(label), top, right - 6, bottom)
    else:
        taken = sheet.put(
            "print",
            (left, top + min(tall * 0.75, small * 1.6)),
            label + ("" if shape.style == "labels" else ":"),
            small,
            wide * 0.6,
            bold=shape.style == "fields",
            file=sheet.press.small,
            ink=ink,
        )
        start = max(taken + 10, left + wide * 0.33) if shape.style == "fields" else taken + 8
        area = (start, top, right - 12, bottom)
        base = top + min(tall * 0.8, small * 1.8)
        if shape.style == "lines":
            for y in np.arange(base, bottom + 1, max(30, small * 2.2)):
                sheet.rule([(area[0] if y == base else left, y), (right - 12, y)], ink, 1)
        elif shape.style == "dots":
            for y in np.arange(base, bottom + 1, max(30, small * 2.2)):
                begin = area[0] if y == base else left
                for x in np.arange(begin, right - 12, 7):
                    sheet.draw.ellipse((x, y, x + 1.6, y + 1.6), fill=ink)
        elif shape.style == "fields":
            sheet.draw.rectangle(
                (start - 4, top + 3, right - 10, max(top + 6, bottom - 4)), outline=ink, width=shape.weight
            )
    if fill:
        entry(sheet, area, fill, small)


def entry(sheet: Sheet, box: Box, fill: str, label: float = 16) -> None:
    """What someone wrote into a field: one line or several."""
    left, top, right, bottom = box
    wide, tall = right - left, bottom - top
    if wide < 20:
        return
    x_height = min(sheet.uniform(9, 15), tall * 0.3)
    step = {"type": sheet.machine.leading, "hand": x_height * 2.5, "print": label * 1.35}[fill]
    lines = 1 if tall < 2 * step or sheet.chance(0.35) else sheet.integer(1, max(1, int(tall / step)))
    y = top + min(tall * 0.72, step * 0.95)
    for _ in range(lines):
        if y > bottom - 2:
            return
        kind = sheet.pick(("words", "word", "code", "date", "words", "number"))
        text = sheet.words.entry(kind, sheet.document.year) if lines == 1 else sheet.words.phrase(3, 9)
        size = label * 1.05 if fill == "print" else x_height
        sheet.put(fill, (left + abs(sheet.rng.normal(0, 6)), y), text, size, wide)
        y += step


def card_head(sheet: Sheet, fill: str, top: float = 0, share: float = 0) -> float:
    """The ruled head of a record card, filled in; the y below it. Shared by the document's pages."""

    def make(rng: np.random.Generator) -> tuple[Form, float, bool]:
        shape = Form.choose(rng, sheet, rows=int(rng.integers(2, 6)), style="boxes" if rng.random() < 0.85 else "lines")
        return shape, float(rng.uniform(0.09, 0.34)), bool(rng.random() < 0.6)

    shape, height, bleed = sheet.document.shared("card head", make)
    left, body_top, right, _ = sheet.body
    if bleed:
        left, right, top = sheet.width * 0.015, sheet.width * 0.985, top or sheet.height * 0.01
    top = top or body_top
    return form(sheet, (left, top, right, top + sheet.height * (share or height)), fill, shape, title=False)


def card_foot(sheet: Sheet, fill: str) -> float:
    """A strip of fields along the bottom of the page; the y of its top."""

    def make(rng: np.random.Generator) -> tuple[Form, float]:
        return Form.choose(rng, sheet, rows=int(rng.integers(1, 4)), style="boxes"), float(rng.uniform(0.06, 0.16))

    shape, height = sheet.document.shared("card foot", make)
    left, _, right, bottom = sheet.body
    wide = right - left
    if sheet.chance(0.35):
        left += wide * sheet.uniform(0.2, 0.6)
    form(sheet, (left, bottom - sheet.height * height, right, bottom), fill, shape, title=False)
    return bottom - sheet.height * height
