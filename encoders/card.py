"""The model card (README.md of a model folder): what it is, its data, its figures, what it is for, its limits, licence.

card = trained_card(classifier, "mine", record, "Held-out pages: 86.2 % (95 % interval 79.0 to 92.1, ...)")
gaps(card)                                    # what a card says nothing on: [] for those that are written here
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from encoders.base import BASE, PACKAGE
from encoders.base import LICENCE as LICENCE_OF_BASE

if TYPE_CHECKING:
    from reading.transform import PageTransform

SECTIONS = ("Data", "Figures", "Intended use", "Limits", "Licence")
LICENCE = re.compile(r"\A---\s*\n(?:.*\n)*?license:\s*[\"']?([\w.-]+)")


class Described(Protocol):
    """What a card says of a model; `PageClassifier` has it."""

    engine: Any
    base: str
    learned: list[str]
    licence: str
    temperature: float
    transform: PageTransform

    @property
    def categories(self) -> list[str]: ...  # noqa: D102


def trained_card(classifier: Described, name: str, record: dict[str, Any], figures: str) -> str:
    """The card of a model that was trained here. record: its training record; figures: text, with intervals."""
    pages, recipe = record["pages_per_category"], record["recipe"]
    rows = "\n".join(f"| {label} | {pages.get(label, 0)} |" for label in classifier.categories)
    extra = f" and {record['extra_pages']} extra pages" if record["extra_pages"] else ""
    kept = record.get("start_share")
    went_back = f"\nThe weights are {100 * kept:.0f} % those of the start." if kept else ""
    data = f"""Training started from {record["start"]}; what learned: `towers = "{recipe["towers"]}"`. Trained on
{sum(pages.values())} pages of {len(record["documents"]["train"])} documents{extra}: {record["epochs"]} epochs, the
weights of epoch {record["best_epoch"]} kept, seed {record["seed"]}. No document stands in two parts of the split.
How it was trained: `training.json`, `metrics.jsonl`, `curves.png`.{went_back}

| category | training pages |
|---|---|
{rows}"""
    return _card(classifier, name, data + _ingredients(classifier.base), figures)


def averaged_card(classifier: Described, name: str, parts: Sequence[str], documents: int) -> str:
    """The card of a model whose weights are the mean of other models' weights. documents: those that any part saw."""
    data = f"""The mean of the weights of {len(parts)} models: {", ".join(parts)}. Together they saw {documents}
documents. `training.json` names both."""
    figures = """None: the averaged models saw each other's test pages, so their figures do not hold for the average.
Evaluate it on pages of other documents (`--eval -d`)."""
    return _card(classifier, name, data + _ingredients(classifier.base), figures)


def earlier_card(classifier: Described, name: str, source: str) -> str:
    """The card of a model of an earlier tool. source: where its folder or checkpoint came from."""
    learned = ", ".join(classifier.learned) or "not told"
    data = f"""Weights, categories and descriptions come from {source}; they were converted, not trained again, and give
the same probabilities. What it was trained on stands in no file of it. Learned categories: {learned}."""
    figures = "None were measured here: evaluate it on your own pages before you trust it."
    return _card(classifier, name, data, figures)


def licence_of(card: str) -> str:
    """The licence in a card's front matter, "" where it names none.

    >>> licence_of("---\\nlicense: mit\\n---\\n# A model")
    'mit'
    """
    front = LICENCE.match(card.replace("\r\n", "\n"))
    return front[1] if front and "\n---" not in front[0][3:] else ""


def gaps(card: str) -> list[str]:
    """The sections that a card lacks; a licence that nobody named counts as lacking.

    >>> gaps("---\\nlicense: mit\\n---\\n## Data\\n## Figures\\n## Limits\\n")
    ['intended use']
    """
    missing = [name.lower() for name in SECTIONS[:-1] if not re.search(rf"(?im)^#+ *{name}\b", card)]
    return missing + (["licence"] if licence_of(card) in ("", "other", "unknown") else [])


def _ingredients(base: str) -> str:
    if base != BASE:
        return ""
    return f"""

Image tower: ImageNet weights of `{PACKAGE}` ({LICENCE_OF_BASE}, timm's `tf_efficientnet_lite0`).
Text tower: made and trained here; it knows the words of its training descriptions and little else."""


def _card(classifier: Described, name: str, data: str, figures: str) -> str:
    licence = classifier.licence or "other"
    named = licence if classifier.licence else "not named: ask whoever made it before you pass it on"
    kind = "image-classification" if classifier.engine.head else "zero-shot-image-classification"
    view = (
        "It sees the middle square of a page only: what stands above, below or beside it does not count."
        if classifier.transform.fit == "crop"
        else "It sees the whole page, reduced to "
        f"{classifier.transform.size[1]} x {classifier.transform.size[0]} pixels: small marks are lost."
    )
    return f"""---
license: {licence}
library_name: transformers
pipeline_tag: {kind}
tags: [page-classification, historical-documents]
---

# {name}

Sorts scanned pages into {len(classifier.categories)} categories: {", ".join(classifier.categories)}.
Base: {classifier.base}.

## Data

{data}

## Figures

{figures}

## Intended use

Sorting scans of documents, page by page, before further work such as reading text or finding pictures. Sort a folder:
`python run.py --model_path models/{name} -d pages/`. Look at pages of low score before you rely on them.

## Limits

- A page of none of these categories still gets one of them.
- {view}
- Scores are probabilities at temperature {classifier.temperature:.3f}; they are worth what the figures above say, on
  pages like those of the data. Other scripts, periods, scanners or languages: evaluate it on your own pages first.
- It judges the look of a page, not what is written on it.

## Licence

{named}
"""
