"""What stands behind and on the ground: sky, woods, houses on the horizon; people, rods and trees to paste in.

picture = background(rng, 450, 325, horizon=90.0)         # float32 [325, 450, 3]
picture = paste(picture, person(rng, 120.0), 200, 300)    # feet at column 200, row 300
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from drawing.noise import blur, bumps, fractal, lit, stretch, toned

CLOTHES = (
    (60, 66, 90),
    (196, 190, 178),
    (120, 60, 50),
    (70, 84, 60),
    (40, 40, 44),
    (150, 130, 100),
    (200, 120, 40),
    (230, 230, 228),
)


def sky(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Clear, hazy or clouded, paler below; float32 [height, width, 3]."""
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    high = np.array(
        ((0.35, 0.52, 0.80), (0.62, 0.70, 0.80), (0.80, 0.81, 0.82), (0.5, 0.53, 0.57))[int(rng.integers(4))],
        np.float32,
    )
    low = np.array((0.86, 0.87, 0.88), np.float32)
    picture = high + (low - high) * down ** rng.uniform(0.5, 1.2)
    if rng.random() < 0.6:
        cloud = stretch(fractal(rng, height // 2 + 4, width // 3 + 4, 2.0, 0.8), height, width)
        cover = ((cloud + rng.uniform(-0.8, 0.8)) * 0.7).clip(0, 1)[..., None]
        picture = picture + (np.float32(0.94) - 0.1 * (cloud - 0.6).clip(0, 1.5)[..., None] - picture) * cover
    return np.broadcast_to(picture, (height, width, 3)).astype(np.float32)


def foliage(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Leaves in the sun, [height, width, 3]: dark hollows, light tufts."""
    lump = fractal(rng, height, width, 1.4) + 0.8 * fractal(rng, height, width, 2.0, 0.7)
    green = (
        np.array(
            ((62, 84, 40), (84, 98, 52), (48, 66, 44), (110, 96, 56), (96, 74, 44))[int(rng.integers(5))], np.float32
        )
        / 255
    )
    return green * (1.0 + 0.45 * lump).clip(0.15, 2.4)[..., None]


def background(rng: np.random.Generator, width: int, height: int, horizon: float) -> np.ndarray:
    """Everything beyond the dig, [height, width, 3]: sky, hills, a wood's edge, houses; the horizon is a row."""
    picture = sky(rng, width, height).copy()
    horizon = float(np.clip(horizon, -height, height))
    rows = np.arange(height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    kind = rng.random()
    if kind < 0.75:  # hills, then trees
        for k in range(int(rng.integers(1, 4))):
            ridge = horizon - height * rng.uniform(0.01, 0.12) * (1.2 - 0.3 * k) * (
                1 + 0.6 * bumps(rng, 1, width, width / 3)
            )
            if k:
                ridge = ridge - height * 0.03 * np.abs(fractal(rng, 1, width, 1.2))
            haze = rng.uniform(0.1, 0.7) / (k + 1)
            leaves = foliage(rng, height, width)
            leaves = leaves + (np.float32(0.75) - leaves) * haze
            picture += (leaves - picture) * ((rows - ridge) / 1.5).clip(0, 1)[..., None]
    if kind > 0.55:  # houses
        for _ in range(int(rng.integers(1, 5))):
            tall = height * rng.uniform(0.06, 0.3)
            picture = paste(picture, house(rng, tall), rng.uniform(0, 1) * width, horizon + tall * 0.12)
    field = np.array(((104, 118, 66), (150, 132, 92), (128, 122, 80))[int(rng.integers(3))], np.float32) / 255
    field = field * (1 + 0.14 * stretch(fractal(rng, height, width // 3 + 2, 1.0), height, width))[..., None]
    picture += (field - picture) * ((rows - horizon - 0.004 * height * np.sin(9 * x)) / 2).clip(0, 1)[..., None]
    return picture


def paste(picture: np.ndarray, cut: np.ndarray, column: float, bottom: float) -> np.ndarray:
    """Put a cut-out float32 [h, w, 4] onto the picture, its lower edge's middle at (column, bottom)."""
    high, wide = cut.shape[:2]
    left, top = round(column - wide / 2), round(bottom - high)
    a, b = max(0, left), max(0, top)
    c, d = min(picture.shape[1], left + wide), min(picture.shape[0], top + high)
    if a >= c or b >= d:
        return picture
    part = cut[b - top : d - top, a - left : c - left]
    picture[b:d, a:c] += (part[..., :3] - picture[b:d, a:c]) * part[..., 3:]
    return picture


def _cut(image: Image.Image, rng: np.random.Generator, rough: float = 0.12) -> np.ndarray:
    """An RGBA drawing as a cut-out with the unevenness of real surfaces."""
    pixels = np.asarray(image, np.float32) / 255
    uneven = 1 + rough * fractal(rng, *pixels.shape[:2], 1.6)[..., None]
    return np.concatenate([(pixels[..., :3] * uneven).clip(0, 1.2), pixels[..., 3:]], -1)


def rod(rng: np.random.Generator, tall: float) -> np.ndarray:
    """A ranging rod or a survey staff, `tall` pixels high."""
    parts = int(rng.choice((4, 5, 8, 10, 20)))
    wide = max(1.5, tall * rng.uniform(0.012, 0.03))
    lean = rng.normal(0, 0.03) * tall
    image = Image.new("RGBA", (int(abs(lean) + wide * 4) + 2, max(2, int(tall))), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    dark = ((24, 24, 26), (176, 44, 38))[int(rng.integers(2))]
    middle = image.width / 2
    for k in range(parts):
        ends = [(middle + lean * (0.5 - q / parts), image.height * q / parts) for q in (k, k + 1)]
        draw.line(ends, (*((232, 230, 224) if k % 2 else dark), 255), max(1, round(wide)))
    return _cut(image.filter(ImageFilter.GaussianBlur(0.5)), rng, 0.05)


def person(rng: np.random.Generator, tall: float) -> np.ndarray:
    """Somebody standing, bending or sitting, `tall` pixels high, lit from one side."""
    size = max(8, int(tall))
    scale = 2 if size < 200 else 1
    h = size * scale
    image = Image.new("RGBA", (h, h), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    coat, legs = (CLOTHES[int(i)] for i in rng.integers(0, len(CLOTHES), 2))
    skin = toned(rng, (206, 160, 130), 0.8, 1.05)
    bend = rng.choice((0.0, 0.0, rng.uniform(0.4, 1.2))) * rng.choice((-1, 1))
    hip = (0.5, 0.52)
    neck = (0.5 + 0.33 * np.sin(bend), 0.52 - 0.33 * np.cos(bend))
    head = (0.5 + 0.42 * np.sin(bend), 0.52 - 0.43 * np.cos(bend))

    def limb(points: list[tuple[float, float]], colour: tuple[int, ...], wide: float) -> None:
        px = max(1, round(wide * h))
        at = [(x * h, y * h) for x, y in points]
        draw.line(at, (*colour, 255), px, joint="curve")
        for x, y in at:
            draw.ellipse([x - px / 2, y - px / 2, x + px / 2, y + px / 2], (*colour, 255))

    stride = rng.uniform(0.02, 0.1)
    if rng.random() < 0.2:
        draw.polygon(
            [(0.42 * h, 0.5 * h), (0.58 * h, 0.5 * h), (0.64 * h, 0.82 * h), (0.36 * h, 0.82 * h)], (*legs, 255)
        )
    for side in (-1, 1):
        limb([hip, (0.5 + side * stride, 0.76), (0.5 + side * stride * 1.2, 0.97)], legs, 0.075)
        limb([(0.5 + side * stride * 1.2, 0.97), (0.5 + side * stride * 1.2 + 0.05, 0.98)], (30, 28, 26), 0.035)
    limb([hip, neck], coat, 0.15)
    shoulder = (neck[0], neck[1] + 0.03)
    for side in (-1, 1):
        swing = rng.normal(0, 0.35)
        elbow = (shoulder[0] + side * 0.1 + 0.05 * swing, shoulder[1] + 0.15)
        hand = (elbow[0] + 0.12 * np.sin(swing * 2), elbow[1] + 0.14)
        limb([(shoulder[0] + side * 0.06, shoulder[1]), elbow, hand], coat, 0.05)
        limb([hand, hand], skin, 0.04)
    r = 0.058 * h
    x, y = head[0] * h, head[1] * h
    draw.ellipse([x - r * 0.85, y - r * 1.15, x + r * 0.85, y + r * 1.15], (*skin, 255))
    hair = (60, 44, 34) if rng.random() < 0.6 else (190, 180, 160)
    draw.chord([x - r * 0.95, y - r * 1.3, x + r * 0.95, y + r * 0.7], 180, 360, (*hair, 255))
    if rng.random() < 0.3:  # a hat
        draw.ellipse([x - r * 1.7, y - r * 0.85, x + r * 1.7, y - r * 0.35], (*coat, 255))
    image = image.resize((size, size), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.6))
    cut = _cut(image, rng, 0.1)
    form = np.sqrt(blur(cut[..., 3], size / 22).clip(0)) * size * 0.14 + size / 260 * fractal(
        rng, size, size, 1.8
    )  # folds
    light = lit(form, rng.choice((0.5, 2.6)) + rng.normal(0, 0.3), rng.uniform(0.5, 1.1))
    cut[..., :3] = (cut[..., :3] * (0.3 + 0.6 * light)[..., None]).clip(0, 1)
    return cut


def house(rng: np.random.Generator, tall: float) -> np.ndarray:
    """A house, a barn or a block, `tall` pixels high, its front and maybe its gable."""
    h = max(10, int(tall))
    w = int(h * rng.uniform(0.8, 2.4))
    image = Image.new("RGBA", (w, h), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    wall = toned(
        rng, ((226, 218, 200), (210, 196, 170), (188, 186, 182), (170, 120, 94))[int(rng.integers(4))], 0.75, 1.1
    )
    roof = toned(rng, ((158, 80, 58), (110, 70, 60), (92, 92, 96))[int(rng.integers(3))], 0.7, 1.1)
    eaves = int(h * rng.uniform(0.35, 0.6)) if rng.random() < 0.85 else 2
    gable = int(w * rng.uniform(0, 0.45))
    draw.rectangle([gable, eaves, w, h], (*wall, 255))
    darker = tuple(int(v * 0.72) for v in wall)
    draw.polygon([(0, h), (0, eaves), (gable // 2, 2), (gable, eaves), (gable, h)], (*darker, 255))
    draw.polygon([(gable // 2, 2), (w - gable // 3, 2), (w, eaves), (gable, eaves)], (*roof, 255))
    floors = max(1, int(rng.integers(1, 3)))
    each = (h - eaves) / floors
    for k in range(floors):
        count = int(rng.integers(2, 7))
        for j in range(count):
            x = gable + (w - gable) * (j + 0.5) / count
            y = eaves + each * (k + 0.5)
            a, b = (w - gable) / count * 0.22, each * 0.26
            draw.rectangle([x - a - 1, y - b - 1, x + a + 1, y + b + 1], (236, 234, 228, 255))
            draw.rectangle([x - a, y - b, x + a, y + b], (50, 54, 60, 255))
    if rng.random() < 0.6:
        x = rng.uniform(gable, w * 0.9)
        draw.rectangle([x, 0, x + h * 0.07, eaves * 0.6], (*roof, 255))
    cut = _cut(image.filter(ImageFilter.GaussianBlur(max(0.5, h / 160))), rng, 0.14)
    rows = np.arange(h, dtype=np.float32)[:, None]
    courses = 1 + 0.12 * np.sin(rows * rng.uniform(1.2, 2.6)) * (rows < eaves)  # of the tiles
    weather = (
        (1.1 - 0.35 * rows / h)
        * (1 + 0.2 * bumps(rng, h, w, h / 2))
        * (1 - 0.4 * np.exp(-(((rows - eaves) / (0.04 * h)) ** 2)))
    )
    cut[..., :3] *= (courses * weather)[..., None]
    return cut
