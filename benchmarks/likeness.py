"""How alike are drawn and real pages? A linear probe tries to tell them apart, category by category.

    python data_scripts/draw_pages.py drawn --pages 550 --seed 5
    python benchmarks/likeness.py drawn                        # against ../shared/pages

Features: the untuned ImageNet tower of EfficientNet-Lite0, frozen, on whole pages at the model's size. The probe is
logistic regression, judged on documents that it did not see; both kinds weigh alike. 50 % = drawn pages look just like
real ones to this network; 100 % = it always knows. With so few real pages a category's figure is rough. Pages are also
listed by how surely the probe takes them for drawn, so that one can look at what gives them away.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))


def features_of(folder: Path, most: int) -> tuple[np.ndarray, list[str], list[str], list[str]]:
    """Frozen features [N, F], labels, documents and paths of up to `most` pages a category."""
    import torch

    from reading.decoding import read_page
    from settings.config_file import read_settings
    from training.data import find_labelled
    from training.learner import Learner
    from training.start import build

    labelled = find_labelled(folder, read_settings(HOME / "config.toml"))
    learner = Learner(build({"a": ["a"], "b": ["b"]}, 0).to("cpu", "fp32"), "head")
    taken: dict[str, int] = {}
    rows, labels, documents, paths = [], [], [], []
    order = np.random.default_rng(0).permutation(len(labelled.pages))
    for index in order:
        page, label = labelled.pages[index], labelled.labels[index]
        if taken.get(label, 0) == most:
            continue
        taken[label] = taken.get(label, 0) + 1
        image = read_page(folder / page.path, page.frame, min_side=448, max_pixels=10**9)
        pixels = torch.from_numpy(learner.classifier.transform(image))[None]
        rows.append(learner.features(pixels).numpy()[0])
        labels.append(label)
        documents.append(labelled.documents[index])
        paths.append(page.path)
    return np.stack(rows), labels, documents, paths


def main() -> None:
    """Parse the command line, compute features, probe, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("drawn", type=Path, help="label folders of drawn pages")
    parser.add_argument(
        "--real", type=Path, default=HOME.parent / "shared" / "pages", help="label folders of real pages"
    )
    parser.add_argument("--each", type=int, default=30, help="pages of each category, at most (default %(default)s)")
    given = parser.parse_args()
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.preprocessing import StandardScaler

    drawn, real = features_of(given.drawn, given.each), features_of(given.real, given.each)
    features = StandardScaler().fit_transform(np.concatenate([drawn[0], real[0]]))
    is_drawn = np.array([1] * len(drawn[0]) + [0] * len(real[0]))
    labels, documents = np.array(drawn[1] + real[1]), np.array(["d" + d for d in drawn[2]] + ["r" + d for d in real[2]])
    said = np.zeros(len(features))
    for train, test in StratifiedGroupKFold(5, shuffle=True, random_state=0).split(features, is_drawn, documents):
        probe = LogisticRegression(C=0.001, class_weight="balanced", max_iter=2000).fit(
            features[train], is_drawn[train]
        )
        said[test] = probe.predict_proba(features[test])[:, 1]
    right = (said > 0.5) == is_drawn

    def balanced(of: np.ndarray) -> float:
        return float(
            np.mean([right[of & (is_drawn == kind)].mean() for kind in (0, 1) if (of & (is_drawn == kind)).any()])
        )

    print(f"{'category':9} drawn  real   told apart")
    for label in [*sorted(set(labels)), "all"]:
        of = labels == label if label != "all" else np.ones(len(labels), bool)
        print(f"{label:9} {(of & (is_drawn == 1)).sum():5} {(of & (is_drawn == 0)).sum():5}   {balanced(of):8.0%}")
    order = np.argsort(-said[: len(drawn[0])])[:12]
    print("most surely drawn:", ", ".join(drawn[3][i] for i in order))


if __name__ == "__main__":
    main()
