"""What stands beside a drawing: scale bars, north arrows, numbers, frames, millimetre paper, legends, dimension lines.

scale_bar(board, left=40, bottom=380, length=200)
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .board import Board
from .shapes import turned
from .styles import Colour, pick

Box = tuple[float, float, float, float]

PAPERS: tuple[Colour, ...] = ((150, 150, 150), (110, 150, 205), (235, 150, 90), (120, 180, 130), (205, 120, 110))


def words(rng: np.random.Generator) -> str:
    """A short label such as plans carry."""
    number = int(rng.integers(1, 60))
    many = (
        f"{number}",
        f"obj. {number}",
        f"hrob {number}",
        f"Grab {number}",
        f"sonda {number}",
        f"S {number}",
        f"č. p. {number}",
        f"vrstva {number}",
        f"{number}/{rng.integers(20, 99)}",
        f"{rng.integers(180, 420)},{rng.integers(10, 99)}",
        pick(rng, "a", "b", "c", "A", "B", "A'", "I", "II", "IV", "S", "J", "N", "?"),
        pick(rng, "pole", "les", "louka", "cesta", "kostel", "Acker", "Wald", "potok", "Bach", "zámek", "na Skalce"),
    )
    return many[rng.integers(len(many))]


def scale_bar(board: Board, left: float, bottom: float, length: float, units: tuple[str, ...] = ("cm", "m")) -> None:
    """A scale: black and white parts, a plain ruled line, or a line with two ends, mostly with numbers."""
    rng = board.rng
    size = float(np.clip(length * 0.07, 7, 15))
    parts = int(rng.choice([1, 2, 4, 5, 5, 10]))
    high = float(np.clip(length * rng.uniform(0.015, 0.05), 3, 14))
    top, form = bottom - high, pick(rng, "blocks", "blocks", "ticks", "ends", "ladder")
    xs = left + np.arange(parts + 1) * length / parts
    if form in ("blocks", "ladder"):
        for index, (a, b) in enumerate(pairwise(xs)):
            if form == "ladder":
                half = top + high / 2 * (index % 2)
                board.fill([(a, half), (b, half), (b, half + high / 2), (a, half + high / 2)])
            elif index % 2 == 0:
                board.fill([(a, top), (b, top), (b, bottom), (a, bottom)])
        board.box(left, top, left + length, bottom, 0.5)
    else:
        board.line([(left, bottom), (left + length, bottom)], 0.8)
        for x in xs if form == "ticks" else xs[[0, -1]]:
            board.line([(x, top), (x, bottom + (form == "ends") * high)], 0.7)
    unit = pick(rng, *units)
    step = int(rng.choice([1, 1, 2, 5] if unit == "cm" else [1, 2, 5, 10, 50, 100]))
    if rng.random() < 0.75:
        board.text(left, top - 4, "0", size)
        board.text(left + length, top - 4, f"{step * parts} {unit}", size)
        if parts < 6 and rng.random() < 0.4:
            for index in range(1, parts):
                board.text(xs[index], top - 4, f"{index * step}", size)


def north_arrow(board: Board, x: float, y: float, size: float) -> None:
    """An arrow about (x, y), `size` pixels long, mostly upward, of one of many designs."""
    rng = board.rng
    lean = float(rng.normal(0, 25)) if rng.random() < 0.6 else 0.0
    half = size / 2

    def place(points: list[tuple[float, float]]) -> np.ndarray:
        return turned(np.array(points) * half + (x, y), lean, (x, y))

    form = rng.integers(5)
    if form == 0:
        board.line(place([(0, 1), (0, -1)]), 0.8)
        board.line(place([(-0.22, -0.55), (0, -1), (0.22, -0.55)]), 0.8)
    elif form == 1:
        board.fill(place([(0, -1), (0.35, 0.8), (0, 0.45)]))
        board.line(place([(0, -1), (-0.35, 0.8), (0, 0.45), (0.35, 0.8)]), 0.6, closed=True)
    elif form == 2:
        board.ellipse(x, y, half * 0.55, width=0.7)
        board.fill(place([(0, -1), (0.16, 0), (-0.16, 0)]))
        board.line(place([(0, 0), (0, 1)]), 0.8)
        board.line(place([(-0.7, 0), (0.7, 0)]), 0.6)
    elif form == 3:
        board.line(place([(0, 1), (0, -0.7)]), 1.2)
        board.fill(place([(-0.2, -0.5), (0.2, -0.5), (0, -1)]))
        board.line(place([(-0.3, 0.5), (0.3, 0.5)]), 0.7)
    else:
        for angle in (0, 90, 180, 270):
            star = turned(np.array([(0, -1), (0.2, -0.2), (0, 0)]) * half + (x, y), lean + angle, (x, y))
            board.fill(star)
            other = turned(np.array([(0, -1), (-0.2, -0.2), (0, 0)]) * half + (x, y), lean + angle, (x, y))
            board.line(other, 0.5, closed=True)
    if rng.random() < 0.8:
        tip = place([(0, -1.25)])[0]
        board.text(tip[0], tip[1] + size * 0.06, pick(rng, "S", "N", "N", "sever"), max(8, 0.22 * size))


def furnish(board: Board, chance: float = 0.5, north: bool = False) -> float:
    """Perhaps a scale at the foot and a north arrow in a corner; returns how much of the height they take."""
    rng, w, h = board.rng, board.width, board.height
    if min(w, h) < 110:
        return 0.0
    used = 0.0
    if rng.random() < chance:
        length = w * rng.uniform(0.15, 0.5)
        left = rng.choice([0.03 * w, (w - length) / 2, 0.93 * w - length])
        scale_bar(
            board, float(left), h * 0.985, float(length), ("m", "m", "km", "") if north else ("cm", "cm", "m", "")
        )
        used = min(0.09 * h + 6, 60.0)
    if north and rng.random() < chance:
        size = float(np.clip(0.1 * min(w, h) * rng.uniform(0.7, 1.6), 16, 120))
        x = rng.choice([0.06 * w + size / 2, 0.94 * w - size / 2])
        north_arrow(board, float(x), size * 0.85 + 0.03 * h, size)
    return used


def frame(board: Board, chance: float = 0.3, inset: float = 2.0) -> None:
    """Perhaps a single or double frame about the whole figure."""
    rng, w, h = board.rng, board.width - inset - 1, board.height - inset - 1
    if rng.random() >= chance:
        return
    board.box(inset, inset, w, h, float(rng.uniform(0.5, 1.6)), wobble=0.2 * board.style.wobble)
    if rng.random() < 0.25:
        gap = 0.012 * min(w, h) + 3
        board.box(inset + gap, inset + gap, w - gap, h - gap, 0.5, wobble=0.2 * board.style.wobble)


def millimetres(board: Board, box: Box | None = None) -> None:
    """Millimetre or squared paper, grey or coloured as it is printed."""
    rng = board.rng
    board.ruled = bool(rng.random() < 0.75)
    left, top, right, bottom = box or (0, 0, board.width, board.height)
    shade = np.array(PAPERS[rng.integers(len(PAPERS))])
    if rng.random() < 0.5 or not board.colour:
        shade = np.full(3, rng.integers(120, 200))
    fine = 5.9 if rng.random() < 0.75 else float(rng.uniform(12, 32))
    if min(right - left, bottom - top) < 200:
        fine /= 2
    every = 10 if fine < 8 else int(rng.choice([1, 5]))
    shift = rng.uniform(0, fine * every, 2)
    for step, ink, width in ((fine, 0.45, 1), (fine * 5, 0.75, 1), (fine * every, 1.0, 2)):
        if step < 3.5:
            continue
        line = tuple((255 - (255 - shade) * ink).astype(int).tolist())
        for axis, (start, stop) in enumerate(((left, right), (top, bottom))):
            at = np.arange(start + shift[axis] % step, stop, step)
            ends = np.empty((len(at), 2, 2))
            ends[:, :, axis] = at[:, None]
            ends[:, 0, 1 - axis], ends[:, 1, 1 - axis] = (top, bottom) if axis == 0 else (left, right)
            board.segments(ends, width * 0.55 / (board.style.pen * board.unit), line)


def grid(board: Board, box: Box, step: float, names: bool = True, colour: Colour | None = None) -> None:
    """A survey grid: thin lines or crosses, with letters and numbers of the squares at its edge."""
    rng = board.rng
    left, top, right, bottom = box
    xs, ys = np.arange(left, right + 1, step), np.arange(top, bottom + 1, step)
    if rng.random() < 0.7:
        for x in xs:
            board.line([(x, top), (x, bottom)], 0.4, colour, wobble=0)
        for y in ys:
            board.line([(left, y), (right, y)], 0.4, colour, wobble=0)
    else:
        spots = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 1, 2)
        arm = min(6.0, 0.12 * step)
        board.segments(np.concatenate([spots - (arm, 0), spots + np.array((arm, 0))], 1), 0.5, colour)
        board.segments(np.concatenate([spots - (0, arm), spots + np.array((0, arm))], 1), 0.5, colour)
    size = float(np.clip(0.22 * step, 7, 13))
    if names and step > 24:
        for index, x in enumerate(xs[:-1]):
            board.text(x + step / 2, top - 3, chr(65 + index % 26), size)
        for index, y in enumerate(ys[:-1]):
            board.text(left - size, y + step / 2, str(index + 1), size)


def dimension(board: Board, start: tuple[float, float], stop: tuple[float, float]) -> None:
    """A dimension line with ticks and a length in the middle."""
    (x0, y0), (x1, y1) = start, stop
    board.line([start, stop], 0.5)
    level = abs(x1 - x0) > abs(y1 - y0)
    tick = 4.0
    for x, y in (start, stop):
        board.line([(x - tick, y + tick), (x + tick, y - tick)], 0.6)
    text = f"{board.rng.integers(12, 990)}"
    if level:
        board.text((x0 + x1) / 2, min(y0, y1) - 3, text, 10)
    else:
        board.text(min(x0, x1) - 3, (y0 + y1) / 2, text, 10, turn=90)


def legend(board: Board, box: Box, swatches: list[Colour] | int, size: float | None = None) -> None:
    """Small boxes under one another, filled or hatched, each with a name."""
    rng = board.rng
    left, top, _, bottom = box
    count = swatches if isinstance(swatches, int) else len(swatches)
    step = min((bottom - top) / max(count, 1), 30)
    size = size or float(np.clip(0.5 * step, 6, 13))
    for index in range(count):
        y = top + index * step
        patch = [(left, y), (left + 1.6 * step, y), (left + 1.6 * step, y + 0.7 * step), (left, y + 0.7 * step)]
        if isinstance(swatches, int):
            board.hatch(patch, float(rng.choice([0, 45, 90, 135])), float(rng.uniform(3, 8)), 0.4)
            board.line(patch, 0.5, closed=True)
        else:
            board.fill(patch, swatches[index], 0.4)
        board.text(left + 2 * step, y + 0.6 * step, words(rng), size, anchor="left")
