"""Tables as word processors, LaTeX and slide programs set them: booktabs, banded rows, coloured heads, totals, notes.

    y = office_table(sheet, (120, 300, 1120, 1500), size=18)           # the y below its last row

Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drawing.sheet import Sheet
from drawing.typeset import Box, Colour, choice

LOOKS = {"booktabs": 4, "banded": 3, "grid": 2, "head": 2, "lines": 2, "plain": 1}
KINDS = {"number": 4, "measure": 5, "percent": 2, "range": 1, "word": 2, "words": 1.5, "date": 0.7, "yes": 0.7}


@dataclass(frozen=True)
class Look:
    """How the tables of a document are set."""

    name: str
    head: Colour  # the ground of its head
    head_ink: Colour
    band: Colour
    line: Colour
    ink: Colour
    row: float  # height of a row in letter sizes
    weight: int
    bold: bool

    @classmethod
    def choose(cls, rng: np.random.Generator, accent: Colour | None = None, ink: Colour = (24, 24, 26)) -> Look:
        """A look; with an `accent` (slides) in its colour."""
        light = sum(ink) > 380  # on a dark ground
        if accent is None:
            grey = int(rng.integers(60, 235))
            accent = tuple(int(v) for v in rng.integers(20, 200, 3)) if rng.random() < 0.4 else (grey, grey, grey)
        name = choice(rng, LOOKS)
        toned = name in ("banded", "grid", "head") and rng.random() < 0.75
        pale = tuple(int(255 - (255 - v) * 0.2) for v in accent)
        band = tuple(v // 4 for v in accent) if light else pale
        line = tuple(int(v) for v in np.array(ink) * rng.uniform(0.6, 1)) if rng.random() < 0.7 else accent
        return cls(
            name,
            accent if toned else (0, 0, 0),
            ((255, 255, 255) if sum(accent) < 420 else (10, 10, 14)) if toned else ink,
            band,
            line,
            ink,
            float(rng.uniform(1.35, 2.3)),
            int(rng.integers(1, 3)),
            bool(rng.random() < 0.7),
        )

    @property
    def toned(self) -> bool:
        """Whether its head has a ground."""
        return self.head != (0, 0, 0)


def office_table(sheet: Sheet, box: Box, size: float = 0, look: Look | None = None, most: int = 80) -> float:
    """A table of at most `most` rows from the top of the box; the y below it."""
    look = look or sheet.document.shared("office table", lambda rng: Look.choose(rng))
    left, top, right, bottom = box
    size = size or sheet.press.size * sheet.uniform(0.75, 1)
    wide = right - left
    count = max(2, min(sheet.pick({2: 1, 3: 3, 4: 4, 5: 4, 6: 3, 8: 2, 10: 1.5, 14: 0.7}), int(wide / (size * 4.2))))
    kinds = ["words" if sheet.chance(0.7) else "word"] + [sheet.pick(KINDS) for _ in range(count - 1)]
    if sheet.chance(0.45):  # mostly one kind of figures
        kinds = [kinds[0], *[kinds[1]] * (count - 1)] if kinds[1] in ("number", "measure", "percent") else kinds
    shares = np.array([{"words": 3.0, "word": 1.8, "date": 1.5}.get(kind, 1.0) for kind in kinds])
    edges = left + wide * np.concatenate([[0], np.cumsum(shares / shares.sum())])
    tall = size * look.row
    lines = sheet.pick((1, 1, 2))
    first = top + tall * (lines + 0.1)
    rows = int(min(most, max(1, (bottom - first) / tall - 0.3)))
    if sheet.chance(0.4):
        rows = max(min(3, rows), int(rows * sheet.uniform(0.35, 1)))
    end = first + rows * tall
    _ground(sheet, look, (left, top, right, end), first, tall, rows)
    centred = sheet.chance(0.35)
    for column, kind in enumerate(kinds):
        for line in range(lines):
            if line and sheet.chance(0.4):
                continue
            text = sheet.words.head(0.15) if line == 0 else sheet.pick(("(cm)", "(%)", "n", "[mm]", "1", "A", "(a)"))
            _cell(sheet, edges, column, top + tall * (line + 0.72), text, size, kind, centred, look, head=True)
    group = sheet.integer(3, 9) if sheet.chance(0.3) else 0
    total = sheet.chance(0.3)
    for row in range(rows):
        y = first + tall * (row + 0.72)
        bold = total and row == rows - 1
        if group and row % group == 0:
            sheet.put(
                "print", (left + 6, y), sheet.words.phrase(1, 4).capitalize(), size, wide, bold=True, ink=look.ink
            )
            continue
        for column, kind in enumerate(kinds):
            if column and sheet.chance(0.06):
                continue
            text = _entry(sheet, kind)
            _cell(sheet, edges, column, y, text, size, kind, centred, look, bold=bold)
    if look.name in ("booktabs", "lines") and count > 4 and sheet.chance(0.4):  # a line below a head of several columns
        a, b = sorted(sheet.rng.choice(np.arange(1, count + 1), 2, replace=False))
        sheet.rule([(edges[a] + 6, top + tall), (edges[b] - 6, top + tall)], look.line, 1)
    if sheet.chance(0.35) and end + size * 3 < bottom:
        sheet.put("print", (left, end + size * 1.3), sheet.words.sentence(5, 16), size * 0.8, wide, ink=look.ink)
        end += size * 1.6
    return end


def _ground(sheet: Sheet, look: Look, box: Box, first: float, tall: float, rows: int) -> None:
    left, top, right, end = box
    if look.toned:
        sheet.draw.rectangle((left, top, right, first), fill=look.head)
    if look.name == "banded":
        for row in range(sheet.integer(0, 1), rows, 2):
            sheet.draw.rectangle((left, first + row * tall, right, first + (row + 1) * tall), fill=look.band)
    heavy = look.weight + 1
    if look.name in ("booktabs", "plain", "banded") and not (look.toned or look.name == "plain"):
        for y, width in ((top, heavy), (first, look.weight), (end, heavy)):
            sheet.rule([(left, y), (right, y)], look.line, width)
    if look.name in ("grid", "lines", "head"):
        for row in range(rows + 1 if look.name != "head" else 1):
            y = first + row * tall
            sheet.rule([(left, y), (right, y)], look.line, look.weight)
        sheet.rule([(left, top), (right, top)], look.line, look.weight)
        sheet.rule([(left, end), (right, end)], look.line, look.weight)
    if look.name == "grid":
        sheet.draw.rectangle((left, top, right, end), outline=look.line, width=look.weight)


def _entry(sheet: Sheet, kind: str) -> str:
    if kind == "percent":
        return f"{sheet.uniform(0, 100):.1f} %"
    if kind == "range":
        low = sheet.integer(1, 90)
        return f"{low}–{low + sheet.integer(1, 60)}"
    if kind == "yes":
        return sheet.pick(("yes", "no", "–", "+", "x", "n/a"))
    if kind == "words":
        return sheet.words.phrase(1, 4)
    return sheet.words.entry(kind, sheet.document.year)


def _cell(
    sheet: Sheet,
    edges: np.ndarray,
    column: int,
    y: float,
    text: str,
    size: float,
    kind: str,
    centred: bool,
    look: Look,
    *,
    head: bool = False,
    bold: bool = False,
) -> None:
    """One entry: words at the left, figures at the right or in the middle of their column."""
    width = edges[column + 1] - edges[column] - 12
    taken = min(width, sheet.press.face(sheet.press.body, size).getlength(text))
    x = edges[column] + 6
    if column and (centred or kind not in ("word", "words")):
        x += (width - taken) * (0.5 if centred else 1)
    if look.name == "grid" and column:
        sheet.rule(
            [(edges[column], y - size * look.row * 0.72), (edges[column], y + size * look.row * 0.28)], look.line, 1
        )
    ink = look.head_ink if head else look.ink
    sheet.put("print", (x, y), text, size, max(20, width), bold=(head and look.bold) or bold, ink=ink)
