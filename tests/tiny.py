"""Tiny random models of each kind, built in a fraction of a second, from a fixed seed.

    folder = tiny_model_folder(tmp_path / "model", ["PHOTO", "TEXT"])            # a complete model folder
    base = tiny_base(tmp_path / "base", "siglip")                                # an untuned Hugging Face folder
    old = tiny_checkpoint(tmp_path / "model_v1137", {"PHOTO": ["a photo"], "TEXT": ["a letter"]})

The weights mean nothing, but they are drawn wide enough that pages and descriptions come out clearly different.
Tokenizers work letter by letter, so any text can be read; prompts may hold 124 letters.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from classifier import PageClassifier, learned_scale
from encoders.descriptions import label_descriptions
from encoders.torch_engine import TorchEngine
from reading.transform import PageTransform

KINDS = ("clip", "siglip", "dual")  # dual: VisionTextDualEncoder of a timm image tower and a BERT text tower
SIZE = 32  # pixels
POSITIONS = 128  # token positions of the text towers
WIDTH = 32
CARD = "---\nlicense: mit\n---\n\n# A tiny random model for tests\n"


def tiny_tokenizer(kind: str):
    """A letter-by-letter tokenizer as the architecture `kind` wants it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import CLIPTokenizer, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    if kind == "clip":
        pieces = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
        vocabulary = {piece: number for number, piece in enumerate(pieces)}
        return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=POSITIONS)
    special = ["<pad>", "<start>", "<end>", "<unk>"]
    vocabulary = {piece: number for number, piece in enumerate([*special, *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    template = "$A <end>" if kind == "siglip" else "<start> $A <end>"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[("<start>", 1), ("<end>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<end>",
        unk_token="<unk>",
        cls_token="<start>",
        model_max_length=POSITIONS,
    )


def tiny_model(kind: str, tokenizer: Any, *, seed: int = 0, size: int = SIZE):
    """A random dual encoder: one layer a tower, 32 dimensions wide, embeddings of 16."""
    from transformers import (
        BertConfig,
        CLIPConfig,
        CLIPModel,
        SiglipConfig,
        SiglipModel,
        TimmWrapperConfig,
        VisionTextDualEncoderConfig,
        VisionTextDualEncoderModel,
    )

    layer = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    text = layer | {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": POSITIONS,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = layer | {"image_size": size, "patch_size": 8}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind == "clip":
            model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16))
        elif kind == "siglip":
            model = SiglipModel(SiglipConfig(text_config=text | {"projection_size": WIDTH}, vision_config=vision))
        else:
            tower = TimmWrapperConfig(architecture="test_efficientnet", hidden_size=256, num_labels=0)
            config = VisionTextDualEncoderConfig.from_vision_text_configs(tower, BertConfig(**text), projection_dim=16)
            model = VisionTextDualEncoderModel(config)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.dim() > 1:  # wider than usual: else every page and every text comes out alike
                    rows = parameter.shape[-1] if "embedding" in name else parameter[0].numel()
                    parameter.normal_(0, 1 if "embedding" in name else 1.5 / math.sqrt(rows))
            # SigLIP's descriptions come out nearly alike here, as its last position sees little but padding.
            model.logit_scale.fill_(math.log(100 if kind == "siglip" else 12.5))
    return model.eval()


def tiny_transform(size: int = SIZE, fit: str = "pad") -> PageTransform:
    """Pad, mean and std 0.5."""
    return PageTransform((size, size), fit, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def tiny_base(folder: Path, kind: str = "clip", *, seed: int = 0, size: int = SIZE) -> Path:
    """An untuned Hugging Face folder: weights, tokenizer, preprocessor_config.json (squash)."""
    tokenizer = tiny_tokenizer(kind)
    tiny_model(kind, tokenizer, seed=seed, size=size).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor = {
        "image_processor_type": {"clip": "CLIPImageProcessor", "siglip": "SiglipImageProcessor"}.get(
            kind, "ViTImageProcessor"
        ),
        "do_resize": True,
        "size": {"height": size, "width": size},
        "resample": 3,
        "do_center_crop": False,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    return folder


def tiny_classifier(
    categories: Sequence[str] | Mapping[str, Sequence[str]] = ("DRAW", "PHOTO", "TEXT"),
    *,
    kind: str = "clip",
    seed: int = 0,
    size: int = SIZE,
    fit: str = "pad",
    **settings: Any,
) -> PageClassifier:
    """A classifier in memory. categories: labels (their names are the descriptions) or label -> descriptions."""
    tokenizer = tiny_tokenizer(kind)
    descriptions = categories if isinstance(categories, Mapping) else label_descriptions(categories)
    settings = {"base": "tiny", "licence": "mit", "learned": list(descriptions)} | settings
    model, transform = tiny_model(kind, tokenizer, seed=seed, size=size), tiny_transform(size, fit)
    engine = TorchEngine(model, tokenizer, transform)
    return PageClassifier(engine, transform, descriptions, **({"logit_scale": learned_scale(model)} | settings))


def tiny_model_folder(
    folder: Path,
    categories: Sequence[str] | Mapping[str, Sequence[str]] = ("DRAW", "PHOTO", "TEXT"),
    *,
    kind: str = "clip",
    seed: int = 0,
    size: int = SIZE,
    fit: str = "pad",
    **settings: Any,
) -> Path:
    """A complete model folder for prediction runs. settings: those of `PageClassifier` (base, learned, record ...)."""
    made = tiny_classifier(categories, kind=kind, seed=seed, size=size, fit=fit, **settings)
    return made.save_pretrained(folder, card=CARD)


HEADS = ("vit", "beit", "regnety", "efficientnetv2")  # the classes of image classifiers that the earlier tool saves


def tiny_head(folder: Path, kind: str = "vit", labels: Sequence[str] | int = 11, *, seed: int = 0) -> Path:
    """A random image classifier as transformers saves it, with its image processor where such models have one.

    labels: names of its outputs, or how many it has without names. Pages come out clearly different.
    """
    from transformers import (
        BeitConfig,
        BeitForImageClassification,
        TimmWrapperConfig,
        TimmWrapperForImageClassification,
        ViTConfig,
        ViTForImageClassification,
        ViTImageProcessor,
    )

    count = labels if isinstance(labels, int) else len(labels)
    named = {} if isinstance(labels, int) else {"id2label": dict(enumerate(labels))}
    layer = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = layer | {"image_size": SIZE, "patch_size": 8, "num_labels": count} | named
    cfg = {"tag": "tiny", "input_size": [3, SIZE, SIZE], "interpolation": "bicubic", "crop_pct": 0.9,
           "crop_mode": "center", "mean": [0.48, 0.45, 0.4], "std": [0.23, 0.22, 0.22]}  # fmt: skip
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        if kind in ("vit", "beit"):
            config, made = {
                "vit": (ViTConfig, ViTForImageClassification),
                "beit": (BeitConfig, BeitForImageClassification),
            }[kind]
            model = made(config(**vision))
            head = model.classifier
            ViTImageProcessor(size={"height": SIZE, "width": SIZE}).save_pretrained(folder)
        else:
            small = {"regnety": {"depth": 5, "w0": 8, "wa": 8.0, "wm": 1.7, "group_size": 8},
                     "efficientnetv2": {"channel_multiplier": 0.1, "depth_multiplier": 0.1}}[kind]  # fmt: skip
            name = {"regnety": "regnety_002", "efficientnetv2": "tf_efficientnetv2_b0"}[kind]
            wrapped = TimmWrapperConfig(
                architecture=name, model_args=small, num_labels=count, pretrained_cfg=cfg, **named
            )
            model = TimmWrapperForImageClassification(wrapped)
            head = model.timm_model.get_classifier()
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 1.5 / math.sqrt(parameter[0].numel()))
        seen: list[torch.Tensor] = []
        watched = head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        ink = torch.rand(16, 1, 8, 4) < torch.linspace(0, 0.6, 16).view(-1, 1, 1, 1)  # from white to half black
        page = torch.where(ink, -2.0, 1.0).repeat_interleave(SIZE // 8, dim=2).repeat_interleave(SIZE // 4, dim=3)
        model.eval()(pixel_values=page.repeat(1, 3, 1, 1))
        watched.remove()
        spread, middle = seen[0].std(dim=0).clamp(min=1e-6), seen[0].mean(dim=0)  # [D]
        head.weight.copy_(torch.randn(count, len(spread)) * 1.2 / spread / len(spread) ** 0.5)
        head.bias.copy_(-head.weight @ middle)
    model.save_pretrained(folder)
    return folder


def tiny_tensors(seed: int = 0, *, vocabulary: int = 514, width: int = 64, joint: int = 16) -> dict[str, torch.Tensor]:
    """Random tensors with the names and shapes of OpenAI's CLIP code: one layer a tower, 32 x 32 pixels, patch 8."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int, std: float = 1.0) -> torch.Tensor:
        return torch.randn(shape, generator=generator) * std

    def norm(name: str) -> dict[str, torch.Tensor]:
        return {f"{name}.weight": torch.ones(width), f"{name}.bias": torch.zeros(width)}

    def block(name: str) -> dict[str, torch.Tensor]:
        narrow = 1.5 / math.sqrt(width)
        tensors = norm(f"{name}.ln_1") | norm(f"{name}.ln_2")
        for part, rows, columns in (
            ("attn.in_proj_", 3 * width, width),
            ("attn.out_proj.", width, width),
            ("mlp.c_fc.", 4 * width, width),
            ("mlp.c_proj.", width, 4 * width),
        ):
            tensors[f"{name}.{part}weight"] = draw(rows, columns, std=narrow)
            tensors[f"{name}.{part}bias"] = draw(rows, std=0.1)
        return tensors

    return {
        "logit_scale": torch.tensor(math.log(12.5)),
        "positional_embedding": draw(POSITIONS, width),
        "text_projection": draw(width, joint, std=0.2),
        "token_embedding.weight": draw(vocabulary, width),
        "visual.class_embedding": draw(width),
        "visual.positional_embedding": draw((SIZE // 8) ** 2 + 1, width),
        "visual.proj": draw(width, joint, std=0.2),
        "visual.conv1.weight": draw(width, 3, 8, 8, std=0.1),
        **norm("visual.ln_pre"),
        **norm("visual.ln_post"),
        **norm("ln_final"),
        **block("transformer.resblocks.0"),
        **block("visual.transformer.resblocks.0"),
    }


def tiny_checkpoint(
    path: Path,
    descriptions: Mapping[str, Sequence[str]] | None = None,
    *,
    seed: int = 0,
    tokenizer: bool = True,
    **config: Any,
) -> Path:
    """A folder as the earlier tool writes it, its tokenizer beside it (`tokenizer=False`: without); or a `.pt`."""
    from safetensors.torch import save_file

    tensors = tiny_tensors(seed)
    if path.suffix == ".pt":
        torch.save({"epoch": 0, "model_state_dict": tensors, "loss": 1.0, "rnd_data_seed": 420}, path)
        return path
    descriptions = descriptions or {"DRAW": ["a drawing"], "PHOTO": ["a photo"], "TEXT": ["a letter"]}
    path.mkdir(parents=True)
    save_file({f"model.{name}": tensor for name, tensor in tensors.items()}, path / "model.safetensors")
    single = all(len(texts) == 1 for texts in descriptions.values())
    values = {
        "avg": not single,
        "categories": list(descriptions),
        "texts": [texts[0] for texts in descriptions.values()]
        if single
        else {k: list(v) for k, v in descriptions.items()},
        "model_name": "ViT-B/32",
        "image_size": SIZE,
        "zero_shot": False,
    }
    (path / "config.json").write_text(json.dumps(values | config), encoding="utf-8")
    if tokenizer:
        tiny_tokenizer("clip").save_pretrained(path)
    return path
