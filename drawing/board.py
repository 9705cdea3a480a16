"""The drawing board: pen, pencil, hatching, stippling, shading and lettering on which all figures are drawn.

board = Board(np.random.default_rng(1), 600, 400, choose_style(rng))
board.line([(10, 10), (300, 200)])
image = board.finish()                  # "RGB", 600 x 400, white where there is no ink

Coordinates are pixels of the finished figure, as floats; inside, everything is drawn larger and reduced at the end,
so lines are smooth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from .noise import bumps
from .shapes import hatch_segments, resample
from .styles import FONTS, WHITE, Colour, Style, grain, pick, textured, typeface

Points = np.ndarray | Sequence[tuple[float, float]]
Label = Callable[[np.random.Generator, Image.Image, tuple[float, float], str, float], None]


class Board:
    """A white sheet of `width` x `height` pixels and the means to draw on it in one style."""

    def __init__(
        self, rng: np.random.Generator, width: int, height: int, style: Style, label: Label | None = None
    ) -> None:
        self.rng, self.width, self.height, self.style, self.label = rng, width, height, style, label
        self.scale = 2.0 if width * height <= 700_000 else 1.5
        self.unit = float(np.clip(min(width, height) / 600, 0.55, 1.25))  # of line widths
        self.colour = style.colour or max(style.ink) - min(style.ink) > 8
        size = (max(1, round(width * self.scale)), max(1, round(height * self.scale)))
        self.image = Image.new("RGB" if self.colour else "L", size, "white")
        self.ruled = False  # on ruled paper nothing covers the lines: white is then no paint
        self._draw = ImageDraw.Draw(self.image)
        self._texts: list[tuple[float, float, str, float, int]] = []
        self._font = pick(rng, *FONTS)

    # -- ink

    def ink(self, colour: Colour | None = None) -> Colour | int:
        """A colour as the canvas takes it: on a grey one its lightness."""
        colour = self.style.ink if colour is None else colour
        return colour if self.colour else (colour[0] * 299 + colour[1] * 587 + colour[2] * 114) // 1000

    def tint(self, colour: Colour) -> Colour:
        """The colour where this style has colours; else a light or dark grey of the same lightness."""
        if self.style.colour:
            return colour
        grey = (colour[0] * 299 + colour[1] * 587 + colour[2] * 114) // 1000
        return grey, grey, grey

    def grey(self, ink: float) -> Colour:
        """The ink thinned: 1 is full, 0 is white."""
        return tuple(round(255 - (255 - part) * ink) for part in self.style.ink)

    def _width(self, width: float) -> int:
        return max(1, round(width * self.style.pen * self.unit * self.scale))

    def line(
        self,
        points: Points,
        width: float = 1.0,
        colour: Colour | None = None,
        dash: tuple[float, float] | None = None,
        wobble: float | None = None,
        closed: bool = False,
    ) -> None:
        """A line through points [n, 2]; `width` in widths of the pen, `dash` (drawn, left out) in pixels."""
        points = np.asarray(points, np.float64)
        if closed:
            points = np.concatenate([points, points[:1]])
        wobble = (self.style.wobble if wobble is None else wobble) * self.unit
        ink, drawn = self.ink(colour), self._width(width)
        if dash:
            points = resample(points, sum(dash) / 8)
        elif wobble:
            points = resample(points, 9 * self.unit)
        if wobble and len(points) > 2:
            count = max(2, len(points) // 4)
            knots = self.rng.normal(0, wobble, (count, 2))
            if closed:
                knots[-1] = knots[0]
            at = np.linspace(0, count - 1, len(points))
            low = np.minimum(at.astype(int), count - 2)
            part = (at - low)[:, None]
            points = points + knots[low] * (1 - part) + knots[low + 1] * part
        points = points * self.scale
        joint = "curve" if drawn > 3 else None
        if dash:
            on = np.arange(len(points)) % 8 < 8 * dash[0] / sum(dash)
            for run in np.split(points, np.flatnonzero(np.diff(on.astype(int))) + 1)[0 if on[0] else 1 :: 2]:
                if len(run) > 1:
                    self._draw.line(run.ravel().tolist(), ink, drawn)
        elif self.style.pressure and len(points) > 8 and drawn > 1:
            runs = min(16, len(points) // 4)
            cuts = np.linspace(0, len(points), runs + 1).astype(int)
            force = np.interp(np.linspace(0, 4, runs), np.arange(5), self.rng.normal(0, 0.6, 5))
            widths = np.clip(np.round(drawn * (1 + self.style.pressure * force)), 1, 2 * drawn).astype(int)
            for start, stop, run_width in zip(cuts[:-1], cuts[1:], widths.tolist(), strict=True):
                self._draw.line(points[max(0, start - 1) : stop].ravel().tolist(), ink, run_width, joint)
        else:
            self._draw.line(points.ravel().tolist(), ink, drawn, joint)

    def segments(self, segments: np.ndarray, width: float = 1.0, colour: Colour | None = None) -> None:
        """Straight strokes [n, 2, 2], quickly; no wobble."""
        ink, drawn = self.ink(colour), self._width(width)
        for stroke in (np.asarray(segments) * self.scale).reshape(-1, 4).tolist():
            self._draw.line(stroke, ink, drawn)

    def fill(
        self, points: Points, colour: Colour | None = None, outline: float = 0, wobble: float | None = None
    ) -> None:
        """A filled polygon [n, 2], with an outline of that many pens (0: none)."""
        points = np.asarray(points, np.float64)
        if not (self.ruled and colour == WHITE):
            self._draw.polygon((points * self.scale).ravel().tolist(), self.ink(colour))
        if outline:
            self.line(points, outline, closed=True, wobble=wobble)

    def box(self, left: float, top: float, right: float, bottom: float, width: float = 1.0, **how: object) -> None:
        """The outline of a rectangle."""
        self.line([(left, top), (right, top), (right, bottom), (left, bottom)], width, closed=True, **how)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float | None = None, width: float = 1.0, **how: object
    ) -> np.ndarray:
        """The outline of an ellipse, returned as points."""
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        points = np.stack([x + rx * np.cos(turn), y + (rx if ry is None else ry) * np.sin(turn)], 1)
        if width:
            self.line(points, width, closed=True, **how)
        return points

    def dots(self, points: np.ndarray, radius: float = 1.0, colour: Colour | None = None) -> None:
        """Dots at [n, 2]; the radius in pixels."""
        if len(points) == 0:
            return
        reach = max(0.5, radius * self.scale)
        span = np.arange(-int(reach), int(reach) + 1)
        disc = np.stack(np.meshgrid(span, span), -1).reshape(-1, 2)
        disc = disc[(disc**2).sum(1) <= reach * reach]
        spots = np.round(np.asarray(points) * self.scale).astype(np.int32)
        self._draw.point((spots[:, None] + disc[None]).ravel().tolist(), self.ink(colour))

    # -- surfaces

    def hatch(
        self,
        points: Points,
        angle: float = 45,
        gap: float = 8,
        width: float = 0.6,
        colour: Colour | None = None,
        broken: float = 0.0,
    ) -> None:
        """Parallel strokes inside a polygon; `gap` in pixels, `broken` the share of strokes left out."""
        jitter = min(0.25 * gap, self.style.wobble) if self.style.drawn_by_hand else 0.0
        strokes = hatch_segments(np.asarray(points, np.float64), angle, max(gap, 2.0), jitter, self.rng)
        if broken and len(strokes):
            strokes = strokes[self.rng.random(len(strokes)) >= broken]
        self.segments(strokes, width, colour)

    def mask(self, points: Points) -> tuple[np.ndarray, int, int] | None:
        """Which pixels lie inside a polygon: bool [h, w] and the left and top edge of that window; None if empty."""
        points = np.asarray(points, np.float64)
        left, top = np.maximum(np.floor(points.min(0)).astype(int), 0)
        right, bottom = np.minimum(np.ceil(points.max(0)).astype(int) + 1, (self.width, self.height))
        if right - left < 1 or bottom - top < 1:
            return None
        window = Image.new("L", (int(right - left), int(bottom - top)))
        ImageDraw.Draw(window).polygon((points - (left, top)).ravel().tolist(), 1)
        return np.asarray(window) > 0, int(left), int(top)

    def scatter(self, points: Points, count: int, radius: float = 1.0, colour: Colour | None = None) -> np.ndarray:
        """Dots at random inside a polygon; radius 0 only returns where they would be."""
        found = self.mask(points)
        if found is None or count < 1:
            return np.empty((0, 2))
        inside, left, top = found
        spots = self.rng.random((count, 2)) * inside.shape[::-1]
        index = spots.astype(int)
        spots = spots[inside[index[:, 1], index[:, 0]]] + (left, top)
        if radius:
            self.dots(spots, radius, colour)
        return spots

    def shade(
        self,
        points: Points,
        strength: float = 0.8,
        light: tuple[float, float] = (-1.0, -0.7),
        base: float = 0.0,
        technique: str | None = None,
        angle: float | None = None,
    ) -> None:
        """Shadow inside a polygon, away from the light, in the style's technique; `base` is its least tone."""
        found = self.mask(points)
        if found is None:
            return
        inside, left, top = found
        h, w = inside.shape
        if min(h, w) < 4:
            return
        reach = 0.22 * min(h, w)
        small = max(1, round(min(h, w) / 60))
        coarse = Image.fromarray((inside * np.uint8(255))[::small, ::small])
        ch, cw = coarse.size[1], coarse.size[0]
        shift = np.array(light) / np.hypot(*light) * reach * 1.1 / small
        pad = int(reach / small) + 2
        wide = Image.new("L", (cw + 2 * pad, ch + 2 * pad))
        wide.paste(coarse, (pad + round(shift[0]), pad + round(shift[1])))
        wide = wide.filter(ImageFilter.GaussianBlur(0.55 * reach / small)).crop((pad, pad, pad + cw, pad + ch))
        lit = np.asarray(wide.resize((w, h), Image.Resampling.BILINEAR), np.float32) / 255
        tone = inside * np.clip(base + strength * (1 - lit), 0, 1)
        self.tone(tone, left, top, technique, angle)

    def tone(
        self, tone: np.ndarray, left: int, top: int, technique: str | None = None, angle: float | None = None
    ) -> None:
        """A surface of tones, 0..1 [h, w], with its left top corner there, by lines, dots, strokes or grain."""
        technique = technique or self.style.shading
        h, w = tone.shape
        if technique == "dots":
            radius = max(0.5, 0.36 * self.style.pen * self.unit)
            count = int(min(h * w * 0.35 / radius**2, 60_000 / radius))
            spots = self.rng.random((count, 2)) * (w, h)
            index = spots.astype(int)
            kept = self.rng.random(count) < 0.7 * tone[index[:, 1], index[:, 0]] ** 1.4
            self.dots(spots[kept] + (left, top), radius)
            return
        if technique == "strokes":
            self._strokes(tone, left, top, angle)
            return
        if technique == "lines":
            gap = max(3.0, 2.6 * self.style.pen * self.unit)
            turn = np.deg2rad(self.rng.choice([45, 30, 0, 90, -45]) if angle is None else angle)
            y, x = np.ogrid[:h, :w]
            across = (x * np.float32(np.sin(turn)) + y * np.float32(np.cos(turn))) * np.float32(2 * np.pi / gap)
            drift = bumps(self.rng, h, w, 40) if self.style.drawn_by_hand else np.float32(0)
            wave = 0.5 + 0.5 * np.sin(across + 1.5 * drift)
            alpha = np.clip((wave - (1.02 - 0.85 * tone)) * gap, 0, 1) * (tone > 0.06)
        else:
            alpha = 0.85 * tone * (0.6 + 0.5 * grain(self.rng, w, h))
        self.lay(alpha, left, top)

    def _strokes(self, tone: np.ndarray, left: int, top: int, angle: float | None) -> None:
        """Short free pencil strokes, more of them where it is darker."""
        h, w = tone.shape
        length = max(4.0, 0.16 * min(h, w))
        count = int(min(900, 2.2 * h * w / (length * 3 * self.style.pen)))
        spots = self.rng.random((count, 2)) * (w, h)
        index = spots.astype(int)
        spots = spots[self.rng.random(count) < tone[index[:, 1], index[:, 0]]]
        turn = np.deg2rad(self.rng.uniform(0, 180) if angle is None else angle)
        turns = turn + self.rng.normal(0, 0.08, len(spots))
        half = length * self.rng.uniform(0.3, 0.6, (len(spots), 1)) * np.stack([np.cos(turns), np.sin(turns)], 1)
        ends = np.stack([spots - half, spots + half], 1)
        at = np.clip(ends.astype(int), 0, (w - 1, h - 1))
        ends = ends[(tone[at[..., 1], at[..., 0]] > 0).all(1)] + (left, top)
        for part, strength in zip(np.array_split(ends, 3), (0.5, 0.7, 0.95), strict=True):
            self.segments(part, 0.6, self.grey(strength))

    def lay(self, alpha: np.ndarray, left: int = 0, top: int = 0, colour: Colour | None = None) -> None:
        """Ink laid through a mask [h, w] of 0..1."""
        h, w = alpha.shape
        mask = Image.fromarray((np.clip(alpha, 0, 1) * 255).astype(np.uint8))
        start = round(left * self.scale), round(top * self.scale)
        size = max(1, round((left + w) * self.scale) - start[0]), max(1, round((top + h) * self.scale) - start[1])
        mask = mask.resize(size, Image.Resampling.BILINEAR)
        self.image.paste(self.ink(colour), (*start, start[0] + size[0], start[1] + size[1]), mask)

    def wash(self, points: Points, colour: Colour, strength: float = 0.7) -> None:
        """A watercolour or coloured pencil over a polygon: uneven, and what lies below shows through."""
        found = self.mask(points)
        if found is None:
            return
        inside, left, top = found
        h, w = inside.shape
        uneven = 0.8 + 0.16 * bumps(self.rng, h, w, 60)
        if self.style.texture == "pencil":
            uneven = uneven * (0.45 + 0.6 * grain(self.rng, w, h))
        alpha = inside * np.clip(strength * uneven, 0, 1)
        tinted = np.array(self.tint(colour), np.float32)
        box = [round(v * self.scale) for v in (left, top, left + w, top + h)]
        paint = 255 - alpha[..., None] * (255 - tinted)
        layer = Image.fromarray(paint.astype(np.uint8)).resize((box[2] - box[0], box[3] - box[1]))
        layer = layer if self.colour else layer.convert("L")
        self.image.paste(ImageChops.multiply(self.image.crop(box), layer), box)

    def picture(self, image: Image.Image, left: float, top: float, width: float, height: float) -> None:
        """A raster laid down there."""
        corner = round(left * self.scale), round(top * self.scale)
        size = max(1, round(width * self.scale)), max(1, round(height * self.scale))
        self.image.paste(image.convert(self.image.mode).resize(size), corner)

    # -- letters and the end

    def text(self, x: float, y: float, text: str, size: float = 14, turn: int = 0, anchor: str = "middle") -> None:
        """A label on the baseline y; x is its middle or its `anchor="left"`; `turn` in degrees, 0 or 90."""
        if size < 5 or not text:
            return
        width = 0.56 * size * len(text)
        if anchor == "middle":
            x, y = (x - width / 2, y) if not turn else (x, y + width / 2)
        self._texts.append((x, y, text, size, turn))

    def _write(self, image: Image.Image, x: float, y: float, text: str, size: float) -> None:
        if self.label is not None:
            self.label(self.rng, image, (x, y), text, size)
            return
        font = typeface(self._font, max(6, round(size)))
        ink = (230, 235, 245) if self.style.texture == "blueprint" else self.style.ink
        ImageDraw.Draw(image).text((x, y), text, ink, font, anchor="ls")

    def finish(self) -> Image.Image:
        """The figure as "RGB", with the grain of pencil or the breaks of a photocopy."""
        image = self.image.resize((self.width, self.height), Image.Resampling.BOX)
        if self.style.texture == "pencil":
            image = textured(image, 0.55 + 0.55 * grain(self.rng, self.width, self.height))
        elif self.style.texture == "copy":
            image = textured(image, self.rng.uniform(0.75, 1.4) + 0.4 * bumps(self.rng, self.height, self.width, 5))
        image = image.convert("RGB")
        if self.style.texture == "blueprint":
            dark, light = (
                ((25, 45, 110), (215, 225, 240)) if self.rng.random() < 0.7 else ((25, 25, 30), (235, 235, 235))
            )
            image = ImageOps.colorize(image.convert("L"), light, dark)
        for x, y, text, size, turn in self._texts:
            if turn:
                piece = Image.new("RGB", (round(0.75 * size * len(text)) + 8, round(1.8 * size) + 2), "white")
                self._write(piece, 2, 1.3 * size, text, size)
                piece = piece.rotate(90, expand=True)
                corner = round(x - 1.3 * size), round(y - piece.height)
                area = (*corner, corner[0] + piece.width, corner[1] + piece.height)
                image.paste(ImageChops.darker(image.crop(area), piece), corner)
            else:
                self._write(image, x, y, text, size)
        return image
