"""A tiny model of formulas for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    """A model folder with graphs."""
    from formula_models import tiny_formula_model

    return tiny_formula_model(tmp_path_factory.mktemp("models") / "tiny")
