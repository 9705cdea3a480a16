"""`explore index`: brings the index up to date with folders of pages. Embeds what is new, forgets what is gone.

    python run.py explore index pages/ --table result/tables/result_20261121-101500_EfficientNet-Lite0_1n_11c.csv

A file whose size and time are those of the index has not changed. Any other is known again by its content (SHA-256),
where the index has a file of its size: moved and touched pages keep vector and id, copies get the vector of the first.
What is left is decoded and embedded, and committed every few seconds: a kill loses no more than that, and the same
command goes on. Pages that cannot be read are tried again each time, and listed with the reason.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from explore.documents import IndexDocuments
from explore.index import Index, page_file, schema
from explore.known import NEEDED, File, Plan, Stamp, file_hash, page_at, plan_changes, year_of
from explore.nearest import APPROXIMATE_FROM
from explore.outputs import write_record
from explore.result_table import ResultTable
from pages import list_files, no_folder
from predict import threads
from progress import Progress
from results import ERRORS
from tables import Table, cell, path_cell
from utils import UserError, printable

if TYPE_CHECKING:
    from explore.backbones import Backbone
    from run import Job
    from settings import Settings

FILES_AT_ONCE = 5_000  # rows of copies that are read at once: 40 MB


def run_index(settings: Settings, job: Job) -> int:
    """Make the index or bring it up to date; 0, 1 where pages could not be read, 130 where it was interrupted."""
    wanted, started = job.explore, time.time()
    table = ResultTable.read(wanted.table) if wanted.table else None
    folders = [_folder(path) for path in wanted.pages]
    if (wanted.index / "index.json").is_file():
        index, backbone = Index.open(wanted.index), None
        if wanted.backbone:  # told before any work, not after it
            backbone = _open(wanted.backbone, settings)
            index.check_backbone(backbone.info)
    else:
        if not folders:
            shown = printable(str(wanted.index))
            raise UserError(f"there is no index in {shown} yet: name the folders of pages that it shall hold")
        backbone = _open(wanted.backbone, settings)
        index = Index.create(wanted.index, backbone.info)
    with index.locked():
        return _Work(index, backbone, settings, job, started).run(folders, table)


class _Work:
    """One run over an index that is held."""

    def __init__(self, index: Index, backbone: Backbone | None, settings: Settings, job: Job, started: float) -> None:
        self.index, self.backbone, self.settings, self.job, self.started = index, backbone, settings, job, started
        self.quiet = settings.setup.quiet
        self.raw: dict[File, str] = {}  # paths that the index holds in another spelling (undecodable names)

    def run(self, folders: list[Path], table: ResultTable | None) -> int:
        """All steps; the exit code."""
        rows = self.index.arrow(NEEDED)
        known = dict.fromkeys(rows["folder"].unique().to_pylist()) | dict.fromkeys(self.index.broken()["folder"])
        covered, absent = self._covered(folders, list(known))
        forgotten = self._forgotten(list(known))
        self._check_nested(covered, [folder for folder in known if folder not in forgotten])
        found, other = self._find(covered)
        held = zip(rows["folder"].to_pylist(), rows["path"].to_pylist(), strict=True)
        self.documents = IndexDocuments({*found, *held}, self.settings.input)
        plan = plan_changes(
            found,
            rows,
            covered=covered,
            forgotten=forgotten,
            exists=lambda file: os.path.lexists(page_file(*file)),
            hash_all=self._hash_all,
        )
        del rows
        embedded = failed = 0
        interrupted = False
        try:
            self._apply(plan, found)
            for folder in {*covered, *forgotten} & set(self.index.broken()["folder"]):  # they are tried again
                self.index.forget_broken(folder)
            embedded, failed, interrupted = self._embed(plan, found)
            self._rename_documents()
            if table is not None and not interrupted:
                self._join(table, covered)
            if not interrupted and (not plan.nothing or self._lacks_ivf()):
                self.index.tidy(say=None if self.quiet else _say)
        except KeyboardInterrupt:
            interrupted = True
        files = self._write_broken()
        counts = {
            "embedded": embedded,
            "unchanged": plan.same,
            "touched": sum(len(ids) for _, ids in plan.touched),
            "moved": sum(len(ids) for _, ids in plan.moved),
            "copied": sum(len(ids) for _, ids in plan.copied),
            "changed": plan.changed,
            "gone": plan.gone,
            "not_looked_at": plan.left,
            "failed": failed,
            "files_of_other_kinds": other,
        }
        pages = len(self.index)
        if not plan.nothing or failed or table:
            state = "interrupted" if interrupted else "finished with failures" if failed else "finished"
            record = {"state": state, "folders": covered, **counts}
            write_record(self.index.folder, self.index, self.job, self.started, pages, record)
        self._report(pages, counts, absent, files)
        if interrupted:
            print(f"interrupted; what was done is kept. To continue: {self.job.command()}", file=sys.stderr)
            return 130
        return int(failed > 0 or bool(absent))

    # ---- what is there -------------------------------------------------------------------------------------------

    def _covered(self, folders: list[Path], known: list[str]) -> tuple[list[str], list[str]]:
        """The folders to look at, and those of the index that are not there now (a drive that is not plugged in)."""
        if folders:
            return list(dict.fromkeys(printable(folder.as_posix()) for folder in folders)), []
        if self.job.explore.forget:
            return [], []
        there = [folder for folder in known if page_file(folder, "").is_dir()]
        return there, [folder for folder in known if folder not in there]

    def _forgotten(self, known: list[str]) -> list[str]:
        found = []
        for given in self.job.explore.forget:
            folder = printable(_absolute(given).as_posix())
            if folder not in known:
                there = ", ".join(known) or "none"
                raise UserError(f"--forget {printable(str(given))}: the index has no such folder (it has: {there})")
            found.append(folder)
        return found

    def _check_nested(self, covered: list[str], known: list[str]) -> None:
        """UserError where one folder lies in another: its pages would be there twice."""
        for folder in covered:
            for other in {*known, *covered} - {folder}:
                inner, outer = (folder, other) if folder.startswith(f"{other}/") else (other, folder)
                if inner.startswith(f"{outer}/"):
                    forget = "" if other in covered else f"; or take that out: --forget {other}"
                    raise UserError(
                        f"{inner} lies in {outer}, so its pages would be in the index twice: index {outer}{forget}"
                    )

    def _find(self, covered: list[str]) -> tuple[dict[File, Stamp], int]:
        """All page files below the folders, with size and time; how many files of other kinds."""
        found: dict[File, Stamp] = {}
        other = 0
        for folder in covered:
            root = page_file(folder, "")
            read = self.settings.input
            skip = [self.settings.output.folder, self.index.folder]
            paths, others = list_files(root, formats=read.formats, inner=read.inner, skip=skip)
            other += others
            base = str(root)
            for path in paths:
                try:
                    status = os.stat(f"{base}/{path}")  # noqa: PTH116 (a Path a file takes longer than its stat)
                    stamp = status.st_size, status.st_mtime_ns
                except OSError:  # a dangling link, or it vanished: decoding says so
                    stamp = -1, -1
                file = folder, path if path.isascii() else printable(path)
                if file[1] != path:
                    self.raw[file] = path
                found[file] = stamp
        if covered and not found and not len(self.index):
            raise UserError(f"no pages in {', '.join(covered)}: {other} files of other kinds there")
        return found, other

    def _file(self, file: File) -> Path:
        return page_file(file[0], "") / self.raw.get(file, file[1])

    def _hash_all(self, files: list[File]) -> list[str]:
        """SHA-256 of files, on threads."""
        workers = max(1, threads(self.settings.setup.workers))
        with (
            Progress(len(files), "file", self.quiet, "comparing content") as progress,
            ThreadPoolExecutor(workers) as pool,
        ):
            sums = []
            for content in pool.map(lambda file: file_hash(self._file(file)), files):
                sums.append(content)
                progress.advance()
        return sums

    # ---- what is done --------------------------------------------------------------------------------------------

    def _apply(self, plan: Plan, found: dict[File, Stamp]) -> None:
        """Everything that needs no decoding. Each step leaves an index that the next run can go on from."""
        columns: dict[str, list[Any]] = {name: [] for name in MOVED}
        frames = dict(_pairs(self.index, "frame", [i for _, ids in plan.moved for i in ids]))
        for file, ids in plan.moved:
            for number in ids:
                page = page_at(file[1], frames[number])
                document = self.documents.of(file[0], page)
                values = (number, *file, document, page.number, file[1].rpartition("/")[2], year_of(document))
                for name, value in zip(MOVED, (*values, *found[file]), strict=True):
                    columns[name].append(value)
        fields = schema(self.index.backbone.dim)
        self.index.update(pa.table({name: pa.array(columns[name], fields.field(name).type) for name in MOVED}))
        touched = [(number, *found[file]) for file, ids in plan.touched for number in ids]
        ids, sizes, times = zip(*touched, strict=True) if touched else ((), (), ())
        self.index.update(
            pa.table(
                {name: pa.array(values, pa.int64()) for name, values in zip(TOUCHED, (ids, sizes, times), strict=True)}
            )
        )
        for start in range(0, len(plan.copied), FILES_AT_ONCE):
            self._copy(plan.copied[start : start + FILES_AT_ONCE], found)
        self.index.remove(plan.drop)

    def _copy(self, copies: list[tuple[File, list[int]]], found: dict[File, Stamp]) -> None:
        """Rows for files with the content of rows that are there."""
        of = {}
        for some in _parts([number for _, ids in copies for number in ids]):
            for row in self.index.arrow(COPIED, f"id in ({', '.join(map(str, some))})").to_pylist():
                of[row["id"]] = row
        rows, number = [], self.index.next_id()
        for file, ids in copies:
            for source in ids:
                page = page_at(file[1], of[source]["frame"])
                document = self.documents.of(file[0], page)
                values = (number, *file, document, page.number, file[1].rpartition("/")[2], year_of(document))
                rows.append(of[source] | dict(zip(MOVED, (*values, *found[file]), strict=True)))
                number += 1
        fields = schema(self.index.backbone.dim)
        self.index.add(
            pa.Table.from_pylist(rows, pa.schema([fields.field(name) for name in dict.fromkeys((*MOVED, *COPIED))]))
        )

    def _embed(self, plan: Plan, found: dict[File, Stamp]) -> tuple[int, int, bool]:
        """Decode and embed what is left: how many pages were, how many could not be, whether it was interrupted."""
        if not plan.todo:
            return 0, 0, False
        from explore.embedding import embed_files

        if self.backbone is None:
            self.backbone = _open_own(self.index, self.settings)
        return embed_files(self.index, self.backbone, plan.todo, found, self.raw, self.documents, self.settings)

    def _rename_documents(self) -> None:
        """Pages that were named after their number before other folders with such names came: the folder counts."""
        if note := self.documents.note():
            _say(f"note: {note}")
        if not self.documents.by_folder:
            return
        rows = self.index.arrow(["id", "folder", "path", "frame", "document"]).to_pylist()
        pages = [(row, page_at(row["path"], row["frame"])) for row in rows]
        stale = [(row, page) for row, page in pages if self.documents.outdated(row["folder"], page, row["document"])]
        if not stale:
            return
        names = [self.documents.of(row["folder"], page) for row, page in stale]
        fields = schema(self.index.backbone.dim)
        values = {"id": [row["id"] for row, _ in stale], "document": names, "year": [year_of(name) for name in names]}
        self.index.update(pa.table({name: pa.array(value, fields.field(name).type) for name, value in values.items()}))

    def _lacks_ivf(self) -> bool:
        return len(self.index) >= APPROXIMATE_FROM and not self.index.approximate

    def _join(self, table: ResultTable, covered: list[str]) -> None:
        """Category and score from a result table, for pages of the folders of this command."""
        rows = self.index.arrow(["id", "folder", "path", "page", "category", "score"]).to_pylist()
        rows = [row for row in rows if row["folder"] in covered]
        matched = [(row, said) for row in rows if (said := table.of(row["path"], row["page"]))]
        if not matched:
            example = next(iter(table.pages), ("", 1))[0]
            _say(
                f"warning: --table: none of its {len(table.pages)} pages is in {', '.join(covered)}: its PATH (e.g. "
                f"{printable(example)}) counts from the folder that was sorted; index that folder"
            )
            return
        changed = [
            (row["id"], *said) for row, said in matched
            if row["category"] != said[0] or row["score"] is None or abs(row["score"] - said[1]) > 1e-6
        ]  # fmt: skip
        if changed:
            ids, categories, scores = zip(*changed, strict=True)
            self.index.update(
                pa.table(
                    {
                        "id": pa.array(ids, pa.int64()),
                        "category": pa.array(categories, pa.string()),
                        "score": pa.array(scores, pa.float32()),
                    }
                )
            )
        if not self.quiet:
            _say(f"--table: categories for {len(matched)} of {len(rows)} pages")

    # ---- what is said --------------------------------------------------------------------------------------------

    def _write_broken(self) -> list[Path]:
        """errors.csv in the index's folder, as sorting writes it; none where all pages could be read."""
        broken = self.index.broken()
        file = self.index.folder / "errors.csv"
        if broken.empty:
            file.unlink(missing_ok=True)
            return []
        notes: list[str] = []
        with ExitStack() as opened:
            out = Table(file, ERRORS, opened, excel=False)
            for row in broken.sort_values(["folder", "path", "frame"]).itertuples(index=False):
                whole = f"{row.folder}/{row.path}"
                out.write([cell(row.path.rpartition("/")[2]), int(row.page), path_cell(whole), cell(row.reason)])
            written = out.complete(notes)
        for note in notes:
            _say(f"note: {note}")
        return [written]

    def _report(self, pages: int, counts: dict[str, int], absent: list[str], files: list[Path]) -> None:
        said = [f"{counts[name]} {text}" for name, text in SAID.items() if counts[name]]
        print(f"{pages} pages in {printable(str(self.index.folder))}: {', '.join(said) or 'nothing has changed'}")
        for folder in absent:
            _say(
                f"warning: {folder} is not there now: its pages stay in the index; to take them out: "
                f"{self.job.command_with('explore', 'index', '--index', str(self.index.folder), '--forget', folder)}"
            )
        if counts["failed"]:
            reasons = self.index.broken()["reason"].value_counts()
            print("not readable:")
            for reason, times in list(reasons.items())[:10]:
                print(f"  {times} x {reason}")
        for file in files:
            print(f"  {printable(str(file))}")


MOVED = ("id", "folder", "path", "document", "page", "file", "year", "size", "mtime_ns")
TOUCHED = ("id", "size", "mtime_ns")
COPIED = ("id", "frame", "frames", "hash", "width", "height", "thumbnail", "vector")
SAID = {  # counts of a run, as they are told
    "embedded": "embedded now",
    "unchanged": "unchanged",
    "touched": "with a new date only",
    "moved": "moved",
    "copied": "known from copies",
    "changed": "replaced, as their files have changed",
    "gone": "gone",
    "not_looked_at": "not looked at this time (other formats or sub-folders)",
    "failed": "not readable",
}


def _folder(given: Path) -> Path:
    """A folder of pages, absolute. UserError where it is none."""
    if not given.exists():
        raise no_folder(given)
    if not given.is_dir():
        raise UserError(f"{printable(str(given))} is a file: index the folder that it lies in")
    return _absolute(given)


def _absolute(given: Path) -> Path:
    return Path(os.path.abspath(given))  # noqa: PTH100 (without following links: the name that the user sees counts)


def _open(name: str, settings: Settings) -> Backbone:
    from explore.backbones import open_backbone

    return open_backbone(name, settings)


def _open_own(index: Index, settings: Settings) -> Backbone:
    from explore.backbones import open_for

    return open_for(index, "", settings)


def _pairs(index: Index, column: str, ids: list[int]) -> Iterator[tuple[int, Any]]:
    for some in _parts(ids):
        rows = index.arrow(["id", column], f"id in ({', '.join(map(str, some))})")
        yield from zip(rows["id"].to_pylist(), rows[column].to_pylist(), strict=True)


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), FILES_AT_ONCE):
        yield ids[start : start + FILES_AT_ONCE]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
