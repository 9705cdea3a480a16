"""Masonry, houses from the street, rooms and cellars.

scene = wall(numpy.random.default_rng(1), 450, 325)       # float32 [325, 450, 3] in 0..1
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from drawing.backdrops import background, house, paste, person
from drawing.noise import bumps, cells, fractal, lit, stretch
from drawing.views import tree

_OCHRE, _GREY = np.array((0.74, 0.68, 0.56), np.float32), np.array((0.62, 0.62, 0.6), np.float32)


def masonry(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Rubble, courses or bricks with their mortar, in raking light, float32 [height, width, 3]."""
    course = height / rng.uniform(4, 18)
    long = course * rng.uniform(1.0, 2.6)
    kind = rng.random()
    jitter = 0.25 if kind < 0.3 else rng.uniform(0.55, 1.0)
    number, edge, _ = cells(rng, height, width, course, long, jitter, rng.uniform(0.04, 0.16))
    stone = ((edge + 0.05 * fractal(rng, height, width, 1.6)) / rng.uniform(0.06, 0.28)).clip(0, 1)
    tones = rng.uniform(0.5, 1.15, number.max() + 1).astype(np.float32)[number]
    hue = (
        np.array(
            ((196, 180, 150), (150, 146, 140), (172, 110, 84), (128, 116, 100), (186, 160, 116))[int(rng.integers(5))],
            np.float32,
        )
        / 255
    )
    shift = rng.normal(0, 0.018, (number.max() + 1, 3)).astype(np.float32)[number]
    face = fractal(rng, height, width, 1.4)
    colour = (hue + shift) * (tones * (1 + 0.1 * face))[..., None]
    mortar = np.array((0.6, 0.56, 0.48), np.float32) * rng.uniform(0.45, 1.4) * (1 + 0.2 * face)[..., None]
    colour = mortar + (colour - mortar) * stone[..., None]
    relief = np.sqrt(stone) * course * rng.uniform(0.03, 0.2) * tones + rng.uniform(0.4, 1.6) * face
    relief = relief + course * rng.uniform(0.02, 0.12) * bumps(rng, height, width, course * 0.5)
    light = lit(relief, rng.uniform(0.5, 2.6), rng.uniform(0.6, 1.2))
    return colour * ((0.35 + 0.6 * light) * (1 - 0.35 * (1 - stone) * rng.uniform(0, 1)))[..., None]


def wall(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Masonry, near, some plaster left on it, ground before it, sky above; float32 [height, width, 3]."""
    picture, course = masonry(rng, width, height), height * rng.uniform(0.05, 0.2)
    face = fractal(rng, height, width, 1.4)
    if rng.random() < 0.3:  # plaster that still clings to it
        plaster = ((fractal(rng, height, width, 2.0, 0.7) + rng.uniform(-1, 0.6)) * 14).clip(0, 1)[..., None]
        picture += (np.array((0.8, 0.77, 0.7), np.float32) * (1 + 0.06 * face)[..., None] - picture) * plaster
    shade = 1 + rng.uniform(0, 0.4) * bumps(rng, height, width, width / 2)
    picture *= shade[..., None]
    rows = np.arange(height, dtype=np.float32)[:, None]
    if rng.random() < 0.5:
        foot = height * rng.uniform(0.65, 0.95) + 0.02 * height * fractal(rng, 1, width, 1.4)
        earth = (
            np.array((0.5, 0.42, 0.32), np.float32)
            * (1 + 0.18 * stretch(fractal(rng, height, width // 3 + 2, 0.8), height, width))[..., None]
        )
        picture += (earth * rng.uniform(0.6, 1.3) - picture) * ((rows - foot) / 3).clip(0, 1)[..., None]
    if rng.random() < 0.35:  # it ends: sky or a wood above
        top = height * rng.uniform(0.08, 0.45) + course * 0.6 * stretch(
            rng.standard_normal((1, 9)).astype(np.float32), 1, width
        )
        behind = background(rng, width, height, height * rng.uniform(0.2, 0.5))
        picture += (behind - picture) * ((top - rows) / 2).clip(0, 1)[..., None]
    return picture


def plaster(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A plastered or painted surface with stains and cracks, [height, width, 3]."""
    base = (_OCHRE if rng.random() < 0.5 else _GREY) * rng.uniform(0.7, 1.25)
    tone = 1 + 0.1 * fractal(rng, height, width, 1.8) + 0.04 * fractal(rng, height, width, 0.8)
    streak = stretch(fractal(rng, 12, width, 1.2), height, width)
    return base * (tone + 0.06 * streak * rng.random())[..., None]


def _warp(
    picture: np.ndarray, corners: list[tuple[float, float]], width: int, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """The picture in perspective: its corners (top left, top right, bottom right, bottom left) at these points of the
    result; returns it, [height, width, 3], and where it is, [height, width]."""
    h, w = picture.shape[:2]
    source = [(0, 0), (w, 0), (w, h), (0, h)]
    rows, goal = [], []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        goal += [u, v]
    factors = np.linalg.lstsq(np.array(rows, float), np.array(goal, float), rcond=None)[0]
    alpha = Image.new("L", (w, h), 255)
    image = Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8))
    image.putalpha(alpha)
    moved = image.transform((width, height), Image.Transform.PERSPECTIVE, list(factors), Image.Resampling.BILINEAR)
    pixels = np.asarray(moved, np.float32) / 255
    return pixels[..., :3], pixels[..., 3]


def facade(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """The front of a house square on: plaster or masonry, windows with frames and reveals, a door, cornices."""
    picture = masonry(rng, width, height) if rng.random() < 0.25 else plaster(rng, width, height)
    floors, axes = int(rng.integers(1, 5)), int(rng.integers(2, 8))
    high, wide = height / floors, width / axes
    glass = rng.uniform(0.08, 0.35)
    door = int(rng.integers(axes))
    for i in range(floors):
        for j in range(axes):
            is_door = i == floors - 1 and j == door
            w, h = wide * rng.uniform(0.38, 0.42), high * (0.72 if is_door else 0.52)
            x, y = int((j + 0.5) * wide - w / 2), int((i + 1) * high - h - (0 if is_door else high * 0.2))
            a, b = int(x + w), int(y + h)
            rim = max(1, int(wide * 0.04))
            picture[max(0, y - rim) : b + rim, max(0, x - rim) : a + rim] *= rng.uniform(1.05, 1.2)
            pane = glass * (1 + 0.5 * bumps(rng, max(2, b - y), max(2, a - x), max(2.0, w / 2)))
            picture[max(0, y) : b, max(0, x) : a] = np.where(is_door, 0.3, pane)[: b - max(0, y), : a - max(0, x), None]
            picture[max(0, y) : y + rim + 1, x:a] *= 0.4  # the lintel's shadow
            if not is_door:
                picture[y:b, (x + a) // 2 : (x + a) // 2 + max(1, rim // 2)] = 0.8
                picture[y + (b - y) // 3 : y + (b - y) // 3 + max(1, rim // 2), x:a] = 0.8
        line = int((i + 1) * high) - max(2, int(high * 0.03))
        picture[line : line + max(1, int(high * 0.02))] *= 1.2
        picture[line + max(1, int(high * 0.02)) : line + max(2, int(high * 0.04))] *= 0.7
    return picture


def building(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A house or a row of houses seen along the street or from a corner, with roof, sky, pavement, trees, people."""
    horizon = height * rng.uniform(0.55, 0.8)
    picture = background(rng, width, height, horizon)
    corner = rng.uniform(0.25, 0.75) * width
    top, foot = height * rng.uniform(0.05, 0.3), height * rng.uniform(0.8, 0.98)
    dark = rng.uniform(0.45, 0.85)
    for side in (-1, 1):
        if side == -1 and rng.random() < 0.25:
            continue
        far = corner + side * width * rng.uniform(0.3, 1.0)
        shrink = rng.uniform(0.35, 0.95)
        near_line, far_line = (top, foot), (horizon + (top - horizon) * shrink, horizon + (foot - horizon) * shrink)
        front = facade(rng, int(width * rng.uniform(0.5, 0.9)), int(height * 0.7)) * (1.0 if side == 1 else dark)
        points = [(corner, near_line[0]), (far, far_line[0]), (far, far_line[1]), (corner, near_line[1])]
        if side == -1:
            points = [points[1], points[0], points[3], points[2]]
        drawn, where = _warp(front, points, width, height)
        picture += (drawn - picture) * where[..., None]
        tiles = np.array((0.5, 0.3, 0.24), np.float32) * rng.uniform(0.6, 1.2)
        roof = (
            tiles
            * (1 + 0.15 * np.sin(np.arange(60, dtype=np.float32))[:, None] + 0.1 * fractal(rng, 60, 90, 1.0))[..., None]
        )
        rise = height * rng.uniform(0.05, 0.25)
        points = [
            (corner + side * rise * 0.6, near_line[0] - rise),
            (far, far_line[0] - rise * shrink),
            (far, far_line[0]),
            (corner, near_line[0]),
        ]
        drawn, where = _warp(roof, points, width, height)
        picture += (drawn * (1.0 if side == 1 else dark) - picture) * where[..., None]
    if rng.random() < 0.4:
        picture = paste(picture, tree(rng, height * rng.uniform(0.4, 1)), rng.uniform(0, 1) * width, foot)
    for _ in range(int(rng.choice((0, 0, 1, 2)))):
        picture = paste(
            picture,
            person(rng, height * rng.uniform(0.1, 0.35)),
            rng.uniform(0, 1) * width,
            foot + height * 0.05 * rng.random(),
        )
    if rng.random() < 0.3:
        picture = paste(picture, house(rng, height * 0.3), rng.choice((0.1, 0.9)) * width, horizon + 4)
    return picture


def room(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A room, a cellar or a church in central perspective: masonry or plaster, floor, a window or lamp, a doorway."""
    left, right = width * rng.uniform(0.1, 0.4), width * rng.uniform(0.6, 0.9)
    top, foot = height * rng.uniform(0.05, 0.35), height * rng.uniform(0.6, 0.85)
    a = min(width, 360), min(height, 260)

    def face() -> np.ndarray:
        return masonry(rng, *a) if rng.random() < 0.45 else plaster(rng, *a)

    floor = cells(rng, a[1], a[0], a[1] / rng.uniform(4, 14), a[0] / rng.uniform(4, 14), rng.uniform(0, 0.9))
    tones = rng.uniform(0.35, 0.8, int(floor[0].max()) + 1).astype(np.float32)[floor[0]] * (floor[1] / 0.08).clip(
        0.4, 1
    )
    paving = (
        (_OCHRE * (tones * (1 + 0.1 * fractal(rng, a[1], a[0], 1.2)))[..., None])
        if rng.random() < 0.6
        else plaster(rng, *a) * 0.6
    )
    parts = (
        (plaster(rng, *a) * rng.uniform(0.5, 1), [(0, 0), (width, 0), (right, top), (left, top)]),
        (paving, [(left, foot), (right, foot), (width, height), (0, height)]),
        (face(), [(0, 0), (left, top), (left, foot), (0, height)]),
        (face(), [(right, top), (width, 0), (width, height), (right, foot)]),
        (face(), [(left, top), (right, top), (right, foot), (left, foot)]),
    )
    picture = np.zeros((height, width, 3), np.float32)
    for surface, corners in parts:
        grown = [(x + (x - width / 2) * 0.01, y + (y - height / 2) * 0.01) for x, y in corners]
        drawn, where = _warp(surface, grown, width, height)
        picture += (drawn * rng.uniform(0.6, 1.05) - picture) * where[..., None]
    for _ in range(int(rng.integers(0, 3))):  # windows too bright, doorways too dark, arched or not
        w, h = (right - left) * rng.uniform(0.12, 0.35), (foot - top) * rng.uniform(0.25, 0.75)
        x, bright = rng.uniform(left, right - w), rng.random() < 0.5
        y = foot - h if not bright else rng.uniform(top, foot - h)
        rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
        inside = (
            (columns > x)
            & (columns < x + w)
            & (rows > y + w * 0.4 * ((columns - x - w / 2) / (w / 2)) ** 2)
            & (rows < y + h)
        )
        picture = np.where(inside[..., None], np.float32(0.97 if bright else 0.06), picture)
        if bright:
            glow = np.exp(-(((columns - x - w / 2) / width * 3) ** 2 + ((rows - y - h / 2) / height * 3) ** 2))
            picture = picture * (0.6 + 0.9 * glow)[..., None]
    lamp = np.exp(-(((np.arange(width) - width * rng.random()) / width * 2) ** 2)).astype(np.float32)[None, :, None]
    picture = picture * (0.45 + 0.7 * lamp)
    for k in range(int(rng.integers(0, 4))):  # furniture, boxes, rubble: solid things on the floor
        w, h = width * rng.uniform(0.06, 0.3), height * rng.uniform(0.08, 0.35)
        x, y = rng.uniform(0, width - w), rng.uniform(foot, height)
        surface = plaster(rng, max(8, int(w)), max(8, int(h))) * rng.uniform(0.2, 1)
        lean = rng.uniform(-0.15, 0.15) * w
        drawn, where = _warp(surface, [(x + lean, y - h), (x + w - lean, y - h), (x + w, y), (x, y)], width, height)
        picture += (drawn * (0.7 + 0.15 * k) - picture) * where[..., None]
    return picture
