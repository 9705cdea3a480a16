"""Simulated re-scans of pages, and the hardest case beside them: the same page with one other entry.

again = scan_again(page, ALL, random.Random(1))
other = other_entry(page, (160, 36), random.Random(1))      # None where the page has no fitting place
"""

from __future__ import annotations

import io
import math
import random
from dataclasses import dataclass

import numpy as np
from PIL import Image

NOISE = 3.0  # standard deviation of a sensor's noise, grey levels; every re-scan has it


@dataclass(frozen=True)
class Change:
    """What a scan does to a page; the values within each range by chance."""

    turn: bool = False  # by 1 to 2 degrees, either way
    scale: tuple[float, float] = (1.0, 1.0)  # of the pixels a side, by chance in its logarithm
    jpeg: bool = False  # saved with quality 40; else unchanged
    crop: float = 0.0  # of width and of height taken off, divided between the two sides by chance
    gamma: bool = False  # 0.6 to 1.7


CHANGES = {
    "turned by 1 to 2 degrees": Change(turn=True),
    "50 to 200 % of the size": Change(scale=(0.5, 2.0)),
    "JPEG of quality 40": Change(jpeg=True),
    "cropped by 5 %": Change(crop=0.05),
    "gamma 0.6 to 1.7": Change(gamma=True),
}
ALL = Change(True, (0.5, 2.0), True, 0.05, True)
TURNS = {"and lying": 90, "and upside down": 180, "and on the other side": 270}  # degrees, beside ALL


def scan_again(page: Image.Image, change: Change, draw: random.Random) -> Image.Image:
    """Another scan of a page, mode "RGB"."""
    page = page.convert("RGB")
    if change.turn:
        angle = draw.choice((-1, 1)) * draw.uniform(1, 2)
        page = page.rotate(angle, Image.Resampling.BICUBIC, fillcolor=_paper(page))
    if change.crop:
        width, height = page.size
        wide, high = round(width * change.crop), round(height * change.crop)
        left, top = draw.randint(0, wide), draw.randint(0, high)
        page = page.crop((left, top, left + width - wide, top + height - high))
    scale = math.exp(draw.uniform(*map(math.log, change.scale)))
    if scale != 1:
        size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
        page = page.resize(size, Image.Resampling.BICUBIC)
    if change.gamma:
        gamma = math.exp(draw.uniform(math.log(0.6), math.log(1.7)))
        page = page.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)
    noise = np.random.default_rng(draw.randrange(2**32)).normal(0, NOISE, (page.height, page.width, 1))
    page = Image.fromarray((np.asarray(page) + noise).clip(0, 255).astype(np.uint8))
    if not change.jpeg:
        return page
    saved = io.BytesIO()
    page.save(saved, "JPEG", quality=40)
    return Image.open(saved).convert("RGB")


def other_entry(page: Image.Image, size: tuple[int, int], draw: random.Random) -> Image.Image | None:
    """The page with one place of `size` (width, height) with writing in it replaced by other writing of the page.

    None where 400 tries find no two places with ink that differ.
    """
    page = page.convert("RGB")
    grey = np.asarray(page.convert("L"), np.float32)
    width, height = size
    if page.width <= 2 * width or page.height <= 2 * height:
        return None

    def place() -> tuple[int, int, np.ndarray]:
        # Not in the outer 8 %: what a crop takes off cannot tell anything.
        x = draw.randrange(page.width * 8 // 100, page.width * 92 // 100 - width)
        y = draw.randrange(page.height * 8 // 100, page.height * 92 // 100 - height)
        return x, y, grey[y : y + height, x : x + width]

    for _ in range(400):
        x, y, old = place()
        from_x, from_y, new = place()
        if min(old.std(), new.std()) < 25 or abs(float(np.median(old) - np.median(new))) > 20:
            continue
        if abs(np.corrcoef(old.ravel(), new.ravel())[0, 1]) < 0.3:
            page.paste(page.crop((from_x, from_y, from_x + width, from_y + height)), (x, y))
            return page
    return None


def _paper(page: Image.Image) -> tuple[int, ...]:
    """The colour of the paper, for the corners that turning lays bare."""
    return tuple(int(value) for value in np.percentile(np.asarray(page.resize((64, 64))).reshape(-1, 3), 70, axis=0))
