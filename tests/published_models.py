"""What the earlier tool published, on the hub of our own, and what a pull leaves behind."""

from __future__ import annotations

import csv
from pathlib import Path

import tiny
from fake_hub import FakeHub
from PIL import Image, ImageDraw

PUBLISHED = "ufal/clip-historical-page"
CATEGORIES = {"DRAW": ["a drawing"], "PHOTO": ["a photo"], "TEXT": ["a letter", "a page of text"]}
MODEL = "ViT-B16_rev_v1.1.3.7"


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}


def earlier(folder: Path, seed: int = 0, **config: object) -> dict[str, bytes]:
    """What the earlier tool publishes, with its tokenizer beside, and a card."""
    files = files_of(tiny.tiny_checkpoint(folder, CATEGORIES, seed=seed, **config))
    return files | {"README.md": b"---\nlicense: mit\n---\n\n# Published\n", "run.py": b"raise SystemExit"}


def publish(hub: FakeHub, tmp_path: Path) -> dict[str, bytes]:
    files = earlier(tmp_path / "published")
    hub.add(
        PUBLISHED,
        {
            "main": files,
            "v1.1.3.7": files,
            "v1.1.3.1": {"config.json": b"{}"},
            "v1.2.3": files | {"notes.txt": b"B/32"},
        },
    )
    return files


def pages_in(folder: Path) -> Path:
    for number in range(3):
        image = Image.new("L", (90, 120), 250)
        pen = ImageDraw.Draw(image)
        for line in range(4 + 3 * number):
            pen.rectangle((8 + 9 * number, 8 + 10 * line, 70, 12 + 10 * line), fill=60 * number)
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"x-{number}.png")
    return folder


def scores(output: Path) -> list[dict[str, str]]:
    (file,) = (output / "tables").glob("*_RAW.csv")
    with file.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def nothing_made(models: Path) -> bool:
    return not models.is_dir() or not [path for path in models.iterdir() if path.name[0] != "."]


def nothing_left(models: Path) -> bool:
    return not models.is_dir() or not list(models.iterdir())
