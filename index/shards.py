"""Pages of an index in shards: any worker computes what pages give, and the process that holds the index writes rows.

    python run.py explore index pages/ --cluster local:4       # begins, and goes on with what a kill has left
    python run.py --worker result/index/runs/20261129-101500_3fa2c1          # lends another machine meanwhile

What is to be embedded is decided once, on one machine, as without shards; a line of the list (`pages.jsonl`) is such a
page, with size and time of its file. A line of a shard is what goes into its row: vectors as the index keeps them
(float16, in base64: bit for bit), thumbnail, hash, or the reason why the page failed. Two processes that write into one
table of LanceDB may double rows, so the workers write plain files, and rows come in order, with the numbers that they
would have anyway.
"""

from __future__ import annotations

import base64
import itertools
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster.command import Place
from cluster.driver import Driver, merge, record
from cluster.launchers import launcher_of
from cluster.pages import folder_away
from cluster.plan import HEAD, Items, Plan, cut, load_plan
from cluster.shards import Shards
from index.columns import SPACES, BackboneInfo
from index.database import page_file
from index.embedding import Given, PageVectors, Rows, Seen, page_lists
from index.known import Stamp
from output.console import say
from output.files import write_lines
from output.work import WorkFolder
from reading.pages import Page, PageList
from settings.config_file import settings_as_json, settings_from_json
from sorting.record import LIBRARIES
from utils import UserError, printable, versions_of

if TYPE_CHECKING:
    from index.embedding import Todo
    from index.known import File
    from settings.schema import Settings

RUNS = "runs"  # in the folder of the index: where its runs in shards lie, as those of sorting in the output folder
LIST = "pages.jsonl"
ENCODED = ("thumbnail", *SPACES)  # what of a row is bytes


@dataclass(frozen=True)
class Cutting:
    """How an update is cut. work: the class of its workers, an `IndexWork`. unit: pages that are computed together.
    most: pages of a shard of a large run, a minute or two of work.
    """

    work: str
    unit: int
    most: int


class ShardedRows:
    """Pages that workers embed, on their way into an index that is held. place: None = one process beside this one.

    records: of the runs in shards, for the record of the command.
    """

    def __init__(
        self, rows: Rows, backbone: BackboneInfo, cutting: Cutting, place: Place | None, settings: Settings
    ) -> None:
        self.rows, self.backbone, self.cutting = rows, backbone, cutting
        self.place, self.settings, self.quiet = place, settings, settings.setup.quiet
        self.records: list[dict[str, Any]] = []
        self._todo: dict[bytes, tuple[str, Page, int | None]] = {}  # item -> folder, page, pages of its file of several

    def embed(self, todo: Todo, raw: dict[File, str], left: list[Plan]) -> tuple[int, int, bool]:
        """As `index.embedding.embed_files`. left: what a kill has left of earlier runs (`left_by_a_kill`)."""
        rows, interrupted = self.rows, False
        try:
            for folder, (pages, frames) in page_lists(todo, raw, self.quiet).items():
                for page in pages.pages:
                    stamp = rows.stamps[folder, printable(page.path)]
                    self._todo[_item(folder, page, stamp)] = folder, page, frames.get(page.path)
            for plan in left:
                if self._as_it_was(plan):
                    self._see_through(plan)
                else:
                    self._take_published(plan)
            if self._todo:
                self._see_through(self._cut())
        except KeyboardInterrupt:
            interrupted = True
            say("interrupted: writing what is done ...")
        rows.commit()
        return rows.embedded, rows.failed, interrupted

    def _cut(self) -> Plan:
        name = f"{time.strftime('%Y%m%d-%H%M%S')}_{uuid.uuid4().hex[:6]}"  # never that of an earlier run: a worker of
        folder = self.rows.index.folder.absolute() / RUNS / name  # that one may wake up late
        folder.mkdir(parents=True)
        folders = list(dict.fromkeys(folder for folder, _, _ in self._todo.values()))
        head = json.dumps({"folders": folders, "pages": len(self._todo)})
        write_lines(folder / LIST, itertools.chain([head], (item[:-1].decode("ascii") for item in self._todo)))
        job = {
            "known_by": known_by(self.backbone, self.settings),
            "source": self.backbone.source,
            "look": "look" in self.rows.index.spaces,
            "settings": settings_as_json(self.settings),
        }
        of = self.cutting
        return cut(folder, LIST, count=len(self._todo), unit=of.unit, most=of.most, work=of.work, job=job)

    def _see_through(self, plan: Plan) -> None:
        """All of a plan into the index. UserError: no worker is left; what is published stays."""

        def absorb(shard: int) -> None:
            self._absorb(plan, shard)

        Shards(plan).make()
        try:
            if Shards(plan).missing():
                say(f"{plan.shards} shards in {printable(str(plan.folder))}", self.quiet)
                launcher = launcher_of(plan, self.place or Place("local", 1), self.settings)
                with Driver(plan, launcher, absorb, quiet=self.quiet) as driver:
                    driver.run()
            else:
                merge(plan, absorb, 0)
        finally:
            self.rows.commit()
            self.records.append(record(plan))
        drop(plan)

    def _take_published(self, plan: Plan) -> None:
        """What was published of a plan that cannot be gone on with."""
        say("note: files have changed since the shards were cut: what is left is cut anew", self.quiet)
        for shard in sorted(Shards(plan).published()):
            self._absorb(plan, shard)
        self.rows.commit()
        self.records.append(record(plan))
        drop(plan)

    def _absorb(self, plan: Plan, shard: int) -> None:
        """Take what a shard gave, but for pages that are in the index by now, or not what they were."""
        shards = Shards(plan)
        lines = list(shards.lines(shard))  # all of them are there, before the first counts
        for item, line in zip(plan.items(shard), lines, strict=True):
            if (wanted := self._todo.pop(item, None)) is None:
                continue
            try:
                given = given_of(line)
            except (ValueError, TypeError, KeyError, RecursionError):
                shown = printable(str(shards.file(shard)))
                raise UserError(
                    f"{shown} holds what no shard of this index gave: delete it, and the same command does it again"
                ) from None
            self.rows.take(*wanted, given)

    def _as_it_was(self, plan: Plan) -> bool:
        """Whether all files of what is still to be done are as they were listed then: whoever is sent to look for one
        that is gone may wait for a drive."""
        for shard in Shards(plan).missing():
            for item in plan.items(shard):
                folder, page, stamp = _page_of(item)
                if self.rows.stamps.get((folder, printable(page.path))) != stamp:
                    return False
        return True


def left_by_a_kill(folder: Path, folders: list[str], backbone: BackboneInfo, settings: Settings) -> list[Plan]:
    """The runs in the folder of an index that are of these folders, or some of them; the oldest first.

    One that another model, or other settings, began is removed, and that is said.
    """
    plans = []
    for file in sorted((folder.absolute() / RUNS).glob(f"*/{HEAD}")):
        plan = load_plan(file.parent)
        if plan is None or not set(plan.head()["folders"]) <= set(folders):
            continue
        if plan.job["known_by"] == known_by(backbone, settings):
            Shards(plan).make()
            plans.append(plan)
        else:
            say("note: shards of an earlier command were begun with another model or other settings: they do not count")
            drop(plan)
    return plans


def drop(plan: Plan) -> None:
    """Take a run in shards away."""
    WorkFolder(plan.folder, HEAD).remove()


def known_by(backbone: BackboneInfo, settings: Settings) -> dict[str, Any]:
    """What must be as it was, so that what is published counts."""
    setup, reading = settings.setup, settings.input
    return {
        "model": [backbone.hash, backbone.features, backbone.dim],
        "computed": [setup.engine, setup.device, setup.precision],
        "read": [reading.max_pixels, reading.strict],
    }


class IndexWork:
    """See `cluster.work.Work`: pages, and what goes into their rows. A command says what makes the vectors."""

    def __init__(self, job: dict[str, Any], head: dict[str, Any]) -> None:
        self._settings = settings_from_json(job["settings"])
        self._source: str = job["source"]
        self._model: list[Any] = job["known_by"]["model"]
        self._look: bool = job["look"]
        self._folders: list[str] = head["folders"]
        self._opened: tuple[PageVectors, Seen] | None = None

    def maker(self, source: str, settings: Settings) -> PageVectors:
        """What makes the vectors, from where it lies."""
        raise NotImplementedError

    def _open(self) -> tuple[PageVectors, Seen]:
        if self._opened is None:
            if not Path(self._source).exists():
                raise UserError(f"this machine does not see the model, {printable(self._source)}: nothing was done")
            maker = self.maker(self._source, self._settings)
            info = maker.info
            if [info.hash, info.features, info.dim] != self._model:
                raise UserError(
                    f"the model {printable(self._source)} is not the one that this run was begun with (here, or since "
                    "then)"
                )
            self._opened = maker, Seen(look=self._look)
        return self._opened

    def computed_by(self) -> dict[str, Any]:
        """Versions, and what computes the model."""
        for folder in self._folders:
            if not page_file(folder, "").is_dir():
                raise UserError(f"this machine does not see the pages, {printable(folder)}: nothing was done")
        maker, _ = self._open()
        return {**maker.computed_by, "libraries": versions_of((*LIBRARIES, "opencv-python-headless"))}

    def lines(self, items: Items, *, alone: bool = False) -> Iterator[list[bytes]]:
        """What goes into the rows of pages, a batch at a time."""
        maker, seen = self._open()
        settings = self._settings
        if alone:
            settings = settings.replaced("setup", batch_size=1, workers=0)
        pages = map(_page_of, items)
        of_folders = ([[page] for page in pages] if alone else
                      [list(of_one) for _, of_one in itertools.groupby(pages, key=lambda page: page[0])])  # fmt: skip
        for of_one in of_folders:
            root = page_file(of_one[0][0], "")
            seen.begin(root, {page.path: stamp for _, page, stamp in of_one})
            for batch, vectors in maker.batches(PageList(root, [page for _, page, _ in of_one]), settings, seen.kept):
                yield [line_of(given) for given in seen.given(batch, vectors)]

    def failed(self, reason: str) -> bytes:
        """The line of a page that cannot be done."""
        return line_of(reason)

    def failures(self, lines: list[bytes]) -> int:
        """How many pages failed."""
        return sum(line.startswith(b'"') for line in lines)

    def away(self, items: list[bytes], lines: list[bytes]) -> str:
        """The folder that holds nothing now, where a page failed whose file is not there."""
        failed = (_page_of(item) for item, line in zip(items, lines, strict=True) if line.startswith(b'"'))
        return next(filter(None, (folder_away(page_file(folder, ""), [page.path]) for folder, page, _ in failed)), "")


def _item(folder: str, page: Page, stamp: Stamp) -> bytes:
    """A page as the list has it, with its end."""
    values = [folder, page.path, page.file, page.number, page.frame, page.reason, *stamp]
    return json.dumps(values).encode("ascii") + b"\n"


def _page_of(item: bytes) -> tuple[str, Page, Stamp]:
    """Folder, page, and the stamp of its file."""
    folder, path, file, number, frame, reason, size, mtime = json.loads(item)
    return folder, Page(path, file, number, frame, reason), (size, mtime)


def line_of(given: Given) -> bytes:
    """What a page gives, as a line."""
    if isinstance(given, str):
        return json.dumps(given).encode("ascii")
    encoded = {}
    for name, value in given.items():
        if name in ENCODED:
            raw = value if isinstance(value, bytes) else value.astype("<f2").tobytes()
            value = base64.b64encode(raw).decode("ascii")
        encoded[name] = value
    return json.dumps(encoded).encode("ascii")


def given_of(line: bytes) -> Given:
    """The same, read. ValueError, TypeError, KeyError or RecursionError: it is no such line."""
    values = json.loads(line)
    if isinstance(values, str):
        return values
    for name in ENCODED:
        if name in values:
            raw = base64.b64decode(values[name], validate=True)
            values[name] = raw if name == "thumbnail" else np.frombuffer(raw, "<f2").astype(np.float16)
    if "vector" not in values:
        raise ValueError
    return values
