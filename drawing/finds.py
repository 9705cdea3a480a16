"""Small finds in plates: metal (fibulae, rings, pins, axes, swords), beads and whorls, stone tools, bone.

draw_metal(board)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .accessories import Box, dimension, frame, furnish, millimetres
from .board import Board
from .shapes import blob, meander, resample, smooth, stone, turned
from .styles import WHITE, pick
from .vessels import plate, profile, sherd, vessel

Place = Callable[[object], np.ndarray]


def _place(board: Board, box: Box, aspect: float, upright: bool | None = None) -> tuple[Place, float]:
    """From -1..1 (across) and -1..1 (along) into the box, for a thing `aspect` times as long as wide; and its width."""
    rng = board.rng
    width, height = box[2] - box[0], box[3] - box[1]
    if upright is None:
        upright = height * rng.uniform(0.6, 1.6) > width
    room = (width, height) if upright else (height, width)
    half = min(room[0] / 2, room[1] / 2 / aspect)
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    lean = float(rng.normal(0, 4)) + (0 if upright else 90)

    def place(points: object) -> np.ndarray:
        flat = np.asarray(points, np.float64) * (half, half * aspect)
        return turned(flat + middle, lean, tuple(middle))

    return place, 2 * half


def _body(board: Board, outline: np.ndarray, smoothing: bool = True, angle: float | None = None) -> np.ndarray:
    """A thing's surface: perhaps a tone, a shadow, then the outline."""
    rng = board.rng
    outline = smooth(outline, True, 2) if smoothing else outline
    if rng.random() < 0.25:
        board.fill(outline, board.grey(rng.uniform(0.04, 0.3)))
    else:
        board.fill(outline, WHITE)
    if rng.random() < 0.7:
        board.shade(outline, rng.uniform(0.5, 1.1), base=rng.uniform(0, 0.15), angle=angle)
    board.line(outline, rng.uniform(0.7, 1.2), closed=True)
    return outline


def _strip(line: np.ndarray, thick: float | np.ndarray) -> np.ndarray:
    """A band of that thickness about a line, as a polygon."""
    way = np.gradient(line, axis=0)
    side = np.stack([-way[:, 1], way[:, 0]], 1) / np.maximum(np.hypot(*way.T), 1e-6)[:, None]
    half = np.broadcast_to(np.asarray(thick) / 2, (len(line),))[:, None]
    return np.concatenate([line + side * half, (line - side * half)[::-1]])


def fibula(board: Board, box: Box) -> None:
    """A brooch from the side: spring, bow, foot and pin."""
    rng = board.rng
    place, size = _place(board, box, rng.uniform(1.2, 2.2), upright=False)
    arch = rng.uniform(0.3, 1.0)
    bow = smooth(place([(0.3, -0.8), (-arch, -0.6), (-arch, 0.0), (0.1, 0.5), (0.35, 0.9)]), rounds=4)
    thick = size * rng.uniform(0.05, 0.16)
    _body(board, _strip(bow, thick * np.linspace(1.3, 0.6, len(bow))), False)
    board.line(place([(0.45, -0.8), (0.55, 0.2), (0.42, 0.9)]), 0.7)
    for turn in np.linspace(-0.95, -0.65, rng.integers(2, 7)):
        spiral = place([(0.35, turn)])[0]
        board.ellipse(*spiral, 0.05 * size, 0.11 * size, 0.7)
    catch = place([(0.25, 0.55), (0.5, 0.6), (0.5, 0.95), (0.3, 0.95)])
    board.line(catch, 0.8, closed=True)
    if rng.random() < 0.5:
        for mark in bow[4:-4:4]:
            board.line([mark - thick * 0.3, mark + thick * 0.3], 0.5)


def ring(board: Board, box: Box) -> None:
    """A ring or bracelet, closed or open, with a round or ribbed body."""
    rng = board.rng
    place, size = _place(board, box, rng.uniform(0.75, 1.15))
    opening = rng.choice([0.0, 0.0, 0.3, 0.9])
    turn = np.linspace(opening / 2, 2 * np.pi - opening / 2, 60) + rng.uniform(0, 6.3)
    inner = rng.uniform(0.45, 0.9)
    outer = np.stack([np.cos(turn), np.sin(turn)], 1)
    hole = place(outer * inner)
    strip = np.concatenate([place(outer), hole[::-1]])
    _body(board, strip, False)
    if opening == 0:
        board.fill(hole, WHITE)
        board.line(hole, 0.8, closed=True)
    if rng.random() < 0.45:
        step = int(rng.integers(2, 6))
        board.segments(np.stack([place(outer)[::step], hole[::step]], 1), 0.5)
    if rng.random() < 0.3:
        spot = np.array(box[2:]) - (0.12 * size, 0.12 * size)
        section = board.ellipse(*spot, size * (1 - inner) / 4 + 1, None, 0)
        board.fill(section)


def bead(board: Board, box: Box) -> None:
    """A bead or spindle whorl: disc with a hole, or barrel with a pattern."""
    rng = board.rng
    place, size = _place(board, box, rng.uniform(0.6, 1.3))
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    power = rng.choice([1.0, 0.8, 0.5])
    unit = np.stack([np.cos(turn), np.sin(turn)], 1)
    outline = _body(board, place(np.sign(unit) * np.abs(unit) ** power), False)
    kind = pick(rng, "hole", "hole", "stripes", "eyes", "zigzag", "plain")
    if kind == "hole":
        hole = place(unit * rng.uniform(0.15, 0.35))
        board.fill(hole, None if rng.random() < 0.3 else WHITE, 0.8)
    elif kind == "stripes":
        board.hatch(outline, float(rng.choice([0, 90, 45])), size * rng.uniform(0.1, 0.3), 1.0)
    elif kind == "eyes":
        for x, y in rng.uniform(-0.5, 0.5, (3, 2)):
            board.fill(place(unit * 0.14 + (x, y)))
    elif kind == "zigzag":
        zig = np.stack([np.tile([-0.3, 0.3], 5), np.linspace(-0.85, 0.85, 10)], 1)
        board.line(place(zig), 1.4)


def pin(board: Board, box: Box) -> None:
    """A pin, needle or nail with one of several heads."""
    rng = board.rng
    place, size = _place(board, box, rng.uniform(5, 11))
    top = -0.85
    shaft = place(np.stack([0.08 * np.sin(np.linspace(0, rng.uniform(0, 4), 20)), np.linspace(top, 1, 20)], 1))
    _body(board, _strip(shaft, size * np.linspace(0.3, 0.06, 20)), False)
    head = pick(rng, "ball", "disc", "roll", "ring", "spirals", "nail")
    x, y = shaft[0]
    if head == "ball":
        _body(board, blob(rng, x, y, 0.45 * size, 0.45 * size, 0.02), False)
    elif head in ("disc", "nail"):
        _body(board, place([(-0.9, -1), (0.9, -1), (0.7, -0.93), (-0.7, -0.93)]), False)
    elif head == "roll":
        board.line(smooth(place([(0, -0.85), (0.2, -1), (0.8, -0.98), (0.7, -0.9), (0.2, -0.92)])), 1.2)
    elif head == "ring":
        board.ellipse(x, y, 0.45 * size, None, 1.5)
    else:
        for side in (-0.45, 0.45):
            wind = np.linspace(0, 12, 50)
            coil = np.stack([side + 0.04 * wind * np.cos(wind) * 0.9, -0.93 + 0.006 * wind * np.sin(wind)], 1)
            board.line(place(coil), 0.6)


def axe(board: Board, box: Box) -> None:
    """An axe of bronze, iron or stone: front view with a shaft hole or flanges, perhaps its side beside it."""
    rng = board.rng
    both = rng.random() < 0.5
    wide = box[2] - box[0]
    front = (box[0], box[1], box[2] - (0.35 * wide if both else 0), box[3])
    place, size = _place(board, front, rng.uniform(1.2, 2.4), upright=True)
    neck, edge, waist = rng.uniform(0.35, 0.8), rng.uniform(0.7, 1.0), rng.uniform(0.3, 0.8)
    right = [(neck, -1), (waist, -0.3), (waist, 0.2), (edge, 0.85), (0.5 * edge, 1.0)]
    left = [(-x, y) for x, y in reversed(right)]
    outline = _body(board, place(np.array(right + left)), True)
    kind = pick(rng, "hole", "flanges", "facets", "plain")
    if kind == "hole":
        x, y = place([(0, rng.uniform(-0.6, 0))])[0]
        hole = board.ellipse(x, y, 0.16 * size, 0.16 * size, 0)
        board.fill(hole, WHITE, 1.0)
        board.shade(hole, 0.9, (1, 1))
    elif kind == "flanges":
        for side in (-0.65, 0.65):
            board.line(smooth(place([(side * neck, -1), (side * waist, -0.2), (side * waist, 0.3)])), 0.7)
        board.line(smooth(place([(-0.6 * waist, 0.3), (0, 0.45), (0.6 * waist, 0.3)])), 0.7)
    elif kind == "facets":
        board.line(place([(-0.9 * edge, 0.7), (0, 0.6), (0.9 * edge, 0.7)]), 0.6)
    if both:
        top, bottom = outline[:, 1].min(), outline[:, 1].max()
        x, thick = box[2] - 0.14 * wide, 0.1 * wide * rng.uniform(0.5, 1)
        side = smooth(
            [
                (x - thick, top),
                (x + thick, top),
                (x + 0.8 * thick, (top + bottom) / 2),
                (x, bottom),
                (x - 0.8 * thick, (top + bottom) / 2),
            ],
            True,
            2,
        )
        _body(board, side, False)


def sword(board: Board, box: Box) -> None:
    """A sword, dagger, knife or spear head."""
    rng = board.rng
    kind = pick(rng, "sword", "dagger", "knife", "knife", "spear")
    aspect = {"sword": 8.0, "dagger": 4.0, "knife": 5.0, "spear": 3.5}[kind] * rng.uniform(0.8, 1.2)
    place, _ = _place(board, box, aspect)
    if kind == "knife":
        back = rng.uniform(-0.9, -0.3)
        points = [(back, -0.3), (0.7, -0.3), (0.8, 0.3), (rng.uniform(-0.8, 0.8), 1), (back, 0.4)]
        _body(board, place(np.array(points)))
        _body(board, place(np.array([(-0.3, -0.3), (0.4, -0.3), (0.25, -1), (-0.15, -1)])), False)
        return
    width = rng.uniform(0.3, 0.5) if kind == "sword" else 0.75
    start = -0.6 if kind != "spear" else -0.2
    blade = [(width, start), (width * 0.9, 0.5), (0, 1), (-width * 0.9, 0.5), (-width, start)]
    _body(board, smooth(place(blade), True, 1), False, 90)
    for offset in rng.choice([0.0, 0.08, 0.16], rng.integers(1, 3), replace=False):
        board.line(place([(offset, start), (offset * 0.5, 0.85)]), 0.5)
    grip = [(0.16, start), (0.22, -0.97), (-0.22, -0.97), (-0.16, start)]
    _body(board, place(grip), False)
    if kind != "spear":
        _body(
            board,
            place([(-0.95, start - 0.03), (0.95, start - 0.03), (0.8, start + 0.03), (-0.8, start + 0.03)]),
            False,
        )
        _body(board, place([(-0.5, -1), (0.5, -1), (0.4, -0.93), (-0.4, -0.93)]))


def fitting(board: Board, box: Box) -> None:
    """A buckle, plate, hook, coin or a shapeless piece of iron."""
    rng = board.rng
    kind = pick(rng, "buckle", "coin", "lump", "lump", "chain", "sickle", "comb", "spiral", "key", "plate")
    place, size = _place(board, box, rng.uniform(0.7, 1.4))
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    unit = np.stack([np.cos(turn), np.sin(turn)], 1)
    if kind == "buckle":
        square = np.sign(unit) * np.abs(unit) ** rng.choice([0.3, 0.6, 1.0])
        _body(board, place(square), False)
        inner = place(square * 0.7)
        board.fill(inner, WHITE, 0.9)
        board.line(place([(-0.9, 0), (1, 0.05)]), 2.2)
    elif kind == "coin":
        _body(board, place(unit), False)
        board.dots(place(unit * 0.86), max(0.7, 0.012 * size))
        for _ in range(5):
            board.line(meander(rng, *(tuple(p) for p in place(rng.uniform(-0.5, 0.5, (2, 2)))), 0.3, 3), 0.8)
    elif kind == "chain":
        for y in np.linspace(-0.85, 0.85, 6):
            x0, y0 = place([(0.1 * (-1) ** int(y * 9), y)])[0]
            board.ellipse(x0, y0, 0.1 * size, 0.14 * size, 1.2)
    elif kind == "comb":
        _body(board, place([(-0.95, -0.7), (0.95, -0.7), (0.95, -0.05), (-0.95, -0.05)]), False)
        teeth = np.linspace(-0.9, 0.9, int(rng.integers(8, 26)))
        board.segments(np.array([place([(x, -0.05), (x, rng.uniform(0.4, 0.75))]) for x in teeth]), 1.2)
        for spot in place([(x, -0.38) for x in np.linspace(-0.8, 0.8, 5)]):
            board.ellipse(*spot, 0.04 * size, None, 0.7)
    elif kind == "spiral":
        wind = np.linspace(0, rng.uniform(9, 26), 120)
        coil = np.stack([wind * np.cos(wind), wind * np.sin(wind)], 1) / wind[-1]
        for shift in (1.0, 0.93):
            board.line(place(coil * shift), 0.8)
    elif kind == "key":
        board.ellipse(*place([(0, -0.65)])[0], 0.14 * size, None, 1.8)
        _body(board, place([(-0.06, -0.35), (0.06, -0.35), (0.06, 0.95), (-0.06, 0.95)]), False)
        _body(board, place([(0.06, 0.55), (0.45, 0.55), (0.45, 0.7), (0.25, 0.75), (0.45, 0.9), (0.06, 0.92)]), False)
    elif kind == "plate":
        sheet = _body(board, place(np.array([(-0.9, -0.5), (0.9, -0.5), (0.9, 0.5), (-0.9, 0.5)])), rng.random() < 0.4)
        for spot in place(rng.choice([-0.75, 0, 0.75], (4, 2)) * (1, 0.5)):
            board.ellipse(*spot, 0.04 * size, None, 0.8)
        if rng.random() < 0.5:
            board.line(sheet.mean(0) + 0.75 * (sheet - sheet.mean(0)), 0.6, closed=True)
    elif kind == "sickle":
        bend = place(np.stack([0.9 * np.cos(turn[:22]), 0.9 * np.sin(turn[:22]) - 0.3], 1))
        _body(board, _strip(bend, size * np.linspace(0.14, 0.03, 22)), False)
    else:
        outline = _body(board, place(blob(rng, 0, 0, 0.9, 0.8, 0.3)), False)
        middle = outline.mean(0)
        for _ in range(rng.integers(2, 9)):
            spot = middle + rng.normal(0, 0.2 * size, 2)
            board.line(meander(rng, tuple(spot), tuple(spot + rng.normal(0, 0.15 * size, 2)), 0.3, 3), 0.5)


def flint(board: Board, box: Box) -> None:
    """A chipped stone tool: facets between ridges, each with curved lines as the flake ran; often two views."""
    rng = board.rng
    kind = pick(rng, "blade", "blade", "scraper", "point", "core")
    aspect = {"blade": 3.2, "scraper": 1.3, "point": 1.8, "core": 1.2}[kind] * rng.uniform(0.8, 1.3)
    place, size = _place(board, box, aspect, upright=True if rng.random() < 0.8 else None)
    if kind == "point":
        shape = np.array(
            [(0, -1), (0.5, -0.2), (0.85, 0.75), (0.25, 0.7), (0, 0.95), (-0.25, 0.7), (-0.85, 0.75), (-0.5, -0.2)]
        )
        outline = resample(np.concatenate([shape, shape[:1]]), 0.12)[:-1]
    else:
        outline = blob(rng, 0, 0, 0.9, 0.95, 0.07, 40)
    outline = place(outline + rng.normal(0, 0.03, outline.shape))
    board.fill(outline, WHITE)
    ridges = []
    for lean in rng.uniform(-0.35, 0.35, 1 if kind != "core" else 3):
        knots = [(0.3 * lean, -0.85), (lean, -0.35), (lean + rng.normal(0, 0.1), 0.4), (0.3 * lean, 0.88)]
        ridges.append(smooth(place(knots)))
    for ridge in ridges:
        board.line(ridge, 0.7)
    for index in rng.choice(len(outline), rng.integers(3, 9)):
        start = outline[index]
        spot = ridges[0][rng.integers(2, len(ridges[0]) - 2)] * 0.7 + start * 0.3
        board.line(meander(rng, tuple(start), tuple(spot), 0.1, 2), 0.6)
    middle = outline.mean(0)
    for index in rng.choice(len(outline), rng.integers(4, 14)):
        near = outline[index]
        for step in np.linspace(0.15, rng.uniform(0.3, 0.75), rng.integers(2, 6)):
            spot = near + step * (middle - near)
            turn = np.arctan2(*(middle - near)[::-1]) + np.linspace(-0.5, 0.5, 5)
            reach = size * 0.16
            board.line(spot + reach * np.stack([np.cos(turn) - 1, np.sin(turn)], 1), 0.4, wobble=0)
    board.line(outline, 1.1, closed=True)


def ground_stone(board: Board, box: Box) -> None:
    """A pebble, whetstone, quern or hammer stone, stippled."""
    rng = board.rng
    place, _ = _place(board, box, rng.uniform(0.7, 3.0))
    outline = (
        place(blob(rng, 0, 0, 0.95, 0.95, 0.08))
        if rng.random() < 0.6
        else smooth(place(stone(rng, 0, 0, 1.0, 1.0)), True, 2)
    )
    board.shade(outline, rng.uniform(0.7, 1.2), base=0.12)
    if rng.random() < 0.5:
        board.scatter(outline, int(rng.integers(30, 300)), 0.8)
    board.line(outline, 1.0, closed=True)


METAL = (fibula, ring, ring, bead, pin, axe, sword, fitting, fitting)
STONE = (flint, flint, flint, ground_stone, axe)


def _plate(board: Board, items: tuple, many: int, ratio: float = 1.1) -> None:
    rng = board.rng
    if rng.random() < 0.06:
        millimetres(board)
    used = furnish(board, 0.4)
    frame(board, 0.2)
    count = int(rng.integers(1, many) * min(1, board.width * board.height / 5e5)) + 1
    box = (0.02 * board.width, 0.02 * board.height, 0.98 * board.width, 0.95 * board.height - used)
    plate(board, box, items, count, ratio)


def draw_metal(board: Board) -> None:
    """A plate of metal finds, beads and rings: all sorts, or one sort."""
    items = METAL if board.rng.random() < 0.7 else (METAL[board.rng.integers(len(METAL))],)
    _plate(board, items, 40)


def draw_mixed(board: Board) -> None:
    """A plate of pottery, metal and stone together, as from one grave or one site."""
    pots = (profile, profile, sherd, sherd, vessel)
    _plate(board, pots + METAL if board.rng.random() < 0.7 else pots + METAL + STONE, 40, 1.2)


def draw_tools(board: Board) -> None:
    """A plate of chipped and ground stone tools."""
    _plate(board, STONE, 30)


def draw_find(board: Board) -> None:
    """One find, large, in one or two views, perhaps with its length."""
    rng = board.rng
    items = (*METAL, *STONE)
    item = items[rng.integers(len(items))]
    used = furnish(board, 0.4)
    box = (0.06 * board.width, 0.05 * board.height, 0.94 * board.width, 0.93 * board.height - used)
    plate(board, box, (item,), int(rng.choice([1, 1, 2])), 1.0, False)
    if rng.random() < 0.2:
        dimension(board, (box[0], box[1]), (box[0], box[3]))
