"""One page of one document: the paper, and all that can write on it.

    document = Document.choose(numpy.random.default_rng([1, 7]), Kit(Fonts.find(None)), number=7, start="TEXT_T")
    sheet = Sheet(document, numpy.random.default_rng([1, 7, 3]))
    sheet.put("type", (150, 200), "Nálezová zpráva")

Pages of a document share paper, machines, hands, forms and scanner; so a split by document means something.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from drawing.fonts import Fonts
from drawing.hand import Hand
from drawing.hands import choose_hand
from drawing.old_hands import old_hand
from drawing.scan import Scanner
from drawing.typeset import Box, Colour, Press, Typewriter, choice
from drawing.words import Words

A4 = (1240, 1754)
SHAPES = {  # of a document's pages, for old and new documents: size -> weight
    "old": {A4: 66, (1236, 2034): 6, (1004, 1257): 4, (1240, 880): 9, (877, 1240): 8, (1754, 1240): 5, (1300, 1640): 4},
    "new": {A4: 84, (1754, 1240): 6, (1240, 880): 2, (877, 1240): 3, (1275, 1650): 5},
    "slide": {(1600, 1200): 4, (1760, 990): 6},
    "deed": {(1130, 1754): 5, (1060, 1600): 3, (1240, 1880): 3, (960, 1400): 2, (1300, 1640): 1, (1400, 1120): 0.6},
    "manuscript": {(1240, 1754): 3, (1150, 1754): 4, (980, 1400): 2, (1240, 1560): 2, (1300, 2000): 1.5},
    "register": {(1240, 1754): 4, (1300, 1900): 4, (1240, 1600): 2, (1500, 1900): 1.5, (1700, 1300): 1},
    "old print": {(1000, 1600): 4, (1060, 1754): 4, (900, 1300): 3, (1240, 1754): 2, (1240, 1880): 1.5},
}
# Documents older than those of the archives' own offices: in which years; how they are scanned and written differs.
EARLY = {"deed": (1840, 1925), "manuscript": (1640, 1850), "register": (1780, 1925), "old print": (1510, 1850)}
INKS: dict[Colour, float] = {
    (40, 50, 110): 5,
    (28, 28, 32): 6,
    (20, 40, 150): 2,
    (70, 60, 60): 2,
    (95, 95, 98): 3,
    (90, 50, 110): 0.5,
    (150, 40, 40): 0.3,
    (40, 90, 60): 0.3,
}


@dataclass(frozen=True)
class Kit:
    """What the generator draws with: fonts, and the folder of pen strokes where there is one."""

    fonts: Fonts
    strokes: Path | None = None


@dataclass
class Document:
    """What the pages of one document share.

    age: 0 in the 1920s and before, 1 born digital; kind: "old", "new", "slide" or one of EARLY.
    """

    name: str
    year: int
    age: float
    kind: str
    seed: tuple[int, ...]
    words: Words
    press: Press
    machine: Typewriter
    hands: list[Hand]
    inks: list[Colour]
    scanner: Scanner
    size: tuple[int, int]
    margins: tuple[float, float, float, float]
    kit: Kit
    kept: dict[str, object] = field(default_factory=dict)

    @classmethod
    def choose(cls, rng: np.random.Generator, kit: Kit, number: int, kind: str, seed: tuple[int, ...]) -> Document:
        """A document of that kind; `seed` also seeds the forms that its pages share."""
        early = kind in EARLY
        year = int(rng.integers(*EARLY.get(kind, (1921, 1992) if kind == "old" else (1986, 2020))))
        age = min(1.0, max(0.0, (year - 1920) / 95 + rng.normal(0, 0.04)))
        if kind == "slide":
            year, age = int(rng.integers(2000, 2022)), 1.0
        language = choice(rng, {"cs": 10, "de": 3, "en": 2 if kind == "old" else 6, "pl": 2, "hu": 1})
        if early:
            language = choice(rng, {"fr": 7, "de": 4, "cs": 2, "en": 2, "pl": 0.5})
        size = choice(rng, SHAPES[kind])
        left = float(rng.uniform(0.05, 0.16) * size[0])
        schooled = early or (kind == "old" and rng.random() < 0.55 * (1 - age))  # with a steel nib
        hands = [(old_hand if schooled else choose_hand)(rng, kit.fonts, kit.strokes) for _ in range(2)]
        margins = (
            left,
            float(rng.uniform(0.04, 0.12) * size[1]),
            float(rng.uniform(0.03, 0.13) * size[0]),
            float(rng.uniform(0.04, 0.13) * size[1]),
        )
        return cls(
            f"CTX{year}{number:05d}",
            year,
            age,
            kind,
            seed,
            Words(rng, language),
            Press.choose(rng, kit.fonts, age),
            Typewriter.choose(rng, kit.fonts, age),
            hands,
            [hand.ink if schooled or rng.random() < 0.6 else choice(rng, INKS) for hand in hands],
            Scanner.choose(rng, age, early),
            size,
            margins,
            kit,
        )

    def shared(self, name: str, make: Callable[[np.random.Generator], object]) -> object:
        """Something that all pages of the document share (a form, a style of tables), made once from its seed."""
        if name not in self.kept:
            self.kept[name] = make(np.random.default_rng([*self.seed, sum(map(ord, name)), len(name)]))
        return self.kept[name]


class Sheet:
    """One page while it is made. `rng` is the page's own; all methods draw on `image` (RGB, ink on white).

    source: where such a page comes from: "archive", one of EARLY, or what `elsewhere.py` calls it.
    on_side: whether what stands on it was turned by 90 degrees anticlockwise to fit.
    """

    def __init__(self, document: Document, rng: np.random.Generator) -> None:
        self.document, self.rng = document, rng
        self.source = document.kind if document.kind in EARLY else "archive"
        self.words = Words(rng, document.words.language)
        self.width, self.height = document.size
        self.image = Image.new("RGB", document.size, "white")
        self.hand, self.pen = document.hands[0], document.inks[0]
        self.on_side = False

    @property
    def press(self) -> Press:
        """The document's press."""
        return self.document.press

    @property
    def machine(self) -> Typewriter:
        """The document's typewriter."""
        return self.document.machine

    @cached_property
    def body(self) -> Box:
        """The type area of this page; it wanders a little from page to page."""
        left, top, right, bottom = self.document.margins
        shift = self.rng.normal(0, 8, 2)
        return (left + shift[0], top + shift[1], self.width - right + shift[0], self.height - bottom + shift[1])

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        """Pillow's drawing pen for the page."""
        return ImageDraw.Draw(self.image)

    def chance(self, share: float) -> bool:
        """True in that share of all cases."""
        return bool(self.rng.random() < share)

    def pick(self, items: dict | list | tuple):  # noqa: ANN201 (whatever the items are)
        """One of the items, by weight if they are a dictionary."""
        return choice(self.rng, items)

    def uniform(self, low: float, high: float) -> float:
        """A number between the two."""
        return float(self.rng.uniform(low, high))

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def put(
        self,
        how: str,
        at: tuple[float, float],
        text: str,
        size: float = 0,
        width: float = 1e9,
        *,
        bold: bool = False,
        file: Path | None = None,
        ink: Colour | None = None,
    ) -> float:
        """One line by "print", "type" or "hand" at the left of its baseline; the x behind it.

        size: of print in pixels, of handwriting its x-height; 0: the usual one. Text beyond `width` is left out.
        """
        if how == "type":
            text = text[: max(1, int(width / self.machine.pitch))]
            return self.machine.line(self.image, at, text, self.rng, ink)
        if how == "hand":
            return self.hand.write(
                self.rng, self.image, at, text, size or 14, ink or self.pen, min(width, self.width - at[0] - 4)
            )
        face = self.press.face(file or self.press.body, size or self.press.size)
        while len(text) > 1 and face.getlength(text) > width:
            text = text[: max(1, int(len(text) * 0.9) - 1)]
        return at[0] + self.press.text(self.image, at, text, size, file=file, bold=bold, ink=ink)

    def height_of(self, how: str, size: float = 0) -> float:
        """The usual distance between two lines of that writing."""
        if how == "type":
            return self.machine.leading
        return (size or 14) * 2.6 if how == "hand" else (size or self.press.size) * 1.3

    def hand_block(
        self, box: Box, x_height: float = 14, leading: float = 0, ragged: float = 30, indent: float = 0
    ) -> float:
        """Running handwriting until the box is full; the y below the last line."""
        left, top, right, bottom = box
        leading = leading or x_height * self.uniform(2.1, 3.4)
        y = top + 2 * x_height
        drift = self.rng.normal(0, 0.004)
        while y <= bottom:
            paragraph = self.integer(2, 14)
            for number in range(paragraph):
                if y > bottom:
                    break
                start = left + (indent if number == 0 else 0) + abs(self.rng.normal(0, ragged / 5))
                limit = right - start - abs(self.rng.normal(0, ragged))
                if number == paragraph - 1:
                    limit *= self.uniform(0.2, 0.9)
                text = " ".join(self.words.some(max(2, int(limit / (x_height * 4)) + 4)))
                self.hand.write(self.rng, self.image, (start, y), text, x_height, self.pen, max(40, limit))
                y += leading * (1 + self.rng.normal(0, 0.02)) + drift
            if self.chance(0.3):
                y += leading * self.uniform(0.2, 0.8)
        return y - leading + x_height

    def paste(self, picture: Image.Image, box: tuple[int, int], *, multiply: bool = True) -> None:
        """A picture onto the page: as ink (what is there shines through), or as a thing glued on."""
        x, y = int(box[0]), int(box[1])
        if multiply:
            from PIL import ImageChops

            area = (x, y, x + picture.width, y + picture.height)
            under = self.image.crop(area)
            picture = ImageChops.multiply(under, picture.convert("RGB"))
        self.image.paste(picture, (x, y))

    def rule(
        self, points: list[tuple[float, float]], ink: Colour | None = None, width: int = 2, by_hand: bool = False
    ) -> None:
        """A straight line through all points; by hand it wavers."""
        if by_hand:
            points = self._wavering(points)
        self.draw.line(points, ink or self.press.ink, max(1, width))

    def _wavering(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        out = []
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            steps = max(2, int(np.hypot(bx - ax, by - ay) / 90))
            at = np.linspace(0, 1, steps + 1)
            shake = self.rng.normal(0, 1.2, (steps + 1, 2))
            out += [(ax + (bx - ax) * t + sx, ay + (by - ay) * t + sy) for t, (sx, sy) in zip(at, shake, strict=True)]
        return out
