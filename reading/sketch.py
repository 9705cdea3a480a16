"""The sketch of a page: where on it there are strokes, coarsely. Two scans of one page have nearly the same.

    likeness = sketch(thumbnail(image)) @ sketch(thumbnail(other))     # 1.0 = the same strokes in the same places

What an embedding overlooks, as it has learned to: which of two pages of print it is. It needs numpy and scipy only, so
that training may use it without what `explore` installs.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

THUMBNAIL = 200  # pixels of the longer side of a thumbnail
SKETCH, SKETCH_BLUR = (12, 16), 3.0  # cells across and down; pixels of a thumbnail
_REACH = 4.0  # standard deviations that a blur reaches


def thumbnail(image: Image.Image) -> Image.Image:
    """A page at most `THUMBNAIL` pixels long, mode kept; the page itself where it is no larger."""
    if max(image.size) <= THUMBNAIL:
        return image
    scale = THUMBNAIL / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def sketch(small: Image.Image) -> np.ndarray:
    """The sketch of a thumbnail: unit float32 [192], all 0 for a page without any strokes.

    Edges, so that paper, lighting and gamma hardly count; coarse, so that a turn by 2 degrees and a crop by 5 % do not
    either.
    """
    from scipy.ndimage import convolve1d, gaussian_filter  # imported late: `-h` must not wait for it

    grey = np.asarray(small.convert("L"), np.float32)
    smooth, slope = np.array([1, 2, 1], np.float32), np.array([1, 0, -1], np.float32)
    across = convolve1d(convolve1d(grey, slope, axis=1, mode="mirror"), smooth, axis=0, mode="mirror")
    down = convolve1d(convolve1d(grey, slope, axis=0, mode="mirror"), smooth, axis=1, mode="mirror")
    edges = gaussian_filter(np.sqrt(np.hypot(across, down)), SKETCH_BLUR, mode="mirror", truncate=_REACH)
    height, width = edges.shape
    cells = (_shares(height, SKETCH[1]) @ edges @ _shares(width, SKETCH[0]).T).ravel()
    cells -= cells.mean()
    length = float(np.linalg.norm(cells))
    return cells / length if length > 1e-3 else np.zeros_like(cells)


def _shares(pixels: int, cells: int) -> np.ndarray:
    """How much each pixel counts for the mean of a cell, float32 [cells, pixels]: by the length that they share."""
    edges = np.linspace(0, pixels, cells + 1)
    starts, ends = (
        np.maximum(edges[:-1, None], np.arange(pixels)),
        np.minimum(edges[1:, None], np.arange(1, pixels + 1)),
    )
    return (np.maximum(ends - starts, 0) * (cells / pixels)).astype(np.float32)
