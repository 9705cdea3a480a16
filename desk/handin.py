"""Hand in: pages, PDFs and TIFFs of somebody at the counter become categories with scores, and say how sure that is.

    room = handin_room(open_sorter(settings), index)              # a Room of desk/app.py
    curl -F files=@page.png -F files=@report.pdf http://127.0.0.1:8765/api/classify

| call | answers |
|---|---|
| `POST /api/classify?top=3` | of each page (multipart, field `files`, one or many) its categories, or why it has none |
| `GET /api/categories` | the labels, and what they stand for |
| `GET /api/handin` | the model, how far its scores can be trusted, and the limits |

and those of the earlier service (desk/earlier_service.py).
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from desk.app import Reason, Room
from desk.calibration import Trust, trust_of
from desk.classifying import Row, Unread, Wish
from desk.earlier_service import earlier_service
from desk.lookalikes import Hit, LookAlikes
from desk.sorter import Sorter
from desk.uploads import PAGES, Asked, Uploads, described
from utils import UserError

if TYPE_CHECKING:
    from classifier import PageClassifier

MOST_ALIKE = 24


class Category(BaseModel):
    """A label with its score, a probability over all labels."""

    label: str
    score: float = Field(ge=0, le=1)


class ClassifiedPage(BaseModel):
    """A page. page: its number in its file, from 1. categories: best first.

    warnings: what its decoder complained about, and why there are no look-alikes. preview: a JPEG in base64, "" where
    none was asked for. turn: degrees clockwise that bring it upright, 0, 90, 180 or 270, null where nobody can tell;
    turn_score: how sure that is, null where nobody asked. alike: pages of the index, most alike first.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "CTX194603902-14.png",
                "page": 1,
                "categories": [{"label": "DRAW", "score": 0.9712}, {"label": "PHOTO", "score": 0.0185}],
                "warnings": [],
                "turn": 0,
                "turn_score": 0.9981,
                "preview": "",
                "alike": [],
            }
        }
    )

    name: str
    page: int = Field(ge=1)
    categories: list[Category]
    warnings: list[str] = Field(default_factory=list)
    turn: int | None = None
    turn_score: float | None = None
    preview: str = ""
    alike: list[Hit] = Field(default_factory=list)


class FailedPage(BaseModel):
    """A page that has no scores, and why. page: 0 stands for the whole file."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "broken.png", "page": 0, "error": "truncated"}})

    name: str
    page: int = Field(ge=0)
    error: str


class NothingClassified(Reason):
    """Why no page has scores: the first reason, and those of each; without them, it was the request."""

    pages: list[FailedPage] = Field(default_factory=list)


class Label(BaseModel):
    """A category. description: what it stands for, the first of its texts."""

    label: str
    description: str


class About(BaseModel):
    """The model that sorts, and what may be handed in. alike: why there are no look-alikes, "" where there are."""

    model: str
    base: str
    engine: str
    categories: int
    trust: Trust
    alike: str
    limits: dict[str, float]


def handin_room(sorter: Sorter, index: LookAlikes | str) -> Room:
    """The room. index: where look-alikes are found, or why there are none."""
    classifying = sorter.classifying
    classifier, limits = classifying.classifier, classifying.limits
    uploads = Uploads(limits, Asked(what="page"))
    router = APIRouter(tags=["hand in"])
    about = About(
        model=sorter.name,
        base=classifier.base,
        engine=f"{classifier.engine.name} {classifier.engine.device}",
        categories=len(classifier.categories),
        trust=trust_of(sorter.folder, classifier),
        alike=index if isinstance(index, str) else "",
        limits=asdict(limits),
    )
    labels = [Label(label=label, description=texts[0]) for label, texts in classifier.descriptions.items()]

    @router.get("/api/handin", summary="The model, how far it can be trusted, and the limits")
    def say_about() -> About:
        return about

    @router.get("/api/categories", summary="The categories that pages are sorted into")
    def say_categories() -> list[Label]:
        return labels

    @router.post(
        "/api/classify",
        summary="Sort pages",
        response_model=list[ClassifiedPage | FailedPage],
        responses={
            **{status: {"model": NothingClassified} for status in (408, 413, 415, 422)},
            429: {"model": Reason},
        },
        openapi_extra=described(kinds=PAGES),
    )
    async def classify(
        request: Request,
        top: int = Query(3, ge=1, le=100, description="how many categories of each page, best first"),
        preview: bool = Query(False, description="a picture of each page, which any browser can show"),
        alike: int = Query(0, ge=0, le=MOST_ALIKE, description="how many look-alikes of the index"),
    ) -> Response:
        """Of each page its best categories with their scores, or the error why it has none; a PDF and a TIFF bring as
        many pages as they hold. 4xx where no page could be read.
        """
        finder = None if alike == 0 or isinstance(index, str) else index
        wish = Wish(preview=preview, vectors=finder.vectors if finder else None)
        async with uploads.of(request) as received:
            rows = [row for of_file in await classifying.rows(received.files, wish) for row in of_file]
        return answer([await _said(row, top, alike, finder) for row in rows], rows)

    async def _said(row: Row | Unread, top: int, alike: int, finder: LookAlikes | None) -> ClassifiedPage | FailedPage:
        if isinstance(row, Unread):
            return FailedPage(name=row.name, page=row.page, error=str(row.why))
        warnings = [row.warning] if row.warning else []
        hits: list[Hit] = []
        lacking = index if alike and isinstance(index, str) else row.lacking
        if finder and not lacking:
            try:
                hits = await asyncio.to_thread(_alike, finder, row, alike)
            except UserError as error:
                lacking = str(error)
        if lacking:
            warnings.append(f"no look-alikes: {lacking}")
        return ClassifiedPage(
            name=row.name,
            page=row.page,
            categories=best(classifier, row.scores, top),
            warnings=warnings,
            turn=row.turn.degrees if row.turn else None,
            turn_score=round(row.turn.sure, 4) if row.turn else None,
            preview=base64.b64encode(row.preview).decode("ascii"),
            alike=hits,
        )

    router.include_router(earlier_service(classifying, sorter.name))
    return Room("handin", "handin.html", router, classifying.close)


def best(classifier: PageClassifier, scores: Sequence[float], top: int) -> list[Category]:
    """The `top` categories of a page, best first, as the result tables have them."""
    order = np.argsort(-np.array(scores), kind="stable")[:top].tolist()
    return [Category(label=classifier.categories[at], score=round(scores[at], 6)) for at in order]


def answer(said: Sequence[ClassifiedPage | FailedPage], rows: Sequence[Row | Unread]) -> Response:
    """The list of pages; 4xx where none has scores."""
    failed = [row.why for row in rows if isinstance(row, Unread)]
    pages = [one.model_dump() for one in said]
    if len(failed) < len(pages):
        return JSONResponse(pages)
    statuses = {why.status for why in failed}
    detail = str(failed[0]) if len(failed) == 1 else f"none of {len(failed)} pages was read: {failed[0]}"
    return JSONResponse({"detail": detail, "pages": pages}, statuses.pop() if len(statuses) == 1 else 422)


def _alike(finder: LookAlikes, row: Row, most: int) -> list[Hit]:
    found = finder.like(row.vectors, row.embedding, most, "")
    return finder.hits(found.ids, found.similarities)
