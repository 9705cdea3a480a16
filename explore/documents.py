"""What document each page of an index is of: the rule of reading/documents.py over all indexed folders together.

rule = IndexDocuments(files, settings.input)       # files: (folder, path) of all that the index holds or will hold
rule.of("/scans/box1", page)                       # "box1", where box1/0001.jpg and box2/0001.jpg are indexed
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from explore.known import File
from reading.documents import Documents, Reading
from reading.pages import Page
from utils import printable


class IndexDocuments:
    """Documents of pages that lie in several indexed folders."""

    def __init__(self, files: Collection[File], read: Reading) -> None:
        roots = sorted({folder for folder, _ in files}, key=len, reverse=True)
        self._plain = read.document_from == "auto" and not read.document_pattern

        def below(path: str) -> str:
            inside = path.rpartition("/")[0]
            root = next((root for root in roots if inside == root or inside.startswith(f"{root}/")), "")
            return inside[len(root) + 1 :] or root.rpartition("/")[2]

        self._rule = Documents((f"{folder}/{path}" for folder, path in files), read, below)

    def of(self, folder: str, page: Page) -> str:
        """The document of a page, whose path counts from its indexed folder."""
        return printable(self._rule.of(replace(page, path=f"{folder}/{page.path}")))

    @property
    def by_folder(self) -> bool:
        """Whether the folder is the document of any page."""
        return self._rule.by_folder

    def note(self) -> str:
        """One line for the user, "" where there is nothing to say."""
        return self._rule.note()

    def outdated(self, folder: str, page: Page, stored: str | None) -> bool:
        """Whether a document was named after its page because the other folders with such names came later."""
        if not self._plain or not self._rule.is_folder(page.path):
            return False
        return stored == printable(page.file) != self.of(folder, page)
