"""Maps: contours, parcels, topographic sheets in colour, regions with dots and rivers, flat colours of a GIS.

draw_contours(board)
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from .accessories import frame, furnish, grid, legend, north_arrow, words
from .board import Board
from .fillings import FLAT, filling
from .noise import bumps
from .shapes import blob, meander, smooth, turned
from .styles import WHITE, Colour, pick


def relief(rng: np.random.Generator, width: int, height: int, cell: float) -> np.ndarray:
    """Heights, float32 [height, width], of hills about `cell` pixels wide with some detail and a slope."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    slope = rng.normal(0, 0.6, 2) / cell
    return bumps(rng, height, width, cell) + 0.2 * bumps(rng, height, width, cell / 3) + slope[0] * x + slope[1] * y


def isolines(field: np.ndarray, step: float, width: float) -> np.ndarray:
    """Ink 0..1 [h, w] of the lines where the field is a multiple of `step`, about `width` pixels wide."""
    scaled = field / np.float32(step)
    off = np.abs(scaled - np.round(scaled))
    gy, gx = np.gradient(scaled)
    return np.clip(0.5 + width / 2 - off / np.maximum(np.hypot(gx, gy), 1e-4), 0, 1)


def contour_lines(board: Board, colour: Colour | None = None, lines: float = 12, thin: float = 0.6) -> np.ndarray:
    """Contour lines all over the figure, each fifth thicker; returns the heights."""
    rng = board.rng
    small = 2 if board.width * board.height > 500_000 else 1
    w, h = max(8, board.width // small), max(8, board.height // small)
    field = relief(rng, w, h, min(w, h) * rng.uniform(0.25, 0.7))
    step = float(np.ptp(field)) / lines
    width = max(0.9, thin * board.style.pen * board.unit) / small
    ink = isolines(field, step, width)
    if rng.random() < 0.5:
        ink = np.maximum(0.7 * ink, isolines(field, 5 * step, 2 * width))
    board.lay(_stretched(ink, board.width, board.height), 0, 0, colour)
    return field


def _stretched(values: np.ndarray, width: int, height: int) -> np.ndarray:
    if values.shape == (height, width):
        return values
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def _names(board: Board, count: int, low: float = 0.05) -> None:
    rng, w, h = board.rng, board.width, board.height
    size = float(np.clip(0.016 * min(w, h) + 4, 7, 15))
    for x, y in rng.uniform((low, 0.08), (1 - low, 0.95), (count, 2)) * (w, h):
        board.text(x, y, words(rng), size * rng.uniform(0.8, 1.4))


def draw_contours(board: Board) -> None:
    """A contour map: of a hill fort, with ramparts, trenches and heights; bare or hachured."""
    rng, w, h = board.rng, board.width, board.height
    colour = (150, 90, 40) if board.style.colour and rng.random() < 0.7 else None
    field = contour_lines(board, colour, rng.uniform(5, 30))
    if rng.random() < 0.4:  # a rampart with hachures
        wall = blob(rng, w / 2, h / 2, 0.33 * w, 0.33 * h, 0.2, 110)
        middle = wall.mean(0)
        away = (wall - middle) / np.hypot(*(wall - middle).T)[:, None]
        board.line(wall, 1.2, closed=True)
        board.segments(np.stack([wall, wall + away * 0.03 * min(w, h) * rng.uniform(0.5, 1.2, (len(wall), 1))], 1), 0.7)
    if rng.random() < 0.4:
        for _ in range(rng.integers(1, 7)):
            x, y = rng.uniform((0.2 * w, 0.2 * h), (0.8 * w, 0.8 * h))
            shape = np.array([(-1, -0.3), (1, -0.3), (1, 0.3), (-1, 0.3)]) * 0.04 * min(w, h) + (x, y)
            shape = turned(shape, rng.uniform(0, 180))
            board.fill(shape, (220, 60, 50) if board.style.colour else None if rng.random() < 0.5 else WHITE, 0.8)
    if rng.random() < 0.3:
        grid(
            board,
            (0.05 * w, 0.05 * h, 0.95 * w, 0.95 * h),
            min(w, h) / rng.integers(3, 9),
            colour=(90, 130, 200) if board.style.colour else None,
        )
    size = float(np.clip(0.014 * min(w, h) + 4, 7, 13))
    for x, y in rng.uniform((0.1 * w, 0.1 * h), (0.9 * w, 0.9 * h), (int(rng.integers(0, 9)), 2)):
        board.text(
            x, y, f"{240 + 5 * int(4 * field[int(y / h * (len(field) - 1)), int(x / w * (field.shape[1] - 1))])}", size
        )
    furnish(board, 0.6, north=True)
    frame(board, 0.6)


def draw_hachures(board: Board) -> None:
    """A map of the nineteenth century: slopes in strokes downhill, rivers, roads, towns with names."""
    rng, w, h = board.rng, board.width, board.height
    small = 4
    field = relief(rng, w // small + 2, h // small + 2, min(w, h) / small * rng.uniform(0.2, 0.5))
    gy, gx = np.gradient(field)
    slope = np.hypot(gx, gy)
    steep = slope / max(float(np.quantile(slope, 0.95)), 1e-9)
    step = max(4.0, 6 * board.unit)
    spots = np.stack(np.meshgrid(np.arange(0, w, step), np.arange(0, h, step)), -1).reshape(-1, 2)
    spots = spots + rng.uniform(-0.4, 0.4, spots.shape) * step
    at = np.clip((spots / small).astype(int), 0, (field.shape[1] - 1, field.shape[0] - 1))
    here = steep[at[:, 1], at[:, 0]]
    way = np.stack([gx[at[:, 1], at[:, 0]], gy[at[:, 1], at[:, 0]]], 1)
    way = way / np.maximum(np.hypot(*way.T), 1e-9)[:, None] * step * rng.uniform(0.6, 0.9)
    shade = (150, 100, 60) if board.style.colour else None
    for low, high, width in ((0.25, 0.5, 0.4), (0.5, 0.8, 0.7), (0.8, 9, 1.1)):
        chosen = (here >= low) & (here < high)
        board.segments(np.stack([spots[chosen] - way[chosen] / 2, spots[chosen] + way[chosen] / 2], 1), width, shade)
    for _ in range(rng.integers(1, 4)):
        river = meander(rng, (rng.uniform(0, w), 0), (rng.uniform(0, w), h), 0.12, 9)
        board.line(river, rng.uniform(1.0, 2.4), (60, 120, 200) if board.style.colour else None, wobble=1.5)
    for _ in range(rng.integers(2, 6)):
        road = meander(rng, (0, rng.uniform(0, h)), (w, rng.uniform(0, h)), 0.08)
        board.line(road, 0.6)
        board.line(road + rng.normal(0, 2, 2), 0.6)
    for _ in range(rng.integers(2, 9)):
        centre = rng.uniform((0.1 * w, 0.1 * h), (0.9 * w, 0.9 * h))
        spread = rng.normal(centre, min(w, h) * 0.025, (int(rng.integers(4, 30)), 2))
        _houses(board, spread, 0.006 * min(w, h) + 1, (190, 40, 40) if board.style.colour else None)
    _names(board, int(rng.integers(6, 30) * min(1, min(w, h) / 500)))
    frame(board, 0.7)


def parcels(board: Board, many: int = 9) -> list[np.ndarray]:
    """A patchwork of fields: the plane cut by lines again and again; polygons [n, 2]."""
    rng, w, h = board.rng, board.width, board.height
    pieces = [np.array([(0, 0), (w, 0), (w, h), (0, h)], float)]
    lean = rng.uniform(0, np.pi)
    for _ in range(many):
        after = []
        for piece in pieces:
            size = np.ptp(piece, 0)
            if size.min() < 14 or (len(pieces) > 12 and rng.random() < 0.25):
                after.append(piece)
                continue
            axes = np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
            spans = np.ptp(piece @ axes.T, 0) * (1, rng.choice([1.0, 0.5]))
            normal = axes[int(spans[1] > spans[0])] + rng.normal(0, 0.06, 2)
            side = (piece - piece.mean(0) - rng.normal(0, 0.1, 2) * size) @ normal
            after.extend(part for part in (_half(piece, side), _half(piece, -side)) if len(part) > 2)
        pieces = after
        if len(pieces) > 260:
            break
    return pieces


def _half(piece: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The part of a convex polygon where `side` [n] is not negative."""
    points = []
    for index in range(len(piece)):
        here, after = side[index], side[(index + 1) % len(piece)]
        if here >= 0:
            points.append(piece[index])
        if here * after < 0:
            points.append(piece[index] + here / (here - after) * (piece[(index + 1) % len(piece)] - piece[index]))
    return np.array(points)


def _houses(board: Board, spots: np.ndarray, size: float, colour: Colour | None) -> None:
    rng = board.rng
    lean = rng.uniform(0, 90)
    for x, y in spots.tolist():
        shape = np.array([(-1, -0.6), (1, -0.6), (1, 0.6), (-1, 0.6)]) * size * rng.uniform(0.5, 1.2)
        board.fill(turned(shape + np.array((x, y)), lean + rng.normal(0, 12)), colour, 0.5, wobble=0)


def draw_cadastral(board: Board) -> None:
    """A cadastral map: parcels with numbers, houses, a road, a stream; ink with one colour or none."""
    rng, w, h = board.rng, board.width, board.height
    pieces = parcels(board, int(rng.integers(4, 8)))
    size = float(np.clip(0.012 * min(w, h) + 4, 6, 12))
    house = (230, 150, 150) if board.style.colour else (None, WHITE, board.grey(0.4))[rng.integers(3)]
    for piece in pieces:
        if board.style.colour and rng.random() < 0.15:
            board.wash(piece, FLAT[rng.integers(len(FLAT))], 0.6)
        elif rng.random() < 0.04:
            board.hatch(piece, 45, 7, 0.5)
        board.line(piece, 0.6, closed=True, wobble=0.3 * board.style.wobble)
        middle = piece.mean(0)
        if np.ptp(piece, 0).min() > 3 * size and rng.random() < 0.8:
            text = f"{rng.integers(1, 1200)}" + (f"/{rng.integers(1, 9)}" if rng.random() < 0.4 else "")
            board.text(middle[0], middle[1], text, size)
    for _ in range(rng.integers(1, 4)):
        way = meander(rng, (0, rng.uniform(0, h)), (w, rng.uniform(0, h)), 0.06)
        for shift in (0.0, 1.0):
            board.line(way + np.array((0, shift * 0.02 * min(w, h))), 0.9)
    centre = rng.uniform((0.2 * w, 0.2 * h), (0.8 * w, 0.8 * h))
    spots = rng.normal(centre, 0.12 * min(w, h), (int(rng.integers(0, 60)), 2))
    _houses(board, spots, 0.012 * min(w, h) + 1.5, house)
    red = (210, 30, 30) if board.style.colour else None
    if rng.random() < 0.5:
        x, y = rng.uniform((0.3 * w, 0.3 * h), (0.7 * w, 0.7 * h))
        board.line(blob(rng, x, y, 0.12 * w, 0.08 * h, 0.1), 2.0, red, closed=True)
    furnish(board, 0.3, north=True)
    frame(board, 0.5)


def draw_topographic(board: Board) -> None:
    """A topographic sheet: brown contours, green woods, blue water, roads, villages, many names."""
    rng, w, h = board.rng, board.width, board.height
    coloured = board.style.colour
    unit = min(w, h)
    if coloured:
        tone = bumps(rng, h, w, unit * rng.uniform(0.12, 0.35)) + 0.24 * bumps(rng, h, w, unit * 0.05)
        green = (195, 225, 175) if rng.random() < 0.6 else (215, 232, 195)
        board.lay((tone > rng.uniform(-0.1, 0.35)) * 1.0, 0, 0, green)
    else:
        for _ in range(rng.integers(1, 6)):
            wood = blob(rng, *rng.uniform((0, 0), (w, h)), 0.2 * w, 0.15 * h, 0.25)
            filling(board, wood, pick(rng, "dots", "grass", "diagonal"), 1.0)
            board.line(wood, 0.5, closed=True)
    contour_lines(board, (185, 125, 75) if coloured else board.grey(0.6), rng.uniform(12, 45), 0.4)
    if rng.random() < 0.5:
        for piece in parcels(board, 5)[::3]:
            board.line(piece, 0.4, board.grey(0.6), closed=True, wobble=0)
    blue = (60, 120, 200) if coloured else None
    for _ in range(rng.integers(1, 4)):
        way = meander(rng, (rng.uniform(0, w), 0), (rng.uniform(0, w), h), 0.15, 9)
        board.line(way, rng.uniform(0.8, 3.0), blue, wobble=1.5)
    for _ in range(rng.integers(2, 7)):
        sides = rng.uniform(0, 1, 2)
        ends = ((0, sides[0] * h), (w, sides[1] * h)) if rng.random() < 0.6 else ((sides[0] * w, 0), (sides[1] * w, h))
        way = meander(rng, *ends, 0.08)
        broad = rng.uniform(1.5, 3.5)
        board.line(way, broad, wobble=0)
        board.line(way, broad * 0.5, (240, 200, 90) if coloured and rng.random() < 0.5 else WHITE, wobble=0)
    for _ in range(rng.integers(1, 6)):
        centre = rng.uniform((0.1 * w, 0.1 * h), (0.9 * w, 0.9 * h))
        spots = rng.normal(centre, unit * rng.uniform(0.02, 0.07), (int(rng.integers(8, 60)), 2))
        _houses(board, spots, 0.005 * unit + 1.2, (60, 50, 50) if coloured else None)
    _names(board, int(rng.integers(6, 40) * min(1, unit / 500)))
    for _ in range(rng.integers(0, 4)):
        board.ellipse(
            *rng.uniform((0.2 * w, 0.2 * h), (0.8 * w, 0.8 * h)), 0.03 * unit, None, 2.0, colour=(220, 30, 30)
        )
    frame(board, 0.5)


def draw_region(board: Board) -> None:
    """A distribution map: a border, rivers, dots and other signs of sites, some names, a legend."""
    rng, w, h = board.rng, board.width, board.height
    border = smooth(blob(rng, w / 2, h / 2, 0.42 * w, 0.4 * h, 0.18, 90) + rng.normal(0, 0.004 * w, (90, 2)), True, 1)
    if rng.random() < 0.3:
        board.fill(border, board.tint((240, 235, 210)) if board.style.colour else board.grey(0.12))
    if rng.random() < 0.25:
        contour_lines(board, board.grey(0.35), 6, 0.4)
    board.line(border, rng.uniform(0.8, 2.2), closed=True, dash=(10.0, 5.0) if rng.random() < 0.35 else None)
    blue = (70, 130, 210) if board.style.colour else None
    trunk = meander(rng, (rng.uniform(0.2, 0.8) * w, 0.03 * h), (rng.uniform(0.2, 0.8) * w, 0.96 * h), 0.12, 8)
    board.line(trunk, rng.uniform(1.2, 2.6), blue, wobble=2.0)
    for _ in range(rng.integers(3, 14)):
        mouth = trunk[rng.integers(len(trunk))]
        spring = mouth + rng.normal(0, 0.28, 2) * (w, h)
        board.line(meander(rng, tuple(spring), tuple(mouth), 0.14, 7), rng.uniform(0.5, 1.2), blue, wobble=1.5)
    for kind in range(int(rng.integers(1, 4))):
        centre = rng.uniform((0.3 * w, 0.3 * h), (0.7 * w, 0.7 * h))
        spots = rng.normal(centre, (0.16 * w, 0.16 * h), (int(rng.integers(5, 90)), 2))
        size = float(np.clip(0.008 * min(w, h), 2, 8)) * rng.uniform(0.6, 1.5)
        colour = FLAT[7 + kind] if board.style.colour else None
        if kind == 0:
            board.dots(spots, size, colour)
        else:
            for x, y in spots.tolist():
                corners = (
                    [(x - size, y + size), (x + size, y + size), (x, y - size)]
                    if kind == 1
                    else [(x - size, y - size), (x + size, y - size), (x + size, y + size), (x - size, y + size)]
                )
                board.fill(corners, colour if rng.random() < 0.7 else WHITE, 0.6, wobble=0)
    _names(board, int(rng.integers(2, 18)))
    if rng.random() < 0.4 and min(w, h) > 200:
        legend(board, (0.03 * w, 0.75 * h, 0.3 * w, 0.97 * h), int(rng.integers(2, 5)))
    furnish(board, 0.5, north=True)
    frame(board, 0.5)


def draw_gis(board: Board) -> None:
    """A plan as a GIS prints it: flat fills, thin outlines, a coordinate grid, red trenches, a legend."""
    rng, w, h = board.rng, board.width, board.height
    palette = [board.tint(colour) for colour in FLAT]
    rng.shuffle(palette)
    if rng.random() < 0.6:
        for piece in parcels(board, int(rng.integers(3, 7))):
            if rng.random() < 0.5:
                board.fill(piece, palette[rng.integers(4)])
            board.line(piece, 0.4, closed=True, wobble=0)
    for _ in range(rng.integers(1, 6)):
        x, y = rng.uniform((0, 0), (w, h))
        area = blob(rng, x, y, rng.uniform(0.08, 0.35) * w, rng.uniform(0.08, 0.35) * h, 0.3, 70)
        board.fill(area, palette[rng.integers(len(palette))], 0.5 if rng.random() < 0.5 else 0, wobble=0)
    for _ in range(int(rng.integers(0, 70))):
        x, y = rng.uniform((0.05 * w, 0.05 * h), (0.95 * w, 0.95 * h))
        board.fill(blob(rng, x, y, 0.012 * w + 1.5, None, 0.15, 18), palette[5], 0.4, wobble=0)
    if rng.random() < 0.6:
        grid(
            board,
            (0, 0, w, h),
            min(w, h) / rng.integers(3, 10),
            colour=(90, 140, 210) if board.style.colour else board.grey(0.5),
        )
    red = (220, 30, 30) if board.style.colour else None
    for _ in range(rng.integers(0, 9)):
        x, y = rng.uniform((0.1 * w, 0.1 * h), (0.9 * w, 0.9 * h))
        box = np.array([(-1, -0.2), (1, -0.2), (1, 0.2), (-1, 0.2)]) * min(w, h) * rng.uniform(0.03, 0.15) + (x, y)
        board.line(turned(box, rng.choice([0, 90, 35]) + rng.normal(0, 4)), 1.2, red, closed=True, wobble=0)
    size = float(np.clip(0.014 * min(w, h) + 4, 7, 13))
    for index, (x, y) in enumerate(rng.uniform((0.05, 0.08), (0.95, 0.95), (int(rng.integers(0, 20)), 2)) * (w, h)):
        board.text(x, y, f"S {index + 1}" if rng.random() < 0.5 else words(rng), size)
    if rng.random() < 0.4 and min(w, h) > 250:
        a, b = 0.7 * w, 0.7 * h
        board.fill([(a, b), (w - 3, b), (w - 3, h - 3), (a, h - 3)], WHITE, 0.6, wobble=0)
        legend(board, (a + 10, b + 10, w, h - 6), palette[: int(rng.integers(3, 7))])
    if rng.random() < 0.4:
        north_arrow(board, 0.08 * w + 12, 0.1 * h + 12, 0.09 * min(w, h) + 14)
    frame(board, 0.7)
