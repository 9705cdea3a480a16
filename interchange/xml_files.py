"""XML files of strangers, read with entities, DTDs and network off, bounded in size and depth.

    root = elements(Path("mets.xml"))          # to read: xml.etree of the standard library
    tree = tree_of(Path("mets.xml"))           # to read and write again: lxml, which keeps comments, prefixes, blanks
    walk(Path("0001.xml"), begin)              # its beginning: until a handler raises Enough
    root_of(Path("0001.xml"))                  # ("http://www.loc.gov/standards/alto/ns-v4#", "alto")

A first pass of expat looks at all that can hurt before anything is built in memory: a DTD inside the file (it could
declare entities that grow without bounds, or attributes that every element then gets), too many bytes, too deep.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.parsers import expat

from utils import UserError, printable

if TYPE_CHECKING:
    from lxml import etree

MOST_BYTES = 512 << 20
DEEPEST = 200  # elements inside each other; METS, PAGE and ALTO of real makers have less than 30
_HEAD = 1 << 20  # bytes in which the first element must begin
_PART = 1 << 18  # bytes read at once
REQUIREMENTS = "requirements-interchange.txt"
_UNKNOWN_IN_TAG = re.compile(rb"<[^<>!?][^<>]*&(?!#|(?:amp|lt|gt|quot|apos);)")  # an entity that XML itself has not


class Enough(Exception):
    """Raised by a handler of `walk` that has seen what it wants."""


def walk(
    file: Path,
    begin: Callable[[str, dict[str, str]], None],
    *,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
    most_bytes: int = MOST_BYTES,
    deepest: int = DEEPEST,
) -> None:
    """Read an XML file from its beginning until a handler raises `Enough`; names are "namespace name".

    UserError, in one line, where it is no XML or must not be trusted.
    """
    try:
        if not os.path.isfile(file):  # noqa: PTH113 (Path.is_file raises below a closed folder)
            raise UserError(f"{printable(str(file))} is no file")
        with file.open("rb") as opened:
            parts = iter(lambda: opened.read(_PART), b"")
            _parse(file, parts, begin, end, text, most_bytes, deepest)
    except OSError as error:
        raise UserError(f"{printable(str(file))} cannot be read: {(error.strerror or str(error)).lower()}") from None


def root_of(file: Path) -> tuple[str, str] | None:
    """Namespace ("" without one) and name of the first element, None where the file is no XML or hides it in a DTD."""
    root: list[str] = []

    def begin(name: str, _: object) -> None:
        root.append(name)
        raise Enough

    try:
        walk(file, begin, most_bytes=_HEAD)
    except UserError:
        return None
    namespace, _, name = root[0].rpartition(" ")
    return namespace, name


def elements(file: Path, *, most_bytes: int = MOST_BYTES, deepest: int = DEEPEST) -> ElementTree.Element:
    """The root of an XML file, to be read. UserError, in one line, where it is none or must not be trusted."""
    content = _checked(file, most_bytes, deepest)
    try:
        return ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise _no_xml(file, str(error)) from None


def tree_of(file: Path, *, most_bytes: int = MOST_BYTES, deepest: int = DEEPEST) -> etree._ElementTree:
    """An XML file as lxml has it, to be changed and written: comments, prefixes and blanks as they are in the file.

    UserError as above, and where lxml is not installed.
    """
    from settings.command import check_packages

    check_packages("writing XML", ("lxml",), REQUIREMENTS)
    from lxml import etree

    content = _checked(file, most_bytes, deepest)
    # Not collect_ids=False: with it libxml2 reads the DTD that a DOCTYPE names, in spite of load_dtd=False.
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, strip_cdata=False
    )
    try:
        tree = etree.parse(io.BytesIO(content), parser)
    except etree.XMLSyntaxError as error:
        raise _no_xml(file, str(error)) from None
    if tree.docinfo.doctype and _UNKNOWN_IN_TAG.search(content):  # it would be lost
        raise UserError(
            f"{printable(str(file))} has an entity in an attribute, which a DTD elsewhere says: not changed"
        )
    return tree


def _checked(file: Path, most_bytes: int, deepest: int) -> bytes:
    """The bytes of a file that is well-formed, holds no DTD and keeps to the limits."""
    content = io.BytesIO()

    def begin(*_: object) -> None:
        return

    try:
        if not os.path.isfile(file):  # noqa: PTH113
            raise UserError(f"{printable(str(file))} is no file")
        with file.open("rb") as opened:
            for part in iter(lambda: opened.read(_PART), b""):
                content.write(part)
                if content.tell() > most_bytes:
                    raise _too_large(file, most_bytes)
    except OSError as error:
        raise UserError(f"{printable(str(file))} cannot be read: {(error.strerror or str(error)).lower()}") from None
    whole = content.getvalue()
    _parse(file, [whole], begin, None, None, most_bytes, deepest)
    return whole


def _parse(
    file: Path,
    parts: Iterable[bytes],
    begin: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None,
    text: Callable[[str], None] | None,
    most_bytes: int,
    deepest: int,
) -> None:
    depth = size = 0

    def began(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > deepest:
            raise UserError(
                f"{printable(str(file))}, line {parser.CurrentLineNumber}: more than {deepest} elements inside each "
                "other, which no page document needs: not read"
            )
        begin(name, attributes)

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end:
            end(name)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = began, ended
    parser.StartDoctypeDeclHandler = _no_inner_dtd(file)
    if text:
        parser.CharacterDataHandler = text
    try:
        for part in parts:
            size += len(part)
            if size > most_bytes:
                raise _too_large(file, most_bytes)
            parser.Parse(part, False)
        parser.Parse(b"", True)
    except Enough:
        return
    except expat.ExpatError as error:
        where = f"line {error.lineno}, column {error.offset + 1}"
        raise _no_xml(file, f"{expat.ErrorString(error.code)}, {where}") from None
    except (ValueError, LookupError) as error:  # an encoding that is not known, or has more than one byte a letter
        raise _no_xml(file, f"{error}; save it as UTF-8") from None


def _too_large(file: Path, most_bytes: int) -> UserError:
    return UserError(f"{printable(str(file))} is larger than {most_bytes / (1 << 20):g} MB: so much XML is not read")


def _no_inner_dtd(file: Path) -> Callable[[str, str | None, str | None, int], None]:
    def doctype(_name: str, _system: str | None, _public: str | None, has_inner: int) -> None:
        if has_inner:
            raise UserError(
                f"{printable(str(file))} brings a DTD of its own (<!DOCTYPE ... [ ... ]>), which can hide "
                "anything: not read; save it without"
            )

    return doctype


def _no_xml(file: Path, why: str) -> UserError:
    return UserError(f"{printable(str(file))} is no sound XML: {printable(why)}")
