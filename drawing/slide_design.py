"""How the slides of a document look: ground, bars, logo, footer, title, points.

    design = Design.choose(rng, sheet)
    y = title(sheet, design)          # draws the ground and the title; the y below

All measures hang on the height of the slide. Boxes are (left, top, right, bottom).
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from drawing.sheet import Sheet
from drawing.typeset import Box, Colour, choice, face_of, wrap

GROUNDS = {"white": 5, "tint": 2, "dark": 1.6, "gradient": 1.2, "dark gradient": 1.2, "black": 0.4}

BARS = {"none": 4, "top": 3, "left": 1, "foot": 1.5, "band": 1.5, "line": 2, "corner": 0.8, "beamer": 1.5, "frame": 0.5}


@dataclass(frozen=True)
class Design:
    """How the slides of a document look; sizes in thousandths of the height."""

    ground: str
    paper: Colour
    second: Colour
    ink: Colour
    accent: Colour
    bar: str
    title: float
    centred: bool
    upper: bool
    text: float
    mark: str
    logo: str
    foot: str
    head: Path
    body: Path
    title_ink: Colour
    rounded: bool

    @classmethod
    def choose(cls, rng: np.random.Generator, sheet: Sheet) -> Design:
        """One of very many designs."""
        fonts = sheet.document.kit.fonts
        ground, bar = choice(rng, GROUNDS), choice(rng, BARS)
        accent = _hue(rng, float(rng.uniform(0.35, 0.85)), float(rng.uniform(0.3, 1.0)))
        dark = ground.startswith("dark") or ground == "black"
        deep = (0, 0, 0) if ground == "black" else _hue(rng, float(rng.uniform(0.08, 0.4)), float(rng.uniform(0.3, 1)))
        pale = _hue(rng, float(rng.uniform(0.88, 0.98)), float(rng.uniform(0.02, 0.16)))
        paper = deep if dark else pale if ground in ("tint", "gradient") else (255, 255, 255)
        second = tuple(v // 3 for v in deep) if dark else _hue(rng, float(rng.uniform(0.65, 0.9)), 0.25)
        ink = choice(rng, ((255, 255, 255), (240, 240, 225), (255, 250, 190))) if dark else (20, 20, 26)
        on_bar = bar in ("top", "beamer")
        title_ink = ((255, 255, 255) if sum(accent) < 430 else (15, 15, 20)) if on_bar else ink
        if not on_bar and rng.random() < 0.4:
            title_ink = (255, 225, 90) if dark else tuple(int(v * 0.7) for v in accent)
        body = face_of(rng, fonts.sans if rng.random() < 0.8 else fonts.serif)
        head = body if rng.random() < 0.6 else face_of(rng, fonts.sans + fonts.serif, 0.3)
        return cls(
            ground,
            paper,
            second,
            ink,
            accent,
            bar,
            float(rng.uniform(46, 82)),
            bool(rng.random() < 0.4),
            bool(rng.random() < 0.12),
            float(rng.uniform(28, 50)),
            choice(rng, ("•", "•", "–", "■", "►", "1", "")),
            choice(rng, {"": 4, "tr": 2, "tl": 0.5, "br": 1, "bl": 0.7}),
            choice(rng, {"": 3, "number": 2, "full": 2.5}),
            head,
            body,
            title_ink,
            bool(rng.random() < 0.4),
        )

    @property
    def dark(self) -> bool:
        """Whether light letters stand on it."""
        return sum(self.ink) > 380


def _hue(rng: np.random.Generator, light: float, strength: float) -> Colour:
    """A colour of that lightness and strength, blue, green and red rather than others."""
    hue = float(choice(rng, (0.58, 0.6, 0.62, 0.35, 0.45, 0.0, 0.05, 0.1, 0.8, rng.random())))
    return tuple(int(255 * v) for v in colorsys.hsv_to_rgb(hue, strength, light))


def start(sheet: Sheet, design: Design, bare: bool = False) -> None:
    """The ground with its bars, logo and footer; `bare`: without bars (title slides)."""
    w, h = sheet.width, sheet.height
    u = h / 1000
    sheet.draw.rectangle((0, 0, w, h), fill=design.paper)
    if "gradient" in design.ground:
        mask = Image.linear_gradient("L").resize((w, h))
        if len(design.mark) and ord(design.mark[0]) % 2:  # upwards in some designs
            mask = mask.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        sheet.image.paste(Image.composite(Image.new("RGB", (w, h), design.second), sheet.image, mask))
    pen, accent = sheet.draw, design.accent
    if not bare:
        if design.bar == "top":
            pen.rectangle((0, 0, w, 135 * u), fill=accent)
        elif design.bar == "beamer":
            dark = tuple(v // 2 for v in accent)
            pen.rectangle((0, 0, w, 38 * u), fill=dark)
            pen.rectangle((0, 38 * u, w, 140 * u), fill=accent)
            pen.rectangle((0, h - 34 * u, w / 2, h), fill=dark)
            pen.rectangle((w / 2, h - 34 * u, w, h), fill=accent)
        elif design.bar == "line":
            pen.rectangle((0.05 * w, 140 * u, 0.95 * w, 145 * u), fill=accent)
    if design.bar == "left":
        pen.rectangle((0, 0, 0.035 * w, h), fill=accent)
    elif design.bar == "foot":
        pen.rectangle((0, h - 55 * u, w, h), fill=accent)
    elif design.bar == "band":
        pen.rectangle((0, 0, w, 22 * u), fill=accent)
        pen.rectangle((0, h - 22 * u, w, h), fill=accent)
    elif design.bar == "corner":
        pen.polygon([(w, 0), (w, 260 * u), (w - 300 * u, 0)], fill=accent)
        pen.polygon([(0, h), (0, h - 160 * u), (220 * u, h)], fill=accent)
    elif design.bar == "frame":
        pen.rectangle((12 * u, 12 * u, w - 12 * u, h - 12 * u), outline=accent, width=max(1, int(7 * u)))
    if design.logo:
        size = 75 * u
        x = 0.02 * w if design.logo[1] == "l" else 0.98 * w - size
        y = 18 * u if design.logo[0] == "t" else h - size - 12 * u
        tone = design.ink if design.bar in ("top", "beamer") and design.logo[0] == "t" else accent
        shape = ord(design.head.stem[0]) % 3
        if shape == 0:
            pen.ellipse((x, y, x + size, y + size), outline=tone, width=max(1, int(8 * u)))
            pen.ellipse((x + size * 0.3, y + size * 0.3, x + size * 0.7, y + size * 0.7), fill=tone)
        elif shape == 1:
            pen.rectangle((x, y, x + size * 0.45, y + size), fill=tone)
            pen.rectangle((x + size * 0.55, y + size * 0.4, x + size, y + size), fill=tone)
        else:
            pen.polygon([(x, y + size), (x + size / 2, y), (x + size, y + size)], fill=tone)
    if design.foot and not bare:
        size, y = 19 * u, h - 13 * u
        tone = (255, 255, 255) if design.bar in ("foot", "beamer") and sum(accent) < 430 else design.ink
        sheet.put("print", (0.93 * w, y), str(sheet.integer(1, 60)), size, 0.05 * w, ink=tone)
        if design.foot == "full":
            sheet.put("print", (0.05 * w, y), sheet.words.person(), size, 0.25 * w, ink=tone)
            sheet.put("print", (0.4 * w, y), f"{sheet.words.place()}, {sheet.document.year}", size, 0.4 * w, ink=tone)


def title(sheet: Sheet, design: Design) -> float:
    """The ground and the title of a slide; the y from which its contents may stand."""
    start(sheet, design)
    w, u = sheet.width, sheet.height / 1000
    size = design.title * u
    left = 0.05 * w + (90 * u if design.logo == "tl" else 0)
    room = 0.95 * w - left - (90 * u if design.logo == "tr" else 0)
    text = sheet.words.phrase(2, 6).capitalize()
    text = text.upper() if design.upper else text
    face = sheet.press.face(design.head, size)
    while face.getlength(text) > room and size > 24 * u:
        size *= 0.9
        face = sheet.press.face(design.head, size)
    x = left + max(0, room - face.getlength(text)) / 2 if design.centred else left
    sheet.put("print", (x, 110 * u), text, size, room, file=design.head, bold=True, ink=design.title_ink)
    return 165 * u


def lines_of(sheet: Sheet, size: float, width: float, count: int) -> list[str]:
    """A text of so many words, broken to the width."""
    face = sheet.press.face(sheet.press.body, size)
    text = sheet.words.some(count)
    broken = wrap(text, [face.getlength(word) for word in text], face.getlength(" "), width, 0)
    return [" ".join(text[i] for i in line) for line in broken]


def listed_plain(sheet: Sheet, box: Box) -> float:
    """Points of a report, in the letters of its text; the y below."""
    left, top, right, bottom = box
    size, y = sheet.press.size, top
    mark = sheet.pick(("•", "–", "■", "1"))
    for number in range(sheet.integer(2, 7)):
        for line, text in enumerate(lines_of(sheet, size, right - left - size * 1.5, sheet.integer(4, 24))):
            if y + size * 1.3 > bottom:
                return y
            y += size * 1.3
            if line == 0:
                sheet.put("print", (left, y), f"{number + 1}." if mark == "1" else mark, size, size * 2)
            sheet.put("print", (left + size * 1.5, y), text, size, right - left - size * 1.5)
    return y


def listed(sheet: Sheet, design: Design, box: Box, size: float = 0, most: int = 12) -> float:
    """Points and points below points, each of one or more lines; the y below."""
    left, top, right, bottom = box
    u = sheet.height / 1000
    size = size or design.text * u
    y = top
    gap = size * sheet.uniform(0.2, 1.0)
    nested = sheet.chance(0.4)
    for number in range(sheet.integer(min(3, most), most)):
        deep = nested and number > 0 and sheet.chance(0.6)
        letters = size * (0.82 if deep else 1)
        x = left + (size * 1.6 if deep else 0)
        mark = "–" if deep else f"{number + 1}." if design.mark == "1" else design.mark
        inset = letters * (1.0 if mark else 0)
        for line, text in enumerate(lines_of(sheet, letters, right - x - inset, sheet.integer(2, 18))):
            if y + letters * 1.2 > bottom:
                return y
            y += letters * 1.25
            if line == 0 and mark:
                sheet.put("print", (x, y), mark, letters, letters * 2, ink=design.accent if not deep else design.ink)
            sheet.put("print", (x + inset, y), text, letters, right - x - inset, ink=design.ink)
        y += gap * (0.4 if deep else 1)
    return y
