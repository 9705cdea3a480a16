"""Where a hand shows: keypoints of its strokes, and the gradients round each.

    features = local_features(isolate(Image.open("page.png")))
    features.descriptors.shape                                        # [n, 128], RootSIFT

SIFT (Lowe 2004) finds the places; descriptors are taken upright, since slant belongs to a hand, and as RootSIFT
(Arandjelovic and Zisserman 2012). On the thin strokes of a pen, two keypoints of three share place and size with
another one and differ only in the angle, which upright descriptors do not have: one is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from writers.isolation import Handwriting

LENGTH = 128  # numbers of a descriptor
UPRIGHT = 0.0  # degrees


@dataclass(frozen=True)
class LocalFeatures:
    """Keypoints of one page, in the order in which OpenCV finds them."""

    places: np.ndarray  # float32 [n, 2]: x and y in pixels of the Handwriting
    sizes: np.ndarray  # float32 [n]: diameter in pixels, as OpenCV has it
    descriptors: np.ndarray  # float32 [n, 128]: RootSIFT, of length 1


def local_features(hand: Handwriting) -> LocalFeatures:
    """The keypoints of the binarised handwriting, one a place and size, and their upright RootSIFT."""
    page = np.where(hand.ink, np.uint8(0), np.uint8(255))
    sift = cv2.SIFT_create()
    found = {(round(k.pt[0]), round(k.pt[1]), round(k.size, 1)): k for k in reversed(sift.detect(page, None))}
    upright = [
        cv2.KeyPoint(k.pt[0], k.pt[1], k.size, UPRIGHT, k.response, k.octave, k.class_id)
        for k in reversed(found.values())
    ]
    if not upright:
        return LocalFeatures(np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros((0, LENGTH), np.float32))
    kept, gradients = sift.compute(page, upright)
    return LocalFeatures(
        np.array([k.pt for k in kept], np.float32), np.array([k.size for k in kept], np.float32), root_sift(gradients)
    )


def root_sift(gradients: np.ndarray) -> np.ndarray:
    """SIFT descriptors [n, 128] -> their L1-normalised square roots, float32 of length 1."""
    return np.sqrt(gradients / np.maximum(gradients.sum(1, keepdims=True), 1e-12)).astype(np.float32)
