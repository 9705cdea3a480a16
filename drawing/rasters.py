"""Pictures of measurement: geophysics in grey or colour with its grid, shaded relief, grains under the microscope.

draw_geophysics(board)
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .accessories import frame, furnish, grid
from .board import Board
from .maps import relief
from .noise import bumps
from .shapes import blob, meander
from .styles import pick

RAMPS = (
    ((0, 0, 0), (255, 255, 255)),
    ((255, 255, 255), (0, 0, 0)),
    ((255, 255, 255), (140, 140, 140), (0, 0, 0)),
    ((20, 30, 140), (80, 190, 230), (250, 250, 200), (240, 130, 40), (150, 10, 20)),
    ((0, 0, 150), (0, 200, 255), (0, 220, 60), (255, 255, 0), (255, 0, 0)),
    ((60, 60, 180), (245, 245, 245), (190, 40, 40)),
    ((30, 100, 60), (200, 220, 140), (250, 240, 200), (190, 140, 80), (120, 70, 40)),
)


def ramp(values: np.ndarray, colours: tuple[tuple[int, int, int], ...]) -> Image.Image:
    """Values of 0..1 [h, w] through a row of colours, "RGB"."""
    at = np.linspace(0, 1, len(colours))
    steps = np.linspace(0, 1, 256)
    table = np.stack([np.interp(steps, at, [colour[part] for colour in colours]) for part in range(3)], 1).astype(
        np.uint8
    )
    return Image.fromarray(table[(np.clip(values, 0, 1) * 255).astype(np.uint8)])


def _box(board: Board) -> tuple[int, int, int, int]:
    """Where the raster lies: all of the figure or with a margin for grid and scale."""
    if board.rng.random() < 0.35 or min(board.width, board.height) < 150:
        return 0, 0, board.width, board.height
    w, h = board.width, board.height
    right = 0.86 if board.rng.random() < 0.6 else 0.97
    return round(0.06 * w), round(0.06 * h), round(right * w), round(0.9 * h)


def _key(board: Board, box: tuple[int, int, int, int], colours: tuple) -> None:
    """A colour bar with numbers at the right side, where there is room."""
    if box[2] > 0.9 * board.width or box[3] - box[1] < 80:
        return
    left, wide = box[2] + 0.02 * board.width, 0.03 * board.width
    top, high = box[1] + 0.1 * (box[3] - box[1]), 0.6 * (box[3] - box[1])
    board.picture(ramp(np.linspace(1, 0, 100)[:, None] * np.ones((1, 8)), colours), left, top, wide, high)
    board.box(left, top, left + wide, top + high, 0.5, wobble=0)
    limit = int(board.rng.choice([2, 5, 10, 20, 60]))
    for share in (0, 0.5, 1):
        board.text(left + wide + 3, top + share * high + 4, f"{limit * (1 - 2 * share):g}", 9, anchor="left")


def draw_geophysics(board: Board) -> None:
    """A magnetic, resistivity or radar map: noisy squares, stripes, and ditches, pits and iron as anomalies."""
    rng = board.rng
    left, top, right, bottom = box = _box(board)
    cell = float(rng.choice([1.5, 2, 3, 4, 6]))
    w, h = max(8, int((right - left) / cell)), max(8, int((bottom - top) / cell))
    field = 0.2 * bumps(rng, h, w, 0.2 * min(w, h) + 2) + rng.normal(0, rng.uniform(0.05, 0.3), (h, w)).astype(
        np.float32
    )
    marks = Image.new("L", (w, h))
    draw = ImageDraw.Draw(marks)
    for _ in range(rng.integers(1, 6)):
        way = meander(rng, tuple(rng.uniform(0, (w, h))), tuple(rng.uniform(0, (w, h))), 0.2, 4)
        draw.line(
            way.ravel().tolist(), int(rng.integers(60, 200)), max(1, int(0.012 * min(w, h) * rng.uniform(0.5, 2)))
        )
    for _ in range(rng.integers(3, 50)):
        spot = blob(rng, *rng.uniform(0, (w, h)), 0.012 * min(w, h) * rng.uniform(0.5, 3) + 0.6, None, 0.2, 14)
        draw.polygon(spot.ravel().tolist(), int(rng.integers(60, 255)))
    if rng.random() < 0.4:
        ring = blob(rng, w * rng.uniform(0.3, 0.7), h * rng.uniform(0.3, 0.7), 0.25 * w, 0.25 * h, 0.1)
        draw.line(np.concatenate([ring, ring[:1]]).ravel().tolist(), 150, max(1, int(0.02 * min(w, h))))
    field = field + np.asarray(marks.filter(ImageFilter.GaussianBlur(0.8)), np.float32) / 255 * rng.uniform(0.8, 2)
    field = field + rng.normal(0, 0.08, (1, w))  # stripes of the lines walked
    if rng.random() < 0.5:
        square = max(6, int(min(w, h) / rng.integers(3, 8)))
        tiles = rng.normal(0, 0.12, (h // square + 1, w // square + 1))
        field = field + np.kron(tiles, np.ones((square, square)))[:h, :w]
        if rng.random() < 0.5:
            absent = np.kron(rng.random(tiles.shape) < 0.2, np.ones((square, square)))[:h, :w] > 0
            field = np.where(absent, 9, field)
    colours = RAMPS[rng.integers(len(RAMPS)) if board.style.colour else rng.integers(3)]
    image = ramp(0.5 + 0.35 * (field - 0.3) * rng.choice([-1, 1]), colours)
    if field.max() > 8:
        image.paste("white", mask=Image.fromarray((field > 8).astype(np.uint8) * 255))
    soft = Image.Resampling.BICUBIC if rng.random() < 0.5 else Image.Resampling.NEAREST
    image = image.resize((right - left, bottom - top), soft)
    board.picture(image, left, top, right - left, bottom - top)
    if rng.random() < 0.6:
        grid(
            board,
            box,
            min(right - left, bottom - top) / rng.integers(2, 9),
            colour=(200, 30, 30) if rng.random() < 0.2 else None,
        )
    board.box(*box, 0.7, wobble=0)
    _key(board, box, colours)
    if box[0]:
        furnish(board, 0.6, north=True)


def draw_relief(board: Board) -> None:
    """Shaded relief of an airborne survey: slopes, banks, hollow ways, ridges of old fields."""
    rng = board.rng
    left, top, right, bottom = box = _box(board)
    small = 2 if (right - left) * (bottom - top) > 400_000 else 1
    w, h = max(8, (right - left) // small), max(8, (bottom - top) // small)
    heights = relief(rng, w, h, min(w, h) * rng.uniform(0.2, 0.5)) * 60 + bumps(rng, h, w, 3) * rng.uniform(0.1, 0.8)
    marks = Image.new("L", (w, h))
    draw = ImageDraw.Draw(marks)
    for _ in range(rng.integers(1, 7)):
        way = meander(rng, tuple(rng.uniform(0, (w, h))), tuple(rng.uniform(0, (w, h))), 0.15, 4)
        draw.line(way.ravel().tolist(), int(rng.integers(80, 255)), int(rng.integers(2, 7)))
    ring = blob(rng, w * rng.uniform(0.3, 0.7), h * rng.uniform(0.3, 0.7), 0.2 * w, 0.2 * h, 0.15)
    draw.line(np.concatenate([ring, ring[:1]]).ravel().tolist(), 220, 5)
    bank = np.asarray(marks.filter(ImageFilter.GaussianBlur(1.6)), np.float32) / 255
    heights = heights + bank * rng.uniform(-6, 8)
    gy, gx = np.gradient(heights)
    turn = rng.uniform(0, 6.3)
    light = 0.55 - (gx * np.cos(turn) + gy * np.sin(turn)) * rng.uniform(0.15, 0.5)
    if board.style.colour and rng.random() < 0.6:
        base = np.asarray(
            ramp((heights - heights.min()) / np.ptp(heights), RAMPS[rng.integers(3, len(RAMPS))]), np.float32
        )
        image = Image.fromarray((base * np.clip(0.4 + light, 0, 1)[..., None]).astype(np.uint8))
    else:
        image = ramp(light, RAMPS[0])
    board.picture(image, left, top, right - left, bottom - top)
    board.box(*box, 0.7, wobble=0)
    if rng.random() < 0.4:
        for x, y in rng.uniform((left, top), (right, bottom), (int(rng.integers(1, 9)), 2)):
            board.ellipse(x, y, 0.03 * (right - left), None, 1.2, colour=(220, 40, 30), wobble=0)
    if box[0]:
        furnish(board, 0.6, north=True)
    frame(board, 0.1)


def draw_microscope(board: Board) -> None:
    """Grains, fibres or cells seen through a lens, in dots and fine lines; round or square field."""
    rng, w, h = board.rng, board.width, board.height
    many = int(rng.choice([1, 1, 2, 4, 6])) if min(w, h) > 250 else 1
    columns = max(1, round(np.sqrt(many * w / h)))
    rows = -(-many // columns)
    size = float(np.clip(0.02 * min(w, h) + 3, 7, 13))
    for index in range(many):
        x, y = (index % columns + 0.5) * w / columns, (index // columns + 0.5) * h / rows
        rx, ry = 0.45 * w / columns, 0.43 * h / rows
        if rng.random() < 0.5:
            rx = ry = min(rx, ry)
            edge = board.ellipse(x, y, rx, ry, 0)
        else:
            edge = np.array([(x - rx, y - ry), (x + rx, y - ry), (x + rx, y + ry), (x - rx, y + ry)])
        if rng.random() < 0.5:
            board.shade(edge, 0.4, base=rng.uniform(0.15, 0.5))
        kind = pick(rng, "grains", "grains", "cells", "fibres", "crystals")
        step = min(rx, ry) * rng.uniform(0.06, 0.3)
        spots = board.scatter(edge, int(min(260, 3 * rx * ry / step**2)), 0)
        for sx, sy in spots.tolist():
            if kind == "fibres":
                way = rng.normal(0, 2.5 * step, 2)
                board.line(meander(rng, (sx, sy), (sx + way[0], sy + way[1]), 0.15, 2), 0.6)
                continue
            grain = blob(
                rng,
                sx,
                sy,
                step * rng.uniform(0.2, 0.6),
                step * rng.uniform(0.2, 0.6),
                0.1 if kind != "crystals" else 0.3,
                16 if kind != "crystals" else 6,
            )
            board.fill(grain, board.grey(rng.choice([0, 0.1, 0.4, 0.8])), 0.6, wobble=0)
            if kind == "cells":
                board.dots(np.array([(sx, sy)]), 1.2)
            elif rng.random() < 0.3:
                board.hatch(grain, float(rng.uniform(0, 180)), 4, 0.4)
        board.line(np.concatenate([edge, edge[:1]]), 1.2)
        if many > 1:
            board.text(x, y + ry + size + 2, str(index + 1), size)
    furnish(board, 0.3)
