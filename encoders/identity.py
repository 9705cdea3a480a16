"""Which model is this? One hash of what decides its scores, for runs, records, comparisons and the index.

    model_hash(Path("models/mine"))          # the same hash, the same scores
    vectors_hash(folder, transform)          # what decides embeddings alone (explore)

Weights, architecture, tokenizer, image processor, and of `page_classifier.json` what reaches a score. Cards, records,
pictures, tables, licences and files that nothing reads do not count, nor where the model lies. Graphs do not count
either: they hold no weights, only say how these are computed, and both engines give the same scores to some 1e-6; so a
folder stays the same model when it gets them, and an index or a run of before goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from encoders.descriptions import same_label
from encoders.earlier import PAGE_CLASSIFIER
from encoders.heads import is_head, stated_categories
from encoders.towers import TOKENIZER_FILES, cached
from encoders.unlikeness import FILE as UNLIKENESS

if TYPE_CHECKING:
    from reading.transform import PageTransform

# What of page_classifier.json decides scores and their order; base, revision, licence and what it learned only tell.
DECIDES = ("categories", "descriptions", "prompt", "lowercase", "logit_scale", "temperature", "transform")
DECIDES_HEAD = ("categories", "head", "temperature", "transform")
DECIDES_TOO = ("temperature_slope", "review_below")  # where they are there
TOKENIZERS = (
    *TOKENIZER_FILES,
    "merges.txt",
    "sentencepiece.bpe.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
PROCESSORS = ("preprocessor_config.json", "processor_config.json")


def model_hash(source: Path | str, tokenizer: Path | None = None) -> str:
    """SHA-256 of what decides a model's scores; a hub id that is not in the cache is itself.

    source: a model folder, an earlier tool's folder or `.pt`, an untuned base (folder or hub id).
    tokenizer: `--tokenizer`, which a complete model folder does not use.
    """
    path = Path(source)
    if not path.exists():
        snapshot = None if path.is_absolute() else cached(str(source).replace("\\", "/"))
        if snapshot is None:
            return f"hub cache: {source}"
        path = snapshot
    digest = hashlib.sha256()
    given = [] if tokenizer is None else [tokenizer / name for name in TOKENIZERS]
    if path.is_file():
        _add(digest, [path], name="checkpoint")
        _add(digest, given)
    elif (path / PAGE_CLASSIFIER).is_file():
        digest.update(_deciding(path / PAGE_CLASSIFIER))
        _add(digest, [path / "config.json", *weight_files(path), path / "prototypes.safetensors", path / UNLIKENESS])
        _add(digest, [path / name for name in TOKENIZERS])
    else:
        _add(digest, [path / "config.json", *weight_files(path), *(path / name for name in PROCESSORS)])
        _add(digest, given or [path / name for name in TOKENIZERS])
    return digest.hexdigest()


def vectors_hash(folder: Path, transform: PageTransform) -> str:
    """SHA-256 of what decides the embeddings of pages: weights, architecture and transform."""
    digest = hashlib.sha256(json.dumps(transform.to_dict(), sort_keys=True).encode())
    _add(digest, sorted([folder / "config.json", *weight_files(folder)]))
    return digest.hexdigest()


def weight_files(folder: Path) -> list[Path]:
    """The files that transformers loads weights from: one, or the shards that an index names."""
    for whole in ("model.safetensors", "pytorch_model.bin"):
        if (folder / whole).is_file():
            return [folder / whole]
        index = folder / f"{whole}.index.json"
        if index.is_file():
            try:
                named = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
            except (OSError, ValueError, KeyError, AttributeError, TypeError):  # loading says what is wrong with it
                return [index]
            return sorted(folder / str(name) for name in named)
    return []


def categories_of(folder: Path) -> list[str]:
    """The categories that a model folder (or an earlier tool's) names, in its order; [] where it names none."""
    if is_head(folder):
        return stated_categories(folder)
    for name in (PAGE_CLASSIFIER, "config.json"):
        try:
            value = json.loads((folder / name).read_text(encoding="utf-8"))["categories"]
            return [same_label(category) for category in value]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return []


def _deciding(file: Path) -> bytes:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        # Categories keep their order, which is that of the columns; keys do not count.
        names = (*(DECIDES_HEAD if "head" in values else DECIDES), *(name for name in DECIDES_TOO if name in values))
        return json.dumps([values[name] for name in names], sort_keys=True).encode("ascii")
    except (OSError, ValueError, KeyError, TypeError):  # loading says what is wrong with it
        return file.read_bytes() if file.is_file() else b""


def _add(digest: hashlib._Hash, files: Iterable[Path], name: str = "") -> None:
    """Names and contents of those files that are there."""
    for file in files:
        if not file.is_file():
            continue
        digest.update((name or file.name).encode("utf-8", "surrogateescape") + b"\0")
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
