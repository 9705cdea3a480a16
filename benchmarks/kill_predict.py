"""Kills sorting runs at random moments, resumes them, and compares their tables with an undisturbed run's.

    python benchmarks/kill_predict.py                    # 20 kills, a few minutes
    python benchmarks/kill_predict.py --kills 5 --seed 7 --engine torch
    python benchmarks/kill_predict.py --model_path models/efficientnet-lite0 --pages 160

Every kill is a real SIGKILL of `python run.py -d ... --raw`: after a random number of journalled rows, while tables are
written (a `.csv.part` stands in `tables/`), or at any moment at all. Then Ctrl-C (SIGINT) and SIGTERM: exit code 130,
tables of what is there, and the command that the run names continues it.
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
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
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # benchmarks/predict.py would hide the project's own

from benchmarks import common

PAGES = 600
BATCH = 4
CATEGORIES = ("DRAW", "PHOTO", "TEXT")
MINUTE = 60.0


class Differs(Exception):
    """Something is not as after an undisturbed run; the text says what."""


@dataclass(frozen=True)
class Ended:
    """How a process ended. rows: pages journalled by then. parts: unfinished tables that it left."""

    code: int
    rows: int
    parts: int
    output: str


class Series:
    """Pages, a model, and an undisturbed run of them in `work`, with which others are compared.

    pages: how many there are, about one in seven of them broken. model: a folder, None for a tiny one.
    """

    def __init__(self, work: Path, pages: int = PAGES, model: Path | None = None, engine: str = "auto") -> None:
        self.work, self.pages, self.engine = work, pages, engine
        self.model = model.absolute() if model else common.make_tiny_model(work / "model", CATEGORIES)
        good = common.draw_pages(work / "drawn", 12)
        whole = good[0].read_bytes()
        torn, empty, letter = (work / "drawn" / name for name in ("torn-1.png", "empty-1.jpg", "letter-1.tif"))
        torn.write_bytes(whole[: len(whole) // 2])
        empty.touch()
        letter.write_text("not an image", encoding="utf-8")
        sources = [*good[:5], torn, *good[5:9], empty, *good[9:], letter]
        self.input = common.link_pages(sources, work / "pages", pages, per_folder=150)
        (self.input / "000").rename(self.input / CATEGORIES[0])  # so that there is a TRUE column
        ended = self.start(work / "undisturbed")
        self.must_be_done(ended)
        self.tables = self.tables_of(work / "undisturbed")
        self.counts = self.record_of(work / "undisturbed")

    def command(self, output: Path, *further: str) -> list[str]:
        """The command line of a run."""
        flags = ["-d", self.input, "-o", output, "--model_path", self.model, "--raw", "-tn", 2, "--per_document"]
        flags += ["--engine", self.engine, "--batch_size", BATCH, "--workers", 1]
        return common.python(["run.py", *flags, *further])

    def start(
        self,
        output: Path,
        *further: str,
        when: Callable[[Path], bool] | None = None,
        number: int = signal.SIGTERM,
        command: list[str] | None = None,
    ) -> Ended:
        """Run until the end, or until `when(output)` says that the signal is due. `number` may be SIGKILL."""
        with (self.work / "output.txt").open("w+", encoding="utf-8", errors="replace") as said:
            process = subprocess.Popen(
                command or self.command(output, *further),
                cwd=common.HOME,
                env=common.environment(1),
                stdout=said,
                stderr=said,
            )
            limit = time.monotonic() + MINUTE
            try:
                while when is not None and process.poll() is None and time.monotonic() < limit:
                    if when(output):
                        process.send_signal(number)
                        break
                    time.sleep(0.0005)
                code = process.wait(MINUTE)
            finally:
                process.kill()
                process.wait()
            said.seek(0)
            return Ended(code, journalled(output), len(list(output.glob("tables/*.csv.part"))), said.read())

    def tables_of(self, output: Path) -> dict[str, bytes]:
        """Name (without the run's own) -> content of all that lies in `tables/`, run records aside."""
        contents = {}
        run = next(iter(output.glob("tables/*_run.json"))).name.removesuffix("_run.json")
        for file in sorted((output / "tables").rglob("*")):
            if file.is_file() and not file.name.endswith("_run.json"):
                name = file.relative_to(output / "tables").as_posix()
                contents[name.replace(run, "<run>")] = file.read_bytes()
        return contents

    def record_of(self, output: Path) -> dict[str, object]:
        """What a run record counts, times aside."""
        records = list(output.glob("tables/*_run.json"))
        if len(records) != 1:
            raise Differs(f"{len(records)} run records: {[file.name for file in records]}")
        record = json.loads(records[0].read_text(encoding="utf-8"))
        return {key: record.get(key) for key in ("state", "done", "missing", "failed", "failures", "per_category")}

    def compare(self, output: Path) -> None:
        """Raises Differs where a finished run is not as the undisturbed one, to the byte."""
        tables, counts = self.tables_of(output), self.record_of(output)
        if tables.keys() != self.tables.keys():
            raise Differs(f"files missing or too many: {sorted(tables.keys() ^ self.tables.keys())}")
        if different := [name for name, content in tables.items() if content != self.tables[name]]:
            raise Differs(f"other content: {', '.join(different)}")
        if counts != self.counts:
            raise Differs(f"the run record counts {counts}, expected {self.counts}")
        if left := list((output / "runs").iterdir()):
            raise Differs(f"left behind: {[path.name for path in left]}")

    def resumed(self, output: Path, before: Ended, ended: Ended) -> None:
        """Raises Differs unless a resumed run began where the journal of the killed one ended."""
        if f": {before.rows} of {self.pages} pages were done" not in ended.output:
            raise Differs(
                f"{before.rows} rows were journalled in {output.name}, but the resumed run says:\n{ended.output}"
            )

    def kill(self, output: Path, before: Ended | None, when: Callable[[Path], bool]) -> Ended:
        """One SIGKILL of a run that is begun, or resumed where `before` left something to resume."""
        resume = ("--resume",) if before is not None and list(output.glob("runs/*/settings.json")) else ()
        ended = self.start(output, *resume, when=when, number=signal.SIGKILL)
        if ended.code not in (-signal.SIGKILL, 1):
            raise Differs(f"a killed run ended with {ended.code}:\n{ended.output}")
        return ended

    def finish(self, output: Path, before: Ended) -> None:
        """Resume until done (begin anew where the kill came before anything was stored), then compare."""
        if list(output.glob("runs/*/settings.json")):
            ended = self.start(output, "--resume")
            # Killed behind the final record, before the last work file was removed: there is nothing left to do.
            if not (ended.code == 2 and "nothing to resume" in ended.output):
                self.must_be_done(ended)
                self.resumed(output, before, ended)
        elif not (list(output.glob("tables/*_run.json")) and self.record_of(output)["state"] == self.counts["state"]):
            self.must_be_done(self.start(output))
        self.compare(output)

    def must_be_done(self, ended: Ended) -> None:
        """Raises Differs unless a run came to its end (1: finished, some pages failed)."""
        if ended.code != 1:
            raise Differs(f"a run ended with {ended.code}, not 1:\n{ended.output}")

    def interrupt(self, output: Path, numbers: list[int], rows: list[int]) -> None:
        """Interrupt a run with each signal in turn, always by the command that the last one named; then finish it."""
        command = None
        for number, due in zip(numbers, rows, strict=True):
            ended = self.start(output, when=after_rows(due), number=number, command=command)
            name = signal.Signals(number).name
            if ended.code != 130:
                raise Differs(f"{name}: exit code {ended.code}, not 130:\n{ended.output}")
            if ended.parts or self.record_of(output)["state"] != "interrupted":
                raise Differs(f"{name}: {ended.parts} unfinished tables, record {self.record_of(output)}")
            tables = self.tables_of(output)
            done = sum(
                tables[name].count(b"\n") - 1 for name in tables if name.startswith("result") or "ERRORS" in name
            )
            if done != ended.rows or not due <= done < self.pages:
                raise Differs(f"{name}: {ended.rows} pages were done, the tables have {done}")
            for name, content in tables.items():
                if not self.tables[name].startswith(content):
                    raise Differs(f"{name}: the rows of the interrupted run are not those of the undisturbed one")
            line = next((line for line in ended.output.splitlines() if line.startswith("to continue: ")), None)
            if line is None:
                raise Differs(f"{name}: no command that continues is named:\n{ended.output}")
            command = shlex.split(line.removeprefix("to continue: "))
        last = self.start(output, command=command)
        self.must_be_done(last)
        self.resumed(output, ended, last)
        self.compare(output)


def journalled(output: Path) -> int:
    """Pages in whole lines of the journal; 0 where there is none."""
    rows = 0
    for journal in output.glob("runs/*/journal.jsonl"):
        lines = journal.read_bytes().split(b"\n")[:-1]
        rows = sum(len(json.loads(line)["rows"]) for line in lines)
    return rows


def after_rows(rows: int) -> Callable[[Path], bool]:
    """Due when so many pages, or a few more, are journalled."""
    batches = -(-rows // BATCH)

    def due(output: Path) -> bool:
        return any(journal.read_bytes().count(b"\n") >= batches for journal in output.glob("runs/*/journal.jsonl"))

    return due


def while_tables(count: int, pattern: str = "*.csv.part") -> Callable[[Path], bool]:
    """Due when so many tables are being written (with "*.csv": are complete) by the process that starts now."""
    began = time.time()  # an earlier process may have left some

    def due(output: Path) -> bool:
        try:
            return sum(file.stat().st_mtime > began for file in output.glob(f"tables/{pattern}")) >= count
        except FileNotFoundError:  # renamed between the two looks
            return False

    return due


def after_seconds(seconds: float) -> Callable[[Path], bool]:
    """Due so long after the start."""
    limit = time.monotonic() + seconds
    return lambda output: time.monotonic() >= limit


def main() -> int:
    """Run the series; exit code 0: all tables were identical."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0], epilog=__doc__.split("\n\n")[2])
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs in all (default 20)")
    parser.add_argument("--pages", type=int, default=PAGES, help=f"pages a run (default {PAGES})")
    parser.add_argument("--seed", type=int, default=0, help="decides the moments (default 0)")
    parser.add_argument("--engine", default="auto", help="auto, torch or onnx (default auto: onnx on a CPU)")
    parser.add_argument("--model_path", type=Path, help="a model folder (default: a tiny random model)")
    given = parser.parse_args()
    # In the background a shell lets programs ignore Ctrl-C, and so would those that are started from here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    draw = random.Random(given.seed)
    kills = identical = runs = in_tables = 0
    with tempfile.TemporaryDirectory() as folder:
        series = Series(Path(folder), given.pages, given.model_path, given.engine)
        while kills < given.kills:
            runs += 1
            output = series.work / f"run{runs}"
            ended, moments, killed = None, [], 0
            for _ in range(min(draw.choice([1, 1, 2, 3]), given.kills - kills)):
                moment, when = random_moment(draw, given.pages, ended.rows if ended else 0)
                ended = series.kill(output, ended, when)
                moments.append(f"{moment} ({ended.rows} rows{f', {ended.parts} parts' if ended.parts else ''})")
                if ended.code == 1:  # it was quicker than we
                    moments[-1] += " too late"
                    break
                killed += 1
                in_tables += ended.parts > 0
            try:
                series.finish(output, ended)
                verdict = "identical"
                identical += killed
            except Differs as error:
                verdict = f"DIFFERS: {error}"
            kills += killed
            print(f"run {runs}: killed {'; '.join(moments)}: {verdict}", flush=True)
            shutil.rmtree(output)
        interrupts = "identical"
        try:
            numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGINT]
            rows = sorted(draw.sample(range(4, given.pages // 2), 3))
            series.interrupt(series.work / "interrupted", numbers, rows)
        except Differs as error:
            interrupts = f"DIFFERS: {error}"
        print(f"Ctrl-C, SIGTERM, Ctrl-C, each continued by the command that was named: {interrupts}")
    print(f"kills: {kills}, identical: {identical} ({in_tables} of them while tables were written)")
    return int(identical != kills or interrupts != "identical")


def random_moment(draw: random.Random, pages: int, rows: int) -> tuple[str, Callable[[Path], bool]]:
    """When to kill: mostly after a random number of further rows, else while tables are written, or at any moment."""
    kind = draw.random()
    if kind < 0.55 and rows < pages - BATCH:
        wanted = draw.randint(rows + 1, pages - 1)
        return f"after {wanted} rows", after_rows(wanted)
    if kind < 0.75:
        count = draw.choice([1, 2, 3])
        return f"with {count} tables in work", while_tables(count)
    if kind < 0.85:
        count = draw.choice([1, 2, 3])
        return f"with {count} tables complete", while_tables(count, "*.csv")
    seconds = draw.uniform(0.1, 5)
    return f"after {seconds:.1f} s", after_seconds(seconds)


if __name__ == "__main__":
    sys.exit(main())
