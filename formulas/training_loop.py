"""The loop of a training: transformers' Seq2SeqTrainer with what formulas demand of it, its checkpoints, its curves.

    loop = Loop(model, tokenizer, material, recipe, work.folder, device=device, seed=420, quiet=False)
    history = loop.run()                        # from the last checkpoint, where there is one

checkpoints/checkpoint-N/   of a minute or so ago; `whole` in it says that it was written to its end
best/model.safetensors      the weights that read the validation part best so far
metrics.jsonl               loss and figures, a line each time they were told

Nothing is lost by a kill but the last minute: the order of formulas and their wear follow from seed and epoch.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader
from transformers import Seq2SeqTrainer, Seq2SeqTrainingArguments, TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback
from transformers.utils import logging

from encoders.devices import bf16_missing
from formulas.batches import Batches, Collator, Formulas, shapes_of
from formulas.latex import LatexError, normalise
from formulas.recipes import Recipe
from formulas.scores import score
from output.console import say
from output.files import json_if_whole, whole, write_json, write_lines
from output.progress import Progress

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, VisionEncoderDecoderModel

    from formulas.material import Material

CHECKPOINTS, BEST, METRICS, WHOLE = "checkpoints", "best", "metrics.jsonl", "whole"
EVERY = 60.0  # seconds between two checkpoints, and at least so many times what writing one takes:
SHARE = 20.0
SAID = 20  # steps between two lines of the losses, fewer where an epoch has fewer
FIGURES = ("goal_cer", "cer", "ter", "character_accuracy", "exact")  # of an evaluation, in its line and the curves


class FormulaTrainer(Seq2SeqTrainer):
    """The Trainer for one pass of `Batches` an epoch."""

    # VisionEncoderDecoderModel.forward takes any keyword, so the Trainer believes that it divides its loss by the
    # tokens of all accumulated batches; it gives the mean of one batch, and k of them would count k times.
    loss_is_scaled_for_ga = False

    def __init__(self, *arguments: Any, order: Batches, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.order = order

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The mean over the tokens of this batch, with smoothed labels as well."""
        return super().compute_loss(model, inputs, return_outputs=return_outputs)

    def get_train_dataloader(self) -> DataLoader:
        """The batches of an epoch, as `order` has them."""
        loader = DataLoader(
            self.train_dataset,
            batch_sampler=self.order,
            collate_fn=self.data_collator,
            num_workers=self.args.dataloader_num_workers,
            worker_init_fn=_deaf,
            pin_memory=self.args.dataloader_pin_memory,
        )
        return self.accelerator.prepare(loader)


class Loop:
    """A training of `model`. folder: of its work."""

    def __init__(
        self,
        model: VisionEncoderDecoderModel,
        tokenizer: PreTrainedTokenizerBase,
        material: Material,
        recipe: Recipe,
        folder: Path,
        *,
        device: torch.device,
        seed: int,
        workers: int = 0,
        quiet: bool = False,
    ) -> None:
        self.model, self.tokenizer, self.recipe, self.folder, self.quiet = model, tokenizer, recipe, folder, quiet
        judged = material.judged
        if recipe.judged and len(judged) > recipe.judged:
            judged = judged[:: -(-len(judged) // recipe.judged)]
        shapes = shapes_of(material.store, recipe.canvas, judged)
        if shapes is not None:  # read in an order in which batches are of one size
            judged = [judged[int(at)] for at in np.lexsort(shapes.T)]
        self.references = material.normals(judged)
        taught = shapes_of(material.store, recipe.canvas, material.taught)
        at_once = recipe.at_once or recipe.batch
        order = Batches(len(material.taught), taught, at_once, seed, eased=not recipe.base)
        steps_of_epoch = -(-len(order) // max(1, recipe.batch // at_once))
        self.watch = Watch(self, order, recipe.batch)
        self.trainer = FormulaTrainer(
            model=model,
            args=self._arguments(recipe, steps_of_epoch, device, seed, workers, judging=bool(judged)),
            data_collator=Collator(model, recipe.canvas),
            train_dataset=Formulas(material, material.taught, recipe.canvas, seed, augmented=recipe.augmented),
            eval_dataset=Formulas(material, judged, recipe.canvas, seed, augmented=False) if judged else None,
            processing_class=tokenizer,
            compute_metrics=self.judge,
            callbacks=[self.watch],
            order=order,
        )
        for callback in (PrinterCallback, ProgressCallback):
            self.trainer.remove_callback(callback)

    def _arguments(
        self, recipe: Recipe, steps_of_epoch: int, device: torch.device, seed: int, workers: int, *, judging: bool
    ) -> Seq2SeqTrainingArguments:
        at_once = recipe.at_once or recipe.batch
        half = has_bf16(device)
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        return Seq2SeqTrainingArguments(
            output_dir=str(self.folder / CHECKPOINTS),
            num_train_epochs=recipe.epochs,
            max_steps=recipe.steps or -1,
            per_device_train_batch_size=at_once,
            per_device_eval_batch_size=max(at_once, 16),
            gradient_accumulation_steps=max(1, recipe.batch // at_once),
            learning_rate=recipe.rate,
            lr_scheduler_type=recipe.schedule,
            warmup_steps=recipe.warmup,
            weight_decay=recipe.decay,
            label_smoothing_factor=recipe.smoothing,
            max_grad_norm=1.0,
            bf16=half,
            fp16=device.type == "cuda" and not half,
            use_cpu=device.type == "cpu",
            predict_with_generate=True,
            generation_max_length=recipe.longest,
            generation_num_beams=1,
            eval_strategy="steps" if judging else "no",
            eval_steps=recipe.every or steps_of_epoch,
            logging_steps=min(SAID, steps_of_epoch),
            save_strategy="no",  # `Watch` says when
            remove_unused_columns=False,
            dataloader_num_workers=workers,
            dataloader_pin_memory=device.type == "cuda",
            seed=seed,
            data_seed=seed,
            report_to="none",
            disable_tqdm=True,
            log_level="error",
        )

    def run(self) -> list[dict[str, Any]]:
        """Train to the end; the model has the best weights then. What was told of it, a record each time.

        KeyboardInterrupt: after the step was finished and a checkpoint was written.
        """
        last = last_checkpoint(self.folder / CHECKPOINTS)
        with self.watch:
            self.trainer.train(resume_from_checkpoint=str(last) if last else None)
        if self.watch.interrupted:
            raise KeyboardInterrupt
        if (self.folder / BEST / "model.safetensors").is_file():
            load_weights(self.model, self.folder / BEST / "model.safetensors")
        return self.history()

    def history(self) -> list[dict[str, Any]]:
        """What was told so far: step, epoch, and loss (with rate) or figures of the validation part."""
        records = []
        for entry in self.trainer.state.log_history:
            record = {"step": entry["step"], "epoch": round(entry.get("epoch", 0.0), 4)}
            if "loss" in entry:
                records.append(record | {"loss": entry["loss"], "rate": entry.get("learning_rate")})
            elif "eval_loss" in entry:
                figures = {name: entry[f"eval_{name}"] for name in FIGURES if f"eval_{name}" in entry}
                records.append(record | {"validation_loss": entry["eval_loss"], **figures})
        return records

    def judge(self, told: Any) -> dict[str, float]:
        """Figures of what was read of the validation part; told.predictions: token ids [n, length]."""
        readings = [self.reading(ids) for ids in np.asarray(told.predictions)]
        figures = score(self.references, readings)
        return {name: float(figures[name]) for name in FIGURES}

    def reading(self, ids: Sequence[int]) -> str:
        """The normalised formula of token ids; what cannot be normalised stays as it is."""
        kept = [int(token) if token >= 0 else self.tokenizer.pad_token_id for token in ids]
        text = self.tokenizer.decode(kept, skip_special_tokens=True)
        try:
            return normalise(text)
        except LatexError:
            return " ".join(text.split())


class Watch(TrainerCallback):
    """Says how far a training is, writes its checkpoints, keeps the best weights, and lets Ctrl-C end a step first."""

    def __init__(self, loop: Loop, order: Batches, batch: int) -> None:
        self.loop, self.order, self.batch = loop, order, batch
        self.interrupted = False
        self._saved = self._began = time.monotonic()
        self._took = 0.0
        self._progress: Progress | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Watch:
        def interrupt(number: int, frame: FrameType | None) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True
            say("interrupted: this step is finished, and a checkpoint written")

        with suppress(ValueError):  # not in the main thread: whoever called us handles signals
            for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, signal.SIG_DFL):
                    self._before[number] = signal.signal(number, interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._progress is not None:
            self._progress.__exit__(None, None, None)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Begin to count."""
        left = (state.max_steps - state.global_step) * self.batch
        self._progress = Progress(left, "formula", self.loop.quiet, "training").__enter__()
        self._saved = time.monotonic()

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell the order which epoch comes (accelerate does not, where a resumed epoch is begun in its middle)."""
        self.order.set_epoch(int(state.epoch or 0))

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Decide what follows the step."""
        if self._progress is not None:
            self._progress.advance(self.batch)
        if self.interrupted:
            control.should_log = control.should_save = control.should_training_stop = True
            control.should_evaluate = False
            return
        if state.global_step >= state.max_steps:
            control.should_log = control.should_save = True
            control.should_evaluate = bool(self.loop.references)
        elif time.monotonic() - self._saved > max(EVERY, SHARE * self._took):
            control.should_log = control.should_save = True  # both: the losses of a checkpoint are all told
        self._began = time.monotonic()

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
        """Keep the weights where they read better than before, and say how well they do."""
        folder = self.loop.folder / BEST
        best = json_if_whole(folder / "best.json").get("cer")
        if "eval_cer" in metrics and (best is None or metrics["eval_cer"] < best):
            folder.mkdir(exist_ok=True)
            save_weights(self.loop.model, folder / "model.safetensors")
            write_json(folder / "best.json", {"step": state.global_step, "cer": metrics["eval_cer"]})
        figures = ", ".join(f"{name} {metrics[f'eval_{name}']:.4f}" for name in FIGURES if f"eval_{name}" in metrics)
        loss = next((entry["loss"] for entry in reversed(state.log_history) if "loss" in entry), float("nan"))
        say(
            f"step {state.global_step} of {state.max_steps} (epoch {state.epoch:.2f}): loss {loss:.4f}, validation "
            f"{metrics['eval_loss']:.4f}, {figures}",
            self.loop.quiet,
        )
        self._write_metrics()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The checkpoint is written: mark it, then drop those before it."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        for file in folder.iterdir():
            with file.open("r+b") as written:
                os.fsync(written.fileno())
        write_json(folder / WHOLE, {"step": state.global_step})
        for other in folder.parent.glob("checkpoint-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        self._write_metrics()
        self._saved = time.monotonic()
        self._took = self._saved - self._began

    def _write_metrics(self) -> None:
        write_lines(self.loop.folder / METRICS, map(json.dumps, self.loop.history()))


def _deaf(_: int) -> None:
    """A process that makes batches ready leaves Ctrl-C to the training, which finishes its step first."""
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)


def has_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is computed by the device itself: there a step takes half to two thirds of the time."""
    if device.type != "cpu":
        return device.type == "cuda" and bf16_missing(device) is None
    able = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end; what a kill left of others is removed."""
    whole_ones = []
    for checkpoint in folder.glob("checkpoint-*"):
        if json_if_whole(checkpoint / WHOLE):
            whole_ones.append((int(checkpoint.name.rpartition("-")[2]), checkpoint))
        else:
            shutil.rmtree(checkpoint, ignore_errors=True)
    return max(whole_ones)[1] if whole_ones else None


def save_weights(model: VisionEncoderDecoderModel, file: Path) -> None:
    """All weights, tied ones under each of their names."""
    weights = {name: value.detach().cpu().contiguous().clone() for name, value in model.state_dict().items()}
    with whole(file) as part:
        save_file(weights, part, metadata={"format": "pt"})


def load_weights(model: VisionEncoderDecoderModel, file: Path) -> None:
    """What `save_weights` wrote."""
    model.load_state_dict(load_file(file))
