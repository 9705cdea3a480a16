"""Charts along one long axis: pollen diagrams, chronologies, levelled terrain, box plots, grey squares of a table.

draw_pollen(board)
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .accessories import frame, furnish, words
from .board import Board
from .charts import Axes, palette
from .fillings import SIGNATURES, filling
from .styles import WHITE, pick


def draw_pollen(board: Board) -> None:
    """Many narrow curves or bars side by side over one depth, as of pollen or of finds in layers."""
    rng, w, h = board.rng, board.width, board.height
    size = float(np.clip(0.014 * h + 3, 6, 12))
    left, top, bottom = 0.05 * w + 2 * size, 0.1 * h + 2 * size, max(0.95 * h, 0.1 * h + 3 * size)
    many = int(np.clip(rng.integers(3, 30), 2, max(2, w / 26)))
    widths = rng.gamma(1.2, 1, many) + 0.25
    edges = left + np.concatenate([[0], np.cumsum(widths / widths.sum())]) * (0.97 * w - left)
    levels = int(np.clip(rng.integers(10, 60), 5, max(5, (bottom - top) / 6)))
    y = np.linspace(top, bottom, levels)
    bars = rng.random() < 0.4
    colours = palette(board)
    board.line([(left, top), (left, bottom)], 0.9, wobble=0)
    for index in range(0, levels, max(1, levels // 10)):
        board.line([(left - 4, y[index]), (left, y[index])], 0.5, wobble=0)
        board.text(left - 6 - size, y[index] + 0.3 * size, str(10 * index), size * 0.85)
    for index in range(many):
        x0, reach = edges[index], 0.85 * (edges[index + 1] - edges[index])
        trend = np.interp(np.arange(levels), np.linspace(0, levels - 1, 6), rng.gamma(0.8, 1, 6))
        values = np.clip(trend * rng.uniform(0.6, 1.3, levels), 0, None)
        x = x0 + values / max(values.max(), 1e-6) * reach
        if bars:
            board.segments(np.stack([np.stack([np.full(levels, x0), y], 1), np.stack([x, y], 1)], 1), 1.4)
        else:
            shape = np.concatenate([[(x0, top)], np.stack([x, y], 1), [(x0, bottom)]])
            kind = rng.random()
            if board.style.colour:
                board.fill(shape, colours[index % 6], 0.5, wobble=0)
            elif kind < 0.5:
                board.fill(shape)
            else:
                board.line(shape, 0.7, closed=True, wobble=0)
        board.line([(x0, top), (x0, bottom)], 0.4, wobble=0)
        board.text(x0 + 0.5 * size, top - 6, words(rng)[:12], size, turn=90, anchor="left")
    for level in rng.uniform(top, bottom, int(rng.integers(0, 5))):
        board.line([(left, level), (0.97 * w, level)], 0.7, wobble=0, dash=(6.0, 4.0) if rng.random() < 0.5 else None)


def draw_chronology(board: Board) -> None:
    """Periods as bars over years, in rows, some fading; a plan of work; a table of phases."""
    rng, w, h = board.rng, board.width, board.height
    frame(board, 0.3)
    rows = int(np.clip(rng.integers(4, 26), 3, max(3, h / 22)))
    size = float(np.clip(0.3 * h / rows, 6, 13))
    left, top = min(0.25 * w, 12 * size), 0.08 * h + size
    step, span = (0.97 * h - top) / rows, 0.96 * w - left
    ticks = int(rng.integers(4, 13))
    year, part = int(rng.integers(-20, 30)) * 100, int(rng.choice([10, 20, 50, 100, 500]))
    for index, x in enumerate(np.linspace(left, left + span, ticks)):
        board.line([(x, top), (x, 0.97 * h)], 0.4, board.grey(0.5), wobble=0)
        board.text(x, top - 5, str(year + index * part), size)
    colours = palette(board)
    kind = pick(rng, "black", "flat", "diagonal", "white")
    for row in range(rows):
        y = top + row * step
        board.text(left - 4 - 0.28 * size * 10, y + 0.65 * step, words(rng)[:10], size)
        for _ in range(int(rng.choice([1, 1, 2]))):
            x0 = left + span * rng.uniform(0, 0.7)
            x1 = min(x0 + span * rng.uniform(0.05, 0.45), left + span)
            point = (x1 - x0) * rng.choice([0.0, 0.0, 0.3])
            a, b = y + 0.22 * step, y + 0.78 * step
            bar = np.array(
                [
                    (x0, (a + b) / 2),
                    (x0 + point, a),
                    (x1 - point, a),
                    (x1, (a + b) / 2),
                    (x1 - point, b),
                    (x0 + point, b),
                ]
            )
            if not point:
                bar = np.array([(x0, a), (x1, a), (x1, b), (x0, b)])
            if kind == "black":
                board.fill(bar)
            elif kind == "flat":
                board.fill(bar, colours[row % 6], 0.6, wobble=0)
            else:
                board.fill(bar, WHITE)
                filling(board, bar, kind if kind == "diagonal" else "none", 0.5)
                board.line(bar, 0.8, closed=True)
        if rng.random() < 0.3:
            board.line([(left, y), (left + span, y)], 0.3, wobble=0)


def draw_levelling(board: Board) -> None:
    """A levelled profile of terrain or a long section: its line, uprights, heights below."""
    rng, w, h = board.rng, board.width, board.height
    used = furnish(board, 0.2)
    size = float(np.clip(0.014 * min(w, h) + 4, 6, 11))
    many = int(rng.choice([1, 1, 2, 3])) if h > 0.7 * w else 1
    high = (h - used) / many
    for row in range(many):
        top, base = row * high + 0.06 * high, row * high + 0.68 * high
        foot = row * high + 0.95 * high
        x = np.linspace(0.08 * w, 0.97 * w, 60)
        walk = np.cumsum(rng.normal(rng.normal(0, 0.5), 1, 60))
        walk = np.convolve(np.pad(walk, 4, "edge"), np.ones(9) / 9, "valid")
        y = base - (0.15 + 0.8 * (walk - walk.min()) / max(np.ptp(walk), 1e-6)) * (base - top)
        line = np.stack([x, y], 1)
        if rng.random() < 0.5:
            below = np.stack([x, y + 0.06 * high], 1)[::-1]
            filling(board, np.concatenate([line, below]), pick(rng, *SIGNATURES), 0.6)
        board.line(line, 1.3)
        if rng.random() < 0.3:
            board.line(line + rng.normal(0, 0.02 * high, 2), 0.8, dash=(8.0, 5.0))
        levels = np.linspace(base, foot, int(rng.integers(2, 5)))
        for level in levels:
            board.line([(0.02 * w, level), (0.97 * w, level)], 0.6, wobble=0)
        for index in range(0, 60, int(rng.integers(2, 8))):
            board.line([(x[index], y[index]), (x[index], foot)], 0.35, wobble=0)
            if len(levels) < 4:
                for upper, lower in pairwise(levels):
                    if lower - upper > 3.6 * size:
                        figure = f"{rng.integers(180, 420)},{rng.integers(10, 99)}"
                        board.text(x[index] - 2, (upper + lower) / 2, figure, size, turn=90)
        board.text(0.05 * w, base - 4, f"{rng.integers(180, 400)},00", size)


def draw_box_plots(board: Board) -> None:
    """Box plots: boxes with whiskers and strays, side by side."""
    rng = board.rng
    plot = Axes(board, 1)
    count = int(rng.integers(2, 14))
    plot.axes([words(rng)[:8] for _ in range(count)])
    a, b, c, d = plot.box
    step = (c - a) / count
    for index in range(count):
        x, half = a + (index + 0.5) * step, 0.28 * step
        low, first, middle, third, high = d - np.sort(rng.beta(2, 2, 5)) * (d - b)
        board.line([(x, low), (x, high)], 0.7, wobble=0)
        plot.patch(
            np.array([(x - half, first), (x + half, first), (x + half, third), (x - half, third)]),
            index if rng.random() < 0.3 else 0,
        )
        board.line([(x - half, middle), (x + half, middle)], 1.6, wobble=0)
        for level in (low, high):
            board.line([(x - half / 2, level), (x + half / 2, level)], 0.7, wobble=0)
        for level in rng.uniform(b, d, int(rng.integers(0, 4))):
            board.ellipse(x, level, 3, None, 0.6, wobble=0)


def draw_squares(board: Board) -> None:
    """Squares of a dig or a table, each a tone for how much was found there, with numbers or not; in plan view."""
    rng, w, h = board.rng, board.width, board.height
    used = furnish(board, 0.5, north=True)
    size = max(min(w, h - used) / rng.integers(5, 26), 9.0)
    columns, rows = max(2, int(0.9 * w / size)), max(2, int(0.88 * (h - used) / size))
    left, top = (w - columns * size) / 2, (h - used - rows * size) / 2 + 4
    y, x = np.mgrid[:rows, :columns]
    tone = sum(
        rng.uniform(0.5, 1)
        * np.exp(
            -((x - rng.uniform(0, columns)) ** 2 + (y - rng.uniform(0, rows)) ** 2)
            / (0.08 * (columns**2 + rows**2) * rng.uniform(0.2, 1))
        )
        for _ in range(3)
    )
    tone = np.clip(tone / tone.max() + rng.normal(0, 0.12, tone.shape), 0, 1)
    missing = rng.random(tone.shape) < rng.choice([0.0, 0.1, 0.3])
    hue = np.array(((200, 30, 30), (30, 70, 180), (20, 120, 60), (120, 70, 20))[rng.integers(4)])
    form = pick(rng, "tone", "tone", "disc", "number")
    for row in range(rows):
        for column in range(columns):
            if missing[row, column]:
                continue
            a, b, value = left + column * size, top + row * size, float(np.round(tone[row, column] * 5) / 5)
            square = [(a, b), (a + size, b), (a + size, b + size), (a, b + size)]
            colour = (
                board.tint(tuple(int(v) for v in 255 - (255 - hue) * value))
                if board.style.colour
                else board.grey(value)
            )
            if form == "tone":
                board.fill(square, colour)
            elif form == "disc" and value > 0:
                board.fill(board.ellipse(a + size / 2, b + size / 2, 0.48 * size * value**0.5, None, 0))
            elif size > 12:
                board.text(a + size / 2, b + 0.65 * size, str(int(value * 40)), min(12.0, 0.45 * size))
            board.line(square, 0.4, closed=True, wobble=0.3 * board.style.wobble)
