"""The form of a formula that KaTeX takes. All 17,750 real ones were set with KaTeX itself: formulas/preview.py."""

import pytest

from formulas.latex import normalise
from formulas.preview import preview


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("\\frac{a}{b}", "\\frac { a } { b }"),
        ("\\L_0", "\\text { Ł } _ { 0 }"),
        ("\\d x + \\d{ab}", "\\underset { . } { x } + \\underset { . } { a b }"),
        ("a \\d", "a \\underset { . } { }"),
        ("\\frac{\\d}{x}", "\\frac { \\underset { . } { } } { x }"),
        ("G \\backslash H", "G { \\setminus } H"),
        ("\\left\\backslash a \\right\\backslash", "\\left. { \\setminus } a { \\setminus } \\right."),
        ("a \\hspace{1cm} \\mbox{\\boldmath $x$} _2", "a \\qquad \\boldsymbol { x } _ { 2 }"),
    ],
)
def test_what_katex_refuses_is_written_otherwise(written: str, taken: str) -> None:
    assert preview(normalise(written)) == taken
