"""Search of an index of hands: every page compared, against the same dot products in plain numpy.

    python benchmarks/writers_scale.py --like result/writers    # 100,000 page descriptors like those of an index
    python benchmarks/writers_scale.py --pages 1000000          # a million, of any directions (25 GB of disk)

Hands are drawn: a direction each, and five pages around it. --like: the direction is a mixture of four page
descriptors of an index of real pages (36 % of it) and of chance with the spread that each number has there; half the
queries are of hands that the index does not hold. Each part runs in a process of its own, so that memory is
that part's peak; each query is asked once to open files before it counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from common import machine, markdown, own_peak_mb, run_process

QUERIES, K, EACH, PART = 20, 10, 5, 10_000
SPREAD = 0.8  # length of what differs between pages of one hand, beside 1 of the hand


class Hands:
    """Vectors of drawn pages. like: an index whose vectors they resemble, None: they point anywhere."""

    def __init__(self, dim: int, like: Path | None) -> None:
        self.real, self.spread = np.zeros((0, dim), np.float32), np.ones(dim, np.float32)
        if like:
            from index.database import Index

            self.real = Index.open(like, "writers").vectors("reason is null").astype(np.float32)
            self.spread = self.real.std(axis=0)

    def _noise(self, draw: np.random.Generator) -> np.ndarray:
        rows = draw.standard_normal(len(self.spread), np.float32) * self.spread
        return rows / np.linalg.norm(rows)

    def of(self, hand: int) -> np.ndarray:
        """The direction of a hand, float32 [D]."""
        draw = np.random.default_rng(hand)
        if not len(self.real):
            return self._noise(draw)
        mixed = draw.dirichlet([0.5] * 4) @ self.real[draw.integers(len(self.real), size=4)]
        whole = 0.6 * mixed / np.linalg.norm(mixed) + 0.8 * self._noise(draw)
        return (whole / np.linalg.norm(whole)).astype(np.float32)

    def pages(self, start: int, count: int) -> np.ndarray:
        """Unit vectors float16 [count, D] of pages `start ...`; EACH pages a hand."""
        draw, middles = np.random.default_rng([start, 1]), {}
        rows = np.empty((count, len(self.spread)), np.float32)
        for row, number in enumerate(range(start, start + count)):
            hand = number // EACH
            middles = middles if hand in middles else {hand: self.of(hand)}
            rows[row] = middles[hand] + SPREAD * self._noise(draw)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)

    def queries(self, pages: int) -> tuple[np.ndarray, np.ndarray]:
        """Other pages, half of hands that are in the index: their hands [Q], and vectors float32 [Q, D]."""
        draw = np.random.default_rng(7)
        hands = draw.integers(pages // EACH, size=QUERIES)
        hands[QUERIES // 2 :] += 10_000_000
        rows = np.stack([self.of(int(hand)) + SPREAD * self._noise(draw) for hand in hands])
        return hands, rows / np.linalg.norm(rows, axis=1, keepdims=True)


def build(folder: Path, pages: int, hands: Hands) -> dict[str, float]:
    """Write the index; what it took."""
    import pyarrow as pa

    from index.columns import BackboneInfo
    from index.database import Index

    shutil.rmtree(folder / "index", ignore_errors=True)
    info = BackboneInfo("benchmark", "nowhere", "0" * 64, "hand", len(hands.spread), False)
    index = Index.create(folder / "index", info, "writers")
    written = 0.0
    for start in range(0, pages, PART):
        vectors = hands.pages(start, min(PART, pages - start))
        numbers = np.arange(start, start + len(vectors))
        columns = {
            "id": numbers,
            "folder": ["/archive/pages"] * len(numbers),
            "path": [f"box{number // 1000}/CTX{number // 10:09}-{number % 10 + 1}.png" for number in numbers],
            "document": [f"CTX{number // 10:09}" for number in numbers],
            "page": numbers % 10 + 1,
            "file": [f"CTX{number // 10:09}-{number % 10 + 1}.png" for number in numbers],
        }
        arrays = [pa.array(values, index.schema.field(name).type) for name, values in columns.items()]
        table = pa.Table.from_arrays(arrays, schema=pa.schema([index.schema.field(name) for name in columns]))
        kind = index.schema.field("vector")
        flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), pa.float16()), type=kind.type)
        started = time.perf_counter()
        index.add(table.append_column(kind, flat))
        written += time.perf_counter() - started
    started = time.perf_counter()
    index.tidy()
    size = sum(file.stat().st_size for file in (folder / "index").rglob("*") if file.is_file())
    return {"write_s": written, "tidy_s": time.perf_counter() - started, "mb": size / 1e6, "peak_mb": own_peak_mb()}


def search(folder: Path, pages: int, hands: Hands) -> dict[str, object]:
    """The index's own search: exact, and approximate where there is an index for it."""
    from index.database import Index

    whose, vectors = hands.queries(pages)
    index = Index.open(folder / "index", "writers")
    figures: dict[str, object] = {}
    found = {}
    for name, exact in (("exact", True), ("approximate", False)):
        if name == "approximate" and not index.approximate:
            continue
        seconds, hits = [], []
        index.nearest(vectors[0], K, exact=exact)  # opens the files
        for vector in vectors:
            started = time.perf_counter()
            [(ids, _)] = index.nearest(vector, K, exact=exact)
            seconds.append(time.perf_counter() - started)
            hits.append(ids.tolist())
        found[name] = hits
        figures[f"{name}_s"], figures[f"{name}_most_s"] = statistics.median(seconds), max(seconds)
    own = [sum(page // EACH == hand for page in ids) for hand, ids in zip(whose.tolist(), found["exact"], strict=True)]
    figures["own"] = sum(own) / (EACH * (QUERIES // 2))
    if "approximate" in found:
        both = zip(found["exact"], found["approximate"], strict=True)
        figures["recall"] = sum(len({*one} & {*other}) for one, other in both) / (K * QUERIES)
    return figures | {"ids": found["exact"], "peak_mb": own_peak_mb()}


def plain(folder: Path, pages: int, hands: Hands) -> dict[str, object]:
    """The same in numpy: one matrix in memory, one product a query."""
    _, vectors = hands.queries(pages)
    matrix = np.empty((pages, len(hands.spread)), np.float32)
    for start in range(0, pages, PART):
        matrix[start : start + PART] = hands.pages(start, min(PART, pages - start))
    seconds, found = [], []
    matrix[:1000] @ vectors[0]
    for vector in vectors:
        started = time.perf_counter()
        similarity = matrix @ vector
        best = np.argpartition(-similarity, K)[:K]
        found.append(best[np.argsort(-similarity[best], kind="stable")].tolist())
        seconds.append(time.perf_counter() - started)
    return {"plain_s": statistics.median(seconds), "ids": found, "peak_mb": own_peak_mb()}


PARTS = {"build": build, "search": search, "plain": plain}


def main() -> None:
    """Run the parts, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=6144, help="numbers of a page descriptor")
    parser.add_argument("--like", type=Path, help="an index of real pages whose vectors the drawn ones resemble")
    parser.add_argument("--work", type=Path, help="a folder to keep the index in (default: a temporary one)")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part](options.work, options.pages, Hands(options.dim, options.like))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        done = {}
        for part in PARTS:
            command = [
                __file__,
                "--part",
                part,
                "--pages",
                str(options.pages),
                "--dim",
                str(options.dim),
                "--work",
                work,
                *(["--like", options.like] if options.like else []),
            ]
            ended = run_process(command, threads=os.cpu_count() or 1)
            if ended.code:
                sys.exit(f"{part} failed:\n{ended.output}")
            done[part] = json.loads(ended.output.splitlines()[-1])
    built, asked, numpy_s = done["build"], done["search"], done["plain"]
    rows = [
        ("index on disk", f"{built['mb']:,.0f} MB"),
        ("written / put in order", f"{built['write_s']:.0f} s / {built['tidy_s']:.0f} s"),
        ("search, every page", f"{asked['exact_s']:.2f} s (at most {asked['exact_most_s']:.2f} s)"),
        ("the same products in numpy, float32 in memory", f"{numpy_s['plain_s']:.2f} s"),
        ("the same pages found as by numpy", f"{_same(asked['ids'], numpy_s['ids']):.0%}"),
        ("pages of the query's hand among the first ten", f"{asked['own']:.0%}"),
        ("peak memory of search / of numpy", f"{asked['peak_mb']:,.0f} MB / {numpy_s['peak_mb']:,.0f} MB"),
    ]
    if "approximate_s" in asked:
        row = ("search, approximate", f"{asked['approximate_s']:.3f} s, {asked['recall']:.0%} of the first ten")
        rows.insert(3, row)
    print(machine())
    print(markdown((f"{options.pages:,} pages x {options.dim}", ""), rows))


def _same(found: list[list[int]], right: list[list[int]]) -> float:
    return sum(len({*one} & {*other}) for one, other in zip(found, right, strict=True)) / (K * QUERIES)


if __name__ == "__main__":
    main()
