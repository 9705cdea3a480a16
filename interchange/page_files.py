"""PAGE-XML and ALTO files: the picture that each names, from the first lines of the file.

picture_named_in(Path("0001.xml"))                 # ("page", "OCR-D-IMG/0001.tif")
source = read_page_files(Path("OCR-D-GT-PAGE"), LocalFiles(Path()), document="box")
"""

from __future__ import annotations

import re
from pathlib import Path

from interchange.copies import Copies
from interchange.local_files import LocalFiles
from interchange.named_pages import NamedPage, Source, counted, shared_pictures, unique_ids
from interchange.xml_files import Enough, root_of, walk
from utils import UserError, printable

TITLES = {"page": "PAGE-XML", "alto": "ALTO"}
_PAGE_SPACE = re.compile(r"https?://schema\.primaresearch\.org/PAGE/gts/pagecontent/.*")
_LONGEST = 4096  # letters of a file's name
# Folders in which programs put PAGE or ALTO below the pictures that they name: Transkribus, eScriptorium.
_BELOW_PICTURES = frozenset(["page", "alto", "page-xml", "pagexml"])


def kind_of(file: Path) -> str:
    """ "page" or "alto" by the first element, "" for any other file."""
    root = root_of(file)
    if root is None:
        return ""
    space, name = root
    if name == "PcGts" and (not space or _PAGE_SPACE.fullmatch(space)):
        return "page"
    return "alto" if name == "alto" else ""


def files_in(folder: Path) -> tuple[str, list[Path], int]:
    """What XML a folder holds: "page" or "alto" ("" = neither), these files in the order of their names, and how many
    other XML files lie beside them. Where both are there, PAGE is taken: both are of the same pages.

    Files that are no sound XML are among them, where there are any.
    """
    files = [file for file in folder.iterdir() if file.suffix.lower() == ".xml" and file.is_file()]
    kinds = {file: kind_of(file) for file in sorted(files, key=lambda file: _natural(file.name))}
    kind = next((kind for kind in TITLES if kind in kinds.values()), "")
    # What is no sound XML (an empty file, say) was one of them, for all we know: its page is an error, and not lost.
    taken = [file for file, own in kinds.items() if own == kind or (not own and root_of(file) is None)] if kind else []
    return kind, taken, len(files) - len(taken)


def root_for(folder: Path) -> Path:
    """Where the pictures of XML files in a folder are looked for: in the workspace (where a mets.xml lies), in the
    folder above `page/` and the like, else in the folder itself.
    """
    above = folder.absolute().parent
    if folder.absolute().name.casefold() in _BELOW_PICTURES or (above / "mets.xml").is_file():
        return above
    return folder


def picture_named_in(file: Path) -> tuple[str, str]:
    """The kind of a file, and the picture that it names, "" where it names none. UserError where it is no sound XML."""
    kind, picture, open_at = "", "", []
    text: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal kind, picture
        local = name.rpartition(" ")[2]
        if not kind:
            kind = {"PcGts": "page", "alto": "alto"}.get(local, "")
            if not kind:
                raise Enough
        elif kind == "page" and local == "Page":
            picture = attributes.get("imageFilename", "")
            raise Enough
        elif kind == "alto" and local in ("Layout", "Page"):
            raise Enough
        open_at.append(local)

    def end(_: str) -> None:
        if kind == "alto" and open_at and open_at.pop() == "fileName":
            raise Enough

    def add(more: str) -> None:
        if kind == "alto" and open_at and open_at[-1] == "fileName" and sum(map(len, text)) < _LONGEST:
            text.append(more)

    walk(file, begin, end=end, text=add)
    return kind, picture or "".join(text).strip()


def read_page_files(given: Path, files: LocalFiles | Copies, *, document: str) -> Source:
    """The pages of a folder of PAGE or ALTO files, or of one such file. UserError where there is none."""
    if given.is_dir():
        kind, found, others = files_in(given)
    else:
        kind, found, others = kind_of(given), [given], 0
    if not kind:
        raise UserError(f"{printable(str(given))} holds no PAGE-XML and no ALTO")
    pages, renamed = unique_ids(_page(file, files) for file in found)
    beside = f" (not taken: {counted(others, 'other XML file')})" if others else ""
    head = f"{given.name}: {counted(len(found), f'{TITLES[kind]} file')}{beside}, pictures below {files.root}"
    notes = [head, renamed, shared_pictures(pages)]
    return Source(kind, given, files.root, document, tuple(pages), tuple(printable(note) for note in notes if note))


def _page(file: Path, files: LocalFiles | Copies) -> NamedPage:
    path, fault = LocalFiles(file.parent).find(file.name)
    if fault:  # a link that leads out
        return NamedPage(file.stem, "", file.name, fault)
    try:
        _, said = picture_named_in(file)
    except UserError as error:
        return NamedPage(file.stem, "", file.name, str(error))
    if isinstance(files, Copies):
        path, reason = files.find(said, [file.stem])
        return NamedPage(file.stem, "", path or file.name, reason)
    if not said:
        return NamedPage(file.stem, "", file.name, f"{file.name} names no picture")
    path, reason = files.find(said)
    if reason:  # counted from the file's own folder, below the workspace
        own = file.absolute().parent
        if own != files.root.absolute() and own.is_relative_to(files.root.absolute()):
            inner = f"{own.relative_to(files.root.absolute()).as_posix()}/{said}"
            beside, fault = files.find(inner)
            path, reason = (beside, "") if not fault else (path, reason)
    return NamedPage(file.stem, "", path, reason)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Names in the order that people expect: page2 before page10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part), "") if part.isdecimal() and len(part) < 20 else (1, 0, part) for part in parts]
