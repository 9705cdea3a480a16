"""Pictures in a folder of the user's (`--images DIR`) that a document names by addresses or by paths of elsewhere.

copies = Copies(Path("scans"))
copies.find("https://example.org/iiif/ms1_f18/full/max/0/default.jpg")     # ("ms1_f18.tif", "")
copies.named(["p1", "ms1_f18"])                                            # what has one of these names

The rule: that file is meant whose name is the last part of the path or address that says something; what comes after it
in addresses of IIIF (full/max/0/default.jpg, info.json, canvas) says nothing. A file of just that name with its ending
goes before one of another ending. Where several fit, none is taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from interchange.local_files import LocalFiles, shown
from output.tables import safe_name
from reading.listing import list_files, named_as_page
from utils import listed, printable

# The end of an address of IIIF's Image API: region, size, rotation, quality.
_REGION = r"full|square|(?:pct:)?[\d.]+,[\d.]+,[\d.]+,[\d.]+"
IMAGE_API = re.compile(rf"/({_REGION})/([^/]+)/(!?[\d.]+)/(default|native|color|gray|grey|bitonal)(\.\w+)?$")
# Last parts of addresses that name no page.
_SAYS_NOTHING = frozenset(
    [
        "",
        "canvas",
        "canvases",
        "full",
        "max",
        "default",
        "native",
        "image",
        "images",
        "info",
        "manifest",
        "iiif",
        "view",
    ]
)


class Copies:
    """The pictures below a folder, by their names; as `LocalFiles`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._local = LocalFiles(root)
        self._absent = ""
        self._whole: dict[str, list[str]] = {}  # name with ending -> paths
        self._stems: dict[str, list[str]] = {}
        for path in list_files(root).files:
            name = _comparable(path.rpartition("/")[2])
            self._whole.setdefault(name, []).append(path)
            self._stems.setdefault(name.rpartition(".")[0], []).append(path)

    def find(self, said: str, otherwise: Iterable[str] = ()) -> tuple[str, str]:
        """The path of what a document says, by the same path in the folder, else by its name, else by other names; or
        what is said, and why there is none.
        """
        path, fault = self._local.find(said)
        if not fault:
            return path, ""
        path, fault = self.named(names_of(said), otherwise)
        return path or said, fault

    def named(self, names: Iterable[str], otherwise: Iterable[str] = ()) -> tuple[str, str]:
        """The path of the one picture that has one of these names, and ""; or "" and why there is none.

        otherwise: names that count only where there is none of the first.
        """
        wanted, others = list(dict.fromkeys(names)), list(otherwise)
        fitting = {path: None for name in wanted for path in self._of_name(name)}
        fitting = fitting or {path: None for name in others for path in self._of_name(name)}
        wanted += others
        if len(fitting) == 1:
            path = next(iter(fitting))
            fault = self._local.find(path)[1]
            return path, fault
        if fitting:
            return "", f"several pictures fit, {listed(sorted(fitting), 3)}: leave one of them in {self._shown}"
        if not wanted:
            return "", f"what the document says gives no name of a picture in {self._shown}"
        self._absent = self._absent or " or ".join(shown(name) for name in wanted[:3])
        return "", f"no picture in {self._shown} has a name of this page"

    def hint(self) -> str:
        """What the user may do about pictures that were not found: how the first of them might be called; "" = none."""
        return f"note: looked for in {self._shown}, for example: {self._absent}" if self._absent else ""

    @property
    def _shown(self) -> str:
        return printable(str(self.root))

    def _of_name(self, name: str) -> list[str]:
        keys = list(dict.fromkeys([_comparable(name), _comparable(safe_name(name))]))
        for key in keys:
            if key in self._whole:
                return self._whole[key]
        stems = [key.rpartition(".")[0] for key in keys if named_as_page(key)]  # 0001.jpg of a server, here 0001.tif
        for key in [*keys, *stems]:
            if key in self._stems:
                return self._stems[key]
        return []


def names_of(said: str) -> list[str]:
    """What a picture may be called of which a document says this address or path; the part that says something, last.

    >>> names_of("https://example.org/iiif/3/ark:%2F12148%2Fms1%2Ff18/full/max/0/default.jpg")
    ['ark:/12148/ms1/f18', 'f18']
    >>> names_of("https://example.org/ms1/canvas/p1"), names_of("D:\\\\scans\\\\0001.tif"), names_of("https://a.org/f2/canvas")
    (['p1'], ['0001.tif'], ['f2'])
    """
    path = re.split(r"[?#]", said)[0].replace("\\", "/")
    path = IMAGE_API.sub("", path.rstrip("/"))
    path = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]+://[^/]*", "", path)
    parts = path.split("/")
    while parts and _generic(parts[-1]):
        parts.pop()
    if not parts:
        return []
    name = unquote(parts[-1])
    last = name.rstrip("/").rpartition("/")[2]
    return list(dict.fromkeys(text for text in (name, last) if text))


def _generic(part: str) -> bool:
    stem, _, ending = part.rpartition(".")
    return (stem if stem and ending.lower() in ("json", "jsonld", "jpg", "png") else part).lower() in _SAYS_NOTHING


def _comparable(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
