"""Label folders whose right answers are known: pages drawn, sorted by a tiny model, put into the folders it says."""

from __future__ import annotations

import csv
from pathlib import Path

import tiny
from PIL import Image, ImageDraw

import run

CATEGORIES = ["DRAW", "PHOTO", "TEXT"]


def call(*arguments: object) -> int:
    return run.main([str(argument) for argument in arguments])


def paint(file: Path, number: int) -> Path:
    """A page whose look depends on its number, wide enough that a tiny model sees several kinds."""
    image = Image.new("L", (90, 120), (53 * number) % 256)
    pen = ImageDraw.Draw(image)
    for line in range(2 + number % 9):
        pen.rectangle((5 * number % 40, 12 * line, 42 + 9 * number % 45, 12 * line + 6), fill=(91 * number) % 256)
    if number % 2:
        pen.ellipse((20, 30, 60, 100), fill=(177 * number) % 256)
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file)
    return file


def table(folder: Path, pattern: str) -> list[dict[str, str]]:
    found = sorted(folder.rglob(pattern))
    assert len(found) == 1, f"{pattern}: {[file.name for file in found]}"
    with found[0].open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sorted_by(model: Path, folder: Path, categories=CATEGORIES, pages: int = 24) -> dict[str, str]:
    """Pages in the label folders that the model says: PATH -> category. Two pages a document."""
    flat = folder.with_name(f"{folder.name}-flat")
    for number in range(pages):
        paint(flat / f"doc{number // 2}-{number % 2 + 1}.png", number)
    out = folder.with_name(f"{folder.name}-out")
    assert call("-d", flat, "--model_path", model, "-o", out, "--quiet") == 0
    found = {}
    for row in table(out, "result_*.csv"):
        target = folder / row["CLASS-1"] / row["PATH"]
        target.parent.mkdir(parents=True, exist_ok=True)
        (flat / row["PATH"]).rename(target)
        found[target.relative_to(folder).as_posix()] = row["CLASS-1"]
    return found


def tiny_folder(folder: Path, categories=CATEGORIES, **settings) -> Path:
    return tiny.tiny_model_folder(folder, categories, **settings)
