"""Pictures of short formulas for tests, set by matplotlib's mathtext, in a folder as `formulas draw` leaves one."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from PIL import Image

LETTERS = ("a", "b", "k", "n", "x", "y", "z", r"\alpha", r"\pi", "2", "7")


def short_formulas(count: int, seed: int = 0) -> list[str]:
    """Different formulas of one to three signs with scripts, fractions and roots."""
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        one, two, three = chance.choices(LETTERS, k=3)
        shape = chance.choice(("%s + %s", "%s ^ { %s }", "%s _ { %s }", r"\frac { %s } { %s }", r"%s \sqrt { %s }"))
        found[shape % (one, two) + chance.choice(("", f" = {three}", f" - {three}"))] = None
    return list(found)


def picture_of(latex: str, size: int = 12, dpi: int = 150) -> Image.Image:
    """Black on white, "L", with a margin."""
    ink = MathTextParser("agg").parse(f"${latex}$", dpi=dpi, prop=FontProperties(size=size)).image
    return Image.fromarray(np.pad(255 - np.asarray(ink), 9, constant_values=255).astype(np.uint8))


def drawn_folder(folder: Path, formulas: list[str], splits: list[str] | None = None) -> Path:
    """formulas.csv and its pictures."""
    (folder / "images").mkdir(parents=True)
    with (folder / "formulas.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["image", "latex", "split"])
        for number, latex in enumerate(formulas):
            picture_of(latex).save(folder / "images" / f"{number:03}.png")
            table.writerow([f"images/{number:03}.png", latex, splits[number] if splits else ""])
    return folder
