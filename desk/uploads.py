"""Files that a request brings, received into memory within limits; none of them ever touches the disk.

    uploads = Uploads(Limits())
    async with uploads.of(request) as received:     # multipart/form-data, in the field "files"
        received.files[0].name, received.files[0].data, received.files[0].fault

`Refused` where a request as a whole cannot be taken. (Starlette's own forms put files of more than 1 MB on the disk.)
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import urllib.parse
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from desk.refused import Refused
from settings.sizes import in_words

if TYPE_CHECKING:
    from starlette.requests import Request

FIELD = "files"
KIND = "multipart/form-data"
PICTURES = "image/png, image/jpeg, image/tiff, image/webp"  # what most send; others are told apart by their bytes
PAGES = f"{PICTURES}, application/pdf"
LONGEST_NAME = 255  # of a file, as systems have it
LONGEST_TEXT = 200  # bytes of a field that is no file
# How some programs spell a name with other letters than ASCII; what stands beside it in `filename` is a makeshift then.
_SPELLED = re.compile(rb";\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """files: of a request. pixels: of a picture. held_bytes: of all requests that are being answered.

    waiting: files in line. upload_seconds: until a request has arrived; answer_seconds: until it is answered.
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


@dataclass
class Received:
    """What a form held. files: at least one. values: the texts of its other fields, by name."""

    files: list[Upload] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """Which form is taken. field: that of the files; values: fields of short texts; what: what a file is, in words."""

    field: str = FIELD
    values: tuple[str, ...] = ()
    what: str = "picture"


def described(
    field: str = FIELD, *, kinds: str = PICTURES, many: bool = True, values: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The form of a call, as `openapi_extra` of FastAPI takes it: a file or many. values: schemas of texts."""
    file: dict[str, Any] = {"type": "string", "format": "binary"}
    schema = {
        "type": "object",
        "required": [field],
        "properties": {
            field: {"type": "array", "minItems": 1, "items": file} if many else file | {"minLength": 1},
            **(values or {}),
        },
        "additionalProperties": False,
    }
    form = {"schema": schema, "encoding": {field: {"contentType": kinds}}}
    return {"requestBody": {"required": True, "content": {KIND: form}}}


class Uploads:
    """Receives what requests bring, and knows how much of it is in memory."""

    def __init__(self, limits: Limits, asked: Asked | None = None) -> None:
        self._limits, self._asked, self._held = limits, asked or Asked(), 0

    @contextlib.asynccontextmanager
    async def of(self, request: Request, asked: Asked | None = None) -> AsyncIterator[Received]:
        """What a request brings, in the form that is `asked` for, else the usual one; its bytes count as held until
        the end of the block.
        """
        asked = asked or self._asked
        taken, coming = 0, request.stream()
        try:
            try:
                form = _Form(request.headers.get("content-type", ""), self._limits, asked)
                declared = request.headers.get("content-length", "")
                if declared.isdecimal() and int(declared[:20]) > self._limits.request_bytes:
                    raise self._too_large(asked)
                async with asyncio.timeout(self._limits.upload_seconds):
                    async for chunk in coming:
                        if taken + len(chunk) > self._limits.request_bytes:
                            raise self._too_large(asked)
                        if self._held + len(chunk) > self._limits.held_bytes:
                            raise Refused(429, "too much is being handed in at once: try again in a moment", again=2)
                        taken += len(chunk)
                        self._held += len(chunk)
                        form.write(chunk)
            except TimeoutError:
                late = f"the files did not arrive within {self._limits.upload_seconds:.0f} seconds"
                raise Refused(408, late) from None
            except Refused:
                await self._drain(coming)
                raise
            yield form.received()
        finally:
            self._held -= taken

    async def _drain(self, coming: AsyncIterator[bytes]) -> None:
        """Let what still comes in pass by: a program that is sending hears nothing before it is done, and of a
        connection that is closed on it only that it broke.
        """
        with contextlib.suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(self._limits.upload_seconds):
                async for _ in coming:
                    pass

    def _too_large(self, asked: Asked) -> Refused:
        most = in_words(self._limits.request_bytes)
        return Refused(413, f"a request may bring {most} at most: hand in fewer {asked.what}s at once")


class _Form:
    """The parts of a form, as they come in."""

    def __init__(self, content_type: str, limits: Limits, asked: Asked) -> None:
        kind, options = parse_options_header(content_type)
        if kind.decode("latin-1").lower() != KIND or not options.get(b"boundary"):
            raise Refused(415, f"send {asked.what}s as {KIND}, in the field {asked.field!r}")
        self._limits, self._asked = limits, asked
        self._files: list[Upload] = []
        self._values: dict[str, bytearray] = {}
        self._text: bytearray | None = None  # of the field that is coming in, None where that is a file
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

    def received(self) -> Received:
        """What the form held."""
        if not self._ended:
            raise Refused(400, "the form cannot be read: its end is missing")
        # A browser sends a nameless, empty file for a field that nothing was chosen in.
        chosen = [one for one in self._files if one.name or one.data]
        if not chosen:
            few = "one" if self._limits.files == 1 else "one or several"
            raise Refused(422, f"no {self._asked.what} came: send {few} in the field {self._asked.field!r}")
        for number, one in enumerate(chosen, 1):
            one.name = one.name or f"{self._asked.what} {number}"
        return Received(chosen, {name: text.decode("utf-8", "replace") for name, text in self._values.items()})

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
        what, wanted, self._text = self._asked.what, self._asked.field, None
        if name in self._asked.values and b"filename" not in options:
            self._text = self._values[name] = bytearray()  # where it comes twice, the last one counts
            return
        if spelled := _SPELLED.search(self._disposition):
            options[b"filename"] = urllib.parse.unquote_to_bytes(spelled[1])
        if name != wanted or b"filename" not in options:
            strange = f"field {name[:LONGEST_NAME]!a}" if name != wanted else "text in it"
            raise Refused(422, f"{what}s go as files in the field {wanted!r}: {strange} is not known")
        if len(self._files) == self._limits.files:
            most = f"{self._limits.files} {what}{'' if self._limits.files == 1 else 's'}"
            raise Refused(413, f"a request may bring {most} at most: hand in the rest after it")
        given = options[b"filename"].decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
        if len(given) > LONGEST_NAME:  # its ending says what it is
            given = f"{given[: LONGEST_NAME - 21]}…{given[-20:]}"
        shown = "".join(sign if sign.isprintable() else " " for sign in given)
        self._files.append(Upload(shown.strip()))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._text is not None:
            self._text += data[start:end]
            if len(self._text) > LONGEST_TEXT:
                raise Refused(422, f"a field of text may have {LONGEST_TEXT} letters at most")
            return
        file = self._files[-1]
        if file.fault is None and len(file.data) + end - start > self._limits.file_bytes:
            most = in_words(self._limits.file_bytes)
            file.fault = Refused(413, f"larger than {most}, which a {self._asked.what} may have at most")
            file.data.clear()
        if file.fault is None:
            file.data += data[start:end]

    def _on_end(self) -> None:
        self._ended = True
