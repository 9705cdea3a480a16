"""Pens, their inks, and what they leave on paper.

pen = Pen.choose(np.random.default_rng(1))
canvas = Canvas(300, 60)
canvas.stroke(smooth(np.array([(5.0, 50.0), (40.0, 5.0), (70.0, 50.0)])), 1.2, 3.0)
pen.lay(np.random.default_rng(2), page, canvas.mask(), (100, 200), (30, 40, 110))
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
SHARP = 2  # strokes are drawn so much larger, then reduced
# What a nib of each kind leaves: thin and thick stroke as a part of the x-height, opacity, grain, unevenness.
PENS: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float], float, float]] = {
    "fountain": ((0.07, 0.13), (0.14, 0.26), (0.85, 1.0), 0.0, 0.25),
    "steel nib": ((0.05, 0.09), (0.16, 0.31), (0.8, 1.0), 0.0, 0.4),
    "ball": ((0.09, 0.16), (0.1, 0.19), (0.75, 1.0), 0.12, 0.12),
    "felt": ((0.18, 0.3), (0.2, 0.34), (0.9, 1.0), 0.0, 0.05),
    "pencil": ((0.09, 0.16), (0.11, 0.24), (0.5, 0.85), 0.75, 0.3),
    "indelible": ((0.1, 0.17), (0.13, 0.26), (0.6, 0.9), 0.55, 0.3),
}
INKS: dict[str, tuple[Colour, ...]] = {
    "fountain": ((28, 32, 58), (24, 24, 28), (36, 48, 120), (60, 50, 46)),
    "steel nib": ((38, 34, 34), (52, 42, 36), (30, 34, 60), (78, 62, 48)),
    "ball": ((36, 52, 140), (30, 40, 110), (30, 30, 36), (150, 40, 50)),
    "felt": ((24, 24, 26), (30, 46, 120), (160, 40, 40)),
    "pencil": ((78, 78, 82), (96, 96, 100), (60, 60, 64)),
    "indelible": ((96, 66, 140), (110, 84, 150), (84, 60, 130)),
}


@dataclass(frozen=True)
class Pen:
    """thin, thick: stroke widths in x-heights; opacity 0..1; grain, unevenness: 0..1, of paper and of pressure."""

    kind: str
    thin: float
    thick: float
    opacity: float
    grain: float
    uneven: float

    @classmethod
    def choose(cls, rng: np.random.Generator) -> Pen:
        """A pen: ball and fountain pens mostly, pencils often."""
        kind = str(rng.choice(list(PENS), p=(0.28, 0.14, 0.27, 0.06, 0.2, 0.05)))
        thin, thick, opacity, grain, uneven = PENS[kind]
        narrow = float(rng.uniform(*thin))
        return cls(kind, narrow, max(narrow, float(rng.uniform(*thick))), float(rng.uniform(*opacity)), grain, uneven)

    def lay(
        self, rng: np.random.Generator, image: Image.Image, mask: np.ndarray, corner: tuple[int, int], ink: Colour
    ) -> None:
        """Ink through the mask, with this pen's opacity, its grain and its pressure along the line."""
        rows = np.flatnonzero(mask.any(1))
        if not len(rows):
            return
        mask, corner = mask[rows[0] : rows[-1] + 1], (corner[0], corner[1] + int(rows[0]))
        high, wide = mask.shape
        strength = np.full(wide, self.opacity, np.float32)
        if self.uneven:
            knots = rng.normal(0, self.uneven * 0.35, wide // 60 + 3)
            strength *= np.interp(np.arange(wide), np.arange(len(knots)) * 60.0, np.clip(1 + knots, 0.4, 1.15))
        inked = mask * np.minimum(strength, 1)
        if self.grain:
            grain = grain_of_paper()
            y, x = int(rng.integers(grain.shape[0] - 1)), int(rng.integers(grain.shape[1] - 1))
            tile = np.take(np.take(grain, range(y, y + high), 0, mode="wrap"), range(x, x + wide), 1, mode="wrap")
            inked *= 1 - self.grain * tile
        colour = ink if image.mode == "RGB" else round(0.299 * ink[0] + 0.587 * ink[1] + 0.114 * ink[2])
        image.paste(colour, corner, Image.fromarray(inked.astype(np.uint8)))


@cache
def grain_of_paper() -> np.ndarray:
    """float32 [256, 1024] in 0..1: where paper takes no graphite; the same for all."""
    rng = np.random.default_rng(7)
    rough = rng.random((256, 1024), np.float32)
    rough = (rough + np.roll(rough, 1, 0) + np.roll(rough, 1, 1)) / 3
    return np.clip((rough - 0.38) * 2.6, 0, 1)


class Canvas:
    """A mask that strokes are drawn onto, at twice its size."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("L", (max(1, width) * SHARP, max(1, height) * SHARP))
        self.draw = ImageDraw.Draw(self.image)

    def stroke(self, curve: np.ndarray, thin: float, thick: float) -> None:
        """A pen's way, float [points, 2] in pixels of the mask, y downwards: thick downwards, thin upwards."""
        if len(curve) == 1:
            curve = np.concatenate([curve, np.add(curve, (0.6, 0.4))])
        scaled = curve * SHARP
        narrow, broad = max(1, round(thin * SHARP)), max(1, round(thick * SHARP))
        if narrow == broad:
            self.draw.line(scaled.ravel().tolist(), 255, broad, "curve" if broad > 7 else None)
            return
        step = np.diff(scaled, axis=0)
        down = step[:, 1] > 0.35 * np.abs(step[:, 0])
        turns = [0, *(np.flatnonzero(down[1:] != down[:-1]) + 1).tolist(), len(down)]
        for start, end in itertools.pairwise(turns):
            width = broad if down[start] else narrow
            self.draw.line(scaled[start : end + 1].ravel().tolist(), 255, width, "curve" if width > 7 else None)

    def mask(self) -> np.ndarray:
        """uint8 [height, width]."""
        return np.asarray(self.image.reduce(SHARP))


def smooth(curve: np.ndarray, steps: int = 4, tension: float = 1.0) -> np.ndarray:
    """A Catmull-Rom curve through float [points, 2], with `steps` points from each to the next. tension 0: straight."""
    if len(curve) < 3:
        return curve
    a, b, c, d = np.concatenate([curve[:1], curve[:-2]]), curve[:-1], curve[1:], np.concatenate([curve[2:], curve[-1:]])
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (part[:, None, :] for part in (a, b, c, d))
    slope_b, slope_c = (c - a) * (0.5 * tension), (d - b) * (0.5 * tension)
    t2, t3 = t * t, t * t * t
    points_ = b * (2 * t3 - 3 * t2 + 1) + slope_b * (t3 - 2 * t2 + t) + c * (3 * t2 - 2 * t3) + slope_c * (t3 - t2)
    return np.concatenate([points_.reshape(-1, 2), curve[-1:]])
