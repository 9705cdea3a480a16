"""Which folders does `explore index` look at? One folder is one folder, whatever it is called.

    folders = choose_folders(job.pages, known=["/scans"], forget=[], forget_gone=False)
    folders.covered                             # ["/scans"]: also for a link to it, or another spelling

A folder keeps the name under which it was indexed first. What lies in a folder that is looked at belongs to that: an
inner folder that the index had by itself is taken up into it, with its pages.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.database import page_file
from index.known import File
from reading.pages import no_folder
from utils import UserError, printable


@dataclass
class Folders:
    """What a run does with which folder; all are names as the index has them.

    covered: they are looked at. missed: they should be, but are not there (a drive that is not plugged in). absent: not
    there either, but nobody asked for them. doubles: another name of the index for a covered folder; such rows go.
    inner: folder of the index -> (covered folder that it lies in, where).
    forgotten: all their rows go. going: places (a folder, a sub-folder, a file) whose rows go where they are gone.
    """

    covered: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    inner: dict[str, tuple[str, str]] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    going: list[str] = field(default_factory=list)

    def may_go(self, file: File) -> str:
        """The place by which the rows of a file that is gone may go, "" = they stay."""
        whole = "/".join(file)
        return next((inside for inside in self.going if whole == inside or whole.startswith(f"{inside}/")), "")

    def taken_up(self, file: File) -> File:
        """The file as it is called from now on: that of an inner folder belongs to the outer one."""
        if file[0] not in self.inner:
            return file
        outer, inside = self.inner[file[0]]
        return outer, f"{inside}/{file[1]}"


def choose_folders(
    given: Sequence[Path], known: Sequence[str], forget: Sequence[Path] = (), *, forget_gone: bool = False
) -> Folders:
    """What a command means: folders as typed, those of the index, those to forget; forget_gone: whatever is gone.

    UserError: no such folder, a file, nothing of that name to forget, a folder inside another one of the index.
    """
    chosen = Folders()
    names: dict[object, str] = {}  # what a folder is -> its first name in the index
    for folder in known:
        if (identity := _identity(page_file(folder, ""))) is None:
            chosen.absent.append(folder)
        elif names.setdefault(identity, folder) != folder:
            chosen.doubles.append(folder)
    wanted = []
    for path in given:
        name = absolute(path)
        if (identity := _identity(path)) is not None:
            wanted.append(names.get(identity, name))
        elif name in known:
            wanted.append(name)
        elif not path.exists():
            raise no_folder(path)
        else:
            raise UserError(f"{printable(str(path))} is a file: index the folder that it lies in")
    if not given and not forget:
        wanted = [*names.values(), *chosen.absent]
    chosen.covered = [folder for folder in dict.fromkeys(wanted) if folder not in chosen.absent]
    for path in forget:
        name = absolute(path)
        name = name if name in known else names.get(_identity(path), name)
        if name in known and name not in wanted:
            chosen.forgotten.append(name)
        elif any(name == folder or name.startswith(f"{folder}/") for folder in known):
            chosen.going.append(name)
        else:
            indexed = ", ".join(known) or "none"
            raise UserError(f"--forget {printable(str(path))}: the index has no such folder (it has: {indexed})")
    if forget_gone:
        chosen.going += chosen.covered
        chosen.forgotten += [folder for folder in chosen.absent if folder in wanted]
    chosen.missed = [folder for folder in chosen.absent if folder in wanted and folder not in chosen.forgotten]
    chosen.absent = [folder for folder in chosen.absent if folder not in (*wanted, *chosen.forgotten)]
    chosen.doubles = [
        folder for folder in chosen.doubles if names[_identity(page_file(folder, ""))] in chosen.covered
    ]  # fmt: skip
    _nest(chosen, [folder for folder in known if folder not in (*chosen.forgotten, *chosen.doubles)], named=bool(given))
    return chosen


def absolute(given: Path) -> str:
    """A folder as the index has it: absolute, links not followed (the name that the user sees counts)."""
    return printable(Path(os.path.abspath(given)).as_posix())  # noqa: PTH100


def real_path(folder: str, path: str = "") -> str:
    """Where a folder, or a file of it, really lies: links followed, letters as the system compares them."""
    return os.path.normcase(os.path.realpath(page_file(folder, path)))


def _nest(chosen: Folders, known: Sequence[str], *, named: bool) -> None:
    """Folders that lie in others: their pages would be there twice."""
    identities = {_identity(page_file(folder, "")): folder for folder in (*known, *chosen.covered)}
    identities.pop(None, None)
    for folder in dict.fromkeys((*known, *chosen.covered)):
        steps = Path(os.path.realpath(page_file(folder, "")))
        outer, above = None, steps
        for above in steps.parents:  # the outermost counts: it holds all others
            if (name := identities.get(_identity(above))) and (name in chosen.covered or folder in chosen.covered):
                outer, inside = name, steps.relative_to(above).as_posix()
        if outer is None or outer == folder:
            continue
        if folder in chosen.covered and named:
            forget = "" if outer in chosen.covered else f"; or take that out: --forget {outer}"
            raise UserError(
                f"{folder} lies in {outer}, so its pages would be in the index twice: index {outer}{forget}"
            )
        if outer in chosen.covered:
            chosen.inner[folder] = outer, printable(inside)
    for folder in chosen.inner:
        for some in (chosen.covered, chosen.missed, chosen.absent):
            if folder in some:
                some.remove(folder)


def _identity(folder: Path) -> object:
    """What a folder is, whatever it is called; None where there is none."""
    try:
        status = folder.stat()
    except (OSError, ValueError):
        return None
    if not folder.is_dir():
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.normcase(os.path.realpath(folder))
