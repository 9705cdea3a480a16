"""The training loop: steps on augmented pages, validation and a checkpoint after each epoch, an early end.

    result = learn(learner, lessons, recipe, work, advance)     # the best epoch is in the learner

Called again after a kill it goes on from the newest complete checkpoint in `work`, and ends with the same bytes as an
undisturbed training: steps, data order and random state are its. One process, or several under `torchrun`, of which
each takes every n-th batch, run the same code.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader
from transformers import get_cosine_schedule_with_warmup

from encoders.devices import allow_tf32
from training.checkpoints import State, load_learned, restore, save
from training.head_learner import HeadLearner
from training.learner import Learner, Pages, Recipe
from training.processes import gathered, process_count, process_number
from training.sampler import BalancedSampler
from utils import cross_entropy, fit_temperature

MAX_NORM = 1.0  # longer gradients are cut to it
WARM_UP = 0.05  # share of all steps in which the learning rate rises, before it falls along a cosine


@dataclass
class Lessons:
    """What is learned from: `sampler` draws from `pages`; validation: the pages that choose the epoch, may be none."""

    pages: Pages
    sampler: BalancedSampler
    validation: list[int]


@dataclass(frozen=True)
class Learned:
    """How long was trained, and which epoch was kept; epochs count from 1.

    seconds, pages_per_second: of the epochs that this process trained, their validations included; 0 where it found all
    of them done.
    """

    epochs: int
    steps: int
    best_epoch: int
    seconds: float = field(compare=False)
    pages_per_second: float = field(compare=False)


def learn(
    learner: Learner | HeadLearner, lessons: Lessons, recipe: Recipe, work: Path, advance: Callable[[int], None]
) -> Learned:
    """Train, or go on from the newest complete checkpoint in `work`; the best epoch's weights end up in the learner.

    Without validation pages all epochs are trained and the last one is kept. advance(n): n steps are done.
    """
    if learner.encoder.device.type == "cuda":
        torch.cuda.set_device(learner.encoder.device)  # else pinned memory and more would take the first one too
    torch.manual_seed(recipe.seed)  # of dropout
    loop = Loop(learner, lessons, recipe)
    history = restore(work, loop.state)

    def ended() -> bool:
        return len(history) >= recipe.epochs or should_stop(history, recipe.patience)

    if history and not ended():
        advance(history[-1]["step"])
    began, done_before = time.monotonic(), len(history)
    while not ended():
        step = history[-1]["step"] if history else 0
        history.append(loop.epoch(len(history), step, advance) | loop.validate())
        save(work, loop.state, history, keep=best_of(history)["step"])
    seconds = time.monotonic() - began if len(history) > done_before else 0.0
    pages = (len(history) - done_before) * len(lessons.sampler)
    best = best_of(history)
    load_learned(learner, work / f"checkpoint-{best['step']}")
    rate = round(pages / seconds, 1) if seconds else 0.0
    return Learned(len(history), history[-1]["step"], best["epoch"], round(seconds, 1), rate)


class Loop:
    """One epoch of training, and one validation, of a learner on its device."""

    def __init__(self, learner: Learner | HeadLearner, lessons: Lessons, recipe: Recipe) -> None:
        self.learner, self.lessons, self.recipe = learner, lessons, recipe
        self.device = learner.encoder.device
        if recipe.precision == "tf32":
            allow_tf32()
        self.model: torch.nn.Module = learner
        if process_count() > 1:  # gradients are averaged over all processes
            devices = [self.device] if self.device.type == "cuda" else None
            self.model = DistributedDataParallel(learner, device_ids=devices, find_unused_parameters=True)
        optimizer = torch.optim.AdamW(learner.groups(recipe.lr))
        steps = recipe.epochs * -(-len(lessons.sampler) // (recipe.batch_size * process_count()))
        schedule = get_cosine_schedule_with_warmup(optimizer, math.ceil(WARM_UP * steps), steps)
        self.state = State(learner, optimizer, schedule)

    def epoch(self, epoch: int, step: int, advance: Callable[[int], None]) -> dict[str, Any]:
        """Train for an epoch, counted from 0, that begins after `step` steps; gives its line of metrics.jsonl."""
        learner, optimizer, schedule = self.learner, self.state.optimizer, self.state.schedule
        self.model.train()
        self.lessons.sampler.set_epoch(epoch)
        begun, total = step, torch.zeros((), device=self.device)
        for inputs, labels in self._batches(list(self.lessons.sampler), self.recipe.batch_size):
            # From seed and step, not from the global random state: a resumed training draws the same texts.
            texts = learner.draw_texts(np.random.default_rng([self.recipe.seed, step]))
            with self._precision():
                logits = self.model(inputs, texts=texts)  # [B, C]
            loss = functional.cross_entropy(logits.float(), labels, label_smoothing=self.recipe.label_smoothing)
            self.model.zero_grad()  # before the first step too: the text tower may have learned from texts alone
            loss.backward()
            clip_grad_norm_(self.model.parameters(), MAX_NORM)
            optimizer.step()
            learner.after_step()
            rate = schedule.get_last_lr()[0]
            schedule.step()
            total += loss.detach()
            step += 1
            advance(1)
        mean = gathered(total[None]).mean().item() / (step - begun)
        return {"epoch": epoch + 1, "step": step, "loss": mean, "lr": rate}

    def validate(self) -> dict[str, float]:
        """Loss, accuracy and quality on the validation pages, as the finished model works; {} without any.

        quality: the cross-entropy at its best temperature, by which the best epoch is chosen. Accuracy moves in steps
        of a page, and on ten validation pages it cannot tell epochs apart; plain cross-entropy punishes confidence that
        the fitted temperature takes away anyway.
        """
        pages = self.lessons.validation
        if not pages:
            return {}
        self.learner.eval()
        prototypes = self.learner.prototypes()
        rows: list[tuple[torch.Tensor, ...]] = []  # per batch: losses [B], logits [B, C], labels [B]
        for inputs, labels in self._batches(pages, 2 * self.recipe.batch_size):
            with torch.no_grad(), self._precision():
                logits = self.learner(inputs, prototypes=prototypes).float()
            losses = functional.cross_entropy(logits, labels).repeat(len(labels))
            rows.append((gathered(losses), gathered(logits), gathered(labels)))
        losses, logits, labels = (torch.cat(part)[: len(pages)].cpu().numpy() for part in zip(*rows, strict=True))
        return {
            "validation_loss": losses.mean().item(),
            "validation_accuracy": float((logits.argmax(axis=1) == labels).mean()),
            "validation_quality": cross_entropy(logits / fit_temperature(logits, labels), labels),
        }

    def _batches(self, draws: Sequence[Any], size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Inputs and labels of this process's batches, on its device."""
        loader = DataLoader(
            self.lessons.pages, batch_sampler=batches_of(draws, size), pin_memory=self.device.type == "cuda"
        )
        for batch in loader:
            yield batch["inputs"].to(self.device), batch["labels"].to(self.device)

    def _precision(self) -> contextlib.AbstractContextManager:
        bf16 = self.recipe.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16) if bf16 else contextlib.nullcontext()


def batches_of(draws: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """This process's batches: every n-th of n processes, filled up from the first draws so that all have equally many.

    One process fills nothing up: its last batch may be short.
    """
    if process_count() > 1:
        short = -len(draws) % (size * process_count())
        draws = [*draws, *islice(cycle(draws), short)]
    return [draws[i : i + size] for i in range(0, len(draws), size)][process_number() :: process_count()]


def should_stop(history: list[dict[str, Any]], patience: int) -> bool:
    """Whether the last `patience` validations brought nothing better.

    From the history alone, so that a resumed training stops where an undisturbed one does. patience 0: never.
    """
    qualities = [line["validation_quality"] for line in history if "validation_quality" in line]
    return 0 < patience < len(qualities) and min(qualities[-patience:]) >= min(qualities[:-patience])


def best_of(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The line of the best epoch, the first of equals; the last epoch where there is no validation."""
    judged = [line for line in history if "validation_quality" in line]
    return min(judged, key=lambda line: line["validation_quality"]) if judged else history[-1]
