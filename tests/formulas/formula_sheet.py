"""Pages for tests of finding: text and formulas that matplotlib sets, at boxes that are known.

sheet = formula_sheet([PARAGRAPH, r"$E = \frac{m c^2}{2}$", PARAGRAPH])
sheet.image, sheet.boxes        # of the formulas, those that begin with $
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

PARAGRAPH = (
    "The excavation of the settlement began in the spring, when the upper layers were taken away and the pits "
    "of the second phase came to light. Most of the vessels are broken, but their profiles can be drawn, and the "
    "clay was fired with sand. In the north of the field a hearth was found below the wall of the later house. "
)
DPI = 200


@dataclass(frozen=True)
class FormulaSheet:
    """A page ("L") and where its formulas stand: (left, top, right, bottom) each."""

    image: Image.Image
    boxes: list[tuple[int, int, int, int]]


def set_line(text: str, points: float) -> np.ndarray:
    """A line of text or a formula, cropped: uint8 [H, W], 0 = ink."""
    figure = Figure(figsize=(11, 2), dpi=DPI)
    FigureCanvasAgg(figure)
    figure.text(0.02, 0.4, text, fontsize=points, family="serif", math_fontfamily="cm")
    figure.canvas.draw()
    grey = np.asarray(figure.canvas.buffer_rgba())[..., :3].mean(axis=2).astype(np.uint8)
    rows, columns = np.flatnonzero((grey < 200).any(axis=1)), np.flatnonzero((grey < 200).any(axis=0))
    return grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def formula_sheet(
    parts: Sequence[str],
    columns: Sequence[tuple[int, int]] = ((200, 1454),),
    height: int = 2339,
    points: float = 11,
    numbers: bool = False,
) -> FormulaSheet:
    """Parts from top to bottom, in each column (left and right edge) the same. numbers: formulas are numbered at the
    right edge. Formulas stand in the middle of their column."""
    page = np.full((height, 1654), 255, np.uint8)
    boxes = []
    for left, right in columns:
        y = 240
        for part in parts:
            if not part.startswith("$"):
                y = _paragraph(page, part, left, y, right, points) + 10
                continue
            drawn = set_line(part, points)
            x = (left + right - drawn.shape[1]) // 2
            y += 24
            page[y : y + drawn.shape[0], x : x + drawn.shape[1]] = drawn
            boxes.append((x, y, x + drawn.shape[1], y + drawn.shape[0]))
            if numbers:
                number = set_line(f"({len(boxes)})", points)
                top = y + (drawn.shape[0] - number.shape[0]) // 2
                page[top : top + number.shape[0], right - number.shape[1] : right] = number
            y += drawn.shape[0] + 34
    return FormulaSheet(Image.fromarray(page), boxes)


def _paragraph(page: np.ndarray, text: str, left: int, y: int, right: int, points: float) -> int:
    """Text in lines of one width; the y below it."""
    letters = int((right - left) / (points * DPI / 72 * 0.56))
    line = ""
    lines = []
    for word in text.split():
        if len(line) + len(word) + 1 > letters:
            lines.append(line)
            line = ""
        line += f" {word}" if line else word
    for words in [*lines, line]:
        # a line that holds a descender and an ascender has one height; lines stand on one grid
        drawn = set_line(words, points)
        drawn = drawn[:, : right - left]
        page[y : y + drawn.shape[0], left : left + drawn.shape[1]] = drawn
        y += round(points * 1.35 * DPI / 72)
    return y
