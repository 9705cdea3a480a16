"""The machines that write on a page: printing press and laser printer, typewriter, and what lines up their words.

    press = Press.choose(rng, fonts, age=0.7)
    y = press.block(image, words, (120, 200, 1120, 1600), rng)        # running text; the y below its last line

A box is (left, top, right, bottom) in pixels at 150 dpi. Every function draws onto a Pillow image and gives back where
it stopped; nothing is ever drawn below its box.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from drawing.fonts import Fonts, covers, typeface
from drawing.words import Words

Box = tuple[float, float, float, float]
Colour = tuple[int, int, int]

INK: Colour = (24, 24, 26)


def choice(rng: np.random.Generator, items: dict | list | tuple):  # noqa: ANN201 (whatever the items are)
    """One of the items, by weight if they are a dictionary {item: weight}."""
    if isinstance(items, dict):
        keys = list(items)
        weights = np.array([items[key] for key in keys], float)
        return keys[int(rng.choice(len(keys), p=weights / weights.sum()))]
    return items[int(rng.integers(len(items)))]


def wrap(words: list[str], widths: list[float], blank: float, width: float, indent: float) -> list[list[int]]:
    """Which words stand in which line: a list of word numbers for each line."""
    lines: list[list[int]] = [[]]
    used = indent
    for i, wide in enumerate(widths):
        need = wide + (blank if lines[-1] else 0)
        if lines[-1] and used + need > width:
            lines.append([])
            used, need = 0.0, wide
        lines[-1].append(i)
        used += need
    return lines


_STYLED = re.compile(
    r"ital|obli|slant|bold|black|heavy|thin|light|medium|demi|extra|cond|narrow|caps|[_-](it|bi|ri|rbi|rb|i|b)$|sc$",
    re.I,
)


_OFFICE = re.compile(
    r"liberations|termes|freeserif|freesans|carlito|caladea|heros-|times|arial|calibri|cambria|helvet", re.I
)


def face_of(rng: np.random.Generator, files: list[Path], styled: float = 0.08) -> Path:
    """One of the fonts, seldom (`styled`) an italic or a bold: whole pages are set in upright regular type."""
    plain = [file for file in files if not _STYLED.search(file.stem)]
    return choice(rng, plain if plain and rng.random() >= styled else files)


@dataclass
class Press:
    """Print: a book, a journal, a newspaper, or a computer's printer. Sizes in pixels."""

    body: Path
    head: Path
    small: Path
    size: float
    leading: float
    justify: bool
    ink: Colour = INK
    spread: int = 0  # strokes thickened by that many pixels: cheap print and photocopies
    _cache: dict[tuple[Path, int], ImageFont.FreeTypeFont] = field(default_factory=dict, repr=False)

    @classmethod
    def choose(cls, rng: np.random.Generator, fonts: Fonts, age: float) -> Press:
        """A press of that age (0: 1920s, 1: born digital)."""
        old = rng.random() > age
        if old and rng.random() < 0.2 and fonts.fraktur:
            body = choice(rng, fonts.fraktur)
        else:
            office = [file for file in fonts.serif + fonts.sans if _OFFICE.search(file.stem)]
            body = face_of(rng, fonts.serif if rng.random() < (0.85 if old else 0.6) else fonts.sans)
            if office and not old and rng.random() < 0.55:  # what word processors offer first
                body = face_of(rng, office)
        head = body if rng.random() < 0.5 else face_of(rng, fonts.sans + fonts.serif + fonts.display, 0.4)
        small = body if rng.random() < 0.5 else face_of(rng, fonts.sans + fonts.serif, 0.15)
        dark = int(rng.integers(0, 70) * (rng.random() < 0.4))
        return cls(
            body,
            head,
            small,
            float(rng.uniform(17, 26)),
            float(choice(rng, {1.15: 3, 1.25: 3, 1.4: 2, 1.55: 2, 1.9: 1})),
            bool(rng.random() < 0.65),
            (dark, dark, dark + int(rng.integers(0, 8))),
            int(old and rng.random() < 0.15),
        )

    def face(self, file: Path, size: float) -> ImageFont.FreeTypeFont:
        """That font in that size."""
        return typeface(file, max(6, round(size)))

    def text(
        self,
        image: Image.Image,
        at: tuple[float, float],
        text: str,
        size: float = 0,
        *,
        file: Path | None = None,
        bold: bool = False,
        anchor: str = "ls",
        ink: Colour | None = None,
    ) -> float:
        """One line; its width. `anchor` as in Pillow: "ls" left, "ms" middle, "rs" right on the baseline."""
        file = file or self.body
        text = shown(file, text)
        face = self.face(file, size or self.size)
        ImageDraw.Draw(image).text(
            at, text, ink or self.ink, face, anchor, stroke_width=int(bold) + self.spread * (size > 30)
        )
        return face.getlength(text)

    def block(
        self,
        image: Image.Image,
        words: Words,
        box: Box,
        rng: np.random.Generator,
        *,
        size: float = 0,
        file: Path | None = None,
        paragraph: tuple[int, int] = (40, 120),
        justify: bool | None = None,
        bold: bool = False,
        ink: Colour | None = None,
    ) -> float:
        """Paragraphs of running print until the box is full; the y below the last line."""
        left, top, right, bottom = box
        size, file = size or self.size, file or self.body
        justify = self.justify if justify is None else justify
        face, draw = self.face(file, size), ImageDraw.Draw(image)
        blank = face.getlength(" ")
        step = size * self.leading
        indent = size * float(choice(rng, (0, 1.2, 2, 3)))
        y = top + size
        ink = ink or self.ink
        while y <= bottom:
            text = [shown(file, word) for word in words.some(int(rng.integers(*paragraph)))]
            lines = wrap(text, [face.getlength(word) for word in text], blank, right - left, indent)
            for number, line in enumerate(lines):
                if y > bottom:
                    return y - size
                x = left + (indent if number == 0 else 0)
                if justify and number < len(lines) - 1 and len(line) > 1:
                    free = right - x - sum(face.getlength(text[i]) for i in line)
                    space = free / (len(line) - 1)
                    for i in line:
                        draw.text((x, y), text[i], ink, face, "ls", stroke_width=int(bold))
                        x += face.getlength(text[i]) + space
                else:
                    draw.text((x, y), " ".join(text[i] for i in line), ink, face, "ls", stroke_width=int(bold))
                y += step
        return y - size


def shown(file: Path, text: str) -> str:
    """The text as that font can set it: letters that it lacks lose their accents, others become a dash."""
    if covers(file, text):
        return text
    out = []
    for letter in text:
        if covers(file, letter):
            out.append(letter)
        else:
            base = unicodedata.normalize("NFD", letter)[0]
            base = {"ł": "l", "Ł": "L", "ß": "s", "–": "-", "„": '"', "“": '"'}.get(base, base)
            out.append(base if covers(file, base) else "-")
    return "".join(out)


@dataclass
class Typewriter:
    """A typewriter: fixed pitch, letters a little off their line, a ribbon that fades, type that is worn."""

    file: Path
    size: int
    pitch: float
    leading: float
    ink: Colour
    wobble: float
    uneven: float  # 0..1: how much the blackness varies from letter to letter
    weight: int  # strokes thickened by that many pixels
    blur: float  # of a carbon copy
    computer: bool  # a daisy wheel or a needle printer of letter quality: straight and even
    left_out: bool  # accents added by hand
    _masks: dict[tuple[str, int], tuple[Image.Image, int, int]] = field(default_factory=dict, repr=False)
    _off: dict[str, tuple[float, float]] = field(default_factory=dict, repr=False)

    @classmethod
    def choose(cls, rng: np.random.Generator, fonts: Fonts, age: float = 0.4) -> Typewriter:
        """A machine; the later the document, the likelier a computer's printer of letter quality."""
        computer = bool(rng.random() < (0.35 if age > 0.65 else 0.05))
        pitch = float(choice(rng, {15.0: 6, 12.5: 4, 13.6: 2, 16.5: 1}))  # 10, 12, 11 and 9 letters an inch
        file = face_of(rng, fonts.typewriter)
        width = typeface(file, 100).getlength("n") / 100
        size = max(10, round(pitch / width * rng.uniform(0.94, 1.08)))
        grey = int(choice(rng, {0: 4, 25: 3, 55: 2, 85: 1, 115: 0.4}))
        tint = choice(rng, {(0, 0, 0): 8, (0, 0, 45): 1.2, (40, 0, 45): 0.5, (70, 0, 0): 0.1})
        return cls(
            file,
            size,
            pitch,
            25 * float(choice(rng, {1.0: 4, 1.5: 4, 1.25: 1, 2.0: 3, 0.9: 1})),
            tuple(min(255, grey + part + 18) for part in tint),
            0.0 if computer else float(rng.uniform(0.1, 1.1)),
            0.0 if computer else float(rng.uniform(0.1, 0.9)),
            int(choice(rng, {0: 6, 1: 4})),
            0.0 if computer else float(choice(rng, {0.0: 6, 0.6: 2, 1.0: 1.2, 1.5: 0.6})),
            computer,
            bool(rng.random() < 0.08),
        )

    def _glyph(self, letter: str, variant: int) -> tuple[Image.Image, int, int]:
        found = self._masks.get((letter, variant))
        if found:
            return found
        face = typeface(self.file, self.size)
        box = face.getbbox(letter, anchor="ls", stroke_width=self.weight)
        pad = 3
        wide, high = max(1, box[2] - box[0]) + 2 * pad, max(1, box[3] - box[1]) + 2 * pad
        mask = Image.new("L", (int(wide), int(high)))
        ImageDraw.Draw(mask).text(
            (pad - box[0], pad - box[1]),
            letter,
            255,
            face,
            "ls",
            stroke_width=self.weight if variant % 2 else max(0, self.weight),
        )
        if self.blur:
            mask = mask.filter(ImageFilter.GaussianBlur(self.blur))
        fade = 1 - self.uneven * (0, 0.12, 0.3, 0.45)[variant]
        if variant == 3 and self.uneven > 0.3:  # struck with its upper or lower half only
            ramp = np.linspace(1.15, 0.35, mask.height)[:, None]
            ramp = ramp if ord(letter[0]) % 2 else ramp[::-1]
            mask = Image.fromarray((np.asarray(mask) * ramp * fade).clip(0, 255).astype(np.uint8))
        elif fade < 1:
            mask = mask.point(lambda value: int(value * fade))
        self._masks[letter, variant] = found = (mask, int(box[0]) - pad, int(box[1]) - pad)
        return found

    def columns(self, width: float) -> int:
        """How many letters fit into that width."""
        return max(4, int(width / self.pitch))

    def line(
        self,
        image: Image.Image,
        at: tuple[float, float],
        text: str,
        rng: np.random.Generator,
        ink: Colour | None = None,
    ) -> float:
        """One line from its left on the baseline; the x behind it."""
        x, y = at
        ink = ink or self.ink
        count = len(text)
        shift = rng.normal(0, self.wobble * 0.45, (count, 2))
        variants = rng.choice(4, count, p=(0.57, 0.26, 0.14, 0.03))
        drawn = ImageDraw.Draw(image)
        for i, letter in enumerate(text):
            if letter == " ":
                x += self.pitch
                continue
            accents = ""
            if self.left_out or not covers(self.file, letter):
                parts = unicodedata.normalize("NFD", letter)
                letter, accents = parts[0], parts[1:]
                if not covers(self.file, letter):
                    letter = {"ł": "l", "Ł": "L", "ß": "s"}.get(letter, "-")
            mask, dx, dy = self._glyph(letter, int(variants[i]))
            off = self._off.get(letter)
            if off is None:  # a type that stands askew stays askew
                bent = rng.random() < 0.2
                off = self._off[letter] = tuple(rng.normal(0, self.wobble * (1.2 if bent else 0.3), 2))
            image.paste(ink, (round(x + dx + shift[i, 0] + off[0]), round(y + dy + shift[i, 1] + off[1])), mask)
            for _ in accents:
                top = y - self.size * (0.95 if letter.isupper() else 0.72) + rng.normal(0, 1)
                drawn.line([(x + self.pitch * 0.35, top), (x + self.pitch * 0.65, top - 3 - rng.random() * 3)], ink, 2)
            x += self.pitch
        return x

    def block(
        self,
        image: Image.Image,
        words: Words,
        box: Box,
        rng: np.random.Generator,
        *,
        paragraph: tuple[int, int] = (20, 90),
        ink: Colour | None = None,
        errors: float = 0.01,
    ) -> float:
        """Paragraphs of typing until the box is full; the y below the last line. errors: share of words crossed out."""
        left, top, right, bottom = box
        columns = self.columns(right - left)
        y = top + self.size
        indent = int(choice(rng, (0, 0, 5, 5, 8)))
        gap = self.leading * float(choice(rng, (0, 0, 0.5, 1)))
        spaced = rng.random() < 0.2
        while y <= bottom:
            text = words.some(int(rng.integers(*paragraph)))
            for i in np.nonzero(rng.random(len(text)) < errors)[0]:
                text[i] = choice(rng, ("x", "m", "/")) * len(text[i])
            if spaced and rng.random() < 0.25 and len(text[0]) < 14:
                text[0] = " ".join(text[0])
            line = " " * indent
            start = True
            for word in text:
                if not start and len(line) + len(word) + 1 > columns:
                    if y > bottom:
                        return y - self.size
                    self.line(image, (left, y), line, rng, ink)
                    y += self.leading
                    line, start = "", True
                line += word if start else " " + word
                start = False
            if y > bottom:
                return y - self.size
            self.line(image, (left, y), line, rng, ink)
            y += self.leading + gap
        return y - self.size
