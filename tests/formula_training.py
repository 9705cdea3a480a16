"""What tests of training share: a folder of pairs made ready, a loop over them, the command."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import run
from formulas.data import pairs_of
from formulas.material import Material, encode
from formulas.pair_store import read_pairs
from formulas.recipes import RECIPES, Recipe
from formulas.starting import Begun, start_of
from formulas.training_loop import Loop
from settings.schema import Settings

QUIET = Settings().replaced("setup", quiet=True, workers=1)
PLAIN = RECIPES["micro"].but(augmented=False, warmup=0.1, rate=1e-3)


def learned_from(folder: Path, work: Path, recipe: Recipe = PLAIN, *, judged: bool = True) -> tuple[Material, Begun]:
    """All pairs of a folder teach; they judge too."""
    work.mkdir(exist_ok=True)
    store = read_pairs(pairs_of([folder]).pairs, work, QUIET)
    material = Material(store, taught=list(range(len(store.rows))))
    torch.manual_seed(0)
    begun = start_of(recipe, material)
    material = encode(material, begun.tokenizer, start=begun.labels_start, longest=begun.recipe.longest)
    if judged:
        material.judged = list(material.taught)
    return material, begun


def loop_of(material: Material, begun: Begun, work: Path, **changes: object) -> Loop:
    return Loop(
        begun.model, begun.tokenizer, material, begun.recipe.but(**changes), work,
        device=torch.device("cpu"), seed=0, quiet=True,
    )  # fmt: skip


def train(capsys: pytest.CaptureFixture[str], *arguments: object, models: Path) -> tuple[int, str]:
    words = ["formulas", "train", *map(str, arguments), "--model_dir", str(models), "--quiet", "--device", "cpu"]
    if "--base" not in words and "--preset" not in words:
        words += ["--preset", "micro"]
    code = run.main(words)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out + err
