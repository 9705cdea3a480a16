"""XML files of strangers, read with entities, DTDs and network off, bounded in size and depth.

    root = elements(Path("mets.xml"))          # to read: xml.etree of the standard library
    tree = tree_of(Path("mets.xml"))           # to read and write again: lxml, which keeps comments, prefixes, blanks
    root_of(Path("0001.xml"))                  # ("http://www.loc.gov/standards/alto/ns-v4#", "alto")

A first pass of expat looks at all that can hurt before anything is built in memory: a DTD inside the file (it could
declare entities that grow without bounds, or attributes that every element then gets), too many bytes, too deep.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.parsers import expat

from utils import UserError, printable

if TYPE_CHECKING:
    from lxml import etree

MOST_BYTES = 512 << 20
DEEPEST = 200  # elements inside each other; METS, PAGE and ALTO of real makers have less than 30
_HEAD = 1 << 18  # bytes in which the first element must begin
REQUIREMENTS = "requirements-interchange.txt"


class _Seen(Exception):
    """The first element has begun."""


def root_of(file: Path) -> tuple[str, str] | None:
    """Namespace ("" without one) and name of the first element, None where the file is no XML or hides it in a DTD."""
    root: list[str] = []

    def begin(name: str, _: object) -> None:
        root.append(name)
        raise _Seen

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = _no_inner_dtd(file)
    try:
        with file.open("rb") as content:
            parser.Parse(content.read(_HEAD), False)
    except _Seen:
        namespace, _, name = root[0].rpartition(" ")
        return namespace, name
    except (OSError, UserError, expat.ExpatError, ValueError, LookupError):
        pass
    return None


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
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, strip_cdata=False, collect_ids=False
    )
    try:
        return etree.parse(io.BytesIO(content), parser)
    except etree.XMLSyntaxError as error:
        raise _no_xml(file, str(error)) from None


def _checked(file: Path, most_bytes: int, deepest: int) -> bytes:
    """The bytes of a file that is well-formed, holds no DTD and keeps to the limits."""
    shown = printable(str(file))
    try:
        if not os.path.isfile(file):  # noqa: PTH113 (Path.is_file raises below a closed folder)
            raise UserError(f"{shown} is no file")
        size = file.stat().st_size
        if size > most_bytes:
            raise UserError(f"{shown} has {size >> 20} MB: XML of more than {most_bytes >> 20} MB is not read")
        with file.open("rb") as opened:
            content = opened.read(most_bytes + 1)
    except OSError as error:
        raise UserError(f"{shown} cannot be read: {(error.strerror or str(error)).lower()}") from None
    depth = 0

    def begin(name: str, _: object) -> None:
        nonlocal depth
        depth += 1
        if depth > deepest:
            raise UserError(
                f"{shown}, line {parser.CurrentLineNumber}: more than {deepest} elements inside each other, which no "
                "page document needs: not read"
            )

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = _no_inner_dtd(file)
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        where = f"line {error.lineno}, column {error.offset + 1}"
        raise _no_xml(file, f"{expat.ErrorString(error.code)}, {where}") from None
    except (ValueError, LookupError) as error:  # an encoding that is not known, or has more than one byte a letter
        raise _no_xml(file, f"{error}; save it as UTF-8") from None
    return content


def _no_inner_dtd(file: Path):  # noqa: ANN202 (a handler as expat wants it)
    def doctype(_name: str, _system: str | None, _public: str | None, has_inner: int) -> None:
        if has_inner:
            raise UserError(
                f"{printable(str(file))} brings a DTD of its own (<!DOCTYPE ... [ ... ]>), which can hide "
                "anything: not read; save it without"
            )

    return doctype


def _no_xml(file: Path, why: str) -> UserError:
    return UserError(f"{printable(str(file))} is no sound XML: {printable(why)}")
