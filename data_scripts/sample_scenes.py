"""Photographs and maps that were never taken: grey scenes and contour lines, computed from noise.

    landscape(numpy.random.default_rng(1), 520, 360).save("photo.png")

Every scene is a Pillow image in mode "L" with the grain, the fall-off towards the corners and the pale edge of a print.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def noise(rng: np.random.Generator, width: int, height: int, cell: int) -> np.ndarray:
    """Smooth noise in [0, 1], float32 [height, width], whose bumps are about `cell` pixels wide."""
    coarse = rng.random((height // cell + 3, width // cell + 3)).astype(np.float32)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)  # mode F: no steps in a map
    return np.asarray(image).clip(0, 1)


def landscape(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """A field below wooded hills, a barrow in the middle, a pale sky."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    scene = 226 - 40 * y + 16 * (noise(rng, width, height, 90) - 0.5)
    for level, (top, tone) in enumerate(((0.40, 150), (0.47, 112))):
        phase = rng.uniform(0, 6)
        ridge = top + 0.035 * np.sin(x * 5 + phase) + 0.02 * np.sin(x * 13 + 2 * phase)
        ridge += 0.02 * noise(rng, width, 8, 9)[:1] * (level + 1)
        scene = np.where(y > ridge, tone + 30 * (noise(rng, width, height, 7) - 0.5), scene)
    barrow = 0.62 - 0.15 * np.exp(-(((x - 0.8) / 0.28) ** 2))
    field = (
        150 + 70 * (y - 0.6) + 34 * (noise(rng, width, height, 5) - 0.5) + 26 * (noise(rng, width, height, 40) - 0.5)
    )
    scene = np.where(y > barrow, field - 30 * (np.abs(y - barrow) < 0.012), scene)
    image = Image.fromarray(scene.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(9):  # trees on the horizon, each a handful of dark blots on a stem
        at, foot, high = int(rng.uniform(0, width)), int(height * 0.6), int(rng.uniform(0.10, 0.2) * height)
        if 0.3 < at / width < 0.75:
            continue
        draw.line([(at, foot), (at, foot - high)], 60, 3)
        for _ in range(28):
            dx, dy = rng.normal(0, high * 0.24), rng.normal(0, high * 0.22)
            r = high * 0.11
            draw.ellipse(
                [at + dx - r, foot - high + dy - r, at + dx + r, foot - high + dy + r], int(rng.uniform(50, 92))
            )
    person = int(width * 0.66), int(height * 0.47)
    draw.ellipse([person[0] - 4, person[1] - 30, person[0] + 4, person[1] - 21], 70)
    draw.polygon(
        [
            (person[0] - 7, person[1] + 2),
            (person[0] + 7, person[1] + 2),
            (person[0] + 4, person[1] - 21),
            (person[0] - 4, person[1] - 21),
        ],
        48,
    )
    return printed_photo(rng, image)


def trench(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """A trench seen from its end: layered walls, a dark pit in the floor, a ranging rod."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = y / height, x / width
    scene = 172 + 50 * (noise(rng, width, height, 6) - 0.5) + 40 * (noise(rng, width, height, 60) - 0.5)
    depth = ((y - 0.22) / 0.78).clip(0, 1)
    left, right = 0.40 - 0.30 * depth, 0.62 + 0.28 * depth
    fall = 0.36 * (0.25 + depth)  # how far down the walls reach, nearer ones farther
    wobble = 0.03 * (noise(rng, width, height, 30) - 0.5)
    layers = 118 + 34 * np.sin((y - 0.22) * 42 / (0.35 + depth) + 5 * noise(rng, width, height, 80))
    wall = (y > 0.22) & (x > left + wobble) & (x < right + wobble)
    scene = np.where(wall, layers * 0.72 + 36 * (noise(rng, width, height, 5) - 0.5), scene)
    floor = (y > 0.44) & (x > left + 0.35 * fall + wobble) & (x < right - 0.3 * fall + wobble)
    scene = np.where(floor, 152 + 46 * (noise(rng, width, height, 5) - 0.5), scene)
    pit = ((x - 0.47) / 0.13) ** 2 + ((y - 0.72) / 0.1) ** 2 < 1 + 0.3 * (noise(rng, width, height, 25) - 0.5)
    scene = np.where(pit, 58 + 40 * (noise(rng, width, height, 6) - 0.5), scene)
    image = Image.fromarray(scene.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for part in range(6):  # the rod: six parts, white and dark in turn
        at = 0.40 + part * 0.09
        draw.line(
            [(width * 0.635, height * at), (width * 0.635, height * (at + 0.09))],
            (238, 52)[part % 2],
            max(5, width // 70),
        )
    for _ in range(40):  # stones on the spoil
        sx, sy, r = rng.uniform(0, width), rng.uniform(0.25, 1) * height, rng.uniform(2, 6)
        if not wall[min(int(sy), height - 1), int(sx)]:
            draw.ellipse([sx - r, sy - r * 0.7, sx + r, sy + r * 0.7], int(rng.uniform(190, 232)))
    return printed_photo(rng, image)


def vessel(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """A pot on a cloth, lit from the left, with a scale before it."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    scene = 92 - 30 * (y / height) + 16 * (noise(rng, width, height, 50) - 0.5)
    scene = np.where(y > height * 0.74, 176 + 24 * (noise(rng, width, height, 60) - 0.5), scene)
    top, bottom, middle = height * 0.16, height * 0.84, width * 0.5
    t = ((y - top) / (bottom - top)).clip(0, 1)
    radius = pot_radius(t) * height * 0.56
    across = (x - middle) / radius.clip(1)
    inside = (np.abs(across) < 1) & (y > top) & (y < bottom)
    light = np.sqrt((1 - across**2).clip(0)) * 0.65 + 0.35 * (0.6 - across).clip(0)
    body = 40 + 165 * light + 44 * (noise(rng, width, height, 8) - 0.5)
    for band in (0.30, 0.335, 0.37):
        body = np.where(np.abs(t - band - 0.012 * np.sqrt((1 - across**2).clip(0))) < 0.007, body - 55, body)
    shadow = ((x - middle - width * 0.16) / (width * 0.3)) ** 2 + ((y - bottom) / (height * 0.05)) ** 2 < 1
    scene = np.where(shadow & ~inside, scene - 70, scene)
    scene = np.where(inside, body, scene)
    mouth = ((x - middle) / (pot_radius(np.zeros(1))[0] * height * 0.56)) ** 2 + ((y - top) / (height * 0.035)) ** 2
    scene = np.where(mouth < 1, 46, scene)
    scene = np.where((mouth >= 1) & (mouth < 1.25), 190, scene)
    image = Image.fromarray(scene.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for part in range(5):
        left = width * 0.28 + part * width * 0.09
        draw.rectangle([left, height * 0.91, left + width * 0.09, height * 0.945], (238, 30)[part % 2], 30)
    return printed_photo(rng, image)


def pot_radius(t: np.ndarray) -> np.ndarray:
    """Radius (share of the height) of a storage jar at depth t below its rim, 0 to 1: lip, neck, belly, foot."""
    depths = np.array((0.0, 0.03, 0.10, 0.18, 0.28, 0.40, 0.52, 0.66, 0.80, 0.92, 1.0))
    radii = np.array((0.40, 0.41, 0.345, 0.35, 0.46, 0.545, 0.56, 0.50, 0.39, 0.29, 0.26))
    slopes = np.gradient(radii, depths)  # a cubic Hermite curve: a jar has no kinks
    t = np.clip(t, 0, 1)
    at = np.clip(np.searchsorted(depths, t, side="right") - 1, 0, len(depths) - 2)
    span = depths[at + 1] - depths[at]
    s = (t - depths[at]) / span
    ends = radii[at] * (1 + 2 * s) * (1 - s) ** 2 + radii[at + 1] * s**2 * (3 - 2 * s)
    return (ends + span * s * (1 - s) * (slopes[at] * (1 - s) - slopes[at + 1] * s)).astype(np.float32)


def printed_photo(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """The scene as a paper print: slightly soft, grained, darker in the corners, in 20 tones, with a pale edge."""
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(0.8)), np.float32)
    height, width = soft.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    tones = soft * (1.04 - 0.16 * (x**2 + y**2) / 2) + rng.normal(0, 5, soft.shape)
    tones = np.round(tones.clip(22, 236) / 12) * 12
    tones[:5], tones[-5:], tones[:, :5], tones[:, -5:] = 240, 240, 240, 240
    return Image.fromarray(tones.astype(np.uint8))


def contours(rng: np.random.Generator, width: int, height: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Contour lines of a hill country: bool [height, width] of thin lines, and of the heavier ones (every fourth)."""
    ground = noise(rng, width, height, 260) + 0.35 * noise(rng, width, height, 120)
    ground = (ground - ground.min()) / np.ptp(ground)
    band = np.floor(ground * levels)
    edge = np.zeros((height, width), bool)
    edge[:-1] |= band[:-1] != band[1:]
    edge[:, :-1] |= band[:, :-1] != band[:, 1:]
    heavy = np.zeros_like(edge)
    fourth = np.floor(ground * levels / 4)
    heavy[:-1] |= fourth[:-1] != fourth[1:]
    heavy[:, :-1] |= fourth[:, :-1] != fourth[:, 1:]
    heavy[1:] |= heavy[:-1]
    heavy[:, 1:] |= heavy[:, :-1]
    return edge, heavy
