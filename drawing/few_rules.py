"""Printed tables with few rules or none (LINE_P): what lines up is the table.

    open_table(sheet)         # each function draws one kind of page; elsewhere.py picks among them

Tables of theses and reports between three lines, price lists, programmes, accounts, directories, lists of parameters,
results of an examination. Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drawing.papers import TABLES, long_caption, running_head
from drawing.printed import heading
from drawing.sheet import Sheet
from drawing.typeset import Box, Colour, choice

KINDS = {"number": 4, "measure": 4, "share": 1.5, "word": 2, "words": 1.4, "date": 0.8, "code": 0.8, "range": 0.6}


@dataclass(frozen=True)
class Plain:
    """How a document's tables without a grid look.

    Attributes:
        rules: "three" (above, below, below the head), "head", "groups", "pale" (below each row, hardly seen), "none".
        band: the ground of every second row, None for none; leading: of rows, in letter sizes; size: pixels.
        bold: the head's weight; upper: in capitals; leaders: dots from the words to the figures.
    """

    rules: str
    band: Colour | None
    leading: float
    size: float
    bold: bool
    upper: bool
    leaders: bool

    @classmethod
    def choose(cls, rng: np.random.Generator) -> Plain:
        """A look at random."""
        tone = int(rng.integers(228, 246))
        return cls(
            choice(rng, {"three": 4, "head": 2, "groups": 1.5, "pale": 1.2, "none": 3.5}),
            (tone, tone, tone) if rng.random() < 0.12 else None,
            float(rng.uniform(1.2, 2.2)),
            float(rng.uniform(13, 22)),
            bool(rng.random() < 0.6),
            bool(rng.random() < 0.15),
            bool(rng.random() < 0.1),
        )


def _look(sheet: Sheet) -> Plain:
    return sheet.document.shared("tables with few rules", Plain.choose)


def open_table(sheet: Sheet) -> None:
    """One table of many columns that fills the page, with its title or caption."""
    left, top, right, bottom = sheet.body
    running_head(sheet)
    y = long_caption(sheet, left, top, right - left, TABLES) if sheet.chance(0.6) else heading(sheet, left, top, right)
    end = rows(sheet, (left, y + 10, right, bottom), _look(sheet), full=sheet.pick((1.0, 1.0, 0.7, 0.5)))
    if end < bottom - 60 and sheet.chance(0.6):
        for _ in range(sheet.integer(1, 3)):
            end += 26
            sheet.put("print", (left, end), sheet.words.sentence(6, 16), _look(sheet).size * 0.8, right - left)


def several_open(sheet: Sheet) -> None:
    """Two to five small tables below each other, each with its caption."""
    left, y, right, bottom = sheet.body
    running_head(sheet)
    while y < bottom - 160:
        y = long_caption(sheet, left, y, right - left, TABLES)
        inset = (right - left) * sheet.pick((0, 0, 0.08, 0.18))
        part = (left + inset, y + 4, right - inset, min(bottom, y + sheet.uniform(180, 480)))
        y = rows(sheet, part, _look(sheet)) + sheet.uniform(24, 70)


def table_in_text(sheet: Sheet) -> None:
    """A table that fills most of a page, a paragraph above or below it."""
    left, top, right, bottom = sheet.body
    running_head(sheet)
    part = sheet.uniform(0.08, 0.3) * (bottom - top)
    y = top
    above = sheet.chance(0.5)
    if above:
        y = sheet.press.block(sheet.image, sheet.words, (left, top, right, top + part), sheet.rng) + 24
    y = long_caption(sheet, left, y, right - left, TABLES)
    end = rows(sheet, (left, y + 4, right, bottom if above else bottom - part - 30), _look(sheet))
    if not above:
        sheet.press.block(sheet.image, sheet.words, (left, end + 30, right, min(bottom, end + 30 + part)), sheet.rng)


def price_list(sheet: Sheet) -> None:
    """Names at the left, one or two figures at the right, groups under bold heads; leaders or blank between."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right) if sheet.chance(0.8) else top
    size = sheet.uniform(15, 22)
    step = size * sheet.uniform(1.25, 1.9)
    count = sheet.pick((1, 1, 2))
    wide = (right - left - 40 * (count - 1)) / count
    dots = sheet.chance(0.35)
    stops = sheet.pick(((0.86,), (0.72, 0.88), (0.14, 0.86), (0.5, 0.7, 0.88)))
    for column in range(count):
        x, at = left + column * (wide + 40), y
        while at + step < bottom:
            at += step
            if sheet.chance(0.07):
                at += step * 0.6
                sheet.put("print", (x, at), sheet.words.phrase(1, 3).capitalize(), size * 1.1, wide, bold=True)
                continue
            first = sheet.words.phrase(1, 4).capitalize() if stops[0] > 0.3 else sheet.words.code(sheet.document.year)
            end = sheet.put("print", (x, at), first, size, wide * stops[0] - 10)
            for number, stop in enumerate(stops):
                if number == 0 and stop < 0.3:
                    end = sheet.put("print", (x + wide * stop, at), sheet.words.phrase(1, 4), size, wide * 0.68)
                    continue
                if dots and number == len(stops) - 1 and x + wide * stop - end > 40:
                    filled = "." * int((x + wide * stop - end - 16) / (size * 0.28))
                    sheet.put("print", (end + 6, at), filled, size, x + wide * stop - end - 10)
                _right(sheet, x + wide * (stop + 0.12), at, sheet.words.measure(), size)


def programme(sheet: Sheet) -> None:
    """A programme, a timetable, a list of terms: hours, dates or short words at the left, what they stand for."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right, sheet.uniform(26, 44)) if sheet.chance(0.85) else top
    size = sheet.uniform(16, 23)
    step = size * sheet.uniform(1.35, 1.7)
    kind = sheet.pick(("hour", "date", "term", "name"))
    hang = (right - left) * (sheet.uniform(0.12, 0.2) if kind in ("hour", "date") else sheet.uniform(0.22, 0.34))
    third = sheet.chance(0.35)
    hour = 8 * 60 + sheet.integer(0, 6) * 15
    while y + step < bottom:
        y += step * sheet.pick((1, 1, 1.3))
        text = {
            "hour": f"{hour // 60 % 24}:{hour % 60:02d}"
            + (f"–{(hour + 15) // 60 % 24}:{(hour + 15) % 60:02d}" if third else ""),
            "date": sheet.words.date(sheet.document.year),
            "term": sheet.words.phrase(1, 2).capitalize(),
            "name": sheet.words.person(),
        }[kind]
        hour += sheet.integer(1, 6) * 5
        sheet.put("print", (left, y), text, size, hang - 12, bold=kind == "term" and sheet.chance(0.7))
        room = (right - left - hang) * (0.68 if third else 1)
        for line in range(sheet.pick({1: 6, 2: 2, 3: 0.7})):
            if line:
                y += step * 0.85
            if y > bottom:
                return
            sheet.put("print", (left + hang, y), sheet.words.sentence(3, 9).rstrip("."), size, room)
        if third:
            sheet.put(
                "print", (left + hang + room + 12, y), sheet.words.person(), size * 0.95, right - left - hang - room
            )


def accounts(sheet: Sheet) -> None:
    """A balance: indented words, two or three columns of figures, lines above sums only."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right) if sheet.chance(0.8) else top
    size = sheet.uniform(15, 21)
    step = size * sheet.uniform(1.3, 1.8)
    count = sheet.integer(2, 4)
    stops = [right - (right - left) * 0.15 * number for number in range(count)][::-1]
    for number, stop in enumerate(stops):
        _right(sheet, stop, y + step, str(sheet.document.year - number), size, bold=True)
    y += step * 1.5
    group = 0
    while y + step < bottom:
        y += step
        group += 1
        total = group > 3 and sheet.chance(0.2)
        if sheet.chance(0.12) and not total:
            sheet.put("print", (left, y), sheet.words.phrase(1, 3).capitalize(), size, right - left, bold=True)
            continue
        words = sheet.words.phrase(1, 5).capitalize()
        sheet.put("print", (left + (0 if total else 28), y), words, size, stops[0] - left - 150, bold=total)
        for stop in stops:
            if total:
                sheet.rule([(stop - 110, y - size * 1.05), (stop, y - size * 1.05)], width=1)
            if sheet.chance(0.93):
                _right(sheet, stop, y, f"{sheet.integer(1, 999)} {sheet.integer(0, 999):03d}", size, bold=total)
        if total:
            group, y = 0, y + step * 0.6


def directory(sheet: Sheet) -> None:
    """Names, streets and numbers in two to four narrow columns, entries of two to four lines."""
    left, top, right, bottom = sheet.body
    count, gap, size = sheet.integer(2, 4), 30, sheet.uniform(12, 17)
    wide = (right - left - gap * (count - 1)) / count
    y0 = heading(sheet, left, top, right) if sheet.chance(0.5) else top
    for column in range(count):
        x, y = left + column * (wide + gap), y0
        while y + size * 5 < bottom:
            y += size * 1.7
            sheet.put("print", (x, y), sheet.words.person(), size, wide * 0.7, bold=sheet.chance(0.7))
            _right(sheet, x + wide, y, sheet.words.number(4), size)
            for _ in range(sheet.integer(1, 3)):
                y += size * 1.2
                sheet.put(
                    "print", (x + 8, y), f"{sheet.words.place()} {sheet.words.number(3)}", size * 0.95, wide * 0.7
                )


def rows(sheet: Sheet, box: Box, look: Plain, full: float = 1.0) -> float:
    """A table in columns that only line up, by that look, from the top of the box; the y below it."""
    left, top, right, bottom = box
    size, step = look.size, look.size * look.leading
    count = max(2, min(sheet.pick({2: 1, 3: 3, 4: 4, 5: 4, 6: 3, 8: 2, 11: 1}), int((right - left) / (size * 4.5))))
    kinds = [sheet.pick(("words", "word", "code")), *(sheet.pick(KINDS) for _ in range(count - 1))]
    shares = np.array([{"words": 3.2, "word": 1.8, "date": 1.5, "code": 1.3}.get(kind, 1.0) for kind in kinds])
    edges = left + (right - left) * np.concatenate([[0], np.cumsum(shares / shares.sum())])
    y = top + step
    end = top + (bottom - top) * full
    if look.rules == "three":
        sheet.rule([(left, top), (right, top)], width=2)
    for column in range(count):
        text = sheet.words.head(0.1)
        _cell(sheet, edges, column, y, text.upper() if look.upper else text, size, kinds[column], look.bold)
    if look.rules in ("three", "head"):
        sheet.rule([(left, y + size * 0.5), (right, y + size * 0.5)], width=1)
    y += size * 0.4
    number = 0
    while y + step < end:
        y += step
        if look.band and number % 2:
            sheet.draw.rectangle((left - 4, y - step * 0.72, right + 4, y + step * 0.28), fill=look.band)
        if look.rules == "groups" and number % 5 == 0:
            if number:
                sheet.rule([(left, y - step * 0.75), (right, y - step * 0.75)], width=1)
            sheet.put("print", (left, y), sheet.words.phrase(1, 3).capitalize(), size, right - left, bold=True)
        else:
            for column, kind in enumerate(kinds):
                if column and sheet.chance(0.05):
                    continue
                _cell(sheet, edges, column, y, _said(sheet, kind), size, kind, False)
        if look.rules == "pale":
            sheet.rule([(left, y + step * 0.3), (right, y + step * 0.3)], (206, 206, 210), 1)
        number += 1
    if look.rules == "three":
        sheet.rule([(left, y + size * 0.5), (right, y + size * 0.5)], width=2)
    return y + size


def _said(sheet: Sheet, kind: str) -> str:
    if kind == "share":
        return f"{sheet.uniform(0, 100):.1f} %"
    if kind == "range":
        return f"{sheet.integer(1, 50)}–{sheet.integer(51, 200)}"
    return sheet.words.entry(kind, sheet.document.year)


def _cell(
    sheet: Sheet, edges: np.ndarray, column: int, y: float, text: str, size: float, kind: str, bold: bool
) -> None:
    """One cell: figures to the right, words to the left."""
    wide = float(edges[column + 1] - edges[column]) - size * 0.7
    if kind in ("number", "measure", "share"):
        _right(sheet, float(edges[column]) + wide, y, text, size, bold=bold, room=wide)
    else:
        sheet.put("print", (float(edges[column]), y), text, size, wide, bold=bold)


def _right(sheet: Sheet, right: float, y: float, text: str, size: float, bold: bool = False, room: float = 1e9) -> None:
    wide = min(room, sheet.press.face(sheet.press.body, size).getlength(text))
    sheet.put("print", (right - wide, y), text, size, wide + 4, bold=bold)
