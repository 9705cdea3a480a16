"""Starts the desk: rooms are made ready, an address taken, requests answered until Ctrl-C.

python run.py desk                            # prints http://127.0.0.1:8765/ and opens it
python run.py formulas serve                  # the room of formulas alone
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn

from desk.app import Room, make_app
from desk.desk import Next, open_desk
from desk.exporting import export
from desk.formulas import formulas_room
from desk.guard import Guard
from desk.rooms import rooms_of
from formulas.flags import model_folder
from formulas.reading_job import open_recognizer, say_model
from formulas.serve_command import ServeFormulas
from output.console import say
from reading.pdf_process import pdfs_elsewhere
from utils import UserError, printable

if TYPE_CHECKING:
    from desk.command import OpenDesk
    from settings.schema import Settings

PATIENCE = 3  # seconds that requests have to end, once Ctrl-C was given
PDF_SECONDS = 40.0  # for a page of a PDF; pictures are waited for 60 (desk/pictures.py)
EVERYWHERE = ("0.0.0.0", "::")


def run_formulas(settings: Settings, job: ServeFormulas) -> int:
    """Serve the page of formulas until it is ended; 0. UserError: no such model, an address that cannot be had."""
    folder = model_folder(job.model, settings)
    with listening(job.host, job.port) as door:
        recognizer = open_recognizer(folder, settings, few=True)
        say_model(recognizer, settings)
        serve(door, [formulas_room(recognizer)], "Formulas")
    return 0


def run_desk(settings: Settings, job: OpenDesk) -> int:
    """Open the desk until it is ended, or with `--export` write what was decided; 0.

    UserError: no such table or pages, an address that is taken.
    """
    desk = open_desk(settings, job)
    if job.export is not None:
        return export(desk, job.export)
    with pdfs_elsewhere(PDF_SECONDS), listening(job.host, job.port) as door:
        token, again = token_for(door), False
        while True:
            rooms, absent = rooms_of(desk)
            if job.table is not None and "review" in absent and not again:  # named, and nothing else would show it
                raise UserError(absent["review"])
            if not rooms:
                raise UserError("; ".join(absent.values()))
            for name, reason in absent.items():
                say(f"no {name}: {reason}", settings.setup.quiet)
            serve(door, rooms, "The desk", absent, browser=job.browser and not again, token=token, following=desk.next)
            if desk.next.table is None:
                return 0
            desk, again = open_desk(settings, replace(job, table=desk.next.table, pages=None)), True


def serve(
    door: socket.socket,
    rooms: list[Room],
    title: str,
    absent: Mapping[str, str] | None = None,
    *,
    browser: bool = False,
    token: str | None = None,
    following: Next | None = None,
) -> None:
    """Answer what comes to `door` until Ctrl-C or SIGTERM, or until something else is to lie on the desk.

    absent: see desk/app.py; browser: open one. token: None = a new one where one is needed.
    """
    address, port = door.getsockname()[:2]
    token = token_for(door) if token is None else token
    server = server_of(rooms, title, port, token, absent)
    there = link(address, port, token)
    print(f"{title}: {there}    (Ctrl-C ends it)", flush=True)
    if browser and has_screen():  # a browser that takes its time holds up nobody
        threading.Thread(target=webbrowser.open, args=(there,), daemon=True).start()
    if following is not None:
        following.stop = lambda: setattr(server, "should_exit", True)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[door.dup()])  # which it closes; whoever asks meanwhile waits for the next one
    if following is None or following.table is None:
        say(f"{title}: ended")


def token_for(door: socket.socket) -> str:
    """A new token where other machines reach a socket, "" where this one alone does."""
    return "" if ipaddress.ip_address(door.getsockname()[0]).is_loopback else secrets.token_urlsafe(24)


def has_screen() -> bool:
    """Whether a browser has a screen to open on; else one that writes into this terminal would be found."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def server_of(
    rooms: Sequence[Room], title: str, port: int, token: str = "", absent: Mapping[str, str] | None = None
) -> uvicorn.Server:
    """What answers HTTP for these rooms; `.run(sockets=[door])` begins."""
    # forwarded headers are not believed; no access log: names of pictures are nobody's business
    settings = uvicorn.Config(
        Guard(make_app(rooms, title, absent), token, f"desk-{port}"),
        http="h11",
        ws="none",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=PATIENCE,
    )
    return uvicorn.Server(settings)


def link(address: str, port: int, token: str) -> str:
    """What a person opens.

    >>> link("127.0.0.1", 8765, ""), link("::1", 80, "abc")
    ('http://127.0.0.1:8765/', 'http://[::1]:80/?token=abc')
    """
    name = socket.gethostname() if address in EVERYWHERE else f"[{address}]" if ":" in address else address
    return f"http://{name}:{port}/{f'?token={token}' if token else ''}"


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens at an address. UserError where there is no such address, or it is taken."""
    shown = printable(host)
    try:
        family, kind, number, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise UserError(f"--host {shown}: no such address: leave it out, or give one of this machine's") from None
    door = socket.socket(family, kind, number)
    try:
        if not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows, reuse would let two programs share a port
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(place)
        door.listen(128)
    except OSError as error:
        door.close()
        what = f"--host {shown} --port {port}: {(error.strerror or str(error)).lower()}"
        raise UserError(f"{what}: another desk may be running there; give another one, --port 0 takes any") from None
    return door
