"""Finds before a camera: pots, sherds, stone tools, coins, metal, bones, on cloth, paper or cut out on white.

    scene = artefact(numpy.random.default_rng(1), 450, 325)   # float32 [325, 450, 3] in 0..1

Every find is a height field with a mask: light, gloss and shadow come from its form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from drawing.noise import blur, fractal, lit

CLAYS = ((168, 112, 78), (128, 88, 66), (88, 74, 64), (60, 54, 50), (186, 140, 100), (150, 140, 128), (196, 176, 146))
FLINTS = ((120, 108, 92), (70, 66, 64), (158, 146, 124), (104, 72, 52), (186, 180, 168), (92, 96, 100))
METALS = ((84, 112, 92), (110, 78, 56), (96, 92, 86), (70, 96, 84), (120, 104, 70), (60, 58, 58))


@dataclass
class Find:
    """One thing: heights in pixels [n, n], mask 0..1, colour [n, n, 3]; gloss 0 (matt) .. 1."""

    height: np.ndarray
    mask: np.ndarray
    colour: np.ndarray
    gloss: float


def _mask(n: int, points: list[tuple[float, float]] | np.ndarray) -> np.ndarray:
    """A polygon of 0..1 as an antialiased mask [n, n]."""
    image = Image.new("L", (2 * n, 2 * n), 0)
    ImageDraw.Draw(image).polygon([(float(x) * 2 * n, float(y) * 2 * n) for x, y in points], 255)
    return np.asarray(image.resize((n, n), Image.Resampling.BOX), np.float32) / 255


def _grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    side = (np.arange(n, dtype=np.float32) + 0.5) / n
    return side[:, None], side[None]


def _tone(rng: np.random.Generator, colours: tuple, n: int, patchy: float = 0.15) -> np.ndarray:
    base = np.array(colours[int(rng.integers(len(colours)))], np.float32) / 255 * rng.uniform(0.75, 1.15)
    other = np.array(colours[int(rng.integers(len(colours)))], np.float32) / 255
    part = (0.25 + patchy * 2 * fractal(rng, n, n, 2.0)).clip(0, 1)[..., None]
    return (base + (other - base) * part * rng.uniform(0, 0.8)) * (1 + 0.08 * fractal(rng, n, n, 1.0))[..., None]


def _profile(rng: np.random.Generator, squat: float) -> np.ndarray:
    """Half widths of a vessel from rim to base, 64 values, at most about 0.46."""
    t = np.linspace(0, 1, 64)
    knots = np.array([0, 0.08, 0.2, rng.uniform(0.35, 0.6), 0.8, 1.0])
    form = rng.random()
    if form < 0.3:  # bowl
        r = np.array([1.0, 0.99, 0.95, 0.85, 0.6, rng.uniform(0.25, 0.5)])
    elif form < 0.5:  # beaker, cup
        r = np.array([1.0, 0.93, 0.88, 0.92, 0.8, rng.uniform(0.5, 0.75)])
    elif form < 0.85:  # jar, amphora, jug
        neck = rng.uniform(0.3, 0.75)
        r = np.array([neck * rng.uniform(1.0, 1.3), neck, neck * 1.1, 1.0, 0.7, rng.uniform(0.3, 0.6)])
    else:  # bottle
        r = np.array([0.3, 0.24, 0.26, 1.0, 0.9, 0.6])
    smooth = np.interp(t, knots, r)
    for _ in range(3):
        smooth = np.convolve(np.pad(smooth, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    return smooth * 0.45 * min(1.0, squat)


def pot(rng: np.random.Generator, n: int) -> Find:
    """A vessel from the side, turned or hand-made, plain or ornamented, its mouth seen a little from above."""
    y, x = _grid(n)
    squat = rng.uniform(0.6, 1.6)
    high = 0.9 * min(1.0, 1 / squat)
    top, open_ = 0.5 - high / 2, rng.uniform(0.0, 0.14)
    profile = _profile(rng, squat)
    t = ((y - top) / high).clip(0, 1)
    radius = np.interp(t[:, 0], np.linspace(0, 1, 64), profile).astype(np.float32)[:, None]
    radius = radius * (1 + 0.012 * fractal(rng, n, 1, 2.0))
    across = (x - 0.5) / radius
    rim = radius[int((top + 0.01) * n), 0]
    mouth = ((x - 0.5) / rim) ** 2 + ((y - top) / max(0.004, open_ * rim * 2)) ** 2
    base = 0.5 + high / 2 - open_ * 1.3 * profile[-1] * (1 - np.sqrt((1 - across**2).clip(0)))
    mask = ((1 - np.abs(across)) * radius * n).clip(0, 1) * ((y > top) & (y < base))
    mask = np.maximum(mask, ((1 - mouth) * 20).clip(0, 1))
    height = np.sqrt((1 - across**2).clip(0)) * radius * n * 0.9
    colour = _tone(rng, CLAYS, n, 0.25)
    along = t + open_ * 0.4 * (1 - np.sqrt((1 - across**2).clip(0)))
    for _ in range(int(rng.choice((0, 1, 2, 4)))):  # grooves, ribs, painted bands
        at, wide = rng.uniform(0.1, 0.75), rng.uniform(0.006, 0.03)
        band = np.exp(-(((along + open_ * 0.0 - at) / wide) ** 2))
        if rng.random() < 0.6:
            height = height + rng.choice((-1, 1)) * rng.uniform(0.8, 3) * band * n / 300
        else:
            colour = colour * (1 + (rng.uniform(0.4, 1.5) - 1) * band[..., None])
    if rng.random() < 0.4:  # incised ornament: zigzag, hatching or rows of pricks round the belly
        angle = np.arcsin(across.clip(-1, 1))
        at, wide, count = rng.uniform(0.15, 0.5), rng.uniform(0.05, 0.2), rng.uniform(6, 22)
        wave = np.abs((angle * count / np.pi) % 1 - 0.5) * 2
        kind = rng.random()
        lines = (
            np.abs(wave - (along - at) / wide)
            if kind < 0.5
            else np.minimum(wave, np.abs(((along - at) * 40) % 1 - 0.5))
        )
        cut = np.exp(-((lines / 0.14) ** 2)) * ((along > at) & (along < at + wide))
        height, colour = height - 1.6 * cut * n / 300, colour * (1 - 0.35 * cut[..., None])
    height = height + rng.uniform(0.15, 0.8) * fractal(rng, n, n, 1.4) * n / 300
    inner = ((1 - mouth) * 8).clip(0, 1)
    colour = colour * (
        1 - 0.6 * inner[..., None] * (1 - 0.4 * ((y - top) / max(0.01, open_) + 0.5).clip(0, 1)[..., None])
    )
    height = height * (1 - inner) + inner * blur(height, n / 12)
    if rng.random() < 0.45:  # a handle
        side = float(rng.choice((-1, 1)))
        a, b = top + high * rng.uniform(0.05, 0.2), top + high * rng.uniform(0.4, 0.6)
        r = (b - a) / 2
        reach = float(np.interp((a + r - top) / high, np.linspace(0, 1, 64), profile))
        ring = np.hypot((x - 0.5 - side * reach * 0.98) / 0.8, y - (a + r)) / r
        arm = (1 - (np.abs(ring - 0.85) / 0.22)).clip(0, 1)
        outside = (side * (x - 0.5) > radius - 0.01) * arm
        height = np.where(outside > 0, np.sqrt(outside) * r * n * 0.25, height)
        mask = np.maximum(mask, (outside * 6).clip(0, 1))
    if rng.random() < 0.25:  # broken at the rim, or mended with plaster
        lost = ((fractal(rng, n, n, 2.0, 0.6) + 2.5 * (0.3 - t)) > rng.uniform(0.9, 2.0)).astype(np.float32)
        if rng.random() < 0.5:
            mask = mask * (1 - lost)
        else:
            colour = colour + (np.float32(0.82) - colour) * lost[..., None]
    return Find(height.astype(np.float32), mask.astype(np.float32), colour, rng.uniform(0, 0.35))


def _outline(rng: np.random.Generator, corners: int, long: float, wide: float, ragged: float) -> np.ndarray:
    turn = np.sort(rng.uniform(0, 2 * np.pi, corners) * 0.3 + np.linspace(0, 2 * np.pi, corners, endpoint=False) * 0.7)
    r = rng.uniform(0.72, 1.0, corners)
    points = np.stack([0.5 + wide * 0.47 * r * np.cos(turn), 0.5 + long * 0.47 * r * np.sin(turn)], 1)
    dense = []
    for a, b in zip(points, np.roll(points, -1, 0), strict=True):
        steps = np.linspace(0, 1, 8, endpoint=False)[:, None]
        dense.append(a + (b - a) * steps + rng.normal(0, ragged, (8, 2)))
    return np.concatenate(dense)


def sherd(rng: np.random.Generator, n: int) -> Find:
    """A potsherd: thin, a little curved, its break along the edge, maybe ornamented."""
    outline = _outline(rng, int(rng.integers(4, 8)), rng.uniform(0.7, 1), rng.uniform(0.7, 1), 0.006)
    mask = _mask(n, outline)
    y, x = _grid(n)
    height = (
        np.minimum(1, blur(mask, n / 40) ** 2 * 1.2) * n * 0.03
        - ((x - 0.5) ** 2 * rng.uniform(0, 0.9) + (y - 0.5) ** 2 * 0.2) * n
    )
    colour = _tone(rng, CLAYS, n)
    turn = rng.uniform(-0.5, 0.5)
    v, u = y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)
    kind = rng.random()
    if kind < 0.6:
        step = rng.uniform(0.04, 0.14)
        wave = v if kind < 0.2 else v + 0.04 * np.abs((u * rng.uniform(4, 10)) % 1 - 0.5) * 4
        lines = np.abs((wave / step) % 1 - 0.5)
        cut = np.exp(-((lines / rng.uniform(0.06, 0.2)) ** 2)) * ((v > rng.uniform(0, 0.5)) & (v < rng.uniform(0.6, 1)))
        height, colour = height - rng.uniform(0.6, 2.5) * cut * n / 300, colour * (1 - 0.3 * cut[..., None])
    height = height + rng.uniform(0.2, 0.9) * fractal(rng, n, n, 1.3) * n / 300
    return Find(height, mask, colour, rng.uniform(0, 0.2))


def stone_tool(rng: np.random.Generator, n: int) -> Find:
    """A flint blade, scraper, arrowhead or core with its facets; or a ground axe."""
    long, wide = 1.0, rng.uniform(0.25, 0.8)
    outline = _outline(rng, int(rng.integers(6, 14)), long, wide, 0.004)
    mask = _mask(n, outline)
    y, x = _grid(n)
    inner = blur(mask, n * wide / 5)
    if rng.random() < 0.25:
        height = np.sqrt(inner.clip(0)) * n * wide * 0.35 + 0.25 * fractal(rng, n, n, 1.2)
        colour = _tone(rng, FLINTS, n) * rng.uniform(0.6, 1)
        return Find(height, mask, colour, rng.uniform(0.2, 0.7))
    height = np.full((n, n), 9.0, np.float32)
    for _ in range(int(rng.integers(5, 16))):  # each blow leaves a hollow facet; what is left is under all of them
        a = rng.uniform(0, 2 * np.pi)
        cx, cy = 0.5 + 0.5 * wide * np.cos(a), 0.5 + 0.5 * np.sin(a) * rng.uniform(0.2, 1)
        tilt = rng.uniform(0.2, 0.9)
        away = np.hypot((x - cx), (y - cy))
        height = np.minimum(height, tilt * away + 0.03 + 0.25 * away**2 + 0.0006 * np.sin(away * rng.uniform(60, 160)))
    height = height * n * rng.uniform(0.5, 1) + 0.2 * fractal(rng, n, n, 1.2)
    return Find(height, mask, _tone(rng, FLINTS, n, 0.3), rng.uniform(0.2, 0.9))


def coin(rng: np.random.Generator, n: int) -> Find:
    """A coin or a button: a rim, a worn head or cross, letters round the edge."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    r = 0.45 * (1 + 0.012 * np.sin(3 * turn + rng.uniform(0, 6)) + 0.006 * rng.standard_normal(60))
    mask = _mask(n, np.stack([0.5 + r * np.cos(turn), 0.5 + r * np.sin(turn)], 1))
    image = Image.new("L", (n, n), 0)
    draw = ImageDraw.Draw(image)
    ring = 0.4 * n
    draw.ellipse([n / 2 - ring, n / 2 - ring, n / 2 + ring, n / 2 + ring], outline=200, width=max(1, n // 60))
    for angle in np.arange(0, 6.28, rng.uniform(0.18, 0.4)):  # letters, worn to strokes
        a, b = n / 2 + 0.35 * n * np.cos(angle), n / 2 + 0.35 * n * np.sin(angle)
        d = rng.normal(0, n / 40, 2)
        draw.line([a - d[0], b - d[1], a + d[0], b + d[1]], 230, max(1, n // 60))
    if rng.random() < 0.6:
        draw.ellipse([n * 0.38, n * 0.26, n * 0.6, n * 0.56], fill=220)
        draw.polygon([(n * 0.42, n * 0.5), (n * 0.56, n * 0.5), (n * 0.68, n * 0.74), (n * 0.32, n * 0.74)], fill=190)
        draw.polygon([(n * 0.6, n * 0.36), (n * 0.65, n * 0.44), (n * 0.59, n * 0.46)], fill=220)
    else:
        for a, b, c, d in ((0.47, 0.25, 0.53, 0.75), (0.28, 0.45, 0.72, 0.51)):
            draw.rectangle([n * a, n * b, n * c, n * d], fill=220)
    relief = np.asarray(image.filter(ImageFilter.GaussianBlur(n / 90)), np.float32) / 255
    height = relief * n * 0.02 + blur(mask, n / 60) * n * 0.02 + 0.5 * fractal(rng, n, n, 1.5) * n / 300
    height = height + ((fractal(rng, n, n, 1.8) > 1.2) * -1.0 * n / 300)
    return Find(height, mask, _tone(rng, (*METALS, (176, 172, 164), (190, 160, 90)), n), rng.uniform(0.3, 0.9))


def metal(rng: np.random.Generator, n: int) -> Find:
    """A knife, pin, fibula, ring, spearhead or nail, corroded; or a bone awl."""
    image = Image.new("L", (n, n), 0)
    draw = ImageDraw.Draw(image)
    kind = int(rng.integers(5))
    if kind == 0:  # blade
        w = rng.uniform(0.05, 0.12)
        draw.polygon(
            [
                (n * x, n * y)
                for x, y in ((0.5 - w, 0.32), (0.5 + w * 0.8, 0.36), (0.5 + w * 0.4, 0.8), (0.5, 0.97), (0.5 - w, 0.7))
            ],
            255,
        )
        draw.rectangle([n * (0.5 - w * 0.5), n * 0.04, n * (0.5 + w * 0.2), n * 0.34], 255)
    elif kind == 1:  # ring
        r, w = rng.uniform(0.25, 0.45), rng.uniform(0.03, 0.1)
        start = rng.uniform(0, 360)
        draw.arc(
            [n * (0.5 - r), n * (0.5 - r), n * (0.5 + r), n * (0.5 + r)],
            start,
            start + rng.choice((360, 300, 330)),
            255,
            int(n * w),
        )
    elif kind == 2:  # pin, nail, awl
        w = rng.uniform(0.012, 0.04)
        draw.polygon(
            [(n * (0.5 - w), n * 0.1), (n * (0.5 + w), n * 0.1), (n * 0.505, n * 0.97), (n * 0.495, n * 0.97)], 255
        )
        r = w * rng.uniform(1.2, 3)
        draw.ellipse([n * (0.5 - r), n * (0.09 - r), n * (0.5 + r), n * (0.09 + r)], 255)
    elif kind == 3:  # fibula: bow, foot and spring
        draw.arc([n * 0.2, n * 0.25, n * 0.8, n * 0.95], 180, 345, 255, int(n * rng.uniform(0.04, 0.12)))
        draw.line([(n * 0.22, n * 0.62), (n * 0.84, n * 0.6)], 255, max(1, int(n * 0.02)))
        for k in range(6):
            draw.ellipse(
                [n * 0.16, n * (0.5 + 0.03 * k), n * 0.28, n * (0.53 + 0.03 * k)], outline=255, width=max(1, n // 60)
            )
    else:  # axe or spearhead with socket
        w = rng.uniform(0.1, 0.22)
        draw.polygon(
            [
                (n * x, n * y)
                for x, y in (
                    (0.45, 0.05),
                    (0.56, 0.05),
                    (0.6, 0.5),
                    (0.5 + w, 0.85),
                    (0.5, 0.95),
                    (0.5 - w, 0.85),
                    (0.42, 0.5),
                )
            ],
            255,
        )
    mask = np.asarray(image.filter(ImageFilter.GaussianBlur(0.6)), np.float32) / 255
    round_ = blur(mask, n / 18) * mask
    rust = fractal(rng, n, n, 1.5)
    height = np.sqrt(round_.clip(0)) * n * 0.09 + rng.uniform(0.3, 1.6) * rust * n / 300
    if rng.random() < 0.2:
        return Find(height, mask, _tone(rng, ((206, 190, 152), (182, 160, 120)), n), 0.4)
    return Find(height, mask, _tone(rng, METALS, n, 0.5), rng.uniform(0.05, 0.5))


def bone(rng: np.random.Generator, n: int) -> Find:
    """An animal's long bone, a jaw with teeth, or a skull from the front."""
    image = Image.new("L", (n, n), 0)
    draw = ImageDraw.Draw(image)
    kind = rng.random()
    dark = Image.new("L", (n, n), 0)
    pen = ImageDraw.Draw(dark)
    if kind < 0.5:
        w = rng.uniform(0.035, 0.07)
        draw.line(
            [(n * 0.5, n * 0.12), (n * (0.5 + rng.normal(0, 0.03)), n * 0.5), (n * 0.5, n * 0.88)], 255, int(2 * w * n)
        )
        for y in (0.11, 0.89):
            for x in (-1, 1):
                r = w * rng.uniform(1.1, 1.6)
                draw.ellipse([n * (0.5 + x * w - r), n * (y - r), n * (0.5 + x * w + r), n * (y + r)], 255)
    elif kind < 0.7:
        draw.arc([n * 0.08, n * -0.3, n * 0.92, n * 0.72], 15, 165, 255, int(n * 0.12))
        for k in range(9):
            x = 0.25 + 0.055 * k
            draw.rectangle([n * x, n * 0.5, n * (x + 0.045), n * 0.62], 255)
            pen.line([(n * x, n * 0.48), (n * x, n * 0.6)], 160, 1)
    else:
        draw.ellipse([n * 0.2, n * 0.06, n * 0.8, n * 0.66], 255)
        draw.polygon([(n * x, n * y) for x, y in ((0.26, 0.5), (0.74, 0.5), (0.64, 0.94), (0.36, 0.94))], 255)
        for x in (0.37, 0.63):
            pen.ellipse([n * (x - 0.085), n * 0.42, n * (x + 0.085), n * 0.57], 255)
        pen.polygon([(n * 0.5, n * 0.56), (n * 0.55, n * 0.69), (n * 0.45, n * 0.69)], 255)
        for k in range(9):
            pen.line([(n * (0.38 + 0.03 * k), n * 0.76), (n * (0.38 + 0.03 * k), n * 0.88)], 130, 1)
    mask = np.asarray(image.filter(ImageFilter.GaussianBlur(max(0.6, n / 150))), np.float32) / 255
    mask = ((mask - 0.5) * 3 + 0.5).clip(0, 1)
    holes = np.asarray(dark.filter(ImageFilter.GaussianBlur(max(0.6, n / 110))), np.float32) / 255
    height = np.sqrt(blur(mask, n / 12).clip(0)) * n * 0.22 - holes * n * 0.06 + 0.4 * fractal(rng, n, n, 1.5) * n / 300
    colour = _tone(rng, ((206, 188, 150), (176, 150, 110), (220, 210, 190)), n) * (1 - 0.75 * holes[..., None])
    return Find(height, mask, colour, rng.uniform(0.05, 0.35))


FINDS = {"pot": pot, "sherd": sherd, "stone_tool": stone_tool, "coin": coin, "metal": metal, "bone": bone}


def render(find: Find, azimuth: float, elevation: float, ambient: float) -> np.ndarray:
    """The find lit: float32 [n, n, 4], the last its mask."""
    light = lit(find.height, azimuth, elevation) * np.sin(elevation)
    shine = find.gloss * (light.clip(0, 1) ** 12)
    hollow = ((blur(find.height, 8) - find.height) / 12).clip(-0.3, 0.6)
    tone = (ambient + (1.15 - ambient) * light) * (1 - 0.6 * hollow)
    return np.concatenate([find.colour * tone[..., None] + 0.4 * shine[..., None], find.mask[..., None]], -1)
