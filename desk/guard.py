"""Who may ask: the pages of the desk itself, and programs that are meant to. All requests pass through here.

    guarded = Guard(app)                                  # on 127.0.0.1: for who works at this machine
    guarded = Guard(app, token="...", cookie="desk-8765")  # on another address: for who has the link

A page of another site can make a browser send requests to 127.0.0.1. Such a request names its page (`Origin`) and gets
403; a name that was made to lead here (DNS rebinding) stands in `Host`, and gets 403 too. Programs send no `Origin`.
Every answer forbids the browser to load anything but files of the desk, to show it inside another page, and to guess
what a file is.
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_NAME = "localhost"  # whatever the port: it may be forwarded
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::[0-9]{1,5})?")  # name, port
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # asked for again each time, so that an update of the program is seen
}
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


class Guard:
    """Around an ASGI application. token: what the link holds, "" = none is asked for, and only this machine's names
    lead here.

    cookie: the name under which a browser keeps the token.
    """

    def __init__(self, app: ASGIApp, token: str = "", cookie: str = "desk") -> None:
        self._app, self._token, self._cookie = app, token, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"the desk answers HTTP alone, not {scope['type']}")
        said: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            said.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _RAW_HEADERS if pair[0] not in known)]
            await send(message)

        if reason := self._foreign(said):
            await _answer(send_guarded, 403, reason)
        elif self._token and not self._knows(said):
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            if scope["method"] == "GET" and self._is_token(query.pop("token", "")):
                rest = f"?{urlencode(query)}" if query else ""
                # Lax: a link that is followed from a letter brings the cookie along, what another page sends does not.
                there = f"/{quote(scope['path'].lstrip('/'))}"  # of this host, whatever the path looks like
                keep = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Lax"
                await _answer(send_guarded, 303, "", {"Location": f"{there}{rest}", "Set-Cookie": keep})
            else:
                await _answer(send_guarded, 401, "open the whole link that was printed as the desk was started")
        else:
            await self._app(scope, receive, send_guarded)

    def _foreign(self, said: Mapping[str, list[str]]) -> str:
        """Why a request may come from another site; "" where it does not."""
        hosts, origins = said.get("host", []), said.get("origin", [])
        if len(hosts) != 1 or len(origins) > 1:
            return "a request names one host, and one page at most"
        host = hosts[0].lower()
        named = _HOST.fullmatch(host)
        if not self._token and (named is None or not _is_own(named[1])):
            return "this desk is for its own machine alone: open it as 127.0.0.1"
        if origins and origins[0].lower() not in (f"http://{host}", f"https://{host}"):
            return "pages of other sites may not use the desk"
        return ""

    def _knows(self, said: Mapping[str, list[str]]) -> bool:
        for value in said.get("authorization", []):
            kind, _, token = value.partition(" ")
            if kind.lower() == "bearer" and self._is_token(token.strip()):
                return True
        for value in said.get("cookie", []):
            try:
                cookie = SimpleCookie(value).get(self._cookie)
            except CookieError:
                continue
            if cookie is not None and self._is_token(cookie.value):
                return True
        return False

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self._token.encode())


def _is_own(name: str) -> bool:
    """Whether a name can only be this machine: `localhost`, or an address of its own, as 127.0.1.1 on Debian.

    An address that somebody typed is no name that could have been made to lead here.
    """
    try:
        return name == OWN_NAME or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


async def _answer(send: Send, status: int, reason: str, more: Mapping[str, str] | None = None) -> None:
    body = json.dumps({"detail": reason}).encode() if reason else b""
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers | dict(more or {})).items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
