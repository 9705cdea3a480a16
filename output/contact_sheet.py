"""A contact sheet: pages as thumbnails with a few lines of text each, in one PNG.

tiles = [Tile(page, ["TEXT -> TEXT_T", "margin -0.91", "CTX197803014-1"])]
draw_sheet(tiles, root, Path("sheet.png"), title="likely wrong", max_pixels=700_000_000)
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from output.files import whole
from reading.decoding import PageError, Reader
from reading.pages import Page
from utils import printable

SIDE, GAP, LINE = 210, 14, 17  # pixels: of a thumbnail, between tiles, of a line of text
MOST = 60  # tiles of a sheet: more are no overview
COLUMNS = 6
PILLOWS_OWN = "Aileron"


@dataclass(frozen=True)
class Tile:
    """A page (None: it cannot be found) and the lines below it, the first one bold."""

    page: Page | None
    lines: list[str]


def draw_sheet(tiles: Sequence[Tile], root: Path, file: Path, *, title: str, max_pixels: int) -> Path:
    """Draw the first `MOST` tiles, row by row; a page that cannot be read is an empty frame that says why."""
    shown = tiles[:MOST]
    lines = max((len(tile.lines) for tile in shown), default=1)
    columns = max(1, min(COLUMNS, len(shown)))
    width, height = SIDE + GAP, SIDE + lines * LINE + GAP
    rows = -(-len(shown) // columns)
    sheet = Image.new("RGB", (max(columns * width + GAP, 560), rows * height + GAP + 2 * LINE), "white")
    pen, plain, bold = ImageDraw.Draw(sheet), sheet_font(), sheet_font(bold=True)
    pen.text((GAP, LINE // 2), fitting(title, sheet.width - 2 * GAP, bold), font=bold, fill="black")
    with Reader(min_side=SIDE, max_pixels=max_pixels) as reader:
        for number, tile in enumerate(shown):
            left, top = GAP + number % columns * width, 2 * LINE + number // columns * height
            image = _thumbnail(tile, root, reader, plain)
            sheet.paste(image, (left + (SIDE - image.width) // 2, top + (SIDE - image.height) // 2))
            for at, line in enumerate(tile.lines):
                font = plain if at else bold
                text = fitting(line, SIDE, font)
                pen.text((left, top + SIDE + 3 + at * LINE), text, font=font, fill="black" if at == 0 else "#444444")
    with whole(file) as part:
        sheet.save(part, "PNG")
    return file


def _thumbnail(tile: Tile, root: Path, reader: Reader, font: ImageFont.FreeTypeFont) -> Image.Image:
    why = "not found"
    if tile.page is not None:
        try:
            page = tile.page
            if page.reason:
                raise PageError(page.reason)
            image = reader.page(root / page.path, page.frame).convert("RGB")
            image.thumbnail((SIDE - 2, SIDE - 2), Image.Resampling.LANCZOS)
            return ImageOps.expand(image, 1, "#bbbbbb")
        except (PageError, MemoryError) as error:
            why = str(error)
    empty = Image.new("RGB", (SIDE, SIDE), "#eeeeee")
    ImageDraw.Draw(empty).text((8, SIDE // 2), fitting(why, SIDE - 16, font), font=font, fill="#884444")
    return empty


def sheet_font(bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib brings, else a font of the system, else Pillow's own of plain letters only."""
    places = ["arialbd.ttf", "Arial Bold.ttf"] if bold else ["arial.ttf", "Arial.ttf"]  # Windows, macOS
    places.insert(0, name := "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    if matplotlib := find_spec("matplotlib"):
        places.insert(0, str(Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf" / name))
    for place in places:
        with contextlib.suppress(OSError):
            return ImageFont.truetype(place, 12)
    return ImageFont.load_default(12)


def fitting(text: str, width: int, font: ImageFont.FreeTypeFont) -> str:
    """The text, its middle dropped until it fits."""
    text = "".join(letter if letter.isprintable() else "?" for letter in printable(text))
    if font.getname()[0] == PILLOWS_OWN:  # letters without their accents are read, boxes are not
        text = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    if font.getlength(text) <= width:
        return text
    keep = len(text)
    while keep > 4:
        keep -= 1
        short = f"{text[: (keep + 1) // 2]}...{text[len(text) - keep // 2 :]}"
        if font.getlength(short) <= width:
            return short
    return text[:4]
