"""What a microscope or a macro lens shows: thin sections, tissue, pollen, metal; and surfaces that fill the picture.

scene = microscope(numpy.random.default_rng(1), 450, 325) # float32 [325, 450, 3] in 0..1
"""

from __future__ import annotations

import numpy as np

from drawing.noise import bumps, cells, fractal, lit


def microscope(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A thin section in crossed light, slag or steel, tissue, grains on a slide; at times in the lens's round field."""
    kind = rng.random()
    size = height / rng.uniform(4, 22)
    number, edge, inside = cells(
        rng, height, width, size, size * rng.uniform(0.7, 2.2), rng.uniform(0.7, 1.2), rng.uniform(0.05, 0.3)
    )
    count = int(number.max()) + 1
    if kind < 0.45:  # minerals: every grain its own colour, twins, cracks
        base = rng.uniform(0.1, 0.9, (count, 1)) * np.array((1, 0.96, 0.9)) + rng.normal(
            0, rng.choice((0.02, 0.1, 0.2)), (count, 3)
        )
        picture = base.astype(np.float32)[number] * (1 + 0.12 * fractal(rng, height, width, 1.2))[..., None]
        picture *= (edge / rng.uniform(0.02, 0.1)).clip(rng.uniform(0.5, 0.95), 1)[..., None]
        matrix = (fractal(rng, height, width, 1.6) > rng.uniform(-0.5, 1.5))[..., None]
        picture = np.where(
            matrix,
            np.array((0.3, 0.24, 0.2), np.float32) * (1 + 0.4 * fractal(rng, height, width, 0.8))[..., None],
            picture,
        )
    elif kind < 0.7:  # metal: grains by their edges, slag inclusions
        tone = rng.uniform(0.5, 0.9, count).astype(np.float32)[number] * (1 + 0.05 * fractal(rng, height, width, 0.6))
        tone = tone * (edge / 0.05).clip(rng.uniform(0.4, 0.9), 1)
        slag = ((fractal(rng, height, width, 1.6) - rng.uniform(1.2, 2.2)) * 5).clip(0, 1)
        picture = np.repeat((tone * (1 - 0.85 * slag))[..., None], 3, -1) * np.array((1, 0.97, 0.9), np.float32)
    else:  # tissue, pollen, fibres in clear light
        body = ((rng.uniform(0.25, 0.45) - inside + 0.06 * fractal(rng, height, width, 1.8)) * 10).clip(0, 1)
        body *= (rng.random(count) < rng.uniform(0.2, 1)).astype(np.float32)[number]
        stain = np.array(((0.62, 0.42, 0.24), (0.7, 0.4, 0.6), (0.45, 0.5, 0.4))[int(rng.integers(3))], np.float32)
        light = lit(-inside * size * 0.7 + fractal(rng, height, width, 1.4), 2.0, 0.8)
        back = np.float32(0.85) * (1 + 0.05 * bumps(rng, height, width, width / 3))[..., None]
        picture = back + (stain * (0.4 + 0.7 * light)[..., None] - back) * (body * 0.9)[..., None]
    if rng.random() < 0.25:
        y, x = (
            np.arange(height, dtype=np.float32)[:, None] - height / 2,
            np.arange(width, dtype=np.float32)[None] - width / 2,
        )
        picture = (
            picture * ((min(width, height) * rng.uniform(0.46, 0.6) - np.hypot(x, y)) / 3).clip(0.02, 1)[..., None]
        )
    if rng.random() < 0.3:  # the scale
        a, b = int(width * 0.75), int(height * 0.93)
        picture[b : b + max(2, height // 120), a : a + width // 6] = rng.choice((0.03, 0.97))
    return picture


def surface(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A surface that fills the picture: gravel, cobbles, cracked mud, rock, wood, slate; near, in raking light."""
    kind = rng.random()
    size = height / rng.uniform(3, 20)
    relief = rng.uniform(0.4, 1.2) * fractal(rng, height, width, rng.uniform(0.9, 1.8))
    tone = 1 + rng.uniform(0.05, 0.2) * fractal(rng, height, width, rng.uniform(0.8, 2.0))
    hue = np.array(
        ((0.56, 0.5, 0.42), (0.5, 0.49, 0.47), (0.62, 0.47, 0.36), (0.4, 0.36, 0.3), (0.68, 0.63, 0.53))[
            int(rng.integers(5))
        ],
        np.float32,
    )
    if kind < 0.45:  # stones lying close, of two sizes
        for scale in (1.0, rng.uniform(0.25, 0.6)):
            number, edge, _ = cells(rng, height, width, size * scale, size * scale * rng.uniform(0.9, 1.6), 1.1, 0.12)
            lump = np.sqrt((edge / 0.5).clip(0, 1))
            taken = rng.random(int(number.max()) + 1)[number] < (1.0 if scale == 1.0 else 0.5)
            relief = np.where(taken, relief + lump * size * scale * 0.35, relief)
            tone = tone * np.where(taken, rng.uniform(0.65, 1.2, int(number.max()) + 1)[number], 1)
            tone = tone * np.where(taken, 0.5 + 0.5 * (edge / rng.uniform(0.14, 0.4)).clip(0, 1), 1)
    elif kind < 0.6:  # cracked
        _, edge, _ = cells(rng, height, width, size * 1.4, size * 1.4, 1.0, 0.2)
        crack = (edge / rng.uniform(0.02, 0.12)).clip(0, 1)
        relief, tone = relief + crack * 4, tone * (0.3 + 0.7 * crack)
    elif kind < 0.75:  # wood or slate: long fibres
        fibre = fractal(rng, height, max(4, width // 20), 1.0)
        wide = np.repeat(fibre, -(-width // fibre.shape[1]), 1)[:, :width]
        relief, tone = relief + 1.2 * wide, tone * (1 + 0.12 * wide)
    else:  # rock: folded, faulted
        fold = np.sin(
            6 * bumps(rng, height, width, height / 2)
            + np.arange(height, dtype=np.float32)[:, None] / size * rng.uniform(1, 4)
        )
        relief, tone = relief * 2 + fold * size * 0.12, tone * (1 + 0.15 * fold)
    light = lit(relief, rng.uniform(0.3, 2.9), rng.uniform(0.45, 1.1))
    shade = 1 + rng.uniform(0, 0.35) * bumps(rng, height, width, width / 2)
    return (hue * (tone * (0.3 + 0.7 * light) * shade)[..., None]).astype(np.float32)
