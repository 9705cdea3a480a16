"""The training loop: Hugging Face `Trainer` with our loss, data order, validation, and checkpoints safe from kills.

    result = learn(learner, examples, validation, sampler, recipe, work, advance)   # the best epoch is in the learner

Called again after a kill it goes on from the newest whole checkpoint in `work`, and ends with the same number of steps
and the same data order. One process, one GPU or several under `torchrun` run the same code: `Trainer` shards batches.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from transformers import Trainer, TrainerCallback, TrainingArguments

from output import failures
from output.files import write_lines
from training.data import BalancedSampler
from training.learner import Learner, Pages, Recipe
from utils import cross_entropy, fit_temperature, printable

MAX_SCALE = float(np.log(100.0))  # CLIP's bound of the logit scale
MARKER = "complete"  # the last file written into a checkpoint


class PageTrainer(Trainer):
    """HF `Trainer` with our loss, data order, evaluation by averaged prototypes, checkpoints with a final marker."""

    def __init__(self, *, sampler: BalancedSampler, learner: Learner, lr: float, advance: Any, **rest: Any) -> None:
        super().__init__(model=learner, **rest)
        self.sampler = sampler
        self.lr = lr
        self.callback_handler.callbacks = [
            callback
            for callback in self.callback_handler.callbacks
            if type(callback).__name__ not in ("PrinterCallback", "ProgressCallback")
        ]
        self.add_callback(Conductor(sampler, advance))
        self._prototypes: torch.Tensor | None = None

    def _get_train_sampler(self, train_dataset: Any = None) -> BalancedSampler:
        return self.sampler

    def create_optimizer(self, *args: Any, **kwargs: Any) -> torch.optim.Optimizer:
        """AdamW on what learns, each part at its rate."""
        if self.optimizer is None:
            self.optimizer = torch.optim.AdamW(self.model.groups(self.lr))
        return self.optimizer

    def compute_loss(
        self, model: nn.Module, inputs: dict, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Cross-entropy over the categories, each represented by one of its descriptions, drawn at random."""
        # From seed and step, not from the global random state: a resumed training draws the same texts.
        rng = np.random.default_rng([self.args.seed, self.state.global_step])
        logits = model(inputs["inputs"], texts=self.model.draw_texts(rng))
        loss = functional.cross_entropy(
            logits.float(), inputs["labels"], label_smoothing=self.args.label_smoothing_factor
        )
        return (loss, logits) if return_outputs else loss

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Validation against the averaged prototypes, as the finished model works."""
        self.model.eval()
        self._prototypes = self.model.prototypes()
        return super().evaluate(*args, **kwargs)

    def prediction_step(
        self, model: nn.Module, inputs: dict, prediction_loss_only: bool, ignore_keys: Any = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Loss, logits and labels of one batch."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad():
            logits = self.model(inputs["inputs"], prototypes=self._prototypes).float()
        return functional.cross_entropy(logits, inputs["labels"]), logits, inputs["labels"]

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        if self.args.should_save:  # only what learns: a frozen CLIP of 1.7 GB need not be written each epoch
            Path(output_dir).mkdir(parents=True, exist_ok=True)
            learned = {n: p.detach().contiguous() for n, p in self.model.named_parameters() if p.requires_grad}
            save_file(learned, str(Path(output_dir) / "model.safetensors"))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        load_learned(self.model, Path(resume_from_checkpoint))

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        try:
            super()._save_checkpoint(model, trial)
        except (OSError, RuntimeError, SafetensorError) as error:
            raise self._unwritable(error) from error
        if self.args.parallel_mode.value == "distributed":
            torch.distributed.barrier()  # other ranks write their random state into the same folder
        if not self.args.should_save:
            return
        folder = Path(self.args.output_dir)
        newest = folder / f"checkpoint-{self.state.global_step}"
        with (newest / MARKER).open("w", encoding="utf-8") as marker:
            marker.flush()
            os.fsync(marker.fileno())
        keep = {newest.name, f"checkpoint-{self.state.best_global_step}"}
        for old in folder.glob("checkpoint-*"):
            if old.name not in keep:
                (old / MARKER).unlink(missing_ok=True)  # first: half a folder must not pass for a whole one
                shutil.rmtree(old, ignore_errors=True)

    def _unwritable(self, error: Exception) -> Exception:
        """What to say where a checkpoint cannot be written; anything else is given back as it is.

        safetensors and torch have errors of their own for a full disk, which do not name the cause alike.
        """
        folder = Path(self.args.output_dir)
        cause = error if isinstance(error, OSError) else unwritable(folder)
        line = failures.line_of(cause or error)
        if line is None:
            return error
        epoch = round(self.state.epoch or 0)
        return failures.WriteError(
            f"the checkpoint of epoch {epoch} cannot be written into {printable(str(folder))}: {line}"
        )


def unwritable(folder: Path) -> OSError | None:
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


class Conductor(TrainerCallback):
    """Sets the epoch's data order, writes metrics.jsonl, stops early, and moves the progress bar."""

    def __init__(self, sampler: BalancedSampler, advance: Callable[[int], None]) -> None:
        self.sampler, self.advance = sampler, advance

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Accelerate passes the epoch on to some samplers only, so it is set here."""
        self.sampler.set_epoch(round(state.epoch or 0))

    def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """CLIP's bound on the logit scale; a clamp in the forward pass would leave it without a gradient up there."""
        with torch.no_grad():
            getattr(model, "module", model).encoder.logit_scale.clamp_(max=MAX_SCALE)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """One step is done."""
        self.advance(1)

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Early stopping, from the history alone, so that a resumed training stops where an undisturbed one does."""
        if should_stop(state.log_history, args.patience):
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """metrics.jsonl is written anew from the history: it never holds an epoch twice."""
        if state.is_world_process_zero:
            write_metrics(Path(args.output_dir) / "metrics.jsonl", state.log_history)


@dataclass
class Arguments(TrainingArguments):
    """`TrainingArguments`, our patience (epochs without a better validation; 0: never stop early) and our device.

    place: the device to train on; left to itself, `Trainer` takes the first GPU (under torchrun each process its own).
    """

    patience: int = 0
    place: str = ""

    @property
    def device(self) -> torch.device:
        """Where the Trainer puts model and batches."""
        # What `Trainer` asks is this property; what `accelerate` takes is told by the environment alone, and read when
        # its state is made, which the first look at `super().device` does.
        before = os.environ.get("ACCELERATE_TORCH_DEVICE")
        os.environ["ACCELERATE_TORCH_DEVICE"] = self.place
        try:
            super().device  # noqa: B018
        finally:
            del os.environ["ACCELERATE_TORCH_DEVICE"]
            if before is not None:
                os.environ["ACCELERATE_TORCH_DEVICE"] = before
        place = torch.device(self.place)
        if place.type == "cuda":
            torch.cuda.set_device(place)  # `super` has chosen the first one
        return place


def should_stop(history: list[dict[str, Any]], patience: int) -> bool:
    """Whether the last `patience` validations brought nothing better."""
    losses = [entry["eval_quality"] for entry in history if "eval_quality" in entry]
    return 0 < patience < len(losses) and min(losses[-patience:]) >= min(losses[:-patience])


def write_metrics(file: Path, history: list[dict[str, Any]]) -> None:
    """One JSON line an epoch: epoch, step, loss, lr and, where there is validation, its loss, accuracy and quality."""
    epochs: dict[int, dict[str, Any]] = {}
    names = {"loss": "loss", "learning_rate": "lr", "eval_loss": "validation_loss"}
    names |= {"eval_accuracy": "validation_accuracy", "eval_quality": "validation_quality"}
    for entry in history:
        line = epochs.setdefault(entry["step"], {"epoch": round(entry["epoch"]), "step": entry["step"]})
        line |= {name: entry[key] for key, name in names.items() if key in entry}
    write_lines(file, map(json.dumps, epochs.values()))


def complete_checkpoints(folder: Path) -> list[Path]:
    """Checkpoint folders that were written to the end, oldest first."""
    found = [path for path in folder.glob("checkpoint-*") if (path / MARKER).is_file()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("checkpoint-")))


def load_learned(learner: Learner, checkpoint: Path) -> None:
    """Put a checkpoint's learned weights into the learner."""
    learner.load_state_dict(load_file(str(checkpoint / "model.safetensors")), strict=False)


def judge(prediction: Any) -> dict[str, float]:
    """Validation figures. quality: the cross-entropy at its best temperature, by which the best epoch is chosen.

    Accuracy moves in steps of a page, and on ten validation pages it cannot tell epochs apart; plain cross-entropy
    punishes confidence that the fitted temperature takes away anyway.
    """
    logits, labels = prediction.predictions, prediction.label_ids
    temperature = fit_temperature(logits, labels)
    return {
        "accuracy": float((logits.argmax(axis=1) == labels).mean()),
        "quality": cross_entropy(logits / temperature, labels),
    }


def learn(
    learner: Learner,
    examples: Pages,
    validation: torch.utils.data.Dataset,
    sampler: BalancedSampler,
    recipe: Recipe,
    work: Path,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    """Train, or go on from the newest complete checkpoint in `work`; the best epoch's weights end up in the learner.

    Without validation pages all epochs are trained and the last one is kept.

    Returns {"epochs", "steps", "best_epoch", "history"}.
    """
    logging.getLogger("transformers.trainer").setLevel(logging.ERROR)
    device = learner.encoder.device
    judged = len(validation) > 0
    arguments = Arguments(
        output_dir=str(work),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=2 * recipe.batch_size,
        label_smoothing_factor=recipe.label_smoothing,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        max_grad_norm=1.0,
        seed=recipe.seed,
        use_cpu=device.type == "cpu",
        bf16=recipe.precision == "bf16",
        eval_strategy="epoch" if judged else "no",
        save_strategy="epoch",
        logging_strategy="epoch",
        metric_for_best_model="quality" if judged else None,
        greater_is_better=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_num_workers=0,
        dataloader_pin_memory=device.type == "cuda",
        patience=recipe.patience if judged else 0,
        place=str(device),
    )
    arguments._n_gpu = min(arguments.n_gpu, 1)  # several GPUs are for torchrun; DataParallel would split the texts
    trainer = PageTrainer(
        sampler=sampler,
        learner=learner,
        lr=recipe.lr,
        advance=advance,
        args=arguments,
        train_dataset=examples,
        eval_dataset=validation if judged else None,
        compute_metrics=judge if judged else None,
    )
    found = complete_checkpoints(work)
    for folder in work.glob("checkpoint-*"):
        if folder not in found:  # a kill came while it was written
            shutil.rmtree(folder)
    state = json.loads((found[-1] / "trainer_state.json").read_text(encoding="utf-8")) if found else None
    per_epoch = -(-len(sampler) // (recipe.batch_size * arguments.world_size))
    ended = state is not None and (
        state["global_step"] >= recipe.epochs * per_epoch or should_stop(state["log_history"], arguments.patience)
    )
    if not ended:
        if state:
            advance(state["global_step"])
        trainer.train(resume_from_checkpoint=str(found[-1]) if found else None)
        state = {
            "global_step": trainer.state.global_step,
            "best_global_step": trainer.state.best_global_step,
            "log_history": trainer.state.log_history,
        }
    best = state["best_global_step"] if judged else state["global_step"]
    load_learned(learner, work / f"checkpoint-{best}")
    return {
        "epochs": round(state["global_step"] / per_epoch),
        "steps": state["global_step"],
        "best_epoch": round(best / per_epoch),
        "history": state["log_history"],
    }
