"""Formulas become pictures; those that cannot cost no other, and nothing of them is ever run."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from PIL import Image

from drawing import formula_mathjax, formula_mathtext, formula_tex
from drawing.formula_style import Style
from drawing.formula_words import refusal

WITH_TEX = pytest.mark.skipif(bool(formula_tex.missing()), reason=formula_tex.missing())
WITH_MATHJAX = pytest.mark.skipif(bool(formula_mathjax.missing()), reason=formula_mathjax.missing())
FRACTION = r"\frac { a } { b } = x _ { 1 } ^ { 2 }"


def ink(picture: Image.Image) -> np.ndarray:
    assert isinstance(picture, Image.Image), picture
    return np.asarray(picture) < 128


@pytest.mark.parametrize(
    "formula",
    [
        r"\input { secret }",
        r"\write 18 { touch x }",
        r"\immediate \openout 3 = x",
        r"\begin { input } secret \end { input }",
        r"\begin{filecontents}{x} a \end{filecontents}",
        r"\csname input\endcsname x",
        r"^^5cinput secret",
        r"\catcode 65 = 0",
        r"\loop a \repeat",
        r"\def \a { \a } \a",
        r"\frac { a { b }",
        r"a } { b",
        "a % b",
        "  ",
        "a\0b",
        "x " * 4000,
    ],
)
def test_what_is_no_formula_never_reaches_tex(formula):
    assert refusal(formula)


@pytest.mark.parametrize("formula", [FRACTION, r"a \\ b", r"100 \%", r"\{ a \}", r"a \iff b", r"\mbox { if $x$ }"])
def test_formulas_do(formula):
    assert refusal(formula) == ""


@pytest.mark.parametrize("font", formula_mathtext.FONTS)
def test_mathtext_draws_in_every_font(font):
    small, large, wrong = (
        *formula_mathtext.draw([FRACTION], Style(font, 10, 100)),
        *formula_mathtext.draw([FRACTION], Style(font, 20, 100)),
        *formula_mathtext.draw([r"\nosuchword x"], Style(font, 10, 100)),
    )
    assert ink(small).any()
    assert large.height > 1.6 * small.height
    assert "nosuchword" in wrong


@pytest.mark.parametrize(
    ("spaced", "closed"),
    [
        (r"x _ { 1 } ^ { 2 } + \alpha b", r"x_{1}^{2}+\alpha b"),
        (
            r"\frac { 1 } { 2 } \ a \, \{ \vec { k } _ { 0 } ^ { \prime } \}",
            r"\frac{1}{2}\ a\,\{\vec{k}_{0}^{\prime}\}",
        ),
    ],
)
def test_mathtext_sees_no_blanks_between_tokens(spaced, closed):
    both = formula_mathtext.draw([spaced, closed], Style("cm", 12, 150))
    assert both[0].tobytes() == both[1].tobytes()
    from matplotlib.mathtext import MathTextParser

    expected = np.asarray(MathTextParser("agg").parse(f"${closed}$", 150, None).image) > 127
    assert abs(ink(both[1]).sum() - expected.sum()) < 0.3 * expected.sum()


def test_mathtext_refuses_what_its_font_would_draw_as_something_else():
    (drawn,) = formula_mathtext.draw(["\u4e2d"], Style("cm", 10, 100))
    assert isinstance(drawn, str)


@WITH_TEX
def test_a_formula_that_tex_refuses_costs_no_other():
    wrong = [r"\nosuchword", r"\left ( a", r"\begin { array } { c } a", r"a ^ b ^ c", r"{ \rm", r"\mbox { $ a }"]
    wrong += [r"\begin { matrix } a & b", r"\end { matrix }", r"\sqrt { \right ) }", r"& a", r"\special { x }"]
    formulas = [formula for one in wrong for formula in (FRACTION, one)] + [FRACTION]
    drawn = formula_tex.draw(formulas, formula_tex.IM2LATEX)
    alone = formula_tex.draw([FRACTION], formula_tex.IM2LATEX)[0]
    for formula, picture in zip(formulas, drawn, strict=True):
        if formula == FRACTION:
            assert (ink(picture) == ink(alone)).all()
        else:
            assert isinstance(picture, str), formula
            assert picture


@WITH_TEX
@pytest.mark.parametrize("font", formula_tex.FONTS)
def test_tex_draws_in_every_font(font):
    small, large = (formula_tex.draw([FRACTION], Style(font, size, 100))[0] for size in (9, 14.4))
    assert ink(small).any()
    assert large.height > 1.2 * small.height


@WITH_TEX
def test_what_shows_nothing_or_leaves_the_page_is_no_picture():
    drawn = formula_tex.draw([r"\quad", r"\hspace { 9 0 c m } a", "a \\hspace { 1 c m } b \\"], formula_tex.IM2LATEX)
    assert [isinstance(one, str) for one in drawn] == [True, True, False]
    assert np.flatnonzero(~ink(drawn[2]).any(axis=0)).size > 70  # a centimetre at 200 dpi


@WITH_TEX
def test_what_tex_never_ends_is_found_and_costs_no_other(monkeypatch):
    monkeypatch.setattr(formula_tex, "SECONDS", 2.0)
    monkeypatch.setattr(formula_tex, "refusal", lambda formula: "")
    endless = r"\def \a { \a } \a"  # refused by name, but for this test
    drawn = formula_tex.draw([FRACTION, endless, FRACTION], formula_tex.IM2LATEX)
    assert [isinstance(one, str) for one in drawn] == [False, True, False]


@WITH_TEX
def test_bilevel_pictures_have_no_grey():
    grey, black = (formula_tex.draw([FRACTION], Style("times", 10, 150, bilevel=bilevel))[0] for bilevel in (0, 1))
    assert len(np.unique(np.asarray(grey))) > 5
    assert set(np.unique(np.asarray(black))) == {0, 255}


@pytest.mark.parametrize("renderer", [formula_tex, formula_mathtext, formula_mathjax])
def test_styles_are_drawn_by_chance_and_the_same_again(renderer):
    styles = [renderer.random_style(Random(seed)) for seed in range(40)]
    assert styles == [renderer.random_style(Random(seed)) for seed in range(40)]
    assert len({style.font for style in styles}) >= min(4, len(renderer.FONTS))
    assert all(75 <= style.dpi <= 400 and style.font in renderer.FONTS for style in styles)


@WITH_MATHJAX
def test_mathjax_draws_and_never_shows_what_it_does_not_know():
    wrong = [r"\nosuchword x", r"\dag x", r"\boldmath x", r"\require { color } x", r"\left ( x", r"a ^ b ^ c", r"a & b"]
    good = [FRACTION, r"a < b \hspace { 1 c m } c", r"\begin{matrix} a & b \end{matrix}"]
    drawn = formula_mathjax.draw([*wrong, *good], Style("newcm", 12, 200))
    assert all(isinstance(one, str) and one for one in drawn[: len(wrong)]), drawn
    assert all(ink(one).any() for one in drawn[len(wrong) :])
    larger = formula_mathjax.draw([FRACTION], Style("newcm", 24, 200))[0]
    assert larger.height > 1.8 * drawn[len(wrong)].height


@WITH_MATHJAX
@WITH_TEX
def test_all_renderers_mean_the_same_size():
    tex = formula_tex.draw(["x + y"], Style("computer modern", 12, 300))[0]
    mathjax = formula_mathjax.draw(["x + y"], Style("newcm", 12, 300))[0]
    mathtext = formula_mathtext.draw(["x + y"], Style("cm", 12, 300))[0]
    assert 0.9 < mathjax.width / tex.width < 1.1
    assert 0.8 < mathtext.width / tex.width < 1.2
