"""Writer retrieval judged: chance, histograms, upright VLAD, the shipped recipe, models that are named, side by side.

    python benchmarks/writers.py --strokes ../shared/writers/strokes --wills ../shared/hands/wills --work /tmp/writers
    python benchmarks/writers.py ... --seeds 1 --ways chance vlad --sets spoiled wills --model models/saghog

Two kinds of pages. Drawn ones (writers_sets.py): the writers are split in two halves, what is fitted on one is judged
on the other, for each seed. Real ones (wills): the hands are split in four; each page is the query to a recipe that
never saw its hand, among all pages. A model that is named is judged as it is: what it has seen, its card says. No
re-ranking. Intervals are 95 %, over writers. What is described and what is judged is kept in the work folder, under the
hash of the code: killed, the same command goes on, and several may share the folder, with other sets or ways.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from common import machine, markdown
from writers_sets import LINES
from writers_ways import JUDGING, WAYS, Material, code_hash, model_way

from drawing.hand_pages import Source
from output.files import whole
from writers.ranking import Queries, interval, rank_pages

SETS = ("clean", "clean > spoiled", "spoiled", "mixed", "one_screen", *(f"lines_{count}" for count in LINES), "wills")
WILL_FOLDS = 4


@dataclass(frozen=True)
class Judged:
    """The queries of one way on one set, of all folds and seeds."""

    average_precision: np.ndarray
    first: np.ndarray
    writers: list[str]

    @classmethod
    def of(cls, queries: Sequence[Queries]) -> Judged:
        """All queries together."""
        return cls(
            np.concatenate([found.average_precision for found in queries]),
            np.concatenate([found.found[:, 0] for found in queries]),
            [writer for found in queries for writer in found.writers],
        )

    @classmethod
    def together(cls, parts: Sequence[Judged]) -> Judged:
        """Those of several seeds."""
        return cls(
            np.concatenate([part.average_precision for part in parts]),
            np.concatenate([part.first for part in parts]),
            [writer for part in parts for writer in part.writers],
        )

    @classmethod
    def read(cls, file: Path) -> Judged:
        """What `keep` wrote."""
        with np.load(file, allow_pickle=False) as kept:
            return cls(kept["average_precision"], kept["first"], kept["writers"].tolist())

    def keep(self, file: Path) -> None:
        """Write it, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole(file) as part, part.open("wb") as stream:
            np.savez(stream, average_precision=self.average_precision, first=self.first, writers=np.array(self.writers))

    def cell(self) -> str:
        """mAP and Top-1 in percent, each with its interval."""
        parts = []
        for values in (self.average_precision, self.first):
            low, high = interval(values, self.writers)
            parts.append(f"{100 * values.mean():.1f} ({100 * low:.0f}-{100 * high:.0f})")
        return " / ".join(parts)


def folds(writers: Sequence[str], count: int, seed: int) -> Iterator[tuple[set[str], set[str]]]:
    """Writers to fit on and writers to judge on, `count` times; each is judged once."""
    names = sorted(set(writers))
    np.random.default_rng(seed).shuffle(names)
    for part in range(count):
        judged = set(names[part::count])
        yield set(names) - judged, judged


class Judge:
    """Judges ways on sets; a recipe that was fitted on the same writers before is not fitted again."""

    def __init__(self, material: Material, seeds: int) -> None:
        self.material, self.seeds = material, seeds
        self._fitted: dict[tuple, object] = {}

    def fitted(self, way: str, make: Callable, writers: set[str], hands: set[str], seed: int) -> object:
        """The way, fitted on these writers and hands."""
        key = (way, tuple(sorted(writers)), tuple(sorted(hands)), seed)
        if key not in self._fitted:
            self._fitted[key] = make(self.material, writers, hands, seed)
        return self._fitted[key]

    def judged(self, way: str, make: Callable, which: str) -> Judged:
        """One way on one set, with every seed."""
        source = self.material.source
        kept = self.material.work / f"judged-{code_hash(JUDGING)}-{source.manners}-{source.pages}"
        parts = []
        for seed in range(1, self.seeds + 1):
            file = kept / f"{way}, {which.replace(' > ', ' in ')}, {seed}.npz"
            if not file.exists():
                judge = self.wills if which == "wills" else self.drawn
                judge(way, make, which, seed).keep(file)
            parts.append(Judged.read(file))
        return Judged.together(parts)

    def drawn(self, way: str, make: Callable, which: str, seed: int) -> Judged:
        """One way on one drawn set. Real pages are no judges here: recipes may learn from all of them."""
        query_set, _, gallery_set = which.partition(" > ")
        queries, gallery = self.material.drawn(query_set), self.material.drawn(gallery_set or query_set)
        hands = set(self.material.wills.writers)
        found = []
        for known, judged in folds(queries.writers, 2, seed):
            fitted = self.fitted(way, make, known, hands, seed)
            asked = fitted.vectors(queries.only(judged))
            answers = asked if gallery is queries else fitted.vectors(gallery.only(judged))
            found.append(rank_pages(asked @ answers.T, queries.only(judged).writers))
        return Judged.of(found)

    def wills(self, way: str, make: Callable, which: str, seed: int) -> Judged:
        """One way on the real pages (`which`): the queries of one fold at a time, among all pages."""
        pages = self.material.wills
        writers = set(self.material.drawn("clean").writers)
        found = []
        for known, judged in folds(pages.writers, WILL_FOLDS, seed):
            vectors = self.fitted(way, make, writers, known, seed).vectors(pages)
            found.append(of_writers(rank_pages(vectors @ vectors.T, pages.writers), judged))
        return Judged.of(found)


def of_writers(queries: Queries, writers: set[str]) -> Queries:
    """The queries of these writers alone."""
    keep = np.array([writer in writers for writer in queries.writers])
    return replace(
        queries,
        writers=[writer for writer in queries.writers if writer in writers],
        average_precision=queries.average_precision[keep],
        found=queries.found[keep],
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--strokes", type=Path, required=True, help="folders of UNIPEN files, one a writer")
    parser.add_argument("--wills", type=Path, required=True, help="real pages, hand and page in the name")
    parser.add_argument("--work", type=Path, required=True, help="where drawn pages and local features are kept")
    parser.add_argument("--fonts", type=Path, help="handwriting fonts (default: what fetch_fonts.py fetched)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--ways", nargs="*", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--model", nargs="*", type=Path, default=[], help="model folders, judged as they are")
    parser.add_argument("--manners", type=int, default=3, help="virtual writers of each hand, to learn from")
    parser.add_argument("--pages", type=int, default=2, help="pages of each of them, beside a will")
    asked = parser.parse_args()
    source = Source(asked.strokes, asked.fonts, asked.manners, asked.pages, seed=1)
    material = Material(source, asked.wills, asked.work, seed=1)
    judge = Judge(material, asked.seeds)
    ways = {name: WAYS[name] for name in asked.ways} | dict(map(model_way, asked.model))
    print(machine(), flush=True)
    rows = []
    for name, (shown, make) in ways.items():
        began = time.monotonic()
        cells = []
        for which in asked.sets:
            judged = judge.judged(name, make, which)
            cells.append(judged.cell())
            print(f"{shown}; {which}: {cells[-1]}", flush=True)
        rows.append([shown, *cells, f"{(time.monotonic() - began) / 60:.1f} min"])
    print("\n" + markdown(["mAP / Top-1, %", *asked.sets, "time"], rows))
    if material.seconds:
        print(f"\nto describe a page took {np.median(material.seconds):.2f} s of processor time in the median")


if __name__ == "__main__":
    main()
