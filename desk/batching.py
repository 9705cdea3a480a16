"""Pages that arrive together, of one request or of many, computed together by the one model that is loaded.

    batching = Batching(classifier, most=16)
    computed = batching.add(pixels)                    # a future, at once, from any thread
    computed.result().outcome, computed.result().embedding

While a batch is being computed, others gather the next one: a page that comes alone is computed at once, two hundred
that come together in batches. A page's scores are those of `run.py -f`, whatever pages were computed beside it.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from output.outcome import Outcome
from reading.loader import Batch
from utils import UserError

if TYPE_CHECKING:
    from classifier import PageClassifier


class Computed(NamedTuple):
    """A page's outcome, and its unit embedding float32 [D]."""

    outcome: Outcome
    embedding: np.ndarray


class _Waiting(NamedTuple):
    """pixels: uint8 [3, H, W]."""

    pixels: np.ndarray
    computed: Future[Computed]


class Batching:
    """most: pages of a batch. batches: how many were computed, so that tests can tell."""

    def __init__(self, classifier: PageClassifier, most: int) -> None:
        self._classifier, self._most, self.batches = classifier, most, 0
        self._line: deque[_Waiting] = deque()
        self._lining_up = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batch")  # the model has one user

    def add(self, pixels: np.ndarray) -> Future[Computed]:
        """What becomes of a page uint8 [3, H, W]; its result raises UserError where the engine gives up.

        One that is cancelled before its turn is not computed.
        """
        computed: Future[Computed] = Future()
        with self._lining_up:
            self._line.append(_Waiting(pixels, computed))
        self._thread.submit(self._next)
        return computed

    def close(self) -> None:
        """Compute no more; who still waits is told so."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        with self._lining_up:
            for waiting in self._line:
                waiting.computed.cancel()
                waiting.computed.set_running_or_notify_cancel()  # else a thread that waits for it holds up the end
            self._line.clear()

    def _next(self) -> None:
        """Compute what is in line; nothing where an earlier batch took it along."""
        with self._lining_up:
            taken = [self._line.popleft() for _ in range(min(self._most, len(self._line)))]
        batch = [waiting for waiting in taken if waiting.computed.set_running_or_notify_cancel()]
        if not batch:
            return
        try:
            done = self._compute(np.stack([waiting.pixels for waiting in batch]))
        except UserError as error:
            for waiting in batch:
                waiting.computed.set_exception(error)
        except BaseException as error:  # a mistake of ours: whoever waits is not left waiting
            for waiting in batch:
                waiting.computed.set_exception(error)
            raise
        else:
            for waiting, computed in zip(batch, done, strict=True):
                waiting.computed.set_result(computed)

    def _compute(self, pixels: np.ndarray) -> list[Computed]:
        """Of pages uint8 [B, 3, H, W]."""
        nothing = [""] * len(pixels)
        embeddings = self._classifier.embed_pages(pixels)  # [B, D]
        batch = Batch(0, [], pixels, nothing, nothing, embeddings=embeddings)
        self.batches += 1
        return [Computed(*one) for one in zip(self._classifier.outcomes(batch), embeddings, strict=True)]
