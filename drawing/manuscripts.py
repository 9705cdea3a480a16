"""Manuscripts of 1640 to 1850 (TEXT_HW): books copied by hand, memoirs, minutes, acts of parishes, accounts in prose.

    manuscript(sheet)         # draws one of several kinds of page

Dense lines in brown ink, a wide margin with notes, a catchword below, the other side showing through, an opening of two
pages. Sizes are pixels at 150 dpi.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from drawing.deeds import written
from drawing.fiscal import oval_stamp
from drawing.sheet import Sheet

ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


@dataclass(frozen=True)
class Layout:
    """How a scribe fills his pages: shares of width and height; x_height and leading in pixels of a page 1,150 wide."""

    left: float
    right: float
    top: float
    bottom: float
    x_height: float
    leading: float
    ragged: float
    notes: float
    catchword: bool
    folio: bool
    frame: bool
    kind: str
    opening: bool

    @classmethod
    def choose(cls, rng: np.random.Generator) -> Layout:
        """A layout at random."""
        wide = rng.random() < 0.45  # half the page is left for corrections
        x_height = float(rng.uniform(8, 17))
        return cls(
            float(rng.uniform(0.2, 0.5) if wide else rng.uniform(0.04, 0.16)),
            float(rng.uniform(0.9, 0.985)),
            float(rng.uniform(0.04, 0.13)),
            float(rng.uniform(0.88, 0.97)),
            x_height,
            x_height * float(rng.uniform(2.3, 3.6)),
            float(rng.choice([0.015, 0.04, 0.08])),
            float(rng.uniform(0.3, 1)) if wide else 0.2,
            bool(rng.random() < 0.4),
            bool(rng.random() < 0.6),
            bool(rng.random() < 0.08),
            str(rng.choice(["prose", "acts", "chapters", "letter", "list"], p=(0.42, 0.2, 0.18, 0.12, 0.08))),
            bool(rng.random() < 0.16),
        )


def manuscript(sheet: Sheet) -> None:
    """A page, or an opening of two, of a manuscript."""
    layout = sheet.document.shared("layout of a manuscript", Layout.choose)
    if layout.opening:
        opening(sheet, lambda half: _page(half, layout))
    else:
        _page(sheet, layout)


def opening(sheet: Sheet, draw: Callable[[Sheet], None]) -> None:
    """Two pages of a book side by side, each drawn by `draw`; the right one with its margins turned round."""
    w, h = sheet.width, sheet.height
    if w > h:
        w = int(h * 0.72)
    page = Image.new("RGB", (2 * w, h), "white")
    for number in range(2):
        half = copy.copy(sheet)
        half.width, half.height, half.image = w, h, Image.new("RGB", (w, h), "white")
        half.__dict__.pop("body", None)
        draw(half)
        page.paste(half.image, (number * w, 0))
    shade = np.ones((1, 2 * w), np.float32)
    away = np.abs(np.arange(2 * w) - w) / w
    shade[0] -= sheet.uniform(0.15, 0.7) * np.exp(-away / sheet.uniform(0.01, 0.05))
    dark = Image.fromarray((255 * shade).astype(np.uint8)).resize(page.size)
    sheet.image, sheet.width, sheet.height = page, 2 * w, h
    sheet.paste(dark, (0, 0))


def _page(sheet: Sheet, layout: Layout) -> None:
    w, h = sheet.width, sheet.height
    scale = w / 1150
    x_height, leading = layout.x_height * scale, layout.leading * scale
    left, right = layout.left * w, layout.right * w
    if sheet.chance(0.5) and layout.left > 0.2:  # a left-hand page
        left, right = w - right, w - left
    top, bottom = layout.top * h + 2 * x_height, layout.bottom * h
    if layout.frame:
        for inset in (0, 8):
            sheet.draw.rectangle(
                (left - 22 - inset, top - 60 - inset, right + 14 + inset, bottom + 20 + inset),
                outline=sheet.pen,
                width=1,
            )
    if sheet.chance(0.25):
        bottom = top + (bottom - top) * sheet.uniform(0.3, 0.9)
    if layout.kind == "acts":
        y = _acts(sheet, (left, top, right, bottom), x_height, leading)
    elif layout.kind == "list":
        y = _short_lines(sheet, (left, top, right, bottom), x_height, leading)
    else:
        y = _prose(sheet, layout, (left, top, right, bottom), x_height, leading)
    if layout.folio and sheet.chance(0.8):
        sheet.put(
            "hand",
            (w * sheet.pick((0.9, 0.48, 0.06)), h * sheet.uniform(0.025, 0.045)),
            sheet.words.number(3),
            x_height * 1.1,
            90,
        )
    if layout.catchword and y > bottom - 2 * leading:
        sheet.put(
            "hand", (right - x_height * 9, min(h - 8, y + leading)), sheet.words.phrase(1, 1), x_height, x_height * 9
        )
    if sheet.chance(layout.notes * 0.7) and (left > 0.18 * w or right < 0.8 * w):
        _margin(
            sheet,
            (w * 0.02, top, left - 24, bottom) if left > 0.18 * w else (right + 24, top, w * 0.99, bottom),
            x_height,
        )
    if sheet.chance(0.12):
        oval_stamp(sheet, (w * sheet.uniform(0.1, 0.8), h * sheet.uniform(0.05, 0.9)))


def _prose(sheet: Sheet, layout: Layout, box: tuple, x_height: float, leading: float) -> float:
    """Paragraphs, perhaps under a title, with chapters in larger letters; the last baseline."""
    left, y, right, bottom = box
    if sheet.chance(0.75 if layout.kind == "chapters" else 0.2):
        for _ in range(sheet.integer(1, 3)):
            text, size = sheet.words.phrase(2, 5).capitalize(), x_height * sheet.uniform(1.2, 2.2)
            wide = len(text) * size * 0.85
            sheet.put("hand", (max(left, (left + right - wide) / 2), y), text, size, right - left)
            y += leading * sheet.uniform(1.1, 1.7)
        if sheet.chance(0.4):
            sheet.rule(
                [(left + (right - left) * 0.35, y - leading / 2), (left + (right - left) * 0.65, y - leading / 2)],
                sheet.pen,
                2,
                by_hand=True,
            )
    if layout.kind == "letter":
        sheet.put(
            "hand",
            (left + (right - left) * sheet.uniform(0.1, 0.4), y),
            sheet.words.phrase(1, 2).capitalize() + ",",
            x_height,
            right - left,
        )
        y += leading * sheet.uniform(2, 4)
    last = y
    while y < bottom:
        stop = bottom if sheet.chance(0.35) else min(bottom, y + leading * sheet.integer(3, 24))
        lines = written(sheet, (left, y, right, stop), x_height, leading, ragged=layout.ragged, full=stop == bottom)
        last = lines[-1][2] if lines else y
        y = last + leading * sheet.pick({1.0: 4, 1.5: 1.5, 2.2: 0.5})
        if layout.kind == "chapters" and sheet.chance(0.4) and y < bottom - 3 * leading:
            sheet.put(
                "hand",
                (left + (right - left) * sheet.uniform(0.2, 0.45), y),
                sheet.pick(ROMAN) + ".",
                x_height * 1.5,
                200,
            )
            y += leading * 1.5
    if layout.kind == "letter" and last < bottom - 3 * leading:
        sheet.hand.signature(
            sheet.rng, sheet.image, (left + (right - left) * 0.55, last + 2.5 * leading), x_height * 2.4, sheet.pen
        )
    return last


def _acts(sheet: Sheet, box: tuple, x_height: float, leading: float) -> float:
    """Acts of a parish or of a notary, one below another: the name in the margin, some lines, signatures."""
    left, y, right, bottom = box
    margin = max(left, sheet.width * 0.17)
    last = y
    while y < bottom - 2 * leading:
        sheet.put(
            "hand",
            (sheet.width * 0.03, y),
            sheet.words.phrase(1, 2).capitalize(),
            x_height,
            margin - sheet.width * 0.05,
        )
        if sheet.chance(0.4):
            sheet.put(
                "hand", (sheet.width * 0.03, y + leading), sheet.words.place(), x_height, margin - sheet.width * 0.05
            )
        stop = min(bottom, y + leading * sheet.integer(3, 9))
        lines = written(sheet, (margin, y, right, stop), x_height, leading, ragged=0.03)
        last = lines[-1][2] if lines else y
        y = last + leading
        if sheet.chance(0.5) and y < bottom:
            for number in range(sheet.integer(1, 3)):
                x = margin + (right - margin) * (0.05 + number * 0.32)
                sheet.document.hands[number % 2].signature(
                    sheet.rng, sheet.image, (x, y + x_height), x_height * 2, sheet.pen
                )
            y += leading * 1.6
        elif sheet.chance(0.3):
            sheet.rule([(margin, y - leading * 0.4), (right, y - leading * 0.4)], sheet.pen, 2, by_hand=True)
            y += leading * 0.4
    return last


def _short_lines(sheet: Sheet, box: tuple, x_height: float, leading: float) -> float:
    """Verses, heads of chapters, a list that runs on without columns; the last baseline."""
    left, y, right, bottom = box
    last = y
    while y < bottom:
        for _ in range(sheet.integer(2, 8)):
            if y >= bottom:
                break
            x = left + (right - left) * sheet.pick((0.05, 0.05, 0.12))
            sheet.put("hand", (x, y), sheet.words.sentence(3, 8), x_height, (right - x) * sheet.uniform(0.5, 1))
            last = y
            y += leading
        y += leading * sheet.uniform(0.4, 1)
    return last


def _margin(sheet: Sheet, box: tuple, x_height: float) -> None:
    """Notes in the wide margin, in smaller letters."""
    left, top, right, bottom = box
    for _ in range(sheet.integer(1, 4)):
        y = sheet.uniform(top, bottom - 60)
        written(
            sheet, (left, y, right, min(bottom, y + x_height * sheet.uniform(3, 22))), x_height * 0.8, x_height * 2.3
        )
