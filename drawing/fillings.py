"""Ground signatures: how layers, features and land are filled on sections, plans and maps.

filling(board, polygon, pick(rng, *SIGNATURES))
"""

from __future__ import annotations

import numpy as np

from .board import Board
from .shapes import stone
from .styles import WHITE, Colour

EARTH: tuple[Colour, ...] = (
    (160, 120, 80), (200, 170, 120), (110, 85, 60), (225, 205, 150), (190, 130, 80), (150, 140, 125), (205, 110, 70),
    (235, 220, 180), (120, 125, 110), (90, 75, 65),
)  # fmt: skip
FLAT: tuple[Colour, ...] = (
    (255, 230, 120), (170, 210, 120), (130, 180, 225), (240, 160, 120), (205, 170, 220), (250, 200, 200),
    (140, 100, 60), (220, 60, 50), (60, 130, 70), (70, 90, 170), (245, 245, 200), (200, 200, 200),
    (150, 110, 70), (255, 170, 60),
)  # fmt: skip

SIGNATURES = (
    "none", "none", "diagonal", "diagonal", "level", "upright", "cross", "dots", "dots", "dense", "stones", "bricks",
    "dashes", "ticks", "grey", "black", "shade", "waves", "grass",
)  # fmt: skip


def filling(board: Board, points: np.ndarray, kind: str, fine: float = 1.0, colour: Colour | None = None) -> None:
    """One signature inside a polygon [n, 2]; `fine` below 1 is closer; in coloured styles a wash of `colour`."""
    rng = board.rng
    gap = max(3.0, 9 * fine * board.unit * rng.uniform(0.7, 1.4))
    low, high = points.min(0), points.max(0)
    area = float(np.prod(high - low))
    if kind == "wash":
        board.wash(points, colour or EARTH[rng.integers(len(EARTH))], rng.uniform(0.4, 0.9))
    elif kind == "flat":
        board.fill(points, board.tint(colour or FLAT[rng.integers(len(FLAT))]))
    elif kind == "diagonal":
        board.hatch(points, float(rng.choice([45, -45, 30, 60])), gap, 0.6, colour)
    elif kind == "level":
        board.hatch(points, float(rng.normal(0, 4)), gap, 0.6, colour)
    elif kind == "upright":
        board.hatch(points, 90 + float(rng.normal(0, 4)), gap, 0.6, colour)
    elif kind == "cross":
        for angle in (45, -45):
            board.hatch(points, angle, gap * 1.2, 0.5, colour)
    elif kind in ("dots", "dense"):
        count = int(min(9000, area / (gap * gap) * (4.0 if kind == "dense" else 1.2)))
        board.scatter(points, count, 0.5 * board.style.pen * board.unit, colour)
    elif kind == "stones":
        stones(board, points, int(min(350, area / (gap * gap * 7))), 1.1 * gap)
    elif kind == "bricks":
        _bricks(board, points, gap * 1.5)
    elif kind in ("dashes", "ticks", "waves", "grass"):
        spots = board.scatter(points, int(min(2500, area / (gap * gap * 2))), 0)
        spots[:, 1] = np.round(spots[:, 1] / gap) * gap
        reach = 0.5 * gap
        if kind == "ticks":
            board.segments(np.stack([spots, spots + np.array((0.3 * reach, reach))], 1), 0.6, colour)
        elif kind == "dashes":
            board.segments(np.stack([spots - (reach, 0), spots + np.array((reach, 0))], 1), 0.6, colour)
        elif kind == "waves":
            for x, y in spots[:400]:
                board.line(
                    [(x - reach, y), (x - reach / 2, y - reach / 3), (x, y), (x + reach / 2, y + reach / 3)],
                    0.5,
                    colour,
                    wobble=0,
                )
        else:
            for side in (-0.5, 0, 0.5):
                board.segments(np.stack([spots, spots + np.array((side * reach, -reach))], 1), 0.5, colour)
    elif kind == "grey":
        board.fill(points, colour or board.grey(rng.uniform(0.1, 0.6)))
    elif kind == "black":
        board.fill(points, colour)
    elif kind == "shade":
        board.shade(points, 0.5, base=rng.uniform(0.1, 0.5), light=tuple(rng.normal(0, 1, 2)))


def stones(board: Board, points: np.ndarray, count: int, size: float, surface: str | None = None) -> None:
    """Stones scattered in a polygon without touching much: white, grey or hatched."""
    rng = board.rng
    spots = board.scatter(points, count, 0)
    surface = surface or ("white", "white", "grey", "hatch", "black")[rng.integers(5)]
    grid: set[tuple[int, int]] = set()
    for x, y in spots.tolist():
        cell = int(x / (1.5 * size)), int(y / (1.5 * size))
        if cell in grid:
            continue
        grid.add(cell)
        reach = size * rng.uniform(0.35, 1.0)
        each = stone(rng, x, y, reach, reach * rng.uniform(0.5, 1.0))
        if surface == "black":
            board.fill(each)
            continue
        board.fill(each, WHITE if surface != "grey" else board.grey(0.3))
        if surface == "hatch":
            board.hatch(each, 45, max(2.5, 0.3 * size), 0.4)
        board.line(each, 0.6, closed=True, wobble=0)


def _bricks(board: Board, points: np.ndarray, size: float) -> None:
    """Courses of bricks: level joints, and upright ones that shift from course to course."""
    found = board.mask(points)
    if found is None:
        return
    inside, left, top = found
    h, w = inside.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    row = y // size
    joint = ((y % size) < 1.3) | (((x + (row % 2) * size) % (2 * size)) < 1.3)
    board.lay(joint * inside * 0.9, left, top)
