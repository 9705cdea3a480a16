"""What stands in an index: the columns of its two tables, and what made its vectors.

    pa.Table.from_pylist(rows, schema(768))     # pages, as `Index.add` takes them
    f"document = {sql(name)}"                  # a text in a condition

`database.py` reads and writes the tables; whatever is told here of their columns is part of the format (`FORMAT`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from encoders.look import LOOK

FORMAT = 3  # of the tables; a change of columns or of what they mean is another one
Kind = Literal["explore", "writers"]  # the word of the commands that an index is for


@dataclass(frozen=True)
class BackboneInfo:
    """What made the vectors of an index.

    name: for people. source: what opens it again (a folder or a hub id). hash: SHA-256 of the files that decide the
    vectors. features: which vectors of it ("pooled", "joint", "head"). dim: D. has_text: whether texts have vectors.
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


def schema(dim: int, kind: Kind = "explore") -> pa.Schema:
    """The columns of a page. Those from `cluster` on are derived; they are null until a command fills them.

    An index of hands has pages without a vector: `reason` says why there is no handwriting on them.
    """
    columns = _schema(dim)
    if kind == "explore":
        return columns
    kept = [column for column in columns if column.name not in ("look", "category", "score", *DERIVED)]
    return pa.schema([*kept, pa.field("reason", pa.string())])


def _schema(dim: int) -> pa.Schema:
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
            pa.field(
                "look", pa.list_(pa.float16(), LOOK)
            ),  # of unit length; what of the page is seen (encoders/look.py)
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
Space = Literal["vector", "look"]  # columns that hold vectors: of the kind of page, of the page itself
SPACES: tuple[Space, ...] = ("vector", "look")  # of an index for explore; one of hands has vectors alone
DERIVED = ("cluster", "cluster_distance", "x", "y")
HEAVY = ("vector", "look", "thumbnail")  # loaded only where they are named


def whole(number: int | None) -> int | None:
    """A whole number as an int32 column holds it; None where it is beyond, so that one odd page stops no other.

    >>> whole(14), whole(1698765432100)
    (14, None)
    """
    return number if number is not None and -(2**31) <= number < 2**31 else None


def sql(text: str) -> str:
    """A text as SQL writes it.

    >>> sql("l'air")
    "'l''air'"
    """
    return "'" + text.replace("'", "''") + "'"


def matrix(column: pa.Array) -> np.ndarray:
    """A column of vectors as float16 [N, D], without a copy."""
    width = column.type.list_size
    return column.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)


def pandas_type(kind: pa.DataType) -> Any:
    """The pandas type for a column, None for pandas' own choice: whole numbers that may be null stay whole."""
    import pandas as pd

    return {pa.int32(): pd.Int32Dtype()}.get(kind)
