"""Landscapes, aerial views, people: what lies round a dig.

scene = landscape(numpy.random.default_rng(1), 450, 325)  # float32 [325, 450, 3] in 0..1
"""

from __future__ import annotations

import numpy as np

from drawing.backdrops import background, foliage, paste, person
from drawing.noise import TILE, bumps, cells, fractal, tile


def landscape(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Fields, meadows and woods below a sky; a barrow, a village, a road, trees in front."""
    horizon = height * rng.uniform(0.12, 0.6)
    picture = background(rng, width, height, horizon)
    rows = np.arange(height, dtype=np.float32)[:, None]
    near = ((rows - horizon) / (height - horizon)).clip(0.004, 1)
    depth = 1 / near
    x = (np.arange(width, dtype=np.float32)[None] - width * rng.uniform(0.2, 0.8)) / width * depth
    kind = rng.random()
    if kind < 0.4:  # furrows towards the horizon
        tone = 1 + 0.15 * np.sin((x + 0.1 * rng.normal() * depth) * rng.uniform(15, 60)) * near
    elif kind < 0.6:  # strips of fields
        tone = 1 + 0.25 * np.sin(np.log(depth) * rng.uniform(3, 9) + 0.6 * rng.normal() * x)
    else:
        tone = 1 + 0.14 * bumps(rng, height, width, width / 5)
    across, along = x * width * rng.uniform(0.4, 1), depth * (height - horizon) * rng.uniform(0.8, 2) + 0 * x
    rough = tile(float(rng.choice((0.4, 0.8, 1.0))))[along.astype(np.int32) % TILE, across.astype(np.int32) % TILE]
    tone = tone * (1 + rng.uniform(0.08, 0.28) * rough * near**0.5)
    picture *= np.where(rows > horizon, tone, 1)[..., None]
    if rng.random() < 0.3:  # a road
        at = 0.3 * bumps(rng, height, 1, height / 2)
        road = ((0.14 - np.abs(x - at * depth * 0.5)) * 30).clip(0, 1) * (rows > horizon)
        picture += (np.array((0.68, 0.64, 0.56), np.float32) - picture) * (0.8 * road)[..., None]
    if rng.random() < 0.25:  # a barrow or a hillock
        at, wide, tall = rng.uniform(0.2, 0.8) * width, rng.uniform(0.1, 0.35) * width, rng.uniform(0.04, 0.16) * height
        columns = np.arange(width, dtype=np.float32)[None]
        top = (
            horizon
            + 0.04 * height
            - tall * np.exp(-(((columns - at) / wide) ** 2)) * (1 + 0.05 * fractal(rng, 1, width, 1.2))
        )
        hill = ((rows - top) / 2).clip(0, 1) * (rows < horizon + 0.05 * height)
        grass = np.array((0.42, 0.44, 0.28), np.float32) * (1 + 0.2 * fractal(rng, height, width, 1.2))[..., None]
        picture += (grass * (0.9 + 0.3 * (columns < at))[..., None] - picture) * hill[..., None]
    for _ in range(int(rng.choice((0, 0, 1, 3)))):
        tall = rng.uniform(0.2, 0.9) * height
        picture = paste(
            picture,
            tree(rng, tall),
            rng.uniform(0, 1) * width,
            min(height * 1.05, horizon + tall * rng.uniform(0.1, 0.4)),
        )
    for _ in range(int(rng.choice((0, 0, 0, 1, 2)))):
        tall = rng.uniform(0.08, 0.4) * height
        picture = paste(
            picture, person(rng, tall), rng.uniform(0.1, 0.9) * width, horizon + tall * rng.uniform(0.5, 1.0)
        )
    return picture


def tree(rng: np.random.Generator, tall: float) -> np.ndarray:
    """A tree or a bush, `tall` pixels high, as a cut-out [h, w, 4]."""
    h = max(10, int(tall))
    w = int(h * rng.uniform(0.5, 1.1))
    y, x = np.linspace(0, 1, h, dtype=np.float32)[:, None], np.linspace(-1, 1, w, dtype=np.float32)[None]
    middle = rng.uniform(0.3, 0.45)
    crown = 1 - (x / 0.85) ** 2 - ((y - middle) / middle) ** 2 + 0.45 * fractal(rng, h, w, 1.6)
    crown = (crown * 6).clip(0, 1)
    stem = (np.abs(x - 0.05 * np.sin(4 * y)) < 0.05 + 0.03 * y) & (y > middle)
    leaves = foliage(rng, h, w) * (1.15 - 0.5 * y - 0.25 * x * rng.choice((-1, 1)))[..., None]
    colour = np.where(crown[..., None] > 0.3, leaves, np.array((0.25, 0.2, 0.16), np.float32))
    return np.concatenate([colour, np.maximum(crown, stem)[..., None]], -1).astype(np.float32)


def aerial(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """From an aeroplane: fields in strips, hedges, roads, a wood, a village, crop marks of ditches and pits."""
    number, edge, _ = cells(
        rng, height, width, height / rng.uniform(1.5, 5), width / rng.uniform(1.5, 6), rng.uniform(0.3, 1), 0.05
    )
    crops = (
        np.array(
            ((126, 134, 84), (170, 158, 108), (104, 116, 72), (150, 128, 98), (188, 178, 138), (96, 98, 70)), np.float32
        )
        / 255
    )
    count = int(number.max()) + 1
    picture = (crops[rng.integers(0, len(crops), count)] * rng.uniform(0.75, 1.15, (count, 1))).astype(np.float32)[
        number
    ]
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    turn = rng.uniform(0, np.pi, count).astype(np.float32)[number]
    lines = np.sin((x * np.cos(turn) + y * np.sin(turn)) * rng.uniform(0.5, 1.6, count).astype(np.float32)[number])
    tone = (
        1
        + rng.uniform(0, 0.12) * lines
        + 0.09 * fractal(rng, height, width, 1.0)
        + 0.1 * fractal(rng, height, width, 2.0)
    )
    marks = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(0, 6))):  # ring ditches, straight ditches, pits
        a, b, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.03, 0.22) * height
        if rng.random() < 0.5:
            away = np.abs(np.hypot(x - a, (y - b) * rng.uniform(1, 1.6)) - r)
        else:
            angle = rng.uniform(0, np.pi)
            away = np.abs((x - a) * np.sin(angle) - (y - b) * np.cos(angle)) + 0.01 * height * fractal(
                rng, height, width, 2.2
            )
        marks = np.maximum(marks, (1.6 - away / rng.uniform(1, 4)).clip(0, 1))
    picture = picture * (tone * (1 - rng.uniform(-0.3, 0.45) * marks))[..., None]
    hedge = ((rng.uniform(0.01, 0.05) - edge) * 60).clip(0, 1) * (rng.random(count)[number] < 0.6)
    wood = ((fractal(rng, height, width, 2.2, 0.8) - rng.uniform(0.6, 2.5)) * 8).clip(0, 1)
    leaves = foliage(rng, height, width)
    picture += (leaves * 0.8 - picture) * np.maximum(hedge, wood)[..., None]
    for _ in range(int(rng.integers(0, 3))):
        angle, off = rng.uniform(0, np.pi), rng.uniform(0.2, 0.8) * width
        bend = 0.05 * height * np.sin(x / width * rng.uniform(2, 7))
        road = (rng.uniform(1.5, 5) - np.abs((x - off) * np.sin(angle) - (y - height / 2 + bend) * np.cos(angle))).clip(
            0, 1
        )
        picture += (np.array((0.78, 0.76, 0.7), np.float32) - picture) * road[..., None]
    if rng.random() < 0.35:  # roofs, each with its shadow
        a, b = rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height
        for _ in range(int(rng.integers(8, 60))):
            row, column = int(b + rng.normal(0, height * 0.12)), int(a + rng.normal(0, width * 0.12))
            size = rng.integers(3, max(5, height // 22), 2)
            if 0 < row < height - 30 and 0 < column < width - 30:
                picture[row + 2 : row + 2 + size[0], column + 2 : column + 3 + size[1]] *= 0.45
                picture[row : row + size[0], column : column + size[1]] = np.array(
                    (0.6, 0.36, 0.28), np.float32
                ) * rng.uniform(0.7, 1.5)
    return picture


def people(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A group before a wall, a hedge or the open country; or one at work, near."""
    horizon = height * rng.uniform(0.1, 0.45)
    if rng.random() < 0.5:
        picture = landscape(rng, width, height)
    else:
        picture = foliage(rng, height, width) * rng.uniform(0.7, 1.5)
        ground = np.array((0.52, 0.47, 0.38), np.float32) * (1 + 0.15 * fractal(rng, height, width, 1.0))[..., None]
        picture += (ground - picture) * ((np.arange(height, dtype=np.float32)[:, None] - height * 0.6) / 3).clip(0, 1)[
            ..., None
        ]
    count = int(rng.integers(1, 9))
    tall = height * rng.uniform(0.35, 0.95 if count < 4 else 0.7)
    foot = min(height * 1.1, horizon + tall * rng.uniform(0.85, 1.1))
    for k in range(count):
        size = tall * rng.uniform(0.85, 1.1)
        picture = paste(
            picture,
            person(rng, size),
            width * (k + 0.5 + rng.normal(0, 0.12)) / count,
            foot + rng.normal(0, 0.02) * height,
        )
    return picture
