"""What document each page of an index is of: the rule of reading/documents.py over all indexed folders together.

rule = IndexDocuments(files, settings.input)       # files: (folder, path) of all that the index holds or will hold
rule.of("/scans/box1", page)                       # "box1", where box1/0001.jpg and box2/0001.jpg are indexed
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from index.known import File
from reading.documents import Documents, Reading
from reading.pages import Page
from utils import printable


class IndexDocuments:
    """Documents of pages that lie in several indexed folders."""

    def __init__(self, files: Collection[File], read: Reading) -> None:
        self._plain = read.document_from == "auto" and not read.document_pattern
        names = _folder_names({(folder, path.rpartition("/")[0]) for folder, path in files})

        def below(path: str) -> str:
            whole = printable(path.rpartition("/")[0])
            return names.get(whole, whole)

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
        """Whether a document has an earlier name because other folders with such pages, or so called, came later."""
        if not self._plain or not self._rule.is_folder(page.path):
            return False
        earlier = printable(page.file), printable(_short_name(folder, page.path.rpartition("/")[0]))
        return stored in earlier and stored != self.of(folder, page)


def _short_name(folder: str, inside: str) -> str:
    """What a folder of pages is called: its path within the indexed folder, or that one's own name."""
    return inside or folder.rpartition("/")[2]


def _folder_names(folders: Collection[File]) -> dict[str, str]:
    """Whole path -> name of each (indexed folder, folder within it); the boxes of two shelves keep their shelf's name.

    >>> _folder_names([("/a", "box1"), ("/b", "box1"), ("/b", "box2"), ("/b", "")])
    {'/a/box1': 'a/box1', '/b/box1': 'b/box1', '/b/box2': 'box2', '/b': 'b'}
    """
    names = {f"{folder}/{inside}".rstrip("/"): _short_name(folder, inside) for folder, inside in folders}
    while True:
        taken = Counter(names.values())
        longer = {}
        for whole, name in names.items():
            if taken[name] > 1 and name != whole:
                above = whole.removesuffix(name).rstrip("/")
                longer[whole] = f"{above.rpartition('/')[2]}/{name}" if above else whole
        if not longer:
            return names
        names |= longer
