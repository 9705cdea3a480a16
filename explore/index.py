"""The index: one folder with a LanceDB database of pages, their vectors and thumbnails; no server.

    index = Index.open(Path("result/index"))
    index.rows(["id", "path", "year"], where="category = 'DRAW' and year < 1950")     # a pandas table
    [(ids, similarities)] = index.nearest(index.vectors(where="id = 7"), k=20)        # exact, or by the IVF index

`pages.lance` holds a row a page (`SCHEMA`), `broken.lance` the pages that could not be read, with the reason;
`index.json` says which backbone made the vectors. A change is a new version of a table, in force as a whole or not at
all, so that a kill leaves the index as it was before. One process at a time may change it (`locked`); any may read.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from PIL import Image

from utils import UserError, did_you_mean, printable

os.environ.setdefault("LANCEDB_LOG", "error")  # LanceDB's own warnings, of which people can make nothing

import lancedb
from lancedb.index import BTree, IvfRq

if TYPE_CHECKING:
    import pandas as pd
    from lancedb.table import LanceTable

FORMAT = 2  # of the tables; a change of columns or of what they mean is another one
APPROXIMATE_FROM = 100_000  # pages; below, every search looks at all of them, which takes a moment
GROWTH = 1.25  # the IVF index is made anew when the table has grown by so much; until then new rows are added to it
# Of the IVF index (measured by benchmarks/explore.py). RaBitQ keeps a bit a dimension, needs no training beyond the
# partitions, and what it finds is ranked again by the stored vectors: REFINE times as many as are asked for.
PARTITION = 1000  # pages a partition, about
PROBES = 40  # partitions that a search looks into, at least
REFINE = 20
SMALL_FRAGMENTS = 40  # a run leaves a file a commit; beyond so many they are put together on the way
KEPT = timedelta(minutes=10)  # older versions of a table stay so long for those who are reading it
DELETED_AT_ONCE = 5000  # ids in one SQL statement
MANY_QUERIES = 16  # from here on exact search is one product of matrices instead of one scan a query
BLOCK = 16_384  # rows compared at once in it: 80 MB at 1280 dimensions


@dataclass(frozen=True)
class BackboneInfo:
    """What made the vectors of an index.

    name: for people. source: what opens it again (a folder or a hub id). hash: SHA-256 of the files that decide the
    vectors. features: which vectors of it ("pooled" or "joint"). dim: D. has_text: whether texts have vectors too.
    """

    name: str
    source: str
    hash: str
    features: str
    dim: int
    has_text: bool

    def same_as(self, other: BackboneInfo) -> bool:
        """Whether vectors of the two may stand side by side."""
        return (self.hash, self.features, self.dim) == (other.hash, other.features, other.dim)


def schema(dim: int) -> pa.Schema:
    """The columns of a page. Those from `cluster` on are derived; they are null until a command fills them."""
    return pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),  # of this row for ever; a page that moves keeps it
            pa.field("folder", pa.string(), nullable=False),  # the folder that was indexed, absolute
            pa.field("path", pa.string(), nullable=False),  # below that folder, "/" between, as PATH in result tables
            pa.field("frame", pa.int32()),  # of a multi-frame TIFF or a PDF, from 0; null: the file is one image
            pa.field("frames", pa.int32()),  # that file's pages in all
            pa.field("document", pa.string()),
            pa.field("page", pa.int32()),
            pa.field("file", pa.string()),  # the bare name
            pa.field("year", pa.int32()),
            pa.field("category", pa.string()),
            pa.field("score", pa.float32()),
            pa.field("hash", pa.string()),  # SHA-256 of the file's bytes, "#" and the frame where there is one
            pa.field("size", pa.int64()),  # bytes of the file
            pa.field("mtime_ns", pa.int64()),
            pa.field("width", pa.int32()),
            pa.field("height", pa.int32()),
            pa.field("thumbnail", pa.binary()),  # JPEG
            pa.field("vector", pa.list_(pa.float16(), dim)),  # of unit length
            pa.field("cluster", pa.int32()),
            pa.field("cluster_distance", pa.float32()),
            pa.field("x", pa.float32()),
            pa.field("y", pa.float32()),
        ]
    )


BROKEN = pa.schema(
    [
        pa.field("folder", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("frame", pa.int32()),
        pa.field("page", pa.int32()),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
DERIVED = ("cluster", "cluster_distance", "x", "y")
HEAVY = ("vector", "thumbnail")  # loaded only where they are named

# What systems say of a disk, a quota or a file size that is used up.
FULL = re.compile(r"no space left|disk quota|file too large|not enough space|os error (27|28|122)\b", re.IGNORECASE)

P = ParamSpec("P")
R = TypeVar("R")


def _plainly(work: Callable[Concatenate[Index, P], R]) -> Callable[Concatenate[Index, P], R]:
    """Whatever LanceDB finds wrong is one line (it raises ValueError, OSError or RuntimeError)."""

    @wraps(work)
    def told(self: Index, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(self, *args, **kwargs)
        except (ValueError, OSError, RuntimeError) as error:
            raise self._said(error) from error

    return told


class Index:
    """An index that exists. Made by `open` and `create` only; a snapshot: `refresh` shows what others wrote since.

    folder: where it lies. backbone: what made its vectors.
    """

    def __init__(self, folder: Path, backbone: BackboneInfo) -> None:
        self.folder, self.backbone = folder, backbone
        self._lock = FileLock(folder / "lock", timeout=0, thread_local=False)
        database = lancedb.connect(str(folder))
        self._pages: LanceTable = database.create_table("pages", schema=schema(backbone.dim), exist_ok=True)
        self._broken: LanceTable = database.create_table("broken", schema=BROKEN, exist_ok=True)

    # ---- open and create -----------------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path) -> Index:
        """The index in a folder. UserError: none there (with the command that makes one), or of another version."""
        folder = Path(folder)
        shown = printable(str(folder))
        about = folder / "index.json"
        if not about.is_file():
            what = "is no index" if folder.exists() else "does not exist"
            raise UserError(
                f"the index {shown} {what}: make one with: python run.py explore index PAGES --index {shown}"
            )
        try:
            said = json.loads(about.read_text(encoding="utf-8"))
            version, backbone = said["format"], BackboneInfo(**said["backbone"])
        except (OSError, ValueError, KeyError, TypeError):
            raise UserError(f"{printable(str(about))} cannot be read: make the index anew in another folder") from None
        if version != FORMAT:
            raise UserError(
                f"the index {shown} is of version {version}, this program reads version {FORMAT}: make it anew with "
                "--index and another folder"
            )
        try:
            index = cls(folder, backbone)
            found = index._pages.schema
        except (ValueError, OSError, RuntimeError) as error:
            raise UserError(f"the index {shown} cannot be opened: {_first_line(error)}") from error
        if missing := [name for name in schema(backbone.dim).names if name not in found.names]:
            raise UserError(f"the index {shown} lacks the columns {', '.join(missing)}: make it anew in another folder")
        return index

    @classmethod
    def create(cls, folder: Path, backbone: BackboneInfo) -> Index:
        """The index in a folder, made where there is none. UserError where one of another backbone is there."""
        folder = Path(folder)
        about = folder / "index.json"
        if about.is_file():
            index = cls.open(folder)
            index.check_backbone(backbone)
            return index
        shown = printable(str(folder))
        if folder.is_file() or (folder.is_dir() and any(entry.name != "lock" for entry in folder.iterdir())):
            raise UserError(f"{shown} holds other things than an index: give a new folder with --index")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            made = time.strftime("%Y-%m-%dT%H:%M:%S%z")
            text = json.dumps({"format": FORMAT, "made": made, "backbone": asdict(backbone)}, indent=1)
            part = about.with_name(f"index.json.{os.getpid()}.part")
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(about)
            return cls(folder, backbone)
        except (ValueError, OSError, RuntimeError) as error:
            raise UserError(f"cannot write the index {shown}: {_first_line(error)}") from error

    def check_backbone(self, backbone: BackboneInfo) -> None:
        """UserError where vectors of `backbone` may not stand beside those of this index."""
        own = self.backbone
        if own.same_as(backbone):
            return
        if own.name == backbone.name or own.source == backbone.source:
            what = f"another version of {own.name} ({own.hash[:12]}; now it is {backbone.hash[:12]})"
        else:
            what = f"{own.name}, not by {backbone.name}"
        raise UserError(
            f"the index {printable(str(self.folder))} was made by {what}: vectors of two models do not mix; give "
            "--backbone the one that made it, or --index another folder"
        )

    @contextlib.contextmanager
    def locked(self) -> Iterator[Index]:
        """Hold the index for writing (may be nested). UserError, at once, where another process holds it."""
        try:
            self._lock.acquire()
        except Timeout:
            raise UserError(
                f"the index {printable(str(self.folder))} is being changed by another process: wait until it is done "
                "(searching is possible meanwhile)"
            ) from None
        except OSError as error:
            raise self._said(error) from error
        try:
            self.refresh()
            yield self
        finally:
            self._lock.release()

    @_plainly
    def refresh(self) -> None:
        """See what other processes have written."""
        self._pages.checkout_latest()
        self._broken.checkout_latest()

    # ---- reading -------------------------------------------------------------------------------------------------

    @_plainly
    def __len__(self) -> int:
        return self._pages.count_rows()

    @property
    def columns(self) -> list[str]:
        """The names of all columns, heavy ones too."""
        return self._pages.schema.names

    @_plainly
    def rows(self, columns: Sequence[str] | None = None, where: str | None = None) -> pd.DataFrame:
        """Pages as a pandas table, sorted by id. Vectors and thumbnails only where they are named.

        Nullable whole numbers keep their type (Int32). where: an SQL condition; UserError names the nearest column.
        """
        return self.arrow(columns, where).to_pandas(types_mapper=_pandas_type)

    @_plainly
    def arrow(self, columns: Sequence[str] | None = None, where: str | None = None) -> pa.Table:
        """The same as a pyarrow table."""
        names = [name for name in self.columns if name not in HEAVY] if columns is None else list(columns)
        self._known(names)
        read = names if "id" in names else ["id", *names]
        table = self._scan(read, where).to_arrow()
        ids = table["id"].to_numpy()
        if len(ids) > 1 and (np.diff(ids) < 0).any():
            table = table.take(pa.array(np.argsort(ids, kind="stable")))
        return table.select(names)

    @_plainly
    def vectors(self, where: str | None = None) -> np.ndarray:
        """Unit vectors float16 [N, D], in the order of `rows`."""
        ids = self.arrow(["id"], where)["id"].to_numpy()
        found = np.empty((len(ids), self.backbone.dim), np.float16)
        for batch in self._scan(["id", "vector"], where).to_batches():
            found[np.searchsorted(ids, batch["id"].to_numpy())] = _matrix(batch["vector"])
        return found

    def batches(self, columns: Sequence[str], size: int = 4096, where: str | None = None) -> Iterator[pa.RecordBatch]:
        """Pages in batches of at most `size`, for work in bounded memory; in the order in which they are stored."""
        self._known(columns)
        try:
            yield from self._scan(list(columns), where).to_batches(size)
        except (ValueError, OSError, RuntimeError) as error:
            raise self._said(error) from error

    @_plainly
    def thumbnail(self, ids: Sequence[int]) -> list[Image.Image]:
        """The thumbnails of some pages, in the order of `ids`. KeyError for an id that is not there."""
        stored: dict[int, bytes] = {}
        for some in _parts(sorted({int(number) for number in ids})):
            table = self._scan(["id", "thumbnail"], f"id in ({', '.join(map(str, some))})").to_arrow()
            stored.update(zip(table["id"].to_pylist(), table["thumbnail"].to_pylist(), strict=True))
        return [Image.open(io.BytesIO(stored[int(number)])) for number in ids]

    @_plainly
    def broken(self) -> pd.DataFrame:
        """The pages that could not be read: folder, path, frame, page, reason."""
        return self._broken.to_arrow().to_pandas(types_mapper=_pandas_type)

    @_plainly
    def nearest(
        self, vectors: np.ndarray, k: int, where: str | None = None, exact: bool = False
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The k pages most like each vector: (ids int64 [<= k], cosine similarities float32 [<= k]), best first.

        vectors: [Q, D], of any length. where: only pages that an SQL condition holds for. exact: look at every page,
        also where there is an IVF index (from `APPROXIMATE_FROM` pages on).
        """
        queries = np.atleast_2d(np.asarray(vectors, np.float32))  # [Q, D]
        queries = queries / np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-12)
        if exact or not self.approximate:
            if len(queries) >= MANY_QUERIES:
                return self._by_product(queries, k, where)
            return [self._by_scan(query, k, where, exact=True) for query in queries]
        return [self._by_scan(query, k, where, exact=False) for query in queries]

    @property
    def approximate(self) -> bool:
        """Whether there is an IVF index over the vectors."""
        return any(index.columns == ["vector"] for index in self._pages.list_indices())

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
        for batch in self._scan(["id", "vector"], where).to_batches(BLOCK):
            own = np.broadcast_to(batch["id"].to_numpy(), (len(queries), batch.num_rows))
            block = _matrix(batch["vector"]).astype(np.float32)  # [rows, D]
            block /= np.linalg.norm(block, axis=1, keepdims=True)  # what float16 has rounded
            best = np.concatenate([best, queries @ block.T], axis=1)
            ids = np.concatenate([ids, own], axis=1)
            if best.shape[1] > k:
                kept = np.argpartition(-best, k - 1, axis=1)[:, :k]
                best, ids = np.take_along_axis(best, kept, 1), np.take_along_axis(ids, kept, 1)
        order = np.argsort(-best, axis=1, kind="stable")
        best, ids = np.take_along_axis(best, order, 1), np.take_along_axis(ids, order, 1)
        return list(zip(ids, best, strict=True))

    # ---- writing (under `locked`) --------------------------------------------------------------------------------

    @_plainly
    def set_columns(self, ids: Sequence[int], values: Mapping[str, Sequence[Any]]) -> None:
        """Fill derived columns, as one version of the table; pages that are not named get null in them.

        ids: of the pages; values: column -> one value a page, None or NaN for null. Vectors are not touched.
        KeyError for a column that is not derived; UserError where a page has gone meanwhile.
        """
        for name in values:
            if name not in DERIVED:
                raise KeyError(f"{name} is no derived column: {', '.join(DERIVED)}")
        with self.locked():
            everyone = self.arrow(["id"])["id"].to_numpy()
            places = np.searchsorted(everyone, np.asarray(ids, np.int64))
            if len(places) and (places.max() >= len(everyone) or (everyone[places] != np.asarray(ids)).any()):
                raise UserError("the index has changed meanwhile: run the command again")
            columns: dict[str, pa.Array] = {"id": pa.array(everyone, pa.int64())}
            for name, given in values.items():
                full = np.full(len(everyone), np.nan)
                full[places] = [np.nan if value is None else value for value in given]
                kind = self._pages.schema.field(name).type
                columns[name] = pa.array(full, mask=np.isnan(full)).cast(kind)
            self._update(pa.table(columns))
            self._drop_old(KEPT)

    @_plainly
    def update(self, rows: pa.Table) -> None:
        """New values in some columns of pages that are there; `rows` holds `id` and those columns."""
        if rows.num_rows:
            self._update(rows)

    def _update(self, rows: pa.Table) -> None:
        # With an index over `id` that knows every row, LanceDB writes the named columns beside the others; without,
        # it writes whole rows anew, vectors and thumbnails too, and the IVF index loses them.
        self._pages.create_index("id", config=BTree(), replace=True)
        self._pages.merge_insert("id").when_matched_update_all().use_index(True).execute(rows)
        for index in self._pages.list_indices():
            if index.columns == ["id"]:
                self._pages.drop_index(index.name)

    @_plainly
    def add(self, rows: pa.Table) -> None:
        """Append pages: a table of `schema`; derived columns may be left out."""
        if rows.num_rows:
            self._pages.add(rows)

    @_plainly
    def remove(self, ids: Sequence[int]) -> None:
        """Drop pages."""
        for some in _parts([int(number) for number in ids]):
            self._pages.delete(f"id in ({', '.join(map(str, some))})")

    @_plainly
    def add_broken(self, rows: pa.Table) -> None:
        """List pages that could not be read: a table of `BROKEN`."""
        if rows.num_rows:
            self._broken.add(rows)

    @_plainly
    def forget_broken(self, folder: str) -> None:
        """Take the broken pages of a folder off the list."""
        self._broken.delete(f"folder = {sql(folder)}")

    def next_id(self) -> int:
        """An id that no page has, nor any later one."""
        ids = self.arrow(["id"])["id"]
        return int(ids[-1].as_py()) + 1 if len(ids) else 0

    @_plainly
    def fragments(self) -> int:
        """Small files that the table of pages consists of."""
        return self._pages.stats()["fragment_stats"]["num_small_fragments"]

    @_plainly
    def tidy(self, *, say: Callable[[str], None] | None = None, final: bool = True) -> None:
        """Put small files together, bring the IVF index up to date or make it, and remove old versions.

        final: remove every version but the newest; else those of the last minutes stay for whoever reads them.
        """
        pages = len(self)
        if pages >= APPROXIMATE_FROM and pages > GROWTH * self._trained():
            if say:
                say(f"making the index for approximate search over {pages} pages (a few minutes) ...")
            self._make_ivf(pages)
        self._drop_old(timedelta(0) if final else KEPT)

    def _trained(self) -> int:
        """Pages that there were when the IVF index was made, 0 where there is none."""
        try:
            said = json.loads((self.folder / "ivf.json").read_text(encoding="utf-8"))
            return int(said["pages"]) if self.approximate else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def _indexed(self) -> int | None:
        """Rows that the IVF index knows, None where there is none."""
        for index in self._pages.list_indices():
            if index.columns == ["vector"]:
                return self._pages.index_stats(index.name).num_indexed_rows
        return None

    def _make_ivf(self, pages: int) -> None:
        partitions = max(16, pages // PARTITION)
        config = IvfRq(distance_type="cosine", num_partitions=partitions, max_iterations=15, sample_rate=64)
        self._pages.create_index("vector", config=config, replace=True)
        said = json.dumps({"pages": pages, "partitions": partitions})
        (self.folder / "ivf.json").write_text(said + "\n", encoding="utf-8")

    def _drop_old(self, older_than: timedelta) -> None:
        with warnings.catch_warnings():  # that readers may hold an older version: `_said` tells them
            warnings.simplefilter("ignore", UserWarning)
            self._pages.optimize(cleanup_older_than=older_than)
            self._broken.optimize(cleanup_older_than=older_than)

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _scan(self, columns: list[str], where: str | None) -> Any:
        search = self._pages.search().select(columns)
        return search.where(where) if where else search

    def _known(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self.columns:
                raise UserError(
                    f"the index has no column {name!r} (columns: {', '.join(self.columns)})"
                    f"{did_you_mean(name, self.columns)}"
                )

    def _said(self, error: Exception) -> UserError:
        text = _first_line(error)
        shown = printable(str(self.folder))
        if field := re.search(r"No (?:field|column) named \W*([^\s.`\"']+)", text):
            light = [name for name in self.columns if name not in HEAVY]
            hint = did_you_mean(field[1], light) or f"; a text stands in single quotes: '{field[1]}'"
            return UserError(f"--where: there is no column {field[1]} (columns: {', '.join(light)}){hint}")
        if parsing := re.search(r"sql parser error: (.*)", text) or re.search(r"Error parsing statement: (.*)", text):
            return UserError(f"--where is not an SQL condition: {parsing[1].rstrip(' )')}")
        if where := re.search(r"resolving filter expression (.*)", text):
            return UserError(f"--where is not an SQL condition: {where[1]}")
        if FULL.search(text):
            return UserError(f"no space left for the index {shown}: make room and run it again; nothing is lost")
        if re.search(r"not found|no such file", text, re.IGNORECASE):
            return UserError(
                f"the index {shown} was changed by another process while it was read, or files of it were removed: run "
                f"the command again ({text})"
            )
        return UserError(f"the index {shown}: {text}")


def sql(text: str) -> str:
    """A text as SQL writes it.

    >>> sql("l'air")
    "'l''air'"
    """
    return "'" + text.replace("'", "''") + "'"


def page_file(folder: str, path: str) -> Path:
    r"""Where a page lies, from its columns `folder` and `path`.

    Bytes of a name that were no valid UTF-8 are written `\xNN` there (`utils.printable`); they come back.
    """
    whole = Path(folder) / path
    if os.name != "nt" and "\\x" in str(whole) and not whole.exists():
        raw = re.sub(r"\\x([89a-f][0-9a-f])", lambda byte: chr(0xDC00 + int(byte[1], 16)), str(whole))
        if Path(raw).exists():
            return Path(raw)
    return whole


def _matrix(column: pa.Array) -> np.ndarray:
    """A column of vectors as float16 [N, D], without a copy."""
    width = column.type.list_size
    return column.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), DELETED_AT_ONCE):
        yield ids[start : start + DELETED_AT_ONCE]


def _pandas_type(kind: pa.DataType) -> Any:
    import pandas as pd

    return {pa.int32(): pd.Int32Dtype()}.get(kind)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = re.sub(r",? ?\S*[/\\]\S+\.rs:\d+:\d+", "", lines[0]) if lines else type(error).__name__  # where in LanceDB
    return printable(text)[:400]
