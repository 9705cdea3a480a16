"""Checkpoints of a training, safe from kills: each is a folder `checkpoint-STEP`, whole once its marker is there.

    save(folder, state, history, keep=8)      # after each epoch, in all processes; older ones but that of step 8 go
    history = restore(folder, state)          # goes on from the newest: a line for each epoch, [] where there is none

| file | holds |
|---|---|
| `checkpoint-STEP/model.safetensors` | the weights that learn: a frozen CLIP of 1.7 GB need not be written each epoch |
| `checkpoint-STEP/state.pt` | optimiser and learning rates |
| `checkpoint-STEP/random_N.pt` | the random state of process N |
| `metrics.jsonl` | one line an epoch; it may be one epoch ahead of the newest checkpoint |

Where in the data a training stands follows from its step: the sampler draws from seed and epoch alone.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from output import failures
from output.files import write_lines
from training.head_learner import HeadLearner
from training.learner import Learner
from training.processes import is_main, meet, process_number
from training.record import METRICS
from utils import printable

MARKER = "complete"  # the last file written into a checkpoint


@dataclass
class State:
    """What a step changes, the random state aside."""

    learner: Learner | HeadLearner
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler


def complete_checkpoints(folder: Path) -> list[Path]:
    """Checkpoint folders that were written to the end, oldest first."""
    complete = [path for path in folder.glob("checkpoint-*") if (path / MARKER).is_file()]
    return sorted(complete, key=_step_of)


def save(folder: Path, state: State, history: list[dict[str, Any]], keep: int) -> None:
    """Write the checkpoint of the last epoch of `history`, and metrics.jsonl; keep: the step of the best one.

    Raises WriteError where they cannot be written.
    """
    newest = folder / f"checkpoint-{history[-1]['step']}"
    try:
        newest.mkdir(parents=True, exist_ok=True)
        _save_random(newest, state.learner.encoder.device)
        if is_main():
            learned = {n: p.detach().contiguous() for n, p in state.learner.named_parameters() if p.requires_grad}
            save_file(learned, str(newest / "model.safetensors"))
            parts = {"optimizer": state.optimizer.state_dict(), "schedule": state.schedule.state_dict()}
            torch.save(parts, newest / "state.pt")
            write_lines(folder / METRICS, map(json.dumps, history))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise _unwritable(error, folder, history[-1]["epoch"]) from error
    meet()  # the marker stands for what all processes have written
    if not is_main():
        return
    with (newest / MARKER).open("w", encoding="utf-8") as marker:
        marker.flush()
        os.fsync(marker.fileno())
    for old in folder.glob("checkpoint-*"):
        if old != newest and _step_of(old) != keep:
            (old / MARKER).unlink(missing_ok=True)  # first: half a folder must not pass for a whole one
            shutil.rmtree(old, ignore_errors=True)


def restore(folder: Path, state: State) -> list[dict[str, Any]]:
    """Take up `state` and the random state from the newest complete checkpoint; gives the lines of its epochs.

    What a kill cut off is removed.
    """
    complete = complete_checkpoints(folder)
    if is_main():
        for half in set(folder.glob("checkpoint-*")) - set(complete):
            shutil.rmtree(half)
    meet()
    if not complete:
        return []
    newest = complete[-1]
    load_learned(state.learner, newest)
    parts = torch.load(newest / "state.pt", map_location="cpu", weights_only=True)
    state.optimizer.load_state_dict(parts["optimizer"])
    state.schedule.load_state_dict(parts["schedule"])
    _load_random(newest, state.learner.encoder.device)
    lines = map(json.loads, (folder / METRICS).read_text(encoding="ascii").splitlines())
    return [line for line in lines if line["step"] <= _step_of(newest)]


def load_learned(learner: Learner | HeadLearner, checkpoint: Path) -> None:
    """Put a checkpoint's learned weights into the learner."""
    learner.load_state_dict(load_file(str(checkpoint / "model.safetensors")), strict=False)


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix("checkpoint-"))


def _save_random(checkpoint: Path, device: torch.device) -> None:
    random = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        random["cuda"] = torch.cuda.get_rng_state(device)
    torch.save(random, checkpoint / f"random_{process_number()}.pt")


def _load_random(checkpoint: Path, device: torch.device) -> None:
    random = torch.load(checkpoint / f"random_{process_number()}.pt", map_location="cpu", weights_only=True)
    torch.set_rng_state(random["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(random["cuda"], device)


def _unwritable(error: Exception, folder: Path, epoch: int) -> Exception:
    """What to say where a checkpoint cannot be written; anything else is given back as it is.

    safetensors and torch have errors of their own for a full disk, which do not name the cause alike.
    """
    cause = error if isinstance(error, OSError) else _refusal(folder)
    line = failures.line_of(cause or error)
    if line is None:
        return error
    return failures.WriteError(
        f"the checkpoint of epoch {epoch} cannot be written into {printable(str(folder))}: {line}"
    )


def _refusal(folder: Path) -> OSError | None:
    """What the system says of writing a checkpoint's worth into a folder; None where that can be done."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            for _ in range(16):
                probe.write(bytes(2**20))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return OSError(error.errno, error.strerror)  # without the probe's own name
    return None
