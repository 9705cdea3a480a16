"""`formulas evaluate`: reads pictures whose LaTeX is known, and says what the readings are worth.

    python run.py formulas evaluate drawn/ --split test --json figures.json

Files, <name> = <date-time>_<model>, in <output>/tables/:

    <name>_judged.csv       PATH,REFERENCE,LATEX,CONFIDENCE,ERRORS,CHARACTERS,TOKENS,RIGHT,WARNING  all that were judged
    <name>_ERRORS.csv       PATH,REASON             pictures that cannot be read (they count as empty answers), and rows
                                                    without LaTeX that can be judged by (they do not count)
    <name>_figures.json     what --json FILE gets
    <name>_calibration.png  confidence against the share that is right
    <name>_worst.png        the worst readings: picture, reference, reading
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from formulas.calibration import fit
from formulas.data import Pair, pairs_of
from formulas.evaluate_command import EvaluateFormulas
from formulas.evaluation_pictures import draw_calibration, draw_worst
from formulas.flags import model_folder
from formulas.judged import Judged, figure_lines, figures_of, judge
from formulas.latex import LatexError, normalise
from formulas.model_folder import write_parts
from formulas.reading_job import SIDE, open_recognizer, read_on, record_of, say_model
from formulas.recognizer import Reading, Recognizer, confidence
from formulas.render_match import render_lines, render_match, renderer_of
from formulas.results import Read, people
from output.console import say
from output.files import write_json
from output.outcome import Failed
from output.runs import Run
from output.tables import Table, cell, check_writable, number, path_cell, safe_name
from reading.decoding import PageError, Reader
from reading.pages import Page, PageList
from settings.schema import reaching
from sorting.computing import threads
from utils import UserError, printable

if TYPE_CHECKING:
    from settings.schema import Settings

COLUMNS = ["PATH", "REFERENCE", "LATEX", "CONFIDENCE", "ERRORS", "CHARACTERS", "TOKENS", "RIGHT", "WARNING"]
FEWEST = 30  # readings to learn from how sure they are


def run_evaluate(settings: Settings, job: EvaluateFormulas) -> int:
    """Read, judge, print, write; 0, 1 where rows were left out or pictures could not be read, 130 interrupted.

    UserError: what the user can mend.
    """
    folder = model_folder(job.model, settings)
    if job.render:
        renderer_of(job.render, "--render")  # before the long work
    if not job.resume:
        check_writable(job.output)
    recognizer = open_recognizer(folder, settings, few=False)
    found = pairs_of([job.data], columns=job.columns, configuration=job.configuration, only=job.split)
    references, left_out = _references(found.pairs)
    left_out = [*((name, reason) for name, _, reason in found.failures), *left_out]
    if not references:
        first = "".join(f": {name}: {reason}" for name, reason in left_out[:1])
        raise UserError(f"no formula to judge by in {printable(job.data)}{printable(first)}")
    pairs = [pair for pair in found.pairs if pair.name in references]
    execution = {"batch_size": settings.setup.batch_size, "engine": recognizer.engine.name,
                 "device": recognizer.engine.device}  # fmt: skip
    identity = _identity(settings, job, recognizer, pairs)
    if job.resume:
        started = Run.resume(job.output, identity=identity, execution=execution, kind=Read)
    else:
        say(f"{len(pairs)} formulas; {len(left_out)} rows left out", settings.setup.quiet)
        say_model(recognizer, settings)
        pages = PageList(Path.cwd(), [Page(pair.name, pair.name, 1, None) for pair in pairs])
        base = safe_name(recognizer.name)
        started = Run.start(job.output, base, pages, identity=identity, execution=execution, kind=Read)
    with started as run:
        return _work(run, recognizer, settings, job, pairs, references, left_out)


def _references(pairs: list[Pair]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The LaTeX of each pair, normalised, by its name; and those that have none, with the reason."""
    references: dict[str, str] = {}
    left_out: list[tuple[str, str]] = []
    for pair in pairs:
        try:
            references[pair.name] = normalise(pair.latex)
        except LatexError as error:
            left_out.append((pair.name, f"its LaTeX is none: {error}"))
    return references, left_out


def read_pairs(
    pairs: list[Pair], recognizer: Recognizer, settings: Settings, beams: int, first: int = 0
) -> Iterator[list[Read | Failed]]:
    """What became of each pair's picture, in batches of the settings' size. first: the batch to begin with."""
    size, alone = settings.setup.batch_size, recognizer.engine.alone
    workers = threads(settings.setup.workers, all_cores=True) or 1

    def seen(pair: Pair) -> Reading | np.ndarray | str | Failed:
        try:
            picture = pair.open(reader)
        except PageError as error:
            return Failed(str(error))
        return recognizer.read([picture], beams)[0] if alone else recognizer.placed(picture)

    with (
        Reader(min_side=SIDE, max_pixels=settings.input.max_pixels) as reader,
        ThreadPoolExecutor(workers, thread_name_prefix="read") as pool,
    ):
        for start in range(first * size, len(pairs), size):
            batch = list(pool.map(seen, pairs[start : start + size]))
            there = [at for at, one in enumerate(batch) if not isinstance(one, Failed)]
            kept = [batch[at] for at in there]
            readings = dict(zip(there, kept if alone else recognizer.read_placed(kept, beams), strict=True))
            yield [Read(readings[at]) if at in readings else one for at, one in enumerate(batch)]


def _work(
    run: Run,
    recognizer: Recognizer,
    settings: Settings,
    job: EvaluateFormulas,
    pairs: list[Pair],
    references: dict[str, str],
    left_out: list[tuple[str, str]],
) -> int:
    record = record_of(settings, job.command(), recognizer, run) | {"beams": job.beams, "data": job.data}
    run.write_record(record)
    began = time.monotonic()
    if read_on(run, read_pairs(pairs, recognizer, settings, job.beams, run.done), settings):
        run.write_record({**record, "state": "interrupted"})
        say(f"to continue: {job.continue_command()}")
        return 130
    rows = [_row(pair, references[pair.name], outcome) for pair, outcome in zip(pairs, run.outcomes(), strict=True)]
    judged = judge(rows)
    failed = [
        (pair.name, outcome.reason)
        for pair, outcome in zip(pairs, run.outcomes(), strict=True)
        if isinstance(outcome, Failed)
    ]
    if job.calibrate:
        judged = _calibrated(recognizer, judged)
    figures = figures_of(judged) | {"unreadable": len(failed), "left_out": len(left_out)}
    if job.render:
        figures["render_match"] = render_match(
            [one.reference for one in judged], [one.latex for one in judged], job.render
        )
    files = _write(run, settings, job, judged, [*failed, *left_out], figures)
    files += [
        draw_calibration(figures["calibration"]["bins"], run.tables / f"{run.name}_calibration.png"),
        draw_worst(judged, pairs, run.tables / f"{run.name}_worst.png", settings.input.max_pixels),
    ]
    record |= {
        "ended": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(time.monotonic() - began, 3),
        "figures": figures,
        "tables": [file.name for file in files],
    }
    files.append(run.finish(record))
    print(
        "\n".join(
            [
                *figure_lines(figures),
                *render_lines(figures),
                "",
                "files:",
                *(f"  {printable(str(file))}" for file in files),
            ]
        )
    )
    return int(bool(failed or left_out))


def _row(pair: Pair, reference: str, outcome: Read | Failed) -> Judged:
    if isinstance(outcome, Failed):
        return Judged(pair.name, pair.latex, reference, "", 0.0, (f"failed: {outcome.reason}",))
    one = outcome.reading
    return Judged(
        pair.name, pair.latex, reference, one.latex, one.confidence, outcome.warnings, one.sound, one.mean, one.total
    )


def _calibrated(recognizer: Recognizer, judged: list[Judged]) -> list[Judged]:
    """Write into the model's folder how sure such readings are; the readings with their new confidence."""
    read = [one for one in judged if np.isfinite(one.mean)]
    if len(read) < FEWEST:
        raise UserError(f"--calibrate: {len(read)} readings are too few, {FEWEST} are the least")
    calibration = fit(
        [one.mean for one in read],
        [one.total for one in read],
        [one.right for one in read],
        [one.rate for one in read],
    )
    write_parts(recognizer.folder, replace(recognizer.parts, calibration=calibration.to_json()))
    say(f"{printable(str(recognizer.folder))}: calibrated by {len(read)} readings")
    return [
        replace(one, confidence=confidence(calibration, one.mean, one.total, sound=one.sound))
        if np.isfinite(one.mean)
        else one
        for one in judged
    ]


def _write(
    run: Run,
    settings: Settings,
    job: EvaluateFormulas,
    judged: list[Judged],
    errors: list[tuple[str, str]],
    figures: dict[str, Any],
) -> list[Path]:
    """The tables and the figures."""
    excel = settings.output.excel
    notes: list[str] = []
    with ExitStack() as opened:
        table = Table(run.tables / f"{run.name}_judged.csv", COLUMNS, opened, excel=excel)
        for one in judged:
            texts = [path_cell(one.name), cell(people(one.reference)), cell(people(one.latex))]
            numbers = [number(one.confidence, 4, excel=excel), one.errors, one.characters, one.tokens]
            table.write([*texts, *numbers, "yes" if one.right else "no", cell("; ".join(one.warnings))])
        files = [table.complete(notes)]
        if errors:
            table = Table(run.tables / f"{run.name}_ERRORS.csv", ["PATH", "REASON"], opened, excel=excel)
            for name, reason in errors:
                table.write([path_cell(name), cell(printable(" ".join(reason.split())))])
            files.append(table.complete(notes))
    for note in notes:
        say(f"note: {note}")
    files.append(write_json(run.tables / f"{run.name}_figures.json", figures))
    if job.json is not None:
        files.append(write_json(job.json, figures))
    return files


def _identity(settings: Settings, job: EvaluateFormulas, recognizer: Recognizer, pairs: list[Pair]) -> dict[str, Any]:
    """What makes two runs the same work; data count by what stands in their table, pictures by their names."""
    rows = hashlib.sha256(repr([(pair.name, pair.latex) for pair in pairs]).encode("utf-8", "surrogateescape"))
    return {
        "job": job.title,
        "input": str(Path(job.data).absolute()) if Path(job.data).exists() else job.data,
        "rows": rows.hexdigest(),
        "model": recognizer.hash,
        "beams": job.beams,
        "settings": reaching(settings, "outcomes", "tables"),
    }
