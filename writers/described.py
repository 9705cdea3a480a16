"""All pages of a list described by a model, on the threads that decode them; each page has a vector or a reason.

described = describe_pages({"model": model.hands, "baseline": other}, pages, settings)
described.vectors["model"], described.reasons
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from output.progress import Progress
from reading.loader import load_batches
from sorting.job import threads
from utils import printable
from writers.indexing import AT_ONCE, NOTHING
from writers.isolation import NoHandwriting, isolate
from writers.query import MIN_SIDE

if TYPE_CHECKING:
    from PIL import Image

    from reading.pages import Page, PageList
    from settings.schema import Settings
    from writers.hands import Hands
    from writers.isolation import Handwriting

NOT_VALID = "the model gives no valid numbers for this page"


@dataclass
class Described:
    """vectors: model -> float32 [N, D], NaN where it has none of a page. reasons: "" or why the first model has none,
    one a page. unread: bool [N], True where the page could not even be read.
    """

    vectors: dict[str, np.ndarray]
    reasons: list[str]
    unread: np.ndarray


class _Unsized:
    """What the loader asks of a page's pixels for a model beside it: nothing."""

    size = NOTHING.shape[1:]

    def __call__(self, image: Image.Image) -> np.ndarray:
        return NOTHING


def describe_pages(models: Mapping[str, Hands], pages: PageList, settings: Settings) -> Described:
    """Describe every page, in the order of the list, by each of the models: its handwriting is isolated once."""
    count = len(pages.pages)
    empty = {name: np.full((count, hands.dimensions), np.nan, np.float32) for name, hands in models.items()}
    described = Described(empty, [""] * count, np.zeros(count, bool))

    def seen(page: Page, image: Image.Image) -> list[np.ndarray | str]:
        try:
            hand = isolate(image)
        except NoHandwriting as error:
            return [_line(error)] * len(models)
        return [_vector(hands, hand) for hands in models.values()]

    cv2.setNumThreads(1)  # a page a thread: threads within a page would wait for each other
    with Progress(count, "page", settings.setup.quiet, "describing") as progress:
        batches = load_batches(
            pages,
            _Unsized(),
            batch_size=AT_ONCE,
            workers=threads(settings.setup.workers, all_cores=True),
            max_pixels=settings.input.max_pixels,
            strict=settings.input.strict,
            least_side=MIN_SIDE,
            keep=seen,
        )
        for batch in batches:
            for number, (reason, kept) in enumerate(zip(batch.reasons, batch.kept, strict=True), batch.index * AT_ONCE):
                described.unread[number] = bool(reason)
                found = [reason] * len(models) if reason else kept
                described.reasons[number] = found[0] if isinstance(found[0], str) else ""
                for vectors, vector in zip(described.vectors.values(), found, strict=True):
                    if not isinstance(vector, str):
                        vectors[number] = vector
            progress.advance(len(batch.pages), failed=sum(map(bool, batch.reasons)))
    return described


def _vector(hands: Hands, hand: Handwriting) -> np.ndarray | str:
    """The page descriptor, or why there is none."""
    try:
        vector = hands.describe_hand(hand).vector
    except NoHandwriting as error:
        return _line(error)
    return vector if np.isfinite(vector).all() and vector.any() else NOT_VALID


def _line(error: NoHandwriting) -> str:
    return printable(" ".join(str(error).split()))
