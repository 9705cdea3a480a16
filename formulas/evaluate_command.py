"""`formulas evaluate`: what it is asked.

python run.py formulas evaluate drawn/ --split test --json figures.json
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from formulas.data import Columns
from formulas.draw_command import RENDERERS
from formulas.flags import (
    COMPUTING,
    TRAINING_REQUIREMENTS,
    FormulasJob,
    add_beams,
    add_model,
    add_output,
    beams_of,
    model_of,
    output_folder_of,
)
from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import filled
from settings.schema import Settings
from utils import UserError, did_you_mean, printable

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class EvaluateFormulas(FormulasJob):
    """Judge a model on pictures whose LaTeX is known. data: as typed; split: "" = all. json: where figures go, too.

    calibrate: the model learns from these readings how sure it may be. render: what draws both sides, "" = nothing.
    """

    name = "evaluate"
    about = "how well a model reads pictures whose LaTeX is known"
    description = (
        "Reads pictures of formulas and compares with the LaTeX that is known: character errors of the bare formula "
        "first (normalised; without blanks, braces, fonts, spacing, trailing punctuation), then all figures, by length "
        "and by structure, and whether the confidence keeps its word. A picture that cannot be read counts as an empty "
        "answer. Leaves a table of all formulas, the figures as JSON, and pictures of the calibration and of the worst "
        "readings. Data may be a folder with formulas.csv (columns image, latex, split), another CSV file, JSON lines, "
        ".lst files of im2latex, parquet files, or a data set of the hub by its id."
    )
    examples = f"""examples:
  {PROGRAM} formulas evaluate drawn/ --split test
  {PROGRAM} formulas evaluate drawn/ --model models/mine --json figures.json
  {PROGRAM} formulas evaluate linxy/LaTeX_OCR --configuration full --split test
  {PROGRAM} formulas evaluate drawn/ --split validation --model models/mine --calibrate
"""
    shared = (*COMPUTING, "--max_pixels", "--memory", "--excel", "--quiet")
    resumes = True
    needs = ("jiwer", "sacrebleu", "matplotlib")
    requirements = TRAINING_REQUIREMENTS
    work = "formulas.evaluating:run_evaluate"

    data: str
    split: str
    output: Path
    beams: int
    columns: Columns
    configuration: str = ""
    json: Path | None = None
    calibrate: bool = False
    render: str = ""

    @classmethod
    def hint(cls, word: str) -> str:
        """As `WordJob` has it."""
        return ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["formulas"].add_argument
        add(
            "data", nargs="*", metavar="DATA", help="a folder or file with formulas, or the id of a data set of the hub"
        )
        add("--split", metavar="NAME", help="train, validation or test: only formulas of that part (default: all)")
        add_model(groups["formulas"])
        add_beams(groups["formulas"])
        add("--json", metavar="FILE", help="write the figures as one JSON object, too")
        about = "write into the model's folder how sure such readings are; take formulas that it never learned from"
        add("--calibrate", action="store_true", help=about)
        add("--render", metavar="NAME", help=f"compare in print, too, drawn by {', '.join(RENDERERS)}")
        add("--configuration", metavar="NAME", help="of a data set of the hub, such as full")
        add("--picture_column", metavar="NAME", help="the column with the pictures, where it has no usual name")
        add("--latex_column", metavar="NAME", help="the column with the LaTeX, likewise")
        add_output(groups["formulas"])
        add("--resume", action="store_true", help="go on with the newest unfinished run of the same data and model")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, EvaluateFormulas]:
        """As `Job` has it."""
        data = [filled(source, "DATA") for source in typed.value("data")]
        if len(data) != 1:
            raise UserError(
                f"evaluate takes one source of formulas, {len(data)} given: {PROGRAM} formulas evaluate drawn/"
            )
        split = typed.text("split", "--split")
        if split and split not in SPLITS:
            raise UserError(f"--split {printable(split)}: must be {' or '.join(SPLITS)}{did_you_mean(split, SPLITS)}")
        json = typed.path("json", "--json")
        if json is not None and (json.is_dir() or not json.absolute().parent.is_dir()):
            what = "is a folder" if json.is_dir() else "is in no folder that exists"
            raise UserError(f"--json {printable(str(json))} {what}: give the name of a file")
        render = typed.text("render", "--render")
        if render and render not in RENDERERS:
            raise UserError(f"--render {printable(render)}: must be mathtext, tex or mathjax")
        if typed.given("calibrate") and not model_of(typed):
            raise UserError("--calibrate changes a model: name it with --model")
        columns = Columns(
            typed.text("picture_column", "--picture_column"), typed.text("latex_column", "--latex_column")
        )
        job = cls(
            **typed.command(),
            model=model_of(typed),
            data=data[0],
            split=split,
            output=output_folder_of(typed, settings),
            beams=beams_of(typed),
            columns=columns,
            configuration=typed.text("configuration", "--configuration"),
            json=json,
            calibrate=typed.value("calibrate"),
            render=render,
        )
        return settings, job

    def begun(self, settings: Settings, began: float) -> bool:
        """Whether a run was begun or taken up."""
        from output.runs import begun_since

        return begun_since(self.output, began)
