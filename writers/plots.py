"""Pictures of how well pages of one hand find each other, as PNG of bounded size.

draw_matrix(Cosines(vectors), writers, known, Path("matrix.png"))     # ordered by a dendrogram
draw_scores(scores, Path("scores.png"))                               # pairs of one and of different writers
draw_cmc({"model": curve, "chance": other}, Path("cmc.png"))
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from output.pictures import new_figure, plain, save_figure
from writers.ranking import Similarities
from writers.scores import BINS, Scores
from writers.verdict import percent

MOST_PAGES = 240  # of a matrix: more than that are no picture, and each merge looks at all pairs that are left
NAMED = 70  # pages whose writers stand beside the matrix, one by one
ONE, OTHERS, GREYS = "#2a6f97", "#c8553d", ("#8a9a5b", "#b0a18f", "#666666")


def dendrogram(similarities: np.ndarray) -> tuple[list[int], list[tuple[float, float, float, float, float]]]:
    """Average linkage of a matrix [n, n]: the order of the pages, and the merges as places and heights of a drawing.

    A merge: (place of the one, its height, place of the other, its height, height of both); heights are 1 - similarity.
    """
    count = len(similarities)
    distances = (1 - (similarities + similarities.T) / 2).astype(np.float64)
    np.fill_diagonal(distances, np.inf)
    members: dict[int, list[int]] = {at: [at] for at in range(count)}
    heights = dict.fromkeys(range(count), 0.0)
    merges: list[tuple[list[int], float, list[int], float, float]] = []
    for _ in range(count - 1):
        one, other = sorted(np.unravel_index(int(distances.argmin()), distances.shape))
        height = float(max(distances[one, other], heights[one], heights[other]))
        merges.append((members[one], heights[one], members[other], heights[other], height))
        share = len(members[one]) / (len(members[one]) + len(members[other]))
        with np.errstate(invalid="ignore"):
            mean = share * distances[one] + (1 - share) * distances[other]
        distances[one], distances[:, one] = mean, mean
        distances[one, one] = np.inf
        distances[other], distances[:, other] = np.inf, np.inf
        members[one], heights[one] = members[one] + members[other], height
    order = members[min(members, key=lambda at: (-len(members[at]), at))]
    place = {page: at for at, page in enumerate(order)}
    drawn = [
        (float(np.mean([place[page] for page in a])), low_a, float(np.mean([place[page] for page in b])), low_b, height)
        for a, low_a, b, low_b, height in merges
    ]
    return order, drawn


def chosen_pages(writers: Sequence[str], known: np.ndarray) -> np.ndarray:
    """Which described pages a matrix shows, int: all, or of more than `MOST_PAGES` whole writers, of several pages
    first, evenly from the whole list.
    """
    described = np.flatnonzero(known)
    if len(described) <= MOST_PAGES:
        return described
    counts = Counter(writers[at] for at in described)
    names = [name for name in dict.fromkeys(writers[at] for at in described) if 1 < counts[name] <= MOST_PAGES // 4]
    names = names or list(counts)
    share = min(len(names), max(1, int(MOST_PAGES / max(1.0, np.mean([counts[name] for name in names])))))
    taken = {names[int(at)] for at in np.linspace(0, len(names) - 1, share)}
    return np.array([at for at in described if writers[at] in taken][:MOST_PAGES])


def draw_matrix(similarities: Similarities, writers: Sequence[str], known: np.ndarray, file: Path) -> Path:
    """The similarities of pages, ordered by a dendrogram, which stands above; a coloured strip tells the writers."""
    pages = chosen_pages(writers, known)
    values = np.stack([np.asarray(similarities[at : at + 1][0])[pages] for at in pages])  # [n, n]
    order, merges = dendrogram(values)
    values, names = values[np.ix_(order, order)], [writers[pages[at]] for at in order]
    count = len(order)
    side = min(11.0, max(4.5, 0.16 * count))
    figure = new_figure(side + 2.2, side + 1.9)
    grid = figure.add_gridspec(2, 2, height_ratios=(1, 5), width_ratios=(1, 28), wspace=0.02, hspace=0.02)
    tree, strip, axes = (figure.add_subplot(grid[at]) for at in ((0, 1), (1, 0), (1, 1)))
    for one, low_one, other, low_other, height in merges:
        tree.plot([one, one, other, other], [low_one, height, height, low_other], color="#666666", linewidth=0.7)
    tree.set_xlim(-0.5, count - 0.5)
    tree.set_xticks([])
    tree.set_ylabel("1 - similarity", fontsize=8)
    tree.tick_params(labelsize=7)
    for edge in ("top", "right", "bottom"):
        tree.spines[edge].set_visible(False)
    off = values[~np.eye(count, dtype=bool)]
    image = axes.imshow(
        values, cmap="viridis", vmin=float(np.quantile(off, 0.02)), vmax=float(off.max()), aspect="auto"
    )
    axes.set_xticks([])
    axes.set_yticks([])
    strip.imshow(_colours(names)[:, None, :], aspect="auto")
    strip.set_xticks([])
    if count <= NAMED:
        size = 7 if count <= 45 else 5.5
        strip.set_yticks(range(count), [plain(name, 16) for name in names], fontsize=size)
    else:
        strip.set_yticks([])
        strip.set_ylabel("colour: the writer", fontsize=8)
    bar = figure.colorbar(image, ax=axes, fraction=0.035, pad=0.02)
    bar.ax.tick_params(labelsize=7)
    of = f"{count} of {int(known.sum())} pages, whole writers" if count < known.sum() else f"{count} pages"
    agree = sum(one == other for one, other in itertools.pairwise(names))
    most = count - len(set(names))
    figure.suptitle(
        f"{of}, ordered by how alike their hands are (average linkage)\n"
        f"{agree} of at most {most} neighbours in this order are of one writer",
        fontsize=9,
    )
    return save_figure(figure, file)


def _colours(names: Sequence[str]) -> np.ndarray:
    """A colour for each name, float [n, 3], those of one name the same; a writer of one page is grey."""
    import matplotlib as mpl

    counts = Counter(names)
    several = sorted(name for name, number in counts.items() if number > 1)
    wheel = mpl.colormaps["hsv"]
    # Steps of the golden ratio: writers that stand side by side get colours far apart.
    colour = {name: wheel((0.618034 * at) % 1.0)[:3] for at, name in enumerate(several)}
    shade = {name: 0.55 + 0.45 * (at % 3) / 2 for at, name in enumerate(several)}
    return np.array([[part * shade[name] for part in colour[name]] if name in colour else [0.88] * 3 for name in names])


def draw_scores(scores: Scores, file: Path) -> Path:
    """How alike pages of one writer are, and those of different ones, as shares of the pairs; and the threshold."""
    there = np.flatnonzero(scores.same + scores.different)
    low, high = there[0], there[-1] + 1
    wide = max(1, round((high - low) / 60))  # bins put together, for some 60 bars
    edges = np.arange(low, high + wide, wide)
    figure = new_figure(6.4, 4.4)
    axes = figure.subplots()
    for counts, colour, name in (
        (scores.different, OTHERS, "different writers"),
        (scores.same, ONE, "one writer"),
    ):
        padded = np.append(counts, np.zeros(wide, int))
        heights = [padded[at : at + wide].sum() for at in edges[:-1]]
        shares = 100 * np.array(heights) / counts.sum()
        axes.stairs(shares, -1 + 2 * edges / BINS, fill=True, alpha=0.55, color=colour,
            label=f"{name} ({counts.sum():,} pairs)")  # fmt: skip
    axes.axvline(scores.threshold, color="black", linewidth=1, linestyle="--")
    axes.annotate(
        f" {scores.threshold:.3f}", (scores.threshold, 1), xycoords=("data", "axes fraction"), fontsize=8,
        xytext=(2, -10), textcoords="offset points",
    )  # fmt: skip
    axes.set_xlabel("similarity of two pages (cosine)", fontsize=9)
    axes.set_ylabel("% of the pairs", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, frameon=False)
    whose = "chosen on these very pages" if scores.calibration is None else "of the model's calibration"
    axes.set_title(
        f"threshold {whose}: {percent(scores.false_match_rate)} of pairs of different writers reach it,\n"
        f"{percent(scores.false_non_match_rate)} of pairs of one writer do not",
        fontsize=9,
    )
    return save_figure(figure, file)


def draw_cmc(curves: Mapping[str, np.ndarray], file: Path) -> Path:
    """Share of the queries with a page of their writer among the first k, k = 1, 2, ... The last curve is chance."""
    figure = new_figure(6.0, 4.4)
    axes = figure.subplots()
    colours = [ONE, OTHERS, *GREYS]
    *_, last = curves
    for at, (name, curve) in enumerate(curves.items()):
        style = {"linestyle": "--", "color": "#888888"} if name == last else {"color": colours[at % len(colours)]}
        axes.plot(np.arange(1, len(curve) + 1), 100 * curve, linewidth=1.6, label=plain(name, 40), **style)
    axes.set_xlim(1, len(next(iter(curves.values()))))
    axes.set_ylim(0, 101)
    axes.set_xlabel("first k pages of the ranking", fontsize=9)
    axes.set_ylabel("% of queries with a page of their writer there", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    axes.set_title("cumulative match characteristic", fontsize=9)
    return save_figure(figure, file)
