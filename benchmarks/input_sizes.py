"""How much does the size of the input give? The same short training at several sizes, judged on real pages.

    python data_scripts/draw_pages.py few --pages 2200 --seed 5
    python benchmarks/input_sizes.py few ../shared/pages

Each size learns from the same drawn pages with the same seed and steps, and has seen none of the judged pages. Such a
short training is worse than the shipped one at every size; what it shows is the difference between them.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))
SIZES = ((224, 160), (320, 224), (448, 320), (512, 368), (608, 432))  # (height, width): an upright A4 page's shape


def main() -> None:
    """Parse the command line, train and judge once for each size, print a row each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("drawn", type=Path, help="label folders to train on")
    parser.add_argument("real", type=Path, help="label folders to judge on")
    parser.add_argument("--epochs", default="2", help="passes over the drawn pages (default %(default)s)")
    parser.add_argument("--work", type=Path, default=Path("input_sizes"), help="for the models (default %(default)s)")
    given = parser.parse_args()
    from common import embeddings_of, machine

    import run
    from classifier import PageClassifier
    from encoders import base as backbone
    from reading.decoding import read_page
    from settings.config_file import read_settings
    from training.data import find_labelled
    from utils import accuracy_interval

    print(f"machine: {machine()}\n")
    print("| input | real pages right, % (95 %) | top-3, % | drawn pages right, % | training, min |")
    print("|---|---:|---:|---:|---:|", flush=True)
    labelled = find_labelled(given.real, read_settings(HOME / "config.toml"))
    for size in SIZES:
        backbone.SIZE, name, started = size, f"size_{size[0]}", time.monotonic()
        if not (given.work / name).is_dir():
            flags = ["--towers", "image", "--lr", "3e-4", "--epochs", given.epochs, "--name", name, "--quiet"]
            begin = ["--train", "-d", str(given.drawn), "-m", backbone.BASE, "--model_dir", str(given.work)]
            with contextlib.redirect_stdout(sys.stderr):  # it prints where the model lies
                if run.main([*begin, *flags]):
                    sys.exit(1)
        minutes = (time.monotonic() - started) / 60
        classifier = PageClassifier.from_pretrained(given.work / name)
        images = (
            read_page(given.real / page.path, page.frame, min_side=max(size), max_pixels=10**9)
            for page in labelled.pages
        )
        scores = classifier.logits_of(embeddings_of(classifier, images))
        order = np.argsort(-scores, axis=1)
        truth = np.array([classifier.categories.index(label) for label in labelled.labels])
        right = order[:, 0] == truth
        low, high = accuracy_interval(right, labelled.documents)
        top = (order[:, :3] == truth[:, None]).any(axis=1).mean()
        drawn = classifier.record["test"]["accuracy"]
        shown = f"{100 * right.mean():.1f} ({100 * low:.0f} to {100 * high:.0f}) | {100 * top:.1f} | {100 * drawn:.1f}"
        print(f"| {size[0]} x {size[1]} | {shown} | {minutes:.0f} |", flush=True)


if __name__ == "__main__":
    main()
