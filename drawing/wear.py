"""What pens, paper and a scanner do to ink: pages as archives hold them, from ink alone, in hundredths of a second.

    nib = choose_nib(np.random.default_rng(1), 3.0)
    page = Wear.choose(np.random.default_rng(2)).worn(np.random.default_rng(3), ink)     # uint8 [height, width, 3]

scan.py does more, and slowly: it makes pages that a person would take for scans. Here what matters is how strokes come
out of it: broken, thickened, pale, on a ground that is neither white nor even.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from drawing.noise import fractal
from drawing.strokes import Nib

Colour = tuple[float, float, float]
# The light that papers give back (red, green, blue) and how often.
PAPERS: tuple[tuple[Colour, float], ...] = (
    ((0.98, 0.97, 0.95), 3),
    ((0.95, 0.91, 0.82), 4),
    ((0.91, 0.86, 0.74), 2),
    ((0.90, 0.90, 0.86), 2),
    ((0.80, 0.73, 0.62), 1),
    ((0.66, 0.61, 0.55), 0.6),
    ((0.86, 0.89, 0.92), 0.5),
)
INKS: tuple[tuple[Colour, float], ...] = (
    ((0.10, 0.09, 0.10), 5),
    ((0.27, 0.21, 0.17), 3),  # iron gall, browned
    ((0.17, 0.18, 0.36), 1.5),
    ((0.32, 0.22, 0.52), 1.5),  # violet
    ((0.40, 0.40, 0.42), 1.2),  # pencil
)


def choose_nib(rng: np.random.Generator, width: float) -> Nib:
    """A pen about so many pixels wide: round, broad-edged or flexible, each a third."""
    kind = int(rng.integers(3))
    return Nib(
        width=width,
        flat=float(rng.uniform(0.35, 0.8)) if kind == 1 else 1.0,
        angle=float(rng.uniform(0.3, 1.2)),
        speed=float(rng.uniform(0, 0.8)),
        swell=float(rng.uniform(0.3, 0.8)) if kind == 2 else 0.0,
        ink=float(rng.uniform(0.75, 1.0)),
    )


@dataclass(frozen=True)
class Wear:
    """One sheet and its scan. Shares 0..1 of full black, sizes in pixels.

    Attributes:
        paper, ink: the light that they give back, red, green, blue.
        clouds, fibre: spread of the paper's slow and of its fine unevenness.
        dry: how far the ink fails over the paper's grain; fading: how unevenly it lies along a page.
        through: how far the other side's writing shows.
        rules: pixels between ruled lines, 0 for none; rule: their strength.
        soft: sigma of the blur; grain: spread of the noise; gamma of the scan.
        shade: how much darker the darkest edge of the page is.
        grey: whether the scan knows no colour; bitonal: whether it knows black and white alone.
        quality: of the JPEG, 0 for none.
    """

    paper: Colour
    ink: Colour
    clouds: float
    fibre: float
    dry: float
    fading: float
    through: float
    rules: float
    rule: float
    soft: float
    grain: float
    gamma: float
    shade: float
    grey: bool
    bitonal: bool
    quality: int

    @classmethod
    def choose(cls, rng: np.random.Generator) -> Wear:
        """A sheet at random."""
        return cls(
            paper=_one_of(rng, PAPERS),
            ink=_one_of(rng, INKS),
            clouds=float(rng.exponential(0.016)),
            fibre=float(rng.exponential(0.012)),
            dry=float(rng.choice([0.0, rng.uniform(0.1, 0.6)], p=(0.6, 0.4))),
            fading=float(rng.choice([0.0, rng.uniform(0.1, 0.45)])),
            through=float(rng.choice([0.0, rng.uniform(0.04, 0.22)], p=(0.7, 0.3))),
            rules=float(rng.choice([0.0, rng.uniform(34, 80)], p=(0.65, 0.35))),
            rule=float(rng.uniform(0.06, 0.3)),
            soft=float(rng.uniform(0, 1.3)),
            grain=float(rng.exponential(0.015)),
            gamma=float(np.exp(rng.normal(0, 0.15))),
            shade=float(rng.choice([0.0, rng.uniform(0.03, 0.25)])),
            grey=bool(rng.random() < 0.4),
            bitonal=bool(rng.random() < 0.08),
            quality=int(rng.choice([0, 40, 60, 75, 90])),
        )

    def worn(self, rng: np.random.Generator, ink: np.ndarray, colour: np.ndarray | None = None) -> np.ndarray:
        """The page as it is scanned: uint8 [height, width, 3], red, green, blue.

        ink: uint8 [height, width], 255 where a pen left all it had. colour: uint8 [height, width, 3], what else stands
        on the sheet (stamps, print), as light on white.
        """
        height, width = ink.shape
        cover = self._laid(rng, ink)
        light = self._sheet(rng, height, width)
        if colour is not None:
            light *= colour.astype(np.float32) / 255
        if self.rules:
            self._rule(rng, light)
        # [height, width, 3]: the ink's own light where it covers
        light *= 1 - cover[..., None] * (1 - np.array(self.ink, np.float32))
        if self.soft > 0.2:
            light = cv2.GaussianBlur(light, (0, 0), self.soft)
        if self.grey or self.bitonal:
            light = (light @ np.array((0.299, 0.587, 0.114), np.float32))[..., None]
        if self.grain > 0.003:
            light = light + self.grain * fractal(rng, height, width, 0.2)[..., None]
        if self.gamma != 1:
            light = np.clip(light, 0, None) ** self.gamma
        if self.bitonal:
            light = (light > 0.62 * float(np.median(light))).astype(np.float32)
        page = np.ascontiguousarray(np.broadcast_to(np.clip(light * 255, 0, 255).astype(np.uint8), (height, width, 3)))
        if not self.quality:
            return page
        _, jpeg = cv2.imencode(".jpg", page[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1]

    def _laid(self, rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
        """How far ink covers the paper, float32 [height, width], 0..1."""
        height, width = ink.shape
        cover = ink.astype(np.float32) / 255
        if self.fading:
            cover *= np.clip(1 - self.fading * (0.7 + 0.6 * fractal(rng, height, width, 2.0)), 0.25, 1)
        if self.dry:
            cover *= np.clip(1.1 - self.dry * np.abs(fractal(rng, height, width, 0.6)), 0, 1)
        if self.through:
            other = cv2.GaussianBlur(np.roll(cover[:, ::-1], int(rng.integers(-30, 30)), 0), (0, 0), 1.5)
            cover = np.maximum(cover, self.through * other)
        return cover

    def _sheet(self, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
        """The bare sheet's light, float32 [height, width, 3]."""
        tone = 1 + self.clouds * fractal(rng, height, width, 1.8) + self.fibre * fractal(rng, height, width, 0.6)
        if self.shade:
            angle = rng.uniform(0, 2 * np.pi)
            along = (
                np.cos(angle) * np.linspace(-1, 1, width)[None] + np.sin(angle) * np.linspace(-1, 1, height)[:, None]
            )
            tone *= 1 - self.shade * ((along.astype(np.float32) + 1.4) / 2.8) ** 2
        return tone[..., None] * np.array(self.paper, np.float32)

    def _rule(self, rng: np.random.Generator, light: np.ndarray) -> None:
        height, width = light.shape[:2]
        rule = np.zeros((height, width), np.uint8)
        slope = float(rng.normal(0, 0.004)) * width
        thick = int(rng.integers(1, 3))
        for y in np.arange(rng.uniform(0, self.rules), height, self.rules):
            ends = (0, round(y * 16)), (width * 16, round((y + slope) * 16))
            cv2.line(rule, *ends, 255, thick, cv2.LINE_AA, 4)
        colour = np.array(((0.35, 0.45, 0.75), (0.5, 0.5, 0.5), (0.55, 0.45, 0.6))[int(rng.integers(3))], np.float32)
        light *= 1 - (rule.astype(np.float32) / 255 * self.rule * 2).clip(0, 1)[..., None] * (1 - colour)


def _one_of(rng: np.random.Generator, choices: tuple[tuple[Colour, float], ...]) -> Colour:
    share = np.array([often for _, often in choices])
    chosen = choices[int(rng.choice(len(choices), p=share / share.sum()))][0]
    red, green, blue = (
        float(v) for v in np.clip(np.array(chosen) * rng.normal(1, 0.03) + rng.normal(0, 0.01, 3), 0, 1)
    )
    return red, green, blue
