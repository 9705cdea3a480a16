"""Sections through pits, ditches and layers, each layer with its signature and number; soil columns.

draw_section(board)
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .accessories import dimension, frame, furnish, legend, millimetres, words
from .board import Board
from .fillings import EARTH, FLAT, SIGNATURES, filling, stones
from .shapes import blob


def _level(board: Board, width: float, swing: float) -> tuple[np.ndarray, np.ndarray]:
    """A wavy level line about 0: x [n] and its deviation [n]."""
    rng = board.rng
    x = np.linspace(0, width, 70)
    deviation = sum(rng.normal(0, swing / k) * np.sin(k * 3.1 * x / width + rng.uniform(0, 6)) for k in (1, 2, 3, 5, 9))
    return x, deviation + rng.normal(0, 0.06 * swing, 70)


def draw_section(board: Board) -> None:
    """A section: surface, layers from side to side or a pit that cuts into the subsoil, fillings, finds, numbers."""
    rng = board.rng
    if rng.random() < 0.35:
        millimetres(board)
    used = furnish(board, 0.6)
    frame(board, 0.1)
    size = float(np.clip(0.03 * min(board.width, board.height) + 4, 7, 16))
    rows = int(rng.choice([1, 1, 1, 2, 3])) if board.height > 0.6 * board.width else 1
    high = (board.height - used) / rows
    for row in range(rows):
        top = row * high
        box = (0.04 * board.width, top + 0.08 * high, 0.96 * board.width, top + 0.9 * high)
        (_pit if rng.random() < 0.6 else _layers)(board, box, size)
        if rng.random() < 0.5:
            board.text(box[0] + 5, box[1], rng.choice(["A", "A'", "1", "S", "JZ", "P1"]), size * 1.2, anchor="left")
            board.text(box[2] - 10, box[1], rng.choice(["B", "B'", "2", "J", "SV"]), size * 1.2)


def _paint(board: Board, polygon: np.ndarray, fine: float = 1.0) -> None:
    """One layer's surface: a signature, in coloured styles mostly a wash or a flat colour."""
    rng = board.rng
    if board.style.colour and rng.random() < 0.85:
        flat = not board.style.drawn_by_hand
        colours = FLAT if flat and rng.random() < 0.5 else EARTH
        filling(board, polygon, "flat" if flat else "wash", fine, colours[rng.integers(len(colours))])
        if rng.random() < 0.5:
            return
    filling(board, polygon, SIGNATURES[rng.integers(len(SIGNATURES))], fine)


def _layers(board: Board, box: tuple[float, float, float, float], size: float) -> None:
    """Layers one upon the other, perhaps with lenses, stones and a wall."""
    rng = board.rng
    left, top, right, bottom = box
    width, high = right - left, bottom - top
    count = int(rng.integers(2, 9))
    depth = np.concatenate([[0], np.cumsum(rng.uniform(0.4, 1.6, count))])
    depth = depth / depth[-1] * high
    swing = high / count * rng.uniform(0.05, 0.4)
    lines = []
    for level in depth:
        x, off = _level(board, width, swing)
        lines.append(np.stack([left + x, np.clip(top + level + off, top - swing, bottom)], 1))
    if rng.random() < 0.5:
        lines[-1][:, 1] = bottom
    for index, (above, below) in enumerate(pairwise(lines)):
        below[:, 1] = np.maximum(below[:, 1], above[:, 1])
        polygon = np.concatenate([above, below[::-1]])
        _paint(board, polygon, rng.uniform(0.5, 1.3))
        if rng.random() < 0.15:
            stones(board, polygon, 40, min(0.1 * high, 18))
        at = int(rng.integers(8, 60))
        if rng.random() < 0.7:
            board.text(above[at, 0], (above[at, 1] + below[at, 1]) / 2 + size / 3, f"{index + 1}", size)
    for index, line in enumerate(lines):
        dash = (8.0, 5.0) if index and rng.random() < 0.25 else None
        board.line(line, 1.4 if index == 0 else 0.8, dash=dash)
    for side in (0, -1):
        board.line([lines[0][side], lines[-1][side]], 0.8)
    for _ in range(rng.integers(0, 4)):
        lens = blob(
            rng, left + rng.uniform(0.1, 0.9) * width, top + rng.uniform(0.2, 0.8) * high, 0.12 * width, 0.06 * high
        )
        _paint(board, lens, 0.5)
        board.line(lens, 0.7, closed=True)


def _pit(board: Board, box: tuple[float, float, float, float], size: float) -> None:
    """A pit or ditch in the subsoil: basin, trough, V or bell; layered fills."""
    rng = board.rng
    left, top, right, bottom = box
    width, high = right - left, bottom - top
    high = min(high, width * rng.uniform(0.35, 0.9))
    top = (top + bottom - high) / 2
    x = np.linspace(-1, 1, 80)
    power = rng.choice([1.0, 2.0, 4.0, 8.0])
    bed = (1 - np.abs(x) ** power) * (1 + 0.06 * np.sin(x * rng.uniform(3, 9) + rng.uniform(0, 6)))
    bed = np.maximum(bed, 0) + rng.normal(0, 0.006, 80)
    bell = rng.random() < 0.15
    across = x * (1 + (0.35 * bed if bell else 0))
    middle, half = (left + right) / 2, width * (0.3 if bell else rng.uniform(0.28, 0.42))
    surface = top + rng.normal(0, 0.012 * high, 80)
    floor = surface + bed * high * rng.uniform(0.7, 0.95)
    xs = middle + across * half
    count = int(rng.integers(1, 7))
    shares = np.sort(np.concatenate([[0, 1], rng.uniform(0.12, 0.9, count - 1)]))
    previous = surface
    for index, share in enumerate(shares[1:]):
        sag = share + 0.08 * np.sin(x * rng.uniform(1, 5) + rng.uniform(0, 6)) * (share < 1)
        below = np.maximum(previous, surface + (floor - surface) * np.clip(sag, 0, 1))
        polygon = np.concatenate([np.stack([xs, previous], 1), np.stack([xs, below], 1)[::-1]])
        _paint(board, polygon, rng.uniform(0.4, 1.2))
        board.line(np.stack([xs, below], 1), 0.8 if share < 1 else 1.5)
        at = 40 + int(rng.integers(-12, 12))
        if rng.random() < 0.75:
            board.text(xs[at], (previous[at] + below[at]) / 2 + size / 3, str(index + 1), size)
        previous = below
    body = np.concatenate([np.stack([xs, surface], 1), np.stack([xs, floor], 1)[::-1]])
    if rng.random() < 0.4:
        stones(board, body, int(rng.integers(4, 60)), 0.05 * min(width, high) + 3)
    edge = np.concatenate([[(left, surface[0])], np.stack([xs, surface], 1), [(right, surface[-1])]])
    board.line(edge, rng.uniform(0.9, 1.8))
    if rng.random() < 0.6:  # the subsoil
        reach = min(0.1 * width, 40)
        ground = np.concatenate([[(left, surface[0])], np.stack([xs, floor], 1), [(right, surface[-1])]])
        lower = ground[::-1] + np.array((0, reach))
        strip = np.concatenate([ground, lower])
        filling(board, strip, ("diagonal", "ticks", "dots", "dashes")[rng.integers(4)], 0.9)
    if rng.random() < 0.15 and width > 300:
        dimension(board, (middle - half, bottom - 3), (middle + half, bottom - 3))


def draw_column(board: Board) -> None:
    """Soil columns or bore logs side by side, with depths and a legend of signatures."""
    rng, w, h = board.rng, board.width, board.height
    frame(board, 0.2)
    many = int(rng.integers(1, max(2, min(9, w // 110 + 1))))
    beside = 0.3 * w if rng.random() < 0.5 and w > 250 else 0.0
    size = float(np.clip(0.02 * h + 4, 6, 14))
    step = (0.94 * w - beside) / many
    kinds = [kind for kind in SIGNATURES if kind != "black"]
    for index in range(many):
        left = 0.05 * w + index * step
        right = left + step * rng.uniform(0.25, 0.6)
        cuts = np.sort(np.concatenate([[0.08, rng.uniform(0.6, 0.95)], rng.uniform(0.12, 0.9, rng.integers(2, 9))]))
        for a, b in zip(cuts * h, cuts[1:] * h, strict=False):
            part = np.array([(left, a), (right, a), (right, b), (left, b)])
            if board.style.colour:
                _paint(board, part, 0.5)
            else:
                filling(board, part, kinds[rng.integers(len(kinds))], 0.5)
            board.line(part, 0.8, closed=True)
            if rng.random() < 0.5:
                board.text(right + 3, b, f"{b / h * 4:.2f}", size, anchor="left")
        board.text((left + right) / 2, 0.06 * h, words(rng), size)
    if beside:
        legend(board, (w - beside, 0.1 * h, w, 0.9 * h), int(rng.integers(3, 9)))
