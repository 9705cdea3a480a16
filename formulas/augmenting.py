"""Pictures of formulas as scans and screens make them: type of another size, a turn, other strokes, blur, noise.

    worn(picture, np.random.default_rng([seed, epoch, number]))       # "L", 255 = paper, as `prepare` gives it

The same numbers wear a picture the same way. No mirror: a formula has a left and a right.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter, ImageOps

PAPER = 255


def worn(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """A worn copy, "L". Every second picture or so stays nearly as it is."""
    if chance.random() < 0.8:
        picture = _resized(picture, chance.uniform(0.8, 1.25), chance.uniform(0.94, 1.06))
    if chance.random() < 0.25:
        picture = _turned(picture, chance.normal(0.0, 0.6))
    if chance.random() < 0.3 and min(picture.size) > 16:
        picture = _stroked(picture, chance.uniform(-0.6, 0.6))
    if chance.random() < 0.35:
        picture = picture.filter(ImageFilter.GaussianBlur(chance.uniform(0.2, 1.0) * picture.height / 100 + 0.2))
    if chance.random() < 0.3:
        picture = _noisy(picture, chance.uniform(2, 18), chance)
    if chance.random() < 0.15:
        picture = _as_jpeg(picture, int(chance.integers(25, 85)))
    return picture


def _resized(picture: Image.Image, scale: float, stretch: float) -> Image.Image:
    """scale: of both sides; stretch: of the width beyond that."""
    size = max(4, round(picture.width * scale * stretch)), max(4, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BILINEAR)


def _turned(picture: Image.Image, degrees: float) -> Image.Image:
    """Turned, with the room that this needs; a wide formula less: askew, its line would be two."""
    most = 90.0 * picture.height / (picture.width + picture.height) / 10
    degrees = float(np.clip(degrees, -most, most))
    return picture.rotate(degrees, Image.Resampling.BILINEAR, expand=True, fillcolor=PAPER)


def _stroked(picture: Image.Image, weight: float) -> Image.Image:
    """Heavier strokes (weight above 0) or lighter ones: towards the darkest or the lightest of its neighbours."""
    edge = ImageOps.expand(picture, 1, PAPER)
    other = edge.filter(ImageFilter.MinFilter(3) if weight > 0 else ImageFilter.MaxFilter(3))
    return Image.blend(edge, other, abs(weight))


def _noisy(picture: Image.Image, strength: float, chance: np.random.Generator) -> Image.Image:
    """strength: grey levels, the standard deviation."""
    grey = np.asarray(picture, np.float32)
    grey = grey + chance.standard_normal(grey.shape, np.float32) * np.float32(strength)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def _as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=quality)
    return Image.open(written).convert("L")
