"""Dug ground as a height field, and the photograph that a camera takes of it.

    ground = Ground.earth(rng, side=6.0)
    ground.lower(rng, ground.oval(rng, 0, 3, 1.2, 0.8), depth=0.6)
    picture, camera = ground.photograph(rng, 900, 650)    # float32 [650, 900, 3] in 0..1

Lengths are metres: x runs across the picture (0 in the middle), y away from the camera (0 is the plan's near edge).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from drawing.noise import TILE, blur, fractal, lit, shadowed, stretch, tile

SOILS = (
    (150, 126, 100),
    (122, 102, 84),
    (176, 154, 122),
    (98, 86, 74),
    (190, 174, 146),
    (140, 130, 118),
    (158, 120, 94),
)
SAMPLES = 300


def rgb(colour: tuple[int, int, int]) -> np.ndarray:
    """A colour 0..255 as float32 [3] in 0..1."""
    return np.array(colour, np.float32) / 255


@dataclass
class Ground:
    """A square plan: heights [n, n] in metres (row 0 nearest to the camera) and the colour of the earth [n, n, 3]."""

    side: float
    height: np.ndarray
    colour: np.ndarray
    strata: np.ndarray
    plain: np.ndarray
    crumbly: int = 0

    @classmethod
    def earth(cls, rng: np.random.Generator, side: float, samples: int = SAMPLES, rough: float | None = None) -> Ground:
        """Bare earth `side` metres square, trodden to ploughed."""
        rough = rng.uniform(0.004, 0.02) if rough is None else rough
        n = samples
        soil = rgb(SOILS[int(rng.integers(len(SOILS)))]) * rng.uniform(0.75, 1.15)
        other = rgb(SOILS[int(rng.integers(len(SOILS)))]) * rng.uniform(0.7, 1.1)
        height = rough * (fractal(rng, n, n, rng.uniform(1.0, 1.8)) + 2 * fractal(rng, n, n, 2.2, 0.5))
        patch = (rng.uniform(0, 0.5) + rng.uniform(0.05, 0.35) * fractal(rng, n, n, 1.8)).clip(0, 1)[..., None]
        colour = (soil + (other - soil) * patch) * (1 + rng.uniform(0.03, 0.12) * fractal(rng, n, n, 0.8))[..., None]
        strata = (
            1
            + rng.uniform(0.1, 0.35) * stretch(fractal(rng, 40, 12, 1.0), 200, 400)
            + 0.14 * fractal(rng, 200, 400, 1.2)
        )
        return cls(
            side,
            height.astype(np.float32),
            colour.astype(np.float32),
            strata,
            colour.astype(np.float32),
            int(rng.integers(3)),
        )

    @property
    def metre(self) -> float:
        """Samples of the plan in a metre."""
        return self.height.shape[0] / self.side

    def mask(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        """An empty picture of the plan to draw shapes on (x and y as in `at`)."""
        image = Image.new("L", self.height.shape[::-1], 0)
        return image, ImageDraw.Draw(image)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point in metres lies on the plan, in samples."""
        return (x + self.side / 2) * self.metre, y * self.metre

    def polygon(self, rng: np.random.Generator, points: list[tuple[float, float]], soft: float = 0.03) -> np.ndarray:
        """A shape of metres as a mask [n, n] in 0..1 with crumbled edges; `soft` is the width of its slope."""
        image = Image.new(
            "L", (3 * self.height.shape[1], 3 * self.height.shape[0]), 0
        )  # smooth edges, however flat they run
        ImageDraw.Draw(image).polygon([(3 * x, 3 * y) for x, y in (self.at(*point) for point in points)], 255)
        image = image.reduce(3)
        shape = np.asarray(image.filter(ImageFilter.GaussianBlur(max(1.3, soft * self.metre))), np.float32) / 255
        ragged = shape + 0.1 * fractal(rng, *shape.shape, 1.4) * (4 * shape * (1 - shape))
        return ((ragged - 0.5) * 1.5 + 0.5).clip(0, 1)

    def oval(
        self, rng: np.random.Generator, x: float, y: float, wide: float, deep: float, soft: float = 0.03
    ) -> np.ndarray:
        """A pit's outline round (x, y), never quite an ellipse."""
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        phase = rng.uniform(0, 6.3, 3)
        r = (
            1
            + 0.1 * np.sin(2 * turn + phase[0])
            + 0.06 * np.sin(3 * turn + phase[1])
            + 0.03 * np.sin(5 * turn + phase[2])
        )
        points = list(zip(x + wide / 2 * r * np.cos(turn), y + deep / 2 * r * np.sin(turn), strict=True))
        return self.polygon(rng, points, soft)

    def lower(self, rng: np.random.Generator, mask: np.ndarray, depth: float, fill: float | None = None) -> None:
        """Dig the masked part out; what is laid bare has another tone, `fill` (1 = the same)."""
        n = mask.shape[0]
        self.height -= depth * mask
        fill = rng.uniform(0.6, 1.15) if fill is None else fill
        floor = (1 + (fill - 1) * mask) * (1 + 0.05 * mask * fractal(rng, n, n, 1.4))
        self.colour *= floor[..., None]

    def raise_(self, rng: np.random.Generator, mask: np.ndarray, high: float, tone: float = 1.0) -> None:
        """Heap earth up on the masked part (spoil, an unfinished baulk), loose and clodded."""
        n = mask.shape[0]
        self.height += high * mask * (1 + 0.07 * fractal(rng, n, n, 1.7))
        self.colour *= (1 + (tone - 1) * mask)[..., None]

    def stones(
        self,
        rng: np.random.Generator,
        count: int,
        where: np.ndarray | None,
        size: tuple[float, float],
        flat: float = 0.6,
    ) -> None:
        """Lay stones (diameters in metres) where the mask is; each a lump with its own tone."""
        n = self.height.shape[0]
        pale = rgb((196, 190, 178)) * rng.uniform(0.6, 1.05)
        spots = None if where is None else np.argwhere(where > 0.6)
        if spots is not None and not len(spots):
            return
        for _ in range(count):
            row, column = rng.integers(0, n, 2) if spots is None else spots[int(rng.integers(len(spots)))]
            r = max(1.5, rng.uniform(*size) * self.metre / 2)
            a, b, turn = r * rng.uniform(0.8, 1.3), r * rng.uniform(0.55, 0.95), rng.uniform(0, np.pi)
            reach = int(max(a, b) * 1.3) + 2
            rows, columns = slice(max(0, row - reach), row + reach), slice(max(0, column - reach), column + reach)
            y, x = np.ogrid[
                rows.start - row : min(n, row + reach) - row, columns.start - column : min(n, column + reach) - column
            ]
            u, v = (x * np.cos(turn) + y * np.sin(turn)) / a, (y * np.cos(turn) - x * np.sin(turn)) / b
            power = rng.uniform(2, 4)
            lump = (1 - np.abs(u) ** power - np.abs(v) ** power) + 0.25 * fractal(rng, *np.broadcast(x, y).shape, 2.0)
            lump = lump.clip(0, 1) ** 0.5 * flat * r / self.metre
            base = np.median(self.height[rows, columns])
            lump = lump * (self.height[rows, columns] > base - 0.12)  # none hangs over an edge
            inside = np.minimum(lump * 30 * self.metre / r, 1)
            self.height[rows, columns] = np.where(
                lump > 0, np.maximum(self.height[rows, columns], base + lump), self.height[rows, columns]
            )
            tone = pale * rng.uniform(0.65, 1.1) * (1 + 0.1 * fractal(rng, *lump.shape, 1.2)[..., None])
            self.colour[rows, columns] += (tone - self.colour[rows, columns]) * (inside * 0.9)[..., None]

    def lay(self, mask: np.ndarray, high: float, colour: tuple[int, int, int], cover: float = 1.0) -> None:
        """Lay something thin and solid on the ground: a bone, a board, a rod; mask [n, n] in 0..1."""
        self.height += high * mask
        self.colour += (rgb(colour) - self.colour) * (mask * cover)[..., None]

    def lighted(self, rng: np.random.Generator, hard: float | None = None) -> np.ndarray:
        """The plan's colours [n, n, 3] under sun (`hard` 1) or a grey sky (0), hollows dark."""
        pixels = self.height * self.metre
        hard = rng.uniform(0.05, 1) if hard is None else hard
        elevation = rng.uniform(0.45, 1.1)
        left = rng.random() < 0.5
        azimuth = (np.pi if left else 0.0) + rng.uniform(-0.7, 0.7)
        sun = lit(pixels, azimuth, elevation) * (1 - shadowed(pixels, left, elevation))
        wide = pixels.shape[0] / 12
        hollow = ((blur(pixels, wide) - pixels) / wide * 1.1).clip(-0.25, 0.75)
        hollow = 0.6 * hollow + 0.4 * ((blur(pixels, 5) - pixels) / 4).clip(-0.4, 0.8)
        sky = (1 - hollow) * (0.55 + 0.45 * lit(pixels, azimuth + 0.6, 1.2))
        light = (0.35 + 0.3 * (1 - hard)) * sky + (0.25 + 0.45 * hard) * sun
        return self.colour * light[..., None] * rng.uniform(0.95, 1.25)

    def photograph(
        self,
        rng: np.random.Generator,
        width: int,
        height: int,
        up: float = 2.0,
        back: float = 1.5,
        towards: float | None = None,
        span: float | None = None,
        hard: float | None = None,
    ) -> tuple[np.ndarray, Camera]:
        """The picture float32 [height, width, 3] and the camera that took it.

        The camera stands `up` m above and `back` m before the near edge and looks at y = `towards`, where it sees
        `span` m across. Above the horizon the picture is NaN: a background belongs there.
        """
        camera = Camera.aim(
            width, height, up, back, self.side / 2 if towards is None else towards, span or self.side * 0.8
        )
        return camera.take(self, self.lighted(rng, hard)), camera


@dataclass
class Camera:
    """A pinhole camera over flat ground: picture points of metres, and the picture itself."""

    width: int
    height: int
    up: float
    back: float
    pitch: float
    focal: float

    @classmethod
    def aim(cls, width: int, height: int, up: float, back: float, towards: float, span: float) -> Camera:
        """A camera whose picture's middle is the ground at y = `towards`."""
        away = back + towards
        return cls(width, height, up, back, float(np.arctan2(up, away)), width * float(np.hypot(up, away)) / span)

    def project(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """Metres -> (column, row, pixels a metre)."""
        away, below = y + self.back, self.up - z
        deep = max(0.05, away * np.cos(self.pitch) + below * np.sin(self.pitch))
        rise = away * np.sin(self.pitch) - below * np.cos(self.pitch)
        return self.width / 2 + self.focal * x / deep, self.height / 2 - self.focal * rise / deep, self.focal / deep

    @property
    def horizon(self) -> float:
        """The row of the horizon (may lie above the picture)."""
        return self.height / 2 - self.focal * np.tan(self.pitch)

    def take(self, ground: Ground, colours: np.ndarray, fine: int = 2) -> np.ndarray:
        """Render: for each column of the picture the ground is walked from near to far; what rises above all before is
        seen (a height-field renderer; the geometry at 1 / `fine` of the picture's size, the colours at full size)."""
        w, h = max(16, self.width // fine), max(16, self.height // fine)
        small = Camera(w, h, self.up, self.back, self.pitch, self.focal * w / self.width)
        # One sample a row of flat ground, from below the picture's foot (near, high things reach into it) to far away.
        angle = self.pitch + np.arctan((np.linspace(1.45 * h, -0.3 * h, 380) - h / 2) / small.focal)
        angle = angle[(angle > 0.012) & (angle < self.pitch + 1.35)]
        away = (self.up / np.tan(angle)).astype(np.float32)[:, None]  # from the camera's foot
        deep = away * np.cos(self.pitch) + self.up * np.sin(self.pitch)
        x = (np.arange(w, dtype=np.float32)[None] - w / 2) / small.focal * deep  # [samples, w]
        n = ground.height.shape[0]
        column, row = (x + ground.side / 2) * ground.metre, (away - self.back) * ground.metre + np.zeros_like(x)
        outside = ((np.abs(column - n / 2) - n / 2).clip(0, None) + (np.abs(row - n / 2) - n / 2).clip(0, None)) / n * 8
        z = bilinear(ground.height, row, column) * (1 - outside.clip(0, 1))
        below = self.up - z
        seen = h / 2 - small.focal * (away * np.sin(self.pitch) - below * np.cos(self.pitch)) / (
            away * np.cos(self.pitch) + below * np.sin(self.pitch)
        ).clip(0.05, None)
        ridge = np.minimum.accumulate(seen, 0)
        key = np.ceil(ridge).clip(0, h).astype(np.int32) * w + np.arange(w)[None]
        count = np.bincount(key.ravel(), minlength=(h + 1) * w).reshape(h + 1, w)
        hit = count[::-1].cumsum(0)[::-1][1:]  # [h, w] the first sample that reaches this row
        gone = hit >= len(away)
        hit = hit.clip(1, len(away) - 1)
        columns = np.arange(w)[None]
        low, high = ridge[hit - 1, columns], ridge[hit, columns]
        part = ((low - np.arange(h)[:, None]) / (low - high).clip(1e-3, None)).clip(0, 1)
        near, far = away[hit - 1, 0], away[hit, 0]
        bottom, top = z[hit - 1, columns], z[hit, columns]
        steep = ((top - bottom) / (far - near).clip(0.01, None) - 0.6).clip(0, 1)
        where = np.stack([x[hit, columns], near + (far - near) * part, bottom + (top - bottom) * part, steep], -1)
        where_x, where_y, where_z, steep = stretch(where.astype(np.float32), self.height, self.width).transpose(2, 0, 1)
        row, column = (where_y - self.back) * ground.metre, (where_x + ground.side / 2) * ground.metre
        out = (np.maximum(np.abs(column - n / 2), np.abs(row - n / 2)) - n / 2 + 24).clip(0, 24) / 24
        large = stretch(colours, 2 * n, 2 * n)
        picture = large[(2 * row).clip(0, 2 * n - 1).astype(np.int32), (2 * column).clip(0, 2 * n - 1).astype(np.int32)]
        around = out > 0
        if around.any():  # beyond the plan: the same earth, undug
            i, j = (np.abs((v[around].astype(np.int32) + n) % (2 * n) - n).clip(0, n - 1) for v in (row, column))
            light = colours.mean() / ground.colour.mean()
            picture[around] += (ground.plain[i, j] * light - picture[around]) * out[around][:, None]
        scale = self.focal / float(np.hypot(self.up, np.median(where_y)))  # pixels a metre in the middle of the picture
        across, along = (where_x * scale).astype(np.int32) % TILE, ((where_y + where_z) * scale).astype(np.int32) % TILE
        tone = crumbs(ground.crumbly)[along, across]
        if steep.max() > 0.05:
            layers = ground.strata[(where_z * 60).astype(np.int32) % 200, (np.abs(where_x) * 60).astype(np.int32) % 400]
            tone = tone * (1 + steep * (layers * 0.85 - 1.0))
        picture *= tone[..., None]
        haze = ((where_y - ground.side) / 60).clip(0, 0.5)
        if haze.max() > 0.02:
            picture += (0.62 - picture) * haze[..., None]
        if gone.any():
            picture[stretch(gone.astype(np.float32), self.height, self.width) > 0.5] = np.nan
        return picture


def bilinear(values: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Values [h, w] at broken rows and columns, those outside taken from the edge."""
    row, column = row.clip(0, values.shape[0] - 1.001), column.clip(0, values.shape[1] - 1.001)
    i, j = row.astype(np.int32), column.astype(np.int32)
    a, b = row - i, column - j
    flat, at = values.ravel(), i * values.shape[1] + j
    upper = flat[at] * (1 - b) + flat[at + 1] * b
    at += values.shape[1]
    return upper * (1 - a) + (flat[at] * (1 - b) + flat[at + 1] * b) * a


@cache
def crumbs(kind: int) -> np.ndarray:
    """How earth looks from near, [1024, 1024] about 1: lit crumbs, grit or clods, with pebbles and holes in it."""
    relief = tile((0.8, 1.2, 1.6)[kind % 3]) * (0.35, 0.8, 1.6)[kind % 3]
    tone = 0.25 + 0.75 * lit(relief, 2.2, 0.8) / lit(relief, 2.2, 0.8).mean()
    spots = tile(1.0)[::-1]
    tone = tone + 0.35 * (spots > 2.6) - 0.3 * (np.roll(spots, 2, 1) > 2.6)
    return (1 + (tone / tone.mean() - 1) * (0.6, 0.8, 0.9)[kind % 3]).clip(0.2, 1.9).astype(np.float32)
