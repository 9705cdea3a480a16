"""The main job: pages go in, a table comes out. Loader, classifier, run and tables meet here.

    python run.py -d pages/ -tn 3 --raw

Pages are cut into batches by their position in the sorted page list; each finished batch is one line of the run's
journal, so that a killed run continues where it was and ends with the same tables (`--resume`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.claims import remove_claims
from cluster.driver import record as shards_record
from cluster.launchers import check_place
from cluster.plan import Plan, load_plan
from encoders.choosing import ModelChoice, choose_model, file_name_of_base
from encoders.descriptions import chosen_descriptions
from encoders.identity import categories_of, model_hash
from encoders.turning import as_they_lie
from output.console import say
from output.outcome import Outcome, count_failed
from output.progress import Progress
from output.runs import Run
from output.tables import check_writable
from output.work import NoWork
from settings.schema import reaching
from sorting.command import Sorting
from sorting.computing import (
    batches_of,
    computing_of,
    execution_of,
    model_lines,
    open_classifier,
    table_choices,
    threads,
)
from sorting.given_pages import known_by, listed_names, named_source, root_of, say_resumed, wanted_pages
from sorting.record import Begun, counts_of, identity_of, made_with, record_of, source_record
from sorting.results import TableStyle, summary, terminal_table, write_tables
from sorting.seen import Seen, note_stamps, stamps_of
from sorting.since import Joined, NothingNew, compare, earlier_run, known_besides, since_record
from sorting.together import Together, decided
from sorting.transitions import Learned, chosen_transitions

if TYPE_CHECKING:
    from classifier import PageClassifier
    from interchange.source import Source
    from reading.pages import PageList
    from settings.schema import Settings


def run_prediction(settings: Settings, job: Sorting) -> int:
    """Sort pages with the chosen model; print a table (`-f`) or write tables (a folder, `-o`, `--raw`).

    Returns the exit code: 0 all pages done, 1 finished and some pages failed, 130 interrupted (the tables hold what was
    done until then). Raises UserError, before any work, for what the user can mend.
    """
    if job.place is not None:
        check_place(job.place)
    choice = choose_model(settings, job.model)
    here = _computing_here(settings, job)
    computing_of(choice, here)  # refused before pages are looked for, which may take minutes
    descriptions = chosen_descriptions(settings)
    transitions = chosen_transitions(settings)
    writes = not job.files or job.output_given or settings.output.raw or bool(job.write) or job.report
    # All that can be refused is refused before the model is loaded.
    if writes and not job.resume:
        check_writable(settings.output.folder)
    source = named_source(settings, job)
    if job.write:
        from interchange.export import check

        check(job.write, source, in_place=job.in_place)
    names = listed_names(settings, job)
    if not writes:
        pages = wanted_pages(settings, job, source)
        classifier = _opened(choice, here, descriptions)
        outcomes: list[Outcome] = []
        for batch in batches_of(pages, classifier, settings, workers=0):
            outcomes += classifier.outcomes(batch)
        if transitions:
            outcomes = list(decided(pages, outcomes, transitions.of(classifier.categories), settings.input))
        print(terminal_table(pages, outcomes, classifier.categories, _top_n(settings, classifier.categories)))
        return int(count_failed(outcomes) > 0)
    model = model_hash(choice.source, settings.setup.tokenizer)
    execution = _execution(settings, choice, job)
    made = made_with(settings, model, descriptions, execution)
    try:
        if job.resume or job.shares:  # what is there already decides, before anything is loaded
            classifier, categories = None, descriptions or categories_of(Path(choice.source))
        else:
            pages, prepare = _pages(settings, job, source, names, made)
            classifier = _opened(choice, here, descriptions)
            categories = classifier.categories
        if transitions and categories:
            transitions.of(list(categories))  # refused before any page is read
        top_n = _top_n(settings, categories)
        identity = identity_of(settings, job, model, descriptions, top_n, source) | known_by(settings, job, names)
        identity |= {"transitions": transitions.key} if transitions else {}
        begun = Begun(output=settings.output.folder, identity=identity, execution=execution)
        task = _Task(settings, job, choice, descriptions, source, model, top_n, made, transitions)
        if job.shares:
            return _shared(begun, task, here, names)
    except NothingNew as none:
        print(f"nothing new since {none}: no table is written")
        return 0
    if classifier is None:
        with begun.resume() as run:
            folder = job.directory if names is None else root_of(job)
            say_resumed(run, settings, job.files, folder, listed=names is not None)
            return _work(run, _opened(choice, here, descriptions), task)
    with begun.start(file_name_of_base(classifier.base), pages, prepare) as run:
        return _work(run, classifier, task)


def _pages(
    settings: Settings, job: Sorting, source: Source | None, names: list[str] | None, made: dict[str, Any]
) -> tuple[PageList, Callable[[Path], None] | None]:
    """The pages that are to be sorted, and what keeps in the work folder what is known of their files.

    made: what decides their outcomes. NothingNew where an earlier run has seen all of them.
    """
    earlier = earlier_run(job.since, settings.output.folder, made, root_of(job)) if job.since else None
    pages = wanted_pages(settings, job, source, names)
    if earlier is None:
        return pages, None if source else lambda work: note_stamps(work, time.time_ns(), stamps_of(pages))
    partial = names is not None or job.directory.is_file()
    news = compare(earlier, pages, partial=partial, quiet=settings.setup.quiet)
    say(news.line(), settings.setup.quiet)
    if not news.pages.pages and not job.joined:
        raise NothingNew(earlier.name)
    return news.pages, lambda work: news.prepare(work, joined=job.joined)


@dataclass(frozen=True)
class _Task:
    """A command that writes tables, with what is known of it before it begins.

    model: its hash. made: what decides outcomes (`made_with`). transitions: None where pages stand by themselves.
    """

    settings: Settings
    job: Sorting
    choice: ModelChoice
    descriptions: dict[str, list[str]] | None
    source: Source | None
    model: str
    top_n: int
    made: dict[str, Any]
    transitions: Learned | None


def _shared(begun: Begun, task: _Task, here: Settings, names: list[str] | None) -> int:
    """Work at a run that others work at too, and join its shards where nobody else does; the exit code. names: of the
    files that a list gives, None where none does."""
    from sorting.shards import cut_run, take_part

    settings, job, choice = task.settings, task.job, task.choice

    def begin(claim: Callable[[Plan], bool]) -> Plan | None:
        pages = _pages(settings, job, task.source, names, task.made)
        with begun.start(file_name_of_base(choice.base), *pages) as run:
            claimed = False
            try:
                shards = job.shard[1] if job.shard else None
                plan = cut_run(run, choice, settings, task.descriptions, task.model, shards)
                claimed = claim(plan)
                return plan if claimed else None
            finally:
                if not claimed:
                    run.discard()

    ended = take_part(begun, begin, job, quiet=settings.setup.quiet)
    if isinstance(ended, int):
        return ended
    try:
        run = begun.resume(ended)
    except NoWork:
        say("all shards are done: another process joins them")
        return 0
    with run:
        return _work(run, _opened(choice, here, task.descriptions), task)


def _computing_here(settings: Settings, job: Sorting) -> Settings:
    """What this machine opens a model with: where others compute, it need not have their devices."""
    if job.place is None or not job.place.elsewhere:
        return settings
    return settings.replaced("setup", device="auto", precision="fp32")


def _execution(settings: Settings, choice: ModelChoice, job: Sorting) -> dict[str, Any]:
    """What may not change within a run; where others compute, as it was asked for: they agree among themselves."""
    if job.place is None or not job.place.elsewhere:
        return execution_of(settings, [choice])
    setup = settings.setup
    return {
        "batch_size": setup.batch_size,
        "engine": setup.engine,
        "device": setup.device,
        "precision": setup.precision,
    }


def _opened(choice: ModelChoice, settings: Settings, descriptions: dict[str, list[str]] | None) -> PageClassifier:
    classifier = open_classifier(choice, settings, descriptions)
    wanted = {
        "unlike": settings.output.unlike,
        "turn": settings.output.turn and as_they_lie(settings, [classifier.base]),
    }
    for line in model_lines(choice, classifier, chosen=descriptions is not None, **wanted):
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


def _work(run: Run, classifier: PageClassifier, task: _Task) -> int:
    """Score what the journal lacks, write the tables, the record and the summary; the exit code."""
    settings, job, source, top_n = task.settings, task.job, task.source, task.top_n
    setup = settings.setup
    batch_size = setup.batch_size
    # What is marked to reach these tables is what they are made from: nothing else can change them.
    chosen = reaching(settings, "tables", "sorting") | {"top_n": top_n} | table_choices(settings, classifier)
    style = TableStyle(classifier.categories, **chosen)
    record = record_of(settings, job, classifier, run, task.choice, task.model) | source_record(source, run)
    shown = Joined(run) if job.joined else run
    if task.transitions:
        earlier = Joined(run) if job.since and not job.joined else None
        shown = Together(shown, task.transitions.of(classifier.categories), settings.input, earlier)
        record["sequence"] = task.transitions.record()
    record |= since_record(run) | {"pages": len(shown.pages.pages)}
    run.write_record(record)
    total = len(run.pages.pages)
    done_before = min(total, run.done * batch_size)
    began = time.monotonic()
    interrupted, computed = False, True
    try:
        computed = _compute(run, classifier, task)
    except KeyboardInterrupt:
        interrupted = True
        done = min(total, run.done * batch_size)
        say(f"interrupted after {done} of {total} pages: writing their tables ...")
    seconds = time.monotonic() - began
    done_now = min(total, run.done * batch_size) - done_before

    raw = shown.raw_outcomes() if isinstance(shown, Together) else None
    report = write_tables(
        run.tables, run.name, shown.pages, shown.outcomes(), style, doubted=shown.doubted > 0, raw_outcomes=raw
    )
    total = len(shown.pages.pages)
    record |= counts_of(report, total, seconds, done_now)
    if source is None and not interrupted:
        record["seen"] = Seen(run).write(task.made, known_besides(run))
    if job.write and not interrupted:  # an interrupted run that goes on writes them at its end
        from interchange.export import recorded, sorted_run, write_all

        done = sorted_run(shown, record, style.categories, top_n, report.files, source=source, in_place=job.in_place)
        written = write_all(done, job.write, run.output)
        report.files += [file for files in written.values() for file in files]
        record["interchange"] = recorded(written, run.output)
    if job.report and not interrupted:
        report.files.append(_report(shown, record, style, settings, classifier.descriptions))
    if (plan := load_plan(run.work)) is not None:
        record["cluster"] = shards_record(plan)
        if len(kinds := record["cluster"]["processors"]) > 1:
            report.notes.append(f"computed on {', '.join(kinds)}: scores agree to 1e-5, not to the last digit")
    if interrupted:
        report.files.append(run.write_record({**record, "state": "interrupted"}))
    else:
        report.files.append(run.finish(record))
        if "cluster" in record:
            remove_claims(run.output / "runs", run.name)
    print(summary(report, total=total, seconds=seconds if computed else None, pages=done_now))
    if interrupted:
        say(f"to continue: {job.continue_command()}")
        return 130
    return int(report.failed > 0)


def _compute(run: Run, classifier: PageClassifier, task: _Task) -> bool:
    """Score what the journal lacks: in shards where the run is cut, or shall be. False: they were only joined."""
    settings, job = task.settings, task.job
    plan = load_plan(run.work)
    if plan is not None or job.place is not None or job.merge:
        from cluster.pages import through_shards
        from sorting.shards import cut_run

        plan = plan or cut_run(run, task.choice, settings, task.descriptions, task.model)
        place = None if job.shares else job.place
        with Seen(run) as seen:
            return through_shards(run, plan, place, only_join=job.merge, note=seen.note, quiet=settings.setup.quiet)
    left = len(run.pages.pages) - min(len(run.pages.pages), run.done * settings.setup.batch_size)
    with Seen(run) as seen, Progress(left, unit="page", quiet=settings.setup.quiet) as progress:
        for batch in batches_of(run.pages, classifier, settings, first=run.done):
            seen.look_at(batch.pages)
            outcomes = classifier.outcomes(batch)
            seen.keep()
            run.append(outcomes)
            progress.advance(len(outcomes), failed=count_failed(outcomes))
    return True


def _report(
    run: Run | Joined | Together,
    record: dict[str, Any],
    style: TableStyle,
    settings: Settings,
    descriptions: dict[str, list[str]],
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
