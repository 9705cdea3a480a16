"""The patches of a page: 32 x 32 pixels round each place where a stroke turns, ends or crosses another.

    patches = cut_patches(isolate(page))
    patches.grey, patches.ink, patches.places        # uint8 [n, 32, 32] twice, float32 [n, 2]

The places are those of upright SIFT on the binarised page (keypoints.py); many are the same one at another size: here
one patch a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from writers.keypoints import LocalFeatures, local_features

if TYPE_CHECKING:
    from writers.isolation import Handwriting

SIDE = 32  # pixels of a patch, as they are on the isolated page
INK = (0.05, 0.80)  # share of a patch that is ink, at least and at most


@dataclass(frozen=True)
class CutPatches:
    """The patches of one page, from its top to its bottom."""

    grey: np.ndarray  # uint8 [n, 32, 32], 255 = paper
    ink: np.ndarray  # uint8 [n, 32, 32], 1 where a pen wrote
    places: np.ndarray  # float32 [n, 2]: x and y of their centres, in pixels of the Handwriting
    sizes: np.ndarray  # float32 [n]: diameters of the keypoints
    descriptors: np.ndarray  # float32 [n, 128]: RootSIFT

    def __len__(self) -> int:
        return len(self.places)


def cut_patches(hand: Handwriting, most: int = 0) -> CutPatches:
    """The patches of a page's handwriting; most: evenly spread, where there are more (0: all)."""
    features = local_features(hand)
    chosen = _chosen(features, hand.ink)
    if most and len(chosen) > most:
        chosen = chosen[np.linspace(0, len(chosen) - 1, most).round().astype(int)]
    centres = np.round(features.places[chosen]).astype(int)  # [n, 2]
    grey, ink = (_windows(plane, centres - SIDE // 2) for plane in (hand.grey, hand.ink.astype(np.uint8)))
    return CutPatches(grey, ink, centres.astype(np.float32), features.sizes[chosen], features.descriptors[chosen])


def _windows(plane: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The squares of a [H, W] plane at these upper left corners [n, 2], uint8 [n, 32, 32]."""
    if not len(corners):
        return np.zeros((0, SIDE, SIDE), np.uint8)
    return np.lib.stride_tricks.sliding_window_view(plane, (SIDE, SIDE))[corners[:, 1], corners[:, 0]]


def _chosen(features: LocalFeatures, ink: np.ndarray) -> np.ndarray:
    """Which keypoints are cut, int [n], rows from the top: one a place, that is on ink; the patch is inside the page,
    and neither nearly blank nor nearly black.
    """
    high, wide = ink.shape
    half = SIDE // 2
    x, y = np.round(features.places).astype(int).T
    inside = np.flatnonzero((x >= half) & (y >= half) & (x + half <= wide) & (y + half <= high))
    x, y = x[inside], y[inside]
    sums = cv2.integral(ink.astype(np.uint8)).astype(int)
    top, bottom, left, right = y - half, y + half, x - half, x + half
    share = (sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]) / SIDE**2
    fits = np.flatnonzero(ink[y, x] & (share >= INK[0]) & (share <= INK[1]))
    _, first = np.unique(y[fits] * wide + x[fits], return_index=True)  # sorted by row, then column
    return inside[fits[first]]
