"""What learns, how fast, and from what: the two towers as one module, the pages as a data set.

learner = Learner(classifier, towers="head")
logits = learner(pixels, texts=learner.draw_texts(rng))     # [B, C], with a gradient for what learns
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from encoders.base import BASE, FROZEN
from encoders.descriptions import average_prototypes, prompts
from encoders.features import normalised
from output.progress import Progress
from training.augmentation import augment
from training.store import KeptRows, PageStore

if TYPE_CHECKING:
    from classifier import PageClassifier

TOWERS = ("head", "image", "both")
SMALL_TEXT_TOWER = 5_000_000  # parameters; a smaller one is ours, and knows no more than the descriptions it has read
MAX_SCALE = float(np.log(100.0))  # CLIP's bound of the logit scale
NEW_PARTS_LR = 1e-3  # projections and text tower that start random; also the rate of "head"
TEXTS_EACH = 6  # descriptions of a category in each step that teaches the text tower alone
TEXT_STEPS, TEXT_SCALE = 400, 20.0  # of `tell_texts_apart`
SETTLE_STEPS, SETTLE_SCALE = 200, 100.0  # of `settle_texts`
SETTLE_PAGES, NOTHING = 40, 64  # pages of a category, and images of nothing, that it looks at
HIDDEN = 0.15  # share of a description's words that a small text tower does not see: it must not hang on single words
LR = {"vision-text-dual-encoder": 1e-4, "timm_wrapper": 1e-4}  # of pre-trained weights; transformers: 1e-5


@dataclass(frozen=True)
class Recipe:
    """The numbers of one training. lr 0: the default for what learns. patience 0: no early stopping."""

    towers: str
    epochs: int
    batch_size: int
    lr: float
    label_smoothing: float
    patience: int
    seed: int
    precision: str = "fp32"


class Learner(nn.Module):
    """The classifier's two towers as one module; decides what learns.

    What must learn where the text tower is random (the base of encoders/base.py)? With random text embeddings that stay
    fixed the head alone could still sort pages, but every new description would be noise. A tower that small costs
    nothing beside the image tower, so it always learns (but for its word embeddings), with both projections. A large
    text tower (CLIP, SigLIP) carries more language than a thousand pages can teach: it learns with "both" only; else
    its embeddings are computed once.

    | towers | learns |
    |---|---|
    | head | projection(s) of the image tower, logit scale; a small text tower and its projection |
    | image | head, and the image tower (EfficientNet-Lite0: but for its first stages, see encoders/base.py) |
    | both | everything |
    """

    def __init__(self, classifier: PageClassifier, towers: str) -> None:
        super().__init__()
        self.classifier = classifier
        self.encoder = classifier.engine.model
        self.towers = towers
        self.counts = [len(texts) for texts in classifier.descriptions.values()]
        self.starts = np.cumsum([0, *self.counts[:-1]])
        texts = prompts(classifier.descriptions, classifier.prompt, classifier.lowercase)
        text_size = sum(p.numel() for name, p in self.encoder.named_parameters() if name.startswith("text_model"))
        self.own_text = text_size < SMALL_TEXT_TOWER
        self.learns_text = towers == "both" or self.own_text
        for name, parameter in self.encoder.named_parameters():
            parameter.requires_grad_(self._learns(name))
        for name, tensor in classifier.engine.tokens(texts).items():
            self.register_buffer(f"tokens_{name}", tensor, persistent=False)
        frozen = None if self.learns_text else torch.from_numpy(classifier.embed_texts(texts)).to(self.encoder.device)
        self.register_buffer("frozen_texts", frozen, persistent=False)

    def _learns(self, name: str) -> bool:
        if name.startswith("text"):  # text_model, text_projection
            # Of our own base, words keep the meaning that they began with: those that no description has taught must
            # stay where their neighbours are (learning them gained nothing on descriptions held out).
            kept = self.classifier.base == BASE and "word_embeddings" in name
            return self.learns_text and (self.towers == "both" or not kept)
        if name.startswith("vision_model.timm_model."):
            within = name.removeprefix("vision_model.timm_model.")
            return self.towers == "both" or (self.towers == "image" and not within.startswith(FROZEN))
        if name.startswith("vision_model.") and not name.startswith("vision_model.head."):  # SigLIP projects in `head`
            return self.towers != "head"
        return name.startswith(("vision_model.head.", "visual_projection", "logit_scale"))

    @property
    def tower(self) -> nn.Module:
        """What decides the features of a page."""
        return self.encoder.vision_model

    @property
    def caches_features(self) -> bool:
        """Whether the image tower is frozen and its pooled features can be computed once, before its projection."""
        return self.towers == "head" and hasattr(self.encoder, "visual_projection")

    def train(self, mode: bool = True) -> Learner:
        """Training mode; frozen towers and all BatchNorm stay in eval mode (a batch of pages is no population)."""
        super().train(mode)
        without_batch_statistics(self.encoder)
        if self.towers == "head":
            self.encoder.vision_model.eval()
        if not self.learns_text:
            self.encoder.text_model.eval()
        return self

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 [B, 3, H, W] -> the image tower's pooled features before the projection, [B, F]; no gradient."""
        with torch.no_grad():
            inputs = normalised(pixels, self.classifier.transform)
            if self.encoder.config.vision_config.model_type == "timm_wrapper":
                inputs = inputs.contiguous(memory_format=torch.channels_last)  # a third faster on a CPU
            return self.encoder.vision_model(pixel_values=inputs).pooler_output.flatten(1).float()

    def embed_texts(self, chosen: Sequence[int] | None = None, hidden: np.ndarray | None = None) -> torch.Tensor:
        """Unit embeddings [N, D] of all prompts, or of the chosen ones; `hidden` [N, L]: words that are masked."""
        if self.frozen_texts is not None:
            return self.frozen_texts if chosen is None else self.frozen_texts[list(chosen)]
        tokens = {name.removeprefix("tokens_"): t for name, t in self.named_buffers() if name.startswith("tokens_")}
        if chosen is not None:
            tokens = {name: tensor[list(chosen)] for name, tensor in tokens.items()}
            if "attention_mask" in tokens and self.classifier.engine.tokenizer.padding_side == "right":
                # the longest of all descriptions is much longer than most
                length = int(tokens["attention_mask"].sum(dim=1).max())
                tokens = {name: tensor[:, :length] for name, tensor in tokens.items()}
        mask = getattr(self.classifier.engine.tokenizer, "mask_token_id", None)
        if hidden is not None and mask is not None:
            ids = tokens["input_ids"]  # [N, L]
            special = torch.isin(ids, torch.tensor(self.classifier.engine.tokenizer.all_special_ids, device=ids.device))
            tokens["input_ids"] = ids.masked_fill(
                torch.from_numpy(hidden[:, : ids.shape[1]]).to(ids.device) & ~special, mask
            )
        return self.classifier.engine.text_features(**tokens)

    def prototypes(self) -> torch.Tensor:
        """The averaged prototypes [C, D] as they are now."""
        with torch.no_grad():
            texts = self.embed_texts()  # [N, D]
            return torch.from_numpy(average_prototypes(texts.cpu().numpy(), self.counts)).to(texts.device)

    def after_step(self) -> None:
        """Keep the logit scale within CLIP's bound."""
        with torch.no_grad():  # a clamp in the forward pass would leave the scale without a gradient up there
            self.encoder.logit_scale.clamp_(max=MAX_SCALE)

    def draw_texts(self, rng: np.random.Generator) -> tuple[list[int], np.ndarray]:
        """One description of each category, as row numbers of all prompts, and which of its words are hidden [C, L]."""
        rows = [int(start + rng.integers(count)) for start, count in zip(self.starts, self.counts, strict=True)]
        return rows, rng.random((len(rows), self.tokens_input_ids.shape[1])) < HIDDEN

    def forward(
        self,
        inputs: torch.Tensor,
        texts: tuple[Sequence[int], np.ndarray] | None = None,
        prototypes: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Logits [B, C] = logit scale x cosine.

        inputs: uint8 pixels [B, 3, H, W], or features [B, F]. texts: what `draw_texts` drew, or `prototypes` [C, D].
        """
        if inputs.dim() == 2:
            images = functional.normalize(self.encoder.visual_projection(inputs).float(), dim=-1)  # [B, D]
        else:
            images = self.classifier.engine.image_features(normalised(inputs, self.classifier.transform))
        targets = self.embed_texts(*texts) if prototypes is None else prototypes  # [C, D]
        return self.encoder.logit_scale.exp() * images @ targets.T

    def groups(self, lr: float) -> list[dict[str, Any]]:
        """Parameter groups for AdamW: pre-trained weights at `lr`, parts that start random at no less than 1e-3."""
        joined = self.encoder.config.model_type == "vision-text-dual-encoder"
        if not lr:
            lr = NEW_PARTS_LR if self.towers == "head" else LR.get(self.encoder.config.model_type, 1e-5)

        def rate(name: str) -> float:
            new = joined and not name.startswith("vision_model")
            return max(lr, NEW_PARTS_LR) if new and self.towers != "head" else lr

        return parameter_groups(self.encoder, rate)


def parameter_groups(model: nn.Module, rate: Callable[[str], float]) -> list[dict[str, Any]]:
    """What learns of a model, grouped for AdamW by its learning rate and its decay. rate: of a parameter, by name."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((rate(name), 0.01 if parameter.dim() > 1 else 0.0), []).append(parameter)
    return [{"params": members, "lr": rate, "weight_decay": decay} for (rate, decay), members in groups.items()]


def without_batch_statistics(model: nn.Module) -> None:
    """Put all BatchNorm of a model into eval mode: a batch of pages is no population."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def tell_texts_apart(classifier: PageClassifier, seed: int, quiet: bool = True) -> float:
    """Teach a random text tower, before any page is seen, that descriptions of one category belong together.

    A random tower puts all descriptions into one spot: the image tower would have nothing to aim at, and training would
    spend its first epochs on that. Here some descriptions of each category, with some words hidden, are to find each
    other among those of all categories (supervised contrastive loss, Khosla et al. 2020, arXiv 2004.11362). Takes a
    minute on a CPU where there are thousands. Returns the last loss. Only the text tower and its projection change.
    """
    learner = Learner(classifier, "head")
    labels = torch.arange(len(classifier.descriptions)).repeat(TEXTS_EACH)  # [N]
    alone = torch.eye(len(labels), dtype=torch.bool)
    friends = (labels[:, None] == labels[None]) & ~alone  # [N, N]

    def loss_of(texts: torch.Tensor) -> torch.Tensor:
        logits = (TEXT_SCALE * texts @ texts.T).masked_fill(alone.to(texts.device), -1e4)
        near = functional.log_softmax(logits, dim=1) * friends.to(texts.device)
        return -near.sum(dim=1).div(friends.sum(dim=1).to(texts.device)).mean()

    return _teach_texts(learner, loss_of, TEXT_STEPS, seed, quiet)


def settle_texts(
    classifier: PageClassifier,
    pages: torch.Tensor,
    labels: torch.Tensor,
    nothing: torch.Tensor,
    seed: int,
    quiet: bool,
) -> float:
    """Let a small text tower find every description's place among the pages, after the image tower has learned.

    While both learn, the noise of single descriptions lets the text tower move all texts of all categories together,
    and a description in other words is soon nearer to another category. Here pages stay where they are: each set of
    descriptions, one a category, is to sort them, each description is to lie at its category's prototype, and an image
    with nothing on it is to be equally far from all (else a blank sheet gets a high score). What that gave:
    docs/default_model.md. Returns the last loss.

    pages: unit embeddings [P, D] of training pages; labels: their categories [P]; nothing: of `draw_nothing` [M, D].
    """
    learner = Learner(classifier, "head")
    prototypes, scale = learner.prototypes(), float(learner.encoder.logit_scale.exp().detach())
    count = len(prototypes)
    wanted = torch.arange(count, device=pages.device).repeat(TEXTS_EACH)

    def loss_of(texts: torch.Tensor) -> torch.Tensor:
        sets = texts.view(TEXTS_EACH, count, -1)  # [K, C, D]
        logits = scale * torch.einsum("pd,kcd->kpc", pages, sets).flatten(0, 1)  # [K x P, C]
        among_pages = functional.cross_entropy(logits, labels.repeat(TEXTS_EACH))
        at_home = functional.cross_entropy(SETTLE_SCALE * texts @ prototypes.T, wanted)
        undecided = -functional.log_softmax(scale * torch.einsum("md,kcd->kmc", nothing, sets), dim=-1).mean()
        return among_pages + at_home + undecided

    return _teach_texts(learner, loss_of, SETTLE_STEPS, seed, quiet)


def _teach_texts(
    learner: Learner, loss_of: Callable[[torch.Tensor], torch.Tensor], steps: int, seed: int, quiet: bool
) -> float:
    """Steps on the text tower and its projection alone; `loss_of` gets `TEXTS_EACH` sets of descriptions [K x C, D]."""
    parts = [p for name, p in learner.encoder.named_parameters() if name.startswith("text") and p.requires_grad]
    optimizer = torch.optim.AdamW(parts, lr=NEW_PARTS_LR)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    loss = torch.zeros(())
    with Progress(steps, "step", quiet, "learning descriptions") as progress:
        for step in range(steps):
            rng = np.random.default_rng([seed, step])
            drawn = [learner.draw_texts(rng) for _ in range(TEXTS_EACH)]
            rows, hidden = [row for part, _ in drawn for row in part], np.concatenate([part for _, part in drawn])
            loss = loss_of(learner.embed_texts(rows, hidden))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
            progress.advance()
    return float(loss.detach())


class Pages(torch.utils.data.Dataset):
    """Pages by index (as they are) or by (index, draw) (augmented, always the same way for that index and draw).

    Gives `{"inputs": uint8 [3, H, W] or features [F], "labels": int}`.
    """

    def __init__(self, store: PageStore, labels: Sequence[int], seed: int, features: np.ndarray | None = None) -> None:
        self.store, self.labels, self.seed = store, list(labels), seed
        self.features = features  # [pages, 1 + copies, F]; copy 0 is the page as it is

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, item: int | tuple[int, int]) -> dict[str, Any]:
        index, draw = item if isinstance(item, tuple) else (item, None)
        if self.features is not None:
            inputs = self.features[index, 0 if draw is None else 1 + draw % (self.features.shape[1] - 1)]
        else:
            inputs = self.store[index] if draw is None else augmented(self.store, index, draw, self.seed)
        return {"inputs": torch.from_numpy(np.array(inputs)), "labels": self.labels[index]}


def augmented(store: PageStore, index: int, draw: int, seed: int) -> np.ndarray:
    """The augmented copy of a page for one draw of the sampler: uint8 [3, H, W]."""
    return augment(store[index], np.random.default_rng([seed, draw, index]), store.transform.fill)


def compute_features(
    learner: Learner,
    store: PageStore,
    copies: Sequence[int],
    seed: int,
    file: Path,
    advance: Callable[[int], None],
) -> np.ndarray:
    """Features [pages, 1 + max(copies), F] of all readable pages: copy 0 as they are, then `copies[i]` augmented ones.

    Kept in `file` (`KeptRows`), row by row, so that training that goes on computes what is missing: features of other
    pages, of another image tower, or drawn by another seed are never taken.
    """
    size, device = store.transform.size, learner.encoder.device
    of = {"tower": weights_key(learner.tower), "transform": store.transform.to_dict(), "seed": seed}
    keys = [
        "" if reason else f"{key} {count}" for key, reason, count in zip(store.keys, store.reasons, copies, strict=True)
    ]
    with torch.inference_mode():
        width = learner.features(torch.zeros((1, 3, *size), dtype=torch.uint8, device=device)).shape[1]
        rows = KeptRows(file, np.float32, (1 + max(copies), width), keys, of=of, what="image features")
        missing = rows.missing
        if missing:
            with rows:
                for index in missing:
                    views = [store[index], *(augmented(store, index, copy, seed) for copy in range(copies[index]))]
                    few = 2 if device.type == "cpu" else len(views)  # on a CPU two at a time take a quarter of the time
                    parts = [torch.from_numpy(np.stack(views[i : i + few])) for i in range(0, len(views), few)]
                    row = np.zeros(rows.shape[1:], np.float32)  # [1 + copies, F]
                    row[: len(views)] = np.concatenate(
                        [learner.features(part.to(device)).cpu().numpy() for part in parts]
                    )
                    rows.put(index, row)
                    advance(1)
    advance(len(store) - len(missing))
    return rows.array


def weights_key(module: nn.Module) -> str:
    """What tells these weights from others: names, shapes and bytes of all tensors."""
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]
