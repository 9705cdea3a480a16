"""The shards of a run on a disk that all workers see: who tried which, and what is published.

    shards = Shards(plan)
    attempt = shards.begin(3, shards.tries()[3], worker)     # None: another worker was quicker
    with attempt.part.open("wb") as part: ...
    shards.publish(attempt)                       # whole, by one rename; False: another attempt was published first

    <run>/shards/000003.lines     what shard 3 gives, a line an item: the same bytes whoever does it
    <run>/marks/000003.1          that its first attempt was begun (created with O_EXCL), and by whom
    <run>/marks/000003.1.dead     that whoever made it was seen to die
    <run>/marks/000003.1.done     that it was published: seconds, failed items

Nothing here has a time limit: an attempt is never taken away from anybody. It is tried again beside the first, and what
is published first stands. That needs of a network's file system no more than exclusive creation (NFS 3 and later, SMB)
and that a rename is seen whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.plan import Plan
from output.files import json_if_whole
from utils import UserError, printable

FOLDERS = ("shards", "marks", "workers")  # all that a run that is cut has in its work folder beside the plan
_MARK = re.compile(r"([0-9]{6,})\.([0-9]+)(\.dead|\.done)?")
_RESULT = re.compile(r"([0-9]{6,})\.lines")


@dataclass(frozen=True)
class Attempt:
    """One attempt at a shard. before: attempts that were made before it. part: where what it gives grows."""

    shard: int
    before: int
    mark: Path
    part: Path


@dataclass
class Tries:
    """What is known of the attempts at a shard. begun: how many; dead: of these, known to have died; last: the highest
    number that one has had."""

    begun: int = 0
    dead: int = 0
    last: int = 0


class Shards:
    """The shards of a plan, as they stand on the disk."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._results, self._marks = (plan.folder / name for name in ("shards", "marks"))

    def make(self) -> None:
        """Make the folders."""
        for name in FOLDERS:
            (self.plan.folder / name).mkdir(exist_ok=True)

    def file(self, shard: int) -> Path:
        """What a shard gave, once it is published."""
        return self._results / f"{shard:06d}.lines"

    def published(self) -> set[int]:
        """The shards that are done. OSError: the folder cannot be looked at."""
        return {int(found[1]) for name in _names(self._results) if (found := _RESULT.fullmatch(name))}

    def missing(self) -> list[int]:
        """The shards that are not, in order."""
        done = self.published()
        return [shard for shard in range(self.plan.shards) if shard not in done]

    def tries(self) -> dict[int, Tries]:
        """The shards that were begun, published or not. OSError: see `published`."""
        tries: dict[int, Tries] = defaultdict(Tries)
        for name in _names(self._marks):
            if found := _MARK.fullmatch(name):
                of = tries[int(found[1])]
                of.begun += found[3] is None
                of.dead += found[3] == ".dead"
                of.last = max(of.last, int(found[2]))
        return tries

    def begin(self, shard: int, tries: Tries, worker: str) -> Attempt | None:
        """Begin another attempt at a shard; None where another worker was quicker. OSError: see `published`."""
        number = tries.last + 1
        mark = self._marks / f"{shard:06d}.{number}"
        try:
            with mark.open("x", encoding="utf-8") as file:
                file.write(json.dumps({"worker": worker}))
        except FileExistsError:
            return None
        return Attempt(shard, tries.begun, mark, self._results / f"{shard:06d}.{number}.part")

    def give_back(self, attempt: Attempt) -> None:
        """An attempt that was ended in order (a signal, a full disk) does not count."""
        for file in (attempt.part, attempt.mark):
            with contextlib.suppress(OSError):
                file.unlink()

    def publish(self, attempt: Attempt, said: dict[str, Any]) -> bool:
        """Publish what `attempt.part` holds, on the disk before it gets its name. False: another attempt was first.

        said: what its mark says of it, for people.
        """
        final = self.file(attempt.shard)
        with attempt.part.open("r+b") as written:
            os.fsync(written.fileno())
        if final.exists():
            attempt.part.unlink()
            return False
        attempt.part.replace(final)
        with contextlib.suppress(OSError):  # not what counts
            attempt.mark.with_name(f"{attempt.mark.name}.done").write_text(json.dumps(said), "utf-8")
        return True

    def bury(self, worker: str) -> list[int]:
        """A worker has died: its attempts that were not published are known as dead; their shards."""
        dead = list(self._in_hand(worker))
        for _, mark in dead:
            mark.with_name(f"{mark.name}.dead").touch()
        return [shard for shard, _ in dead]

    def withdraw(self, worker: str) -> None:
        """A worker was ended on purpose: its attempts that were not published do not count."""
        for _, mark in self._in_hand(worker):
            mark.unlink()

    def _in_hand(self, worker: str) -> list[tuple[int, Path]]:
        """The shards, and marks, of attempts of a worker that were not published."""
        found = ((_MARK.fullmatch(name), self._marks / name) for name in _names(self._marks))
        begun = [(int(one[1]), mark) for one, mark in found if one and one[3] is None]
        return [
            (shard, mark)
            for shard, mark in begun
            if not self.file(shard).exists() and json_if_whole(mark).get("worker") == worker
        ]

    def said(self) -> dict[int, list[dict[str, Any]]]:
        """Shard -> what its attempts say of themselves: number, worker, dead; seconds and failed of a published one.

        For records and for people: reads all marks.
        """
        told: dict[int, dict[int, dict[str, Any]]] = {}
        for name in sorted(_names(self._marks)):
            if not (found := _MARK.fullmatch(name)):
                continue
            entry = told.setdefault(int(found[1]), {}).setdefault(int(found[2]), {"number": int(found[2])})
            if found[3] == ".dead":
                entry["dead"] = True
            else:
                entry |= json_if_whole(self._marks / name)
        return {shard: [entries[number] for number in sorted(entries)] for shard, entries in sorted(told.items())}

    def lines(self, shard: int) -> Iterator[bytes]:
        """What a published shard gave, a line an item. UserError where it is missing, or is of another number of items.

        Counted before the first one is given: a line too many or too few would put all behind it into other rows.
        """
        file, size = self.file(shard), self.plan.size(shard)
        try:
            with file.open("rb") as lines:
                if sum(1 if line.endswith(b"\n") else size + 1 for line in lines) == size:  # a torn line fits never
                    lines.seek(0)
                    yield from lines
                    return
        except FileNotFoundError:
            raise UserError(f"shard {shard + 1} of {self.plan.shards} is not done") from None
        raise UserError(
            f"{printable(str(file))} is damaged: {size} lines should stand there; delete it, and whoever goes on with "
            "the run does that shard again"
        )


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
