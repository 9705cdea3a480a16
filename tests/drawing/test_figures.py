"""The figures that the page generator draws: every kind leaves ink at every size; the same seed, the same picture."""

import numpy as np
import pytest
from PIL import Image

from drawing.figures import KINDS, draw_figure

SIZES = ((420, 560), (120, 90), (900, 200), (90, 300))


def ink(image: Image.Image) -> float:
    """The share of pixels that are clearly darker than the paper."""
    return float((np.asarray(image.convert("L")) < 200).mean())


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_leaves_ink_at_every_size(kind: str):
    for seed, (width, height) in enumerate(SIZES):
        shares = []
        for again in range(3):
            image = draw_figure(np.random.default_rng(10 * seed + again), width, height, kind)
            assert (image.mode, image.size) == ("RGB", (width, height))
            shares.append(ink(image))
        assert 0.001 < np.median(shares) < 0.97, f"{kind} at {width} x {height}: {shares}"


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_seed_alone_decides(kind: str):
    first, again, other = (draw_figure(np.random.default_rng(seed), 300, 260, kind).tobytes() for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_two_hundred_seeds_draw_many_kinds_without_an_error():
    rng = np.random.default_rng(0)
    blank = 0
    for seed in range(200):
        width, height = (int(side) for side in rng.integers(60, 420, 2))
        blank += ink(draw_figure(np.random.default_rng(seed), width, height)) < 0.0005
    assert blank <= 4


def test_a_figure_differs_from_one_seed_to_the_next_also_in_density():
    shares = [ink(draw_figure(np.random.default_rng(seed), 300, 300)) for seed in range(60)]
    assert min(shares) < 0.03 < 0.15 < max(shares)


def test_paper_stays_white_and_some_figures_have_colour():
    coloured = 0
    for seed in range(60):
        pixels = np.asarray(draw_figure(np.random.default_rng(seed), 240, 200)).astype(int)
        coloured += (np.ptp(pixels, axis=2) > 60).mean() > 0.002
    assert 3 <= coloured <= 40


def test_another_hand_writes_the_labels():
    written = []

    def label(rng: np.random.Generator, image: Image.Image, place: tuple[float, float], text: str, size: float) -> None:
        written.append((text, size))
        image.putpixel((0, 0), (255, 0, 0))

    for seed in range(10):
        draw_figure(np.random.default_rng(seed), 500, 500, "cadastral", label)
    assert len(written) > 20
    assert all(text and 5 <= size < 60 for text, size in written)


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(ValueError, match="profiles"):
        draw_figure(np.random.default_rng(0), 100, 100, "pots")
