"""What deciding a document's pages together gains: `[output] sequence` on scores of labelled pages.

    python data_scripts/draw_pages.py drawn --pages 640 --seed 20261130 --strokes ../shared/writers/strokes
    python run.py --eval -d drawn --raw -o judged
    python benchmarks/sequence.py judged/tables/EVAL_RAW_*.csv models/efficientnet-lite0/out_of_fold.csv
    python benchmarks/sequence.py judged/tables/EVAL_RAW_*.csv --alike 0.7

Tables are EVAL_RAW of `--eval --raw`, or out_of_fold.csv: so it tells what `sequence` does to your pages too. Only
documents of several pages count, the others stay as they are. Learned transitions come from other documents than those
that they decide (5 folds). Calibration error: 10 bins of equal size at most, beside what a perfect model usually shows.

`--alike` deals the pages anew, into documents of eight where a page has the category of the one before it so often:
what could be gained if documents were so, and mistakes no more alike than those of strangers. Of pages of one document
they are: it promises too much.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import markdown
from evaluation.metrics import calibration_error, perfect_calibration
from evaluation.wrong_labels import Scored, read_scores
from reading.documents import Documents, below_label
from reading.pages import pages_of
from settings.schema import Input
from sorting.together import page_order, places, posterior
from sorting.transitions import Transitions, learn, learned_of, read_transitions
from utils import UserError, accuracy_interval

FOLDS = 5
DEALT = 8  # pages
FLOOR = 1e-6  # the tables' last decimal: a score of 0 there is not known better
HEAD = ["scores", "right, %", "95 % interval", "turned right / wrong", "log loss", "calibration error", "of a perfect"]


def as_they_are(scored: Scored) -> tuple[list[list[int]], list[list[int]]]:
    """The documents of a table: rows of `scored` in page order, and the places of these pages."""
    pages = [pages_of(Path(), path)[0][0] for path, _ in scored.keys]
    rule = Documents((page.path for page in pages), Input(), below_label)
    documents: dict[str, list[int]] = {}
    for row, page in enumerate(pages):
        documents.setdefault(rule.of(page), []).append(row)
    in_order = [sorted(rows, key=lambda row: page_order(pages[row])) for rows in documents.values()]
    return in_order, [places([pages[row] for row in rows]) for rows in in_order]


def dealt_anew(scored: Scored, alike: float) -> tuple[list[list[int]], list[list[int]]]:
    """The same of documents that are put together of all pages. alike: how often a page is like the one before it."""
    rng = np.random.default_rng(0)
    left = {label: rng.permutation(np.flatnonzero(scored.labels == label)).tolist() for label in set(scored.labels)}
    documents: list[list[int]] = []
    label = None
    while any(left.values()):
        if not documents or len(documents[-1]) == DEALT:
            documents.append([])
            label = None
        counts = np.array([len(rows) for rows in left.values()], float)
        if label is None or not left[label] or rng.random() > alike:
            if label is not None and (counts > 0).sum() > 1:
                counts[list(left).index(label)] = 0
            label = list(left)[int(rng.choice(len(left), p=counts / counts.sum()))]
        documents[-1].append(left[label].pop())
    return documents, [list(range(len(rows))) for rows in documents]


class Judged:
    """The documents of several pages. rows: of `scored`, in page order; places: of these pages."""

    def __init__(self, scored: Scored, rows: list[list[int]], at: list[list[int]]) -> None:
        self.scored = scored
        self.rows, self.places = ([one for one in each if len(one) > 1] for each in (rows, at))
        self.all = [row for rows in self.rows for row in rows]
        self.documents = [str(number) for number, rows in enumerate(self.rows) for _ in rows]
        self.truth = scored.labels[self.all]

    def about(self) -> str:
        """Which pages they are."""
        labels, behind, alike = self.scored.labels, 0, 0
        for rows, at in zip(self.rows, self.places, strict=True):
            for (one, place), (other, following) in itertools.pairwise(zip(rows, at, strict=True)):
                behind += following - place == 1
                alike += following - place == 1 and labels[one] == labels[other]
        return (
            f"{len(self.all)} of {len(labels)} pages are of {len(self.rows)} documents of several pages; {behind} "
            f"stand right behind another, {alike} of these are of its category"
        )

    def transitions_without(self, fold: int) -> Transitions:
        """Learned on the documents of all other folds."""
        categories = self.scored.categories
        documents = [
            [(place, categories[self.scored.labels[row]]) for row, place in zip(rows, at, strict=True)]
            for number, (rows, at) in enumerate(zip(self.rows, self.places, strict=True))
            if number % FOLDS != fold
        ]
        return learned_of(learn(documents), Path("learned")).of(categories)

    def by_themselves(self) -> np.ndarray:
        """What each page says, [pages, C]."""
        scores = np.maximum(self.scored.scores[self.all], FLOOR)
        return scores / scores.sum(axis=1, keepdims=True)

    def together(self, transitions: list[Transitions]) -> np.ndarray:
        """The same of whole documents, [pages, C]. transitions: for the documents of each fold."""
        scores, decided, begin = self.by_themselves(), [], 0
        for number, at in enumerate(self.places):
            decided.append(posterior(scores[begin : begin + len(at)], at, transitions[number % len(transitions)]))
            begin += len(at)
        return np.concatenate(decided)

    def row(self, name: str, scores: np.ndarray, before: np.ndarray) -> list[str]:
        """A line of the table."""
        right, was_right = scores.argmax(axis=1) == self.truth, before.argmax(axis=1) == self.truth
        best = scores.max(axis=1)
        low, high = accuracy_interval(right, self.documents)
        loss = -np.log(scores[np.arange(len(scores)), self.truth]).mean()
        return [
            name,
            f"{100 * right.mean():.1f}",
            f"{100 * low:.1f} to {100 * high:.1f}",
            f"{(right & ~was_right).sum()} / {(was_right & ~right).sum()}",
            f"{loss:.3f}",
            f"{100 * calibration_error(best, right):.1f}",
            f"{100 * perfect_calibration(best)['median']:.1f}",
        ]


def main() -> None:
    """Parse the command line, print a table for each table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="+", type=Path, help="EVAL_RAW_....csv of --eval --raw, or out_of_fold.csv")
    parser.add_argument("--alike", type=float, metavar="P", help="deal the pages into documents that are so uniform")
    typed = parser.parse_args()
    for file in typed.tables:
        scored = read_scores(file)
        judged = Judged(scored, *(as_they_are(scored) if typed.alike is None else dealt_anew(scored, typed.alike)))
        print(f"{file.name}: {judged.about()}\n")
        before = judged.by_themselves()
        shipped = judged.together([read_transitions(None).of(judged.scored.categories)])
        rows = [judged.row("each page by itself", before, before), judged.row("shipped transitions", shipped, before)]
        try:
            learned = judged.together([judged.transitions_without(fold) for fold in range(FOLDS)])
            rows.append(judged.row("learned on other documents", learned, before))
        except UserError as error:
            print(f"(learned transitions: {error})\n")
        print(markdown(HEAD, rows) + "\n")


if __name__ == "__main__":
    main()
