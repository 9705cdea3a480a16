"""How many pages get another category from a training that differs by its seed only?

    python run.py --train ... --seed 2 --name other            # the training of `made/models/mine`, with another seed
    python benchmarks/seeds.py made/models/mine made/models/other --pages fresh ../shared/hands ../shared/pages

Printed for each folder of pages and each two models: which share of the pages they sort differently, and which share of
those that the first one scores 0.9 and more. What no user should read into a category is what another throw of the dice
would have changed.
"""

from __future__ import annotations

import argparse
import sys
from itertools import combinations
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))
SURE = 0.9


def main() -> None:
    """Parse the command line, sort all pages by each model, print a row a folder and pair of models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="+", help="model folders, two or more, of the same categories")
    parser.add_argument("--pages", type=Path, nargs="+", required=True, help="folders of pages")
    given = parser.parse_args()
    from common import embeddings_of, markdown

    from classifier import PageClassifier
    from reading.decoding import read_page
    from reading.pages import find_pages

    scores: dict[tuple[Path, Path], np.ndarray] = {}  # of a folder's pages by a model, [N, C]
    for model in given.models:
        classifier = PageClassifier.from_pretrained(model)
        for folder in given.pages:
            listed = find_pages(folder)
            images = (
                read_page(
                    listed.root / page.path, page.frame, min_side=max(classifier.transform.size), max_pixels=10**9
                )
                for page in listed.pages
            )
            scores[folder, model] = classifier.scores_of(embeddings_of(classifier, images))
    rows = []
    for folder in given.pages:
        for one, other in combinations(given.models, 2):
            first, second = scores[folder, one], scores[folder, other]
            differ, sure = first.argmax(axis=1) != second.argmax(axis=1), first.max(axis=1) >= SURE
            of_sure = f"{100 * differ[sure].mean():.1f} ({sure.sum()} pages)" if sure.any() else "none"
            rows.append(
                [str(folder), f"{one.name}, {other.name}", str(len(first)), f"{100 * differ.mean():.1f}", of_sure]
            )
    print(
        markdown(["pages of", "models", "pages", "sorted differently, %", f"of those scored {SURE} and more, %"], rows)
    )


if __name__ == "__main__":
    main()
