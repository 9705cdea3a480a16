"""Small pages of random rectangles: drawn in no time, each unlike every other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

LABELS = ["PHOTO", "TEXT"]


def page(seed: int, size: tuple[int, int] = (90, 120)) -> Image.Image:
    draw = np.random.default_rng(seed)
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        left, top = draw.integers(0, size[0]), draw.integers(0, size[1])
        box = (left, top, left + draw.integers(1, 60), top + draw.integers(1, 40))
        pen.rectangle([int(at) for at in box], fill=int(draw.integers(0, 255)))
    return image


def draw_page(file: Path, seed: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    page(seed).save(file)
    return file
