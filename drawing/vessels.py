"""Pottery: profiles with the section on one side, whole vessels, sherds, and plates of many.

profile(board, (0, 0, 400, 300))
"""

from __future__ import annotations

import numpy as np

from .accessories import Box, dimension, frame, furnish, millimetres
from .board import Board
from .shapes import blob, meander, resample, shelves, smooth, stone
from .styles import WHITE, pick

# (radius, depth) from rim to base in parts of the height; each is varied, so these are families, not single forms
FORMS = {
    "pot": [(0.36, 0), (0.33, 0.1), (0.42, 0.25), (0.47, 0.42), (0.38, 0.75), (0.25, 1)],
    "amphora": [(0.22, 0), (0.18, 0.15), (0.22, 0.3), (0.45, 0.5), (0.38, 0.78), (0.2, 1)],
    "bowl": [(0.95, 0), (0.9, 0.1), (0.85, 0.35), (0.65, 0.7), (0.35, 1)],
    "carinated": [(0.75, 0), (0.68, 0.3), (0.72, 0.42), (0.8, 0.5), (0.55, 0.8), (0.28, 1)],
    "cup": [(0.5, 0), (0.46, 0.2), (0.5, 0.5), (0.42, 0.8), (0.2, 1)],
    "beaker": [(0.4, 0), (0.33, 0.3), (0.36, 0.6), (0.38, 0.72), (0.3, 0.9), (0.2, 1)],
    "plate": [(2.2, 0), (2.0, 0.25), (1.5, 0.55), (1.0, 0.8), (0.8, 1)],
    "situla": [(0.4, 0), (0.37, 0.08), (0.44, 0.2), (0.42, 0.35), (0.3, 0.7), (0.2, 1)],
    "round": [(0.4, 0), (0.5, 0.2), (0.56, 0.45), (0.45, 0.78), (0.2, 0.97), (0.02, 1)],
    "bottle": [(0.12, 0), (0.1, 0.3), (0.14, 0.42), (0.34, 0.6), (0.33, 0.9), (0.28, 1)],
    "lid": [(0.15, 0), (0.12, 0.2), (0.2, 0.35), (0.7, 0.75), (1.0, 0.95), (1.0, 1)],
}


def curve(rng: np.random.Generator, form: str | None = None) -> np.ndarray:
    """The outer contour from rim to base, [n, 2]: radius and depth, both in parts of the height."""
    points = np.array(FORMS[form or pick(rng, *FORMS)])
    points[:, 0] *= rng.uniform(0.75, 1.3) * rng.normal(1, 0.07, len(points)).clip(0.8, 1.2)
    points[1:-1, 1] += rng.normal(0, 0.025, len(points) - 2)
    points[:, 1] = np.maximum.accumulate(points[:, 1])
    return smooth(points, rounds=int(rng.integers(1, 5)))


def profile(board: Board, box: Box) -> None:
    """Half section, half outside view; the whole vessel, or only its rim or base where nothing else was found."""
    rng = board.rng
    form = curve(rng)
    kept = "whole"
    if rng.random() < 0.45:
        kept = pick(rng, "rim", "rim", "rim", "base")
        cut = rng.uniform(0.12, 0.55)
        form = form[form[:, 1] <= cut] if kept == "rim" else form[form[:, 1] >= 1 - cut]
        if len(form) < 3:
            return profile(board, box)
    left, top, right, bottom = box
    depth = form[:, 1] - form[0, 1]
    high = max(depth[-1], 0.05)
    scale = min((right - left) / (2 * form[:, 0].max()), (bottom - top) / high)
    if high * scale < 4:
        return None
    middle, top = (left + right) / 2, (top + bottom) / 2 - high * scale / 2
    side = -1 if rng.random() < 0.8 else 1  # where the section lies
    radius, y = form[:, 0] * scale, top + depth * scale
    wall = float(np.clip(rng.uniform(0.025, 0.075) * min(scale * 0.9, 2 * radius.max()), 2.0, 26))
    walls = wall * (1 + 0.25 * np.sin(np.linspace(0, 3, len(radius)) + rng.uniform(0, 6)))
    inner = np.maximum(radius - walls, 0)
    outer_line = np.stack([middle + side * radius, y], 1)
    inside = np.stack([middle + side * inner, y], 1)
    if kept in ("whole", "base"):
        floor = y[-1] - wall * rng.uniform(0.8, 1.4)
        inside = inside[inside[:, 1] < floor]
        inside = np.concatenate([inside, [(middle, floor), (middle, y[-1])]])
    else:
        inside = np.concatenate([inside, [(middle + side * (radius[-1] - 0.4 * wall), y[-1] + 0.5 * wall)]])
    rim = [(middle + side * (radius[0] - 0.5 * wall), y[0] - 0.25 * wall)] if rng.random() < 0.7 else []
    section = np.concatenate([outer_line[::-1], np.array(rim).reshape(-1, 2), inside])
    _cut_surface(board, section, wall)
    view = np.stack([middle - side * radius, y], 1)
    surface = np.concatenate([view, [(middle, y[-1]), (middle, y[0])]])
    if rng.random() < 0.35:
        board.shade(surface, rng.uniform(0.4, 0.9), (side, -0.6))
    _decorate(board, middle, y, -side * radius, whole=False)
    board.line(view, 1.0)
    board.line([(middle - radius[0], y[0]), (middle + radius[0], y[0])], 0.8)
    board.line([(middle, y[0]), (middle, y[-1])], 0.7)
    if kept != "rim":
        board.line([(middle - radius[-1], y[-1]), (middle + radius[-1], y[-1])], 1.0)
    elif rng.random() < 0.5:
        edge = meander(rng, (middle, y[-1]), tuple(view[-1]), 0.06)
        board.line(edge, 0.7)
    if rng.random() < 0.15:
        _handle(board, middle, y, -side * radius, walls.mean())
    if rng.random() < 0.07 and high * scale > 90:
        dimension(board, (middle - radius[0], y[0] - 14), (middle + radius[0], y[0] - 14))
    return None


def _cut_surface(board: Board, section: np.ndarray, wall: float) -> None:
    """The wall cut through: black, hatched, grey, stippled or left white."""
    rng = board.rng
    fill = pick(rng, "black", "black", "black", "hatch", "hatch", "white", "grey", "cross", "dots")
    if fill == "black":
        board.fill(section, outline=0.5)
        return
    if fill == "grey":
        board.fill(section, board.grey(rng.uniform(0.3, 0.7)))
    elif fill in ("hatch", "cross"):
        angle = float(rng.choice([45, -45, 30, 60, 0]))
        gap = max(3.0, wall * rng.uniform(0.2, 0.6))
        board.hatch(section, angle, gap, 0.5)
        if fill == "cross":
            board.hatch(section, angle + 90, gap, 0.5)
    elif fill == "dots":
        board.scatter(section, int(20 * len(section)), 0.9)
    board.line(section, 1.0, closed=True)


def _decorate(board: Board, middle: float, y: np.ndarray, reach: np.ndarray, whole: bool) -> None:
    """Bands of ornament from the middle (or the far side, if `whole`) to the contour, bent as perspective asks."""
    rng = board.rng
    if rng.random() < 0.35:
        return
    high = y[-1] - y[0]
    bend = rng.choice([0.0, 0.0, 0.04, 0.1]) * high

    def ring(level: float, fine: int = 14) -> np.ndarray:
        radius = np.interp(level, y, reach)
        along = np.linspace(-1.0 if whole else 0.0, 1.0, fine)
        return np.stack([middle + along * radius, level + bend * np.sqrt(np.clip(1 - along**2, 0, 1)) * 0.5], 1)

    for _ in range(rng.integers(1, 4)):
        level = y[0] + high * rng.uniform(0.05, 0.8)
        span = high * rng.uniform(0.03, 0.2)
        kind = pick(rng, "lines", "lines", "zigzag", "strokes", "dots", "waves", "knobs", "comb", "triangles")
        a, b = ring(level, 24), ring(min(level + span, y[-1]), 24)
        if kind == "lines":
            for each in np.linspace(level, min(level + span, y[-1]), rng.integers(1, 9)):
                board.line(ring(each), 0.6)
        elif kind == "zigzag":
            both = a.copy()
            both[1::2] = b[1::2]
            board.line(both, 0.7)
            board.line(a, 0.5)
        elif kind == "strokes":
            board.segments(np.stack([a, b + np.array((rng.normal(0, 0.3) * span, 0))], 1), 0.8)
        elif kind == "dots":
            for line in (a, b):
                board.dots(line, max(1.0, 0.08 * span))
        elif kind == "waves":
            wave = a.copy()
            wave = np.repeat(wave, 3, 0)
            wave[:, 1] += 0.4 * span * np.sin(np.arange(len(wave)) * 1.1)
            board.line(wave, 0.7)
        elif kind == "comb":
            for along in range(0, 23, 3):
                patch = np.concatenate([a[along : along + 2], b[along : along + 2][::-1]])
                board.hatch(patch, 90, max(2.5, span * 0.12), 0.4)
        elif kind == "triangles":
            for along in range(0, 22, 3):
                patch = np.array([a[along], a[along + 2], (a[along + 1] + b[along + 1]) / 2 + (0, span * 0.5)])
                board.hatch(patch, 45, max(3.0, span * 0.15), 0.4)
                board.line(patch, 0.6, closed=True)
        else:
            for x, level_y in a[3::6]:
                board.ellipse(x, level_y, max(2, 0.3 * span), max(2, 0.22 * span), 0.7)


def _handle(board: Board, middle: float, y: np.ndarray, reach: np.ndarray, wall: float) -> None:
    """A strap handle on the outer side."""
    rng = board.rng
    high = y[-1] - y[0]
    a, b = y[0] + high * rng.uniform(0, 0.2), y[0] + high * rng.uniform(0.3, 0.55)
    xa, xb = middle + np.interp([a, b], y, reach)
    sign = np.sign(reach[0]) or 1
    out = sign * high * rng.uniform(0.1, 0.28)
    loop = smooth([(xa, a), (xa + out, a - 0.05 * high), (max(xa, xb, key=abs) + out, (a + b) / 2), (xb, b)])
    board.line(loop, 1.0)
    inner = smooth([(xa, a + wall), (xa + 0.7 * out, a + wall), (xb + 0.7 * out, (a + b) / 2), (xb, b - wall)])
    board.line(inner, 0.8)


def vessel(board: Board, box: Box) -> None:
    """A whole vessel seen from the side: contour, mouth, shadow, ornament, cracks."""
    rng = board.rng
    form = curve(rng)
    left, top, right, bottom = box
    tilt = rng.choice([0.0, 0.06, 0.14, 0.22])
    scale = min((right - left) / (2.1 * form[:, 0].max()), (bottom - top) / (1 + 0.8 * tilt))
    middle, top = (left + right) / 2, top + tilt * form[0, 0] * scale
    radius, y = form[:, 0] * scale, top + form[:, 1] * scale
    base = np.linspace(0, np.pi, 12)
    foot = np.stack([middle + radius[-1] * np.cos(base), y[-1] + 0.6 * tilt * radius[-1] * np.sin(base)], 1)
    body = np.concatenate([np.stack([middle + radius, y], 1), foot, np.stack([middle - radius, y], 1)[::-1]])
    mouth = board.ellipse(middle, y[0], radius[0], tilt * radius[0] + 0.5, 0)
    if rng.random() < 0.2:
        board.fill(body, board.grey(rng.uniform(0.08, 0.3)))
    if rng.random() < 0.8:
        board.shade(body, rng.uniform(0.5, 1.0), (-1, -0.5), angle=float(rng.choice([0, 0, 80, 90, 45])))
    _decorate(board, middle, y, radius, whole=True)
    if tilt:
        board.fill(mouth, WHITE)
        board.shade(mouth, 0.9, (1, 0.8), 0.1)
    board.line(mouth, 0.9, closed=True)
    board.line(body, 1.1)
    for _ in range(rng.integers(0, 4)):
        level = rng.uniform(0.1, 0.9)
        x = middle + rng.uniform(-0.8, 0.8) * np.interp(level, form[:, 1], radius)
        board.line(
            meander(
                rng, (x, top + level * scale), (x + rng.normal(0, 0.2) * scale, top + (level + 0.15) * scale), 0.1, 3
            ),
            0.5,
        )
    if rng.random() < 0.25:
        _handle(board, middle, y, radius if rng.random() < 0.5 else -radius, 0.05 * scale)


def sherd(board: Board, box: Box) -> None:
    """A sherd: broken outline, ornament or wiping marks, shadow at its lower edge, and its section beside it."""
    rng = board.rng
    left, top, right, bottom = box
    section = rng.random() < 0.5
    body = (right - left) * (0.75 if section else 1.0)
    x, y = left + body / 2, (top + bottom) / 2
    rx, ry = 0.46 * body, 0.46 * (bottom - top)
    rx = min(rx, ry * rng.uniform(0.7, 1.6))
    ry = min(ry, rx * rng.uniform(0.8, 1.5))
    corners = stone(rng, x, y, rx, ry, int(rng.integers(4, 9)))
    rough = resample(np.concatenate([corners, corners[:1]]), 0.12 * rx)[:-1]
    outline = smooth(rough + rng.normal(0, rng.uniform(0.01, 0.035) * rx, rough.shape), True, int(rng.integers(0, 3)))
    if rng.random() < 0.3:
        board.fill(outline, board.grey(rng.uniform(0.05, 0.25)))
    if rng.random() < 0.6:
        board.shade(outline, rng.uniform(0.5, 1.0), base=rng.uniform(0, 0.2))
    angle = float(rng.normal(0, 12))
    kind = pick(rng, "lines", "lines", "cross", "dots", "bands", "bands", "none", "none")
    gap = max(4.0, ry * rng.uniform(0.08, 0.3))
    if kind == "lines":
        board.hatch(outline, angle, gap, rng.uniform(0.4, 1.1), broken=0.15)
    elif kind == "cross":
        board.hatch(outline, angle + 40, gap, 0.6)
        board.hatch(outline, angle - 40, gap, 0.6)
    elif kind == "dots":
        board.scatter(outline, int(rng.integers(15, 150)), max(1.0, 0.02 * rx))
    elif kind == "bands":
        for _ in range(rng.integers(1, 4)):
            band = blob(rng, x, y + rng.uniform(-0.6, 0.6) * ry, 0.75 * rx, 0.1 * ry, 0.03)
            board.hatch(band, angle + rng.choice([60, 90, 120]), max(3.0, 0.06 * rx), 0.6)
    board.line(outline, rng.uniform(0.8, 1.4), closed=True)
    if rng.random() < 0.3:
        lower = outline[outline[:, 1] > y + 0.55 * ry]
        if len(lower) > 2:
            board.line(lower[np.argsort(lower[:, 0])] + (1.5, 2.0), 0.5)
    if section:
        middle = left + 0.88 * (right - left)
        ys = np.linspace(outline[:, 1].min(), outline[:, 1].max(), 14)
        lean = middle + 0.25 * rx * np.sin(np.linspace(0, rng.uniform(0.5, 2.5), 14) + rng.uniform(0, 3))
        thick = max(1.5, rx * rng.uniform(0.04, 0.11))
        strip = np.concatenate([np.stack([lean - thick, ys], 1), np.stack([lean + thick, ys], 1)[::-1]])
        _cut_surface(board, strip, 2 * thick)


def plate(board: Board, box: Box, items: tuple, count: int, ratio: float = 1.2, numbers: bool | None = None) -> None:
    """Many small drawings in rows, mostly numbered; `items` are functions (board, box)."""
    rng = board.rng
    numbers = rng.random() < 0.7 if numbers is None else numbers
    left, top, right, bottom = box
    size = float(np.clip(0.018 * (bottom - top) + 5, 7, 16))
    start = int(rng.choice([1, 1, 1, 8, 24]))
    letters = rng.random() < 0.15
    for index, (a, b, c, d) in enumerate(
        shelves(rng, count, right - left, bottom - top, ratio, rng.uniform(0.02, 0.1))
    ):
        spot = (a + left, b + top, c + left, d + top)
        if min(spot[2] - spot[0], spot[3] - spot[1]) < 6:
            continue
        items[rng.integers(len(items))](board, spot)
        if numbers:
            name = chr(97 + index % 26) if letters else str(start + index)
            board.text((spot[0] + spot[2]) / 2, spot[3] + size + 1, name, size)


def draw_profile(board: Board) -> None:
    """One pottery profile."""
    if board.rng.random() < 0.12:
        millimetres(board)
    used = furnish(board, 0.4)
    box = (0.04 * board.width, 0.05 * board.height, 0.96 * board.width, 0.93 * board.height - used)
    upright = board.height > 0.8 * board.width
    plate(board, box, (profile,), int(board.rng.choice([1, 2, 3])) if upright else 1, 1.8, False)


def draw_profiles(board: Board) -> None:
    """A plate of profiles, rims and sherds."""
    rng = board.rng
    used = furnish(board, 0.5)
    frame(board, 0.25)
    items = ((profile,), (profile, profile, sherd), (profile, profile, vessel))[rng.integers(3)]
    count = int(rng.integers(2, 26) * min(1, board.width * board.height / 4e5)) + 1
    box = (0.02 * board.width, 0.02 * board.height, 0.98 * board.width, 0.96 * board.height - used)
    plate(board, box, items, count, rng.uniform(1.2, 2.0))


def draw_vessel(board: Board) -> None:
    """One whole vessel, or two or three side by side."""
    rng = board.rng
    used = furnish(board, 0.25)
    box = (0.03 * board.width, 0.03 * board.height, 0.97 * board.width, 0.94 * board.height - used)
    plate(board, box, (vessel,), int(rng.choice([1, 1, 1, 2, 3, 5])), 1.0, None if rng.random() < 0.5 else False)


def draw_sherds(board: Board) -> None:
    """A few or many sherds."""
    used = furnish(board, 0.4)
    frame(board, 0.1)
    count = int(board.rng.integers(1, 22) * min(1, board.width * board.height / 3e5)) + 1
    box = (0.02 * board.width, 0.02 * board.height, 0.98 * board.width, 0.95 * board.height - used)
    plate(board, box, (sherd,), count, 1.1)
