"""Cross-validation by document: each document is tested by exactly one fold, by a model that never saw it.

    python run.py --train -d LABEL_FOLDERS --folds 5 --final --name mine

Gives `models/mine_fold_1` ... `mine_fold_5`, `models/mine_folds/` (folds.csv, out_of_fold.csv, folds.json,
confusion.png) and, with `--final`, `models/mine`, trained on all pages; its card quotes the out-of-fold figures, its
temperature is fitted on the pooled out-of-fold logits.
"""

from __future__ import annotations

import csv
import json
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from output.files import whole
from output.pictures import draw_confusion
from output.tables import category_columns, cell, path_cell
from training.copies import unjudged
from training.data import LabelledPages, cap_pages, write_split
from training.fitting import Fitted, fit
from training.material import Material
from training.plan import Plan
from training.processes import is_main, meet
from training.report import figures, finished, make_record, put_in_place, save, show
from training.start import Start, TrainingRun
from training.work import Work
from utils import UserError, fit_temperature, listed, macro_f1, printable, softmax, split_documents

if TYPE_CHECKING:
    from settings.schema import Settings

# With fewer documents than this to train on, a fold keeps them all instead of validating on a few: which epoch is best
# cannot be told from ten pages, and the folds then train exactly as the final model does.
VALIDATE_FROM = 200
FOLDS_FILE, TABLE, PICTURE = "folds.csv", "out_of_fold.csv", "confusion.png"


@dataclass
class OutOfFold:
    """Every readable page's logits from the fold that tested it.

    logits: [N, C], -inf where that fold had no page of the category to train on; truth, indices (of pages), folds: [N].
    """

    categories: list[str]
    logits: np.ndarray
    truth: np.ndarray
    indices: np.ndarray
    folds: np.ndarray
    best_epochs: list[int]

    def temperature(self) -> float:
        """The temperature that fits the pooled logits best, pages of categories that their fold never saw aside."""
        known = np.isfinite(self.logits[np.arange(len(self.truth)), self.truth])
        return fit_temperature(self.logits[known], self.truth[known])


def run_folds(run: TrainingRun, plan: Plan) -> Path:
    """All folds, the pooled figures and, with `--final`, the model of all pages; the path to print last.

    plan: its splits are the folds. Folds that stand already (`--resume`) are not trained again.
    """
    material = Material.prepare(run, plan.parts, plan.splits)
    if is_main():
        write_split(run.work.folder / FOLDS_FILE, plan.labelled, material.readable(plan.splits), column="FOLD")
    tested = [run_fold(run, material, plan.splits, fold) for fold in range(1, run.settings.train.folds + 1)]
    pooled = pool(material.categories, tested)
    summary = summarise(pooled, plan.labelled)
    for line in lines(summary):
        run.say(line)
    tables = write_tables(run.work, plan.labelled, pooled, summary)
    meet()
    return run_final(run, material, pooled.best_epochs, summary, tables) if run.settings.train.final else tables


def refuse_leak(start: Start, labelled: LabelledPages) -> None:
    """UserError where the start may have been trained on a document that a fold tests."""
    clean = "start clean, with -m EfficientNet-Lite0 or another untuned base (-m ViT-B/16)"
    if start.unnamed:
        raise UserError(
            f"{start.name} is fine-tuned and does not name its training documents: folds could leak; {clean}"
        )
    same = {d for d, content in zip(labelled.documents, labelled.contents, strict=True) if content in start.contents}
    # box1 of another collection is another box, unless one of its pages is there too.
    weak = labelled.folders - same if start.contents else set()
    known = sorted({printable(d) for d in labelled.documents if d not in weak} & start.seen | set(map(printable, same)))
    if known:
        raise UserError(
            f"{start.name} has already learned {len(known)} of these documents ({listed(known, 3)}) and must not be "
            f"tested on them: {clean}"
        )


def run_fold(run: TrainingRun, material: Material, folds: Sequence[int], fold: int) -> dict[str, np.ndarray]:
    """Train and test one fold: its logits, truth, indices, folds and best epoch; its model folder stands afterwards."""
    work, name = run.work, f"{run.work.name}_fold_{fold}"
    stored = work.folder / f"fold_{fold}.npz"
    if stored.is_file() and finished(work, name):
        run.chat(f"fold {fold}: done before")
        return dict(np.load(stored))
    splits = fold_splits(run.settings, material, folds, fold)
    fitted = fit(run, material, splits, work.folder / f"run_{fold}")
    logits, truth, _ = fitted.logits(material, _indices(splits, "validation"))
    fitted.classifier.temperature = fit_temperature(logits, truth)
    result = judge_fold(fitted, material, _indices(splits, "test"), fold)
    values = figures(result["logits"], result["truth"], [material.documents[i] for i in result["indices"]])
    run.say(f"fold {fold}: accuracy {show(values)}")
    split_file = work.folder / f"fold_{fold}" / "split.csv"
    if is_main():
        with whole(stored) as part, part.open("wb") as stream:
            np.savez(stream, **result)
        split_file.parent.mkdir(exist_ok=True)
        write_split(split_file, material.labelled, splits)
    record = make_record(run, material, splits, fitted) | {
        "name": name,
        "fold": fold,
        "folds": run.settings.train.folds,
        "temperature": fitted.classifier.temperature,
        "test": values,
    }
    text = f"Fold {fold} of {record['folds']}. On its test documents, which it never saw: accuracy {show(values)}."
    save(run, fitted, record, text, [split_file])
    meet()
    return result


def fold_splits(settings: Settings, material: Material, folds: Sequence[int], fold: int) -> list[str]:
    """ "test" for the fold's pages, "train" for the others, of which large sets give some documents to "validation"."""
    train, seed = settings.train, settings.setup.seed
    labels, documents = material.labels[: material.own], material.labelled.together
    rest = [i for i, its_fold in enumerate(folds) if its_fold != fold]
    splits = ["test"] * len(folds)
    share = train.validation if len({documents[i] for i in rest}) >= VALIDATE_FROM else 0.0
    parts = split_documents(
        [labels[i] for i in rest], [documents[i] for i in rest], seed + fold, (1 - share, share, 0.0)
    )
    for index, part in zip(rest, parts, strict=True):
        splits[index] = part
    return material.readable(unjudged(material.labelled, cap_pages(labels, splits, train.max_categ, 0, seed)))


def judge_fold(fitted: Fitted, material: Material, indices: Sequence[int], fold: int) -> dict[str, Any]:
    """The logits of these pages over all categories of the material."""
    rows = fitted.page_logits(material, indices)  # [N, categories of the fold]
    logits = np.full((len(indices), len(material.categories)), -np.inf, np.float32)
    logits[:, [material.categories.index(label) for label in fitted.classifier.categories]] = rows
    return {
        "logits": logits,
        "truth": np.array([material.categories.index(material.labels[i]) for i in indices], dtype=int),
        "indices": np.array(indices, dtype=int),
        "folds": np.full(len(indices), fold),
        "best_epoch": np.array(fitted.learned.best_epoch),
    }


def pool(categories: list[str], tested: Sequence[dict[str, np.ndarray]]) -> OutOfFold:
    """What all folds gave, as one."""
    arrays = (np.concatenate([fold[name] for fold in tested]) for name in ("logits", "truth", "indices", "folds"))
    return OutOfFold(categories, *arrays, [int(fold["best_epoch"]) for fold in tested])


def summarise(pooled: OutOfFold, labelled: LabelledPages) -> dict[str, Any]:
    """Per fold and pooled: pages, documents, accuracy with its interval; pooled also top-3 and macro-F1."""
    documents = np.array([labelled.documents[i] for i in pooled.indices])
    per_fold = {
        str(fold): figures(
            pooled.logits[pooled.folds == fold], pooled.truth[pooled.folds == fold], documents[pooled.folds == fold]
        )
        for fold in sorted(set(pooled.folds.tolist()))
    }
    guessed = pooled.logits.argmax(axis=1)
    best = np.argsort(-pooled.logits, axis=1)[:, :3]
    return {
        "pooled": figures(pooled.logits, pooled.truth, documents)
        | {
            "top_3": round(float((best == pooled.truth[:, None]).any(axis=1).mean()), 4),
            "macro_f1": round(macro_f1(pooled.truth, guessed), 6),
            "temperature": round(pooled.temperature(), 4),
        },
        "folds": per_fold,
        "best_epochs": pooled.best_epochs,
    }


def lines(summary: dict[str, Any]) -> list[str]:
    """What the terminal shows of a summary."""
    pooled = summary["pooled"]
    return [
        f"out of fold: accuracy {show(pooled)}",
        f"out of fold: top-3 {100 * pooled['top_3']:.1f} %, macro-F1 {pooled['macro_f1']:.3f}, "
        f"temperature {pooled['temperature']:.3f}",
    ]


def write_tables(work: Work, labelled: LabelledPages, pooled: OutOfFold, summary: dict[str, Any]) -> Path:
    """`models/NAME_folds/`: folds.csv, out_of_fold.csv, folds.json, confusion.png; gives the folder."""
    target = work.models / f"{work.name}_folds"
    if target.is_dir() or not is_main():
        return target
    ready = work.folder / target.name
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir()
    shutil.copyfile(work.folder / FOLDS_FILE, ready / FOLDS_FILE)
    (ready / "folds.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8", newline="\n")
    scores = softmax(pooled.logits / summary["pooled"]["temperature"])
    with (ready / TABLE).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        fixed = ["PATH", "PAGE", "CATEGORY", "DOCUMENT", "FOLD"]
        writer.writerow([*fixed, *category_columns(pooled.categories, fixed)])
        for row in np.argsort(pooled.indices):
            index = pooled.indices[row]
            page = labelled.pages[index]
            cells = [path_cell(page.path), page.number, cell(labelled.labels[index]), cell(labelled.documents[index])]
            writer.writerow([*cells, pooled.folds[row], *(f"{score:.6f}" for score in scores[row])])
    counts = np.zeros((len(pooled.categories),) * 2, int)
    np.add.at(counts, (pooled.truth, pooled.logits.argmax(axis=1)), 1)
    draw_confusion(counts, pooled.categories, ready / PICTURE)
    return put_in_place(ready, target)


def run_final(
    run: TrainingRun, material: Material, best_epochs: Sequence[int], summary: dict[str, Any], tables: Path
) -> Path:
    """One model of all pages, for as many epochs as the folds found best; figures and temperature are the folds'."""
    train, values = run.settings.train, summary["pooled"]
    splits = material.readable(["train"] * material.own)
    splits = cap_pages(material.labels[: material.own], splits, train.max_categ, 0, run.settings.setup.seed)
    epochs = round(statistics.median(best_epochs))
    run.chat(f"final model: all pages, {epochs} epochs")
    fitted = fit(run, material, splits, run.work.folder / "run_final", epochs=epochs)
    fitted.classifier.temperature = values["temperature"]
    record = make_record(run, material, splits, fitted) | {"temperature": values["temperature"], "out_of_fold": summary}
    text = (
        f"All pages were trained on, so there is no accuracy on pages of its own. Models trained the same way in "
        f"{train.folds}-fold\ncross-validation, each page sorted by a model that never saw its document "
        f"(`out_of_fold.csv`): accuracy\n{show(values)}, top-3 {100 * values['top_3']:.1f} %, "
        f"macro-F1 {values['macro_f1']:.3f}. The temperature is fitted on these."
    )
    split_file = run.work.folder / "split.csv"
    if is_main():
        write_split(split_file, material.labelled, splits)
    return save(run, fitted, record, text, [split_file, *(tables / name for name in (FOLDS_FILE, TABLE, PICTURE))])


def _indices(splits: Sequence[str], part: str) -> list[int]:
    return [i for i, split in enumerate(splits) if split == part]
