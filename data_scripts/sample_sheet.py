"""A sheet of paper and what writes on it: a printing press, a typewriter, a hand with a pen, a drawing pen.

    sheet = Sheet(random.Random(1))
    sheet.typed((80, 90), "Nalezova zprava", 17)
    sheet.written((80, 150), "Vážený pane kolego", 13)
    sheet.finish().save("page.png")

Coordinates are pixels of the finished page, y downwards; a text's y is its baseline. Everything is drawn at twice the
size and reduced at the end, which gives ink the soft edges of a scan. The fonts are those that come with matplotlib.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
Colour = tuple[int, int, int]

WIDTH, HEIGHT = 800, 1130
SCALE = 2  # drawn so much larger than finished
BLACK, GREY, BLUE, RED = (38, 36, 38), (120, 118, 116), (44, 58, 122), (176, 44, 44)
BROWN = (112, 84, 58)
SERIF, BOLD, ITALIC, SANS, SANS_BOLD = (
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "DejaVuSans",
    "DejaVuSans-Bold",
)
TYPEWRITER = "cmtt10"  # upright, one width, with slab serifs; has no accents: they are struck over, as on a machine

# Joined handwriting, one line a letter: points from left to right, x-height 1, ascenders to 2, descenders to -1.
# Each letter is entered at its left near the baseline and left at its last point, so that a word is one curve.
HAND: dict[str, str] = {
    "a": "0,.1 .55,.95 .2,.9 .05,.4 .25,0 .55,.4 .62,.95 .6,.2 .75,0 .95,.15",
    "b": "0,.1 .35,1.3 .33,2 .2,1.9 .14,.8 .2,.05 .45,.05 .6,.5 .45,.85 .85,.8",
    "c": "0,.1 .1,.55 .3,.95 .5,.9 .48,.75 .35,.95 .12,.6 .15,.05 .45,.05 .7,.2",
    "d": "0,.1 .5,.9 .2,.85 .05,.4 .25,0 .5,.4 .7,2 .6,.4 .75,0 .95,.15",
    "e": "0,.1 .4,.5 .45,.9 .25,1 .1,.5 .25,.02 .5,.05 .7,.2",
    "f": "0,.1 .4,1.3 .42,2 .28,2 .25,.5 .22,-.9 .35,-.9 .4,0 .75,.2",
    "g": "0,.1 .5,.95 .2,.9 .05,.4 .25,0 .5,.5 .55,.9 .5,-.8 .25,-1 .2,-.6 .9,.2",
    "h": "0,.1 .35,1.5 .32,2.05 .2,1.9 .15,0 .25,.6 .5,1 .6,.7 .6,.1 .75,0 .95,.2",
    "i": "0,.1 .3,.95 .25,.2 .4,0 .6,.2",
    "j": "0,.1 .35,.95 .3,-.8 .1,-1 .05,-.6 .6,.2",
    "k": "0,.1 .35,1.5 .3,2.05 .18,1.8 .15,0 .2,.5 .55,1 .5,.6 .25,.5 .55,.05 .85,.15",
    "l": "0,.1 .35,1.5 .32,2.05 .2,1.8 .2,.3 .35,0 .6,.2",
    "m": "0,.1 .2,.95 .2,0 .35,.9 .5,.9 .52,0 .65,.9 .82,.9 .85,.15 1,0 1.2,.2",
    "n": "0,.1 .2,.95 .2,0 .38,.9 .55,.9 .58,.15 .72,0 .95,.2",
    "o": "0,.1 .4,.95 .15,.8 .05,.35 .3,0 .55,.4 .45,.95 .6,.8 .9,.85",
    "p": "0,.1 .25,1 .2,-1 .25,.3 .4,.95 .62,.6 .45,.05 .3,.1 .8,.15",
    "q": "0,.1 .5,.95 .2,.9 .05,.4 .25,0 .5,.5 .55,.9 .5,-.9 .7,-.8 .9,.2",
    "r": "0,.1 .2,1.05 .3,.9 .55,.95 .5,.3 .6,0 .8,.2",
    "s": "0,.1 .4,1.05 .42,.7 .5,.3 .35,0 .15,.1 .45,.05 .75,.2",
    "t": "0,.1 .3,1.7 .25,.3 .4,0 .65,.2",
    "u": "0,.1 .2,.95 .15,.25 .3,0 .5,.3 .6,.95 .57,.2 .7,0 .95,.2",
    "v": "0,.1 .2,.95 .25,.2 .35,0 .55,.5 .55,.95 .8,.85",
    "w": "0,.1 .2,.95 .2,.2 .32,0 .5,.4 .5,.9 .5,.2 .65,0 .85,.5 .85,.95 1.1,.85",
    "x": "0,.1 .2,.9 .35,.5 .5,.1 .75,.15",
    "y": "0,.1 .2,.95 .2,.3 .35,.05 .55,.5 .6,.95 .5,-.8 .25,-1 .2,-.6 .9,.2",
    "z": "0,.1 .1,.9 .5,.95 .1,.05 .4,.1 .75,.15",
}
# Capitals that are no large small letters, x-height 1; they stand alone, as figures and marks do.
CAPITALS: dict[str, str] = {
    "B": ".2,1.8 .2,0 / .02,1.6 .4,1.9 .62,1.5 .25,1 .7,.7 .6,.1 .1,.05",
    "D": ".2,1.8 .2,.05 / 0,.05 .5,.05 .85,.7 .7,1.55 .3,1.9 .02,1.65",
    "F": ".35,1.8 .28,.3 .05,.02 / 0,1.6 .2,1.85 .8,1.9 / .1,.95 .6,1.02",
    "H": ".15,1.85 .14,0 / .75,1.9 .7,.15 .9,.1 / 0,.9 .8,1.02",
    "I": ".35,1.85 .25,.02",
    "K": ".2,1.85 .14,0 / .75,1.85 .45,1.2 .22,.9 / .22,.9 .45,.75 .68,.1 .9,.15",
    "L": ".62,1.55 .5,1.9 .3,1.4 .28,.25 .02,.02 .3,.16 .7,-.06 .98,.12",
    "P": ".22,1.8 .18,0 / 0,1.6 .4,1.92 .75,1.5 .55,.95 .22,.9",
    "R": ".22,1.8 .18,0 / 0,1.6 .4,1.92 .72,1.5 .5,1 .22,.9 / .35,.95 .65,.1 .88,.15",
    "S": ".65,1.55 .45,1.9 .2,1.5 .6,.6 .35,.02 .02,.3",
    "T": ".5,1.8 .42,.3 .2,.02 / 0,1.6 .15,1.85 .5,1.78 .95,1.95",
    "V": "0,1.6 .15,1.85 .3,.05 .5,.8 .8,1.9",
    "Z": ".05,1.6 .2,1.85 .75,1.8 .05,.05 .4,.12 .8,.05",
}
# Figures and marks stand alone; several strokes are parted by "/".
SIGNS: dict[str, str] = {
    "0": ".3,1.6 .05,.9 .25,0 .55,.8 .35,1.6 .25,1.55",
    "1": ".1,1.2 .35,1.7 .3,0",
    "2": ".08,1.3 .3,1.7 .5,1.3 .1,.05 .3,.1 .6,.05",
    "3": ".1,1.5 .35,1.7 .45,1.2 .2,.95 .5,.6 .3,0 .05,.2",
    "4": ".35,1.7 .05,.6 .3,.6 .6,.65 / .45,1.1 .38,-.1",
    "5": ".5,1.65 .2,1.65 .15,1 .4,1.05 .5,.5 .25,0 .05,.2",
    "6": ".45,1.7 .1,.8 .15,.1 .4,.05 .5,.5 .3,.8 .1,.4",
    "7": ".05,1.6 .3,1.6 .55,1.7 .25,0 / .2,.85 .5,.9",
    "8": ".45,1.5 .25,1.7 .1,1.3 .45,.6 .3,0 .08,.4 .45,1.2 .42,1.55",
    "9": ".45,1.4 .25,1.7 .1,1.2 .3,1 .48,1.5 .4,.6 .3,0",
    ".": ".1,0 .16,.05",
    ",": ".16,.1 .05,-.3",
    ";": ".16,.1 .05,-.3 / .16,.75 .2,.82",
    "-": ".05,.6 .5,.65",
    "/": ".0,-.2 .45,1.8",
    ":": ".1,.1 .15,.15 / .14,.8 .19,.85",
    "(": ".3,2 .1,.9 .3,-.3",
    ")": ".1,2 .3,.9 .1,-.3",
    "?": ".05,1.3 .3,1.75 .45,1.4 .2,.9 .2,.5 / .18,.05 .22,.1",
    "!": ".35,1.8 .2,.5 / .15,.05 .2,.1",
    "+": ".1,.7 .6,.7 / .35,1.1 .35,.3",
}
MARKS = {"i": ".3,1.45 .33,1.5", "j": ".35,1.45 .38,1.5", "t": ".0,1.15 .55,1.22", "x": ".5,.95 .1,0"}
ACCENTS = {"\u0301": ".25,1.35 .5,1.75", "\u030c": ".1,1.7 .3,1.4 .5,1.75", "\u030a": ".3,1.7 .2,1.5 .4,1.5 .32,1.72"}


class Sheet:
    """One page of paper; every method leaves ink on it, `finish` scans it. The same `rng` state gives the same page."""

    def __init__(self, rng: random.Random, paper: Colour = (251, 249, 244)) -> None:
        self.rng = rng
        self.paper = paper
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), paper)
        self.draw = ImageDraw.Draw(self.image)
        self._glued: list[tuple[Image.Image, tuple[int, int]]] = []

    # -- the drawing pen

    def line(self, points: Sequence[Point], colour: Colour = BLACK, width: float = 1.0) -> None:
        """A straight-edged line through all points."""
        self.draw.line([_scaled(point) for point in points], colour, max(1, round(width * SCALE)), joint="curve")

    def box(
        self, left: float, top: float, right: float, bottom: float, colour: Colour = BLACK, width: float = 1
    ) -> None:
        """The outline of a rectangle."""
        self.line([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], colour, width)

    def grid(self, columns: Sequence[float], rows: Sequence[float], colour: Colour = BLACK, width: float = 1) -> None:
        """Rules at all x of `columns` and y of `rows`, each from the first to the last of the other."""
        for x in columns:
            self.line([(x, rows[0]), (x, rows[-1])], colour, width)
        for y in rows:
            self.line([(columns[0], y), (columns[-1], y)], colour, width)

    def fill(self, points: Sequence[Point], colour: Colour = BLACK) -> None:
        """A filled polygon."""
        self.draw.polygon([_scaled(point) for point in points], colour)

    def sketch(self, points: Sequence[Point], colour: Colour = BLACK, width: float = 1.2, wobble: float = 0.5) -> None:
        """A curve by a hand that is not quite steady, smooth through all points."""
        shaken = [(x + self.rng.gauss(0, wobble), y + self.rng.gauss(0, wobble)) for x, y in points]
        self.line(smooth(shaken), colour, width)

    def ring(self, at: Point, wide: float, high: float, colour: Colour = BLACK, width: float = 1.4) -> None:
        """A closed oval by hand, `wide` and `high` its radii."""
        turns = [index / 12 * math.tau for index in range(12)]
        shaken = [
            (at[0] + (wide + self.rng.gauss(0, 0.02) * wide) * math.cos(turn), at[1] + high * math.sin(turn))
            for turn in turns
        ]
        self.line(smooth([*shaken[-1:], *shaken, *shaken[:2]])[5:-5], colour, width)

    def hatch(self, left: float, top: float, right: float, bottom: float, step: float, rising: bool = True) -> None:
        """A rectangle filled with slanting lines `step` apart."""
        high, wide = bottom - top, right - left
        offset = -high
        while offset < wide:
            start, end = max(offset, 0), min(offset + high, wide)
            ys = (bottom - (start - offset), bottom - (end - offset))
            if not rising:
                ys = (top + bottom - ys[0], top + bottom - ys[1])
            self.line([(left + start, ys[0]), (left + end, ys[1])], GREY, 0.8)
            offset += step

    # -- the printing press

    def printed(
        self, at: Point, text: str, size: float, font: str = SERIF, anchor: str = "ls", colour: Colour = BLACK
    ) -> None:
        """One line in print; `anchor` as in Pillow: ls left, ms middle, rs right, of the baseline."""
        self.draw.text(_scaled(at), text, colour, typeface(font, size), anchor)

    def printed_block(
        self, at: Point, width: float, text: str, size: float, lines: int, leading: float = 1.3, font: str = SERIF
    ) -> float:
        """Up to `lines` justified lines of running print, the first line indented; returns the y of the next one."""
        face = typeface(font, size)
        blank = face.getlength(" ") / SCALE
        words = text.split()
        x, y = at
        for number in range(lines):
            indent = size * 1.5 if number == 0 else 0
            taken, used = [], 0.0
            while words:
                wide = face.getlength(words[0]) / SCALE
                if taken and used + blank + wide > width - indent:
                    break
                used += wide + (blank if taken else 0)
                taken.append(words.pop(0))
            gap = blank + (width - indent - used) / max(1, len(taken) - 1) if words else blank
            at_x = x + indent
            for word in taken:
                self.printed((at_x, y), word, size, font)
                at_x += face.getlength(word) / SCALE + gap
            y += size * leading
            if not words:
                break
        return y

    # -- the typewriter

    def typed(self, at: Point, text: str, size: float = 16, colour: Colour = BLACK) -> None:
        """One line on a typewriter: letters on a fixed pitch, each a little off its line and of its own blackness."""
        face = typeface(TYPEWRITER, size)
        pitch = size * 0.6
        for column, letter in enumerate(text):
            base, *accents = unicodedata.normalize("NFD", letter)
            fade = self.rng.choice((0, 0, 8, 16, 34))
            ink = (colour[0] + fade, colour[1] + fade, colour[2] + fade)
            x = at[0] + column * pitch + self.rng.gauss(0, 0.25)
            y = at[1] + self.rng.gauss(0, 0.45)
            self.draw.text(_scaled((x, y)), base, ink, face, "ls", stroke_width=1, stroke_fill=ink)
            for accent in accents:
                if accent in ACCENTS:
                    high = 0.22 * size if base.isupper() else 0
                    strokes = [
                        (x + (0.1 + px) * size * 0.5, y - high - py * size * 0.42)
                        for px, py in _points(ACCENTS[accent])
                    ]
                    self.line(strokes, ink, 1)

    def typed_block(
        self, at: Point, columns: int, text: str, size: float = 16, lines: int = 99, leading: float = 1.6
    ) -> float:
        """Up to `lines` lines of running typescript of at most `columns` letters; returns the y of the next line."""
        y = at[1]
        line = "     "
        words = text.split()
        while words and lines > 0:
            while words and len(line) + len(words[0]) < columns:
                line += words.pop(0) + " "
            self.typed((at[0], y), line.rstrip(), size)
            y, lines, line = y + size * leading, lines - 1, ""
        return y

    # -- the hand

    def written(self, at: Point, text: str, size: float = 12, colour: Colour = BLUE, slant: float = 0.35) -> float:
        """One line by hand, x-height `size` / 1.6; returns the x where the pen was lifted."""
        x, unit = at[0], size / 1.6
        drift = self.rng.uniform(0, 6.28)
        for word in text.split():
            base = at[1] + math.sin(drift + x / 90) * 1.2 + self.rng.gauss(0, 0.6)
            x = self._word(word, x, base, unit, colour, slant) + unit * self.rng.uniform(0.75, 1.1)
        return x

    def written_block(
        self,
        at: Point,
        width: float,
        text: str,
        size: float = 12,
        lines: int = 99,
        leading: float = 30,
        colour: Colour = BLUE,
    ) -> float:
        """Up to `lines` lines of running handwriting; returns the y of the next line."""
        y, line = at[1], ""
        words = text.split()
        while words and lines > 0:
            while words and written_length(line + words[0], size) < width:
                line += words.pop(0) + " "
            self.written((at[0] + self.rng.uniform(-3, 4), y), line, size, colour)
            y, lines, line = y + leading, lines - 1, ""
        return y

    def signature(self, at: Point, name: str, size: float = 20, colour: Colour = BLUE) -> None:
        """A name in large letters that run out into a flourish."""
        end = self.written(at, name, size, colour, slant=0.55)
        tail = [
            (end, at[1]),
            (end + 30, at[1] - 8),
            (end + 6, at[1] + 10),
            (at[0] + 40, at[1] + 16),
            (end + 60, at[1] + 12),
        ]
        self.sketch(tail, colour, 1.2)

    def _word(self, word: str, x: float, base: float, unit: float, colour: Colour, slant: float) -> float:
        """Draw one word from `x`; returns the x behind it."""
        curve: list[Point] = []
        extras: list[list[Point]] = []

        def place(points: list[Point], wide: float, high: float) -> list[Point]:
            shake = self.rng.gauss
            return [
                (
                    x + (px * wide + slant * py * high + shake(0, 0.03)) * unit,
                    base - (py * high + shake(0, 0.035)) * unit,
                )
                for px, py in points
            ]

        for letter in word:
            name, *accents = unicodedata.normalize("NFD", letter)
            lower = name.lower()
            if lower not in HAND or name in CAPITALS:
                strokes = [_points(stroke) for stroke in (CAPITALS | SIGNS).get(name, SIGNS["-"]).split("/")]
                extras += [place(stroke, 1.25, 1.05) for stroke in strokes]
                extras += [place(_points(ACCENTS[accent]), 1.25, 1.5) for accent in accents if accent in ACCENTS]
                reach = 1.15 * max(px for px, _ in itertools.chain(*strokes))
                x += unit * (reach if name in CAPITALS else 0.95 if name.isdigit() else 0.55)
                if curve:
                    extras.append(curve)
                    curve = []
                continue
            high = 1.0 if name == lower else 1.75
            wide = 1.15 if name == lower else 1.5
            points = _points(HAND[lower])
            curve += place(points[1:] if curve else points, wide, high)
            extras += [place(_points(ACCENTS[accent]), wide, high**0.5) for accent in accents if accent in ACCENTS]
            if lower in MARKS and not accents and name == lower:
                extras.append(place(_points(MARKS[lower]), wide, high))
            x += points[-1][0] * wide * unit * self.rng.uniform(0.92, 1.05)
        for stroke in [*extras, curve]:
            self._pen(smooth(stroke), colour, unit)
        return x

    def _pen(self, points: list[Point], colour: Colour, unit: float) -> None:
        """A nib: thicker downwards than upwards, ink a little uneven."""
        fade = self.rng.randrange(0, 22)
        ink = (colour[0] + fade, colour[1] + fade, colour[2] + fade)
        for start, end in itertools.pairwise(points):
            width = unit * (0.22 if end[1] > start[1] else 0.13)
            self.line([start, end], ink, max(0.8, width))

    # -- paste and scanner

    def glue(self, photo: Image.Image, left: int, top: int) -> None:
        """A photograph laid on the sheet, with a thin shadow; its grain is kept as it is."""
        right, bottom = left + photo.width, top + photo.height
        self.fill(
            [(left + 3, top + 3), (right + 3, top + 3), (right + 3, bottom + 3), (left + 3, bottom + 3)],
            (196, 192, 186),
        )
        self._glued.append((photo, (left, top)))

    def finish(self) -> Image.Image:
        """The page as a palette image: dust, the shadow of the sheet's edge, and no more colours than the inks need."""
        for _ in range(14):
            x, y = self.rng.uniform(0, WIDTH), self.rng.uniform(0, HEIGHT)
            self.line([(x, y), (x + self.rng.uniform(0.5, 1.5), y + 0.5)], GREY, 0.7)
        for step in range(4):
            shade = 205 + step * 11
            self.line([(WIDTH - 1 - step, 0), (WIDTH - 1 - step, HEIGHT)], (shade, shade - 2, shade - 6), 1)
        page = self.image.reduce(SCALE)
        for photo, corner in self._glued:
            page.paste(photo.convert("RGB"), corner)
        return page.quantize(palette=self._palette(), dither=Image.Dither.NONE)

    def _palette(self) -> Image.Image:
        """Each ink's shades down to the paper's, and a photograph's greys. Few colours keep the file small."""
        shades = [
            tuple(round(start + (end - start) * step / steps) for start, end in zip(self.paper, ink, strict=True))
            for ink, steps in ((BLACK, 11), (BLUE, 5), (RED, 4), (BROWN, 3))
            for step in range(1, steps + 1)
        ]
        greys = [(tone, tone, tone) for tone in range(24, 250, 12)] if self._glued else []
        palette = Image.new("P", (1, 1))
        palette.putpalette([value for colour in (self.paper, *shades, *greys) for value in colour])
        return palette


@functools.cache
def typeface(name: str, size: float) -> ImageFont.FreeTypeFont:
    """One of matplotlib's fonts, at `size` pixels of the finished page."""
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    return ImageFont.truetype(str(file), size * SCALE, layout_engine=ImageFont.Layout.BASIC)


def smooth(points: Sequence[Point], steps: int = 5) -> list[Point]:
    """A Catmull-Rom curve through all points, with `steps` points from each to the next."""
    if len(points) < 3:
        return list(points)
    ends = [points[0], *points, points[-1]]
    curve = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(steps):
            t = step / steps
            curve.append(tuple(_spline(a[axis], b[axis], c[axis], d[axis], t) for axis in (0, 1)))
    return [*curve, points[-1]]


def written_length(text: str, size: float) -> float:
    """About how wide a line by hand will be, in pixels."""
    return sum(0.85 if letter in "mw" else 0.5 if letter in "ijlt.,-" else 0.72 for letter in text) * size * 0.84


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


@functools.cache
def _points(text: str) -> list[Point]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


def _scaled(point: Point) -> Point:
    return (point[0] * SCALE, point[1] * SCALE)
