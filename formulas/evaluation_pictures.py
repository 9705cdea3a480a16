"""Pictures of how well formulas are read, as PNG of bounded size.

draw_calibration(figures["calibration"]["bins"], Path("calibration.png"))
draw_worst(judged, pairs, Path("worst.png"), max_pixels=700_000_000)
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from formulas.data import Pair
from formulas.judged import Judged
from formulas.results import people, percent
from output.contact_sheet import fitting, sheet_font
from output.files import whole
from output.pictures import new_figure, save_figure
from reading.decoding import PageError, Reader
from utils import printable

WORST = 24  # formulas of a sheet
WIDTH, TALLEST, GAP, LINE, LETTERS = 1100, 160, 16, 18, 130  # pixels; letters of a line
BLUE, GREY, RED = "#2a6f97", "#444444", "#a03020"


def draw_calibration(bins: Sequence[Mapping[str, Any]], file: Path) -> Path:
    """Confidence against the share of readings that are right; each point is a bin."""
    figure = new_figure(5.2, 5.0)
    axes = figure.subplots()
    said, right = ([of[key] for of in bins] for key in ("confidence", "right"))
    counts = np.array([of["formulas"] for of in bins])
    spread = 1.96 * np.sqrt(np.maximum(np.array(said) * (1 - np.array(said)), 1e-9) / counts)
    low, high = np.clip(np.array(said) - spread, 0, 1), np.clip(np.array(said) + spread, 0, 1)
    axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1, label="perfect")
    axes.vlines(said, low, high, color="#cccccc", linewidth=6, label="where a perfect one may lie (95 %)", zorder=1)
    axes.plot(said, right, "o-", color=BLUE, label="this model", zorder=2)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("mean confidence of a bin of formulas")
    axes.set_ylabel("share of them that is exactly right")
    axes.set_title(f"{counts.sum()} formulas", fontsize=9)
    axes.grid(alpha=0.3)
    figure.legend(fontsize=8, loc="outside lower center", ncols=3, columnspacing=1.2, handlelength=1.5)
    return save_figure(figure, file)


def draw_worst(judged: Sequence[Judged], pairs: Sequence[Pair], file: Path, max_pixels: int) -> Path:
    """The readings with the most errors, one below the other: picture, reference, reading. pairs: of `judged`."""
    order = sorted(range(len(judged)), key=lambda at: (-judged[at].rate, at))[:WORST]
    with Reader(min_side=1, max_pixels=max_pixels) as reader:
        tiles = [_tile(judged[at], pairs[at], reader) for at in order if judged[at].errors]
    if not tiles:
        tiles = [_lines(["no reading has an error"], GREY)]
    height = sum(tile.height + GAP for tile in tiles) + GAP
    sheet = Image.new("RGB", (WIDTH + 2 * GAP, height), "white")
    top = GAP
    pen = ImageDraw.Draw(sheet)
    for tile in tiles:
        sheet.paste(tile, (GAP, top))
        top += tile.height + GAP
        pen.line([(GAP, top - GAP // 2), (WIDTH + GAP, top - GAP // 2)], fill="#dddddd")
    with whole(file) as part:
        sheet.save(part, "PNG")
    return file


def _tile(one: Judged, pair: Pair, reader: Reader) -> Image.Image:
    """One formula of the sheet."""
    head = f"{printable(one.name)}: {one.errors} errors in {one.characters} characters, confidence "
    parts = [_lines([head + percent(one.confidence)], GREY)]
    try:
        parts.append(_picture(pair.open(reader)))
    except PageError as error:
        parts.append(_lines([printable(str(error))], RED))
    parts.append(_lines(_wrapped(people(one.reference)), GREY))
    parts.append(_lines(_wrapped(people(one.latex) or "(nothing)"), RED))
    tile = Image.new("RGB", (WIDTH, sum(part.height + 6 for part in parts)), "white")
    top = 0
    for part in parts:
        tile.paste(part, (0, top))
        top += part.height + 6
    return tile


def _picture(picture: Image.Image) -> Image.Image:
    """A picture without the paper around, as wide as there is room."""
    grey = picture.convert("L")
    box = grey.point(lambda value: 255 * (value < 200)).getbbox()
    if box:
        picture = picture.crop(box)
    scale = min(1.0, WIDTH / picture.width, TALLEST / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _wrapped(latex: str) -> list[str]:
    lines = textwrap.wrap(printable(latex), LETTERS, break_long_words=True) or [""]
    return [*lines[:4], "..."] if len(lines) > 5 else lines


def _lines(lines: Sequence[str], colour: str) -> Image.Image:
    font = sheet_font()
    image = Image.new("RGB", (WIDTH, LINE * len(lines) + 4), "white")
    pen = ImageDraw.Draw(image)
    for at, line in enumerate(lines):
        pen.text((0, at * LINE), fitting(line, WIDTH, font), font=font, fill=colour)
    return image
