"""What happens to a clean page, ink on white, until it is a file of an archive.

    scanner = Scanner.choose(numpy.random.default_rng(1), age=0.3)      # one a document: paper, scanner, habits
    image = scanner.scan(numpy.random.default_rng(2), page)             # its own skew and stains; "RGB" or "L"
    scanner.save(image, Path("CTX193001304-1.jpg"))

What real scans show (56 pages of one archive, 1930-2017, read as numbers and at full size), and so what is drawn here:

- Grey far more often than colour (43 of 56; colour: coloured inks, plans, brown paper, all that was born digital).
- White is clipped: in two of three, more than half of all pixels are 255 and flat paper has no noise at all. Where
  paper is seen it lies at 200..250, with deviations of 1..6 grey levels; brown is +18, +5, -25 off grey in red, green
  and blue. Clipped pages still show grey bands at edges and folds, and fine upright streaks of the scanner's sensor.
- The blackest ink is 0 in most, 25..80 in soft scans; faint pencil and carbon copies stand at 130..200.
- A4 at 150 dpi, its edges cut to habit: 1220..1283 x 1680..1820, folio up to 2030; halves 860..1070 high, cut at the
  end of the text; one at 300 dpi. Most run to the sheet's edge, with a thin dark or grey line on one or two sides;
  some have a white lid beside a smaller sheet, a black strip (bed, or the copier's) or a frame all round.
- Skew is mostly below 1 degree. Photocopies: specks, thick or broken strokes, a dark noisy band at the bottom, black
  strips. Thin or brown paper shows the other side, mirrored and faint; punch holes are rings in the lid's colour.
- Born digital: 255 everywhere, ink at 0, no frame, colour mode even where nothing is coloured.

Other archives add 1-bit scans, microfilm, pages photographed on a table (lying.py), gutters, moire, coarse resolution.
How often each happens is guessed from both. All is multiplied or clipped within bounds that keep the ink readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from drawing.lying import Table
from drawing.noise import TILE, fractal, tile
from drawing.paper import Colour, Paper

# How often a document is scanned in which way, at ages 0 (1920s), 0.6, 0.85 and 1 (born digital).
MODES: dict[str, tuple[float, float, float, float]] = {
    "grey": (0.55, 0.52, 0.30, 0.10),  # an office scanner, mode L
    "colour": (0.20, 0.13, 0.12, 0.06),
    "copy": (0.09, 0.17, 0.13, 0.04),  # a photocopy that was scanned
    "bitonal": (0.06, 0.08, 0.06, 0.03),
    "microfilm": (0.04, 0.02, 0.0, 0.0),
    "camera": (0.06, 0.05, 0.04, 0.02),  # photographed on a table or a copy stand
    "digital": (0.0, 0.03, 0.35, 0.75),  # never was on paper
}
AGES = (0.0, 0.6, 0.85, 1.0)
# The same for what archives photograph for readers: wills, registers, manuscripts, old books.
READING_ROOM = {"grey": 0.28, "colour": 0.44, "copy": 0.02, "bitonal": 0.05, "microfilm": 0.12, "camera": 0.09}
ON_A_TABLE = 0.26  # share of old documents, of those scanned in grey, in colour or by a camera, that lie on a table
BEDS: tuple[tuple[Colour, float], ...] = (
    ((254, 254, 254), 7),  # the white lid
    ((236, 236, 234), 2),
    ((4, 4, 4), 2),  # open lid
    ((40, 40, 42), 1),
    ((62, 70, 70), 1),
    ((150, 148, 142), 0.6),
    ((112, 88, 64), 0.3),  # a table
)


@dataclass(frozen=True)
class Scanner:
    """How one document was scanned. Sizes in page pixels (150 dpi); grey levels 0..255."""

    mode: str
    paper: Paper
    scale: float  # output pixels a page pixel
    lost: float  # resolution lost before that: 1 none, 0.5 half
    sharpness: float  # below 0 soft, above 0 sharpened
    ink: float  # 1 full black .. 0.58 faded
    white: float  # the brightness that becomes 255, as a share of the paper's: below 1 the paper is clipped
    black: float  # the grey level of the darkest ink
    gamma: float
    grain: float  # deviation of the noise before the tone curve
    grain_slope: float  # 0 fine .. 1 coarse
    cast: tuple[float, float, float]
    bed: Colour
    sides: tuple[float, float, float, float]  # bed to be seen (above 0) or sheet cut off, left, top, right, bottom
    tilt: float  # spread of the skew, degrees
    streaks: float
    threshold: float
    dithered: bool
    trimmed: bool  # blank lower halves are cut off
    quality: int
    table: Table | None  # what lies round the sheet, where it is not a scanner's bed

    @classmethod
    def choose(cls, rng: np.random.Generator, age: float, early: bool = False) -> Scanner:
        """One document's paper and scanner; age 0 = a typescript of the 1920s .. 1 = born digital.

        early: what was written or printed before, and is photographed in reading rooms.
        """
        often = READING_ROOM if early else {name: np.interp(age, AGES, share) for name, share in MODES.items()}
        weights = np.array(list(often.values()))
        mode = str(rng.choice(list(often), p=weights / weights.sum()))
        paper = Paper.choose(rng, age, early)
        clipped = rng.random() < {"grey": 0.35 if early else 0.88, "copy": 0.95, "bitonal": 1.0, "colour": 0.3}.get(
            mode, 0.1
        )
        faded = mode in ("grey", "colour", "camera") and rng.random() < (0.1 if early else 0.25 - 0.15 * age)
        lowest = 0.93 if faded or mode == "colour" else 0.85  # pale ink must not be clipped away, nor brown turn lemon
        white = float(rng.uniform(lowest, 0.98) if clipped else rng.uniform(1.0, 1.12))
        styles = rng.choice(3, p=(0.50, 0.38, 0.12))  # cut within the sheet; thin edges seen; a frame
        spread = ((-14, 0), (-10, 8), (4, 70))[styles]
        sides = rng.uniform(*spread, 4) * (rng.random(4) < (1.0, 0.7, 0.8)[styles])
        if mode in ("microfilm", "camera"):
            sides = rng.uniform(15, 110, 4)
        scale = float(np.clip(rng.normal(1, 0.012), 0.96, 1.04))
        if rng.random() < 0.12:
            scale = float(rng.choice([0.5, 0.67, 0.8, 0.9, 1.25, 1.33]) if rng.random() < 0.85 else 2.0)
        share = np.array([often for _, often in BEDS])
        bed = BEDS[int(rng.choice(len(BEDS), p=share / share.sum()))][0]
        if mode in ("copy", "microfilm", "bitonal") and rng.random() < 0.6:
            bed = (6, 6, 6)
        cast = rng.normal(1, 0.015, 3) if mode in ("colour", "camera") else np.ones(3)
        grain = rng.exponential(0.8) if mode not in ("microfilm", "camera") else rng.uniform(3, 13)
        if mode == "copy":
            grain += rng.exponential(3)
        lies = mode in ("grey", "colour", "camera", "microfilm") and rng.random() < (
            0.8 if early else ON_A_TABLE * (age < 0.8)
        )
        return cls(
            mode=mode,
            paper=paper,
            scale=scale,
            lost=float(rng.uniform(0.5, 0.8)) if rng.random() < (0.4 if mode == "microfilm" else 0.12) else 1.0,
            sharpness=float(rng.choice([0, 0, 0, -1, -1, 1])) * float(rng.uniform(0.4, 1.0)),
            ink=float(rng.uniform(0.58, 0.85) if faded else rng.uniform(0.85, 1)),
            white=white,
            black=float(rng.uniform(10, 75)) if rng.random() < 0.35 and mode not in ("copy", "bitonal") else 0.0,
            gamma=float(np.exp(rng.normal(0.0, 0.22))),
            grain=float(grain),
            grain_slope=float(rng.choice([0.0, 0.2, 0.4, 0.6])),
            cast=tuple(float(v) for v in cast.clip(0.93, 1.05)),
            bed=bed,
            sides=tuple(float(v) for v in sides),
            tilt=float(rng.choice([0.0, 0.25, 0.5, 1.2], p=(0.15, 0.5, 0.27, 0.08))),
            streaks=float(rng.exponential(2.5)) if rng.random() < 0.25 else 0.0,
            threshold=float(rng.uniform(105, 190)),
            dithered=bool(rng.random() < 0.3),
            trimmed=bool(rng.random() < 0.14),
            quality=int(rng.choice([25, 40, 55, 70, 80, 90, 95], p=(0.03, 0.07, 0.12, 0.23, 0.25, 0.2, 0.1))),
            table=Table.choose(rng) if lies else None,
        )

    def save(self, image: Image.Image, path: Path, source: str = "") -> None:
        """Write the page; JPEG at this scanner's quality, or by the ending of `path` another format.

        source: where such a page comes from; a JPEG keeps it as its comment.
        """
        if path.suffix.lower() in (".jpg", ".jpeg"):
            image.save(path, quality=self.quality, dpi=(150, 150), comment=source)
        else:
            image.save(path)

    def scan(self, rng: np.random.Generator, page: Image.Image) -> Image.Image:
        """One page as it comes from this scanner. page: "RGB" or "L", ink on white. Returns "RGB" or "L"."""
        page = page.convert("RGB")
        if self.mode == "digital":
            return self._rendered(rng, page)
        if self.mode not in ("colour", "camera"):
            page = page.convert("L")
        if self.trimmed:
            page = _trimmed(rng, page)
        if self.ink < 1:
            ink = float(np.clip(self.ink * rng.normal(1, 0.03), 0.55, 1))
            page = _through(page, 255 - (255 - np.arange(256)) * ink)
        if self.lost < 1:
            page = page.resize([round(side * self.lost) for side in page.size], Image.Resampling.BOX)
        bed = tuple(int(v) for v in np.clip(np.array(self.bed) + rng.normal(0, 2), 0, 255))
        page = self.paper.lay(rng, page, bed)
        if self.table:
            page = self.table.lay(rng, page, self.scale / self.lost, max(0.3, self.tilt))
        else:
            page = self._placed(rng, page, bed)
        page = self._lit(rng, page)
        return self._toned(rng, page)

    def turned(self, rng: np.random.Generator, image: Image.Image) -> Image.Image:
        """A scan as it was put into its file: one in eighty lies on its side or upside down."""
        if self.mode == "digital" or rng.random() >= 0.012:
            return image
        turn = rng.choice([Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
        return image.transpose(Image.Transpose(int(turn)))

    def _rendered(self, rng: np.random.Generator, page: Image.Image) -> Image.Image:
        """Born digital: perfect, perhaps rendered at another size, or in grey, or once resampled."""
        if self.threshold < 125:
            page = page.convert("L")
        wide = self.scale if abs(self.scale - 1) > 0.03 else 1.0
        if wide != 1:
            page = page.resize([round(side * wide) for side in page.size], Image.Resampling.BILINEAR)
        return page

    def _placed(self, rng: np.random.Generator, page: Image.Image, bed: Colour) -> Image.Image:
        """The sheet on the bed, askew: one transform to the final size."""
        shrunk = self.lost
        left, top, right, bottom = (
            (side + (float(rng.normal(0, 3)) if side else 0)) * shrunk * max(0.5, page.height / shrunk / 1754)
            for side in self.sides
        )
        if (
            any(side > 1 for side in (left, top, right, bottom)) and rng.random() < 0.7
        ):  # the sheet's own edge: a thin shadow
            shade = int(rng.triangular(90, 235, 245))
            edge = (shade, shade, shade) if page.mode == "RGB" else shade
            ImageDraw.Draw(page).rectangle(
                (0, 0, page.width - 1, page.height - 1), outline=edge, width=int(rng.integers(1, 4))
            )
        zoom = self.scale / shrunk
        size = (round((page.width + left + right) * zoom), round((page.height + top + bottom) * zoom))
        angle = np.radians(np.clip(rng.normal(0, self.tilt), -3, 3)) if self.tilt else 0.0
        cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
        cx, cy = page.width / 2, page.height / 2
        ox, oy = cx + left, cy + top  # the sheet's middle in the frame
        a, b, c = cos, sin, cx - (cos * ox + sin * oy) * zoom
        d, e, f = -sin, cos, cy - (-sin * ox + cos * oy) * zoom
        fill = bed if page.mode == "RGB" else round(float(np.mean(bed)))
        if self.mode == "camera" or rng.random() < 0.04:
            g, h = rng.normal(0, 0.02 if self.mode == "camera" else 0.006, 2) / np.array(size)
            a, b, c = a + g * cx, b + h * cx, c - (g * size[0] + h * size[1]) / 2 * cx
            d, e, f = d + g * cy, e + h * cy, f - (g * size[0] + h * size[1]) / 2 * cy
            return page.transform(
                size, Image.Transform.PERSPECTIVE, (a, b, c, d, e, f, g, h), Image.Resampling.BILINEAR, fillcolor=fill
            )
        if abs(angle) < 1e-4 and zoom == 1:
            moved = Image.new(page.mode, size, fill)
            moved.paste(page, (round(left), round(top)))
            return moved
        if zoom < 0.75:  # bilinear would skip strokes
            page = page.reduce(2)
            a, b, c, d, e, f = (v / 2 for v in (a, b, c, d, e, f))
        return page.transform(
            size, Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR, fillcolor=fill
        )

    def _lit(self, rng: np.random.Generator, page: Image.Image) -> Image.Image:
        """Uneven light, the gutter of a book, dark bands at the edges, streaks: one soft field, multiplied."""
        rows, columns = max(8, page.height // 8), max(8, page.width // 8)
        light = np.ones((rows, columns), np.float32)
        y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, columns, dtype=np.float32)[None]
        if self.mode in ("camera", "microfilm") or rng.random() < 0.12:
            light *= 1 + float(rng.normal(0, 0.05)) * x + float(rng.normal(0, 0.05)) * y
            light *= 1 - float(rng.uniform(0, 0.14)) * (x * x + y * y) / 2
        if not self.table and rng.random() < 0.07:  # the gutter
            side = x if rng.random() < 0.5 else -x
            light *= 1 - float(rng.uniform(0.15, 0.75)) * np.exp(-(1 - side) / float(rng.uniform(0.02, 0.12)))
        if rng.random() < 0.16:  # light falls off where the sheet lifts from the glass
            for side in (x, -x, y, -y):
                if rng.random() < 0.4:
                    band = np.exp(-(1 - side) / float(rng.uniform(0.008, 0.05)))
                    light *= 1 - float(rng.uniform(0.03, 0.35)) * band
        if self.mode == "copy" and rng.random() < 0.35:
            band = np.exp(-(1 - y) / float(rng.uniform(0.01, 0.05))) * (1 + 0.35 * fractal(rng, rows, columns, 0.4))
            light *= 1 - float(rng.uniform(0.3, 0.85)) * band
        if self.streaks:
            light *= 1 - self.streaks / 255 * fractal(rng, 1 + TILE // 512, columns, 0.4)[:1]
        if light.min() > 0.995 and light.max() < 1.005:
            return page
        field = Image.fromarray((light / max(1.0, light.max()) * 255).clip(0, 255).astype(np.uint8))
        field = field.resize(page.size, Image.Resampling.BILINEAR)
        return ImageChops.multiply(page, field if page.mode == "L" else Image.merge("RGB", [field] * 3))

    def _toned(self, rng: np.random.Generator, page: Image.Image) -> Image.Image:
        """Softness, noise, the tone curve that clips, dirt; 1-bit where the scanner is so."""
        copied = self.mode in ("copy", "bitonal")
        if (copied and self.sharpness != 0) or self.sharpness < 0:
            page = page.filter(ImageFilter.BoxBlur(0.35 + 0.45 * abs(self.sharpness)))
        sigma = float(np.hypot(self.grain, self.paper.fibre))
        if sigma > 0.5:
            page = _grained(rng, page, sigma, self.grain_slope)
        level = np.arange(256, dtype=np.float32)
        white = self.paper.level * self.white * float(rng.normal(1, 0.008))
        if self.mode == "copy":  # steep: strokes thicken or break
            middle = np.clip(self.threshold + rng.normal(0, 5), 110, 190) / 255 * min(white, 255)
            middle = max(middle, _between(np.array(page.convert("L").histogram(), float), 0.55))
            steep = float(rng.uniform(1.3, 3.5))
            curve = 255 * ((level - middle) / white * steep + 0.55)
            curve = np.where(level >= white, 255, curve)
        else:
            black = float(rng.uniform(0, 25)) if self.ink > 0.8 else 0.0
            curve = 255 * ((level - black) / max(60, white - black)).clip(0, 1) ** self.gamma
            curve = self.black + curve * (255 - self.black) / 255
        if page.mode == "RGB":
            tables = [curve * cast for cast in self.cast]
            page = page.point([int(v) for table in tables for v in table.clip(0, 255).round()])
        else:
            page = _through(page, curve)
        if self.sharpness > 0 and not copied:
            page = page.filter(_SHARPEN[0 if self.sharpness < 0.7 else 1])
        if self.mode == "bitonal":
            page = self._two_tone(rng, page)
        elif rng.random() < 0.03:
            page = _moire(rng, page)
        if copied or self.mode == "microfilm" or rng.random() < 0.1:
            self._dirty(rng, page)
        if self.mode == "microfilm" and self.threshold > 183:
            page = ImageChops.invert(page)
        return page

    def _two_tone(self, rng: np.random.Generator, page: Image.Image) -> Image.Image:
        """0 and 255 alone: a threshold, or dots where the page holds photographs or the scanner always does."""
        counts = np.array(page.histogram(), float)
        if self.dithered or counts[70:190].sum() > 0.09 * counts.sum():
            return page.convert("1").convert("L")
        limit = float(np.clip(self.threshold * rng.normal(1, 0.03), 110, 200))
        limit = max(limit, _between(counts, 0.62))  # pale ink and pencil stay on the page
        return _through(page, np.where(np.arange(256) < limit, 0, 255))

    def _dirty(self, rng: np.random.Generator, page: Image.Image) -> None:
        """Specks, hairs and lines of dirt on the glass, drawn into `page`."""
        pen = ImageDraw.Draw(page)
        colour = (lambda v: (v, v, v)) if page.mode == "RGB" else (lambda v: v)
        many = min(900, int(rng.exponential(90 if self.mode == "copy" else 40)))
        places = rng.random((many, 2)) * page.size
        wide = rng.exponential(0.7, many).clip(0, 4)
        greys = rng.integers(0, 140, many)
        for (cx, cy), r, grey in zip(places.tolist(), wide.tolist(), greys.tolist(), strict=True):
            pen.ellipse((cx - r, cy - r, cx + r, cy + r * 0.8), fill=colour(grey))
        if rng.random() < 0.25:  # along an edge, as a copier leaves it
            side = float(rng.choice([0, 1]))
            for _ in range(int(rng.integers(20, 200))):
                cx, cy = abs(side * page.width - rng.exponential(12)), float(rng.random()) * page.height
                pen.line((cx, cy, cx + rng.normal(0, 2), cy + rng.exponential(6)), fill=colour(20))
        for _ in range(int(rng.geometric(0.6)) - 1):  # a scratch on the film, a line of the copier's drum
            cx = float(rng.random()) * page.width
            grey = int(rng.choice([30, 120, 180, 235]))
            pen.line((cx, 0, cx + rng.normal(0, 3), page.height), fill=colour(grey), width=1)


_SHARPEN = (
    ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 8, -1, 0, -1, 0), 4),
    ImageFilter.Kernel((3, 3), (-1, -1, -1, -1, 14, -1, -1, -1, -1), 6),
)


def _between(counts: np.ndarray, share: float) -> float:
    """The grey level so far (0..1) from a page's ink (its darkest hundredth) to its paper (its commonest level)."""
    paper = int(counts[128:].argmax()) + 128
    ink = int(np.searchsorted(np.cumsum(counts), 0.01 * counts.sum()))
    return ink + share * max(0, paper - ink)


def _through(page: Image.Image, curve: np.ndarray) -> Image.Image:
    """The page with every level v replaced by curve[v]."""
    table = [int(v) for v in curve.clip(0, 255).round()]
    return page.point(table * len(page.getbands()))


@cache
def _grain_tile(tenths: int) -> Image.Image:
    """A tile of noise, mode "L", middle 128, deviation 32."""
    return Image.fromarray((128 + 32 * tile(tenths / 10)).clip(0, 255).astype(np.uint8))


def _grained(rng: np.random.Generator, page: Image.Image, sigma: float, slope: float) -> Image.Image:
    """The page with noise of that deviation added, the same in all bands."""
    grain = _grain_tile(round(slope * 10)).point([round(128 + (v - 128) * sigma / 32) for v in range(256)])
    if rng.random() < 0.5:
        grain = grain.transpose(Image.Transpose(int(rng.integers(0, 2))))
    left, top = (int(v) for v in rng.integers(0, TILE, 2))
    whole = Image.new("L", page.size)
    for y in range(-top, page.height, TILE):
        for x in range(-left, page.width, TILE):
            whole.paste(grain, (x, y))
    return ImageChops.add(page, whole if page.mode == "L" else Image.merge("RGB", [whole] * 3), offset=-128)


def _moire(rng: np.random.Generator, page: Image.Image) -> Image.Image:
    """A faint grid over the midtones, as screened photographs get it in a scanner."""
    columns, rows = page.size
    turn, step = float(rng.uniform(0, np.pi)), float(rng.uniform(2.5, 9))
    x = np.arange(columns, dtype=np.float32) * (2 * np.pi / step * np.cos(turn))
    y = np.arange(rows, dtype=np.float32) * (2 * np.pi / step * np.sin(turn))
    strength = float(rng.uniform(6, 18))
    wave = np.sin(x)[None] * np.cos(y)[:, None] + np.cos(x)[None] * np.sin(y)[:, None]
    whole = Image.fromarray((128 + strength * wave).astype(np.uint8))
    waved = ImageChops.add(page, whole if page.mode == "L" else Image.merge("RGB", [whole] * 3), offset=-128)
    midtones = _through(page.convert("L"), 255 * np.sin(np.arange(256) / 255 * np.pi) ** 2)
    return Image.composite(waved, page, midtones)


def _trimmed(rng: np.random.Generator, page: Image.Image) -> Image.Image:
    """The page without its blank lower part, as archives scan half-filled sheets; the ink stays whole."""
    step = 8
    ink = page.convert("L").reduce(step).point([255 if v < 235 else 0 for v in range(256)]).getbbox()
    if ink is None or ink[3] * step > 0.7 * page.height:
        return page
    lowest = max(ink[3] * step + int(rng.integers(30, 140)), int(0.3 * page.height))
    return page.crop((0, 0, page.width, min(page.height, lowest)))
