"""Folders that are a split already: train/, val/ and test/, each with the label folders below it.

    split = split_folders(page.path for page in pages)     # {"train": "train", "val": "validation"}; {}: it is none

The commonest layout of data sets. Taken for label folders, it would train a model that answers "train".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from utils import UserError, listed, printable

PARTS = {
    "train": "train", "training": "train", "trn": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "development": "validation",
    "test": "test", "testing": "test", "tst": "test", "eval": "test", "evaluation": "test", "holdout": "test",
}  # fmt: skip
_NAME = re.compile(rf"({'|'.join(PARTS)})[-_. ]?(set|data|images|imgs|pages|split|folder)?")


def part_of(name: str) -> str | None:
    """The part of a split that a folder is named after, None for any other name.

    >>> part_of("Val"), part_of("test_set"), part_of("TEXT")
    ('validation', 'test', None)
    """
    match = _NAME.fullmatch(name.strip().casefold())
    return PARTS[match[1]] if match else None


def split_folders(paths: Iterable[str]) -> dict[str, str]:
    """The top folders of these paths that are a split -> "train", "validation" or "test"; {} for label folders.

    One folder alone may be a category of that name. Two of different parts are a split if label folders lie in one of
    them, or if there is nothing beside them.

    >>> split_folders(["train/MAP/a.png", "val/MAP/b.png", "notes/c.png"])
    {'train': 'train', 'val': 'validation'}
    >>> split_folders(["TEXT/a.png", "test/b.png"])
    {}
    """
    depths: dict[str, bool] = {}  # top folder -> whether pages lie in folders within it
    for path in paths:
        top, slash, rest = path.partition("/")
        if slash:
            depths[top] = depths.get(top, False) or "/" in rest
    parts = {top: part for top in sorted(depths) if (part := part_of(top))}
    split = len(set(parts.values())) > 1 and (len(parts) == len(depths) or any(depths[top] for top in parts))
    return parts if split else {}


def refuse_split(folder: str, paths: Collection[str]) -> None:
    """UserError where label folders are wanted, and the top folders of these paths are a split."""
    parts = split_folders(paths)
    if not parts:
        return
    names = ", ".join(f"{printable(name)}/" for name in parts)
    below = sorted({path.split("/")[1] for path in paths if path.count("/") > 1 and path.split("/")[0] in parts})
    held = f"the label folders lie within ({listed(below, 5)})" if below else "no label folders lie within"
    one = next((name for name, part in parts.items() if part == "test"), next(iter(parts)))
    raise UserError(
        f"{printable(folder)} holds a split ({names}), not categories; {held}: take it as it stands with --split "
        f"folders (--train, dataset.py), or name one part of it, such as {printable(f'{folder}/{one}')}"
    )
