"""How well near duplicates are told from different pages: copies of each page, changed in known ways, and all pairs.

    python benchmarks/near_duplicates.py PAGES [--pages 50000]

Prints the share of copies that are found for each change, the number of different pages that were taken for one, and
how long the comparison of --pages fingerprints takes: by the rule of data_scripts/dataset.py, and by that of training,
which keeps copies on one side of a split and must not join what is not one page (training/copies.py).
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "data_scripts"))

import numpy as np
from duplicates import NEAR_BITS, NEAR_CORRELATION, Look, alike, bits_apart, look, near_pairs
from PIL import Image, ImageEnhance

from reading.decoding import read_page
from reading.pages import find_pages
from reading.sketch import sketch, thumbnail
from training import copies


def changed(page: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """Copies of a page as archives make them."""
    width, height = page.size
    saved = io.BytesIO()
    page.save(saved, "JPEG", quality=40)
    yield "JPEG of quality 40", Image.open(saved)
    yield "at 60 % of the size", page.resize((width * 6 // 10, height * 6 // 10), Image.Resampling.BICUBIC)
    yield "grey", page.convert("L")
    yield "brighter, paler", ImageEnhance.Contrast(ImageEnhance.Brightness(page).enhance(1.15)).enhance(0.85)
    noise = np.random.default_rng(1).normal(0, 8, (height, width, 1))
    yield "noise", Image.fromarray((np.asarray(page) + noise).clip(0, 255).astype(np.uint8))
    yield "turned by half a degree", page.rotate(0.5, Image.Resampling.BILINEAR, fillcolor="white")
    across, down = width // 100, height // 100
    yield "cropped by 1 % a side", page.crop((across, down, width - across, height - down))
    yield "black and white", page.convert("L").point(lambda value: 255 * (value > 140)).convert("1")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=50_000, help="fingerprints for the timing (%(default)s)")
    options = parser.parse_args()
    page_list = find_pages(options.folder)
    looks, hits, kept = [], defaultdict(list), defaultdict(list)
    strokes, smalls = [], []
    for page in page_list.pages:
        image = read_page(page_list.root / page.path, page.frame, min_side=300, max_pixels=700_000_000).convert("RGB")
        looks.append(look(image))
        strokes.append(sketch(thumbnail(image)))
        smalls.append(copies.small_of(image))
        for name, copy in changed(image):
            other = look(copy)
            near = bits_apart(looks[-1], other) <= NEAR_BITS and alike(looks[-1], other) >= NEAR_CORRELATION
            hits[name].append(near)
            same = float(strokes[-1] @ sketch(thumbnail(copy))) >= copies.ALIKE
            kept[name].append(same and copies.nearly_same(smalls[-1], copies.small_of(copy)))
    print(f"{len(looks)} pages; found of their copies:       dataset.py   training")
    for name, results in hits.items():
        print(f"  {name:<38} {100 * np.mean(results):8.1f} % {100 * np.mean(kept[name]):8.1f} %")
    joined = len(list(near_pairs(looks))), len(list(copies.near_pairs(np.array(strokes), smalls.__getitem__)))
    print(f"different pages taken for one: {joined[0]}, {joined[1]} pairs of {len(looks) * (len(looks) - 1) // 2}")
    random = np.random.default_rng(0).integers(0, 256, (options.pages, 32 + 1024), np.uint8)
    many = [Look(row[:32].tobytes(), row[32:].tobytes()) for row in random]
    started = time.perf_counter()
    list(near_pairs(many))
    print(f"comparing {options.pages} pages with each other: {time.perf_counter() - started:.1f} s (dataset.py)")
    random = np.random.default_rng(0).normal(size=(options.pages, 192)).astype(np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    started = time.perf_counter()
    list(copies.near_pairs(random, lambda row: smalls[0]))
    print(f"comparing {options.pages} pages with each other: {time.perf_counter() - started:.1f} s (training)")


if __name__ == "__main__":
    main()
