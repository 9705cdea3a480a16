"""The commands of `formulas`, and their parser.

    python run.py formulas read formula.png
    python run.py formulas read pages/ -o tables/ --json

What each is asked stands in a file beside this one (read_command.py, ...). Nothing here imports torch, so that help and
mistakes are answered at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from formulas.draw_command import Drawing
from formulas.evaluate_command import EvaluateFormulas
from formulas.flags import FormulasJob
from formulas.hub_command import PullFormulas, PushFormulas
from formulas.read_command import ReadFormulas
from formulas.serve_command import ServeFormulas
from formulas.train_command import Training
from settings.flags import PROGRAM
from settings.words import parse_words

# In the order in which people use them.
COMMANDS: dict[str, type[FormulasJob]] = {
    job.name: job
    for job in (ReadFormulas, ServeFormulas, EvaluateFormulas, Training, Drawing, PushFormulas, PullFormulas)
}
OVERVIEW = f"""From the picture of a formula to LaTeX, with how sure that is. Works offline.

{chr(10).join(f"  {PROGRAM} formulas {job.name:<9} {job.about}" for job in COMMANDS.values())}

Begin with: {PROGRAM} formulas read formula.png        The flags of a command: {PROGRAM} formulas read -h
Reading needs no more packages than sorting; the others: python -m pip install -r requirements-formulas.txt
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The typed flags of `formulas ...` (without that word), and the job that is asked for: `.job`.

    UserError for an unknown command, flag or word; SystemExit for help, as argparse does it.
    """
    return parse_words("formulas", COMMANDS, OVERVIEW, arguments)
