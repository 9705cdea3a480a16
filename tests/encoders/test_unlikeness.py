"""How unlike a page is: by its nearest known pages, the same for one page and for many, and what breaks a file."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from encoders.unlikeness import FILE, MOST, Unlikeness, temperatures
from utils import UserError, unit_rows

RNG = np.random.default_rng(3)
CENTRES = unit_rows(RNG.normal(size=(3, 16)))


def pages(count: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings [3 * count, 16] round three centres, and their labels."""
    labels = np.repeat(["A", "B", "C"], count)
    return unit_rows(np.repeat(CENTRES, count, axis=0) + spread * RNG.normal(size=(3 * count, 16))), labels


def fitted(slope: float = 0.4) -> Unlikeness:
    unlikeness = Unlikeness.fit(*pages(20, 0.05), pages(40, 0.05)[0])
    return Unlikeness(unlikeness.pages, unlikeness.ranks, slope)


def test_ordinary_pages_are_spread_evenly_and_strange_ones_are_at_the_end():
    unlikeness = fitted()
    ordinary, strange = unlikeness.of(pages(100, 0.05)[0]), unlikeness.of(unit_rows(RNG.normal(size=(50, 16))))
    assert 0.4 < np.median(ordinary) < 0.6 and ordinary.min() >= 0 and ordinary.max() <= 1
    assert (strange > 0.99).all()


def test_the_temperature_grows_with_unlikeness_up_to_a_limit():
    unlikeness = fitted(slope=0.4)
    rows = np.concatenate(
        [CENTRES[:1], *(unit_rows(CENTRES[:1] + far * RNG.normal(size=(1, 16))) for far in (0.08, 9))]
    )
    near, far, farthest = temperatures(unlikeness, 0.8, rows)
    assert near == pytest.approx(0.8)  # nothing is more ordinary
    assert near < far < farthest <= 0.8 * np.exp(0.4 * MOST) + 1e-9


def test_a_page_alone_is_as_unlike_as_among_others_bit_for_bit_and_however_long_its_embedding():
    unlikeness, rows = fitted(), pages(7, 0.2)[0].astype(np.float32)
    together = unlikeness.of(rows)
    assert together.tolist() == [float(unlikeness.of(row[None])[0]) for row in rows]
    assert unlikeness.of(3 * rows) == pytest.approx(together, abs=1e-6)


def test_what_is_written_is_read_again_and_what_does_not_fit_is_told(tmp_path):
    unlikeness, rows = fitted(), pages(5, 0.3)[0]
    unlikeness.write(tmp_path)
    assert Unlikeness.read(tmp_path, 0.4, 16).of(rows).tolist() == unlikeness.of(rows).tolist()
    with pytest.raises(UserError, match="not of this model"):
        Unlikeness.read(tmp_path, 0.4, 32)
    save_file({"pages": unlikeness.pages, "ranks": unlikeness.ranks[::-1].copy()}, tmp_path / FILE)
    with pytest.raises(UserError, match="no distances"):
        Unlikeness.read(tmp_path, 0.4, 16)
    (tmp_path / FILE).write_bytes(b"torn")
    with pytest.raises(UserError, match="cannot be read"):
        Unlikeness.read(tmp_path, 0.4, 16)
    (tmp_path / FILE).unlink()
    with pytest.raises(UserError, match="is missing"):
        Unlikeness.read(tmp_path, 0.4, 16)
