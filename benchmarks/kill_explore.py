"""Kills `explore index` at random moments, finishes it, and compares the index with that of an undisturbed run.

    python benchmarks/kill_explore.py                         # 20 kills; ../shared/pages and category_samples
    python benchmarks/kill_explore.py --pages FOLDER --kills 5 --seed 7
    python benchmarks/kill_explore.py --cluster local:2       # in shards: each time a worker, then the driver

The pages are copied into a temporary folder; a TIFF of several frames, doubles and broken files are added. The runs
begin an index, or bring one up to date after files were renamed, removed, replaced and added. Rows are
committed every 4 pages here instead of every 2,000. Every kill is a real SIGKILL: when a commit begins, when it is
done, while old versions are removed, or at any moment at all. After each kill the index must open and hold nothing but
rows of the undisturbed run (or of the index that was there before); in the end, all of them.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # benchmarks/explore.py would hide the project's own room

import numpy as np
from PIL import Image

from benchmarks import common
from benchmarks.kill_cluster import send, workers_of
from index.columns import SPACES
from index.database import Index

SHARED = common.HOME.parent / "shared" / "pages"
SAMPLES = common.HOME / "category_samples"
PATIENCE = 300.0  # seconds for a run; a busy machine is slow, not broken
SEEN = 0.6  # seconds in which a driver sees that a worker has died
COMMIT, TIDY = 4, 24  # pages; as COMMIT_PAGES and TIDY_FROM in explore/embedding.py
INDEX = (
    f"import sys; import index.embedding as rows; rows.COMMIT_PAGES, rows.TIDY_FROM = {COMMIT}, {TIDY}; "
    "from run import main; sys.exit(main(sys.argv[1:]))"
)
NEAR = 3e-4  # of vectors in float16: a number of a page may be rounded the other way, as it stands in other batches

Rows = dict[str, tuple[dict[str, str], np.ndarray]]  # page -> its columns, its vector


class Differs(Exception):
    """Something is not as after an undisturbed run; the text says what."""


@dataclass(frozen=True)
class Ended:
    """How a process ended. moment: when the kill was due, in words. rows: pages in the index by then."""

    code: int
    moment: str
    rows: int
    output: str


class Series:
    """Pages in `work`, and the index of an undisturbed run, with which others are compared."""

    def __init__(self, work: Path, sources: list[Path], backbone: str) -> None:
        self.work, self.backbone = work, backbone
        self.cluster = ""  # the undisturbed runs are of one process
        self.pages = work / "pages"
        for number, source in enumerate(sources):
            shutil.copytree(source, self.pages / f"{number}-{source.name}")
        self.files = sorted(file for file in self.pages.rglob("*") if file.is_file())
        self._earlier()
        self.run(work / "earlier")
        self.before = rows_of(work / "earlier")
        self._today()
        _, self.seconds = self.run(work / "undisturbed")
        self.rows, self.broken = rows_of(work / "undisturbed"), broken_of(work / "undisturbed")

    def _earlier(self) -> None:
        """The folder as it was when it was indexed before."""
        images = [Image.open(file).convert("L") for file in common.draw_pages(self.work / "drawn", 6)]
        images[0].save(self.pages / "frames-1.tif", save_all=True, append_images=images[1:])
        images[0].save(self.pages / "gone-1.png")
        images[1].save(self.pages / "replaced-1.png")
        whole = (self.pages / "replaced-1.png").read_bytes()
        (self.pages / "torn-1.png").write_bytes(whole[: len(whole) // 2])
        (self.pages / "empty-1.jpg").touch()
        self.moved = self.files[1::5]
        self.late = self.files[::2]
        (self.work / "late").mkdir()
        for number, file in enumerate(self.late):
            file.rename(self.work / "late" / str(number))

    def _today(self) -> None:
        """The folder as it is now: renamed, removed, replaced and new files, doubles, and more that are broken."""
        for number, file in enumerate(self.late):
            (self.work / "late" / str(number)).rename(file)
        (self.pages / "renamed").mkdir()
        for file in self.moved:
            if file.exists():
                file.rename(self.pages / "renamed" / file.name)
        (self.pages / "gone-1.png").unlink()
        shutil.copyfile(self.pages / "frames-1.tif", self.pages / "double-1.tif")
        shutil.copyfile(self.files[0], self.pages / f"double-2{self.files[0].suffix}")
        Image.linear_gradient("L").save(self.pages / "replaced-1.png")
        (self.pages / "letter-1.tif").write_text("not an image", encoding="utf-8")

    def command(self, index: Path) -> list[str]:
        """The command line of a run."""
        flags = ["--index", index, "--batch_size", 2, "--workers", 1, "--quiet"]
        backbone_flags = ["--backbone", self.backbone] if self.backbone else []
        cluster_flags = ["--cluster", self.cluster] if self.cluster else []
        return common.python(["-c", INDEX, "explore", "index", self.pages, *flags, *backbone_flags, *cluster_flags])

    def run(self, index: Path, kill: tuple[str, Callable[[], bool]] | None = None) -> tuple[Ended, float]:
        """Run until the end, or until the kill is due. How it ended, and its seconds."""
        moment, due = kill or ("", None)
        began = time.monotonic()
        with (self.work / "output.txt").open("w+", encoding="utf-8", errors="replace") as said:
            process = subprocess.Popen(
                self.command(index), cwd=common.HOME, env=common.environment(1), stdout=said, stderr=said
            )
            try:
                while due is not None and process.poll() is None and time.monotonic() < began + PATIENCE:
                    if due():
                        break
                    time.sleep(0.0005)
                if due is not None and (workers := workers_of(process.pid) if self.cluster else []):
                    send(workers[0], signal.SIGKILL)
                    time.sleep(SEEN)
                if due is not None:
                    process.send_signal(signal.SIGKILL)
                code = process.wait(PATIENCE)
            finally:
                process.kill()
                process.wait()
            said.seek(0)
            output = said.read()
        rows = len(Index.open(index)) if (index / "index.json").exists() else 0
        if code not in (1, -signal.SIGKILL):  # 1: done, some pages are broken
            raise Differs(f"a run ended with {code}:\n{output}")
        return Ended(code, moment, rows, output), time.monotonic() - began

    def check(self, index: Path, allowed: list[Rows]) -> None:
        """Raises Differs where a killed run left a row that is neither of today nor of the index that was there."""
        if not (index / "index.json").exists():
            return
        for page, row in rows_of(index).items():
            if not any(page in rows and difference(row, rows[page]) is None for rows in allowed):
                raise Differs(f"after the kill there is a row of {page} that no undisturbed run has")

    def compare(self, index: Path) -> None:
        """Raises Differs where a finished index is not that of the undisturbed run."""
        rows, broken = rows_of(index), broken_of(index)
        if rows.keys() != self.rows.keys():
            raise Differs(f"pages missing or too many: {sorted(rows.keys() ^ self.rows.keys())[:5]}")
        for page, row in rows.items():
            if said := difference(row, self.rows[page]):
                raise Differs(f"{page}: {said}")
        if broken != self.broken:
            raise Differs(f"broken pages: {broken}, expected {self.broken}")
        if (index / "errors.csv").read_bytes() != (self.work / "undisturbed" / "errors.csv").read_bytes():
            raise Differs("errors.csv has other content")


def rows_of(index: Path) -> Rows:
    """What an index holds, ids aside. Differs: a page twice, or an id."""
    opened = Index.open(index)
    table, content = opened.arrow([*opened.columns]), {}
    if len(set(table["id"].to_pylist())) != table.num_rows:
        raise Differs("an id is there twice")
    for row in table.to_pylist():
        vector = np.concatenate([np.array(row.pop(space), np.float32) for space in SPACES])
        page = f"{row['path']}, frame {row['frame']}"
        if page in content:
            raise Differs(f"{page} is there twice")
        content[page] = {name: repr(value) for name, value in row.items() if name != "id"}, vector
    return content


def broken_of(index: Path) -> list[str]:
    """The broken pages that an index lists, with their reasons."""
    return sorted(map(repr, Index.open(index).broken().to_pylist()))


def difference(one: tuple[dict[str, str], np.ndarray], other: tuple[dict[str, str], np.ndarray]) -> str | None:
    """In which column two rows differ, and by how much; None where they are the same."""
    for name, value in one[0].items():
        if value != other[0][name]:
            return f"{name} is {value[:80]}, expected {other[0][name][:80]}"
    far = float(np.abs(one[1] - other[1]).max())
    return None if far <= NEAR else f"the vectors differ by {far:.1e}"


def files_in(folder: Path, pattern: str) -> set[str]:
    """Names in a folder that another process writes to."""
    try:
        return {file.name for file in folder.glob(pattern)}
    except FileNotFoundError:
        return set()


def random_moment(draw: random.Random, index: Path, seconds: float) -> tuple[str, Callable[[], bool]]:
    """When to kill: as a commit begins (its data is being written), as it is done, while tidying, or at any moment."""
    pages, kind = index / "pages.lance", draw.random()
    if kind > 0.75:
        limit = time.monotonic() + (after := draw.uniform(0.3, 1.0) * seconds)
        return f"after {after:.1f} s", lambda: time.monotonic() >= limit
    if kind > 0.65:
        most = 0

        def fewer() -> bool:
            nonlocal most
            now = len(files_in(pages, "data/*"))
            most = max(most, now)
            return now < most

        return "as old data was removed", fewer
    what, pattern = ("begins", "data/*") if kind < 0.4 else ("is done", "_versions/*.manifest")
    had, count, wait = files_in(pages, pattern), draw.randint(1, 6), draw.uniform(0, 0.02)

    def due() -> bool:
        if len(files_in(pages, pattern) - had) < count:
            return False
        time.sleep(wait)
        return True

    return f"{1000 * wait:.0f} ms after commit {count} {what}", due


def main() -> int:
    """Run the series; exit code 0: all indexes were identical."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0], epilog=__doc__.split("\n\n")[2])
    parser.add_argument("--pages", type=Path, nargs="+", help="folders of pages (default: the shared and sample pages)")
    parser.add_argument("--backbone", default="", help="a model folder (default: the model that ships)")
    parser.add_argument("--cluster", default="", help="as of explore index: the killed runs are in shards")
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs in all (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="decides the moments (default 0)")
    given = parser.parse_args()
    sources = given.pages or [folder for folder in (SHARED, SAMPLES) if folder.is_dir()]
    draw = random.Random(given.seed)
    kills = identical = runs = inside = 0
    with tempfile.TemporaryDirectory() as folder:
        series = Series(Path(folder), [source.resolve() for source in sources], given.backbone)
        print(
            f"{len(series.rows)} pages, {len(series.broken)} broken ones; {series.seconds:.0f} s undisturbed",
            flush=True,
        )
        series.cluster = given.cluster
        while kills < given.kills:
            runs += 1
            index = series.work / f"index{runs}"
            update = runs % 2 == 0
            if update:
                shutil.copytree(series.work / "earlier", index)
            allowed = [series.rows, *([series.before] if update else [])]
            moments, killed = [], 0
            try:
                for _ in range(min(draw.randint(2, 5), given.kills - kills)):
                    ended, _ = series.run(index, random_moment(draw, index, series.seconds))
                    late = ended.code != -signal.SIGKILL
                    moments.append(f"{ended.moment} ({ended.rows} rows{', too late' if late else ''})")
                    series.check(index, allowed)
                    if late:
                        break
                    killed += 1
                    inside += 0 < ended.rows < len(series.rows)
                if not late:
                    series.run(index)
                series.compare(index)
                verdict = "identical"
                identical += killed
            except Differs as error:
                verdict = f"DIFFERS: {error}"
                killed = max(killed, 1)
            kills += killed
            what = "brought up to date" if update else "begun"
            print(f"run {runs}: {what}, killed {'; '.join(moments)}: {verdict}", flush=True)
            shutil.rmtree(index)
    print(f"kills: {kills}, identical: {identical} ({inside} of them with some of the rows committed)")
    return int(identical != kills)


if __name__ == "__main__":
    sys.exit(main())
