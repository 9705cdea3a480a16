"""How does decoding scale with cores? Pages a second by threads and by processes, no model beside them.

    python benchmarks/decode_scaling.py                             # drawn pages of 2.2 million pixels: PNG, JPEG, TIFF
    python benchmarks/decode_scaling.py ../shared/pages --most 64   # pages of one's own, up to 64 workers

A page is read, judged and brought to the model's size, as a run does it (reading/). Threads share one interpreter, of
which each needs the lock between its calls into decoders, and one address space; processes share only the machine.
Where these scale and threads do not, it is the interpreter or the memory of the process; where neither does, it is the
machine: cores that are two threads of one, memory, the disk. Under a minute on two cores that have nothing else to do.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # benchmarks/predict.py would hide the project's own

from PIL import Image

from benchmarks import common
from reading.decoding import Reader, frames_of
from reading.memory_gate import one_page
from reading.pages import find_pages
from reading.transform import PageTransform

SIZE = (1240, 1754)  # A4 at 150 dpi
PAGES = 24
TRANSFORM = PageTransform((512, 368), "squash", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))  # of the shipped model

_reader = Reader(min_side=max(TRANSFORM.size), max_pixels=10**9)
Item = tuple[Path, int | None]


def main() -> None:
    """Print the table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="?", type=Path, help="a folder of pages (default: drawn ones)")
    parser.add_argument("--most", type=int, default=2 * cores, help="workers at most (default: twice the cores)")
    parser.add_argument("--seconds", type=float, default=1.5, help="that each figure takes, about (default: 1.5)")
    given = parser.parse_args()
    print(f"Machine: {common.machine()}; {_cores(cores)}\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        rows = []
        for kind, items in _kinds(given.pages, Path(name)).items():
            rows += _measured(kind, items, given.most, given.seconds)
    head = [
        "pages",
        "workers",
        "threads: pages/s",
        "x one",
        "CPU ms a page",
        "processes: pages/s",
        "x one",
        "CPU ms a page",
    ]
    print(common.markdown(head, rows))


def _measured(kind: str, items: list[Item], most: int, seconds: float) -> list[list[str]]:
    for item in items[:3]:
        decode(item)
    alone, _ = threads(items[: max(4, len(items) // 2)], 1)
    ones, rows, count = (0.0, 0.0), [], 1
    while count <= most:
        wanted = int(alone * seconds * min(count, os.cpu_count() or 1)) + count
        work = [items[number % len(items)] for number in range(wanted)]
        by_threads, by_processes = threads(work, count), processes(work, count)
        ones = (by_threads[0], by_processes[0]) if count == 1 else ones
        row = [kind, str(count)]
        for (rate, cpu), one in zip((by_threads, by_processes), ones, strict=True):
            row += [f"{rate:.1f}", f"{rate / one:.2f}", f"{cpu * 1000:.1f}"]
        rows.append(row)
        count *= 2
    return rows


def decode(item: Item) -> float:
    """Reads a page and brings it to the model's size; seconds of CPU time of this thread."""
    began = time.thread_time()
    with one_page():
        TRANSFORM(_reader.page(*item))
    return time.thread_time() - began


def threads(work: list[Item], count: int) -> tuple[float, float]:
    """Pages a second, and seconds of CPU time a page, of so many threads."""
    with ThreadPoolExecutor(count) as pool:
        began = time.perf_counter()
        spent = sum(pool.map(decode, work))
        return len(work) / (time.perf_counter() - began), spent / len(work)


def processes(work: list[Item], count: int) -> tuple[float, float]:
    """The same of so many processes that are all there when the clock starts."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(count + 1)
    with context.Pool(count, _begin, (ready, work[0])) as pool:
        ready.wait()
        began = time.perf_counter()
        spent = sum(pool.imap_unordered(decode, work, chunksize=2))
        return len(work) / (time.perf_counter() - began), spent / len(work)


def _begin(ready: Barrier, item: Item) -> None:
    decode(item)
    ready.wait()


def _kinds(folder: Path | None, scratch: Path) -> dict[str, list[Item]]:
    if folder is not None:
        return {folder.name: [(folder / page.path, page.frame) for page in find_pages(folder).pages]}
    sources = sorted((common.HOME / "category_samples").rglob("*.jpg"))
    kinds: dict[str, list[Item]] = {"grey PNG": [], "JPEG in colour": [], "grey TIFF, LZW": []}
    for number in range(PAGES):
        with Image.open(sources[number % len(sources)]) as image:
            grey = image.convert("L").resize(SIZE, Image.Resampling.BICUBIC)
        yellowed = Image.merge("RGB", (grey, grey.point(lambda v: v * 31 // 32), grey.point(lambda v: v * 7 // 8)))
        for kind, page, ending, options in zip(
            kinds,
            (grey, yellowed, grey),
            ("png", "jpg", "tif"),
            ({}, {"quality": 85}, {"compression": "tiff_lzw"}),
            strict=True,
        ):
            path = scratch / f"{number}.{ending}"
            page.save(path, **options)
            assert frames_of(path).count is None
            kinds[kind].append((path, None))
    return kinds


def _cores(usable: int) -> str:
    """How many cores this process may use, and how many there are below them: two of one share its arithmetic."""
    siblings = {file.read_text() for file in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings")}
    return f"{usable} to be used" + (f", {len(siblings)} physical in the machine" if siblings else "")


if __name__ == "__main__":
    main()
