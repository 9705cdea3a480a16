"""`writers pretrain`: teaches an encoder what strokes look like, from pages alone, by hiding parts of patches.

    python run.py writers pretrain pages/ --name letters

Leaves `models/letters/`: autoencoder.json (what it is, and what each epoch taught), autoencoder.safetensors, and
reconstruction.png (what it makes of patches that it has not seen).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from encoders.devices import resolve_device
from output.console import say
from output.files import json_if_whole, write_json, write_whole
from utils import UserError, printable
from writers.autoencoder import MaskedAutoencoder, darkness, masked_loss, random_visible
from writers.configurations import Configuration
from writers.hog import TOKENS, target_of
from writers.learning import autocast, learn
from writers.optimizing import parameter_groups
from writers.patch_store import PatchStore, read_pages
from writers.reconstruction import draw_reconstruction
from writers.sampling import Shuffled
from writers.training_work import begin_training, finish_training, held_out_pages

if TYPE_CHECKING:
    from settings.schema import Settings
    from writers.training_command import Pretraining

RECORD, WEIGHTS, PICTURE = "autoencoder.json", "autoencoder.safetensors", "reconstruction.png"
JUDGED = 2048  # patches of held-out pages
SHOWN = 8  # of them in the picture


class PretrainingLesson:
    """What the loop (learning.py) needs of the first stage."""

    def __init__(self, store: PatchStore, configuration: Configuration, seed: int, device: torch.device) -> None:
        self.store, self.configuration, self.seed, self.device = store, configuration, seed, device
        kept_out = np.isin(store.page_of, held_out_pages(len(store.pages), seed))
        self.taught, judged = np.flatnonzero(~kept_out), np.flatnonzero(kept_out)
        self.judged = judged[:: -(-len(judged) // JUDGED)] if len(judged) else judged
        course = configuration.pretrain
        self.order = Shuffled(len(self.taught), course.batch, seed)
        self.steps, self.samples = self.order.steps, self.order.size
        torch.manual_seed(seed)
        self.model = MaskedAutoencoder(configuration).to(device)
        groups = parameter_groups(self.model, lambda name: 0, 1.0, course.weight_decay)
        self.optimizer = torch.optim.AdamW(groups)

    def told(self, indices: np.ndarray, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the model tells of patches, the target, and which tokens it saw."""
        grey = darkness(torch.from_numpy(self.store.grey(indices)).to(self.device))
        ink = torch.from_numpy(self.store.ink(indices)).to(self.device).float()
        seen = random_visible(len(indices), self.configuration.mask, TOKENS, generator).to(self.device)
        with autocast(self.device):
            told = self.model(grey, seen)
        return told, target_of(self.configuration.target, grey, ink), seen

    def loss(self, step: int) -> torch.Tensor:
        """As `Lesson` has it."""
        indices = np.sort(self.taught[self.order.batch(step)])  # sorted: patches are read from disk in order
        return masked_loss(*self.told(indices, generator_of(self.seed, step)))

    def judge(self) -> tuple[dict[str, float], float | None]:
        """The error of masked tokens of held-out pages, beside that of a guess without looking: the mean of each."""
        if not len(self.judged):
            return {}, None
        generator = generator_of(self.seed, -1)
        told, target, seen = self.told(self.judged, generator)
        blind = target.mean(0, keepdim=True).expand_as(target)
        name = "masked pixel error" if self.configuration.target == "pixels" else "masked HOG error"
        error, guess = float(masked_loss(told, target, seen)), float(masked_loss(blind, target, seen))
        return {name: error, "of a blind guess": guess}, None

    @torch.no_grad()
    def shown(self) -> tuple[np.ndarray, ...]:
        """Some patches of held-out pages: grey, what the model tells of them, the target, and what it saw."""
        chosen = self.judged[np.linspace(0, len(self.judged) - 1, SHOWN + 2).round().astype(int)[1:-1]]
        self.model.eval()
        parts = self.told(chosen, generator_of(self.seed, -1))
        return self.store.grey(chosen), *(part.float().cpu().numpy() for part in parts)


def generator_of(seed: int, step: int) -> torch.Generator:
    """The random numbers of a step; -1: of judging."""
    return torch.Generator().manual_seed(seed * 1_000_003 + step + 1)


def run_pretraining(settings: Settings, job: Pretraining) -> int:
    """Train; 0, 1 where pages gave nothing, 130 interrupted (by `run.py`)."""
    began = time.time()
    configuration = job.configuration
    with begin_training(settings, job, configuration) as work:
        store = read_pages(work.pages, work.folder, settings, configuration.most)
        work.check(store)
        device = resolve_device(settings.setup.device)
        lesson = PretrainingLesson(store, configuration, settings.setup.seed, device)
        say(
            f"{len(store):,} patches of {len(store.pages)} pages, {len(lesson.judged):,} of them for judging; "
            f"{configuration.name}: {_parameters(lesson.model):,} parameters, {lesson.steps} steps an epoch",
            settings.setup.quiet,
        )
        state = learn(lesson, configuration.pretrain, work.folder, lambda line: say(line, settings.setup.quiet))
        record = {"configuration": configuration.to_json(), "epochs": state.history, "kept_epoch": state.best_epoch}
        with finish_training(work, store, record, began) as folder:
            save_autoencoder(folder, lesson.model, record)
            if len(lesson.judged):
                draw_reconstruction(folder / PICTURE, *lesson.shown())
    return int(bool(store.errors))


def save_autoencoder(folder: Path, model: MaskedAutoencoder, record: dict[str, Any]) -> None:
    """Write weights, then the record, into a folder that is there."""
    from safetensors.torch import save

    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    write_whole(folder / WEIGHTS, save(weights))
    write_json(folder / RECORD, record)


def read_configuration(folder: Path) -> Configuration:
    """The configuration of a pre-trained encoder. UserError: the folder holds none, or another version made it."""
    shown = printable(str(folder))
    values = json_if_whole(folder / RECORD)
    if not values or not (folder / WEIGHTS).is_file():
        raise UserError(f"{shown} holds no {RECORD} with {WEIGHTS}: give a folder that `writers pretrain` wrote")
    try:
        return Configuration.from_json(values["configuration"])
    except (KeyError, TypeError) as error:
        raise UserError(f"{shown} was made by another version of this program: pre-train it again") from error


def _parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
