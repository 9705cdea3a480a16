"""What a line of a page, or a block of lines, looks like, as numbers: its letters, gaps, signs, and where it stands.

    sight = Sight(page)                       # page: `PageLines` of regions.py
    sight.features(members, box)              # float [len(NAMES)]

Text stands on one baseline in words of several letters that begin at one margin; a formula has small letters above and
below, bars, signs of twice the height, odd gaps, and stands free. Lengths are in heights of the page's capitals.
"""

from __future__ import annotations

import numpy as np

from formulas.regions import Box, PageLines

NAMES = (
    "pieces", "width", "height", "on_baseline", "above", "below", "height_spread", "small", "bars", "equals",
    "long_bars", "large", "gap_median", "gap_words", "gap_middle", "gap_largest", "word_length", "in_words", "density",
    "wide", "letter_height", "highest_letter", "dots", "left_offset", "right_offset", "centred", "share_of_column",
    "free_above", "free_below", "free_left", "free_right", "number_right", "number_left", "is_number", "page_lines",
    "dropped", "column_known", "type_pixels", "text_above", "text_below",
)  # fmt: skip
FAR = 4.0  # heights of a capital: a gap above or below that is no wider is free
LONG = 9.0  # heights of a capital that a line is wide which tells where a column ends
NUMBER = (2, 8, 5.0)  # pieces of the number of an equation, at least and at most, and how wide it may be


class Sight:
    """The lines of a page, and what is asked of them again and again."""

    def __init__(self, page: PageLines) -> None:
        self.page = page
        self.size = page.type_size
        self.boxes = page.boxes
        self.counts = np.array([len(line.members) for line in page.lines], np.int64)
        self.widths = self.boxes[:, 2] - self.boxes[:, 0]
        self.long = (self.widths >= LONG * self.size) & (self.counts >= 12)
        self.solid = self.counts >= 3
        columns = [self._column(line.box, at) for at, line in enumerate(page.lines)]
        self.columns = np.array(columns, float).reshape(-1, 3)  # left, right, whether other lines tell
        self.words = np.array([self._letters(line.members)["in_words"] for line in page.lines], float)

    def of_line(self, at: int) -> np.ndarray:
        """Features of a line by its number."""
        line = self.page.lines[at]
        return self.features(line.members, line.box, np.array([at]))

    def features(self, members: np.ndarray, box: Box, own: np.ndarray) -> np.ndarray:
        """Features of pieces `members` within `box`; own: the numbers of lines that they are of. float64 [NAMES]."""
        values = self._letters(members) | self._place(box, own)
        area = max(1, (box[2] - box[0]) * (box[3] - box[1]))
        values["density"] = float(self.page.pieces.areas[members].sum()) / area
        values["width"] = float(np.log1p((box[2] - box[0]) / self.size))
        values["height"] = (box[3] - box[1]) / self.size
        return np.array([values[name] for name in NAMES])

    def _letters(self, members: np.ndarray) -> dict[str, float]:
        """What needs the pieces alone."""
        size, pieces = self.size, self.page.pieces
        left, right = pieces.left[members] / size, pieces.right[members] / size
        top, bottom = pieces.top[members] / size, pieces.bottom[members] / size
        widths, heights = right - left, bottom - top
        count = len(members)
        bars = (widths >= 0.45) & (widths >= 3.5 * heights) & (heights < 0.35)
        letters = ~bars & (heights >= 0.3) & (heights <= 1.75) & (widths < 4)
        dots = (np.maximum(widths, heights) < 0.3) & ~bars
        many = max(1, int(np.count_nonzero(letters)))
        off = _off_baseline(left[letters], bottom[letters], heights[letters])
        on = np.abs(off) < 0.13
        tall = heights[letters]
        gaps, lengths, in_words = _words(left[letters], right[letters], on)
        return {
            "pieces": float(np.log1p(count)),
            "on_baseline": float(np.count_nonzero(on)) / many,
            "above": float(np.count_nonzero(off < -0.2)) / many,
            "below": float(np.count_nonzero(off > 0.2)) / many,
            "height_spread": float(np.std(np.log(tall))) if len(tall) > 1 else 0.0,
            "small": float(np.count_nonzero(tall < 0.6)) / many,
            "bars": float(np.count_nonzero(bars)) / count,
            "equals": min(4.0, float(_equals(left[bars], right[bars], top[bars], bottom[bars]))),
            "long_bars": min(4.0, float(np.count_nonzero(bars & (widths > 1.3)))),
            "large": float(np.count_nonzero(heights > 1.4)) / count,
            "gap_median": float(np.median(gaps)) if len(gaps) else 0.0,
            "gap_words": float(np.mean(gaps > 0.33)) if len(gaps) else 0.0,
            "gap_middle": float(np.mean((gaps > 0.17) & (gaps <= 0.33))) if len(gaps) else 0.0,
            "gap_largest": min(6.0, float(gaps.max())) if len(gaps) else 0.0,
            "word_length": min(15.0, float(np.mean(lengths))) if len(lengths) else 0.0,
            "in_words": in_words,
            "wide": float(np.count_nonzero(widths > 1.3)) / count,
            "letter_height": float(np.median(tall)) if len(tall) else 0.0,
            "highest_letter": min(6.0, float(heights.max())),
            "dots": float(np.count_nonzero(dots)) / count,
        }

    def _place(self, box: Box, own: np.ndarray) -> dict[str, float]:
        """Where it stands among the other lines."""
        size, boxes = self.size, self.boxes
        others = np.ones(len(boxes), bool)
        others[own] = False
        left, top, right, bottom = box
        over = np.minimum(boxes[:, 2], right) - np.maximum(boxes[:, 0], left)
        beside = np.minimum(boxes[:, 3], bottom) - np.maximum(boxes[:, 1], top)
        column = self._column(box, own)
        near = others & self.solid & (over > 0.3 * np.minimum(self.widths, right - left))
        above, text_above = self._nearest(top - boxes[:, 3], near & (boxes[:, 1] < top))
        below, text_below = self._nearest(boxes[:, 1] - bottom, near & (boxes[:, 3] > bottom))
        row = others & (beside > 0.3 * np.minimum(boxes[:, 3] - boxes[:, 1], bottom - top))
        numbers = self._numbers(row)
        ends = (column[0], column[1])
        wide = max(1.0, column[1] - column[0])
        return {
            "left_offset": float(np.clip((left - ends[0]) / size, -3, 14)),
            "right_offset": float(np.clip((ends[1] - right) / size, -3, 14)),
            "centred": float(np.clip(abs((left - ends[0]) - (ends[1] - right)) / size, 0, 20)),
            "share_of_column": float(np.clip((right - left) / wide, 0, 1.5)),
            "free_above": above,
            "free_below": below,
            "free_left": _least((left - boxes[:, 2])[row & (boxes[:, 2] <= left + size)] / size, 8.0),
            "free_right": _least((boxes[:, 0] - right)[row & (boxes[:, 0] >= right - size)] / size, 8.0),
            "number_right": float(np.any(numbers & (boxes[:, 0] > right) & (np.abs(boxes[:, 2] - ends[1]) < size))),
            "number_left": float(np.any(numbers & (boxes[:, 2] < left) & (np.abs(boxes[:, 0] - ends[0]) < size))),
            "is_number": float(
                (right - left) < NUMBER[2] * size and min(abs(right - ends[1]), abs(left - ends[0])) < 0.6 * size
            ),
            "page_lines": float(np.log1p(len(boxes))),
            "dropped": self.page.dropped,
            "column_known": float(column[2]),
            "type_pixels": float(np.log(size)),
            "text_above": text_above,
            "text_below": text_below,
        }

    def columns_apart(self, ones: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Which pairs of lines stand in two columns beside each other: bool."""
        one, other = self.columns[ones], self.columns[others]
        shared = np.minimum(one[:, 1], other[:, 1]) - np.maximum(one[:, 0], other[:, 0])
        return (one[:, 2] * other[:, 2] > 0) & (shared <= 0)

    def _column(self, box: Box, own: np.ndarray | int) -> tuple[float, float, bool]:
        """Left and right edge of the column that a box of lines `own` stands in, and whether other lines tell."""
        others = np.ones(len(self.boxes), bool)
        others[own] = False
        over = np.minimum(self.boxes[:, 2], box[2]) - np.maximum(self.boxes[:, 0], box[0])
        telling = others & self.long & (over > 0.5 * np.minimum(self.widths, box[2] - box[0]))
        if np.count_nonzero(telling) >= 2:
            return float(np.median(self.boxes[telling, 0])), float(np.median(self.boxes[telling, 2])), True
        if np.count_nonzero(others) >= 3:
            return float(self.boxes[:, 0].min()), float(self.boxes[:, 2].max()), False
        return 0.0, float(self.page.size[0]), False

    def _numbers(self, row: np.ndarray) -> np.ndarray:
        """Which lines of a row may be the number of an equation: bool [lines]."""
        least, most, width = NUMBER
        return row & (self.counts >= least) & (self.counts <= most) & (self.widths <= width * self.size)

    def _nearest(self, gaps: np.ndarray, those: np.ndarray) -> tuple[float, float]:
        """The smallest gap to one of those lines (heights of a capital, `FAR` at most), and how much of it is words."""
        at = np.flatnonzero(those)
        if not len(at):
            return FAR, 0.0
        nearest = at[np.argmin(gaps[at])]
        return float(np.clip(gaps[nearest] / self.size, -0.5, FAR)), float(self.words[nearest])


def _least(gaps: np.ndarray, most: float) -> float:
    return float(np.clip(gaps.min(), 0, most)) if len(gaps) else most


def _off_baseline(left: np.ndarray, bottom: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """How far under the baseline each letter ends; the baseline may rise or fall a little along the line."""
    if not len(left):
        return np.zeros(0)
    usual = heights > 0.45 if np.count_nonzero(heights > 0.45) >= 3 else np.ones(len(heights), bool)
    off = bottom - np.median(bottom[usual])
    for _ in range(2):
        near = usual & (np.abs(off) < 0.3)
        if np.count_nonzero(near) < 8 or np.ptp(left[near]) < 8:
            break
        slope, height = np.polyfit(left[near], bottom[near], 1)
        if abs(slope) > 0.03:
            break
        off = bottom - (slope * left + height)
    return off


def _words(left: np.ndarray, right: np.ndarray, on: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Gaps between neighbours along the row, letters of each word, and the share of letters in words of four and more
    that stand on the baseline."""
    if len(left) < 2:
        return np.zeros(0), np.full(len(left), 1.0), 0.0
    order = np.argsort(left, kind="stable")
    reach = np.maximum.accumulate(right[order])
    gaps = left[order][1:] - reach[:-1]
    cuts = np.flatnonzero(gaps > 0.3) + 1
    lengths = np.diff(np.r_[0, cuts, len(order)])
    standing = np.add.reduceat(on[order].astype(float), np.r_[0, cuts]) / lengths
    long = (lengths >= 4) & (standing >= 0.7)
    return np.maximum(gaps, 0), lengths.astype(float), float(lengths[long].sum()) / len(order)


def _equals(left: np.ndarray, right: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> int:
    """How many pairs of bars stand over one another as those of an equals sign do."""
    if len(left) < 2:
        return 0
    same = (np.abs(left[:, None] - left) < 0.15) & (np.abs(right[:, None] - right) < 0.15)
    apart = top[None, :] - bottom[:, None]
    widths = right - left
    return int(np.count_nonzero(same & (apart > 0) & (apart < 0.5) & (widths[:, None] < 1.8)))
