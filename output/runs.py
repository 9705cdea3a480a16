"""A run that writes files: its name, lock, stored page list, journal, resume and run record.

    run = Run.start(output, "ViT-B16", pages, identity={"input": "scans"}, execution={"batch_size": 16})
    run.append([[0.9, 0.1], "the file is empty"])     # one whole batch, as it was finished
    run.finish({"pages_per_second": 23.1})            # tables were written before from run.outcomes()

`<output>/tables/<name>_run.json` is the run record; creating it reserves the name. `<output>/runs/<name>/` holds what
an unfinished run needs and goes when it is finished: `settings.json` (written last: a folder without it was never
begun), `pages.jsonl`, `journal.jsonl` (append only, one line a batch) and `lock` (a lock of the operating system that
dies with its process). The order at the end makes a kill at any moment safe: tables, then the final record, then
settings.json, then the rest; the state in the record decides what a folder left behind is.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from output.failures import WriteError, of_system
from output.files import write_json, write_lines
from output.journal import Journal, Outcome
from reading.pages import PageList, load_pages, page_lines
from utils import UserError, printable

CLOCK = 3  # seconds: file times of some disks are that coarse
FINISHED = ("finished", "finished with failures")

RUN_NAME = re.compile(r"[0-9]{8}-[0-9]{6}(-[0-9]+)?_.+", re.DOTALL)
# Everything that a run writes into its work folder; nothing else in there is ever removed. settings.json goes first:
# from then on the folder cannot be taken for an unfinished run.
_SHOWN = 3  # items of a list that a message names
WORK_FILES = ("settings.json", "settings.json.part", "journal.jsonl", "pages.jsonl", "pages.jsonl.part", "lock")


class Run:
    """One run, held by this process until `close` or `finish`. Made by `start` or `resume` only.

    Attributes:
        name: `<date-time>_<base>`, e.g. `20261121-101500_ViT-B16`; local time, with `-2`, `-3` … where it is taken.
        output, tables, work: `<output>`, `<output>/tables`, `<output>/runs/<name>`.
        pages: the page list as stored at the start.
        resumed: whether an earlier process began this run.
        started: seconds since 1970, when the run was begun by its first process.
        identity, execution: what was given at the start (JSON values).
    """

    def __init__(self, output: Path, name: str, lock: FileLock, pages: PageList, settings: dict) -> None:
        self.output = output
        self.name = name
        self.pages = pages
        self.identity: dict = settings["identity"]
        self.execution: dict = settings["execution"]
        self.started: float = settings["started"]
        self.resumed = False
        self._lock = lock
        self._journal = Journal(self.work / "journal.jsonl", len(pages.pages), self.execution["batch_size"])

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
    def start(cls, output: Path, base: str, pages: PageList, *, identity: dict, execution: dict) -> Run:
        """Reserve a name, take the lock, store the page list and the settings.

        Args:
            output: made where absent.
            base: the model's base as it stands in file names, e.g. `ViT-B16`.
            pages: stored, and read back from the store by `resume`.
            identity: what makes two runs the same work (input, model hash, settings); JSON values or Paths.
            execution: what may not change within a run; needs `batch_size` (int, pages a batch).

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
                lock = _reserve(output, name)
                if lock is not None:
                    break
        except OSError as error:
            raise _unwritable(output, error) from error
        settings = {
            "identity": _plain(identity),
            "execution": _plain(execution),
            "started": time.time(),
            "pages": len(pages.pages),
        }
        work = output / "runs" / name
        try:
            write_lines(work / "pages.jsonl", page_lines(pages))
            (work / "journal.jsonl").touch(exist_ok=False)
            write_json(work / "settings.json", settings)
            return cls(output, name, lock, pages, settings)
        except BaseException as error:
            _record_file(output, name).unlink(missing_ok=True)
            _remove(work, lock)
            if isinstance(error, OSError):
                raise _unwritable(output, error) from error
            raise

    @classmethod
    def resume(cls, output: Path, *, identity: dict, execution: dict) -> Run:
        """Take up the newest unfinished run of the same identity that no living process holds.

        A torn or damaged line at the journal's end is cut off; its batch is done again.

        Raises:
            UserError: no such run (the line says why), or it was begun with another `execution`.
        """
        output = Path(output)
        identity, execution = _plain(identity), _plain(execution)
        sweep(output)
        unfinished = sorted(_unfinished(output), key=lambda found: (found[1]["started"], found[0]), reverse=True)
        held = ""
        for name, settings in unfinished:
            if _differences(settings["identity"], identity):
                continue
            try:
                lock = _take_lock(output / "runs" / name)
            except OSError as error:
                raise UserError(f"run {name} cannot be resumed: {_said(error)}") from error
            if lock is None:
                held = held or name
                continue
            if not _is_unfinished(output, name):  # it was finished between our look and our lock
                _remove(output / "runs" / name, lock)
                continue
            try:
                return cls._take_up(output, name, lock, settings, execution)
            except BaseException:
                lock.release()
                raise
        raise UserError(_why_none(output, identity, unfinished, held))

    @classmethod
    def _take_up(cls, output: Path, name: str, lock: FileLock, settings: dict, execution: dict) -> Run:
        changed = _differences(settings["execution"], execution)
        if changed:
            was = ", ".join(f"{key} {_show(old)} (here {_show(new)})" for key, old, new in changed)
            give = " ".join(f"--{key} {_show(old)}" for key, old, _ in changed)
            raise UserError(f"run {name} was begun with {was}, and scores could differ: resume it with {give}")
        try:
            pages = load_pages(output / "runs" / name / "pages.jsonl")
            if len(pages.pages) != settings["pages"]:
                raise UserError(f"the page list of run {name} is damaged: start anew without --resume")
            if not pages.root.is_absolute() and isinstance(settings["identity"].get("input"), str):
                pages.root = Path(settings["identity"]["input"])  # a run of an earlier version, begun elsewhere perhaps
            run = cls(output, name, lock, pages, settings)
            run.resumed = True
            (output / "tables").mkdir(exist_ok=True)
            run.write_record({})
        except (OSError, ValueError) as error:
            raise UserError(f"run {name} cannot be resumed: {_said(error)}; start anew without --resume") from error
        return run

    def append(self, outcomes: list[Outcome]) -> None:
        """Commit the next whole batch, see `Journal.append`."""
        self._journal.append(outcomes)

    @property
    def doubted(self) -> int:
        """How many of the pages done came with a warning."""
        return self._journal.doubted

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes of all whole batches in page order, read from the journal line by line."""
        return self._journal.outcomes()

    def write_record(self, record: dict) -> Path:
        """Write `<tables>/<name>_run.json` whole: name, state, start, then `record` (its `state` wins).

        Raises:
            UserError: it cannot be written.
        """
        file = _record_file(self.output, self.name)
        try:
            input_folder = str(self.pages.root.absolute())  # that PATH counts from
            write_json(file, {**_head(self.name, self.started), "input": input_folder, **record})
        except OSError as error:
            raise WriteError(f"cannot write {of_system(error.errno, _said(error), str(file))}") from error
        return file

    def finish(self, record: dict) -> Path:
        """Write the final record, then remove the work folder and let the lock go. The tables must stand by now.

        Raises:
            ValueError: batches are missing.
        """
        if self.done != self.batches:
            raise ValueError(f"run {self.name} has {self.done} of {self.batches} batches")
        file = self.write_record({**record, "state": FINISHED[1] if self.failed else FINISHED[0]})
        self._journal.close()
        _remove(self.work, self._lock)
        return file

    def close(self) -> None:
        """Let the run go: another process may resume it. Nothing is removed."""
        self._journal.close()
        self._lock.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sweep(output: Path) -> None:
    """Remove work folders of finished runs (killed while cleaning up) and of runs that never began. Silent."""
    for work in _work_folders(output):
        if _is_unfinished(output, work.name):
            continue
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile: not ours to mend
            lock = _take_lock(work)
            if lock is None:
                continue
            if _is_unfinished(output, work.name):  # it was just starting
                lock.release()
                continue
            if _state(output, work.name) not in FINISHED:
                _record_file(output, work.name).unlink(missing_ok=True)
            _remove(work, lock)


def _work_folders(output: Path) -> list[Path]:
    try:
        return sorted(path for path in (output / "runs").iterdir() if RUN_NAME.fullmatch(path.name) and path.is_dir())
    except OSError:
        return []


def _unfinished(output: Path) -> Iterator[tuple[str, dict]]:
    """Names and settings of the runs that can be resumed, held ones too."""
    for work in _work_folders(output):
        settings = _read_json(work / "settings.json")
        if {"identity", "execution", "started", "pages"} <= settings.keys():
            yield work.name, settings


def _is_unfinished(output: Path, name: str) -> bool:
    return (output / "runs" / name / "settings.json").exists() and _state(output, name) not in FINISHED


def _reserve(output: Path, name: str) -> FileLock | None:
    """Take a name: the work folder, the lock, then the record by exclusive creation. None: it is taken."""
    work = output / "runs" / name
    record = _record_file(output, name)
    try:
        work.mkdir()
    except FileExistsError:
        return None
    lock = _take_lock(work)
    if lock is None:  # a sweeping process was quicker; it removes the folder
        return None
    try:
        with record.open("x", encoding="utf-8", newline="\n") as file:
            json.dump(_head(name, time.time()), file, indent=1)
    except FileExistsError:  # e.g. the folder `runs` was deleted by hand
        _remove(work, lock)
        return None
    except OSError:
        _remove(work, lock)
        raise
    return lock


def _take_lock(work: Path) -> FileLock | None:
    """The work folder's lock, None where a living process holds it or the folder went meanwhile."""
    lock = FileLock(work / "lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except (Timeout, FileNotFoundError):
        return None
    if not (work / "lock").exists():
        lock.release()
        return None
    return lock


def _remove(work: Path, lock: FileLock) -> None:
    """Remove a work folder and let its lock go. A rest that cannot be removed is left to the next `sweep`."""
    with contextlib.suppress(OSError):
        for file in WORK_FILES[:-1]:
            (work / file).unlink(missing_ok=True)
    lock.release()  # Windows removes no file that is held
    with contextlib.suppress(OSError):
        (work / "lock").unlink(missing_ok=True)
        work.rmdir()


def _record_file(output: Path, name: str) -> Path:
    return output / "tables" / f"{name}_run.json"


def _head(name: str, started: float) -> dict:
    return {"name": name, "state": "running", "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started))}


def _state(output: Path, name: str) -> str:
    return str(_read_json(_record_file(output, name)).get("state", ""))


def _read_json(file: Path) -> dict:
    """A JSON object; {} where the file is absent or holds none."""
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


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


def _differences(old: dict, new: dict, prefix: str = "") -> list[tuple[str, object, object]]:
    found: list[tuple[str, object, object]] = []
    for key in [*old, *(key for key in new if key not in old)]:
        one, other = old.get(key), new.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            found += _differences(one, other, f"{prefix}{key}.")
        elif one != other:
            found.append((prefix + key, one, other))
    return found


def _why_none(output: Path, identity: dict, unfinished: list[tuple[str, dict]], held: str) -> str:
    where = _name(output)
    if held:
        return f"run {held} in {where} is held by a living process: wait for it, or stop it, and resume then"
    if not unfinished:
        return f"nothing to resume: no unfinished run in {where}; run the command without --resume"
    name, settings = unfinished[0]
    changed = _differences(settings["identity"], identity)
    what = ", ".join(f"{key} = {_show(old)} (here {_show(new)})" for key, old, new in changed)
    more = f" ({len(unfinished) - 1} more runs fit no better)" if len(unfinished) > 1 else ""
    return (
        f"nothing to resume for this command in {where}: the unfinished run {name} has {what}{more}; "
        "give the same, or leave --resume out"
    )


def _show(value: object) -> str:
    if isinstance(value, str):
        return printable(value[:12] if re.fullmatch("[0-9a-f]{32,}", value) else value) or '""'
    if isinstance(value, list) and len(value) > _SHOWN:
        return f"{len(value)} of them, {', '.join(map(_show, value[:_SHOWN]))}, ..."
    return "nothing" if value is None else printable(json.dumps(value, ensure_ascii=False))


def _name(path: Path) -> str:
    return printable(str(path))


def _said(error: Exception) -> str:
    return printable(getattr(error, "strerror", None) or str(error))


def _unwritable(output: Path, error: OSError) -> UserError:
    in_the_way = isinstance(error, FileExistsError | NotADirectoryError)
    why = "a file of that name is in the way" if in_the_way else _said(error)
    return UserError(f"cannot write into the output folder {_name(output)}: {why}; give another one with -o")
