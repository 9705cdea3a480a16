"""Readings that look like their references match, whatever they are written like."""

from __future__ import annotations

import pytest

from drawing import formula_tex
from formulas.render_match import render_match

SAME = [
    (r"\frac { 1 } { 2 } x _ { i }", r"\frac{1}{2}x_i"),
    (r"\mathrm { a } \, b ^ { \prime }", r"\mathrm{a}\,b^{\prime}"),
    ("x", "x"),
]
OTHER = [("x + y", "x - y"), (r"x _ { i }", r"x _ { j }"), ("a b", "a b c"), ("i", "")]


@pytest.mark.parametrize("renderer", ["mathtext", "tex"])
def test_what_looks_the_same_matches_and_nothing_else(renderer):
    if renderer == "tex" and formula_tex.missing():
        pytest.skip(formula_tex.missing())
    pairs = [*SAME, *OTHER, (r"\nosuchword", r"\nosuchword"), ("x", r"\nosuchword")]
    found = render_match([one for one, _ in pairs], [other for _, other in pairs], renderer)
    judged = len(pairs) - 1  # one reference cannot be drawn
    assert found["formulas"] == len(pairs)
    assert found["judged"] == judged
    assert found["match"] == pytest.approx(len(SAME) / judged)
    assert found["drawn"] == pytest.approx((judged - 2) / judged)


def test_nothing_to_judge_is_no_figure():
    assert render_match([r"\nosuchword"], ["x"])["match"] is None
