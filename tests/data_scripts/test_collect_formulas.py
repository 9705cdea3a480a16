"""Formulas for training: each once, none of those that judge, from text, tables and docstrings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from formulas.latex import normalise

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data_scripts"))
import collect_formulas

TEXT = r"""Something.

The mean :math:`\bar{x}` of

.. math::

    \bar{x} = \frac{1}{n} \sum_{i} x_i

    s &= 1 \\
    t &= 2

Then.
"""


def test_formulas_of_docstrings():
    found = list(collect_formulas.formulas_of(TEXT))
    assert found == [
        r"\bar{x}",
        r"\bar{x} = \frac{1}{n} \sum_{i} x_i",
        r"\begin{aligned} s &= 1 \\ t &= 2 \end{aligned}",
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [rf"f _ {{ {n} }} ( x ) = \frac {{ {n} x }} {{ y ^ {{ {n} }} }} + z" for n in range(20)]
    Path("lines.txt").write_text("\n".join([*lines, lines[0].replace(" ", ""), r"\input { x }", "a }"]))
    Path("labels.csv").write_text(
        "split,image,latex\n"
        "validation,a,f_{3} (x) = {3x \\over y^{3}} + z\n"
        "train,b,g = 1\n"
        "test,c,f_{4}(x)=\\frac{4x}{y^4}+z\n"
    )
    return tmp_path


def test_each_once_and_none_that_judges(folder, capsys):
    flags = ["--lines", "lines.txt", "--labels", "labels.csv", "--short", "40", "--spliced", "40", "--grammar", "10"]
    assert collect_formulas.main(["out.txt", *flags]) == 0
    found = Path("out.txt").read_text().splitlines()
    normal = [normalise(one) for one in found]
    assert len(set(normal)) == len(normal) > 80
    assert normalise("g = 1") in normal
    judges = {normalise(rf"f_{{{n}}}(x)=\frac{{{n}x}}{{y^{n}}}+z") for n in (3, 4)}
    assert not judges & set(normal)
    assert "refused" in capsys.readouterr().out
    assert collect_formulas.main(["again.txt", *flags]) == 0
    assert Path("again.txt").read_bytes() == Path("out.txt").read_bytes()
    assert collect_formulas.main(["new.txt", *flags, "--only_new"]) == 0
    assert not {normalise("g = 1")} & {normalise(one) for one in Path("new.txt").read_text().splitlines()}


def test_simple_formulas_need_no_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert collect_formulas.main(["simple.txt", "--simple", "200"]) == 0
    assert len(set(Path("simple.txt").read_text().splitlines())) == 200
