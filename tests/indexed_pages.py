"""`explore index` by one call, and what the index then says of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from index.database import Index
from run import main

COLUMNS = ["path", "frame", "document", "page", "file", "year", "hash", "size", "width", "height"]


def explore(*arguments: str, model: Path | None = None) -> int:
    backbone = ["--backbone", str(model)] if model else []
    return main(["explore", *arguments, *backbone, "--index", "ix", "--quiet"])


def contents(folder: Path = Path("ix")) -> dict[tuple, tuple]:
    """(path, frame) -> what the index says of it, vector and all; the same whatever the order of the rows."""
    index = Index.open(folder)
    rows, vectors = index.rows(), index.vectors()
    assert not rows["id"].duplicated().any()
    content = {}
    for at, row in enumerate(rows.to_dict("records")):
        key = row["path"], None if row["frame"] is None or row["frame"] != row["frame"] else row["frame"]
        assert key not in content
        content[str(key)] = (*(str(row[name]) for name in COLUMNS), vectors[at].tobytes())
    return content


def ids(folder: Path = Path("ix")) -> dict[str, int]:
    rows = Index.open(folder).rows(["id", "path"])
    return dict(zip(rows["path"], rows["id"], strict=True))


def afresh(model: Path) -> dict[tuple, tuple]:
    """What an index says that was made at once of what is there now."""
    shutil.rmtree("fresh", ignore_errors=True)
    assert main(["explore", "index", "pages", "--backbone", str(model), "--index", "fresh", "--quiet"]) in (0, 1)
    return contents(Path("fresh"))


def rows_in(folder: Path) -> int:
    try:
        return len(Index.open(folder))
    except Exception:  # noqa: BLE001 (it is just being made)
        return 0
