"""What a similarity means: from where on two pages are likely of one hand, and how often that is wrong.

    calibration = calibrate(vectors @ vectors.T, writers)     # pages of writers whom the model never saw
    calibration.threshold, calibration.false_match_rate, calibration.probability(0.61)
    Calibration.from_json(calibration.to_json()) == calibration

The threshold is chosen at a rate of false matches. Pairs of pages of the same two writers say much the same, so few
writers show little, however many pairs they give: the rate has an upper bound that counts writers, and no probability
is nearer to 0 or 1 than so many writers can show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

FALSE_MATCHES = 0.01  # share of pairs of different writers that lie at or above the threshold
_ONE_SIDED = 1.645  # of the normal distribution, 95 %
_DRAWS = 500
_BINS = 4001  # of cosines, -1 to 1, for the curve


@dataclass(frozen=True)
class Calibration:
    """What was measured on pairs of pages of known writers.

    threshold: similarity from which on two pages are likely of one hand. false_match_rate: the share of the pairs of
    different writers that reach it; false_match_up_to: where that rate may lie, by so few writers (95 %, one-sided).
    false_non_match_rate: the share of the pairs of one writer that do not reach it. slope, intercept: of the curve.
    least, most: the probabilities that so few writers can show. writers; same_pairs, different_pairs: what was counted.
    """

    threshold: float
    false_match_rate: float
    false_match_up_to: float
    false_non_match_rate: float
    slope: float
    intercept: float
    least: float
    most: float
    writers: int
    same_pairs: int
    different_pairs: int

    @property
    def pairs(self) -> int:
        """How many pairs of pages were counted."""
        return self.same_pairs + self.different_pairs

    def probability(self, similarity: float, before: float = 0.5) -> float:
        """How likely it is that one hand wrote both pages, 0 to 1.

        before: what was likely before their hands were compared. 0.5 is for two pages of which somebody asks; for one
        page and any other of a collection by many writers it is far less.
        """
        if not 0 < before < 1:
            raise ValueError(f"before must lie between 0 and 1: {before}")
        even = 1 / (1 + math.exp(-max(-50.0, min(50.0, self.slope * similarity + self.intercept))))
        even = max(self.least, min(self.most, even))
        odds = even / (1 - even) * before / (1 - before)
        return odds / (1 + odds)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Calibration:
        """From what `to_json` gave. KeyError, TypeError, ValueError: it is none."""
        counted = ("writers", "same_pairs", "different_pairs")
        own = {field.name: values[field.name] for field in fields(cls)}
        made = cls(**{name: int(value) if name in counted else float(value) for name, value in own.items()})
        numbers = list(made.to_json().values())
        if not all(map(math.isfinite, numbers)) or not 0 < made.least <= made.most < 1:
            raise ValueError("the calibration holds no valid numbers")
        return made


def calibrate(similarities: np.ndarray, writers: Sequence[str], false_matches: float = FALSE_MATCHES) -> Calibration:
    """From cosines [N, N] of pages of writers whom the model never saw. Pages without a vector (NaN) do not count.

    ValueError: fewer than two writers, or none with two pages.
    """
    names, labels = np.unique(np.asarray(writers).astype(str), return_inverse=True)
    first, second = np.triu_indices(len(labels), 1)
    values = np.asarray(similarities)[first, second].astype(np.float64)
    there = np.isfinite(values)
    values, one, other = values[there], labels[first[there]], labels[second[there]]
    same = one == other
    if not same.any() or same.all():
        raise ValueError("a calibration needs pages of two writers at least, and two pages of one of them")
    threshold = _threshold(values[same], values[~same], false_matches)
    count = len(names)
    false, pairs = np.zeros((count, count)), np.zeros((count, count))
    np.add.at(false, (one[~same], other[~same]), values[~same] >= threshold)
    np.add.at(pairs, (one[~same], other[~same]), 1)
    rate = float(false.sum() / pairs.sum())
    # Each writer of several pages has the same weight in the curve, and so has each pair of different writers.
    own = np.bincount(one[same], minlength=count)
    weights = np.empty(len(values))
    weights[same] = 1 / own[one[same]]
    weights[~same] = 1 / (pairs + pairs.T)[one[~same], other[~same]]
    alone, apart = int((own > 0).sum()), count // 2  # pairs of different writers that share none: surely independent
    slope, intercept = _curve(values, same, weights, alone, apart)
    return Calibration(
        threshold=threshold,
        false_match_rate=rate,
        false_match_up_to=_up_to(false, pairs, rate),
        false_non_match_rate=float((values[same] < threshold).mean()),
        slope=slope,
        intercept=intercept,
        least=1 / (alone + 2),
        most=(apart + 1) / (apart + 2),
        writers=count,
        same_pairs=int(same.sum()),
        different_pairs=int((~same).sum()),
    )


def _threshold(same: np.ndarray, different: np.ndarray, wanted: float) -> float:
    """Midway between the highest similarity that must lie below, and the next one above it of any pair."""
    allowed = math.floor(wanted * len(different))
    below = float(np.partition(different, len(different) - 1 - allowed)[len(different) - 1 - allowed])
    above = [float(values[values > below].min()) for values in (same, different) if (values > below).any()]
    return (below + min(above)) / 2 if above else float(np.nextafter(below, math.inf))


def _up_to(false: np.ndarray, pairs: np.ndarray, rate: float) -> float:
    """Upper end of the rate of false matches (Wilson), by as many independent pairs as its spread over writers shows.

    false, pairs: counts [W, W] of the pairs of pages of two writers. Writers are drawn, and a pair of them comes as
    often as both were. Without any false match nothing tells of dependence: only pairs that share no writer count.
    """
    count = len(pairs)
    fewest, most = max(1, count // 2), count * (count - 1) // 2
    independent = float(fewest)
    if 0 < rate < 1:
        rng = np.random.default_rng(0)
        rates = []
        for _ in range(_DRAWS):
            times = np.bincount(rng.integers(count, size=count), minlength=count).astype(float)
            if (drawn := times @ pairs @ times) > 0:
                rates.append(times @ false @ times / drawn)
        spread = float(np.var(rates))
        independent = min(max(rate * (1 - rate) / spread, fewest), most) if spread > 0 else independent
    z2 = _ONE_SIDED**2
    middle, half = (
        rate + z2 / (2 * independent),
        _ONE_SIDED * math.sqrt(rate * (1 - rate) / independent + z2 / (4 * independent**2)),
    )
    return min(1.0, (middle + half) / (1 + z2 / independent))


def _curve(values: np.ndarray, same: np.ndarray, weights: np.ndarray, alone: int, apart: int) -> tuple[float, float]:
    """Logistic regression at even odds, held by one pair more of each kind (Platt 1999): slope and intercept.

    A model that puts pairs of one writer below the others gets a curve that says nothing.
    """
    edges = np.linspace(-1, 1, _BINS)
    at = np.clip(np.rint((values + 1) / 2 * (_BINS - 1)), 0, _BINS - 1).astype(int)
    mass = [np.bincount(at[kind], weights=weights[kind], minlength=_BINS) for kind in (same, ~same)]
    mass = [counts / counts.sum() for counts in mass]
    right, wrong = (alone + 1) / (alone + 2), 1 / (apart + 2)
    target, weight = mass[0] * right + mass[1] * wrong, mass[0] + mass[1]
    centre = float(edges @ weight / weight.sum())
    scale = math.sqrt(float((edges - centre) ** 2 @ weight / weight.sum())) or 1.0
    x = np.stack([(edges - centre) / scale, np.ones(_BINS)])  # [2, bins]

    def loss(parameters: np.ndarray) -> float:
        logits = parameters @ x
        return float(weight @ np.logaddexp(0, logits) - target @ logits)

    parameters = np.zeros(2)
    for _ in range(100):  # Newton, with shorter steps where one would overshoot
        even = 1 / (1 + np.exp(-np.clip(parameters @ x, -50, 50)))
        gradient = x @ (weight * even - target)
        curvature = (x * (weight * even * (1 - even))) @ x.T + 1e-9 * np.eye(2)
        step, length = np.linalg.solve(curvature, gradient), 1.0
        while length > 1e-6 and loss(parameters - length * step) > loss(parameters):
            length /= 2
        parameters = parameters - length * step
        if np.abs(length * step).max() < 1e-9:
            break
    if parameters[0] <= 0:
        return 0.0, 0.0
    slope = float(parameters[0] / scale)
    return slope, float(parameters[1] - slope * centre)
