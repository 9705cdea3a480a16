"""Answers that people gave on pages, and what follows from them: what stands, what is disputed, how well people agree.

    known = Answers()
    known.add(answer)                                  # in the order in which they were saved
    known.standing("box/a-1.png", 1)                   # {"Anna": Answer(...), "Ben": Answer(...)}
    known.verdict("box/a-1.png", 1)                    # "TEXT_P", "" where nobody or no majority decided

Nothing is ever taken away: an undo is an answer that `undoes` another one, and the one before it stands again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise
from math import sqrt

from reading.pages import Stamp

NONE = "none of these"  # the answer that no category fits: nothing to train on


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said of a page, once.

    number: in the order of saving, from 1. answer: what the browser calls it, the same only once. undoes: the `answer`
    that it takes back, "" = none. category: "" for an undo after which nothing of this person stands. before: what
    stood of this person until then. guess, score: of the model. blind: whether the guess was hidden. seconds: that the
    person looked. when: ISO time. stamp: of the page's file as it was then. blind of an undo: whether it still was.
    """

    number: int
    answer: str
    undoes: str
    person: str
    path: str
    page: int
    category: str
    note: str
    seconds: float
    when: str
    view: str
    blind: bool
    guess: str
    score: float
    before: str
    stamp: Stamp


class Answers:
    """All answers on the pages of a run."""

    def __init__(self) -> None:
        self._all: dict[str, Answer] = {}
        self._of_page: dict[tuple[str, int], list[Answer]] = {}
        self._of_person: dict[str, list[Answer]] = {}
        self._undone: set[str] = set()
        self._blind: dict[tuple[str, int], None] = {}  # pages on which somebody answered without the guess

    def add(self, answer: Answer) -> None:
        """Take up an answer that was saved."""
        self._all[answer.answer] = answer
        self._of_page.setdefault((answer.path, answer.page), []).append(answer)
        self._of_person.setdefault(answer.person, []).append(answer)
        if answer.undoes:
            self._undone.add(answer.undoes)
        if answer.blind:
            self._blind[answer.path, answer.page] = None

    def get(self, answer: str) -> Answer | None:
        """The answer of that name."""
        return self._all.get(answer)

    def is_undone(self, answer: str) -> bool:
        """Whether an answer was taken back."""
        return answer in self._undone

    @property
    def pages(self) -> Iterator[tuple[str, int]]:
        """(PATH, PAGE) of all pages that anybody answered on."""
        return iter(list(self._of_page))

    @property
    def people(self) -> list[str]:
        """Who answered, in alphabetic order."""
        return sorted(self._of_person)

    def standing(self, path: str, page: int, without: str = "") -> dict[str, Answer]:
        """Person -> the answer that stands, or would without one of them."""
        stands: dict[str, Answer] = {}
        for answer in self._of_page.get((path, page), ()):
            if not answer.undoes and answer.answer not in self._undone and answer.answer != without:
                stands[answer.person] = answer
        return stands

    def was_answered(self, path: str, page: int) -> bool:
        """Whether anybody ever answered on a page, undone or not: its guess may have been seen."""
        return (path, page) in self._of_page

    def verdict(self, path: str, page: int) -> str:
        """The category that more than half of the people say; "" where there is none."""
        said = Counter(answer.category for answer in self.standing(path, page).values())
        category, times = said.most_common(1)[0] if said else ("", 0)
        return category if 2 * times > said.total() else ""

    def mine(self, person: str) -> list[Answer]:
        """The answers of a person that are not taken back, the newest first."""
        mine = reversed(list(self._of_person.get(person, ())))
        return [answer for answer in mine if not answer.undoes and answer.answer not in self._undone]

    def given(self, person: str = "") -> list[Answer]:
        """The answers that stand, of all people or of one."""
        pages = {(one.path, one.page) for one in list(self._of_person.get(person, ()))} if person else self.pages
        stands = [answer for page in pages for answer in self.standing(*page).values()]
        return [answer for answer in stands if person in ("", answer.person)]

    def blind(self) -> list[Answer]:
        """What each person said of a page first, without its guess: what the error rate of the model is told from.

        It counts whatever they say later, with the guess in view. A slip that was taken back before the guess was
        shown does not, nor where nothing follows it; what was said in its place, still without the guess, does.
        """
        found = [_first_blind(said) for page in list(self._blind) for said in self._by_person(page)]
        return [answer for answer in found if answer is not None and answer.guess]

    def _by_person(self, page: tuple[str, int]) -> Iterable[list[Answer]]:
        """All that each person said of a page, undos too, in its order."""
        said: dict[str, list[Answer]] = {}
        for answer in list(self._of_page[page]):
            said.setdefault(answer.person, []).append(answer)
        return said.values()


def _first_blind(said: Iterable[Answer]) -> Answer | None:
    """The answer of one person on one page that counts as blind, see `Answers.blind`."""
    first, slipped = None, False
    for answer in said:
        if answer.undoes:
            slipped = slipped or (first is not None and answer.undoes == first.answer and answer.blind)
        elif first is None and not answer.blind:
            return None
        elif first is None or (slipped and answer.blind):
            first, slipped = answer, False
        else:
            slipped = False
    return None if slipped else first


def agreement(answers: Iterable[Answer]) -> float | None:
    """The share of answers that are the model's guess, 0..1; None for no answers."""
    right = [answer.category == answer.guess for answer in answers if answer.guess]
    return sum(right) / len(right) if right else None


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share, by Wilson.

    >>> low, high = wilson(2, 20); f"{low:.3f} {high:.3f}"
    '0.028 0.301'
    """
    if not n:
        return 0.0, 1.0
    z, share = 1.959964, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Cohen's kappa of two people's categories on the same pages; None where it is not defined.

    >>> kappa([("A", "A"), ("B", "B"), ("A", "B"), ("B", "B")])
    0.5
    """
    pairs = list(pairs)
    if not pairs:
        return None
    seen = sum(one == other for one, other in pairs) / len(pairs)
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(ones[name] * others[name] for name in ones) / len(pairs) ** 2
    return (seen - by_chance) / (1 - by_chance) if by_chance < 1 else None


def kappas(answers: Answers) -> list[tuple[str, str, int, float | None]]:
    """(person, other person, pages that both decided, kappa) of all pairs of people, most pages first."""
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for page in answers.pages:
        stands = answers.standing(*page)
        for one, other in combinations(sorted(stands), 2):
            pairs.setdefault((one, other), []).append((stands[one].category, stands[other].category))
    found = [(one, other, len(said), kappa(said)) for (one, other), said in pairs.items()]
    return sorted(found, key=lambda pair: -pair[2])


def pages_per_hour(answers: Iterable[Answer]) -> float:
    """How fast a person went, pauses of more than five minutes left out; 0 where it cannot be told: in the first two
    minutes.
    """
    times = sorted(datetime.fromisoformat(answer.when).timestamp() for answer in answers)
    gaps = [after - before for before, after in pairwise(times) if after - before <= 300]
    busy = sum(gaps)
    return 3600 * len(gaps) / busy if busy >= 120 else 0.0
