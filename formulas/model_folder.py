"""A formula model as a folder: what lies in it, read and written whole, its one hash, its card.

    parts = read_parts(Path("models/formulas"))              # canvas, calibration ...; needs no PyTorch
    model, tokenizer = load_network(Path("models/formulas")) # a VisionEncoderDecoderModel in float32, in eval mode
    save_folder(folder, model, tokenizer, parts, card)       # into an empty folder

config.json, generation_config.json, model.safetensors   as transformers has them (half precision is widened when read)
tokenizer.json, tokenizer_config.json                     the vocabulary; `tokenizers` alone can read it
formulas.json                                             the canvas, how readings are calibrated, what is known of it
README.md                                                 the card
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.towers import load_strictly, load_tokenizer, read_json
from formulas.pictures import Canvas
from output.files import file_hash, write_json, write_whole
from utils import UserError, did_you_mean, printable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, VisionEncoderDecoderModel

FORMAT = 1
RECORD, CARD, CONFIG, GENERATION, WEIGHTS = (
    "formulas.json", "README.md", "config.json", "generation_config.json", "model.safetensors",
)  # fmt: skip
TOKENIZER = "tokenizer.json"
REQUIRED = (RECORD, CONFIG, GENERATION, WEIGHTS, TOKENIZER, "tokenizer_config.json", CARD)
BOUND = (CONFIG, GENERATION, WEIGHTS, TOKENIZER)  # files that decide a reading; the record holds their hashes
AGAIN = "copy or pull the folder again"
MODES = ("wide", "letterbox", "squash")


@dataclass(frozen=True)
class Parts:
    """What a folder holds beside network and vocabulary.

    canvas: what pictures are placed on. tokenizer: what a token is: "latex" = one of LaTeX, "bpe" = a piece of text.
    longest: tokens of a reading at most, its start and end among them. base: what training started from, "" = nothing.
    calibration: how a reading's confidence is told; figures: how good it is; training: what it learned from.
    """

    canvas: Canvas
    tokenizer: str
    longest: int
    base: str = ""
    licence: str = ""
    calibration: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)


KINDS: dict[str, type] = {
    "format": int,
    "canvas": dict,
    "tokenizer": str,
    "longest": int,
    "base": str,
    "licence": str,
    "calibration": dict,
    "figures": dict,
    "training": dict,
    "files": dict,
}


def is_formula_model(folder: Path) -> bool:
    """Whether a folder says that it is a formula model."""
    return (folder / RECORD).is_file()


def read_parts(folder: Path) -> Parts:
    """Read and check all but network and vocabulary. UserError: a file is missing, unknown, or of another model."""
    shown = printable(str(folder))
    if not folder.is_dir():
        raise UserError(f"no model folder {shown}")
    for name in REQUIRED:
        if not (folder / name).is_file():
            raise UserError(f"{shown}: {name} is missing; the model folder is incomplete, {AGAIN}")
    values = read_json(folder / RECORD)
    where = f"{shown}: {RECORD}"
    if values.get("format", FORMAT) != FORMAT:
        raise UserError(f"{where} has format {values['format']!r}, this version reads {FORMAT}: update the project")
    for key in values:
        if key not in KINDS:
            raise UserError(f"{where} has an unknown key {key!r}{did_you_mean(key, KINDS)}")
    for key, kind in KINDS.items():
        if key not in values:
            raise UserError(f"{where} lacks {key!r}; {AGAIN}")
        if not isinstance(values[key], kind) or isinstance(values[key], bool):
            raise UserError(f"{where}: {key} has a value of the wrong kind ({type(values[key]).__name__}); {AGAIN}")
    for name in BOUND:
        if values["files"].get(name) != file_hash(folder / name):
            raise UserError(f"{shown}: {name} is not the one that {RECORD} was written for: {AGAIN}")
    del values["format"], values["files"]
    return Parts(**{**values, "canvas": _canvas(values["canvas"], where)})


def load_network(folder: Path) -> tuple[VisionEncoderDecoderModel, PreTrainedTokenizerBase]:
    """The network in float32 and eval mode, and its tokenizer. UserError: files that are broken or do not fit.

    folder: a formula model, or TrOCR as the hub has it (a snapshot, a copy).
    """
    import torch
    from transformers import VisionEncoderDecoderModel

    import formulas.network  # noqa: F401  (tells transformers of our encoder)

    shown = printable(str(folder))
    config = read_json(folder / CONFIG)
    if config.get("model_type") != "vision-encoder-decoder":
        kind = config.get("model_type", "of no kind")
        raise UserError(f"{shown} reads no text from pictures: its model is {kind}, not vision-encoder-decoder")
    safe = any(folder.glob("model*.safetensors"))
    if not safe and not (folder / "pytorch_model.bin").is_file():
        raise UserError(f"{shown}: {WEIGHTS} is missing; {AGAIN}")
    model = load_strictly(
        VisionEncoderDecoderModel,
        folder,
        dtype=torch.float32,
        local_files_only=True,
        use_safetensors=safe,
        weights_only=True,
    )
    tokenizer = load_tokenizer(folder)
    rows = model.decoder.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise UserError(f"{shown}: its tokenizer has {len(tokenizer)} tokens, its network {rows}: {AGAIN}")
    return model, tokenizer


def save_folder(
    folder: Path,
    model: VisionEncoderDecoderModel,
    tokenizer: PreTrainedTokenizerBase,
    parts: Parts,
    card: str,
    *,
    dtype: str = "float16",
) -> None:
    """Write all files into `folder`, which exists and holds none of them. dtype: of the weights on disk.

    UserError: a weight is no number (training went astray), or too large for half precision.
    """
    import torch
    from safetensors.torch import save_file
    from transformers.utils import logging

    logging.set_verbosity_error()
    weights = {}
    for name, value in model.state_dict().items():
        narrowed = value.detach().cpu().to(getattr(torch, dtype)) if value.is_floating_point() else value.detach().cpu()
        if not torch.isfinite(narrowed.float()).all():
            raise UserError(f"the weight {name} is no number in {dtype}: this model cannot be written")
        weights[name] = narrowed.contiguous().clone()
    for name in getattr(model, "all_tied_weights_keys", None) or {}:
        weights.pop(name, None)  # stands under another name as well
    config = model.config.to_dict() | {"architectures": [type(model).__name__], "dtype": dtype}
    model.config.__class__.from_dict(config).save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    tokenizer.save_pretrained(folder)
    write_whole(folder / CARD, card)
    write_parts(folder, parts)
    if os.name == "posix":  # safetensors files are written for their owner alone; a shared models/ is for all
        mode = (folder / CARD).stat().st_mode & 0o777
        for file in folder.iterdir():
            file.chmod(mode)


def write_parts(folder: Path, parts: Parts) -> None:
    """Write formulas.json for the files that lie in the folder."""
    values = {"format": FORMAT, **asdict(replace(parts, canvas=Canvas())), "canvas": parts.canvas.to_json()}
    write_json(folder / RECORD, values | {"files": {name: file_hash(folder / name) for name in BOUND}})


def model_hash(folder: Path) -> str:
    """SHA-256 of what decides readings and their confidence; cards, figures and graphs do not count, nor its place."""
    values = read_json(folder / RECORD)
    digest = hashlib.sha256(json.dumps([values.get("canvas"), values.get("calibration")], sort_keys=True).encode())
    for name in (*BOUND, "tokenizer_config.json"):
        digest.update(f"{name}\0{file_hash(folder / name)}".encode())
    return digest.hexdigest()


def _canvas(values: Mapping[str, Any], where: str) -> Canvas:
    try:
        canvas = Canvas.from_json(dict(values))
    except TypeError as error:
        raise UserError(f"{where}: canvas is not one of this version ({error}); update the project") from None
    sizes = (canvas.height, canvas.width, canvas.channels)
    if canvas.mode not in MODES or not all(isinstance(size, int) and 1 <= size <= 8192 for size in sizes):
        raise UserError(f"{where}: canvas holds values that make no sense ({canvas}); {AGAIN}")
    return canvas
