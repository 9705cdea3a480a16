"""Writers: each a hand of its own, with a pen of its own. Handwriting faces, real pen strokes, or computed strokes.

    hand = choose_hand(np.random.default_rng(1), Fonts.find(None), None)
    end = hand.write(rng, page, (90, 200), "Nálezová zpráva z roku 1931", 14, (30, 40, 110), 900)

What they have in common is `Hand` (hand.py); each kind draws its own line. With pen strokes (unipen.py) only the
lengths of the words count.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from drawing.fonts import Fonts, covers, typeface
from drawing.hand import Hand, baseline
from drawing.letters import LIKE, above, base_of, points, shape
from drawing.pens import INKS, Canvas, Pen, smooth
from drawing.unipen import Word, read_writer, writers

VARIANTS = 4  # of each letter of a face


def choose_hand(rng: np.random.Generator, fonts: Fonts, strokes: Path | None = None) -> Hand:
    """A writer at random: with all sources there, two fifths each are real strokes and faces, the rest computed."""
    folders = writers(strokes) if strokes else ()
    chances = np.array([0.4 if fonts.hand else 0, 0.4 if folders else 0, 0.35])
    kind = int(rng.choice(3, p=chances / chances.sum()))
    pen = Pen.choose(rng)
    colours = INKS[pen.kind]
    leaning = rng.choice([rng.normal(0.5, 0.15), rng.normal(0.1, 0.12)])
    slant = float(rng.normal(0.08, 0.12) if kind < 2 else leaning)
    common = (
        pen,
        colours[min(len(colours) - 1, int(rng.geometric(0.45)) - 1)],
        slant,
        abs(float(rng.normal(0, 0.12))),
        float(rng.normal(0, 0.006)),
        float(rng.uniform(0.55, 1.5)),
        float(rng.uniform(0.85, 1.2)),
    )  # fmt: skip
    if kind == 0:
        return FaceHand(
            *common,
            fonts.hand[int(rng.integers(len(fonts.hand)))],
            float(rng.uniform(0.92, 1.1)),
            float(rng.uniform(0.1, 1)),
            int(rng.integers(1 << 30)),
        )
    if kind == 1:
        folder = folders[int(rng.integers(len(folders)))]
        if read_writer(folder):
            return PenHand(*common, folder, float(rng.uniform(0.85, 1.15)))
    return CurveHand(*common, *_script(rng))


def _inked(face: ImageFont.FreeTypeFont, letter: str) -> bool:
    """Some fonts have a glyph without an outline for letters that they lack."""
    left, top, right, bottom = face.getbbox(letter)
    return right > left and bottom > top


@dataclass
class FaceHand(Hand):
    """A handwriting face, each letter in some variants, none quite on the line."""

    file: Path
    spread: float  # of the letters' distances
    jitter: float  # 0..1
    seed: int
    _glyphs: dict = field(default_factory=dict, repr=False)

    def _line(self, rng, words, x_height, width, wave):  # noqa: ANN001, ANN202 (as in Hand)
        size = round(self._em() * x_height, 1)
        face = typeface(self.file, size)
        pad, top, bottom = round(3 * x_height), round(3.6 * x_height), round(2.6 * x_height)
        room = int(
            min(width, sum(face.getlength(word) for word in words) * 1.25 * self.spread + len(words) * 2.4 * x_height)
        )
        mask = np.zeros((top + bottom, room + 2 * pad), np.uint8)
        count = sum(map(len, words)) + len(words)
        draws = rng.random((count, 3))
        x, end, number = 0.0, 0.0, 0
        for word in words:
            if end and x + face.getlength(word) * self.spread > width:
                break
            for letter in word:
                variant, dy, dx = draws[number]
                number += 1
                glyph, left, above_, advance = self._glyph(letter, int(variant * VARIANTS), face, x_height)
                y = round(top + baseline(wave, x) + (dy - 0.5) * 0.16 * self.jitter * x_height) - above_
                column = round(pad + x + (dx - 0.5) * 0.05 * self.jitter * x_height) + left
                if y < 0 or column < 0:  # a flourish beyond the strip
                    glyph = glyph[max(0, -y) :, max(0, -column) :]
                    y, column = max(0, y), max(0, column)
                part = mask[y : y + glyph.shape[0], column : column + glyph.shape[1]]
                np.maximum(part, glyph[: part.shape[0], : part.shape[1]], out=part)
                x += advance * self.spread
            end = x
            x += self.blank * x_height * (0.7 + 0.6 * draws[number][0])
            number += 1
        return mask, top, end

    def _em(self) -> float:
        """The size in pixels an em that gives an x-height of one pixel; less for faces with giant capitals."""
        face = typeface(self.file, 200)
        small, tall = (-face.getbbox(letter, anchor="ls")[1] for letter in "xH")
        return min(200 / max(20, small), 520 / max(20, tall))

    def _glyph(self, letter: str, variant: int, face, x_height: float) -> tuple[np.ndarray, int, int, float]:  # noqa: ANN001
        """Mask, its left and its top against the pen's place on the baseline, and how far the pen moves."""
        key = (letter, variant, face.size)
        if key in self._glyphs:
            return self._glyphs[key]
        own = np.random.default_rng([self.seed, ord(letter), variant])
        missing = not covers(self.file, letter) or not _inked(face, letter)
        shown = letter if not missing else base_of(letter)
        if not covers(self.file, shown):
            shown = LIKE.get(shown, "-")
        left, upper, right, lower = face.getbbox(shown, anchor="ls")
        pad = math.ceil(0.5 * x_height)
        rise = math.ceil(max(-upper, 1) + (1.2 * x_height if missing else 0)) + pad
        high, wide = rise + max(0, math.ceil(lower)) + pad, math.ceil(right - left) + 2 * pad + math.ceil(0.4 * rise)
        canvas = Image.new("L", (wide, high))
        draw = ImageDraw.Draw(canvas)
        origin = pad + math.ceil(0.15 * rise) - left
        heavy = max(0.0, self.pen.thick - 0.2) * x_height * 0.35
        draw.text((origin, rise), shown, 255, face, "ls", stroke_width=heavy)
        if missing:
            roof = rise - (-upper) - 0.25 * x_height
            for mark in above(letter, "separate"):
                for stroke in points(mark):
                    way = [
                        (origin + (left + right) / 2 + (px - 0.3) * x_height * 0.8, roof - (py - 1.4) * x_height * 0.8)
                        for px, py in stroke
                    ]
                    draw.line(way, 255, max(1, round(self.pen.thin * x_height)))
        lean = self.slant + own.normal(0, 0.035 * self.jitter)
        tall = 1 + own.normal(0, 0.05 * self.jitter)
        # Source of each pixel: x + lean * (y above the baseline); heights divided by `tall`.
        leaning = canvas.transform(
            canvas.size,
            Image.Transform.AFFINE,
            (1, lean, -lean * rise, 0, 1 / tall, rise - rise / tall),
            Image.Resampling.BILINEAR,
        )
        array = np.asarray(leaning)
        found = (array, left - pad - math.ceil(0.15 * rise), rise, face.getlength(shown))
        self._glyphs[key] = found
        return found


@dataclass
class StrokeHand(Hand):
    """What writers with strokes share: words as strokes at x-height 1, y upwards."""

    @abstractmethod
    def _word(self, rng: np.random.Generator, word: str) -> tuple[list[np.ndarray], float]:
        """The word's strokes and its width, both at x-height 1."""

    def _line(self, rng, words, x_height, width, wave):  # noqa: ANN001, ANN202 (as in Hand)
        pad, top, bottom = round(3 * x_height), round(3.6 * x_height), round(2.6 * x_height)
        placed: list[np.ndarray] = []
        x = end = 0.0
        for word in words:
            strokes, wide = self._word(rng, word)
            if end and x + wide * x_height > width:
                break
            lift = rng.normal(0, 0.05)
            for stroke in strokes:
                xs = stroke[:, 0] + self.slant * stroke[:, 1]
                placed.append(np.stack([x + xs * x_height, -(stroke[:, 1] + lift) * x_height], 1))
            end = x + wide * x_height
            x = end + self.blank * x_height * rng.uniform(0.7, 1.3)
        reach = max([end, *(float(stroke[:, 0].max()) for stroke in placed)])
        canvas = Canvas(math.ceil(min(reach, width + pad)) + 2 * pad, top + bottom)
        thin, thick = self.pen.thin * x_height, self.pen.thick * x_height
        for stroke in placed:
            ys = stroke[:, 1] + baseline(wave, stroke[:, 0]) + top
            canvas.stroke(np.stack([stroke[:, 0] + pad, ys], 1), thin, thick)
        return canvas.mask(), top, end


@dataclass
class PenHand(StrokeHand):
    """A real writer: words that were written, taken by their length."""

    folder: Path
    wide: float  # width against the writer's own

    def _word(self, rng, word):  # noqa: ANN001, ANN202 (as in StrokeHand)
        bank, widths = _bank(self.folder)
        wanted = len(word) * _letter_width(self.folder)
        at = int(np.searchsorted(widths, wanted))
        reach = max(4, len(bank) // 25)
        chosen = bank[int(rng.integers(max(0, min(at, len(bank) - 1) - reach), min(len(bank), at + reach)))]
        return [stroke * (self.wide, 1) for stroke in chosen.strokes], chosen.width * self.wide


@cache
def _bank(folder: Path) -> tuple[tuple[Word, ...], np.ndarray]:
    """A writer's words, the narrow ones first, and their widths, float [words]."""
    words = tuple(sorted(read_writer(folder), key=lambda word: word.width))
    return words, np.array([word.width for word in words])


@cache
def _letter_width(folder: Path) -> float:
    """A letter's mean width in x-heights, taking the middle word for one of 4.5 letters."""
    return float(np.median(_bank(folder)[1])) / 4.5


def _script(rng: np.random.Generator) -> tuple:
    """The parameters of a computed hand."""
    style = str(rng.choice(["joined", "separate", "capitals"], p=(0.62, 0.25, 0.13)))
    return (
        style,
        float(rng.uniform(0.85, 1.6)),
        float(rng.uniform(0.7, 1.35)),
        float(rng.uniform(0.6, 1.25)),
        float(rng.choice([1.0, rng.uniform(0.2, 0.9)])),
        float(rng.uniform(0.02, 0.06)),
        float(rng.choice([0.0, rng.uniform(0.05, 0.5)])),
        int(rng.integers(1 << 30)),
    )


@dataclass
class CurveHand(StrokeHand):
    """A computed hand: school script or separate letters, each writer with his own proportions and letter forms."""

    style: str  # "joined", "separate", "capitals"
    wide: float
    upper: float  # length of ascenders, against the school's
    lower: float  # of descenders
    tension: float  # 1 round, 0 angular
    shake: float
    lifts: float  # chance that the pen is lifted within a word
    seed: int
    _shapes: dict = field(default_factory=dict, repr=False)

    def _letter(self, letter: str) -> tuple[list[np.ndarray], list[np.ndarray], bool, float]:
        """This writer's form of a letter: strokes, marks above it, whether it joins, and its width."""
        if letter not in self._shapes:
            own = np.random.default_rng([self.seed, ord(letter)])
            text, joins, scale = shape(base_of(letter), self.style)
            mark_scale = 1.3 if letter.isupper() or self.style == "capitals" else 1.0

            def form(stroke: tuple, lift: float, spread: float) -> np.ndarray:
                curve = np.array(stroke, float)
                curve += own.normal(0, spread, curve.shape)
                ys = curve[:, 1]
                ys = np.where(ys > 1, 1 + (ys - 1) * self.upper, np.where(ys < 0, ys * self.lower, ys))
                return np.stack([curve[:, 0] * self.wide * (1.3 if scale > 1.2 else 1), ys * lift], 1)

            strokes = [form(stroke, scale, 0.055) for stroke in points(text)]
            raised = 0.75 if self.style == "capitals" or letter.isupper() else 0.0
            marks = [
                np.add(form(stroke, 1.0, 0.03), (0, raised * mark_scale))
                for mark in above(letter, self.style)
                for stroke in points(mark)
            ]
            reach = float(strokes[0][-1, 0]) if joins else max(float(stroke[:, 0].max()) for stroke in strokes)
            self._shapes[letter] = (strokes, marks, joins, max(0.15, reach))
        return self._shapes[letter]

    def _word(self, rng, word):  # noqa: ANN001, ANN202 (as in StrokeHand)
        x, curve, found = 0.0, [], []
        draws = rng.random((len(word), 2))
        for letter, (lift, stretch) in zip(word, draws, strict=True):
            strokes, marks, joins, reach = self._letter(letter)
            grown = 0.92 + 0.16 * stretch
            if curve and (not joins or lift < self.lifts):
                found.append(np.concatenate(curve))
                curve = []
                x += 0.08
            if joins:
                curve.append((strokes[0][1:] if curve else strokes[0]) * (grown, 1) + (x, 0))
            else:
                found += [stroke * (grown, 1) + (x, 0) for stroke in strokes]
            found += [np.add(mark, (x, 0)) for mark in marks]
            x += reach * grown + (0.0 if joins else 0.22 * self.wide)
        if curve:
            found.append(np.concatenate(curve))
        return [smooth(stroke + rng.normal(0, self.shake, stroke.shape), 3, self.tension) for stroke in found], x
