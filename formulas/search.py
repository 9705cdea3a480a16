"""The search for what a picture says: greedy or by a beam, token by token, the same for every engine.

    (readings,) = search(engine, pixels[None], beams=4)         # the likeliest first
    readings[0].tokens, readings[0].log_probability

Engines give numbers (`Engine`); what is chosen is decided here, in numpy, so that PyTorch and ONNX Runtime read alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

PATIENCE = 8  # tokens that others are followed on once a likelier reading has ended
# What no formula says: the same piece, of one token to LONGEST_PIECE, so many times on end, when all of it is so long.
# Of 18,665 formulas of im2latex two do; a matrix of 4 x 4 zeros does not.
MANY, MANY_TOKENS, LONGEST_PIECE = 4, 24, 24


@dataclass(frozen=True)
class Ends:
    """start, end: the tokens that a reading begins and ends with. longest: its tokens at most, the end among them.

    never: tokens that no reading has: what fills labels, and the start where it is not the end too.
    """

    start: int
    end: int
    longest: int
    never: tuple[int, ...] = ()


class Engine(Protocol):
    """What computes the network. alone: it computes pictures one by one, on as many threads as call."""

    name: str
    device: str
    alone: bool
    ends: Ends

    def see(self, pixels: np.ndarray) -> Any:
        """What the decoder is given of pictures, float32 [B, C, H, W]."""

    def begin(self, pictures: int) -> Any:
        """The memory of a decoder that has read nothing yet."""

    def step(self, seen: Any, tokens: np.ndarray, past: Any) -> tuple[np.ndarray, Any]:
        """The next token, int64 [B, K] -> logits of the one that follows, float32 [B, K, V], and the memory then."""

    def select(self, past: Any, rows: np.ndarray) -> Any:
        """The memory of these rows, int64 [N], of the B * K that it has."""

    def keep(self, seen: Any, pictures: np.ndarray) -> Any:
        """What is seen of these pictures, int64 [N]."""


@dataclass(frozen=True)
class Found:
    """One reading. tokens: without start and end. ended: False = cut off at the longest that may be read.

    log_probability: of all of it, natural logarithm; steps: tokens that it is the sum of (the end counts). turned: it
    was about to repeat a piece without end, and went on with another token than the likeliest.
    """

    tokens: tuple[int, ...]
    log_probability: float
    steps: int
    ended: bool
    turned: bool = False

    @property
    def mean(self) -> float:
        """The mean log-probability of a token, <= 0."""
        return self.log_probability / self.steps


@dataclass
class _Search:
    """One picture's search. said: the tokens of each of its K beginnings; done: readings that have ended.

    turned: the places of the beginnings that were turned away from a repetition (`Found`).
    """

    picture: int
    beams: int
    said: list[tuple[int, ...]]
    done: list[Found]
    turned: set[int]

    def advance(self, totals: np.ndarray, length: int, end: int) -> list[tuple[int, int, float]]:
        """The beginnings that are followed on: (which one, its next token, sum), the likeliest first.

        totals: float64 [K, V], log-probabilities of all beginnings that are one token longer, now `length`.
        """
        kept: list[tuple[int, int, float]] = []
        again: list[tuple[int, int, float]] = []  # repetitions, followed where there is nothing else
        rank = 0  # among the others
        for index in _best(totals.ravel(), 2 * self.beams):
            way, token = divmod(int(index), totals.shape[1])
            total = float(totals[way, token])
            if total == -np.inf:
                break
            if token != end and is_repeated((*self.said[way], token)):
                again = again or [(way, token, total)]
                if rank < self.beams:
                    self.turned.add(way)
                continue
            if token == end:
                if rank < self.beams:
                    self.done.append(Found(self.said[way], total, length, True, way in self.turned))
            elif len(kept) < self.beams:
                kept.append((way, token, total))
            rank += 1
        return kept or ([] if self.done else again)

    def is_over(self, likeliest: float, length: int) -> bool:
        """Whether no beginning is worth following. likeliest: the mean log-probability of the best of them."""
        best = max(self.done, key=lambda found: found.mean, default=None)
        if best is None or best.mean < likeliest:
            return False
        return len(self.done) >= self.beams or length >= best.steps + PATIENCE

    def cut_off(self, kept: list[tuple[int, int, float]], length: int) -> None:
        """The readings where nothing has ended and nothing longer may be read."""
        if not self.done:
            self.done = [
                Found((*self.said[way], token), total, length, False, way in self.turned) for way, token, total in kept
            ]

    def follow(self, kept: list[tuple[int, int, float]]) -> None:
        """Go on with these beginnings alone."""
        self.said = [(*self.said[way], token) for way, token, _ in kept]
        self.turned = {place for place, (way, *_) in enumerate(kept) if way in self.turned}


def search(engine: Engine, pixels: np.ndarray, beams: int) -> list[list[Found]]:
    """The readings of each picture of float32 [B, C, H, W], one to `beams` of them, the likeliest (by its mean) first.

    beams: how many beginnings are followed at once; 1 is greedy.
    """
    seen, past, ends = engine.see(pixels), engine.begin(len(pixels)), engine.ends
    searches = [_Search(picture, beams, [()], [], set()) for picture in range(len(pixels))]
    going = searches  # those of pictures that are still being read: A of them
    last = np.full((len(pixels), 1), ends.start, np.int64)  # [A, K]
    sums = np.zeros((len(pixels), 1))  # [A, K]
    for length in range(1, ends.longest + 1):
        logits, past = engine.step(seen, last, past)
        logits[..., list(ends.never)] = -np.inf
        totals = sums[:, :, None] + _log_softmax(logits)  # [A, K, V]
        still: list[int] = []
        followed: list[list[tuple[int, int, float]]] = []
        for at, one in enumerate(going):
            kept = one.advance(totals[at], length, ends.end)
            if length == ends.longest:
                one.cut_off(kept, length)
            elif kept and not one.is_over(kept[0][2] / length, length):
                still.append(at)
                # as many for each picture, if need be with such as are never chosen
                followed.append(kept + [(0, ends.end, -np.inf)] * (beams - len(kept)))
        if not still:
            break
        rows = np.array(
            [at * last.shape[1] + way for at, kept in zip(still, followed, strict=True) for way, *_ in kept]
        )
        past = engine.select(past, rows)
        if len(still) < len(going):
            seen = engine.keep(seen, np.array(still))
        going = [going[at] for at in still]
        for one, kept in zip(going, followed, strict=True):
            one.follow(kept)
        last = np.array([[token for _, token, _ in kept] for kept in followed], np.int64)
        sums = np.array([[total for _, _, total in kept] for kept in followed])
    return [sorted(one.done, key=lambda found: (-found.mean, found.tokens))[:beams] for one in searches]


def is_repeated(said: tuple[int, ...]) -> bool:
    """Whether these tokens end with one piece again and again, as no formula does (`MANY`).

    >>> is_repeated((1, *[5, 6] * 12)), is_repeated((1, *[5, 6] * 11))
    (True, False)
    """
    for size in range(1, min(LONGEST_PIECE, len(said) // MANY) + 1):
        if said[-1] == said[-1 - size]:
            whole = size * max(MANY, -(-MANY_TOKENS // size))
            if len(said) >= whole and said[-whole:-size] == said[size - whole :]:
                return True
    return False


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    """float32 [..., V] -> float64 [..., V]: double, so that sums of it do not depend on their order."""
    values = logits.astype(np.float64)
    values -= values.max(axis=-1, keepdims=True)
    return values - np.log(np.exp(values).sum(axis=-1, keepdims=True))


def _best(values: np.ndarray, count: int) -> np.ndarray:
    """The places of the `count` greatest values, the greatest first, of equal ones the first."""
    if len(values) > 4 * count:
        least = np.partition(values, len(values) - count)[len(values) - count]
        places = np.flatnonzero(values >= least)
    else:
        places = np.arange(len(values))
    return places[np.argsort(-values[places], kind="stable")][:count]
