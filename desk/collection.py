"""Collection: search over the index that `explore index` makes, by image, text, document, category, name and year.

    room = collection_room(index, classifying, maps=Path("result/explore"), reviewed=None, max_pixels=10**8)
    curl "http://127.0.0.1:8765/api/collection/pages?category=DRAW&year_to=1950"

| call | answers |
|---|---|
| `GET /api/collection` | how many pages there are, what filters can be set to, what can be searched by |
| `GET /api/collection/pages` | pages that fit, most alike first; `like`: a page of the index, `text`: words |
| `POST /api/collection/alike` | pages like one that is handed in (multipart, field `files`) |
| `GET /api/collection/pages/{id}` | a page, and its neighbours in its document |
| `GET /api/collection/pages/{id}/picture` | its thumbnail, or the page itself |
| `GET /collection/map/...` | the folder of `explore map`, where there is one |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field

from desk.app import Reason, Room
from desk.classifying import Classifying, Row, Unread, Wish, preview_of
from desk.lookalikes import Found, Hit, LookAlikes, where_of
from desk.pool import Pool
from desk.refused import Refused, refusal_of
from desk.uploads import PAGES, Asked, Uploads, described
from reading.decoding import read_page
from reading.page_errors import PageError
from utils import UserError, cores

T = TypeVar("T")
LARGEST = 9_223_372_036_854_775_807  # of an id
DEEPEST = 2000  # pages of a search that can be paged through
LARGE = 1600  # pixels of the longer side of a page that is looked at
WAITING, PATIENCE = 200, 60.0  # pictures in line, and seconds until one is given up
LAST_YEAR = 99_999
LONGEST = 500  # letters of a filter
LATEST_MAP = "browser"  # the folder of a map that opens in a browser


class CategoryCount(BaseModel):
    """A category of the index, and how many pages have it."""

    name: str
    pages: int


class About(BaseModel):
    """The index. text, image: why neither a text nor a page that is handed in can be searched for, "" where it can.

    years: the least and the greatest, null where no page has one. map: the address of the map, "" where there is none.
    """

    index: str
    backbone: str
    pages: int
    categories: list[CategoryCount]
    years: tuple[int, int] | None
    text: str
    image: str
    map: str


class Pages(BaseModel):
    """A part of what was found. total: pages that fit the filters; reached: how many of them can be paged through."""

    total: int
    reached: int
    start: int
    notes: list[str]
    pages: list[Hit]


class OnePage(Hit):
    """before, after: ids of its neighbours in its document, -1 where there is none. review: what to search for in the
    review of the run on the desk, "" where that run does not have the page.
    """

    before: int = -1
    after: int = -1
    in_document: int
    review: str


class Filter(NamedTuple):
    """What a page must be. where: as the index takes it; document: its document, "" = any."""

    where: str
    document: str


def filters(
    document: str = Query("", max_length=LONGEST),
    category: str = Query("", max_length=LONGEST),
    name: str = Query("", max_length=LONGEST, description="a part of the path, in any letter case"),
    year_from: int | None = Query(None, ge=-LAST_YEAR, le=LAST_YEAR),
    year_to: int | None = Query(None, ge=-LAST_YEAR, le=LAST_YEAR),
) -> Filter:
    """What a request asks for."""
    where = where_of(document=document, category=category, name=name, year_from=year_from, year_to=year_to)
    return Filter(where, document)


Filtered = Annotated[Filter, Depends(filters)]
Id = Annotated[int, Field(ge=0, le=LARGEST)]


def collection_room(
    index: LookAlikes, classifying: Classifying | str, *, maps: Path, reviewed: Path | None, max_pixels: int
) -> Room:
    """The room. classifying: reads what is handed in, or why nothing does; maps: where `explore map` writes; reviewed:
    the folder of the run on the desk, None where there is none.
    """
    router = APIRouter(tags=["collection"], responses={status: {"model": Reason} for status in (404, 429)})
    pool = Pool(max(4, cores()), WAITING)
    uploads = (
        None if isinstance(classifying, str) else Uploads(replace(classifying.limits, files=1), Asked(what="page"))
    )
    place = maps / "map" / LATEST_MAP

    async def done(work: Callable[[], T]) -> T:
        """On a thread, with what the index says in one line."""
        (result,) = await pool.each([lambda: _plainly(work)], PATIENCE)
        if isinstance(result, Refused):
            raise result
        return result

    @router.get("/api/collection", summary="The index: its pages, filters, and ways to search")
    async def about() -> About:
        def work() -> About:
            summary, opened = index.summary(), index.index
            return About(
                index=opened.folder.name,
                backbone=opened.backbone.name,
                pages=summary.pages,
                categories=[CategoryCount(name=name, pages=pages) for name, pages in summary.categories],
                years=summary.years,
                text=index.why_no_text(),
                image=classifying if isinstance(classifying, str) else index.why_no_image(),
                map="/collection/map/index.html" if (place / "index.html").is_file() else "",
            )

        return await done(work)

    @router.get("/api/collection/pages", summary="Pages that fit, most alike first")
    async def search(
        only: Filtered,
        text: str = Query("", max_length=LONGEST, description="words for a kind of page; not beside `like` (422)"),
        like: int | None = Query(None, ge=0, le=LARGEST, description="the id of a page; not beside `text` (422)"),
        start: int = Query(0, ge=0, le=LARGEST),
        count: int = Query(60, ge=1, le=200),
    ) -> Pages:
        """Without `text` and `like` a plain list, in the order of the index; of a document by its page numbers."""
        wanted = text.strip()
        if wanted and like is not None:
            raise Refused(422, "text and like: give one of the two")
        most = min(start + count, DEEPEST)

        def work() -> Pages:
            if like is not None:
                found = index.like_page(like, most, only.where)
            elif wanted:
                found = index.like_text(wanted, most, only.where)
            else:
                found = index.listed(only.where, in_order=bool(only.document))
            return _pages(index, found, start, count)

        return await done(work)

    @router.post(
        "/api/collection/alike",
        summary="Pages like one that is handed in",
        responses={status: {"model": Reason} for status in (408, 413, 415)},
        openapi_extra=described(kinds=PAGES, many=False),
    )
    async def alike(request: Request, only: Filtered, count: int = Query(60, ge=1, le=200)) -> Pages:
        """Of a file of several pages, its first."""
        if uploads is None or isinstance(classifying, str):
            raise Refused(422, f"no search by image: {classifying}")
        async with uploads.of(request) as received:
            (rows,) = await classifying.rows(received.files, Wish(vectors=index.vectors))
        row = next((row for row in rows if isinstance(row, Row)), None)
        if row is None:
            raise next(row.why for row in rows if isinstance(row, Unread))
        if row.lacking:
            raise Refused(422, row.lacking)

        def work() -> Pages:
            found = index.like(row.vectors, row.embedding, count, only.where)
            if len(rows) > 1:
                found.notes.append(f"page {row.page} of the {len(rows)} in the file is looked for")
            return _pages(index, found, 0, count)

        return await done(work)

    @router.get("/api/collection/pages/{number}", summary="A page, and its neighbours in its document")
    async def page(number: Id) -> OnePage:
        def work() -> OnePage:
            hits = index.hits(np.array([number]))
            if not hits:
                raise KeyError(number)
            (hit,) = hits
            ids = (
                index.listed(where_of(document=hit.document), in_order=True).ids.tolist() if hit.document else [number]
            )
            at = ids.index(number)
            return OnePage(
                **hit.model_dump(),
                before=ids[at - 1] if at else -1,
                after=ids[at + 1] if at + 1 < len(ids) else -1,
                in_document=len(ids),
                review=_review(index.file(number)[0], reviewed),
            )

        return await done(work)

    @router.get(
        "/api/collection/pages/{number}/picture",
        summary="Its thumbnail, or the page itself",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}, "description": "A JPEG"}, 413: {"model": Reason}},
    )
    async def picture(number: Id, large: bool = Query(False, description="the page itself, read anew")) -> Response:
        def work() -> bytes:
            if not large:
                return index.thumbnail(number)
            path, frame = index.file(number)
            try:
                return preview_of(read_page(path, frame, min_side=LARGE // 4, max_pixels=max_pixels), LARGE)
            except PageError as error:
                raise refusal_of(error) from None

        data = await done(work)
        # an id is of one page for ever, but the file may change: asked with its version, it is another address
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400"})

    @router.get("/collection/map/{file:path}", include_in_schema=False)
    def map_file(file: str) -> Response:
        try:
            root = place.resolve()
            found = (root / file).resolve()
            if not (found.is_relative_to(root) and found.is_file()):
                raise Refused(404, "no such file of the map")
        except (OSError, ValueError):  # a NUL in the name, a loop of links
            raise Refused(404, "no such file of the map") from None
        return FileResponse(found)

    return Room("collection", "collection.html", router, pool.close)


def _plainly(work: Callable[[], T]) -> T | Refused:
    try:
        return work()
    except Refused as error:
        return error
    except KeyError:
        return Refused(404, "there is no such page in the index: it may have changed, search again")
    except UserError as error:
        return Refused(422, str(error))


def _pages(index: LookAlikes, found: Found, start: int, count: int) -> Pages:
    """The part of what was found that is asked for."""
    part = slice(start, start + count)
    similarities = None if found.similarities is None else found.similarities[part]
    reached = found.total if found.similarities is None else min(found.total, DEEPEST)
    hits = index.hits(found.ids[part], similarities)
    return Pages(total=found.total, reached=reached, start=start, notes=found.notes, pages=hits)


def _review(file: Path, reviewed: Path | None) -> str:
    """The PATH of a page in the run on the desk; "" where it lies elsewhere."""
    try:
        return file.resolve().relative_to(reviewed.resolve()).as_posix() if reviewed else ""
    except (OSError, ValueError):
        return ""
