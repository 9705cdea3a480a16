"""Pictures as slide programs paint them: charts with depth, rings, nets, painted sections, clip art, cubes, flat maps.

bars(Easel(sheet, design, ground))            # each function draws one kind; slide_schemes.py picks among them
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from PIL import Image, ImageDraw

from drawing.easel import Easel
from drawing.noise import bumps


def bars(easel: Easel) -> None:
    """Columns with depth, a floor and a wall behind."""
    count, series = easel.sheet.integer(3, 8), easel.sheet.integer(1, 3)
    left, foot, deep = easel.w * 0.1, easel.h * 0.86, easel.unit * 0.04
    for line in range(6):
        y = foot - easel.h * 0.13 * line - deep
        easel.pen.line((left + deep, y, easel.w * 0.97, y), fill=(170, 170, 176), width=max(1, easel.line // 2))
    step = easel.w * 0.84 / count
    for number in range(count):
        for part in range(series):
            wide = step * 0.75 / series
            x, tall = left + step * number + wide * part, easel.h * easel.sheet.uniform(0.08, 0.7)
            tone = easel.fill(part)
            dark = tuple(int(v * 0.65) for v in tone)
            light = tuple(min(255, int(v * 1.2) + 20) for v in tone)
            easel.pen.polygon(
                [
                    (x + wide, foot),
                    (x + wide + deep, foot - deep),
                    (x + wide + deep, foot - tall - deep),
                    (x + wide, foot - tall),
                ],
                fill=dark,
            )
            easel.pen.polygon(
                [
                    (x, foot - tall),
                    (x + deep, foot - tall - deep),
                    (x + wide + deep, foot - tall - deep),
                    (x + wide, foot - tall),
                ],
                fill=light,
            )
            easel.pen.rectangle((x, foot - tall, x + wide, foot), fill=tone)
        easel.text(left + step * (number + 0.4), foot + easel.h * 0.05, 1, step * 0.2, None, step)


def ring(easel: Easel) -> None:
    """A ring or a pie in perspective, with a legend."""
    x, y, r = easel.w * 0.36, easel.h * 0.5, easel.unit * 0.38
    flat = easel.sheet.pick((1.0, 1.0, 0.6))
    cuts = np.concatenate([[0], np.sort(easel.rng.uniform(0, 360, easel.sheet.integer(2, 6))), [360]])
    for low in range(int(r * 0.2) if flat < 1 else 0, -1, -4):
        for number, (a, b) in enumerate(itertools.pairwise(cuts)):
            tone = easel.fill(number) if low <= 3 else tuple(int(v * 0.65) for v in easel.fill(number))
            easel.pen.pieslice(
                (x - r, y - r * flat + low, x + r, y + r * flat + low),
                a,
                b,
                fill=tone,
                outline=(255, 255, 255) if low <= 3 else None,
            )
    if flat == 1 and easel.sheet.chance(0.6):
        easel.pen.ellipse((x - r * 0.55, y - r * 0.55, x + r * 0.55, y + r * 0.55), fill=easel.design.paper)
    for number in range(len(cuts) - 1):
        at = easel.h * (0.2 + 0.1 * number)
        easel.pen.rectangle((easel.w * 0.72, at - 12, easel.w * 0.72 + 24, at + 12), fill=easel.fill(number))
        easel.text(easel.w * 0.86, at, 2, easel.unit * 0.045, None, easel.w * 0.2)


def radar(easel: Easel) -> None:
    """A net of five to nine axes with one or two filled outlines."""
    axes, middle, r = easel.sheet.integer(5, 9), np.array((easel.w / 2, easel.h / 2)), easel.unit * 0.4
    turn = np.arange(axes) * 2 * np.pi / axes
    way = np.stack([np.sin(turn), -np.cos(turn)], 1)
    for share in (0.25, 0.5, 0.75, 1.0):
        easel.pen.polygon([tuple(v) for v in (middle + way * r * share).tolist()], outline=(150, 150, 156))
    layer = Image.new("RGBA", easel.image.size)
    for number in range(easel.sheet.integer(1, 3)):
        points = [tuple(v) for v in (middle + way * r * easel.rng.uniform(0.3, 1, (axes, 1))).tolist()]
        ImageDraw.Draw(layer).polygon(points, fill=(*easel.fill(number), 110), outline=(*easel.fill(number), 255))
    easel.image.paste(layer, (0, 0), layer)
    for x, y in (middle + way * r * 1.13).tolist():
        easel.text(x, y, 1, easel.unit * 0.04)


def painted_section(easel: Easel) -> None:
    """A section through the ground as computers paint it: layers in colours, water, a borehole, names with lines."""
    x = np.arange(0, easel.w + 8, 8)
    depth = np.full(len(x), easel.h * 0.18)
    easel.pen.rectangle(
        (0, 0, easel.w, easel.h), fill=easel.sheet.pick(((200, 224, 246), (255, 255, 255), (232, 240, 250)))
    )
    soils = (
        (120, 160, 70),
        (196, 160, 100),
        (226, 206, 150),
        (150, 120, 90),
        (170, 170, 174),
        (110, 96, 90),
        (200, 120, 80),
    )
    for number in range(easel.sheet.integer(3, 6)):
        low = [(float(a), float(b)) for a, b in zip(x, depth, strict=True)]
        easel.pen.polygon(
            [*low, (easel.w, easel.h), (0, easel.h)],
            fill=soils[(number + easel.sheet.integer(0, 1)) % 7],
            outline=(40, 40, 40),
        )
        depth = (
            depth
            + easel.h * easel.sheet.uniform(0.08, 0.22)
            + easel.h * 0.05 * bumps(easel.rng, 1, len(x), len(x) / 3)[0]
        )
    for _ in range(easel.sheet.integer(0, 3)):
        at = easel.w * easel.sheet.uniform(0.1, 0.9)
        easel.pen.rectangle(
            (at - 6, easel.h * 0.05, at + 6, easel.h * easel.sheet.uniform(0.5, 0.95)),
            fill=(230, 230, 234),
            outline=(30, 30, 30),
        )
    for _ in range(easel.sheet.integer(2, 6)):
        at, y = easel.w * easel.sheet.uniform(0.15, 0.85), easel.h * easel.sheet.uniform(0.25, 0.95)
        easel.text(at, y, 2, easel.unit * 0.045, (230, 230, 230))


def clip_art(easel: Easel) -> None:
    """Simple coloured figures: people, houses, trees, a sun, factories, arrows between them, words below."""
    count = easel.sheet.integer(2, 5)
    step = easel.w / count
    for number in range(count):
        x, y, s = step * (number + 0.5), easel.h * 0.45, min(step, easel.h) * 0.34
        tone, kind = easel.fill(number), easel.sheet.pick(("person", "house", "tree", "gear", "screen", "drop", "sun"))
        dark = tuple(int(v * 0.6) for v in tone)
        if kind == "person":
            easel.pen.ellipse((x - s * 0.28, y - s, x + s * 0.28, y - s * 0.44), fill=(228, 186, 150))
            easel.pen.pieslice((x - s * 0.6, y - s * 0.4, x + s * 0.6, y + s * 1.4), 180, 360, fill=tone)
        elif kind == "house":
            easel.pen.rectangle((x - s * 0.6, y - s * 0.2, x + s * 0.6, y + s * 0.7), fill=tone)
            easel.pen.polygon([(x - s * 0.8, y - s * 0.2), (x, y - s), (x + s * 0.8, y - s * 0.2)], fill=dark)
            easel.pen.rectangle((x - s * 0.15, y + s * 0.2, x + s * 0.15, y + s * 0.7), fill=(90, 60, 40))
        elif kind == "tree":
            easel.pen.rectangle((x - s * 0.1, y, x + s * 0.1, y + s * 0.8), fill=(110, 80, 50))
            for dx, dy in ((0, -0.5), (-0.35, -0.15), (0.35, -0.15)):
                easel.pen.ellipse(
                    (x + s * (dx - 0.4), y + s * (dy - 0.4), x + s * (dx + 0.4), y + s * (dy + 0.4)), fill=(70, 140, 70)
                )
        elif kind == "gear":
            for turn in np.arange(8) * math.pi / 4:
                cx, cy = x + s * 0.62 * math.cos(turn), y + s * 0.62 * math.sin(turn)
                easel.pen.rectangle((cx - s * 0.14, cy - s * 0.14, cx + s * 0.14, cy + s * 0.14), fill=tone)
            easel.pen.ellipse((x - s * 0.6, y - s * 0.6, x + s * 0.6, y + s * 0.6), fill=tone)
            easel.pen.ellipse((x - s * 0.25, y - s * 0.25, x + s * 0.25, y + s * 0.25), fill=easel.design.paper)
        elif kind == "screen":
            easel.pen.rounded_rectangle((x - s * 0.8, y - s * 0.6, x + s * 0.8, y + s * 0.5), s * 0.1, fill=dark)
            easel.pen.rectangle((x - s * 0.7, y - s * 0.5, x + s * 0.7, y + s * 0.4), fill=(210, 228, 244))
            easel.pen.rectangle((x - s * 0.3, y + s * 0.5, x + s * 0.3, y + s * 0.65), fill=dark)
        elif kind == "drop":
            easel.pen.polygon([(x, y - s), (x + s * 0.5, y), (x - s * 0.5, y)], fill=tone)
            easel.pen.pieslice((x - s * 0.53, y - s * 0.5, x + s * 0.53, y + s * 0.55), 0, 180, fill=tone)
        else:
            for turn in np.arange(10) * math.pi / 5:
                easel.pen.line(
                    (x, y, x + s * math.cos(turn), y + s * math.sin(turn)), fill=(246, 190, 40), width=easel.line * 2
                )
            easel.pen.ellipse((x - s * 0.5, y - s * 0.5, x + s * 0.5, y + s * 0.5), fill=(250, 206, 60))
        easel.text(x, easel.h * 0.82, 2, step * 0.09, None, step * 0.9)
        if number and easel.sheet.chance(0.6):
            easel.arrow((x - step * 0.62, y), (x - step * 0.4, y), easel.design.accent, easel.line * 2)


def blocks(easel: Easel) -> None:
    """Cubes in parallel projection, piled up."""
    side = easel.unit / easel.sheet.integer(5, 9)
    for column in range(easel.sheet.integer(3, 6)):
        for level in range(easel.sheet.integer(1, 4)):
            x = easel.w * 0.15 + column * side * 1.25
            y = easel.h * 0.85 - level * side - column * side * 0.25
            tone = easel.fill(column + level)
            top = [
                (x, y - side),
                (x + side * 0.5, y - side * 1.3),
                (x + side * 1.3, y - side * 1.3),
                (x + side * 0.9, y - side),
            ]
            right = [
                (x + side * 0.9, y),
                (x + side * 0.9, y - side),
                (x + side * 1.3, y - side * 1.3),
                (x + side * 1.3, y - side * 0.3),
            ]
            easel.pen.rectangle((x, y - side, x + side * 0.9, y), fill=tone, outline=easel.rim())
            easel.pen.polygon(top, fill=tuple(min(255, v + 40) for v in tone))
            easel.pen.polygon(right, fill=tuple(int(v * 0.65) for v in tone))
    easel.text(easel.w * 0.3, easel.h * 0.93, 3, easel.unit * 0.05)


def territory(easel: Easel) -> None:
    """A map in flat colours: areas, a river, places with names, a legend."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    for number in range(easel.sheet.integer(3, 9)):
        cx, cy = easel.rng.uniform(0.2, 0.8, 2) * (easel.w, easel.h)
        r = (
            easel.unit
            * easel.sheet.uniform(0.1, 0.3)
            * (1 + 0.25 * np.sin(3 * turn + number) + 0.12 * easel.rng.normal(0, 1, 60))
        )
        easel.pen.polygon(
            [(float(cx + a), float(cy + b)) for a, b in zip(r * np.cos(turn), r * np.sin(turn), strict=True)],
            fill=easel.fill(number),
            outline=(90, 90, 90),
        )
    y = easel.h * (0.5 + 0.3 * bumps(easel.rng, 1, 40, 10)[0])
    easel.pen.line([(easel.w * k / 39, float(v)) for k, v in enumerate(y)], fill=(70, 130, 210), width=easel.line * 2)
    for _ in range(easel.sheet.integer(3, 10)):
        x, y = easel.rng.uniform(0.1, 0.9, 2) * (easel.w, easel.h)
        easel.pen.ellipse((x - 8, y - 8, x + 8, y + 8), fill=(200, 40, 40))
        easel.text(x, y - easel.unit * 0.04, 1, easel.unit * 0.04)
