"""A run of the main job with a tiny model over a small, difficult folder, and its pages for exporters.

run, folder = sorted_pages(tmp_path, "--write", "jsonl")
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import tiny
from PIL import Image, ImageDraw

import run
from interchange.export import SortedPage, SortedRun

CATEGORIES = ["DRAW", "PHOTO", "TEXT"]


def draw_page(file: Path, number: int) -> Path:
    image = Image.new("L", (90, 120), 250)
    pen = ImageDraw.Draw(image)
    for line in range(6 + number % 7):
        pen.rectangle((8 + 3 * number % 40, 8 + 15 * line, 70, 12 + 15 * line), fill=(37 * number) % 200)
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file)
    return file


def pages_folder(folder: Path) -> Path:
    """Names that formats stumble over: a comment sign, a formula, a blank, a document of two pages; one is broken."""
    draw_page(folder / "box 1" / "#a-1.png", 1)
    draw_page(folder / "TEXT" / "=b-2.png", 2)
    first, second = (Image.open(draw_page(folder / f"{number}.png", number)).convert("RGB") for number in (3, 4))
    first.save(folder / "report.pdf", save_all=True, append_images=[second])
    (folder / "broken-7.png").write_bytes(b"nothing")
    return folder


def sort_pages(tmp_path: Path, *arguments: object) -> tuple[Path, dict]:
    """Sort; the output folder and the run record."""
    if not (tmp_path / "tiny").exists():
        tiny.tiny_model_folder(tmp_path / "tiny", CATEGORIES)
    output = tmp_path / "out"
    words = [*map(str, arguments), "--model_path", str(tmp_path / "tiny"), "-o", str(output), "--quiet"]
    assert run.main(words) in (0, 1)
    (record,) = (output / "tables").glob("*_run.json")
    return output, json.loads(record.read_text(encoding="utf-8"))


def run_of(output: Path, record: dict, pages: Iterable[SortedPage], **more) -> SortedRun:
    """What exporters are given, of a run that is over, with other pages."""
    told = {key: value for key, value in record.items() if key != "interchange"}
    kept = tuple(pages)
    tables = tuple(sorted(file for file in (output / "tables").iterdir() if file.suffix == ".csv"))
    return SortedRun(record["name"], told, Path(record["input"]), None, tables, lambda: iter(kept), **more)
