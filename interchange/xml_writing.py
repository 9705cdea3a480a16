"""Adds to XML that others wrote: what is theirs stays as it is, to the last blank, and what is ours can be taken out.

    tree = tree_of(Path("mets.xml"))                        # interchange/xml_files.py
    put(parent, element, after=sibling)                     # with the blanks of the elements around it
    take_out(element)                                       # the file is again as it was
    write_xml(file, tree)                                   # encoding, prefixes, comments and DOCTYPE are kept

Blanks that lay before our element lie behind it: taking it out, with what stands before it, gives them back.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import Path

from lxml import etree

from output.files import write_whole
from utils import printable

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDE = ("UTF-16", "UTF-32", "UCS", "UTF16")


def xml_text(text: str) -> str:
    """A text that XML can hold: what no XML may hold, control characters and the like, becomes U+FFFD."""
    return _ILLEGAL.sub("\ufffd", printable(text))


def xml_id(text: str) -> str:
    """An id (NCName) like a text, of ASCII.

    >>> xml_id("PHYS_0017"), xml_id("0017 a:b"), xml_id("")
    ('PHYS_0017', '_0017_a_b', '_')
    """
    name = re.sub("[^A-Za-z0-9_.-]", "_", text)
    return name if re.match("[A-Za-z_]", name) else f"_{name}"


def put(parent: etree._Element, element: etree._Element, after: etree._Element | None = None) -> None:
    """Insert an element, with all that is in it, into a parent: behind one of its children, or as the first child.

    It gets the indentation of the parent's children, or none where they have none.
    """
    put_all(parent, [element], after)


def put_all(parent: etree._Element, elements: Iterable[etree._Element], after: etree._Element | None = None) -> None:
    """Insert elements, one behind the other, as `put` has it; many take no longer each than one."""
    blanks = _indentation(parent)
    step = "" if blanks is None else _step(parent, blanks)
    for element in elements:
        if blanks is not None:
            _indent(element, blanks, step)
        if after is None:
            parent.insert(0, element)
            element.tail, parent.text = parent.text, blanks
        else:
            after.addnext(element)
            element.tail, after.tail = after.tail, blanks
        after = element


def take_out(element: etree._Element) -> None:
    """Remove an element, and the blanks that `put` added before it."""
    parent, before, tail = element.getparent(), element.getprevious(), element.tail
    parent.remove(element)  # with its tail
    if before is None:
        parent.text = tail
    else:
        before.tail = tail


def _indentation(parent: etree._Element) -> str | None:
    """A line break and the blanks before a child; None where children stand on one line."""
    above = parent.getparent()
    if _is_empty(parent):
        around = None if above is None else _indentation(above)
        return None if around is None else around + _step(above, around)
    for blanks in itertools.chain([parent.text], (child.tail for child in parent if child.getnext() is not None)):
        if blanks and "\n" in blanks and not blanks.strip():
            return blanks[blanks.rindex("\n") :]
    return None


def _is_empty(parent: etree._Element) -> bool:
    return next(parent.iterchildren(), None) is None


def _step(parent: etree._Element, blanks: str) -> str:
    """By how much children are indented more than their parent."""
    above = parent.getparent()
    around = _indentation(above) if above is not None else "\n"
    return blanks.removeprefix(around or "\n") or "  "


def _indent(element: etree._Element, blanks: str, step: str) -> None:
    """Indent what is in an element of ours, which begins behind `blanks`."""
    if _is_empty(element):
        return
    element.text = blanks + step
    for child in element:
        _indent(child, blanks + step, step)
        child.tail = blanks + step
    element[-1].tail = blanks


def serialized(tree: etree._ElementTree) -> bytes:
    """A file's bytes: in the encoding that it had, with its comments, instructions and DOCTYPE."""
    about = tree.docinfo
    encoding = about.encoding or "UTF-8"
    alone = True if about.standalone else None  # lxml says False, too, where the file does not say
    content = etree.tostring(tree, encoding=encoding, xml_declaration=True, standalone=alone)
    if encoding.upper().startswith(_WIDE):
        return content
    declaration, _, rest = content.partition(b"?>")
    return declaration.replace(b"'", b'"') + b"?>" + rest.rstrip(b"\n") + b"\n"


def write_xml(file: Path, tree: etree._ElementTree) -> Path:
    """Write a file whole."""
    return write_whole(file, serialized(tree))
