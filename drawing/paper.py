"""What a sheet of paper has been through: its colour, its stains, its folds, holes, torn edges and tape.

    paper = Paper.choose(numpy.random.default_rng(1), age=0.2)      # one stock for a document
    page = paper.lay(numpy.random.default_rng(2), page, bed=(20, 20, 20))      # ink on white -> ink on this sheet

Everything soft (tint, clouds, browning, water, foxing, finger marks) is worked out at a sixth of the size and
multiplied onto the page, so ink stays darker than paper. What is sharp (holes, folds, staples, tears) is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from drawing.noise import fractal

COARSE = 6  # the soft field is this many times smaller than the page
Colour = tuple[int, int, int]
# Paper stocks, as the light they give back in red, green and blue, and how often: (before about 1960, after).
STOCKS: tuple[tuple[tuple[float, float, float], float, float], ...] = (
    ((0.96, 0.95, 0.93), 3.0, 7.0),  # bright writing paper
    ((0.94, 0.91, 0.82), 3.0, 1.5),  # yellowed
    ((0.88, 0.81, 0.67), 2.0, 0.3),  # brown, wood pulp
    ((0.90, 0.91, 0.83), 1.2, 0.4),  # greenish carbon copy
    ((0.88, 0.88, 0.86), 1.5, 1.0),  # grey, recycled
    ((0.97, 0.93, 0.87), 1.0, 0.7),  # cream card
    ((0.92, 0.85, 0.83), 0.2, 0.1),  # pink form
    ((0.84, 0.89, 0.93), 0.2, 0.1),  # blue form
    ((0.96, 0.90, 0.62), 0.15, 0.12),  # yellow
    ((0.76, 0.87, 0.74), 0.12, 0.08),  # green
    ((0.93, 0.74, 0.56), 0.1, 0.06),  # orange
)
# The same before 1920, when paper was of rags, or cheap, or coloured, or skin.
EARLY_STOCKS: tuple[tuple[tuple[float, float, float], float], ...] = (
    ((0.93, 0.90, 0.83), 5),
    ((0.90, 0.85, 0.74), 4),  # rags, browned
    ((0.95, 0.94, 0.91), 2.5),
    ((0.83, 0.75, 0.61), 1.6),
    ((0.76, 0.66, 0.50), 0.7),  # wrapping paper
    ((0.80, 0.84, 0.87), 1.2),  # blue laid paper
    ((0.86, 0.87, 0.84), 1.2),
    ((0.93, 0.83, 0.62), 0.4),  # yellow and orange covers
    ((0.88, 0.74, 0.68), 0.4),
    ((0.92, 0.87, 0.72), 0.8),  # parchment
)


@dataclass(frozen=True)
class Paper:
    """One stock and its fate. Shares (0..1): clouds, browning, through (how far the other side shows), wear (how much
    has happened to a page, on average). fibre: grey levels of fine texture. holes: their middles, mm from the top."""

    tint: tuple[float, float, float]
    clouds: float
    browning: float
    through: float
    wear: float
    fibre: float
    holes: tuple[float, ...]
    hole_in: float
    hole_wide: float

    @classmethod
    def choose(cls, rng: np.random.Generator, age: float, early: bool = False) -> Paper:
        """A document's paper; age 0 = 1920s .. 1 = new; early: older than that."""
        stocks = EARLY_STOCKS if early else [(stock, old * (1 - age) + new * age) for stock, old, new in STOCKS]
        weights = np.array([often for _, often in stocks])
        stock = np.array(stocks[int(rng.choice(len(stocks), p=weights / weights.sum()))][0])
        tint = (stock * rng.normal(1, 0.02) + rng.normal(0, 0.008, 3)).clip(0.4 if early else 0.6, 1)
        old = 1 - age
        spacing = float(rng.choice([80, 80, 80, 108, 70]))
        middle = 148 + float(rng.normal(0, 6))
        pairs: tuple[float, ...] = (middle - spacing / 2, middle + spacing / 2)
        if rng.random() < 0.15:
            pairs = (middle - 120, middle - 40, middle + 40, middle + 120)
        return cls(
            tint=(float(tint[0]), float(tint[1]), float(tint[2])),
            clouds=float(rng.exponential(0.006 + 0.014 * old)),
            browning=float(rng.exponential(0.10)) * old if rng.random() < 0.7 * old else 0.0,
            through=float(rng.uniform(0.02, 0.3 if early else 0.16)) if rng.random() < 0.12 + 0.25 * old else 0.0,
            wear=float(rng.beta(1.2, 3.0)) * (0.25 + 0.75 * old),
            fibre=float(rng.exponential(0.8 + 1.4 * old)),
            holes=pairs if rng.random() < 0.28 and not early else (),
            hole_in=float(rng.uniform(8, 15)),
            hole_wide=float(rng.uniform(5, 6.5)),
        )

    @property
    def level(self) -> float:
        """How bright the bare paper is, 0..255."""
        return 255 * float(np.dot(self.tint, (0.299, 0.587, 0.114)))

    def lay(self, rng: np.random.Generator, page: Image.Image, bed: Colour) -> Image.Image:
        """The page ("RGB" or "L", ink on white) on a sheet of this paper; `bed` is what shows through its holes."""
        if self.through:
            page = ImageChops.multiply(page, self._other_side(rng, page))
        field = self._field(rng, page.width, page.height)
        if page.mode == "L":
            field = field @ np.array((0.299, 0.587, 0.114), np.float32)
        small = Image.fromarray((field * 255).clip(0, 255).astype(np.uint8))
        page = ImageChops.multiply(page, small.resize(page.size, Image.Resampling.BILINEAR))
        self._sharp(rng, page, bed)
        return page

    def _other_side(self, rng: np.random.Generator, page: Image.Image) -> Image.Image:
        """The text of the other side, mirrored, faint and soft, in the mode and size of `page`."""
        strength = self.through * float(rng.uniform(0.5, 1.2))
        small = page.convert("L").reduce(2).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        small = ImageChops.offset(small, int(rng.normal(0, 12)), int(rng.normal(0, 25)))
        small = small.point([round(255 - (255 - v) * strength) for v in range(256)])
        return small.resize(page.size, Image.Resampling.BILINEAR).convert(page.mode)

    def _field(self, rng: np.random.Generator, width: int, height: int) -> np.ndarray:
        """What the bare sheet gives back, float32 [height / 6, width / 6, 3], 0..1."""
        rows, columns = max(8, height // COARSE), max(8, width // COARSE)
        dark = np.zeros((rows, columns), np.float32)  # 0 none .. 1 all light swallowed, grey
        brown = np.zeros((rows, columns), np.float32)  # the same, of blue most, of red least
        y = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
        x = np.linspace(0, 1, columns, dtype=np.float32)[None]
        if self.clouds > 0.002:
            dark += self.clouds * fractal(rng, rows, columns, float(rng.choice([1.0, 1.4, 1.8])))
        if self.browning:
            edge = np.minimum(np.minimum(x, 1 - x) * columns, np.minimum(y, 1 - y) * rows) / columns
            ragged = edge + 0.012 * fractal(rng, rows, columns, 1.6)
            brown += self.browning * (0.25 + np.exp(-ragged / float(rng.uniform(0.03, 0.15))))
        happens = self.wear
        if rng.random() < happens * 0.8:
            self._water(rng, brown, dark)
        if rng.random() < happens * 0.9:
            self._spots(rng, brown, int(rng.geometric(0.03)), (0.3, 1.6), 0.28)  # foxing
        if rng.random() < happens:
            self._spots(rng, dark, int(rng.integers(1, 6)), (3, 14), 0.10)  # finger marks, smudges
        if rng.random() < happens * 0.3:
            self._spots(rng, brown, int(rng.integers(1, 4)), (4, 20), 0.25)  # coffee, glue
        if rng.random() < happens * 0.35:
            self._tape(rng, brown)
        if rng.random() < happens * 1.2:
            self._creases(rng, dark, y, x)
        swallowed = dark[..., None] + brown[..., None] * np.array((0.4, 0.75, 1.3), np.float32)
        return np.array(self.tint, np.float32) * (1 - swallowed).clip(0.3, 1.05)

    @staticmethod
    def _water(rng: np.random.Generator, brown: np.ndarray, dark: np.ndarray) -> None:
        """A water stain from one edge or corner: hardly darker within, a darker line where it dried."""
        rows, columns = brown.shape
        cy, cx = rng.choice([-0.1, 0.5, 1.1]) * rows, rng.choice([-0.1, 1.1]) * columns
        reach = float(rng.uniform(0.2, 0.7)) * columns
        away = np.hypot(np.arange(rows)[:, None] - cy, np.arange(columns)[None] - cx).astype(np.float32)
        away += 0.10 * reach * fractal(rng, rows, columns, 1.8)
        strength = float(rng.uniform(0.02, 0.10))
        brown += strength * (away < reach) + 2 * strength * np.exp(-(((away - reach) / 1.6) ** 2))
        dark += 0.2 * strength * (away < reach)

    @staticmethod
    def _spots(
        rng: np.random.Generator, onto: np.ndarray, number: int, radius: tuple[float, float], most: float
    ) -> None:
        rows, columns = onto.shape
        heart_y, heart_x = rng.random(2) * (rows, columns)
        spread = float(rng.uniform(0.15, 1.0))
        for _ in range(min(number, 120)):
            r = float(rng.uniform(*radius)) * float(rng.uniform(0.6, 1.2))
            cy, cx = heart_y + rng.normal() * spread * rows / 2, heart_x + rng.normal() * spread * columns / 2
            if not (0 <= cy < rows and 0 <= cx < columns):
                continue
            top, left, reach = max(0, int(cy - 2.5 * r)), max(0, int(cx - 2.5 * r)), int(5 * r) + 3
            part = onto[top : top + reach, left : left + reach]
            down, across = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
            far = ((down - cy) ** 2 + (across - cx) ** 2 * float(rng.uniform(0.6, 1.6))) / r**2
            part += (most * float(rng.random()) * np.exp(-far)).astype(np.float32)

    @staticmethod
    def _tape(rng: np.random.Generator, brown: np.ndarray) -> None:
        """Yellow tape or the brown of old rubber cement, upright or level."""
        rows, columns = brown.shape
        strength = float(rng.uniform(0.05, 0.22))
        for _ in range(int(rng.integers(1, 4))):
            long, wide = int(rng.uniform(20, 90)), int(rng.uniform(10, 18))
            if rng.random() < 0.5:
                long, wide = wide, long
            top, left = int(rng.integers(-5, rows - 5)), int(rng.choice([-4, columns - wide + 4, columns // 2]))
            top, left = max(0, top), max(0, left)
            brown[top : top + long, left : left + wide] += strength

    @staticmethod
    def _creases(rng: np.random.Generator, dark: np.ndarray, y: np.ndarray, x: np.ndarray) -> None:
        """Soft folds across or along the sheet: light on one side, shade on the other."""
        for _ in range(int(rng.integers(1, 4))):
            along = y if rng.random() < 0.7 else x
            sloping = (x if along is y else y) * float(rng.normal(0, 0.008))
            place = float(rng.choice([0.5, 0.33, 0.67, 0.25, float(rng.uniform(0.1, 0.9))])) + float(
                rng.normal(0, 0.01)
            )
            off = (along + sloping - place) * dark.shape[0 if along is y else 1]
            strength = float(rng.uniform(0.02, 0.12))
            dark += strength * np.exp(-((off / 0.9) ** 2))
            dark += 0.35 * strength * np.sign(off) * np.exp(-np.abs(off) / float(rng.uniform(3, 15)))

    def _sharp(self, rng: np.random.Generator, page: Image.Image, bed: Colour) -> None:
        """Holes, staples, hairline folds and torn corners, drawn into `page`."""
        pen = ImageDraw.Draw(page)
        width, height = page.size
        mm = max(width, height) / 297
        behind = _in_mode(page, bed)
        shade = _in_mode(page, tuple(int(v * 0.75) for v in bed) if sum(bed) > 500 else (90, 85, 80))
        if self.holes and rng.random() < 0.9:
            shift = float(rng.normal(0, 1.5))
            for down in self.holes:
                cx, cy, r = (self.hole_in + shift * 0.3) * mm, (down + shift) * mm, self.hole_wide / 2 * mm
                if cy > height - r:
                    continue
                if rng.random() < 0.06 * (1 + 3 * self.wear):  # torn out to the edge
                    pen.polygon([(0, cy - 1.6 * r), (cx, cy - r), (cx, cy + r), (0, cy + r * 1.2)], fill=behind)
                pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=behind, outline=shade)
        if rng.random() < 0.12 * (0.5 + self.wear):  # a staple or the two holes of one, at the upper left
            cx, cy = rng.uniform(5, 14, 2) * mm
            dx, dy = (6 * mm, 0) if rng.random() < 0.5 else (4 * mm, -4 * mm)
            if rng.random() < 0.5:
                pen.line((cx, cy, cx + dx, cy + dy), fill=_in_mode(page, (95, 95, 100)), width=3)
            for end in ((cx, cy), (cx + dx, cy + dy)):
                pen.ellipse((end[0] - 2, end[1] - 2, end[0] + 2, end[1] + 2), fill=_in_mode(page, (60, 45, 35)))
        if rng.random() < self.wear * 0.6:  # corners torn off or folded over
            for _ in range(int(rng.integers(1, 3))):
                self._corner(rng, page, pen, mm, behind)
        if rng.random() < self.wear * 0.5:  # a ragged edge
            self._ragged(rng, page, pen, mm, behind)

    def _corner(
        self, rng: np.random.Generator, page: Image.Image, pen: ImageDraw.ImageDraw, mm: float, behind: Colour | int
    ) -> None:
        width, height = page.size
        x, y = int(rng.integers(2)) * width, int(rng.integers(2)) * height
        a, b = rng.uniform(3, 18, 2) * mm
        over, down = (x + (a if x == 0 else -a), y), (x, y + (b if y == 0 else -b))
        if rng.random() < 0.6:
            pen.polygon([(x, y), over, down], fill=behind)
        if rng.random() < 0.6:
            inner = (over[0] + down[0] - x) * 0.97 + 0.03 * x, (over[1] + down[1] - y) * 0.97 + 0.03 * y
            back = tuple(int(255 * v * rng.uniform(0.86, 0.98)) for v in self.tint)
            pen.polygon([over, down, inner], fill=_in_mode(page, back), outline=_in_mode(page, (150, 145, 135)))
        else:
            pen.line([over, down], fill=_in_mode(page, (170, 165, 155)), width=2)

    @staticmethod
    def _ragged(
        rng: np.random.Generator, page: Image.Image, pen: ImageDraw.ImageDraw, mm: float, behind: Colour | int
    ) -> None:
        side, deep = int(rng.integers(4)), float(rng.uniform(0.4, 3)) * mm
        long, wide = (page.height, page.width) if side < 2 else (page.width, page.height)
        at = np.linspace(0, long, 90)
        into = (deep * (0.3 + np.abs(fractal(rng, 4, 90, 1.2)[0]))).clip(0, 7 * mm)
        if side % 2:
            into = wide - into
        outside = wide + 2 if side % 2 else -2
        points = [(outside, 0), *zip(into.tolist(), at.tolist(), strict=True), (outside, long)]
        pen.polygon([p if side < 2 else p[::-1] for p in points], fill=behind)


def _in_mode(page: Image.Image, colour: tuple[int, ...]) -> Colour | int:
    """A colour as Pillow draws it on this page: three numbers, or their grey."""
    return colour if page.mode == "RGB" else round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])  # type: ignore[return-value]
