"""Pictures of a labelled data set: pages per year and category, page sizes, shares of splits or folds.

    draw_years(Path("years.png"), [("DRAW", 1937), ("TEXT", 1954)])

Drawn without a display, with the fonts that come with matplotlib; legible from 2 to about 60 categories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import no_command, write_changed

from output.pictures import figure_bytes, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

DPI = 150
MOST = 59  # categories drawn one by one; the smallest of more become "other"
FEW = 20  # categories whose colours can be told apart in a stack
GREY = "#555555"


def draw_years(file: Path, pages: Sequence[tuple[str, int | None]]) -> None:
    """Pages per year, stacked by category. pages: (category, year) of each page; None = no year in its name.

    Beyond twenty categories no eye tells the colours of a stack apart: then a map of category by year stands below it.
    """
    categories = _largest(Counter(category for category, year in pages if year is not None))
    row_of = {category: number for number, category in enumerate(categories)}
    first = min((year for _, year in pages if year is not None), default=0)
    last = max((year for _, year in pages if year is not None), default=0)
    numbers = np.zeros((len(categories), last - first + 1), int)  # [category, year]
    for category, year in pages:
        if year is not None:
            numbers[row_of.get(category, -1), year - first] += 1
    years = np.arange(first, last + 1)
    many = len(categories) > FEW
    heights = [4.6, 0.7 + 0.17 * len(categories)] if many else [4.6]
    figure, axes = _figure(11, sum(heights), down=heights)
    stack, bottom, handles = axes[0], np.zeros(len(years), int), []
    for number, row in enumerate(numbers):
        handles.append(stack.bar(years, row, 0.9, bottom, color=_colour(number), edgecolor="white", linewidth=0.2))
        bottom = bottom + row
    without = len(pages) - int(numbers.sum())
    rest = f"; {without} more without a year in the document's name" if without else ""
    stack.set_title(f"{len(pages) - without} pages by year and category{rest}", loc="left")
    stack.set_xlabel("year")
    stack.set_ylabel("pages")
    if not categories:
        stack.text(0.5, 0.5, "no year in any document's name", ha="center", transform=stack.transAxes, color=GREY)
        stack.set(xticks=[], yticks=[])
        _save(figure, file)
        return
    _whole_ticks(stack)
    if many:
        _draw_map(figure, axes[1], categories, numbers, first, last)
        stack.set_xlim(*axes[1].get_xlim())
    else:
        names = [plain(name, 30) for name in reversed(categories)]
        figure.legend(handles[::-1], names, loc="outside right upper", frameon=False, fontsize=8)
    _save(figure, file)


def _draw_map(figure: Figure, axes: Axes, categories: list[str], numbers: np.ndarray, first: int, last: int) -> None:
    """Category by year, darker where there are more pages; each name in the colour that it has in the stack."""
    shown = np.ma.masked_equal(numbers, 0)
    image = axes.imshow(
        shown, cmap="cividis_r", aspect="auto", interpolation="nearest",
        extent=(first - 0.5, last + 0.5, len(categories) - 0.5, -0.5),
    )  # fmt: skip
    axes.set_yticks(range(len(categories)), [plain(name, 30) for name in categories], fontsize=8)
    for row in range(len(categories)):
        axes.plot(-0.008, row, marker="s", color=_colour(row), markersize=6, clip_on=False,
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.tick_params(axis="y", length=0, pad=10)
    axes.xaxis.set_major_locator(_ticks(14))
    axes.set_xlabel("year")
    figure.colorbar(image, ax=axes, label="pages", ticks=_ticks(6), aspect=30)


def draw_sizes(file: Path, pages: Sequence[tuple[str, int, int]]) -> None:
    """Width against height, and the longer side by category. pages: (category, width, height) in pixels."""
    sides: dict[str, list[int]] = {}
    for category, width, height in pages:
        sides.setdefault(category, []).append(max(width, height))
    kept = _largest(Counter({category: len(values) for category, values in sides.items()}))
    categories = [category for category in kept if category in sides]
    figure, (left, right) = _figure(11, max(4.2, 1.2 + 0.24 * len(categories)), 2)
    left.scatter(
        [page[1] for page in pages], [page[2] for page in pages], s=14, alpha=0.35, color="#31688e", linewidths=0
    )
    longest = max([1, *(max(page[1:]) for page in pages)]) * 1.05
    left.plot([0, longest], [0, longest], color=GREY, linewidth=0.6, linestyle=":")
    left.set(xlim=(0, longest), ylim=(0, longest), xlabel="width (pixels)", ylabel="height (pixels)")
    left.set_box_aspect(1)
    left.set_anchor("N")
    left.set_title(f"{len(pages)} pages: width and height", loc="left")
    heights_of = list(range(len(categories)))
    if categories:
        right.boxplot(
            [sides[category] for category in categories], positions=heights_of, orientation="horizontal",
            widths=0.6, flierprops={"markersize": 2.5, "markeredgecolor": GREY}, medianprops={"color": "#d95f02"},
        )  # fmt: skip
    _category_ticks(right, categories, [f"{len(sides[category])}" for category in categories])
    right.set_xlim(0, longest)
    right.set_xlabel("longer side (pixels); box: the middle half, line: the median")
    right.set_title("longer side by category", loc="left")
    _save(figure, file)


def draw_shares(file: Path, shares: dict[str, Counter[str]], names: Sequence[str], title: str) -> None:
    """How each category is shared out. shares: category -> pages by split or fold; names: these, in order."""
    categories = _largest(Counter({category: parts.total() for category, parts in shares.items()}))
    rows = {category: shares.get(category, Counter()) for category in categories}
    if "other" in rows and "other" not in shares:
        for category, parts in shares.items():
            if category not in categories:
                rows["other"] = rows["other"] + parts
    rows = {"all": sum(shares.values(), Counter()), **rows}
    figure, (axes,) = _figure(9, max(2.6, 1.5 + 0.27 * len(rows)))
    for height, (_, parts) in enumerate(rows.items()):
        left = 0.0
        for index, name in enumerate(names):
            share = 100 * parts[name] / max(1, parts.total())
            colour, dark = _shade(index, len(names))
            axes.barh(height, share, 0.8, left, color=colour, edgecolor="white", linewidth=0.5)
            if share >= 2.2 + 1.2 * len(str(parts[name])):
                ink = "white" if dark else "black"
                axes.text(left + share / 2, height, str(parts[name]), ha="center", va="center", fontsize=7, color=ink)
            left += share
    _category_ticks(axes, list(rows), [str(parts.total()) for parts in rows.values()])
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of the category's pages (numbers: pages)")
    axes.set_title(title, loc="left")
    from matplotlib.patches import Patch

    handles = [Patch(color=_shade(index, len(names))[0]) for index in range(len(names))]
    figure.legend(handles, [plain(name, 30) for name in names], loc="outside right upper", frameon=False, fontsize=8)
    _save(figure, file)


def _figure(width: float, height: float, across: int = 1, down: Sequence[float] = (1,)) -> tuple[Figure, list[Axes]]:
    """A figure of `width` x `height` inches and its axes: so many beside each other, or of these heights below."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(len(down), across, squeeze=False, height_ratios=list(down)).flat)
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Figure, file: Path) -> None:
    write_changed(file, figure_bytes(figure, DPI))


def _largest(per_category: Counter[str]) -> list[str]:
    """The categories to draw, sorted by name, "other" last where there are more than can be told apart."""
    if len(per_category) <= MOST + 1:
        return sorted(per_category)
    return [*sorted(name for name, _ in per_category.most_common(MOST)), "other"]


def _colour(number: int) -> tuple[float, float, float]:
    """The colour of a category: ten strong ones, their pale forms, then forty mixed ones."""
    import matplotlib

    strong = matplotlib.colormaps["tab20"].colors
    further = (*matplotlib.colormaps["tab20b"].colors, *matplotlib.colormaps["tab20c"].colors)
    return (*strong[::2], *strong[1::2], *further)[number % 60]


def _shade(number: int, of: int) -> tuple[object, bool]:
    """Colour of a split or fold, and whether it is dark."""
    import matplotlib

    if of <= 4:
        return (("#31688e", "#f4a259", "#8cb369", "#bbbbbb")[number], number == 0)
    position = number / max(1, of - 1)
    return matplotlib.colormaps["viridis"](position), position < 0.55


def _ticks(most: int) -> MaxNLocator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(integer=True, nbins=most, min_n_ticks=1)


def _whole_ticks(axes: Axes) -> None:
    axes.yaxis.set_major_locator(_ticks(6))
    axes.xaxis.set_major_locator(_ticks(14))


def _category_ticks(axes: Axes, categories: list[str], counts: list[str]) -> None:
    """Categories from top to bottom, each with its number of pages."""
    labels = [f"{plain(name, 30)}  {number}" for name, number in zip(categories, counts, strict=True)]
    axes.set_yticks(range(len(categories)), labels, fontsize=8)
    axes.set_ylim(len(categories) - 0.4, -0.6)


if __name__ == "__main__":
    no_command("pictures of a data set come from data_scripts/dataset.py")
