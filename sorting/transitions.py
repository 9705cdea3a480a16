"""Which category follows which in a document: the shipped guess, a JSON that was learned, and the learning.

    transitions = read_transitions(Path("mine.json")).of(["DRAW", "PHOTO", "TEXT"])     # in the order of the scores
    transitions.after(3)[i, j]                # how likely the third page after one of category i is of category j
    counted = learn([[(1, "TEXT"), (2, "TEXT"), (7, "PHOTO")], ...])        # of each document: place and category

The JSON holds counts: pages of each category, pairs of pages that follow each other, and a weight. The shares of all
pages count as so many pairs: next[i, j] = (pairs of i and j + weight x share of j) / (pairs of i + weight).

The shipped guess is one number and knows no category: a page has the category of the page before it 0.15 more often
than by chance. That is half of what drawn documents show (35 % of their pages are like the one before, where chance
gives 9 %): what they contain is this project's own idea, and of real documents none is here in page order.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders.descriptions import same_label
from output.files import json_if_whole
from utils import UserError, key_of, listed, printable

if TYPE_CHECKING:
    from settings.schema import Settings

FORMAT = 1
LIKE_BEFORE = 0.15  # of the shipped guess
FARTHEST = 1000  # pages: what lies farther apart knows nothing of each other
WEIGHTS = (1, 3, 10, 30, 100, 300, 1000, 3000)  # `learn` takes the best of them
Document = Sequence[tuple[int, str]]  # place (`together.places`) and category of its pages, in page order


@dataclass(frozen=True, eq=False)
class Transitions:
    """next[i, j]: how likely category j stands on the page after one of category i, [C, C]; above 0, rows sum to 1."""

    categories: tuple[str, ...]
    next: np.ndarray
    _powers: dict[int, np.ndarray] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def share(self) -> np.ndarray:
        """How often each category is in the long run, [C]: before any page was seen, and after any number of them."""
        size = len(self.next)
        equations = np.vstack([self.next.T - np.eye(size), np.ones(size)])
        return np.linalg.lstsq(equations, np.array([*[0.0] * size, 1.0]), rcond=None)[0]

    def after(self, pages: int) -> np.ndarray:
        """`next` for so many pages later, 1 or more: [C, C]."""
        pages = min(pages, FARTHEST)
        if pages not in self._powers:
            self._powers[pages] = np.linalg.matrix_power(self.next, pages)
        return self._powers[pages]


@dataclass(frozen=True, eq=False)
class Learned:
    """What was counted in sorted documents; without a file the shipped guess, which knows no categories.

    pages [C], pairs [C, C] (of category i, then j), weight: see above. key: tells these transitions from others.
    """

    file: Path | None = None
    categories: tuple[str, ...] = ()
    pages: np.ndarray = field(default_factory=lambda: np.zeros(0))
    pairs: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    weight: float = 1.0
    key: str = "shipped"

    def of(self, categories: Sequence[str]) -> Transitions:
        """For the categories of a model, in the order of its scores; those that were not counted follow the shares.

        UserError where categories were counted that the model does not know.
        """
        size = len(categories)
        if self.file is None:
            matrix = np.full((size, size), (1 - LIKE_BEFORE) / size) + LIKE_BEFORE * np.eye(size)
            return Transitions(tuple(categories), matrix)
        if strange := [category for category in self.categories if category not in set(categories)]:
            raise UserError(
                f"[output] transitions: {printable(str(self.file))} is of categories that the model does not sort "
                f"into: {listed(strange, 3)}; learn it of pages sorted as the model sorts, or leave it empty"
            )
        at = [list(categories).index(category) for category in self.categories]
        pages, pairs = np.zeros(size), np.zeros((size, size))
        pages[at], pairs[np.ix_(at, at)] = self.pages, self.pairs
        return Transitions(tuple(categories), _matrix(pairs, pages, self.weight))

    def record(self) -> dict[str, str]:
        """What a run record says of them."""
        return {"transitions": printable(str(self.file.absolute())) if self.file else "shipped", "key": self.key}


def chosen_transitions(settings: Settings) -> Learned | None:
    """What `[output] sequence` and `transitions` ask for; None: pages stand by themselves."""
    return read_transitions(settings.output.transitions) if settings.output.sequence else None


def read_transitions(file: Path | None) -> Learned:
    """What `[output] transitions` names, None = the shipped guess. UserError where it cannot be read or is none."""
    if file is None:
        return Learned()
    shown = f"[output] transitions: {printable(str(file))}"
    if not file.is_file():
        raise UserError(f"{shown} is no file: data_scripts/learn_transitions.py writes one")
    try:
        return learned_of(json_if_whole(file), file)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UserError(
            f"{shown} is not what this version of data_scripts/learn_transitions.py writes: learn it again"
        ) from None


def learned_of(counted: dict[str, Any], file: Path) -> Learned:
    """What `learn` has counted. KeyError, TypeError, ValueError or AttributeError where it is nothing of the kind."""
    categories = tuple(same_label(category) for category in counted["categories"])
    pages, pairs = np.array(counted["pages"], dtype=np.float64), np.array(counted["pairs"], dtype=np.float64)
    weight, size = float(counted["weight"]), len(categories)
    numbers = np.concatenate([pages.ravel(), pairs.ravel(), [weight]])
    sound = np.isfinite(numbers).all() and (numbers >= 0).all() and weight > 0
    fits = len(set(categories)) == size and pages.shape == (size,) and pairs.shape == (size, size)
    if counted["format"] != FORMAT or not (sound and fits):
        raise ValueError("no counts of this version")
    return Learned(file, categories, pages, pairs, weight, key_of(categories, pages.tolist(), pairs.tolist(), weight))


def learn(documents: Sequence[Document]) -> dict[str, Any]:
    """The JSON of what sorted documents tell; only pages whose places follow each other are pairs.

    The weight is that by which each document's pairs are best foretold from all others': so one long document of one
    kind does not pass for the rule.

    UserError: fewer than two documents with such pairs.
    """
    categories = sorted({category for document in documents for _, category in document})
    index = {category: number for number, category in enumerate(categories)}
    size = len(categories)
    pages = np.zeros((len(documents), size))
    pairs = np.zeros((len(documents), size, size))
    for number, document in enumerate(documents):
        for _, category in document:
            pages[number, index[category]] += 1
        for (at, category), (following, other) in itertools.pairwise(document):
            pairs[number, index[category], index[other]] += following - at == 1
    able = int((pairs.sum(axis=(1, 2)) > 0).sum())
    if able < 2:
        raise UserError(
            "transitions need two documents or more that have pages in a row (named DOCUMENT-PAGE, no number between "
            f"them left out): {able or 'none'} of {len(documents)} has"
        )
    told = [_foretold(pairs, pages, weight) for weight in WEIGHTS]
    return {
        "format": FORMAT,
        "documents": len(documents),
        "weight": WEIGHTS[int(np.argmax(told))],
        "categories": categories,
        "pages": pages.sum(0).astype(int).tolist(),
        "pairs": pairs.sum(0).astype(int).tolist(),
    }


def _matrix(pairs: np.ndarray, pages: np.ndarray, weight: float) -> np.ndarray:
    """pairs [C, C], pages [C] -> transitions [C, C]. One page more of each category: none has no share."""
    share = (pages + 1) / (pages + 1).sum()
    return (pairs + weight * share) / (pairs.sum(axis=1, keepdims=True) + weight)


def _foretold(pairs: np.ndarray, pages: np.ndarray, weight: float) -> float:
    """How likely each document's pairs are by the transitions of all others: the sum of logarithms."""
    total, of_all = pairs.sum(0), pages.sum(0)
    return math.fsum(
        float((seen * np.log(_matrix(total - seen, of_all - of_one, weight))).sum())
        for seen, of_one in zip(pairs, pages, strict=True)
        if seen.any()
    )


def text_of(counted: dict[str, Any]) -> str:
    """The JSON as it is written: the pairs of each category on a line of their own."""
    lines = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in counted.items()]
    rows = ",\n  ".join(json.dumps(row) for row in counted["pairs"])
    return "{" + ",\n ".join([*lines[:-1], f'"pairs": [\n  {rows}\n ]']) + "}\n"
