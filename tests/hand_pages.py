"""Pages of drawn hands, a tiny model of hands, and `writers` by one call, for the tests of what stands on an index."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")
pytest.importorskip("lancedb", reason="requirements-writers.txt is not installed")

from index.database import Index
from run import main

HANDS = {"anna": (0.0, 1.0, 3), "berta": (0.7, 1.7, 3), "carl": (-0.5, 0.6, 4)}  # slant, loops, width of the pen


def written(hand: str, seed: int, lines: int = 5) -> Image.Image:
    """A page of one hand; what is written depends on the seed."""
    slant, loops, width = HANDS[hand]
    random = np.random.default_rng(seed)
    page = Image.new("L", (500, 420), 255)
    draw = ImageDraw.Draw(page)
    for line in range(lines):
        x = 30.0
        while x < 440:
            y, length = 60 + 70 * line, random.uniform(18, 40)
            draw.line([(x, y), (x + slant * length, y - length)], fill=0, width=width)
            across = random.uniform(10, 16)
            draw.arc([x, y - 12 * loops, x + across, y], int(random.uniform(0, 90)), 330, fill=0, width=width)
            x += across + random.uniform(4, 20)
    return page


def draw_hands(folder: Path, each: int = 3, first: int = 0) -> None:
    """`each` pages of every hand: anna-0.png and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, hand in enumerate(HANDS):
        for page in range(first, first + each):
            written(hand, 100 * number + page).save(folder / f"{hand}-{page}.png")


@cache
def _fitted(words: int) -> object:
    from writers.fitting import Recipe, Studied, fit
    from writers.isolation import isolate
    from writers.keypoints import PENS, local_features

    pages = [
        Studied(local_features(isolate(written(hand, 900 + seed)), PENS), hand) for hand in HANDS for seed in range(3)
    ]
    return fit(pages, Recipe(words=words, reduced=16, pieces=2, piece=60))


def tiny_hands(folder: Path, words: int = 8) -> Path:
    """A model folder, of pages that no test looks at; a model of other `words` is another one."""
    _fitted(words).save(folder)
    return folder


def calibrated_hands(folder: Path) -> Path:
    """The same model as `tiny_hands`, calibrated on other pages of the same three hands."""
    from writers.calibration import calibrate
    from writers.hands import Hands

    hands = Hands.load(tiny_hands(folder))
    pages = [(hand, hands.vector_of(written(hand, 700 + seed))) for hand in HANDS for seed in range(4)]
    vectors = np.stack([vector for _, vector in pages])
    hands.calibration = calibrate(vectors @ vectors.T, [hand for hand, _ in pages]).to_json()
    hands.save(folder)
    return folder


def writers(*arguments: str) -> int:
    """One command over the index `ix`; its exit code."""
    own = [] if arguments[0] == "compare" else ["--index", "ix"]
    return main(["writers", *arguments, *own, "--quiet"])


def contents(folder: Path = Path("ix")) -> dict[str, tuple]:
    """(path, frame) -> what the index says of it, vector and all, whatever the order of the rows."""
    table = Index.open(folder, "writers").arrow(["path", "frame", "document", "page", "hash", "reason", "vector"])
    content = {str((row["path"], row["frame"])): tuple(map(str, row.values())) for row in table.to_pylist()}
    assert len(content) == table.num_rows
    return content
