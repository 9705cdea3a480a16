"""A run that writes files: its name, lock, stored page list, journal, resume and run record.

    run = Run.start(output, "ViT-B16", pages, identity={"input": "scans"}, execution={"batch_size": 16})
    run.append([Scored([0.9, 0.1]), Failed("the file is empty")])     # one whole batch, as it was finished
    run.finish({"pages_per_second": 23.1})            # tables were written before from run.outcomes()

`<output>/tables/<name>_run.json` is the run record, of schema `SCHEMA`; creating it reserves the name.
`<output>/runs/<name>/` holds what an unfinished run needs and goes when it is finished: `settings.json` (written last:
a folder without it was never begun), `pages.jsonl`, `journal.jsonl` (append only, one line a batch) and `lock` (a lock
of the operating system that dies with its process). The order at the end makes a kill at any moment safe: tables, then
the final record, then settings.json, then the rest; the state in the record decides what a folder left behind is.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from output.failures import WriteError, of_system
from output.files import json_if_whole, write_json, write_lines
from output.journal import Journal
from output.outcome import Done, Failed, Scored
from output.work import NoWork, WorkFolder, begun, differences, differing, shown
from reading.pages import PageList, load_pages, page_lines
from settings.flags import LICENCE, VERSION
from utils import UserError, printable

CLOCK = 3  # seconds: file times of some disks are that coarse
FINISHED = ("finished", "finished with failures")
SCHEMA = 1  # of run records: raised where a key changes its meaning or goes, not where one is new
IMAGE = "PAGE_SORTER_IMAGE"  # the environment variable by which a container says which image it is of

RUN_NAME = re.compile(r"[0-9]{8}-[0-9]{6}(-[0-9]+)?_.+", re.DOTALL)
HEAD = "settings.json"
SEEN = "seen"  # a folder: what sorting notes of files (sorting/seen.py)
# All else that a run writes into its work folder; nothing that others put in there is ever removed.
WORK_FILES = (
    *("settings.json.part", "journal.jsonl", "pages.jsonl", "pages.jsonl.part", SEEN),
    *("plan.json", "plan.json.part", "agreed.json", "marks", "shards", "workers"),  # of a run in shards (cluster/)
)


class Run:
    """One run, held by this process until `close` or `finish`. Made by `start` or `resume` only.

    Attributes:
        name: `<date-time>_<base>`, e.g. `20261121-101500_ViT-B16`; local time, with `-2`, `-3` … where it is taken.
        output, tables, work: `<output>`, `<output>/tables`, `<output>/runs/<name>`.
        pages: the page list as stored at the start.
        resumed: whether an earlier process began this run.
        started: seconds since 1970, when the run was begun by its first process.
        identity, execution: what was given at the start (JSON values).
        kind: what becomes of pages that do not fail.
    """

    def __init__(self, output: Path, held: WorkFolder, pages: PageList, settings: dict, kind: type[Done]) -> None:
        self.output = output
        self.name = held.folder.name
        self.pages = pages
        self.kind = kind
        self.identity: dict = settings["identity"]
        self.execution: dict = settings["execution"]
        self.started: float = settings["started"]
        self.resumed = False
        self._held = held
        self._journal = Journal(self.work / "journal.jsonl", len(pages.pages), self.execution["batch_size"], kind)

    @property
    def tables(self) -> Path:
        """The folder of the tables and run records: `<output>/tables`."""
        return self.output / "tables"

    @property
    def work(self) -> Path:
        """The folder of this run's work files, removed by `finish`: `<output>/runs/<name>`."""
        return self.output / "runs" / self.name

    @property
    def batches(self) -> int:
        """Batches in all."""
        return self._journal.batches

    @property
    def done(self) -> int:
        """Whole batches in the journal: the index of the next one."""
        return self._journal.done

    @property
    def failed(self) -> int:
        """Failed pages in the journal."""
        return self._journal.failed

    @classmethod
    def start(
        cls,
        output: Path,
        base: str,
        pages: PageList,
        *,
        identity: dict,
        execution: dict,
        kind: type[Done] = Scored,
        prepare: Callable[[Path], None] | None = None,
    ) -> Run:
        """Reserve a name, take the lock, store the page list and the settings.

        Args:
            output: made where absent.
            base: the model's base as it stands in file names, e.g. `ViT-B16`.
            pages: stored, and read back from the store by `resume`.
            identity: what makes two runs the same work (input, model hash, settings); JSON values or Paths.
            execution: what may not change within a run; needs `batch_size` (int, pages a batch).
            kind: what becomes of pages that do not fail. prepare: writes more into the work folder, before it is begun.

        Raises:
            UserError: the output folder cannot be made or written.
        """
        output = Path(output)
        try:
            (output / "tables").mkdir(parents=True, exist_ok=True)
            (output / "runs").mkdir(exist_ok=True)
            sweep(output)
            stamp = time.strftime("%Y%m%d-%H%M%S")
            for number in itertools.count(1):
                name = f"{stamp}{'' if number == 1 else f'-{number}'}_{base}"
                held = _reserve(output, name)
                if held is not None:
                    break
        except OSError as error:
            raise _unwritable(output, error) from error
        settings = {
            "identity": _plain(identity),
            "execution": _plain(execution),
            "started": time.time(),
            "pages": len(pages.pages),
        }
        try:
            write_lines(held.folder / "pages.jsonl", page_lines(pages))
            (held.folder / "journal.jsonl").touch(exist_ok=False)
            if prepare:
                prepare(held.folder)
            held.begin(settings)
            return cls(output, held, pages, settings, kind)
        except BaseException as error:
            _record_file(output, name).unlink(missing_ok=True)
            held.remove(WORK_FILES)
            if isinstance(error, OSError):
                raise _unwritable(output, error) from error
            raise

    @classmethod
    def resume(cls, output: Path, *, identity: dict, execution: dict, kind: type[Done] = Scored, name: str = "") -> Run:
        """Take up the newest unfinished run (or that of a name) of the same identity that no living process holds.

        A torn or damaged line at the journal's end is cut off; its batch is done again.

        Raises:
            NoWork: the line says why. UserError: it was begun with another `execution`.
        """
        output = Path(output)
        identity, execution = _plain(identity), _plain(execution)
        sweep(output)
        unfinished = _unfinished(output)
        busy = ""
        for work, settings in unfinished:
            if differences(settings["identity"], identity) or name not in ("", work.folder.name):
                continue
            try:
                taken = work.take()
            except OSError as error:
                raise UserError(f"run {work.folder.name} cannot be resumed: {_said(error)}") from error
            if not taken:
                busy = busy or work.folder.name
                continue
            if not _is_unfinished(output, work):  # it was finished between our look and our lock
                work.remove(WORK_FILES)
                continue
            try:
                return cls._take_up(output, work, settings, execution, kind)
            except BaseException:
                work.release()
                raise
        raise NoWork(_why_none(output, identity, unfinished, busy))

    @classmethod
    def _take_up(cls, output: Path, held: WorkFolder, settings: dict, execution: dict, kind: type[Done]) -> Run:
        if "engine" in execution:
            settings["execution"].setdefault("engine", "torch")  # a run of an earlier version, which had no other
        # "auto": what others find on their machines, where it is compared (cluster/nodes.py).
        changed = [one for one in differences(settings["execution"], execution) if one[1] != "auto"]
        name = held.folder.name
        if changed:
            was = ", ".join(f"{key} {shown(old)} (here {shown(new)})" for key, old, new in changed)
            give = " ".join(f"--{key} {shown(old)}" for key, old, _ in changed)
            raise UserError(f"run {name} was begun with {was}, and scores could differ: resume it with {give}")
        try:
            pages = load_pages(held.folder / "pages.jsonl")
            if len(pages.pages) != settings["pages"]:
                raise UserError(f"the page list of run {name} is damaged: start anew without --resume")
            if not pages.root.is_absolute() and isinstance(settings["identity"].get("input"), str):
                pages.root = Path(settings["identity"]["input"])  # a run of an earlier version, begun elsewhere perhaps
            run = cls(output, held, pages, settings, kind)
            run.resumed = True
            (output / "tables").mkdir(exist_ok=True)
            run.write_record({})
        except (OSError, ValueError) as error:
            raise UserError(f"run {name} cannot be resumed: {_said(error)}; start anew without --resume") from error
        return run

    def append(self, outcomes: Sequence[Done | Failed]) -> None:
        """Commit the next whole batch, see `Journal.append`."""
        self._journal.append(outcomes)

    @property
    def doubted(self) -> int:
        """How many of the pages done came with a warning."""
        return self._journal.doubted

    def outcomes(self) -> Iterator[Any]:
        """The outcomes of all whole batches in page order, read from the journal line by line."""
        return self._journal.outcomes()

    def write_record(self, record: dict) -> Path:
        """Write `<tables>/<name>_run.json` whole: name, state, start, then `record` (its `state` wins).

        Raises:
            UserError: it cannot be written.
        """
        file = _record_file(self.output, self.name)
        try:
            write_json(file, self._whole(record))
        except OSError as error:
            raise WriteError(f"cannot write {of_system(error.errno, _said(error), str(file))}") from error
        return file

    def final(self, record: dict) -> dict:
        """The whole record as `finish` writes it, as it comes back from there: tuples are lists, Paths are text."""
        return _plain(self._whole({**record, "state": FINISHED[1] if self.failed else FINISHED[0]}))

    def _whole(self, record: dict) -> dict:
        input_folder = str(self.pages.root.absolute())  # that PATH counts from
        return {**_head(self.name, self.started), "program": program(), "input": input_folder, **record}

    def finish(self, record: dict) -> Path:
        """Write the final record, then remove the work folder and let the lock go. The tables must stand by now.

        Raises:
            ValueError: batches are missing.
        """
        if self.done != self.batches:
            raise ValueError(f"run {self.name} has {self.done} of {self.batches} batches")
        file = self.write_record(self.final(record))
        self._journal.close()
        self._held.remove(WORK_FILES)
        return file

    def discard(self) -> None:
        """Remove what was begun."""
        _record_file(self.output, self.name).unlink(missing_ok=True)
        self._journal.close()
        self._held.remove(WORK_FILES)

    def close(self) -> None:
        """Let the run go: another process may resume it. Nothing is removed."""
        self._journal.close()
        self._held.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sweep(output: Path) -> None:
    """Remove work folders of finished runs (killed while cleaning up) and of runs that never began. Silent."""
    try:
        folders = sorted(path for path in (output / "runs").iterdir() if RUN_NAME.fullmatch(path.name))
    except OSError:
        return
    for work in (WorkFolder(folder, HEAD) for folder in folders if folder.is_dir()):
        if _is_unfinished(output, work):
            continue
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile: not ours to mend
            if not work.take():
                continue
            if _is_unfinished(output, work):  # it was just starting
                work.release()
                continue
            name = work.folder.name
            if not is_finished(output, name):
                _record_file(output, name).unlink(missing_ok=True)
            work.remove(WORK_FILES)


def _unfinished(output: Path) -> list[tuple[WorkFolder, dict]]:
    """The runs that can be resumed, with their settings, the newest first; held ones too."""
    return [
        (WorkFolder(folder, HEAD), settings)
        for folder, settings in reversed(begun(output / "runs", "*", HEAD))
        if RUN_NAME.fullmatch(folder.name) and {"execution", "pages"} <= settings.keys()
    ]


def _is_unfinished(output: Path, work: WorkFolder) -> bool:
    return (work.folder / HEAD).exists() and not is_finished(output, work.folder.name)


def _reserve(output: Path, name: str) -> WorkFolder | None:
    """Take a name: the work folder, its lock, then the record by exclusive creation. None: it is taken."""
    work = WorkFolder(output / "runs" / name, HEAD)
    record = _record_file(output, name)
    try:
        work.folder.mkdir()
    except FileExistsError:
        return None
    if not work.take():  # a sweeping process was quicker; it removes the folder
        return None
    try:
        with record.open("x", encoding="utf-8", newline="\n") as file:
            json.dump(_head(name, time.time()), file, indent=1)
    except FileExistsError:  # e.g. the folder `runs` was deleted by hand
        work.remove(WORK_FILES)
        return None
    except OSError:
        work.remove(WORK_FILES)
        raise
    return work


def _record_file(output: Path, name: str) -> Path:
    return output / "tables" / f"{name}_run.json"


def _head(name: str, started: float) -> dict:
    began = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started))
    return {"schema": SCHEMA, "name": name, "state": "running", "started": began}


def program() -> dict[str, str]:
    """What made the run; image: of the container that it ran in, "" where there was none or it does not say."""
    return {"name": "page-sorter", "version": VERSION, "licence": LICENCE, "image": os.environ.get(IMAGE, "")}


def is_finished(output: Path, name: str) -> bool:
    """Whether a run is over, by its record."""
    return _state(output, name) in FINISHED


def _state(output: Path, name: str) -> str:
    return str(json_if_whole(_record_file(output, name)).get("state", ""))


def begun_since(output: Path, began: float) -> bool:
    """Whether there is an unfinished run that was begun or taken up since `began` (seconds since 1970): its record was
    written since then.
    """
    works = list((output / "runs").glob("*/settings.json"))
    records = [output / "tables" / f"{work.parent.name}_run.json" for work in works]
    return any(record.is_file() and record.stat().st_mtime >= began - CLOCK for record in records)


def _plain(value: dict) -> dict:
    """As it comes back from JSON: tuples are lists, Paths are text."""
    return json.loads(json.dumps(value, default=str))


def _why_none(output: Path, identity: dict, unfinished: list[tuple[WorkFolder, dict]], busy: str) -> str:
    where = printable(str(output))
    if busy:
        return f"run {busy} in {where} is held by a living process: wait for it, or stop it, and resume then"
    if not unfinished:
        return f"nothing to resume: no unfinished run in {where}; run the command without --resume"
    work, settings = unfinished[0]
    what = differing(settings["identity"], identity)
    others = f" ({len(unfinished) - 1} more runs fit no better)" if len(unfinished) > 1 else ""
    return (
        f"nothing to resume for this command in {where}: the unfinished run {work.folder.name} has {what}{others}; "
        "give the same, or leave --resume out"
    )


def _said(error: Exception) -> str:
    return printable(getattr(error, "strerror", None) or str(error))


def _unwritable(output: Path, error: OSError) -> UserError:
    in_the_way = isinstance(error, FileExistsError | NotADirectoryError)
    why = "a file of that name is in the way" if in_the_way else _said(error)
    return UserError(f"cannot write into the output folder {printable(str(output))}: {why}; give another one with -o")
