"""One way to call every architecture: pages or texts go in, embeddings come out, as tensors.

embeddings = image_features(model, pixels)                            # [B, 3, H, W] -> [B, D]
embeddings = text_features(model, tokens_of(model, tokenizer, texts)) # [N, D]
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from encoders.heads import head_features
from utils import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from reading.transform import PageTransform


def image_features(model: PreTrainedModel, pixels: torch.Tensor) -> torch.Tensor:
    """Image embeddings [B, D] float32 of normalised float pixels [B, 3, H, W]; carries gradients.

    Of a dual encoder they have unit length; of a model with a plain head they are what goes into it, as long as it is.
    """
    pixels = pixels.to(next(image_tower(model).parameters()).dtype)
    if is_convolutional(model):
        pixels = pixels.contiguous(memory_format=torch.channels_last)
    if has_head(model):
        return head_features(model, pixels)
    inputs: dict[str, torch.Tensor] = {"pixel_values": pixels}
    if model.config.model_type == "siglip2":
        inputs = _patches(pixels, model.config.vision_config.patch_size)
    return functional.normalize(_pooled(model.get_image_features(**inputs)), dim=-1)


def text_features(model: PreTrainedModel, tokens: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Unit text embeddings [N, D] float32 of what `tokens_of` gave; carries gradients."""
    return functional.normalize(_pooled(model.get_text_features(**tokens)), dim=-1)


def tokens_of(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> dict[str, torch.Tensor]:
    """Token ids (and mask, where the architecture wants one) [N, L] of whole prompts, on the model's device.

    Raises UserError, with the prompt, where one is longer than the text tower: no text is ever cut.
    """
    longest = longest_prompt(model, tokenizer)
    for text, ids in zip(texts, tokenizer(list(texts), verbose=False)["input_ids"], strict=True):
        if len(ids) > longest:
            raise UserError(f"a description is too long, {len(ids)} tokens where {longest} fit: {text[:160]!r}")
    wanted = inspect.signature(model.get_text_features).parameters
    if pads_fully(model):
        limit = model.config.text_config.max_position_embeddings
        batch = tokenizer(list(texts), padding="max_length", max_length=limit, return_tensors="pt")
        wanted = ("input_ids",)
    else:
        batch = tokenizer(list(texts), padding=True, return_tensors="pt")
    return {name: tensor.to(model.device) for name, tensor in batch.items() if name in wanted}


def longest_prompt(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens the text tower takes, those of beginning and end counted."""
    config = model.config.text_config
    limit = config.max_position_embeddings
    if "roberta" in config.model_type or config.model_type in ("camembert", "altclip_text_model"):
        limit -= (config.pad_token_id or 0) + 1  # their positions start behind the padding id
    return min(limit, tokenizer.model_max_length)


def pads_fully(model: PreTrainedModel) -> bool:
    """Whether the text tower was trained on texts padded to the full length, without a mask: it pools the last one."""
    return model.config.text_config.model_type.startswith("siglip")


def normalised(pixels: torch.Tensor, transform: PageTransform) -> torch.Tensor:
    """uint8 [batch, 3, height, width] -> float32 of that shape on the same device: (pixel / 255 - mean) / std."""
    mean = torch.tensor(transform.mean, device=pixels.device).view(1, 3, 1, 1)
    std = torch.tensor(transform.std, device=pixels.device).view(1, 3, 1, 1)
    return pixels.to(torch.float32).div_(255).sub_(mean).div_(std)


def has_head(model: PreTrainedModel) -> bool:
    """Whether a model is an image classifier with a plain head (heads.py), no dual encoder."""
    return not hasattr(model, "get_image_features")


def image_tower(model: PreTrainedModel) -> torch.nn.Module:
    """What sees the page: of a model with a plain head, all of it."""
    return model if has_head(model) else model.vision_model


def is_convolutional(model: PreTrainedModel) -> bool:
    """Whether the image tower is a network of timm, most of which are convolutional."""
    config = model.config if has_head(model) else model.config.vision_config
    return getattr(config, "model_type", "") == "timm_wrapper"


def _pooled(output: Any) -> torch.Tensor:
    """The projected features [N, D] float32: transformers 5 wraps them in an output object, others give the tensor."""
    return (output if isinstance(output, torch.Tensor) else output.pooler_output).float()


def _patches(pixels: torch.Tensor, patch: int) -> dict[str, torch.Tensor]:
    """What SigLIP2 (NaFlex) wants instead of an image: flat patches [B, rows * columns, patch * patch * 3]."""
    batch, _, height, width = pixels.shape
    rows, columns = height // patch, width // patch
    tiles = pixels.reshape(batch, 3, rows, patch, columns, patch).permute(0, 2, 4, 3, 5, 1)
    return {
        "pixel_values": tiles.reshape(batch, rows * columns, -1),
        "pixel_attention_mask": torch.ones(batch, rows * columns, dtype=torch.int32, device=pixels.device),
        "spatial_shapes": torch.tensor([[rows, columns]], device=pixels.device).expand(batch, 2),
    }
