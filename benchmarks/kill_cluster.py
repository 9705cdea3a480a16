"""Kills workers, drivers and merges of runs in shards at random, resumes them, and compares their tables.

    python benchmarks/kill_cluster.py                             # 30 kills, 2,000 pages, local:3; some minutes
    python benchmarks/kill_cluster.py --kills 5 --pages 200 --cluster ray:3    # a cluster of four node processes

Every kill is a real SIGKILL: of a worker, of the driver, of the driver while it writes tables. Some workers are stopped
(SIGSTOP) instead, and woken later, when others have done their shards. One page kills whoever opens it (an audit hook
ends the process): it has to be in the errors table, alone. All else has to be as one undisturbed process writes it,
byte for byte.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # benchmarks/predict.py would hide the project's own

from benchmarks import common
from benchmarks.kill_predict import MINUTE, Differs, Series
from benchmarks.ray_nodes import RayNodes
from output.files import json_if_whole
from output.runs import sweep

POISON = "poison"
HOOK = f"""
import os, signal, sys

def deadly(event, details):
    if event == "open" and isinstance(details[0], str) and os.path.basename(details[0]).startswith("{POISON}"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(deadly)
"""
REASON = "it ended the process that worked on it, twice (signal 9)"


class ClusterSeries(Series):
    """As `Series`, but its runs are in shards, and one page of them ends the process that opens it."""

    def __init__(self, work: Path, pages: int, cluster: str, engine: str = "auto") -> None:
        self.cluster = ""  # the undisturbed run is of one process
        super().__init__(work, pages, None, engine)
        self.cluster = cluster
        self.errors = self.tables["<run>_ERRORS.csv"]
        self.hook = work / "hook"
        self.hook.mkdir()
        (self.hook / "sitecustomize.py").write_text(HOOK, encoding="ascii")

    def command(self, output: Path, *further: str) -> list[str]:
        """The command line of a run."""
        return super().command(output, *further, *(("--cluster", self.cluster) if self.cluster else ()))

    def poison(self) -> None:
        """One page more, in the middle: it is to be the only difference."""
        folder = sorted(path for path in self.input.iterdir() if path.is_dir())[-1]
        (folder / f"{POISON}-1.png").write_bytes(next(self.input.rglob("*.png")).read_bytes())

    def begin(self, output: Path, said: Path) -> subprocess.Popen:
        """A driver, begun or resumed."""
        resume = ("--resume",) if list(output.glob("runs/*/settings.json")) else ()
        environment = {**common.environment(1), "PYTHONPATH": str(self.hook)}
        with said.open("ab") as log:
            return subprocess.Popen(
                self.command(output, *resume), cwd=common.HOME, env=environment, stdout=log, stderr=log
            )

    def compare_poisoned(self, output: Path) -> None:
        """Raises Differs where anything but the one page is not as in the undisturbed run."""
        tables = self.tables_of(output)
        seen = "<run>_files.jsonl.gz"  # has the outcome of that page too
        tables[seen] = self.tables[seen]
        lines = tables["<run>_ERRORS.csv"].decode().splitlines(keepends=True)
        poison = [line for line in lines if line.startswith(f"{POISON},")]
        if len(poison) != 1 or REASON not in poison[0]:
            raise Differs(f"the page that kills is not alone among the errors: {poison}")
        tables["<run>_ERRORS.csv"] = "".join(line for line in lines if line not in poison).encode()
        if tables.keys() != self.tables.keys():
            raise Differs(f"files missing or too many: {sorted(tables.keys() ^ self.tables.keys())[:9]}")
        if different := [name for name, content in tables.items() if content != self.tables[name]]:
            raise Differs(f"other content: {', '.join(different)}")
        if left := [path.name for path in (output / "runs").iterdir()]:
            raise Differs(f"left behind: {left}")


def workers_of(driver: int) -> list[int]:
    """The processes that a driver has started, and they: those that compute, by their command line."""
    found: list[int] = []
    parents = [driver]
    while parents:
        parent = parents.pop()
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
        except OSError:
            continue
        for child in map(int, children):
            parents.append(child)
            try:
                line = Path(f"/proc/{child}/cmdline").read_bytes()
            except OSError:
                continue
            if b"spawn_main" in line:
                found.append(child)
    return found


def main() -> int:
    """Run the series; exit code 0: all tables were as they should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30, help="SIGKILLs in all (default 30)")
    parser.add_argument("--pages", type=int, default=2000, help="pages a run (default 2000)")
    parser.add_argument("--cluster", default="local:3", help="what --cluster is given (default local:3)")
    parser.add_argument("--seed", type=int, default=0, help="decides the moments (default 0)")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.ExitStack() as held:
        series = ClusterSeries(Path(held.enter_context(tempfile.TemporaryDirectory())), given.pages, given.cluster)
        series.poison()
        workers = workers_of
        if given.cluster.startswith("ray"):
            nodes = held.enter_context(RayNodes(3, PYTHONPATH=str(series.hook)))
            os.environ["RAY_ADDRESS"] = nodes.address

            def workers(driver: int) -> list[int]:
                return nodes.workers()

        killed, runs, wrong = Counter[str](), 0, 0
        draw = random.Random(given.seed)
        while sum(killed.values()) - killed["stopped"] < given.kills:
            runs += 1
            output = series.work / f"run{runs}"
            try:
                most = given.kills - sum(killed.values()) + killed["stopped"]
                killed += disturbed(series, output, draw, most, workers)
                series.compare_poisoned(output)
                verdict = "as it should be"
            except Differs as error:
                wrong += 1
                verdict = f"DIFFERS: {error}"
            print(f"run {runs}: {dict(killed)} so far: {verdict}", flush=True)
    total = sum(killed.values()) - killed["stopped"]
    print(f"{common.machine()}: {total} kills in {runs} runs of {given.pages} pages, {given.cluster}: {wrong} wrong")
    return int(wrong > 0)


def disturbed(
    series: ClusterSeries, output: Path, draw: random.Random, most: int, workers_now: Callable[[int], list[int]]
) -> Counter[str]:
    """One run with many kills, to its end; what was killed. workers_now: gives the processes that work for a driver."""
    said, killed, stopped = series.work / "said.txt", Counter[str](), []
    said.write_bytes(b"")
    limit = time.monotonic() + 10 * MINUTE
    while True:
        driver = series.begin(output, said)
        try:
            due = time.monotonic() + draw.uniform(0.5, 6.0)
            at_tables = draw.random() < 0.3
            while driver.poll() is None and time.monotonic() < limit:
                time.sleep(0.002)
                if sum(killed.values()) - killed["stopped"] >= most:
                    continue
                if at_tables and list(output.glob("tables/*.part")):
                    driver.kill()
                    killed["merges"] += 1
                elif time.monotonic() >= due:
                    due = time.monotonic() + draw.uniform(0.3, 4.0)
                    kind, workers = draw.random(), workers_now(driver.pid)
                    if not workers and draw.random() < 0.9:  # it would seldom come to have any
                        continue
                    if kind < 0.2 and not at_tables:
                        driver.kill()
                        killed["drivers"] += 1
                    elif workers and kind < 0.85:
                        if send(draw.choice(workers), signal.SIGKILL):
                            killed["workers"] += 1
                    elif workers and send(one := draw.choice(workers), signal.SIGSTOP):
                        stopped.append(one)
                        killed["stopped"] += 1
                    elif stopped:
                        send(stopped.pop(0), signal.SIGCONT)
            code = driver.wait(MINUTE)
        finally:
            driver.kill()
            driver.wait()
            for one in stopped:
                send(one, signal.SIGCONT)
            stopped.clear()
        if code == 1 or is_over(output):
            return killed
        if code != -signal.SIGKILL or time.monotonic() > limit:
            raise Differs(f"a driver ended with {code}:\n{said.read_text('utf-8', 'replace')[-3000:]}")


def is_over(output: Path) -> bool:
    """Whether a run was killed behind its final record, while its work folder was removed: nothing is left to do."""
    records = [json_if_whole(file) for file in output.glob("tables/*_run.json")]
    if [record.get("state") for record in records] != ["finished with failures"]:
        return False
    sweep(output)
    return True


def send(process: int, number: int) -> bool:
    """Send a signal; whether the process was still there."""
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
