"""`PageClassifier`: an image tower and a text tower in one space, loaded and saved whole with all that belongs to them.

    classifier = PageClassifier.from_pretrained(Path("models/mine")).to("auto", "fp32")
    scores = classifier.scores(pixels)                 # uint8 [batch, 3, H, W] -> [batch, categories], rows sum to 1
    classifier.use_categories(read_descriptions(Path("my_categories.tsv")))

Score = softmax over categories of logit scale x cosine(image embedding, prototype) / temperature.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from safetensors import SafetensorError
from torch.nn import functional

from encoders.descriptions import PROMPT, average_prototypes, prompts, same_label
from encoders.devices import check_precision, exact_fp32, resolve_device
from encoders.earlier import AVERAGED_SCALE, read_checkpoint
from encoders.features import image_features, is_convolutional, text_features, tokens_of
from encoders.folder import read_parts, write_parts
from encoders.towers import (
    STANDARD_TOKENIZERS,
    cached,
    check_size,
    check_tokenizer,
    find_tokenizer,
    load_dual_encoder,
    load_tokenizer,
    one_line,
)
from output.failures import WriteError
from output.files import whole_folder
from reading.transform import PageTransform
from utils import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TEXT_BATCH = 64  # prompts embedded at once: 77 positions of a large text tower then take some 100 MB
SAME_TEXT = 0.98  # cosine of a stored prototype with the one computed anew; half-precision weights give 0.9999


class PageClassifier:
    """A dual encoder with its transform, tokenizer, categories, prototypes and scale: what a model folder holds.

    model: any transformers dual encoder with `get_image_features` and `get_text_features`; an ordinary `nn.Module`.
    descriptions: category -> its texts; prompt: template with `{description}`; lowercase: whether prompts are lowered.
    prototypes: [C, D] float32 unit rows, on `device`, in the order of `categories`; None computes them.
    logit_scale: the factor of the cosine itself (not its logarithm); None takes the model's own.
    temperature: what the logits are divided by; fitted in training, else 1.
    learned: the categories it was trained on, [] for an untuned base; record: its training record, {} for none.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        transform: PageTransform,
        descriptions: Mapping[str, Sequence[str]],
        *,
        prompt: str = PROMPT,
        lowercase: bool = True,
        prototypes: torch.Tensor | None = None,
        logit_scale: float | None = None,
        temperature: float = 1.0,
        base: str = "",
        learned: Sequence[str] = (),
        record: Mapping[str, Any] | None = None,
        revision: str = "",
        licence: str = "",
    ) -> None:
        self.model, self.tokenizer, self.transform = model.eval(), tokenizer, transform
        self.prompt, self.lowercase = prompt, lowercase
        self.logit_scale = math.exp(model.logit_scale.item()) if logit_scale is None else float(logit_scale)
        self.temperature = float(temperature)
        self.base, self.revision, self.licence = base, revision, licence
        self.learned, self.record = [same_label(label) for label in learned], dict(record or {})
        self.device, self.precision = model.device, "fp32"
        self.card = ""
        if prototypes is None:
            self.use_categories(descriptions)
        else:
            self._set_categories(descriptions)
            self.prototypes = prototypes.to(self.device, torch.float32)

    # ---- where and how exactly -----------------------------------------------------------------------------------

    def to(self, device: str | torch.device = "auto", precision: str = "fp32") -> Self:
        """Move to "auto", "cpu", "cuda", "cuda:N" or "mps"; in "bf16" the image tower computes in bfloat16.

        The text tower stays in fp32: its prototypes are computed once. Raises UserError where device or precision is
        not to be had, ValueError when a bf16 classifier is asked back to fp32 (what was rounded is gone: load again).
        """
        target = resolve_device(str(device))
        check_precision(precision, target)
        if self.precision == "bf16" and precision == "fp32":
            raise ValueError("a bf16 classifier cannot go back to fp32; load it again")
        self.model.to(target)
        self.prototypes = self.prototypes.to(target)
        if precision == "bf16":
            for module in self._image_parts():
                module.to(torch.bfloat16)
        else:
            exact_fp32()
        if is_convolutional(self.model):
            # A third faster on a CPU for EfficientNet-Lite0 (49 ms a page instead of 79).
            self.model.vision_model.to(memory_format=torch.channels_last)
        self.device, self.precision = target, precision
        return self

    def _image_parts(self) -> list[torch.nn.Module]:
        parts = [part for name, part in self.model.named_children() if name.startswith(("vis", "image"))]
        if not parts:
            raise UserError(f"--precision bf16 is not known for {type(self.model).__name__}; take fp32")
        return parts

    # ---- embeddings ----------------------------------------------------------------------------------------------

    def image_features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Unit image embeddings [B, D] float32 of normalised float pixels [B, 3, H, W]; carries gradients."""
        return image_features(self.model, pixels)

    def text_features(self, **tokens: torch.Tensor) -> torch.Tensor:
        """Unit text embeddings [N, D] float32 of what `tokens` gave; carries gradients."""
        return text_features(self.model, tokens)

    def tokens(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Token ids (and mask) [N, L] of whole prompts, on the model's device; UserError where one is too long."""
        return tokens_of(self.model, self.tokenizer, texts)

    @torch.no_grad()
    def embed_pages(self, pixels: torch.Tensor) -> torch.Tensor:
        """Unit embeddings [B, D] float32 of pages as the transform gives them, uint8 [B, 3, H, W], on any device.

        The model must be in eval mode, as it is after loading (ValueError otherwise: dropout would move the scores).
        """
        self._must_evaluate()
        # On a CPU the large maps of a convolutional tower go back to the system and are fetched anew, page by page of
        # memory, at every layer of a large batch: EfficientNet-Lite0 takes 26 ms a page singly, 57 ms in batches of 16.
        step = 1 if is_convolutional(self.model) and self.device.type == "cpu" else len(pixels)
        parts = [
            self.image_features(self.transform.normalise(part.to(self.device, non_blocking=True)))
            for part in pixels.split(max(step, 1))
        ]
        return torch.cat(parts)

    @torch.no_grad()
    def embed_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit embeddings [N, D] float32 of whole prompts; the model must be in eval mode."""
        self._must_evaluate()
        parts = [self.text_features(**self.tokens(texts[i : i + TEXT_BATCH])) for i in range(0, len(texts), TEXT_BATCH)]
        return torch.cat(parts)

    def _must_evaluate(self) -> None:
        if self.model.training:
            raise ValueError("the model is in training mode; call model.eval() before embedding")

    # ---- scores --------------------------------------------------------------------------------------------------

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Logit scale x cosine, [B, C], of pages uint8 [B, 3, H, W]; not divided by the temperature."""
        return self.logits_of(self.embed_pages(pixels))

    def logits_of(self, embeddings: torch.Tensor) -> torch.Tensor:
        """The same from page embeddings [B, D]."""
        return self.logit_scale * embeddings @ self.prototypes.T

    def scores(self, pixels: torch.Tensor) -> torch.Tensor:
        """Probabilities [B, C] of pages uint8 [B, 3, H, W], in the order of `categories`; each row sums to 1."""
        return functional.softmax(self.logits(pixels) / self.temperature, dim=-1)

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
        prototypes = self.prototypes.double().cpu()  # [C, D]
        alike = prototypes @ prototypes.T > 1 - 1e-6  # [C, C]; texts that differ at all are farther apart
        first = alike.float().argmax(dim=1).tolist()
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

    def _prototypes(self, descriptions: Mapping[str, Sequence[str]]) -> torch.Tensor:
        texts = prompts(descriptions, self.prompt, self.lowercase)
        embeddings = self.embed_texts(texts)  # [N, D]
        if not torch.isfinite(embeddings).all():
            raise UserError(f"{self.base or 'the model'}: its text tower gives no valid numbers for the descriptions")
        return average_prototypes(embeddings, [len(of_one) for of_one in descriptions.values()])

    # ---- folders -------------------------------------------------------------------------------------------------

    @classmethod
    def from_pretrained(cls, folder: Path) -> PageClassifier:
        """A complete model folder, as `save_pretrained` wrote it.

        Raises UserError, naming folder and part, where a part is missing, broken or does not fit the others.
        """
        folder = Path(folder)
        parts = read_parts(folder)
        model = load_dual_encoder(folder)
        tokenizer = load_tokenizer(folder)
        check_tokenizer(tokenizer, model, folder)
        check_size(model, parts.transform.size, folder)
        classifier = cls(model, tokenizer, parts.transform, **parts.settings, prototypes=parts.prototypes)
        classifier.card = parts.card
        # Weights of another model with the same shapes? The shortest category tells at the cost of a few prompts.
        label = min(classifier.categories, key=lambda name: len(classifier.descriptions[name]))
        anew = classifier._prototypes({label: classifier.descriptions[label]})[0]  # [D]
        stored = classifier.prototypes[classifier.categories.index(label)]
        if anew.shape != stored.shape:
            raise UserError(
                f"{folder}: prototypes.safetensors has {stored.numel()} dimensions, the model {anew.numel()}: they do "
                "not belong together; copy or pull the folder again"
            )
        if float(anew @ stored) < SAME_TEXT:
            raise UserError(
                f"{folder}: prototypes.safetensors does not come from this text tower; copy or pull the folder again"
            )
        return classifier

    def save_pretrained(self, folder: Path, *, card: str, dtype: torch.dtype = torch.float32) -> Path:
        """Write the complete model folder: beside it first, then renamed, so that it is never seen half.

        card: the text of README.md, with its licence front matter. dtype: `torch.float16` halves the weights on disk;
        they are widened on load, and scores move by some 1e-3. Returns the folder.

        Raises UserError where the folder exists, ValueError for a bf16 classifier (its weights are rounded).
        """
        if self.precision == "bf16":
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
        model = load_dual_encoder(folder, allow_pickle=True)
        its_tokenizer = find_tokenizer(folder, tokenizer, model.config.text_config.vocab_size)
        check_tokenizer(its_tokenizer, model, tokenizer or folder)
        transform = PageTransform.from_processor(folder)
        check_size(model, transform.size, folder)
        return cls(model, its_tokenizer, transform, descriptions, base=base or str(source))

    @classmethod
    def from_checkpoint(
        cls,
        path: Path,
        descriptions: Mapping[str, Sequence[str]] | None = None,
        tokenizer: Path | None = None,
        base: str = "",
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
            checkpoint.model,
            its_tokenizer,
            transform,
            {label: texts_by_label[label] for label in sorted(texts_by_label)} if averaged else texts_by_label,
            logit_scale=AVERAGED_SCALE if averaged else None,
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
) -> PageClassifier:
    """The classifier of any kind: "folder" (complete, has its own tokenizer), "checkpoint" (earlier tool) or "base".

    descriptions: None means the model's own; a base has none (UserError).
    """
    if kind == "checkpoint":
        return PageClassifier.from_checkpoint(Path(source), descriptions, tokenizer, base)
    if kind == "base":
        if descriptions is None:
            raise UserError(
                f"{source} is an untuned base without categories: name their descriptions with -cc or --avg"
            )
        return PageClassifier.from_base(source, descriptions, tokenizer=tokenizer, base=base)
    if kind != "folder":
        raise ValueError(f"kind must be folder, checkpoint or base, not {kind!r}")
    classifier = PageClassifier.from_pretrained(Path(source))
    if descriptions is not None:
        classifier.use_categories(descriptions)
    return classifier
