"""Sheets of pages with the strokes that made them alike: what is found, and why.

sheet = Sheet("hands like that of will.pdf, page 3", settings)
sheet.add(page, ["query", "will.pdf"], model.hands, description.vector)
sheet.save(Path("sheet.png"), notes=["warm strokes speak for one hand"])
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from output.contact_sheet import fitting, sheet_font
from output.files import whole
from utils import UserError, cores
from writers.heat import Heat, coloured, fitted, strength_of
from writers.query import describe

if TYPE_CHECKING:
    from reading.pages import Page
    from settings.schema import Settings
    from writers.hands import Hands, PageDescription

GAP, LINE = 16, 18  # pixels: between tiles, of a line of text
COLUMNS, COLUMNS_FROM = 4, 3  # tiles a row; of so many tiles, or fewer, all stand in one row
LEGEND = "red strokes speak for one hand, blue ones against it, grey ones say nothing"


@dataclass
class _Tile:
    """lines: below it, the first one bold. small: the page; density: its heat; why: "" or why there is no page."""

    lines: list[str]
    small: Image.Image | None = None
    density: np.ndarray | None = None
    why: str = ""


class Sheet:
    """Pages side by side, each with its heat; the colours of all are on one scale. box: pixels of a page, at most."""

    def __init__(self, title: str, settings: Settings, box: tuple[int, int] = (420, 560)) -> None:
        self.title, self.box, self._settings = title, box, settings
        self._tiles: list[_Tile] = []

    def add_pages(self, pages: Sequence[tuple[Page, list[str]]], hands: Hands, other: np.ndarray) -> None:
        """Pages of the disk and lines for them, with what their strokes add to the similarity with a vector [D]."""

        def tile_of(page: Page, lines: list[str]) -> _Tile:
            try:
                image, description = describe(hands, page, self._settings)
            except UserError as error:  # gone or damaged since it was indexed: the sheet says so
                return _Tile(lines, why=str(error))
            return self._tile(image, description, lines, other)

        with ThreadPoolExecutor(cores()) as pool:
            self._tiles += pool.map(tile_of, *zip(*pages, strict=True))

    def add(self, image: Image.Image, description: PageDescription, lines: list[str], other: np.ndarray | None) -> None:
        """The same of a page that is described already; other: None = no heat."""
        self._tiles.append(self._tile(image, description, lines, other))

    def _tile(
        self, image: Image.Image, description: PageDescription, lines: list[str], other: np.ndarray | None
    ) -> _Tile:
        small = fitted(image, self.box)
        heat = None if other is None else Heat.of(description, other, image.width).density(*small.size)
        return _Tile(lines, small, heat)

    def save(self, file: Path, notes: Sequence[str] = ()) -> Path:
        """Draw it. notes: lines below the title."""
        wide, high = self.box
        lines = max((len(tile.lines) for tile in self._tiles), default=1)
        count = len(self._tiles)
        columns = max(1, count if count <= COLUMNS_FROM else COLUMNS)
        width, height = wide + GAP, high + (lines + 1) * LINE + GAP
        top = GAP + (2 + len(notes)) * LINE
        size = max(columns * width + GAP, 720), top + -(-count // columns) * height
        drawn = Image.new("RGB", size, "white")
        pen, plain, bold = ImageDraw.Draw(drawn), sheet_font(), sheet_font(bold=True)
        for number, text in enumerate((self.title, *notes)):
            font = plain if number else bold
            pen.text((GAP, GAP // 2 + number * LINE), fitting(text, size[0] - 2 * GAP, font), font=font, fill="black")
        strength = max((strength_of(tile.density) for tile in self._tiles if tile.density is not None), default=0.0)
        for number, tile in enumerate(self._tiles):
            left, above = GAP + number % columns * width, top + number // columns * height
            image = self._drawn(tile, strength)
            frame = left + (wide - image.width) // 2, above + (high - image.height) // 2
            drawn.paste(image, frame)
            pen.rectangle(
                (frame[0] - 1, frame[1] - 1, frame[0] + image.width, frame[1] + image.height), outline="#bbbbbb"
            )
            for at, line in enumerate(tile.lines):
                font = plain if at else bold
                text, fill = fitting(line, wide, font), "#444444" if at else "black"
                pen.text((left, above + high + 4 + at * LINE), text, font=font, fill=fill)
        with whole(file) as part:
            drawn.save(part, "PNG")
        return file

    def _drawn(self, tile: _Tile, strength: float) -> Image.Image:
        if tile.small is None:
            empty = Image.new("RGB", (self.box[0], self.box[1] // 3), "#eeeeee")
            font = sheet_font()
            ImageDraw.Draw(empty).text((8, 8), fitting(tile.why, empty.width - 16, font), font=font, fill="#884444")
            return empty
        density = np.zeros(tile.small.size[::-1], np.float32) if tile.density is None else tile.density
        return coloured(tile.small, density, strength)
