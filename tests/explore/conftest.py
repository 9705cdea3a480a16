"""A folder of pages and a tiny model, for the tests of `explore index`."""

from __future__ import annotations

from pathlib import Path

import pytest
from noisy_pages import LABELS, draw_page, page
from tiny import tiny_model_folder


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return tiny_model_folder(tmp_path_factory.mktemp("model") / "tiny", LABELS)


@pytest.fixture
def here(tmp_path, monkeypatch, model) -> Path:
    """A folder of 12 pages and a TIFF of three frames, and the model beside it."""
    monkeypatch.chdir(tmp_path)
    for number in range(12):
        draw_page(tmp_path / "pages" / f"box {number % 3}" / f"CTX19{40 + number}0{number}-{number + 1}.png", number)
    frames = [page(seed) for seed in (100, 101, 102)]
    frames[0].save(tmp_path / "pages" / "many.tif", save_all=True, append_images=frames[1:])
    return tmp_path
