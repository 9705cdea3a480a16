"""Where a hand shows: keypoints of its strokes, and the gradients round each.

    features = local_features(isolate(Image.open("page.png")))
    features.descriptors.shape                                        # [n, 128], RootSIFT

SIFT (Lowe 2004) finds the places; descriptors are taken upright, since slant belongs to a hand, and as RootSIFT
(Arandjelovic and Zisserman 2012), of the ink as it is and of the ink drawn again with one pen. On the thin strokes of a
pen, two keypoints of three share place and size with another one and differ only in the angle, which upright
descriptors do not have: one is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from writers.thinning import redrawn

if TYPE_CHECKING:
    from writers.isolation import Handwriting

LENGTH = 128  # numbers of a descriptor
UPRIGHT = 0.0  # degrees
OWN, ONE = 0, 1  # pens: the one that wrote, and the one with which all strokes are drawn again
PENS = (OWN, ONE)


@dataclass(frozen=True)
class LocalFeatures:
    """Keypoints of one page: those of each pen together, in the order in which OpenCV finds them."""

    places: np.ndarray  # float32 [n, 2]: x and y in pixels of the Handwriting
    sizes: np.ndarray  # float32 [n]: diameter in pixels, as OpenCV has it
    descriptors: np.ndarray  # float32 [n, 128]: RootSIFT, of length 1
    pens: np.ndarray  # uint8 [n]: OWN or ONE

    @classmethod
    def none(cls) -> LocalFeatures:
        """Those of a page without ink."""
        empty = np.zeros((0, LENGTH), np.float32)
        return cls(empty[:, :2], empty[:, 0], empty, np.zeros(0, np.uint8))

    def of(self, pen: int) -> LocalFeatures:
        """Those of one pen."""
        which = self.pens == pen
        return LocalFeatures(self.places[which], self.sizes[which], self.descriptors[which], self.pens[which])


def local_features(hand: Handwriting, pens: tuple[int, ...] = (OWN,)) -> LocalFeatures:
    """The keypoints of the binarised handwriting, one a place and size, and their upright RootSIFT, for each pen."""
    found = [_features(hand.ink if pen == OWN else redrawn(hand.ink), pen) for pen in pens]
    return LocalFeatures(
        np.concatenate([features.places for features in found]),
        np.concatenate([features.sizes for features in found]),
        np.concatenate([features.descriptors for features in found]),
        np.concatenate([features.pens for features in found]),
    )


def _features(ink: np.ndarray, pen: int) -> LocalFeatures:
    page = np.where(ink, np.uint8(0), np.uint8(255))
    sift = cv2.SIFT_create()
    found = {(round(k.pt[0]), round(k.pt[1]), round(k.size, 1)): k for k in reversed(sift.detect(page, None))}
    upright = [
        cv2.KeyPoint(k.pt[0], k.pt[1], k.size, UPRIGHT, k.response, k.octave, k.class_id)
        for k in reversed(found.values())
    ]
    if not upright:
        return LocalFeatures.none()
    kept, gradients = sift.compute(page, upright)
    return LocalFeatures(
        np.array([k.pt for k in kept], np.float32),
        np.array([k.size for k in kept], np.float32),
        root_sift(gradients),
        np.full(len(kept), pen, np.uint8),
    )


def root_sift(gradients: np.ndarray) -> np.ndarray:
    """SIFT descriptors [n, 128] -> their L1-normalised square roots, float32 of length 1."""
    return np.sqrt(gradients / np.maximum(gradients.sum(1, keepdims=True), 1e-12)).astype(np.float32)
