"""What an index says of itself, in `index.json`: which commands it is for, and what made its vectors.

about = read_about(Path("result/index"), "explore")
about.backbone.name, about.look
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from index.columns import FORMAT, BackboneInfo, Kind
from index.place import database_address, taken
from output.files import write_whole
from utils import UserError, printable

FILE = "index.json"


@dataclass(frozen=True)
class About:
    """kind: the commands that the index is for. backbone: what made its vectors. look: the version of what made its
    looks, "" where it has none.
    """

    kind: Kind
    backbone: BackboneInfo
    look: str = ""


def read_about(folder: Path, kind: Kind) -> About:
    """Of an index for the commands of `kind`. UserError: none there (with the command that makes one), one for other
    commands, or of another version.
    """
    shown, file = printable(str(folder)), folder / FILE
    make = f"python run.py {kind} index PAGES"
    if not file.is_file():
        what = f"{shown} holds no index" if folder.exists() else f"the index {shown} does not exist"
        how = " (--index is for a folder of the index's own)" if taken(folder) else f" --index {shown}"
        raise UserError(f"{what}: make one with: {make}{how}")
    database_address(folder)
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        version, its_kind = said["format"], said.get("kind", "explore")  # before there were others, it was not said
        about = About(its_kind, BackboneInfo(**said["backbone"]), str(said.get("look", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{printable(str(file))} cannot be read: make the index anew in another folder") from None
    if its_kind != kind:
        raise UserError(
            f"the index {shown} is for: python run.py {printable(str(its_kind))} ...; make one for {kind} in another "
            f"folder: {make} --index NEW_FOLDER"
        )
    if version != FORMAT:
        raise UserError(
            f"the index {shown} is of version {version}, this program reads version {FORMAT}"
            f"{' (pages have a second vector, by which search finds a page itself)' if version in (1, 2) else ''}: "
            f"make it anew, in another folder: {make} --index NEW_FOLDER"
        )
    return about


def write_about(folder: Path, about: About) -> None:
    """Write it whole. OSError where that cannot be."""
    made = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    kept = {"format": FORMAT, "kind": about.kind, "made": made, "look": about.look, "backbone": asdict(about.backbone)}
    file = folder / FILE
    part = file.with_name(f"{FILE}.{os.getpid()}.part")  # two processes may begin at once
    write_whole(file, json.dumps(kept, indent=1) + "\n", part)
