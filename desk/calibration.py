"""How sure is a score really: what a model folder says of how often pages with such a score were right.

    trust = trust_of(Path("models/mine"), classifier)
    trust.judged.accuracy, trust.bands, trust.limits

Written as the model was trained: the figures of `training.json`, the scores of pages by models that never saw them
(`confidence.csv`, where its confidence was fitted; else `out_of_fold.csv`), and the limits of the card. Nothing is
measured here, and what is not there is not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from desk.answers import wilson
from encoders.folder import JUDGED
from output.spreadsheets import number_in, read_table
from output.tables import category_columns
from utils import UserError

if TYPE_CHECKING:
    from classifier import PageClassifier

TABLE = "out_of_fold.csv"
BANDS = (0.0, 0.5, 0.8, 0.95, 1.0)  # of the best score of a page


class Band(BaseModel):
    """Pages whose best score lies from `low` to `high`: how many, how many were right, and the 95 % interval of their
    share (Wilson), [0, 1] where there is no page.
    """

    low: float
    high: float
    pages: int
    right: int
    interval: tuple[float, float]


class Judged(BaseModel):
    """What judged a model. by: "folds" (each page by a model that never saw its document) or "test" (pages apart)."""

    by: str
    pages: int
    documents: int
    accuracy: float
    interval: tuple[float, float]


class Trust(BaseModel):
    """How far scores can be trusted. temperature: what logits are divided by; fitted: on pages, else it is 1.

    judged: null where the folder names no figures. bands: [] where it keeps no scores. limits: as the card has them.
    """

    trained: bool
    fitted: bool
    temperature: float
    judged: Judged | None = None
    bands: list[Band] = Field(default_factory=list)
    limits: list[str] = Field(default_factory=list)


def trust_of(folder: Path, classifier: PageClassifier) -> Trust:
    """What the folder of a model says; of other categories than it learned, nothing holds but the limits."""
    own = sorted(classifier.learned) == sorted(classifier.categories)
    return Trust(
        trained=bool(classifier.learned),
        fitted=own and (classifier.temperature != 1 or classifier.unlikeness is not None),
        temperature=round(classifier.temperature, 4),
        judged=_judged(classifier.record) if own else None,
        bands=_bands(folder, classifier.categories) if own else [],
        limits=_limits(classifier.card),
    )


def _judged(record: dict[str, Any]) -> Judged | None:
    """The figures of a training record."""
    folds = record.get("out_of_fold")
    for by, values in (
        ("folds", folds.get("pooled") if isinstance(folds, dict) else None),
        ("test", record.get("test")),
    ):
        try:
            if values and values["pages"]:
                return Judged(by=by, **{name: values[name] for name in ("pages", "documents", "accuracy", "interval")})
        except (KeyError, TypeError, ValueError):
            continue
    return None


def _bands(folder: Path, categories: Sequence[str]) -> list[Band]:
    """What the kept scores of a model say; [] where it kept none, or they are not of these categories."""
    counts = [[0, 0] for _ in BANDS[1:]]
    try:
        for best, right in _fitted(folder / JUDGED) if (folder / JUDGED).is_file() else _by_folds(folder, categories):
            at = next(number for number, edge in enumerate(BANDS[1:]) if best <= edge or edge == BANDS[-1])
            counts[at][0] += 1
            counts[at][1] += right
    except (UserError, KeyError):
        return []
    if not any(pages for pages, _ in counts):
        return []
    return [
        Band(low=low, high=high, pages=pages, right=right, interval=wilson(right, pages))
        for low, high, (pages, right) in zip(BANDS, BANDS[1:], counts, strict=False)
    ]


def _fitted(file: Path) -> Iterator[tuple[float, bool]]:
    """Best score of each real page that the confidence was fitted to, and whether it is right."""
    for _, row in read_table(file, ("SOURCE", "CATEGORY", "CLASS-1", "SCORE-1")).rows:
        if not row["SOURCE"].startswith("drawn"):
            yield number_in(row["SCORE-1"]) or 0.0, row["CLASS-1"] == row["CATEGORY"]


def _by_folds(folder: Path, categories: Sequence[str]) -> Iterator[tuple[float, bool]]:
    """The same of each page that a fold judged."""
    columns = category_columns(categories)
    if (folder / TABLE).is_file():
        for _, row in read_table(folder / TABLE, ("CATEGORY", *columns)).rows:
            scores = [number_in(row[column]) or 0.0 for column in columns]
            yield max(scores), categories[scores.index(max(scores))] == row["CATEGORY"]


def _limits(card: str) -> list[str]:
    """The points under "Limits" of a card, as plain text."""
    section = re.search(r"(?ims)^#+ *limits\s*$(.*?)(?=^#|\Z)", card)
    if section is None:
        return []
    points = re.split(r"(?m)^\s*[-*] +", section[1])[1:]
    return [" ".join(point.replace("`", "").split()) for point in points]
