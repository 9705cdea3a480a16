"""Fine-tuning: label folders go in, a model folder comes out.

    python run.py --train -d LABEL_FOLDERS -m EfficientNet-Lite0 --name mine

Pages are split by document; the best epoch by validation is kept; its temperature is fitted on validation pages. Work
files lie in `models/NAME.training/` until the model folder is complete, so a killed training goes on with `--resume`.
Several GPUs: `torchrun --nproc_per_node 4 run.py --train ...`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.identity import model_hash
from encoders.words import NAME, WordKnowledge
from training.command import SplitTable, Training
from training.copies import JUDGING, find_copies, unjudged
from training.data import LabelledPages, cap_pages, find_labelled, split_leaks, with_validation, write_split
from training.fitting import fit
from training.labels import content_of, labelled_by_table
from training.material import Material
from training.plan import Plan
from training.processes import is_main, meet, own_device, process_count
from training.report import figures, finished, make_record, save, show
from training.split_table import identity_of, with_splits
from training.start import Start, TrainingRun
from training.work import Work
from utils import UserError, fit_temperature, fold_documents, listed, printable, split_documents, split_warnings

if TYPE_CHECKING:
    from settings.schema import Settings

SPLIT_FILE = "split.csv"


def run_training(settings: Settings, job: Training) -> int:
    """Train a model (or folds) as `[train]` and the flags say; the last line printed is its folder. Returns 0.

    Raises UserError, before any work, for what the user can mend.
    """
    from torch import device as torch_device

    from encoders.devices import check_precision, keep_memory

    data = job.directory or settings.train.folder
    if data is None:
        raise UserError("--train needs label folders, one folder for each category: give -d DIR, or [train] folder")
    if settings.train.final and not settings.train.folds:
        raise UserError("--final trains on all pages after cross-validation: give --folds K too, e.g. --folds 5")
    if settings.train.folds and settings.train.split != "documents":
        raise UserError(f"--folds makes its own split, by document: leave --split {settings.train.split} out")
    if job.resume:  # before anything is loaded
        Work.unfinished(settings.setup.model_dir, job.name)
    settings = settings.replaced("setup", device=own_device(settings.setup.device))
    check_precision(settings.setup.precision, torch_device(settings.setup.device))
    keep_memory()
    start = Start.choose(settings, job.model)
    with Work.open(settings, job, start.base, data, identity(settings, start, data, job.labels, job.split)) as work:
        try:
            folder = _train(TrainingRun(settings, start, work, job.labels, job.split))
        except UserError:
            work.abandon()
            raise
        meet()
    if is_main():
        work.remove()
        print(folder)
    return 0


def _train(run: TrainingRun) -> Path:
    if finished(run.work, run.work.name):  # killed between putting the model in its place and cleaning up
        return run.work.models / run.work.name
    if is_main():
        _plan(run)
    meet()
    plan = Plan.load(run.work.plan_file)
    run.start.descriptions = plan.descriptions
    if run.settings.train.folds:
        from training.folds import run_folds

        return run_folds(run, plan)
    return run_single(run, plan)


def _plan(run: TrainingRun) -> None:
    """Write down what is trained on, unless an earlier start has; UserError where that does not hold any more."""
    work, start = run.work, run.start
    if work.plan_file.is_file():
        plan = Plan.load(work.plan_file)
        changed = plan.changed()
        if not changed:
            for table in plan.tables_changed():
                shown = printable(str(table))
                run.say(f"warning: {shown} was changed: this training keeps the documents that it began with")
            if start.describe(run.settings, list(plan.descriptions)) != plan.descriptions:
                run.say("warning: descriptions were changed: this training keeps those that it began with")
            return
        names = listed(changed, 3)
        what = f"page files that were changed or are gone since this training began: {len(changed)} ({names})"
        if work.learned:
            raise UserError(
                f"{what}. It has learned from them: put them back as they were, or remove {work.folder} and start anew"
            )
        run.say(f"warning: {what}. Nothing was learned from them yet: the label folders are read again")
    make_plan(run).save(work.plan_file)


def make_plan(run: TrainingRun) -> Plan:
    """Pages, documents, split and descriptions of a training that begins."""
    from sorting.computing import threads

    settings, data = run.settings, run.work.data
    if run.labels is None:
        parts = [find_labelled(data, settings, by_folders=settings.train.split == "folders")]
    else:
        parts = [labelled_by_table(data, run.labels, settings)]
    if run.split is not None:
        parts[0] = with_splits(parts[0], run.split)
    if settings.train.extra is not None:
        parts.append(find_labelled(settings.train.extra, settings))
    labelled = parts[0]
    copies = find_copies(
        parts,
        workers=threads(settings.setup.workers),
        max_pixels=settings.input.max_pixels,
        quiet=settings.setup.quiet,
    )
    if settings.train.folds:
        from training.folds import refuse_leak

        count, seed = settings.train.folds, settings.setup.seed
        splits: list[Any] = fold_documents(labelled.labels, labelled.together, count, seed)
        refuse_leak(run.start, labelled)
        warnings = split_warnings(labelled.labels, labelled.together)
    else:
        splits, warnings = _split(settings, labelled)
    for line in (*labelled.notes, *copies, *warnings):
        run.say(f"warning: {line}")
    every = sorted({label for part in parts for label in part.labels})
    if len(every) < 2 and run.labels is not None:
        raise UserError(f"{printable(str(run.labels))}: only one category ({every[0]}); training needs two or more")
    if len(every) < 2:
        inner = sorted({page.path.split("/")[1] for page in labelled.pages if page.path.count("/") > 1})
        hint = f"; if they lie one folder further in ({', '.join(map(printable, inner[:3]))}), give that folder with -d"
        raise UserError(
            f"{printable(str(data))}: only one label folder ({every[0]}); training needs two or more"
            f"{hint if len(inner) > 1 else ''}"
        )
    return Plan(parts, splits, run.start.describe(settings, every))


def _split(settings: Settings, labelled: LabelledPages) -> tuple[list[str], list[str]]:
    """The split, pages over a cap and pages that cannot judge left out of it; and what the user should know of it."""
    train, seed = settings.train, settings.setup.seed
    if labelled.splits:
        splits = with_validation(labelled, train.validation, seed)
    else:
        shares = (1 - train.validation - train.test, train.validation, train.test)
        splits = split_documents(labelled.labels, labelled.together, seed, shares)
    splits = cap_pages(labelled.labels, splits, train.max_categ, train.max_categ_eval, seed)
    if labelled.splits:
        warnings = split_leaks(labelled.documents, splits)
    else:
        warnings = split_warnings(labelled.labels, labelled.together)
    judging, splits = splits, unjudged(labelled, splits)
    out = [page.path for page, was, now in zip(labelled.pages, judging, splits, strict=True) if was != now]
    if out:
        warnings.append(
            f"{len(out)} of {sum(split in JUDGING for split in judging)} validation and test pages are copies of "
            "pages that are trained or chosen on, or stand under several labels, and judge nothing: left out "
            f"({listed(out, 3)})"
        )
    return splits, warnings


def run_single(run: TrainingRun, plan: Plan) -> Path:
    """One training on one split; gives the path of its model folder."""
    labelled, split_file = plan.labelled, run.work.folder / SPLIT_FILE
    material = Material.prepare(run, plan.parts, plan.splits)
    splits = material.readable(plan.splits)
    if is_main():
        write_split(split_file, labelled, splits)
    how = {"folders": "as the folders have it", "documents": "by document"}.get(run.settings.train.split)
    how = how or f"as {printable(run.settings.train.split)} has it"
    run.chat(f"split {how}: {_counted(splits)}")
    fitted = fit(run, material, splits, run.work.folder / "run")
    judged = {}
    for part in ("validation", "test"):
        logits, truth, indices = fitted.logits(material, [i for i, split in enumerate(splits) if split == part])
        if part == "validation":
            fitted.classifier.temperature = fit_temperature(logits, truth)
        judged[part] = figures(logits, truth, [labelled.documents[i] for i in indices])
        if len(truth):
            run.say(f"{part}: accuracy {show(judged[part])}")
    record = make_record(run, material, splits, fitted)
    record |= {"temperature": fitted.classifier.temperature, **judged}
    leaks = split_leaks(labelled.documents, splits)
    of = "some of documents that it was trained on too" if leaks else "of documents that training never saw"
    text = f"On its own test pages, {of}: accuracy {show(judged['test'])}."
    if not judged["test"]["pages"]:
        text = "It was tested on no page: judge it by pages of your own before you rely on it."
    return save(run, fitted, record, text, [split_file])


def identity(
    settings: Settings, start: Start, data: Path, labels: Path | None = None, split: SplitTable | None = None
) -> dict[str, Any]:
    """What makes two trainings the same: a training is only resumed with all of this alike.

    What lies in the folders meanwhile is another matter: plan.py.
    """
    setup, extra = settings.setup, settings.train.extra
    train = asdict(settings.train) | {"extra": extra and str(extra.resolve())}
    return {
        "data": str(data.resolve()),
        **({} if labels is None else {"labels": [str(labels.resolve()), content_of(labels)]}),
        **({} if split is None else {"split": identity_of(split)}),
        "start": start.name if start.choice is None else model_hash(start.choice.source, setup.tokenizer),
        "words": None if start.choice is not None or WordKnowledge.find() is None else NAME,
        "descriptions": start.texts,
        "train": {name: value for name, value in train.items() if name != "folder"},
        "input": {name: value for name, value in asdict(settings.input).items() if name not in ("folder", "inner")},
        "seed": setup.seed,
        "precision": setup.precision,
        "device": setup.device.partition(":")[0],
        "processes": process_count(),
        "checkpoints": 2,  # their form: with those of an earlier version this one would not end with the same bytes
    }


def _counted(splits: Sequence[Any]) -> str:
    return ", ".join(f"{count} {split}" for split, count in sorted(Counter(splits).items(), key=lambda item: -item[1]))
