"""What the user named with -d: a document that names pages, or plain pages?

source = source_of(Path("mets.xml"))               # a Source; None for a folder of pages or a picture
source = source_of(Path("workspace"))              # the same of the METS file in it

It is told by content: the first element of XML, the keys of JSON, `bagit.txt`; only `mets.xml` in a folder by its name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from interchange.bags import Bag, bag_of
from interchange.copies import Copies
from interchange.iiif import read_manifest
from interchange.local_files import LocalFiles
from interchange.mets import KINDS, read_mets
from interchange.named_pages import NamedPage, Source, counted
from interchange.page_files import files_in, kind_of, read_page_files, root_for
from interchange.several_pages import with_frames
from interchange.xml_files import elements, root_of
from output.files import file_hash
from reading.listing import named_as_page
from reading.pages import Page, PageList
from utils import UserError, printable

__all__ = ["NamedPage", "Source", "source_of"]
# Names that say nothing of what is in the file: the folder's name is the document.
GENERIC = frozenset(["mets", "meta", "manifest", "index", "data"])


def source_of(
    path: Path,
    *,
    file_group: str = "",
    images: Path | None = None,
    look: bool = True,
    tell: Callable[[str], None] | None = None,
) -> Source | None:
    """The document that a path names, with its pages; None where it names plain pages.

    file_group: the USE of the file group to take. images: where pictures lie that are not beside the document. look:
    whether pictures are opened, for a bag's checksums and the pages of PDFs and TIFFs; not needed where the pages are
    known already; tell: called with a line where that may take long. UserError, in one line, where the document cannot
    be read.
    """
    bag = None
    if os.path.isdir(path):  # noqa: PTH112 (Path.is_dir raises below a closed folder)
        bag = bag_of(path)
        folders = [path] if bag is None else [bag.payload, path]
        document = next((found for folder in folders if (found := _document_in(folder))), None)
        if document is None:
            return None
    elif os.path.isfile(path) and not named_as_page(path.name):  # noqa: PTH113
        document = path
    else:
        return None
    kind = "page" if document.is_dir() else _kind_of(document)
    if not kind:
        return None
    if file_group and kind not in KINDS.values():
        raise UserError(f"--file-group is for METS files, and {printable(str(document))} is none: leave it out")
    folder = document if document.is_dir() else document.parent
    files = Copies(images) if images else LocalFiles(root_for(folder) if kind == "page" else folder)
    source = _read(document, kind, files, file_group)
    if not look:
        return source
    pages, notes = with_frames(source.pages, source.root)
    if missing := sum(bool(page.reason) for page in pages):
        unread = f"warning: {missing} of {counted(len(pages))} cannot be read: each is an error row"
        notes = [unread, files.hint(), *notes]
    if bag is not None:
        pages = _checked(pages, source, bag, tell)
        notes += bag.notes
    notes = [printable(note) for note in notes if note]
    return replace(source, pages=tuple(pages), notes=(*source.notes, *notes))


def _read(document: Path, kind: str, files: LocalFiles | Copies, file_group: str) -> Source:
    if kind == "iiif":
        return read_manifest(document, files, document=document_of(document))
    if kind == "page":
        named_as = root_for(document) if document.is_dir() else document
        return read_page_files(document, files, document=document_of(named_as))
    return read_mets(document, files, document=document_of(document), file_group=file_group)


def _kind_of(file: Path) -> str:
    """ "mets", "mets2", "iiif", "page" (also for ALTO), "" for a file that is none of them.

    UserError for XML or JSON of another kind.
    """
    begins = _first_sign(file)
    if begins == "{" or file.suffix.lower() in (".json", ".jsonld"):
        return "iiif"
    if begins != "<" and file.suffix.lower() != ".xml":
        return ""
    root = root_of(file)
    if root is None:
        elements(file)  # says what is wrong with it
        root = "", "not to be found"
    space, name = root
    if name == "mets" and space in KINDS:
        return KINDS[space]
    if kind_of(file):
        return "page"
    of_space = f" of {printable(space)[:80] or 'no namespace'}" if name in ("mets", "PcGts", "alto") else ""
    raise UserError(
        f"{printable(str(file))} is XML, but its first element is {printable(name)[:80]}{of_space}: METS, PAGE-XML and "
        "ALTO are read"
    )


def _checked(pages: list[NamedPage], source: Source, bag: Bag, tell: Callable[[str], None] | None) -> list[NamedPage]:
    """The pages, those whose files are not what the bag says with that reason."""
    if source.file.is_file():
        bag.check_document(source.file)
    if not source.root.is_relative_to(bag.folder):  # pictures of --images lie elsewhere
        bag.notes.append("note: the pictures are not those of the bag: nothing is checked")
        return pages
    below = "" if source.root == bag.folder else f"{source.root.relative_to(bag.folder).as_posix()}/"
    faults = bag.faults([page.path for page in pages if not page.reason], below, tell)
    return [replace(page, reason=page.reason or faults.get(page.path, "")) for page in pages]


def page_list(source: Source) -> PageList:
    """The pages of a document as they are read: FILE is the document, PAGE counts in its order."""
    return PageList(
        source.root,
        [
            Page(
                page.path if not page.reason else _said(page.path),
                source.document,
                number,
                page.frame,
                page.reason,
                page.id,
            )
            for number, page in enumerate(source.pages, 1)
        ],
    )


def _said(path: str) -> str:
    """What a document says of a file that cannot be read, as a table can hold it."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in path)


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


def document_of(file: Path) -> str:
    """FILE of the pages that a document names: its own name without ending, or where that says nothing (mets.xml) its
    folder's.

    >>> document_of(Path("box/PPN1234.xml")), document_of(Path("box/mets.xml")), document_of(Path("bag/data/mets.xml"))
    ('PPN1234', 'box', 'bag')
    """
    name = file.name if file.is_dir() else file.stem
    folders = file.absolute().parent
    while name.casefold() in GENERIC and folders.name:
        name, folders = folders.name, folders.parent
    return name


def _document_in(folder: Path) -> Path | None:
    """What names the pages in a folder: its `mets.xml`; the folder itself where PAGE-XML or ALTO lie in it and no
    pictures; None.
    """
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return None  # find_pages says why
    for name in names:
        if name.casefold() == "mets.xml" and os.path.isfile(folder / name):  # noqa: PTH113
            return folder / name
    if any(named_as_page(name) for name in names) or not any(name.lower().endswith(".xml") for name in names):
        return None
    return folder if files_in(folder)[0] else None


def _first_sign(file: Path) -> str:
    """The first sign of a text that is none of blanks, "" where there is none."""
    try:
        with file.open("rb") as content:
            head = content.read(256)
    except OSError:
        return ""
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip()[:1].decode("latin-1")
