"""The engine that trains: PyTorch and transformers, on the CPU, a CUDA card or Apple's, in fp32 or bf16.

engine = TorchEngine(load_dual_encoder(folder), load_tokenizer(folder), transform).to("auto", "fp32")
embeddings = engine.embed_pages(pixels)            # uint8 [B, 3, H, W] -> unit float32 [B, D]
engine.image_features(inputs).sum().backward()     # tensors in, tensors out: with gradients
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import torch

from encoders.devices import allow_tf32, check_precision, exact_fp32, resolve_device
from encoders.features import image_features, image_tower, is_convolutional, normalised, text_features, tokens_of
from encoders.heads import no_words
from utils import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from reading.transform import PageTransform

TEXT_BATCH = 64  # prompts embedded at once: 77 positions of a large text tower then take some 100 MB


class TorchEngine:
    """A dual encoder of transformers with its tokenizer, or an image classifier with a plain head, in eval mode.

    model: any with `get_image_features` and `get_text_features`; or one that heads.py has loaded, and then `head` is
    the name of its linear layer and there is no tokenizer. An ordinary `nn.Module`.
    """

    name, alone = "torch", False

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase | None,
        transform: PageTransform,
        head: str = "",
    ) -> None:
        self.model, self.tokenizer, self._transform, self.head = model.eval(), tokenizer, transform, head
        self.precision = "fp32"

    @property
    def device(self) -> str:
        """Where the model lies: "cpu", "cuda:0", "mps"."""
        device = self.model.device
        return str(device) if device.type == "cuda" else device.type

    def to(self, device: str = "auto", precision: str = "fp32") -> Self:
        """Move to "auto", "cpu", "cuda", "cuda:N" or "mps"; in "bf16" the image tower computes in bfloat16,
        in "tf32" an NVIDIA card rounds the factors of products.

        The text tower stays in fp32: its prototypes are computed once. Raises UserError where device or precision is
        not to be had, ValueError when a bf16 model is asked back to fp32 (what was rounded is gone: load again).
        """
        target = resolve_device(device)
        check_precision(precision, target)
        if self.precision == "bf16" and precision != "bf16":
            raise ValueError(f"a model in bf16 cannot go back to {precision}; load it again")
        self.model.to(target)
        if precision == "bf16":
            for module in self._image_parts():
                module.to(torch.bfloat16)
            if self.head:
                self.model.get_submodule(self.head).float()
        elif precision == "tf32":
            allow_tf32()
        else:
            exact_fp32()
        if is_convolutional(self.model):
            # A third faster on a CPU for EfficientNet-Lite0 (49 ms a page instead of 79).
            image_tower(self.model).to(memory_format=torch.channels_last)
        self.precision = precision
        return self

    def _image_parts(self) -> list[torch.nn.Module]:
        if self.head:
            return [self.model]
        parts = [part for name, part in self.model.named_children() if name.startswith(("vis", "image"))]
        if not parts:
            raise UserError(f"--precision bf16 is not known for {type(self.model).__name__}; take fp32")
        return parts

    # ---- tensors, with gradients ---------------------------------------------------------------------------------

    def image_features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Image embeddings [B, D] float32 of normalised float pixels [B, 3, H, W]; carries gradients."""
        return image_features(self.model, pixels)

    def text_features(self, **tokens: torch.Tensor) -> torch.Tensor:
        """Unit text embeddings [N, D] float32 of what `tokens` gave; carries gradients."""
        return text_features(self.model, tokens)

    def tokens(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Token ids (and mask) [N, L] of whole prompts, on the model's device; UserError where one is too long."""
        if self.tokenizer is None:
            raise no_words("")
        return tokens_of(self.model, self.tokenizer, texts)

    # ---- as `Engine` has it --------------------------------------------------------------------------------------

    @torch.no_grad()
    def embed_pages(self, pixels: np.ndarray) -> np.ndarray:
        """Embeddings float32 [B, D] of pages as the transform gives them, uint8 [B, 3, H, W].

        Raises UserError where the device has not enough memory, ValueError for a model that is being trained (dropout
        would move the scores).
        """
        self._must_evaluate()
        pages = torch.from_numpy(np.ascontiguousarray(pixels))
        # On a CPU the large maps of a convolutional tower go back to the system and are fetched anew, page by page of
        # memory, at every layer of a large batch: EfficientNet-Lite0 takes 26 ms a page singly, 57 ms in batches of 16.
        step = 1 if is_convolutional(self.model) and self.model.device.type == "cpu" else len(pages)
        try:
            parts = [
                self.image_features(normalised(part.to(self.model.device, non_blocking=True), self._transform))
                for part in pages.split(max(step, 1))
            ]
            return torch.cat(parts).cpu().numpy()
        except torch.OutOfMemoryError as error:
            raise UserError(
                f"not enough memory on {self.device} for batches of {len(pages)} pages: give a smaller --batch_size"
            ) from error

    @torch.no_grad()
    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit embeddings float32 [N, D] of whole prompts; as `embed_pages` has it."""
        self._must_evaluate()
        parts = [self.text_features(**self.tokens(texts[i : i + TEXT_BATCH])) for i in range(0, len(texts), TEXT_BATCH)]
        return torch.cat(parts).cpu().numpy()

    def head_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights float32 [C, D] and bias [C] of the head as they are now."""
        layer = self.model.get_submodule(self.head)
        rows = layer.weight.detach().float().cpu().numpy().copy()
        bias = np.zeros(len(rows), np.float32) if layer.bias is None else layer.bias.detach().float().cpu().numpy()
        return rows, bias.copy()

    def vocabulary(self) -> int:
        """How many pieces of words the tokenizer has."""
        return len(self.tokenizer)

    def pieces(self, word: str) -> list[str]:
        """The pieces of a word; [] where the tokenizer has none for a part of it."""
        pieces = self.tokenizer.tokenize(word)
        return [] if self.tokenizer.unk_token in pieces else pieces

    def _must_evaluate(self) -> None:
        if self.model.training:
            raise ValueError("the model is in training mode; call model.eval() before embedding")
