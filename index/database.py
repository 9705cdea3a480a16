"""The index: one folder with a LanceDB database of pages, their vectors and thumbnails; no server.

    index = Index.open(Path("result/index"))
    index.rows(["id", "path", "year"], where="category = 'DRAW' and year < 1950")     # a pandas table
    [(ids, similarities)] = index.nearest(index.vectors(where="id = 7"), k=20)        # exact, or by the IVF index

`pages.lance` holds a row a page (`schema`), `broken.lance` the pages that could not be read, with the reason;
`index.json` says which backbone made the vectors. A change is a new version of a table, in force as a whole or not at
all, so that a kill leaves the index as it was before. One process at a time may change it (`locked`); any may read.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from PIL import Image

from encoders.look import LOOK, look_version
from index.about import About, read_about, write_about
from index.columns import (
    BROKEN,
    DERIVED,
    HEAVY,
    SPACES,
    BackboneInfo,
    Kind,
    Space,
    matrix,
    pandas_type,
    schema,
    sql,
)
from index.lance_errors import NO_RIGHT, NotWritten, ReadOnly, first_line, lance_error, plainly
from index.nearest import APPROXIMATE_FROM, Nearest
from index.place import database_address, remove_begun, taken
from utils import UserError, did_you_mean, printable

os.environ.setdefault("LANCEDB_LOG", "error")  # LanceDB's own warnings, of which people can make nothing

import lancedb
from lancedb.index import BTree

if TYPE_CHECKING:
    import pandas as pd
    from lancedb.table import LanceTable

KEPT = timedelta(minutes=10)  # older versions of a table stay so long for those who are reading it
DELETED_AT_ONCE = 5000  # ids in one SQL statement


class Index:
    """An index that exists. Made by `open` and `create` only; a snapshot: `refresh` shows what others wrote since.

    folder: where it lies. kind: the commands that it is for. backbone: what made its vectors. look: the version of
    what made its looks. schema: its columns. spaces: those that hold vectors.
    """

    def __init__(self, folder: Path, about: About) -> None:
        self.folder, self.kind, self.backbone, self.look = folder, about.kind, about.backbone, about.look
        self.schema, self.spaces = (
            schema(self.backbone.dim, self.kind),
            SPACES if self.kind == "explore" else SPACES[:1],
        )
        self._lock = FileLock(folder / "lock", timeout=0, thread_local=False)
        database = lancedb.connect(database_address(folder))
        self._pages: LanceTable = database.create_table("pages", schema=self.schema, exist_ok=True)
        self._broken: LanceTable = database.create_table("broken", schema=BROKEN, exist_ok=True)
        self._nearest = Nearest(folder, self._pages, self.spaces)

    # ---- open and create -----------------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path, kind: Kind = "explore") -> Index:
        """The index in a folder, for the commands of `kind`. UserError where there is none (`read_about`)."""
        folder = Path(folder)
        about, shown = read_about(folder, kind), printable(str(folder))
        try:
            index = cls(folder, about)
            stored = index._pages.schema
        except (ValueError, OSError, RuntimeError) as error:
            raise UserError(f"the index {shown} cannot be opened: {first_line(error)}") from error
        if missing := [name for name in index.schema.names if name not in stored.names]:
            raise UserError(f"the index {shown} lacks the columns {', '.join(missing)}: make it anew in another folder")
        return index

    @classmethod
    def create(cls, folder: Path, backbone: BackboneInfo, kind: Kind = "explore") -> Index:
        """The index in a folder, made where there is none. UserError where one of another backbone is there."""
        folder = Path(folder)
        if (folder / "index.json").is_file():
            index = cls.open(folder, kind)
            index.check_backbone(backbone)
            return index
        shown = printable(str(folder))
        if taken(folder):
            raise UserError(f"{shown} holds other things than an index: give a new folder with --index")
        database_address(folder)
        existed = folder.exists()
        about = About(kind, backbone, look_version() if kind == "explore" else "")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_about(folder, about)
            return cls(folder, about)
        except (ValueError, OSError, RuntimeError) as error:
            remove_begun(folder, whole=not existed)
            raise UserError(f"cannot write the index {shown}: {first_line(error)}") from error

    def check_backbone(self, backbone: BackboneInfo) -> None:
        """UserError where vectors of `backbone` may not stand beside those of this index."""
        maker = self.backbone
        if maker.same_as(backbone):
            return
        if maker.name == backbone.name or maker.source == backbone.source:
            what = f"another version of {maker.name} ({maker.hash[:12]}; now it is {backbone.hash[:12]})"
        else:
            what = f"{maker.name}, not by {backbone.name}"
        raise UserError(
            f"the index {printable(str(self.folder))} was made by {what}: vectors of two models do not mix; give "
            f"--{'backbone' if self.kind == 'explore' else 'model'} the one that made it, or --index another folder"
        )

    def check_look(self) -> None:
        """UserError where this program makes other looks than those of this index."""
        if self.look != look_version():
            raise UserError(
                f"the index {printable(str(self.folder))} was made with another version of encoders/look.safetensors "
                f"({self.look[:12]}; now it is {look_version()[:12]}): make it anew, in another folder: "
                "python run.py explore index PAGES --index NEW_FOLDER"
            )

    @contextlib.contextmanager
    def locked(self) -> Iterator[Index]:
        """Hold the index for writing (may be nested). UserError, at once, where another process holds it."""
        try:
            self._lock.acquire()
        except Timeout:
            raise NotWritten(
                f"the index {printable(str(self.folder))} is being changed by another process: wait until it is done "
                "(searching is possible meanwhile)"
            ) from None
        except OSError as error:
            if error.errno in NO_RIGHT:
                shown = printable(str(self.folder))
                raise ReadOnly(f"the index {shown} may only be read ({error.strerror})") from error
            raise self.in_one_line(error) from error
        try:
            self.refresh()
            yield self
        finally:
            self._lock.release()

    @plainly
    def refresh(self) -> None:
        """See what other processes have written."""
        self._pages.checkout_latest()
        self._broken.checkout_latest()

    # ---- reading -------------------------------------------------------------------------------------------------

    @plainly
    def __len__(self) -> int:
        return self._pages.count_rows()

    @property
    def columns(self) -> list[str]:
        """The names of all columns, heavy ones too."""
        return self._pages.schema.names

    @plainly
    def rows(self, columns: Sequence[str] | None = None, where: str | None = None) -> pd.DataFrame:
        """Pages as a pandas table, sorted by id. Vectors and thumbnails only where they are named.

        Nullable whole numbers keep their type (Int32). where: an SQL condition; UserError names the nearest column.
        """
        return self.arrow(columns, where).to_pandas(types_mapper=pandas_type)

    @plainly
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

    @plainly
    def vectors(self, where: str | None = None, space: Space = "vector") -> np.ndarray:
        """Unit vectors float16 [N, D] of the backbone or, space "look", of what is seen, in the order of `rows`."""
        ids = self.arrow(["id"], where)["id"].to_numpy()
        filled = np.empty((len(ids), self.backbone.dim if space == "vector" else LOOK), np.float16)
        for batch in self._scan(["id", space], where).to_batches():
            filled[np.searchsorted(ids, batch["id"].to_numpy())] = matrix(batch[space])
        return filled

    def batches(self, columns: Sequence[str], size: int = 4096, where: str | None = None) -> Iterator[pa.RecordBatch]:
        """Pages in batches of at most `size`, for work in bounded memory; in the order in which they are stored."""
        self._known(columns)
        try:
            yield from self._scan(list(columns), where).to_batches(size)
        except (ValueError, OSError, RuntimeError) as error:
            raise self.in_one_line(error) from error

    @plainly
    def thumbnail(self, ids: Sequence[int]) -> list[Image.Image]:
        """The thumbnails of some pages, in the order of `ids`. KeyError for an id that is not there."""
        stored: dict[int, bytes] = {}
        for some in _parts(sorted({int(number) for number in ids})):
            table = self._scan(["id", "thumbnail"], f"id in ({', '.join(map(str, some))})").to_arrow()
            stored.update(zip(table["id"].to_pylist(), table["thumbnail"].to_pylist(), strict=True))
        return [Image.open(io.BytesIO(stored[int(number)])) for number in ids]

    @plainly
    def broken(self) -> pa.Table:
        """The pages that could not be read: folder, path, frame, page, reason."""
        return self._broken.to_arrow()

    @plainly
    def nearest(
        self,
        vectors: np.ndarray,
        k: int,
        where: str | None = None,
        exact: bool = False,
        space: Space = "vector",
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The k pages most like each vector: (ids int64 [<= k], cosine similarities float32 [<= k]), best first.

        vectors: [Q, D], of any length. where: only pages that an SQL condition holds for. exact: look at every page,
        also where there is an IVF index (from `APPROXIMATE_FROM` pages on). space: the column that is compared.
        """
        return self._nearest.search(vectors, k, where, exact=exact, space=space)

    @plainly
    def alike(
        self, queries: Mapping[Space, np.ndarray], k: int, where: str | None = None, exact: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k pages most like a page: (ids int64 [<= k], similarities float32 [<= k]), best first.

        queries: the page's vectors in both spaces, of any length. Similarity: two thirds the cosine of its looks (the
        same page), one third that of the backbone's vectors (the same kind). where, exact: as in `nearest`.
        """
        return self._nearest.alike(queries, k, where, exact=exact)

    @property
    def approximate(self) -> bool:
        """Whether there are IVF indexes over the vectors."""
        return all(map(self._nearest.approximate, self.spaces))

    # ---- writing (under `locked`) --------------------------------------------------------------------------------

    @plainly
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
            indices = np.searchsorted(everyone, np.asarray(ids, np.int64))
            if len(indices) and (indices.max() >= len(everyone) or (everyone[indices] != np.asarray(ids)).any()):
                raise NotWritten("the index has changed meanwhile: run the command again")
            columns: dict[str, pa.Array] = {"id": pa.array(everyone, pa.int64())}
            for name, given in values.items():
                full = np.full(len(everyone), np.nan)
                full[indices] = [np.nan if value is None else value for value in given]
                kind = self._pages.schema.field(name).type
                columns[name] = pa.array(full, mask=np.isnan(full)).cast(kind)
            self._update(pa.table(columns))
            self._drop_old(KEPT)

    @plainly
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

    @plainly
    def add(self, rows: pa.Table) -> None:
        """Append pages: a table of `schema`; derived columns may be left out."""
        if rows.num_rows:
            self._pages.add(rows)

    @plainly
    def remove(self, ids: Sequence[int]) -> None:
        """Drop pages."""
        for some in _parts([int(number) for number in ids]):
            self._pages.delete(f"id in ({', '.join(map(str, some))})")

    @plainly
    def add_broken(self, rows: pa.Table) -> None:
        """List pages that could not be read: a table of `BROKEN`."""
        if rows.num_rows:
            self._broken.add(rows)

    @plainly
    def forget_broken(self, folder: str, but: Sequence[str] = ()) -> None:
        """Take the broken pages of a folder off the list, but for those of some paths."""
        kept = f" and path not in ({', '.join(map(sql, but))})" if but else ""
        self._broken.delete(f"folder = {sql(folder)}{kept}")

    def next_id(self) -> int:
        """An id that no page has, nor any later one."""
        ids = self.arrow(["id"])["id"]
        return int(ids[-1].as_py()) + 1 if len(ids) else 0

    @plainly
    def tidy(self, *, say: Callable[[str], None] | None = None, final: bool = True) -> None:
        """Put small files together, bring the IVF index up to date or make it, and remove old versions.

        final: remove every version but the newest; else those of the last minutes stay for whoever reads them.
        """
        self._nearest.tidy(len(self), say=say)
        self._drop_old(timedelta(0) if final else KEPT)
        if final and self._nearest.lacks_signs(len(self)):
            self._nearest.keep_signs()

    @property
    def untidy(self) -> bool:
        """Whether `tidy` would make a search faster, as a kill came before it."""
        pages = len(self)
        return (pages >= APPROXIMATE_FROM and not self.approximate) or self._nearest.lacks_signs(pages)

    def _drop_old(self, older_than: timedelta) -> None:
        with warnings.catch_warnings():  # that readers may hold an older version: `in_one_line` tells them
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

    def in_one_line(self, error: Exception) -> UserError:
        """What LanceDB finds wrong with this index, for its user."""
        return lance_error(error, self.folder, [name for name in self.schema.names if name not in HEAVY])


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


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), DELETED_AT_ONCE):
        yield ids[start : start + DELETED_AT_ONCE]
