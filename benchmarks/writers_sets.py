"""The pages that judge writer retrieval, drawn from pen strokes: clean ones, spoiled ones, pages of little text.

    python benchmarks/writers_sets.py ../shared/writers/strokes drawn --sets clean spoiled one_screen --seed 1

One page a sheet of a writer, `w001-1.png` (`.jpg` where spoiled), the same for the same seed. Pen, paper, blur and
noise are drawn here in another way than where training pages are drawn (drawing/wear.py): what is learnt there must
not be what is judged here. "spoiled": a pen of 2 to 4.5 pixels, size +-20 %, turned by up to 2.5 degrees, paper,
blur, JPEG.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image, ImageFilter

from drawing.pens import Canvas, smooth
from drawing.strokes import StrokeSheet, on_a_page, size_of, turned
from drawing.unipen import writers

SCALE = 0.2  # pixels a unit: an x-height of about 20 pixels
PEN = 3.0
LINES = (1, 2, 4, 8)
SETS = ("clean", "spoiled", "mixed", "one_screen", *(f"lines_{count}" for count in LINES))


def page_of(sheet: StrokeSheet, which: str, seed: int) -> tuple[Image.Image, bool]:
    """One page of a set, "L" or "RGB", and whether it is spoiled."""
    rng = np.random.default_rng([seed, crc32(f"{sheet.writer}-{sheet.number}".encode())])
    blocks: Sequence = sheet.screens
    if which == "one_screen":
        blocks = sheet.screens[int(rng.integers(len(sheet.screens))) :][:1]
    elif which.startswith("lines_"):
        blocks = sheet.lines[: int(which.rpartition("_")[2])]
    spoiled = which == "spoiled" or (which == "mixed" and rng.random() < 0.5)
    gap = 18 if which.startswith("lines_") else 44
    if spoiled:
        return spoiled_page(rng, blocks, gap), True
    return Image.fromarray(255 - inked(on_a_page(blocks, SCALE, gap), PEN)), False


def inked(strokes: Sequence[np.ndarray], width: float) -> np.ndarray:
    """uint8 [height, width]: strokes of a round pen, drawn by Pillow."""
    canvas = Canvas(*size_of(list(strokes)))
    for stroke in strokes:
        canvas.stroke(smooth(stroke), width, width)
    return canvas.mask()


def spoiled_page(rng: np.random.Generator, blocks: Sequence[Sequence[np.ndarray]], gap: float = 44) -> Image.Image:
    """Blocks of strokes with another pen and size, askew, on paper, out of focus, as a JPEG; "RGB"."""
    strokes = on_a_page(blocks, SCALE * float(rng.uniform(0.8, 1.2)), gap)
    strokes = turned(strokes, float(rng.uniform(-2.5, 2.5)))
    strokes = [stroke - np.minimum(0, np.min([s.min(0) for s in strokes], 0) - 20) for stroke in strokes]
    ink = inked(strokes, float(rng.uniform(2, 4.5))).astype(float)[..., None] / 255
    high, wide = ink.shape[:2]
    paper = rng.uniform(175, 255) * np.array((1, 0.98, 0.94)) ** rng.uniform(-0.5, 3) * rng.normal(1, 0.015, 3)
    pen = rng.uniform(10, 90) * rng.uniform((0.7, 0.7, 0.7), (1.1, 1, 1.5))
    stains = Image.fromarray(rng.normal(0, 1, (max(2, high // 90), max(2, wide // 90))).astype(np.float32))
    stains = np.asarray(stains.resize((wide, high), Image.Resampling.BICUBIC))[..., None]
    slope = np.linspace(-1, 1, wide)[None, :, None] * rng.normal(0, 6) + np.linspace(-1, 1, high)[:, None, None] * (
        rng.normal(0, 6)
    )
    sheet = paper + stains * rng.uniform(0, 5) + slope
    strength = rng.uniform(0.7, 1)
    light = sheet * (1 - ink * strength) + pen * ink * strength
    image = Image.fromarray(light.clip(0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(float(rng.uniform(0.2, 1.2)))
    )
    noisy = np.asarray(image, np.float32) + rng.normal(0, rng.uniform(0, 7), (high, wide, 1))
    image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    coded = io.BytesIO()
    image.save(coded, "JPEG", quality=int(rng.integers(35, 91)))
    return Image.open(coded).convert("RGB")


def pages_of(strokes: Path, which: str, seed: int) -> Iterator[tuple[str, Image.Image, bool]]:
    """All pages of a set: name without suffix, image, whether it is spoiled."""
    for folder in writers(strokes):
        for sheet in StrokeSheet.read(folder):
            yield f"{sheet.writer}-{sheet.number}", *page_of(sheet, which, seed)


def draw_set(strokes: Path, which: str, folder: Path, seed: int) -> list[Path]:
    """Draw a set into a folder; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, image, spoiled in pages_of(strokes, which, seed):
        files.append(folder / f"{name}.{'jpg' if spoiled else 'png'}")
        # A spoiled page has been through a JPEG already: this one is to add nothing.
        image.save(files[-1], **({"quality": 97, "subsampling": 0} if spoiled else {}))
    return files


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("strokes", type=Path, help="folders of UNIPEN files, one a writer")
    parser.add_argument("folder", type=Path, help="where the sets are drawn, a folder each")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for which in asked.sets:
        files = draw_set(asked.strokes, which, asked.folder / which, asked.seed)
        print(f"{len(files)} pages: {asked.folder / which}")


if __name__ == "__main__":
    main()
