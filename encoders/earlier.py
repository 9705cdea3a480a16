"""The folders and `.pt` files of the earlier page-classification tool -> a transformers CLIPModel.

    checkpoint = read_checkpoint(Path("model_v1137"))    # .model, .descriptions, .transform()

Their tensors have the names of OpenAI's CLIP code and come without a tokenizer. A pickle is read with
`weights_only=True`: no file can run code.
"""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.descriptions import same_label
from encoders.towers import load_strictly, one_line, read_json
from utils import UserError

if TYPE_CHECKING:
    import torch
    from transformers import CLIPConfig, CLIPModel

    from reading.transform import PageTransform

PAGE_CLASSIFIER = "page_classifier.json"  # what makes a folder a complete model folder of this project
CHECKPOINT_SUFFIXES = (".pt", ".pth")
KNOWN_BASES = {  # (width of the image tower, patch, image size) -> base code
    (768, 32, 224): "ViT-B/32",
    (768, 16, 224): "ViT-B/16",
    (1024, 14, 224): "ViT-L/14",
    (1024, 14, 336): "ViT-L/14@336px",
}
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
AVERAGED_SCALE = 100.0  # the earlier tool's constant wherever a label has several descriptions


def is_model_folder(path: Path) -> bool:
    """Whether `path` is a complete model folder of this project."""
    return (path / PAGE_CLASSIFIER).is_file()


def is_checkpoint(path: Path) -> bool:
    """Whether `path` is a `.pt`/`.pth` file, or a folder as the earlier tool writes it."""
    if path.is_file():
        return path.suffix.lower() in CHECKPOINT_SUFFIXES
    if is_model_folder(path) or not (path / "config.json").is_file():
        return False
    try:
        config = read_json(path / "config.json")
    except UserError:
        return False
    return "categories" in config and "model_type" not in config


def is_untuned_base(path: Path) -> bool:
    """Whether `path` is a Hugging Face folder of a model that this project has not touched."""
    if is_model_folder(path) or not (path / "config.json").is_file():
        return False
    try:
        return "model_type" in read_json(path / "config.json")
    except UserError:
        return False


@dataclass(frozen=True)
class Checkpoint:
    """What an earlier checkpoint holds. folder: None for a `.pt`; descriptions: None where it has none of its own;
    learned: the categories it was trained on; size: its input in pixels; base: the base code its shapes tell, or ""."""

    model: CLIPModel
    folder: Path | None
    descriptions: dict[str, list[str]] | None
    learned: list[str] | None
    size: int
    vocabulary: int
    base: str
    config: dict[str, Any]

    def transform(self) -> PageTransform:
        """Its `preprocessor_config.json` where there is one, else the published CLIP transform (centre crop)."""
        from reading.transform import PageTransform

        if self.folder is not None and (self.folder / "preprocessor_config.json").is_file():
            return PageTransform.from_processor(self.folder)
        mean, std = (
            tuple(value) if isinstance(value, list) and len(value) == 3 else usual
            for value, usual in ((self.config.get("image_mean"), CLIP_MEAN), (self.config.get("image_std"), CLIP_STD))
        )
        return PageTransform(size=(self.size, self.size), fit="crop", mean=mean, std=std)


def read_checkpoint(path: Path) -> Checkpoint:
    """An earlier folder (`config.json` + `model.safetensors`) or training checkpoint (`.pt`) as a float32 CLIPModel.

    The architecture is read off the tensor shapes (heads = width / 64): what `config.json` says of it is not reliable.

    Raises UserError: absent or broken files, a pickle that holds more than tensors, tensors of another architecture.
    """
    import torch

    folder, config = None, {}
    if path.is_dir():
        folder, config = path, read_json(path / "config.json")
        tensors = _read_safetensors(path / "model.safetensors")
        prefixed = {
            name.removeprefix("model."): tensor for name, tensor in tensors.items() if name.startswith("model.")
        }
        if len(prefixed) != len(tensors):
            odd = next(name for name in tensors if not name.startswith("model."))
            raise UserError(
                f"{path}: model.safetensors holds {odd}, not the tensors of an earlier checkpoint (model.visual...)"
            )
    else:
        prefixed = _read_pickle(path)
    tensors = {  # the first three are numbers that OpenAI's own files carry beside the weights
        name: tensor.to(torch.float32) if tensor.is_floating_point() else tensor
        for name, tensor in prefixed.items()
        if name not in ("input_resolution", "context_length", "vocab_size")
    }
    clip = clip_config(tensors, path)
    from transformers import CLIPModel

    model = load_strictly(
        CLIPModel, None, where=path, config=clip, state_dict=_to_transformers(tensors, path), dtype=torch.float32
    )
    size, patch = clip.vision_config.image_size, clip.vision_config.patch_size
    descriptions = _own_descriptions(config, path) if folder is not None else None
    return Checkpoint(
        model=model,
        folder=folder,
        descriptions=descriptions,
        learned=None if descriptions is None else [] if config.get("zero_shot") else list(descriptions),
        size=size,
        vocabulary=clip.text_config.vocab_size,
        base=KNOWN_BASES.get((clip.vision_config.hidden_size, patch, size), ""),
        config=config,
    )


def _read_safetensors(file: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not file.is_file():
        raise UserError(f"{file.parent}: {file.name} is missing; the folder is incomplete, copy or pull it again")
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{file}: cannot be read ({one_line(error)})") from error


def _read_pickle(file: Path) -> dict[str, torch.Tensor]:
    """The tensors under `model_state_dict`; nothing in the file is run."""
    import torch

    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"no checkpoint {file}") from error
    except pickle.UnpicklingError as error:
        raise UserError(f"{file}: refused: it holds more than tensors, and reading it could run code") from error
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, TypeError, AttributeError) as error:
        raise UserError(f"{file}: cannot be read ({one_line(error)})") from error
    state = content.get("model_state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        raise UserError(f"{file}: not a training checkpoint of the earlier tool (no model_state_dict)")
    return state


def _own_descriptions(config: dict[str, Any], path: Path) -> dict[str, list[str]]:
    """The categories of an earlier `config.json`: `texts` is a list beside `categories`, or a map label -> list."""
    labels, texts = config.get("categories"), config.get("texts")
    if isinstance(texts, list) and isinstance(labels, list) and len(texts) == len(labels):
        rows = list(zip(labels, texts, strict=True))
    elif isinstance(texts, dict) and all(isinstance(listed, list) for listed in texts.values()):
        rows = [(label, text) for label, listed in texts.items() for text in listed]
    else:
        rows = []
    if not rows or not all(isinstance(cell, str) and cell.strip() for row in rows for cell in row):
        raise UserError(f"{path}: its config.json names no categories with texts; give a description file with -cc")
    descriptions: dict[str, list[str]] = {}
    for label, text in rows:
        descriptions.setdefault(same_label(label), []).append(text.strip())
    return descriptions


def clip_config(tensors: dict[str, torch.Tensor], where: Path) -> CLIPConfig:
    """The CLIPConfig that tensors with OpenAI's names and shapes stand for; UserError where they are no such CLIP."""
    from transformers import CLIPConfig

    def layers(prefix: str) -> int:
        numbers = {int(m[1]) for name in tensors if (m := re.match(re.escape(prefix) + r"\.resblocks\.(\d+)\.", name))}
        return max(numbers, default=-1) + 1

    try:
        width, _, _, patch = tensors["visual.conv1.weight"].shape
        grid = round((tensors["visual.positional_embedding"].shape[0] - 1) ** 0.5)
        vocabulary, text_width = tensors["token_embedding.weight"].shape
        positions = tensors["positional_embedding"].shape[0]
        joint = tensors["text_projection"].shape[1]
    except (KeyError, ValueError, IndexError) as error:
        raise UserError(
            f"{where}: not a CLIP with a vision transformer (no usable tensor {one_line(error)})"
        ) from error

    def tower(width: int, depth: int) -> dict[str, Any]:
        return {
            "hidden_size": width,
            "intermediate_size": 4 * width,
            "num_hidden_layers": depth,
            "num_attention_heads": max(1, width // 64),
            "hidden_act": "quick_gelu",
            "layer_norm_eps": 1e-5,
            "projection_dim": joint,
        }

    text = tower(text_width, layers("transformer")) | {
        "vocab_size": vocabulary,
        "max_position_embeddings": positions,
        "bos_token_id": vocabulary - 2,
        "eos_token_id": vocabulary - 1,  # OpenAI pools at the highest id, which is the end token
        "pad_token_id": 0,
    }
    vision = tower(width, layers("visual.transformer")) | {"image_size": patch * grid, "patch_size": patch}
    return CLIPConfig(text_config=text, vision_config=vision, projection_dim=joint)


RENAMED = {
    "logit_scale": "logit_scale",
    "text_projection": "text_projection.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "visual.proj": "visual_projection.weight",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
}
RENAMED_STARTS = {
    "ln_final.": "text_model.final_layer_norm.",
    "visual.ln_pre.": "vision_model.pre_layrnorm.",
    "visual.ln_post.": "vision_model.post_layernorm.",
    "transformer.resblocks.": "text_model.encoder.layers.",
    "visual.transformer.resblocks.": "vision_model.encoder.layers.",
}
RENAMED_PARTS = {
    ".ln_1.": ".layer_norm1.",
    ".ln_2.": ".layer_norm2.",
    ".mlp.c_fc.": ".mlp.fc1.",
    ".mlp.c_proj.": ".mlp.fc2.",
    ".attn.": ".self_attn.",
}


def _to_transformers(tensors: dict[str, torch.Tensor], where: Path) -> dict[str, torch.Tensor]:
    """OpenAI's names -> those of CLIPModel: q, k, v are split, projections transposed; a foreign name is an error."""
    converted = {}
    for name, tensor in tensors.items():
        new = RENAMED.get(name)
        start = next((start for start in RENAMED_STARTS if name.startswith(start)), None)
        if new is None and start is None:
            raise UserError(f"{where}: the tensor {name} belongs to no CLIP with a vision transformer")
        if new is None:
            new = RENAMED_STARTS[start] + name.removeprefix(start)
            for old, part in RENAMED_PARTS.items():
                new = new.replace(old, part)
        if ".in_proj_" in new:  # [3 * width, width] or [3 * width]
            for letter, part in zip("qkv", tensor.chunk(3), strict=True):
                converted[new.replace("in_proj_", f"{letter}_proj.")] = part.contiguous()
        else:
            converted[new] = tensor.T.contiguous() if name in ("text_projection", "visual.proj") else tensor
    return converted
