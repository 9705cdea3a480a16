"""Do reading and reference look the same in print? Both drawn by the same renderer, and compared as pictures.

    render_match(["x _ { 1 }"], ["x _ 1"])["match"]      # 1.0: other LaTeX, the same print

Error rates count what is written; this counts what is seen. A reference that the renderer refuses judges nothing; a
reading that it refuses does not match.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

from drawing.formula_style import Style
from utils import UserError

STYLES = {
    "mathtext": Style("cm", 12, 150),
    "tex": Style("computer modern", 12, 200),
    "mathjax": Style("newcm", 12, 150),
}
BATCH = 200  # formulas that a renderer gets at once


def renderer_of(name: str, flag: str = "--renderer") -> ModuleType:
    """The module that draws. UserError: what it needs is not installed."""
    module = importlib.import_module(f"drawing.formula_{name}")
    if missing := module.missing():
        raise UserError(f"{flag} {name}: {missing}")
    return module


def render_match(references: Sequence[str], readings: Sequence[str], renderer: str = "mathtext") -> dict[str, Any]:
    """How many readings look as their references do.

    - `judged`: references that the renderer draws, of `formulas`
    - `match`: share of those whose reading looks the same; `drawn`: share whose reading can be drawn at all; 0..1, None
      where nothing is judged

    UserError: the renderer is not installed.
    """
    module = renderer_of(renderer, "--render")
    judged = drawn = match = 0
    for start in range(0, len(references), BATCH):
        pairs = list(zip(references[start : start + BATCH], readings[start : start + BATCH], strict=True))
        formulas = list(dict.fromkeys(formula for pair in pairs for formula in pair))
        pictures = dict(zip(formulas, module.draw(formulas, STYLES[renderer]), strict=True))
        for reference, reading in pairs:
            wanted, got = pictures[reference], pictures[reading]
            if isinstance(wanted, Image.Image):
                judged += 1
                drawn += isinstance(got, Image.Image)
                match += isinstance(got, Image.Image) and (reading == reference or same(wanted, got))
    shares = {name: count / judged if judged else None for name, count in (("match", match), ("drawn", drawn))}
    return {"renderer": renderer, "formulas": len(references), "judged": judged, **shares}


def same(one: Image.Image, other: Image.Image) -> bool:
    """Whether two cropped pictures show the same, laid on each other at the best of nine places one dot apart.

    Of no dot may one be dark where the other is light: a difference of half the range, which no rounding makes.
    """
    if abs(one.width - other.width) > 1 or abs(one.height - other.height) > 1:
        return False
    rows, columns = max(one.height, other.height) + 2, max(one.width, other.width) + 2
    first = _laid(one, rows, columns, 1, 1)
    return any(
        np.abs(first - _laid(other, rows, columns, top, left)).max() <= 128
        for top in range(3)
        for left in range(3)
        if top + other.height <= rows and left + other.width <= columns
    )


def _laid(picture: Image.Image, rows: int, columns: int, top: int, left: int) -> np.ndarray:
    """The picture on white, int16 [rows, columns]."""
    page = np.full((rows, columns), 255, dtype=np.int16)
    page[top : top + picture.height, left : left + picture.width] = np.asarray(picture)
    return page


def render_lines(figures: Mapping[str, Any]) -> list[str]:
    """The line for a terminal, where figures hold a match."""
    found = figures.get("render_match")
    if found is None:
        return []
    if not found["judged"]:
        return ["", f"in print: no reference can be drawn by {found['renderer']}"]
    return [
        "",
        f"in print, drawn by {found['renderer']}: {found['match']:.1%} look the same, {found['drawn']:.1%} can be "
        f"drawn; of {found['judged']} of {found['formulas']} references that can",
    ]
