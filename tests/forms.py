"""Filled-in forms of one series and scans of them, for the tests of what tells one page from another."""

from __future__ import annotations

import io
import random
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WORDS = ("find", "layer", "pit", "shard", "bronze", "grave", "house", "wall", "oven", "coin", "bone", "trench", "iron")
LABELS = ("Site", "District", "Date", "Found by", "Object", "Layer", "Material", "Depth", "Drawing no.", "Remark")


def form(entries: int, size: tuple[int, int] = (900, 1270)) -> Image.Image:
    """A form whose print is always the same; its entries come from the seed `entries`."""
    draw = random.Random(entries)
    page = Image.new("L", size, 246)
    pen = ImageDraw.Draw(page)
    pen.text((90, 60), "REPORT ON A FIND", font=_font(34), fill=30)
    for row, label in enumerate(LABELS):
        top = 150 + 105 * row
        pen.rectangle((80, top, size[0] - 80, top + 90), outline=60, width=2)
        pen.text((92, top + 8), f"{row + 1}. {label}", font=_font(18), fill=60)
        entry = " ".join(draw.choice(WORDS) for _ in range(4)) + f" {draw.randrange(1000)}"
        pen.text((180, top + 42), entry, font=_font(26), fill=20)
    return page


def with_other_entry(page: Image.Image, row: int, entry: str) -> Image.Image:
    """The page with one entry painted over by another."""
    page = page.copy()
    pen = ImageDraw.Draw(page)
    top = 150 + 105 * row
    pen.rectangle((170, top + 38, page.width - 90, top + 80), fill=246)
    pen.text((180, top + 42), entry, font=_font(26), fill=20)
    return page


def scan_again(
    page: Image.Image,
    *,
    turn: float = 1.5,
    scale: float = 0.8,
    crop: float = 0.05,
    gamma: float = 1.4,
    quality: int | None = 40,
) -> Image.Image:
    """Another scan: turned (degrees), cropped at left and top (share), of another size and contrast, saved as JPEG."""
    page = page.rotate(turn, Image.Resampling.BICUBIC, fillcolor=246)
    page = page.crop((int(crop * page.width), int(crop * page.height), page.width, page.height))
    page = page.resize((round(page.width * scale), round(page.height * scale)), Image.Resampling.BICUBIC)
    page = page.point([round(255 * (value / 255) ** gamma) for value in range(256)])
    if quality is None:
        return page
    saved = io.BytesIO()
    page.save(saved, "JPEG", quality=quality)
    return Image.open(saved).convert("L")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
