"""Coats of arms, seals and ornament: friezes, rosettes, patterns.

draw_arms(board)
"""

from __future__ import annotations

import numpy as np

from .board import Board
from .fillings import FLAT
from .shapes import blob, smooth, turned
from .styles import WHITE, pick


def _shield(board: Board, x: float, y: float, rx: float, ry: float) -> None:
    """A shield, divided, each field plain, hatched or coloured, with a charge."""
    rng = board.rng
    shape = smooth(
        np.array([(-1, -1), (1, -1), (1, 0.1), (0.7, 0.65), (0, 1.05), (-0.7, 0.65), (-1, 0.1)]) * (rx, ry) + (x, y),
        True,
        2,
    )
    board.fill(shape, WHITE)
    division = pick(rng, "none", "halves", "quarters", "bend", "bars", "chief")
    fields = {
        "halves": [[(-1, -1), (0, -1), (0, 1), (-0.65, 0.65), (-1, 0.1)]],
        "quarters": [[(-1, -1), (0, -1), (0, 0), (-1, 0)], [(0, 0), (1, 0), (0.7, 0.62), (0, 0.98)]],
        "bend": [[(-1, -1), (-0.5, -1), (0.85, 0.4), (0.6, 0.68)]],
        "bars": [
            [(-0.99, level), (0.99, level), (0.99, level + 0.22), (-0.99, level + 0.22)]
            for level in (-0.8, -0.35, 0.05)
        ],
        "chief": [[(-1, -1), (1, -1), (1, -0.45), (-1, -0.45)]],
    }.get(division, [])
    angle, colour = float(rng.choice([0, 45, 90])), FLAT[rng.integers(len(FLAT))]
    for part in fields:
        part = np.array(part) * (rx, ry) + (x, y)
        if board.style.colour:
            board.fill(part, board.tint(colour))
        elif rng.random() < 0.3:
            board.fill(part)
        else:
            board.hatch(part, angle, max(3.0, 0.06 * rx), 0.5)
        board.line(part, 0.8, closed=True)
    charge = pick(rng, "star", "cross", "beast", "rose", "tower", "none")
    points = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    if charge == "star":
        board.fill(np.stack([np.sin(points), -np.cos(points)], 1) * np.tile([[0.42], [0.17]], (5, 1)) * rx + (x, y))
    elif charge == "cross":
        for long, wide in ((0.5, 0.12), (0.12, 0.5)):
            board.fill(np.array([(-long, -wide), (long, -wide), (long, wide), (-long, wide)]) * rx + (x, y))
    elif charge == "beast":
        beast = [
            (-0.5, -0.3),
            (-0.25, -0.6),
            (0, -0.4),
            (0.15, 0),
            (0.5, -0.5),
            (0.6, -0.3),
            (0.3, 0.2),
            (0.45, 0.65),
            (0.2, 0.6),
            (0.1, 0.3),
            (-0.1, 0.65),
            (-0.3, 0.6),
            (-0.1, 0.1),
            (-0.55, 0.1),
            (-0.3, -0.1),
        ]
        body = smooth(np.array(beast) * (0.9 * rx, 0.8 * ry) + (x, y), True, 2)
        board.fill(body, None if rng.random() < 0.7 else WHITE, 1.0)
    elif charge == "rose":
        for turn in points[::2]:
            board.ellipse(x + 0.22 * rx * np.cos(turn), y + 0.22 * rx * np.sin(turn), 0.17 * rx, None, 0.8)
    elif charge == "tower":
        board.fill(
            np.array(
                [
                    (-0.25, 0.5),
                    (-0.25, -0.3),
                    (-0.35, -0.3),
                    (-0.35, -0.55),
                    (0.35, -0.55),
                    (0.35, -0.3),
                    (0.25, -0.3),
                    (0.25, 0.5),
                ]
            )
            * (rx, ry)
            + (x, y)
        )
    board.line(shape, 1.5, closed=True)


def draw_arms(board: Board) -> None:
    """A coat of arms with helmet and mantling, several shields, or a seal with lettering round its rim."""
    rng, w, h = board.rng, board.width, board.height
    if rng.random() < 0.35:
        reach = 0.46 * min(w, h)
        ring = board.ellipse(w / 2, h / 2, reach, None, 1.4)
        board.ellipse(w / 2, h / 2, 0.76 * reach, None, 0.8)
        if rng.random() < 0.4:
            board.shade(ring, 0.6, base=0.1)
        for turn in np.linspace(0, 2 * np.pi, int(rng.integers(24, 60)), endpoint=False):
            spot = np.array([np.cos(turn), np.sin(turn)])
            strokes = rng.uniform(0.8, 0.96, (int(rng.integers(2, 4)), 2, 1)) * spot + rng.normal(0, 0.03, (1, 2, 2))
            board.segments(strokes * reach + (w / 2, h / 2), 1.2)
        _shield(board, w / 2, h / 2, 0.4 * reach, 0.48 * reach)
        return
    many = int(rng.choice([1, 1, 1, 3, 6])) if min(w, h) > 200 else 1
    columns = max(1, round(np.sqrt(many * w / h)))
    for index in range(many):
        cw, ch = w / columns, h / -(-many // columns)
        x, y = (index % columns + 0.5) * cw, (index // columns + 0.62) * ch
        unit = min(0.3 * cw, 0.3 * ch)
        if rng.random() < 0.7:
            for side in (-1, 1):
                for _ in range(rng.integers(3, 8)):
                    start = np.array([side * 0.3, -1.5])
                    curl = [
                        start,
                        start + np.array((side * rng.uniform(0.5, 1.2), rng.uniform(-0.4, 0.3))),
                        (side * rng.uniform(1.1, 1.5), rng.uniform(-1, 0.4)),
                        (side * rng.uniform(1.0, 1.3), rng.uniform(-0.5, 1)),
                    ]
                    leaf = smooth(np.array(curl) * unit + (x, y))
                    board.line(leaf, 1.0)
                    board.line(leaf + rng.normal(0, 0.06 * unit, 2), 0.7)
            helm = smooth(
                np.array([(-0.35, -1.1), (-0.4, -1.6), (0, -1.9), (0.4, -1.6), (0.35, -1.1)]) * unit + (x, y), True
            )
            board.fill(helm, WHITE)
            board.shade(helm, 0.9)
            board.line(helm, 1.0, closed=True)
            board.segments(
                np.array([[(k, -1.5), (k, -1.25)] for k in np.linspace(-0.25, 0.25, 5)]) * unit + (x, y), 1.0
            )
        _shield(board, x, y, 0.8 * unit, unit)


def draw_ornament(board: Board) -> None:
    """Ornament: friezes under one another, a rosette, a tile pattern, as on pots, stoves, fonts or stuccos."""
    rng, w, h = board.rng, board.width, board.height
    if rng.random() < 0.4:
        fold = int(rng.choice([4, 5, 6, 8, 12]))
        reach = 0.46 * min(w, h)
        leaves = [
            blob(rng, 0.55, 0, 0.3 * rng.random() + 0.1, 0.1 * rng.random() + 0.05, 0.1)
            for _ in range(rng.integers(1, 4))
        ]
        leaves.append(smooth([(0.15, 0), (0.5, 0.3 * rng.random()), (0.9, 0.05)]))
        for index in range(fold):
            for leaf in leaves:
                piece = turned(leaf * reach + (w / 2, h / 2), 360 * index / fold, (w / 2, h / 2))
                board.line(piece, 0.9)
        for ring in np.sort(rng.uniform(0.1, 1, rng.integers(1, 5))):
            board.ellipse(w / 2, h / 2, ring * reach, None, 0.9)
        return
    rows = int(np.clip(rng.integers(1, 9), 1, max(1, h / 45)))
    high = 0.94 * h / rows
    for row in range(rows):
        top, tall = 0.03 * h + row * high, high * rng.uniform(0.5, 0.9)
        step = tall * rng.uniform(0.5, 1.4)
        xs = np.arange(0.03 * w, 0.97 * w - step, step)[:70]
        kind = pick(rng, "key", "waves", "triangles", "spirals", "rings", "leaves", "lozenges")
        inked = rng.random() < 0.4
        for index, x in enumerate(xs):

            def at(
                points: object, x: float = x, top: float = top, step: float = step, tall: float = tall
            ) -> np.ndarray:
                return np.asarray(points, np.float64) * (step, tall) + (x, top)

            if kind == "key":
                board.line(at([(0, 1), (0, 0), (0.8, 0), (0.8, 0.75), (0.4, 0.75), (0.4, 0.4), (1, 1), (1, 1)]), 1.1)
            elif kind == "waves":
                along = np.linspace(0, 1, 14)
                board.line(at(np.stack([along, 0.5 + 0.45 * np.sin(along * 2 * np.pi)], 1)), 1.2)
            elif kind == "triangles":
                triangle = at([(0, 0), (1, 0), (0.5, 1)])
                if inked:
                    board.fill(triangle)
                else:
                    board.hatch(triangle, 45 if index % 2 else -45, 4, 0.5)
                board.line(triangle, 0.9, closed=True)
            elif kind == "spirals":
                wind = np.linspace(0.3, 14, 60)
                board.line(
                    at(np.stack([0.5 + 0.033 * wind * np.cos(wind), 0.5 + 0.033 * wind * np.sin(wind)], 1)),
                    0.9,
                    wobble=0,
                )
            elif kind == "rings":
                for share in (0.45, 0.28, 0.1):
                    board.ellipse(x + step / 2, top + tall / 2, share * step, share * tall, 0.8)
            elif kind == "leaves":
                leaf = smooth(at([(0.5, 0), (0.95, 0.5), (0.5, 1), (0.05, 0.5)]), True, 2)
                board.fill(leaf, None if inked else WHITE, 0.9)
                board.line(at([(0.5, 0.1), (0.5, 0.9)]), 0.6)
            else:
                board.fill(at([(0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)]), None if inked and index % 2 else WHITE, 0.9)
        if rng.random() < 0.7 and len(xs):
            for level in (top - 0.06 * high, top + tall + 0.06 * high):
                board.line([(xs[0], level), (xs[-1] + step, level)], 1.0)
