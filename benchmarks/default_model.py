"""The default model's figures, beside the simplest thing that could do the same work, on the same folds.

    python benchmarks/default_model.py --stored              # what the shipped card claims, from its out_of_fold.csv
    python benchmarks/default_model.py                       # what the 56 pages alone give, beside the simplest mark
    python benchmarks/default_model.py --pages LABEL_FOLDERS --folds 5 --seed 420

The mark is logistic regression on the features of the same frozen image tower at the same input size. Both are judged
on every page once, by a model that saw no page of its document; intervals are bootstrapped over documents. On the 56
pages that lie beside the project these are development figures: the pages were looked at while it was built.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

MODEL = HOME / "models" / "efficientnet-lite0"
PAGES = HOME.parent / "shared" / "pages"


def stored_figures(model: Path) -> None:
    """Print what `out_of_fold.csv` of a model folder says: of all pages, and of each source, which the letters tell
    that its documents' names begin with (CTX of the archive, h of the wills, r of the register)."""
    with (model / "out_of_fold.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    categories = list(rows[0])[5:]
    scores = np.array([[float(row[category]) for category in categories] for row in rows])
    truth = np.array([categories.index(row["CATEGORY"]) for row in rows])
    documents = np.array([row["DOCUMENT"] for row in rows])
    sources = np.array([re.match(r"[^\W\d_]*", document)[0] for document in documents.tolist()])
    print(f"{model.name}, out of fold")
    _print_figures("all pages", scores, truth, documents)
    for source in sorted(set(sources.tolist())) if len(set(sources.tolist())) > 1 else []:
        mine = sources == source
        _print_figures(f"documents {source}...", scores[mine], truth[mine], documents[mine])
        _print_figures("all but these", scores[~mine], truth[~mine], documents[~mine])


def _print_figures(name: str, scores: np.ndarray, truth: np.ndarray, documents: np.ndarray) -> None:
    """scores: [N, C] of pages of these categories and documents, [N]."""
    from training.report import show
    from utils import accuracy_interval, macro_f1

    right, sure = scores.argmax(axis=1) == truth, scores.max(axis=1)
    values = {"pages": len(truth), "documents": len(set(documents.tolist())), "accuracy": right.mean()}
    print(f"{name}: accuracy {show(values | {'interval': accuracy_interval(right, documents.tolist())})}")
    top = (np.argsort(-scores, axis=1)[:, :3] == truth[:, None]).any(axis=1).mean()
    print(f"  top-3 {100 * top:.1f} %, macro-F1 {macro_f1(truth, scores.argmax(axis=1)):.3f}")
    error, rng = calibration_error(sure, right), np.random.default_rng(0)
    perfect = [calibration_error(sure, rng.random(len(sure)) < sure) for _ in range(2000)]
    low, high = np.percentile(perfect, [2.5, 97.5])
    print(f"  mean score {sure.mean():.2f}; calibration error (5 bins) {100 * error:.1f} points; scores that are all "
          f"true would show {100 * low:.1f} to {100 * high:.1f} (95 %)")  # fmt: skip


def calibration_error(sure: np.ndarray, right: np.ndarray, bins: int = 5) -> float:
    """Expected calibration error: mean gap of score and accuracy over bins of equal width (Guo et al. 2017)."""
    bin_of = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs(sure[bin_of == b].sum() - right[bin_of == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(sure))


def regression(features: np.ndarray, truth: np.ndarray, folds: np.ndarray, categories: int) -> np.ndarray:
    """Out-of-fold log probabilities [pages, categories] of logistic regression (scikit-learn's defaults)."""
    from sklearn.linear_model import LogisticRegression

    scores = np.full((len(truth), categories), -np.inf)
    for fold in sorted(set(folds)):
        tested = folds == fold
        model = LogisticRegression(max_iter=5000).fit(features[~tested], truth[~tested])
        scores[np.ix_(tested, model.classes_)] = model.predict_log_proba(features[tested])
    return scores


def main() -> None:
    """Parse the command line, train the folds, print both rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=Path, default=PAGES, help="label folders (default: %(default)s)")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=420)
    parser.add_argument("--stored", action="store_true", help="only print what the model's own table says")
    parser.add_argument("--model", type=Path, default=MODEL, help="with --stored (default: %(default)s)")
    given = parser.parse_args()
    if given.stored:
        stored_figures(given.model)
        return
    from settings.command import ModelRequest
    from settings.config_file import read_settings
    from training.command import Training
    from training.data import find_labelled
    from training.folds import pool, run_fold, summarise
    from training.job import identity
    from training.material import Material
    from training.report import figures, show
    from training.start import Start, TrainingRun
    from training.work import Work
    from utils import fold_documents

    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(HOME / "config.toml")
        settings = settings.replaced("setup", model_dir=Path(folder), seed=given.seed)
        settings = settings.replaced("train", towers="head", folds=given.folds)
        job = Training(directory=given.pages, model=ModelRequest(base="EfficientNet-Lite0"), name="benchmark")
        start = Start.choose(settings, job.model)
        labelled = find_labelled(given.pages, settings)
        folds = fold_documents(labelled.labels, labelled.documents, given.folds, given.seed)
        with Work.open(settings, job, start.base, given.pages, identity(settings, start, given.pages)) as work:
            run = TrainingRun(settings, start, work)
            material = Material.prepare(run, [labelled], folds)
            tested = [run_fold(run, material, folds, fold) for fold in range(1, given.folds + 1)]
    pooled = pool(material.categories, tested)
    ours = summarise(pooled, labelled)["pooled"]
    scores = regression(material.features[pooled.indices, 0], pooled.truth, pooled.folds, len(material.categories))
    mark = figures(scores, pooled.truth, [labelled.documents[index] for index in pooled.indices])
    top = (np.argsort(-scores, axis=1)[:, :3] == pooled.truth[:, None]).any(axis=1).mean()
    print(f"{given.folds} folds by document, seed {given.seed}; no page was judged by a model that knew its document")
    print(f"logistic regression on frozen features  {show(mark)}, top-3 {100 * top:.1f} %")
    print(f"EfficientNet-Lite0, --train             {show(ours)}, top-3 {100 * ours['top_3']:.1f} %")


if __name__ == "__main__":
    main()
