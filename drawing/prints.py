"""From a scene to the print of it: exposure, tone curve, grain, halftone, and what a century does to the paper.

image = finish(rng, scene, 900, 650, colour=False)       # scene: float32 [h, w, 3] in 0..1 -> Pillow "L", 900 x 650
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from drawing.noise import bumps, fractal

# What the emulsion made of red, green and blue: panchromatic, orthochromatic (blind to red), a red filter.
EMULSIONS = ((0.30, 0.59, 0.11), (0.08, 0.55, 0.37), (0.55, 0.38, 0.07), (0.33, 0.34, 0.33))


def finish(rng: np.random.Generator, scene: np.ndarray, width: int, height: int, colour: bool) -> Image.Image:
    """A print of the scene, "RGB" if `colour`, else "L"; it may have faded or gone through a halftone screen."""
    image = Image.fromarray((scene.clip(0, 1) * 255).astype(np.uint8))
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    if not colour:
        red, green, blue = EMULSIONS[int(rng.integers(len(EMULSIONS)))]
        image = image.convert("L", (red, green, blue, 0))
    image = focus(rng, image)
    image = tones(rng, image, flat=0.35 if colour else 0.6)
    if colour:
        image = cast(rng, image)
    image = grained(rng, image, colour)
    kind = rng.random()
    if kind < 0.13:
        image = halftone(rng, image)
    elif kind < 0.16 and not colour:
        image = photocopied(rng, image)
    elif kind < 0.36 and not colour:
        image = worn(rng, image)
    elif kind < 0.42 and not colour:
        image = matte(rng, image)
    elif colour and kind > 0.5:
        image = compressed(rng, image)
    return image


def focus(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Out of focus, as it is, or sharpened by a camera's or a scanner's software."""
    way = rng.random()
    scale = max(image.size) / 900
    if way < 0.35:
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.6) * scale))
    if way < 0.7:
        return image.filter(
            ImageFilter.UnsharpMask(max(0.5, rng.uniform(0.6, 2.5) * scale), int(rng.uniform(40, 160)), 1)
        )
    return image


def tones(rng: np.random.Generator, image: Image.Image, flat: float) -> Image.Image:
    """Exposure and contrast: stretched to what the print holds, by a curve with a toe and a shoulder."""
    sample = np.asarray(image.convert("L").resize((96, 96), Image.Resampling.BOX))
    low, high = np.percentile(sample, (rng.uniform(0, 3), rng.uniform(97, 100)))
    low, high = min(low, high - 20), max(high, low + 20)
    keep = rng.random()  # how much of the scene's own range stays
    low, high = low * (1 - 0.5 * keep), high + (255 - high) * 0.4 * keep
    x = ((np.arange(256) - low) / (high - low)).clip(0, 1)
    middle = float(((np.median(sample) - low) / (high - low)).clip(0.02, 0.98))
    gamma = float(np.exp(rng.normal(0, 0.2)))
    if 0.06 < middle < 0.85:  # exposed for its middle tones, more or less; finds on black or white paper stay so
        gamma *= (np.log(rng.uniform(0.33, 0.62)) / np.log(middle)) ** rng.uniform(0.4, 1)
    gamma = float(np.clip(gamma, 0.4, 2.4))
    bend = rng.uniform(-0.3, 0.75)
    y = x**gamma
    y = y + bend * (y * y * (3 - 2 * y) - y)
    black, white = (
        (rng.uniform(0, 0.28), rng.uniform(0.72, 1))
        if rng.random() < flat
        else (rng.uniform(0, 0.06), rng.uniform(0.93, 1))
    )
    table = (255 * (black + (white - black) * y)).clip(0, 255).astype(np.uint8)
    return image.point(list(table) * len(image.getbands()))


def cast(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """What became of the dyes: none, a slight cast, or an old print gone red, yellow or blue; more or less colour."""
    kind = rng.random()
    gain, lift = np.ones(3), np.zeros(3)
    if kind < 0.25:  # prints of the 1970s
        tint = np.array(
            ((1.08, 0.93, 0.86), (1.02, 0.98, 0.78), (0.94, 0.98, 1.08), (1.1, 0.88, 0.95))[int(rng.integers(4))]
        )
        gain = 1 + (tint - 1) * rng.uniform(0.3, 1.0)
        lift = np.array((18, 8, 4)) * rng.uniform(0, 1.5)
    elif kind < 0.7:
        gain = np.exp(rng.normal(0, 0.05, 3))
    x = np.arange(256)
    tables = np.concatenate([(x * gain[i] + lift[i] * (1 - x / 255)).clip(0, 255) for i in range(3)]).astype(np.uint8)
    image = image.point(list(tables))
    strength = rng.choice((rng.uniform(0.2, 0.55), rng.uniform(0.55, 1.0)))
    return Image.blend(image.convert("L").convert("RGB"), image, float(strength))


def grained(rng: np.random.Generator, image: Image.Image, colour: bool) -> Image.Image:
    """The grain of the film (grey) or the noise of the sensor (coloured), and darker corners."""
    width, height = image.size
    amount = rng.choice((rng.uniform(0, 3), rng.uniform(3, 14)), p=(0.6, 0.4) if colour else (0.4, 0.6))
    grain = fractal(rng, height, width, float(rng.choice((0.0, 0.4, 0.8))), float(rng.choice((1.0, 0.6))))
    pixels = np.asarray(image, np.float32)
    mid = (1.2 - np.abs(pixels.mean(-1) if colour else pixels) / 255 * 0.6) if amount > 5 else 1
    change = amount * grain * mid
    corner = rng.uniform(0, 0.45) if rng.random() < 0.5 else 0
    if corner:
        y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)[None]
        fall = 1 - corner * ((x * x + y * y) / 2) ** 1.3
        pixels = pixels * (fall[..., None] if colour else fall)
    pixels = pixels + (change[..., None] if colour else change)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def halftone(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Screened for the press: dots (newspaper to art paper), at 45 degrees for black, as scanned, a little soft."""
    width, height = image.size
    pitch = rng.uniform(2.2, 5.5)
    angle = np.pi / 4 if image.mode == "L" else rng.uniform(0, np.pi)
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    u = (x * np.cos(angle) + y * np.sin(angle)) * (2 * np.pi / pitch)
    v = (y * np.cos(angle) - x * np.sin(angle)) * (2 * np.pi / pitch)
    screen = (np.cos(u) + np.cos(v)) * 63.75 + 127.5
    pixels = np.asarray(image, np.float32)
    hard = rng.uniform(1.2, 4)
    screen = screen[..., None] if pixels.ndim == 3 else screen
    dots = ((pixels - screen) * hard + 127.5).clip(0, 255)
    share = rng.uniform(0.25, 0.95)
    mixed = Image.fromarray((pixels + (dots - pixels) * share).clip(0, 255).astype(np.uint8))
    return mixed.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 0.9)))


def photocopied(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """A photocopy: little left between black and white, edges of dark areas washed out, toner speckled."""
    pixels = np.asarray(image, np.float32)
    wide = Image.fromarray(pixels).resize((max(2, image.width // 24), max(2, image.height // 24)), Image.Resampling.BOX)
    around = np.asarray(wide.resize(image.size, Image.Resampling.BICUBIC))
    contrast = rng.uniform(1.6, 4.5)
    copy = 128 + contrast * (pixels - around) + rng.uniform(0.3, 1.2) * (around - rng.uniform(90, 150))
    copy = copy + rng.uniform(5, 30) * fractal(rng, image.height, image.width, 0.4)
    return Image.fromarray(copy.clip(rng.uniform(0, 40), rng.uniform(235, 255)).astype(np.uint8))


def worn(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Faded in places, scratched, dusty, finger-marked, creased."""
    width, height = image.size
    pixels = np.asarray(image, np.float32)
    fade = rng.uniform(0, 0.4) * (0.5 + 0.5 * bumps(rng, height, width, max(width, height) / 2)).clip(0, 1)
    pixels = pixels + (rng.uniform(150, 235) - pixels) * fade
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 6))):  # scratches
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        points = [(x, y)]
        dx, dy = rng.normal(0, width / 12), rng.normal(0, height / 12)
        for _ in range(5):
            x, y = x + dx + rng.normal(0, 3), y + dy + rng.normal(0, 3)
            points.append((x, y))
        draw.line(points, int(rng.choice((245, 225, 40))), 1)
    for _ in range(int(rng.integers(0, 40))):  # dust
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.4, 1.8)
        draw.ellipse([x - r, y - r, x + r, y + r], int(rng.choice((250, 235, 30))))
    return image


def compressed(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """As a camera's or a word processor's JPEG left it, maybe from fewer pixels."""
    size = image.size
    if rng.random() < 0.4:
        part = rng.uniform(0.35, 0.9)
        image = image.resize((max(8, int(size[0] * part)), max(8, int(size[1] * part))), Image.Resampling.BILINEAR)
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=int(rng.uniform(25, 90)))
    return Image.open(stored).convert(image.mode).resize(size, Image.Resampling.BICUBIC)


def matte(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Printed on silk or linen paper, as was the fashion of the 1960s: its weave glints in the scanner's light."""
    y, x = np.arange(image.height, dtype=np.float32)[:, None], np.arange(image.width, dtype=np.float32)[None]
    pitch = rng.uniform(3, 7)
    weave = np.sin(x * 2 * np.pi / pitch + np.pi * (np.floor(y / pitch) % 2)) * np.sin(y * 2 * np.pi / pitch)
    pixels = np.asarray(image, np.float32) + rng.uniform(4, 16) * weave * (
        1 + 0.4 * fractal(rng, image.height, image.width, 1.0)
    )
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
