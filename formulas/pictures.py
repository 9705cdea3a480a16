"""The picture of a formula, made ready for the network: dark ink on white, margin cropped, at one size of type.

    canvas = Canvas()                               # "wide": as wide as the formula is
    pixels = canvas.place(prepare(image))           # float32 [1, H, W], 0 = paper, 1 = ink

Formulas come as screen shots, scans, cut-outs of 75 or 600 dpi, white on black, on brown paper. What a network must not
have to learn is taken away here, by the same steps in training and reading: transparency, colour, a dark or uneven
ground, the margin, and the size of the type.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image, ImageFilter

from formulas.components import components

LEAST_CONTRAST = 24  # grey levels between paper and ink below which a picture is blank
SMALLEST_INK = 8  # pixels of ink below which there is nothing to read
INK = 180  # grey level, of 255 = paper and 0 = the darkest ink, below which a pixel is ink
MARGIN = 4  # white pixels around the formula on the canvas
LARGEST = 3.0  # how far a small picture is enlarged


class NoFormula(Exception):
    """There is nothing to read; the message is one line that says why."""


@dataclass(frozen=True)
class Canvas:
    """How a picture becomes what a network takes.

    mode: "squash" = stretched to height x width, as TrOCR's processor does; "letterbox" = fitted in, its shape kept;
    "wide" = at one size of type, on a canvas as large as it needs up to height x width (shrunk where it is larger).
    step: the canvas of "wide" is a multiple of that many pixels, 0 = always the whole. type_size: pixels that letters
    are high (`size_of_type`), 0 = whatever fills the canvas. paper and ink: values that the network is given for them.
    """

    mode: str = "wide"
    height: int = 192
    width: int = 800
    channels: int = 1
    step: int = 16
    type_size: float = 11.0
    paper: float = 0.0
    ink: float = 1.0

    def place(self, picture: Image.Image) -> np.ndarray:
        """A prepared picture ("L") -> float32 [channels, H, W]."""
        grey = np.asarray(self.draw(picture), np.float32) / 255.0
        values = self.ink + (self.paper - self.ink) * grey
        return np.repeat(values[None], self.channels, axis=0)

    def draw(self, picture: Image.Image) -> Image.Image:
        """A prepared picture ("L") on its canvas, still as a picture."""
        if self.mode == "squash":
            return picture.resize((self.width, self.height), Image.Resampling.BILINEAR)
        room = (self.width - 2 * MARGIN, self.height - 2 * MARGIN)
        scale = min(room[0] / picture.width, room[1] / picture.height)
        if self.type_size:
            scale = min(scale, LARGEST, self.type_size / size_of_type(picture))
        size = tuple(max(1, min(limit, round(side * scale))) for side, limit in zip(picture.size, room, strict=True))
        small = picture.resize(size, Image.Resampling.BICUBIC)
        if self.mode == "letterbox":
            whole = (self.width, self.height)
            corner = ((self.width - size[0]) // 2, (self.height - size[1]) // 2)
        else:
            whole = (
                _up(size[0] + 2 * MARGIN, 2 * self.step, self.width),
                _up(size[1] + 2 * MARGIN, self.step, self.height),
            )
            corner = (MARGIN, (whole[1] - size[1]) // 2)
        canvas = Image.new("L", whole, 255)
        canvas.paste(small, corner)
        return canvas

    def to_json(self) -> dict[str, object]:
        """For the model folder."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, object]) -> Canvas:
        """TypeError for a name that is none of its own."""
        return cls(**said)  # type: ignore[arg-type]


def _up(length: int, step: int, most: int) -> int:
    return min(most, -(-length // step) * step) if step else most


def prepare(page: Image.Image) -> Image.Image:
    """Dark ink (0) on white (255), "L", without its margin. NoFormula for what holds no ink."""
    grey = _flat(grey_of(page))
    ink = grey < INK
    if np.count_nonzero(ink) < SMALLEST_INK:
        raise NoFormula("blank: nothing to read")
    # a speck of dust is no part of the formula: an edge is where three pixels of nine are ink, as in the thinnest line
    solid = _neighbours(ink) >= 3
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        raise NoFormula("blank: nothing but specks")
    return Image.fromarray(grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def size_of_type(picture: Image.Image) -> float:
    """How high its letters are, in pixels: between their usual height and that of the highest, brackets aside.

    The usual height is the geometric mean over pieces of ink, each as heavy as it has pixels. Of Computer Modern of
    12 pt at 200 dpi the answer is about 22, within 13 % for two formulas in three, sharp or blurred (500 formulas).
    """
    found = components(np.asarray(picture) < INK)
    widths, heights = found.widths, found.heights
    letters = (widths < 4 * heights) & (heights < 4 * widths)  # no bars of fractions, no long rules
    if not letters.any():
        return float(max(1, picture.height))
    larger = np.maximum(widths, heights)
    letters &= larger >= 0.4 * _middle(larger[letters], found.areas[letters])  # no dots, no specks of a noisy scan
    usual = np.average(np.log(heights[letters]), weights=found.areas[letters])
    upright = letters & (heights < 2.2 * widths)  # no brackets, no integrals
    highest = np.percentile(heights[upright if upright.any() else letters], 90)
    return float(np.exp((usual + np.log(highest)) / 2))


def _middle(sizes: np.ndarray, weights: np.ndarray) -> float:
    """The median of sizes, each as often as it has weight: many specks weigh less than a few letters."""
    order = np.argsort(sizes, kind="stable")
    before = np.cumsum(weights[order])
    return float(sizes[order][np.searchsorted(before, before[-1] / 2)])


def grey_of(page: Image.Image) -> Image.Image:
    """A picture of any mode as "L", with what is transparent on white."""
    if page.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in page.info:
        page = page.convert("RGBA")
        page = Image.alpha_composite(Image.new("RGBA", page.size, "white"), page)
    if page.mode in ("I", "I;16", "F"):
        values = np.asarray(page, np.float64)
        low, high = values.min(), values.max()
        return Image.fromarray(np.uint8(255 * (values - low) / max(high - low, 1)))
    return page.convert("L")


def _flat(grey: Image.Image) -> np.ndarray:
    """uint8 [H, W]: paper 255 and ink 0, whatever the ground was. NoFormula where there is no contrast."""
    values = np.asarray(grey)
    if np.median(values) < 128:  # most of a formula's picture is ground: a dark one is turned round
        grey = Image.fromarray(255 - values)
        values = np.asarray(grey)
    if min(grey.size) >= 16 and np.count_nonzero(values == values.max()) < 0.5 * values.size:
        # an uneven ground: the lightest of its neighbourhood, smoothed, is what the paper is there
        small = grey.reduce(4).filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.BoxBlur(4))
        ground = np.asarray(small.resize(grey.size, Image.Resampling.BILINEAR), np.float32)
        values = np.minimum(values * (255.0 / np.maximum(ground, 1.0)), 255.0)
    paper, ink = float(np.median(values)), float(np.percentile(values, 0.5))
    ink = (
        min(ink, float(np.partition(values, SMALLEST_INK, axis=None)[SMALLEST_INK]))
        if values.size > SMALLEST_INK
        else ink
    )
    if paper - ink < LEAST_CONTRAST:
        raise NoFormula("blank: no contrast")
    return np.uint8(np.clip((values - ink) * (255.0 / (paper - ink)), 0, 255))


def _neighbours(ink: np.ndarray) -> np.ndarray:
    """Of each pixel how many of the nine around and at it are ink: uint8 [H, W]."""
    framed = np.pad(ink.astype(np.uint8), 1)
    down = framed[:-2] + framed[1:-1] + framed[2:]
    return down[:, :-2] + down[:, 1:-1] + down[:, 2:]
