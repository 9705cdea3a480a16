"""How fast pages are sorted: both engines, beside transformers' own pipeline and beside what decoding and model allow.

    python benchmarks/predict.py ../shared/pages               # some 12 minutes on 2 cores; a Markdown table
    python benchmarks/predict.py scans/ --threads 8 --quick    # fewer pages, one round: some 4 minutes

A random model of the size of ViT-B/32 (fixed seed) and the shipped one, the same pages, threads and batches for all:
- pipeline: `transformers.pipeline("zero-shot-image-classification")` on the list of files, as its documentation shows;
- decoding alone: the project's loader, no model; model alone: the project's engine on decoded pages, all threads busy;
- run.py: `run.py -d ... --raw`, its journal and progress included; timed is the work on the pages as the run record
  tells it, without the start of the process, the loading of the model and the tables at the end.
"what both allow" is 1 / (1 / rate of decoding alone + 1 / rate of the model alone): both are measured with all threads
busy, so a page takes no less of the machine than both together. Each measurement is a process of its own that warms up
first; rounds are interleaved and the median counts. Then starts: whole processes, from their first moment.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this file would hide the project's sorting/job.py

from benchmarks import common
from benchmarks.predict_measures import DESCRIPTIONS, MEASURES, SHIPPED, WARM_UP
from utils import cores

KINDS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
MB = 2**20
DISTURBED = 0.06  # share of the machine that other processes took
RANDOM, OURS = "ViT-B/32 size, random", "the shipped model"
NAMES = {"pipeline": "transformers pipeline", "decoding": "decoding alone", "model": "model alone", "run": "**run.py**"}
FIRST_FILES = 10_000  # in the folder whose first score is awaited


@dataclass(frozen=True)
class Measure:
    """One line of the table. model: `RANDOM` or `OURS`; workers: None = as many as threads."""

    model: str
    what: str
    engine: str = ""
    precision: str = "fp32"
    workers: int | None = None

    def __str__(self) -> str:
        further = (
            self.precision if self.what == "pipeline" else f"{self.engine} {self.precision}" if self.engine else ""
        )
        return f"{NAMES[self.what]} {further}".strip()


EACH_ROUND = [
    *(Measure(RANDOM, "decoding"), Measure(RANDOM, "pipeline")),
    *(Measure(RANDOM, what, engine) for engine in ("torch", "onnx") for what in ("model", "run")),
    Measure(OURS, "decoding"),
    *(Measure(OURS, what, engine) for engine in ("torch", "onnx") for what in ("model", "run")),
]
ONCE = [
    Measure(RANDOM, "pipeline", precision="bf16"),
    *(Measure(RANDOM, what, "torch", "bf16") for what in ("model", "run")),
    Measure(OURS, "model", "torch", "bf16"),
]
WORKERS = [Measure(OURS, "run", "onnx", workers=workers) for workers in (0, 1, 2, 4)]
Runs = dict[Measure, dict[str, Any]]


def measure(task: dict[str, Any], until: float = 0.0) -> dict[str, Any]:
    """One measurement in a process of its own: what it returns, its `peak` in MB, and `others` as in `Done`.

    Until the time `until` (monotonic) it waits for the machine to be quiet, and is repeated where it was disturbed.
    """
    best: dict[str, Any] = {"others": 1e9}
    while True:
        while time.monotonic() < until and common.busy_share(3) > DISTURBED:
            pass
        done = common.run_process(["-m", "benchmarks.predict", "--measure", json.dumps(task)], task["threads"])
        line = next((line for line in done.output.splitlines() if line.startswith("RESULT ")), None)
        if done.code or line is None:
            raise SystemExit(f"{task['what']} failed with {done.code}:\n{done.output[-3000:]}")
        if done.others < best["others"]:
            best = json.loads(line.removeprefix("RESULT ")) | {"others": done.others}
        if done.others < DISTURBED or time.monotonic() >= until:
            return best


# ---- rates -----------------------------------------------------------------------------------------------------------


def measure_all(task: dict[str, Any], rounds: int, until: float) -> Runs:
    """Median rate, its range, and largest peak of every measure, over interleaved rounds; scores of the models."""
    runs: dict[Measure, list[dict[str, Any]]] = {}
    for number in range(rounds):
        for wanted in [*EACH_ROUND, *([] if number else [*ONCE, *WORKERS])]:
            if wanted.model == OURS and not is_shipped():
                continue
            shipped = wanted.model == OURS
            of_this = asdict(wanted) | {"shipped": shipped, "model": str(SHIPPED) if shipped else task["base"]}
            of_this["workers"] = task["threads"] if wanted.workers is None else wanted.workers
            runs.setdefault(wanted, []).append(run := measure(task | of_this, until))
            say(f"round {number + 1}: {wanted.model}, {wanted}: {run['rate']:.2f} pages/s, others {run['others']:.0%}")
    return {
        wanted: of_one[0]
        | {
            "rate": statistics.median(run["rate"] for run in of_one),
            "range": (min(run["rate"] for run in of_one), max(run["rate"] for run in of_one)),
            "cpu": statistics.median(run["cpu"] for run in of_one),
            "peak": max(run["peak"] for run in of_one),
            "others": max(run["others"] for run in of_one),
        }
        for wanted, of_one in runs.items()
    }


def say(line: str) -> None:
    """How far it is; not part of the table."""
    print(line, file=sys.stderr, flush=True)


def speed_table(runs: Runs) -> list[str]:
    """The table of rates."""
    head = ["", "pages/s (median)", "lowest-highest", "x", "CPU ms a page", "peak RSS, MB"]
    rows = []
    for model, compared in ((RANDOM, Measure(RANDOM, "pipeline")), (OURS, Measure(OURS, "run", "torch"))):
        ours = {wanted: run for wanted, run in runs.items() if wanted.model == model and wanted.workers is None}
        if ours:
            rows.append([f"*{model}*", *[""] * 5])
        for wanted, run in ours.items():
            times = [f"{run['rate']:.1f}", "{:.1f}-{:.1f}".format(*run["range"]), beside(run, runs[compared])]
            rows.append([str(wanted), *times, f"{run['cpu']:.1f}", f"{run['peak']:.0f}"])
            if wanted.what == "run":
                rate, cpu = allowed(runs, wanted)
                name = f"what both allow {wanted.engine} {wanted.precision}"
                rows.append([name, f"{rate:.1f}", "", beside({"rate": rate}, runs[compared]), f"{cpu:.1f}", ""])
    return [common.markdown(head, rows), ""]


def beside(run: dict[str, Any], other: dict[str, Any]) -> str:
    """How many times as fast."""
    return f"{run['rate'] / other['rate']:.2f}"


def allowed(runs: Runs, run: Measure) -> tuple[float, float]:
    """What decoding and model allow a whole run: pages a second, and milliseconds of processor time a page."""
    parts = [runs[Measure(run.model, "decoding")], runs[Measure(run.model, "model", run.engine, run.precision)]]
    return 1 / sum(1 / part["rate"] for part in parts), sum(part["cpu"] for part in parts)


def goals(runs: Runs) -> list[str]:
    """What was to be reached, and whether it was; what engine and precision move."""
    lines = []

    def goal(what: str, value: float, least: float) -> None:
        lines.append(f"- {what}: {value:.2f} (goal {least}: {'reached' if value >= least else 'MISSED'})")

    def rate(*wanted: str) -> float:
        return runs[Measure(*wanted)]["rate"]

    models = [RANDOM, OURS] if is_shipped() else [RANDOM]
    if is_shipped():
        goal("shipped model, whole run: onnx / torch", rate(OURS, "run", "onnx") / rate(OURS, "run", "torch"), 2.0)
    pipeline = rate(RANDOM, "pipeline")
    goal("ViT-B/32, whole run: onnx / pipeline", rate(RANDOM, "run", "onnx") / pipeline, 1.7)
    for model in models:
        for engine in ("onnx", "torch"):
            run = Measure(model, "run", engine)
            what = f"{model}, {engine}: whole run / what decoding and model allow"
            goal(what, runs[run]["rate"] / allowed(runs, run)[0], 0.95)
    goal("ViT-B/32 in bf16, whole run: torch / pipeline in fp32", rate(RANDOM, "run", "torch", "bf16") / pipeline, 2.5)
    for model in models:
        for other in (Measure(model, "model", "onnx"), Measure(model, "model", "torch", "bf16")):
            if other in runs:
                torch = runs[Measure(model, "model", "torch")]
                lines.append(f"- {model}, {moved(torch, runs[other], f'{other.engine} {other.precision}')}")
    disturbed = max(run["others"] for run in runs.values())
    return [*lines, f"- other processes took at most {disturbed:.0%} of the machine meanwhile"]


def moved(before: dict[str, Any], after: dict[str, Any], what: str) -> str:
    """How far another engine or precision moves scores, and how many first categories change with it."""
    pairs = list(zip(before["scores"], after["scores"], strict=True))
    change = max(abs(a - b) for left, right in pairs for a, b in zip(left, right, strict=True))
    others = sum(left.index(max(left)) != right.index(max(right)) for left, right in pairs)
    return f"{what} beside torch fp32: scores move by at most {change:.1e}, {others} of {len(pairs)} first categories"


def workers_table(runs: Runs, threads: int) -> list[str]:
    """Whole runs of the shipped model with the light engine, by threads that decode and compute."""
    rows = []
    for wanted in WORKERS:
        if run := runs.get(wanted):
            rows.append([str(wanted.workers), f"{run['rate']:.1f}", f"{run['cpu']:.1f}", f"{run['peak']:.0f}"])
    if not rows:
        return []
    head = ["`--workers`", "pages/s", "CPU ms a page", "peak RSS, MB"]
    return ["", f"The shipped model, onnx, whole runs, {threads} cores:", "", common.markdown(head, rows), ""]


# ---- memory and starts -----------------------------------------------------------------------------------------------


def memory(work: Path, counts: tuple[int, int]) -> str:
    """How much memory a page costs a run: two runs of different length with a tiny model."""
    model = common.make_tiny_model(work / "tiny")
    drawn = common.draw_pages(work / "drawn", 6, (96, 128))
    peaks = []
    for count in counts:
        pages = common.link_pages(drawn, work / f"pages{count}", count)
        task = {"what": "memory", "pages": str(pages), "model": str(model), "threads": 1}
        peaks.append(min(measure(task)["peak"] for _ in range(2)))
        say(f"{count} pages: {peaks[-1]:.1f} MB")
    slope = (peaks[1] - peaks[0]) * MB / (counts[1] - counts[0])
    return (
        f"- memory: {peaks[0]:.0f} MB with {counts[0]:,} pages, {peaks[1]:.0f} MB with {counts[1]:,} (links to "
        f"the same files, tiny model): {slope:.0f} bytes a page (limit 1024)"
    )


def starts(work: Path, files: Sequence[Path], threads: int, rounds: int) -> list[str]:
    """Wall time of whole processes: `-h`, one page, a search by image, and until the first score of a large folder."""
    model = ["--model_path", SHIPPED if is_shipped() else common.make_tiny_model(work / "tiny-start")]
    index, found = work / "index", work / "found"
    few = common.link_pages(files, work / "indexed", min(len(files), 56))
    _timed(["explore", "index", few, "--index", index, "--backbone", model[1], "--quiet"], threads)
    search = ["explore", "search", "--image", files[0], "--index", index, "-o", found]
    many = common.link_pages(files, work / "many", FIRST_FILES)
    wanted: list[tuple[str, Callable[[], tuple[float, float]], float]] = [
        ("`-h`", lambda: _timed(["-h"], threads), 0.25),
        ("`-f` with one page", lambda: _timed(["-f", files[0], *model], threads), 1.5),
        ("`explore search --image`", lambda: _timed(search, threads), 3.0),
        (f"until the first scores of {FIRST_FILES:,} files", lambda: (first_scores(many, model, work), 0.0), 2.0),
    ]
    lines, disturbed = [], 0.0
    for what, start, most in wanted:
        runs = [start() for _ in range(rounds)]
        seconds, disturbed = sorted(run[0] for run in runs), max(disturbed, *(run[1] for run in runs))
        median = statistics.median(seconds)
        verdict = "reached" if median <= most else "MISSED"
        lines.append(f"- start-up, {what}: {median:.2f} s ({seconds[0]:.2f}-{seconds[-1]:.2f}; goal {most}: {verdict})")
    return [*lines, f"- other processes took at most {disturbed:.0%} of the machine meanwhile"]


def _timed(arguments: Sequence[str | Path], threads: int) -> tuple[float, float]:
    """Seconds of a whole `run.py`, and what others took of the machine meanwhile."""
    done = common.run_process(["run.py", *arguments], threads)
    if done.code:
        raise SystemExit(f"run.py ended with {done.code}:\n{done.output[-3000:]}")
    return done.seconds, done.others


def first_scores(pages: Path, model: Sequence[str | Path], work: Path) -> float:
    """Seconds from the start of a process to the first line of its journal; then it is killed."""
    with tempfile.TemporaryDirectory(dir=work) as output:
        began = time.perf_counter()
        command = common.python(["run.py", "-d", pages, "-o", output, *model, "--quiet"])
        process = subprocess.Popen(command, cwd=common.HOME, env=common.environment(1), stdout=subprocess.DEVNULL)
        try:
            while not any(b"\n" in journal.read_bytes() for journal in Path(output).glob("runs/*/journal.jsonl")):
                if process.poll() is not None:
                    raise SystemExit(f"run.py ended with {process.returncode} before its first score")
                time.sleep(0.005)
            return time.perf_counter() - began
        finally:
            process.kill()
            process.wait()


# ---- the report ------------------------------------------------------------------------------------------------------


def prepare(work: Path, files: list[Path], given: argparse.Namespace, count: int) -> dict[str, Any]:
    """Links, the random model and its categories in `work`: what every measurement needs."""
    base = str(work / "base")
    measure({"what": "base", "model": base, "threads": given.threads})
    # One description a category: the pipeline knows no more.
    lines = {line.split("\t")[0]: line for line in DESCRIPTIONS.read_text(encoding="utf-8").splitlines()}
    categories = work / "categories.tsv"
    categories.write_text("\n".join(lines.values()) + "\n", encoding="utf-8")
    return {
        "base": base,
        "device": "cpu",
        "threads": given.threads,
        "batch_size": given.batch_size,
        "categories": str(categories),
        "pages": str(common.link_pages(files, work / "pages", count)),
        "warm-up": str(common.link_pages(files, work / "few", WARM_UP)),
    }


def report(given: argparse.Namespace, files: list[Path], work: Path) -> None:
    """Measure, and print the tables."""
    count, rounds = (min(given.count, 56), 1) if given.quick else (given.count, given.rounds)
    print(f"{common.machine()}\n")
    task = prepare(work, files, given, count)
    runs = measure_all(task, rounds, time.monotonic() + 60 * given.patience)
    print(
        f"{count} pages (links to {len(files)} files), 11 categories, {given.threads} threads, batch "
        f"{given.batch_size}; median of {rounds} (bf16 and --workers: of one)\n",
        *speed_table(runs),
        *goals(runs),
        *workers_table(runs, cores()),
        sep="\n",
        flush=True,
    )
    if not given.rates:
        print(memory(work, (500, 2_000) if given.quick else (5_000, 20_000)), flush=True)
        print(*starts(work, files, given.threads, 2 if given.quick else 5), sep="\n")


def is_shipped() -> bool:
    """Whether the shipped model lies there (it may be in the making)."""
    return (SHIPPED / "page_classifier.json").is_file()


def main() -> int:
    """Measure and print; also the door of the measured processes."""
    about, _, details = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=about, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pages", nargs="?", type=Path, help="a folder of real pages (default: ../shared/pages, else category_samples)")
    add("--threads", type=int, default=cores(), help="for decoding, and as many for the model (default: one a core)")
    add("--batch_size", type=int, default=8, help="pages a batch (default 8)")
    add("--count", type=int, default=168, help="pages a measurement, links to those in the folder (default 168)")
    add("--rounds", type=int, default=3, help="repetitions of which the median counts (default 3)")
    add("--patience", type=float, default=0, metavar="MINUTES", help="wait so long in all for a quiet machine")
    add("--quick", action="store_true", help="one round, at most 56 pages, short runs for the memory")
    add("--rates", action="store_true", help="rates only: no memory, no start-up")
    add("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        task = json.loads(given.measure)
        result = MEASURES[task["what"]](task)
        print("RESULT " + json.dumps(result | {"peak": common.own_peak_mb()}))
        return 0
    shared = common.HOME.parent / "shared" / "pages"
    source = given.pages or (shared if shared.is_dir() else common.HOME / "category_samples")
    files = sorted(file.absolute() for file in source.rglob("*") if file.suffix.lower() in KINDS)
    if not files:
        parser.error(f"no pages in {source}: give a folder of {', '.join(KINDS)} files")
    with tempfile.TemporaryDirectory() as folder:
        report(given, files, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
