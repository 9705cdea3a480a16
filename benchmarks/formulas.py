"""Reading formulas measured: milliseconds a formula at each beam width, and what pictures that are no formula get.

    python benchmarks/formulas.py --formulas ../shared/formulas/train --model models/formulas
    python benchmarks/formulas.py --formulas drawn/ --not_formulas ../shared/pages

Speed: formulas one after another on one thread, decoding of files aside; median and where 95 % lie, for each engine.
No formula: whole pages, parts of them as wide as a formula, blanks and noise are read as if they were formulas; what
counts is how many are warned of (or have nothing to read) and how sure the others are, beside real formulas.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from common import machine, markdown
from PIL import Image

from formulas.recognizer import Reading, Recognizer
from reading.decoding import PageError, read_page
from reading.listing import list_files

SEED = 7
TEXT = ("TEXT", "LINE")  # how the folders of pages begin that are cut into parts of text
PART = (700, 110)  # pixels of a part of a page: what a formula of 200 dpi takes
LIMITS = {"min_side": 800, "max_pixels": 700_000_000}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("models/formulas"), help="the model folder")
    parser.add_argument("--formulas", type=Path, required=True, help="a folder of pictures of formulas")
    parser.add_argument("--not_formulas", type=Path, help="a folder of pages without formulas")
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 2, 4, 8], help="beam widths (default: 1 2 4 8)")
    parser.add_argument("--most", type=int, default=100, help="formulas, and pages, that are read (default: 100)")
    parser.add_argument(
        "--engines", nargs="+", default=["onnx"], choices=["onnx", "torch"], help="engines (default: onnx)"
    )
    arguments = parser.parse_args()
    formulas = [image for _, image in _pictures(arguments.formulas, arguments.most)]
    print(machine())
    print(_speed(arguments, formulas))
    if arguments.not_formulas:
        print(_not_formulas(arguments, formulas))


def _pictures(folder: Path, most: int) -> Iterator[tuple[str, Image.Image]]:
    """Evenly spread files of a folder, with their paths."""
    files = list_files(folder).files
    for at in sorted({int(place) for place in np.linspace(0, len(files) - 1, min(most, len(files)))}):
        try:
            yield files[at], read_page(folder / files[at], None, **LIMITS)
        except PageError as error:
            print(f"{files[at]}: {error}", file=sys.stderr)


def _speed(arguments: argparse.Namespace, formulas: Sequence[Image.Image]) -> str:
    rows = []
    for engine in arguments.engines:
        recognizer = Recognizer.load(arguments.model, device="cpu", engine=engine, threads=1)
        placed = [recognizer.placed(image) for image in formulas]
        for beams in arguments.beams:
            recognizer.read_placed(placed[:2], beams)  # what is made at the first call does not count
            seconds, tokens = [], []
            for one in placed:
                began = time.perf_counter()
                (reading,) = recognizer.read_placed([one], beams)
                seconds.append(time.perf_counter() - began)
                tokens.append(len(reading.latex.split()))
            middle, most = 1000 * np.quantile(seconds, (0.5, 0.95))
            rows.append([engine, str(beams), f"{middle:.0f}", f"{most:.0f}", f"{np.median(tokens):.0f}"])
    head = ["engine", "beams", "ms a formula", "95 % below", "tokens"]
    return f"\n{len(formulas)} formulas, one thread\n\n{markdown(head, rows)}"


def _not_formulas(arguments: argparse.Namespace, formulas: Sequence[Image.Image]) -> str:
    recognizer = Recognizer.load(arguments.model, device="cpu", threads=1)
    groups: dict[str, list[Image.Image]] = {
        "formulas": list(formulas),
        "pages": [],
        "parts of text": [],
        "parts of others": [],
    }
    draw = np.random.default_rng(SEED)
    for path, page in _pictures(arguments.not_formulas, arguments.most):
        groups["pages"].append(page)
        kind = "parts of text" if path.startswith(TEXT) else "parts of others"
        groups[kind].append(_part(page, draw))
    noise = [Image.fromarray(draw.integers(0, 256, (PART[1], PART[0]), dtype=np.uint8)) for _ in range(10)]
    groups |= {"blanks": [Image.new("L", PART, grey) for grey in (255, 240, 0)], "noise": noise}
    rows = []
    for name, images in groups.items():
        if images:
            rows.append([name, *_answers([recognizer.read([image], 4)[0] for image in images])])
    head = [
        "what",
        "pictures",
        "warned of",
        "confidence: mean",
        "0.5 and more",
        "0.9 and more",
        "sign: mean probability",
    ]
    return f"\nbeams 4\n\n{markdown(head, rows)}"


def _part(page: Image.Image, draw: np.random.Generator) -> Image.Image:
    """A part of a page as large as a formula, of those tried the one with the most ink."""
    grey = np.asarray(page.convert("L"))
    width, height = min(PART[0], page.width), min(PART[1], page.height)
    places = [(int(draw.integers(0, page.width - width + 1)), int(draw.integers(0, page.height - height + 1)))
              for _ in range(12)]  # fmt: skip
    left, top = min(places, key=lambda at: float(grey[at[1] : at[1] + height, at[0] : at[0] + width].mean()))
    return page.crop((left, top, left + width, top + height))


def _answers(readings: Sequence[Reading]) -> list[str]:
    sure = np.array([reading.confidence for reading in readings])
    warned = sum(bool(reading.warnings) for reading in readings)
    shares = [f"{100 * np.mean(sure >= least):.0f} %" for least in (0.5, 0.9)]
    signs = np.exp([reading.mean for reading in readings])
    return [str(len(readings)), f"{warned}", f"{sure.mean():.3f}", *shares, f"{signs.mean():.2f}"]


if __name__ == "__main__":
    main()
