"""The pages of a folder, found by what an annotation calls them, and what they are called where they are sorted to.

shelf = Shelf(root, find_pages(root).pages, labels=["TEXT", "DRAW"])
shelf.find("X", 1, path="")                  # the page, or what is wrong, in words
shelf.document(page), shelf.names(page)      # "box1"; ["0001.jpg", "box1/0001.jpg"], the best name first
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import ONEPAGERS, counted, no_command, same_name

from reading.documents import Documents, below_categories
from reading.pages import Page
from settings.schema import Settings
from training.data import DOCUMENTS, read_documents
from utils import did_you_mean, printable


class Shelf:
    """The pages that there are, to be found by PATH, or by FILE and PAGE.

    labels: of the annotation. A folder of such a name is where a page was sorted to before, and no part of its name.
    """

    def __init__(self, root: Path, pages: list[Page], labels: Collection[str]) -> None:
        self.root = root
        self._below = below_categories(labels)
        self._rule = Documents((page.path for page in pages), Settings().input, self._below)
        self.frames = Counter(page.path for page in pages)
        self.by_path: dict[str, dict[int, Page]] = defaultdict(dict)
        self.by_name: dict[tuple[str, int], list[Page]] = defaultdict(list)
        self.by_bare_name: dict[tuple[str, int], list[Page]] = defaultdict(list)
        for page in pages:
            self.by_path[_plain(page.path)][page.number] = page
            self.by_name[_plain(page.file), page.number].append(page)
            self.by_bare_name[_plain(page.file).lstrip("0"), page.number].append(page)
        self._by_file: dict[str, list[str]] = defaultdict(list)
        self.given: dict[str, str] = {}
        if (root / DOCUMENTS).is_file():
            self.given = read_documents(root / DOCUMENTS)

    def find(self, file: str, number: int, path: str) -> Page | str:
        """The page that is meant, or what is wrong. `path` decides; "" = not told."""
        return self._by_path(path, number) if path else self._by_name(file, number)

    def _by_path(self, written: str, number: int) -> Page | str:
        path = _plain(written)
        for spelling in (path, path.replace("\\", "/")):
            pages = self.by_path.get(spelling)
            if pages:
                single = next(iter(pages.values()))
                page = single if len(pages) == 1 and single.frame is None else pages.get(number)
                return page or f"{written} has {counted(len(pages), 'page')}, no page {number}"
        folder, _, name = path.rpartition("/")
        stem = name.rpartition(".")[0]
        if name.lower().endswith(".pdf"):  # classified from the PDF itself; pdf2png.py made page images of it since
            near = [*self.by_name.get((stem, number), []), *self.by_bare_name.get((stem, number), [])]
            inside = [page for page in near if _plain(page.path).rpartition("/")[0] == f"{folder}/{stem}".lstrip("/")]
            if inside:
                return inside[0]
            return f"{written} is a PDF: make page images of it with pdf2png.py first"
        moved = self.by_path.get(f"{ONEPAGERS}/{name}")
        if moved:
            return next(iter(moved.values()))
        return f"{written} does not exist in PAGES{did_you_mean(path, list(self.by_path)[:2000])}"

    def _by_name(self, written: str, number: int) -> Page | str:
        asked = f"{written} page {number}"
        file = _plain(written)
        for pages in (self.by_name.get((file, number)), self.by_bare_name.get((file.lstrip("0"), number))):
            if pages and len(pages) > 1:
                paths = ", ".join(printable(page.path) for page in pages[:4])
                return f"{asked} is ambiguous: {paths}{', ...' if len(pages) > 4 else ''} (a PATH column decides)"
            if pages:
                return pages[0]
        if re.fullmatch(r"\d[.,]?\d*E\+\d+", written, re.IGNORECASE):
            return f"{asked} does not exist: a spreadsheet has rounded a long number (a PATH column decides)"
        known = sorted({name for name, page in self.by_name if page == number})
        return f"{asked} does not exist in PAGES{did_you_mean(file, known[:2000])}"

    def document(self, page: Page) -> str:
        """The page's document: as PAGES/documents.csv says; else its folder where names are only page numbers; else
        FILE - with its folder where several folders hold a page of this name, so that two documents of one name stay
        two."""
        given = self.given.get(printable(page.path), self.given.get(printable(Path(page.path).name)))
        if given:
            return given
        if self.numbered(page):
            return self._rule.of(page)
        folder = page.path.rpartition("/")[0]
        if not self._twice(page.file) or not folder:
            return page.file
        return folder if _plain(folder).rpartition("/")[2] == _plain(page.file) else f"{folder}/{page.file}"

    def names(self, page: Page) -> list[str]:
        """What the page's file may be called below its label folder, the best first: its own name, with its folder,
        with all folders."""
        folder, _, name = page.path.rpartition("/")
        below = self._below(page.path)
        return list(dict.fromkeys([name, f"{below}/{name}" if below else name, f"{folder}/{name}" if folder else name]))

    def same_named(self, path: str) -> list[str]:
        """The paths of all files of the same name."""
        if not self._by_file:
            for other in self.frames:
                self._by_file[same_name(other.rpartition("/")[2])].append(other)
        return self._by_file[same_name(path.rpartition("/")[2])]

    def numbered(self, page: Page) -> bool:
        """Whether the page's name is only a page number, which several folders have."""
        return self._rule.is_folder(page.path)

    def _twice(self, file: str) -> bool:
        if not hasattr(self, "_several"):
            self._several = {name for (name, _), pages in self.by_name.items() if len(pages) > 1}
        return _plain(file) in self._several


def _plain(name: str) -> str:
    """A name as a table holds it, in one spelling of its accents (macOS takes them apart)."""
    return unicodedata.normalize("NFC", printable(name))


if __name__ == "__main__":
    no_command("pages are sorted into folders by data_scripts/sort.py")
