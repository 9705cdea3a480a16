"""How fast pages are sorted, beside transformers' own pipeline and beside what decoding and the model allow.

    python benchmarks/predict.py ../shared/pages               # some 15 minutes; a Markdown table on standard output
    python benchmarks/predict.py scans/ --threads 8 --quick    # fewer pages, one round

The same random model of the size of ViT-B/32 (fixed seed), pages, threads and batches for all:
- pipeline: `transformers.pipeline("zero-shot-image-classification")` on the list of files, as its documentation shows;
- decoding alone: the project's loader, no model; the model alone: the project's classifier on decoded pages;
- this project: `run.py --zero_shot -d ... --raw`, its journal and progress included; timed is the work on the pages as
  the run record tells it, without the start of the process, the loading of the model and the tables at the end.
"what both allow" is 1 / (seconds a page of decoding alone + seconds a page of the model alone): both use all threads,
so neither can hide behind the other. Each measurement is a process of its own that warms up first; rounds are
interleaved and the median counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this file would hide the project's sorting/job.py

from benchmarks import common
from benchmarks.predict_measures import DESCRIPTIONS, MEASURES, SHIPPED, WARM_UP

KINDS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
GOALS = {"corridor": 0.85, "pipeline fp32": 1.2, "pipeline bf16": 2.5}
MB = 2**20
DISTURBED = 0.06  # share of the machine that other processes took


def measure(task: dict[str, Any], until: float) -> dict[str, Any]:
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


# ---- the report ------------------------------------------------------------------------------------------------------


def speed(task: dict[str, Any], rounds: int, until: float) -> dict[tuple[str, str], dict[str, Any]]:
    """(what, precision) -> median rate and largest peak over interleaved rounds; scores of the model."""
    wanted = [("decoding", "")]
    wanted += [(what, precision) for precision in ("fp32", "bf16") for what in ("pipeline", "model", "corridor")]
    runs_by_measure: dict[tuple[str, str], list[dict[str, Any]]] = {key: [] for key in wanted}
    for at in range(rounds):
        for what, precision in wanted:
            runs_by_measure[what, precision].append(measure(task | {"what": what, "precision": precision}, until))
            rate = runs_by_measure[what, precision][-1]["rate"]
            others = runs_by_measure[what, precision][-1]["others"]
            line = f"round {at + 1}: {what} {precision} {rate:.2f} pages/s, others took {others:.0%}"
            print(line, file=sys.stderr, flush=True)
    return {
        key: runs[0]
        | {
            "rate": statistics.median(run["rate"] for run in runs),
            "spread": (min(run["rate"] for run in runs), max(run["rate"] for run in runs)),
            "cpu": statistics.median(run["cpu"] for run in runs),
            "peak": max(run["peak"] for run in runs),
            "others": max(run["others"] for run in runs),
        }
        for key, runs in runs_by_measure.items()
    }


def speed_table(runs_by_measure: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    """The table of rates, and the lines with what was to be reached."""
    decoding, pipeline = runs_by_measure["decoding", ""]["rate"], runs_by_measure["pipeline", "fp32"]["rate"]
    rows, lines = [], []
    names = {"pipeline": "transformers pipeline", "decoding": "decoding alone", "model": "model alone"}
    for precision in ("", "fp32", "bf16"):
        for (what, run_precision), run in runs_by_measure.items():
            if run_precision == precision:
                low, high = run["spread"]
                name = f"{names.get(what, '**this project**')} {precision}".strip()
                ratio = f"{run['rate'] / pipeline:.2f}"
                times = [f"{run['rate']:.1f}", f"{low:.1f}-{high:.1f}", ratio, f"{run['cpu']:.1f}"]
                rows.append([name, *times, f"{run['peak']:.0f}"])
        if precision:
            allowed = 1 / (1 / decoding + 1 / runs_by_measure["model", precision]["rate"])
            processor = runs_by_measure["decoding", ""]["cpu"] + runs_by_measure["model", precision]["cpu"]
            times = [f"{allowed:.1f}", "", f"{allowed / pipeline:.2f}", f"{processor:.1f}"]
            rows.append([f"what both allow {precision}", *times, ""])
            run_precision = runs_by_measure["corridor", precision]["rate"]
            lines += [
                goal(
                    f"{precision}: this project / what decoding and model allow",
                    run_precision / allowed,
                    GOALS["corridor"],
                ),
                goal(
                    f"{precision}: this project / fp32 pipeline",
                    run_precision / pipeline,
                    GOALS[f"pipeline {precision}"],
                ),
            ]
    ratio = runs_by_measure["corridor", "bf16"]["rate"] / runs_by_measure["pipeline", "bf16"]["rate"]
    lines.append(f"- bf16: this project / bf16 pipeline: {ratio:.2f}")
    head = ["", "pages/s (median)", "lowest-highest", "x fp32 pipeline", "CPU ms a page", "peak RSS, MB"]
    return [common.markdown(head, rows), "", *lines]


def goal(what: str, value: float, least: float) -> str:
    """A line that says whether a goal was reached."""
    return f"- {what}: {value:.2f} (goal {least}: {'reached' if value >= least else 'MISSED'})"


def memory(work: Path, counts: tuple[int, int]) -> str:
    """How much memory a page costs a run: two runs of different length with a tiny model."""
    model = common.make_tiny_model(work / "tiny")
    drawn = common.draw_pages(work / "drawn", 6, (96, 128))
    peaks = []
    for count in counts:
        pages = common.link_pages(drawn, work / f"pages{count}", count)
        task = {"what": "memory", "pages": str(pages), "model": str(model), "threads": 1}
        peaks.append(min(measure(task, 0)["peak"] for _ in range(2)))
        print(f"{count} pages: {peaks[-1]:.1f} MB", file=sys.stderr, flush=True)
    slope = (peaks[1] - peaks[0]) * MB / (counts[1] - counts[0])
    return (
        f"- memory: {peaks[0]:.0f} MB with {counts[0]:,} pages, {peaks[1]:.0f} MB with {counts[1]:,} (links to "
        f"the same files, tiny model): {slope:.0f} bytes a page (limit 1024)"
    )


def start_up(work: Path, page: Path, threads: int) -> list[str]:
    """Wall time of whole processes: `-h`, and one page."""
    model = SHIPPED if is_shipped() else common.make_tiny_model(work / "tiny-start")
    about = "with the shipped model" if is_shipped() else "with a tiny model: no shipped one is here"
    lines = []
    for command, what in ((["-h"], "`-h`"), (["-f", page, "--model_path", model], f"`-f` with one page {about}")):
        runs = [_checked(common.run_process(["run.py", *command], threads)) for _ in range(5)]
        seconds, others = sorted(run.seconds for run in runs), max(run.others for run in runs)
        median = f"{statistics.median(seconds):.2f} s ({seconds[0]:.2f}-{seconds[-1]:.2f}"
        lines.append(f"- start-up, {what}: {median}; others took {others:.0%} of the machine)")
    return lines


def _checked(done: common.Done) -> common.Done:
    if done.code:
        raise SystemExit(f"run.py ended with {done.code}:\n{done.output[-3000:]}")
    return done


def bf16_line(fp32: dict[str, Any], bf16: dict[str, Any]) -> str:
    """How far bf16 moves scores, and how many first categories change with it."""
    pairs = list(zip(fp32["scores"], bf16["scores"], strict=True))
    change = max(abs(a - b) for left, right in pairs for a, b in zip(left, right, strict=True))
    moved = sum(left.index(max(left)) != right.index(max(right)) for left, right in pairs)
    return f"bf16 moves a score by at most {change:.4f}; another first category on {moved} of {len(pairs)} pages"


def prepare(work: Path, files: list[Path], given: argparse.Namespace, count: int) -> dict[str, Any]:
    """Links, the random model and its categories in `work`: what every measurement needs."""
    task = {"what": "base", "base": str(work / "base"), "threads": given.threads, "batch_size": given.batch_size}
    done = common.run_process(["-m", "benchmarks.predict", "--measure", json.dumps(task)])
    if done.code:
        raise SystemExit(f"the random model could not be made:\n{done.output[-3000:]}")
    # One description a category: the pipeline knows no more.
    lines = {line.split("\t")[0]: line for line in DESCRIPTIONS.read_text(encoding="utf-8").splitlines()}
    categories = work / "categories.tsv"
    categories.write_text("\n".join(lines.values()) + "\n", encoding="utf-8")
    return task | {
        "categories": str(categories),
        "pages": str(common.link_pages(files, work / "pages", count)),
        "warm-up": str(common.link_pages(files, work / "few", WARM_UP)),
    }


def report(given: argparse.Namespace, files: list[Path], work: Path) -> None:
    """Measure, and print the tables."""
    count, rounds = (min(given.count, 56), 1) if given.quick else (given.count, given.rounds)
    print(f"{common.machine()}\n")
    task = prepare(work, files, given, count)
    until = time.monotonic() + 60 * given.patience
    runs_by_measure = speed(task, rounds, until)
    print(
        f"{count} pages (links to {len(files)} files), random model of the size of ViT-B/32, 11 categories, "
        f"{given.threads} threads, batch {given.batch_size}; median of {rounds}\n",
        *speed_table(runs_by_measure),
        f"- random model: {bf16_line(runs_by_measure['model', 'fp32'], runs_by_measure['model', 'bf16'])}",
        f"- other processes took at most {max(run['others'] for run in runs_by_measure.values()):.0%} of the machine "
        "meanwhile",
        sep="\n",
        flush=True,
    )
    if given.rates:
        return
    if is_shipped():
        shipped = {"base": str(SHIPPED), "what": "model"}
        fp32, bf16 = (measure(task | shipped | {"precision": precision}, until) for precision in ("fp32", "bf16"))
        print(
            f"- shipped model: {bf16_line(fp32, bf16)}; alone {fp32['rate']:.1f} pages/s fp32, {bf16['rate']:.1f} bf16"
        )
    print(memory(work, (500, 2_000) if given.quick else (5_000, 20_000)), flush=True)
    print(*start_up(work, files[0], given.threads), sep="\n")


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
    add("--threads", type=int, default=2, help="threads for decoding, and as many for the model (default 2)")
    add("--batch_size", type=int, default=8, help="pages a batch (default 8)")
    add("--count", type=int, default=224, help="pages a measurement, links to those in the folder (default 224)")
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
    files = sorted(file for file in source.rglob("*") if file.suffix.lower() in KINDS)
    if not files:
        parser.error(f"no pages in {source}: give a folder of {', '.join(KINDS)} files")
    with tempfile.TemporaryDirectory() as folder:
        report(given, files, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
