"""What shards cost, and what they give: against one process on the same cores, for many shards, rows and names.

python benchmarks/cluster.py                          # all tables, 2,000 pages, a million rows: 15 minutes
python benchmarks/cluster.py speed --pages 400 --rounds 3
python benchmarks/cluster.py merge --rows 10000000    # 3 GB of disk, minutes
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HOME), str(HOME / "benchmarks")]

from common import Done, link_pages, machine, markdown, run_process  # noqa: E402

SAMPLES = HOME / "category_samples"
CATEGORIES = 11


def main() -> int:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["speed", "shards", "merge", "names"], metavar="WHAT")
    parser.add_argument("--pages", type=int, default=2000, help="of the comparison (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="times that both sides are measured, in turn")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the merge (default %(default)s)")
    parser.add_argument("--work", type=Path, help="a folder on a disk with room (default: that of temporary files)")
    given = parser.parse_args()
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        work = Path(folder)
        for what in given.what:
            rows = {
                "speed": lambda: speed(work, given.pages, given.rounds),
                "shards": lambda: shards(work),
                "merge": lambda: merged(work, given.rows),
                "names": lambda: names(work),
            }[what]()
            print(markdown(*rows) + "\n", flush=True)
    return 0


Table = tuple[Sequence[str], Sequence[Sequence[str]]]


def speed(work: Path, pages: int, rounds: int) -> Table:
    """`local:2` against one process that has the same cores, each with its start and without."""
    sources = sorted(file for file in SAMPLES.rglob("*") if file.is_file())
    folder = link_pages(sources, work / "pages", pages)
    found: dict[str, list[tuple[float, float]]] = {}
    for number in range(rounds):
        for name, flags in (("one process", []), ("--cluster local:2", ["--cluster", "local:2"])):
            output = work / f"out-{number}-{len(flags)}"
            done = checked(run_process(["run.py", "-d", folder, "-o", output, *flags], os.cpu_count() or 1))
            rate = float(re.findall(r"([0-9.]+) pages/s", done.output)[-1])
            found.setdefault(name, []).append((rate, done.seconds))
    base = statistics.median(rate for rate, _ in found["one process"])
    rows = []
    for name, measured in found.items():
        rate = statistics.median(rate for rate, _ in measured)
        seconds = statistics.median(seconds for _, seconds in measured)
        rows.append([name, str(pages), f"{rate:.1f}", f"{rate / base:.2f}", f"{seconds:.1f}"])
    return ["", "pages", "pages/s", "times one process", "seconds in all"], rows


def shards(work: Path) -> Table:
    """What one shard costs: runs of as many items, cut into few and into many, of work that does nothing."""
    rows = []
    for count in (10, 1000):
        code = SHARDS.format(folder=str(work / f"shards{count}"), count=count)
        seconds = float(checked(run_process(["-c", code])).output.split()[-1])
        rows.append([str(count), f"{seconds:.2f}", f"{1000 * seconds / count:.2f}"])
    return ["shards (10,000 items)", "seconds", "ms a shard"], rows


SHARDS = """
import json, time
from pathlib import Path
from cluster.plan import cut
from cluster.shards import Shards
from cluster.worker import Worker
from benchmarks import cluster
folder = Path({folder!r}); folder.mkdir()
names = [json.dumps(str(number)) for number in range(10_000)]
(folder / "list").write_text("\\n".join(['{{}}', *names, ""]), "ascii")
plan = cut(folder, "list", count=10_000, unit=1, shards={count}, work="benchmarks.cluster:Nothing", job={{}})
Shards(plan).make()
worker = Worker(plan, print)
began = time.perf_counter()
worker.run()
print(time.perf_counter() - began)
"""


class Nothing:
    """Work that does nothing: see `cluster.work.Work`."""

    def __init__(self, job: dict, head: dict) -> None:
        pass

    def computed_by(self) -> dict:
        """Nothing that could differ."""
        return {}

    def lines(self, items: list[bytes], *, alone: bool = False) -> list[list[bytes]]:
        """A line an item, all at once."""
        return [[b"0"] * len(items)]

    def failures(self, lines: list[bytes]) -> int:
        """None fails."""
        return 0


def merged(work: Path, rows: int) -> Table:
    """1,000 shards with so many rows of eleven scores, joined: into the journal, and into the tables."""
    done = checked(run_process(["-c", MERGE.format(work=str(work / "merge"), rows=rows)]))
    said = json.loads(done.output.splitlines()[-1])
    head = ["rows", "journal, s", "tables, s", "rows/s", "page list, MB", "peak with tables, MB", "bytes a page"]
    total = said["journal"] + said["tables"]
    peak = [f"{said['list']:.0f}", f"{said['peak']:.0f}", f"{1e6 * (said['peak'] - said['before']) / rows:.0f}"]
    return head, [[f"{rows:,}", f"{said['journal']:.0f}", f"{said['tables']:.0f}", f"{rows / total:,.0f}", *peak]]


MERGE = """
import json, time
from pathlib import Path
from benchmarks.cluster import made
from benchmarks.common import own_peak_mb
from cluster.pages import absorb
from cluster.plan import Plan, load_plan
from output.runs import Run
from reading.pages import Page, PageList
from sorting.results import TableStyle, write_tables
work, rows = Path({work!r}), {rows}
before = own_peak_mb()
pages = [Page(f"box{{n // 1000:05}}/CTX{{n // 10:08}}-{{n % 10 + 1}}.png", f"CTX{{n // 10:08}}", n % 10 + 1, None)
         for n in range(rows)]
held = own_peak_mb()
run = Run.start(work, "X", PageList(work, pages), identity={{}}, execution={{"batch_size": 16}})
plan = made(run)
began = time.perf_counter()
for shard in range(plan.shards):
    absorb(run, plan, shard)
journal = time.perf_counter()
style = TableStyle([f"C{{n}}" for n in range(11)], 3)
write_tables(run.tables, run.name, run.pages, run.outcomes(), style)
print(json.dumps(dict(journal=journal - began, tables=time.perf_counter() - journal, before=before, list=held - before,
                      peak=own_peak_mb())))
"""


def made(run: object) -> object:
    """The shards of a run, as workers would have published them."""
    from cluster.plan import cut
    from cluster.shards import Shards

    plan = cut(run.work, "pages.jsonl", count=len(run.pages.pages), unit=16, shards=1000, work="", job={})
    shards, draw = Shards(plan), random.Random(0)
    shards.make()
    lines = []
    for _ in range(1000):
        scores = [draw.random() ** 8 for _ in range(CATEGORIES)]
        lines.append("[" + ",".join(format(score / sum(scores), ".9g") for score in scores) + "]\n")
    for shard in range(plan.shards):
        with shards.file(shard).open("w", encoding="ascii", newline="\n") as file:
            file.writelines(lines[number % 1000] for number in range(plan.size(shard)))
    return plan


def names(work: Path) -> Table:
    """Memory of the list of pages, of the driver and of a worker, by how many names there are."""
    rows = []
    for count in (1000, 1_000_000):
        folder = work / f"names{count}"
        for number in range(count):
            if number % 1000 == 0:
                (folder / f"{number // 1000:04}").mkdir(parents=True)
            (folder / f"{number // 1000:04}" / f"CTX{number // 10:08}-{number % 10 + 1}.png").touch()
        done = checked(run_process(["-c", NAMES.format(folder=str(folder), work=str(work / f"run{count}"))]))
        said = json.loads(done.output.splitlines()[-1])
        rows.append([f"{count:,}", f"{said['seconds']:.1f}", f"{said['driver']:.0f}", f"{said['worker']:.0f}"])
    return ["names", "listed and cut, s", "driver, MB", "worker's items, MB"], rows


NAMES = """
import json, time
from pathlib import Path
from benchmarks.common import own_peak_mb
from cluster.plan import cut, load_plan
from cluster.shards import Shards
from output.runs import Run
from reading.pages import find_pages
import subprocess, sys
began = time.perf_counter()
pages = find_pages(Path({folder!r}))
run = Run.start(Path({work!r}), "X", pages, identity={{}}, execution={{"batch_size": 16}})
plan = cut(run.work, "pages.jsonl", count=len(pages.pages), unit=16, work="", job={{}})
seconds = time.perf_counter() - began
code = ("import sys; from pathlib import Path; from cluster.plan import load_plan; "
        "from benchmarks.common import own_peak_mb; before = own_peak_mb(); plan = load_plan(Path(sys.argv[1])); "
        "plan.items(plan.shards - 1); print(own_peak_mb() - before)")
worker = float(subprocess.run([sys.executable, "-c", code, str(run.work)], capture_output=True, text=True).stdout)
print(json.dumps(dict(seconds=seconds, driver=own_peak_mb(), worker=worker)))
"""


def checked(done: Done) -> Done:
    """A command that came to its end. SystemExit: it did not."""
    if done.code:
        raise SystemExit(done.output)
    return done


if __name__ == "__main__":
    raise SystemExit(main())
