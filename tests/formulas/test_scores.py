"""Figures of readings, against cases that were counted by hand."""

import math

import pytest

pytest.importorskip("jiwer", reason="requirements-formulas.txt is not installed")
pytest.importorskip("sacrebleu", reason="requirements-formulas.txt is not installed")

from formulas.scores import breakdown, score, score_raw, structures

HALF, THIRD = "\\frac { 1 } { 2 }", "\\frac { 1 } { 3 }"


def test_a_case_counted_by_hand() -> None:
    # counted characters: \frac12 (7), x_1=y (5, the point does not count)
    figures = score([HALF, "x _ { 1 } = y ."], [THIRD, "x _ { 1 } = y"])
    assert figures["goal_cer"] == 1 / 12
    assert figures["goal_cer_30"] == 1 / 12
    assert figures["goal_exact"] == 1 / 2
    # all characters: \frac{1}{2} (11), x_{1}=y. (8); one wrong, one missing
    assert figures["cer"] == 2 / 19
    assert figures["character_accuracy"] == 17 / 19
    # tokens: 7 and 8
    assert figures["ter"] == 2 / 15
    assert (figures["exact"], figures["within_1"], figures["within_2"]) == (0.0, 1.0, 1.0)
    assert figures["edit"] == pytest.approx((1 / 11 + 1 / 8) / 2)


def test_the_first_figure_is_that_of_the_goals() -> None:
    assert next(iter(score([HALF], [HALF]))) == "goal_cer"


def test_brackets_fonts_spaces_and_the_last_comma_do_not_count_for_the_goals() -> None:
    reference = "\\left( \\mathrm { a } \\right) ~ \\mathcal { L } \\quad ,"
    figures = score([reference], ["( a ) L"])
    assert figures["goal_cer"] == 0
    assert figures["goal_exact"] == 1
    assert figures["exact"] == 0
    assert figures["cer"] > 0.8


def test_rates_are_of_all_characters_not_means_of_formulas() -> None:
    figures = score(["a", "b c d e f g h i j"], ["x", "b c d e f g h i j"])
    assert figures["goal_cer"] == 1 / 10
    assert figures["ter"] == 1 / 10


def test_a_missing_answer_is_all_wrong_and_an_empty_reference_counts_what_was_read() -> None:
    figures = score(["a b", "", ""], ["", "x y z", ""])
    assert figures["goal_cer"] == (2 + 3) / 2
    assert figures["goal_exact"] == 1 / 3
    assert figures["character_accuracy"] == 0
    assert figures["edit"] == pytest.approx(2 / 3)
    assert figures["bleu4"] == 0
    assert score([""], ["x y z"])["goal_cer"] == 1.0
    assert score([""], [""])["goal_cer"] == 0.0


def test_bleu_is_of_tokens_and_of_the_whole_corpus() -> None:
    # 1-grams 5 of 5, ... 4-grams 2 of 2, 5 tokens for 8: only the brevity penalty exp(1 - 8/5) is left
    assert score(["a b c d e", "x y z"], ["a b c d e", ""])["bleu4"] == pytest.approx(math.exp(1 - 8 / 5))
    assert score(["a \\in t \\subset b"], ["a \\int \\subset b"])["bleu4"] < 0.5
    assert score([HALF], [HALF])["bleu4"] == pytest.approx(1)


def test_short_formulas_are_those_of_thirty_counted_tokens() -> None:
    short, long = "{ } ^ { " + "a " * 29 + "} .", "b " * 31
    figures = score([short, long.strip()], [short, ""])
    assert figures["goal_cer"] == 31 / 61
    assert figures["goal_cer_30"] == 0
    assert math.isnan(score([long.strip()], [""])["goal_cer_30"])


def test_latex_as_written_is_scored_beside_it() -> None:
    figures = score_raw(["{a\\over  b}", "x"], ["{a\\over b}", "x y"])
    assert figures == {"raw_cer": 2 / 11, "raw_wer": 1 / 3, "raw_exact": 1 / 2}


def test_readings_and_references_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="1 readings for 2 references"):
        score(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="0 readings"):
        score([], [])


def test_structures() -> None:
    assert structures("a + b") == ["plain"]
    assert structures("\\frac { a } { \\sqrt { b _ { 1 } } }") == ["fraction", "root", "scripts"]
    assert structures("\\left( \\begin{array} { c } a \\\\ b \\end{array} \\right)") == ["matrix"]
    assert structures("\\begin{array} { l } a \\\\ b \\end{array}") == ["several lines"]
    assert structures("\\left\\{ \\begin{array} { l } a \\\\ b \\end{array} \\right.") == ["several lines"]
    assert structures(
        "\\begin{aligned} a & = \\left( \\begin{matrix} b \\end{matrix} \\right) \\\\ c \\end{aligned}"
    ) == [
        "matrix",
        "several lines",
    ]


def test_rows_by_length_and_structure() -> None:
    references = [HALF, "a", "b " * 40, "\\begin{aligned} a \\\\ b \\end{aligned}"]
    rows = breakdown(references, [THIRD, "a", "", references[3]])
    assert [(row["group"], row["formulas"]) for row in rows] == [
        ("1-15 tokens", 3),
        ("31-50 tokens", 1),
        ("plain", 2),
        ("fraction", 1),
        ("several lines", 1),
    ]
    assert rows[1]["goal_cer"] == 1
    assert rows[3]["goal_cer"] == 1 / 7
