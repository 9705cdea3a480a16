"""BagIt: what lies in a bag, and whether it is still what was put in.

bag = bag_of(Path("bag"))                          # None for a folder without bagit.txt
faults = bag.faults(["OCR-D-IMG/0001.tif"])        # of files below bag.payload: path -> what is wrong with it

Only files that are read as pages are hashed, each once, by the strongest manifest that lists it (RFC 8493).
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from interchange.named_pages import counted
from reading.pages import PageList
from utils import UserError, cores, listed, printable

ALGORITHMS = ("sha512", "sha256", "sha1", "md5")  # the strongest first
MOST_BYTES = 512 << 20
_LINE = re.compile(r"([0-9a-fA-F]{32,128})[ \t]+\*?(.+)")


Manifest = dict[str, tuple[str, str]]


@dataclass
class Bag:
    """A bag.

    manifests: algorithm -> path from the bag's folder, composed letters -> the path as it stands there, and its
    checksum in lower case. notes: lines for the user.
    """

    folder: Path
    manifests: dict[str, Manifest]
    notes: list[str] = field(default_factory=list)

    @property
    def payload(self) -> Path:
        """The folder of what was put in."""
        return self.folder / "data"

    def faults(
        self, paths: Iterable[str], below: str = "data/", tell: Callable[[str], None] | None = None
    ) -> dict[str, str]:
        """The files (paths that count from `below` in the bag) that are not what the bag says, with the reason.

        What no manifest lists cannot be checked: notes say so, and what the manifests list and is not there. tell:
        called with a line before it begins, which may take long.
        """
        wanted = {path: found for path in dict.fromkeys(paths) if (found := self._said(below + path))}
        unlisted = [path for path in dict.fromkeys(paths) if path not in wanted]
        if tell:
            tell(f"comparing {counted(len(wanted), 'picture')} with the checksums of the bag ...")
        with ThreadPoolExecutor(cores()) as pool:
            sums = pool.map(lambda item: _checksum(self.folder / (below + item[0]), item[1][0]), wanted.items())
            faults = {
                path: f"its checksum is not the one in the bag's manifest ({algorithm})" if found else GONE
                for (path, (algorithm, said)), found in zip(wanted.items(), sums, strict=True)
                if found != said
            }
        said = f"{counted(len(wanted), 'picture')} checked against the checksums of the bag"
        wrong = sum(reason != GONE for reason in faults.values())
        self.notes.append(f"warning: {said}: not what was put in: {wrong}" if wrong else said)
        if unlisted:
            self.notes.append(
                f"warning: {counted(len(unlisted), 'picture')} in no manifest of the bag, so not checked: "
                f"{listed(unlisted, 3)}"
            )
        return faults

    def check_document(self, file: Path) -> None:
        """Note where the document that names the pages is not what was put in: programs change it in their work."""
        path = file.relative_to(self.folder).as_posix()
        found = self._said(path)
        if found and _checksum(file, found[0]) != found[1]:
            self.notes.append(f"warning: {path} was changed after the bag was made ({found[0]} differs)")

    def missing(self) -> list[str]:
        """Files that the manifests list and that are not there."""
        known = {name: path for manifest in self.manifests.values() for name, (path, _) in manifest.items()}
        return sorted(path for name, path in known.items() if not (self._has(path) or self._has(name)))

    def _has(self, path: str) -> bool:
        inside = not path.startswith("/") and ".." not in path.split("/")
        return inside and os.path.lexists(self.folder / path)

    def _said(self, path: str) -> tuple[str, str] | None:
        """The algorithm and checksum of a file; None where no manifest lists it."""
        name = unicodedata.normalize("NFC", path)
        for algorithm, manifest in self.manifests.items():
            if name in manifest:
                return algorithm, manifest[name][1]
        return None


def checked(pages: PageList, tell: Callable[[str], None]) -> tuple[PageList, list[str]]:
    """The pages of a folder that is a bag, with a reason where a file is not what was put in; and lines for the user.

    UserError where the bag's manifests cannot be read.
    """
    bag = bag_of(pages.root)
    if bag is None:
        return pages, []
    inside = {page.path for page in pages.pages if page.path.startswith("data/") and not page.reason}
    faults = bag.faults(sorted(inside), "", tell)
    of_pages = [replace(page, reason=page.reason or faults.get(page.path, "")) for page in pages.pages]
    return replace(pages, pages=of_pages), bag.notes


GONE = "the file cannot be read"


def bag_of(folder: Path) -> Bag | None:
    """The bag that a folder is; None where it has no bagit.txt. UserError where its manifests cannot be read."""
    if not (folder / "bagit.txt").is_file():
        return None
    manifests = {}
    for algorithm in ALGORITHMS:
        file = folder / f"manifest-{algorithm}.txt"
        if file.is_file():
            manifests[algorithm] = _lines_of(file)
    bag = Bag(folder, manifests)
    if not manifests:
        bag.notes.append(
            "warning: the bag has no manifest that is known (sha512, sha256, sha1, md5): nothing is checked"
        )
    for algorithm in ALGORITHMS:
        tags = folder / f"tagmanifest-{algorithm}.txt"
        if tags.is_file():
            changed = [
                path
                for path, said in _lines_of(tags).values()
                if path.startswith(("manifest-", "bagit.txt"))
                and "/" not in path
                and _checksum(folder / path, algorithm) != said
            ]
            if changed:
                bag.notes.append(
                    f"warning: {listed(changed, 3)} of the bag is not what tagmanifest-{algorithm}.txt says"
                )
            break
    if missing := bag.missing():
        bag.notes.append(f"warning: missing: {counted(len(missing), 'file')} that the bag lists: {listed(missing, 3)}")
    return bag


def _lines_of(file: Path) -> Manifest:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{printable(str(file))} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if len(content) > MOST_BYTES:
        raise UserError(f"{printable(str(file))} is larger than {MOST_BYTES >> 20} MB: so large a manifest is not read")
    lines: Manifest = {}
    for number, line in enumerate(re.split(r"[\r\n]+", content.decode("utf-8-sig", "surrogateescape")), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if not found:
            raise UserError(
                f"{printable(str(file))}, line {number}: no checksum and path, as a manifest of a bag has them"
            )
        path = found[2].replace("%0A", "\n").replace("%0D", "\r").replace("%0a", "\n").replace("%0d", "\r")
        path = path.replace("%25", "%").removeprefix("./")
        lines[unicodedata.normalize("NFC", path)] = path, found[1].lower()
    return lines


def _checksum(file: Path, algorithm: str) -> str:
    """The checksum of a file, "" where it cannot be read."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, algorithm).hexdigest()
    except OSError:
        return ""
