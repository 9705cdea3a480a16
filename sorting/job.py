"""The main job: pages go in, a table comes out. Loader, classifier, run and tables meet here.

    python run.py -d pages/ -tn 3 --raw

Pages are cut into batches by their position in the sorted page list; each finished batch is one line of the run's
journal, so that a killed run continues where it was and ends with the same tables (`--resume`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence, Sized
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.choosing import ModelChoice, choose_model, file_name_of_base
from encoders.descriptions import chosen_descriptions
from encoders.engine import Computing, choose_engine
from encoders.identity import categories_of, model_hash
from encoders.labels import label_warnings
from output.console import say
from output.outcome import Outcome, count_failed
from output.progress import Progress
from output.runs import Run
from output.tables import check_writable
from reading.pages import PageList
from settings.schema import reaching
from sorting.command import Sorting
from sorting.given_pages import named_source, say_resumed, wanted_pages
from sorting.record import counts_of, identity_of, record_of, source_record
from sorting.results import TableStyle, summary, terminal_table, write_tables
from utils import cores, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from interchange.source import Source
    from reading.loader import Batch
    from settings.schema import Settings

# From so many cores on, pages for a graphics card are decoded in processes: threads of one process wait for each other.
MANY_CORES = 4


def run_prediction(settings: Settings, job: Sorting) -> int:
    """Sort pages with the chosen model; print a table (`-f`) or write tables (a folder, `-o`, `--raw`).

    Returns the exit code: 0 all pages done, 1 finished and some pages failed, 130 interrupted (the tables hold what was
    done until then). Raises UserError, before any work, for what the user can mend.
    """
    choice = choose_model(settings, job.model)
    computing_of(choice, settings)  # refused before pages are looked for, which may take minutes
    descriptions = chosen_descriptions(settings)
    writes = job.directory is not None or job.output_given or settings.output.raw or bool(job.write) or job.report
    # All that can be refused is refused before the model is loaded.
    if writes and not job.resume:
        check_writable(settings.output.folder)
    source = named_source(settings, job)
    if job.write:
        from interchange.export import check

        check(job.write, source, in_place=job.in_place)
    if not job.resume:
        pages = wanted_pages(settings, job, source)
        classifier = _opened(choice, settings, descriptions)
    else:
        model = model_hash(choice.source, settings.setup.tokenizer)
        top_n = _top_n(settings, descriptions or categories_of(Path(choice.source)))
        identity = identity_of(settings, job, model, descriptions, top_n, source)
        execution = execution_of(settings, [choice])
        with Run.resume(settings.output.folder, identity=identity, execution=execution) as run:
            say_resumed(run, settings, job.files, job.directory)
            return _work(run, choice, _opened(choice, settings, descriptions), settings, job, top_n, model, source)
    top_n = _top_n(settings, classifier.categories)
    if not writes:
        outcomes: list[Outcome] = []
        for batch in batches_of(pages, classifier, settings, workers=0):
            outcomes += classifier.outcomes(batch)
        print(terminal_table(pages, outcomes, classifier.categories, top_n))
        return int(count_failed(outcomes) > 0)

    model = model_hash(choice.source, settings.setup.tokenizer)
    identity = identity_of(settings, job, model, descriptions, top_n, source)
    base = file_name_of_base(classifier.base)
    execution = execution_of(settings, [choice])
    with Run.start(settings.output.folder, base, pages, identity=identity, execution=execution) as run:
        return _work(run, choice, classifier, settings, job, top_n, model, source)


def open_classifier(
    choice: ModelChoice, settings: Settings, descriptions: dict[str, list[str]] | None
) -> PageClassifier:
    """Load the chosen model into the engine that computes it, with the chosen categories."""
    computing = computing_of(choice, settings)
    # Where it is PyTorch, it is loaded here, after all that can be checked before.
    from classifier import load_classifier

    return load_classifier(
        choice.source,
        kind=choice.kind,
        descriptions=descriptions,
        tokenizer=settings.setup.tokenizer or None,
        base=choice.base,
        computing=computing,
    )


def computing_of(choice: ModelChoice, settings: Settings) -> Computing:
    """What computes the chosen model. UserError: what the settings ask for is not to be had."""
    setup = settings.setup
    other_tokenizer = setup.tokenizer is not None and choice.kind != "folder"
    computing = choose_engine(
        choice.source, engine=setup.engine, device=setup.device, precision=setup.precision, tokenizer=other_tokenizer
    )
    if computing.engine != "onnx":
        return computing
    workers = cores() if setup.workers < 0 else setup.workers
    return replace(computing, threads=max(1, cores() // workers) if workers else cores())


def _opened(choice: ModelChoice, settings: Settings, descriptions: dict[str, list[str]] | None) -> PageClassifier:
    classifier = open_classifier(choice, settings, descriptions)
    for line in model_lines(choice, classifier, chosen=descriptions is not None):
        say(line, settings.setup.quiet)
    if settings.output.top_n > len(classifier.categories):
        every = len(classifier.categories)
        say(
            f"note: -tn {settings.output.top_n} is more than the {every} categories: all {every} are given",
            settings.setup.quiet,
        )
    return classifier


def _top_n(settings: Settings, categories: Sized) -> int:
    return min(settings.output.top_n, len(categories) or settings.output.top_n)


def model_lines(choice: ModelChoice, classifier: PageClassifier, *, chosen: bool) -> list[str]:
    """What the user is told of the model before work starts: one line, and a warning where it must guess."""
    engine = classifier.engine
    lines = [
        f"model {printable(str(choice.source))} ({choice.why}), base {classifier.base}, "
        f"{len(classifier.categories)} categories, {engine.name} {engine.device} {engine.precision}"
    ]
    for labels in classifier.ties():
        lines.append(
            f"warning: this model cannot tell {', '.join(labels[:12])} apart, their descriptions are the same to it: "
            f"{labels[0]} always wins"
        )
    if not classifier.learned:
        if choice.kind == "base":
            lines.append("warning: an untuned base: it compares pages with descriptions that it was never trained on")
    elif chosen and (unlearned := classifier.unlearned()):
        lines.append(
            f"warning: not learned by this model: {', '.join(unlearned[:12])}{', ...' if len(unlearned) > 12 else ''}: "
            "expect poor results; train with --train"
        )
    return lines + [f"warning: {line}" for line in label_warnings(classifier.categories)]


def _work(
    run: Run,
    choice: ModelChoice,
    classifier: PageClassifier,
    settings: Settings,
    job: Sorting,
    top_n: int,
    model: str,
    source: Source | None,
) -> int:
    """Score what the journal lacks, write the tables, the record and the summary; the exit code."""
    setup = settings.setup
    batch_size = setup.batch_size
    # What is marked to reach these tables is what they are made from: nothing else can change them.
    style = TableStyle(classifier.categories, **{**reaching(settings, "tables", "sorting"), "top_n": top_n})
    record = record_of(settings, job, classifier, run, choice, model) | source_record(source, run)
    run.write_record(record)
    total = len(run.pages.pages)
    done_before = min(total, run.done * batch_size)
    began = time.monotonic()
    interrupted = False
    try:
        with Progress(total - done_before, unit="page", quiet=setup.quiet) as progress:
            for batch in batches_of(run.pages, classifier, settings, first=run.done):
                outcomes = classifier.outcomes(batch)
                run.append(outcomes)
                progress.advance(len(outcomes), failed=count_failed(outcomes))
    except KeyboardInterrupt:
        interrupted = True
        done = min(total, run.done * batch_size)
        say(f"interrupted after {done} of {total} pages: writing their tables ...")
    seconds = time.monotonic() - began
    done_now = min(total, run.done * batch_size) - done_before

    report = write_tables(run.tables, run.name, run.pages, run.outcomes(), style, doubted=run.doubted > 0)
    record |= counts_of(report, total, seconds, done_now)
    if job.write and not interrupted:  # an interrupted run that goes on writes them at its end
        from interchange.export import recorded, sorted_run, write_all

        done = sorted_run(run, record, style.categories, top_n, report.files, source=source, in_place=job.in_place)
        written = write_all(done, job.write, run.output)
        report.files += [file for files in written.values() for file in files]
        record["interchange"] = recorded(written, run.output)
    if job.report and not interrupted:
        report.files.append(_report(run, record, style, settings, classifier.descriptions))
    if interrupted:
        report.files.append(run.write_record({**record, "state": "interrupted"}))
    else:
        report.files.append(run.finish(record))
    print(summary(report, total=total, seconds=seconds, pages=done_now))
    if interrupted:
        say(f"to continue: {job.continue_command()}")
        return 130
    return int(report.failed > 0)


def _report(
    run: Run, record: dict[str, Any], style: TableStyle, settings: Settings, descriptions: dict[str, list[str]]
) -> Path:
    """Write the folder to look at; gives its index.html. descriptions: of the categories."""
    from sorting.report import REPORT, write_report
    from sorting.report_choice import choose
    from sorting.report_page import about_run

    return write_report(
        run.output / REPORT / run.name,
        choose(run.pages, run.outcomes(), style),
        about_run(run.final(record), {label: texts[0] for label, texts in descriptions.items() if texts}),
        root=run.pages.root,
        max_pixels=settings.input.max_pixels,
        threads=threads(settings.setup.workers),
        quiet=settings.setup.quiet,
    )


def batches_of(
    pages: PageList, classifier: PageClassifier, settings: Settings, *, workers: int | None = None, first: int = 0
) -> Iterator[Batch]:
    """The pages of a list, decoded; embedded too where the engine does so page by page. workers: else the settings'."""
    from reading.loader import load_batches

    alone, on_card = classifier.engine.alone, classifier.engine.device != "cpu"
    return load_batches(
        pages,
        classifier.transform,
        batch_size=settings.setup.batch_size,
        workers=threads(settings.setup.workers, all_cores=alone or on_card) if workers is None else workers,
        max_pixels=settings.input.max_pixels,
        strict=settings.input.strict,
        first_batch=first,
        embedder=classifier.embedder,
        processes=on_card and cores() >= MANY_CORES,
    )


def threads(workers: int, *, all_cores: bool = False) -> int:
    """-1: one thread a core; at most 8 unless `all_cores` (beside a model on the same cores more would only wait)."""
    if workers >= 0:
        return workers
    return cores() if all_cores else min(8, cores())


def execution_of(settings: Settings, choices: Sequence[ModelChoice]) -> dict[str, Any]:
    """What may not change within a run of these models, none of which is loaded.

    UserError where engine, device or precision are not to be had.
    """
    computed = [computing_of(choice, settings) for choice in choices]
    engines = {computing.engine for computing in computed}
    return {
        "batch_size": settings.setup.batch_size,
        "engine": engines.pop() if len(engines) == 1 else "auto",  # voters may need both
        "device": computed[0].device,
        "precision": settings.setup.precision,
    }
