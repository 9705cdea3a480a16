"""How sure a reading is: the curve that is fitted, its bounds, and what it is stored as."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from formulas.calibration import Calibration, fit


def readings(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means and sums of log-probabilities, and whether right: as often as exp(1.5 x the sum) says."""
    draw = np.random.default_rng(seed)
    steps = draw.integers(3, 80, count)
    means = -draw.exponential(0.03, count)
    totals = means * steps
    return means, totals, draw.random(count) < np.exp(1.5 * totals)


def test_what_is_said_to_be_sure_is_right_so_often():
    means, totals, right = readings(4000)
    calibration = fit(means, totals, right, 1.0 - right)
    means, totals, right = readings(4000, seed=1)
    said = np.array([calibration.confidence(total) for total in totals])
    for part in np.array_split(np.argsort(said), 8):
        assert abs(said[part].mean() - right[part].mean()) < 0.08


def test_confidence_never_falls_as_the_network_gets_surer():
    means, totals, right = readings(300)
    for answer in (right, ~right):
        calibration = fit(means, totals, answer, np.zeros(300))
        rising = [calibration.confidence(-0.1 * step) for step in range(20, -1, -1)]
        assert rising == sorted(rising)


@pytest.mark.parametrize("answer", [True, False])
def test_few_readings_that_are_all_alike_claim_no_certainty(answer):
    means, totals, _ = readings(40)
    calibration = fit(means, totals, [answer] * 40, [0.0] * 40)
    said = calibration.confidence(0.0)
    assert 0.001 < said < 0.999 or not answer
    assert (said > 0.5) == answer


def test_the_threshold_lets_useful_readings_pass():
    means = np.log(np.linspace(0.5, 1, 100))
    errors = np.where(means > math.log(0.75), 0.1, 0.9)  # what is less sure than 0.75 is read badly
    calibration = fit(means, means * 10, errors < 0.5, errors)
    assert 0.75 < calibration.threshold < 0.78


def test_it_comes_back_as_it_was_stored():
    calibration = Calibration(0.5, 1.25, 2.0, 0.75)
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration
    assert Calibration.from_json({}) is None
    for broken in ({"bias": 1.0}, {**calibration.to_json(), "bias": "x"}, {**calibration.to_json(), "near": math.nan}):
        with pytest.raises((TypeError, ValueError)):
            Calibration.from_json(broken)
