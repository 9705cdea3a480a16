"""`PageClassifier`: an image tower, and a text tower in its space or a plain head, with all that belongs to them.

    classifier = PageClassifier.from_pretrained(Path("models/mine"))   # with PyTorch; or Computing("onnx")
    scores = classifier.scores(pixels)                 # uint8 [batch, 3, H, W] -> [batch, categories], rows sum to 1
    classifier.use_categories(read_descriptions(Path("my_categories.tsv")))

Score = softmax over categories of logit scale x cosine(image embedding, prototype) / temperature (which may grow with
unlikeness, encoders/unlikeness.py); of a plain head (encoders/heads.py) prototypes are the rows of its weights, and its
bias is added. The rest is numpy, row by row in float64: a page's scores depend on its embedding alone.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError

from encoders.descriptions import PROMPT, average_prototypes, prompts, same_label
from encoders.earlier import AVERAGED_SCALE, read_checkpoint
from encoders.engine import ON_CPU, Computing, open_engine, torch_engine
from encoders.folder import read_parts, write_parts
from encoders.heads import base_of, categories_of_head, head_transform, load_head, no_words, plain_folder
from encoders.towers import (
    STANDARD_TOKENIZERS,
    cached,
    check_size,
    check_tokenizer,
    find_tokenizer,
    learned_scale,
    load_dual_encoder,
    one_line,
)
from encoders.unlikeness import Unlikeness, temperatures, unlike
from output.failures import WriteError
from output.files import whole_folder
from output.outcome import NO_SCORES, Failed, Outcome, Scored
from reading.transform import PageTransform
from utils import UserError

if TYPE_CHECKING:
    from encoders.onnx_engine import OnnxEngine
    from encoders.torch_engine import TorchEngine
    from reading.loader import Batch

SAME_TEXT = 0.98  # cosine of a stored prototype with the one computed anew; half-precision weights give 0.9999


class PageClassifier:
    """A model with its transform, tokenizer, categories, prototypes and scale: what a model folder holds.

    engine: computes its towers; only "torch" can train and save. One with a plain head has no words: descriptions are
    but its labels, prototypes the rows of its head, and `bias` [C] is its bias (None of a dual encoder).
    descriptions: category -> its texts; prompt: template with `{description}`; lowercase: whether prompts are lowered.
    prototypes: [C, D] float32 unit rows, in the order of `categories`; None computes them.
    logit_scale: the factor of the cosine itself (not its logarithm).
    temperature: what the logits are divided by; fitted in training, else 1. `unlikeness`: what raises it for strange
    pages, or None. review_below: below which score it recommends to look at pages of its own categories, 0 = nothing.
    learned: the categories it was trained on, [] for an untuned base; record: its training record, {} for none.
    """

    def __init__(
        self,
        engine: TorchEngine | OnnxEngine,
        transform: PageTransform,
        descriptions: Mapping[str, Sequence[str]],
        *,
        logit_scale: float,
        prompt: str = PROMPT,
        lowercase: bool = True,
        prototypes: np.ndarray | None = None,
        temperature: float = 1.0,
        base: str = "",
        learned: Sequence[str] = (),
        record: Mapping[str, Any] | None = None,
        revision: str = "",
        licence: str = "",
        review_below: float = 0.0,
    ) -> None:
        self.engine, self.transform = engine, transform
        self.prompt, self.lowercase = prompt, lowercase
        self.logit_scale, self.temperature = float(logit_scale), float(temperature)
        self.base, self.revision, self.licence = base, revision, licence
        self.learned, self.record = [same_label(label) for label in learned], dict(record or {})
        self.review_below, self.card, self.bias = review_below, "", None
        self.unlikeness: Unlikeness | None = None
        if prototypes is None:
            self.use_categories(descriptions)
        else:
            self._set_categories(descriptions)
            self.prototypes = prototypes

    # ---- embeddings ----------------------------------------------------------------------------------------------

    def embed_pages(self, pixels: np.ndarray) -> np.ndarray:
        """Embeddings float32 [B, D] of pages as the transform gives them, uint8 [B, 3, H, W].

        Of a dual encoder they have unit length; of a plain head they are its input, as long as it is.
        """
        return self.engine.embed_pages(pixels)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit embeddings float32 [N, D] of whole prompts; UserError where one is too long, or without a text tower."""
        if self.engine.head:
            raise no_words(self.base)
        return self.engine.embed_texts(texts)

    def embeddings_of(self, batch: Batch) -> np.ndarray:
        """Embeddings float32 [B, D] of a batch: those that came with it, else of its pixels."""
        return self.embed_pages(batch.pixels) if batch.embeddings is None else batch.embeddings

    @property
    def embedder(self) -> OnnxEngine | None:
        """What embeds pages where they are decoded, for `load_batches`; None: whole batches are embedded."""
        return self.engine if self.engine.alone else None

    # ---- scores --------------------------------------------------------------------------------------------------

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Logits float64 [B, C] of pages uint8 [B, 3, H, W]; not divided by the temperature."""
        return self.logits_of(self.embed_pages(pixels))

    def logits_of(self, embeddings: np.ndarray) -> np.ndarray:
        """The same from page embeddings [B, D]."""
        # Not "@": a matrix product rounds a row otherwise, as there are more or fewer rows beside it.
        rows, prototypes = np.asarray(embeddings, np.float64), np.asarray(self.prototypes, np.float64)
        logits = self.logit_scale * np.einsum("bd,cd->bc", rows, prototypes)
        return logits if self.bias is None else logits + self.bias

    def scores(self, pixels: np.ndarray) -> np.ndarray:
        """Probabilities [B, C] of pages uint8 [B, 3, H, W], in the order of `categories`; each row sums to 1."""
        return self.scores_of(self.embed_pages(pixels))

    def scores_of(self, embeddings: np.ndarray) -> np.ndarray:
        """The same from page embeddings [B, D], float32 [B, C]; rows of an embedding that is no number are NaN."""
        logits = self.logits_of(embeddings) / temperatures(self.unlikeness, self.temperature, embeddings)[:, None]
        scores = np.empty(logits.shape, np.float32)
        for row, of_page in zip(scores, logits, strict=True):
            powers = np.exp(of_page - of_page.max())
            row[:] = powers / powers.sum()
        return scores

    def outcomes(self, batch: Batch) -> list[Outcome]:
        """The outcome of each page of a batch: its scores over the categories, or why it failed."""
        embeddings, outcomes = self.embeddings_of(batch), []
        known = batch.warnings, unlike(self.unlikeness, embeddings), batch.turns or [None] * len(embeddings)
        for reason, row, *rest in zip(batch.reasons, self.scores_of(embeddings).tolist(), *known, strict=True):
            if not reason and not all(map(math.isfinite, row)):
                reason = NO_SCORES
            outcomes.append(Failed(reason) if reason else Scored(row, *rest))
        return outcomes

    # ---- categories ----------------------------------------------------------------------------------------------

    @property
    def categories(self) -> list[str]:
        """The labels, in the order of the prototypes and of every row of scores."""
        return list(self.descriptions)

    def use_categories(self, descriptions: Mapping[str, Sequence[str]]) -> None:
        """Sort into these categories from now on: label -> its texts, in this order; prototypes are computed.

        Raises UserError: fewer than two categories, one without a text, a text too long, texts that all look alike.
        """
        before = getattr(self, "descriptions", None)
        self._set_categories(descriptions)
        try:
            self.prototypes = self._prototypes(self.descriptions)
        except UserError:
            if before is not None:
                self.descriptions = before
            raise

    def unlearned(self) -> list[str]:
        """The present categories that a tuned model was not trained on; [] for an untuned base, which learned none."""
        return [label for label in self.categories if label not in self.learned] if self.learned else []

    def ties(self) -> list[list[str]]:
        """Groups of categories with one prototype: they score alike on every page, and the first always wins."""
        if self.engine.head:
            return []
        prototypes = self.prototypes.astype(np.float64)  # [C, D]
        alike = prototypes @ prototypes.T > 1 - 1e-6  # [C, C]; texts that differ at all are farther apart
        first = alike.argmax(axis=1).tolist()
        groups: dict[int, list[str]] = {}
        for label, of in zip(self.categories, first, strict=True):
            groups.setdefault(of, []).append(label)
        return [group for group in groups.values() if len(group) > 1]

    def _set_categories(self, descriptions: Mapping[str, Sequence[str]]) -> None:
        by_label = {same_label(label): list(texts) for label, texts in descriptions.items()}
        if len(by_label) != len(descriptions):
            raise UserError("two categories have the same label (Unicode NFC)")
        if len(by_label) < 2:
            raise UserError(
                f"sorting needs two or more categories, not {len(by_label)} ({', '.join(by_label) or 'none'})"
            )
        for label, texts in by_label.items():
            if not texts:
                raise UserError(f"the category {label} has no description")
        self.descriptions = by_label

    def _prototypes(self, descriptions: Mapping[str, Sequence[str]]) -> np.ndarray:
        if self.engine.head:
            rows, self.bias = self.engine.head_rows()
            if len(rows) != len(descriptions):
                raise UserError(f"{self.base}: its head has {len(rows)} outputs, not {len(descriptions)}")
            return rows
        texts = prompts(descriptions, self.prompt, self.lowercase)
        embeddings = self.embed_texts(texts)  # [N, D]
        if not np.isfinite(embeddings).all():
            raise UserError(f"{self.base or 'the model'}: its text tower gives no valid numbers for the descriptions")
        return average_prototypes(embeddings, [len(of_one) for of_one in descriptions.values()])

    # ---- folders -------------------------------------------------------------------------------------------------

    @classmethod
    def from_pretrained(cls, folder: Path, computing: Computing = ON_CPU) -> PageClassifier:
        """A complete model folder, as `save_pretrained` wrote it.

        Raises UserError, naming folder and part, where a part is missing, broken or does not fit the others.
        """
        folder = Path(folder)
        parts = read_parts(folder)
        engine = open_engine(folder, parts.transform, computing, parts.head)
        classifier = cls(engine, parts.transform, **parts.settings, prototypes=parts.prototypes)
        classifier.card = parts.card
        if parts.slope is not None:
            classifier.unlikeness = Unlikeness.read(folder, float(parts.slope), classifier.prototypes.shape[1])
        if parts.head:
            return classifier
        # Weights of another model with the same shapes? The shortest category tells at the cost of a few prompts.
        label = min(classifier.categories, key=lambda name: len(classifier.descriptions[name]))
        anew = classifier._prototypes({label: classifier.descriptions[label]})[0]  # [D]
        stored = classifier.prototypes[classifier.categories.index(label)]
        if anew.shape != stored.shape:
            raise UserError(
                f"{folder}: prototypes.safetensors has {stored.size} dimensions, the model {anew.size}: they do "
                "not belong together; copy or pull the folder again"
            )
        if float(anew @ stored) < SAME_TEXT:
            raise UserError(
                f"{folder}: prototypes.safetensors does not come from this text tower; copy or pull the folder again"
            )
        return classifier

    def save_pretrained(self, folder: Path, *, card: str, dtype: str = "float32") -> Path:
        """Write the complete model folder: beside it first, then renamed, so that it is never seen half.

        card: the text of README.md, with its licence front matter. dtype: "float16" halves the weights on disk;
        they are widened on load, and scores move by some 1e-3. Returns the folder.

        Raises UserError where the folder exists, ValueError for a bf16 classifier (its weights are rounded).
        """
        if self.engine.precision == "bf16":
            raise ValueError("a bf16 classifier holds rounded weights and is not saved; load it in fp32")
        folder = Path(folder)
        if folder.exists():
            raise UserError(f"{folder} exists already; a model folder is never written over: choose another name")
        beside = folder.parent / f".{folder.name}.{uuid.uuid4().hex[:8]}.partial"
        try:
            with whole_folder(folder, beside):
                write_parts(self, beside, card=card, dtype=dtype)
        except (OSError, SafetensorError) as error:  # safetensors tells a full disk in its own way
            why = getattr(error, "strerror", None) or one_line(error)
            raise WriteError(f"{folder}: cannot be written ({why}): put that right") from error
        return folder

    @classmethod
    def from_base(
        cls,
        source: str | Path,
        descriptions: Mapping[str, Sequence[str]],
        *,
        tokenizer: Path | None = None,
        base: str = "",
        computing: Computing = ON_CPU,
    ) -> PageClassifier:
        """An untuned base: a Hugging Face folder, or a hub id that is in the local cache.

        The transform is its own image processor's. Raises UserError: not there (with the command that gets it), no
        dual encoder, no tokenizer, parts that do not fit.
        """
        folder = Path(source)
        if not folder.is_dir():
            snapshot = None if folder.is_absolute() else cached(str(source).replace("\\", "/"))
            if snapshot is None:
                raise UserError(
                    f"{source} is neither a folder nor in the hub cache; where there is internet, get it once with: "
                    f"python run.py --hf --zero_shot -m {base or source}"
                )
            folder = snapshot
        if plain_folder(folder) is not None:
            raise no_words(str(source))
        transform, base = PageTransform.from_processor(folder), base or str(source)
        if computing.engine == "onnx":
            from encoders.onnx_engine import OnnxEngine, log_scale

            engine = OnnxEngine.load(folder, transform, computing.threads)
            return cls(engine, transform, descriptions, logit_scale=math.exp(log_scale(folder)), base=base)
        model = load_dual_encoder(folder, allow_pickle=True)
        its_tokenizer = find_tokenizer(folder, tokenizer, model.config.text_config.vocab_size)
        check_tokenizer(its_tokenizer, model, tokenizer or folder)
        check_size(model, transform.size, folder)
        engine = torch_engine(model, its_tokenizer, transform, computing)
        return cls(engine, transform, descriptions, logit_scale=learned_scale(model), base=base)

    @classmethod
    def from_head(
        cls, folder: Path, categories: Mapping[str, Any] | None = None, base: str = "", computing: Computing = ON_CPU
    ) -> PageClassifier:
        """An image classifier as transformers or timm save it, giving the same probabilities.

        categories: names of its outputs where it has none, see `heads.categories_of_head`. Raises UserError: parts that
        are missing or do not fit, no plain linear head.
        """
        folder = Path(folder)
        transform = head_transform(folder)
        model, head = load_head(folder, transform.size)
        labels = categories_of_head(model, categories, folder)
        engine = torch_engine(model, None, transform, computing, head)
        texts = {label: [label] for label in labels}
        return cls(engine, transform, texts, logit_scale=1, base=base or base_of(folder), learned=labels)

    @classmethod
    def from_checkpoint(
        cls,
        path: Path,
        descriptions: Mapping[str, Sequence[str]] | None = None,
        tokenizer: Path | None = None,
        base: str = "",
        computing: Computing = ON_CPU,
    ) -> PageClassifier:
        """An earlier tool's folder or `.pt`, giving the same probabilities.

        descriptions: None takes the folder's own; a `.pt` has none. Where a label has several, the earlier tool sorts
        the labels and takes 100 as logit scale; else the order is the file's and the scale the learned one.
        """
        path = Path(path)
        checkpoint = read_checkpoint(path)
        texts_by_label = descriptions or checkpoint.descriptions
        if texts_by_label is None:
            raise UserError(f"{path} does not hold its categories: give their description file with -cc FILE.tsv")
        averaged = any(len(texts) > 1 for texts in texts_by_label.values())
        its_tokenizer = find_tokenizer(checkpoint.folder, tokenizer, checkpoint.vocabulary)
        if len(its_tokenizer) != checkpoint.vocabulary:
            raise UserError(
                f"{tokenizer or path}: the tokenizer has {len(its_tokenizer)} ids, the checkpoint "
                f"{checkpoint.vocabulary}: give its own with --tokenizer DIR (the standard one is that of "
                f"{STANDARD_TOKENIZERS[0]})"
            )
        check_tokenizer(its_tokenizer, checkpoint.model, tokenizer or path)
        transform = checkpoint.transform()
        check_size(checkpoint.model, transform.size, path)
        return cls(
            torch_engine(checkpoint.model, its_tokenizer, transform, computing),
            transform,
            {label: texts_by_label[label] for label in sorted(texts_by_label)} if averaged else texts_by_label,
            logit_scale=AVERAGED_SCALE if averaged else learned_scale(checkpoint.model),
            base=checkpoint.base or base or path.stem,
            learned=list(texts_by_label) if checkpoint.learned is None else checkpoint.learned,
        )


def load_classifier(
    source: str | Path,
    *,
    kind: str,
    descriptions: Mapping[str, Sequence[str]] | None = None,
    tokenizer: Path | None = None,
    base: str = "",
    computing: Computing = ON_CPU,
) -> PageClassifier:
    """The classifier of any kind: "folder" (complete, has its own tokenizer), "checkpoint" (earlier tool), "head" (an
    image classifier of transformers or timm) or "base".

    descriptions: None means the model's own; a base has none (UserError).
    """
    if kind == "head":
        return PageClassifier.from_head(Path(source), descriptions, base, computing)
    if kind == "checkpoint":
        return PageClassifier.from_checkpoint(Path(source), descriptions, tokenizer, base, computing)
    if kind == "base":
        if descriptions is None:
            raise UserError(
                f"{source} is an untuned base without categories: name their descriptions with -cc or --avg"
            )
        return PageClassifier.from_base(source, descriptions, tokenizer=tokenizer, base=base, computing=computing)
    if kind != "folder":
        raise ValueError(f"kind must be folder, checkpoint, head or base, not {kind!r}")
    classifier = PageClassifier.from_pretrained(Path(source), computing)
    if descriptions is not None:
        if classifier.engine.head:
            raise no_words(str(source))
        classifier.use_categories(descriptions)
    return classifier
