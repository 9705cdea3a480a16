"""Files that a request brings, received into memory within limits; none of them ever touches the disk.

    uploads = Uploads(Limits())
    async with uploads.of(request) as files:        # multipart/form-data, in the field "files"
        files[0].name, files[0].data, files[0].fault

`Refused` where a request as a whole cannot be taken. (Starlette's own forms put files of more than 1 MB on the disk.)
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from desk.refused import Refused
from settings.sizes import in_words

if TYPE_CHECKING:
    from starlette.requests import Request

FIELD = "files"
KIND = "multipart/form-data"
LONGEST_NAME = 200


@dataclass(frozen=True)
class Limits:
    """files: of a request. pixels: of a picture. held_bytes: of all requests that are being answered.

    waiting: pictures in line. upload_seconds: until a request has arrived; answer_seconds: until it is answered.
    """

    files: int = 32
    file_bytes: int = 20_000_000
    request_bytes: int = 60_000_000
    held_bytes: int = 300_000_000
    pixels: int = 50_000_000  # a page of A4 at 600 dpi has 35 million
    waiting: int = 200
    upload_seconds: float = 60.0
    answer_seconds: float = 120.0


@dataclass
class Upload:
    """A file. name: as its sender calls it, without folders. fault: why it is not taken, None where it is."""

    name: str
    data: bytearray = field(default_factory=bytearray)
    fault: Refused | None = None


class Uploads:
    """Receives what requests bring, and knows how much of it is in memory."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._held = limits, 0

    @contextlib.asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[list[Upload]]:
        """The files of a request, at least one; their bytes count as held until the end of the block."""
        form, taken = _Form(request.headers.get("content-type", ""), self._limits), 0
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._limits.request_bytes:
            raise self._too_large()
        try:
            try:
                async with asyncio.timeout(self._limits.upload_seconds):
                    async for chunk in request.stream():
                        if taken + len(chunk) > self._limits.request_bytes:
                            raise self._too_large()
                        if self._held + len(chunk) > self._limits.held_bytes:
                            raise Refused(429, "too much is being handed in at once: try again in a moment", again=2)
                        taken += len(chunk)
                        self._held += len(chunk)
                        form.write(chunk)
            except TimeoutError:
                late = f"the files did not arrive within {self._limits.upload_seconds:.0f} seconds"
                raise Refused(408, late) from None
            yield form.files()
        finally:
            self._held -= taken

    def _too_large(self) -> Refused:
        most = in_words(self._limits.request_bytes)
        return Refused(413, f"a request may bring {most} at most: hand in fewer pictures at once")


class _Form:
    """The parts of a form, as they come in."""

    def __init__(self, content_type: str, limits: Limits) -> None:
        kind, options = parse_options_header(content_type)
        if kind.decode("latin-1").lower() != KIND or not options.get(b"boundary"):
            raise Refused(415, f"send pictures as {KIND}, in the field {FIELD!r}")
        self._limits = limits
        self._files: list[Upload] = []
        self._ended = False
        self._header, self._value, self._disposition = bytearray(), bytearray(), b""
        callbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }
        try:
            self._parser = MultipartParser(options[b"boundary"], callbacks)
        except FormParserError:
            raise Refused(400, "the form cannot be read: its boundary is none") from None

    def write(self, chunk: bytes) -> None:
        """Take what came in."""
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise Refused(400, "the form cannot be read: it is damaged") from None

    def files(self) -> list[Upload]:
        """What the form held."""
        if not self._ended:
            raise Refused(400, "the form cannot be read: its end is missing")
        # A browser sends a nameless, empty file for a field that nothing was chosen in.
        chosen = [one for one in self._files if one.name or one.data]
        if not chosen:
            raise Refused(422, f"no picture came: send one or several in the field {FIELD!r}")
        for number, one in enumerate(chosen, 1):
            one.name = one.name or f"picture {number}"
        return chosen

    def _begin(self) -> None:
        self._disposition = b""

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name != FIELD or b"filename" not in options:
            what = f"field {name[:LONGEST_NAME]!a}" if name != FIELD else "text in it"
            raise Refused(422, f"pictures go as files in the field {FIELD!r}: {what} is not known")
        if len(self._files) == self._limits.files:
            raise Refused(413, f"a request may bring {self._limits.files} pictures at most: hand in the rest after it")
        given = options[b"filename"].decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
        shown = "".join(sign if sign.isprintable() else " " for sign in given[:LONGEST_NAME])
        self._files.append(Upload(shown.strip()))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        file = self._files[-1]
        if file.fault is None and len(file.data) + end - start > self._limits.file_bytes:
            most = in_words(self._limits.file_bytes)
            file.fault = Refused(413, f"larger than {most}, which a picture may have at most")
            file.data.clear()
        if file.fault is None:
            file.data += data[start:end]

    def _on_end(self) -> None:
        self._ended = True
