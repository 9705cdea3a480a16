"""A page that ends whatever process opens it, for the tests of work in shards."""

from __future__ import annotations

from pathlib import Path

import pytest

POISON = "poison"
REASON = "it ended the process that worked on it, twice (signal 9)"
HOOK = f"""
import os, signal, sys

def deadly(event, details):
    if event == "open" and isinstance(details[0], str) and os.path.basename(details[0]).startswith("{POISON}"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(deadly)
"""


def make_deadly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, processes that this one starts are killed where they open a file that is named so."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HOOK, encoding="ascii")
    monkeypatch.setenv("PYTHONPATH", str(folder))
