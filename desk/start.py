"""Something that the desk has started: what was asked for, and what became of it.

start = Start(output / "desk" / "20261121-101500", Asked("sort", "/scans/box1"), began=time.time())
start.keep()                            # start.json in its folder
Start.load(start.folder).said()         # the last lines that its processes have printed (said.txt)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from output.files import json_if_whole, write_json

HEAD, SAID = "start.json", "said.txt"
RUNNING, DONE, WITH_FAILURES = "running", "done", "with failures"
FAILED, BROKE, CANCELLED, LEFT = "failed", "stopped", "cancelled", "left"
MISTAKE, INTERRUPTED = 2, 130  # exit codes of run.py
KEPT = 4000  # characters of what was said that are shown


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
    since 1970, 0 = not yet. why: what went wrong, in one line. before: pages that were done when it was taken up. pid,
    host: the process, and the computer that it is on.
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
    before: int = 0
    pid: int = 0
    host: str = ""
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
        kept = ("state", "step", "run", "code", "began", "ended", "why", "before", "pid", "host")
        values = {"asked": asdict(self.asked)} | {name: getattr(self, name) for name in kept}
        write_json(self.folder / HEAD, values)

    @classmethod
    def load(cls, folder: Path) -> Start | None:
        """The start that was kept in a folder, None where there is none."""
        values = json_if_whole(folder / HEAD)
        try:
            asked = {name: kind(values["asked"][name]) for name, kind in KINDS.items()}
            start = cls(folder, Asked(**asked), str(values["state"]), str(values["step"]), str(values["run"]))
            start.began, start.ended, start.why = float(values["began"]), float(values["ended"]), str(values["why"])
            start.code = None if values["code"] is None else int(values["code"])
            start.before, start.pid = int(values.get("before", 0)), int(values.get("pid", 0))
            start.host = str(values.get("host", ""))
        except (KeyError, TypeError, ValueError):
            return None
        return start

    def last_words(self) -> str:
        """Why its last process has ended as it did, in one line."""
        said = self.said()
        if self.code == MISTAKE and (told := [line for line in said if line.startswith("error: ")]):
            return told[-1].removeprefix("error: ")
        if self.code is not None and self.code < 0:
            return f"something else has ended it (signal {-self.code}): the memory may have been too small"
        return said[-1] if said else f"it ended with {self.code} and said nothing"


KINDS: dict[str, Callable[[Any], Any]] = {
    "what": lambda value: {"sort": "sort", "train": "train"}[value],
    "folder": str, "model": str, "name": str, "table": str, "top_n": int, "raw": bool, "report": bool,
}  # fmt: skip
