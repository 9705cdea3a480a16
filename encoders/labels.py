"""Names of categories: which cannot be folders on every system, which cannot lie beside each other.

    check_apart(["DRAW", "Draw"], "label folders in sorted/")     # UserError: one folder on Windows and macOS
    label_warnings(["aux", "a:b"])                                # a line each: no folder on Windows

Sorted pages lie in folders named as their category; a collection moves between systems.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from output.tables import RESERVED
from utils import UserError, printable


def same_name(name: str) -> str:
    """The form in which Windows and macOS compare file names: two names that are equal so cannot lie in one folder."""
    return unicodedata.normalize("NFC", name).casefold()


def folder_name_problem(label: str) -> str:
    """Why a label cannot be a folder's name on every system; "" where it can.

    >>> folder_name_problem("TEXT_P"), folder_name_problem("a/b"), folder_name_problem("aux.old")
    ('', "'/' cannot stand in a folder name", 'Windows reserves this name')
    """
    if not label:
        return "it is empty"
    bad = re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', label)
    if bad:
        return f"{bad[0]!r} cannot stand in a folder name"
    if label.endswith((".", " ")) or label.startswith(" "):
        return "Windows drops the dot or blank at its end" if label[-1] in ". " else "it starts with a blank"
    if label.split(".")[0].rstrip().upper() in RESERVED:
        return "Windows reserves this name"
    if len(label.encode("utf-8", "surrogatepass")) > 150:
        return "it is longer than 150 bytes"
    if label.casefold() == "documents.csv":
        return "the table of documents has this name"
    return ""


def alike(labels: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of labels that are one folder on Windows and macOS: they differ in letter case or Unicode form only.

    >>> alike(["DRAW", "TEXT", "Draw"])
    [('DRAW', 'Draw')]
    """
    first: dict[str, str] = {}
    pairs = ((first.setdefault(same_name(label), label), label) for label in dict.fromkeys(labels))
    return [(one, other) for one, other in pairs if one != other]


def check_apart(labels: Iterable[str], where: str) -> None:
    """UserError where two labels differ in letter case only: they would be learned as two categories."""
    if pairs := alike(labels):
        shown = ", ".join(f"{printable(one)} and {printable(other)}" for one, other in pairs[:6])
        raise UserError(
            f"{where}: {shown}{', ...' if len(pairs) > 6 else ''} differ in letter case only, so they are one folder "
            "on Windows and macOS: join them or rename one"
        )


def label_warnings(labels: Iterable[str]) -> list[str]:
    """What a user should know of these names before pages go into folders that bear them; a line each."""
    labels = list(labels)
    warnings = [
        f"the categories {printable(one)} and {printable(other)} differ in letter case only: they are one folder on "
        "Windows and macOS"
        for one, other in alike(labels)
    ]
    for label in labels:
        if problem := folder_name_problem(label):
            warnings.append(f"the category {printable(label)!r} cannot be a folder on every system: {problem}")
    return warnings[:6] + (
        [f"and {len(warnings) - 6} more names of categories of this kind"] if len(warnings) > 6 else []
    )
