"""How a run is cut into shards: once, by position in its list of items, written down before the first one is done.

    plan = cut(run.work, "pages.jsonl", count=2000, unit=16, work="sorting.shards:SortingWork", job={...})
    plan.items(3)                   # [b'["box/a.png", "a", 1, null, ""]\n', ...]: the lines of shard 3 of the list

A shard is the unit of work, of trying again and of what is published. It begins at a multiple of the batch, so that the
same pages are computed together whoever does them. A worker reads the lines of its shard alone: ten million pages take
no more memory there than a thousand.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from output.files import json_if_whole, write_whole
from utils import UserError, printable

HEAD = "plan.json"
SHARDS = 200  # into so many a run is cut where it is small: many more than there are workers
MOST = 2048  # items of a shard in a large run: a minute or two of work, which is what a worker that dies loses


class Items(list[bytes]):
    """Lines of the list of a run that follow each other. first: the place of the first of them in it, from 0."""

    first = 0


@dataclass(frozen=True)
class Plan:
    """A run cut into shards.

    folder: the run's work folder. list: the file in it with an item a line, behind one line of its own. unit: items of
    a batch. starts: the first item of each shard, and behind them the number of all items; those before starts[0] were
    done before the run was cut. offsets: the bytes of the list where the shards begin. digest: SHA-256 of the list.
    work: "module:class" that does a shard (`cluster.worker.Work`), job: what it is made with (JSON).
    """

    folder: Path
    list: str
    unit: int
    starts: list[int]
    offsets: list[int]
    digest: str
    work: str
    job: dict[str, Any]

    @property
    def shards(self) -> int:
        """How many there are."""
        return len(self.offsets)

    def size(self, shard: int) -> int:
        """Items of a shard, which may be none. shard: from 0."""
        return self.starts[shard + 1] - self.starts[shard]

    def items(self, shard: int, first: int = 0, end: int | None = None) -> Items:
        """The lines of the list that a shard is of, or those of them from `first` to before `end`.

        UserError where the list is not what it was.
        """
        end = self.size(shard) if end is None else end
        with (self.folder / self.list).open("rb") as lines:
            lines.seek(self.offsets[shard])
            items = Items(itertools.islice(lines, first, end))
        if len(items) != end - first:
            raise UserError(f"{printable(str(self.folder / self.list))} is damaged: start the run anew")
        items.first = self.starts[shard] + first
        return items

    def head(self) -> dict[str, Any]:
        """What the first line of the list says."""
        with (self.folder / self.list).open("rb") as lines:
            return json.loads(lines.readline())


def cut(
    folder: Path,
    items: str,
    *,
    count: int,
    unit: int,
    work: str,
    job: dict[str, Any],
    first: int = 0,
    shards: int | None = None,
    most: int = MOST,
) -> Plan:
    """Cut the run of a work folder, and write that down. The arguments are those of `Plan`.

    first: items that are done already, a multiple of `unit`. shards: how many; None: by the number of items, so that
    none has more than `most`.
    """
    batches = -(-(count - first) // unit)
    wanted = shards or max(1, -(-batches // _batches_of_a_shard(count, unit, most)))
    starts = [min(count, first + unit * (batches * shard // wanted)) for shard in range(wanted + 1)]
    offsets, digest = _found(folder / items, starts)
    plan = Plan(folder, items, unit, starts, offsets, digest, work, job)
    values = {name: value for name, value in asdict(plan).items() if name != "folder"}
    write_whole(folder / HEAD, json.dumps(values))
    return plan


def _batches_of_a_shard(count: int, unit: int, most: int) -> int:
    return max(1, min(most, -(-count // SHARDS)) // unit)


def _found(file: Path, starts: list[int]) -> tuple[list[int], str]:
    """Where the shards begin in the list, and its hash; one pass, nothing is kept."""
    digest = hashlib.sha256()
    wanted = iter(starts[:-1])
    offsets: list[int] = []
    next_one = next(wanted)
    with file.open("rb") as lines:
        head = lines.readline()
        digest.update(head)
        place = len(head)
        for number, line in enumerate(itertools.chain(lines, [b""])):
            while next_one == number:
                offsets.append(place)
                next_one = next(wanted, -1)
            digest.update(line)
            place += len(line)
    return offsets, digest.hexdigest()


def load_plan(folder: Path) -> Plan | None:
    """The plan of a work folder; None where the run was not cut (or the folder is not there)."""
    values = json_if_whole(folder / HEAD)
    return Plan(folder=folder, **values) if values else None


def ranges(shards: list[int]) -> Iterator[str]:
    """Shards as people count them, from 1, those in a row together.

    >>> list(ranges([0, 3, 4, 5, 9]))
    ['1', '4-6', '10']
    """
    for _, group in itertools.groupby(enumerate(shards), key=lambda pair: pair[1] - pair[0]):
        row = [shard + 1 for _, shard in group]
        yield str(row[0]) if len(row) == 1 else f"{row[0]}-{row[-1]}"
