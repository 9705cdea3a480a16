"""Buildings as surveyors draw them: ground plans of houses and churches, fronts and cuts, masonry stone by stone.

draw_floor_plan(board)
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .accessories import Box, dimension, frame, furnish, words
from .board import Board
from .fillings import FLAT, filling
from .shapes import smooth, stone, turned
from .styles import WHITE, pick


def _rectangle(a: float, b: float, c: float, d: float) -> np.ndarray:
    return np.array([(a, b), (c, b), (c, d), (a, d)])


def _wall(board: Board, start: np.ndarray, stop: np.ndarray, thick: float, kind: str) -> None:
    """A straight wall of that thickness: black, hatched, grey or two lines."""
    way = (stop - start) / max(float(np.hypot(*(stop - start))), 1e-6)
    side = np.array([-way[1], way[0]]) * thick / 2
    reach = way * thick / 2
    body = np.array([start - reach + side, stop + reach + side, stop + reach - side, start - reach - side])
    if kind == "black":
        board.fill(body)
    elif kind == "grey":
        board.fill(body, (205, 110, 90) if board.style.colour else board.grey(0.45), 0.4)
    elif kind == "hatch":
        board.hatch(body, 45, max(3.0, thick * 0.5), 0.5)
        board.line(body, 0.7, closed=True)
    else:
        board.fill(body, WHITE, 0.8)


def draw_floor_plan(board: Board) -> None:
    """A ground plan: rooms, walls with doors and windows, or a church with an apse; lengths and names."""
    rng, w, h = board.rng, board.width, board.height
    used = furnish(board, 0.5, north=True)
    frame(board, 0.2)
    kind = pick(rng, "black", "black", "hatch", "grey", "double")
    left, top, right, bottom = box = (0.1 * w, 0.12 * h, 0.9 * w, 0.9 * h - used)
    thick = max(2.5, min(w, h) * rng.uniform(0.01, 0.035))
    if rng.random() < 0.3:
        _church(board, box, thick, kind)
        return
    rooms = [box]
    walls = [
        (left, top, right, top),
        (right, top, right, bottom),
        (left, bottom, right, bottom),
        (left, top, left, bottom),
    ]
    for _ in range(int(rng.integers(1, 11))):
        a, b, c, d = rooms.pop(int(np.argmax([(c - a) * (d - b) for a, b, c, d in rooms])))
        share = rng.uniform(0.3, 0.7)
        if c - a > d - b:
            x = a + share * (c - a)
            walls.append((x, b, x, d))
            rooms += [(a, b, x, d), (x, b, c, d)]
        else:
            y = b + share * (d - b)
            walls.append((a, y, c, y))
            rooms += [(a, b, c, y), (a, y, c, d)]
    if board.style.colour or rng.random() < 0.15:
        for room in rooms:
            if rng.random() < 0.6:
                board.fill(_rectangle(*room), board.tint(FLAT[rng.integers(len(FLAT))]))
    for number, (a, b, c, d) in enumerate(walls):
        _pierced(
            board, np.array([a, b]), np.array([c, d]), thick * (1.0 if number < 4 else rng.uniform(0.5, 1.0)), kind
        )
    size = float(np.clip(0.016 * min(w, h) + 4, 7, 14))
    for index, (a, b, c, d) in enumerate(rooms):
        if rng.random() < 0.75:
            board.text((a + c) / 2, (b + d) / 2, words(rng) if rng.random() < 0.3 else str(index + 101), size)
        if rng.random() < 0.12:  # a vault
            board.line([(a, b), (c, d)], 0.4)
            board.line([(c, b), (a, d)], 0.4)
        if rng.random() < 0.1:  # stairs
            steps = np.linspace(a, c, 12)
            board.segments(np.array([[(x, b + 0.3 * (d - b)), (x, b + 0.7 * (d - b))] for x in steps]), 0.4)
    if rng.random() < 0.4:
        dimension(board, (left, 0.06 * h), (right, 0.06 * h))
        dimension(board, (0.05 * w, top), (0.05 * w, bottom))


def _pierced(board: Board, start: np.ndarray, stop: np.ndarray, thick: float, kind: str) -> None:
    """A wall with some doors (with the way they swing) and windows."""
    rng = board.rng
    way = stop - start
    gap = min(2.6 * thick / max(float(np.hypot(*way)), 1.0), 0.12)
    previous = 0.0
    for cut in np.sort(rng.uniform(0.1, 0.85, int(rng.integers(0, 4)))).tolist():
        if cut <= previous:
            continue
        _wall(board, start + previous * way, start + cut * way, thick, kind)
        p, q = start + cut * way, start + (cut + gap) * way
        side = np.array([-(q - p)[1], (q - p)[0]])
        if rng.random() < 0.5:
            turn = np.linspace(0, np.pi / 2, 9)[:, None]
            board.line([p, p + side], 0.6, wobble=0)
            board.line(p + np.cos(turn) * (q - p) + np.sin(turn) * side, 0.4, wobble=0)
        else:
            for offset in (-0.3, 0.3):
                shift = side / max(float(np.hypot(*side)), 1e-6) * offset * thick
                board.line([p + shift, q + shift], 0.5, wobble=0)
        previous = cut + gap
    _wall(board, start + min(previous, 1.0) * way, stop, thick, kind)


def _church(board: Board, box: Box, thick: float, kind: str) -> None:
    """Nave, choir or apse, buttresses, pillars, vaults; lying or upright as the figure is."""
    rng = board.rng
    a, b, c, d = box
    lying = c - a > d - b
    long, wide = (c - a, d - b) if lying else (d - b, c - a)
    nave, half = rng.uniform(0.5, 0.7) * long, min(rng.uniform(0.3, 0.46) * wide, 0.28 * long)
    choir = half * rng.uniform(0.5, 0.85)
    turn = np.linspace(-np.pi / 2, np.pi / 2, int(rng.choice([4, 6, 14])))
    apse = np.stack([0.98 * long - choir + choir * np.cos(turn), choir * np.sin(turn)], 1)
    points = np.concatenate(
        [[(0, -half), (nave, -half), (nave, -choir)], apse, [(nave, choir), (nave, half), (0, half)]]
    )
    corner = np.array((a, (b + d) / 2) if lying else ((a + c) / 2, d))

    def place(flat: object) -> np.ndarray:
        flat = np.asarray(flat, np.float64)
        return corner + flat if lying else corner + flat[:, ::-1] * (1, -1)

    ring = place(points)
    if rng.random() < 0.3:
        filling(board, ring, "wash" if board.style.colour else "dots", 1.0)
    for start, stop in zip(ring, np.roll(ring, -1, 0), strict=True):
        _wall(board, start, stop, thick, kind)
    if rng.random() < 0.6:
        for x in np.linspace(0.1 * nave, 0.9 * nave, rng.integers(3, 7)):
            for side in (-1, 1):
                _wall(board, *place([(x, side * half), (x, side * (half + 2 * thick))]), thick, kind)
                if half > 6 * thick:
                    spot = place([(x, side * half * 0.45)])[0]
                    board.fill(_rectangle(*(spot - thick * 0.7), *(spot + thick * 0.7)))
    if rng.random() < 0.5:
        for x0, x1 in pairwise(np.linspace(0, nave, int(rng.integers(3, 6)))):
            board.line(place([(x0, -half), (x1, half)]), 0.4, dash=(6.0, 4.0))
            board.line(place([(x1, -half), (x0, half)]), 0.4, dash=(6.0, 4.0))


def draw_elevation(board: Board) -> None:
    """A front or a cut through a house, church, tower or gate: roof, windows, doors, arches, levels."""
    rng, w, h = board.rng, board.width, board.height
    used = furnish(board, 0.4)
    ground = 0.9 * h - used
    left = 0.07 * w
    board.line([(0.02 * w, ground), (0.98 * w, ground)], 1.4)
    for wide in (rng.dirichlet(np.full(rng.integers(1, 4), 3.0)) * 0.86 * w).tolist():
        high = (ground - 0.06 * h) * rng.uniform(0.35, 0.68)
        body = _rectangle(left, ground - high, left + wide, ground)
        if rng.random() < 0.2:
            filling(board, body, pick(rng, "bricks", "dots", "wash" if board.style.colour else "stones"), 1.0)
        board.line(body, 1.2, closed=True)
        _roof(board, left, wide, ground - high, max(0.06 * h, ground - high * rng.uniform(1.3, 1.8)))
        _openings(board, left, wide, ground, high)
        left += wide
    if rng.random() < 0.3:
        dimension(board, (0.07 * w, ground + 12), (0.93 * w, ground + 12))
    for y in np.sort(rng.uniform(0.15, 0.8, int(rng.integers(0, 4)))) * h:
        board.line([(0.94 * w, y), (0.99 * w, y)], 0.5)
        board.text(0.965 * w, y - 3, f"+{(ground - y) / h * 9:.2f}", float(np.clip(0.014 * h + 4, 7, 12)))


def _roof(board: Board, left: float, wide: float, eaves: float, ridge: float) -> None:
    """One of several roofs upon a wall."""
    rng = board.rng
    right, middle, over = left + wide, left + wide / 2, 0.03 * wide
    form = pick(rng, "gable", "hip", "flat", "spire", "stepped")
    if form == "hip":
        tops = [(left + 0.2 * wide, ridge), (right - 0.2 * wide, ridge)]
        roof = np.array([(left - over, eaves), *tops, (right + over, eaves)])
    elif form == "spire":
        roof = np.array([(left, eaves), (middle, 0.05 * board.height), (right, eaves)])
    elif form == "stepped":
        steps = np.linspace(0, 1, 5)
        rise = np.repeat(steps, 2)
        side = np.stack([left + rise[:-1] * wide / 2, eaves + rise[1:] * (ridge - eaves)], 1)
        roof = np.concatenate([side, np.stack([2 * middle - side[:, 0], side[:, 1]], 1)[::-1]])
    elif form == "flat":
        roof = _rectangle(left - over, eaves - 0.02 * board.height, right + over, eaves)
    else:
        roof = np.array([(left - over, eaves), (middle, ridge), (right + over, eaves)])
    kind = pick(rng, "none", "upright", "level", "bricks", "grey", "wash" if board.style.colour else "diagonal")
    filling(board, roof, kind, 0.8)
    board.line(roof, 1.1, closed=True)


def _openings(board: Board, left: float, wide: float, ground: float, high: float) -> None:
    """Storeys of windows and a door, square or arched, white, black, hatched or with bars."""
    rng = board.rng
    floors, columns = int(rng.integers(1, 5)), int(np.clip(rng.integers(1, 9), 1, max(1, wide / 22)))
    arch, surface = rng.random() < 0.4, pick(rng, "white", "black", "hatch", "cross")
    for floor in range(floors):
        y1 = ground - high * (floor + 0.25) / floors
        y0 = y1 - high * 0.45 / floors
        for column in range(columns):
            x = left + (column + 0.5) * wide / columns
            half = min(0.16 * wide / columns, 0.3 * (y1 - y0)) + 1
            door = floor == 0 and column == columns // 2
            window = _rectangle(x - half, y0, x + half, ground if door else y1)
            if arch:
                turn = np.linspace(np.pi, 2 * np.pi, 10)
                bow = np.stack([x + half * np.cos(turn), y0 + half * np.sin(turn)], 1)
                window = np.concatenate([bow, window[2:]])
            if surface == "black":
                board.fill(window)
            elif surface == "hatch":
                board.hatch(window, 45, 4, 0.4)
            elif surface == "cross":
                board.line([(x, y0), (x, y1)], 0.4)
                board.line([(x - half, (y0 + y1) / 2), (x + half, (y0 + y1) / 2)], 0.4)
            board.line(window, 0.7, closed=True)
        if rng.random() < 0.3:
            level = ground - high * (floor + 1) / floors
            board.line([(left, level), (left + wide, level)], 0.5)


def draw_masonry(board: Board) -> None:
    """A wall stone by stone: rubble, courses, ashlar or bricks, with a broken crown, perhaps an opening."""
    rng, w, h = board.rng, board.width, board.height
    used = furnish(board, 0.5)
    size = min(w, h) * rng.uniform(0.025, 0.08)
    form = pick(rng, "rubble", "rubble", "courses", "ashlar", "bricks")
    widths = {"rubble": (0.5, 2.2), "courses": (0.8, 2.4), "ashlar": (1.8, 2.0), "bricks": (1.5, 1.55)}[form]
    left, right, top, bottom = 0.04 * w, 0.96 * w, 0.08 * h, 0.94 * h - used
    surface = pick(rng, "white", "white", "white", "hatch", "grey", "dots", "colour" if board.style.colour else "white")
    x = np.linspace(left, right, 30)
    crown = top + np.abs(np.cumsum(rng.normal(0, 0.012, 30))) * h + rng.uniform(0, 0.1) * h
    hole = None
    if rng.random() < 0.4:
        hole = (rng.uniform(0.2, 0.8) * w, rng.uniform(0.4, 0.8) * h, rng.uniform(0.05, 0.14) * w)
    if rng.random() < 0.2:  # mortar
        ground = np.concatenate([np.stack([x, crown], 1), [(right, bottom), (left, bottom)]])
        board.fill(ground, board.grey(rng.uniform(0.3, 1)))
    y, count = top, 0
    while y < bottom and count < 700:
        high = min(size * (rng.uniform(0.5, 1.3) if form in ("courses", "rubble") else 0.7), bottom - y)
        place = left - size * rng.random()
        while place < right and count < 700:
            wide = rng.uniform(*widths) * size
            middle = place + wide / 2
            place += wide
            if np.interp(middle, x, crown) > y + high / 2 or middle < left or middle > right:
                continue
            if hole and abs(middle - hole[0]) < hole[2] and abs(y - hole[1]) < 1.4 * hole[2]:
                continue
            count += 1
            _block(board, (middle, y, wide, high), size, form, surface)
        y += high
    if hole and rng.random() < 0.6:
        turn = np.linspace(np.pi, 2 * np.pi, 12)
        arch = np.stack([hole[0] + hole[2] * np.cos(turn), hole[1] + hole[2] * (1.2 * np.sin(turn) + 0.2)], 1)
        foot = [(hole[0] + hole[2], hole[1] + hole[2]), (hole[0] - hole[2], hole[1] + hole[2])]
        board.line(np.concatenate([arch, foot]), 1.2, closed=True)
    if rng.random() < 0.5:
        board.line(np.stack([x, crown], 1), 0.8, dash=(8.0, 5.0) if rng.random() < 0.4 else None)
    frame(board, 0.15)


def _block(board: Board, place: Box, size: float, form: str, surface: str) -> None:
    """One stone; `place` is its middle across, its top, its width and height."""
    rng = board.rng
    middle, y, wide, high = place
    if form == "rubble":
        each = stone(rng, middle, y + high / 2, 0.56 * wide, 0.58 * high, int(rng.integers(5, 8)))
        each = turned(smooth(each, True, 1), float(rng.normal(0, 4)))
        low, far = (middle - 0.5 * wide, y - 0.1 * high), (middle + 0.5 * wide, y + 1.05 * high)
        each = np.clip(each, low, far)
    else:
        gap = 0.05 * size if form == "ashlar" else 0.09 * size
        each = _rectangle(middle - wide / 2 + gap, y + gap, middle + wide / 2 - gap, y + high - gap)
        each = each + rng.normal(0, 0.02 if form in ("ashlar", "bricks") else 0.06, each.shape) * size
    board.fill(each, WHITE)
    chance = rng.random()
    if surface == "hatch" and chance < 0.4:
        board.hatch(each, 45, max(2.5, 0.14 * size), 0.4)
    elif surface == "grey" and chance < 0.5:
        board.fill(each, board.grey(rng.uniform(0.1, 0.5)))
    elif surface == "dots" and chance < 0.7:
        board.scatter(each, 12, 0.7)
    elif surface == "colour":
        board.fill(each, board.tint(FLAT[rng.integers(len(FLAT))] if chance < 0.25 else (225, 215, 200)))
    board.line(each, 0.7, closed=True, wobble=0.4 * board.style.wobble)
