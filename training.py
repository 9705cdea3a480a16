"""Fine-tuning: label folders go in, a model folder comes out.

    python run.py --train -d LABEL_FOLDERS -m EfficientNet-Lite0 --name mine

Pages are split by document; the best epoch by validation is kept; its temperature is fitted on validation pages. Work
files lie in `models/NAME.training/` until the model folder is complete, so a killed training goes on with `--resume`.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import backbone
from categories import label_descriptions
from model_folders import choose_model, file_name_of_base
from pages import load_pages, save_pages
from progress import Progress
from training_data import (
    UNREADABLE,
    BalancedSampler,
    LabelledPages,
    PageStore,
    cap_pages,
    find_labelled,
    write_split,
)
from utils import SPLITS, UserError, accuracy_interval, fit_temperature, printable, split_documents, split_warnings

if TYPE_CHECKING:
    from classifier import PageClassifier
    from learner import Recipe
    from run import Job
    from settings import Settings

MIN_STEPS = 16  # batches an epoch has at least: validating after every third batch of a tiny set is noise
WORK = ".training"  # the work folder's ending
LIBRARIES = ("torch", "transformers", "timm", "accelerate", "pillow", "numpy", "safetensors", "tokenizers")


def run_training(settings: Settings, job: Job) -> int:
    """Train a model as `[train]` and the flags say; print its folder's path last. The exit code is 0.

    Raises UserError, before any work, for what the user can mend.
    """
    say = _silent if settings.setup.quiet else _say
    start = Start.choose(settings, job)
    folder = Path(job.directory or settings.train.folder)
    work = Work.resume(settings, job, start) if job.resume else Work.begin(settings, job, start, folder)
    with work:
        found = work.found
        for line in (*found.notes, *split_warnings(found.labels, found.documents)):
            say(f"warning: {line}")
        if settings.train.folds:
            from folds import run_folds

            result = run_folds(settings, work, start, say)
        else:
            result = run_single(settings, work, start, say)
        work.finish()
    print(result)
    return 0


def run_single(settings: Settings, work: Work, start: Start, say: Callable[[str], None]) -> Path:
    """One training on one split by document; the path of its model folder."""
    found, train = work.found, settings.train
    splits = split_documents(
        found.labels, found.documents, settings.setup.seed, (1 - train.validation - train.test, train.validation, train.test)
    )
    splits = cap_pages(found.labels, splits, train.max_categ, train.max_categ_eval, settings.setup.seed)
    classifier = start.open(settings, work)
    material = Material.prepare(settings, work, classifier, splits, say)
    splits = material.readable(splits)
    write_split(work.folder / "split.csv", found, splits)
    say(f"split by document: {_counts(splits)}")
    recipe = make_recipe(settings, classifier, sum(split == "train" for split in splits))
    fitted = fit(classifier, material, splits, recipe, work.folder / "run", settings)
    logits = {part: material.logits(classifier, splits, part) for part in ("validation", "test")}
    classifier.temperature = fit_temperature(*logits["validation"])
    figures = {
        part: figures_of(*logits[part], [found.documents[i] for i in material.places(splits, part)]) for part in logits
    }
    record = make_record(settings, work, start, material, splits, recipe, fitted) | {
        "temperature": classifier.temperature,
        **figures,
    }
    for part, values in figures.items():
        if values["pages"]:
            say(f"{part}: {show_accuracy(values)}")
    return save_model(classifier, work, work.name, record, [work.folder / "split.csv"], work.folder / "run")


@dataclass
class Start:
    """Where training starts: `name` for people; `base` its base code; `open` gives a fresh classifier each time.

    seen: the documents that a fine-tuned start has trained on already (empty for a clean start).
    """

    name: str
    base: str
    choice: Any  # a ModelChoice, or None for the base that backbone.py builds
    seen: frozenset[str]
    texts: dict[str, list[str]] | None  # the descriptions chosen by -cc or --avg

    @classmethod
    def choose(cls, settings: Settings, job: Job) -> Start:
        """`--model_path`, else `-m`, else the untuned EfficientNet-Lite0: never silently another fine-tuned model."""
        from predict import chosen_descriptions

        texts = chosen_descriptions(settings)
        if not job.model_path and (not job.model or backbone.is_base(job.model)):
            backbone.weights_file()
            return cls(backbone.BASE, backbone.BASE, None, frozenset(), texts)
        choice = choose_model(settings, job)
        record = _read_record(Path(choice.source))
        return cls(str(choice.source), choice.base, choice, frozenset(documents_seen(record)), texts)

    def open(self, settings: Settings, work: Work) -> PageClassifier:
        """The classifier to train, with the categories of the label folders, on its device, in fp32."""
        from classifier import PageClassifier, load_classifier
        from predict import default_descriptions

        labels = work.categories
        if self.choice is None:
            texts = self._describe(labels, self.texts or default_descriptions(settings))
            classifier = make_base(texts, settings.setup.seed)
        else:
            classifier = load_classifier(
                self.choice.source,
                kind=self.choice.kind,
                descriptions=None if self.choice.kind != "base" else self._describe(labels, self.texts or default_descriptions(settings)),
                tokenizer=settings.setup.tokenizer or None,
                base=self.choice.base,
            )
            classifier.use_categories(
                self._describe(labels, self.texts or {**default_descriptions(settings), **classifier.descriptions})
            )
        assert isinstance(classifier, PageClassifier)
        return classifier.to(settings.setup.device, "fp32")
