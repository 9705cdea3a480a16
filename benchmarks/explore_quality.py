"""Neighbours, reverse image search and clusters, judged by category: the default tower beside plain ImageNet features.

Called by benchmarks/explore.py --quality. Leave-one-document-out: a page's neighbours are pages of other documents.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import HOME, markdown

RANDOM = "by chance"


@dataclass(frozen=True)
class Features:
    """One way to make vectors. transform and embed as those of a `Backbone`; key: of the stored vectors."""

    name: str
    key: str
    transform: object
    embed: Callable


def embeddings(files: list[Path], features: Features, work: Path) -> np.ndarray:
    """Unit vectors float32 [N, D] of pages, by the product's loader; kept in `work`."""
    from reading.loader import load_batches
    from reading.pages import Page, PageList

    digest = hashlib.sha256("\n".join(map(str, files)).encode()).hexdigest()[:12]
    stored = work / f"vectors_{features.key}_{digest}.npy"
    if stored.exists():
        return np.load(stored)
    pages = PageList(Path(), [Page(str(file), file.name, 1, None) for file in files])
    vectors = []
    for batch in load_batches(pages, features.transform, batch_size=16, workers=2, max_pixels=10**9):
        if any(batch.reasons):
            sys.exit(f"a page cannot be read: {next(filter(None, batch.reasons))}")
        vectors.append(features.embed(batch.pixels))
    embedded = np.concatenate(vectors).astype(np.float32)
    np.save(stored, embedded)
    return embedded


def imagenet(transform: object) -> tuple[object, Features]:
    """The network as it comes from ImageNet, and its pooled features with the transform of the backbone beside it."""
    import torch
    from torch.nn import functional

    from encoders.base import BASE, build_base
    from encoders.features import normalised

    network = build_base(["page"], seed=0)[0].vision_model.eval()

    @torch.no_grad()
    def embed(pixels: np.ndarray) -> np.ndarray:
        inputs = normalised(torch.from_numpy(pixels), transform)
        pooled = network(pixel_values=inputs).pooler_output.flatten(1)
        return functional.normalize(pooled.float(), dim=-1).numpy()

    size = f"{transform.size[0]} x {transform.size[1]}"
    key = f"imagenet_{size.replace(' ', '')}"
    return network, Features(f"{BASE}, ImageNet weights, {size}", key, transform, embed)


def same_tower(network: object, folder: Path) -> bool:
    """Whether a model folder's image tower holds the tensors of `network`: then it was not trained."""
    from safetensors import safe_open

    file = folder / "model.safetensors"
    if not file.is_file():
        return False
    with safe_open(file, framework="pt") as stored:
        keys = stored.keys()
        names = {name.removeprefix("vision_model."): name for name in keys if name.startswith("vision_model.")}
        tensors = network.state_dict()
        return set(names) == set(tensors) and all(
            bool((stored.get_tensor(names[name]).float() == tensors[name].float()).all()) for name in tensors
        )


def retrieval(vectors: np.ndarray, categories: list[str], documents: list[str]) -> tuple[np.ndarray, float]:
    """Whether each page's nearest page of another document has its category, bool [N]; mean average precision.

    Pages whose category no other document has are left out of both (NaN in the first).
    """
    labels = np.unique(categories, return_inverse=True)[1]
    groups = np.unique(documents, return_inverse=True)[1]
    similarity = vectors @ vectors.T
    right = np.full(len(vectors), np.nan)
    precisions = []
    for index in range(len(vectors)):
        others = np.flatnonzero(groups != groups[index])
        order = others[np.argsort(-similarity[index, others], kind="stable")]
        relevant = labels[order] == labels[index]
        if not relevant.any():
            continue
        right[index] = relevant[0]
        hits = np.flatnonzero(relevant)
        precisions.append(float((np.arange(1, len(hits) + 1) / (hits + 1)).mean()))
    return right, float(np.mean(precisions))


def measure_quality(real: list[Path], drawn: list[Path], work: Path, model: str) -> None:
    """Print the tables for real and for drawn pages."""
    from evaluation.judging import Seen
    from explore.backbones import open_backbone
    from explore.clustering import agreement, find_clusters
    from settings.config_file import read_settings
    from utils import accuracy_interval, printable, split_page_name

    backbone = open_backbone(model, read_settings(HOME / "config.toml"))
    features = Features(
        f"{backbone.info.name}, {backbone.info.features} features",
        f"{backbone.info.hash[:12]}_{backbone.info.features}",
        backbone.transform,
        backbone.embed,
    )
    network, plain = imagenet(backbone.transform)
    untouched = same_tower(network, Path(backbone.info.source))
    if untouched:
        print("\nthis model's image tower is the ImageNet one, which its training left as it was: their rows agree")
    seen = Seen.of(backbone.info.source, tuned=True)
    rng = np.random.default_rng(0)
    for what, files in (("real", real), ("drawn", drawn)):
        categories = [file.parent.name for file in files]
        documents = [split_page_name(file.stem)[0] for file in files]
        known = {printable(document) for document in documents} & seen.documents
        print(
            f"\n{len(files)} {what} pages, {len(set(documents))} documents, {len(set(categories))} categories;", end=" "
        )
        print(f"{len(known)} of the documents were in {backbone.info.name}'s training")
        vectors = embeddings(files, features, work)
        ways = {features.name: vectors}
        ways[plain.name] = vectors if untouched else embeddings(files, plain, work)
        chance = rng.normal(size=(len(files), 64)).astype(np.float32)
        ways[RANDOM] = chance / np.linalg.norm(chance, axis=1, keepdims=True)
        lines = []
        for name, way_vectors in ways.items():
            right, precision = retrieval(way_vectors, categories, documents)
            judged = ~np.isnan(right)
            low, high = accuracy_interval(
                right[judged] > 0,
                [document for document, is_judged in zip(documents, judged, strict=True) if is_judged],
            )
            cells = [f"{100 * right[judged].mean():.1f} ({100 * low:.0f} to {100 * high:.0f})", f"{precision:.3f}"]
            for count in (None, len(set(categories))):
                clusters = find_clusters(way_vectors, count)
                agreed = agreement(clusters.labels, categories)
                cells.append(f"{clusters.count}: {agreed.purity:.2f}, {agreed.ami:.2f}")
            lines.append([name, *cells])
        head = ["vectors", "nearest neighbour right, %", "mAP", "clusters chosen: purity, AMI", "as many as categories"]
        print("\n" + markdown(head, lines), flush=True)
