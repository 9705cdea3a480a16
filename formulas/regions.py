"""A page as lines: its ink, the size of its type, and the runs of ink that stand on one row, with their fractions.

    page = lines_of(image)                 # a `PageLines`
    page.lines[0].box                      # (left, top, right, bottom) in pixels of the page as it was worked on
    page.scale                             # pixels of the image for one of those

What hangs together along a row becomes a line: words with usual gaps, but not the number of an equation across a wide
gap, nor the next column. What stands over and under a bar, and the limits of a large sign, belong to its line. Whether
a line is text or formula is not asked here (finding.py). Numpy alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageFilter

from formulas.components import Components, components, joined
from formulas.pictures import grey_of

LONGEST_SIDE = 2400  # pixels: larger pages are reduced; 200 dpi of A4
DARKEST = 0.87  # share of the paper's brightness above which nothing is ink
MOST_PIECES = 15_000  # of a page: print has 3,000 to 6,000; of a page with more, the largest
SMALLEST_TYPE = 5.0  # pixels: letters below that have no shape
Box = tuple[int, int, int, int]  # left, top, right, bottom; right and bottom outside


@dataclass(frozen=True)
class Line:
    """Pieces of ink (numbers into `PageLines.pieces`) that belong to one row."""

    members: np.ndarray  # int [n]
    box: Box

    @property
    def width(self) -> int:
        """Pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Pixels."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True)
class PageLines:
    """Lines of a page. size: (width, height) that was worked on; scale: pixels of the image for one of these;
    type_size: how high capitals are, pixels; dropped: ink of what is no print (photographs, frames), as a share."""

    pieces: Components
    lines: tuple[Line, ...]
    type_size: float
    size: tuple[int, int]
    scale: float
    dropped: float
    boxes: np.ndarray = field(repr=False)  # int [lines, 4]


def lines_of(image: Image.Image) -> PageLines:
    """As the module says. A page without ink has no lines."""
    grey = grey_of(image)
    scale = max(1.0, max(grey.size) / LONGEST_SIDE)
    if scale > 1:
        grey = grey.resize(
            (max(1, round(grey.width / scale)), max(1, round(grey.height / scale))), Image.Resampling.BOX
        )
    ink = ink_of(grey)
    found = components(ink)
    type_size = type_size_of(found)
    kept = _kept(found, type_size, grey.size)
    total = max(1, int(found.areas.sum()))
    pieces = _taken(found, kept)
    lines = _lines(pieces, type_size)
    boxes = np.array([line.box for line in lines], np.int64).reshape(-1, 4)
    dropped = 1 - float(pieces.areas.sum()) / total
    return PageLines(pieces, tuple(lines), type_size, grey.size, scale, dropped, boxes)


def ink_of(grey: Image.Image) -> np.ndarray:
    """Which pixels of a page ("L") are ink: darker than the paper around them. bool [H, W]."""
    values = np.asarray(grey)
    if np.median(values[::4, ::4]) < 110:
        grey = Image.fromarray(255 - values)
        values = np.asarray(grey)
    step = 8 if min(grey.size) >= 128 else 1
    small = grey.reduce(step).filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.BoxBlur(3))
    ground = np.asarray(small.resize(grey.size, Image.Resampling.BILINEAR), np.float32)
    share = values / np.maximum(ground, 40.0)
    darkest = float(np.percentile(share[::3, ::3], 0.5))
    return share < np.clip(0.62 + 0.3 * darkest, 0.7, DARKEST)  # thin strokes are pale


def type_size_of(found: Components) -> float:
    """How high the capitals of most of the print are, pixels; 20 where there is no print."""
    widths, heights = found.widths, found.heights
    letters = (heights >= SMALLEST_TYPE) & (heights <= 150) & (widths < 3 * heights) & (heights < 5 * widths)
    if not letters.any():
        return 20.0
    size = np.log(heights[letters])
    weight = np.minimum(found.areas[letters], 1500).astype(float)  # of broken letters there are many small parts
    counts, edges = np.histogram(size, bins=48, range=(np.log(SMALLEST_TYPE), np.log(151)), weights=weight)
    smooth = np.convolve(counts, (1, 2, 3, 2, 1), mode="same")
    peak = float(np.exp(edges[int(smooth.argmax())] + (edges[1] - edges[0]) / 2))
    near = heights[letters]
    near = near[(near > 0.65 * peak) & (near < 1.9 * peak)]
    return max(SMALLEST_TYPE, float(np.percentile(near, 75)))


def _kept(found: Components, size: float, page: tuple[int, int]) -> np.ndarray:
    """Which pieces can be print: bool [n]."""
    widths, heights = found.widths, found.heights
    speck = (np.maximum(widths, heights) < max(2.0, 0.14 * size)) | (found.areas < 3)
    large = (heights > 11 * size) | ((heights > 5 * size) & (widths > 7 * size)) | (widths > 45 * size)
    edge = (found.left <= 1) | (found.top <= 1) | (found.right >= page[0] - 1) | (found.bottom >= page[1] - 1)
    edge &= np.maximum(widths, heights) > 2 * size
    kept = ~(speck | large | edge)
    if np.count_nonzero(kept) > MOST_PIECES:
        least = np.partition(found.areas[kept], -MOST_PIECES)[-MOST_PIECES]
        kept &= found.areas > least
    return kept


def _taken(found: Components, kept: np.ndarray) -> Components:
    order = np.flatnonzero(kept)
    order = order[np.argsort(found.left[order], kind="stable")]
    return Components(found.left[order], found.top[order], found.right[order], found.bottom[order], found.areas[order])


def _lines(pieces: Components, size: float) -> list[Line]:
    if not len(pieces):
        return []
    pairs = zip(_along(pieces, size), _stacked(pieces, size), strict=True)
    names = joined(len(pieces), *(np.concatenate(both) for both in pairs))
    order = np.argsort(names, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(names[order]) > 0])
    lines = []
    for members in np.split(order, starts[1:]):
        box = (pieces.left[members].min(), pieces.top[members].min(),
               pieces.right[members].max(), pieces.bottom[members].max())  # fmt: skip
        lines.append(Line(members, tuple(int(edge) for edge in box)))
    return sorted(lines, key=lambda line: (line.box[1], line.box[0]))


def _pairs(pieces: Components, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of pieces (sorted by their left edges) less than `reach` pixels apart across: two int arrays."""
    first = np.arange(1, len(pieces) + 1)
    last = np.searchsorted(pieces.left, pieces.right + reach, side="right")
    many = np.maximum(last - first, 0)
    one = np.repeat(np.arange(len(pieces)), many)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(many) - many, many)
    return one, np.repeat(first, many) + offset


def _along(pieces: Components, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that stand on one row, next to each other."""
    one, other = _pairs(pieces, 1.5 * size)
    heights = pieces.heights
    shared = np.minimum(pieces.bottom[one], pieces.bottom[other]) - np.maximum(pieces.top[one], pieces.top[other])
    near = shared > -0.2 * size
    one, other, shared = one[near], other[near], shared[near]
    gap = pieces.left[other] - pieces.right[one]
    least = np.minimum(heights[one], heights[other])
    most = np.maximum(heights[one], heights[other])
    row = (shared >= 0.5 * least) & (most < 3.5 * size)
    script = (shared >= 0.2 * least) & (gap < 0.35 * size) & (least < 0.9 * size)
    tall = (shared >= 0.5 * least) & (gap < 0.9 * size)  # a bracket of many rows takes what stands close to it
    # dots, accents, both bars of an equals sign: over one another, one of them low
    over = np.minimum(pieces.right[one], pieces.right[other]) - np.maximum(pieces.left[one], pieces.left[other])
    narrow = np.minimum(pieces.widths[one], pieces.widths[other])
    mark = (over >= 0.5 * narrow) & (shared > -0.38 * size) & (least < 0.4 * size) & (
        np.maximum(pieces.widths[one], pieces.widths[other]) < 2.2 * size) & (most < 1.6 * size)  # fmt: skip
    linked = row | script | tall | mark
    return one[linked], other[linked]


def _stacked(pieces: Components, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of a bar or a large sign and what stands over and under it."""
    widths, heights = pieces.widths, pieces.heights
    middle = (pieces.left + pieces.right) / 2
    ones, others = [], []
    bars = np.flatnonzero(
        (heights <= 0.3 * size) & (widths >= 0.6 * size) & (widths >= 4 * heights) & (widths < 28 * size)
    )
    letters = heights >= 0.25 * size
    for bar in bars.tolist():
        left, right = pieces.left[bar], pieces.right[bar]
        inside = letters & (middle > left) & (middle < right)
        above = pieces.top[bar] - pieces.bottom
        below = pieces.top - pieces.bottom[bar]
        over = np.flatnonzero(inside & (above > -0.1 * size) & (above < 0.75 * size))
        under = np.flatnonzero(inside & (below > -0.1 * size) & (below < 0.75 * size))
        if not len(over) or not len(under):
            continue
        reached = [np.abs(pieces.left[side].min() - left) + np.abs(pieces.right[side].max() - right)
                   for side in (over, under)]  # fmt: skip
        beyond = any(_goes_on(pieces, side, left, right, size) for side in (over, under))
        if min(reached) < 1.5 * size and not beyond:
            ones += [bar] * (len(over) + len(under))
            others += [*over.tolist(), *under.tolist()]
    large = np.flatnonzero(
        (heights >= 1.35 * size) & (widths >= 0.5 * size) & (widths < 4 * size) & (heights < 4 * size)
    )
    for sign in large.tolist():
        inside = (middle > pieces.left[sign] - 0.6 * size) & (middle < pieces.right[sign] + 0.6 * size)
        inside &= heights < 1.1 * size
        apart = np.maximum(pieces.top[sign] - pieces.bottom, pieces.top - pieces.bottom[sign])
        near = np.flatnonzero(inside & (apart > -0.2 * size) & (apart < 0.4 * size))
        ones += [sign] * len(near)
        others += near.tolist()
    return np.array(ones, np.int64), np.array(others, np.int64)


def _goes_on(pieces: Components, side: np.ndarray, left: int, right: int, size: float) -> bool:
    """Whether what stands over or under a bar goes on beyond its ends, as text over an underline does."""
    top, bottom = pieces.top[side].min(), pieces.bottom[side].max()
    rows = (pieces.top < bottom - 0.2 * size) & (pieces.bottom > top + 0.2 * size) & (pieces.heights < 2 * size)
    outside = (pieces.right > right + 0.1 * size) & (pieces.left < right + 0.45 * size)
    outside |= (pieces.left < left - 0.1 * size) & (pieces.right > left - 0.45 * size)
    # what stands at the height of the bar itself is its neighbour in the formula
    return bool(np.any(rows & outside & (pieces.heights > 0.4 * size) & ~_crosses(pieces, side, top, bottom)))


def _crosses(pieces: Components, side: np.ndarray, top: int, bottom: int) -> np.ndarray:
    middle = (pieces.top + pieces.bottom) / 2
    return (middle < top) | (middle > bottom)
