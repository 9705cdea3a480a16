"""What an earlier sort put into OUTPUT: where pages lie since then, and whether a file is this very page.

before = SortedBefore([output, doubtful], shelf)
before.taken(source, target)                 # "" where the place is free or holds this page, else the problem
before.elsewhere(page, kept={target})        # copies of the page in folders that it no longer belongs in

Only files that OUTPUT/documents.csv names, that are called as sort.py calls the page and that have its bytes count as
put there: nothing else of a user is ever taken for ours.
"""

from __future__ import annotations

import filecmp
import os
import sys
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import no_command, same_name
from shelf import Shelf

from reading.pages import Page
from training.data import DOCUMENTS, read_documents
from utils import printable


class SortedBefore:
    """roots: OUTPUT, and the folder of the doubtful pages.

    recorded: by root, page in it -> document, as its documents.csv has them. UserError where one cannot be read.
    """

    def __init__(self, roots: Sequence[Path], shelf: Shelf) -> None:
        self._shelf = shelf
        self.recorded = {
            root: read_documents(root / DOCUMENTS) if (root / DOCUMENTS).is_file() else {} for root in roots
        }
        self._by_name: dict[str, list[tuple[Path, str, str]]] = defaultdict(list)  # root, label, document
        for root, documents in self.recorded.items():
            for place, document in documents.items():
                label, _, name = place.partition("/")
                self._by_name[same_name(name)].append((root, label, document))
        self._compared: dict[tuple[Path, Path], bool] = {}

    def taken(self, source: Path, target: Path) -> str:
        """The problem where another file is at a page's place; "" where it is free or holds this very page."""
        output = next(root for root in self.recorded if target.is_relative_to(root))
        for folder in target.relative_to(output).parents:
            if os.path.lexists(output / folder) and not (output / folder).is_dir():
                return f"{printable(str(output / folder))} is there and is no folder"
        if not os.path.lexists(target):
            return ""
        if not target.is_file():
            return f"{printable(str(target))} is there and is no file"
        if self._same(source, target):
            return ""
        return f"{printable(str(target))} is there already and is another page than {printable(str(source))}"

    def elsewhere(self, page: Page, kept: Collection[Path]) -> list[Path]:
        """Where an earlier sort put this page, but for places that are `kept`: each holds it, or is empty by now."""
        source, found = self._shelf.root / page.path, []
        for name in self._shelf.names(page):
            for root, label, document in self._by_name.get(same_name(name), ()):
                place = root / label / name
                if place in kept:
                    continue
                if not os.path.lexists(place):  # an earlier start was killed before its table said so
                    found.append(place)
                    continue
                if not self._ours(place, root) or not self._same(source, place):
                    continue
                named = [self._shelf.root / other for other in self._shelf.same_named(page.path)]
                if any(place.resolve() == other.resolve() for other in named):  # PAGES lies in OUTPUT: it is the source
                    continue
                # Equal pages of one name, two blank ones for instance: then it is whose document stands there.
                if document == self._shelf.document(page) or not any(
                    self._same(other, place) for other in named if other != source
                ):
                    found.append(place)
        return found

    @staticmethod
    def _ours(place: Path, root: Path) -> bool:
        return place.is_file() and not place.is_symlink() and place.resolve().is_relative_to(root.resolve())

    def _same(self, one: Path, other: Path) -> bool:
        """Whether two files have the same bytes; each pair is read once."""
        if (one, other) not in self._compared:
            same = one.samefile(other) or filecmp.cmp(one, other, shallow=False)
            self._compared[one, other] = same
        return self._compared[one, other]


if __name__ == "__main__":
    no_command("pages are sorted into folders by data_scripts/sort.py")
