"""Small indexes of real image files with planted groups, for the tests of what is built upon an index."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image, ImageDraw

from explore.command import COMMANDS
from explore.flags import ExploreJob
from index.database import BackboneInfo, Index, schema
from utils import printable

DIM = 32
COLOURS = ["#aa3333", "#33aa33", "#3333aa", "#aaaa33", "#aa33aa", "#33aaaa"]


def planted(groups: int, each: int, alone: int = 0, spread: float = 0.25, seed: int = 0) -> np.ndarray:
    """Unit vectors float16: `each` near each of `groups` directions, group by group, then `alone` anywhere between."""
    draw = np.random.default_rng(seed)
    middles = np.linalg.qr(draw.normal(size=(DIM, DIM)))[0][:groups]
    near = np.repeat(middles, each, axis=0) + spread * draw.normal(size=(groups * each, DIM)) / np.sqrt(DIM)
    vectors = np.concatenate([near, draw.normal(size=(alone, groups)) @ middles])
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def make_index(
    folder: Path,
    root: Path,
    names: list[str],
    vectors: np.ndarray,
    categories: list[str | None],
    years: list[int | None],
) -> Index:
    """An index of pages drawn below `root` (names with folders, `/` between); the colour tells the category."""
    index = Index.create(folder, BackboneInfo("tiny", "nowhere", "0" * 64, "pooled", DIM, False))
    kinds = sorted({category for category in categories if category})
    rows = []
    for number, (name, vector, category, year) in enumerate(zip(names, vectors, categories, years, strict=True)):
        colour = COLOURS[kinds.index(category) % len(COLOURS)] if category else "#888888"
        page = Image.new("RGB", (120, 160), colour)
        ImageDraw.Draw(page).text((10, 10), str(number), fill="white")
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        page.save(file)
        page.thumbnail((96, 96))
        small = io.BytesIO()
        page.save(small, "JPEG")
        shown = printable(name)
        rows.append(
            {
                "id": 2 * number + 5,
                "folder": str(root),
                "path": shown,
                "document": f"CTX{number // 4}",
                "page": number % 4 + 1,
                "file": shown.rpartition("/")[2],
                "year": year,
                "category": category,
                "hash": str(number),
                "size": 1,
                "mtime_ns": 1,
                "width": 120,
                "height": 160,
                "thumbnail": small.getvalue(),
                "vector": vector,
            }
        )
    index.add(pa.Table.from_pylist(rows, schema=schema(DIM)))
    return index


def job(command: str, index: Path, output: Path, **more: object) -> ExploreJob:
    """A job as run.py makes it."""
    return COMMANDS[command](index=index, output=output, arguments=("explore", command), **more)
