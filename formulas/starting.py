"""What a training starts from: a new network with a vocabulary of its own, or a model that is there.

    begun = start_of(recipe, material)
    begun.model, begun.tokenizer, begun.recipe          # the recipe with the base's own canvas

transformers asks the outer configuration for the tokens of start, padding and end where it shifts labels, and the
generation configuration where it reads; published models have them in one place or another. Here they are set in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from encoders.towers import cached, read_json
from formulas.model_folder import is_formula_model, load_network, read_parts
from formulas.network import new_model
from formulas.pictures import Canvas
from formulas.vocabulary import make_tokenizer
from utils import UserError, printable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, VisionEncoderDecoderModel

    from formulas.material import Material
    from formulas.recipes import Recipe

PROCESSOR = "preprocessor_config.json"
WIDE = (192, 672)  # pixels of a wide canvas for an encoder of patches: 12 x 42 of them, fewer than 24 x 24


@dataclass(frozen=True)
class Begun:
    """A model before its first step. labels_start: labels begin with the token of the start."""

    model: VisionEncoderDecoderModel
    tokenizer: PreTrainedTokenizerBase
    recipe: Recipe
    labels_start: bool


def start_of(recipe: Recipe, material: Material) -> Begun:
    """The model that a recipe starts from; random numbers come from torch's own generator. UserError: no such base."""
    if not recipe.base:
        tokenizer = make_tokenizer(material.normals(material.taught))
        model = new_model(recipe.network, len(tokenizer))
    else:
        folder = base_folder(recipe.base)
        model, tokenizer = load_network(folder)
        recipe = _canvas_of_base(recipe, folder, model)
        if recipe.tokenizer == "latex" and not is_formula_model(folder):
            tokenizer = make_tokenizer(material.normals(material.taught))
            renew_tokens(model, len(tokenizer))
    positions = model.config.decoder.max_position_embeddings
    recipe = recipe.but(longest=min(recipe.longest, positions))
    set_tokens(model, tokenizer, recipe.longest)
    return Begun(model, tokenizer, recipe, model.config.decoder_start_token_id != tokenizer.bos_token_id)


def base_folder(base: str) -> Path:
    """A folder, or the hub cache's copy of a hub id. UserError: neither."""
    path = Path(base).expanduser()
    if path.is_dir():
        return path
    shown = printable(base)
    folder = None if path.is_absolute() else cached(base.replace("\\", "/"))
    if folder is None:
        raise UserError(
            f"--base {shown}: no such folder, and not in the hub cache; where there is internet: hf download {shown}"
        )
    return folder


def set_tokens(model: VisionEncoderDecoderModel, tokenizer: PreTrainedTokenizerBase, longest: int) -> None:
    """Start, padding and end wherever transformers looks for them, and how readings are made while training."""
    config, chosen = model.config, model.generation_config
    start = next(
        (
            said
            for source in (config, chosen, config.decoder)
            if (said := getattr(source, "decoder_start_token_id", None)) is not None
        ),
        tokenizer.eos_token_id,  # with which TrOCR was trained
    )
    tokens = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id,
              "bos_token_id": tokenizer.bos_token_id, "decoder_start_token_id": start}  # fmt: skip
    for place in (config, config.decoder, chosen):
        for name, token in tokens.items():
            setattr(place, name, token)
    chosen.max_length, chosen.max_new_tokens = longest, None
    chosen.num_beams, chosen.early_stopping, chosen.length_penalty = 1, False, 1.0
    chosen.no_repeat_ngram_size = 0  # formulas do repeat themselves


def renew_tokens(model: VisionEncoderDecoderModel, vocabulary: int) -> None:
    """Random embeddings for another vocabulary, at the decoder's entrance and exit."""
    decoder = model.decoder
    decoder.resize_token_embeddings(vocabulary)
    deviation = getattr(decoder.config, "init_std", 0.02)
    for layer in (decoder.get_input_embeddings(), decoder.get_output_embeddings()):
        torch.nn.init.normal_(layer.weight, std=deviation)
    model.config.decoder.vocab_size = vocabulary


def _canvas_of_base(recipe: Recipe, folder: Path, model: VisionEncoderDecoderModel) -> Recipe:
    """The recipe with the canvas that the base was trained with, or the mode that the user wants instead."""
    if is_formula_model(folder):
        parts = read_parts(folder)
        return recipe.but(canvas=parts.canvas, tokenizer=parts.tokenizer)
    said = read_json(folder / PROCESSOR) if (folder / PROCESSOR).is_file() else {}
    size = said.get("size", model.config.encoder.image_size)
    side = size.get("height", 384) if isinstance(size, dict) else size
    mean, deviation = (float((said.get(name) or [0.5])[0]) for name in ("image_mean", "image_std"))
    paper, ink = (1.0 - mean) / deviation, (0.0 - mean) / deviation
    mode = recipe.canvas.mode
    shape = WIDE if mode == "wide" else (int(side), int(side))
    if mode == "wide":
        stretch_positions(model, shape)
    channels = model.config.encoder.num_channels
    canvas = Canvas(mode, *shape, channels=channels, step=0, type_size=0.0, paper=paper, ink=ink)
    return recipe.but(canvas=canvas)


def stretch_positions(model: VisionEncoderDecoderModel, shape: tuple[int, int]) -> None:
    """Give an encoder of patches another canvas: its positions are interpolated once, its weights say so from then on.

    shape: height and width in pixels, multiples of its patches. UserError: an encoder of another kind.
    """
    encoder = model.encoder
    table = getattr(getattr(encoder, "embeddings", None), "position_embeddings", None)
    patch = getattr(encoder.config, "patch_size", None)
    if table is None or not isinstance(patch, int):
        raise UserError(f"{type(encoder).__name__} has no positions that fit another canvas: leave --image_mode out")
    rows, columns = shape[0] // patch, shape[1] // patch
    side = int(table.shape[1] ** 0.5)
    first = table.shape[1] - side * side  # the class token (of DeiT two) stands before the patches
    patches = table[:, first:].detach().reshape(1, side, side, -1).permute(0, 3, 1, 2)
    stretched = torch.nn.functional.interpolate(patches, (rows, columns), mode="bicubic", align_corners=False)
    stretched = stretched.permute(0, 2, 3, 1).reshape(1, rows * columns, -1)
    encoder.embeddings.position_embeddings = torch.nn.Parameter(torch.cat([table[:, :first].detach(), stretched], 1))
    embeddings = encoder.embeddings.patch_embeddings
    embeddings.image_size, embeddings.num_patches = shape, rows * columns
    encoder.embeddings.image_size = shape
    encoder.config.image_size = list(shape)
