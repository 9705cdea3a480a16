"""Formulas by chance and from parts of real ones are formulas; wear leaves pictures legible."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from drawing import formula_mathtext, formula_tex
from drawing.formula_grammar import MOST as MOST_SIMPLE
from drawing.formula_grammar import formula, simple
from drawing.formula_splices import MOST, Cuttings
from drawing.formula_style import Style
from drawing.formula_wear import wear
from drawing.formula_words import refusal
from formulas.latex import normalise

WITH_TEX = pytest.mark.skipif(bool(formula_tex.missing()), reason=formula_tex.missing())
REAL = [
    r"E = \frac { m v ^ { 2 } } { 2 } + \mathrm { c o n s t } , \quad v = \sqrt { \frac { k } { m } }",
    r"\int _ { 0 } ^ { \infty } e ^ { - x ^ { 2 } } d x = \frac { \sqrt { \pi } } { 2 } .",
    r"A = \left( \begin{array} { c c } { a _ { 1 } } & { b } \\ { c } & { d } \end{array} \right) = f ( x + y )",
    r"a & = b \\ c & = d",
]  # fmt: skip


def test_a_grammar_makes_formulas_of_all_lengths_that_mean_something():
    made = [formula(Random(seed)) for seed in range(400)]
    assert made[:20] == [formula(Random(seed)) for seed in range(20)]
    assert len(set(made)) > 390
    assert not [one for one in made if refusal(one)]
    lengths = sorted(len(normalise(one).split()) for one in made)  # LatexError: it is no formula
    assert lengths[40] < 12 < lengths[200] < lengths[380]
    assert {r"\begin{cases}", r"\begin{aligned}", r"\prime", r"\mathbb", r"\sum", r"\text"} <= set(
        " ".join(made).split()
    )


def test_simple_formulas_are_short_and_set_by_mathtext():
    made = [simple(Random(seed)) for seed in range(300)]
    assert made[:20] == [simple(Random(seed)) for seed in range(20)]
    assert len(set(made)) > 280
    assert {len(normalise(one).split()) for one in made} <= set(range(3, MOST_SIMPLE + 1))
    assert {r"\frac", r"\sqrt", "_", "^"} <= set(" ".join(made).split())
    drawn = formula_mathtext.draw(made[:60], Style("cm", 10, 150, inline=True))
    assert [one for one in drawn if isinstance(one, str)] == []


@WITH_TEX
def test_tex_sets_all_that_the_grammar_and_the_parts_make():
    cuttings = Cuttings(REAL)
    random = Random(5)
    made = [formula(random) for _ in range(60)]
    made += [cuttings.short(random) for _ in range(30)] + [cuttings.spliced(random) for _ in range(30)]
    refused = [(one, why) for one, why in zip(made, formula_tex.draw(made, formula_tex.IM2LATEX), strict=True)
               if isinstance(why, str)]  # fmt: skip
    assert refused == []


def test_parts_of_real_formulas_are_formulas():
    cuttings = Cuttings(REAL)
    random = Random(1)
    shorts = {cuttings.short(random) for _ in range(300)}
    assert all(len(one.split()) <= MOST for one in shorts)
    assert r"\frac { m v ^ { 2 } } { 2 } + \mathrm { c o n s t }" in shorts or r"\frac { m v ^ { 2 } } { 2 }" in shorts
    spliced = {cuttings.spliced(random) for _ in range(300)}
    assert len(spliced - set(REAL)) > 50
    for one in shorts | spliced:
        assert normalise(one)
        assert "&" not in one.split() or r"\begin{array}" in one
    with pytest.raises(ValueError, match="no formula"):
        Cuttings(["a }"])


def test_wear_is_seeded_keeps_the_formula_and_does_something():
    picture = formula_mathtext.draw([r"x _ { 1 } + \frac { a } { b } = \sqrt { y }"], Style("cm", 12, 200))[0]
    copies = [wear(picture, Random(seed)) for seed in range(120)]
    assert all(one.mode == "L" for one in copies)
    for seed in range(0, 120, 17):
        assert copies[seed].tobytes() == wear(picture, Random(seed)).tobytes()
    assert sum(one.tobytes() != picture.tobytes() for one in copies) > 70
    for one in copies:
        levels = np.asarray(one, dtype=float)
        assert 0.5 < one.width / picture.width < 2
        assert np.percentile(levels, 60) - levels.min() > 60  # still dark on light
    assert wear(picture, Random(0), strength=0) is picture
