"""`formulas draw`: what it is asked.

python run.py formulas draw formulas.txt drawn/ --renderer tex tex mathtext --copies 3
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from formulas.flags import FormulasJob
from output.files import json_if_whole
from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import given_files, given_path
from settings.schema import Settings
from settings.words import count_of
from utils import UserError, did_you_mean, printable

RENDERERS = ("tex", "mathtext", "mathjax")
WORK, HEAD = "unfinished", "work.json"  # the work folder in that of the pictures


@dataclass(frozen=True, kw_only=True)
class Drawing(FormulasJob):
    """Draw formulas. output: the folder that is made; renderers: as often as each is to be taken; copies: pictures a
    formula; held: formulas that are marked as validation.
    """

    name = "draw"
    about = "pictures of formulas, to train and to judge with"
    description = (
        "Draws each line of a text file (LaTeX without $) in many fonts, sizes and resolutions: by TeX, as papers were "
        "set, by matplotlib's mathtext, or by MathJax. The first copy by TeX looks as the pictures of im2latex do (12 "
        "pt Computer Modern at 200 dpi), the others differ by chance. A formula that a renderer refuses stands in "
        "errors.csv with the reason, and costs no other. Leaves formulas.csv and the pictures, as `formulas train` and "
        "`formulas evaluate` take them. Killed at any moment, the same command goes on."
    )
    examples = f"""examples:
  {PROGRAM} formulas draw formulas.txt drawn/                                 each once, by TeX
  {PROGRAM} formulas draw formulas.txt drawn/ --copies 3 --held 300           three of each, 300 kept for choosing
  {PROGRAM} formulas draw formulas.txt drawn/ --renderer tex tex mathtext     TeX twice as often as mathtext
  then: {PROGRAM} formulas train drawn/

TeX: apt-get install texlive-latex-base texlive-latex-recommended texlive-fonts-recommended lmodern ghostscript
MathJax: npm install --no-save --prefix . mathjax@4 @resvg/resvg-js@2        (in the folder of run.py)
"""
    shared = ("--seed", "--workers", "--quiet")
    work = "formulas.drawing_job:run_draw"

    file: Path
    output: Path
    renderers: tuple[str, ...] = ("tex",)
    copies: int = 1
    held: int = 0

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["formulas"].add_argument
        add("words", nargs="*", metavar="FORMULAS.txt OUT", help="a formula a line, and the folder that is made")
        add("--renderer", nargs="+", action="extend", metavar="NAME",
            help=f"{', '.join(RENDERERS)}; one named twice is taken twice as often (default: tex)")  # fmt: skip
        add("--copies", metavar="N", help="pictures of each formula (default: 1)")
        add("--held", metavar="N", help="formulas that the column split marks as validation (default: 0)")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Drawing]:
        """As `Job` has it."""
        words = typed.value("words")
        if len(words) != 2:
            raise UserError(
                f"draw takes a file of formulas and a folder, {len(words)} given: "
                f"{PROGRAM} formulas draw FORMULAS.txt OUT"
            )
        (file,) = given_files(words[:1], "FORMULAS.txt") or (Path(words[0]),)
        renderers = tuple(typed.value("renderer") or ("tex",))
        for name in renderers:
            if name not in RENDERERS:
                raise UserError(
                    f"--renderer {printable(name)}: must be {', '.join(RENDERERS[:-1])} or {RENDERERS[-1]}"
                    f"{did_you_mean(name, RENDERERS)}"
                )
        output = given_path(words[1], "OUT")
        if output.is_file():
            raise UserError(f"{printable(str(output))} is a file: give the name of a folder")
        job = cls(
            **typed.command(),
            file=file,
            output=output,
            renderers=renderers,
            copies=count_of(typed, "copies", "--copies", 1),
            held=count_of(typed, "held", "--held", 0, least=0),
        )
        return settings, job

    def begun(self, settings: Settings, began: float) -> bool:
        """As `Job` has it."""
        return bool(json_if_whole(self.output / WORK / HEAD))

    def continue_command(self) -> str:
        """As `Job` has it: the same command."""
        return self.command()
