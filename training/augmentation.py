"""Pages as training sees them, changed a little each time, and images of nothing; all from a seed.

view = augment(pixels, np.random.default_rng([seed, draw, index]), transform.fill)     # uint8 [3, H, W], as it came
nothing = draw_nothing((448, 448), 64, seed)                                           # uint8 [64, 3, 448, 448]
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

SCAN_HEIGHT = 1750  # pixels: of A4 at 150 dpi, what the published augmentation was made for
MAX_SKEW = 1.5  # degrees; a page on a scanner's glass is rarely more askew


def augment(pixels: np.ndarray, rng: np.random.Generator, fill: int = 255) -> np.ndarray:
    """One augmented copy of a page: uint8 [3, H, W] in, the same out.

    The published augmentation, each with probability 1/2: colour jitter (brightness, contrast, saturation by 0.5-1.5,
    hue by up to half the circle), sharpness 0.5-1.5, Gaussian blur of radius 0-2 pixels of a scan 1750 high (on an
    image of 448 pixels 0-0.5: more would wipe out what tells print from typing); and how a page lies on the scanner:
    skew up to 1.5 degrees, size by 0.88-1.08, shift by up to 4 %. No flips: mirrored writing is no writing. `fill` is
    what is seen beside such a page.
    """
    image = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    jitter, sharpness, blur, moved = rng.random(4) < 0.5
    factors = rng.uniform(0.5, 1.5, size=4)
    hue, radius, angle = rng.uniform(-128, 128), rng.uniform(0, 2), rng.uniform(-MAX_SKEW, MAX_SKEW)
    zoom, shift = rng.uniform(0.88, 1.08), rng.uniform(-0.04, 0.04, 2)
    if moved:
        wide, high = image.size
        turn, scale = np.deg2rad(angle), 1 / zoom
        cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
        at_x, at_y = wide / 2, high / 2  # the affine map leads from the new image to the old one
        offset = at_x - cos * at_x - sin * at_y + shift[0] * wide, at_y + sin * at_x - cos * at_y + shift[1] * high
        matrix = (cos, sin, offset[0], -sin, cos, offset[1])
        image = image.transform(
            image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=(fill,) * 3
        )
    if jitter:
        image = ImageEnhance.Brightness(image).enhance(factors[0])
        image = ImageEnhance.Contrast(image).enhance(factors[1])
        image = ImageEnhance.Color(image).enhance(factors[2])
        hsv = np.array(image.convert("HSV"))
        hsv[..., 0] += np.uint8(int(hue) % 256)  # wraps around, as hue does
        image = Image.fromarray(hsv, "HSV").convert("RGB")
    if sharpness:
        image = ImageEnhance.Sharpness(image).enhance(factors[3])
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(radius * image.height / SCAN_HEIGHT))
    return np.asarray(image).transpose(2, 0, 1)


def draw_nothing(size: tuple[int, int], count: int, seed: int) -> np.ndarray:
    """Images on which there is nothing to sort, uint8 [count, 3, H, W]: sheets of paper, clouds, patches, stripes.

    size: (height, width). They teach that a category is never the answer because nothing else is (`settle_texts`).
    """
    height, width = size
    drawn = np.empty((count, 3, height, width), np.uint8)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        tint = rng.uniform(40, 256, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(150, 256))
        kind = number % 4
        if kind == 0:
            field = np.ones((height, width, 3))
        elif kind == 3:
            across, down = rng.normal(size=2)
            phase = (across * np.arange(width)[None] + down * np.arange(height)[:, None]) / rng.uniform(2, 40)
            field = np.repeat((np.sin(phase) * rng.uniform(0.1, 0.5) + 0.5)[..., None], 3, axis=2)
        else:
            cells = rng.integers(0, 256, (*rng.integers(2, (40, 9)[kind - 1], 2), 3)).astype(np.uint8)
            way = (Image.Resampling.BICUBIC, Image.Resampling.NEAREST)[kind - 1]
            field = np.asarray(Image.fromarray(cells).resize((width, height), way), float) / 255
        shade = rng.uniform(0, 0.3) * np.linspace(-1, 1, width)[None, :, None] * rng.choice([-1, 0, 1])
        grain = rng.normal(0, rng.uniform(0, 8), (height, width, 1))
        image = (field * (1 + shade) * tint + grain).clip(0, 255)
        edges = (rng.integers(0, 24, 4) * (rng.random() < 0.3)).tolist()  # the black of a scanner's lid
        image[: edges[0]], image[height - edges[1] :] = 0, 0
        image[:, : edges[2]], image[:, width - edges[3] :] = 0, 0
        drawn[number] = image.transpose(2, 0, 1)
    return drawn
