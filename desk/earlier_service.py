"""The calls of the earlier service, for programs that were written against it; same paths, same fields.

    curl -F file=@page.png -F topn=3 http://127.0.0.1:8765/predict_image
    curl -F file=@report.pdf http://127.0.0.1:8765/predict_document

What was wrong with it is mended: requests do not wait for each other, pages that arrive together are computed together,
a PDF is read page by page, a page that fails says why instead of being left out, and scores are probabilities over all
categories, not made to sum to 1 over those that are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from fastapi import APIRouter, Request
from pydantic import BaseModel

from desk.app import Reason
from desk.classifying import Row, Unread, Wish
from desk.refused import Refused
from desk.uploads import PICTURES, Asked, Received, Uploads, described

if TYPE_CHECKING:
    from desk.classifying import Classifying

TOP_N = 3
PDF = "application/pdf"
STATUS = {415: 400}  # as the earlier service has it: a wrong type is 400
ANSWERS: dict[int | str, dict[str, Any]] = {status: {"model": Reason} for status in (400, 408, 413, 415, 422, 429)}


class Info(BaseModel):
    """What there is."""

    categories: list[str]
    available_models: list[str]


class Prediction(BaseModel):
    """A category, and its probability."""

    label: str
    score: float


class PredictedImage(BaseModel):
    """Best first."""

    type: Literal["image"] = "image"
    predictions: list[Prediction]


class PredictedPage(BaseModel):
    """A page of a document, from 1. error: why it has no predictions, null where it has."""

    page: int
    predictions: list[Prediction]
    error: str | None = None


class PredictedDocument(BaseModel):
    """All pages of a PDF."""

    type: Literal["document"] = "document"
    pages: list[PredictedPage]


def earlier_service(classifying: Classifying, model: str) -> APIRouter:
    """The calls. model: the name of the model that is loaded."""
    categories = classifying.classifier.categories
    uploads = Uploads(replace(classifying.limits, files=1), Asked("file", ("version", "topn"), "file"))
    router = APIRouter(tags=["earlier service"])
    values = {
        "version": {"type": "string", "enum": ["", model]},
        "topn": {"type": "integer", "minimum": 1, "default": TOP_N},
    }

    picture, pdf = (described("file", kinds=kinds, many=False, values=values) for kinds in (PICTURES, PDF))

    def predictions(scores: Sequence[float], top: int) -> list[Prediction]:
        order = np.argsort(-np.array(scores), kind="stable")[:top].tolist()
        return [Prediction(label=categories[at], score=round(scores[at], 6)) for at in order]

    def top_of(received: Received) -> int:
        """How many categories are asked for; a form of another model, or with another number, is refused."""
        version, top = received.values.get("version", "").strip(), received.values.get("topn", "").strip()
        if version and version != model:
            raise Refused(400, f"version: this desk has {model}: leave the field out, or name that")
        if top and not (top.isascii() and top.isdecimal() and int(top[:6]) > 0):
            raise Refused(422, "topn: must be a number, 1 or more")
        return int(top[:6] or TOP_N)

    async def sorted_file(request: Request, kind: Literal["pdf", "picture"]) -> tuple[list[Row | Unread], int]:
        """The rows of the one file, and how many categories are asked for; Refused where no page has scores."""
        async with uploads.of(request) as received:
            top = top_of(received)
            (rows,) = await classifying.rows(received.files, Wish(only=kind))
        failed = [row.why for row in rows if isinstance(row, Unread)]
        if len(failed) == len(rows):
            raise Refused(STATUS.get(failed[0].status, failed[0].status), str(failed[0]))
        return rows, top

    @router.get("/info", summary="Categories and models")
    def info() -> Info:
        return Info(categories=categories, available_models=[model])

    @router.post("/predict_image", summary="The categories of one picture", responses=ANSWERS, openapi_extra=picture)
    async def predict_image(request: Request) -> PredictedImage:
        rows, top = await sorted_file(request, "picture")
        (row,) = [row for row in rows if isinstance(row, Row)]
        return PredictedImage(predictions=predictions(row.scores, top))

    @router.post("/predict_document", summary="Those of each page of a PDF", responses=ANSWERS, openapi_extra=pdf)
    async def predict_document(request: Request) -> PredictedDocument:
        rows, top = await sorted_file(request, "pdf")
        pages = [
            PredictedPage(page=row.page, predictions=[], error=str(row.why))
            if isinstance(row, Unread)
            else PredictedPage(page=row.page, predictions=predictions(row.scores, top))
            for row in rows
        ]
        return PredictedDocument(pages=pages)

    return router
