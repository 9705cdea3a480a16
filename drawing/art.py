"""Freer drawings: sketches of places, portraits in few lines, engraved views, machines cut open.

draw_sketch(board)
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .accessories import dimension, frame, furnish, words
from .board import Board
from .fillings import FLAT, filling
from .noise import bumps
from .shapes import blob, meander, smooth, stone
from .styles import WHITE, pick


def draw_sketch(board: Board) -> None:
    """A free sketch of a place: hills, trees, houses, a castle, a tent, people; a few strokes or shaded."""
    rng, w, h = board.rng, board.width, board.height
    horizon = h * rng.uniform(0.3, 0.6)
    for _ in range(rng.integers(1, 4)):
        level = horizon + rng.normal(0, 0.06 * h)
        ridge = meander(rng, (0, level), (w, level + rng.normal(0, 0.08 * h)), 0.05, 6)
        board.line(ridge, rng.uniform(0.6, 1.3))
        if rng.random() < 0.5:
            slope = np.concatenate([ridge, (ridge + np.array((0, 0.15 * h)))[::-1]])
            board.hatch(slope, float(rng.uniform(20, 110)), 0.02 * h + 4, 0.5, broken=0.5)
        if board.style.colour:
            board.wash(np.concatenate([ridge, [(w, h), (0, h)]]), FLAT[rng.integers(len(FLAT))], 0.35)
    for _ in range(rng.integers(2, 12)):
        x, y = rng.uniform(0.08, 0.92) * w, rng.uniform(horizon, 0.92 * h)
        size = min(w, h) * rng.uniform(0.05, 0.2) * (0.5 + (y - horizon) / h)
        kind = pick(rng, "tree", "tree", "house", "castle", "person", "tent", "bush", "stone")
        if kind == "tree":
            board.line(meander(rng, (x, y), (x, y - size), 0.04, 2), 1.5)
            crown = blob(rng, x, y - 1.4 * size, 0.5 * size, 0.6 * size, 0.15)
            board.line(crown + rng.normal(0, 0.04 * size, crown.shape), 0.8, closed=True)
            board.shade(crown, 0.8)
        elif kind in ("house", "castle"):
            wall = np.array([(-0.7, 0), (-0.7, -0.6), (0.7, -0.6), (0.7, 0)]) * size * (
                1,
                2 if kind == "castle" else 1,
            ) + (x, y)
            board.fill(wall, WHITE, 1.0)
            top = wall[1, 1]
            roof = np.array([(wall[1, 0] - 0.1 * size, top), (x, top - 0.6 * size), (wall[2, 0] + 0.1 * size, top)])
            board.fill(roof, WHITE)
            board.hatch(roof, 60, 5, 0.5)
            board.line(roof, 1.0, closed=True)
            board.scatter(wall, 5, 0.05 * size)
        elif kind == "person":
            board.ellipse(x, y - 0.9 * size, 0.09 * size, None, 0.9)
            board.line([(x, y - 0.8 * size), (x, y - 0.4 * size), (x - 0.12 * size, y)], 1.3)
            board.line([(x, y - 0.4 * size), (x + 0.14 * size, y)], 1.3)
            board.line(
                [(x - 0.2 * size, y - 0.5 * size), (x, y - 0.72 * size), (x + 0.22 * size, y - 0.55 * size)], 1.1
            )
        elif kind == "tent":
            board.line(np.array([(-1, 0), (0, -0.9), (1, 0), (-1, 0)]) * size + (x, y), 1.0)
            board.hatch(np.array([(0, -0.9), (1, 0), (0.2, 0)]) * size + (x, y), 75, 5, 0.5)
        else:
            lump = smooth(stone(rng, x, y, 0.5 * size, 0.35 * size), True, 1)
            board.shade(lump, 0.9)
            board.line(lump, 0.9, closed=True)
    for _ in range(rng.integers(10, 70)):
        x, y = rng.uniform(0, w), rng.uniform(horizon, h)
        board.line(meander(rng, (x, y), (x + rng.uniform(0.02, 0.12) * w, y + rng.normal(0, 3)), 0.08, 2), 0.6)
    if rng.random() < 0.4:
        board.text(0.85 * w, 0.96 * h, words(rng), float(np.clip(0.02 * h + 5, 7, 16)))
    frame(board, 0.3)


def draw_portrait(board: Board) -> None:
    """A head in few lines, from the front or the side, with hair, beard, hat or spectacles."""
    rng, w, h = board.rng, board.width, board.height
    unit = 0.3 * min(w, 0.8 * h)
    x, y = w / 2 + rng.normal(0, 0.05 * w), 0.42 * h

    def at(points: object) -> np.ndarray:
        return np.asarray(points, np.float64) * unit + (x, y)

    side = rng.random() < 0.4
    if side:
        face = [
            (0.1, -1.2),
            (-0.5, -1.0),
            (-0.62, -0.45),
            (-0.6, -0.25),
            (-0.9, 0.15),
            (-0.62, 0.25),
            (-0.68, 0.45),
            (-0.6, 0.6),
            (-0.66, 0.95),
            (-0.3, 1.05),
            (0.1, 0.8),
            (0.15, 1.4),
        ]
        board.line(smooth(at(face), rounds=2), 1.2)
        board.line(smooth(at([(0.1, -1.2), (0.8, -1.0), (0.95, -0.2), (0.7, 0.6), (0.75, 1.4)])), 1.1)
        eyes = [-0.45]
        board.line(smooth(at([(0.2, -0.1), (0.45, -0.2), (0.4, 0.25), (0.25, 0.25)])), 0.8)
    else:
        outline = at(blob(rng, 0, 0, 0.75, 1.05, 0.03))
        board.shade(outline, 0.7)
        board.line(outline, 1.1, closed=True)
        eyes = [-0.3, 0.3]
        board.line(smooth(at([(0.02, -0.2), (-0.05, 0.2), (-0.14, 0.32), (0.1, 0.34)])), 0.8)
    for eye in eyes:
        board.line(
            at(np.stack([eye + 0.14 * np.linspace(-1, 1, 9), -0.18 - 0.06 * np.cos(np.linspace(-1.5, 1.5, 9))], 1)), 0.9
        )
        board.dots(at([(eye, -0.17)]), max(1.0, 0.04 * unit))
        board.line(smooth(at([(eye - 0.18, -0.33), (eye, -0.42), (eye + 0.18, -0.34)])), 1.3)
        if rng.random() < 0.25:
            board.ellipse(*at([(eye, -0.16)])[0], 0.22 * unit, None, 0.8)
    mouth = -0.45 if side else 0.0
    board.line(smooth(at([(mouth - 0.18, 0.56), (mouth, 0.52), (mouth + 0.2, 0.57)])), 1.1)
    for _ in range(rng.integers(10, 60)):  # hair
        turn = rng.uniform(-0.1, np.pi + 0.1)
        start = np.array([0.85 * np.cos(turn), -0.25 - 0.85 * np.sin(turn)])
        board.line(
            smooth(at([start, start * 1.08 + rng.normal(0, 0.1, 2), start * 1.05 + (rng.normal(0, 0.3), 0.35)])), 0.6
        )
    if rng.random() < 0.4:
        for _ in range(50):
            start = np.array([rng.uniform(-0.5, 0.5), rng.uniform(0.5, 0.9)])
            board.line(
                smooth(
                    at(
                        [
                            start,
                            start + np.array((rng.normal(0, 0.1), 0.25)),
                            start + np.array((rng.normal(0, 0.12), 0.45)),
                        ]
                    )
                ),
                0.6,
            )
    if rng.random() < 0.25:
        board.fill(
            at([(-0.8, -0.75), (-0.6, -1.5), (0.6, -1.5), (0.8, -0.75), (1.1, -0.65), (-1.1, -0.65)]),
            board.grey(0.7),
            1.0,
        )
    coat = smooth(
        at([(-0.35, 1.0), (-0.5, 1.35), (-1.5, 1.7), (-1.7, 2.4), (1.7, 2.4), (1.5, 1.7), (0.5, 1.35), (0.35, 1.0)])
    )
    board.line(coat, 1.1)
    if rng.random() < 0.6:
        board.hatch(coat[len(coat) // 8 :], float(rng.choice([45, 70, -45])), 0.05 * unit + 3, 0.5, broken=0.1)
    frame(board, 0.2)


def draw_engraving(board: Board) -> None:
    """A view in dense engraved lines, as in old books and papers: sky, hills, ruins or a vessel, dark and light."""
    rng, w, h = board.rng, board.width, board.height
    y, x = np.mgrid[:h, :w].astype(np.float32)
    gap = max(3.0, rng.uniform(3.0, 6.5) * board.unit)

    def lines(tone: np.ndarray, angle: float, bend: float) -> None:
        turn = np.deg2rad(angle)
        across = (
            x * np.float32(np.sin(turn)) + y * np.float32(np.cos(turn)) + bend * bumps(rng, h, w, 0.3 * min(w, h) + 4)
        )
        wave = 0.5 + 0.5 * np.sin(across * np.float32(2 * np.pi / gap))
        board.lay(np.clip((wave - (1.03 - tone)) * gap * 0.8, 0, 1))

    horizon = h * rng.uniform(0.35, 0.65)
    hills = horizon + 0.065 * h * bumps(rng, 2, w, 0.25 * w + 3)[0]
    land = y > hills
    sky = np.clip(0.28 + 0.2 * bumps(rng, h, w, 0.35 * min(w, h) + 4), 0, 0.6)
    ground = np.clip(0.5 + 0.32 * bumps(rng, h, w, 0.15 * min(w, h) + 4) + 0.08 * bumps(rng, h, w, 12), 0.05, 0.95)
    lines(np.where(land, 0, sky), 0, 6)
    lines(np.where(land, ground, 0), float(rng.choice([20, -25, 75])), 14)
    if rng.random() < 0.6:
        lines(np.where(land, ground * 0.7, 0), float(rng.choice([100, 65, -60])), 10)
    for _ in range(rng.integers(1, 5)):
        cx, foot = rng.uniform(0.1, 0.9) * w, h * rng.uniform(0.55, 0.95)
        size = min(w, h) * rng.uniform(0.08, 0.25)
        if rng.random() < 0.5:
            thing = np.array(
                [(-0.6, 0), (-0.6, -1.4), (-0.3, -1.2), (0, -1.6), (0.3, -1.3), (0.6, -1.5), (0.6, 0)]
            ) * size + (cx, foot)
        else:
            thing = blob(rng, cx, foot - size, 0.7 * size, size, 0.2)
        board.fill(thing, WHITE)
        board.shade(thing, 1.0, base=0.15, technique="lines", angle=float(rng.choice([0, 45, 90])))
        board.line(thing, 1.0, closed=True)
    frame(board, 0.7)


def draw_machine(board: Board) -> None:
    """A cross section of a machine, a mill, a well or a furnace: hatched parts, axes, bolts, wheels, lengths."""
    rng, w, h = board.rng, board.width, board.height
    used = furnish(board, 0.2)
    middle = np.array([w / 2, (h - used) / 2])
    lying = w > h
    along = 0.42 * (w if lying else h - used)
    wide = 0.36 * (h - used if lying else w)

    def at(points: object) -> np.ndarray:
        flat = np.asarray(points, np.float64) * (along, wide)
        return (flat if lying else flat[:, ::-1]) + middle

    board.line(at([(-1.1, 0), (1.1, 0)]), 0.5, dash=(18.0, 6.0), wobble=0)
    edges = np.sort(np.concatenate([[-1, 1], rng.uniform(-0.9, 0.9, rng.integers(2, 8))]))
    previous = 0.3
    for start, stop in pairwise(edges):
        reach = float(np.clip(previous + rng.normal(0, 0.3), 0.12, 0.95))
        inner = reach * rng.uniform(0.2, 0.75)
        angle = float(rng.choice([45, -45]))
        for side in (-1, 1):
            part = at([(start, side * inner), (stop, side * inner), (stop, side * reach), (start, side * reach)])
            kind = pick(rng, "hatch", "hatch", "hatch", "white", "black", "cross")
            if kind == "black" and wide * (reach - inner) < 40:
                board.fill(part)
            elif kind in ("hatch", "cross"):
                board.hatch(part, angle * side, rng.uniform(4, 10), 0.5)
                if kind == "cross":
                    board.hatch(part, -angle * side, 7, 0.5)
            elif board.style.colour:
                filling(board, part, "flat", 1.0)
            board.line(part, 1.2, closed=True)
            if rng.random() < 0.4:
                board.ellipse(*at([((start + stop) / 2, side * (reach + inner) / 2)])[0], 0.05 * wide + 2, None, 0.8)
        previous = reach
    shaft = rng.uniform(0.03, 0.1)
    board.line(at([(-1, shaft), (1, shaft)]), 1.0, wobble=0)
    board.line(at([(-1, -shaft), (1, -shaft)]), 1.0, wobble=0)
    for _ in range(rng.integers(0, 3)):
        spot = at(rng.uniform(-0.8, 0.8, (1, 2)))[0]
        reach = wide * rng.uniform(0.2, 0.5)
        teeth = int(rng.integers(12, 40))
        turn = np.linspace(0, 2 * np.pi, 4 * teeth, endpoint=False)
        radius = reach * np.where(np.arange(4 * teeth) % 4 < 2, 1.0, 0.88)
        board.fill(
            np.stack([spot[0] + radius * np.cos(turn), spot[1] + radius * np.sin(turn)], 1), WHITE, 0.9, wobble=0
        )
        for share in (0.7, 0.2):
            board.ellipse(*spot, share * reach, None, 0.9)
        for spoke in np.linspace(0, 2 * np.pi, int(rng.integers(4, 9)), endpoint=False):
            way = np.array([np.cos(spoke), np.sin(spoke)])
            board.line([spot + 0.2 * reach * way, spot + 0.7 * reach * way], 1.2)
    size = float(np.clip(0.018 * min(w, h) + 4, 7, 14))
    for index in range(int(rng.integers(0, 9))):
        spot, away = at(rng.uniform(-0.8, 0.8, (1, 2)))[0], rng.uniform(0.05, 0.95, 2) * (w, h)
        board.line([spot, away], 0.5)
        board.text(away[0], away[1], str(index + 1) if rng.random() < 0.6 else chr(97 + index), size)
    if rng.random() < 0.5:
        (x0, y0), (x1, y1) = at([(-1, -1.12), (1, -1.12)])
        dimension(board, (x0, y0), (x1, y1))
