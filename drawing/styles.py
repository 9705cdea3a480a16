"""Draughtsmen: ink, pen, hand and paper grain, and the fonts for lettering where nobody brings better ones.

style = choose_style(np.random.default_rng(1), colour=0.2, digital=0.5)
"""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFont

Colour = tuple[int, int, int]

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True)
class Style:
    """How a draughtsman works: ink, pen and hand.

    `texture`: clean, ink, pencil, copy or blueprint (white on blue or black); `shading`: lines, dots, strokes or grain.
    """

    ink: Colour = BLACK
    pen: float = 2.0  # width of an ordinary line, in pixels
    wobble: float = 0.6  # how far a line strays, in pixels
    pressure: float = 0.2  # how much its width changes on its way
    texture: str = "ink"
    shading: str = "lines"
    colour: bool = False  # whether washes, coloured pencils or flat colours are used

    @property
    def drawn_by_hand(self) -> bool:
        """Whether lines stray."""
        return self.wobble > 0


def choose_style(rng: np.random.Generator, colour: float = 0.15, digital: float = 0.2, pencil: float = 0.3) -> Style:
    """A style; the numbers are the chances of colours, of a born-digital figure and, among the rest, of pencil."""
    coloured = bool(rng.random() < colour)
    if rng.random() < digital:
        ink = BLACK if rng.random() < 0.8 else tuple(int(v) for v in rng.integers(0, 110, 3))
        return Style(
            ink, float(rng.uniform(1.0, 2.4)), 0.0, 0.0, "clean", pick(rng, "lines", "dots", "grain"), coloured
        )
    wobble = float(rng.uniform(0.3, 1.6))
    if rng.random() < 0.012:
        return Style(BLACK, float(rng.uniform(1.5, 2.5)), 0.3, 0.1, "blueprint", "lines", False)
    if rng.random() < 0.05:  # a felt pen
        inks = (BLACK, BLACK, BLACK, (20, 30, 120), (170, 30, 30))
        return Style(inks[rng.integers(5)], float(rng.uniform(4.5, 9)), wobble, 0.1, "ink", "strokes", coloured)
    if rng.random() < pencil:
        grey = int(rng.integers(25, 120))
        shading = pick(rng, "grain", "grain", "strokes", "strokes", "lines")
        ink = (grey, grey, min(255, grey + int(rng.integers(0, 9))))
        return Style(ink, float(rng.uniform(1.4, 3.0)), wobble, 0.5, "pencil", shading, coloured)
    if rng.random() < 0.25:
        return Style(BLACK, float(rng.uniform(1.6, 4.2)), wobble, 0.25, "copy", pick(rng, "lines", "dots"), coloured)
    ink = BLACK
    if rng.random() < 0.12:
        inks = ((20, 30, 120), (30, 50, 160), (80, 45, 25), (60, 40, 30), (150, 35, 30), (40, 40, 60))
        ink = inks[rng.integers(len(inks))]
    shading = pick(rng, "lines", "dots", "lines", "dots", "strokes")
    return Style(ink, float(rng.uniform(1.4, 4.0)), wobble, float(rng.uniform(0.05, 0.5)), "ink", shading, coloured)


def pick(rng: np.random.Generator, *values: str) -> str:
    """One of the values."""
    return values[rng.integers(len(values))]


def textured(image: Image.Image, strength: np.ndarray) -> Image.Image:
    """The ink of an image made weaker or stronger by [h, w] factors."""
    ink = 255 - np.asarray(image, np.float32)
    factor = strength if ink.ndim == 2 else strength[..., None]
    return Image.fromarray((255 - np.minimum(ink * factor, 255)).astype(np.uint8))


@functools.cache
def _grain() -> np.ndarray:
    """The tooth of drawing paper, float32 [1024, 1024], 0..1; always the same, taken from changing places."""
    rng = np.random.default_rng(7)
    fine = rng.normal(0, 1, (1024, 1024)).astype(np.float32)
    soft = sum(np.roll(fine, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)) * 0.24
    return np.clip(0.5 + 0.28 * (0.6 * soft + 0.5 * fine), 0, 1)


def grain(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A piece of paper grain, float32 [height, width], 0..1."""
    tile, (x, y) = _grain(), rng.integers(0, 1024, 2)
    rows, columns = (y + np.arange(height)) % 1024, (x + np.arange(width)) % 1024
    return tile[rows][:, columns]


@functools.cache
def _fonts() -> dict[str, str]:
    """The fonts that matplotlib brings, by file name; none where it is not installed."""
    found = importlib.util.find_spec("matplotlib")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" if found and found.origin else None
    return {file.name: str(file) for file in sorted(folder.glob("*.ttf"))} if folder else {}


FONTS = ("DejaVuSans.ttf", "DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf", "DejaVuSans-Oblique.ttf")
FONTS += ("STIXGeneral.ttf", "STIXGeneralItalic.ttf", "DejaVuSerif-Bold.ttf")


@functools.lru_cache(256)
def typeface(name: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of matplotlib's, or Pillow's own where there is none."""
    file = _fonts().get(name)
    return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)
