"""The pages nearest to a vector: exactly, by looking at all of them, or by an IVF index that looks into a part of them.

    nearest = Nearest(folder, table)            # of an index (index.py), which keeps one: `Index.nearest`
    [(ids, similarities)] = nearest.search(query[None], 20, "year < 1950", exact=False)
    nearest.tidy(len(table), say=print)         # makes the IVF index, or makes it anew, where it is time

Small indexes need none: below `APPROXIMATE_FROM` pages a search that looks at all takes a moment. `ivf.json` beside the
tables says how many pages there were when the IVF index was made.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explore.index_format import matrix

if TYPE_CHECKING:
    from lancedb.table import LanceTable

APPROXIMATE_FROM = 100_000  # pages; below, every search looks at all of them, which takes a moment
GROWTH = 1.25  # the IVF index is made anew when the table has grown by so much; until then new rows are added to it
# Of the IVF index (measured by benchmarks/explore.py). RaBitQ keeps a bit a dimension, needs no training beyond the
# partitions, and what it finds is ranked again by the stored vectors: REFINE times as many as are asked for.
PARTITION = 1000  # pages a partition, about
PROBES = 40  # partitions that a search looks into, at least
REFINE = 20
MANY_QUERIES = 16  # from here on exact search is one product of matrices instead of one scan a query
BLOCK = 16_384  # rows compared at once in it: 80 MB at 1280 dimensions


class Nearest:
    """The search over the vectors of an index's table of pages.

    folder: of the index. pages: the table, as `Index` holds it (what it sees, this sees).
    """

    def __init__(self, folder: Path, pages: LanceTable) -> None:
        self._about, self._pages = folder / "ivf.json", pages

    # ---- searching -----------------------------------------------------------------------------------------------

    def search(
        self, vectors: np.ndarray, k: int, where: str | None, *, exact: bool
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each of [Q, D] vectors: ids int64 [<= k], cosine similarities float32 [<= k]; as `Index.nearest`."""
        queries = np.atleast_2d(np.asarray(vectors, np.float32))  # [Q, D]
        queries = queries / np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-12)
        exact = exact or not self.approximate
        if exact and len(queries) >= MANY_QUERIES:
            return self._by_product(queries, k, where)
        return [self._by_scan(query, k, where, exact=exact) for query in queries]

    def _by_scan(self, query: np.ndarray, k: int, where: str | None, *, exact: bool) -> tuple[np.ndarray, np.ndarray]:
        search = self._pages.search(query, vector_column_name="vector").distance_type("cosine")
        search = search.select(["id", "_distance"]).limit(k)
        if where:
            search = search.where(where, prefilter=True)
        if exact:
            search = search.bypass_vector_index()
        else:  # a condition may leave too few in those partitions: then more of them are looked into
            search = search.minimum_nprobes(PROBES).maximum_nprobes(0).refine_factor(REFINE)
        found = search.to_arrow()
        return found["id"].to_numpy(), 1 - found["_distance"].to_numpy()

    def _by_product(self, queries: np.ndarray, k: int, where: str | None) -> list[tuple[np.ndarray, np.ndarray]]:
        """Exact search for many queries, block by block of the index: memory is Q x (k + BLOCK) numbers."""
        best = np.full((len(queries), 0), -np.inf, np.float32)  # [Q, <= k]
        ids = np.zeros((len(queries), 0), np.int64)
        scan = self._pages.search().select(["id", "vector"])
        for batch in (scan.where(where) if where else scan).to_batches(BLOCK):
            own = np.broadcast_to(batch["id"].to_numpy(), (len(queries), batch.num_rows))
            block = matrix(batch["vector"]).astype(np.float32)  # [rows, D]
            block /= np.linalg.norm(block, axis=1, keepdims=True)  # what float16 has rounded
            best = np.concatenate([best, queries @ block.T], axis=1)
            ids = np.concatenate([ids, own], axis=1)
            if best.shape[1] > k:
                kept = np.argpartition(-best, k - 1, axis=1)[:, :k]
                best, ids = np.take_along_axis(best, kept, 1), np.take_along_axis(ids, kept, 1)
        order = np.argsort(-best, axis=1, kind="stable")
        best, ids = np.take_along_axis(best, order, 1), np.take_along_axis(ids, order, 1)
        return list(zip(ids, best, strict=True))

    # ---- the IVF index -------------------------------------------------------------------------------------------

    @property
    def approximate(self) -> bool:
        """Whether there is an IVF index over the vectors."""
        return any(index.columns == ["vector"] for index in self._pages.list_indices())

    @property
    def trained(self) -> int:
        """Pages that there were when the IVF index was made, 0 where there is none."""
        try:
            said = json.loads(self._about.read_text(encoding="utf-8"))
            return int(said["pages"]) if self.approximate else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    @property
    def indexed(self) -> int | None:
        """Rows that the IVF index knows, None where there is none."""
        for index in self._pages.list_indices():
            if index.columns == ["vector"]:
                return self._pages.index_stats(index.name).num_indexed_rows
        return None

    def tidy(self, pages: int, *, say: Callable[[str], None] | None = None) -> None:
        """Make the IVF index where the table, of so many pages, is large enough and has grown since it was made."""
        if pages < APPROXIMATE_FROM or pages <= GROWTH * self.trained:
            return
        if say:
            say(f"making the index for approximate search over {pages} pages (a few minutes) ...")
        from lancedb.index import IvfRq  # here: index.py quiets LanceDB before anything of it is imported

        partitions = max(16, pages // PARTITION)
        config = IvfRq(distance_type="cosine", num_partitions=partitions, max_iterations=15, sample_rate=64)
        self._pages.create_index("vector", config=config, replace=True)
        said = json.dumps({"pages": pages, "partitions": partitions})
        self._about.write_text(said + "\n", encoding="utf-8")
