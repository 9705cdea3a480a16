"""What copying, printing and scanning make of the picture of a formula: grey in, grey out, and still legible.

    worn = wear(picture, Random(7))          # "L" -> "L"; the same seed wears it alike

Quick enough to be done anew each time that a picture is learned from. Effects come in the order in which paper meets
them: the size of print, neighbours at the edge, ink, a crooked sheet, tint and light, lens, sensor, file.
"""

from __future__ import annotations

import io
from random import Random

import numpy as np
from PIL import Image, ImageFilter

MOST = 1600  # dots of the longer side, at most


def wear(picture: Image.Image, random: Random, strength: float = 1.0) -> Image.Image:
    """A worn copy of a picture ("L", black on white). strength: 0 = as it is, 1 = as archives have it.

    Each effect comes by chance; a third of all pictures get next to none, as pages from a program have none.
    """
    if strength <= 0:
        return picture
    chance = strength if random.random() < 0.67 else 0.15 * strength

    def happens(share: float) -> bool:
        return random.random() < share * chance

    if happens(0.7):
        picture = _scaled(picture, random)
    if happens(0.8):
        picture = _bordered(picture, random)
    if happens(0.08):
        picture = _neighboured(picture, random)
    if happens(0.3):
        picture = _inked(picture, random)
    if happens(0.35):
        picture = picture.rotate(random.gauss(0, 0.8), Image.Resampling.BILINEAR, expand=True, fillcolor=255)
    if happens(0.15):
        picture = _coarsened(picture, random)
    if happens(0.35):
        picture = picture.filter(ImageFilter.BoxBlur(random.uniform(0.15, 0.75)))
    if happens(0.4):
        picture = _tinted(picture, random)
    if happens(0.3):
        picture = _noisy(picture, random)
    if happens(0.08):
        threshold = random.randint(110, 190)
        picture = picture.point([0 if level < threshold else 255 for level in range(256)])
    if happens(0.25):
        picture = _as_jpeg(picture, random)
    return picture


def _resized(picture: Image.Image, scale: float) -> Image.Image:
    scale = min(scale, MOST / max(picture.size))
    size = (max(2, round(picture.width * scale)), max(2, round(picture.height * scale)))
    how = Image.Resampling.BILINEAR if scale > 1 else Image.Resampling.BOX
    return picture.resize(size, how)


def _scaled(picture: Image.Image, random: Random) -> Image.Image:
    scale = 0.6 * (1.4 / 0.6) ** random.random()
    if picture.height * scale < 14:  # print of that size nobody reads
        return picture
    return _resized(picture, scale)


def _bordered(picture: Image.Image, random: Random) -> Image.Image:
    left, top, right, bottom = (int(random.expovariate(1 / 8)) for _ in range(4))
    page = Image.new("L", (picture.width + left + right, picture.height + top + bottom), 255)
    page.paste(picture, (left, top))
    return page


def _neighboured(picture: Image.Image, random: Random) -> Image.Image:
    """Feet or heads of another line at the upper or lower edge, as a careless crop has them: a strip of the same."""
    rows = min(random.randint(1, 4), picture.height // 8)
    gap = random.randint(4, 10)
    if rows < 1:
        return picture
    start = random.randint(0, picture.height - rows)
    strip = picture.crop((0, start, picture.width, start + rows))
    page = Image.new("L", (picture.width, picture.height + rows + gap), 255)
    above = random.random() < 0.5
    page.paste(strip, (random.randint(0, picture.width // 2), 0 if above else picture.height + gap))
    page.paste(picture, (0, rows + gap if above else 0))
    return page


def _inked(picture: Image.Image, random: Random) -> Image.Image:
    """Strokes grow or shrink by a part of a dot: the picture mixed with its darkest or lightest neighbours."""
    grows = random.random() < 0.6 or picture.height < 40
    levels = np.asarray(picture)
    moved = levels.copy()
    extreme = np.minimum if grows else np.maximum
    extreme(moved[1:], levels[:-1], out=moved[1:])
    extreme(moved[:, 1:], levels[:, :-1], out=moved[:, 1:])
    return Image.blend(picture, Image.fromarray(moved), random.uniform(0.2, 0.9 if grows else 0.35))


def _coarsened(picture: Image.Image, random: Random) -> Image.Image:
    """Down and up again, as pictures that were sent around."""
    scale = random.uniform(0.55, 0.9)
    if picture.height * scale < 20:
        return picture
    return _resized(picture, scale).resize(picture.size, Image.Resampling.BILINEAR)


def _tinted(picture: Image.Image, random: Random) -> Image.Image:
    """Paper that is not white, ink that is not black, and light that falls off to one side."""
    paper, ink = random.randint(175, 255), random.randint(0, 90)
    levels = [round(ink + (paper - ink) * level / 255) for level in range(256)]
    tinted = picture.point(levels)
    if random.random() < 0.3:
        fall = np.linspace(random.uniform(0.8, 1), random.uniform(0.8, 1), picture.width, dtype=np.float32)
        tinted = Image.fromarray((np.asarray(tinted) * fall).astype(np.uint8))
    return tinted


def _noisy(picture: Image.Image, random: Random) -> Image.Image:
    dice = np.random.Generator(np.random.SFC64(random.getrandbits(64)))
    levels = np.asarray(picture)
    noise = dice.integers(-128, 128, levels.shape, dtype=np.int16) * int(random.uniform(8, 64)) // 128
    noisy = np.clip(levels + noise, 0, 255).astype(np.uint8)
    if random.random() < 0.3:  # dust
        count = 1 + levels.size // random.randint(2000, 20000)
        rows, columns = dice.integers(0, levels.shape[0], count), dice.integers(0, levels.shape[1], count)
        noisy[rows, columns] = dice.integers(0, 160, count, dtype=np.uint8)
    return Image.fromarray(noisy)


def _as_jpeg(picture: Image.Image, random: Random) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=random.randint(25, 90))
    with Image.open(file) as coarse:
        return coarse.convert("L")
