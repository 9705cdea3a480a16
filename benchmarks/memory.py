"""Peak memory of sorting the worst pages, against the budget ([input] memory).

    python benchmarks/memory.py                        # two of each kind, 64 million pixels each: some minutes
    python benchmarks/memory.py --side 2000 --budgets 200 MB
    python benchmarks/memory.py --estimates            # each kind alone: what was estimated, what it took (Linux)

The model is a tiny random one: what counts is decoding. "Beyond the program" is the peak without that of a run of one
small page; the goal is at most the budget, and 1 GB.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # benchmarks/predict.py would hide the project's own

import numpy as np
from PIL import Image

from benchmarks import common

MB = 10**6
NO_LIMIT = "1000 GB"


def kinds(side: int) -> dict[str, tuple[Image.Image, dict[str, object]]]:
    """Square pages of each kind: name of the file, image, options of saving."""
    noise = np.random.default_rng(1).integers(0, 256, (side // 64, side // 64, 3), dtype=np.uint8)
    rgb = Image.fromarray(noise).resize((side, side), Image.Resampling.NEAREST)
    grey = rgb.convert("L")
    rgba = rgb.convert("RGBA")
    rgba.putalpha(grey)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    return {
        "jpeg.jpg": (rgb, {}),
        "progressive.jpg": (rgb, {"progressive": True, "subsampling": 0}),
        "rgb.jp2": (rgb, {"irreversible": True, "quality_layers": [40]}),
        "rgba.jp2": (rgba, {"irreversible": True, "quality_layers": [40]}),
        "rgb.webp": (rgb, {"method": 0}),
        "rgba.webp": (rgba, {"method": 0}),
        "rgba.avif": (rgba, {"speed": 10}),
        "palette.png": (rgb.quantize(16), {"transparency": bytes(5), "compress_level": 1}),
        "rgba.png": (rgba, {"compress_level": 1}),
        "deep.png": (deep, {"compress_level": 1}),
        "rgb.tif": (rgb, {"compression": "tiff_lzw"}),
        "strip.tif": (rgb, {"compression": "tiff_lzw", "strip_size": 2**31 - 1}),
        "cmyk.tif": (rgb.convert("CMYK"), {}),
        "float.tif": (grey.convert("F"), {"compression": "tiff_lzw"}),
        "rgb.bmp": (rgb, {}),
    }


def make(folder: Path, side: int, copies: int) -> None:
    """Writes the pages, `copies` of each (links)."""
    folder.mkdir(parents=True)
    for name, (image, options) in kinds(side).items():
        image.save(folder / name, **options)
        for copy in range(1, copies):
            common.link(folder / name, folder / f"{Path(name).stem}_{copy}{Path(name).suffix}")


def made(folder: Path, side: int, copies: int) -> list[Path]:
    """The same by a process of its own: a process that is started from a large one has that one's peak."""
    done = common.run_process([__file__, "--make", folder, side, copies])
    if done.code:
        raise RuntimeError(done.output)
    return sorted(folder.iterdir())


def sort(pages: Path, model: Path, output: Path, memory: str, workers: int) -> tuple[int, float]:
    """Peak of resident memory in bytes, and seconds, of one run."""
    command = ["run.py", "-d", pages, "--model_path", model, "-o", output, "--workers", workers, "--memory", memory]
    began = time.perf_counter()
    process = subprocess.Popen(
        common.python(command), cwd=common.HOME, env=common.environment(1), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(said.decode("utf-8", "replace"))
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024), time.perf_counter() - began


def outcomes(output: Path) -> tuple[int, int, list[str]]:
    """Pages with scores, pages over the budget, and other reasons."""
    scored = sum(len(_rows(table)) for table in (output / "tables").glob("result_*.csv"))
    reasons = [row["REASON"] for table in (output / "tables").glob("*_ERRORS.csv") for row in _rows(table)]
    over = [reason for reason in reasons if "of memory, budget" in reason]
    return scored, len(over), [reason for reason in reasons if reason not in over]


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def one(file: Path, small: Path) -> None:
    """Prints what reading `file` was estimated to take and what it took, in bytes a pixel; `small` loads libraries."""
    from reading.decoding import read_page
    from reading.memory_gate import _mine, one_page
    from reading.transform import PageTransform

    transform = PageTransform((224, 224), "pad", (0.0,) * 3, (1.0,) * 3)

    def read(path: Path) -> int:
        with one_page():
            transform(read_page(path, None, min_side=224, max_pixels=10**10))
            return _mine.held or 0

    def status(name: str) -> int:
        text = Path("/proc/self/status").read_text(encoding="ascii")
        return int(re.search(rf"{name}:\s+(\d+)", text)[1]) * 1024

    read(small)
    with Image.open(file) as image:
        pixels = image.size[0] * image.size[1]
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is counted anew
    before = status("VmRSS")
    estimate = read(file)
    print(f"{estimate / pixels:.1f} {(status('VmHWM') - before) / pixels:.1f}")


def main() -> None:
    """Parses the command line, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=8000, help="pixels of a page's side (default: 8000)")
    parser.add_argument("--copies", type=int, default=2, help="pages of each kind (default: 2)")
    parser.add_argument("--workers", type=int, default=4, help="threads that decode (default: 4)")
    parser.add_argument("--budgets", nargs="+", default=[NO_LIMIT, "4 GB", "2 GB", "1 GB"], help="values of --memory")
    parser.add_argument("--estimates", action="store_true", help="each kind alone")
    parser.add_argument("--one", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make(Path(given.make[0]), int(given.make[1]), int(given.make[2]))
        return
    if given.one:
        one(*given.one)
        return
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        print(f"Machine: {common.machine()}\n", flush=True)
        files = made(work / "pages", given.side, 1 if given.estimates else given.copies)
        if given.estimates:
            made(work / "small", 320, 1)
            rows = []
            for file in files:
                done = common.run_process([__file__, "--one", file, work / "small" / file.name])
                rows.append([file.name, *done.output.split()])
            print(common.markdown(["page", "estimate, bytes a pixel", "measured"], rows))
            return
        model = common.make_tiny_model(work / "model")
        common.draw_pages(work / "small", 1)
        program, _ = sort(work / "small", model, work / "without", "auto", given.workers)
        rows = []
        for budget in given.budgets:
            output = work / f"out {budget}"
            peak, seconds = sort(work / "pages", model, output, budget, given.workers)
            scored, over, others = outcomes(output)
            assert scored + over + len(others) == len(files)
            shown = "none" if budget == NO_LIMIT else budget
            figures = (scored, over, len(others), round(peak / MB), round((peak - program) / MB), round(seconds))
            rows.append([shown, *(f"{figure:,}" for figure in figures)])
        print(f"{len(files)} pages of {given.side**2 / MB:.0f} million pixels, {given.workers} threads")
        print(f"(the program itself: {program / MB:,.0f} MB)\n")
        head = ["budget", "with scores", "over the budget", "other errors", "peak RSS, MB", "beyond the program", "s"]
        print(common.markdown(head, rows))


if __name__ == "__main__":
    main()
