"""Which run all those work at who give the same command, on machines that know nothing of each other.

    claims = Claims(output / "runs", key)         # key: what the command is known by
    number, run = claims.last()                   # 0, "": nobody has begun one
    claims.claim(number + 1, "20261129-101500_X") # False: somebody else was quicker

A claim is a folder KEY.NUMBER with one file in it, whose name is the run's; it gets its name by a rename, which fails
where a folder that is not empty has that name: it is there whole, and for one process alone, on every file system. The
highest number counts, and whoever finishes the run removes it (`remove_claims`).
"""

from __future__ import annotations

import re
import shutil
import uuid
from pathlib import Path


class Claims:
    """The claims of one command. folder: of runs, seen by all machines."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key

    def last(self) -> tuple[int, str]:
        """Number and run of the claim that counts; 0 and "" where there is none."""
        numbers = self._numbers()
        while numbers:
            number = numbers.pop()
            if named := _names(self._file(number)):  # else it was removed since we looked
                return number, named[0]
        return 0, ""

    def claim(self, number: int, run: str) -> bool:
        """Claim a run; False where another process has that number, or a higher one. Lower ones go."""
        mine = self._folder / f"{self._key}.{uuid.uuid4().hex[:8]}.part"
        mine.mkdir()
        (mine / run).touch()
        try:
            mine.rename(self._file(number))
        except OSError:
            # An answer that got lost on the network is asked for again, and the second one says that it is there.
            if _names(self._file(number)) != [run]:
                shutil.rmtree(mine, ignore_errors=True)
                return False
        numbers = self._numbers()
        for other in numbers:
            if other < number:
                shutil.rmtree(self._file(other), ignore_errors=True)
        if numbers[-1:] > [number]:
            shutil.rmtree(self._file(number), ignore_errors=True)
            return False
        return True

    def _file(self, number: int) -> Path:
        return self._folder / f"{self._key}.{number}.claim"

    def _numbers(self) -> list[int]:
        found = (re.fullmatch(rf"{self._key}\.([0-9]+)\.claim", name) for name in _names(self._folder))
        return sorted(int(one[1]) for one in found if one)


def remove_claims(folder: Path, run: str) -> None:
    """The run is finished: who gives its command from now on begins another one. folder: of runs."""
    for claim in folder.glob("*.claim"):
        if _names(claim) == [run]:
            shutil.rmtree(claim, ignore_errors=True)


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
