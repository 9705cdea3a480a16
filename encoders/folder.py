"""The files of a complete model folder beside the weights: written and read together, checked against each other.

    parts = read_parts(Path("models/mine"))      # settings, transform, prototypes, card

| file | holds |
|---|---|
| `config.json`, `model.safetensors` | the dual encoder (transformers) |
| `tokenizer.json`, `tokenizer_config.json` | its tokenizer |
| `page_classifier.json` | base, categories, descriptions, prompt, scale, temperature, transform, learned, licence |
| `prototypes.safetensors` | [categories, dimensions] float32 unit rows |
| `unlikeness.safetensors` | what a page's temperature goes by (unlikeness.py); absent where all have the same |
| `training.json` | the training record; absent for an untuned model |
| `README.md` | the card |
| `image.onnx`, `text.onnx`, `graphs.json` | its graphs (graphs.py); absent where the model cannot be exported |

A model with a plain head (heads.py) is an image classifier in the first line, and its `page_classifier.json` names the
layer that is its head: it has no tokenizer, no prototypes and no descriptions.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from encoders.card import Described
from encoders.descriptions import prompts, same_label
from encoders.earlier import PAGE_CLASSIFIER
from encoders.heads import name_categories, written_labels
from encoders.towers import one_line, read_json
from encoders.unlikeness import Unlikeness
from output.console import say
from reading.transform import PageTransform
from utils import UserError, did_you_mean

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FORMAT = 1
CONFIG, WEIGHTS, CARD, TRAINING = "config.json", "model.safetensors", "README.md", "training.json"
TOKENIZER, PROTOTYPES = "tokenizer.json", "prototypes.safetensors"
REQUIRED = (CONFIG, WEIGHTS, PAGE_CLASSIFIER, CARD)
JUDGED = "confidence.csv"  # the pages that its confidence was fitted to; absent where it was not
OF_WORDS = (TOKENIZER, "tokenizer_config.json", PROTOTYPES)  # required of a dual encoder
KEYS: dict[str, type | tuple[type, ...]] = {
    "format": int,
    "base": str,
    "categories": list,
    "descriptions": dict,
    "prompt": str,
    "lowercase": bool,
    "logit_scale": (int, float),
    "temperature": (int, float),
    "transform": dict,
    "learned": list,
    "revision": str,
    "licence": str,
}
WORDS = ("descriptions", "prompt", "lowercase", "logit_scale")  # keys that a model with a plain head has not: "head"
CONFIDENCE = ("temperature_slope", "review_below")  # numbers that fit_confidence.py adds; other models have neither
AGAIN = "copy or pull the folder again"


@dataclass(frozen=True)
class Parts:
    """What a folder holds beside weights and tokenizer; `settings` are keyword arguments of `PageClassifier`.

    prototypes: None of a model with a plain head, whose name is `head`. slope: that of its `Unlikeness`, None without.
    """

    settings: dict[str, Any]
    transform: PageTransform
    prototypes: np.ndarray | None  # float32 [C, D]
    card: str
    head: str = ""
    slope: float | None = None


class Saved(Described, Protocol):
    """What a folder holds of a model; `PageClassifier` has it. prototypes: [C, D]."""

    engine: Any
    descriptions: dict[str, list[str]]
    prompt: str
    lowercase: bool
    logit_scale: float
    revision: str
    record: dict[str, Any]
    prototypes: np.ndarray
    unlikeness: Unlikeness | None
    review_below: float


def write_parts(classifier: Saved, folder: Path, *, card: str, dtype: str) -> None:
    """Write all files of `classifier` into `folder`, which exists and is empty."""
    import torch
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model = classifier.engine.model
    if dtype != "float32":
        model = copy.deepcopy(model).to(getattr(torch, dtype))
    head = classifier.engine.head
    if head:
        name_categories(model, classifier.categories)
    model.save_pretrained(folder)
    settings = {
        "format": FORMAT,
        "base": classifier.base,
        "categories": classifier.categories,
        **({"head": head} if head else {name: getattr(classifier, name) for name in WORDS}),
        "temperature": classifier.temperature,
        "transform": classifier.transform.to_dict(),
        "learned": classifier.learned,
        "revision": classifier.revision,
        "licence": classifier.licence,
    }
    if classifier.unlikeness is not None:
        settings["temperature_slope"] = classifier.unlikeness.slope
        classifier.unlikeness.write(folder)
    if classifier.review_below:
        settings["review_below"] = classifier.review_below
    _write_json(folder / PAGE_CLASSIFIER, settings)
    if classifier.record:
        _write_json(folder / TRAINING, classifier.record)
    if not head:
        classifier.engine.tokenizer.save_pretrained(folder)
        metadata = {"texts": _texts_hash(classifier.descriptions, classifier.prompt, classifier.lowercase)}
        prototypes = np.ascontiguousarray(classifier.prototypes, np.float32)
        save_file({"prototypes": prototypes}, folder / PROTOTYPES, metadata=metadata)
    (folder / CARD).write_text(card, encoding="utf-8", newline="\n")
    if reason := make_graphs(classifier, folder, model.float()):
        say(f"note: the model gets no graphs, PyTorch will compute it: {reason}")
    if os.name == "posix":  # safetensors files are written for their owner alone; a shared models/ is for all
        mode = (folder / CARD).stat().st_mode & 0o777
        for file in folder.iterdir():
            file.chmod(mode)


def make_graphs(classifier: Saved, folder: Path, model: PreTrainedModel | None = None) -> str:
    """Write the graphs of a model into its folder, where its weights lie; "", or in a line why it has none.

    model: the classifier's, as its weights stand in the folder (halves, widened); None: just as it is.
    """
    from encoders.graph_export import write_graphs

    texts = prompts(classifier.descriptions, classifier.prompt, classifier.lowercase)
    return write_graphs(
        folder, model or classifier.engine.model, classifier.engine.tokenizer, classifier.transform, texts
    )


def read_parts(folder: Path) -> Parts:
    """Read and check the parts. UserError, with folder and part: missing, unknown, of a wrong kind, not fitting."""
    if not folder.is_dir():
        raise UserError(f"no model folder {folder}")
    for name in REQUIRED:
        if not (folder / name).is_file():
            raise UserError(f"{folder}: {name} is missing; the model folder is incomplete, {AGAIN}")
    values = read_json(folder / PAGE_CLASSIFIER)
    where = f"{folder}: {PAGE_CLASSIFIER}"
    if values.get("format", FORMAT) != FORMAT:
        raise UserError(f"{where} has format {values['format']!r}, this version reads {FORMAT}: update the project")
    plain = "head" in values
    for name in () if plain else OF_WORDS:
        if not (folder / name).is_file():
            raise UserError(f"{folder}: {name} is missing; the model folder is incomplete, {AGAIN}")
    keys = {key: kind for key, kind in KEYS.items() if key not in WORDS} | {"head": str} if plain else KEYS
    confidence = {key: values.pop(key) for key in CONFIDENCE if key in values}
    for key in values:
        if key not in keys:
            raise UserError(f"{where} has an unknown key {key!r}{did_you_mean(key, [*keys, *CONFIDENCE])}")
    for key, kind in keys.items():
        if key not in values:
            raise UserError(f"{where} lacks {key!r}; {AGAIN}")
        if not isinstance(values[key], kind) or (isinstance(values[key], bool) and kind is not bool):
            raise UserError(f"{where}: {key} has a value of the wrong kind ({type(values[key]).__name__}); {AGAIN}")
    for key in ("temperature",) if plain else ("logit_scale", "temperature"):
        if not (math.isfinite(values[key]) and values[key] > 0):
            raise UserError(f"{where}: {key} must be above 0, not {values[key]}")
    for key, value in confidence.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 <= value <= (1 if key == "review_below" else 10):
            raise UserError(f"{where}: {key} must be a number from 0 on, not {value!r}; {AGAIN}")
    values["review_below"], slope = float(confidence.get("review_below", 0)), confidence.get("temperature_slope")
    if not plain and "{description}" not in values["prompt"]:
        raise UserError(f"{where}: prompt must hold {{description}}")
    categories = values.pop("categories")
    if plain:
        values |= {"descriptions": {str(label): [str(label)] for label in categories}, "logit_scale": 1.0}
    descriptions = values["descriptions"]
    if not _texts(categories) or not _texts(values["learned"]) or not all(map(_texts, descriptions.values())):
        raise UserError(f"{where}: categories, descriptions and learned must hold texts")
    if len({same_label(label) for label in categories}) != len(categories) or set(categories) != set(descriptions):
        raise UserError(f"{where}: categories and descriptions do not name the same labels, each once; {AGAIN}")
    values["descriptions"] = {label: descriptions[label] for label in categories}
    try:
        transform = PageTransform.from_dict(values.pop("transform"))
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    del values["format"]
    values["record"] = read_json(folder / TRAINING) if (folder / TRAINING).is_file() else {}
    head = values.pop("head", "")
    if plain:
        if list(map(same_label, written_labels(folder))) != list(map(same_label, categories)):
            raise UserError(
                f"{folder}: {CONFIG} calls the outputs of its head otherwise than {PAGE_CLASSIFIER}: they do not "
                f"belong together; {AGAIN}"
            )
        return Parts(values, transform, None, _read_card(folder), head, slope)
    prototypes, texts = _read_prototypes(folder)
    if prototypes.ndim != 2 or len(prototypes) != len(categories):
        raise UserError(
            f"{folder}: {PROTOTYPES} is for {len(prototypes) if prototypes.ndim else 0} categories, {PAGE_CLASSIFIER} "
            f"names {len(categories)}: they do not belong together; {AGAIN}"
        )
    if texts != _texts_hash(values["descriptions"], values["prompt"], values["lowercase"]):
        raise UserError(
            f"{folder}: {PROTOTYPES} was computed from other categories or descriptions than {PAGE_CLASSIFIER} names; "
            f"{AGAIN} (other categories are chosen with -cc, not by editing)"
        )
    if not np.allclose(np.linalg.norm(prototypes, axis=1), 1, atol=1e-3):
        raise UserError(f"{folder}: {PROTOTYPES} holds rows that are not of unit length; {AGAIN}")
    return Parts(values, transform, prototypes, _read_card(folder), slope=slope)


def _read_card(folder: Path) -> str:
    try:
        return (folder / CARD).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{folder}: {CARD} cannot be read ({one_line(error)})") from error


def _read_prototypes(folder: Path) -> tuple[np.ndarray, str]:
    try:
        with safe_open(folder / PROTOTYPES, "np") as file:
            if list(file.keys()) != ["prototypes"]:
                raise UserError(
                    f"{folder}: {PROTOTYPES} must hold one tensor 'prototypes', not {list(file.keys())[:3]}"
                )
            return file.get_tensor("prototypes").astype(np.float32), (file.metadata() or {}).get("texts", "")
    except (OSError, SafetensorError) as error:
        raise UserError(f"{folder}: {PROTOTYPES} cannot be read ({one_line(error)}); {AGAIN}") from error


def _texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) and value.strip() for value in values)


def _texts_hash(descriptions: Mapping[str, Sequence[str]], prompt: str, lowercase: bool) -> str:
    """What ties prototypes to the texts they were computed from."""
    text = json.dumps([list(descriptions.items()), prompt, lowercase], ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _write_json(file: Path, values: Mapping[str, Any]) -> None:
    text = json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8", newline="\n")
