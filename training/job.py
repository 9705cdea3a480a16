"""Fine-tuning: label folders go in, a model folder comes out.

    python run.py --train -d LABEL_FOLDERS -m EfficientNet-Lite0 --name mine

Pages are split by document; the best epoch by validation is kept; its temperature is fitted on validation pages. Work
files lie in `models/NAME.training/` until the model folder is complete, so a killed training goes on with `--resume`.
Several GPUs: `torchrun --nproc_per_node 4 run.py --train ...`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.identity import model_hash
from encoders.words import NAME, WordKnowledge
from training.command import Training
from training.copies import JUDGING, find_copies, unjudged
from training.data import cap_pages, find_labelled, split_leaks, with_validation, write_split
from training.fitting import Material, fit
from training.plan import Plan
from training.report import figures, finished, make_record, save, show
from training.start import Start, warn
from training.work import Work, is_main, meet, own_device
from utils import UserError, fit_temperature, fold_documents, printable, split_documents, split_warnings

if TYPE_CHECKING:
    from settings.schema import Settings

SPLIT_FILE = "split.csv"


def run_training(settings: Settings, job: Training) -> int:
    """Train a model (or folds) as `[train]` and the flags say; the last line printed is its folder. Returns 0.

    Raises UserError, before any work, for what the user can mend.
    """
    from torch import device as torch_device

    from encoders.devices import check_precision, keep_memory

    say = warn if is_main() else _silent
    data = job.directory or settings.train.folder
    if data is None:
        raise UserError("--train needs label folders, one folder for each category: give -d DIR, or [train] folder")
    if settings.train.final and not settings.train.folds:
        raise UserError("--final trains on all pages after cross-validation: give --folds K too, e.g. --folds 5")
    if settings.train.folds and settings.train.split == "folders":
        raise UserError("--folds makes its own split, by document: leave --split folders out")
    if job.resume:  # before anything is loaded
        Work.unfinished(settings.setup.model_dir, job.name)
    settings = settings.replaced("setup", device=own_device(settings.setup.device))
    check_precision(settings.setup.precision, torch_device(settings.setup.device))
    keep_memory()
    start = Start.choose(settings, job.model)
    with Work.open(settings, job, start.base, data, identity(settings, start, data)) as work:
        try:
            folder = _train(settings, work, start, say)
        except UserError:
            work.abandon()
            raise
        meet()
    if is_main():
        work.remove()
        print(folder)
    return 0


def _train(settings: Settings, work: Work, start: Start, say: Callable[[str], None]) -> Path:
    if finished(work, work.name):  # killed between putting the model in its place and cleaning up
        return work.models / work.name
    if is_main():
        _plan(settings, work, start, say)
    meet()
    plan = Plan.load(work.plan_file)
    start.known = plan.descriptions
    if settings.train.folds:
        from training.folds import run_folds

        return run_folds(settings, work, start, plan, say)
    return run_single(settings, work, start, plan, say)


def _plan(settings: Settings, work: Work, start: Start, say: Callable[[str], None]) -> None:
    """Write down what is trained on, unless an earlier start has; UserError where that does not hold any more."""
    if work.plan_file.is_file():
        plan = Plan.load(work.plan_file)
        changed = plan.changed()
        if not changed:
            for table in plan.tables_changed():
                shown = printable(str(table))
                say(f"warning: {shown} was changed: this training keeps the documents that it began with")
            if start.describe(settings, list(plan.descriptions)) != plan.descriptions:
                say("warning: descriptions were changed: this training keeps those that it began with")
            return
        names = ", ".join(map(printable, changed[:3])) + (", ..." if len(changed) > 3 else "")
        what = f"page files that were changed or are gone since this training began: {len(changed)} ({names})"
        if work.learned:
            raise UserError(
                f"{what}. It has learned from them: put them back as they were, or remove {work.folder} and start anew"
            )
        say(f"warning: {what}. Nothing was learned from them yet: the label folders are read again")
    make_plan(settings, work.data, start, say).save(work.plan_file)


def make_plan(settings: Settings, data: Path, start: Start, say: Callable[[str], None]) -> Plan:
    """Pages, documents, split and descriptions of a training that begins."""
    from sorting.job import threads

    train, seed = settings.train, settings.setup.seed
    parts = [find_labelled(data, settings, by_folders=train.split == "folders")]
    if train.extra is not None:
        parts.append(find_labelled(train.extra, settings))
    found = parts[0]
    copies = find_copies(
        parts,
        workers=threads(settings.setup.workers),
        max_pixels=settings.input.max_pixels,
        quiet=settings.setup.quiet,
    )
    warnings = [*found.notes, *copies]
    if train.folds:
        from training.folds import refuse_leak

        splits: list[Any] = fold_documents(found.labels, found.together, train.folds, seed)
        refuse_leak(start, found)
    elif found.splits:
        splits = with_validation(found, train.validation, seed)
        splits = cap_pages(found.labels, splits, train.max_categ, train.max_categ_eval, seed)
        warnings += split_leaks(found.documents, splits)
    else:
        shares = (1 - train.validation - train.test, train.validation, train.test)
        splits = split_documents(found.labels, found.together, seed, shares)
        splits = cap_pages(found.labels, splits, train.max_categ, train.max_categ_eval, seed)
    if not found.splits:
        warnings += split_warnings(found.labels, found.together)
    if not train.folds:  # a fold decides for itself
        judging, splits = splits, unjudged(found, splits)
        out = [page.path for page, was, now in zip(found.pages, judging, splits, strict=True) if was != now]
        if out:
            warnings.append(
                f"{len(out)} of {sum(split in JUDGING for split in judging)} validation and test pages are copies of "
                "pages that are trained or chosen on, or stand under several labels, and judge nothing: left out "
                f"({', '.join(map(printable, out[:3]))}{', ...' if len(out) > 3 else ''})"
            )
    for line in warnings:
        say(f"warning: {line}")
    every = sorted({label for part in parts for label in part.labels})
    if len(every) < 2:
        inner = sorted({page.path.split("/")[1] for page in found.pages if page.path.count("/") > 1})
        hint = f"; if they lie one folder further in ({', '.join(map(printable, inner[:3]))}), give that folder with -d"
        raise UserError(
            f"{printable(str(data))}: only one label folder ({every[0]}); training needs two or more"
            f"{hint if len(inner) > 1 else ''}"
        )
    return Plan(parts, splits, start.describe(settings, every))


def run_single(settings: Settings, work: Work, start: Start, plan: Plan, say: Callable[[str], None]) -> Path:
    """One training on one split; gives the path of its model folder."""
    found = plan.found
    material = Material.prepare(settings, work, start, plan.parts, plan.splits, say)
    splits = material.readable(plan.splits)
    if is_main():
        write_split(work.folder / SPLIT_FILE, found, splits)
    how = "as the folders have it" if settings.train.split == "folders" else "by document"
    if not settings.setup.quiet:
        say(f"split {how}: {_counted(splits)}")
    fitted = fit(settings, start, material, splits, work.folder / "run", say)
    classifier = fitted.classifier
    tests = {}
    for part in ("validation", "test"):
        logits, truth, places = fitted.logits(material, [i for i in range(len(splits)) if splits[i] == part])
        if part == "validation":
            classifier.temperature = fit_temperature(logits, truth)
        tests[part] = figures(logits, truth, [found.documents[i] for i in places])
        if len(truth):
            say(f"{part}: accuracy {show(tests[part])}")
    record = make_record(settings, work, start, material, splits, fitted)
    record |= {"temperature": classifier.temperature, **tests}
    leaks = split_leaks(found.documents, splits)
    judged = "some of documents that it was trained on too" if leaks else "of documents that training never saw"
    text = f"On its own test pages, {judged}: accuracy {show(tests['test'])}."
    if not tests["test"]["pages"]:
        text = "It was tested on no page: judge it by pages of your own before you rely on it."
    files = [work.folder / SPLIT_FILE]
    return save(work, classifier, work.name, record, text, files, work.folder / "run", fitted.contents)


def identity(settings: Settings, start: Start, data: Path) -> dict[str, Any]:
    """What makes two trainings the same: a training is only resumed with all of this alike.

    What lies in the folders meanwhile is another matter: plan.py.
    """
    setup, extra = settings.setup, settings.train.extra
    train = asdict(settings.train) | {"extra": extra and str(extra.resolve())}
    return {
        "data": str(data.resolve()),
        "start": start.name if start.choice is None else model_hash(start.choice.source, setup.tokenizer),
        "words": None if start.choice is not None or WordKnowledge.find() is None else NAME,
        "descriptions": start.texts,
        "train": {name: value for name, value in train.items() if name != "folder"},
        "input": {name: value for name, value in asdict(settings.input).items() if name not in ("folder", "inner")},
        "seed": setup.seed,
        "precision": setup.precision,
        "device": setup.device.partition(":")[0],
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
    }


def _counted(splits: Sequence[Any]) -> str:
    return ", ".join(f"{count} {split}" for split, count in sorted(Counter(splits).items(), key=lambda item: -item[1]))


def _silent(line: str) -> None:
    pass
