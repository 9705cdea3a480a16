"""Collects the formulas that a model of formulas learns from into one text file, for `run.py formulas draw`.

    python data_scripts/collect_formulas.py formulas.txt --lines ../shared/formulas/im2latex_formulas.txt \\
        --labels ../shared/formulas/formulas.csv --docstrings scipy sympy numpy sklearn --short 9000 --spliced 11000 \\
        --grammar 8000

Each formula once, by its normal form (formulas/latex.py). Formulas that a table of labels marks as validation or test
are left out wherever they come from, and nothing is cut from those of --apart, which judge what was learned.
"""

from __future__ import annotations

import ast
import csv
import importlib.util
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, start, whole_number

from drawing.formula_grammar import formula as by_grammar
from drawing.formula_grammar import simple
from drawing.formula_splices import Cuttings
from drawing.formula_words import refusal
from formulas.latex import LatexError, normalise
from output.files import write_whole
from output.tables import bare
from settings.given_paths import given_path
from utils import UserError, printable

DESCRIPTION = "Collect formulas into one text file, each once: what a model of formulas learns from."
EXAMPLES = """\
examples:
  python data_scripts/collect_formulas.py formulas.txt --lines im2latex_formulas.txt --labels formulas.csv
  python data_scripts/collect_formulas.py more.txt --labels formulas.csv --apart drawn/formulas.csv --only_new \\
      --short 9000 --spliced 11000 --grammar 8000
  then: python run.py formulas draw more.txt drawn/ --copies 2
  python data_scripts/collect_formulas.py simple.txt --simple 20000       what --preset micro reads after 20 minutes"""
ROLES = re.compile(r":math:`([^`]+)`")
BLOCKS = re.compile(r"^([ \t]*)\.\. math::[ \t]*(.*(?:\n(?:[ \t]*\n)*\1[ \t]+\S.*)*)", re.MULTILINE)
TRIES = 6  # how often one more is made for one that is wanted


class Collected:
    """Formulas that were taken. texts: as they are written to the file; told: normal form -> never taken again."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.told: set[str] = set()
        self.normal: list[str] = []
        self.refused = 0

    def leave_out(self, formula: str) -> None:
        """Never take this one."""
        self.told.add(_normal(formula))

    def take(self, formula: str) -> bool:
        """Take a formula unless it is there, is no formula, or was left out."""
        text = " ".join(formula.split())
        normal = _normal(text)
        if not normal or refusal(text):
            self.refused += 1
            return False
        if normal in self.told:
            return False
        self.told.add(normal)
        self.texts.append(text)
        self.normal.append(normal)
        return True


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("output", type=given_path, metavar="OUT.txt", help="the file that is written")
    for flag, what in (
        ("--lines", "text files with a formula a line"),
        ("--labels", "tables with a column latex, and perhaps split: what is not train there is left out everywhere"),
        ("--apart", "tables as `formulas draw` leaves them: those marked validation are neither taken nor cut"),
    ):
        parser.add_argument(flag, type=given_path, nargs="+", default=[], metavar="FILE", help=what)
    parser.add_argument("--docstrings", nargs="+", default=[], metavar="PACKAGE", help="installed packages to look in")
    for flag, what in (
        ("--short", "short parts of real ones"),
        ("--spliced", "real ones with parts exchanged"),
        ("--grammar", "formulas by chance"),
        ("--simple", "short ones of few signs by chance, for --preset micro"),
    ):
        parser.add_argument(flag, type=whole_number(0, 1_000_000), default=0, metavar="N", help=f"{what} (default 0)")
    parser.add_argument("--only_new", action="store_true", help="write what was made, not what it was made from")
    parser.add_argument(
        "--seed", type=whole_number(0, 2**31 - 1), default=420, metavar="N", help="(default %(default)s)"
    )
    typed = parser.read(arguments)
    found = Collected()
    apart = {_normal(latex) for file in typed.apart for latex, split in _labels(file) if split not in ("", "train")}
    found.told |= apart
    labels = [pair for file in typed.labels for pair in _labels(file)]
    for latex, split in labels:
        if split not in ("", "train"):
            found.leave_out(latex)
    sources: list[tuple[str, Iterator[str]]] = [(str(file), _lines(file)) for file in typed.lines]
    sources.append(("labels", (latex for latex, split in labels if split in ("", "train"))))
    sources += [(package, docstrings(package)) for package in typed.docstrings]
    for name, formulas in sources:
        before = len(found.texts)
        for formula in formulas:
            found.take(formula)
        if len(found.texts) > before:
            print(f"{len(found.texts) - before:>8,}  {printable(name)}")
    real = len(found.texts)
    if (typed.short or typed.spliced) and not real:
        raise UserError("--short and --spliced take parts of real formulas: name some with --lines or --labels")
    random = Random(typed.seed)
    if typed.short or typed.spliced:
        cuttings = Cuttings(found.normal)
        _make(found, typed.short, lambda: cuttings.short(random), "short parts")
        _make(found, typed.spliced, lambda: cuttings.spliced(random), "spliced")
    _make(found, typed.grammar, lambda: by_grammar(random), "by grammar")
    _make(found, typed.simple, lambda: simple(random), "simple")
    texts = found.texts[real:] if typed.only_new else found.texts
    if not texts:
        raise UserError("no formula: name files with --lines or --labels, or ask for --grammar N or --simple N")
    if typed.dry_run:
        print(f"would write {len(texts):,} formulas to {printable(str(typed.output))}")
        return 0
    write_whole(typed.output, "".join(f"{text}\n" for text in texts))
    print(f"{len(texts):>8,}  in {printable(str(typed.output))} ({found.refused:,} refused)")
    return 0


def docstrings(package: str) -> Iterator[str]:
    """The formulas of a package's docstrings, but for those of its tests. UserError: it is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise UserError(f"--docstrings {printable(package)}: no such package is installed")
    for folder in found.submodule_search_locations:
        for file in sorted(Path(folder).rglob("*.py")):
            if "tests" not in file.parts:
                yield from _of_source(file)


def _of_source(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):  # no Python of this version; nothing is lost by one file less
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and ("math::" in text or ":math:" in text):
                yield from formulas_of(text)


def formulas_of(docstring: str) -> Iterator[str]:
    """The formulas of a docstring in reStructuredText: roles and blocks; lines that are aligned as one formula."""
    yield from (role[1] for role in ROLES.finditer(docstring))
    for block in BLOCKS.finditer(docstring):
        body = textwrap.dedent(block[2]).strip()
        body = re.sub(r"^:\w+:.*$", "", body, flags=re.MULTILINE)
        for paragraph in re.split(r"\n[ \t]*\n", body):
            formula = " ".join(paragraph.split())
            if re.search(r"(?<!\\)&|\\\\", formula) and r"\begin" not in formula:
                formula = rf"\begin{{aligned}} {formula} \end{{aligned}}"
            if formula:
                yield formula


def _normal(formula: str) -> str:
    """The normal form, "" for what has none."""
    try:
        return normalise(formula)
    except LatexError:
        return ""


def _lines(file: Path) -> Iterator[str]:
    try:
        yield from file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(f"{printable(str(file))}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{printable(str(file))} is no text in UTF-8") from error


def _labels(file: Path) -> Iterator[tuple[str, str]]:
    """The formulas of a table with their splits, "" = the table does not tell."""
    rows = csv.DictReader(_lines(file))
    columns = {name.casefold(): name for name in rows.fieldnames or ()}
    if "latex" not in columns:
        raise UserError(f"{printable(str(file))}: no column latex")
    for row in rows:
        yield bare(row[columns["latex"]] or ""), (row.get(columns.get("split", "")) or "").strip()


def _make(found: Collected, wanted: int, make: Callable[[], str], name: str) -> None:
    """Take `wanted` new ones; fewer where chance gives no more."""
    before = len(found.texts)
    for _ in range(TRIES * wanted):
        if len(found.texts) - before == wanted:
            break
        found.take(make())
    if wanted:
        print(f"{len(found.texts) - before:>8,}  {name}")


if __name__ == "__main__":
    start(main)
