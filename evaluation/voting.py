"""Several models vote on a folder of pages: each one's category, beside the average of their probabilities.

    python run.py --best -d pages/                     # the models of [eval] best, else all in models/ that agree

Gives tables/best_<name>.csv: FILE,PAGE,<CLASS-model ...>,CLASS,SCORE,AGREE[,TRUE][,REVIEW],PATH. CLASS and SCORE are of
the average over the models' full probabilities; AGREE is how many of them name that category. All models are in memory;
a page is decoded once for each distinct transform. A killed run goes on with `--resume`.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders.choosing import ModelChoice, describe, list_models
from encoders.descriptions import chosen_descriptions
from encoders.identity import categories_of, model_hash
from encoders.turning import turn_finder, turned_by
from evaluation.command import Voting
from output.console import say
from output.outcome import Failed, Outcome, Scored, count_failed
from output.progress import Progress
from output.runs import Run
from output.tables import Table, cell, check_writable, number, path_cell
from reading.listing import wanted_files
from reading.pages import PageList, find_pages
from settings.command import NO_MODEL
from settings.given_paths import expanded
from settings.schema import reaching
from sorting.computing import (
    execution_of,
    model_lines,
    open_classifier,
    threads,
)
from sorting.given_pages import say_pages, say_resumed
from sorting.record import input_of, texts_hash
from sorting.results import WARNING, Truth, warning_cell
from sorting.together import decided
from sorting.transitions import Transitions, chosen_transitions
from utils import UserError, did_you_mean, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings

ERRORS = ["FILE", "PAGE", "PATH", "REASON"]


def run_voting(settings: Settings, job: Voting) -> int:
    """Let the models vote; 0, 1 where pages failed, 130 interrupted. UserError for what the user can mend."""
    if job.model != NO_MODEL or settings.setup.zero_shot:
        raise UserError("--best takes its models from [eval] best in config.toml: leave -m, -rev and --model_path out")
    descriptions = chosen_descriptions(settings)
    transitions = chosen_transitions(settings)
    choices, notes = choose_voters(settings)
    for note in notes:
        say(f"note: {note}")
    read = settings.input
    execution, names = execution_of(settings, choices), _names(choices)
    identity = {
        "input": input_of((), job.directory),
        "model": [model_hash(choice.source, settings.setup.tokenizer) for choice in choices],
        "categories": texts_hash(descriptions),
        "settings": {"job": "best", **reaching(settings, "pages", "outcomes", "tables")},
        **turned_by(settings),
    }
    if transitions:  # documents decide then, which are no matter otherwise
        identity |= {"transitions": transitions.key, "documents": [read.document_from, read.document_pattern]}
    output = settings.output.folder

    def opened() -> tuple[list[PageClassifier], list[str], Transitions | None]:
        say(f"{len(choices)} models: {', '.join(map(printable, names))}", settings.setup.quiet)
        classifiers = [open_classifier(choice, settings, descriptions) for choice in choices]
        for choice, classifier, name in zip(choices, classifiers, names, strict=True):
            for line in model_lines(choice, classifier, chosen=descriptions is not None):
                if line.startswith("warning: "):
                    say(f"warning: {printable(name)}: {line.removeprefix('warning: ')}")
        categories = same_categories(choices, classifiers)
        return classifiers, categories, transitions.of(categories) if transitions else None

    if job.resume:  # all that can be refused is refused before the models are loaded
        with Run.resume(output, identity=identity, execution=execution) as run:
            say_resumed(run, settings, (), job.directory)
            return _work(run, *opened(), names, settings, job)
    check_writable(output)
    pages = find_pages(job.directory, **wanted_files(read), skip=[output])
    say_pages(pages, quiet=settings.setup.quiet)
    ready = opened()
    with Run.start(output, f"{len(choices)}-models", pages, identity=identity, execution=execution) as run:
        return _work(run, *ready, names, settings, job)


def choose_voters(settings: Settings) -> tuple[list[ModelChoice], list[str]]:
    """The models that vote, and what the user should know: those of `[eval] best`, else the largest group in
    `[setup] model_dir` that has the same categories, folds left out.

    Raises UserError: a model that is not there, or fewer than two.
    """
    model_dir, known = settings.setup.model_dir, settings.hf.revisions
    models = {model.path.name: model for model in list_models(model_dir, known)}
    notes: list[str] = []
    voters = []
    if settings.eval.best:
        for name in settings.eval.best:
            path = expanded(name)
            if name in models:
                voters.append(models[name])
            elif path.is_dir():
                voters.append(describe(path, known))
            else:
                where = printable(str(model_dir))
                raise UserError(f"[eval] best: no model {printable(name)} in {where}{did_you_mean(name, models)}")
    else:
        groups: dict[tuple[str, ...], list[Any]] = {}
        for model in models.values():
            if not model.fold:
                groups.setdefault(tuple(sorted(categories_of(model.path))), []).append(model)
        voters = max(groups.values(), key=len, default=[])
        left = sorted(printable(model.path.name) for group in groups.values() if group is not voters for model in group)
        if left and voters:
            notes.append(f"other categories, so without a vote: {', '.join(left)}")
    if len(voters) < 2:
        raise UserError(
            f"--best needs two models or more, and {len(voters) or 'none'} can vote: name them as [eval] best = "
            f'["one", "two"] in config.toml (in {printable(str(model_dir))}: {", ".join(models) or "none"})'
        )
    return [ModelChoice(model.path, model.kind, model.base, "--best", model.revision) for model in voters], notes


def same_categories(choices: list[ModelChoice], classifiers: list[PageClassifier]) -> list[str]:
    """The categories, in the first model's order. UserError, naming both sides, where a model has others."""
    first = classifiers[0].categories
    for choice, classifier in zip(choices, classifiers, strict=True):
        if set(classifier.categories) != set(first):
            one = ", ".join(sorted(set(first) - set(classifier.categories))) or "none"
            other = ", ".join(sorted(set(classifier.categories) - set(first))) or "none"
            raise UserError(
                f"{printable(str(choices[0].source))} and {printable(str(choice.source))} sort into different "
                f"categories (only the first: {one}; only the other: {other}): they cannot vote together"
            )
    return first


def _work(
    run: Run,
    classifiers: list[PageClassifier],
    categories: list[str],
    transitions: Transitions | None,
    names: list[str],
    settings: Settings,
    job: Voting,
) -> int:
    total, began, interrupted = len(run.pages.pages), time.monotonic(), False
    record: dict[str, Any] = {"command": job.command(), "models": names, "identity": run.identity, "pages": total}
    run.write_record(record)
    try:
        with Progress(
            total - min(total, run.done * settings.setup.batch_size), quiet=settings.setup.quiet, label="voting"
        ) as progress:
            for outcomes in votes(run.pages, classifiers, categories, settings, first=run.done):
                run.append(outcomes)
                progress.advance(len(outcomes), failed=count_failed(outcomes))
    except KeyboardInterrupt:
        interrupted = True
        say("interrupted: writing the table of what was done ...")
    report = write_table(run, names, categories, settings, transitions)
    record |= {name: report[name] for name in ("done", "failed", "per_category", "agreement")}
    record |= {"seconds": round(time.monotonic() - began, 3), "tables": [file.name for file in report["files"]]}
    if interrupted:
        run.write_record({**record, "state": "interrupted"})
    else:
        report["files"].append(run.finish(record))
    for line in report_lines(report, len(names)):
        print(line)
    if interrupted:
        say(f"to continue: {job.continue_command()}")
        return 130
    return int(report["failed"] > 0)


def votes(
    pages: PageList, classifiers: list[PageClassifier], categories: list[str], settings: Settings, first: int = 0
) -> Iterator[list[Outcome]]:
    """Batch by batch, each page's scores by all models one after another (M x C numbers), or why it failed."""
    from reading.loader import load_batches

    transforms: dict[str, Any] = {}
    of_model = []
    for classifier in classifiers:
        key = json.dumps(classifier.transform.to_dict(), sort_keys=True)
        transforms.setdefault(key, classifier.transform)
        of_model.append(list(transforms).index(key))
    finder = turn_finder(settings, [classifier.base for classifier in classifiers])
    orders = [[classifier.categories.index(name) for name in categories] for classifier in classifiers]
    with contextlib.ExitStack() as opened:
        streams = []
        for transform in transforms.values():
            stream = load_batches(
                pages,
                transform,
                batch_size=settings.setup.batch_size,
                workers=threads(settings.setup.workers),
                max_pixels=settings.input.max_pixels,
                strict=settings.input.strict,
                first_batch=first,
                turns=finder,
            )
            streams.append(opened.enter_context(contextlib.closing(stream)))
        for batches in zip(*streams, strict=True):
            scored = [c.outcomes(batches[index]) for c, index in zip(classifiers, of_model, strict=True)]
            outcomes: list[Outcome] = []
            for page in zip(*scored, strict=True):
                if failed := next((outcome for outcome in page if isinstance(outcome, Failed)), None):
                    outcomes.append(failed)
                    continue
                rows = zip(page, orders, strict=True)
                scores = [outcome.scores[category] for outcome, order in rows for category in order]
                doubts = dict.fromkeys(outcome.warning for outcome in page if outcome.warning)
                outcomes.append(Scored(scores, "; ".join(doubts), turn=page[0].turn))  # a page lies as it lies
            yield outcomes


def write_table(
    run: Run, names: list[str], categories: list[str], settings: Settings, transitions: Transitions | None = None
) -> dict[str, Any]:
    """The tables of a run, in one pass over its outcomes; counts for the summary. transitions: what decides a
    document's pages together, of the averages of all models."""
    excel, limit, models = settings.output.excel, max(0.0, settings.setup.review_below), len(names)
    truth = Truth(run.pages, categories)
    head = ["FILE", "PAGE", *(cell(f"CLASS-{name}") for name in names), "CLASS", "SCORE", "AGREE"]
    head += [
        *(["TRUE"] if truth.known else []),
        *(["REVIEW"] if limit else []),
        *([WARNING] if run.doubted else []),
        "PATH",
    ]
    shown = [cell(category) for category in categories]
    agreement: Counter[int] = Counter()
    per_category = dict.fromkeys(categories, 0)
    done = failed = 0
    notes: list[str] = []
    with contextlib.ExitStack() as opened:
        table = Table(run.tables / f"best_{run.name}.csv", head, opened, excel=excel)
        errors = None
        averages = (_average(outcome, models) for outcome in run.outcomes())
        if transitions:
            averages = decided(run.pages, averages, transitions, settings.input)
        for page, outcome, of_all in zip(run.pages.pages, run.outcomes(), averages, strict=False):
            done += 1
            start, path = [cell(page.file), page.number], path_cell(page.path)
            if isinstance(outcome, Failed):
                failed += 1
                if errors is None:
                    errors = Table(run.tables / f"best_{run.name}_ERRORS.csv", ERRORS, opened, excel=excel)
                errors.write([*start, path, cell(printable(" ".join(outcome.reason.split())))])
                continue
            scores = np.array(outcome.scores).reshape(models, len(categories))
            average = np.array(of_all.scores)
            each, best = scores.argmax(axis=1), int(average.argmax())
            agree = int((each == best).sum())
            agreement[agree] += 1
            per_category[categories[best]] += 1
            row = [*start, *(shown[index] for index in each), shown[best], number(average[best], 4, excel=excel), agree]
            row += [cell(truth.of(page))] if truth.known else []
            row += ["yes" if average[best] < limit else "no"] if limit else []
            row += [warning_cell(outcome)] if run.doubted else []
            table.write([*row, path])
        files = [part.complete(notes) for part in (table, errors) if part]
    return {
        "done": done,
        "failed": failed,
        "per_category": per_category,
        "agreement": {str(count): agreement[count] for count in sorted(agreement, reverse=True)},
        "files": files,
        "notes": notes,
    }


def _average(outcome: Outcome, models: int) -> Outcome:
    """The mean of what the models say of a page."""
    if isinstance(outcome, Failed):
        return outcome
    return Scored(np.array(outcome.scores).reshape(models, -1).mean(axis=0).tolist(), outcome.warning)


def report_lines(report: dict[str, Any], models: int) -> list[str]:
    """What the terminal shows."""
    lines = [f"{report['done']} pages: {report['done'] - report['failed']} sorted, {report['failed']} failed"]
    width = max(map(len, report["per_category"]))
    lines += [f"  {name:<{width}}  {pages}" for name, pages in report["per_category"].items() if pages]
    lines += [f"  {count} of {models} models say so too: {pages} pages" for count, pages in report["agreement"].items()]
    lines += [f"note: {note}" for note in report["notes"]]
    return [*lines, "files:", *(f"  {printable(str(file))}" for file in report["files"])]


def _names(choices: list[ModelChoice]) -> list[str]:
    """A name for each model, its folder's; told apart where two are alike."""
    names: list[str] = []
    for choice in choices:
        name, tried = Path(choice.source).name, 2
        while name in names:
            name, tried = f"{Path(choice.source).name}-{tried}", tried + 1
        names.append(name)
    return names
