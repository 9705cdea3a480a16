"""Pictures that are PDFs or TIFFs of several pages: which of them a document means.

pages, notes = with_frames(pages, Path("workspace"))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from interchange.named_pages import NamedPage
from reading.decoding import PageError, frames_of
from reading.listing import COUNTED, named_as_page
from utils import listed


def with_frames(pages: Sequence[NamedPage], root: Path) -> tuple[list[NamedPage], list[str]]:
    """The pages, each with the page of its file that it is, and lines for the user.

    A file that is the picture of one page alone is read at its first page. One that several pages share is read page by
    page where it has as many as they are; else nobody knows which is meant, and each is an error.
    """
    sharing: dict[str, list[int]] = {}  # path -> positions of its pages
    for at, page in enumerate(pages):
        if not page.reason:
            sharing.setdefault(page.path, []).append(at)
    found = list(pages)
    first: list[str] = []
    in_order: list[str] = []
    for path, positions in sharing.items():
        if not _may_hold_several(path):
            continue
        try:
            count = frames_of(root / path)[0]
        except PageError as error:
            for at in positions:
                found[at] = replace(found[at], reason=str(error))
            continue
        if count is None:
            continue
        for frame, at in enumerate(positions):
            if len(positions) == 1:
                found[at] = replace(found[at], frame=0)
            elif len(positions) == count:
                found[at] = replace(found[at], frame=frame)
            else:
                reason = f"its file has {count} pages and {len(positions)} pages share it: nobody says which is which"
                found[at] = replace(found[at], reason=reason)
        if len(positions) == 1 and count > 1:
            first.append(path)
        elif len(positions) > 1 and len(positions) == count:
            in_order.append(path)
    notes = []
    if first:
        notes.append(f"warning: of {len(first)} files that hold several pages the first is taken: {listed(first, 3)}")
    if in_order:
        notes.append(f"note: files that hold as many pages as share them are read in order: {listed(in_order, 3)}")
    return found, notes


def _may_hold_several(path: str) -> bool:
    """By the name; what has no name of a page is looked at."""
    return path.rpartition(".")[2].lower() in COUNTED or not named_as_page(path)
