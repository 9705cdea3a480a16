"""What all pictures of results share: texts of users as matplotlib must be given them, sizes that stay bounded.

    figure = new_figure(6, 4)
    figure.subplots().set_title(plain(title))             # every text of a user goes through `plain`
    save_figure(figure, Path("counts.png"))               # at most 4,000 pixels a side, whole or not at all
    draw_confusion(table, categories, Path("counts.png")) # table: [C, C] counts, rows true

matplotlib without pyplot: no window, no state.
"""

from __future__ import annotations

import io
import textwrap
import unicodedata
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from output.files import write_whole
from utils import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 130
MOST_PIXELS = 4000  # a side: what viewers, slides and a laptop's memory take
LONGEST = 34  # letters of a label; the middle of a longer one goes
MOST_CATEGORIES = 60  # rows of a matrix; the smallest of more are its last one together


def plain(text: str, longest: int = LONGEST) -> str:
    """A user's text for a picture: no TeX, no control letters, its middle dropped where it is long.

    A letter as wide as two (Chinese, say) counts twice.

    >>> plain("a" * 10 + "b" * 10, 9), plain("Paid $ and $")
    ('aaa...bbb', 'Paid \\\\$ and \\\\$')
    """
    text = "".join(letter if letter.isprintable() else "?" for letter in printable(text))
    if _width(text) > longest:
        half = max(1, (longest - 3) // 2)
        text = f"{_cut(text, half)}...{_cut(text[::-1], half)[::-1]}"
    text = text.replace("$", r"\$")
    return f"\u200b{text}" if text.startswith("_") else text  # a legend passes over names that begin with _


def new_figure(width: float, height: float, layout: str = "constrained") -> Figure:
    """An empty figure of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def figure_bytes(figure: Figure, dpi: float = DPI) -> bytes:
    """A figure as PNG, coarser where it would be larger than `MOST_PIXELS`; letters that no font has become boxes."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        figure.savefig(out, dpi=min(dpi, MOST_PIXELS / max(figure.get_size_inches())), format="png")
    return out.getvalue()


def save_figure(figure: Figure, file: Path, dpi: float = DPI) -> Path:
    """Write a figure as PNG, whole or not at all."""
    return write_whole(file, figure_bytes(figure, dpi))


def largest(sizes: Sequence[float], most: int) -> list[int]:
    """Places of the `most` largest, in their own order; of equals the first.

    >>> largest([3, 9, 1, 3], 2)
    [0, 1]
    """
    return sorted(sorted(range(len(sizes)), key=lambda number: (-sizes[number], number))[:most])


def draw_confusion(
    table: np.ndarray, categories: Sequence[str], file: Path, *, shares: bool = False, title: str = ""
) -> Path:
    """A confusion matrix: rows true, columns guessed; counts in the cells, or with `shares` per cent of the row.

    Of more than `MOST_CATEGORIES` those with the most pages are drawn, the others as one, last; the title says so.
    """
    right, pages = int(np.trace(table)), int(table.sum())
    names, said = [plain(category) for category in categories], ""
    if len(categories) > MOST_CATEGORIES:
        kept = largest(table.sum(axis=0) + table.sum(axis=1), MOST_CATEGORIES - 1)
        others = len(categories) - len(kept)
        names = [*(names[index] for index in kept), f"({others} other categories)"]
        said = f"; the {len(kept)} of {len(categories)} categories with the most pages, the others as one"
        table = _merged(table, kept)
    count = len(names)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    margin = 0.075 * max(map(_width, names)) + 0.7
    side = max(1.6, 0.36 * count)
    figure = new_figure(side + margin + 1.0, side + margin + 0.6, layout="compressed")
    axes = figure.subplots()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in zip(*np.nonzero(table), strict=True):
        colour = "white" if share[row, column] > 0.55 else "black"
        value = 100 * share[row, column]
        text = (f"{value:.0f}" if value >= 0.5 else "<1") if shares else str(table[row, column])
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8 if len(text) < 5 else 6)
    axes.set_xticks(range(count), names, rotation=90, fontsize=8)
    axes.set_yticks(range(count), names, fontsize=8)
    axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    axes.set_xlabel("sorted into", fontsize=9)
    axes.set_ylabel("true category", fontsize=9)
    what = f"{right} of {pages} pages right; in the cells: {'% of the row' if shares else 'pages'}{said}"
    lines = textwrap.wrap(f"{plain(title, 80)}: {what}" if title else what, max(30, int(13 * (side + margin))))
    figure.suptitle("\n".join(lines), fontsize=9)
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02, aspect=max(12, count), ticks=[0, 0.5, 1])
    bar.set_label("share of the row", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    return save_figure(figure, file)


def _merged(table: np.ndarray, kept: Sequence[int]) -> np.ndarray:
    """The counts [K + 1, K + 1] of the kept categories; those of all others are the last row and column."""
    row = np.full(len(table), len(kept))
    row[list(kept)] = range(len(kept))
    merged = np.zeros((len(kept) + 1, len(kept) + 1), int)
    np.add.at(merged, (row[:, None], row[None, :]), table)
    return merged


def _width(text: str) -> int:
    """How many usual letters wide a text is."""
    return sum(_letter(letter) for letter in text)


def _letter(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _cut(text: str, width: int) -> str:
    """The first letters that are at most so wide."""
    kept = 0
    for index, letter in enumerate(text):
        kept += _letter(letter)
        if kept > width:
            return text[:index]
    return text
