"""From what a document says of a file to the file itself, below one folder: nothing outside it is ever read.

    files = LocalFiles(Path("workspace"))
    files.find("OCR-D-IMG/a%20b.tif")          # ("OCR-D-IMG/a b.tif", "")
    files.find("https://example.org/1.jpg")    # ("https://example.org/1.jpg", "it lies on the network ...")

Paths come as they are, percent-encoded, with backslashes, as file: URLs, absolute. A file that has just the name that
is said goes before one whose name is meant.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
import stat
from pathlib import Path
from urllib.parse import unquote

from utils import printable

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)  # two letters or more: C: is a drive
_DRIVE = re.compile(r"[a-z]:[/\\]|\\\\", re.IGNORECASE)  # C:/scans, or a share
NETWORK = frozenset(["http", "https", "ftp", "ftps", "sftp", "s3", "gs", "smb", "ssh", "webdav", "dav", "davs"])
IDENTIFIERS = frozenset(["urn", "doi", "hdl", "ark", "info", "data", "mailto", "javascript", "purl", "tag", "blob"])
NO_PATH = "what the document says is no path"
ABSENT = "the file does not exist"
_SHOWN = 120  # letters of a host's name, which come from the document


class LocalFiles:
    """The files below a folder, as documents name them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._folders: dict[str, str] = {}

    def find(self, said: str) -> tuple[str, str]:
        """The path below the folder, "/" between folders, and "" - or what is said, and why it cannot be read."""
        said = said.strip()
        if not said:
            return "", "the document names no file for this page"
        paths, reason = _paths_of(said)
        if reason:
            return said, reason
        faults = [self._fault(path) for path in paths]
        for path, fault in zip(paths, faults, strict=True):
            if not fault:
                return self._inner(path), ""
        # A path that leads out, or a folder, says more than that the other spellings are not there.
        reason = next((fault for fault in faults if fault != ABSENT), ABSENT)
        return self._inner(paths[-1]) or said, reason

    def hint(self) -> str:
        """What the user may do about pictures that were not found."""
        return "note: --images DIR names the folder where the pictures lie, if they lie elsewhere"

    def _inner(self, path: str) -> str:
        """A path as it counts from the folder; "" = it leads out."""
        if os.name == "nt":
            path = path.replace("\\", "/")  # it parts folders there: what leads out must be seen
        elif _DRIVE.match(path) and not os.path.lexists(self.root / path):
            return ""
        if path.startswith("/") or (os.name == "nt" and path[1:2] == ":"):
            real = os.path.realpath(path)
            return os.path.relpath(real, self._real).replace(os.sep, "/") if self._holds(real) else ""
        inner = posixpath.normpath(path)
        return "" if inner == ".." or inner.startswith("../") else inner

    def _fault(self, path: str) -> str:
        """Why a path may not be read; "" = it may."""
        inner = self._inner(path)
        if not inner:
            return f"its path leads out of the folder {printable(str(self.root))}: not read"
        folder, _, name = inner.rpartition("/")
        try:
            return self._fault_of(self._folder(folder), name)
        except FileNotFoundError:
            return ABSENT
        except NotADirectoryError:
            return "a part of its path is a file, no folder (an archive that is to be unpacked?)"
        except OSError as error:
            too_long = error.errno == errno.ENAMETOOLONG
            return ABSENT if too_long else f"the file cannot be looked at: {(error.strerror or str(error)).lower()}"

    def _fault_of(self, folder: str, name: str) -> str:
        """Why a file may not be read; "" = it may. folder: the real one. OSError where it is not there."""
        leads_out = f"it is behind a link that leads out of the folder {printable(str(self.root))}: not read"
        if folder != self._real and not self._holds(folder):
            return leads_out
        at = os.path.join(folder, name)  # noqa: PTH118 (many files: no objects)
        mode = os.lstat(at).st_mode
        if stat.S_ISLNK(mode):
            real = os.path.realpath(at)
            if not self._holds(real):
                return leads_out
            mode = os.stat(real).st_mode  # noqa: PTH116
        if stat.S_ISDIR(mode):
            return "it is a folder, no file"
        if not stat.S_ISREG(mode):  # a pipe would be waited for
            return "it is no file that holds anything (a device or a pipe)"
        return ""

    def _folder(self, folder: str) -> str:
        """Where a folder really lies, known from its first file on."""
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(os.path.join(self._real, folder))  # noqa: PTH118
        return self._folders[folder]

    def _holds(self, real: str) -> bool:
        root, path = os.path.normcase(self._real), os.path.normcase(real)
        return path.startswith(root if root.endswith(os.sep) else root + os.sep)


def _paths_of(said: str) -> tuple[list[str], str]:
    """Paths that may be meant, "/" between folders, the most literal first; or why none is."""
    try:
        os.fsencode(said)
    except UnicodeEncodeError:  # half a letter, which JSON can hold
        said = ""
    if not said or "\0" in said:
        return [], NO_PATH
    scheme = _SCHEME.match(said)
    if scheme and scheme[1].lower() == "file":
        machine, path = _file_url(said[len("file:") :])
        if machine:
            return [], f"it lies on another machine ({shown(machine)}): nothing is fetched"
        spellings = [path, unquote(path)]
    elif scheme:
        if scheme[1].lower() in NETWORK or said[scheme.end() :].startswith("//"):
            host = said[scheme.end() :].lstrip("/").partition("/")[0]
            return [], f"it lies on the network ({shown(f'{scheme[1]}://{host}')}): nothing is fetched"
        if scheme[1].lower() in IDENTIFIERS:
            return [], f"what the document says is no path of a file ({scheme[1]}:)"
        spellings = [said, unquote(said)]  # a colon in a file's name
    else:
        spellings = [said, unquote(said)]
    spellings += [path.replace("\\", "/") for path in spellings]
    spellings = [path for path in dict.fromkeys(spellings) if path and "\0" not in path]
    return spellings, "" if spellings else NO_PATH


def _file_url(rest: str) -> tuple[str, str]:
    """The machine ("" = this one) and the path of a file: URL, of which the scheme is cut off.

    >>> _file_url("///scans/1.tif"), _file_url("//localhost/C:/1.tif"), _file_url("OCR-D-IMG/1.tif")
    (('', '/scans/1.tif'), ('', 'C:/1.tif'), ('', 'OCR-D-IMG/1.tif'))
    """
    machine = ""
    if rest.startswith("//"):
        machine, slash, path = rest[2:].partition("/")
        rest = slash + path
        if machine.lower() in ("localhost", "127.0.0.1"):
            machine = ""
    return machine, rest[1:] if re.match(r"/[a-z]:[/\\]", rest, re.IGNORECASE) else rest


def shown(said: str) -> str:
    """A text of the document as a reason may hold it: one line, not long."""
    text = printable(" ".join(said.split()))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
