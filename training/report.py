"""What a training leaves behind: figures, the training record, curves, the card, and the model folder itself.

text = show(figures(logits, truth, documents))        # 86.2 % (95 % interval 79.0 to 92.1, ...)
save(run, fitted, record, text, files=[split])
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders.card import trained_card
from encoders.words import NAME, WordKnowledge
from output.pictures import new_figure, save_figure
from training.processes import is_main, process_count
from training.record import METRICS, write_seen
from training.work import Work
from utils import UserError, accuracy_interval, printable, versions_of

if TYPE_CHECKING:
    from training.fitting import Fitted
    from training.material import Material
    from training.start import TrainingRun

LIBRARIES = ("torch", "transformers", "timm", "pillow", "numpy", "safetensors", "tokenizers")


def figures(logits: np.ndarray, truth: np.ndarray, documents: Sequence[str]) -> dict[str, Any]:
    """Pages, documents, accuracy and its 95 % interval by bootstrap over documents; None where there are no pages."""
    right = logits.argmax(axis=1) == truth if len(truth) else np.zeros(0, bool)
    return {
        "pages": len(truth),
        "documents": len(set(documents)),
        "accuracy": round(float(right.mean()), 4) if len(truth) else None,
        "interval": [round(edge, 4) for edge in accuracy_interval(right, documents)] if len(truth) else None,
    }


def show(values: dict[str, Any]) -> str:
    """`86.2 % (95 % interval 79.0 to 92.1, 58 pages of 41 documents)`; "none" for no pages."""
    if not values["pages"]:
        return "none"
    low, high = (100 * edge for edge in values["interval"])
    size = f"{values['pages']} pages of {values['documents']} documents"
    return f"{100 * values['accuracy']:.1f} % (95 % interval {low:.1f} to {high:.1f}, {size})"


def make_record(run: TrainingRun, material: Material, splits: Sequence[str], fitted: Fitted) -> dict[str, Any]:
    """The training record: what was trained, from what, on which documents, with which numbers."""

    def named(part: str) -> list[str]:
        return sorted({printable(d) for d, split in zip(material.documents, splits, strict=False) if split == part})

    settings, start, work = run.settings, run.start, run.work
    # `fit` leaves out extra pages of documents that judge
    extra = {printable(document) for document in material.documents[material.own :]}
    extra -= {*named("validation"), *named("test")}
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "name": work.name,
        "base": fitted.classifier.base,
        **({"words": NAME if WordKnowledge.find() else "random"} if start.choice is None else {}),
        "start": relative(Path(start.name), work.models) if Path(start.name).is_dir() else start.name,
        "data": relative(material.labelled.root, work.models / work.name),
        "pages": dict(sorted(Counter(splits).items())),
        "pages_per_category": dict(
            sorted(Counter(material.labels[i] for i, split in enumerate(splits) if split == "train").items())
        ),
        "extra_pages": len(material.labels) - material.own,
        "documents": {part: named(part) for part in ("train", "validation", "test")}
        | {"extra": sorted(extra), "before": sorted(start.seen)},
        "split": split_name(run),
        "seed": settings.setup.seed,
        "device": device_name(settings.setup.device),
        "precision": fitted.recipe.precision,
        "processes": process_count(),
        "recipe": asdict(fitted.recipe),
        **({"start_share": settings.train.start_share} if settings.train.start_share else {}),
        **asdict(fitted.learned),
        "versions": versions_of(LIBRARIES),
    }


def split_name(run: TrainingRun) -> str:
    """What divided the pages, as the record says it."""
    if run.split is not None:
        return f"by {printable(run.split.file.name)}, column {printable(run.split.column)}"
    return "by fold" if run.settings.train.folds else f"by {run.settings.train.split}"


def device_name(device: str) -> str:
    """A device as a reader of the record knows it: `cpu`, `cuda:1 (NVIDIA L4)`."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})"


def save(run: TrainingRun, fitted: Fitted, record: dict[str, Any], text: str, files: Sequence[Path]) -> Path:
    """Put the complete model folder in its place: everything is written in the work folder, then renamed.

    record: its "name" is the folder's; text: what the card says of its figures; files: what lies beside the weights.
    """
    work, classifier, name = run.work, fitted.classifier, record["name"]
    target = work.models / name
    if not is_main():
        return target
    classifier.record = record
    ready = work.folder / f"{name}.ready"
    shutil.rmtree(ready, ignore_errors=True)
    classifier.save_pretrained(ready, card=trained_card(classifier, name, record, text))
    metrics = fitted.folder / METRICS
    for file in (*files, metrics):
        shutil.copyfile(file, ready / file.name)
    write_seen(ready, fitted.contents)
    draw_curves(metrics, ready / "curves.png")
    return put_in_place(ready, target)


def put_in_place(ready: Path, target: Path) -> Path:
    """Rename a complete folder to its place. UserError where something came to stand there meanwhile."""
    if target.exists():
        raise UserError(f"{target} exists already; nothing is ever written over: the new folder is {ready}")
    ready.rename(target)
    return target


def finished(work: Work, name: str) -> bool:
    """Whether the model folder of that name stands: it is put in its place whole, and the name is this training's."""
    return (work.models / name / "training.json").is_file()


def relative(path: Path, start: Path) -> str:
    """`path` as seen from the folder `start`, so that both can be moved together; absolute on another Windows drive."""
    try:
        return Path(os.path.relpath(path.resolve(), start.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def draw_curves(metrics: Path, file: Path) -> None:
    """Loss and accuracy by epoch, from metrics.jsonl, as PNG."""
    lines = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    figure = new_figure(9, 3.6)
    loss, accuracy = figure.subplots(1, 2)
    for axes, names in ((loss, ("loss", "validation_loss")), (accuracy, ("validation_accuracy",))):
        for name in names:
            points = [(line["epoch"], line[name]) for line in lines if name in line]
            if points:
                axes.plot(*zip(*points, strict=True), marker=".", label=name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend()
        else:
            axes.text(0.5, 0.5, "no validation pages", ha="center", transform=axes.transAxes)
    loss.set_ylabel("cross-entropy")
    loss.set_title("training loss is on augmented pages, with label smoothing", fontsize=9)
    accuracy.set_ylabel("accuracy")
    accuracy.set_ylim(0, 1.02)
    save_figure(figure, file, dpi=110)
