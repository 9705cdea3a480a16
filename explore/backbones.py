"""What turns a page into a vector: the default model, a `PageClassifier` folder, or any Hugging Face image model.

    backbone = open_backbone("", settings)                   # the default model; "models/mine", "google/bit-50", ...
    vectors = backbone.embed(pixels)                         # uint8 [B, 3, H, W] -> unit float32 [B, D]
    vectors @ backbone.embed_text("a map")                   # [B]; where there is a text tower

Of a dual encoder, vectors are those of the joint space of images and texts (docs/explore.md has what was measured
against the wider features before the projection); of a plain image model, its pooled features.

Nothing is fetched: a model is a folder, or in the hub cache.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier import PageClassifier, learned_scale
from encoders.choosing import SHIPPED, is_checkpoint, is_model_folder
from encoders.descriptions import prompts
from encoders.engine import Computing, choose_engine
from encoders.graphs import has_graphs
from encoders.identity import vectors_hash
from encoders.towers import cached, check_tokenizer, has_tokenizer, load_headless, load_tokenizer
from index.database import BackboneInfo, Index
from reading.transform import PageTransform
from settings.command import install_command
from settings.given_paths import expanded
from utils import UserError, did_you_mean, printable, unit_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from reading.loader import PageEmbedder
    from settings.schema import Settings

KNOWN_BEGINNING = 3  # letters; what falls into single letters is no word that it knows ("charts" is "chart" and "##s")
UNTUNED = {"page": ["a page"], "picture": ["a picture"]}  # categories of a base, which are never used
OWN_WORDS = 12_000  # a tokenizer of fewer pieces is one of ours: words of descriptions, and frequent ones at best


@dataclass(frozen=True)
class _UnitEmbedder:
    """As `PageEmbedder` has it: another one's embeddings at unit length."""

    embedder: PageEmbedder
    dimensions: int

    def embed_page(self, pixels: np.ndarray) -> np.ndarray:
        return unit_rows(self.embedder.embed_page(pixels)[None])[0]


@dataclass
class Backbone:
    """A model that embeds pages, with its transform.

    info: what an index keeps of it. embed: uint8 [B, 3, H, W] -> unit float32 [B, D]. embed_text: a text
    -> the unit direction float32 [D] in which its pages lie; None without a text tower. about_text: lines that say what
    its text tower understands of a text. embedder: embeds pages on the threads that decode them, where it can.
    computed_by: engine, device, precision.
    """

    info: BackboneInfo
    transform: PageTransform
    embed: Callable[[np.ndarray], np.ndarray]
    embed_text: Callable[[str], np.ndarray] | None = None
    about_text: Callable[[str], list[str]] | None = None
    embedder: PageEmbedder | None = None
    computed_by: dict[str, str] = field(default_factory=dict)


def find_folder(name: str, settings: Settings) -> Path:
    """The folder of a backbone: "" = the default model, a path, a name in the models folder, a hub id in the cache.

    Raises UserError where there is none, with the nearest name.
    """
    if not name:
        folder = settings.setup.model or SHIPPED
        if not folder.is_dir():
            raise UserError(f"the default model {printable(str(folder))} is missing: give --backbone MODEL")
        return folder
    for folder in (expanded(name), settings.setup.model_dir / name):
        if folder.is_dir():
            if is_model_folder(folder) or (folder / "config.json").is_file() or is_checkpoint(folder):
                return folder
            raise UserError(f"--backbone {printable(name)}: no model in that folder (no config.json)")
        if folder.is_file():
            raise UserError(f"--backbone {printable(name)} is a file: a backbone is a folder")
    snapshot = cached(name) if re.fullmatch(r"[\w.-]+/[\w.-]+", name) else None
    if snapshot is not None:
        return snapshot
    models = settings.setup.model_dir
    folders = sorted(entry.name for entry in models.iterdir() if entry.is_dir()) if models.is_dir() else []
    where = "neither a folder nor in the hub cache, and nothing is fetched here"
    raise UserError(
        f"--backbone {printable(name)}: {where} (hf download {printable(name)}, where there is internet)"
        if "/" in name and not Path(name).is_absolute() and name[0] != "."
        else f"--backbone {printable(name)}: no such folder (in {printable(str(models))}: "
        f"{', '.join(map(printable, folders)) or 'none'}){did_you_mean(name, folders)}"
    )


def open_for(index: Index, name: str, settings: Settings) -> Backbone:
    """The backbone that made an index: from where it lay then, or `name` where it has moved. UserError: another one."""
    source = Path(index.backbone.source)
    if not name and not source.is_dir():
        default = find_folder("", settings)
        if source.name != default.name:
            raise UserError(
                f"the index {printable(str(index.folder))} was made by {index.backbone.name}, which is no longer in "
                f"{printable(str(source))}: say with --backbone where it lies now"
            )
        name = str(default)
    backbone = open_backbone(name or index.backbone.source, settings)
    index.check_backbone(backbone.info)
    return backbone


def open_backbone(name: str, settings: Settings) -> Backbone:
    """Load a backbone, on the device and in the precision of the settings. UserError: not there, or not fit for it."""
    folder = find_folder(name, settings)
    shown = name or folder.name
    if is_model_folder(folder):
        classifier = PageClassifier.from_pretrained(folder, _computing(folder, settings))
        return backbone_of(classifier, folder, shown)
    if is_checkpoint(folder):
        classifier = PageClassifier.from_checkpoint(
            folder, None, settings.setup.tokenizer, computing=_computing(folder, settings)
        )
        return backbone_of(classifier, folder, shown)
    if has_graphs(folder):  # two towers as they were published
        computing = _computing(folder, settings)
        return backbone_of(PageClassifier.from_base(folder, UNTUNED, computing=computing), folder, shown)
    return _of_model(folder, shown, settings)


def _computing(folder: Path, settings: Settings) -> Computing:
    setup = settings.setup
    return choose_engine(folder, engine=setup.engine, device=setup.device, precision=setup.precision)


def backbone_of(classifier: PageClassifier, folder: Path, name: str) -> Backbone:
    """A model that is open already: the joint space of its two towers, or what goes into its plain head."""
    dim = classifier.prototypes.shape[1]
    engine = classifier.engine
    computed_by = _computed_by(engine.name, engine.device, engine.precision)
    if engine.head:
        kept = BackboneInfo(
            name, str(folder.absolute()), vectors_hash(folder, classifier.transform), "head", dim, False
        )

        def embed(pixels: np.ndarray) -> np.ndarray:
            return unit_rows(classifier.embed_pages(pixels))

        embedder = classifier.embedder and _UnitEmbedder(classifier.embedder, dim)
        return Backbone(kept, classifier.transform, embed, embedder=embedder, computed_by=computed_by)

    def embed_text(text: str) -> np.ndarray:
        prompt = prompts({"query": [text]}, classifier.prompt, classifier.lowercase)
        query = classifier.embed_texts(prompt)[0]  # [D]
        if classifier.learned:
            # What was tuned on categories has all of its texts close together (cosines of 0.7 to 0.9): a page that is
            # near to one is near to all. What tells pages apart is how the text differs from the categories' mean.
            query = query - classifier.prototypes.mean(axis=0)
            query = query / max(float(np.linalg.norm(query)), 1e-12)
        return query

    info = BackboneInfo(name, str(folder.absolute()), vectors_hash(folder, classifier.transform), "joint", dim, True)

    def about_text(text: str) -> list[str]:
        return _about_text(text, classifier)

    return Backbone(
        info,
        classifier.transform,
        classifier.embed_pages,
        embed_text,
        about_text,
        classifier.embedder,
        computed_by,
    )


def _computed_by(engine: str, device: str, precision: str) -> dict[str, str]:
    return {"engine": engine, "device": device, "precision": precision}


def _about_text(text: str, classifier: PageClassifier) -> list[str]:
    """What this text tower can and cannot understand."""
    if classifier.engine.vocabulary() >= OWN_WORDS:
        tuned = "tuned on the descriptions of the categories; " if classifier.learned else ""
        return [
            f"text search: {tuned}it goes by how a page looks (a drawing, a table, handwriting), not by what is "
            "written on it"
        ]
    lines = [
        "text search: this model's text tower was taught by descriptions of its categories only "
        f'({", ".join(classifier.categories)}): ask for kinds of pages, such as "a typed table" or "a map with a scale '
        'bar"; it knows no names, places or subjects, and nothing of what is written on a page'
    ]
    words = list(dict.fromkeys(re.findall(r"[^\W\d_]+", text.lower())))
    strange = [word for word in words if not _knows(classifier, word)]
    if strange:
        lines.append(f"warning: words that it does not know: {', '.join(map(printable, strange))}")
    return lines


def _knows(classifier: PageClassifier, word: str) -> bool:
    """Whether a word is in the vocabulary, or begins with one that is; other scripts are not, single letters are."""
    pieces = classifier.engine.pieces(word)
    if not pieces:
        return False
    return pieces[0] == word or len(pieces[0]) >= KNOWN_BEGINNING


def _of_model(folder: Path, name: str, settings: Settings) -> Backbone:
    """Any image model of transformers, by `AutoModel`: pooled features, or the mean of the last hidden state."""
    if find_spec("torch") is None:
        raise UserError(
            f"--backbone {printable(name)}: a model without graphs needs PyTorch, which is not installed: "
            f"{install_command('requirements.txt')}"
        )
    transform = PageTransform.from_processor(folder)
    if settings.setup.engine == "onnx":
        _computing(folder, settings)  # says how the folder gets graphs
    if settings.setup.precision != "fp32":
        raise UserError(f"--precision {settings.setup.precision} is for model folders of this program; take fp32")
    model, has_pooler = load_headless(folder)
    if hasattr(model, "get_image_features") and has_tokenizer(folder):
        classifier = _untuned(model, folder, transform)
        classifier.engine.to(settings.setup.device)
        return backbone_of(classifier, folder, name)
    import torch
    from torch.nn import functional

    from encoders.devices import exact_fp32, resolve_device
    from encoders.features import normalised

    tower = model.vision_model if hasattr(model, "vision_model") else model
    device = resolve_device(settings.setup.device)
    exact_fp32()
    tower = tower.to(device).eval()

    @torch.no_grad()
    def embed(pixels: np.ndarray) -> np.ndarray:
        output = tower(pixel_values=normalised(torch.from_numpy(pixels).to(device), transform))
        return functional.normalize(_pooled(output, has_pooler), dim=-1).float().cpu().numpy()

    try:
        dim = embed(np.zeros((1, 3, *transform.size), np.uint8)).shape[1]
    except (TypeError, ValueError, RuntimeError, AttributeError, KeyError) as error:
        raise UserError(
            f"--backbone {printable(name)}: {type(model).__name__} gives no features of {transform.size[0]} x "
            f"{transform.size[1]} images: {str(error).splitlines()[0][:200]}"
        ) from error
    return Backbone(
        BackboneInfo(name, str(folder.absolute()), vectors_hash(folder, transform), "pooled", dim, False),
        transform,
        embed,
        computed_by=_computed_by("torch", str(device), "fp32"),
    )


def _pooled(output: Any, has_pooler: bool) -> torch.Tensor:
    """Features [B, D]: the pooler's, else the mean over tokens [B, T, D] or places [B, C, H, W]."""
    pooled = getattr(output, "pooler_output", None) if has_pooler else None
    if pooled is not None:
        return pooled.flatten(1)
    last = output.last_hidden_state
    return last.mean(dim=(2, 3)) if last.dim() == 4 else last.mean(dim=1)


def _untuned(model: Any, folder: Path, transform: PageTransform) -> PageClassifier:
    """A classifier around a dual encoder as it was published."""
    from encoders.torch_engine import TorchEngine

    tokenizer = load_tokenizer(folder)
    check_tokenizer(tokenizer, model, folder)
    engine, scale = TorchEngine(model, tokenizer, transform), learned_scale(model)
    return PageClassifier(engine, transform, UNTUNED, logit_scale=scale, base=folder.name)
