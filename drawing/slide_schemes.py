"""Schemes as slide programs draw them: steps, cycles, pyramids, circles that overlap, timelines, charts of boxes.

    made = scheme_of(sheet, design, ground)       # "RGB", of the ground's size: drawn onto a crop of the slide's own

Each function draws one kind onto an easel. Charts, maps and clip art stand in slide_pictures.py.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from drawing import slide_pictures as pictures
from drawing.easel import Easel
from drawing.sheet import Sheet
from drawing.slide_design import Design


def scheme_of(sheet: Sheet, design: Design, ground: Image.Image) -> Image.Image:
    """A picture of the ground's size, drawn onto it: one of many kinds."""
    easel = Easel(sheet, design, ground)
    sheet.pick(
        {
            steps: 3, cycle: 2, pyramid: 1, circles: 1.4, timeline: 1.6, tree: 2.5, network: 1.6, layers: 1.6, flow: 2,
            pictures.bars: 1.6, pictures.ring: 1, pictures.radar: 0.8, pictures.painted_section: 1.4,
            pictures.clip_art: 1.6, pictures.blocks: 1, pictures.territory: 1.4,
        }
    )(easel)  # fmt: skip
    return easel.finished()


def steps(easel: Easel) -> None:
    """Arrows or boxes in a row, or down a stair, words below each."""
    count, form = easel.sheet.integer(3, 6), easel.sheet.pick(("chevron", "round", "stair"))
    step = easel.w / count
    high = min(easel.h * 0.45, step * easel.sheet.uniform(0.45, 0.9))
    for number in range(count):
        x, y = number * step, easel.h * 0.35 - high / 2
        if form == "stair":
            y = easel.h * (0.85 - 0.7 * number / count) - high / 2
        if form == "chevron":
            tip = step * 0.18
            points = [
                (x, y),
                (x + step - tip, y),
                (x + step - 4, y + high / 2),
                (x + step - tip, y + high),
                (x, y + high),
                (x + tip, y + high / 2),
            ]
            easel.pen.polygon(points, fill=easel.fill(number))
            easel.text(x + step * 0.52, y + high / 2, 2, step * 0.1, easel.fill(number), step * 0.62)
        else:
            easel.box(x + step * 0.45, y + high / 2, step * 0.8, high * 0.8, number, "round")
            if number:
                easel.arrow((x - step * 0.14, y + high / 2), (x + step * 0.04, y + high / 2))
        if easel.sheet.chance(0.6) and form != "stair":
            for line in range(easel.sheet.integer(1, 4)):
                easel.text(x + step / 2, y + high * 1.25 + line * step * 0.13, 3, step * 0.08, None, step * 0.9)


def cycle(easel: Easel) -> None:
    """Forms on a ring, joined by arcs with heads."""
    count, middle = easel.sheet.integer(3, 7), (easel.w / 2, easel.h / 2)
    radius = easel.unit * 0.36
    size = min(radius * 0.85, 2.2 * radius * math.sin(math.pi / count) * 0.62)
    form = easel.sheet.pick(("ellipse", "round", "box"))
    places = [
        (middle[0] + radius * math.sin(turn), middle[1] - radius * math.cos(turn))
        for turn in np.arange(count) * 2 * math.pi / count
    ]
    box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
    easel.pen.arc(box, 0, 360, easel.design.accent, easel.line * 3)
    for number, (x, y) in enumerate(places):
        turn = (number + 0.5) * 2 * math.pi / count
        at = (middle[0] + radius * math.sin(turn), middle[1] - radius * math.cos(turn))
        easel.arrow(
            (at[0] - 6 * math.cos(turn), at[1] - 6 * math.sin(turn)),
            (at[0] + 30 * math.cos(turn), at[1] + 30 * math.sin(turn)),
            easel.design.accent,
            easel.line * 3,
        )
        easel.box(
            x, y, size * (1.3 if form != "ellipse" else 1), size * (0.7 if form != "ellipse" else 1), number, form
        )
    if easel.sheet.chance(0.4):
        easel.text(*middle, 2, radius * 0.16, None, radius)


def pyramid(easel: Easel) -> None:
    """A pyramid in layers, or a funnel, words within or beside it."""
    count, w, h = easel.sheet.integer(3, 6), easel.w, easel.h
    upside = easel.sheet.chance(0.3)
    half = min(w * 0.42, h * 0.6)
    for number in range(count):
        a, b = number / count, (number + 1) / count
        at, below = (a, b) if not upside else (1 - a, 1 - b)
        y0, y1 = h * (0.05 + 0.9 * a), h * (0.05 + 0.9 * b) - easel.line
        points = [
            (w / 2 - half * at, y0),
            (w / 2 + half * at, y0),
            (w / 2 + half * below, y1),
            (w / 2 - half * below, y1),
        ]
        easel.pen.polygon(points, fill=easel.fill(number))
        easel.text(w / 2, (y0 + y1) / 2, 2, h * 0.28 / count, easel.fill(number), half * max(at, below) * 1.3)


def circles(easel: Easel) -> None:
    """Two to four circles that overlap, or lie in each other."""
    layer = Image.new("RGBA", easel.image.size)
    pen, r = ImageDraw.Draw(layer), easel.unit * easel.sheet.uniform(0.24, 0.32)
    count = easel.sheet.integer(2, 4)
    within = easel.sheet.chance(0.3)
    for number in range(count):
        turn = 2 * math.pi * number / count + 0.5
        own = r * 1.5 * (1 - number / count) if within else r
        x = easel.w / 2 + (0 if within else r * 0.65 * math.sin(turn))
        y = easel.h / 2 - (0 if within else r * 0.65 * math.cos(turn))
        pen.ellipse(
            (x - own, y - own, x + own, y + own),
            fill=(*easel.fill(number), 255 if within else 120),
            outline=(*easel.design.ink, 255),
            width=easel.line,
        )
    easel.image.paste(layer, (0, 0), layer)
    for number in range(count):
        turn = 2 * math.pi * number / count + 0.5
        away = r * 0.95
        y = easel.h / 2 - (r * 1.5 * (1 - (number + 0.5) / count) if within else away * math.cos(turn))
        easel.text(easel.w / 2 + (0 if within else away * math.sin(turn)), y, 2, r * 0.15, None, r)


def timeline(easel: Easel) -> None:
    """A line of years with marks, flags or boxes above and below."""
    y, count = easel.h * easel.sheet.uniform(0.4, 0.6), easel.sheet.integer(4, 10)
    easel.arrow((easel.w * 0.02, y), (easel.w * 0.98, y), easel.design.accent, easel.line * 3)
    step = easel.w * 0.92 / count
    for number in range(count):
        x, up = easel.w * 0.04 + step * (number + 0.5), -1 if number % 2 else 1
        far = easel.h * easel.sheet.uniform(0.12, 0.32)
        easel.pen.line((x, y, x, y - up * far), fill=easel.design.ink, width=easel.line)
        r = easel.line * 3
        easel.pen.ellipse((x - r, y - r, x + r, y + r), fill=easel.fill(number))
        if easel.sheet.chance(0.6):
            easel.box(x, y - up * far, step * 1.3, easel.h * 0.12, number, "round")
        else:
            easel.text(x, y - up * far, 2, step * 0.16, None, step * 1.5)


def tree(easel: Easel) -> None:
    """An organisation's chart or a classification: boxes below boxes, or a mind map round a middle."""
    if easel.sheet.chance(0.3):
        middle, count = (easel.w / 2, easel.h / 2), easel.sheet.integer(4, 9)
        for number in range(count):
            turn = 2 * math.pi * number / count
            x, y = middle[0] + easel.w * 0.37 * math.cos(turn), middle[1] + easel.h * 0.38 * math.sin(turn)
            easel.pen.line((*middle, x, y), fill=easel.fill(number), width=easel.line * 2)
            easel.box(x, y, easel.w * 0.19, easel.h * 0.13, number, easel.sheet.pick(("ellipse", "round")))
        easel.box(*middle, easel.w * 0.24, easel.h * 0.18, 0, "ellipse")
        return
    rows, form = easel.sheet.integer(2, 4), easel.sheet.pick(("box", "round", "round"))
    above: list[tuple[float, float]] = []
    for row in range(rows):
        count = 1 if row == 0 else easel.sheet.integer(2, 5)
        step, high = easel.w / count, easel.h / rows * 0.5
        here = []
        for number in range(count):
            x, y = step * (number + 0.5), easel.h / rows * (row + 0.5)
            if above:
                up = above[min(len(above) - 1, number * len(above) // count)]
                mid = (up[1] + y) / 2
                easel.pen.line(
                    [(up[0], up[1] + high / 2), (up[0], mid), (x, mid), (x, y - high / 2)],
                    fill=easel.design.ink,
                    width=easel.line,
                )
            here.append((x, y))
            easel.box(x, y, min(step * 0.82, easel.w * 0.4), high, row, form)
        above = here


def network(easel: Easel) -> None:
    """Circles or machines joined by lines."""
    count = easel.sheet.integer(5, 14)
    places = easel.rng.uniform((0.08, 0.1), (0.92, 0.9), (count, 2)) * (easel.w, easel.h)
    for number in range(1, count):
        for other in easel.rng.integers(0, number, easel.sheet.integer(1, 2)):
            easel.pen.line([tuple(places[number]), tuple(places[other])], fill=easel.design.ink, width=easel.line)
    r = easel.unit * 0.06
    form = easel.sheet.pick(("ellipse", "box", "machine"))
    for number, (x, y) in enumerate(places):
        if form == "machine":
            easel.pen.rectangle(
                (x - r, y - r, x + r, y + r * 0.5), fill=easel.fill(0), outline=easel.design.ink, width=easel.line
            )
            easel.pen.rectangle((x - r * 0.8, y - r * 0.8, x + r * 0.8, y + r * 0.3), fill=(200, 220, 240))
            easel.pen.polygon(
                [(x - r * 1.2, y + r), (x + r * 1.2, y + r), (x + r * 0.8, y + r * 0.6), (x - r * 0.8, y + r * 0.6)],
                fill=easel.fill(1),
            )
        else:
            easel.box(x, y, r * 2.2, r * (2.2 if form == "ellipse" else 1.4), number, form, 1)
        if easel.sheet.chance(0.4):
            easel.text(x, y + r * 1.7, 1, r * 0.5)


def layers(easel: Easel) -> None:
    """Boxes in boxes: an architecture, a stack of layers."""
    rows = easel.sheet.integer(2, 6)
    high = easel.h * 0.92 / rows
    for row in range(rows):
        y = easel.h * 0.04 + row * high
        easel.pen.rectangle(
            (easel.w * 0.04, y, easel.w * 0.96, y + high * 0.9),
            fill=easel.fill(row),
            outline=easel.rim(),
            width=easel.line,
        )
        count = easel.sheet.integer(0, 4)
        if not count:
            easel.text(easel.w / 2, y + high * 0.45, 3, high * 0.25, easel.fill(row), easel.w * 0.8)
        for number in range(count):
            step = easel.w * 0.88 / count
            easel.box(
                easel.w * 0.06 + step * (number + 0.5),
                y + high * 0.45,
                step * 0.85,
                high * 0.55,
                row + 2,
                easel.sheet.pick(("box", "round")),
            )


def flow(easel: Easel) -> None:
    """A flow chart: boxes and questions in a column or two, arrows, yes and no."""
    rows, columns = easel.sheet.integer(3, 6), easel.sheet.integer(1, 3)
    step, high = easel.w / columns, easel.h / rows
    for column in range(columns):
        for row in range(rows):
            if column and easel.sheet.chance(0.35):
                continue
            x, y = step * (column + 0.5), high * (row + 0.5)
            form = easel.sheet.pick({"box": 4, "diamond": 2, "round": 2})
            if row:
                easel.arrow((x, y - high * 0.66), (x, y - high * 0.34))
            if column and easel.sheet.chance(0.5):
                easel.arrow((x - step * 0.65, y), (x - step * 0.36, y))
            easel.box(
                x,
                y,
                min(step * 0.72, easel.w * 0.45),
                high * (0.68 if form == "diamond" else 0.6),
                row * 2 + column,
                form,
            )
