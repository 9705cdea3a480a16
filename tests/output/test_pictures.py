"""Pictures of results: texts of users of any kind, and sizes that stay bounded however many categories there are."""

from __future__ import annotations

import json
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from evaluation import plots
from evaluation.metrics import coverage
from output.pictures import MOST_CATEGORIES, MOST_PIXELS, draw_confusion, plain
from training.report import draw_curves

ODD = [
    "Paid_$_and_unpaid_$",
    "$\\frac{1}{$",
    "x" * 140,
    "契約書の写し" * 30,
    "_under",
    "tab\there\n",
    "nap\udc9ar",
    "e\u0301" * 100,
    "عربى",
    "\\$",
]


sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data_scripts"))


def size_of(file) -> tuple[int, int]:
    with Image.open(file) as image:
        image.load()
        return image.size


def test_texts_of_any_kind_are_drawn_without_a_warning(tmp_path):
    count = len(ODD)
    table = np.eye(count, dtype=int) * 3
    curves = {"all categories": coverage(np.array([0.9]), np.array([True]))}
    curves |= {name: coverage(np.array([0.9]), np.array([True])) for name in ODD}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = [
            draw_confusion(table, ODD, tmp_path / "counts.png", title="a $ and $"),
            plots.draw_coverage(curves, tmp_path / "coverage.png", 0.99),
            plots.draw_bars([plots.Bar(name, 0.5, 0.4, 0.6) for name in ODD], tmp_path / "bars.png", title="$x^$"),
            plots.draw_heat_map({"fine-tuned": {(name, name): 0.5 for name in ODD}}, tmp_path / "map.png"),
        ]
    assert all(max(size_of(file)) <= MOST_PIXELS for file in files)


def test_the_pictures_of_a_data_set_take_any_text_too(tmp_path):
    from dataset_pictures import draw_shares, draw_sizes, draw_years

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_years(tmp_path / "years.png", [(name, 1900 + at) for at, name in enumerate(ODD)])
        draw_sizes(tmp_path / "sizes.png", [(name, 100, 200) for name in ODD])
        draw_shares(
            tmp_path / "shares.png", {name: Counter({"$a$ $": 2, "_b": 1}) for name in ODD}, ["$a$ $", "_b"], "t"
        )
    assert all(max(size_of(file)) <= MOST_PIXELS for file in tmp_path.iterdir())


def test_a_long_label_keeps_both_ends_and_wide_letters_count_twice():
    assert plain("x" * 140).startswith("xxx") and "..." in plain("x" * 140) and len(plain("x" * 140)) <= 34
    assert len(plain("契" * 100)) <= 20
    assert plain("_a").lstrip("\u200b") == "_a"


def test_five_hundred_categories_are_a_picture_of_bounded_size_that_says_what_it_leaves_out(tmp_path):
    count = 500
    table = np.eye(count, dtype=int)
    table[7, 7] = 90  # among the largest
    names = [f"category {number}" for number in range(count)]
    wide, high = size_of(draw_confusion(table, names, tmp_path / "counts.png"))
    assert max(wide, high) <= MOST_PIXELS
    assert min(wide, high) > MOST_CATEGORIES * 40, "a cell is at least 40 pixels wide"
    curves = {name: coverage(np.linspace(0.5, 1, 9), np.ones(9, bool)) for name in ["all categories", *names]}
    assert max(size_of(plots.draw_coverage(curves, tmp_path / "coverage.png", 0.99))) <= MOST_PIXELS
    bars = [plots.Bar(name, 0.5, 0.4, 0.6) for name in names]
    assert max(size_of(plots.draw_bars(bars, tmp_path / "bars.png"))) <= MOST_PIXELS
    cells = {(name, f"base {at % 40}"): at / count for at, name in enumerate(names)}
    assert max(size_of(plots.draw_heat_map({"fine-tuned": cells}, tmp_path / "map.png"))) <= MOST_PIXELS


def test_what_is_left_out_is_one_row_and_no_count_is_lost():
    from output.pictures import _merged

    table = np.arange(16).reshape(4, 4)
    merged = _merged(table, [1, 3])
    assert merged.sum() == table.sum()
    assert merged.tolist()[:2] == [[5, 7, 4 + 6], [13, 15, 12 + 14]]
    assert merged[2].tolist() == [1 + 9, 3 + 11, 0 + 2 + 8 + 10]


def test_curves_of_a_training_are_drawn(tmp_path):
    lines = [{"epoch": at, "loss": 1 / at, "validation_accuracy": 0.5} for at in range(1, 4)]
    (tmp_path / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    draw_curves(tmp_path / "metrics.jsonl", tmp_path / "curves.png")
    assert size_of(tmp_path / "curves.png") == (990, 396)
