"""Paths as people type them: `~`, addresses of the web, variables that were empty.

given_path("~/scans", "-d")              # /home/me/scans
given_path("~scan-1.jpg", "-f")          # a file of that name, unless a user is called so
given_path("https://example.org/a.pdf", "-d")      # UserError: addresses are not fetched
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from utils import UserError, printable

# Two letters or more before the colon: C:/ is a drive. One slash is enough: shells and programs swallow the other.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:[/\\]", re.IGNORECASE)


def given_path(text: str, flag: str = "") -> Path:
    """The path that was typed behind `flag`. UserError for an empty text or an address of the web."""
    filled(text, flag)
    no_address(text, flag)
    return expanded(text)


def given_files(texts: Sequence[str], flag: str, *, folders: bool | None = None) -> list[Path]:
    """The paths behind `flag`, with wildcards expanded where the shell has not (Windows' shells leave that to the
    program); a file of just that name goes first. folders: True or False: only folders, or none, fit a wildcard.

    UserError where nothing fits.
    """
    paths: list[Path] = []
    for text in texts:
        path = given_path(text, flag)
        if os.path.lexists(path) or not glob.has_magic(text):
            paths.append(path)
            continue
        fitting = sorted(glob.glob(str(path)))  # noqa: PTH207 (Path.glob takes no absolute patterns)
        if not fitting:
            raise UserError(f"{flag} {printable(text)}: nothing fits")
        paths += [Path(name) for name in fitting if folders is None or os.path.isdir(name) == folders]  # noqa: PTH112
    return paths


def filled(text: str, flag: str) -> str:
    """The text itself. UserError where it is blank."""
    if not text.strip():
        raise UserError(f"{flag or 'a path'} is empty (a variable that is not set?)")
    return text


def no_address(text: str, flag: str = "") -> str:
    """The text itself. UserError for an address."""
    if fault := address_fault(text):
        raise UserError(f"{flag} {printable(text)}: {fault}".strip())
    return text


def address_fault(text: str) -> str:
    """Why an address (https:, ftp:, s3:, file:) is no path; "" for what is none, or names a file or folder here.

    >>> address_fault("C:/scans"), address_fault("file:///scans")
    ('', 'give the path alone, without file:')
    """
    if not _ADDRESS.match(text) or os.path.lexists(text):
        return ""
    if text.lower().startswith("file:"):
        return "give the path alone, without file:"
    return "addresses are not fetched: download what is there, then give the file or folder"


def expanded(text: str | Path) -> Path:
    """`~` and `~/...` as the home folder, `~name` as that user's; a path as it stands where there is no such user, or
    where a file or folder of just that name lies here.
    """
    path = Path(text)
    first = path.parts[0] if path.parts else ""
    if not first.startswith("~") or (first != "~" and os.path.lexists(first)):
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # no such user, or no home folder
        return path
