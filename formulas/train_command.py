"""`formulas train`: what it is asked, and who does it.

python run.py formulas train drawn/ --preset micro --name mine
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace

from formulas.data import Columns
from formulas.flags import TRAINING_REQUIREMENTS, FormulasJob, plain_name
from formulas.recipes import RECIPES, Recipe
from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import filled
from settings.schema import Settings
from settings.words import count_of
from utils import UserError, did_you_mean, printable

MODES = ("wide", "letterbox", "squash")
TOKENIZERS = ("latex", "bpe")


@dataclass(frozen=True, kw_only=True)
class Training(FormulasJob):
    """Teach a model to read formulas. data: as typed; name_of_model: of the folder to be, in the folder of models."""

    name = "train"
    about = "teach a model to read formulas, from pictures with their LaTeX"
    description = (
        "Trains a model on pictures of formulas with their LaTeX: a folder with formulas.csv (columns image, latex), "
        "another CSV file, JSON lines, the .lst files of im2latex, parquet files, or a data set of the hub by its id. "
        "Presets: small (a network of its own, hours on two cores, minutes on a GPU), micro (a tiny one, minutes), "
        "published (fine-tunes microsoft/trocr-base-stage1, for a GPU). Formulas of the validation part, or one of "
        "twenty, judge; no formula stands on both sides, none that is too long is cut, and each pair that teaches "
        "nothing is listed with the reason. Killed at any moment, the same command goes on."
    )
    examples = f"""examples:
  {PROGRAM} formulas train drawn/ --preset micro --name tiny          minutes on two cores
  {PROGRAM} formulas train drawn/ scans/ --preset small --steps 30000
  {PROGRAM} formulas train linxy/LaTeX_OCR --configuration full --preset published --device cuda
  {PROGRAM} formulas train mine/ --base models/formulas --epochs 5     go on from a model, with formulas of your own
"""
    work = "formulas.training:run_training"
    needs = ("torch", "transformers", "accelerate", "jiwer", "sacrebleu", "matplotlib")
    requirements = TRAINING_REQUIREMENTS
    shared = ("--max_pixels", "--memory", "--model_dir", "--device", "--workers", "--seed", "--quiet")
    resumes = True

    data: tuple[str, ...]
    name_of_model: str
    recipe: Recipe
    columns: Columns
    configuration: str = ""

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["formulas"].add_argument
        add("data", nargs="*", metavar="DATA", help="folders or files with formulas, or ids of data sets of the hub")
        add("--name", metavar="NAME", help="the folder that is made, in the folder of models (default: the preset's)")
        add("--preset", metavar="NAME", help="small, micro or published (default: small; with --base: published)")
        add("--base", metavar="MODEL", help="start from a model: a folder, or TrOCR by its id (in the hub cache)")
        add("--tokenizer", metavar="KIND", dest="tokens",
            help="latex: a vocabulary made of the training formulas; bpe: that of the base")  # fmt: skip
        add("--image_mode", metavar="MODE", help="wide, letterbox or squash (default: the preset's, or the base's)")
        add("--epochs", metavar="N", help="passes over the training formulas (default: the preset's)")
        add("--steps", metavar="N", help="how many steps, instead of epochs")
        add("--batch", metavar="N", help="formulas of a step (default: the preset's)")
        add("--at_once", metavar="N", help="of these, how many are computed together, where memory is short")
        add("--rate", metavar="X", help="the greatest rate of learning (default: the preset's)")
        add("--configuration", metavar="NAME", help="of a data set of the hub, such as full")
        add("--picture_column", metavar="NAME", help="the column with the pictures, where it has no usual name")
        add("--latex_column", metavar="NAME", help="the column with the LaTeX, likewise")
        add("--resume", action="store_true", help="go on with a training that was begun (as the same command does)")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Training]:
        """As `Job` has it."""
        data = tuple(filled(source, "DATA") for source in typed.value("data"))
        if not data:
            raise UserError(f"name the formulas to learn from: {PROGRAM} formulas train drawn/")
        recipe = _recipe(typed)
        columns = Columns(
            typed.text("picture_column", "--picture_column"), typed.text("latex_column", "--latex_column")
        )
        job = cls(
            **typed.command(),
            data=data,
            name_of_model=plain_name(typed, f"formulas-{recipe.name}"),
            recipe=recipe,
            columns=columns,
            configuration=typed.text("configuration", "--configuration"),
        )
        return settings, job

    def to_continue(self, settings: Settings, began: float) -> str:
        """The same command: what was learned is taken up without a flag."""
        return self.command()


def _recipe(typed: Typed) -> Recipe:
    """The preset that is named, with what was changed of it."""
    base = typed.text("base", "--base")
    preset = _choice(typed, "preset", "--preset", tuple(RECIPES)) or ("published" if base else "small")
    recipe = RECIPES[preset]
    tokens = _choice(typed, "tokens", "--tokenizer", TOKENIZERS)
    if tokens == "bpe" and not (base or recipe.base):
        raise UserError("--tokenizer bpe is that of a base, and this starts from none: give one with --base")
    epochs, steps = count_of(typed, "epochs", "--epochs", 0), count_of(typed, "steps", "--steps", 0)
    mode = _choice(typed, "image_mode", "--image_mode", MODES)
    batch = count_of(typed, "batch", "--batch", recipe.batch)
    at_once = count_of(typed, "at_once", "--at_once", recipe.at_once, least=0)
    if at_once and batch % at_once:
        raise UserError(f"--at_once {at_once}: {batch} formulas of a step must be a multiple of it")
    if mode and recipe.canvas.mode != mode:
        step, size = (recipe.canvas.step, recipe.canvas.type_size) if mode == "wide" else (0, 0.0)
        recipe = recipe.but(canvas=replace(recipe.canvas, mode=mode, step=step, type_size=size))
    return recipe.but(
        base=base or None,
        network="" if base else None,
        tokenizer={"latex": "latex", "bpe": ""}.get(tokens or "", "" if base else None),
        epochs=epochs or None,
        steps=steps or (0 if epochs else None),
        batch=batch,
        at_once=at_once,
        rate=_rate(typed),
    )


def _choice(typed: Typed, name: str, flag: str, choices: tuple[str, ...]) -> str | None:
    """One of the choices; None where the flag is not given."""
    given = typed.text(name, flag)
    if given and given not in choices:
        raise UserError(f"{flag} {printable(given)}: must be {' or '.join(choices)}{did_you_mean(given, choices)}")
    return given or None


def _rate(typed: Typed) -> float | None:
    given = typed.text("rate", "--rate")
    if not given:
        return None
    try:
        rate = float(given)
    except ValueError:
        rate = -1.0
    if not 0 < rate <= 1:
        raise UserError(f"--rate {printable(given)}: must be a rate of learning, more than 0 and at most 1")
    return rate
