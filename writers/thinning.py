"""Strokes without their pen: thinned to their middle line, and drawn again at one width.

    redrawn(hand.ink)                                                 # bool [H, W], 3 pixels wide everywhere

The same hand with a broad nib and with a fine one is the same line. What the pen tells is lost with it, so this stands
beside the strokes as they are, not in their place.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

WIDTH = 3  # pixels
ROUNDS = 64  # twice as many pixels as a stroke can be wide
NEIGHBOURS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)  # a bit for each, clockwise from above


@cache
def _goes() -> tuple[np.ndarray, np.ndarray]:
    """Which pixels go in the first and second half of a round, by the bits of their neighbours: uint8 [256] each."""
    halves = np.zeros((2, 256), np.uint8)
    for code in range(256):
        up, _, right, _, down, _, left, _ = around = [code >> bit & 1 for bit in range(8)]
        changes = sum(around[i] < around[(i + 1) % 8] for i in range(8))
        if 2 <= sum(around) <= 6 and changes == 1:
            halves[0, code] = not (up and right and down) and not (right and down and left)
            halves[1, code] = not (up and right and left) and not (up and down and left)
    return halves[0], halves[1]


def thinned(ink: np.ndarray) -> np.ndarray:
    """The middle lines of strokes [H, W] bool, one pixel wide (Zhang and Suen 1984)."""
    left = np.pad(ink.astype(np.uint8), 1)
    for _ in range(ROUNDS):
        before = cv2.countNonZero(left)
        for goes in _goes():
            left &= 1 - cv2.LUT(cv2.filter2D(left, cv2.CV_8U, NEIGHBOURS, borderType=cv2.BORDER_CONSTANT), goes)
        if cv2.countNonZero(left) == before:
            break
    return left[1:-1, 1:-1] > 0


def redrawn(ink: np.ndarray) -> np.ndarray:
    """The strokes [H, W] bool with a round pen of one width."""
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (WIDTH, WIDTH))
    return cv2.dilate(thinned(ink).astype(np.uint8), pen) > 0
