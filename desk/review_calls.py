"""What the calls of review are asked and answer, as pydantic models; /openapi.json shows them.

AnswersGiven(person="Anna", answers=[{"page": 0, "category": "TEXT_P", "answer": "3d9f0c52-..."}])
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

MOST_PAGES, MOST_ANSWERS = 500, 500  # of a request
NAME, NOTE = 60, 2000  # characters
BIGGEST = 2**31  # a number of a page


# Text that files and terminals hold: no control characters; a name is not all blanks.
TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"


def _one_blank(text: str) -> str:
    """Blanks at its ends taken off, those within made one."""
    return " ".join(text.split())


def _no_switch(value: object) -> object:
    """JSON's true is no number."""
    if isinstance(value, bool):
        raise ValueError("is no number")
    return value


Person = Annotated[
    str, Field(min_length=1, max_length=NAME, pattern=ONE_LINE, examples=["Anna"]), AfterValidator(_one_blank)
]
Category = Annotated[
    str, Field(min_length=1, max_length=150, pattern=ONE_LINE, examples=["TEXT_P"]), AfterValidator(_one_blank)
]
Note = Annotated[str, Field(max_length=NOTE, pattern=TEXT)]
Run = Annotated[str, Field(max_length=600)]
Unique = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,64}$", examples=["3d9f0c52-7f4e-4c1b-9a63-1c1f1f0a7d11"])]
PageId = Annotated[int, Field(ge=0, lt=BIGGEST, examples=[0]), BeforeValidator(_no_switch)]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False), BeforeValidator(_no_switch)]


class CategoryCount(BaseModel):
    """A category of the run. count: pages of it by the guess, without blind ones; key: "" = the browser chooses."""

    name: str
    key: str = ""
    count: int


class ReviewAbout(BaseModel):
    """What lies on the desk. token: what answers on it name as their `run`, another one where the rows of the table are
    others; extra: other answers that can be given; decided: pages that anybody decided.
    """

    token: str
    run: str
    table: str
    model: str
    input: str
    categories: list[CategoryCount]
    extra: list[str]
    total: int
    doubles: int  # rows of the table that name a page again, and are left out
    decided: int
    people: list[str]


class Guess(BaseModel):
    """A category and its score, 0..1."""

    category: str
    score: float


class Decision(BaseModel):
    """What a person said of a page, and stands."""

    person: str
    category: str
    note: str
    when: str


class PageShown(BaseModel):
    """A page. guess: [] where it is blind; lent_to: who looks at it, "" = nobody; doubts: why it is worth a look."""

    id: int
    path: str
    file: str
    page: int
    guess: list[Guess]
    warning: str
    blind: bool
    decisions: list[Decision]
    lent_to: str
    doubts: list[str]


class PageAlone(PageShown):
    """before, after: its neighbours in its document, -1 = none. alternatives: all categories that the table has."""

    before: int
    after: int
    alternatives: list[Guess]


class QueuePart(BaseModel):
    """total: pages that fit; pages: the next of them."""

    total: int
    pages: list[PageShown]


class AnswerGiven(BaseModel):
    """An answer. answer: a name that the browser makes for it; seconds: that the page was looked at; blind: whether
    its guess was hidden as it was given, false where that is not known.
    """

    page: PageId
    category: Category
    note: Note = ""
    seconds: Seconds = 0.0
    blind: bool = Field(False, strict=True)
    answer: Unique


class AnswersGiven(BaseModel):
    """Answers of one person. run: the `token` of the run whose pages were shown; "" = whichever lies on the desk."""

    run: Run = ""
    person: Person
    view: Literal["grid", "page"] = "page"
    answers: list[AnswerGiven] = Field(min_length=1, max_length=MOST_ANSWERS)


class Saved(BaseModel):
    """saved: names of answers that are on the disk; decided: pages that anybody decided."""

    saved: list[str]
    decided: int


class UndoGiven(BaseModel):
    """answer: the one to take back; undo: a name for that; run, blind: as of answers."""

    run: Run = ""
    person: Person
    answer: Unique
    undo: Unique
    blind: bool = Field(False, strict=True)


class OwnAnswer(BaseModel):
    """An answer of a person's own. page: -1 where the table has that page no more."""

    answer: str
    page: int
    category: str
    note: str
    when: str


class OwnAnswers(BaseModel):
    """The newest first."""

    answers: list[OwnAnswer]


class LendGiven(BaseModel):
    """Pages that a person looks at. run: as of answers."""

    run: Run = ""
    person: Person
    pages: list[PageId] = Field(min_length=1, max_length=MOST_PAGES)


class Taken(BaseModel):
    """A page that another person looks at. until: seconds since 1970."""

    page: int
    person: str
    until: float


class Lent(BaseModel):
    """Which pages are lent, and which others have."""

    lent: list[int]
    taken: list[Taken]


class Agreement(BaseModel):
    """Share of answers that are the guess, 0..1, None = none yet: where it was seen, where it was not."""

    seen: float | None
    blind: float | None


class BlindError(BaseModel):
    """How often the model was wrong on n blind pages, and the 95 % interval of that share (Wilson)."""

    n: int
    wrong: int
    low: float
    high: float


class Progress(BaseModel):
    """How far it is. kappa: Cohen's, of the two people with most pages in common; None = nobody has."""

    decided: int
    agreement: Agreement
    blind: BlindError
    pages_per_hour: float
    disputed: int
    kappa: float | None


class CategoryGiven(BaseModel):
    """A category to add. run: as of answers."""

    run: Run = ""
    person: Person
    name: Category


class Extra(BaseModel):
    """The answers beside the run's categories."""

    extra: list[str]
