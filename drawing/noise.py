"""Noise that photographs are made of: seeded tiles, drawn once in a process and cropped for ever after.

    heights = fractal(numpy.random.default_rng(1), 325, 450, slope=2.0)  # float32 [325, 450], mean 0, deviation 1

A tile's spectrum falls with frequency f as 1 / f^slope (Voss, "Random fractal forgeries", 1985): 0 is film grain, 1 is
gravel, 1.6 earth, 2.2 clouds and hills. The tiles come from a fixed seed, the crops from `rng`: same seed, same
picture.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image

TILE = 1024
_SEED = 20260601


def toned(rng: np.random.Generator, colour: tuple[int, int, int], low: float, high: float) -> tuple[int, int, int]:
    """The colour 0..255 darker or lighter by a factor from `low` to `high`, its hue a little off."""
    factors = rng.uniform(low, high) * rng.uniform(0.95, 1.05, 3)
    red, green, blue = (int(min(255, value * factor)) for value, factor in zip(colour, factors, strict=True))
    return red, green, blue


@cache
def _tile(tenths: int) -> np.ndarray:
    """The tile of slope `tenths` / 10: float32 [1024, 1024], it repeats without a seam."""
    rng = np.random.default_rng(_SEED + tenths)
    spectrum = np.fft.rfft2(rng.standard_normal((TILE, TILE)).astype(np.float32))
    down, across = np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None]
    frequency = np.hypot(down, across)
    frequency[0, 0] = 1.0
    spectrum *= frequency ** (-tenths / 10) * (frequency >= 2 / TILE)
    tile = np.fft.irfft2(spectrum, (TILE, TILE)).astype(np.float32)
    return tile / tile.std()


def tile(slope: float) -> np.ndarray:
    """The whole tile nearest to this slope (steps of 0.2), to be looked up by coordinates, not written to."""
    return _tile(2 * round(slope * 5))


def fractal(rng: np.random.Generator, height: int, width: int, slope: float = 1.6, zoom: float = 1.0) -> np.ndarray:
    """A crop of a tile, float32 [height, width], mean about 0, deviation about 1; `zoom` > 1 takes it from afar."""
    rows, columns = (max(4, round(side * zoom)) for side in (height, width))
    top, left, down, right = (int(v) for v in rng.integers((TILE, TILE, 2, 2)))
    crop = tile(slope)
    if top + rows > TILE or left + columns > TILE:
        crop = crop.take(np.arange(top, top + rows), 0, mode="wrap").take(
            np.arange(left, left + columns), 1, mode="wrap"
        )
    else:
        crop = crop[top : top + rows, left : left + columns]
    crop = crop[:: 2 * down - 1, :: 2 * right - 1]
    return crop if (rows, columns) == (height, width) else stretch(crop, height, width)


def stretch(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Values [h, w] or [h, w, 3], float32, at another size, smoothly."""
    if values.ndim == 3:
        return np.stack([stretch(values[..., i], height, width) for i in range(values.shape[2])], -1)
    way = Image.Resampling.BICUBIC if height > values.shape[0] else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(np.ascontiguousarray(values, np.float32)).resize((width, height), way))


def bumps(rng: np.random.Generator, height: int, width: int, cell: float) -> np.ndarray:
    """Smooth noise in about -1..1, float32 [height, width], whose bumps are about `cell` pixels wide."""
    size = (max(2, int(height / cell) + 2), max(2, int(width / cell) + 2))
    return stretch(rng.uniform(-1.2, 1.2, size).astype(np.float32), height, width)


def blur(values: np.ndarray, radius: float) -> np.ndarray:
    """Values [h, w], smoothed over about `radius` pixels (through a small copy, so it costs nothing)."""
    height, width = values.shape[:2]
    step = max(1.0, radius)
    small = (max(2, round(height / step)), max(2, round(width / step)))
    box = Image.fromarray(np.ascontiguousarray(values, np.float32)).resize(small[::-1], Image.Resampling.BOX)
    return np.asarray(box.resize((width, height), Image.Resampling.BICUBIC))


def cells(
    rng: np.random.Generator,
    height: int,
    width: int,
    down: float,
    across: float,
    jitter: float = 0.8,
    warp: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells about `across` by `down` pixels wide: stones of a wall, grains, fields (Worley, "A cellular
    texture basis", 1996).

    Returns (number, edge, inside), each [height, width]: the cell's number (int), the distance to its edge and to its
    middle, both in cells. `jitter` 0 is a grid; `warp` bends the edges, in cells.
    """
    rows, columns = int(height / down) + 7, int(width / across) + 7  # a margin, so that every neighbour exists
    y = np.arange(height, dtype=np.float32)[:, None] / down + (2 + rng.random()) + np.zeros((1, width), np.float32)
    x = np.arange(width, dtype=np.float32)[None] / across + (2 + rng.random()) + np.zeros((height, 1), np.float32)
    if warp:
        y += warp * bumps(rng, height, width, min(down, across) * 0.6).clip(-3, 3)
        x += warp * bumps(rng, height, width, min(down, across) * 0.6).clip(-3, 3)
    if jitter < 0.5:  # courses of a wall
        x += 0.5 * (np.floor(y).astype(np.int32) % 2)
    row, column = np.floor(y), np.floor(x)
    here = row.astype(np.int32) * columns + column.astype(np.int32)
    y -= row
    x -= column
    middle = (0.5 + jitter * (rng.random((2, rows * columns)) - 0.5)).astype(np.float32)
    nearest = np.full((height, width), 81.0, np.float32)
    second = nearest.copy()
    number = here.copy()
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            key = here + (i * columns + j)
            a, b = middle[0].take(key), middle[1].take(key)
            a += i - y
            b += j - x
            a *= a
            b *= b
            a += b  # the squared distance
            closer = a < nearest
            np.minimum(second, np.maximum(a, nearest), out=second)
            np.copyto(number, key, where=closer)
            np.minimum(nearest, a, out=nearest)
    nearest, second = np.sqrt(nearest), np.sqrt(second)
    return number, second - nearest, nearest


def lit(heights: np.ndarray, azimuth: float, elevation: float) -> np.ndarray:
    """Light on a height field [h, w] in pixels (Lambert), flat ground = 1; the lamp stands at `azimuth` (radians,
    0 = right, anticlockwise on the picture) and `elevation` above the ground."""
    down = np.empty_like(heights)
    across = np.empty_like(heights)
    down[1:-1], down[0], down[-1] = (heights[2:] - heights[:-2]) / 2, heights[1] - heights[0], heights[-1] - heights[-2]
    across[:, 1:-1] = (heights[:, 2:] - heights[:, :-2]) / 2
    across[:, 0], across[:, -1] = heights[:, 1] - heights[:, 0], heights[:, -1] - heights[:, -2]
    x, y = np.cos(azimuth) / np.tan(elevation), -np.sin(azimuth) / np.tan(elevation)
    return ((1 - across * x - down * y) / np.sqrt(1 + across**2 + down**2)).clip(0, 3)


def shadowed(heights: np.ndarray, from_left: bool, elevation: float) -> np.ndarray:
    """Where a low sun from the left or the right is hidden, 0..1, for heights [h, w] in pixels."""
    if not from_left:
        return shadowed(heights[:, ::-1], True, elevation)[:, ::-1]
    fall = np.tan(elevation) * np.arange(heights.shape[1], dtype=np.float32)
    ridge = np.maximum.accumulate(heights + fall, axis=1) - fall
    return ((ridge - heights) / 2).clip(0, 1)
