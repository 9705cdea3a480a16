"""A picture of what a masked autoencoder has learned: patches that it never saw, what was hidden of them, and what it
tells of that.

    draw_reconstruction(Path("reconstruction.png"), grey, told, target, seen)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from output.files import whole
from writers.hog import BINS, CELL, SIDE, TOKENS

if TYPE_CHECKING:
    from PIL import Image

ZOOM = 6  # pixels for one of the patch
GAP = 12
HEADS = ("patch", "what it sees", "target", "on blue: what it tells")


def draw_reconstruction(file: Path, grey: np.ndarray, told: np.ndarray, target: np.ndarray, seen: np.ndarray) -> Path:
    """Draw patches, a row each: patch, what is seen of it, target, and what is told.

    grey: uint8 [n, 32, 32]; told, target: [n, 64, width]; seen: the tokens that were seen, [n, v].
    """
    from PIL import Image, ImageDraw

    side, head = SIDE * ZOOM, 22
    size = (4 * (side + GAP) + GAP, len(grey) * (side + GAP) + GAP + head)
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for column, text in enumerate(HEADS):
        pen.text((GAP + column * (side + GAP), 6), text, fill="black")
    for row, patch in enumerate(grey):
        hidden = np.ones(TOKENS, bool)
        hidden[seen[row].astype(int)] = False
        enlarged = Image.fromarray(patch).resize((side, side), Image.Resampling.NEAREST).convert("RGB")
        covered = _covered(enlarged, hidden)
        drawn = [
            enlarged,
            covered,
            _drawn(target[row], np.zeros(TOKENS, bool)),
            _drawn(np.where(hidden[:, None], told[row], target[row]), hidden),
        ]
        for column, part in enumerate(drawn):
            corner = (GAP + column * (side + GAP), head + GAP + row * (side + GAP))
            picture.paste(part, corner)
            pen.rectangle((corner[0] - 1, corner[1] - 1, corner[0] + side, corner[1] + side), outline=(150, 150, 150))
    with whole(file) as part:
        picture.save(part, "PNG")
    return file


def _covered(enlarged: Image.Image, hidden: np.ndarray) -> Image.Image:
    covered = enlarged.copy()
    for token in np.flatnonzero(hidden):
        covered.paste((205, 215, 230), _box(int(token)))
    return covered


def _drawn(values: np.ndarray, hidden: np.ndarray) -> Image.Image:
    """One patch's target [64, width]: as strokes along the edges that HOG tells, or as grey; hidden tokens on blue."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (SIDE * ZOOM, SIDE * ZOOM), "white")
    pen = ImageDraw.Draw(picture)
    for token in range(TOKENS):
        box = _box(token)
        ground = (225, 233, 246) if hidden[token] else (255, 255, 255)
        picture.paste(ground, box)
        if values.shape[1] != BINS:
            grey = np.uint8(255 * (1 - values[token].reshape(CELL, CELL).clip(0, 1)))
            picture.paste(Image.fromarray(grey).resize((CELL * ZOOM,) * 2, Image.Resampling.NEAREST), box)
            continue
        x, y, half = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, CELL * ZOOM / 2 - 1
        for number, vote in enumerate(values[token]):
            if vote > 0.08:
                # The gradient's direction, turned by a right angle: an edge lies across its gradient.
                angle = np.pi * (number + 0.5) / BINS + np.pi / 2
                dx, dy = half * np.cos(angle), half * np.sin(angle)
                shade = int(255 * (1 - min(1.0, float(vote))))
                pen.line((x - dx, y - dy, x + dx, y + dy), fill=(shade, shade, shade), width=2)
    return picture


def _box(token: int) -> tuple[int, int, int, int]:
    step, across = CELL * ZOOM, SIDE // CELL
    left, top = token % across * step, token // across * step
    return left, top, left + step, top + step
