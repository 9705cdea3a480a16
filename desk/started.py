"""Work that the desk has started: processes of run.py, one at a time, watched by the files that they leave.

    starts = Starts(settings)
    starts.begin(Asked("sort", "/scans/box1"))           # python run.py -d /scans/box1 -o result --report ...
    starts.now.progress()                                # pages done, of how many; epochs of a training
    starts.cancel(starts.now.name); starts.again(name)   # interrupted as by Ctrl-C, and gone on with by --resume
    starts.close()                                       # the desk ends: what is at work is interrupted, and can go on

`<output>/desk/<name>/` keeps of each what was asked (start.json), and what was said (said.txt). Commands are made from
what was asked, never read from a file: an output folder of strangers starts nothing of theirs. What a desk that was
killed has left is still seen, and can be interrupted and gone on with (processes.py).
"""

from __future__ import annotations

import contextlib
import platform
import re
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from desk.following import COMPARED, Following, Learning, Sorted, comparison, is_unfinished, state_of
from desk.processes import at_work, begin, ended, interrupt, sender
from desk.refused import Refused
from desk.start import (
    BROKE,
    CANCELLED,
    DONE,
    FAILED,
    INTERRUPTED,
    LEFT,
    MISTAKE,
    RUNNING,
    SAID,
    WITH_FAILURES,
    Asked,
    Start,
)
from output.runs import FINISHED
from utils import UserError, printable

if TYPE_CHECKING:
    from settings.schema import Settings

FOLDER = "desk"  # in the output folder
NAME = re.compile(r"[0-9]{8}-[0-9]{6}(-[0-9]+)?")
RESUMABLE = (FAILED, BROKE, CANCELLED, LEFT)
PATIENCE = 10.0  # seconds that a process has to put its work in order as the desk ends
EARLIER = 20  # starts that are listed


class Starts:
    """What was started from this output folder. now: what this desk has started last, None = nothing yet."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.output = settings.output.folder.absolute()
        self.models = settings.setup.model_dir.absolute()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen | None = None
        self._elsewhere: tuple[str, Following] | None = None  # what is known of what another desk has started
        self._pressed: set[str] = set()  # what of others was interrupted here
        self.now: Start | None = None
        self.following: Following | None = None

    def begin(self, asked: Asked) -> Start:
        """Start it. Refused: something is at work, or nothing can be written."""
        with self._lock:
            self._free()
            return self._run(Start(self._new_folder(), asked, began=time.time()))

    def again(self, name: str) -> Start:
        """Go on with what was cancelled or left; what was finished meanwhile is only said to be.

        Refused: there is no such start, it is done, something is at work.
        """
        with self._lock:
            self._free()
            start = self.of(name)
            if start.state not in RESUMABLE:
                raise Refused(409, f"there is nothing to go on with: it is {start.state}")
            return self._run(Start(start.folder, start.asked, run=start.run, began=time.time(), resumed=True))

    def cancel(self, name: str) -> None:
        """Interrupt what is at work, as Ctrl-C does; a second time it ends at once. Refused: it is not at work, or on
        another computer.
        """
        with self._lock:
            start = self.of(name)
            if start.state != RUNNING:
                raise Refused(409, "it is not at work any more")
            if start is not self.now:
                self._cancel_of_others(start)
                return
            again, start.cancelled = start.cancelled, True
            if self._process is not None and self._process.poll() is None:
                interrupt(self._process.send_signal, hard=again)

    def _cancel_of_others(self, start: Start) -> None:
        if start.host != platform.node():
            raise Refused(409, f"it is at work on the computer {printable(start.host) or '?'}: interrupt it there")
        if start.pid <= 1:
            raise Refused(409, "it is at work, but which process it is was not kept: wait until it is done")
        interrupt(sender(start.pid), hard=start.name in self._pressed)
        self._pressed.add(start.name)

    def close(self) -> None:
        """Interrupt what this desk has at work, and wait a little while it puts its work in order."""
        with self._lock:
            if self.now is not None and self.now.state == RUNNING:
                self.now.cancelled = True
                if self._process is not None and self._process.poll() is None:
                    interrupt(self._process.send_signal)
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def of(self, name: str) -> Start:
        """A start by its name. Refused: there is none."""
        if self.now is not None and self.now.name == name:
            return self._known_now(self.now)
        start = self._read(self.output / FOLDER / name) if NAME.fullmatch(name) else None
        if start is None:
            raise Refused(404, "nothing was started under that name")
        return start

    def shown(self) -> tuple[Start | None, list[Start]]:
        """What is at work, here or left by another desk, else what this desk has started last; and the others, the
        newest first.
        """
        every = self._every()
        first = next((one for one in every if one.state == RUNNING), self.now)
        return first, [one for one in every if one is not first]

    @property
    def busy(self) -> bool:
        """Whether something is at work."""
        return any(one.state == RUNNING for one in self._every())

    def interrupted(self, start: Start) -> bool:
        """Whether what is at work was interrupted already."""
        return start.state == RUNNING and (start.cancelled or start.name in self._pressed)

    def following_of(self, start: Start) -> Following | None:
        """How far something is, None where nobody looks any more."""
        if start is self.now:
            return self.following
        if start.state != RUNNING:
            return None
        if self._elsewhere is None or self._elsewhere[0] != start.name:
            asked = start.asked
            training = asked.what == "train"
            following = Learning(self.models, asked.name) if training else self._sorted(start)
            self._elsewhere = start.name, following
        return self._elsewhere[1]

    def _sorted(self, start: Start) -> Sorted:
        return Sorted(self.output, Path(start.asked.folder), start.run, since=start.name)

    def _every(self) -> list[Start]:
        """The newest first."""
        try:
            folders = sorted(
                (one for one in (self.output / FOLDER).iterdir() if NAME.fullmatch(one.name)), key=_age, reverse=True
            )
        except OSError:
            folders = []
        now = self.now
        read = [now if now and folder == now.folder else self._read(folder) for folder in folders[: EARLIER + 1]]
        return [self._known_now(start) if start is now else start for start in read if start is not None]

    def _read(self, folder: Path) -> Start | None:
        start = Start.load(folder)
        if start is None:
            return None
        if start.state == RUNNING:  # by a desk that was killed, or one that is open elsewhere
            if start.asked.what == "sort":
                start.run = start.run or self._sorted(start).found()
            if at_work(folder / SAID):
                return start
            start.state = LEFT
        return self._known_now(start)

    def _known_now(self, start: Start) -> Start:
        """A start: done where it was finished meanwhile, by the command line, or after its desk was killed."""
        if start.state in RESUMABLE and (state := self._finished(start)):
            start.state, start.why = state, start.why or "it was finished elsewhere"
        return start

    def _finished(self, start: Start) -> str:
        """Whether its last step is whole, by what it has left: `DONE`, `WITH_FAILURES`, "" = it is not."""
        if start.asked.what == "sort":
            whole = dict(zip(FINISHED, (DONE, WITH_FAILURES), strict=True))
            return whole.get(state_of(self.output, start.run), "")
        compared = comparison(start.folder) if start.step == "compare" else []
        return (WITH_FAILURES if any(one["reason"] for one in compared) else DONE) if compared else ""

    def _free(self) -> None:
        if self.busy:
            raise Refused(409, "something is at work already: wait until it is done, or interrupt it")

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
            if not start.resumed:  # nothing was started: nothing is left of it
                with contextlib.suppress(OSError):
                    start.folder.rmdir()
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
            start.why, start.code = str(error), MISTAKE
        except OSError as error:
            where = f"{printable(str(error.filename))}: " if error.filename else ""
            start.why, start.code = f"{where}{error.strerror or error}", MISTAKE
        with self._lock:  # who goes on with it writes the same file
            self._end(start)

    def _end(self, start: Start) -> None:
        start.ended = time.time()
        # 1 is "some pages failed", and also how a process ends that broke off, or that Windows ends: what is left tells
        if start.code == 0 or (start.code == 1 and self._finished(start)):
            start.state = WITH_FAILURES if start.code else DONE
        elif start.cancelled or start.code == INTERRUPTED:
            start.state = CANCELLED
        else:
            start.state = FAILED if start.code == MISTAKE else BROKE
            start.why = start.why or start.last_words()
        with contextlib.suppress(OSError):
            start.keep()

    def _sorting(self, start: Start) -> int:
        asked = start.asked
        start.run = start.run if is_unfinished(self.output, start.run) else ""
        following = self.following = Sorted(self.output, Path(asked.folder), start.run)
        start.before = following.progress().done
        words = ["-d", asked.folder, "-tn", str(asked.top_n), *self._model(asked)]
        if not asked.model and (usual := self._settings.setup.model):
            words += ["--model_path", str(usual.absolute())]
        words += ["--raw"] if asked.raw else []
        words += ["--report"] if asked.report else []
        words += ["--resume"] if start.run else []
        return self._step(start, "sort", words, following.found)

    def _training(self, start: Start) -> int:
        asked = start.asked
        labels = start.folder / "corrected.csv"
        self.following = Learning(self.models, asked.name)
        begun = (self.models / f"{asked.name}.training" / "work.json").is_file()
        made = (self.models / asked.name / "training.json").is_file()
        if not begun and not made:  # what was corrected since an attempt that failed teaches too
            words = ["desk", asked.table, "--pages", asked.folder, "--export", str(labels)]
            if code := self._step(start, "export", words):
                return code
        if not made:
            words = ["--train", "-d", asked.folder, "--labels", str(labels), "--name", asked.name, *self._model(asked)]
            words += ["--resume"] if begun else []
            if code := self._step(start, "train", words, lambda: asked.name):
                return code
        held = start.folder / "held_back.csv"
        if not self.following.hold_back(held):
            start.why = "no document was held back, so it cannot be compared: correct pages of more documents"
            return 0
        (start.folder / COMPARED).unlink(missing_ok=True)
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
        with self._lock:
            if start.cancelled:
                return INTERRUPTED
            process = self._process = begin([*words, *place, *self._shared()], start.folder / SAID)
            start.pid, start.host = process.pid, platform.node()
            with contextlib.suppress(OSError):  # it is kept once more at the end; the process works on
                start.keep()
        while (code := ended(process)) is None:
            if (name := run()) and name != start.run:
                start.run = name
                with contextlib.suppress(OSError):
                    start.keep()
        start.run = run() or start.run
        return code

    def _shared(self) -> list[str]:
        """The settings of the desk, for its processes."""
        setup, read = self._settings.setup, self._settings.input
        words = ["--model_dir", str(self.models), "--engine", setup.engine, "--device", setup.device]
        words += ["--workers", str(setup.workers), "--max_pixels", str(read.max_pixels), "--memory", read.memory]
        return words + (["--config", str(self._settings.file)] if self._settings.file else [])


def _age(folder: Path) -> tuple[str, int]:
    stamp, _, number = folder.name[:15], "", folder.name[16:]
    return stamp, int(number or 1)
