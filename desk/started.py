"""Work that the desk has started: processes of run.py, one at a time, watched by the files that they leave.

    starts = Starts(settings)
    starts.begin(Asked("sort", "/scans/box1"))           # python run.py -d /scans/box1 -o result --report ...
    starts.now.progress()                                # pages done, of how many; epochs of a training
    starts.cancel(starts.now.name); starts.again(name)   # interrupted as by Ctrl-C, and gone on with by --resume
    starts.close()                                       # the desk ends: what is at work is interrupted, and can go on

`<output>/desk/<name>/` keeps of each what was asked (start.json), and what was said (said.txt). Commands are made from
what was asked, never read from a file: an output folder of strangers starts nothing of theirs.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.following import Following, Learning, Sorted
from desk.refused import Refused
from output.files import json_if_whole, write_json
from settings.config_file import HOME, PACKED
from utils import UserError, printable

if TYPE_CHECKING:
    from settings.schema import Settings

FOLDER, HEAD, SAID = "desk", "start.json", "said.txt"
NAME = re.compile(r"[0-9]{8}-[0-9]{6}(-[0-9]+)?")
RUNNING, DONE, WITH_FAILURES, FAILED, CANCELLED, LEFT = (
    "running",
    "done",
    "with failures",
    "failed",
    "cancelled",
    "left",
)
RESUMABLE = (FAILED, CANCELLED, LEFT)
PATIENCE = 10.0  # seconds that a process has to put its work in order as the desk ends
KEPT = 4000  # characters of what was said that are shown
EARLIER = 20  # starts that are listed


@dataclass(frozen=True)
class Asked:
    """What somebody asked for. what: "sort" or "train". folder: of the pages. model: a name in the models folder, "" =
    the one that is used where nobody names one, and nothing for a training to go on from. name: of the new model.
    table: a result table whose corrected pages teach.
    """

    what: str
    folder: str
    model: str = ""
    name: str = ""
    table: str = ""
    top_n: int = 3
    raw: bool = True
    report: bool = True


@dataclass
class Start:
    """Something that was started. name: of its folder; step: the part that is at work, "sort", "export", "train" or
    "compare"; run: the run or model that it makes, "" until it is known; code: its exit code. began, ended: seconds
    since 1970, 0 = not yet. why: what went wrong, in one line.
    """

    folder: Path
    asked: Asked
    state: str = RUNNING
    step: str = ""
    run: str = ""
    code: int | None = None
    began: float = 0.0
    ended: float = 0.0
    why: str = ""
    resumed: bool = False
    cancelled: bool = field(default=False, repr=False)

    @property
    def name(self) -> str:
        """Its date and time."""
        return self.folder.name

    def said(self) -> list[str]:
        """The last lines that its processes have printed, without control letters."""
        try:
            with (self.folder / SAID).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - KEPT))
                tail = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        lines = tail.splitlines()[1 if len(tail) >= KEPT else 0 :]
        return ["".join(letter for letter in line if letter.isprintable()) for line in lines if line.strip()]

    def keep(self) -> None:
        """Write what it is."""
        values = {"asked": asdict(self.asked)} | {
            name: getattr(self, name) for name in ("state", "step", "run", "code", "began", "ended", "why")
        }
        write_json(self.folder / HEAD, values)


class Starts:
    """What was started from this output folder. now: what is at work, None = nothing is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.output = settings.output.folder.absolute()
        self.models = settings.setup.model_dir.absolute()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen | None = None
        self.now: Start | None = None
        self.following: Following | None = None

    def begin(self, asked: Asked) -> Start:
        """Start it. Refused: something is at work."""
        with self._lock:
            self._free()
            folder = self._new_folder()
            return self._run(Start(folder, asked, began=time.time()))

    def again(self, name: str) -> Start:
        """Go on with what was cancelled or left. Refused: there is no such start, or it is done."""
        with self._lock:
            self._free()
            start = self.of(name)
            if start.state not in RESUMABLE:
                raise Refused(409, f"there is nothing to go on with: it is {start.state}")
            kept = Start(start.folder, start.asked, run=start.run, began=time.time(), resumed=True)
            return self._run(kept)

    def cancel(self, name: str) -> None:
        """Interrupt what is at work, as Ctrl-C does; a second time it ends at once. Refused: it is not at work."""
        with self._lock:
            if self.now is None or self.now.name != name or self.now.state != RUNNING:
                raise Refused(409, "it is not at work any more")
            again, self.now.cancelled = self.now.cancelled, True
            if self._process is not None and self._process.poll() is None:
                if again:
                    self._process.kill()
                else:
                    _interrupt(self._process)

    def close(self) -> None:
        """Interrupt what is at work, and wait a little while it puts its work in order."""
        with self._lock:
            if self.now is not None and self.now.state == RUNNING:
                self.now.cancelled = True
                if self._process is not None and self._process.poll() is None:
                    _interrupt(self._process)
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def of(self, name: str) -> Start:
        """A start by its name. Refused: there is none."""
        if self.now is not None and self.now.name == name:
            return self.now
        start = self._read(self.output / FOLDER / name) if NAME.fullmatch(name) else None
        if start is None:
            raise Refused(404, "nothing was started under that name")
        return start

    def earlier(self) -> list[Start]:
        """Those before, the newest first."""
        try:
            folders = sorted(
                (one for one in (self.output / FOLDER).iterdir() if NAME.fullmatch(one.name)), key=_age, reverse=True
            )
        except OSError:
            return []
        now = self.now.name if self.now else ""
        read = (self._read(folder) for folder in folders[: EARLIER + 1] if folder.name != now)
        return [start for start in read if start is not None]

    def _read(self, folder: Path) -> Start | None:
        values = json_if_whole(folder / HEAD)
        try:
            asked = values["asked"]
            kept = {name: kind(asked[name]) for name, kind in KINDS.items()}
            start = Start(folder, Asked(**kept), str(values["state"]), str(values["step"]), str(values["run"]))
            start.began, start.ended, start.why = float(values["began"]), float(values["ended"]), str(values["why"])
            start.code = None if values["code"] is None else int(values["code"])
        except (KeyError, TypeError, ValueError):
            return None
        if start.state == RUNNING:  # by a desk that was killed, or one that is open elsewhere
            start.state = LEFT
        return start

    def _free(self) -> None:
        if self.now is not None and self.now.state == RUNNING:
            raise Refused(409, "something is at work already: wait until it is done, or cancel it")

    def _new_folder(self) -> Path:
        stamp, place = time.strftime("%Y%m%d-%H%M%S"), self.output / FOLDER
        try:
            place.mkdir(parents=True, exist_ok=True)
            for number in range(1, 1000):
                folder = place / (stamp if number == 1 else f"{stamp}-{number}")
                with contextlib.suppress(FileExistsError):
                    folder.mkdir()
                    return folder
        except OSError as error:
            raise Refused(422, f"cannot write into {printable(str(place))}: {error.strerror or error}") from None
        raise Refused(409, "too much was started at once")

    def _run(self, start: Start) -> Start:
        try:
            start.keep()
        except OSError as error:
            shown = printable(str(start.folder))
            raise Refused(422, f"cannot write into {shown}: {error.strerror or error}") from None
        self.now, self.following = start, None
        self._thread = threading.Thread(target=self._work, args=(start,), name="started")
        self._thread.start()
        return start

    def _work(self, start: Start) -> None:
        """Do all steps, one after another."""
        steps = {"sort": self._sorting, "train": self._training}[start.asked.what]
        try:
            start.code = steps(start)
        except (Refused, UserError) as error:
            start.why, start.code = str(error), 2
        except OSError as error:
            start.why, start.code = f"{printable(str(error))}", 2
        start.ended = time.time()
        if start.code == 0 or (start.code == 1 and not start.cancelled):  # Windows ends a process with 1
            start.state = DONE if start.code == 0 else WITH_FAILURES
        else:
            start.state = CANCELLED if start.cancelled else FAILED
            said = [line for line in start.said() if line.startswith("error: ")]
            start.why = start.why or (said[-1].removeprefix("error: ") if said and not start.cancelled else "")
        with contextlib.suppress(OSError):
            start.keep()

    def _sorting(self, start: Start) -> int:
        asked = start.asked
        following = self.following = Sorted(self.output, Path(asked.folder), start.run if start.resumed else "")
        words = ["-d", asked.folder, "-tn", str(asked.top_n), *self._model(asked)]
        if not asked.model and (usual := self._settings.setup.model):
            words += ["--model_path", str(usual.absolute())]
        words += ["--raw"] if asked.raw else []
        words += ["--report"] if asked.report else []
        words += ["--resume"] if start.resumed and following.unfinished else []
        return self._step(start, "sort", words, following.found)

    def _training(self, start: Start) -> int:
        asked = start.asked
        labels = start.folder / "corrected.csv"
        self.following = Learning(self.models, asked.name)
        work = self.models / f"{asked.name}.training" / "work.json"
        if not labels.is_file():
            words = ["desk", asked.table, "--pages", asked.folder, "--export", str(labels)]
            if code := self._step(start, "export", words):
                return code
        if not (self.models / asked.name / "training.json").is_file():
            words = ["--train", "-d", asked.folder, "--labels", str(labels), "--name", asked.name, *self._model(asked)]
            words += ["--resume"] if start.resumed and work.is_file() else []
            if code := self._step(start, "train", words, lambda: asked.name):
                return code
        held = start.folder / "held_back.csv"
        if not self.following.hold_back(held):
            start.why = "no document was held back, so it cannot be compared: correct pages of more documents"
            return 0
        words = ["--eval_dir", "-d", asked.folder, "--labels", str(held)]
        return self._step(start, "compare", words, output=start.folder)

    def _model(self, asked: Asked) -> list[str]:
        return ["--model_path", str(self.models / asked.model)] if asked.model else []

    def _step(
        self,
        start: Start,
        step: str,
        words: list[str],
        run: Callable[[], str] = lambda: "",
        output: Path | None = None,
    ) -> int:
        """One process, from its start to its end; its exit code. run: what tells the name of what it makes."""
        start.step = step
        place = [] if step == "train" else ["-o", str(output or self.output)]  # a training writes a model alone
        command = [*_program(), *words, *place, *self._shared()]
        with (start.folder / SAID).open("ab") as said, self._lock:
            if start.cancelled:
                return 130
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
                # Ctrl-C in the desk's terminal is for the desk, which interrupts this process itself
                **({"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt"
                   else {"start_new_session": True}),
            )  # fmt: skip
        process = self._process
        while (code := _ended(process)) is None:
            if (name := run()) and name != start.run:
                start.run = name
                with contextlib.suppress(OSError):  # it is kept once more at the end; the process works on
                    start.keep()
        start.run = run() or start.run
        return code

    def _shared(self) -> list[str]:
        """The settings of the desk, for its processes."""
        setup, read = self._settings.setup, self._settings.input
        words = ["--model_dir", str(self.models), "--engine", setup.engine, "--device", setup.device]
        words += ["--workers", str(setup.workers), "--max_pixels", str(read.max_pixels), "--memory", read.memory]
        return words + (["--config", str(self._settings.file)] if self._settings.file else [])


KINDS: dict[str, Callable[[Any], Any]] = {
    "what": lambda value: {"sort": "sort", "train": "train"}[value],
    "folder": str, "model": str, "name": str, "table": str, "top_n": int, "raw": bool, "report": bool,
}  # fmt: skip


def _age(folder: Path) -> tuple[str, int]:
    stamp, _, number = folder.name[:15], "", folder.name[16:]
    return stamp, int(number or 1)


def _program() -> list[str]:
    return [sys.executable] if PACKED else [sys.executable, str(HOME / "run.py")]


def _ended(process: subprocess.Popen) -> int | None:
    try:
        return process.wait(0.3)
    except subprocess.TimeoutExpired:
        return None


def _interrupt(process: subprocess.Popen) -> None:
    with contextlib.suppress(OSError):
        if os.name == "nt":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()  # SIGTERM: Ctrl-C does not reach what was started in the background
