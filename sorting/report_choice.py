"""What a report shows of a run: some pages a category, the most doubtful ones, failures, documents in page order.

    shown = choose(run.pages, run.outcomes(), style)     # one pass; of a million pages only what the report shows
    shown.pictures()                                     # {17: page, ...}: those that a picture is made of

The same pages are chosen whether a run was killed or not.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from output.outcome import Failed, Outcome
from reading.documents import Documents, below_categories
from reading.pages import Page, PageList
from sorting.results import TableStyle, top_categories
from utils import printable

EXAMPLES = 10  # pages a category
CATEGORIES = 40  # with examples; the smallest of more have none
DOUBTFUL, FEW = 48, 8  # the most doubtful: a quarter of the sorted pages, from FEW to DOUBTFUL of them
FAILURES = 200  # that are named one by one; the errors table has them all
DOCUMENTS, WITH_PICTURES = 200, 12  # as bars; the first of them with pictures too
PAGES_A_BAR, PAGES_A_STRIP = 400, 24


@dataclass(frozen=True)
class Example:
    """A page that the report shows. number: its place in the page list, 0-based; score: of its category, 0..1.

    second, second_score: the category that came next, "" where there is one category only.
    """

    number: int
    page: Page
    category: str
    score: float
    second: str = ""
    second_score: float = 0.0
    warning: str = ""


@dataclass
class Strip:
    """A document in page order. pages: how many it has; shown: the first of them, those that failed as None with their
    reason beside.
    """

    name: str
    pages: int = 0
    shown: list[tuple[int, Page, Example | None]] = field(default_factory=list)


@dataclass
class Shown:
    """What a report shows of a run.

    per_category: pages by their first category, all categories in order. examples: by category, drawn by chance, in
    page order. doubtful: the least score first. failures: page and reason, in page order. strips: documents in the
    order of their first page; documents: how many there are.
    """

    per_category: dict[str, int]
    examples: dict[str, list[Example]] = field(default_factory=dict)
    doubtful: list[Example] = field(default_factory=list)
    failures: list[tuple[Page, str]] = field(default_factory=list)
    failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    strips: list[Strip] = field(default_factory=list)
    documents: int = 0

    @property
    def pages(self) -> int:
        """All pages: sorted and failed."""
        return sum(self.per_category.values()) + self.failed

    def pictures(self) -> dict[int, Page]:
        """The pages of which a picture is shown, by their place in the page list."""
        wanted = [example for examples in self.examples.values() for example in examples] + self.doubtful
        for strip in self.strips[:WITH_PICTURES]:
            wanted += [example for _, _, example in strip.shown[:PAGES_A_STRIP] if example]
        return {example.number: example.page for example in sorted(wanted, key=lambda one: one.number)}


def choose(pages: PageList, outcomes: Iterable[Outcome], style: TableStyle) -> Shown:
    """What of a run is shown; one pass, nothing of the other pages is kept.

    outcomes: one a page, in page order. style: says the categories, in the order of the scores, and what is a document.
    """
    shown = Shown(dict.fromkeys(style.categories, 0))
    named = any(page.id for page in pages.pages)  # by a document, which then is one
    rule = Documents((page.path for page in pages.pages), style, below_categories(style.categories))
    drawn: dict[str, list[tuple[int, int, Example]]] = {category: [] for category in style.categories}
    least: list[tuple[float, int, Example]] = []
    strips: dict[str, Strip] = {}
    every: set[str] = set()
    for number, (page, outcome) in enumerate(zip(pages.pages, outcomes, strict=False)):
        document = page.file if named else rule.of(page)
        every.add(document)
        if len(strips) < DOCUMENTS and document not in strips:
            strips[document] = Strip(document)
        example = None
        if isinstance(outcome, Failed):
            reason = printable(" ".join(outcome.reason.split()))
            shown.failed += 1
            shown.reasons[reason] += 1
            if len(shown.failures) < FAILURES:
                shown.failures.append((page, reason))
        else:
            example = _example(number, page, outcome.scores, style.categories, printable(outcome.warning))
            shown.per_category[example.category] += 1
            if outcome.warning:
                shown.warnings[example.warning] += 1
            _keep(drawn[example.category], (-_chance(page), -number, example), EXAMPLES)
            _keep(least, (-example.score, -number, example), DOUBTFUL)
        if strip := strips.get(document):
            strip.pages += 1
            if len(strip.shown) < PAGES_A_BAR:
                strip.shown.append((number, page, example))
    largest = sorted(style.categories, key=lambda one: -shown.per_category[one])[:CATEGORIES]
    for category in style.categories:
        if category in largest and drawn[category]:
            examples = [example for _, _, example in drawn[category]]
            shown.examples[category] = sorted(examples, key=lambda one: one.number)
    doubtful = sorted((example for _, _, example in least), key=lambda one: (one.score, one.number))
    shown.doubtful = doubtful[: max(FEW, (shown.pages - shown.failed) // 4)]
    shown.strips, shown.documents = list(strips.values()), len(every)
    return shown


def _example(number: int, page: Page, scores: list[float], categories: list[str], warning: str) -> Example:
    best, *others = top_categories(scores, min(2, len(scores)))
    second = (categories[others[0]], scores[others[0]]) if others else ("", 0.0)
    return Example(number, page, categories[best], scores[best], *second, warning)


def _keep(heap: list, entry: tuple, most: int) -> None:
    """Keep an entry if it is among the `most` greatest."""
    if len(heap) < most:
        heapq.heappush(heap, entry)
    else:
        heapq.heappushpop(heap, entry)


def _chance(page: Page) -> int:
    """A number that is drawn for a page, always the same."""
    text = f"{printable(page.path)}\n{page.frame}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
