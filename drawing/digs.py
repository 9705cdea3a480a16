"""Excavations as a photographer sees them: graves, pits, trenches with their walls and foundations, soil sections.

    scene = grave(numpy.random.default_rng(1), 450, 325)      # float32 [325, 450, 3] in 0..1

Every scene is a function of (rng, width, height); NaN nowhere, the print's look is for prints.py.
"""

from __future__ import annotations

import numpy as np
from PIL import ImageFilter

from drawing.backdrops import background, paste, person, rod
from drawing.ground import SOILS, Camera, Ground, rgb
from drawing.noise import bumps, fractal, lit, stretch, toned

BONE = (214, 198, 160)


def _around(rng: np.random.Generator, n: int = 2) -> np.ndarray:
    return rng.uniform(-1, 1, n)


def _skeleton(
    rng: np.random.Generator, ground: Ground, x: float, y: float, long: float, turn: float, bent: float
) -> None:
    """Lay a body `long` m long, its middle at (x, y), stretched (`bent` 0) or crouched (1), some bones missing."""
    image, draw = ground.mask()
    s = long / 1.7
    mirror = float(rng.choice((-1, 1)))

    def spot(a: float, b: float) -> tuple[float, float]:
        """Body coordinates (along from pelvis to head, across) -> samples."""
        b *= mirror
        return ground.at(x + s * (a * np.cos(turn) - b * np.sin(turn)), y + s * (a * np.sin(turn) + b * np.cos(turn)))

    def bone(points: list[tuple[float, float]], wide: float) -> None:
        if rng.random() < 0.1:
            return
        jitter = rng.normal(0, 0.012, (len(points), 2))
        ends = [spot(a + p, b + q) for (a, b), (p, q) in zip(points, jitter, strict=True)]
        px = max(1, round(wide * s * ground.metre))
        draw.line(ends, 255, px, joint="curve")
        for a, b in (ends[0], ends[-1]):  # knuckles
            r = px * 0.72
            draw.ellipse([a - r, b - r, a + r, b + r], 255)

    spine = [(0.0, 0.0), (0.2, 0.03 + 0.1 * bent), (0.42, 0.05 * bent), (0.55, -0.05 * bent)]
    bone(spine, 0.035)
    for k in range(9):
        a = 0.2 + 0.035 * k
        for side in (-1, 1):
            if rng.random() < 0.75:
                bone([(a, 0.02), (a - 0.02, side * 0.1), (a - 0.07, side * 0.13)], 0.012)
    for side in (-1, 1):
        hip, shoulder = (-0.03, 0.09 * side), (0.5, 0.16 * side)
        swing = bent * (1.5 + rng.normal(0, 0.25)) + rng.normal(0, 0.08)
        knee = (hip[0] - 0.42 * np.cos(swing), hip[1] + 0.42 * np.sin(swing))
        fold = swing - bent * (2.4 + rng.normal(0, 0.2))
        foot = (knee[0] - 0.38 * np.cos(fold), knee[1] + 0.38 * np.sin(fold))
        bone([hip, knee], 0.04)
        bone([knee, foot], 0.034)
        bone([(knee[0] - 0.01, knee[1] + 0.03), (foot[0], foot[1] + 0.03)], 0.016)
        bone([foot, (foot[0] - 0.1, foot[1] + 0.08 * rng.normal())], 0.035)
        elbow = (0.22, 0.22 * side + 0.15 * bent)
        bone([shoulder, elbow], 0.028)
        hand = (0.0 + 0.5 * bent, 0.12 * side * (1 - bent) + 0.25 * bent)
        bone([elbow, hand], 0.024)
        bone([hip, (0.02, 0.0), (0.06, 0.12 * side)], 0.06)
        bone([(0.5, 0.03 * side), shoulder], 0.016)
    lines = np.asarray(image.filter(ImageFilter.GaussianBlur(0.7)), np.float32) / 255
    missing = (fractal(rng, *lines.shape, 1.8) < rng.uniform(1.0, 2.2)) * 1.0
    pale = toned(rng, BONE, 0.75, 1.1)
    ground.lay((lines * missing * 1.3).clip(0, 1), 0.03 * s, pale, cover=rng.uniform(0.65, 1))
    if rng.random() < 0.92:  # the skull: a dome with eye sockets
        skull, pen = ground.mask()
        a, b = spot(0.68, -0.05 * bent)
        r = 0.105 * s * ground.metre
        pen.ellipse([a - r * 1.1, b - r, a + r * 1.1, b + r], 255)
        dome = np.asarray(skull.filter(ImageFilter.GaussianBlur(max(0.8, r / 4))), np.float32) / 255
        ground.lay(dome, 0.12 * s, pale)
        skull, pen = ground.mask()
        for side in ((-1, 1), (1,), ())[int(rng.integers(3))]:
            e, f = spot(0.63, -0.05 * bent + 0.035 * side)
            pen.ellipse([e - r / 5, f - r / 5, e + r / 5, f + r / 5], 255)
        holes = np.asarray(skull.filter(ImageFilter.GaussianBlur(0.8)), np.float32) / 255
        ground.lay(holes, -0.04 * s, (60, 46, 34), 0.8)


def _pots(rng: np.random.Generator, ground: Ground, x: float, y: float, count: int) -> None:
    """Vessels standing or crushed in the grave: rings and domes."""
    for _ in range(count):
        image, draw = ground.mask()
        a, b = ground.at(x + rng.normal(0, 0.4), y + rng.normal(0, 0.3))
        r = rng.uniform(0.06, 0.14) * ground.metre
        draw.ellipse([a - r, b - r, a + r, b + r], 255)
        dome = np.asarray(image.filter(ImageFilter.GaussianBlur(max(0.8, r / 6))), np.float32) / 255
        colour = toned(rng, (150, 96, 62), 0.6, 1.2)
        ground.lay(dome, rng.uniform(0.06, 0.16), colour, 0.9)
        if rng.random() < 0.7:
            image, draw = ground.mask()
            draw.ellipse([a - r * 0.7, b - r * 0.7, a + r * 0.7, b + r * 0.7], 255)
            hollow = np.asarray(image.filter(ImageFilter.GaussianBlur(max(0.7, r / 8))), np.float32) / 255
            ground.lay(hollow, -rng.uniform(0.05, 0.12), (70, 52, 40), 0.5)


def _lying_rod(rng: np.random.Generator, ground: Ground, x: float, y: float, long: float, turn: float) -> None:
    """A scale on the ground: parts of black or red and white."""
    parts = int(rng.choice((2, 4, 5, 10)))
    dark = ((20, 20, 22), (170, 40, 34), (236, 234, 226))[int(rng.choice(3, p=(0.5, 0.4, 0.1)))]
    wide = max(1, round(rng.uniform(0.02, 0.05) * ground.metre))
    for k in range(parts):
        image, draw = ground.mask()
        ends = [
            ground.at(x + np.cos(turn) * long * (q / parts - 0.5), y + np.sin(turn) * long * (q / parts - 0.5))
            for q in (k, k + 1)
        ]
        draw.line(ends, 255, wide)
        ground.lay(np.asarray(image, np.float32) / 255, 0.01, (236, 234, 226) if k % 2 else dark)


def _complete(rng: np.random.Generator, picture: np.ndarray, horizon: float) -> np.ndarray:
    """Put a background above the ground's end."""
    hole = np.isnan(picture[..., 0])
    if hole.any():
        picture = np.where(hole[..., None], background(rng, picture.shape[1], picture.shape[0], horizon), picture)
    return picture


def grave(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A burial in its pit, from above or aslant: stretched or crouched, with vessels, stones, a scale, a label."""
    ground = Ground.earth(rng, side=rng.uniform(2.2, 3.6), rough=rng.uniform(0.003, 0.012))
    middle = ground.side / 2
    bent = float(rng.choice((0, 1), p=(0.55, 0.45))) * rng.uniform(0.7, 1)
    across = rng.random() < 0.6
    long, wide = (2.0, 0.95) if bent == 0 else (1.35, 1.05)
    long, wide = long * rng.uniform(0.85, 1.15), wide * rng.uniform(0.8, 1.2)
    size = (long, wide) if across else (wide, long)
    turn = (0.0 if across else np.pi / 2) + rng.normal(0, 0.12) + float(rng.choice((0, np.pi)))
    if rng.random() < 0.5:
        a, b = size[0] / 2, size[1] / 2
        corners = [(-a, middle - b), (a, middle - b), (a, middle + b), (-a, middle + b)]
        pit = ground.polygon(rng, [(p + rng.normal(0, 0.06), q + rng.normal(0, 0.06)) for p, q in corners])
    else:
        pit = ground.oval(rng, 0, middle, *size)
    ground.lower(rng, pit, rng.uniform(0.06, 0.6))
    if rng.random() < 0.85:
        _skeleton(rng, ground, *(_around(rng) * 0.05 + (0, middle)), rng.uniform(1.3, 1.75), turn, bent)
    if rng.random() < 0.5:
        _pots(rng, ground, 0, middle, int(rng.integers(1, 6)))
    if rng.random() < 0.4:
        ground.stones(
            rng, int(rng.integers(4, 40)), pit if rng.random() < 0.6 else None, (0.05, rng.uniform(0.1, 0.35))
        )
    if rng.random() < 0.5:
        _lying_rod(
            rng,
            ground,
            rng.uniform(-0.5, 0.5),
            middle + size[1] / 2 * rng.choice((-1.2, 1.1)),
            rng.uniform(0.3, 1.2),
            rng.normal(0, 0.3),
        )
    _dress(rng, ground)
    steep = rng.uniform(0.4, 1.25)
    far = rng.uniform(2, 4)
    span = max(size[0] * 1.25, size[1] * width / height * np.sin(steep) * 1.2) * rng.uniform(0.75, 1.15)
    picture, camera = ground.photograph(
        rng, width, height, far * np.sin(steep), far * np.cos(steep) - middle, middle, span
    )
    return _complete(rng, picture, camera.horizon)


def pits(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Features on cleaned ground: dug pits, post-holes, ditches, dark stains, with a rod and somebody at work."""
    ground = Ground.earth(rng, side=rng.uniform(4, 14))
    for _ in range(int(rng.integers(1, 9))):
        x, y = rng.uniform(-0.45, 0.45) * ground.side, rng.uniform(0.1, 0.9) * ground.side
        wide = rng.uniform(0.04, 0.3) * ground.side
        if rng.random() < 0.75:
            hole = ground.oval(rng, x, y, wide, wide * rng.uniform(0.6, 1.1), rng.uniform(0.02, 0.2))
        else:
            bend, across = rng.normal(0, 0.4), wide * rng.uniform(0.2, 0.6)
            hole = ground.polygon(
                rng,
                [
                    (x - 9, y - 9 * bend),
                    (x + 9, y + 9 * bend),
                    (x + 9, y + 9 * bend + across),
                    (x - 9, y - 9 * bend + across),
                ],
                0.08,
            )
        ground.lower(rng, hole, rng.uniform(0, 1) ** 2 * min(1.0, wide * 0.8), rng.uniform(0.45, 1.05))
    if rng.random() < 0.5:
        ground.stones(rng, int(rng.integers(10, 160)), None, (0.04, rng.uniform(0.1, 0.4)))
    if rng.random() < 0.4:
        heap = ground.oval(rng, rng.choice((-0.4, 0.4)) * ground.side, ground.side * 0.95, ground.side * 0.7, 1.8, 0.6)
        ground.raise_(rng, heap, rng.uniform(0.4, 1.4), rng.uniform(0.8, 1.2))
    if rng.random() < 0.5:
        _lying_rod(
            rng,
            ground,
            rng.uniform(-0.3, 0.3) * ground.side,
            rng.uniform(0.2, 0.7) * ground.side,
            rng.choice((1, 2)),
            rng.uniform(-0.6, 1.8),
        )
    if rng.random() < 0.2:  # a ring or a pavement of stones
        x, wide = rng.uniform(-0.15, 0.15) * ground.side, rng.uniform(0.3, 0.6) * ground.side
        ring = ground.oval(rng, x, ground.side / 2, wide, wide * 0.8)
        inner = ground.oval(rng, x, ground.side / 2, wide * 0.7, wide * 0.55) if rng.random() < 0.6 else 0
        ground.stones(rng, int(rng.integers(40, 150)), ring - inner, (0.02 * ground.side, 0.07 * ground.side), 0.7)
    _dress(rng, ground)
    up, back = rng.uniform(1.4, 4.5), rng.uniform(0.3, 3)
    if rng.random() < 0.25:  # from a ladder, a crane or a drone
        up, back = ground.side * rng.uniform(0.7, 1.5), ground.side * rng.uniform(-0.45, 0)
    picture, camera = ground.photograph(
        rng,
        width,
        height,
        up,
        back,
        ground.side * rng.uniform(0.3, 0.6),
        ground.side * rng.uniform(0.5, 1),
    )
    return _standing(rng, _complete(rng, picture, camera.horizon), ground, camera)


def _dress(rng: np.random.Generator, ground: Ground) -> None:
    """What lies about on a dig: crumbs, clods, grass that grows back, wet patches, planks, string, trampled paths."""
    n = ground.height.shape[0]
    if rng.random() < 0.6:  # crumbs and clods, thick in some places
        crumb = (
            fractal(rng, n, n, rng.uniform(0.4, 1.0)) + 0.8 * fractal(rng, n, n, 2.0) - rng.uniform(1.2, 2.4)
        ).clip(0, 1.2)
        ground.height += (crumb * rng.uniform(0.01, 0.05)).astype(np.float32)
        ground.colour *= (1 + rng.uniform(-0.2, 0.35) * crumb)[..., None]
    if rng.random() < 0.35:  # grass
        cover = ((fractal(rng, n, n, 2.0) - rng.uniform(0.0, 1.6)) * 3).clip(0, 1)
        cover = cover * (ground.height > -0.1)
        blades = np.abs(fractal(rng, n, n, 0.4))
        green = np.array(((92, 104, 58), (124, 122, 76), (78, 88, 56))[int(rng.integers(3))], np.float32) / 255
        ground.height += (0.04 * cover * blades).astype(np.float32)
        ground.colour += (green * (0.6 + 0.45 * blades)[..., None] - ground.colour) * (cover * 0.9)[..., None]
    if rng.random() < 0.4:  # wet or trampled
        wet = ((fractal(rng, n, n, 2.2) - rng.uniform(-0.3, 0.9)) * 3).clip(0, 1)
        ground.colour *= (1 - rng.uniform(-0.25, 0.45) * wet)[..., None]
    for _ in range(int(rng.choice((0, 1, 3), p=(0.7, 0.2, 0.1)))):  # planks
        image, draw = ground.mask()
        a, b, turn, long = *rng.uniform(0.1, 0.9, 2) * n, rng.uniform(0, np.pi), rng.uniform(0.8, 2.5) * ground.metre
        draw.line([(a, b), (a + long * np.cos(turn), b + long * np.sin(turn))], 255, max(2, int(0.2 * ground.metre)))
        ground.lay(np.asarray(image, np.float32) / 255, 0.04, toned(rng, (170, 146, 110), 0.6, 1.1))
    if rng.random() < 0.08:  # string or tape round the trench
        image, draw = ground.mask()
        draw.line([(v * n, w * n) for v, w in rng.uniform(0.05, 0.95, (3, 2))], 255, 2)
        image = image.filter(ImageFilter.GaussianBlur(0.8))
        ground.lay(np.asarray(image, np.float32) / 255, 0.01, (230, 226, 216))


def _standing(rng: np.random.Generator, picture: np.ndarray, ground: Ground, camera: Camera) -> np.ndarray:
    """Rods and people who stand on the ground."""
    if camera.pitch > 0.75:  # from above they would be seen by their heads
        return picture
    for kind, chance, tall in (("rod", 0.4, 2.0), ("person", 0.3, 1.7), ("person", 0.15, 1.2)):
        if rng.random() < chance:
            x, y = rng.uniform(-0.35, 0.35) * ground.side, rng.uniform(0.25, 0.95) * ground.side
            row, column = int(y * ground.metre), int((x + ground.side / 2) * ground.metre)
            foot = float(ground.height[min(row, len(ground.height) - 1), column])
            at, bottom, metre = camera.project(x, y, foot)
            size = tall * metre * np.cos(camera.pitch)
            if 8 < size < camera.height * 1.4:
                cut = rod(rng, size) if kind == "rod" else person(rng, size)
                picture = paste(picture, cut, at, bottom)
    return picture


def trench(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A trench with standing walls, along or across the view; steps, baulks, foundations in it."""
    ground = Ground.earth(rng, side=rng.uniform(4, 10))
    s = ground.side
    depth = rng.uniform(0.3, 1.8)
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.6:
            x, a = rng.uniform(-0.25, 0.25) * s, rng.uniform(0.08, 0.3) * s
            lean = rng.normal(0, 0.12) * s
            points = [(x - a, -1.0), (x + a, -1.0), (x + a + lean, s * rng.uniform(0.6, 1.1)), (x - a + lean, s * 0.98)]
        else:
            y, b = rng.uniform(0.25, 0.7) * s, rng.uniform(0.08, 0.25) * s
            left, right = rng.uniform(-0.6, -0.15) * s, rng.uniform(0.15, 0.6) * s
            points = [(left, y - b), (right, y - b), (right, y + b), (left, y + b)]
        ground.lower(rng, ground.polygon(rng, points, 0.03), depth * rng.uniform(0.5, 1))
    if rng.random() < 0.6:  # a wall's foundation or a pavement on the floor
        line = ground.polygon(
            rng, [(-0.5 * s, s * 0.4), (0.5 * s, s * 0.5), (0.5 * s, s * 0.58), (-0.5 * s, s * 0.5)], 0.05
        )
        ground.stones(rng, int(rng.integers(30, 140)), line, (0.15, 0.45), 0.8)
    for edge in (-1, 1):
        if rng.random() < 0.6:
            heap = ground.oval(rng, edge * 0.5 * s, s * 0.55, s * 0.4, s * 1.1, 0.5)
            ground.raise_(rng, heap * (ground.height > -0.15), rng.uniform(0.3, 1.3), rng.uniform(0.8, 1.15))
    if rng.random() < 0.4:
        _lying_rod(rng, ground, 0, rng.uniform(0.2, 0.7) * s, 1.0, rng.uniform(-0.3, 1.9))
    _dress(rng, ground)
    picture, camera = ground.photograph(
        rng,
        width,
        height,
        rng.uniform(1.5, 3.5),
        rng.uniform(0, 2),
        s * rng.uniform(0.35, 0.6),
        s * rng.uniform(0.5, 0.95),
    )
    return _standing(rng, _complete(rng, picture, camera.horizon), ground, camera)


def section(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A soil section seen square on: layers, a pit's fill, stones, roots, grass above, a rod against it."""
    rows = np.arange(height, dtype=np.float32)[:, None] / height
    top, floor = rng.uniform(0, 0.2), rng.uniform(0.72, 1.02)
    line = rows + 0.03 * bumps(rng, height, width, width / 4) + 0.008 * fractal(rng, height, width, 1.4)
    edge, k = top, 0
    soils = rng.permutation(len(SOILS))
    picture = np.broadcast_to(rgb(SOILS[int(soils[-1])]) * 0.6, (height, width, 3)).copy()
    while edge < floor:
        colour = rgb(SOILS[int(soils[k % 7])]) * rng.uniform(0.55, 1.15)
        k += 1
        slope = rng.normal(0, 0.05) * (np.arange(width, dtype=np.float32)[None] / width - 0.5)
        mask = ((line + slope - edge) * rng.uniform(40, 150)).clip(0, 1)[..., None]
        picture += (colour - picture) * mask
        edge += rng.uniform(0.05, 0.35)
    x = np.arange(width, dtype=np.float32)[None] / width
    for _ in range(int(rng.integers(0, 3))):  # pits cut into the layers
        at, wide, deep = rng.uniform(0.2, 0.8), rng.uniform(0.06, 0.3), rng.uniform(0.1, 0.5)
        bowl = (
            1
            - (np.abs((x - at) / wide) ** rng.uniform(1.6, 5) + 0.03 * fractal(rng, height, width, 1.6))
            - ((line - top) / deep).clip(0, None) ** rng.uniform(0.8, 3)
        )
        mask = (bowl * 12).clip(0, 1) * (line > top + 0.02)
        picture += (rgb((84, 66, 50)) * rng.uniform(0.6, 1.3) - picture) * (0.85 * mask)[..., None]
    relief = rng.uniform(0.6, 2.4) * fractal(rng, height, width, 1.3) + rng.uniform(0, 3) * fractal(
        rng, height, width, 2.0
    )
    if rng.random() < 0.7:
        square = Ground.earth(rng, 1.0, max(width, height), 0.0)
        square.colour[:height, :width] = picture
        where = np.zeros(square.height.shape, bool)
        where[int(top * height) : int(min(1, floor) * height), :width] = True
        square.stones(rng, int(rng.integers(5, 90)), where, (0.008, rng.uniform(0.02, 0.09)), 0.7)
        relief = relief + 0.6 * square.height[:height, :width] * max(width, height)
        picture = square.colour[:height, :width]
    light = lit(relief, rng.uniform(0.3, 2.8), rng.uniform(0.6, 1.1))
    shade = 1 + 0.25 * bumps(rng, height, width, width / 2)
    picture = picture * (0.35 + 0.65 * light * shade)[..., None]
    if floor < 1:  # the floor before it, lighter
        lower = ((line - floor) * 60).clip(0, 1)[..., None]
        tread = (
            rgb((150, 126, 100))
            * (1 + 0.2 * stretch(fractal(rng, height, width // 3 + 2, 0.8), height, width))[..., None]
        )
        picture += (tread * rng.uniform(0.6, 1.1) - picture) * lower
    if top > 0.06:
        upper = ((top - line) * 60).clip(0, 1)[..., None]
        grass = background(rng, width, height, top * height * rng.uniform(0.2, 1.0))
        picture += (grass - picture) * upper
    if rng.random() < 0.55:
        picture = paste(
            picture,
            rod(rng, height * rng.uniform(0.4, 0.8)),
            width * rng.uniform(0.1, 0.9),
            height * min(0.98, floor + 0.03),
        )
    return picture
