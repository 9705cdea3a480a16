"""The desk as a web application: its rooms, its files, and what is said where something cannot be done.

    app = make_app([formulas_room(recognizer)], title="Formulas")          # an ASGI application
    app = Guard(app)                                                       # desk/guard.py: who may ask

A room is a `Room`: the page that it is, and the calls behind it. Whatever is refused is `{"detail": "one line"}`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from desk.refused import Refused

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Room:
    """A page of the desk. name: its address, "formulas"; page: its file in `STATIC`; router: its calls.

    close: what is done as the desk ends.
    """

    name: str
    page: str
    router: APIRouter
    close: Callable[[], None] = lambda: None


class Health(BaseModel):
    """Whether the desk answers, and what it has. absent: rooms that are not there -> why, in one line."""

    status: str
    rooms: list[str]
    absent: dict[str, str] = {}


class Reason(BaseModel):
    """Why something was not done, in one line."""

    detail: str


REFUSALS = {status: {"model": Reason} for status in (400, 401, 403, 422)}  # that any call may answer


def make_app(rooms: Sequence[Room], title: str, absent: Mapping[str, str] | None = None) -> FastAPI:
    """The application; its first page is that of the first room. absent: see `Health`."""

    @contextlib.asynccontextmanager
    async def open_rooms(_: FastAPI) -> AsyncIterator[None]:
        yield
        for room in rooms:
            room.close()

    # docs_url: FastAPI's own pages load scripts from elsewhere; /openapi.json is all that is needed
    app = FastAPI(title=title, version="1", docs_url=None, redoc_url=None, lifespan=open_rooms)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _wrong_values)
    app.add_exception_handler(ClientDisconnect, _gone)

    app.get("/", include_in_schema=False)(_instead(f"/{rooms[0].name}"))

    @app.get("/api/health", summary="Whether the desk answers", responses=REFUSALS)
    def health() -> Health:
        return Health(status="ok", rooms=[room.name for room in rooms], absent=dict(absent or {}))

    for room in rooms:
        app.get(f"/{room.name}", include_in_schema=False)(_page(STATIC / room.page))
        app.include_router(room.router, responses=REFUSALS)
    for name in absent or {}:  # a link that was kept: the first page says why it leads nowhere
        app.get(f"/{name}", include_in_schema=False)(_instead(f"/{rooms[0].name}?absent={name}"))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _page(file: Path) -> Callable[[], Response]:
    def page() -> Response:
        return FileResponse(file, media_type="text/html; charset=utf-8")

    return page


def _instead(address: str) -> Callable[[], Response]:
    def elsewhere() -> Response:
        return RedirectResponse(address)

    return elsewhere


def _refused(_: Request, error: Exception) -> Response:
    again = getattr(error, "again", 0)
    headers = {"Retry-After": str(again)} if again else None
    return JSONResponse({"detail": str(error)}, getattr(error, "status", 400), headers)


def _gone(_: Request, __: Exception) -> Response:
    """Whoever asked has hung up: nobody reads this."""
    return JSONResponse({"detail": "the request broke off"}, 400)


def _wrong_values(_: Request, error: Exception) -> Response:
    """What FastAPI says of values in several lines, in one."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    said = [f"{' '.join(map(str, fault['loc'][1:])) or fault['loc'][0]}: {fault['msg']}" for fault in faults[:3]]
    return JSONResponse({"detail": "; ".join(" ".join(one.split()) for one in said)}, 422)
