"""A folder of pages by three hands and a tiny model, for the tests of the commands of `writers`."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    from hand_pages import tiny_hands

    return tiny_hands(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The current folder, with `pages`: three pages of each of three hands."""
    from hand_pages import draw_hands

    monkeypatch.chdir(tmp_path)
    draw_hands(tmp_path / "pages")
    return tmp_path
