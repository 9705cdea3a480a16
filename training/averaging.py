"""Averaging: the weights of several models of one training (usually its folds) become one model folder.

    python run.py --average "models/mine_fold_*" --name mine_average

The mean of weights in the same basin is often as good as an ensemble and costs one model (Wortsman et al. 2022, "Model
soups"). Its parts saw each other's test pages, so none of their figures holds for the average: test it on other pages.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from encoders.card import averaged_card
from encoders.choosing import file_name_of_base
from encoders.identity import model_hash
from training.command import Averaging
from training.record import documents_seen, read_record, read_seen, write_seen
from utils import UserError, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings


def run_average(settings: Settings, job: Averaging) -> int:
    """Average the model folders of `--average` into a new one; the last line printed is its path. Returns 0.

    Raises UserError: fewer than two folders, one that is no model folder, other base, categories, transform or tensors,
    a name that is taken.
    """
    folders = list(dict.fromkeys(folder.resolve() for folder in job.parts))
    if len(folders) < 2:
        raise UserError(f"--average needs two model folders or more, not {len(folders)}")
    average = averaged(folders)
    name = job.name or f"{file_name_of_base(average.base)}_average_{time.strftime('%Y%m%d-%H%M%S')}"
    if Path(name).name != name or name.startswith("."):
        raise UserError(f"--name {printable(name)}: a plain folder name is wanted, such as mine_average")
    seen = set().union(*(documents_seen(read_record(folder)) for folder in folders))
    average.record = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "name": name,
        "base": average.base,
        "averaged": {folder.name: model_hash(folder) for folder in folders},
        "documents": {"train": sorted(seen), "validation": [], "test": [], "before": []},
    }
    card = averaged_card(average, name, [folder.name for folder in folders], len(seen))
    target = average.save_pretrained(settings.setup.model_dir / name, card=card)
    write_seen(target, set().union(*map(read_seen, folders)))
    print(
        f"warning: the {len(folders)} models saw each other's test pages: none of their figures holds for the average",
        file=sys.stderr,
    )
    print(target)
    return 0


def averaged(folders: Sequence[Path]) -> PageClassifier:
    """The model whose weights, scale and temperature are the means of theirs; UserError where they do not match.

    What their temperatures go by, and which score they recommend, is not carried over: it is fitted anew for a model
    (data_scripts/fit_confidence.py).
    """
    from classifier import PageClassifier

    average = PageClassifier.from_pretrained(folders[0])
    mean = {name: tensor.double() for name, tensor in average.engine.model.state_dict().items()}
    scales, temperatures = [average.logit_scale], [average.temperature]
    for folder in folders[1:]:
        part = PageClassifier.from_pretrained(folder)
        _must_match(average, part, folders[0], folder)
        for name, tensor in part.engine.model.state_dict().items():
            if tensor.is_floating_point():
                mean[name] += tensor.double()
        scales.append(part.logit_scale)
        temperatures.append(part.temperature)
    count = len(folders)
    state = {
        name: (mean[name] / count).to(first.dtype) if first.is_floating_point() else first
        for name, first in average.engine.model.state_dict().items()
    }
    average.engine.model.load_state_dict(state)
    average.use_categories(average.descriptions)
    average.unlikeness, average.review_below = None, 0.0
    average.logit_scale, average.temperature = sum(scales) / count, sum(temperatures) / count
    return average


def _must_match(first: PageClassifier, other: PageClassifier, folder: Path, next_folder: Path) -> None:
    """UserError where two models cannot be averaged: what differs, and both values."""
    pairs: Sequence[tuple[str, object, object]] = (
        ("base", first.base, other.base),
        ("categories", ", ".join(first.categories), ", ".join(other.categories)),
        ("transform", first.transform.to_dict(), other.transform.to_dict()),
        ("prompt", first.prompt, other.prompt),
        ("descriptions", first.descriptions, other.descriptions),
        ("head", first.engine.head, other.engine.head),
        ("vocabulary", *(c.engine.tokenizer and c.engine.tokenizer.get_vocab() for c in (first, other))),
    )
    for what, one, two in pairs:
        if one != two:
            shown = f": {one} and {two}" if what in ("base", "categories") else ""
            raise UserError(f"{folder.name} and {next_folder.name} differ in {what}{shown}; only equals are averaged")
    shapes = [
        {name: tuple(tensor.shape) for name, tensor in c.engine.model.state_dict().items()} for c in (first, other)
    ]
    if shapes[0] != shapes[1]:
        raise UserError(f"{folder.name} and {next_folder.name} differ in their tensors; only equals are averaged")
