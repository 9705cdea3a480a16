"""The pages nearest to a vector: exactly, by looking at all of them, or by an IVF index that looks into a part of them.

    nearest = Nearest(folder, table)            # of an index (database.py), which keeps one: `Index.nearest`
    [(ids, similarities)] = nearest.search(query[None], 20, "year < 1950", exact=False)
    ids, similarities = nearest.alike({"look": look, "vector": vector}, 20, None, exact=False)
    nearest.tidy(len(table), say=print)         # makes the IVF index, or makes it anew, where it is time

Of long vectors exact search reads the signs first, then the vectors of likely pages alone (signs.py).
Each of the two columns of vectors has an IVF index of its own. Small indexes need none: below `APPROXIMATE_FROM` pages
a search that looks at all takes a moment. `ivf.json` beside the tables says how many pages there were when the IVF
indexes were made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from index.columns import Space, matrix
from index.signs import LONG, expected_differences, has_signs, read_signs, write_signs
from output.files import json_if_whole, write_whole

if TYPE_CHECKING:
    from lancedb.table import LanceTable

    from index.signs import Signs

APPROXIMATE_FROM = 100_000  # pages; below, every search looks at all of them, which takes a moment
GROWTH = 1.25  # the IVF index is made anew when the table has grown by so much; until then new rows are added to it
# Of the IVF index (measured by benchmarks/explore.py). RaBitQ keeps a bit a dimension, needs no training beyond the
# partitions, and what it finds is ranked again by the stored vectors: REFINE times as many as are asked for.
PARTITION = 1000  # pages a partition, about
PROBES = 40  # partitions that a search looks into, at least
REFINE = 40
# How much each space counts where a page is looked for. Of the looks alone, neighbours resemble in layout, and half of
# them are of another kind; of the vectors alone, two in five scans have another page of the kind before their own. With
# twice the weight on looks both are right (benchmarks/explore.py --same; chosen on other pages).
WEIGHTS: dict[Space, float] = {"look": 2 / 3, "vector": 1 / 3}
# Of each space, at least, and times as many as are asked for: what is first in both together is in these. At a million
# pages 200 held 61 % of the first ten, 600 97 %, 1,000 all, at the same cost once none is ranked twice.
CANDIDATES, WIDER = 1000, 4
CANDIDATE_PROBES = 60
# Of long vectors, by their signs (signs.py): so many are compared whole, at least, and times as many as are asked for;
# twice as many as long as a page that is as near as the last of them might be missing. Of 68 wills and 168 drawn
# pages, pairs as alike as the first hits of a large collection (0.1 to 0.4) differed in 2.8 deviations fewer signs than
# their angle says, at most in 2 more; four are allowed for (benchmarks/writers_scale.py).
LIKELY, LIKELY_EACH, LIKELY_PART = 1000, 100, 4
MARGIN = 4.0
SIGNS_FROM = 20_000  # pages: fewer are read in a moment
MANY_QUERIES = 16  # from here on exact search is one product of matrices instead of one scan a query
BLOCK = 16_384  # rows compared at once in it: 80 MB at 1280 dimensions


class Nearest:
    """The search over the vectors of an index's table of pages.

    folder: of the index. pages: the table, as `Index` holds it (what it sees, this sees). spaces: those that it has.
    """

    def __init__(self, folder: Path, pages: LanceTable, spaces: Sequence[Space]) -> None:
        self._folder, self._about, self._pages, self._spaces = folder, folder / "ivf.json", pages, spaces
        self._dim = pages.schema.field("vector").type.list_size

    # ---- searching -----------------------------------------------------------------------------------------------

    def search(
        self, vectors: np.ndarray, k: int, where: str | None, *, exact: bool, space: Space = "vector"
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each of [Q, D] vectors: ids int64 [<= k], cosine similarities float32 [<= k]; as `Index.nearest`."""
        queries = np.atleast_2d(np.asarray(vectors, np.float32))  # [Q, D]
        queries = queries / np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-12)
        exact = exact or not self.approximate(space)
        if exact and len(queries) >= MANY_QUERIES:
            return self._by_product(queries, k, where, space)
        if exact and not where and space == "vector" and (signs := read_signs(self._folder, self._version, self._dim)):
            return [
                self._by_signs(signs, query, k) or self._by_scan(query, k, where, space, exact=True)
                for query in queries
            ]
        return [self._by_scan(query, k, where, space, exact=exact) for query in queries]

    def _by_scan(
        self, query: np.ndarray, k: int, where: str | None, space: Space, *, exact: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        search = self._pages.search(query, vector_column_name=space).distance_type("cosine")
        search = search.select(["id", "_distance"]).limit(k)
        if where:
            search = search.where(where, prefilter=True)
        if exact:
            search = search.bypass_vector_index()
        else:  # a condition may leave too few in those partitions: then more of them are looked into
            search = search.minimum_nprobes(PROBES).maximum_nprobes(0).refine_factor(REFINE)
        hits = search.to_arrow()
        ids, similarities = hits["id"].to_numpy(), 1 - hits["_distance"].to_numpy()
        there = np.isfinite(similarities)  # pages without a vector come last, with no distance
        return ids[there], similarities[there]

    def _by_signs(self, signs: Signs, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The k nearest by their whole vectors, of the pages that signs call likely; None where too many are."""
        count = max(LIKELY, LIKELY_EACH * k)
        by_signs = signs.differences(query)
        while count <= max(LIKELY, len(signs.rows) // LIKELY_PART):
            likely, beyond = signs.likely(by_signs, count)
            named = ", ".join(map(str, likely.tolist()))
            found = self._pages.search().where(f"id in ({named})").select(["id", "vector"]).to_arrow()
            rows = _matrix(found["vector"]).astype(np.float32)  # [likely, D]
            similarities = rows @ query / np.sqrt(np.einsum("ij,ij->i", rows, rows))
            ids = found["id"].to_numpy()
            best = np.lexsort((ids, -similarities))[:k]
            if beyond is None or beyond >= expected_differences(similarities[best[-1]], self._dim, MARGIN):
                return ids[best], similarities[best]
            count *= 2
        return None

    def _by_product(
        self, queries: np.ndarray, k: int, where: str | None, space: Space
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Exact search for many queries, block by block of the index: memory is Q x (k + BLOCK) numbers."""
        best = np.full((len(queries), 0), -np.inf, np.float32)  # [Q, <= k]
        ids = np.zeros((len(queries), 0), np.int64)
        scan = self._pages.search().select(["id", space])
        for batch in (scan.where(where) if where else scan).to_batches(BLOCK):
            if batch[space].null_count:  # pages of an index of hands that have no vector
                batch = batch.filter(batch[space].is_valid())
            batch_ids = np.broadcast_to(batch["id"].to_numpy(), (len(queries), batch.num_rows))
            block = matrix(batch[space]).astype(np.float32)  # [rows, D]
            block /= np.linalg.norm(block, axis=1, keepdims=True)  # what float16 has rounded
            best = np.concatenate([best, queries @ block.T], axis=1)
            ids = np.concatenate([ids, batch_ids], axis=1)
            if best.shape[1] > k:
                kept = np.argpartition(-best, k - 1, axis=1)[:, :k]
                best, ids = np.take_along_axis(best, kept, 1), np.take_along_axis(ids, kept, 1)
        order = np.argsort(-best, axis=1, kind="stable")
        best, ids = np.take_along_axis(best, order, 1), np.take_along_axis(ids, order, 1)
        return list(zip(ids, best, strict=True))

    def alike(
        self, queries: Mapping[Space, np.ndarray], k: int, where: str | None, *, exact: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ids int64 [<= k] and similarities float32 [<= k]: cosines in both spaces, weighed; as `Index.alike`."""
        wanted = {space: vector / max(float(np.linalg.norm(vector)), 1e-12) for space, vector in queries.items()}
        best, ids = np.zeros(0, np.float32), np.zeros(0, np.int64)
        columns = ["id", *wanted]
        if exact or not all(map(self.approximate, wanted)):
            scan = self._pages.search().select(columns)
            batches = (scan.where(where) if where else scan).to_batches(BLOCK)
        else:
            count = max(CANDIDATES, WIDER * k)
            batches = [self._candidates(vector, space, count, where, columns) for space, vector in wanted.items()]
        for batch in batches:
            similarity = np.zeros(batch.num_rows, np.float32)
            for space, query in wanted.items():
                rows = _matrix(batch[space]).astype(np.float32)  # [rows, D]
                lengths = np.maximum(np.linalg.norm(rows, axis=1), 1e-12)
                similarity += np.float32(WEIGHTS[space]) * (rows @ query.astype(np.float32) / lengths)
            ids, first = np.unique(np.concatenate([ids, batch["id"].to_numpy()]), return_index=True)
            best = np.concatenate([best, similarity])[first]
            order = np.argsort(-best, kind="stable")[:k]  # equal ones by their ids
            best, ids = best[order], ids[order]
        return ids, best

    def _candidates(
        self, query: np.ndarray, space: Space, count: int, where: str | None, columns: list[str]
    ) -> pa.Table:
        search = self._pages.search(query, vector_column_name=space).distance_type("cosine").limit(count)
        search = search.minimum_nprobes(CANDIDATE_PROBES).maximum_nprobes(0).refine_factor(1).select(columns)
        return (search.where(where, prefilter=True) if where else search).to_arrow().combine_chunks()

    # ---- the signs ------------------------------------------------------------------------------------------------

    @property
    def _version(self) -> int:
        return int(self._pages.version)

    def lacks_signs(self, pages: int) -> bool:
        """Whether signs of so many pages, the whole table, would help, and are not kept."""
        return self._dim >= LONG and pages >= SIGNS_FROM and not has_signs(self._folder, self._version)

    def keep_signs(self) -> None:
        """Keep the signs of the table as it is now: the last thing that is done to it."""
        scan = self._pages.search().select(["id", "vector"])
        write_signs(self._folder, self._version, scan.to_batches(BLOCK), self._dim)

    # ---- the IVF index -------------------------------------------------------------------------------------------

    def approximate(self, space: Space) -> bool:
        """Whether there is an IVF index over the vectors of a space."""
        return any(index.columns == [space] for index in self._pages.list_indices())

    @property
    def trained(self) -> int:
        """Pages that there were when the IVF indexes were made, 0 where one is missing."""
        return json_if_whole(self._about).get("pages", 0) if all(map(self.approximate, self._spaces)) else 0

    def indexed(self, space: Space = "vector") -> int | None:
        """Rows that the IVF index of a space knows, None where there is none."""
        for index in self._pages.list_indices():
            if index.columns == [space]:
                return self._pages.index_stats(index.name).num_indexed_rows
        return None

    def tidy(self, pages: int, *, say: Callable[[str], None] | None = None) -> None:
        """Make the IVF indexes where the table, of so many pages, is large enough and has grown since."""
        if pages < APPROXIMATE_FROM or pages <= GROWTH * self.trained:
            return
        if say:
            say(f"making the index for approximate search over {pages} pages (a few minutes) ...")
        from lancedb.index import IvfRq  # here: database.py quiets LanceDB before anything of it is imported

        partitions = max(16, pages // PARTITION)
        config = IvfRq(distance_type="cosine", num_partitions=partitions, max_iterations=15, sample_rate=64)
        for space in self._spaces:
            self._pages.create_index(space, config=config, replace=True)
        said = json.dumps({"pages": pages, "partitions": partitions})
        write_whole(self._about, said + "\n")


def _matrix(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return matrix(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column)
