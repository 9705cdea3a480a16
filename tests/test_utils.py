"""Splits and folds follow documents; intervals and temperatures are what they are called."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from utils import (
    SPLITS,
    UserError,
    accuracy_interval,
    cross_entropy,
    fit_temperature,
    fold_documents,
    split_documents,
    split_warnings,
)


def make_set(documents: int, categories: str, mixed: float = 0.2, seed: int = 0) -> tuple[list[str], list[str]]:
    """Documents of 1 to 8 pages, mostly of one category each."""
    draw = random.Random(seed)
    labels, names = [], []
    for document in range(documents):
        main = draw.choice(categories)
        for _ in range(draw.randint(1, 8)):
            labels.append(draw.choice(categories) if draw.random() < mixed else main)
            names.append(f"doc{document}")
    return labels, names


def parts_of(documents: list[str], parts: list) -> dict[str, set]:
    found: dict[str, set] = {}
    for document, part in zip(documents, parts, strict=True):
        found.setdefault(document, set()).add(part)
    return found


@pytest.mark.parametrize("documents", [1, 2, 3, 5, 12, 300])
def test_no_document_stands_on_two_sides(documents):
    labels, names = make_set(documents, "ABCDE")
    split = split_documents(labels, names, seed=1)
    assert set(split) <= set(SPLITS)
    assert "train" in split
    assert all(len(parts) == 1 for parts in parts_of(names, split).values())


def test_large_sets_come_out_80_10_10_in_every_category():
    labels, names = make_set(1500, "ABCDE")
    split = split_documents(labels, names, seed=1)
    for label in "ABCDE":
        of_label = Counter(part for part, own in zip(split, labels, strict=True) if own == label)
        total = sum(of_label.values())
        assert of_label["train"] / total == pytest.approx(0.8, abs=0.03)
        assert of_label["validation"] / total == pytest.approx(0.1, abs=0.03)
        assert of_label["test"] / total == pytest.approx(0.1, abs=0.03)


def test_categories_with_three_documents_are_in_all_parts():
    labels = ["A", "A", "A", "B", "B", "B", "B"]
    split = split_documents(labels, list("abcdefg"), seed=3)
    for label in "AB":
        assert {part for part, own in zip(split, labels, strict=True) if own == label} == set(SPLITS)


def test_few_documents_train_first_then_test():
    assert split_documents(["A"], ["d"], seed=1) == ["train"]
    assert sorted(split_documents(["A", "A"], ["d", "e"], seed=1)) == ["test", "train"]


def test_every_category_keeps_a_document_to_train_on():
    for seed in range(30):
        labels, names = make_set(14, "ABCDEF", mixed=0.5, seed=seed)
        split = split_documents(labels, names, seed=seed)
        trained = {label for label, part in zip(labels, split, strict=True) if part == "train"}
        assert trained == set(labels)


def test_shares_of_zero_give_empty_parts():
    labels, names = make_set(40, "ABC")
    assert set(split_documents(labels, names, seed=1, shares=(0.9, 0.1, 0.0))) == {"train", "validation"}
    assert set(split_documents(labels, names, seed=1, shares=(1.0, 0.0, 0.0))) == {"train"}


@pytest.mark.parametrize(
    "way", [lambda la, do, s: split_documents(la, do, s), lambda la, do, s: fold_documents(la, do, 4, s)]
)
def test_the_seed_decides_and_the_order_of_pages_does_not(way):
    labels, names = make_set(60, "ABC")
    first = way(labels, names, 7)
    assert way(labels, names, 7) == first
    assert way(labels, names, 8) != first
    order = list(range(len(labels)))
    random.Random(1).shuffle(order)
    shuffled = way([labels[i] for i in order], [names[i] for i in order], 7)
    assert shuffled == [first[i] for i in order]


def test_each_document_is_in_exactly_one_fold():
    labels, names = make_set(50, "ABCD")
    folds = fold_documents(labels, names, 5, seed=2)
    assert set(folds) == {1, 2, 3, 4, 5}
    assert all(len(parts) == 1 for parts in parts_of(names, folds).values())
    sizes = Counter(folds)
    assert max(sizes.values()) - min(sizes.values()) <= len(labels) * 0.1


def test_folds_spread_a_rare_category():
    labels = ["A"] * 40 + ["R"] * 5
    names = [f"a{i}" for i in range(40)] + [f"r{i}" for i in range(5)]
    folds = fold_documents(labels, names, 5, seed=1)
    assert sorted(fold for fold, label in zip(folds, labels, strict=True) if label == "R") == [1, 2, 3, 4, 5]


def test_wrong_numbers_of_folds_are_answered():
    with pytest.raises(UserError, match="only 2 documents"):
        fold_documents(["A", "A", "B"], ["d", "d", "e"], 3, seed=1)
    with pytest.raises(UserError, match="at least 2"):
        fold_documents(["A", "A"], ["d", "e"], 1, seed=1)


def test_warnings_name_what_is_lopsided():
    assert split_warnings(["A"] * 6 + ["B"] * 6, list("aabbccddeeff")) == []
    (few,) = split_warnings(["A"] * 12 + ["B"] * 4, list("aabbccddeeffgghh"))
    assert "B (2)" in few and "A" not in few.split(":")[1]
    (large,) = split_warnings(["A"] * 10, list("aaaaabbcde"))
    assert "document a holds 50%" in large and "document_pattern" in large
    (single,) = split_warnings(["A"] * 5, list("abcde"))
    assert "no two pages" in single and "document_pattern" in single


def test_intervals_count_documents_not_pages():
    rng = np.random.default_rng(0)
    right = np.repeat(rng.random(40) < 0.7, 25)  # 40 documents of 25 pages that are right or wrong as a whole
    names = np.repeat(np.arange(40), 25).astype(str)
    low, high = accuracy_interval(right, names)
    assert low < right.mean() < high
    assert high - low > 0.2  # 40 independent trials: about +-0.14; 1,000 pages would say +-0.03
    alone = accuracy_interval(right, np.arange(1000).astype(str))
    assert alone[1] - alone[0] < 0.07


def test_intervals_do_not_collapse_at_the_ends():
    assert accuracy_interval([True] * 30, ["a", "b", "c"] * 10) == (pytest.approx(0.025 ** (1 / 3)), 1.0)
    assert accuracy_interval([False] * 3, ["a", "b", "c"]) == (0.0, pytest.approx(1 - 0.025 ** (1 / 3)))


def test_the_fitted_temperature_undoes_a_wrong_scale():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(4000, 5)) * 2
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = [int(rng.choice(5, p=row)) for row in scores]
    assert fit_temperature(logits * 3, truth) == pytest.approx(3.0, rel=0.1)
    assert fit_temperature(logits / 2, truth) == pytest.approx(0.5, rel=0.1)


def test_a_handful_of_right_pages_does_not_make_a_model_certain():
    logits = np.eye(3) * 4
    assert fit_temperature(logits, [0, 1, 2]) > 0.2
    assert fit_temperature(np.zeros((0, 3)), []) == 1.0


def test_cross_entropy_of_an_undecided_model():
    assert cross_entropy(np.zeros((4, 8)), [0, 3, 5, 7]) == pytest.approx(np.log(8))
