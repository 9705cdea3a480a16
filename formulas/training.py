"""`formulas train`: teaches a model to read formulas, from pictures with their LaTeX.

    python run.py formulas train drawn/ --preset micro --name mine

Leaves `models/mine/`: the model folder, and in it metrics.jsonl and curves.png (loss, CER, WER, character accuracy),
left_out.csv (pairs that taught nothing, and why).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from encoders.devices import resolve_device
from formulas.curves import draw_curves
from formulas.data import pairs_of
from formulas.graph_export import write_graphs
from formulas.material import Material, divide, encode
from formulas.model_card import card_of
from formulas.model_folder import Parts, save_folder
from formulas.pair_store import LINES, read_pairs
from formulas.starting import start_of
from formulas.training_loop import BEST, METRICS, Loop
from output.console import say
from output.files import json_if_whole, write_lines
from output.model_work import ModelWork
from output.tables import Table, cell, path_cell
from sorting.computing import threads
from utils import UserError, printable

if TYPE_CHECKING:
    from formulas.data import Pair
    from formulas.recipes import Recipe
    from formulas.train_command import Training
    from settings.schema import Settings

FEWEST = 8  # formulas to learn from
LEFT_OUT = "left_out.csv"


def run_training(settings: Settings, job: Training) -> int:
    """Train; 0, 1 where pairs were left out because something is wrong with them, 130 interrupted (by `run.py`)."""
    began = time.time()
    quiet = settings.setup.quiet
    found = pairs_of(job.data, columns=job.columns, configuration=job.configuration)
    with _begin(settings, job, found.pairs) as work:
        store = read_pairs(found.pairs, work.folder, settings)
        material = divide(store, settings.setup.seed)
        torch.manual_seed(settings.setup.seed)
        begun = start_of(job.recipe, material)
        recipe = begun.recipe
        material = encode(material, begun.tokenizer, start=begun.labels_start, longest=recipe.longest)
        left_out = [*found.failures, *store.left_out, *_left_out(material, found.pairs)]
        _check(material, left_out)
        _tell(material, left_out, begun.model, recipe, quiet)
        device = resolve_device(settings.setup.device)
        loop = Loop(
            begun.model,
            begun.tokenizer,
            material,
            recipe,
            work.folder,
            device=device,
            seed=settings.setup.seed,
            workers=_loaders(settings.setup.workers, device),
            quiet=quiet,
        )
        history = loop.run()
        training = _record(job, recipe, material, left_out, history, began)
        best = json_if_whole(work.folder / BEST / "best.json")
        training["kept_step"] = best.get("step", history[-1]["step"] if history else 0)
        kept = next((record for record in history if "cer" in record and record["step"] == best.get("step")), {})
        parts = Parts(
            canvas=recipe.canvas,
            tokenizer=recipe.tokenizer or "bpe",
            longest=recipe.longest,
            base=recipe.base,
            figures={"validation": {name: kept[name] for name in kept if name not in ("step", "epoch")}}
            if kept
            else {},
            training=training,
        )
        with work.finish() as folder:
            if left_out:
                _write_left_out(folder / LEFT_OUT, left_out)
            save_folder(folder, begun.model, begun.tokenizer, parts, card_of(job.name_of_model, parts))
            write_lines(folder / METRICS, _lines(history))
            draw_curves(history, folder / "curves.png")
            if reason := write_graphs(folder):
                say(f"warning: no graphs, so it is read by PyTorch alone: {reason}")
    figures = f"; of the validation part: CER {kept['cer']:.3f}, exact {kept['exact']:.1%}" if kept else ""
    print(f"{printable(str(work.target))}: trained on {len(material.taught):,} formulas{figures}")
    print(f"read with it: {job.command_with('formulas', 'read', 'formula.png', '--model', str(work.target))}")
    return int(bool(found.failures or store.left_out))


def _loaders(workers: int, device: torch.device) -> int:
    """How many processes make batches ready meanwhile, as `--workers` asks.

    On a CPU one at most, as the network wants the cores, and none where a process cannot be forked: it would have to
    read everything anew in each epoch.
    """
    if device.type != "cpu":
        return threads(workers)
    return int(threads(workers) > 1 and multiprocessing.get_start_method() == "fork")


def _begin(settings: Settings, job: Training, pairs: Sequence[Pair]) -> ModelWork:
    """Take the work folder. UserError as `ModelWork` has it."""
    work = ModelWork(settings.setup.model_dir, job.name_of_model, learned=LINES)
    listed = hashlib.sha256()
    for pair in pairs:
        listed.update(f"{pair.name}\0{pair.split}\0{pair.latex}\n".encode("utf-8", "surrogatepass"))
    identity = {
        "recipe": job.recipe.to_json(),
        "seed": settings.setup.seed,
        "data": list(job.data),
        "formulas": len(pairs),
        "formula_list": listed.hexdigest()[:16],
    }
    return work.start(identity, resume=job.resume, quiet=settings.setup.quiet)


def _left_out(material: Material, pairs: list[Any]) -> list[tuple[str, str, str]]:
    rows = material.store.rows
    return [(pairs[rows[row].at].name, pairs[rows[row].at].latex, reason) for row, reason in material.left_out]


def _check(material: Material, left_out: list[tuple[str, str, str]]) -> None:
    """UserError where there is too little to learn from."""
    if len(material.taught) < FEWEST:
        first = "".join(f"; {name}: {reason}" for name, _, reason in left_out[:1])
        raise UserError(
            f"only {len(material.taught)} formulas to learn from, {FEWEST} are the least; {len(left_out)} were left "
            f"out{printable(first)}"
        )


def _tell(material: Material, left_out: list[tuple[str, str, str]], model: Any, recipe: Recipe, quiet: bool) -> None:
    """What is learned from, and what is not."""
    for reason, count in reasons_of(left_out).items():
        say(f"warning: {count} pairs are left out: {printable(reason)}")
    if material.unknown:
        shown = ", ".join(word for word, _ in material.unknown.most_common(6))
        say(f"warning: {len(material.unknown)} tokens are not in the vocabulary: {printable(shown)}")
    numbers = sum(parameter.numel() for parameter in model.parameters())
    say(
        f"{len(material.taught):,} formulas to learn from, {len(material.judged):,} to judge by, {material.tests:,} of "
        f"a test part left alone; {recipe.name}: {numbers:,} parameters, {model.config.decoder.vocab_size:,} tokens",
        quiet,
    )


def reasons_of(left_out: list[tuple[str, str, str]]) -> dict[str, int]:
    """Kinds of reasons, with how many pairs each: the text before a colon, or the whole."""
    return dict(Counter(reason.partition(":")[0] for _, _, reason in left_out).most_common())


def _record(
    job: Training,
    recipe: Recipe,
    material: Material,
    left_out: list[tuple[str, str, str]],
    history: list[dict[str, Any]],
    began: float,
) -> dict[str, Any]:
    """What the folder says of its training; data by name, as where they lie means nothing elsewhere."""
    return {
        "recipe": recipe.to_json(),
        "data": [Path(source).name for source in job.data],
        "formulas": len(material.taught),
        "judged_by": len(material.judged),
        "left_out": reasons_of(left_out),
        "steps": history[-1]["step"] if history else 0,
        "seconds_of_last_start": round(time.time() - began),
    }


def _write_left_out(file: Path, left_out: Sequence[tuple[str, str, str]]) -> None:
    """The table of pairs that taught nothing, with the reason."""
    with contextlib.ExitStack() as opened:
        table = Table(file, ["PATH", "LATEX", "REASON"], opened, excel=False)
        for name, latex, reason in left_out:
            table.write([path_cell(name), cell(" ".join(latex.split())), cell(reason)])
        table.complete([])


def _lines(history: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(record) for record in history]
