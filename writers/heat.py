"""Which strokes made two pages alike? What each patch adds to the similarity, as colour over the page.

    small = fitted(image, (420, 560))
    density = Heat.of(description, other.vector, image.width).density(*small.size)
    coloured(small, density, strength_of(density)).save("heat.png")

Warm strokes speak for one hand, cold ones against it; what is grey says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from writers.hands import PageDescription

WARM, COLD, PAPER = (np.array(colour, np.float32) for colour in ((214, 40, 20), (40, 90, 200), (255, 255, 255)))
LEAST = 3.0  # pixels of the drawing: the spread of a patch, at least
SPREAD = 0.4  # of a patch's diameter
STRONGEST = 99.0  # percentile of the heat of strokes that is drawn in full colour
DARK = 110  # grey of a page's paper, below which the writing is what is light


@dataclass(frozen=True)
class Heat:
    """What the patches of one page add to its similarity with another page.

    places: float32 [n, 2], x and y in shares of the page's width. sizes: float32 [n], diameters likewise. shares: [n].
    """

    places: np.ndarray
    sizes: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, page: PageDescription, other: np.ndarray, width: int) -> Heat:
        """Of a described page of `width` pixels, with the vector [D] of another one."""
        return cls(page.places / width, page.sizes / width, page.shares(other))

    def density(self, width: int, height: int) -> np.ndarray:
        """Shares a pixel of a drawing, float32 [height, width]: each patch spread over its strokes."""
        density = np.zeros((height, width), np.float32)
        at = np.clip((self.places * width).astype(int), 0, (width - 1, height - 1))
        spreads = np.maximum(LEAST, SPREAD * self.sizes * width)
        octaves = np.round(np.log2(spreads / LEAST) * 2).astype(int)
        for octave in np.unique(octaves):
            of_size = octaves == octave
            points = np.zeros_like(density)
            np.add.at(points, (at[of_size, 1], at[of_size, 0]), self.shares[of_size])
            sigma = float(LEAST * 2 ** (octave / 2))
            density += cv2.GaussianBlur(points, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
        return density


def fitted(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    """The page as large as the box allows, never larger than it is; mode "L"."""
    scale = min(1.0, box[0] / image.width, box[1] / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.convert("L").resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def strength_of(density: np.ndarray) -> float:
    """The heat that is drawn in full colour, so that drawings can be compared; 0 where there is none."""
    warm = np.abs(density[density != 0])
    return float(np.percentile(warm, STRONGEST)) if warm.size else 0.0


def coloured(small: Image.Image, density: np.ndarray, strength: float) -> Image.Image:
    """A page, mode "L", with its strokes in the colours of their heat [height, width]; RGB."""
    grey = np.asarray(small, np.float32)
    if np.median(grey) < DARK:  # white on black, as microfilm has it
        grey = 255 - grey
    paper = cv2.blur(cv2.dilate(grey, np.ones((9, 9), np.uint8)), (15, 15))
    ink = np.clip(1.6 * (1 - grey / np.maximum(paper, 1)), 0, 1)[..., None]  # [H, W, 1]: 1 where a stroke is
    heat = np.clip(density / strength, -1, 1) if strength > 0 else np.zeros_like(density)
    amount = np.sqrt(np.abs(heat))[..., None]
    tint = np.where(heat[..., None] > 0, WARM, COLD)
    background = PAPER * (1 - 0.3 * amount) + tint * 0.3 * amount
    stroke = np.float32(110) * (1 - amount) + tint * amount
    return Image.fromarray((background * (1 - ink) + stroke * ink).astype(np.uint8))
