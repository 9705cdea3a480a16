"""Pictures of results as PNG: reliability, coverage, bars with intervals, a heat map of accuracies.

    draw_bars([Bar("mine", 0.86, 0.79, 0.92)], Path("models.png"))

Sizes grow with what is shown, so that 2 and 40 categories are both legible; of more than fit, the most telling
are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.metrics import Bin
from output.pictures import largest, new_figure, plain, save_figure

MOST_PANELS, MOST_BARS, MOST_ROWS, MOST_COLUMNS = 36, 80, 60, 24  # of a picture
TUNED, UNTUNED, UNTOLD = "#2a6f97", "#8a9a5b", "#b0a18f"


def draw_reliability(bins: Sequence[Bin], file: Path, *, error: float, perfect: tuple[float, float]) -> Path:
    """Score against share of right pages; each point is a bin, its whiskers the chance of so few pages."""
    figure = new_figure(5.2, 5.2)
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
    for position, part in enumerate(bins):
        offset = (6, -11 if position % 2 else 5)
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
    return save_figure(figure, file)


def draw_coverage(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], file: Path, wanted: float) -> Path:
    """Accuracy of the pages accepted against their share; one panel a category, the first for all pages together.

    Of more than `MOST_PANELS` the longest curves are drawn, those of the categories that most scores fall into.
    """
    said, of = "share of pages accepted unseen", len(curves) - 1
    if len(curves) > MOST_PANELS:
        lengths = [np.inf, *(len(shares) for shares, _ in list(curves.values())[1:])]
        kept = largest(lengths, MOST_PANELS)
        curves = {name: curve for position, (name, curve) in enumerate(curves.items()) if position in kept}
        said += f" ({len(kept) - 1} of {of} categories, those with the most scores; all are in the coverage table)"
    count = len(curves)
    columns = min(count, 4 if count <= 12 else 6)
    rows = -(-count // columns)
    figure = new_figure(2.3 * columns + 0.4, 1.75 * rows + 0.6)
    panels = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    lowest = min((float(accuracies.min()) for _, accuracies in curves.values() if len(accuracies)), default=1.0)
    for axes, (name, (shares, accuracies)) in zip(panels, curves.items(), strict=False):
        axes.axhline(wanted, color="#cc7722", linewidth=0.8, linestyle="--")
        if len(shares):
            axes.plot(shares, accuracies, ".-", color=TUNED, markersize=4, linewidth=1)
        else:
            axes.text(0.5, 0.5, "never guessed", ha="center", fontsize=8, transform=axes.transAxes)
        axes.set_title(plain(name, 30), fontsize=8)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
    panels[0].set_xlim(-0.02, 1.04)
    panels[0].set_ylim(min(lowest, 0.9) - 0.05, 1.02)
    for axes in panels[count:]:
        axes.set_visible(False)
    figure.supxlabel(said, fontsize=9)
    figure.supylabel("share of them right", fontsize=9)
    return save_figure(figure, file)


@dataclass(frozen=True)
class Bar:
    """One bar: an accuracy (0..1) with its interval; kind: "tuned", "zero-shot", or "untold" (may have seen them)."""

    name: str
    value: float
    low: float
    high: float
    kind: str = "tuned"


def draw_bars(bars: Sequence[Bar], file: Path, *, title: str = "") -> Path:
    """Horizontal bars in the given order, the first on top, with intervals and the value in per cent; the first
    `MOST_BARS` of more."""
    from matplotlib.patches import Patch

    if len(bars) > MOST_BARS:
        title = f"the first {MOST_BARS} of {len(bars)}{f'; {title}' if title else ''}"
        bars = bars[:MOST_BARS]

    names = [plain(bar.name, 48) for bar in bars]
    figure = new_figure(4.6 + 0.07 * max(map(len, names), default=0), 0.32 * len(bars) + 1.3)
    axes = figure.subplots()
    colours = {"tuned": TUNED, "zero-shot": UNTUNED, "untold": UNTOLD}
    for position, bar in enumerate(bars):
        axes.barh(position, bar.value, color=colours[bar.kind], height=0.7)
        whisker = [[bar.value - bar.low], [bar.high - bar.value]]
        axes.errorbar(bar.value, position, xerr=np.maximum(whisker, 0), color="black", capsize=3, linewidth=1)
        axes.text(1.02, position, f"{100 * bar.value:.1f}", va="center", fontsize=8)
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
        figure.suptitle(plain(title, 120), fontsize=9)
    return save_figure(figure, file)


def draw_heat_map(panels: Mapping[str, Mapping[tuple[str, str], float]], file: Path) -> Path:
    """Accuracies by description set (rows) and base (columns), a panel each kind, coloured from its own range of data.

    panels: title -> {(set, base): accuracy 0..1}; "averaged" is the last row. Of more sets or bases than can be read
    those with the best accuracies are drawn; the title says so.
    """
    shown = {_explain(title, cells): _best(cells) for title, cells in panels.items() if cells}
    width = sum(0.95 * len({base for _, base in cells}) + 2.1 for cells in shown.values())
    tall = max(len({name for name, _ in cells}) for cells in shown.values())
    figure = new_figure(max(4.5, width), 0.36 * tall + 1.9)
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
        axes.set_xticks(range(len(bases)), [plain(base, 24) for base in bases], rotation=35, ha="right", fontsize=8)
        axes.set_yticks(range(len(sets)), [plain(name, 24) for name in sets], fontsize=8)
        axes.set_title(f"{title}, accuracy in %", fontsize=9)
        axes.set_facecolor("#eeeeee")
        figure.colorbar(image, ax=axes, shrink=0.8).ax.tick_params(labelsize=7)
    return save_figure(figure, file)


def _explain(title: str, cells: Mapping[tuple[str, str], float]) -> str:
    sets, bases = (len({key[position] for key in cells}) for position in (0, 1))
    if sets <= MOST_ROWS and bases <= MOST_COLUMNS:
        return title
    return f"{title}, the best {min(sets, MOST_ROWS)} of {sets} sets, {min(bases, MOST_COLUMNS)} of {bases} bases"


def _best(cells: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """The cells of the sets and bases with the best accuracies, as many as can be read."""
    kept = []
    for position, most in ((0, MOST_ROWS), (1, MOST_COLUMNS)):
        names = sorted({key[position] for key in cells})
        best = [max(value for key, value in cells.items() if key[position] == name) for name in names]
        kept.append({names[at] for at in largest(best, most)})
    return {key: value for key, value in cells.items() if key[0] in kept[0] and key[1] in kept[1]}
