"""A document's pages decided together: a hidden Markov model over page order (`[output] sequence`).

    shown = Together(run, transitions, style)       # as tables, reports and formats of archives ask for a run
    shown.outcomes()                                # scores given all pages of the document
    shown.raw_outcomes()                            # what each page says by itself

A page's category is hidden, its picture is seen. The score is what the page says by itself: P(category | picture). By
Bayes' rule P(picture | category) is in proportion to score / share of the category, as in hybrids of networks and
hidden Markov models for speech (Bourlard and Morgan, Connectionist Speech Recognition, 1994). The share is the one that
the transitions themselves lead to: a page alone, or between pages that say nothing, so keeps its score. Then
forward-backward (Rabiner, Proc. IEEE 77, 1989) gives P(category | all pictures of the document): the new score.

A page that failed says nothing, and so do pages that are not there: between pages 3 and 7 stand four transitions.
The journal keeps what each page says by itself. Tables are decided when they are written, from all of it: kills,
batches and shards do not matter. Memory: the document in work, where its pages follow each other in the list.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from output.outcome import Outcome, Scored
from reading.documents import Documents, Reading, below_categories
from reading.pages import Page, PageList

if TYPE_CHECKING:
    from output.runs import Run
    from sorting.since import Joined
    from sorting.transitions import Transitions


@dataclass(slots=True)
class _Held:
    """A page whose document is not complete yet."""

    page: Page
    outcome: Outcome
    done: bool = False


class Together:
    """A run, or one joined with an earlier one, whose documents are decided as wholes.

    joined: the run with the pages that an earlier one has sorted, where they are part of its documents and not of its
    tables (`--since` without `--joined`).
    """

    def __init__(
        self, run: Run | Joined, transitions: Transitions, read: Reading, joined: Joined | None = None
    ) -> None:
        self.name, self.output, self.final = run.name, run.output, run.final
        self.pages = run.pages
        self.raw_outcomes = run.outcomes
        self._run, self._joined, self._transitions, self._read = run, joined, transitions, read

    @property
    def doubted(self) -> int:
        """How many of the pages done came with a warning."""
        return self._run.doubted

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes of all pages done, in page order."""
        whole = self._joined or self._run
        outcomes = decided(whole.pages, whole.outcomes(), self._transitions, self._read)
        if self._joined is None:
            return outcomes
        return (outcome for outcome, taken in zip(outcomes, self._joined.taken, strict=False) if not taken)


def decided(pages: PageList, outcomes: Iterable[Outcome], transitions: Transitions, read: Reading) -> Iterator[Outcome]:
    """Each page's outcome given all pages of its document; where fewer than two were scored, as it is.

    outcomes: one a page, in page order; where they end early, documents are decided from what is there. read: says what
    a document is (reading/documents.py).
    """
    of = _document_of(pages, read, transitions.categories)
    left = Counter(map(of, pages.pages))
    begun: dict[Hashable, list[_Held]] = {}
    waiting: deque[_Held] = deque()
    for page, outcome in zip(pages.pages, outcomes, strict=False):
        held, document = _Held(page, outcome), of(page)
        waiting.append(held)
        begun.setdefault(document, []).append(held)
        left[document] -= 1
        if not left[document]:
            _decide(begun.pop(document), transitions)
            while waiting and waiting[0].done:
                yield waiting.popleft().outcome
    for document in begun.values():
        _decide(document, transitions)
    for held in waiting:
        yield held.outcome


def _document_of(pages: PageList, read: Reading, categories: Sequence[str]) -> Callable[[Page], Hashable]:
    """What tells a page's document from others. Documents of one name in several folders, or files, are several; the
    folders that are named as categories do not count."""
    if any(page.id for page in pages.pages):  # named by a document (a METS file, say), which then is one
        return lambda page: page.file
    below = below_categories(categories)
    rule = Documents((page.path for page in pages.pages), read, below)
    return lambda page: (rule.of(page), below(page.path) if page.frame is None else page.path)


def _decide(document: list[_Held], transitions: Transitions) -> None:
    """Put the outcomes of a document's pages in place of those that the pages have by themselves."""
    for held in document:
        held.done = True
    if sum(isinstance(held.outcome, Scored) for held in document) < 2:
        return
    document.sort(key=lambda held: page_order(held.page))
    scores = np.full((len(document), len(transitions.categories)), np.nan)  # [pages, C]
    for row, held in zip(scores, document, strict=True):
        if isinstance(held.outcome, Scored):
            row[:] = held.outcome.scores
    at = places([held.page for held in document])
    for held, row in zip(document, posterior(scores, at, transitions).tolist(), strict=True):
        if isinstance(held.outcome, Scored):
            held.outcome = replace(held.outcome, scores=row)


def page_order(page: Page) -> tuple[Any, ...]:
    """What the pages of one document are sorted by: IMG_9 stands before IMG_10. Where a document names its pages (a
    METS file, say) they stay in its order: the same for all."""
    names = [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", page.file)]
    return () if page.id else (names, page.number, page.path)


def places(document: Sequence[Page]) -> list[int]:
    """Where the pages of a document, in order, stand in it, from 0: by their numbers, where they are of one name; else
    each stands behind the one before it."""
    at = [0]
    for one, other in itertools.pairwise(document):
        numbered = one.file == other.file and not one.id
        at.append(at[-1] + max(1, other.number - one.number if numbered else 1))
    return at


def posterior(scores: np.ndarray, at: Sequence[int], transitions: Transitions) -> np.ndarray:
    """P(category | all pages) of one document's pages in order, [pages, C]; rows sum to 1.

    scores: P(category | page) [pages, C], rows of NaN for pages of which nothing is known. at: their places, ascending.
    """
    seen = np.where(np.isnan(scores), 1.0, scores / transitions.share)  # in proportion to P(picture | category)
    steps = [transitions.after(following - page) for page, following in itertools.pairwise(at)]
    forward, backward = seen.copy(), np.ones_like(seen)
    forward[0] *= transitions.share
    for page, step in enumerate(steps, 1):
        forward[page] *= _sum_to_one(forward[page - 1]) @ step
    for page in range(len(steps) - 1, -1, -1):
        backward[page] = steps[page] @ _sum_to_one(seen[page + 1] * backward[page + 1])
    both = forward * backward
    return both / both.sum(axis=1, keepdims=True)


def _sum_to_one(row: np.ndarray) -> np.ndarray:
    return row / row.sum()
