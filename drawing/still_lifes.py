"""How finds are laid out for the camera: one, a row, a plate of them; background, shadows, scale.

scene = artefact(numpy.random.default_rng(1), 450, 325, "pot")   # float32 [325, 450, 3] in 0..1
"""

from __future__ import annotations

import numpy as np

from drawing.artefacts import FINDS, render
from drawing.noise import blur, bumps, fractal, stretch


def _cloth(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """What the finds lie on: white, black, grey or coloured paper, cloth, board, sand; evenly or unevenly lit."""
    kind = rng.random()
    if kind < 0.2:
        return np.ones((height, width, 3), np.float32)
    tones = (
        (238, 236, 230),
        (205, 204, 200),
        (150, 150, 150),
        (90, 92, 96),
        (30, 30, 32),
        (12, 12, 14),
        (70, 90, 130),
        (130, 40, 44),
        (190, 176, 140),
    )
    tone = np.array(tones[int(rng.integers(len(tones)))], np.float32) / 255 * rng.uniform(0.85, 1.05)
    light = 1 + rng.uniform(0, 0.3) * bumps(rng, height, width, max(width, height) * 0.8)
    fall = np.linspace(rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3), height, dtype=np.float32)[:, None]
    surface = light + fall
    if kind > 0.6:  # cloth with folds, or grain of wood, or sand
        way = rng.random()
        if way < 0.4:
            surface = (
                surface
                * (1 + 0.12 * fractal(rng, height, width, 2.2, 0.6))
                * (1 + 0.05 * fractal(rng, height, width, 0.4))
            )
        elif way < 0.7:
            surface = surface * (
                1 + rng.uniform(0.02, 0.09) * stretch(fractal(rng, height, max(3, width // 24), 0.8), height, width)
            )
        else:
            surface = surface * (1 + rng.uniform(0.06, 0.2) * fractal(rng, height, width, 0.8))
    return tone * surface[..., None]


def _scale(rng: np.random.Generator, picture: np.ndarray, dark: bool) -> None:
    """A scale bar of black and white parts, or a centimetre rule, near an edge."""
    height, width = picture.shape[:2]
    parts = int(rng.choice((1, 2, 3, 5, 10)))
    each, high = int(width * rng.uniform(0.1, 0.5) / parts), max(2, int(height * rng.uniform(0.012, 0.05)))
    if each < 2:
        return
    left = int(rng.uniform(0.03, max(0.04, 0.95 - each * parts / width)) * width)
    top = int(rng.choice((rng.uniform(0.88, 0.94), rng.uniform(0.03, 0.08)), p=(0.8, 0.2)) * height)
    if rng.random() < 0.15:
        left = min(left, width // 12)
        block = picture[height // 10 : height // 10 + each * parts, left : left + high]
        for k in range(parts):
            block[k * each : (k + 1) * each] = (0.06, 0.93)[k % 2]
        return
    picture[max(0, top - 1) : top + high + 1, max(0, left - 1) : left + each * parts + 1] = 0.9 if dark else 0.08
    for k in range(parts):
        picture[top : top + high, left + k * each : left + (k + 1) * each] = (0.06, 0.93)[k % 2]


def artefact(
    rng: np.random.Generator, width: int, height: int, kind: str | None = None, backdrop: np.ndarray | None = None
) -> np.ndarray:
    """One find or several of a kind, lying (from above) or standing (pots), float32 [height, width, 3].

    `backdrop` is what it lies on, an array of the same shape; by default paper, cloth, board or sand.
    """
    kind = kind or list(FINDS)[int(rng.choice(6, p=(0.34, 0.18, 0.18, 0.08, 0.14, 0.08)))]
    picture = _cloth(rng, width, height) if backdrop is None else backdrop.copy()
    dark = picture.mean() < 0.4
    count = 1 if rng.random() < (0.7 if kind == "pot" else 0.35) else int(rng.integers(2, 3 if kind == "pot" else 13))
    columns = max(1, min(count, round(np.sqrt(count * width / height))))
    rows = int(np.ceil(count / columns))
    azimuth = rng.choice((2.4, 0.8, 2.0, 1.2)) + rng.normal(0, 0.3)
    elevation = rng.uniform(0.35, 0.85) if kind == "pot" else rng.uniform(0.5, 1.15)
    ambient, hard = rng.uniform(0.1, 0.6), rng.uniform(0, 1)
    cast = picture.min() < 0.999 and rng.random() < 0.8
    room = (width / columns, height / rows * (0.92 if rows == 1 else 0.97))
    for k in range(count):
        n = int(min(room) * (rng.uniform(0.62, 1.0) if count == 1 else rng.uniform(0.6, 0.92)))
        if kind != "pot" and count == 1:
            n = int(min(n * rng.uniform(1, 1.15), min(width, height)))
        if n < 8:
            continue
        find = FINDS[kind](rng, n)
        turn = int(rng.integers(4)) if kind not in ("pot", "coin") else 0
        find.height, find.mask, find.colour = (np.rot90(a, turn).copy() for a in (find.height, find.mask, find.colour))
        cut = render(find, azimuth, elevation, ambient)
        x = (k % columns + 0.5) * room[0] + rng.normal(0, 0.02) * room[0]
        y = (k // columns + 0.5) * room[1] + rng.normal(0, 0.02) * room[1]
        left, top = int(np.clip(x - n / 2, 0, width - n)), int(np.clip(y - n / 2, 0, height - n))
        if cast:
            shade = blur(np.pad(find.mask, n // 6), n * (0.03 + 0.08 * (1 - hard)))
            dx, dy = -np.cos(azimuth) * n * 0.07, np.sin(azimuth) * n * 0.06
            if kind == "pot":  # it stands: its shadow lies at the foot
                squash = max(3, shade.shape[0] // 5)
                shade = stretch(shade, squash, shade.shape[1])
                foot = find.mask.sum(1).nonzero()[0]
                dy = (foot[-1] if len(foot) else n) + n // 6 - squash * 0.62
            a, b = int(top - n // 6 + dy), int(left - n // 6 + dx)
            c, d = min(height, a + shade.shape[0]), min(width, b + shade.shape[1])
            e, f = max(0, a), max(0, b)
            if e < c and f < d:
                picture[e:c, f:d] *= (1 - rng.uniform(0.35, 0.8) * shade[e - a : c - a, f - b : d - b].clip(0, 1))[
                    ..., None
                ]
        part = picture[top : top + n, left : left + n]
        part += (cut[..., :3] - part) * cut[..., 3:]
    if rng.random() < 0.45:
        _scale(rng, picture, dark)
    return picture


def cutout(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Finds cut out along their outline: nothing but white (exactly 1) round them, no shadow."""
    return artefact(rng, width, height, backdrop=np.ones((height, width, 3), np.float32))
