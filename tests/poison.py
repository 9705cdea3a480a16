"""A page that ends whatever process opens it, for the tests of work in shards."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kill_cluster import HOOK


def make_deadly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, processes that this one starts are killed where they open a file that is named so."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HOOK, encoding="ascii")
    monkeypatch.setenv("PYTHONPATH", str(folder))
