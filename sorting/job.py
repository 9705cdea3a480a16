"""The main job: pages go in, a table comes out. Loader, classifier, run and tables meet here.

    python run.py -d pages/ -tn 3 --raw

Pages are cut into batches by their position in the sorted page list; each finished batch is one line of the run's
journal, so that a killed run continues where it was and ends with the same tables (`--resume`).
"""

from __future__ import annotations

import time
from collections.abc import Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.choosing import ModelChoice, choose_model, file_name_of_base
from encoders.descriptions import chosen_descriptions
from encoders.identity import categories_of, model_hash
from output.console import say
from output.outcome import Outcome, count_failed
from output.progress import Progress
from output.runs import Run
from output.tables import check_writable
from settings.schema import reaching
from sorting.command import Sorting
from sorting.computing import batches_of, computing_of, execution_of, model_lines, open_classifier, threads
from sorting.given_pages import named_source, say_resumed, wanted_pages
from sorting.record import counts_of, identity_of, record_of, source_record
from sorting.results import TableStyle, summary, terminal_table, write_tables

if TYPE_CHECKING:
    from classifier import PageClassifier
    from interchange.source import Source
    from settings.schema import Settings


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
