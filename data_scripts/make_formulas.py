"""From lines of LaTeX to a model that reads formulas, with which `run.py formulas read` works: one command, resumable.

    python data_scripts/make_formulas.py models/formulas --lines ../shared/formulas/im2latex_formulas.txt \
        --labels ../shared/formulas/formulas.csv

1. The formulas are collected (collect_formulas.py): the real ones, and beside them short parts of them, real ones with
   parts exchanged, and some by a grammar.
2. TeX draws them (`run.py formulas draw`), the real ones three times each; a sixth of the others by mathtext.
3. The preset `small` learns to read the drawings (`run.py formulas train`).
4. Held-out drawings tell how sure its readings are (`run.py formulas evaluate --calibrate`).

Each is a command that goes on where it was killed, and so does this one. What is drawn lies in OUTPUT.making.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, start, whole_number

from formulas.train_command import Training
from settings.command import check_packages, quoted
from settings.config_file import HOME
from settings.given_paths import given_path
from utils import UserError

DESCRIPTION = """\
Make a model of formulas (models/formulas): collect, draw, train, calibrate. Two to three hours on two cores with the
numbers below; killed, the same command goes on where it stopped. Needs TeX (run.py formulas draw -h)."""
EXAMPLES = """\
examples:
  python data_scripts/make_formulas.py models/formulas --lines im2latex_formulas.txt --labels formulas.csv
  python data_scripts/make_formulas.py proof --lines formulas.txt --preset micro --held 40 --more 300 --steps 500"""
MORE = {"short": 9, "spliced": 11, "grammar": 8}  # shares of the formulas that are made beside the real ones
REFUSED = 1  # what `draw` and `evaluate` end with where single formulas were left out, each told


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("output", type=given_path, metavar="OUTPUT", help="the model folder that is made")
    for flag, what in (
        ("--lines", "text files with a formula a line"),
        ("--labels", "tables with a column latex; what their column split keeps apart is never drawn"),
    ):
        parser.add_argument(flag, type=given_path, nargs="+", default=[], metavar="FILE", help=what)
    parser.add_argument("--preset", choices=("small", "micro"), default="small", help="(default %(default)s)")
    for flag, default, what in (
        ("--steps", 12000, "steps of the training"),
        ("--copies", 3, "pictures of each real formula"),
        ("--held", 300, "real formulas that choose and calibrate, and are not learned"),
        ("--more", 28000, "formulas that are made beside them"),
        ("--seed", 420, "decides all that is drawn at random"),
    ):
        parser.add_argument(
            flag, type=whole_number(0, 10_000_000), default=default, metavar="N", help=f"{what} (default %(default)s)"
        )
    typed = parser.read(arguments)
    if not typed.lines and not typed.labels:
        raise UserError("name formulas: --lines FILE, a formula a line, or --labels FILE, a table with a column latex")
    check_packages("make_formulas.py", Training.needs, Training.requirements)
    steps = plan(typed)
    if typed.dry_run:
        print("\n".join(quoted(["python", *step]) for step, _ in steps))
        return 0
    making(typed.output).mkdir(parents=True, exist_ok=True)
    for step, result in steps:
        if not result.is_file():
            _run(step)
    return 0


def making(output: Path) -> Path:
    """Where the drawings of a model lie."""
    return output.with_name(f"{output.name}.making")


def plan(typed: argparse.Namespace) -> list[tuple[list[str], Path]]:
    """The commands, one after another, each without the interpreter, and the file that it leaves once it is done."""
    work = making(typed.output)
    real, more = work / "real", work / "more"
    texts = {folder: folder.with_suffix(".txt") for folder in (real, more)}
    collect = [str(HOME / "data_scripts" / "collect_formulas.py")]
    formulas = [str(HOME / "run.py"), "formulas"]
    sources = [*_named("--lines", typed.lines), *_named("--labels", typed.labels)]
    seed = ["--seed", str(typed.seed)]
    draw = [str(typed.copies), "--held", str(typed.held), *seed]
    steps = [
        ([*collect, str(texts[real]), *sources, *seed], texts[real]),
        ([*formulas, "draw", str(texts[real]), str(real), "--copies", *draw], real / "formulas.csv"),
    ]
    if typed.more:
        apart = ["--apart", str(real / "formulas.csv"), "--only_new"]
        counts = [f"--{name}={typed.more * part // sum(MORE.values())}" for name, part in MORE.items()]
        draw = ["2", "--held", str(typed.held * 2 // 3), "--renderer", *["tex"] * 5, "mathtext", *seed]
        steps += [
            ([*collect, str(texts[more]), *sources, *apart, *counts, *seed], texts[more]),
            ([*formulas, "draw", str(texts[more]), str(more), "--copies", *draw], more / "formulas.csv"),
        ]
    learnt = [str(real), str(more)] if typed.more else [str(real)]
    model = ["--model_dir", str(typed.output.absolute().parent), "--name", typed.output.name]
    train = ["--preset", typed.preset, "--steps", str(typed.steps), *model, *seed]
    figures = work / "figures.json"
    judge = ["--split", "validation", "--model", str(typed.output), "--calibrate", "-o", str(work / "judged")]
    return [
        *steps,
        ([*formulas, "train", *learnt, *train], typed.output / "formulas.json"),
        ([*formulas, "evaluate", str(real), *judge, "--json", str(figures)], figures),
    ]


def _named(flag: str, files: Sequence[Path]) -> list[str]:
    return [flag, *map(str, files)] if files else []


def _run(step: Sequence[str]) -> None:
    """One step, in a process of its own. UserError: it failed, and said why."""
    code = subprocess.run([sys.executable, *step], check=False).returncode
    if code == 130:
        raise KeyboardInterrupt
    if code not in (0, REFUSED):
        raise UserError(f"this step failed, see above; mended, the same command goes on: {quoted(['python', *step])}")


if __name__ == "__main__":
    start(main)
