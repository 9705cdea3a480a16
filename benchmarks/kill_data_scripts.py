"""Kills each data script at random moments, starts it again, compares: same files, nothing done twice, sources intact.

    python benchmarks/kill_data_scripts.py --kills 20

For each step a workspace is made, one undisturbed start gives the files to expect, and then for each kill: a fresh
workspace, a start that is ended with SIGKILL after a random part of its time (every other time its workers too), a
second start. Counted as failures: other files or other bytes than undisturbed, a finished file that was written again,
a source that changed, a worker that still lives after the second start, another exit code. Exit code 1 if there is one.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

SCRIPTS = Path(__file__).resolve().parents[1] / "data_scripts"
CATEGORIES = ("DRAW", "PHOTO", "TEXT_P", "TEXT_T")


def page(number: int, size: tuple[int, int] = (620, 880)) -> Image.Image:
    """A page that is like no other."""
    image = Image.new("L", size, 245)
    draw = ImageDraw.Draw(image)
    ink = random.Random(number)
    for _ in range(60):
        x, y = ink.randrange(size[0]), ink.randrange(size[1])
        draw.rectangle((x, y, x + ink.randrange(8, 160), y + ink.randrange(3, 30)), fill=ink.randrange(200))
    return image


def make_pdfs(folder: Path) -> None:
    """Four PDFs of 1, 3, 14 and 30 scanned pages, two of one name, and a broken one."""
    folder.mkdir(parents=True)
    for name, pages in (("a/X.pdf", 3), ("b/X.PDF", 14), ("b/LONG.pdf", 30), ("ONE.pdf", 1)):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        images = [page(pages * 100 + number) for number in range(pages)]
        images[0].save(file, format="PDF", resolution=75, save_all=True, append_images=images[1:])
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing\n%%EOF\n")


def make_pages(folder: Path) -> None:
    """120 pages: 40 one-page documents and 20 of four pages, in folders; and their annotation."""
    rows = ["FILE,PAGE,CLASS"]
    for document in range(60):
        name = f"CTX19{30 + document}00{document:03d}"
        (folder / name).mkdir(parents=True)
        for number in range(1, 2 if document < 40 else 5):
            page(document * 10 + number, (310, 440)).save(folder / name / f"{name}-{number}.png")
            rows.append(f"{name},{number},{CATEGORIES[(document + number) % 4]}")
    (folder.parent / "annotation.csv").write_text("\n".join(rows), encoding="utf-8")


def make_sorted(folder: Path) -> None:
    """Label folders with 120 pages."""
    for number in range(120):
        target = folder / CATEGORIES[number % 4]
        target.mkdir(parents=True, exist_ok=True)
        page(number, (310, 440)).save(target / f"CTX19{10 + number % 80}00{number:03d}-1.png")


Step = tuple[Callable[[Path], None], list[str], str, int]
STEPS: dict[str, Step] = {  # what makes the source (in `source`), arguments, where the results are, exit code
    "pdf2png": (make_pdfs, ["source", "--output", "out", "--workers", "2"], "out", 1),
    "move_single": (make_pages, ["source"], "source", 0),
    "sort": (make_pages, ["annotation.csv", "source", "out"], "out", 0),
    "sort --link": (make_pages, ["annotation.csv", "source", "out", "--link"], "out", 0),
    "annotate": (make_sorted, ["source", "table.csv"], ".", 0),
    "dataset": (make_sorted, ["source", "--output", "out", "--workers", "2"], "out", 0),
}


def tree(folder: Path) -> dict[str, str]:
    """Digest of each file below a folder; the order of dataset's journal is left aside, it depends on the workers."""
    digests = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            if file.name == "measures.jsonl":
                content = b"".join(sorted(content.splitlines(keepends=True)))
            digests[file.relative_to(folder).as_posix()] = hashlib.sha256(content).hexdigest()
    return digests


def marks(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of each finished file: both stay where a file is not written again."""
    return {
        file.relative_to(folder).as_posix(): (file.stat().st_ino, file.stat().st_mtime_ns)
        for file in folder.rglob("*")
        if file.is_file() and not file.name.endswith(".part") and file.name != "measures.jsonl"
    }


def command(step: str) -> list[str]:
    """The command line of a step."""
    return [sys.executable, str(SCRIPTS / f"{step.split()[0]}.py"), *STEPS[step][1]]


def workers_of(workspace: Path) -> list[int]:
    """Processes that still work in a workspace (Linux only)."""
    workers = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == workspace and int(entry.name) != os.getpid():
                workers.append(int(entry.name))
        except OSError:
            continue
    return workers


def try_step(step: str, kills: int, seed: int) -> list[str]:
    """Run a series; the failures."""
    make, _, results, code = STEPS[step]
    failures: list[str] = []
    draw = random.Random(seed)
    early = done = 0
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary).resolve()
        first = base / "first"
        first.mkdir()
        make(first / "source")
        shutil.copytree(first, base / "fresh")
        sources = tree(base / "fresh" / "source")
        started = time.monotonic()
        ended = subprocess.run(command(step), cwd=first, capture_output=True, text=True)
        seconds = time.monotonic() - started
        if ended.returncode != code:
            return [f"undisturbed: exit code {ended.returncode}: {ended.stderr[-300:]}"]
        expected = tree(first / results)
        for number in range(kills):
            workspace = base / f"kill{number}"
            shutil.copytree(base / "fresh", workspace)
            process = subprocess.Popen(
                command(step),
                cwd=workspace,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            time.sleep(draw.uniform(0.15 * seconds, seconds))
            early += process.poll() is None
            if number % 2:
                process.kill()
            else:
                with contextlib.suppress(ProcessLookupError):  # it ended by itself
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            before = marks(workspace / results) if (workspace / results).is_dir() else {}
            done += len(before)
            ended = subprocess.run(command(step), cwd=workspace, capture_output=True, text=True)
            where = f"kill {number}"
            if ended.returncode != code:
                failures.append(f"{where}: exit code {ended.returncode}: {ended.stderr[-300:]}")
            if (written := tree(workspace / results)) != expected:
                differ = sorted(set(written.items()) ^ set(expected.items()))
                failures.append(f"{where}: other files: {differ[:4]}")
            after = marks(workspace / results)
            again = [name for name, mark in before.items() if name in after and after[name] != mark]
            if again:
                failures.append(f"{where}: written again: {again[:4]}")
            if step != "move_single" and tree(workspace / "source") != sources:
                failures.append(f"{where}: a source changed")
            if step == "move_single" and sorted(tree(workspace / "source").values()) != sorted(sources.values()):
                failures.append(f"{where}: a page was lost")
            if alive := workers_of(workspace):
                failures.append(f"{where}: still at work: {alive}")
            shutil.rmtree(workspace)
    finished = f"{done / max(1, kills):.0f} files finished before on average"
    print(f"{step:<12} {kills} kills, {early} in the middle, {finished}, {len(failures)} failures", flush=True)
    return failures


def main() -> int:
    """Run all series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="kills for each step (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", nargs="*", default=list(STEPS), choices=list(STEPS))
    options = parser.parse_args()
    failed = 0
    for step in options.steps:
        for failure in try_step(step, options.kills, options.seed):
            print(f"  {failure}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
