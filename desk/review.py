"""The room of review: a run's pages, the doubtful ones first, and what people say of them.

    room = review_room(desk)                                        # a Room of desk/app.py
    curl "http://127.0.0.1:8765/api/review/queue?order=doubtful&count=60"

| call | answers |
|---|---|
| `GET /api/review` | the run, its categories, who decided |
| `GET /api/review/queue` | pages in an order, filtered, a few at a time |
| `GET /api/review/pages/ID`, `.../picture` | one page with its neighbours; its picture |
| `POST /api/review/decisions`, `undo`, `lend`, `categories` | what people say; on the disk before it is answered |
| `GET /api/review/mine`, `progress` | a person's own answers; how far it is, how well people and model agree |
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path as File
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from desk.answers import NONE, Answer, agreement, kappas, pages_per_hour, wilson
from desk.app import Reason, Room
from desk.decisions import Decisions, Given
from desk.desk import REVIEW, Desk
from desk.pictures import SIZES, Pictures
from desk.queue import PAGE, Order, Queue, Row
from desk.refused import Refused
from desk.review_calls import (
    BIGGEST,
    MOST_PAGES,
    NAME,
    Agreement,
    AnswerGiven,
    AnswersGiven,
    BlindError,
    CategoryCount,
    CategoryGiven,
    Decision,
    Extra,
    Guess,
    LendGiven,
    Lent,
    OwnAnswer,
    OwnAnswers,
    PageAlone,
    PageShown,
    Person,
    Progress,
    QueuePart,
    ReviewAbout,
    Saved,
    Taken,
    UndoGiven,
)
from desk.trail import Contents
from encoders.descriptions import same_label
from encoders.labels import folder_name_problem, same_name
from reading.pages import stamp_of
from utils import did_you_mean

EXTRA = (NONE, "blank", "cover", "chart")  # answers that every run has
AHEAD = 24  # tiles that are made ready behind those that were listed
OfRun = Annotated[str, Query(max_length=600, description="the `token` of the run that is meant, else any")]


def review_room(desk: Desk) -> Room | str:
    """The room, or why there is none. UserError: a table that cannot be read, decisions that cannot be kept."""
    if desk.lacking:
        return desk.lacking
    queue = Queue.open(desk)
    pictures = Pictures(desk.pages, desk.output / REVIEW / "_pictures", desk.settings.input.max_pixels)
    told = desk.record.get("model")
    model = {name: str(told.get(name, "")) for name in ("name", "hash")} if isinstance(told, dict) else {}

    def place(path: str) -> File | None:
        try:
            return pictures.place(path)
        except Refused:
            return None

    decisions = Decisions(desk.review, Contents(place), model)
    review = Review(queue, decisions, place)
    token = _token(desk, queue)
    may_answer = {status: {"model": Reason} for status in (404, 408, 409, 423, 429)}
    router = APIRouter(prefix="/api/review", tags=["review"], responses=may_answer)

    def check(run: str) -> None:
        if run not in ("", token):  # its numbers are other pages here
            raise Refused(423, "another run lies on the desk now: load this page again; answers are kept for theirs")

    @router.get("", summary="The run, its categories, who decided")
    def about() -> ReviewAbout:
        counted = zip(queue.categories, queue.counts(), strict=True)
        return ReviewAbout(
            token=token,
            run=desk.run,
            table=desk.table.name,
            model=model.get("name", ""),
            input=str(desk.pages),
            categories=[CategoryCount(name=name, count=count) for name, count in counted],
            extra=review.extra,
            total=len(queue),
            doubles=queue.doubles,
            decided=review.count,
            people=decisions.answers.people,
        )

    @router.get("/queue", summary="Pages in an order, filtered, a few at a time")
    def listed(
        order: Order = "doubtful",
        category: Annotated[str, Query(max_length=200)] = "",
        document: Annotated[str, Query(max_length=500)] = "",
        search: Annotated[str, Query(max_length=500)] = "",
        state: Literal["open", "decided", "all", "disputed"] = "open",
        after: Annotated[int, Query(ge=-1, lt=BIGGEST)] = -1,
        count: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 60,
        run: OfRun = "",
    ) -> QueuePart:
        """Those behind the page `after`, whether it still fits or not: answers take pages out of a queue."""
        check(run)
        ids = queue.ids(order, same_label(category), document, search)
        start = 0 if after < 0 else 1 + review.place(after, ids)
        behind = review.fitting(ids[start:], state)
        total = len(behind) + len(review.fitting(ids[:start], state))
        rows = [queue.row(at) for at in behind[: count + AHEAD]]
        pictures.prepare([(row.path, row.page) for row in rows], "320")
        return QueuePart(total=total, pages=[PageShown(**review.shown(row)) for row in rows[:count]])

    @router.get("/pages/{page}", summary="One page, with its neighbours")
    def alone(page: Annotated[int, Path(ge=0, lt=BIGGEST)], run: OfRun = "") -> PageAlone:
        check(run)
        row = review.row(page)
        shown = review.shown(row)
        before, after = queue.neighbours(page)
        beside = [queue.row(at) for at in (before, after) if at >= 0]
        pictures.prepare([(near.path, near.page) for near in beside], "320")
        return PageAlone(**shown, before=before, after=after, alternatives=shown["guess"])

    @router.get(
        "/pages/{page}/picture",
        summary="The picture of a page",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}, 304: {"description": "it has not changed"}},
    )
    async def picture(
        request: Request,
        page: Annotated[int, Path(ge=0, lt=BIGGEST)],
        width: Annotated[str, Query(json_schema_extra={"enum": list(SIZES)})] = "320",
        run: OfRun = "",
    ) -> Response:
        """As JPEG, `width` pixels at its longest side. 422 with the reason where the page cannot be read."""
        check(run)
        if width not in SIZES:
            raise Refused(422, f"width: one of {', '.join(SIZES)}")
        row = review.row(page)
        known = request.headers.get("if-none-match", "").strip('"')
        made = await pictures.of(row.path, row.page, width, known)
        # asked again each time: the same address is another page once another run lies on the desk
        headers = {"ETag": f'"{made.tag}"', "Cache-Control": "private, no-cache"}
        return Response(made.data, 200 if made.data else 304, headers, "image/jpeg" if made.data else None)

    @router.post("/decisions", summary="Answers on pages; they are on the disk when this is answered")
    def decide(given: AnswersGiven) -> Saved:
        check(given.run)
        saved = decisions.save([review.given(given.person, given.view, one) for one in given.answers])
        return Saved(saved=saved, decided=review.count)

    @router.post("/undo", summary="Take an answer back, by a further line")
    def undo(given: UndoGiven) -> Saved:
        check(given.run)
        saved = decisions.undo(given.person, given.answer, given.undo, given.blind)
        return Saved(saved=saved, decided=review.count)

    @router.get("/mine", summary="A person's own answers that stand, the newest first")
    def mine(person: Annotated[Person, Query()], count: Annotated[int, Query(ge=1, le=100_000)] = 10_000) -> OwnAnswers:
        return OwnAnswers(answers=[review.own(answer) for answer in decisions.answers.mine(person)[:count]])

    @router.post("/lend", summary="Lend pages to a person for some minutes")
    def lend(given: LendGiven) -> Lent:
        check(given.run)
        rows = [review.row(page) for page in dict.fromkeys(given.pages)]
        taken = decisions.lend(given.person, [(row.path, row.page) for row in rows])
        had = [(row.id, *taken[row.path, row.page]) for row in rows if (row.path, row.page) in taken]
        return Lent(
            lent=[row.id for row in rows if (row.path, row.page) not in taken],
            taken=[Taken(page=page, person=person, until=until) for page, person, until in had],
        )

    @router.get("/progress", summary="How far it is, and how well people and model agree")
    def progress(person: Annotated[str, Query(max_length=NAME)] = "") -> Progress:
        return review.progress(" ".join(person.split()))

    @router.post("/categories", summary="Add a category of your own")
    def add(given: CategoryGiven) -> Extra:
        check(given.run)
        review.add_category(given.person, same_label(given.name))
        return Extra(extra=review.extra)

    def close() -> None:
        pictures.close()
        decisions.close()

    return Room("review", "review.html", router, close)


def _token(desk: Desk, queue: Queue) -> str:
    """What is looked through: another one where the rows are others, or lie elsewhere, as a number then means another
    page.
    """
    digest = hashlib.blake2b(os.fsencode(desk.review.resolve()), digest_size=8)
    digest.update(queue.scan.keys[PAGE].tobytes())
    return f"{desk.run}/{desk.table.name}/{digest.hexdigest()}"


class Review:
    """What stands of a queue. decided, disputed: bool [N]."""

    def __init__(self, queue: Queue, decisions: Decisions, place: Callable[[str], File | None]) -> None:
        self._queue, self._decisions, self._place = queue, decisions, place
        self._decided, self._disputed = np.zeros(len(queue), bool), np.zeros(len(queue), bool)
        decisions.on_change(self._changed)

    @property
    def count(self) -> int:
        """Pages that anybody decided."""
        return int(np.count_nonzero(self._decided))

    @property
    def extra(self) -> list[str]:
        """The answers beside the run's categories: no two that could not be folders beside each other."""
        taken = {same_name(name) for name in self._queue.categories}
        return [name for name in (*EXTRA, *self._decisions.categories) if same_name(name) not in taken]

    def fitting(self, ids: np.ndarray, state: str) -> np.ndarray:
        """Those of a state."""
        masks = {"open": ~self._decided, "decided": self._decided, "disputed": self._disputed}
        return ids[masks[state][ids]] if state in masks else ids

    def place(self, page: int, ids: np.ndarray) -> int:
        """Where a page stands in an order. Refused (404): nowhere."""
        found = np.flatnonzero(ids == page)
        if not len(found):
            raise Refused(404, f"page {page} does not stand in this queue: begin at its start, without `after`")
        return int(found[0])

    def row(self, page: int) -> Row:
        """A row. Refused (404): there is none."""
        if not 0 <= page < len(self._queue):
            raise Refused(404, f"there is no page {page}: the table has {len(self._queue)}, from 0 on")
        return self._queue.row(page)

    def shown(self, row: Row) -> dict:
        """The fields of `PageShown`."""
        stands = self._decisions.answers.standing(row.path, row.page)
        blind = self._is_blind(row)
        guess = [] if blind else [Guess(category=name, score=round(score, 6)) for name, score in row.guess]
        said = [
            Decision(person=one.person, category=one.category, note=one.note, when=one.when) for one in stands.values()
        ]
        lent_to = self._decisions.lent_to(row.path, row.page)
        return {**row._asdict(), "guess": guess, "blind": blind, "decisions": said, "lent_to": lent_to,
                "doubts": [] if blind else row.doubts}  # fmt: skip

    def given(self, person: str, view: str, answer: AnswerGiven) -> Given:
        """What is saved of an answer. Refused: no such page, no such category.

        Whether the guess was hidden, the browser knows; of a page that is no blind one it is not believed.
        """
        row = self.row(answer.page)
        category = same_label(answer.category)
        known = [*self._queue.categories, *self.extra]
        if category not in known:
            raise Refused(404, f"no category {category!r} here: add it first{did_you_mean(category, known)}")
        file = self._place(row.path)
        guess, score = row.guess[0] if row.guess else ("", 0.0)
        blind = answer.blind and bool(self._queue.blind[row.id])
        return Given(person, answer.answer, row.path, row.page, category, answer.note, answer.seconds, view,
                     blind, guess, score, stamp_of(file) if file else None)  # fmt: skip

    def own(self, answer: Answer) -> OwnAnswer:
        """One of a person's own answers."""
        page = self._queue.id_of(answer.path, answer.page)
        return OwnAnswer(answer=answer.answer, page=page, category=answer.category, note=answer.note, when=answer.when)

    def progress(self, person: str) -> Progress:
        """Of all people, how fast of one."""
        answers = self._decisions.answers
        given = answers.given()
        blind = answers.blind()
        wrong = sum(answer.category != answer.guess for answer in blind)
        low, high = wilson(wrong, len(blind))
        pairs = kappas(answers)
        return Progress(
            decided=self.count,
            agreement=Agreement(seen=agreement(one for one in given if not one.blind), blind=agreement(blind)),
            blind=BlindError(n=len(blind), wrong=wrong, low=low, high=high),
            pages_per_hour=pages_per_hour(answers.given(person)) if person else 0.0,
            disputed=int(np.count_nonzero(self._disputed)),
            kappa=pairs[0][3] if pairs else None,
        )

    def add_category(self, person: str, name: str) -> None:
        """Add one. Refused: no folder could be called so, or one that is called alike is there."""
        if problem := folder_name_problem(name):
            raise Refused(409, f"a category is a folder later on: {problem}")
        for other in (*self._queue.categories, *self.extra):
            if same_name(other) == same_name(name) and other != name:
                raise Refused(409, f"{other} is there already: two that differ in letter case alone cannot be folders")
            if other == name:
                return
        self._decisions.add_category(person, name)

    def _is_blind(self, row: Row) -> bool:
        """Whether the guess is hidden: it is shown once somebody decided."""
        return bool(self._queue.blind[row.id]) and not self._decisions.answers.was_answered(row.path, row.page)

    def _changed(self, path: str, page: int) -> None:
        at = self._queue.id_of(path, page)
        if at >= 0:
            answers = self._decisions.answers
            stands = answers.standing(path, page)
            self._decided[at] = bool(stands)
            self._disputed[at] = len(stands) > 1 and not answers.verdict(path, page)
