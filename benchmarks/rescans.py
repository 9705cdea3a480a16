"""Simulated re-scans of pages, and the hardest case beside them: the same page with one other entry.

again = scan_again(page, ALL, random.Random(1))
worse = HARDER["photographed"](page, random.Random(1))      # other spoilings, which nothing was chosen by
other = other_entry(page, (160, 36), random.Random(1))      # None where the page has no fitting place
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

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
STAMP = (207, 118)  # pixels, of a page 1754 pixels high: 35 x 20 mm of A4


def scan_again(page: Image.Image, change: Change, draw: random.Random) -> Image.Image:
    """Another scan of a page, mode "RGB"."""
    page = page.convert("RGB")
    if change.turn:
        angle = draw.choice((-1, 1)) * draw.uniform(1, 2)
        page = page.rotate(angle, Image.Resampling.BICUBIC, fillcolor=_paper(page))
    if change.crop:
        page = _crop(page, change.crop, draw)
    scale = math.exp(draw.uniform(*map(math.log, change.scale)))
    if scale != 1:
        size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
        page = page.resize(size, Image.Resampling.BICUBIC)
    if change.gamma:
        gamma = math.exp(draw.uniform(math.log(0.6), math.log(1.7)))
        page = page.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)
    noise = np.random.default_rng(draw.randrange(2**32)).normal(0, NOISE, (page.height, page.width, 1))
    page = Image.fromarray((np.asarray(page) + noise).clip(0, 255).astype(np.uint8))
    return _jpeg(page, 40) if change.jpeg else page


def _as_in_the_issue(page: Image.Image, draw: random.Random) -> Image.Image:
    """Turned by 1.2 degrees, half the size, 2 to 5 % cropped, gamma 0.8, JPEG 45."""
    page = _crop(page.rotate(1.2, Image.Resampling.BICUBIC, fillcolor=_paper(page)), draw.uniform(0.02, 0.05), draw)
    page = page.resize((max(1, page.width // 2), max(1, page.height // 2)), Image.Resampling.BICUBIC)
    return _jpeg(page.point([round(255 * (value / 255) ** 0.8) for value in range(256)] * 3), 45)


def _askew(page: Image.Image, draw: random.Random, most: float = 0.04) -> Image.Image:
    """Seen at an angle: each corner moved by up to `most` of the page's sides."""
    width, height = page.size
    corners = [(0, 0), (0, height), (width, height), (width, 0)]
    moved = [value for x, y in corners for value in (x + _some(draw, most) * width, y + _some(draw, most) * height)]
    return page.transform(page.size, Image.Transform.QUAD, moved, Image.Resampling.BICUBIC, fillcolor=_paper(page))


def _stamped(page: Image.Image, draw: random.Random) -> Image.Image:
    """With a stamp of 35 x 20 mm anywhere."""
    page, scale = page.copy(), max(page.size) / 1754
    width, height = (round(side * scale) for side in STAMP)
    left, top = draw.randrange(max(1, page.width - width)), draw.randrange(max(1, page.height - height))
    pen, colour = ImageDraw.Draw(page), draw.choice(((170, 30, 60), (40, 50, 150), (30, 30, 30)))
    pen.rectangle((left, top, left + width, top + height), outline=colour, width=max(1, round(5 * scale)))
    for line in range(1, 4):
        y, end = top + line * height // 4, left + round(width * draw.uniform(0.4, 0.95))
        pen.line((left + width // 12, y, end, y), fill=colour, width=max(1, round(12 * scale)))
    return page


def _photographed(page: Image.Image, draw: random.Random) -> Image.Image:
    """By hand: at an angle, a little turned, warm light that falls off to 45 to 75 %, a third of the size, JPEG 50."""
    page = _askew(page.rotate(_some(draw, 2), Image.Resampling.BICUBIC, fillcolor=_paper(page)), draw, 0.02)
    page = page.resize((max(1, page.width * 2 // 5), max(1, page.height * 2 // 5)), Image.Resampling.BICUBIC)
    across, down = (np.linspace(-1, 1, side) for side in page.size)
    angle = draw.uniform(0, 2 * math.pi)
    slope = (across[None] * math.cos(angle) + down[:, None] * math.sin(angle)) / math.sqrt(
        2
    )  # [height, width], -1 .. 1
    light = 1 - draw.uniform(0.25, 0.55) * (slope + 1) / 2
    warm = np.array([1, 0.93, 0.8])
    return _jpeg(Image.fromarray((np.asarray(page) * light[..., None] * warm).clip(0, 255).astype(np.uint8)), 50)


# What no setting of the search was chosen by: a page, mode "RGB", and a source of chance -> the page spoiled.
HARDER: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "turned 1.2, half size, cropped, gamma, JPEG 45": _as_in_the_issue,
    "turned by 2.5 degrees": lambda page, draw: page.rotate(
        draw.choice((-2.5, 2.5)), Image.Resampling.BICUBIC, fillcolor=_paper(page)
    ),
    "at an angle (corners off by 4 %)": _askew,
    "JPEG of quality 10": lambda page, draw: _jpeg(page, 10),
    "cropped by 8 %": lambda page, draw: _crop(page, 0.08, draw),
    "stamped": _stamped,
    "photographed": _photographed,
}


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


def _some(draw: random.Random, most: float) -> float:
    return draw.uniform(-most, most)


def _crop(page: Image.Image, share: float, draw: random.Random) -> Image.Image:
    """Without `share` of width and height, divided between the two sides by chance."""
    wide, high = round(page.width * share), round(page.height * share)
    left, top = draw.randint(0, wide), draw.randint(0, high)
    return page.crop((left, top, left + page.width - wide, top + page.height - high))


def _jpeg(page: Image.Image, quality: int) -> Image.Image:
    saved = io.BytesIO()
    page.save(saved, "JPEG", quality=quality)
    return Image.open(saved).convert("RGB")


def _paper(page: Image.Image) -> tuple[int, ...]:
    """The colour of the paper, for the corners that turning lays bare."""
    return tuple(int(value) for value in np.percentile(np.asarray(page.resize((64, 64))).reshape(-1, 3), 70, axis=0))
