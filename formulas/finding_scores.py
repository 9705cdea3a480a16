"""How well formulas are found: boxes against the boxes that are known.

    matched(found, known, least=0.5) / len(known)      # recall; over len(found): precision

A box is right where the two share at least that part of what they cover together (IoU); each counts once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulas.regions import Box


def overlaps(ones: Sequence[Box], others: Sequence[Box]) -> np.ndarray:
    """Shared area of each pair over the area that they cover together: float [ones, others]."""
    a = np.array(ones, float).reshape(-1, 1, 4)
    b = np.array(others, float).reshape(1, -1, 4)
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    areas = [(each[..., 2] - each[..., 0]) * (each[..., 3] - each[..., 1]) for each in (a, b)]
    return shared / np.maximum(areas[0] + areas[1] - shared, 1e-9)


def matched(found: Sequence[Box], known: Sequence[Box], least: float = 0.5) -> int:
    """How many pairs of a found and a known box overlap by `least` or more, the best pairs first, each box once."""
    shares = overlaps(found, known)
    pairs = 0
    while shares.size and shares.max() >= least:
        one, other = np.unravel_index(int(shares.argmax()), shares.shape)
        shares[one], shares[:, other] = -1, -1
        pairs += 1
    return pairs
