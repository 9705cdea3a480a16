"""What fit_confidence.py fits: a temperature that grows with a page's unlikeness, and the score from which on to trust.

    fitted = fit(sources)                                   # Confidence(temperature=0.7, slope=0.25)
    apart = left_out(sources)                               # for each origin: fitted on all others
    review_below(sources, apart)                            # 0.93, or 0.0 where no score is safe

Few numbers are fitted (two, and the threshold), for there are few real pages, and the lower side is preferred: a score
must hold for pages from elsewhere, of which nobody has labels. All judging is of sources that the fit did not see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from common import no_command

from training.data import LabelledPages
from utils import softmax

TEMPERATURES = np.exp(np.linspace(np.log(0.25), np.log(4), 57))  # ratio 1.05
SLOPES = np.linspace(0, 1.2, 25)
BINS = 10  # of SCORE-1, equally wide
RIGHT = 0.97  # of the pages above the threshold
THRESHOLDS = np.round(np.arange(0.5, 0.996, 0.005), 3)
# Of pages of a known kind so many that are right count as wrong: out of fold the real pages beside the project came out
# 7 points better than by a model that had seen no real page (94.6 and 87.5 %), and nobody's pages are like those.
MARGIN = 0.07
ENOUGH = 50  # pages of one origin: more of them do not count more
DRAWN = "drawn"  # how origins of drawn pages begin: together they weigh as much as one origin of real pages


@dataclass(frozen=True)
class Source:
    """Pages from one place, as a model sees them that did not learn them.

    origin: what is left out together; name: of these pages. logits: [N, C], truth: [N]; steps: [N], see
    `encoders.unlikeness`. known: whether the model has learned pages of this origin or kind, other ones than these.
    """

    origin: str
    name: str
    logits: np.ndarray
    truth: np.ndarray
    steps: np.ndarray
    known: bool

    @property
    def right(self) -> np.ndarray:
        """Whether the first category is the page's, [N]; no temperature changes that."""
        return self.logits.argmax(axis=1) == self.truth


@dataclass(frozen=True)
class Confidence:
    """temperature: of ordinary pages; slope: of its logarithm, a step of unlikeness."""

    temperature: float
    slope: float

    def best(self, source: Source) -> np.ndarray:
        """SCORE-1 of each page of a source, [N]."""
        temperatures = self.temperature * np.exp(self.slope * source.steps)
        return softmax(source.logits / temperatures[:, None]).max(axis=1)


@dataclass(frozen=True)
class Spec:
    """What `--real` or `--drawn` names: pages of one source, kinds[i] of what kind (drawn ones only)."""

    name: str
    labelled: LabelledPages
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pages:
    """Pages that judge: a source, and which pages of a `Spec` it is. unlike: [N] in 0..1. how: by whom, in words."""

    source: Source
    spec: Spec
    indices: np.ndarray
    unlike: np.ndarray
    how: str


def fit(sources: Sequence[Source]) -> Confidence:
    """The likeliest confidence: is the first category right, with a probability of SCORE-1?"""
    return _best(list(map(_losses, sources)), weights_of(sources))


def left_out(sources: Sequence[Source]) -> dict[str, Confidence]:
    """For each origin the confidence that is fitted on all others."""
    losses, weights = list(map(_losses, sources)), weights_of(sources)
    apart = {}
    for origin in sorted({source.origin for source in sources}):
        others = [number for number, source in enumerate(sources) if source.origin != origin] or range(len(sources))
        apart[origin] = _best([losses[number] for number in others], [weights[number] for number in others])
    return apart


def _best(losses: Sequence[np.ndarray], weights: Sequence[float]) -> Confidence:
    total = sum(weight * loss for weight, loss in zip(weights, losses, strict=True))
    row, column = np.unravel_index(int(np.argmin(total)), total.shape)
    return Confidence(round(float(TEMPERATURES[row]), 4), round(float(SLOPES[column]), 3))


def _losses(source: Source) -> np.ndarray:
    """Mean negative log likelihood (nats) of what was right, for all temperatures and slopes, [T, S]."""
    losses = np.empty((len(TEMPERATURES), len(SLOPES)))
    share = source.right * (1 - MARGIN if source.known else 1.0)
    for row, temperature in enumerate(TEMPERATURES):
        for column, slope in enumerate(SLOPES):
            sure = np.clip(Confidence(temperature, slope).best(source), 1e-6, 1 - 1e-6)
            losses[row, column] = -(share * np.log(sure) + (1 - share) * np.log1p(-sure)).mean()
    return losses


def weights_of(sources: Sequence[Source]) -> list[float]:
    """What each source weighs: its share of the pages of its origin, which weighs 1 from `ENOUGH` pages on, and less
    with fewer. All drawn origins count as one.
    """
    pages: dict[str, int] = {}
    for source in sources:
        pages[_weighed(source)] = pages.get(_weighed(source), 0) + len(source.truth)
    return [len(source.truth) / max(pages[_weighed(source)], ENOUGH) for source in sources]


def _weighed(source: Source) -> str:
    return DRAWN if source.origin.startswith(DRAWN) else source.origin


def calibration_error(best: np.ndarray, right: np.ndarray) -> float:
    """The mean gap between score and share of right pages, over `BINS` equally wide bins, weighted by their pages."""
    bin_of = np.minimum((best * BINS).astype(int), BINS - 1)
    return sum(abs(best[bin_of == one].sum() - right[bin_of == one].sum()) for one in range(BINS)) / len(best)


def perfect_error(best: np.ndarray, draws: int = 500) -> float:
    """The median calibration error if each of these scores were true: what so few pages show at best."""
    rng = np.random.default_rng(0)
    return float(np.median([calibration_error(best, rng.random(len(best)) < best) for _ in range(draws)]))


def review_below(sources: Sequence[Source], apart: Mapping[str, Confidence]) -> float:
    """The lowest threshold from which on `RIGHT` of the pages of each source are right, and of all higher thresholds
    too (of drawn pages: of all kinds together); each source is scored by the confidence that was fitted without it. 0
    where no threshold is.
    """
    groups: dict[str, list[Source]] = {}
    for source in sources:  # drawn pages together: of five pages of one kind a single wrong one says nothing
        groups.setdefault(DRAWN if source.origin.startswith(DRAWN) else source.name, []).append(source)
    scored = [
        (
            np.concatenate([apart[source.origin].best(source) for source in group]),
            np.concatenate([source.right for source in group]),
        )
        for group in groups.values()
    ]
    safe = 0.0
    for threshold in THRESHOLDS[::-1]:
        shares = [right[best >= threshold].mean() for best, right in scored if (best >= threshold).any()]
        if shares and min(shares) < RIGHT:
            break
        safe = float(threshold) if shares else 0.0
    return safe


if __name__ == "__main__":
    no_command("python data_scripts/fit_confidence.py --help")
