"""What the user named with -d: a document that names pages, or plain pages?

source = source_of(Path("mets.xml"))               # a Source; None for a folder of pages or a picture
source = source_of(Path("workspace"))              # the same of the METS file in it

It is told by content: the first element of XML, the keys of JSON, `bagit.txt`; only `mets.xml` in a folder by its name.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from interchange.local_files import LocalFiles
from interchange.mets import KINDS, read_mets
from interchange.named_pages import NamedPage, Source
from interchange.xml_files import elements, root_of
from output.files import file_hash
from reading.listing import named_as_page
from reading.pages import Page, PageList
from utils import UserError, printable

__all__ = ["NamedPage", "Source", "source_of"]
# Names that say nothing of what is in the file: the folder's name is the document.
GENERIC = frozenset(["mets", "meta", "manifest", "index", "data"])


def source_of(path: Path, *, file_group: str = "", images: Path | None = None) -> Source | None:
    """The document that a path names, with its pages; None where it names plain pages.

    file_group: the USE of the file group to take. UserError, in one line, where the document cannot be read.
    """
    if os.path.isdir(path):  # noqa: PTH112 (Path.is_dir raises below a closed folder)
        document = _mets_in(path)
        return _from_mets(document, file_group) if document else None
    if not os.path.isfile(path) or named_as_page(path.name) or not _begins_as_xml(path):  # noqa: PTH113
        return None
    root = root_of(path)
    if root is None:
        root = ("", elements(path).tag)  # says what is wrong with it
    space, name = root
    if name == "mets" and space in KINDS:
        return _from_mets(path, file_group)
    raise UserError(f"{printable(str(path))} is XML, but its first element is {printable(name)}: METS files are read")


def page_list(source: Source) -> PageList:
    """The pages of a document as they are read: FILE is the document, PAGE counts in its order."""
    return PageList(
        source.root,
        [
            Page(page.path, source.document, number, page.frame, page.reason, page.id)
            for number, page in enumerate(source.pages, 1)
        ],
    )


def fingerprint(source: Source) -> str:
    """SHA-256 of the document, 64 hexadecimal digits: of the METS file or manifest, or of the XML files of a folder.

    UserError where one cannot be read.
    """
    try:
        if source.file.is_file():
            return file_hash(source.file)
        names = sorted(file for file in source.file.iterdir() if file.suffix.lower() == ".xml" and file.is_file())
        digest = hashlib.sha256()
        for file in names:
            digest.update(f"{file_hash(file)}  {printable(file.name)}\n".encode())
        return digest.hexdigest()
    except OSError as error:
        raise UserError(f"{printable(str(error.filename))} cannot be read: {error.strerror or error}") from None


def _from_mets(file: Path, file_group: str) -> Source:
    return read_mets(file, LocalFiles(file.parent), document=document_of(file), file_group=file_group)


def document_of(file: Path) -> str:
    """FILE of the pages that a document names: its own name without ending, or where that says nothing (mets.xml) its
    folder's.

    >>> document_of(Path("box/PPN1234.xml")), document_of(Path("box/mets.xml")), document_of(Path("bag/data/mets.xml"))
    ('PPN1234', 'box', 'bag')
    """
    name = file.stem
    folders = file.absolute().parent
    while name.casefold() in GENERIC and folders.name:
        name, folders = folders.name, folders.parent
    return name


def _mets_in(folder: Path) -> Path | None:
    """The `mets.xml` of a workspace."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return None  # find_pages says why
    return next((folder / name for name in names if name.casefold() == "mets.xml"), None)


def _begins_as_xml(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            head = content.read(64)
    except OSError:
        return False
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip().startswith(b"<")
