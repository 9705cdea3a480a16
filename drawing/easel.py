"""A picture of a slide in the making: its pen, the slide's colours, words within forms.

    easel = Easel(sheet, design, ground)          # drawn onto a crop of the slide's own ground
    easel.box(300, 200, 240, 120, 0, "round")
    picture = easel.finished()

All measures hang on the picture's size.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drawing.sheet import Sheet
from drawing.slide_design import Design
from drawing.typeset import Colour

FINE = 2  # drawn so much larger, then reduced


class Easel:
    """A picture in the making: its pen, its colours, its words. Sizes are those of the fine picture."""

    def __init__(self, sheet: Sheet, design: Design, ground: Image.Image) -> None:
        self.sheet, self.design, self.rng = sheet, design, sheet.rng
        self.image = ground.convert("RGB").resize((ground.width * FINE, ground.height * FINE))
        self.pen = ImageDraw.Draw(self.image)
        self.w, self.h = self.image.size
        self.unit = min(self.w, self.h)
        self.line = max(2, int(self.unit * sheet.uniform(0.003, 0.008)))
        self.colours = self._palette()
        self.outlined = sheet.chance(0.5)

    def _palette(self) -> list[Colour]:
        """Shades of the slide's accent, or five colours as programs offer them."""
        accent = np.array(self.design.accent, float)
        if self.sheet.chance(0.45):
            tones = [accent + (255 - accent) * share for share in (0, 0.25, 0.45, 0.62, 0.78)]
        else:
            tones = [accent, *self.rng.uniform(40, 235, (4, 3))]
        return [tuple(int(v) for v in tone) for tone in tones]

    def fill(self, number: int) -> Colour:
        """The number-th colour, round and round."""
        return self.colours[number % len(self.colours)]

    def rim(self) -> Colour | None:
        """What forms are outlined with, where they are."""
        return self.design.ink if self.outlined else None

    def text(self, x: float, y: float, words: int, size: float, over: Colour | None = None, room: float = 0) -> None:
        """Some words with their middle at (x, y), in two lines where `room` is little; light on dark forms."""
        ink = self.design.ink if over is None else (255, 255, 255) if sum(over) < 400 else (20, 20, 24)
        face = self.sheet.press.face(self.design.body, max(10.0, size))
        text = self.sheet.words.phrase(1, words).capitalize()
        parts = [text]
        if room and face.getlength(text) > room and " " in text:
            cut = text.index(" ", len(text) // 3) if " " in text[len(text) // 3 :] else text.index(" ")
            parts = [text[:cut], text[cut + 1 :]]
        for number, part in enumerate(parts):
            while room and len(part) > 2 and face.getlength(part) > room:
                part = part[:-1]
            self.pen.text((x, y + (number - (len(parts) - 1) / 2) * size * 1.15), part, ink, face, "mm")

    def arrow(
        self, a: tuple[float, float], b: tuple[float, float], colour: Colour | None = None, wide: int = 0
    ) -> None:
        """A straight arrow from a to b."""
        colour, wide = colour or self.design.ink, wide or self.line
        self.pen.line([a, b], colour, wide)
        way = np.array(b) - a
        way = way / max(1.0, float(np.hypot(*way))) * wide * 4.5
        side = np.array([-way[1], way[0]]) * 0.5
        self.pen.polygon([b, tuple(b - way + side), tuple(b - way - side)], fill=colour)

    def box(self, x: float, y: float, wide: float, high: float, number: int, form: str, words: int = 2) -> None:
        """A form with words, its middle at (x, y): "box", "round", "ellipse", "diamond"."""
        tone = self.fill(number)
        corners = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        if form == "box":
            self.pen.rectangle(corners, fill=tone, outline=self.rim(), width=self.line)
        elif form == "round":
            self.pen.rounded_rectangle(corners, min(wide, high) * 0.25, fill=tone, outline=self.rim(), width=self.line)
        elif form == "ellipse":
            self.pen.ellipse(corners, fill=tone, outline=self.rim(), width=self.line)
        else:
            self.pen.polygon(
                [(x, y - high / 2), (x + wide / 2, y), (x, y + high / 2), (x - wide / 2, y)],
                fill=tone,
                outline=self.rim(),
            )
        self.text(x, y, words, min(high * 0.3, wide * 0.16), tone, wide * 0.86)

    def finished(self) -> Image.Image:
        """The picture in the size of its ground, "RGB"."""
        return self.image.resize((self.w // FINE, self.h // FINE), Image.Resampling.BOX)
