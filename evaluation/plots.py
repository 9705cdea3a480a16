"""Pictures of results as PNG: confusion matrices, reliability, bars with intervals, a heat map of accuracies.

    draw_confusion(table, categories, Path("counts.png"))                 # table: [C, C] counts, rows true
    draw_bars([Bar("mine", 0.86, 0.79, 0.92)], Path("models.png"))

Sizes grow with what is shown, so that 2 and 40 categories are both legible. matplotlib without pyplot: no window, no
state.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evaluation.metrics import Bin
from utils import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 130
LONGEST = 34  # letters of a label; the middle of a longer one goes
TUNED, UNTUNED, UNTOLD = "#2a6f97", "#8a9a5b", "#b0a18f"


def short(text: str, longest: int = LONGEST) -> str:
    """A label for a picture: printable, its middle dropped where it is long, no TeX.

    >>> short("a" * 10 + "b" * 10, 9)
    'aaa...bbb'
    """
    text = "".join(letter if letter.isprintable() else "?" for letter in printable(text))
    if len(text) > longest:
        half = (longest - 3) // 2
        text = f"{text[:half]}...{text[-half:]}"
    return text.replace("$", r"\$")


def draw_confusion(
    table: np.ndarray, categories: Sequence[str], file: Path, *, shares: bool = False, title: str = ""
) -> Path:
    """A confusion matrix: rows true, columns guessed; counts in the cells, or with `shares` per cent of the row."""
    count = len(categories)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    names = [short(category) for category in categories]
    margin = 0.075 * max(map(len, names)) + 0.7
    side = max(1.6, 0.36 * count)
    figure = _figure(side + margin + 1.0, side + margin + 0.6, layout="compressed")
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
    right, pages = int(np.trace(table)), int(table.sum())
    what = f"{right} of {pages} pages right; in the cells: {'% of the row' if shares else 'pages'}"
    lines = textwrap.wrap(f"{title}: {what}" if title else what, max(30, int(13 * (side + margin))))
    figure.suptitle("\n".join(lines), fontsize=9)
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02, aspect=max(12, count), ticks=[0, 0.5, 1])
    bar.set_label("share of the row", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    return _save(figure, file)


def draw_reliability(bins: Sequence[Bin], file: Path, *, error: float, perfect: tuple[float, float]) -> Path:
    """Score against share of right pages; each point is a bin, its whiskers the chance of so few pages."""
    figure = _figure(5.2, 5.2)
    axes = figure.subplots()
    low = min(0.5, *(part.score for part in bins), *(part.right for part in bins)) - 0.05
    low = max(0.0, low)
    axes.plot([low, 1], [low, 1], color="#999999", linestyle="--", linewidth=1, label="perfect")
    scores = np.array([part.score for part in bins])
    pages = np.array([part.pages for part in bins])
    spread = 1.96 * np.sqrt(scores * (1 - scores) / pages)
    band = (np.clip(scores - spread, 0, 1), np.clip(scores + spread, 0, 1))
    axes.vlines(scores, *band, color="#cccccc", linewidth=6, label="where a perfect one may lie (95 %)", zorder=1)
    axes.plot(scores, [part.right for part in bins], "o-", color=TUNED, label="this model", zorder=2)
    for place, part in enumerate(bins):
        offset = (6, -11 if place % 2 else 5)
        axes.annotate(
            str(part.pages), (part.score, part.right), offset, textcoords="offset points", fontsize=7, color="#444444"
        )
    axes.set_xlim(low, 1.02)
    axes.set_ylim(low - 0.02, 1.03)
    axes.set_xlabel("mean score of a bin of pages")
    axes.set_ylabel("share of them that is right")
    axes.set_title(
        f"calibration error {error:.3f}; perfect at this size: {perfect[0]:.3f} (95 %: up to {perfect[1]:.3f})",
        fontsize=8,
    )
    figure.legend(fontsize=8, loc="outside lower center", ncols=3, columnspacing=1.2, handlelength=1.5)
    axes.grid(alpha=0.3)
    return _save(figure, file)


def draw_coverage(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], file: Path, wanted: float) -> Path:
    """Accuracy of the pages accepted against their share; one panel a category, the first for all pages together."""
    count = len(curves)
    columns = min(count, 4 if count <= 12 else 6)
    rows = -(-count // columns)
    figure = _figure(2.3 * columns + 0.4, 1.75 * rows + 0.6)
    panels = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    lowest = min((float(accuracies.min()) for _, accuracies in curves.values() if len(accuracies)), default=1.0)
    for axes, (name, (shares, accuracies)) in zip(panels, curves.items(), strict=False):
        axes.axhline(wanted, color="#cc7722", linewidth=0.8, linestyle="--")
        if len(shares):
            axes.plot(shares, accuracies, ".-", color=TUNED, markersize=4, linewidth=1)
        else:
            axes.text(0.5, 0.5, "never guessed", ha="center", fontsize=8, transform=axes.transAxes)
        axes.set_title(short(name, 30), fontsize=8)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
    panels[0].set_xlim(-0.02, 1.04)
    panels[0].set_ylim(min(lowest, 0.9) - 0.05, 1.02)
    for axes in panels[count:]:
        axes.set_visible(False)
    figure.supxlabel("share of pages accepted unseen", fontsize=9)
    figure.supylabel("share of them right", fontsize=9)
    return _save(figure, file)


@dataclass(frozen=True)
class Bar:
    """One bar: an accuracy (0..1) with its interval; kind: "tuned", "zero-shot", or "untold" (may have seen them)."""

    name: str
    value: float
    low: float
    high: float
    kind: str = "tuned"


def draw_bars(bars: Sequence[Bar], file: Path, *, title: str = "") -> Path:
    """Horizontal bars in the given order, the first on top, with intervals and the value in per cent."""
    from matplotlib.patches import Patch

    names = [short(bar.name, 48) for bar in bars]
    figure = _figure(4.6 + 0.07 * max(map(len, names), default=0), 0.32 * len(bars) + 1.3)
    axes = figure.subplots()
    colours = {"tuned": TUNED, "zero-shot": UNTUNED, "untold": UNTOLD}
    for place, bar in enumerate(bars):
        axes.barh(place, bar.value, color=colours[bar.kind], height=0.7)
        whisker = [[bar.value - bar.low], [bar.high - bar.value]]
        axes.errorbar(bar.value, place, xerr=np.maximum(whisker, 0), color="black", capsize=3, linewidth=1)
        axes.text(1.02, place, f"{100 * bar.value:.1f}", va="center", fontsize=8)
    axes.set_yticks(range(len(bars)), names, fontsize=8)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, 1.1)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlabel("accuracy, with 95 % interval over documents", fontsize=9)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    texts = {"tuned": "fine-tuned", "zero-shot": "zero-shot", "untold": "fine-tuned, may have seen these pages"}
    kinds = [kind for kind in colours if any(bar.kind == kind for bar in bars)]
    if len(kinds) > 1 or kinds == ["untold"]:
        handles = [Patch(color=colours[kind], label=texts[kind]) for kind in kinds]
        figure.legend(handles=handles, fontsize=8, loc="outside lower center", ncols=len(kinds))
    if title:
        figure.suptitle(title, fontsize=9)
    return _save(figure, file)


def draw_heat_map(panels: Mapping[str, Mapping[tuple[str, str], float]], file: Path) -> Path:
    """Accuracies by description set (rows) and base (columns), a panel each kind, coloured from its own range of data.

    panels: title -> {(set, base): accuracy 0..1}; "averaged" is the last row.
    """
    shown = {title: cells for title, cells in panels.items() if cells}
    width = sum(0.95 * len({base for _, base in cells}) + 2.1 for cells in shown.values())
    tall = max(len({name for name, _ in cells}) for cells in shown.values())
    figure = _figure(max(4.5, width), 0.36 * tall + 1.9)
    for axes, (title, cells) in zip(np.atleast_1d(figure.subplots(1, len(shown))), shown.items(), strict=True):
        sets = sorted({name for name, _ in cells}, key=lambda name: (name == "averaged", name))
        bases = sorted({base for _, base in cells})
        grid = np.full((len(sets), len(bases)), np.nan)
        for (name, base), value in cells.items():
            grid[sets.index(name), bases.index(base)] = 100 * value
        low, high = float(np.nanmin(grid)), float(np.nanmax(grid))
        spare = 0 if high > low else 0.5
        image = axes.imshow(grid, cmap="viridis", vmin=low - spare, vmax=high + spare, aspect="auto")
        for row, column in zip(*np.nonzero(~np.isnan(grid)), strict=True):
            dark = high == low or (grid[row, column] - low) / (high - low) < 0.6
            colour = "white" if dark else "black"
            axes.text(column, row, f"{grid[row, column]:.2f}", ha="center", va="center", color=colour, fontsize=8)
        axes.set_xticks(range(len(bases)), [short(base, 24) for base in bases], rotation=35, ha="right", fontsize=8)
        axes.set_yticks(range(len(sets)), [short(name, 24) for name in sets], fontsize=8)
        axes.set_title(f"{title}, accuracy in %", fontsize=9)
        axes.set_facecolor("#eeeeee")
        figure.colorbar(image, ax=axes, shrink=0.8).ax.tick_params(labelsize=7)
    return _save(figure, file)


def _figure(width: float, height: float, layout: str = "constrained") -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def _save(figure: Figure, file: Path) -> Path:
    part = file.with_name(f"{file.name}.part")
    figure.savefig(part, dpi=DPI, format="png")
    return part.replace(file)
