"""Which vectors should an index keep, pooled features or the joint space of images and texts, and how to ask it a text?

    python benchmarks/explore_spaces.py made/models/drawn      # a model that saw none of ../shared/pages

For a model that was trained on the pages it is judged on, the comparison means nothing. Printed for both: how often the
nearest page of another document has the same category, the mean average precision of such a search, and how often a
simulated re-scan (turned, scaled, cropped, gamma, JPEG 40 at once) is nearest to its own page. Then each category is
asked for by single descriptions: mean average precision, and how often the first page is right, by the cosine and by
the direction that `explore search --text` takes (the text less the mean of all categories).
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))


def main() -> None:
    """Parse the command line, embed pages and re-scans in both spaces, print one row each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--pages", type=Path, default=HOME.parent / "shared" / "pages", help="label folders")
    given = parser.parse_args()
    import torch
    from rescans import ALL, scan_again

    from classifier import PageClassifier
    from encoders.descriptions import prompts, read_descriptions
    from reading.decoding import read_page
    from settings.config_file import read_settings
    from training.data import find_labelled
    from training.learner import Learner

    classifier = PageClassifier.from_pretrained(given.model)
    learner = Learner(classifier, "head")
    labelled = find_labelled(given.pages, read_settings(HOME / "config.toml"))
    labels, documents = np.array(labelled.labels), np.array(labelled.documents)

    def both(image) -> list[np.ndarray]:  # noqa: ANN001 (a Pillow image)
        pooled = learner.features(torch.from_numpy(classifier.transform(image))[None])
        with torch.no_grad():
            joint = classifier.engine.model.visual_projection(pooled)
        return [torch.nn.functional.normalize(part, dim=-1).numpy()[0] for part in (pooled, joint)]

    pages, again = [], []
    for number, page in enumerate(labelled.pages):
        image = read_page(given.pages / page.path, page.frame, min_side=448, max_pixels=10**9).convert("RGB")
        pages.append(both(image))
        again.append(both(scan_again(image, ALL, random.Random(number))))
    print(f"{len(pages)} pages of {len(set(documents))} documents")
    for space, name in enumerate(("pooled features", "joint space")):
        vectors, scans = (np.stack([row[space] for row in rows]) for rows in (pages, again))
        near = vectors @ vectors.T  # [N, N]
        near[documents[:, None] == documents[None]] = -np.inf
        right = (labels[near.argmax(axis=1)] == labels).mean()
        precisions = []
        for row, label in zip(near, labels, strict=True):
            order = np.argsort(-row)[: int(np.isfinite(row).sum())]
            hits = labels[order] == label
            if hits.any():
                precisions.append((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())
        back = ((scans @ vectors.T).argmax(axis=1) == np.arange(len(pages))).mean()
        size = vectors.shape[1]
        print(f"{name} ({size}): nearest {right:.3f}, mAP {np.mean(precisions):.3f}, re-scan finds its page {back:.3f}")
    joint, prototypes = np.stack([row[1] for row in pages]), classifier.prototypes
    for file in sorted((HOME / "benchmarks" / "paraphrases").glob("*.tsv")):
        asked = read_descriptions(file)
        texts = classifier.embed_texts(prompts(asked, classifier.prompt, classifier.lowercase))
        shown = []
        for queries in (texts, texts - prototypes.mean(axis=0)):
            order = np.argsort(-(joint @ queries.T), axis=0)  # [N, C]
            hits = labels[order] == np.array(list(asked))  # [N, C]
            ranks = 1 + np.arange(len(hits))[:, None]
            precision = (np.cumsum(hits, axis=0) / ranks * hits).sum(axis=0) / hits.sum(axis=0)
            shown.append(f"mAP {precision.mean():.3f}, first right {hits[0].mean():.2f}")
        print(f"text search, {file.stem}: cosine {shown[0]}; direction {shown[1]}")


if __name__ == "__main__":
    main()
