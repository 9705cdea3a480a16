"""What a similarity is said to mean: never more than the pages of so many writers show."""

from __future__ import annotations

import json

import numpy as np
import pytest

from writers.calibration import Calibration, calibrate


def pages_of(writers: int, each: int, spread: float, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Cosines [N, N] of pages around a direction of each writer, and the writers."""
    rng = np.random.default_rng(seed)
    hands = np.repeat(rng.normal(size=(writers, 24)), each, axis=0)
    vectors = hands + spread * rng.normal(size=hands.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ vectors.T, [f"w{at // each}" for at in range(writers * each)]


def test_rates_are_counted_pair_by_pair():
    similarities, writers = pages_of(30, 4, 0.7)
    made = calibrate(similarities, writers, false_matches=0.02)
    pairs = [(i, j) for i in range(120) for j in range(i)]
    same = [similarities[i, j] for i, j in pairs if writers[i] == writers[j]]
    different = [similarities[i, j] for i, j in pairs if writers[i] != writers[j]]
    assert (made.same_pairs, made.different_pairs, made.writers) == (len(same), len(different), 30)
    false = sum(value >= made.threshold for value in different)
    assert false == int(0.02 * len(different))  # as many as are allowed, and not one more
    assert made.false_match_rate == pytest.approx(false / len(different))
    assert made.false_non_match_rate == pytest.approx(sum(value < made.threshold for value in same) / len(same))


def test_the_threshold_holds_for_other_writers_within_its_bound():
    similarities, writers = pages_of(60, 4, 0.7, seed=1)
    made = calibrate(similarities, writers)
    others, names = pages_of(60, 4, 0.7, seed=2)
    different = np.array(names)[:, None] != np.array(names)
    assert (others[different] >= made.threshold).mean() < made.false_match_up_to


def test_few_writers_show_little_however_many_pairs_they_give():
    few, many = (calibrate(*pages_of(writers, 12, 0.2)) for writers in (3, 60))
    assert few.different_pairs > 400
    assert few.false_match_up_to > 0.3 > 0.05 > many.false_match_up_to
    assert few.probability(0.999) <= 2 / 3
    assert many.probability(0.999) > 0.9
    assert few.probability(-1) >= few.least > 0.1


def test_probabilities_rise_with_similarity_and_fit_pairs_of_other_writers():
    made = calibrate(*pages_of(80, 4, 1.0, seed=3))
    grid = [made.probability(value) for value in np.linspace(-1, 1, 50)]
    assert grid == sorted(grid)
    others, names = pages_of(80, 4, 1.0, seed=4)
    same = np.array(names)[:, None] == np.array(names)
    above = ~np.eye(len(names), dtype=bool) & (others > 0.3) & (others < 0.5)
    shares = [(above & kind).sum() / (kind & ~np.eye(len(names), dtype=bool)).sum() for kind in (same, ~same)]
    assert made.probability(0.4) == pytest.approx(shares[0] / sum(shares), abs=0.12)  # at even odds
    assert made.probability(0.4, before=0.01) < made.probability(0.4) / 5


def test_similarities_that_say_nothing_give_no_probability_away():
    similarities, writers = pages_of(20, 3, 0.2)
    assert calibrate(-similarities, writers).probability(0.9) == 0.5
    constant = calibrate(np.zeros((6, 6)), ["a", "a", "b", "b", "c", "c"])
    assert constant.false_match_rate == 0
    assert constant.false_non_match_rate == 1
    assert constant.probability(0.0) == pytest.approx(0.5, abs=0.2)


def test_pages_without_a_vector_do_not_count():
    similarities, writers = pages_of(12, 3, 0.4)
    lost = similarities.copy()
    lost[5], lost[:, 5] = np.nan, np.nan
    kept = [at for at in range(36) if at != 5]
    without = calibrate(similarities[np.ix_(kept, kept)], [writers[at] for at in kept])
    assert calibrate(lost, writers) == without


def test_it_goes_through_json_and_damage_is_seen():
    made = calibrate(*pages_of(10, 3, 0.5))
    values = json.loads(json.dumps(made.to_json()))
    assert Calibration.from_json(values) == made
    for spoiled in ({"threshold": "x"}, {"most": 1.5}, {"slope": float("nan")}):
        with pytest.raises((TypeError, ValueError)):
            Calibration.from_json(values | spoiled)
    with pytest.raises(KeyError):
        Calibration.from_json({})


@pytest.mark.parametrize("writers", [["a", "b", "c"], ["a", "a", "a"]])
def test_without_pairs_of_both_kinds_there_is_no_calibration(writers):
    with pytest.raises(ValueError, match="two writers at least"):
        calibrate(np.eye(3), writers)
