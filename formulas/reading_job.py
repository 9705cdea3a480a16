"""`formulas read`: pictures go in, LaTeX comes out. Loader, recognizer, run and tables meet here.

    python run.py formulas read pages/ -o tables/ --json

As in sorting, pictures are cut into batches by their position in the sorted list, and each finished batch is one line
of the run's journal, so that a killed run goes on where it was and ends with the same files (`--resume`).
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster.driver import record as shards_record
from cluster.launchers import check_place
from cluster.pages import cut_run, through_shards
from cluster.plan import Plan, load_plan
from formulas.flags import model_folder
from formulas.read_command import ReadFormulas
from formulas.recognizer import Reading, Recognizer
from formulas.results import Read, Report, json_line, summary, terminal_lines, write_readings
from output.console import say
from output.outcome import Done, Failed, count_failed
from output.progress import Progress
from output.runs import Run
from output.tables import check_writable, safe_name
from reading.listing import wanted_files
from reading.loader import Batch, load_batches
from reading.memory_gate import budget
from reading.pages import Page, PageList, find_pages, pages_of_files
from settings.schema import reaching
from sorting.computing import threads
from sorting.given_pages import say_pages, say_resumed
from sorting.record import input_of
from utils import cores, printable, versions_of

if TYPE_CHECKING:
    from PIL import Image

    from settings.schema import Settings

# Whose versions stand in a run record: those that can move a reading.
LIBRARIES = ("onnxruntime", "tokenizers", "torch", "transformers", "pillow", "pypdfium2", "numpy")
SIDE = 800  # pixels: a page of a PDF is drawn at twice that across, as one scanned at 200 dpi
NOTHING = np.zeros((3, 1, 1), np.uint8)  # what the loader keeps of a picture's pixels for a model beside it


@dataclass(frozen=True)
class Way:
    """What differs between reading pictures of one formula each (`PICTURES`) and pages with formulas (finding_job.py).

    kind: what becomes of those that do not fail. batches: as `read_batches`. write, json_line, lines, summary: as those
    of results.py. unit: what is read.
    """

    kind: type[Done]
    batches: Callable[..., Iterator[tuple[list[Page], list[Any]]]]
    write: Callable[..., Report]
    json_line: Callable[..., str]
    lines: Callable[..., Iterator[str]]
    summary: Callable[..., str]
    unit: str


@dataclass(frozen=True)
class Boxes:
    """Where pictures of pages with their formulas framed are written: into `<name>_boxes` (`--find`).

    first: the place, in the run's list, of the first page that is given. parts: a folder in which they grow under names
    of their own, where several processes may draw the same page at once; None = beside.
    """

    name: Path
    first: int = 0
    parts: Path | None = None


def run_way(settings: Settings, job: ReadFormulas, way: Way) -> int:
    """Read pictures or pages; the exit code: 0 all read, 1 finished and some failed, 130 interrupted (the files hold
    what was read until then). UserError, before any work, for what the user can mend.
    """
    if job.place is not None:
        check_place(job.place)
    folder = model_folder(job.model, settings)
    if job.writes and not job.resume:
        check_writable(job.output)
    elsewhere = job.place is not None and job.place.elsewhere  # other machines compute, with other devices perhaps
    here = settings.replaced("setup", device="auto") if elsewhere else settings
    recognizer = open_recognizer(folder, here, few=not job.writes)
    execution = {"batch_size": settings.setup.batch_size, "engine": recognizer.engine.name,
                 "device": recognizer.engine.device}  # fmt: skip
    if elsewhere:  # as it was asked for: they agree among themselves
        execution |= {"engine": settings.setup.engine, "device": settings.setup.device}
    identity = _identity(settings, job, recognizer)
    if job.resume:
        with Run.resume(job.output, identity=identity, execution=execution, kind=way.kind) as run:
            say_resumed(run, settings, job.files, job.folder)
            return _work(run, recognizer, settings, job, way)
    pages = _wanted_pages(settings, job)
    if not job.writes:
        return _answer(pages, recognizer, settings, job, way)
    say_pages(pages, quiet=settings.setup.quiet)
    say_model(recognizer, settings)
    base = safe_name(recognizer.name)
    with Run.start(job.output, base, pages, identity=identity, execution=execution, kind=way.kind) as run:
        return _work(run, recognizer, settings, job, way)


def open_recognizer(folder: Path, settings: Settings, *, few: bool) -> Recognizer:
    """The model of a folder on the engine that the settings ask for. few: all cores are for one picture."""
    setup = settings.setup
    workers = threads(setup.workers, all_cores=True)
    within = 0 if few or not workers else max(1, cores() // workers)
    return Recognizer.load(folder, device=setup.device, engine=setup.engine, threads=within)


def say_model(recognizer: Recognizer, settings: Settings) -> None:
    """One line on what reads."""
    engine = recognizer.engine
    uncalibrated = "" if recognizer.calibration else ", not calibrated: its confidence says little"
    say(f"model {printable(str(recognizer.folder))}, {engine.name} {engine.device}{uncalibrated}", settings.setup.quiet)


def _answer(pages: PageList, recognizer: Recognizer, settings: Settings, job: ReadFormulas, way: Way) -> int:
    """Print what pictures say; the exit code."""
    failed, alone = 0, len(pages.pages) == 1
    for batch, outcomes in way.batches(pages, recognizer, settings, job.beams, workers=0):
        failed += count_failed(outcomes)
        for page, outcome in zip(batch, outcomes, strict=True):
            if job.json:
                print(way.json_line(page, outcome, several=page.frame is not None))
            else:
                print("\n".join(way.lines(page, outcome, alone=alone)))
    return int(failed > 0)


def read_batches(
    pages: PageList,
    recognizer: Recognizer,
    settings: Settings,
    beams: int,
    *,
    workers: int | None = None,
    first: int = 0,
    boxes: Boxes | None = None,
) -> Iterator[tuple[list[Page], list[Read | Failed]]]:
    """The pages of a list and what became of them, in batches. workers: else the settings'; first: batch to begin with;
    boxes: not used here.

    An engine that computes pictures one by one does so on the threads that decode them.
    """
    alone = recognizer.engine.alone

    def keep(page: Page, image: Image.Image) -> Reading | np.ndarray | str:
        return recognizer.read([image], beams)[0] if alone else recognizer.placed(image)

    for batch in kept_batches(pages, settings, keep, workers, first):
        there = [at for at, reason in enumerate(batch.reasons) if not reason]
        kept = [batch.kept[at] for at in there]
        readings = dict(zip(there, kept if alone else recognizer.read_placed(kept, beams), strict=True))
        yield (
            batch.pages,
            [
                Failed(reason) if reason else Read(readings[at], batch.warnings[at])
                for at, reason in enumerate(batch.reasons)
            ],
        )


def kept_batches(
    pages: PageList, settings: Settings, keep: Callable[[Page, Image.Image], Any], workers: int | None, first: int
) -> Iterator[Batch]:
    """Batches of pages of which only what `keep` makes of them is kept. workers, first: as in `read_batches`."""
    return load_batches(
        pages,
        _NoPixels(),
        batch_size=settings.setup.batch_size,
        workers=threads(settings.setup.workers, all_cores=True) if workers is None else workers,
        max_pixels=settings.input.max_pixels,
        strict=settings.input.strict,
        least_side=SIDE,
        first_batch=first,
        keep=keep,
    )


class _NoPixels:
    """What the loader takes for a model's transform: `keep` does the work."""

    size = NOTHING.shape[1:]

    def __call__(self, image: Image.Image) -> np.ndarray:
        return NOTHING


def _work(run: Run, recognizer: Recognizer, settings: Settings, job: ReadFormulas, way: Way) -> int:
    """Read what the journal lacks, write the files, the record and the summary; the exit code."""
    record = record_of(settings, job.command(), recognizer, run) | {"beams": job.beams}
    run.write_record(record)
    total = len(run.pages.pages)
    began, before = time.monotonic(), run.done
    interrupted = _read(run, recognizer, settings, job, way)
    seconds = time.monotonic() - began
    report = way.write(run.tables, run.name, run.pages, run.outcomes(), excel=settings.output.excel, json=job.json)
    now = report.done - min(total, before * settings.setup.batch_size)
    record |= {
        "ended": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "done": report.done,
        "missing": total - report.done,
        "failed": report.failed,
        "failures": dict(report.reasons),
        "warnings": dict(report.warnings),
        "seconds": round(seconds, 3),
        f"{way.unit}s_per_second": round(now / seconds, 2) if seconds else 0.0,
        "tables": [file.name for file in report.files],
        **report.more,
    }
    if (plan := load_plan(run.work)) is not None:
        record["cluster"] = shards_record(plan)
    if interrupted:
        report.files.append(run.write_record({**record, "state": "interrupted"}))
    else:
        report.files.append(run.finish(record))
    print(way.summary(report, total=total))
    if now and seconds:
        print(f"{now / seconds:.1f} {way.unit}s/s")
    if interrupted:
        say(f"to continue: {job.continue_command()}")
        return 130
    return int(report.failed > 0)


def _read(run: Run, recognizer: Recognizer, settings: Settings, job: ReadFormulas, way: Way) -> bool:
    """Read what the journal lacks, in shards where the run is cut, or shall be; whether that was interrupted."""
    plan = load_plan(run.work)
    if plan is None and job.place is None:
        boxes = Boxes(run.tables / run.name)
        batches = way.batches(run.pages, recognizer, settings, job.beams, first=run.done, boxes=boxes)
        return read_on(run, (outcomes for _, outcomes in batches), settings, way.unit)
    plan = plan or _cut(run, recognizer, settings, job)
    try:
        through_shards(run, plan, job.place, unit=way.unit, quiet=settings.setup.quiet)
    except KeyboardInterrupt:
        _say_interrupted(run, settings, way.unit)
        return True
    return False


def _cut(run: Run, recognizer: Recognizer, settings: Settings, job: ReadFormulas) -> Plan:
    """Cut a run into shards (shards.py)."""
    folders = {
        "folder": recognizer.folder,
        "tables": run.tables / run.name,
        "parts": run.work / "shards",
    }
    asked = {"model": recognizer.hash, "beams": job.beams, "find": job.find}
    asked |= {name: str(folder.absolute()) for name, folder in folders.items()}
    return cut_run(run, "formulas.shards:ReadingWork", asked, settings)


def read_on(run: Run, batches: Iterator[list[Any]], settings: Settings, unit: str = "picture") -> bool:
    """Add to the journal of a run what it lacks; whether that was interrupted. unit: what is read."""
    total, size = len(run.pages.pages), settings.setup.batch_size
    with Progress(total - min(total, run.done * size), unit=unit, quiet=settings.setup.quiet) as progress:
        try:
            for outcomes in batches:
                run.append(outcomes)
                progress.advance(len(outcomes), failed=count_failed(outcomes))
        except KeyboardInterrupt:
            _say_interrupted(run, settings, unit)
            return True
    return False


def _say_interrupted(run: Run, settings: Settings, unit: str) -> None:
    total = len(run.pages.pages)
    done = min(total, run.done * settings.setup.batch_size)
    say(f"interrupted after {done} of {total} {unit}s: writing their tables ...")


def _wanted_pages(settings: Settings, job: ReadFormulas) -> PageList:
    if job.folder is None:
        pages = pages_of_files(job.files, formats=settings.input.formats, folder="give it alone")
        pages.root = Path.cwd()
        return pages
    return find_pages(job.folder, **wanted_files(settings.input), skip=[job.output], on_progress=_sayer(settings))


def _sayer(settings: Settings) -> Callable[[int], None]:
    seen_at = time.monotonic()

    def on_progress(files: int) -> None:
        nonlocal seen_at
        if not settings.setup.quiet and time.monotonic() - seen_at > 2:
            seen_at = time.monotonic()
            say(f"looking for pictures: {files} files so far")

    return on_progress


def _identity(settings: Settings, job: ReadFormulas, recognizer: Recognizer) -> dict[str, Any]:
    """What makes two runs the same work."""
    return {
        "job": job.title,
        "input": input_of(job.files, job.folder),
        "model": recognizer.hash,
        "beams": job.beams,
        "find": job.find,
        "json": job.json,
        "settings": reaching(settings, "pages", "outcomes", "tables"),
    }


def record_of(settings: Settings, command: str, recognizer: Recognizer, run: Run) -> dict[str, Any]:
    """What a run record says of any work with a model of formulas."""
    return {
        "command": command,
        "model": {"hash": recognizer.hash, "name": recognizer.name, "canvas": recognizer.parts.canvas.to_json()},
        "settings": asdict(settings),
        "execution": run.execution,
        "resumed": run.resumed,
        "versions": {"python": platform.python_version()} | versions_of(LIBRARIES),
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "memory_for_decoding": budget(),
        },
        "pages": len(run.pages.pages),
        "passed_over": asdict(run.pages.passed),
    }


PICTURES = Way(Read, read_batches, write_readings, json_line, terminal_lines, summary, "picture")
