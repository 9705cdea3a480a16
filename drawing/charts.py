"""Charts: bars (plain, stacked, hatched, in three dimensions), lines, scatter, pies, histograms.

draw_bars(board)
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .accessories import Box, frame, legend, words
from .board import Board
from .shapes import smooth
from .styles import WHITE, Colour, pick

OFFICE: tuple[tuple[Colour, ...], ...] = (
    ((79, 129, 189), (192, 80, 77), (155, 187, 89), (128, 100, 162), (75, 172, 198), (247, 150, 70)),
    ((153, 153, 255), (153, 51, 102), (255, 255, 204), (204, 255, 255), (102, 0, 102), (255, 128, 128)),
    ((0, 69, 134), (255, 66, 14), (255, 211, 32), (87, 157, 28), (126, 0, 33), (131, 202, 255)),
    ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189), (140, 86, 75)),
    ((255, 0, 0), (0, 0, 255), (0, 160, 0), (255, 255, 0), (255, 0, 255), (0, 255, 255)),
)


def palette(board: Board) -> list[Colour]:
    """Six colours as an office program brings them; in styles without colour six greys."""
    rng = board.rng
    if board.style.colour:
        return [board.tint(colour) for colour in OFFICE[rng.integers(len(OFFICE))]]
    return [board.grey(value) for value in rng.permutation([0.15, 0.35, 0.55, 0.75, 0.95, 0.0])]


class Axes:
    """The frame of a chart: its box, its axes with ticks and numbers, its grid, title and legend."""

    def __init__(self, board: Board, series: int = 1, spare: bool = False) -> None:
        rng, w, h = board.rng, board.width, board.height
        self.board, self.rng = board, rng
        self.size = float(np.clip(0.022 * min(w, h) + 5, 7, 17))
        self.colours = palette(board)
        self.surface = "flat" if board.style.colour else pick(rng, "hatch", "hatch", "flat", "white")
        self.angles = rng.choice([0, 45, 90, 135, 30, 60], 6)
        self.gaps = rng.uniform(3.5, 11, 6)
        frame(board, 0.25)
        named = series > 1 and rng.random() < 0.7 and w > 200
        below = named and rng.random() < 0.3
        left, right = 0.04 * w + 2.6 * self.size, 0.97 * w - (0.2 * w if named and not below else 0)
        top, bottom = 0.05 * h, 0.94 * h - 2.2 * self.size - (2 * self.size if below else 0)
        if rng.random() < 0.55:
            board.text(w / 2, top + self.size, f"{words(rng)} – {words(rng)}", self.size * 1.3)
            top += 2.4 * self.size
        self.box: Box = (left, top, max(right, left + 10), max(bottom, top + 10))
        if spare:
            return
        if named and not below:
            box = (right + 0.02 * w, top + 0.25 * (bottom - top), w, bottom)
            legend(board, box, series if self.surface == "hatch" else self.colours[:series], self.size)
        elif below:
            for index in range(series):
                x = left + index * (right - left) / series
                patch = [
                    (x, h - 1.6 * self.size),
                    (x + self.size, h - 1.6 * self.size),
                    (x + self.size, h - 0.7 * self.size),
                    (x, h - 0.7 * self.size),
                ]
                self.patch(np.array(patch), index)
                board.text(x + 1.4 * self.size, h - 0.7 * self.size, words(rng), self.size, anchor="left")
        if rng.random() < 0.3:
            filling = (200, 200, 200) if rng.random() < 0.5 else (240, 240, 240)
            if not board.style.drawn_by_hand:
                a, b, c, d = self.box
                board.fill([(a, b), (c, b), (c, d), (a, d)], board.tint(filling))

    def patch(self, points: np.ndarray, index: int, outline: float = 0.7) -> None:
        """A bar or slice of one series."""
        board, index = self.board, index % 6
        if self.surface == "flat":
            board.fill(points, self.colours[index])
        else:
            board.fill(points, WHITE)
            if self.surface == "hatch" and index != 1:
                board.hatch(points, float(self.angles[index]), float(self.gaps[index]), 0.6)
        board.line(points, outline, closed=True, wobble=0.3 * board.style.wobble)

    def axes(self, names: list[str] | None = None, numbers: bool = False) -> None:
        """Grid, axis lines, ticks, numbers up the side, names or numbers along the foot."""
        board, rng = self.board, self.rng
        a, b, c, d = self.box
        steps = int(rng.integers(3, 11))
        top = float(rng.choice([5, 10, 20, 50, 100, 1000, 1]))
        lines = rng.random() < 0.6
        for index in range(steps + 1):
            y = d - index * (d - b) / steps
            if lines and index:
                board.line(
                    [(a, y), (c, y)], 0.4, board.grey(0.4), dash=(3.0, 3.0) if rng.random() < 0.1 else None, wobble=0
                )
            board.line([(a - 4, y), (a, y)], 0.6, wobble=0)
            value = top * index / steps
            board.text(
                a - 5 - 0.3 * self.size * len(f"{value:g}"), y + 0.35 * self.size, f"{value:.3g}", self.size * 0.85
            )
        if numbers:
            many = int(rng.integers(3, 10))
            names = [f"{index * int(top)}" for index in range(many + 1)]
            xs = np.linspace(a, c, many + 1)
        else:
            xs = a + (np.arange(len(names)) + 0.5) * (c - a) / len(names) if names else []
        tall = names and len(names) * 3.5 * self.size > c - a
        for x, name in zip(xs, names or [], strict=False):
            board.line([(x, d), (x, d + 4)], 0.5, wobble=0)
            if tall:
                board.text(x + 0.4 * self.size, d + 6 + 0.28 * self.size * len(name), name, self.size * 0.85, turn=90)
            else:
                board.text(x, d + 1.4 * self.size, name, self.size * 0.85)
        if rng.random() < 0.5:
            board.box(a, b, c, d, 0.8)
        else:
            board.line([(a, b), (a, d), (c, d)], 1.0)
        if rng.random() < 0.4:
            board.text(a - 3.2 * self.size, (b + d) / 2, words(rng), self.size, turn=90)


def _names(rng: np.random.Generator, count: int) -> list[str]:
    """The names along the foot of a chart."""
    kind = rng.integers(4)
    if kind == 0:
        return [str(index + 1) for index in range(count)]
    if kind == 1:
        return [str(int(rng.integers(1880, 1960)) + 5 * index) for index in range(count)]
    return [words(rng)[:9] for _ in range(count)]


def draw_bars(board: Board) -> None:
    """A bar chart: side by side, stacked, lying, about zero, or in three dimensions."""
    rng = board.rng
    series = int(rng.choice([1, 1, 2, 3, 4, 6]))
    count = int(rng.integers(2, 16))
    plot = Axes(board, series)
    names = _names(rng, count)
    form = pick(rng, "side", "side", "stack", "stack", "lying", "zero")
    a, b, c, d = plot.box
    plot.axes(None if form == "lying" else names)
    values = rng.gamma(1.5, 1, (count, series)) + 0.05
    if rng.random() < 0.4:
        values *= np.exp(-0.5 * ((np.arange(count) - rng.uniform(0, count)) / (0.3 * count)) ** 2)[:, None] + 0.05
    values /= (values.sum(1).max() if form in ("stack", "zero") else values.max()) * rng.uniform(1.02, 1.4)
    if form == "stack" and rng.random() < 0.5:
        values /= values.sum(1, keepdims=True)
    share, deep = rng.uniform(0.4, 0.95), rng.random() < 0.25
    step = (d - b if form == "lying" else c - a) / count
    for index in range(count):
        start = index * step + (1 - share) * step / 2
        base = 0.5 if form == "zero" else 0.0
        for row in range(series):
            size = values[index, row] * (0.5 if form == "zero" else 1)
            if form in ("stack", "zero"):
                low, high, near, far = (
                    base,
                    base + size * (-1 if form == "zero" and row % 2 else 1),
                    start,
                    start + share * step,
                )
                base = base if form == "zero" else high
            else:
                low, high = 0.0, size
                near, far = start + row * share * step / series, start + (row + 1) * share * step / series
            if form == "lying":
                x0, x1 = a + low * (c - a), a + high * (c - a)
                bar = [(x0, b + near), (x1, b + near), (x1, b + far), (x0, b + far)]
            else:
                y0, y1 = d - low * (d - b), d - high * (d - b)
                bar = [(a + near, y0), (a + near, y1), (a + far, y1), (a + far, y0)]
            plot.patch(np.array(bar), row)
            if deep and form != "lying":
                shift = 0.22 * (far - near) + 2
                side = np.array([bar[2], bar[3], bar[3], bar[2]]) + np.array(
                    [(0, 0), (0, 0), (shift, -shift), (shift, -shift)]
                )
                board.fill(side, board.grey(0.55), 0.5, wobble=0)
                top = np.array([bar[1], bar[2], bar[2], bar[1]]) + np.array(
                    [(0, 0), (0, 0), (shift, -shift), (shift, -shift)]
                )
                board.fill(top, WHITE, 0.5, wobble=0)
            elif series == 1 and rng.random() < 0.3 and form == "side":
                board.text((bar[1][0] + bar[2][0]) / 2, bar[1][1] - 3, f"{rng.integers(1, 99)}", plot.size * 0.8)
    if form == "lying":
        for index, name in enumerate(names):
            board.text(a + 4, b + (index + 0.5) * step + 4, name, plot.size * 0.8, anchor="left")


def draw_lines(board: Board) -> None:
    """A line chart of one or several series, with or without marks; also curves, areas, pollen-like spikes."""
    rng = board.rng
    series, count = int(rng.integers(1, 7)), int(rng.choice([6, 12, 30, 120]))
    plot = Axes(board, series)
    plot.axes(_names(rng, min(count, 12)) if rng.random() < 0.5 else None, numbers=True)
    a, b, c, d = plot.box
    x = np.linspace(a, c, count)
    for row in range(series):
        walk = np.cumsum(rng.normal(rng.normal(0, 0.2), 1, count)) + rng.normal(0, 0.4, count)
        if rng.random() < 0.3:
            walk = rng.normal(0, 1, count) + 4 * np.exp(-0.5 * ((np.arange(count) / count - rng.random()) / 0.1) ** 2)
        low, high = np.sort(rng.uniform(0.05, 0.95, 2))
        walk = low + (walk - walk.min()) / max(np.ptp(walk), 1e-6) * max(high - low, 0.15)
        line = np.stack([x, np.clip(d - walk * (d - b), b, d)], 1)
        if rng.random() < 0.25:
            line = smooth(line)
        colour = plot.colours[row % 6] if board.style.colour else None
        if series <= 2 and rng.random() < 0.2:
            board.fill(np.concatenate([[(a, d)], line, [(c, d)]]), board.grey(0.25) if colour is None else colour)
        board.line(line, rng.uniform(0.6, 1.8), colour, dash=(8.0, 5.0) if row % 3 == 2 else None, wobble=0)
        if count <= 30 and rng.random() < 0.6:
            _marks(board, line, row, 3.5, colour)


def _marks(board: Board, spots: np.ndarray, form: int, size: float, colour: Colour | None) -> None:
    """Marks of one series: dots, rings, squares, crosses or triangles."""
    size *= board.unit
    if form % 5 == 0:
        board.dots(spots, size, colour)
        return
    for x, y in spots.tolist():
        if form % 5 == 1:
            board.line(
                [(x - size, y - size), (x + size, y - size), (x + size, y + size), (x - size, y + size)],
                0.6,
                colour,
                closed=True,
                wobble=0,
            )
        elif form % 5 == 2:
            board.fill([(x - size, y + size), (x + size, y + size), (x, y - size)], colour)
        elif form % 5 == 3:
            board.segments(
                np.array([[(x - size, y - size), (x + size, y + size)], [(x - size, y + size), (x + size, y - size)]]),
                0.7,
                colour,
            )
        else:
            board.fill([(x - size, y), (x, y - size), (x + size, y), (x, y + size)], colour)


def draw_scatter(board: Board) -> None:
    """A scatter plot of clouds of marks, sometimes with names, a trend or ellipses; triangle plots."""
    rng = board.rng
    series = int(rng.integers(1, 6))
    plot = Axes(board, series)
    a, b, c, d = plot.box
    ternary = rng.random() < 0.12
    if ternary:
        corners = np.array([(a, d), (c, d), ((a + c) / 2, b)])
        board.line(corners, 1.0, closed=True)
        for share in np.linspace(0.1, 0.9, 9):
            for k in range(3):
                p, q, r = corners[k], corners[(k + 1) % 3], corners[(k + 2) % 3]
                board.line([p + share * (q - p), r + share * (q - r)], 0.3, board.grey(0.5), wobble=0)
    else:
        plot.axes(None, numbers=True)
    for row in range(series):
        count = int(rng.choice([8, 20, 60, 200]))
        colour = plot.colours[row % 6] if board.style.colour else None
        if ternary:
            spots = rng.dirichlet(rng.uniform(1, 8, 3), count) @ corners
        else:
            spread = rng.uniform(0.03, 0.2, 2)
            spots = rng.normal(0, 1, (count, 2)) * spread
            spots[:, 1] += rng.normal(0, 0.8) * spots[:, 0]
            spots = np.clip(spots + rng.uniform(0.2, 0.8, 2), 0.01, 0.99) * (c - a, b - d) + (a, d)
        _marks(board, spots, row, rng.uniform(1.5, 4.5), colour)
        if rng.random() < 0.2 and count <= 20:
            for x, y in spots:
                board.text(x + 8, y, str(rng.integers(1, 99)), plot.size * 0.7)
        if rng.random() < 0.15 and not ternary:
            board.ellipse(*spots.mean(0), 2 * np.ptp(spots[:, 0]) / 4, 2 * np.ptp(spots[:, 1]) / 4, 0.7, colour=colour)
    if rng.random() < 0.2 and not ternary:
        board.line([(a, d - rng.uniform(0, 0.4) * (d - b)), (c, b + rng.uniform(0, 0.5) * (d - b))], 1.0, wobble=0)


def draw_pie(board: Board) -> None:
    """One or several pies, flat or tilted, with names or per cent."""
    rng = board.rng
    plot = Axes(board, 1, spare=True)
    a, b, c, d = plot.box
    tilt = rng.choice([1.0, 1.0, 0.5])
    many = int(rng.choice([1, 1, 2, 4])) if min(board.width, board.height) > 200 else 1
    columns = 2 if many > 1 and board.width > 0.6 * board.height else 1
    rows = -(-many // columns)
    for pie in range(many):
        x = a + (pie % columns + 0.5) * (c - a) / columns
        y = b + (pie // columns + 0.5) * (d - b) / rows
        reach = 0.33 * min((c - a) / columns, (d - b) / rows / tilt)
        parts = rng.dirichlet(np.full(rng.integers(2, 9), 1.2))
        ends = np.concatenate([[0], np.cumsum(parts)]) * 2 * np.pi + rng.uniform(0, 6)
        deep = 0.25 * reach if tilt < 1 else 0.0
        if deep:
            turn = np.linspace(0, np.pi, 30)
            under = np.stack([x + reach * np.cos(turn), y + tilt * reach * np.sin(turn)], 1)
            board.fill(np.concatenate([under, (under + np.array((0, deep)))[::-1]]), board.grey(0.5), 0.6, wobble=0)
        for index, (start, stop) in enumerate(pairwise(ends)):
            turn = np.linspace(start, stop, max(3, int((stop - start) * 12)))
            arc = np.stack([x + reach * np.cos(turn), y + tilt * reach * np.sin(turn)], 1)
            plot.patch(np.concatenate([[(x, y)], arc]), index)
            half = (start + stop) / 2
            if stop - start > 0.15:
                text = f"{parts[index] * 100:.0f} %" if rng.random() < 0.6 else words(rng)
                board.text(
                    x + 1.2 * reach * np.cos(half), y + 1.2 * tilt * reach * np.sin(half) + 4 + deep, text, plot.size
                )


def draw_histogram(board: Board) -> None:
    """A histogram, perhaps with a curve, or two back to back (an age pyramid)."""
    rng = board.rng
    plot = Axes(board, 1)
    a, b, c, d = plot.box
    bins = int(rng.integers(6, 50))
    centre = (np.arange(bins) + 0.5) / bins
    shape = sum(
        rng.uniform(0.3, 1) * np.exp(-0.5 * ((centre - rng.random()) / rng.uniform(0.06, 0.25)) ** 2) for _ in range(2)
    )
    heights = shape / shape.max() * rng.uniform(0.6, 0.95) * rng.uniform(0.8, 1.1, bins)
    if rng.random() < 0.2:
        step = (d - b) / bins
        for side in (-1, 1):
            for index, value in enumerate(heights * rng.uniform(0.8, 1.1, bins) * 0.5):
                x0, x1 = (a + c) / 2, (a + c) / 2 + side * value * (c - a)
                y = d - index * step
                plot.patch(np.array([(x0, y), (x1, y), (x1, y - step), (x0, y - step)]), 0 if side < 0 else 2)
        board.line([(a, d), (c, d)], 0.9)
        return
    plot.axes(None, numbers=True)
    step = (c - a) / bins
    for index, value in enumerate(np.clip(heights, 0, 0.99)):
        x, y = a + index * step, d - value * (d - b)
        plot.patch(np.array([(x, d), (x, y), (x + step, y), (x + step, d)]), 0)
    if rng.random() < 0.35:
        board.line(
            np.stack([a + centre * (c - a), d - np.clip(shape / shape.max(), 0, 1) * 0.8 * (d - b)], 1), 1.4, wobble=0
        )
