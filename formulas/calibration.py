"""How sure a reading is: from what the network says of its tokens to how often such readings are exactly right.

    calibration = fit(means, totals, right, errors)          # of readings of held-out formulas
    calibration.confidence(found.log_probability)

A network's own probabilities are too optimistic. The log-probability of a whole reading is put on the scale that counts
by a logistic curve of it and of its logarithm (as beta calibration has it, Kull et al. 2017), which can only rise: of
readings with a confidence of 0.8, eight of ten are right, token by token. `threshold` is of another question, whether
there is a formula at all: the least mean probability of a token with which a formula is still read by and large.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

STEPS = 200  # of Newton's method, at most
LEAST = 1e-3  # of a log-probability: below, one reading is as sure as another
RIDGE = 1e-2  # what keeps weights finite where all readings are right
BADLY_READ = 0.5  # character error rate from which on a reading is of no use
LOST = 0.01  # share of useful readings that may lie below the threshold


@dataclass(frozen=True)
class Calibration:
    """bias, near, far: of the logistic curve, times 1, -log(-log-probability) and the log-probability itself.

    threshold: of exp(mean log-probability of a token).
    """

    bias: float
    near: float
    far: float
    threshold: float

    def confidence(self, total: float) -> float:
        """How likely a reading of this log-probability (<= 0) is exactly right, 0..1."""
        return _logistic(self.bias + self.near * _near(total) + self.far * total)

    def to_json(self) -> dict[str, float]:
        """For the model folder."""
        return {name: round(value, 6) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Calibration | None:
        """None where a model is not calibrated; TypeError, ValueError for what is no calibration."""
        if not said:
            return None
        values = {name: float(value) for name, value in said.items()}
        if not all(map(math.isfinite, values.values())):
            raise ValueError("a number that is none")
        return cls(**values)


def fit(means: Sequence[float], totals: Sequence[float], right: Sequence[bool], errors: Sequence[float]) -> Calibration:
    """The curve of readings that are known to be right or not.

    means, totals: log-probabilities as a search gives them; right: whether exactly right; errors: CER of each.
    """
    x = np.array([[1.0, _near(total), total] for total in totals])  # [n, 3]
    y = np.asarray(right, np.float64)
    # Priors that count as one reading right and one wrong: a curve of few readings claims no certainty.
    y = (y * (len(y) + 1) + 0.5) / (len(y) + 2) if len(y) else y
    free = [0, 1, 2]
    weights = _newton(x, y)
    for at in (2, 1):  # confidence never falls as the network gets surer
        if weights[at] < 0:
            free.remove(at)
            weights = np.zeros(3)
            weights[free] = _newton(x[:, free], y)
    if min(weights[1:]) < 0:
        weights = np.array([math.log((y.mean() + 1e-9) / (1 - y.mean() + 1e-9)), 0.0, 0.0])
    useful = np.exp([mean for mean, error in zip(means, errors, strict=True) if error < BADLY_READ])
    threshold = float(np.quantile(useful, LOST)) if len(useful) else 1.0
    return Calibration(*map(float, weights), threshold)


def _newton(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights [k] of a logistic regression, x float64 [n, k], y [n] in 0..1."""
    weights = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], RIDGE)
    ridge[0] = 0
    for _ in range(STEPS):
        said = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (said - y) + ridge * weights
        curve = (x * (said * (1 - said) + 1e-9)[:, None]).T @ x + np.diag(ridge + 1e-9)
        step = np.linalg.solve(curve, slope)
        weights = weights - step / max(1.0, float(np.abs(step).max()) / 5)
        if np.abs(step).max() < 1e-9:
            break
    return weights


def _near(total: float) -> float:
    return -math.log(LEAST - total)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))
