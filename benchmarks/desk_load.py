"""Many people at one desk at once: each file is answered once, no decision lost or doubled.

    python benchmarks/desk_load.py                                  # three minutes
    python benchmarks/desk_load.py --uploads 40 --people 10 --seconds 5
    python benchmarks/desk_load.py --uploads 0 --seed 7              # one part of it, other clicks

Uploads: files are handed in one by one, then all at once (PNG, PDFs and TIFFs of several pages, broken ones): each is
answered, each page once, with the same scores. People: each gives an answer or takes one back once a second, all on the
same pages; every tenth is sent twice, as after a connection that broke. Then the log of what was sent is compared with
`decisions.sqlite`, with `trail.csv`, and with what the desk shows. The desk is a real process, `python run.py desk`.
Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # benchmarks/desk.py would hide the project's own

from PIL import Image

from benchmarks.common import draw_pages, machine, markdown
from benchmarks.desk_people import PAGES, Caller, Log, a_desk, click_all, compare


def people_part(folder: Path, count: int, seconds: float, seed: int) -> tuple[list[list[str]], list[str]]:
    """Rows of the table, and what is wrong."""
    log = Log()
    with a_desk(folder) as desk:
        people, stop = click_all(desk, log, count, 1.0, seed)
        time.sleep(seconds)
        faults = compare(desk, log, people, stop)
    undone = sum(bool(click.undoes) for click in log.sent.values())
    rows = [
        [f"{count} people, {seconds:.0f} s, on {PAGES} pages: answers", f"{len(log.sent):,} ({undone:,} undos)"],
        ["... lost, doubled or changed", f"{len(faults)}"],
        ["... sent again, as nothing came back", f"{len(log.again)}"],
    ]
    for what, waits in log.seconds.items():
        rows.append([f"{what}: median, 95 %, slowest", spread(waits)])
    return rows, faults


def uploads_part(folder: Path, count: int) -> tuple[list[list[str]], list[str]]:
    """Rows of the table, and what is wrong."""
    files, log, faults = a_hand(folder / "hand", count), Log(), []
    with a_desk(folder / "run") as desk:
        began = time.perf_counter()
        alone = [hand_in(Caller(desk), *file) for file in files]
        one_by_one = time.perf_counter() - began
        begin = threading.Barrier(count)

        def at_once(file: tuple[str, bytes, int, bool]) -> tuple[int, Any]:
            begin.wait()
            began = time.perf_counter()
            try:
                return hand_in(Caller(desk), *file)
            finally:
                log.took("answered", began)

        began = time.perf_counter()
        with ThreadPoolExecutor(count) as clients:
            together = list(clients.map(at_once, files))
        took = time.perf_counter() - began
        desk.end()
    pages = 0
    for (name, _, wanted, broken), (status, said), before in zip(files, together, alone, strict=True):
        listed = said if isinstance(said, list) else said.get("pages", [])
        pages += len(listed)
        answered = [(one["name"], one["page"], "error" in one) for one in listed]
        if answered != [(name, page, broken) for page in range(1, wanted + 1)]:
            faults.append(f"{name}: {wanted} pages, answered ({status}): {said}")
        elif (status, said) != before:
            faults.append(f"{name}: alone {before}, among others {status, said}")
    rows = [
        [f"{count} uploads at once: pages answered", f"{pages}"],
        ["... lost, doubled, or unlike those handed in alone", f"{len(faults)}"],
        ["... all answered, one by one and at once", f"{one_by_one:.1f} s, {took:.1f} s"],
        ["... answered: median, 95 %, slowest", spread(log.seconds["answered"])],
    ]
    return rows, faults + desk.faults


def a_hand(folder: Path, count: int) -> list[tuple[str, bytes, int, bool]]:
    """Files to hand in, (name, bytes, pages, broken): PNG, of ten a PDF of 3 pages, a TIFF of 2, a broken one."""
    drawn = [Image.open(file).convert("RGB") for file in draw_pages(folder, count)]
    files = []
    for at in range(count):
        kind, pages = {0: ("PDF", 3), 1: ("TIFF", 2)}.get(at % 10, ("PNG", 1))
        out, (image, *others) = io.BytesIO(), [drawn[(at + more) % count].copy() for more in range(pages)]
        image.save(out, kind, **({"save_all": True, "append_images": others} if pages > 1 else {}))
        data = out.getvalue()
        broken = at % 10 == 2
        files.append((f"{at}.{kind.lower()}", data[: len(data) // 2] if broken else data, pages, broken))
    return files


def hand_in(caller: Caller, name: str, data: bytes, *_: object) -> tuple[int, Any]:
    """A file, until the desk is not too busy for it."""
    head = f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
    while True:
        answer = caller.ask("/api/classify", head + data + b"\r\n--edge--\r\n", "multipart/form-data; boundary=edge")
        if answer[0] != 429:
            return answer
        time.sleep(0.2)


def spread(waits: Sequence[float]) -> str:
    """Median, 95th percentile and greatest, in milliseconds."""
    ordered = sorted(waits)
    at = [len(ordered) // 2, min(len(ordered) - 1, int(0.95 * len(ordered))), -1]
    return ", ".join(f"{1000 * ordered[one]:,.0f}" for one in at) + " ms"


def main() -> int:
    """Print a table; 1 where anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uploads", type=int, default=200, help="files that are handed in at once (0 = none)")
    parser.add_argument("--people", type=int, default=50, help="who click once a second (0 = none)")
    parser.add_argument("--seconds", type=float, default=40, help="that they click (default 40)")
    parser.add_argument("--seed", type=int, default=1, help="decides the clicks (default 1)")
    given = parser.parse_args()
    print(f"machine: {machine()}\n", flush=True)
    rows: list[list[str]] = []
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, wanted in (
            (lambda: uploads_part(folder / "uploads", given.uploads), given.uploads),
            (lambda: people_part(folder / "people", given.people, given.seconds, given.seed), given.people),
        ):
            if wanted:
                more, wrong = part()
                rows += more
                faults += wrong
    print("\n".join(["", markdown(["many at once", "what came of it"], rows), "", *faults[:20]]))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
