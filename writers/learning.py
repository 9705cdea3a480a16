"""The loop of both trainings, and its checkpoint: killed at any moment, it goes on as if it had never stopped.

    history = learn(lesson, course, work.folder, say)

What a step sees follows from seed and step alone, so weights, optimizer, step and the sums of the epoch are the whole
state; it is one file, written every minute, after each epoch, and when the training is interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from output.files import whole
from writers.configurations import Course
from writers.optimizing import rate_at, set_rate

CHECKPOINT = "checkpoint.pt"
EVERY = 60.0  # seconds between two checkpoints
PATIENCE = 10  # epochs without a better figure, after which a training that is judged ends


class Lesson(Protocol):
    """What is learned. samples: patches that a step sees; steps: of an epoch."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    device: torch.device
    steps: int
    samples: int

    def loss(self, step: int) -> torch.Tensor:
        """The loss of a step, a scalar; the same for the same step and weights."""

    def judge(self) -> tuple[dict[str, float], float | None]:
        """Figures of the model as it is, and the one that should be high; None: none is, the last epoch counts."""


@dataclass
class State:
    """How far a training is. history: one record an epoch. best: the weights of the best epoch, where one is judged."""

    step: int = 0
    total: float = 0.0  # of the losses of this epoch
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, torch.Tensor] | None = None
    best_figure: float | None = None
    best_epoch: int = 0
    ended: bool = False


def learn(lesson: Lesson, course: Course, folder: Path, say: Callable[[str], None]) -> State:
    """Train to the end, from the checkpoint in `folder` where there is one; leaves the best weights in the model.

    KeyboardInterrupt: after a checkpoint was written.
    """
    state = _restore(lesson, folder)
    steps, warmup = course.epochs * lesson.steps, round(course.warmup * lesson.steps)
    saved = time.monotonic()
    began, first = time.monotonic(), state.step
    try:
        while state.step < steps and not state.ended:
            state.total += _step(lesson, course, state.step, steps, warmup)
            state.step += 1  # together with the weights; an interruption in between costs one step
            if state.step % lesson.steps == 0:
                _close_epoch(lesson, course, state)
                say(_line(lesson, course, state, (state.step - first) / (time.monotonic() - began)))
            if time.monotonic() - saved > EVERY or state.step % lesson.steps == 0:
                _save(lesson, state, folder)
                saved = time.monotonic()
    except KeyboardInterrupt:
        say(f"interrupted in epoch {state.step // lesson.steps + 1}: what was learned is kept up to the last minute")
        raise
    if state.best is not None:
        lesson.model.load_state_dict(state.best)
    return state


def _step(lesson: Lesson, course: Course, step: int, steps: int, warmup: int) -> float:
    set_rate(lesson.optimizer, rate_at(step, steps, warmup, course))
    lesson.model.train()
    lesson.optimizer.zero_grad(set_to_none=True)
    loss = lesson.loss(step)
    loss.backward()
    nn.utils.clip_grad_norm_(lesson.model.parameters(), course.clip)
    lesson.optimizer.step()
    return float(loss.detach())


def _close_epoch(lesson: Lesson, course: Course, state: State) -> None:
    """Judge, and keep the best weights."""
    lesson.model.eval()
    with torch.no_grad():
        figures, figure = lesson.judge()
    epoch = state.step // lesson.steps
    state.history.append({"epoch": epoch, "loss": state.total / lesson.steps, **figures})
    state.total = 0.0
    if figure is None:
        state.best_epoch = epoch
    elif state.best_figure is None or figure > state.best_figure:
        state.best = {name: value.detach().cpu().clone() for name, value in lesson.model.state_dict().items()}
        state.best_figure, state.best_epoch = figure, epoch
    state.ended = epoch == course.epochs or (figure is not None and epoch - state.best_epoch >= PATIENCE)


def _line(lesson: Lesson, course: Course, state: State, rate: float) -> str:
    """What an epoch taught: `epoch 3 of 10: loss 0.41, HOG error 0.052 (...), 830 patches/s, 4 min left`."""
    record = state.history[-1]
    figures = ", ".join(f"{name} {value:.4g}" for name, value in record.items() if name != "epoch")
    left = (course.epochs * lesson.steps - state.step) / max(rate, 1e-9) / 60
    return (
        f"epoch {record['epoch']} of {course.epochs}: {figures}; {rate * lesson.samples:.0f} patches/s, "
        f"{left:.0f} min left"
    )


def _save(lesson: Lesson, state: State, folder: Path) -> None:
    parts = {
        "model": lesson.model.state_dict(),
        "optimizer": lesson.optimizer.state_dict(),
        "state": vars(state),
    }
    with whole(folder / CHECKPOINT) as part:
        torch.save(parts, part)


def _restore(lesson: Lesson, folder: Path) -> State:
    file = folder / CHECKPOINT
    if not file.exists():
        return State()
    parts = torch.load(file, map_location="cpu", weights_only=True)
    lesson.model.load_state_dict(parts["model"])
    lesson.optimizer.load_state_dict(parts["optimizer"])
    return State(**parts["state"])


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 on CUDA, where it is twice as fast; float32 elsewhere."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")
