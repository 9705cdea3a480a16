"""Diagrams: trees of clusters, Harris matrices, flow diagrams, organisation charts, seriation and calendar strips.

draw_boxes(board)
"""

from __future__ import annotations

import numpy as np

from .accessories import frame, words
from .board import Board
from .charts import OFFICE
from .shapes import smooth
from .styles import WHITE, pick


def draw_dendrogram(board: Board) -> None:
    """A tree of clusters, lying or upright, with names at its leaves and a scale."""
    rng, w, h = board.rng, board.width, board.height
    frame(board, 0.15)
    upright = rng.random() < 0.5
    room = w if upright else h
    leaves = int(np.clip(rng.integers(6, 60), 4, max(4, room / 9)))
    size = float(np.clip(0.8 * room / leaves, 6, 13))
    span, reach = (0.94 * w, 0.8 * h) if upright else (0.94 * h, 0.75 * w)

    def place(along: float, depth: float) -> tuple[float, float]:
        if upright:
            return 0.03 * w + along * span, 0.05 * h + (1 - depth) * reach
        return 0.04 * w + depth * reach, 0.03 * h + along * span

    ends = [((index + 0.5) / leaves, 0.0) for index in range(leaves)]
    flip = not upright and rng.random() < 0.7
    for index, (along, _) in enumerate(ends):
        x, y = place(along, 0 if not flip else 1)
        name = f"{rng.integers(1, 99)}" if rng.random() < 0.7 else words(rng)[:8]
        if upright:
            board.text(x, y + size * 1.2, name[:3] if leaves > 20 else name, size * 0.8)
        else:
            board.text(x + 4 if flip else x - 6, y + 0.3 * size, name, size * 0.8, anchor="left" if flip else "middle")
        del index
    depths = np.sort(rng.beta(1, 2.5, leaves - 1))
    depths = 0.02 + depths / depths.max() * 0.95
    square = rng.random() < 0.85
    for depth in depths:
        at = int(rng.integers(0, len(ends) - 1))
        (a, low), (b, high) = ends[at], ends[at + 1]
        corners = (
            [(a, low), (a, depth), (b, depth), (b, high)] if square else [(a, low), ((a + b) / 2, depth), (b, high)]
        )
        board.line(
            [place(along, 1 - level if flip else level) for along, level in corners],
            0.9,
            wobble=0.3 * board.style.wobble,
        )
        ends[at : at + 2] = [((a + b) / 2, float(depth))]
    start, stop = place(0.0, 0), place(0.0, 1)
    if rng.random() < 0.6:
        board.line([start, stop], 0.7)
        for share in np.linspace(0, 1, 6):
            x, y = start[0] + share * (stop[0] - start[0]), start[1] + share * (stop[1] - start[1])
            board.line([(x - 3, y - 3), (x + 3, y + 3)], 0.5)


def _arrow(board: Board, start: np.ndarray, stop: np.ndarray, head: float) -> None:
    """A straight arrow."""
    board.line([start, stop], 0.8)
    way = (stop - start) / max(float(np.hypot(*(stop - start))), 1e-6) * head
    side = np.array([-way[1], way[0]]) * 0.45
    board.fill([stop, stop - way + side, stop - way - side])


def draw_boxes(board: Board) -> None:
    """Boxes in rows, joined by lines or arrows: a Harris matrix, a flow diagram, a scheme of an institution."""
    rng, w, h = board.rng, board.width, board.height
    frame(board, 0.1)
    rows = int(np.clip(rng.integers(2, 12), 2, max(2, h / 36)))
    most = int(np.clip(rng.integers(2, 9), 1, max(1, w / 50)))
    form = pick(rng, "box", "box", "round", "ellipse", "plain")
    arrows, size = rng.random() < 0.5, float(np.clip(0.2 * h / rows, 6, 14))
    colours = OFFICE[rng.integers(len(OFFICE))]
    filled = rng.random() < 0.5
    long_text = rng.random() < 0.4
    above: list[np.ndarray] = []
    for row in range(rows):
        count = 1 if row == 0 and rng.random() < 0.6 else int(rng.integers(1, most + 1))
        step = 0.96 * w / count
        high = h / rows * rng.uniform(0.35, 0.5)
        y = (row + 0.5) * h / rows
        here = []
        for index in range(count):
            x = 0.02 * w + (index + 0.5) * step
            wide = min(step * 0.8, w * 0.3 if long_text else high * rng.uniform(1.4, 2.2))
            here.append(np.array([x, y]))
            for parent in (above[int(rng.integers(len(above)))],) if above else ():
                start, stop = parent + np.array((0, 0.24 * h / rows)), np.array([x, y - high / 2])
                if rng.random() < 0.5 and not arrows:
                    middle = (start[1] + stop[1]) / 2
                    board.line(
                        [start, (start[0], middle), (stop[0], middle), stop], 0.8, wobble=0.3 * board.style.wobble
                    )
                elif arrows:
                    _arrow(board, start, stop, 9 * board.unit)
                else:
                    board.line([start, stop], 0.8)
            corners = np.array(
                [
                    (x - wide / 2, y - high / 2),
                    (x + wide / 2, y - high / 2),
                    (x + wide / 2, y + high / 2),
                    (x - wide / 2, y + high / 2),
                ]
            )
            if form == "ellipse":
                corners = board.ellipse(x, y, wide / 2, high / 2, 0)
            elif form == "round":
                corners = smooth(corners, True, 2)
            if form != "plain":
                board.fill(corners, board.tint(colours[row % 6]) if filled and board.style.colour else WHITE, 0.9)
            text = f"{rng.integers(100, 999)}" if not long_text else words(rng)
            board.text(x, y + 0.35 * size, text, size)
        above = here


def draw_matrix(board: Board) -> None:
    """Squares of a seriation, a presence table, a calendar of phases: rows and columns of marks, names at two sides."""
    rng, w, h = board.rng, board.width, board.height
    size = float(np.clip(0.02 * min(w, h) + 3, 6, 11))
    left, top = min(0.2 * w, 90.0), min(0.12 * h, 60.0)
    columns, rows = (
        int(np.clip(rng.integers(6, 50), 3, max(3, w / 12))),
        int(np.clip(rng.integers(6, 60), 3, max(3, h / 12))),
    )
    dx, dy = max(1.0, 0.97 * w - left) / columns, max(1.0, 0.97 * h - top) / rows
    battleship = rng.random() < 0.4
    lines = rng.random() < 0.6
    if lines:
        for index in range(columns + 1):
            board.line([(left + index * dx, top), (left + index * dx, top + rows * dy)], 0.35, wobble=0)
        for index in range(rows + 1):
            board.line([(left, top + index * dy), (left + columns * dx, top + index * dy)], 0.35, wobble=0)
    for row in range(rows):
        if dy > 8:
            board.text(left / 2, top + (row + 0.8) * dy, words(rng)[:10], min(size, 0.8 * dy))
        for column in range(columns):
            near = np.exp(-0.5 * ((row / rows - column / columns) / 0.14) ** 2)
            if rng.random() > near * 0.8:
                continue
            x, y = left + (column + 0.5) * dx, top + (row + 0.5) * dy
            half, high = 0.46 * dx * (near if battleship else 0.75), 0.46 * dy * (1 if battleship else 0.75)
            board.fill([(x - half, y - high), (x + half, y - high), (x + half, y + high), (x - half, y + high)])
    for column in range(columns):
        if dx > 8:
            board.text(left + (column + 0.7) * dx, top - 14, str(rng.integers(1, 99)), min(size, 0.9 * dx), turn=90)
