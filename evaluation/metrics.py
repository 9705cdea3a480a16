"""What scores are worth: accuracy, calibration, coverage, differences of models, contradicted labels. Plain numpy.

    rows = per_category(truth, guessed, categories)             # precision, recall, F1, support
    error, chance = calibration_error(best, right), perfect_calibration(best)["up_to"]
    suspects = label_quality(scores, truth)                     # confident learning

Everywhere: scores [N, C] are probabilities of N pages over C categories, truth [N] the true category's index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils import accuracy_interval

PRECISION = 0.99  # what "can be accepted unseen" means
PAGES_A_BIN = 15  # of the reliability plot: fewer say nothing about a share
MOST_BINS = 10


def top_n_accuracy(scores: np.ndarray, truth: np.ndarray, n: int) -> float:
    """The share of pages whose true category is among the `n` best."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return float((best == truth[:, None]).any(axis=1).mean())


def confusion(truth: np.ndarray, guessed: np.ndarray, categories: int) -> np.ndarray:
    """Counts [C, C]: rows true, columns guessed; categories that never occur keep their empty row and column."""
    table = np.zeros((categories, categories), int)
    np.add.at(table, (truth, guessed), 1)
    return table


def per_category(table: np.ndarray, categories: Sequence[str]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and support of each category from the counts; None where it is a share of nothing.

    F1 is None for a category that is neither true nor guessed anywhere.
    """
    rows = []
    for index, category in enumerate(categories):
        right, guessed, true = int(table[index, index]), int(table[:, index].sum()), int(table[index].sum())
        rows.append(
            {
                "category": category,
                "precision": right / guessed if guessed else None,
                "recall": right / true if true else None,
                "f1": 2 * right / (guessed + true) if guessed + true else None,
                "support": true,
                "guessed": guessed,
            }
        )
    return rows


@dataclass(frozen=True)
class Bin:
    """Pages of like score: how many, their mean score, and the share that is right."""

    pages: int
    score: float
    right: float


def reliability(best: np.ndarray, right: np.ndarray) -> list[Bin]:
    """Bins of about equal size by score, few on few pages. best: each page's highest score; right: whether it is so."""
    order = np.argsort(best, kind="stable")
    bins = min(MOST_BINS, max(1, len(best) // PAGES_A_BIN))
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [Bin(len(part), float(best[part].mean()), float(right[part].mean())) for part in parts]


def calibration_error(best: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error: the mean gap between score and share of right pages, bins weighted by pages.

    Naeini et al. 2015; bins of equal size (Nguyen and O'Connor 2015), as most scores are near 1.
    """
    if not len(best):
        raise ValueError("no pages")
    return sum(part.pages * abs(part.score - part.right) for part in reliability(best, right)) / len(best)


def perfect_calibration(best: np.ndarray, seed: int = 0, draws: int = 500) -> dict[str, float]:
    """What `calibration_error` would show if every score were true: its mean, its median and up_to, the 95th
    percentile, by simulation.

    On few pages that is far from 0, so a calibration error is read beside it. Where all scores are near 1, a rare wrong
    page lifts the mean even above up_to: the median is what a perfect model usually shows. Pages are drawn one by one.
    """
    rng = np.random.default_rng(seed)
    ordered = np.sort(best)
    sizes = [part.pages for part in reliability(best, np.zeros(len(best), bool))]
    starts = np.cumsum([0, *sizes[:-1]])
    scores = np.add.reduceat(ordered, starts)  # sums, bin by bin
    errors = []
    for _ in range(draws):
        right = np.add.reduceat((rng.random(len(best)) < ordered).astype(int), starts)
        errors.append(np.abs(scores - right).sum() / len(best))
    middle, high = np.percentile(errors, (50, 95))
    return {"mean": float(np.mean(errors)), "median": float(middle), "up_to": float(high)}


def coverage(best: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of pages accepted, and their accuracy, as the threshold falls from the highest score to the lowest."""
    if not len(best):
        return np.zeros(0), np.zeros(0)
    order = np.argsort(-best, kind="stable")
    taken = np.arange(1, len(best) + 1)
    last = np.append(np.diff(best[order]) != 0, True)  # pages of one score are accepted together
    return (taken / len(best))[last], (np.cumsum(right[order]) / taken)[last]


def threshold(
    best: np.ndarray, right: np.ndarray, documents: Sequence[str], wanted: float = PRECISION
) -> dict[str, Any]:
    """The lowest score from which on at least `wanted` of the pages are right.

    Gives pages (all), threshold (None: no score gives it), accepted (pages at or above), precision (of those), and low:
    the lower end of its 95 % interval over documents. Where low is below `wanted`, so few pages cannot prove it.
    """
    empty = {"pages": len(best), "threshold": None, "accepted": 0, "precision": None, "low": None}
    order = np.argsort(-best, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(best) + 1)
    last = np.append(np.diff(best[order]) != 0, True) if len(best) else np.zeros(0, bool)
    fitting = np.nonzero(last & (shares >= wanted))[0]
    if not len(fitting):
        return empty
    taken = order[: fitting[-1] + 1]
    return {
        "pages": len(best),
        "threshold": float(best[taken[-1]]),
        "accepted": len(taken),
        "precision": float(right[taken].mean()),
        "low": accuracy_interval(right[taken], [documents[page] for page in taken])[0],
    }


def thresholds(
    scores: np.ndarray, truth: np.ndarray, documents: Sequence[str], categories: Sequence[str]
) -> list[dict[str, Any]]:
    """`threshold` for all pages (category ""), then for the pages sorted into each category."""
    guessed, best = scores.argmax(axis=1), scores.max(axis=1)
    right = guessed == truth
    rows = [{"category": ""} | threshold(best, right, documents)]
    for index, category in enumerate(categories):
        mine = np.nonzero(guessed == index)[0]
        rows.append({"category": category} | threshold(best[mine], right[mine], [documents[page] for page in mine]))
    return rows


def paired_difference(
    one: Sequence[bool], other: Sequence[bool], documents: Sequence[str], seed: int = 0, draws: int = 2000
) -> tuple[float, float, float]:
    """How much more often `one` is right than `other` on the same pages, and the 95 % interval, documents drawn.

    Where they are right on the same number of pages of every document, the interval is the point 0.
    """
    names = {document: index for index, document in enumerate(dict.fromkeys(documents))}
    gains, sizes = np.zeros(len(names)), np.zeros(len(names))
    for document, mine, its in zip(documents, one, other, strict=True):
        gains[names[document]] += int(mine) - int(its)
        sizes[names[document]] += 1
    rng = np.random.default_rng(seed)
    differences = []
    for _ in range(draws):  # one by one: all at once would take gigabytes for tens of thousands of documents
        drawn = rng.integers(len(names), size=len(names))
        differences.append(gains[drawn].sum() / sizes[drawn].sum())
    low, high = np.percentile(differences, [2.5, 97.5])
    return float(gains.sum() / sizes.sum()), float(low), float(high)


@dataclass(frozen=True)
class Suspicion:
    """How labels stand against scores, one entry a page.

    margin: the label's score over its category's usual one, less the best other category's over its own: the lower,
    the more is the label contradicted. suggested: the category the model gives. contradicted: confidently another.
    judged: False where the scores cannot speak (the model had no page of that category to learn from).
    """

    margin: np.ndarray
    suggested: np.ndarray
    contradicted: np.ndarray
    judged: np.ndarray

    def order(self) -> np.ndarray:
        """Pages from the most contradicted label to the least; pages that cannot be judged come last."""
        return np.lexsort((self.margin, ~self.judged))


def label_quality(scores: np.ndarray, labels: np.ndarray, known: np.ndarray | None = None) -> Suspicion:
    """Confident learning: which labels do out-of-sample scores contradict?

    scores: of models that did not see the page's document. labels [N]: the given ones, some of them wrong. known
    [N, C]: whether the model that scored page n had learned category c; None = all.

    A category's usual score is the mean score for it over the pages that carry its label; a page is confidently of
    another category where its score reaches that category's usual one. Ranked by the margin of scores so adjusted.
    Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels".
    """
    pages, categories = scores.shape
    known = np.ones((pages, categories), bool) if known is None else known
    rows = np.arange(pages)
    judged = known[rows, labels]
    usual = np.full(categories, np.nan)
    for index in range(categories):
        mine = (labels == index) & judged
        if mine.any():
            usual[index] = scores[mine, index].mean()
    # A category without pages of its own can still be the right one: it is held to the mean of the others.
    usual = np.where(np.isnan(usual), np.nanmean(usual) if not np.isnan(usual).all() else 0.5, usual)
    adjusted = np.where(known, scores - usual, -np.inf)
    others = adjusted.copy()
    others[rows, labels] = -np.inf
    given = np.where(judged, adjusted[rows, labels], 0.0)
    suggested = np.where(known, scores, -1.0).argmax(axis=1)
    rival = others.max(axis=1)
    margin = given - rival
    contradicted = judged & (rival >= 0) & (margin < 0) & (suggested != labels)
    return Suspicion(margin, suggested, contradicted, judged)


def spread_out(embeddings: np.ndarray, need: np.ndarray, documents: Sequence[str], count: int, most: int) -> list[int]:
    """`count` pages that are uncertain and unlike each other, at most `most` of a document; the first chosen first.

    embeddings [N, D]: unit rows. need [N]: how much a label would help, 0..1. Each next page has the highest product of
    its need and its distance to the nearest page chosen before (greedy k-centre, Sener and Savarese 2018, weighted).
    """
    left = np.ones(len(need), bool)
    distance = np.ones(len(need))
    of_document: dict[str, int] = {}
    chosen: list[int] = []
    while len(chosen) < count and left.any():
        page = int(np.where(left, (need + 1e-6) * (distance + 1e-6), -1.0).argmax())
        left[page] = False
        if of_document.get(documents[page], 0) >= most:
            continue
        of_document[documents[page]] = of_document.get(documents[page], 0) + 1
        chosen.append(page)
        distance = np.minimum(distance, np.clip(1 - embeddings @ embeddings[page], 0, 2))
    return chosen


def uncertainty(scores: np.ndarray) -> np.ndarray:
    """1 less the gap between the two best scores: 0 for a page that is sure, 1 for one between two categories."""
    best = -np.sort(-scores, axis=1)
    return 1 - (best[:, 0] - best[:, 1])
