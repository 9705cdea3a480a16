"""Figures on plain arrays, against values worked out by hand or by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation import metrics


def test_per_category_by_hand_also_where_a_category_never_occurs():
    truth, guessed = np.array([0, 0, 1, 1, 1, 3]), np.array([0, 1, 1, 1, 0, 1])
    table = metrics.confusion(truth, guessed, 5)
    rows = {row["category"]: row for row in metrics.per_category(table, "ABCDE")}
    assert table.sum() == 6
    assert (rows["A"]["precision"], rows["A"]["recall"], rows["A"]["f1"], rows["A"]["support"]) == (0.5, 0.5, 0.5, 2)
    assert rows["B"]["precision"] == 0.5
    assert rows["B"]["recall"] == pytest.approx(2 / 3)
    assert rows["C"] == {
        "category": "C", "precision": None, "recall": None, "f1": None, "support": 0, "guessed": 0
    }  # fmt: skip
    assert (rows["D"]["precision"], rows["D"]["recall"], rows["D"]["f1"]) == (None, 0.0, 0.0)


def test_top_n_counts_the_n_best_and_ties_keep_the_order():
    scores = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.4, 0.2]])
    truth = np.array([1, 0, 1])
    assert [metrics.top_n_accuracy(scores, truth, n) for n in (1, 2, 3)] == [0, pytest.approx(2 / 3), 1]


def test_calibration_of_a_true_and_of_a_boastful_model():
    rng = np.random.default_rng(0)
    best = rng.uniform(0.4, 1, size=4000)
    right = rng.random(4000) < best
    result = metrics.perfect_calibration(best, draws=100)
    mean, high = result["mean"], result["up_to"]
    assert metrics.calibration_error(best, right) < high < 0.04
    boast = np.full(4000, 0.99)
    assert metrics.calibration_error(boast, right) == pytest.approx(0.99 - right.mean())
    assert 0 < mean < high


def test_few_pages_have_few_bins_and_much_chance():
    best = np.full(20, 0.8)
    assert len(metrics.reliability(best, np.ones(20, bool))) == 1
    assert len(metrics.reliability(np.linspace(0.3, 1, 60), np.ones(60, bool))) == 4
    assert metrics.perfect_calibration(best)["median"] > 0.05
    assert metrics.perfect_calibration(np.full(20_000, 0.8), draws=20)["mean"] < 0.02


def test_threshold_is_the_lowest_score_that_keeps_the_precision():
    best = np.array([0.99, 0.97, 0.95, 0.9, 0.8, 0.7])
    right = np.array([True, True, True, False, True, True])
    result = metrics.threshold(best, right, list("abcdef"), wanted=0.99)
    assert (result["threshold"], result["accepted"], result["precision"]) == (0.95, 3, 1.0)
    assert result["low"] == pytest.approx(0.025 ** (1 / 3))
    assert metrics.threshold(best, right, list("abcdef"), wanted=0.8)["accepted"] == 6
    assert metrics.threshold(best[3:4], right[3:4], ["d"])["threshold"] is None
    assert metrics.threshold(best[:0], right[:0], [])["threshold"] is None


def test_pages_of_one_score_are_accepted_together():
    best, right = np.array([0.9, 0.9, 0.9]), np.array([True, True, False])
    assert metrics.threshold(best, right, list("abc"))["threshold"] is None
    shares, accuracies = metrics.coverage(best, right)
    assert (shares.tolist(), accuracies.tolist()) == ([1.0], [pytest.approx(2 / 3)])
    assert len(metrics.coverage(best[:0], right[:0])[0]) == 0


def test_paired_difference_draws_documents_not_pages():
    documents = [str(page // 20) for page in range(200)]
    one = [page // 20 != 0 for page in range(200)]
    other = [page // 20 not in (0, 1) for page in range(200)]  # worse on all pages of one document alone
    gain, low, high = metrics.paired_difference(one, other, documents)
    assert gain == pytest.approx(0.1)
    assert low <= 0 < high, "one document of ten is no proof"
    assert metrics.paired_difference(one, one, documents) == (0.0, 0.0, 0.0)
    _, low, _ = metrics.paired_difference([True] * 200, [False] * 200, documents)
    assert low == 1.0


def test_label_quality_finds_the_swapped_label_by_the_category_s_own_habit():
    # Category 1 is never scored high: 0.55 is confident for it, 0.55 for category 0 is not.
    scores = np.array([[0.95, 0.05]] * 5 + [[0.45, 0.55]] * 5 + [[0.45, 0.55]])
    labels = np.array([0] * 5 + [1] * 5 + [0])
    suspicion = metrics.label_quality(scores, labels)
    assert suspicion.order()[0] == 10
    assert suspicion.contradicted.tolist() == [False] * 10 + [True]
    assert suspicion.suggested[10] == 1


def test_labels_that_a_fold_could_not_learn_are_not_judged_and_come_last():
    scores = np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0], [0.9, 0.1, 0.0], [0.8, 0.2, 0.0]])
    known = np.array([[True, True, False]] * 4)
    suspicion = metrics.label_quality(scores, np.array([0, 1, 1, 2]), known)
    assert suspicion.order().tolist()[-1] == 3
    assert suspicion.judged.tolist() == [True, True, True, False]
    assert suspicion.order()[0] == 2
    assert np.isfinite(suspicion.margin).all()


def test_suggested_pages_are_uncertain_unlike_and_few_of_a_document():
    rng = np.random.default_rng(1)
    centre = np.eye(4)
    embeddings = np.repeat(centre, 10, axis=0) + 0.01 * rng.normal(size=(40, 4))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    need = np.full(40, 0.5)
    need[:10] = 0.9
    chosen = metrics.spread_out(embeddings, need, [str(page) for page in range(40)], 4, most=3)
    assert sorted(page // 10 for page in chosen) == [0, 1, 2, 3], "one of each group before a second of any"
    assert chosen[0] < 10
    chosen = metrics.spread_out(embeddings, need, [str(page // 20) for page in range(40)], 40, most=3)
    assert len(chosen) == 6
    assert len(set(chosen)) == 6


def test_uncertainty_is_the_gap_of_the_two_best():
    assert metrics.uncertainty(np.array([[1.0, 0, 0], [0.5, 0.5, 0], [0.6, 0.3, 0.1]])) == pytest.approx([0, 1, 0.7])


def test_what_a_perfect_model_shows_is_never_above_its_bound():
    best = np.array([0.9999] * 30)  # now and then a page is wrong: the mean lies above the 95th percentile
    result = metrics.perfect_calibration(best)
    assert result["mean"] > result["up_to"]
    assert result["median"] <= result["up_to"]
