"""How tests ask the desk: plain HTTP, by the standard library."""

from __future__ import annotations

import io
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, NamedTuple

from PIL import Image


class Answer(NamedTuple):
    """status, headers and body of an answer; `said`: the body as JSON."""

    status: int
    headers: Any
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def ask(address: str, data: bytes | None = None, method: str | None = None, **headers: str) -> Answer:
    """One request; names of headers with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address, data, named, method=method)
    try:
        with _OPENER.open(request) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def form(files: Sequence[tuple[str, bytes]], field: str = "files", end: bool = True) -> tuple[bytes, str]:
    """The body of a form of (name, bytes), and its content type."""
    body = b""
    for name, data in files:
        head = f'--edge\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    return body + (b"--edge--\r\n" if end else b""), "multipart/form-data; boundary=edge"


def hand_in(address: str, files: Sequence[tuple[str, bytes]], query: str = "", **headers: str) -> Answer:
    """Pictures to the room of formulas."""
    body, kind = form(files)
    return ask(f"{address}/api/formulas/read{query}", body, Content_Type=kind, **headers)


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def connect(address: str) -> socket.socket:
    """A bare connection, for requests that no client would send."""
    host, _, port = address.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=60)
