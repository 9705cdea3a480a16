"""Brings an index up to date with folders of pages: embeds what is new, forgets what is gone.

    class ExploreUpdate(Update): ...                # explore/indexing.py: what makes the vectors
    ExploreUpdate(index, settings, job, time.time()).run()

A file whose size and time are those of the index has not changed (`--rescan` looks all the same). Any other is known
again by its content (SHA-256), where the index has a file of its size: moved and touched pages keep vector and id,
copies get the vector of the first. What is left is decoded and embedded, and committed every few seconds: a kill loses
no more than that, and the same command goes on. Pages that cannot be read are tried again each time, and listed with
the reason. Where a whole folder or sub-folder holds no page any more its rows stay, and the exit code is 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from index.asked import UpdateJob
from index.columns import sql
from index.database import BROKEN, Index
from index.documents import IndexDocuments
from index.embedding import PageVectors, Rows, embed_files
from index.folders import Folders, choose_folders, real_path
from index.known import (
    NEEDED,
    File,
    Plan,
    Stamp,
    content_hash,
    emptied,
    holding_places,
    plan_changes,
)
from index.listing import Listing, list_pages
from index.records import write_record
from index.row_changes import RowChanges
from index.shards import Cutting, ShardedRows, drop, left_by_a_kill
from output.console import say
from output.progress import Progress
from output.tables import Table, cell, path_cell
from sorting.computing import threads
from sorting.results import ERRORS
from utils import UserError, printable

if TYPE_CHECKING:
    from settings.schema import Settings

PLACES_TOLD = 10  # places without pages that are named; run.json has them all


class Update:
    """One run over an index that is held. Who asks for it says what makes the vectors, and may add to the rest."""

    always_recorded = False  # whether the run leaves a record also where nothing has changed

    def __init__(self, index: Index, settings: Settings, job: UpdateJob, started: float) -> None:
        self.index, self.settings, self.job, self.started = index, settings, job, started
        self.quiet = settings.setup.quiet
        self.listing = Listing()
        self.shards: list[dict[str, Any]] = []  # what the record says of them

    def maker(self) -> PageVectors:
        """What makes the vectors; asked for once there is a page to be embedded."""
        raise NotImplementedError

    def cutting(self) -> Cutting:
        """How pages are cut into shards."""
        raise NotImplementedError

    def finish(self, folders: Folders) -> None:
        """What else is done once all pages are embedded."""

    def told(self) -> list[str]:
        """What else is said of the index."""
        return []

    def run(self) -> int:
        """All steps; 0, 1 where pages could not be read or looked for, 130 interrupted."""
        job = self.job
        its_folders = self.index.arrow(["folder"])["folder"], self.index.broken()["folder"]
        known = list(dict.fromkeys(folder for column in its_folders for folder in column.unique().to_pylist()))
        folders = choose_folders(job.pages, known, job.forget, forget_gone=job.forget_gone)
        self.listing = listing = self._list(folders)
        stamps = listing.stamps
        rows = self.index.arrow(NEEDED)
        rows, inner = _taken_up(rows, folders)
        plan = plan_changes(
            stamps,
            rows,
            covered=folders.covered,
            forgotten={*folders.forgotten, *folders.doubles},
            exists=listing.may_be_there,
            hash_all=self._hash_all,
            real=lambda file: real_path(file[0], listing.raw.get(file, file[1])),
            doubles=listing.doubles,
            may_go=folders.may_go,
            rescan=job.rescan,
        )
        self._check_forgotten(folders, plan)
        twice = {*plan.twice}
        files = [file for file in dict.fromkeys((*stamps, *_staying(rows, plan))) if file not in twice]
        self.documents = IndexDocuments(files, self.settings.input)
        changes = RowChanges(self.index, self.documents)
        forgotten = {name: rows["folder"].to_pylist().count(name) for name in folders.forgotten} | plan.forgotten
        del rows
        embedded = failed = 0
        interrupted = False
        try:
            for folder, files in inner.items():
                changes.move(files)
                self.index.forget_broken(folder)
            changes.apply(plan, stamps)
            self._forget_broken(folders, stamps, plan)
            self._add_broken()
            embedded, failed, interrupted = self._embed(plan, folders)
            if note := self.documents.note():
                say(f"note: {note}")
            changes.rename_documents()
            if not interrupted:
                self.finish(folders)
            if not interrupted and (not plan.nothing or self.index.untidy):
                self.index.tidy(say=None if self.quiet else say)
        except KeyboardInterrupt:
            interrupted = True
        failed += len(listing.broken)
        files = self._write_broken()
        away = self._away(folders, plan)
        counts = {
            "embedded": embedded,
            "unchanged": plan.same,
            "touched": sum(len(ids) for _, ids in plan.touched),
            "moved": sum(len(ids) for _, ids in plan.moved),
            "copied": sum(len(ids) for _, ids in plan.copied),
            "changed": plan.changed,
            "gone": plan.gone,
            "not_there": sum(away.values()),
            "not_looked_at": plan.left,
            "reached_twice": len(plan.twice) + len(listing.doubles),
            "failed": failed,
            "files_of_other_kinds": listing.passed.files,
            "passed_over": asdict(listing.passed),
        }
        pages = len(self.index)
        if not plan.nothing or failed or self.always_recorded or plan.kept or inner:
            state = "interrupted" if interrupted else "finished with failures" if failed else "finished"
            record = {"state": state, "folders": folders.covered, **counts, "kept": away, "forgotten": forgotten}
            record |= {"cluster": self.shards} if self.shards else {}
            write_record(self.index.folder, self.index, self.job, self.started, pages, record)
        self._report(pages, counts, files)
        for folder, (outer, _) in folders.inner.items():
            say(f"{folder} lies in {outer}: its pages are of that folder from now on")
        for missing, count in forgotten.items():
            say(
                f"forgotten: {count} pages of {missing}"
                + ("" if missing in folders.forgotten else " that are not there")
            )
        self._warn(folders, away)
        if interrupted:
            say(f"interrupted; what was done is kept. To continue: {self.job.command()}")
            return 130
        return int(failed > 0 or any(missing not in folders.absent for missing in away))

    # ---- what is there -------------------------------------------------------------------------------------------

    def _list(self, folders: Folders) -> Listing:
        """All page files below the covered folders."""
        skip = [self.settings.output.folder, self.index.folder]
        listing = list_pages(folders.covered, self.settings.input, skip=skip)
        said = listing.passed.lines()
        if folders.covered and not (listing.stamps or listing.broken or len(self.index)):
            raise UserError("; ".join([f"no pages in {', '.join(folders.covered)}", *said]))
        for line in said:
            say(line)
        return listing

    def _add_broken(self) -> None:
        """What cannot be listed stands among the pages that cannot be read."""
        rows = [
            {"folder": folder, "path": path, "frame": None, "page": 1, "reason": reason}
            for (folder, path), reason in sorted(self.listing.broken.items())
        ]
        if rows:
            self.index.add_broken(pa.Table.from_pylist(rows, BROKEN))

    def _hash_all(self, files: list[File]) -> list[str]:
        """SHA-256 of files, on threads."""
        workers = max(1, threads(self.settings.setup.workers))
        with (
            Progress(len(files), "file", self.quiet, "comparing content") as progress,
            ThreadPoolExecutor(workers) as pool,
        ):
            sums = []
            for content in pool.map(lambda file: content_hash(self.listing.at(file)), files):
                sums.append(content)
                progress.advance()
        return sums

    # ---- what is done --------------------------------------------------------------------------------------------

    def _embed(self, plan: Plan, folders: Folders) -> tuple[int, int, bool]:
        """Decode and embed what is left: how many pages were, how many could not be, whether it was interrupted."""
        index, job, settings, raw = self.index, self.job, self.settings, self.listing.raw
        left = left_by_a_kill(index.folder, folders.covered, index.backbone, settings)
        if not plan.todo:
            for done in left:
                drop(done)
            return 0, 0, False
        rows, maker = Rows(index, self.listing.stamps, self.documents), self.maker()
        if job.place is None and not left:
            return embed_files(rows, maker, plan.todo, raw, settings)
        sharded = ShardedRows(rows, maker.info, self.cutting(), job.place, settings)
        del maker  # workers have their own
        ended = sharded.embed(plan.todo, raw, left)
        self.shards = sharded.records
        return ended

    def _forget_broken(self, folders: Folders, stamps: dict[File, Stamp], plan: Plan) -> None:
        """Take the broken pages off the list that are tried again, or gone; those of places without pages stay."""
        broken = self.index.broken()
        looked_at = {*folders.covered, *folders.forgotten, *folders.doubles} & {*broken["folder"].unique().to_pylist()}
        holding = holding_places(stamps) if looked_at else set()
        stay: dict[str, list[str]] = {}
        for folder, path in zip(broken["folder"].to_pylist(), broken["path"].to_pylist(), strict=True):
            file = folder, path
            seen = file in stamps or file in self.listing.broken
            looked_for = folder in folders.covered and not seen and not folders.may_go(file)
            if looked_for and (emptied_folder := emptied(file, holding)):
                plan.kept[emptied_folder] = plan.kept.get(emptied_folder, 0) + 1
                stay.setdefault(folder, []).append(path)
        for folder in looked_at:
            self.index.forget_broken(folder, but=stay.get(folder, ()))

    def _check_forgotten(self, folders: Folders, plan: Plan) -> None:
        """UserError where nothing is gone of a place that shall be forgotten."""
        for missing in folders.going:
            if missing not in (*plan.forgotten, *folders.covered):
                raise UserError(
                    f"--forget {missing}: all its pages are there, and it is no folder of the index by itself: a "
                    "sub-folder is forgotten only where it is gone"
                )

    # ---- what is said --------------------------------------------------------------------------------------------

    def _write_broken(self) -> list[Path]:
        """errors.csv in the index's folder, as sorting writes it; none where all pages could be read."""
        broken = self.index.broken()
        file = self.index.folder / "errors.csv"
        if not broken.num_rows:
            file.unlink(missing_ok=True)
            return []
        notes: list[str] = []
        with ExitStack() as opened:
            out = Table(file, ERRORS, opened, excel=False)
            for row in broken.sort_by([(name, "ascending") for name in ("folder", "path", "frame")]).to_pylist():
                name, file_path = row["path"].rpartition("/")[2], f"{row['folder']}/{row['path']}"
                page = "" if row["page"] is None else row["page"]  # null: beyond what the column holds
                out.write([cell(name), page, path_cell(file_path), cell(row["reason"])])
            written = out.complete(notes)
        for note in notes:
            say(f"note: {note}")
        return [written]

    def _report(self, pages: int, counts: dict[str, int], files: list[Path]) -> None:
        said = [f"{counts[name]} {text}" for name, text in SAID.items() if counts[name]]
        print(f"{pages} pages in {printable(str(self.index.folder))}: {', '.join(said) or 'nothing has changed'}")
        if counts["failed"]:
            reasons = Counter(self.index.broken()["reason"].to_pylist())
            print("not readable:")
            for reason, times in reasons.most_common(10):
                print(f"  {times} x {reason}")
        for file in files:
            print(f"  {printable(str(file))}")
        for line in self.told():
            print(line)

    def _away(self, folders: Folders, plan: Plan) -> dict[str, int]:
        """Folders and sub-folders that hold no page or are not there -> pages that the index has of them."""
        away = {}
        for folder in (*folders.missed, *folders.absent):
            if count := len(self.index.arrow(["id"], f"folder = {sql(folder)}")):
                away[folder] = count
        return away | {"/".join(filter(None, missing)): count for missing, count in plan.kept.items()}

    def _warn(self, folders: Folders, away: dict[str, int]) -> None:
        """Name what is away, with what can be done."""
        for name, count in list(away.items())[:PLACES_TOLD]:
            gone = name in (*folders.missed, *folders.absent)
            what = "is not there now" if gone else "holds no page any more (a drive that is not mounted?)"
            forget = self.job.command_with(self.job.flag, "index", "--index", str(self.index.folder), "--forget", name)
            say(f"warning: {name} {what}: its pages stay in the index ({count}); to take them out: {forget}")
        if len(away) > PLACES_TOLD:
            untold = len(away) - PLACES_TOLD
            say(f"warning: and {untold} more such places; --forget without a name takes out all that is gone")


SAID = {  # counts of a run, as they are told
    "embedded": "embedded now",
    "unchanged": "unchanged",
    "touched": "with a new date only",
    "moved": "moved",
    "copied": "known from copies",
    "changed": "replaced, as their files have changed",
    "gone": "gone",
    "not_there": "kept though they are not there",
    "not_looked_at": "not looked at this time (other formats or sub-folders, or left out)",
    "reached_twice": "passed over, as links lead to pages that the index has",
    "failed": "not readable",
}


def _taken_up(rows: pa.Table, folders: Folders) -> tuple[pa.Table, dict[str, list[tuple[File, list[int]]]]]:
    """Rows with the files of inner folders as they are called from now on; those files and their ids, by folder."""
    files = list(zip(rows["folder"].to_pylist(), rows["path"].to_pylist(), strict=True)) if folders.inner else []
    inner: dict[str, dict[File, list[int]]] = {folder: {} for folder in folders.inner}
    for number, file in zip(rows["id"].to_pylist(), files, strict=False):
        if file[0] in inner:
            inner[file[0]].setdefault(folders.taken_up(file), []).append(number)
    for at, name in enumerate(("folder", "path")) if files else ():
        values = pa.array([folders.taken_up(file)[at] for file in files], pa.string())
        rows = rows.set_column(rows.column_names.index(name), name, values)
    return rows, {folder: list(its_files.items()) for folder, its_files in inner.items()}


def _staying(rows: pa.Table, plan: Plan) -> Iterator[File]:
    """The files of rows that neither go nor move."""
    leaving = {*plan.drop, *(number for _, ids in plan.moved for number in ids)}
    for number, folder, path in zip(*(rows[name].to_pylist() for name in ("id", "folder", "path")), strict=True):
        if number not in leaving:
            yield folder, path
