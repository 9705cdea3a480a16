"""The signs of all long vectors in one small file, so that a search reads the vectors of likely pages alone.

    write_signs(folder, version, batches, 6144)             # batches of the columns id and vector
    signs = read_signs(folder, version, 6144)               # None where there are none of this version of the table
    ids, beyond = signs.likely(signs.differences(query), 4000)

Reading 100,000 vectors of 6,144 numbers takes seconds: 1.2 GB. Their signs are 77 MB, and two vectors differ in the
signs of about angle / pi of their numbers: what is near is first by signs, give or take. What is returned is compared
by the whole vectors (nearest.py), so every similarity is the true one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from output.files import whole

LONG = 2048  # numbers of a vector: shorter ones are read in a moment
BLOCK = 8192  # rows compared at once: 6 MB of signs at 6,144 numbers


@dataclass(frozen=True)
class Signs:
    """rows: a record a page with a vector, `id` and `signs` uint64 [D / 64]; read from the disk as it is used."""

    rows: np.ndarray

    def differences(self, query: np.ndarray) -> np.ndarray:
        """In how many signs each row differs from a vector [D]: int32 [N]."""
        wanted = _signs_of(query[None])[0]
        different = np.empty(len(self.rows), np.int32)
        for start in range(0, len(self.rows), BLOCK):
            block = self.rows["signs"][start : start + BLOCK]
            different[start : start + BLOCK] = np.bitwise_count(block ^ wanted).sum(axis=1, dtype=np.int32)
        return different

    def likely(self, different: np.ndarray, count: int) -> tuple[np.ndarray, int | None]:
        """Ids int64 [<= count] of the pages that differ in the fewest signs, and in how many every other page does at
        least; None where there is no other.
        """
        if count >= len(different):
            return self.rows["id"], None
        order = np.argpartition(different, count)
        return self.rows["id"][order[:count]], int(different[order[count]])


def expected_differences(similarity: float, dim: int, margin: float) -> float:
    """In how many signs two vectors of a cosine may differ, up to `margin` standard deviations of chance.

    >>> expected_differences(0.0, 64, 0.0)
    32.0
    """
    return dim * float(np.arccos(np.clip(similarity, -1, 1))) / np.pi + margin * dim**0.5 / 2


def write_signs(folder: Path, version: int, batches: Iterable[pa.RecordBatch], dim: int) -> None:
    """Keep the signs of a version of the table; those of others go. Pages without a vector are left out.

    Where the disk refuses there are none: search is slower then.
    """
    with contextlib.suppress(OSError):
        with whole(_file(folder, version)) as part, part.open("wb") as stream:
            for batch in batches:
                there = batch.filter(batch["vector"].is_valid())
                rows = np.empty(there.num_rows, _record(dim))
                rows["id"] = there["id"].to_numpy()
                rows["signs"] = _signs_of(there["vector"].flatten().to_numpy(zero_copy_only=False).reshape(-1, dim))
                stream.write(rows.tobytes())
        for file in folder.glob("signs-*.bin"):
            if file != _file(folder, version):
                with contextlib.suppress(OSError):  # Windows keeps a file that a search holds: the next time
                    file.unlink()


def has_signs(folder: Path, version: int) -> bool:
    """Whether the signs of this version of the table are kept."""
    return _file(folder, version).is_file()


def read_signs(folder: Path, version: int, dim: int) -> Signs | None:
    """The signs of a version of the table, not read into memory; None where they are not there, or not whole."""
    try:
        return Signs(np.memmap(_file(folder, version), _record(dim), "r"))
    except (OSError, ValueError):  # ValueError: empty, or of another length
        return None


def _file(folder: Path, version: int) -> Path:
    return folder / f"signs-{version}.bin"


def _record(dim: int) -> np.dtype:
    return np.dtype([("id", "<i8"), ("signs", "<u8", (-(-dim // 64),))])


def _signs_of(vectors: np.ndarray) -> np.ndarray:
    """uint64 [N, D / 64] of [N, D]; D is filled up with zeros to a multiple of 64."""
    packed = np.packbits(vectors > 0, axis=1)  # [N, D / 8]
    return np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view("<u8")
