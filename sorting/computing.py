"""How a model is computed with the settings of a command: opened, its lines for the user, pages in batches.

classifier = open_classifier(choice, settings, descriptions)
for batch in batches_of(pages, classifier, settings):
    outcomes = classifier.outcomes(batch)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from encoders.base import BASE
from encoders.choosing import ModelChoice
from encoders.engine import Computing, choose_engine
from encoders.labels import label_warnings
from encoders.turning import turn_finder
from reading.pages import PageList
from utils import cores, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from reading.loader import Batch
    from settings.schema import Settings

# From so many cores on, pages for a graphics card are decoded in processes: threads of one process wait for each other.
MANY_CORES = 4


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


def model_lines(
    choice: ModelChoice, classifier: PageClassifier, *, chosen: bool, unlike: bool = False, turn: bool = False
) -> list[str]:
    """What the user is told of the model before work starts: one line, and a warning where it must guess.

    chosen: whether the categories are not its own; unlike: whether a column UNLIKE is wanted; turn: whether TURN is,
    of pages that are taken as they lie.
    """
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
    if unlike and classifier.unlikeness is None:
        lines.append("note: no column UNLIKE: this model cannot say it (data_scripts/fit_confidence.py teaches it)")
    if turn:
        lines.append(f"note: TURN stays empty: pages are taken as they lie (--upright and models of {BASE} turn them)")
    return lines + [f"warning: {line}" for line in label_warnings(classifier.categories)]


def table_choices(settings: Settings, classifier: PageClassifier) -> dict[str, Any]:
    """What of result tables the model has a say in, as `TableStyle` takes it: below which score pages are marked for
    review where the settings leave that to the model, and the column UNLIKE, if it can say that. What it recommends is
    for pages of its own categories, each by itself.
    """
    own = sorted(classifier.learned) == sorted(classifier.categories) and not settings.output.sequence
    asked, recommended = settings.setup.review_below, classifier.review_below if own else 0.0
    return {
        "review_below": recommended if asked < 0 else asked,
        "unlike": settings.output.unlike and classifier.unlikeness is not None,
    }


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
        turns=turn_finder(settings, [classifier.base]),
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
