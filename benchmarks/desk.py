"""How long people wait at the desk: a queue of a million rows, the next page behind a key, an answer until it is saved.

    python benchmarks/desk.py                       # half a minute, and two GB of memory
    python benchmarks/desk.py --rows 100000 --keys 0 # smaller, without a browser

Limits are those of docs/desk.md: 2 s until a queue of a million rows is open, 100 ms from key to next page. Pages are
drawn, A4 at 300 dpi, as JPEG; keys are real ones in headless Chromium, one every half second, and the time is taken in
the browser, from the key to the frame in which the next page is drawn.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from common import HOME, environment, machine, markdown
from PIL import Image, ImageDraw

CATEGORIES = ["DRAW", "LINE_HW", "LINE_P", "PHOTO", "TEXT", "TEXT_HW", "TEXT_P", "TEXT_T"]
RUN = "20261121-101500_ViT-B16"
OPEN, KEY = 2.0, 0.1  # limits, in seconds
DISTINCT = 120  # pages that are drawn
# From the key to the frame in which another picture stands there, whole.
WATCH = """
window.waits = [];
addEventListener("keydown", event => {
  if (event.key !== "ArrowRight") return;
  const began = performance.now(), before = document.querySelector(".sheet img")?.src;
  const look = () => {
    const image = document.querySelector(".sheet img");
    if (image && image.src !== before && image.complete && image.naturalWidth) waits.push(performance.now() - began);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}, true);
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the table (default: 1,000,000)")
    parser.add_argument("--keys", type=int, default=40, help="keys that are pressed, 0 = no browser (default: 40)")
    given = parser.parse_args()
    print(f"machine: {machine()}\n", flush=True)
    rows: list[tuple[str, float, float]] = []  # what, seconds, its limit (0 = none)
    with tempfile.TemporaryDirectory() as folder:
        table = write_run(Path(folder), given.rows)
        rows += alone(table, given.rows)
        command = [sys.executable, "run.py", "desk", str(table), "--port", "0", "--no-browser", "-o", folder, "--quiet"]
        began = time.perf_counter()
        with subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True, env=environment(2)) as process:
            try:
                line = process.stdout.readline()
                address = re.search(r"http://[^ ]+(?=/)", line)[0]
                rows.append(("the desk is started (the program, and a model)", time.perf_counter() - began, 0))
                rows += calls(f"{address}/api/review", given.rows)
                if given.keys:
                    rows += keys(address, given.keys)
                rows.append(answers(f"{address}/api/review"))
            finally:
                process.kill()
    shown = [
        [what, f"{1000 * seconds:,.0f} ms", f"{seconds / limit:.2f}" if limit else ""] for what, seconds, limit in rows
    ]
    print(markdown([f"{given.rows:,} rows", "takes", "of its limit"], shown))


def write_run(folder: Path, count: int) -> Path:
    """A run of so many pages in documents of 50; its table. The first pages are there, drawn."""
    draw = np.random.default_rng(1)
    pages, tables = folder / "pages", folder / "tables"
    pages.mkdir()
    tables.mkdir()
    of = draw.integers(0, len(CATEGORIES), count)
    first = draw.uniform(0.4, 1, count)
    table = tables / f"result_{RUN}_2n_{len(CATEGORIES)}c.csv"
    drawn = [draw_page(pages / f"drawn-{at}.jpg", at) for at in range(DISTINCT)]
    with table.open("w", encoding="utf-8") as out:
        out.write("FILE,PAGE,CLASS-1,CLASS-2,SCORE-1,SCORE-2,PATH\n")
        for at in range(count):
            file, page = f"CTX{194600000 + at // 50}", at % 50 + 1
            one, other = CATEGORIES[of[at]], CATEGORIES[(of[at] + 1) % len(CATEGORIES)]
            path = f"{file}-{page}.jpg"
            if at < 20 * DISTINCT:  # links cost nothing: pages that differ, as many as the keys reach
                (pages / path).hardlink_to(drawn[at % DISTINCT])
            out.write(f"{file},{page},{one},{other},{first[at]:.4f},{(1 - first[at]) / 2:.4f},{path}\n")
    record = {"name": RUN, "input": str(pages), "model": {"name": "drawn", "hash": "", "categories": CATEGORIES}}
    (tables / f"{RUN}_run.json").write_text(json.dumps(record), encoding="utf-8")
    return table


def draw_page(file: Path, number: int) -> Path:
    """A page of lines, A4 at 300 dpi."""
    page = Image.new("L", (2480, 3508), 235)
    pen = ImageDraw.Draw(page)
    for line in range(60):
        pen.text((200, 200 + 52 * line), f"page {number}, line {line}: " + "the quick brown fox " * 4, 20, font_size=36)
    page.save(file, quality=85)
    return file


def alone(table: Path, count: int) -> list[tuple[str, float, float]]:
    """The queue without a server around it."""
    from desk.command import OpenDesk
    from desk.desk import open_desk
    from desk.queue import Queue
    from settings.schema import Settings

    desk = open_desk(Settings(), OpenDesk(table=table))
    began = time.perf_counter()
    queue = Queue.open(desk)
    opened = time.perf_counter() - began
    list(map(queue.row, queue.ids("doubtful")[:60]))
    return [
        ("the queue is taken in", opened, 0),
        ("... and its first 60 rows are known", time.perf_counter() - began, OPEN),
    ]


def calls(address: str, count: int) -> list[tuple[str, float, float]]:
    """Calls that the page makes."""
    first = timed(f"{address}/queue?count=60&order=doubtful")
    with urllib.request.urlopen(f"{address}/queue?count=60&order=doubtful") as answer:
        sixtieth = json.load(answer)["pages"][-1]["id"]
    queries = {
        "the next 60": f"order=doubtful&after={sixtieth}",
        "60 from the middle": f"order=table&after={count // 2}",
        "60 of one category, first call": "order=category&category=PHOTO",
        "a search that finds 50, first call": "search=CTX194600011-",
        "a search that finds all": "search=CTX19",
    }
    further = [(what, timed(f"{address}/queue?count=60&{query}"), 0) for what, query in queries.items()]
    return [("60 rows, the first call", first, 0), *further]


def keys(address: str, count: int) -> list[tuple[str, float, float]]:
    """From a key to the next page, by a browser."""
    from browser import Browser, chromium

    if chromium() is None:
        print("no Chromium here: keys are left out\n")
        return []
    with Browser() as browser:
        tab = browser.open(f"{address}/static/desk.css")  # to say who one is before the page asks
        tab.until("document.readyState === 'complete'")
        tab.value("localStorage.setItem('desk.person', 'Anna')")
        tab.ask("Page.navigate", url=f"{address}/review?view=page&state=all&order=table")
        tab.until("document.querySelector('.sheet img')?.naturalWidth > 0")
        tab.value(WATCH)
        for _ in range(count):
            time.sleep(0.5)
            tab.key("ArrowRight")
        tab.until(f"waits.length >= {count}")
        waits = sorted(tab.value("waits"))
    return [
        ("from a key to the next page, median", waits[len(waits) // 2] / 1000, KEY),
        (f"from a key to the next page, slowest of {count}", waits[-1] / 1000, KEY),
    ]


def answers(address: str) -> tuple[str, float, float]:
    """An answer, until it is on the disk and said to be: the median of 50."""
    waits = []
    for page in range(50):
        answer = {"page": page, "category": "DRAW", "answer": str(uuid.uuid4())}
        body = json.dumps({"person": "Anna", "answers": [answer]}).encode()
        waits.append(timed(f"{address}/decisions", body))
    return "an answer is on the disk, median", sorted(waits)[25], 0


def timed(address: str, body: bytes | None = None) -> float:
    """Seconds of a call."""
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    began = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        answer.read()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
