"""The normal form of formulas: one text for what looks the same in print."""

import csv
from pathlib import Path

import pytest

from formulas.latex import LatexError, bare_tokens, display, faults, normalise


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("x^2_1", "x _ { 1 } ^ { 2 }"),
        ("f''_n", "f _ { n } ^ { \\prime \\prime }"),
        ("f'^2", "f ^ { \\prime 2 }"),
        ("{a\\over b}", "\\frac { a } { b }"),
        ("{1+x\\over y}+z", "\\frac { 1 + x } { y } + z"),
        ("a\\over b", "\\frac { a } { b }"),
        ("x^{a\\over b}", "x ^ { \\frac { a } { b } }"),
        ("\\left(a\\over b\\right)", "\\left( \\frac { a } { b } \\right)"),
        ("{n\\choose k}", "\\binom { n } { k }"),
        ("{a \\atop b}", "a \\atop b"),
        ("x{a \\atop b}", "x { a \\atop b }"),
        ("\\frac12", "\\frac { 1 } { 2 }"),
        ("\\frac\\pi2", "\\frac { \\pi } { 2 }"),
        ("\\sqrt[3]x", "\\sqrt [ 3 ] { x }"),
        ("\\root 3 \\of {x}", "\\sqrt [ 3 ] { x }"),
        ("\\hat x_1", "\\hat { x } _ { 1 }"),
        ("{\\hat x}_1", "\\hat { x } _ { 1 }"),
        ("{\\rm eff}", "\\mathrm { e f f }"),
        ("x_{\\rm eff}", "x _ { \\mathrm { e f f } }"),
        ("{\\bf a \\over b}", "\\frac { \\mathbf { a } } { \\mathbf { b } }"),
        ("\\rm a \\bf b \\rm c", "\\mathrm { a } \\mathbf { b } \\mathrm { c }"),
        ("\\rm " * 5000 + "x", "\\mathrm { x }"),
        ("{\\cal L}_0", "\\mathcal { L } _ { 0 }"),
        ("\\mbox{ if } x", "\\mathrm { i f } ~ x"),
        ("a\\mbox{ for all $x$ in }b", "a ~ \\mathrm { f o r ~ a l l } ~ x ~ \\mathrm { i n } ~ b"),
        ("\\mbox{\\boldmath $\\sigma$}", "\\boldsymbol { \\sigma }"),
        ("\\mathrm { \\boldmath ~ \\phi ~ }", "\\boldsymbol { \\phi }"),
        ("\\operatorname { s i n } x", "\\sin x"),
        ("\\operatorname* { l i m } _ { n }", "\\lim _ { n }"),
        ("\\mathop{\\rm Tr}_k", "\\operatorname* { T r } _ { k }"),
        ("\\mathop{\\rm Tr} A", "\\mathrm { T r } A"),
        ("\\sum\\limits_i", "\\sum _ { i }"),
        ("a\\,\\,b", "a ~ b"),
        ("a\\hspace{1cm}b", "a \\qquad b"),
        ("a \\hspace { 0 . 2 c m } b", "a ~ b"),
        ("a\\hskip 2pt plus 1fil b", "a \\, b"),
        ("\\int\\!\\! x", "\\int x"),
        ("A\\!\\!\\!/", "A \\! \\! \\! /"),
        ("x\\, .\\label{eq:1}", "x \\, ."),
        ("$x$ % a comment", "x"),
        ("x\\nonumber\\\\", "x"),
        ("\\big( x \\bigr)", "\\big ( x \\big )"),
        ("\\left< x \\right>", "\\left\\langle x \\right\\rangle"),
        ("\\left\\lbrace x \\right.", "\\left\\{ x \\right."),
        ("a \\le b \\to c", "a \\leq b \\rightarrow c"),
        ("{{a}}+{b_1}", "a + b _ { 1 }"),
        ("{a_1}^2", "{ a _ { 1 } } ^ { 2 }"),
        ("{=}", "="),
        ("a{=}b", "a { = } b"),
        ("a{-b}", "a { - b }"),
        ("{}^*d", "{ } ^ { * } d"),
        ("^*d", "{ } ^ { * } d"),
        ("R^a{}_b", "R ^ { a } { } _ { b }"),
        ("\\not=", "\\neq"),
        ("\\pmatrix{a&b\\cr c&d\\cr}", "\\left( \\begin{matrix} a & b \\\\ c & d \\end{matrix} \\right)"),
        (
            "\\begin{array}[t]{l@{}r}a&b\\\\[2mm]c&d\\\\\\end{array}",
            "\\begin{array} { l r } a & b \\\\ c & d \\end{array}",
        ),
        ("\\begin{eqnarray}a&=&b\\\\c&=&d\\end{eqnarray}", "\\begin{aligned} a & = b \\\\ c & = d \\end{aligned}"),
        ("\\sum_{\\substack{a\\\\b}}", "\\sum _ { \\substack { a \\\\ b } }"),
        ("\\fbox{$a$}", "\\boxed { a }"),
        ("\\label{a}", ""),
        ("", ""),
        ("% nothing\nx", "x"),
        ("%x = y%z", "x = y"),
        ("F_a^{\\ \\rho \\ }", "F _ { a } ^ { ~ \\rho }"),
        ("\\displaystyle a \\displaystyle b", "a b"),
        ("\\frac{\\displaystyle a}{b}", "\\frac { \\displaystyle a } { b }"),
        ("\\mymacro{ab}{c}d", "\\mymacro { a b } { c } d"),
        ("\\alpha{ab}", "\\alpha a b"),
        (
            "\\begin{array}{cc}\\hline\\multicolumn{2}{c}{a}\\\\\\cline{1-2}b&c\\end{array}",
            "\\begin{array} { c c } \\hline & a \\\\ b & c \\end{array}",
        ),
    ],
)
def test_one_text_for_what_looks_the_same(written: str, normal: str) -> None:
    assert normalise(written) == normal
    assert normalise(normal) == normal
    assert normalise(display(normal)) == normal


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("{a", "does not end"),
        ("a}", "a closing brace too many"),
        ("\\left(a", "\\left( does not end"),
        ("a\\right)", "\\right without \\left"),
        ("\\frac{a}", "the argument of \\frac is missing"),
        ("x^", "the argument of ^ is missing"),
        ("x^a^b", "two superscripts"),
        ("x_a_b", "two subscripts"),
        ("x^a'", "two superscripts"),
        ("a & b", "'&' outside of a matrix"),
        ("a \\over b \\over c", "\\over and \\over in one group"),
        ("\\begin{array}{c}a\\end{matrix}", "\\begin{array} ends with \\end{matrix}"),
        ("\\begin{array}{c}a", "does not end"),
        ("\\begin{picture}(1,2)\\end{picture}", "'picture' is not known"),
        ("\\left x", "\\left wants a bracket, not 'x'"),
        ("\\def\\a{b}", "\\def draws or programs"),
        ("\\mbox{a", "does not end"),
        ("{" * 500 + "}" * 500, "groups inside each other"),
        (r"\hat" * 500 + "x", "groups inside each other"),
        (r"\frac" + r"\nonumber" * 500 + "12", "groups inside each other"),
    ],
)
def test_what_tex_would_not_set_is_refused_in_one_line(written: str, complaint: str) -> None:
    with pytest.raises(LatexError) as raised:
        normalise(written)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_figures_count_what_is_seen() -> None:
    normal = normalise("{\\rm Tr} \\left( \\bar{x}_1, y \\right.\\quad{\\frac12}\\displaystyle \\, .")
    assert bare_tokens(normal) == ["T", "r", "(", "\\bar", "x", "_", "1", ",", "y", "\\frac", "1", "2"]
    assert bare_tokens("\\{ a \\}") == ["\\{", "a", "\\}"]
    assert bare_tokens("\\leftarrow a \\rightarrow") == ["\\leftarrow", "a", "\\rightarrow"]
    assert bare_tokens("\\begin{array} { c } a \\end{array}") == ["\\beginarray", "c", "a", "\\endarray"]
    assert bare_tokens("") == []


def test_what_is_left_open_is_named() -> None:
    assert faults("\\left( { a } \\right)") == []
    assert faults("\\frac { a } {") == ["{ is never closed"]
    assert faults("\\left( a }") == ["} closes \\left("]
    assert faults("a \\end{array}") == ["\\end{array} closes nothing"]
    assert faults("\\begin{array} { c } a \\end{matrix}") == ["\\end{matrix} closes \\begin{array}"]
    assert faults("\\leftarrow \\rightarrow") == []


@pytest.mark.shared
@pytest.mark.parametrize(("name", "refused"), [("formulas.csv", 0), ("im2latex_formulas.txt", 30)])
def test_real_formulas_have_one_normal_form(shared: Path, name: str, refused: int) -> None:
    with (shared / "formulas" / name).open(encoding="utf-8", newline="") as file:
        formulas = [row["latex"] for row in csv.DictReader(file)] if name.endswith("csv") else file.read().splitlines()
    assert len(formulas) in (1100, 17750)
    wrong = 0
    for latex in formulas:
        try:
            normal = normalise(latex)
        except LatexError:
            wrong += 1
            continue
        assert normalise(normal) == normal, latex
        assert normalise(display(normal)) == normal, latex
        assert faults(normal) == [], latex
    assert wrong <= refused
