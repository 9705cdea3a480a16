"""How alike are drawn and real pages? A linear probe tries to tell them apart, category by category.

    python data_scripts/draw_pages.py drawn --pages 550 --seed 5
    python benchmarks/likeness.py drawn                        # against ../shared/pages
    python benchmarks/likeness.py drawn --as TEXT_HW=../shared/hands/wills --years 1840 1925

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


Pages = tuple[np.ndarray, list[str], list[str], list[str]]


def features_of(folder: Path, most: int, category: str = "") -> Pages:
    """Frozen features [N, F], labels, documents and paths of up to `most` pages a category.

    category: that of all pages of a folder without label folders; what their names begin with is their document.
    """
    import torch

    from reading.decoding import read_page
    from settings.config_file import read_settings
    from training.data import find_labelled
    from training.learner import Learner
    from training.start import build

    if category:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
        found = [(file.name, None, category, file.stem.rsplit("-", 1)[0]) for file in files]
    else:
        labelled = find_labelled(folder, read_settings(HOME / "config.toml"))
        found = [
            (page.path, page.frame, label, document)
            for page, label, document in zip(labelled.pages, labelled.labels, labelled.documents, strict=True)
        ]
    learner = Learner(build({"a": ["a"], "b": ["b"]}, 0), "head")
    taken: dict[str, int] = {}
    rows, labels, documents, paths = [], [], [], []
    for index in np.random.default_rng(0).permutation(len(found)):
        path, frame, label, document = found[index]
        if taken.get(label, 0) == most:
            continue
        taken[label] = taken.get(label, 0) + 1
        image = read_page(folder / path, frame, min_side=448, max_pixels=10**9)
        pixels = torch.from_numpy(learner.classifier.transform(image))[None]
        rows.append(learner.features(pixels).numpy()[0])
        labels.append(label)
        documents.append(document)
        paths.append(path)
    return np.stack(rows), labels, documents, paths


def _probed(drawn: Pages, real: Pages, name: str) -> np.ndarray:
    """Print how well they are told apart, by category; how surely each page is taken for drawn [N], the drawn first."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
    from sklearn.preprocessing import StandardScaler

    features = StandardScaler().fit_transform(np.concatenate([drawn[0], real[0]]))
    is_drawn = np.array([1] * len(drawn[0]) + [0] * len(real[0]))
    labels, documents = np.array(drawn[1] + real[1]), np.array(["d" + d for d in drawn[2]] + ["r" + d for d in real[2]])
    said = np.zeros(len(features))
    folds = min(5, len(set(real[2])))
    parts = (
        StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(features, is_drawn, documents)
        if folds > 1  # all real ones of one document: by pages, which flatters the probe
        else StratifiedKFold(5, shuffle=True, random_state=0).split(features, is_drawn)
    )
    for train, test in parts:
        probe = LogisticRegression(C=0.001, class_weight="balanced", max_iter=2000).fit(
            features[train], is_drawn[train]
        )
        said[test] = probe.predict_proba(features[test])[:, 1]
    right = (said > 0.5) == is_drawn

    def balanced(of: np.ndarray) -> float:
        return float(
            np.mean([right[of & (is_drawn == kind)].mean() for kind in (0, 1) if (of & (is_drawn == kind)).any()])
        )

    kinds = sorted(set(labels))
    for label in [*kinds, *(["all"] if len(kinds) > 1 else [])]:
        of = labels == label if label != "all" else np.ones(len(labels), bool)
        counts = [(of & (is_drawn == kind)).sum() for kind in (1, 0)]
        print(f"{label:9} {counts[0]:5} {counts[1]:5}   {balanced(of):8.0%}     {name}")
    return said


def main() -> None:
    """Parse the command line, compute features, probe, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("drawn", type=Path, help="label folders of drawn pages")
    parser.add_argument(
        "--real", type=Path, default=HOME.parent / "shared" / "pages", help="label folders of real pages"
    )
    parser.add_argument(
        "--as",
        dest="more",
        action="append",
        default=[],
        metavar="CATEGORY=DIR",
        help="more real pages, all of one category (repeatable): a row of their own, against drawn ones of it",
    )
    parser.add_argument(
        "--years",
        nargs=2,
        type=int,
        default=(0, 9999),
        metavar=("FROM", "TO"),
        help="against drawn documents of these years alone, by their names (with --as)",
    )
    parser.add_argument("--each", type=int, default=30, help="pages of each category, at most (default %(default)s)")
    given = parser.parse_args()
    drawn, real = features_of(given.drawn, given.each), features_of(given.real, given.each)
    print(f"{'category':9} drawn  real   told apart   real pages")
    said = _probed(drawn, real, str(given.real))
    for folder in given.more:
        label, _, where = folder.partition("=")
        other = features_of(Path(where), given.each, label)
        years = [int(document[3:7]) for document in drawn[2]]  # CTX193001304
        mask = [
            own == label and given.years[0] <= year <= given.years[1] for own, year in zip(drawn[1], years, strict=True)
        ]
        rows = [[value for value, kept in zip(part, mask, strict=True) if kept] for part in drawn]
        _probed((np.stack(rows[0]), *rows[1:]), other, where)
    order = np.argsort(-said[: len(drawn[0])])[:12]
    print("most surely drawn:", ", ".join(drawn[3][i] for i in order))


if __name__ == "__main__":
    main()
