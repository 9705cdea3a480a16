"""Indexes of vectors that a test chose, with no page behind them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

import pyarrow as pa

from encoders.look import LOOK
from index.database import BackboneInfo, Index


def made(folder: Path, vectors: np.ndarray, first: int = 0) -> Index:
    index = Index.create(folder, BackboneInfo("made", "nowhere", "0", "pooled", vectors.shape[1], False))
    add(index, vectors, first)
    return index


def add(index: Index, vectors: np.ndarray, first: int) -> None:
    count, dim = vectors.shape
    flat = pa.array(vectors.astype(np.float16).ravel())
    columns = {
        "id": pa.array(range(first, first + count), pa.int64()),
        "folder": ["/scans"] * count,
        "path": [f"{number}.png" for number in range(first, first + count)],
        "year": pa.array([1900 + number % 100 for number in range(count)], pa.int32()),
        "thumbnail": [os.urandom(2000) for _ in range(count)],
        "vector": pa.FixedSizeListArray.from_arrays(flat, dim),
        "look": pa.FixedSizeListArray.from_arrays(pa.array(looks(first, count).ravel()), LOOK),
    }
    index.add(pa.table(columns))


def looks(first: int, count: int) -> np.ndarray:
    """The looks of pages by their ids: each near one of 40 others."""
    centres = unit(40, LOOK, 77)
    drawn = centres[np.arange(first, first + count) % 40] + 0.6 * unit(count, LOOK, 1000 + first)
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)


def unit(count: int, dim: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def vectors_of(count: int, dim: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)
