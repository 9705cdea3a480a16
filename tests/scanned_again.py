"""An index of files whose pages all look alike to its backbone, and sheets of pages beside each other."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from forms import form
from PIL import Image

pytest.importorskip("cv2", reason="requirements-explore.txt is not installed")
pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

import pyarrow as pa
from explore_pages import DIM

from index.database import BackboneInfo, Index, schema
from index.embedding import thumbnail_of

HOME = Path(__file__).resolve().parents[1]


def index_of(folder: Path, root: Path) -> Index:
    """An index of the files below `root` as `explore index` makes it, but that all pages look alike to its backbone."""
    index = Index.create(folder, BackboneInfo("tiny", "nowhere", "0" * 64, "pooled", DIM, False))
    draw = np.random.default_rng(0)
    rows = []
    for number, file in enumerate(sorted(path for path in root.rglob("*") if path.is_file())):
        vector = np.ones(DIM) + 0.1 * draw.normal(size=DIM)
        status = file.stat()
        try:
            page = Image.open(file).convert("L")
        except OSError:  # a broken file: its index is from better days
            page = form(number)
        rows.append(
            {
                "id": number,
                "folder": str(root),
                "path": file.relative_to(root).as_posix(),
                "file": file.name,
                "document": file.stem,
                "page": 1,
                "hash": hashlib.sha256(file.read_bytes()).hexdigest(),
                "size": status.st_size,
                "mtime_ns": status.st_mtime_ns,
                "width": page.width,
                "height": page.height,
                "thumbnail": thumbnail_of(page),
                "vector": (vector / np.linalg.norm(vector)).astype(np.float16),
            }
        )
    fields = schema(DIM)
    index.add(pa.Table.from_pylist(rows, pa.schema([fields.field(name) for name in rows[0]])))
    return index


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def side_by_side(*pages: Image.Image, scale: float = 0.7) -> Image.Image:
    """A coarser scan of pages beside each other."""
    spread = Image.new("L", (sum(page.width for page in pages), max(page.height for page in pages)), 246)
    left = 0
    for page in pages:
        spread.paste(page, (left, 0))
        left += page.width
    return spread.resize((round(scale * spread.width), round(scale * spread.height)), Image.Resampling.BICUBIC)


def below(*pages: Image.Image) -> Image.Image:
    """Pages one below the other, as a fold-out or a sheet of forms."""
    turned = side_by_side(*(page.rotate(90, expand=True) for page in pages), scale=1)
    return turned.rotate(-90, expand=True)
