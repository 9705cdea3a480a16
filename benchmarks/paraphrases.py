"""Does a category keep its pages when it is described in other words?

    python data_scripts/draw_pages.py fresh --pages 330 --seed 77
    python benchmarks/paraphrases.py fresh                     # the default model; also on ../shared/pages

The sets in `benchmarks/paraphrases/` describe the eleven categories anew, in the words of ten imagined users. They were
written by somebody who saw one line about each category and none of the sets in `category_descriptions/`; no model is
trained on them, and no choice was made by them. Printed: accuracy
with the model's own averaged descriptions, with each of those sets alone, and what that loses, in points. On the real
pages, which take part in training, only the difference means something.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))
SETS = Path(__file__).parent / "paraphrases"


def main() -> None:
    """Parse the command line, embed the pages once, sort them by each set, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path, nargs="+", help="label folders")
    parser.add_argument("--model", type=Path, default=HOME / "models" / "efficientnet-lite0")
    given = parser.parse_args()
    from common import embeddings_of

    from classifier import PageClassifier
    from encoders.descriptions import read_descriptions
    from reading.decoding import read_page
    from settings.config_file import read_settings
    from training.data import find_labelled

    classifier = PageClassifier.from_pretrained(given.model)
    own_descriptions = dict(classifier.descriptions)
    for folder in given.pages:
        labelled = find_labelled(folder, read_settings(HOME / "config.toml"))
        images = (
            read_page(folder / page.path, page.frame, min_side=max(classifier.transform.size), max_pixels=10**9)
            for page in labelled.pages
        )
        embeddings = embeddings_of(classifier, images)

        def accuracy(descriptions: dict[str, list[str]], embeddings=embeddings, labelled=labelled) -> float:  # noqa: ANN001
            classifier.use_categories(descriptions)
            guessed = classifier.logits_of(embeddings).argmax(axis=-1).tolist()
            return float(
                np.mean([classifier.categories[i] == label for i, label in zip(guessed, labelled.labels, strict=True)])
            )

        base = accuracy(own_descriptions)
        print(f"{folder}: {len(labelled.pages)} pages, own descriptions {base:.1%}")
        lost = []
        for file in sorted(SETS.glob("*.tsv")):
            value = accuracy(read_descriptions(file))
            lost.append(100 * (base - value))
            print(f"  {file.stem:24} {value:.1%}   {lost[-1]:+.1f} points lost")
        print(f"  mean of {len(lost)} sets: {np.mean(lost):+.1f} points lost, worst {max(lost):+.1f}")


if __name__ == "__main__":
    main()
