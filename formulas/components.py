"""Connected pieces of ink, by numpy alone: what letters, bars and formulas of a page are made of.

    found = components(ink)          # ink [H, W] bool
    found.heights, found.areas       # int [n] each

Runs of ink are joined row by row, then each piece is called by its smallest run (union by pointer jumping), so that a
page of 4 million pixels takes a moment without scipy or OpenCV, which reading formulas does not need.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Components:
    """Pieces of ink that hang together, corners included. Edges in pixels, right and bottom outside; all int [n]."""

    left: np.ndarray
    top: np.ndarray
    right: np.ndarray
    bottom: np.ndarray
    areas: np.ndarray

    @property
    def widths(self) -> np.ndarray:
        """int [n], 1 or more."""
        return self.right - self.left

    @property
    def heights(self) -> np.ndarray:
        """int [n], 1 or more."""
        return self.bottom - self.top

    def __len__(self) -> int:
        return len(self.areas)


def components(ink: np.ndarray) -> Components:
    """The pieces of `ink` [H, W] bool, in the order of their first pixel, row by row."""
    height, width = ink.shape
    framed = np.zeros((height, width + 2), np.int8)
    framed[:, 1:-1] = ink
    steps = np.diff(framed, axis=1)  # [H, W + 1]: 1 where a run begins, -1 where it ended
    row, start = np.nonzero(steps == 1)
    end = np.nonzero(steps == -1)[1]
    if not len(row):
        none = np.zeros(0, np.int64)
        return Components(none, none, none, none, none)
    names = joined(len(row), *_touching(row, start, end, height, width))
    _, piece = np.unique(names, return_inverse=True)
    count = int(piece.max()) + 1
    left, top = np.full(count, width), np.full(count, height)
    right, bottom = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.minimum.at(left, piece, start)
    np.minimum.at(top, piece, row)
    np.maximum.at(right, piece, end)
    np.maximum.at(bottom, piece, row + 1)
    return Components(left, top, right, bottom, np.bincount(piece, weights=end - start).astype(np.int64))


def _touching(
    row: np.ndarray, start: np.ndarray, end: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of runs, of one row and the next, that touch (corners included): two int arrays of their numbers."""
    wide = width + 3  # keys of one row never reach into the next
    begins, ends = row * wide + start, row * wide + end
    # of the row below: the first run that ends at or after our start, up to the last that starts at or before our end
    first = np.searchsorted(ends, begins + wide, side="left")
    last = np.searchsorted(begins, ends + wide, side="right")
    many = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(row)), many)
    offset = np.arange(len(upper)) - np.repeat(np.cumsum(many) - many, many)
    return upper, np.repeat(first, many) + offset


def joined(count: int, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """For each of `count` things the smallest number of those that it hangs together with."""
    name = np.arange(count)
    while True:
        low = np.minimum(name[one], name[other])
        before = name.copy()
        np.minimum.at(name, name[one], low)
        np.minimum.at(name, name[other], low)
        name = name[name]
        if np.array_equal(name, before):
            return name
