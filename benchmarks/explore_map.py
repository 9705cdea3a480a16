"""How large and how smooth the browser folder of `explore map` is, in headless Chromium, without a graphics card.

    python benchmarks/explore_map.py --pages 56 5000 100000      # a Markdown table; some minutes
    python benchmarks/explore_map.py --pages 100000 --keep maps  # keeps the folders and screenshots to look at

Synthetic pages: 30 groups of points, a drawn thumbnail each. For each number of pages: seconds to write the folder, its
size, seconds from opening to the first whole frame, then frames while the map is dragged for four seconds (the display
gives 60 a second, 16.7 ms each), with points and with thumbnails, the script's own time a frame, and a search.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from explore.map_folder import write_folder
from tests.browser import Browser, Tab

GROUPS, DRAGGED = 30, 4.0  # groups of points; seconds of a drag
CATEGORIES = (
    "DRAW",
    "DRAW_L",
    "LINE_HW",
    "LINE_P",
    "LINE_T",
    "PHOTO",
    "PHOTO_L",
    "TEXT",
    "TEXT_HW",
    "TEXT_P",
    "TEXT_T",
)
HEAD = (
    "| pages | written in | folder | opened in | dragging points, ms a frame: median / 95 % | with thumbnails | "
    "script, points / thumbnails | search |"
)


def synthetic(count: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows, places [N, 2] and the group of each page."""
    draw = np.random.default_rng(0)
    groups = draw.integers(0, GROUPS, count)
    middles, width = draw.normal(size=(GROUPS, 2)) * 0.45, draw.uniform(0.02, 0.08, GROUPS)
    positions = middles[groups] + draw.normal(size=(count, 2)) * width[groups, None]
    positions = (positions - positions.min(axis=0)) / np.ptp(positions, axis=0).max() * 2 - 1
    years = draw.integers(1890, 1999, count)
    rows = pd.DataFrame(
        {
            "path": [f"{CATEGORIES[groups[n] % 11]}/CTX{years[n]}{n:05d}-{n % 40}.png" for n in range(count)],
            "document": [f"CTX{year}{number // 40:05d}" for number, year in enumerate(years)],
            "frame": pd.array([None] * count, "Int32"),
            "page": pd.array(np.arange(count) % 40, "Int32"),
            "year": pd.array(years, "Int32"),
            "category": [CATEGORIES[group % 11] for group in groups],
            "cluster": pd.array(groups + 1, "Int32"),
        }
    )
    return rows, positions.astype(np.float32), groups


def drawn() -> list[Image.Image]:
    """A page of each group: paper and lines."""
    draw, pages = np.random.default_rng(1), []
    for _ in range(GROUPS):
        page = Image.new("RGB", (136, 192), tuple(int(part) for part in draw.integers(215, 256, 3)))
        pen = ImageDraw.Draw(page)
        for line in range(14, 180, 8):
            pen.line((12, line, int(draw.integers(60, 124)), line), fill="#333333", width=2)
        pages.append(page)
    return pages


def frames(tab: Tab) -> tuple[float, float, float]:
    """Drag for a while: median and 95th percentile of the time between frames, then the script's own, in ms."""
    tab.value("(f => f(performance.now()))(window.tick = now => { (window.times ??= []).push(now);"
              "window.frame = requestAnimationFrame(tick); })")  # fmt: skip
    tab.move(600, 400)
    tab.press(600, 400, "mousePressed")
    end, step = time.monotonic() + DRAGGED, 0
    while time.monotonic() < end:
        step += 1
        at = {"x": 600 + 3 * (step % 60), "y": 400 + step % 30}
        tab.ask("Input.dispatchMouseEvent", type="mouseMoved", button="left", buttons=1, **at)
    tab.press(600, 400, "mouseReleased")
    times = np.diff(tab.value("cancelAnimationFrame(frame), times.splice(0)"))
    again = "for (let i = 0; i < 20; i++) pageMap.points.draw();"
    script_ms = tab.value(f"(t => {{ {again} return (performance.now() - t) / 20; }})(performance.now())")
    tab.value("pageMap.points.fit()")
    return float(np.median(times)), float(np.percentile(times, 95)), script_ms


def measure(count: int, folder: Path) -> str:
    """One row of the table."""
    rows, positions, groups = synthetic(count)
    pages = drawn()
    started = time.perf_counter()
    write_folder(
        folder / "browser",
        rows,
        positions,
        [folder / "pages" / path for path in rows["path"]],
        lambda at: [pages[groups[number]].copy() for number in at],
        title=f"{count:,} synthetic pages",
    )
    written = time.perf_counter() - started
    size = sum(file.stat().st_size for file in (folder / "browser").rglob("*") if file.is_file())
    with Browser() as browser:
        started = time.perf_counter()
        tab = browser.open((folder / "browser" / "index.html").as_uri(), 1400, 900)
        tab.until("window.pageMap && pageMap.points.inView > 0")
        opened = time.perf_counter() - started
        tab.value("if (pageMap.points.withThumbs) document.querySelector('#thumbnails').click()")
        points = frames(tab)
        tab.picture(folder / "points.png")
        tab.click_on("#thumbnails")
        time.sleep(2)  # the sheets come
        thumbnails = frames(tab)
        tab.picture(folder / "thumbnails.png")
        tab.value("document.querySelector('#search').value = 'ctx1946 draw'")
        search = tab.value("(t => { document.querySelector('#search').dispatchEvent(new Event('input'));"
                           "return performance.now() - t; })(performance.now())")  # fmt: skip
        if tab.problems or tab.foreign:
            raise SystemExit(f"the page is not clean: {tab.problems} {tab.foreign}")
    moved = [f"{median:.1f} / {late:.1f}" for median, late, _ in (points, thumbnails)]
    return (
        f"| {count:,} | {written:.1f} s | {size / 2**20:.1f} MB | {opened:.1f} s | {moved[0]} | {moved[1]} | "
        f"{points[2]:.1f} / {thumbnails[2]:.1f} ms | {search:.0f} ms |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=[56, 5000, 100_000], metavar="N")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where folders and screenshots stay")
    typed = parser.parse_args()
    print(f"{HEAD}\n|{'---|' * (HEAD.count('|') - 1)}")
    with tempfile.TemporaryDirectory() as work:
        for count in typed.pages:
            folder = (typed.keep or Path(work)) / f"{count}"
            folder.mkdir(parents=True, exist_ok=True)
            print(measure(count, folder), flush=True)


if __name__ == "__main__":
    main()
