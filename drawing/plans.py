"""Plans of digs: trenches, features, post holes and numbers; stone by stone spreads; whole sites.

draw_trench(board)
"""

from __future__ import annotations

import numpy as np

from .accessories import frame, furnish, grid, legend, millimetres, north_arrow, words
from .board import Board
from .fillings import EARTH, FLAT, SIGNATURES, filling, stones
from .shapes import blob, meander, resample, smooth, stone, turned
from .styles import WHITE, pick


def outline_of_trench(board: Board, rough: float = 0.0) -> np.ndarray:
    """A rectangle, an L or an irregular polygon that nearly fills the figure, [n, 2]."""
    rng, w, h = board.rng, board.width, board.height
    a, b, c, d = 0.06 * w, 0.07 * h, 0.94 * w, 0.9 * h
    kind = pick(rng, "box", "box", "ell", "many", "strip")
    if kind == "ell":
        x, y = a + rng.uniform(0.3, 0.7) * (c - a), b + rng.uniform(0.3, 0.7) * (d - b)
        points = np.array([(a, b), (x, b), (x, y), (c, y), (c, d), (a, d)])
    elif kind == "many":
        points = stone(rng, (a + c) / 2, (b + d) / 2, (c - a) / 2, (d - b) / 2, int(rng.integers(5, 9)))
        points = np.clip(points, (a, b), (c, d))
    elif kind == "strip":
        points = turned(np.array([(a, 0.32 * h), (c, 0.32 * h), (c, 0.66 * h), (a, 0.66 * h)]), rng.normal(0, 5))
    else:
        points = turned(np.array([(a, b), (c, b), (c, d), (a, d)]), rng.normal(0, 1.5))
    if rough:
        points = resample(np.concatenate([points, points[:1]]), 12)[:-1]
        points = points + rng.normal(0, rough, points.shape)
    return points


def feature(board: Board, x: float, y: float, size: float, kind: str, dash: bool = False) -> np.ndarray:
    """One sunken feature from above: its outline, filled with the signature `kind`."""
    rng = board.rng
    form = pick(rng, "round", "round", "oval", "long", "square", "wild")
    if form == "round":
        points = blob(rng, x, y, size, None, 0.06)
    elif form == "oval":
        points = blob(rng, x, y, size, size * 0.6, 0.08)
    elif form == "long":
        points = blob(rng, x, y, size * 2.2, size * 0.4, 0.06)
    elif form == "square":
        points = smooth(np.array([(-1, -0.6), (1, -0.6), (1, 0.6), (-1, 0.6)]) * size + (x, y), True, 2)
    else:
        points = blob(rng, x, y, size * 1.2, size * 0.9, 0.25)
    points = turned(points, float(rng.uniform(0, 180)), (x, y))
    board.fill(points, WHITE)
    if board.style.colour:
        flat = not board.style.drawn_by_hand
        palette = FLAT if flat else EARTH
        filling(board, points, "flat" if flat else "wash", 0.6, palette[rng.integers(len(palette))])
    filling(board, points, kind, 0.6)
    board.line(points, rng.uniform(0.7, 1.3), closed=True, dash=(7.0, 5.0) if dash else None)
    return points


def draw_trench(board: Board) -> None:
    """A trench plan: edge, features, post holes, stones, levels, perhaps on millimetre paper."""
    rng = board.rng
    if rng.random() < 0.55:
        millimetres(board)
    furnish(board, 0.7, north=True)
    frame(board, 0.2)
    edge = outline_of_trench(board, 1.5 if rng.random() < 0.4 else 0.0)
    unit = float(min(np.ptp(edge[:, 0]), np.ptp(edge[:, 1])))
    if rng.random() < 0.15:
        filling(
            board,
            edge,
            "wash" if board.style.colour else "grey",
            1,
            EARTH[3] if board.style.colour else board.grey(0.1),
        )
    if rng.random() < 0.2:
        grid(board, (*edge.min(0), *edge.max(0)), unit / rng.integers(2, 7), colour=board.grey(0.6))
    board.line(edge, rng.uniform(0.9, 2.0), closed=True, dash=(10.0, 6.0) if rng.random() < 0.2 else None)
    size = float(np.clip(0.016 * min(board.width, board.height) + 4, 7, 14))
    kind = pick(rng, *SIGNATURES)
    same = rng.random() < 0.5
    spots = board.scatter(edge, int(rng.integers(4, 50)), 0)
    for index, (x, y) in enumerate(spots):
        reach = unit * (rng.uniform(0.06, 0.17) if rng.random() < 0.3 else rng.uniform(0.012, 0.05))
        feature(board, x, y, max(3.0, reach), kind if same else pick(rng, *SIGNATURES), rng.random() < 0.1)
        if rng.random() < 0.5:
            board.text(x + reach, y - reach * 0.5, str(index + 1), size)
    if rng.random() < 0.4:
        stones(board, edge, int(rng.integers(20, 250)), max(4.0, 0.025 * unit))
    if rng.random() < 0.3:
        for _ in range(rng.integers(1, 4)):
            start, stop = rng.uniform(edge.min(0), edge.max(0), (2, 2))
            board.line(
                meander(rng, tuple(start), tuple(stop), 0.06), 0.9, dash=(8.0, 5.0) if rng.random() < 0.5 else None
            )
    for x, y in board.scatter(edge, int(rng.integers(0, 12)), 0):
        board.line([(x - 3, y), (x + 3, y)], 0.6)
        board.text(x, y - 4, f"{rng.integers(180, 400)},{rng.integers(10, 99)}", size * 0.85)


def draw_stones(board: Board) -> None:
    """Hundreds of stones, each outlined: a spread, a cairn, a paved floor or a wall; white on grey, or hatched."""
    rng, w, h = board.rng, board.width, board.height
    if rng.random() < 0.15:
        millimetres(board)
    used = furnish(board, 0.5, north=True)
    edge = outline_of_trench(board) * (1, 1 - used / h)
    size = min(w, h) * rng.uniform(0.012, 0.04)
    ground = rng.random()
    surface = pick(rng, "white", "white", "white", "grey", "hatch", "black", "dots", "colour")
    if ground < 0.25:
        board.fill(edge, board.grey(rng.uniform(0.1, 0.4)))
    elif ground < 0.4:
        filling(board, edge, "dots", 0.8)
    if rng.random() < 0.8:
        board.line(edge, 1.0, closed=True)
    zone = edge if rng.random() < 0.5 else blob(rng, *edge.mean(0), 0.36 * w, 0.34 * (h - used), 0.15)
    packed = rng.uniform(0.68, 1.6)
    step = size * 1.45 * packed
    spots = np.stack(np.meshgrid(np.arange(0, w, step), np.arange(0, h - used, step)), -1).reshape(-1, 2)
    spots = spots + rng.uniform(-0.35, 0.35, spots.shape) * step
    found = board.mask(zone)
    if found is None:
        return
    inside, left, top = found
    at = (spots - (left, top)).astype(int)
    fits = ((at >= 0) & (at < inside.shape[::-1])).all(1)
    spots, at = spots[fits], at[fits]
    spots = spots[inside[at[:, 1], at[:, 0]] & (rng.random(len(spots)) < rng.uniform(0.5, 1))][:1300]
    rounded = rng.random() < 0.4
    outlined = surface != "white" or ground > 0.2 or rng.random() < 0.5
    for x, y in spots.tolist():
        reach = size * (rng.uniform(0.4, 1.0) if rng.random() < 0.94 else rng.uniform(1.0, 2.6))
        each = stone(rng, x, y, reach, reach * rng.uniform(0.55, 1.0))
        if rounded:
            each = smooth(each, True, 1)
        board.fill(each, board.grey(0.35) if surface == "grey" else WHITE)
        if surface == "colour":
            board.fill(each, board.tint(FLAT[rng.integers(4)]))
        elif surface == "hatch" and rng.random() < 0.7:
            board.hatch(each, 45, max(2.5, 0.25 * size), 0.4)
        elif surface == "dots":
            board.scatter(each, 6, 0.7)
        elif surface == "black" and rng.random() < 0.6:
            board.fill(each)
        if outlined:
            board.line(each, 0.7, closed=True, wobble=0.3 * board.style.wobble)
    for x, y in spots[:: max(1, len(spots) // 5)][:8] if len(spots) else ():
        if rng.random() < 0.4:
            board.text(x, y, f"{rng.integers(200, 300)}.{rng.integers(10, 99)}", 9)


def draw_site(board: Board) -> None:
    """A whole site: dozens of features with numbers, houses of post holes, ditches, the edges of trenches, a grid."""
    rng, w, h = board.rng, board.width, board.height
    used = furnish(board, 0.6, north=True)
    frame(board, 0.4)
    edge = outline_of_trench(board) * (1, 1 - used / h)
    unit = min(w, h)
    if rng.random() < 0.4:
        grid(
            board,
            (0.06 * w, 0.06 * h, 0.95 * w, 0.92 * h - used),
            unit / rng.integers(4, 12),
            colour=board.grey(rng.uniform(0.3, 0.9)),
        )
    if rng.random() < 0.3:
        filling(board, edge, "flat" if board.style.colour else "none", 1, (245, 240, 225))
    board.line(edge, rng.uniform(0.8, 1.8), closed=True)
    kind = pick(rng, "black", "black", "grey", "none", "none", "diagonal", "dots")
    size = float(np.clip(0.011 * unit + 4, 6, 11))
    numbers = rng.random() < 0.7
    for index, (x, y) in enumerate(board.scatter(edge, int(rng.integers(15, 130) * min(1, unit / 500)) + 3, 0)):
        reach = unit * rng.uniform(0.004, 0.03)
        feature(board, x, y, max(1.5, reach), kind)
        if numbers and rng.random() < 0.7:
            board.text(x + reach + size, y, str(index + 1), size)
    for _ in range(rng.integers(0, 5)):
        x, y = rng.uniform((0.2 * w, 0.2 * h), (0.8 * w, 0.8 * h))
        rows, many = int(rng.integers(2, 6)), int(rng.integers(4, 14))
        posts = np.stack(np.meshgrid(np.arange(many) * 0.02, np.arange(rows) * 0.022), -1).reshape(-1, 2) * unit
        posts = turned(posts + rng.normal((x, y), 0.002 * unit, posts.shape), rng.uniform(0, 180))
        board.dots(posts, max(1.0, 0.004 * unit))
    for _ in range(rng.integers(0, 3)):
        start, stop = rng.uniform(edge.min(0), edge.max(0), (2, 2))
        way = meander(rng, tuple(start), tuple(stop), 0.12)
        board.line(way, 1.0)
        board.line(way + np.array((0.012 * unit, 0.008 * unit)), 1.0)
    if rng.random() < 0.3 and min(w, h) > 300:
        box = (0.78 * w, 0.68 * h, 0.97 * w, 0.9 * h - used)
        board.fill([(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])], WHITE, 0.6)
        legend(board, (box[0] + 8, box[1] + 8, box[2], box[3] - 6), int(rng.integers(3, 6)))


def draw_sketch_map(board: Board) -> None:
    """A rough map by hand: a few roads, a stream, a house or a church, crosses, arrows and names; few strokes."""
    rng, w, h = board.rng, board.width, board.height
    accent = ((190, 30, 30), (30, 60, 170), (30, 120, 60))[rng.integers(3)] if board.colour else None
    size = float(np.clip(0.03 * min(w, h) + 5, 8, 26))
    for _ in range(rng.integers(1, 5)):
        sides = rng.uniform(0, 1, 2)
        start, stop = (
            ((0, sides[0] * h), (w, sides[1] * h)) if rng.random() < 0.5 else ((sides[0] * w, 0), (sides[1] * w, h))
        )
        way = meander(rng, start, stop, 0.07, 3)
        form = pick(rng, "double", "double", "single", "dashed", "stream")
        if form == "dashed":
            board.line(way, 1.2, dash=(14.0, 8.0))
        else:
            board.line(way, rng.uniform(1.0, 2.0), accent if form == "stream" else None)
        if form == "double":
            board.line(way + rng.normal(0, 0.025 * min(w, h) + 3, 2), 1.2)
        spot = way[rng.integers(len(way) // 4, 3 * len(way) // 4)]
        board.text(spot[0], spot[1] - 6, words(rng), size)
    for _ in range(rng.integers(1, 9)):
        x, y = rng.uniform((0.1 * w, 0.1 * h), (0.9 * w, 0.9 * h))
        reach = min(w, h) * rng.uniform(0.015, 0.05)
        form = pick(rng, "house", "house", "cross", "dot", "area", "tree", "church")
        if form == "house":
            shape = turned(np.array([(-1, -0.6), (1, -0.6), (1, 0.6), (-1, 0.6)]) * reach + (x, y), rng.uniform(0, 90))
            board.line(shape, 1.2, closed=True)
            if rng.random() < 0.6:
                board.hatch(shape, 45, max(4.0, reach / 4), 0.8)
        elif form == "cross":
            board.line([(x - reach, y - reach), (x + reach, y + reach)], 1.5, accent)
            board.line([(x + reach, y - reach), (x - reach, y + reach)], 1.5, accent)
        elif form == "dot":
            board.fill(blob(rng, x, y, 0.5 * reach), accent)
        elif form == "area":
            area = blob(rng, x, y, 3 * reach, 2 * reach, 0.2)
            board.line(area, 1.3, accent, closed=True)
            board.hatch(area, 45, 0.5 * reach + 3, 0.8, accent)
        elif form == "church":
            board.line([(x, y), (x, y - 2 * reach)], 1.3)
            board.line([(x - 0.6 * reach, y - 1.4 * reach), (x + 0.6 * reach, y - 1.4 * reach)], 1.3)
            board.ellipse(x, y + 0.5 * reach, 0.5 * reach)
        else:
            board.line([(x, y + reach), (x, y - 0.2 * reach)], 1.0)
            board.ellipse(x, y - 0.8 * reach, 0.6 * reach, width=1.0)
        if rng.random() < 0.5:
            board.text(x, y + reach + size, words(rng), size)
    if rng.random() < 0.5:
        north_arrow(board, 0.9 * w, 0.15 * h, 0.13 * min(w, h) + 10)
    if rng.random() < 0.4:
        start, stop = rng.uniform(0.15, 0.85, (2, 2)) * (w, h)
        board.line([start, stop], 1.2)
        way = (stop - start) / max(np.hypot(*(stop - start)), 1) * 14
        side = np.array([-way[1], way[0]]) * 0.5
        board.line([stop - way + side, stop, stop - way - side], 1.2)
