"""How a sheet or a book lies when it is photographed: on black, cloth or wood, beside a ruler, held open by weights.

    table = Table.choose(numpy.random.default_rng(1))                   # one a document
    image = table.lay(numpy.random.default_rng(2), page, zoom=1.0, tilt=0.5)     # the sheet with all that is round it

Seen on real scans of wills, registers, manuscripts and old books: strips of the ground on some sides or on all, more of
it on one; the block of leaves and the board below a book's page, the neighbouring page beyond the gutter; strips of
colours, rulers and labels beside the sheet; clips, weights and a thumb on it. Sizes are page pixels (150 dpi).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from drawing.noise import fractal, stretch

Colour = tuple[int, int, int]
# The ground: its colour, how rough it is (grey levels), and how often it is met.
GROUNDS: tuple[tuple[Colour, float, float], ...] = (
    ((8, 8, 8), 1.0, 7),
    ((20, 20, 22), 2.5, 4),
    ((48, 48, 50), 3.0, 2),  # grey felt
    ((238, 239, 241), 0.8, 5),  # a white board
    ((205, 205, 203), 1.5, 1.5),
    ((126, 126, 124), 2.0, 1.2),
    ((34, 44, 70), 4.0, 0.6),  # cloth
    ((46, 66, 54), 4.0, 0.6),
    ((110, 92, 70), 5.0, 0.5),
)
WOODS: tuple[Colour, ...] = ((134, 96, 60), (98, 66, 42), (168, 130, 88), (70, 48, 34))
BOARDS: tuple[Colour, ...] = ((92, 60, 42), (120, 34, 38), (40, 48, 62), (146, 120, 88), (60, 56, 52), (180, 164, 130))
PATCHES: tuple[Colour, ...] = (
    (56, 61, 150), (70, 148, 73), (175, 54, 60), (231, 199, 31), (187, 86, 149), (8, 133, 161),
    (243, 243, 242), (200, 200, 200), (160, 160, 160), (122, 122, 121), (85, 85, 85), (30, 30, 32),
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Where a document was photographed.

    Attributes:
        ground: its colour; rough: its texture in grey levels; wood: whether it has a grain.
        sides: how much of it is seen, as shares of the page's width: left, top, right, bottom.
        book: "" for a loose sheet, "left" or "right" where a book's gutter is on odd pages.
        leaves: of the block below the page, px; board: of the cover, px; cover: its colour; beyond: how much of the
            neighbouring page is seen, a share of the width.
        beside: "", "patches", "ruler", "label": what lies at the side; foot: it lies below, not at the right.
        holding: "", "clips", "weights", "thumb".
        shadow: how dark the sheet's shadow is, 0..1.
        askew: spread of the corners, px.
    """

    ground: Colour
    rough: float
    wood: bool
    sides: tuple[float, float, float, float]
    book: str
    leaves: float
    board: float
    cover: Colour
    beyond: float
    beside: str
    foot: bool
    holding: str
    shadow: float
    askew: float

    @classmethod
    def choose(cls, rng: np.random.Generator) -> Table:
        """A table at random."""
        share = np.array([often for *_, often in GROUNDS])
        ground, rough, _ = GROUNDS[int(rng.choice(len(GROUNDS), p=share / share.sum()))]
        wood = bool(rng.random() < 0.07)
        if wood:
            ground, rough = WOODS[int(rng.integers(len(WOODS)))], 6.0
        usual = float(rng.choice([0.012, 0.03, 0.06, 0.12], p=(0.3, 0.35, 0.23, 0.12)))
        sides = rng.exponential(usual, 4) * (rng.random(4) < 0.72)
        if rng.random() < 0.3:
            sides[int(rng.integers(4))] += rng.uniform(0.04, 0.22)
        beside = str(rng.choice(["", "patches", "ruler", "label"], p=(0.8, 0.1, 0.06, 0.04)))
        foot = bool(rng.random() < 0.5)
        if beside:
            sides[3 if foot else 2] += rng.uniform(0.06, 0.12)
        book = str(rng.choice(["", "left", "right"], p=(0.45, 0.3, 0.25)))
        return cls(
            ground,
            rough,
            wood,
            tuple(float(v) for v in sides.clip(0, 0.35)),
            book,
            float(rng.uniform(0, 34)) if rng.random() < 0.7 else 0.0,
            float(rng.uniform(4, 30)) if rng.random() < 0.45 else 0.0,
            BOARDS[int(rng.integers(len(BOARDS)))],
            float(rng.exponential(0.035)) if rng.random() < 0.75 else 0.0,
            beside,
            foot,
            str(rng.choice(["", "clips", "weights", "thumb"], p=(0.9, 0.04, 0.03, 0.03))),
            float(rng.uniform(0, 0.6)),
            float(rng.exponential(4)),
        )

    def lay(self, rng: np.random.Generator, page: Image.Image, zoom: float, tilt: float) -> Image.Image:
        """The page (ink on its paper, "RGB" or "L") with what is round it. zoom: of the result; tilt: spread, degrees.

        Returns an image of the page's mode.
        """
        colour = page.mode == "RGB"
        page = page.convert("RGB")
        left, top, right, bottom = (
            max(0.0, side * page.width * float(rng.uniform(0.6, 1.4)) + (rng.normal(0, 3) if side else 0))
            for side in self.sides
        )
        gutter = self.book
        if gutter and rng.random() < 0.3:  # the other page of the opening
            gutter = "left" if gutter == "right" else "right"
        near = self.beyond * page.width * float(rng.uniform(0.5, 1.5)) if gutter else 0.0
        left, right = max(left, near * (gutter == "left")), max(right, near * (gutter == "right"))
        size = round((page.width + left + right) * zoom), round((page.height + top + bottom) * zoom)
        ground = self._ground(rng, *size)
        box = tuple(v * zoom for v in (left, top, left + page.width, top + page.height))
        if gutter:
            self._book(rng, ground, page, box, gutter, near * zoom, zoom)
            page = _bent(rng, page, gutter)
        self._beside(rng, ground, box, zoom)
        corners = self._corners(rng, page.size, box, tilt)
        self._shade(rng, ground, corners, zoom)
        laid = _pasted(page, ground, corners)
        if self.holding and rng.random() < 0.8:
            self._hold(rng, laid, box, zoom)
        return laid if colour else laid.convert("L")

    def _ground(self, rng: np.random.Generator, width: int, height: int) -> Image.Image:
        """The bare table, "RGB"."""
        rows, columns = max(8, height // 3), max(8, width // 3)
        rough = 0.6 * fractal(rng, rows, columns, 0.6) + 0.6 * fractal(rng, rows, columns, 2.0)
        if self.wood:
            rough = 1.6 * stretch(fractal(rng, rows // 24 + 4, columns, 1.0), rows, columns) + 0.4 * rough
        field = np.array(self.ground, np.float32) * float(rng.normal(1, 0.03)) + self.rough * rough[..., None]
        small = Image.fromarray(field.clip(0, 255).astype(np.uint8))
        return small.resize((width, height), Image.Resampling.BILINEAR)

    def _book(
        self,
        rng: np.random.Generator,
        ground: Image.Image,
        page: Image.Image,
        box: tuple[float, ...],
        gutter: str,
        near: float,
        zoom: float,
    ) -> None:
        """The board, the block of leaves beside and below the page, the neighbouring page beyond the gutter."""
        pen = ImageDraw.Draw(ground)
        left, top, right, bottom = box
        leaves, board = self.leaves * zoom * float(rng.uniform(0.3, 1.5)), self.board * zoom
        outer = right if gutter == "left" else left
        way = 1 if gutter == "left" else -1
        if board:
            far = outer + way * (leaves + board)
            pen.rectangle((min(left, far), top - board * 0.6, max(right, far), bottom + board * 0.8), fill=self.cover)
        paper = page.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        for step in range(int(leaves / 2)):
            shade = float(rng.uniform(0.55, 1.05))
            tone = tuple(int(min(255, v * shade)) for v in paper)
            x = outer + way * step * 2
            pen.line((x, top + step * 0.4, x, bottom + step * 0.5), fill=tone, width=2)
            pen.line((left, bottom + step * 0.7, right, bottom + step * 0.7), fill=tone, width=1)
        if near > 3:
            wide = min(page.width, max(2, round(near / zoom)))
            strip = page.crop((0, 0, wide, page.height) if gutter == "right" else (page.width - wide, 0, *page.size))
            strip = strip.resize((max(1, round(near)), max(1, round(bottom - top))), Image.Resampling.BILINEAR)
            ground.paste(strip, (round(right if gutter == "right" else left - near), round(top + rng.normal(0, 6))))

    def _beside(self, rng: np.random.Generator, ground: Image.Image, box: tuple[float, ...], zoom: float) -> None:
        """A strip of colours, a ruler or a label, at the right or at the foot, drawn into `ground`."""
        if not self.beside:
            return
        long = int(rng.uniform(0.3, 0.75) * (ground.width if self.foot else ground.height))
        strip = Image.new("RGB", (max(20, long), max(8, int(52 * zoom))), (240, 240, 238))
        pen = ImageDraw.Draw(strip)
        if self.beside == "patches":
            step = strip.width / len(PATCHES)
            for number, tone in enumerate(PATCHES):
                pen.rectangle((number * step, 0, (number + 1) * step, strip.height), fill=tone)
            pen.rectangle((0, strip.height * 0.8, strip.width, strip.height), fill=(245, 245, 244))
        elif self.beside == "ruler":
            dark = rng.random() < 0.4
            pen.rectangle((0, 0, *strip.size), fill=(18, 18, 18) if dark else (244, 244, 240))
            ink = (240, 240, 240) if dark else (15, 15, 15)
            for tick in range(int(strip.width / (5.9 * zoom)) + 1):
                tall = 0.5 if tick % 10 == 0 else 0.35 if tick % 5 == 0 else 0.2
                pen.line((tick * 5.9 * zoom, 0, tick * 5.9 * zoom, strip.height * tall), fill=ink, width=1)
        else:
            strip = strip.crop((0, 0, min(strip.width, int(260 * zoom)), strip.height))
            pen = ImageDraw.Draw(strip)
            for row in (0.3, 0.6):
                for x in np.arange(10, strip.width * float(rng.uniform(0.5, 0.95)), 11):
                    pen.rectangle((x, strip.height * row, x + 7, strip.height * (row + 0.16)), fill=(20, 20, 20))
        if not self.foot:
            strip = strip.rotate(90, expand=True)
        x, y = float(rng.uniform(0.05, 0.3)) * ground.width, float(rng.uniform(0.05, 0.3)) * ground.height
        room = ground.height - box[3] if self.foot else ground.width - box[2]
        gap = max(2.0, (room - (strip.height if self.foot else strip.width)) * float(rng.uniform(0.2, 0.8)))
        ground.paste(strip, (round(x), round(box[3] + gap)) if self.foot else (round(box[2] + gap), round(y)))

    def _corners(
        self, rng: np.random.Generator, size: tuple[int, int], box: tuple[float, ...], tilt: float
    ) -> np.ndarray:
        """Where the page's corners lie, float32 [4, 2]: clockwise from the upper left."""
        left, top, right, bottom = box
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        middle, angle = corners.mean(0), np.radians(np.clip(rng.normal(0, tilt), -3, 3))
        cos, sin = np.cos(angle), np.sin(angle)
        corners = (corners - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle
        return (corners + rng.normal(0, self.askew, (4, 2))).astype(np.float32)

    def _shade(self, rng: np.random.Generator, ground: Image.Image, corners: np.ndarray, zoom: float) -> None:
        """The sheet's shadow on the table, drawn into `ground`."""
        if self.shadow < 0.08 or sum(self.ground) < 120:
            return
        small = Image.new("L", (max(1, ground.width // 4), max(1, ground.height // 4)), 255)
        off = rng.uniform(-3, 3, 2) * zoom
        ImageDraw.Draw(small).polygon(
            [tuple(v) for v in (corners / 4 + off).tolist()], fill=int(255 * (1 - self.shadow))
        )
        small = small.filter(ImageFilter.GaussianBlur(2 * zoom)).resize(ground.size, Image.Resampling.BILINEAR)
        ground.paste(ImageChops.multiply(ground, Image.merge("RGB", [small] * 3)))

    def _hold(self, rng: np.random.Generator, laid: Image.Image, box: tuple[float, ...], zoom: float) -> None:
        """Clips at the edges, a soft weight across a corner, or somebody's thumb, drawn into `laid`."""
        pen = ImageDraw.Draw(laid)
        left, top, right, bottom = box
        if self.holding == "clips":
            tone = ((30, 30, 32), (150, 152, 156), (190, 40, 40))[int(rng.integers(3))]
            for x in rng.uniform(left, right, int(rng.integers(1, 3))).tolist():
                wide, tall = 34 * zoom, 60 * zoom
                pen.rounded_rectangle((x, top - tall * 0.4, x + wide, top + tall * 0.6), 6, fill=tone)
        elif self.holding == "weights":
            at = float(rng.uniform(left, right))
            way = [
                (at + (right - left) * 0.25 * t, top + 26 * zoom * np.sin(5 * t) - 12) for t in np.linspace(0, 1, 16)
            ]
            pen.line(way, fill=(226, 220, 208), width=max(2, int(22 * zoom)), joint="curve")
        else:
            x = left if rng.random() < 0.5 else right
            y, r = float(rng.uniform(top + (bottom - top) * 0.3, bottom)), 34 * zoom
            tone = tuple(int(v * rng.uniform(0.8, 1.05)) for v in (214, 160, 132))
            pen.ellipse((x - 2.2 * r, y - r, x + 1.2 * r, y + r), fill=tone)
            pen.ellipse(
                (x + 0.2 * r, y - 0.55 * r, x + 1.05 * r, y + 0.55 * r), fill=tuple(min(255, v + 18) for v in tone)
            )


def _bent(rng: np.random.Generator, page: Image.Image, gutter: str) -> Image.Image:
    """The page darker towards the gutter, where it bends down into the book."""
    away = np.linspace(0, 1, page.width, dtype=np.float32)
    if gutter == "right":
        away = 1 - away
    light = 1 - float(rng.uniform(0.05, 0.6)) * np.exp(-away / float(rng.uniform(0.01, 0.09)))
    row = Image.fromarray((255 * light[None]).astype(np.uint8)).resize(page.size, Image.Resampling.NEAREST)
    return ImageChops.multiply(page, Image.merge("RGB", [row] * 3))


def _pasted(page: Image.Image, ground: Image.Image, corners: np.ndarray) -> Image.Image:
    """The page onto the ground, its corners where they belong."""
    zoom = float(np.hypot(*(corners[1] - corners[0]))) / page.width
    if zoom < 0.75:  # linear sampling would skip strokes
        small = tuple(max(1, round(side * max(zoom, 0.3))) for side in page.size)
        page = page.resize((small[0], small[1]), Image.Resampling.BOX)
    width, height = page.size
    own = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    rows = []  # of the projective map from a place on the ground to one on the page, as Pillow takes it: 8 numbers
    for (x, y), (at_x, at_y) in zip(corners.astype(float).tolist(), own.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -at_x * x, -at_x * y], [0, 0, 0, x, y, 1, -at_y * x, -at_y * y]]
    warp = np.linalg.solve(np.array(rows), own.reshape(-1)).tolist()
    way = (Image.Transform.PERSPECTIVE, warp, Image.Resampling.BILINEAR)
    laid = ground.copy()
    laid.paste(page.transform(ground.size, *way), (0, 0), Image.new("L", page.size, 255).transform(ground.size, *way))
    return laid
