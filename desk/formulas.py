"""The room of formulas: pictures in, LaTeX out, to look at, correct and take along.

    room = formulas_room(recognizer)                              # a Room of desk/app.py
    curl -F files=@formula.png http://127.0.0.1:8765/api/formulas/read

| call | answers |
|---|---|
| `POST /api/formulas/read?beams=4` | of each picture (multipart, field `files`): LaTeX, confidence, other readings |
| `POST /api/formulas/preview` | LaTeX that somebody edited: is it LaTeX, and how does a browser show it |
| `GET /api/formulas` | which model reads, and the limits |

Each picture is read by itself (desk/pool.py): a slow or broken one holds up no other.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import asdict

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from desk.app import Reason, Room
from desk.pool import Pool
from desk.refused import Refused, refusal_of
from desk.uploads import Limits, Upload, Uploads, described
from formulas.flags import BEAMS
from formulas.latex import LatexError, normalise
from formulas.preview import preview
from formulas.recognizer import Reading, Recognizer
from formulas.results import SURE, UNSURE, people
from reading.decoding import read_picture
from reading.memory_gate import one_page, take
from reading.page_errors import PageError
from utils import UserError, cores

MOST_BEAMS = 16
LONGEST = 20_000  # characters of LaTeX that are looked at
PREPARING = 24  # bytes a pixel while a picture is made ready for the network (formulas/pictures.py)


class Alternative(BaseModel):
    """Another reading. preview: as the page shows it, "" where it cannot be shown."""

    latex: str
    preview: str
    confidence: float = Field(ge=0, le=1)


class ReadPicture(BaseModel):
    """What a picture says. confidence: how likely the LaTeX is exactly right."""

    name: str
    latex: str
    preview: str
    confidence: float = Field(ge=0, le=1)
    alternatives: list[Alternative]
    warnings: list[str]


class FailedPicture(BaseModel):
    """A picture that was not read, and why."""

    name: str
    error: str


class NothingRead(Reason):
    """Why none of the pictures was read: the first reason, and those of each; without them, it was the request."""

    pictures: list[FailedPicture] = Field(default_factory=list)


class Edited(BaseModel):
    """LaTeX as somebody typed it."""

    latex: str = Field(max_length=LONGEST)


class Preview(BaseModel):
    """latex: in its normal form, as people write it; preview: what the page shows; error: why it is no LaTeX, or ""."""

    latex: str
    preview: str
    error: str


class About(BaseModel):
    """The model that reads, and what may be handed in. sure, unsure: confidences from which on a reading is likely
    right, and below which it likely is not.
    """

    model: str
    hash: str
    engine: str
    calibrated: bool
    sure: float
    unsure: float
    limits: dict[str, float]


def formulas_room(recognizer: Recognizer, limits: Limits | None = None) -> Room:
    """The room where `recognizer` reads."""
    limits = limits or Limits()
    uploads, pool = Uploads(limits), Pool(max(4, cores()), limits.waiting)
    turn = contextlib.nullcontext() if recognizer.engine.alone else threading.Lock()
    router = APIRouter(prefix="/api/formulas", tags=["formulas"])
    about = About(
        model=recognizer.name,
        hash=recognizer.hash,
        engine=f"{recognizer.engine.name} {recognizer.engine.device}",
        calibrated=recognizer.calibration is not None,
        sure=SURE,
        unsure=UNSURE,
        limits=asdict(limits),
    )

    def read_one(upload: Upload, beams: int) -> ReadPicture | Refused:
        if upload.fault:
            return upload.fault
        try:
            heard: list[str] = []
            with one_page():
                image = read_picture(upload.data, max_pixels=limits.pixels, heard=heard)
                upload.data.clear()
                take(image.width * image.height * PREPARING)
                placed = recognizer.placed(image)
                del image
            with turn:
                (reading,) = recognizer.read_placed([placed], beams)
        except PageError as error:
            return refusal_of(error)
        except UserError as error:  # the engine gave up
            return Refused(422, str(error))
        return _picture(upload.name, reading, heard)

    @router.get("", summary="The model that reads, and the limits")
    def say_about() -> About:
        return about

    @router.post(
        "/read",
        summary="Read pictures of formulas",
        response_model=list[ReadPicture | FailedPicture],
        responses={
            **{status: {"model": NothingRead} for status in (408, 413, 415, 422)},
            429: {"model": Reason},
        },
        openapi_extra=described(),
    )
    async def read(request: Request, beams: int = Query(BEAMS, ge=1, le=MOST_BEAMS)) -> Response:
        """Of each picture its LaTeX, or the error why there is none; 4xx where none of them was read.

        beams: beginnings of a reading that are followed at once; 1 is fastest and gives no other readings.
        """
        async with uploads.of(request) as received:
            works = [lambda file=file: read_one(file, beams) for file in received.files]
            done = await pool.each(works, limits.answer_seconds)
        return _answer(received.files, done)

    @router.post("/preview", summary="Edited LaTeX: is it LaTeX, and how is it shown?")
    def show(edited: Edited) -> Preview:
        """What is no LaTeX is no failure of the call: `error` says what is wrong with it."""
        try:
            normal = normalise(edited.latex)
        except LatexError as error:
            return Preview(latex=edited.latex, preview="", error=str(error))
        return Preview(latex=people(normal), preview=preview(normal), error="")

    return Room("formulas", "formulas.html", router, pool.close)


def _picture(name: str, reading: Reading, heard: Sequence[str]) -> ReadPicture:
    return ReadPicture(
        name=name,
        latex=people(reading.latex),
        preview=_shown(reading.latex),
        confidence=round(reading.confidence, 4),
        alternatives=[
            Alternative(latex=people(latex), preview=_shown(latex), confidence=round(sure, 4))
            for latex, sure in reading.alternatives
        ],
        warnings=[*reading.warnings, *heard],
    )


def _shown(latex: str) -> str:
    """What the page shows of a reading, "" where it is no LaTeX."""
    try:
        return preview(normalise(latex))
    except LatexError:
        return ""


def _answer(files: Sequence[Upload], done: Sequence[ReadPicture | Refused]) -> Response:
    failed = [one for one in done if isinstance(one, Refused)]
    pictures = [
        {"name": file.name, "error": str(one)} if isinstance(one, Refused) else one.model_dump()
        for file, one in zip(files, done, strict=True)
    ]
    if len(failed) < len(pictures):
        return JSONResponse(pictures)
    statuses = {one.status for one in failed}
    detail = str(failed[0]) if len(failed) == 1 else f"none of {len(failed)} pictures was read: {failed[0]}"
    return JSONResponse({"detail": detail, "pictures": pictures}, statuses.pop() if len(statuses) == 1 else 422)
