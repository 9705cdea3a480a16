"""Workers on the nodes of a Slurm cluster: a job array, whose tasks take shards until none is left.

    launcher = Slurm(plan, tasks=8, card=False)
    launcher.start(); launcher.look(); launcher.stop()

Each task is `run.py --worker RUN`, started by a script that people may change (data_scripts/slurm/). Where a task runs,
when, and whether it comes back after its time is up, is Slurm's business; a task that ends badly is not replaced. An
array goes on without the process that submitted it: another one that takes up the same run finds its tasks by their
name, and submits only what is missing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

from cluster.nodes import registered
from cluster.plan import Plan
from cluster.shards import Shards
from output.console import say
from settings.config_file import HOME
from utils import UserError, printable

TASKS = 8  # of an array, where nobody says how many: enough to gain by, few enough to be given at once by most clusters
PROGRAMS = ("sbatch", "squeue", "scancel")
LOOK = 5.0  # seconds between two questions to Slurm, which answers those of many people
PATIENCE = 90.0  # seconds in which what the last task published has to be seen here: disks of networks remember lists
LEAVE = 5.0  # seconds that tasks have to end by themselves once nothing is left to do
ANSWER = 60.0  # seconds that Slurm may take to answer
_SCRIPTS = HOME / "data_scripts" / "slurm"
_WELL, _HELD = "COMPLETED", ("JobHeldUser", "JobHeldAdmin")
_ENDED = (_WELL, "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE", "PREEMPTED",
          "REVOKED")  # fmt: skip
_NO_WORD = ("", "None", "Priority", "Resources", "BeginTime")  # reasons to wait that are those of every day


@dataclass(frozen=True)
class Task:
    """A task as Slurm tells of it. name: ARRAY_NUMBER; node: where it runs or ran; reason: why it waits, or ended."""

    name: str
    state: str
    reason: str
    node: str

    @property
    def alive(self) -> bool:
        """Whether it runs, or will."""
        return self.state not in _ENDED


def check() -> None:
    """UserError where this machine cannot submit."""
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        raise UserError(
            f"--cluster slurm: {', '.join(missing)} is not to be found here; give the command where jobs are submitted "
            "to Slurm (a login node), or work without it: --cluster local:4, join"
        )
    if not _SCRIPTS.is_dir():
        raise UserError(f"--cluster slurm: its scripts are missing, {printable(str(_SCRIPTS))}")


class Slurm:
    """`tasks` tasks of a job array; 0 = `TASKS`. card: with a graphics card each."""

    def __init__(self, plan: Plan, tasks: int, *, card: bool) -> None:
        self._plan, self._wanted = plan, tasks
        self._script = _SCRIPTS / ("sort_gpu.sbatch" if card else "sort_cpu.sbatch")
        self._shards = Shards(plan)
        folder = plan.folder.absolute()
        self._logs = folder / "workers"
        # Two runs may begin in the same second, in two folders.
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
        self._name = f"{re.sub('[^A-Za-z0-9.-]', '-', folder.name)[:40]}-{digest}"
        self._seen: dict[str, Task] = {}
        self._count = 1  # tasks that are alive
        self._due = 0.0  # when Slurm is asked again
        self._over = 0.0  # since when no task is alive; 0 = some are
        self._told = ""
        self._started = False
        self._last = ""  # why the last task that ended badly did

    def start(self) -> None:
        """Submit the array, or what an earlier one of this run lacks. UserError: Slurm does not take it."""
        self._started = True
        self._seen = self._asked()
        wanted = min(self._wanted or TASKS, max(1, len(self._shards.missing())))
        alive = [task for task in self._seen.values() if task.alive]
        if alive:
            arrays = ", ".join(sorted({task.name.partition("_")[0] for task in alive}))
            say(f"{len(alive)} tasks of this run are there already (job array {arrays}): they go on")
        if (count := wanted - len(alive)) > 0:
            array = self._submit(count)
            said = "" if self._wanted else ", --cluster slurm:N for another number"
            say(f"{count} tasks are submitted (job array {array}{said}); what they say: {printable(str(self._logs))}")
        self._count, self._due = wanted, time.monotonic() + 1.0

    def _submit(self, tasks: int) -> str:
        # Two % are one there, and a backslash is none.
        log = str(self._logs).replace("\\", "\\\\").replace("%", "%%") + "/slurm-%A_%a.log"
        words = ["sbatch", "--parsable", f"--array=1-{tasks}", f"--job-name={self._name}", f"--output={log}",
                 f"--error={log}", str(self._script), "--worker", str(self._plan.folder.absolute())]  # fmt: skip
        done = _done(words, {"PAGE_SORTER_PYTHON": sys.executable, "PROJECT": str(HOME)})
        if done.returncode or not (found := re.search(r"^([0-9]+)(;|$)", done.stdout, re.MULTILINE)):
            raise UserError(
                f"sbatch did not take the job array: {_words_of(done)}; change SBATCH_PARTITION and the like, or "
                f"{printable(str(self._script))}, then --resume goes on"
            )
        return found[1]

    def look(self) -> tuple[int, list[str]]:
        """See `Launcher`."""
        if time.monotonic() < self._due:
            return self._count, []
        self._due = time.monotonic() + LOOK
        before = self._seen
        try:
            now = self._asked()
        except UserError as error:  # Slurm itself may be away for a while; its tasks go on
            return self._count, self._once(f"waiting: {error}")
        lines: list[str] = []
        for name, task in before.items():
            if task.alive and name not in now:  # ended longer ago than Slurm remembers
                now[name] = Task(name, _WELL, "", task.node)
        for name, task in now.items():
            was = before.get(name)
            if not task.alive and task.state != _WELL and (was is None or was.alive):
                self._last = self._why(task)
                lines.append(f"task {name} ended, {self._last}{self._given_back(name)}")
            elif was is not None and was.state == "RUNNING" and task.state == "PENDING":
                lines.append(f"task {name} is back in the queue{self._given_back(name)}")
        self._seen = now
        alive = [task for task in now.values() if task.alive]
        if alive:
            self._over = 0.0
        elif not lines:  # what is to be said of the last one is said first
            self._check_end(now)
        if alive and all(task.state == "PENDING" for task in alive):
            reasons = sorted({task.reason for task in alive if task.reason not in _NO_WORD})
            if reasons:
                held = " (scontrol release ends that)" if any(reason in _HELD for reason in reasons) else ""
                lines += self._once(f"no task runs; Slurm says of those that wait: {', '.join(reasons)}{held}")
        self._count = len(alive) or 1  # with none there is still what `_check_end` waits for
        return self._count, lines

    def stop(self) -> None:
        """Cancel all tasks of this run. Those that only have to notice that nothing is left are not cut short."""
        if not self._started:
            return
        self._started = False
        with contextlib.suppress(OSError, UserError):
            limit = time.monotonic() + LEAVE
            while not self._shards.missing() and time.monotonic() < limit and self._busy():
                time.sleep(0.5)
        with contextlib.suppress(UserError):
            _done(["scancel", f"--name={self._name}", f"--user={os.getuid()}"])

    def _busy(self) -> bool:
        """Whether tasks are running now."""
        return any(task.state in ("RUNNING", "COMPLETING") for task in self._asked().values())

    def _once(self, line: str) -> list[str]:
        """The line, where it is not what was said last."""
        told, self._told = self._told, line
        return [] if told == line else [line]

    def _asked(self) -> dict[str, Task]:
        """The tasks of this run that Slurm knows of, by name. UserError: it does not answer."""
        form = "--Format=JobArrayID:|,State:|,Reason:|,NodeList:|"
        words = ["squeue", "--noheader", "--array", "--states=all", f"--name={self._name}", f"--user={os.getuid()}"]
        done = _done([*words, form])
        if done.returncode:
            raise UserError(f"Slurm does not answer ({_words_of(done)})")
        rows = [line.split("|") for line in done.stdout.splitlines()]
        return {row[0].strip(): Task(*(cell.strip() for cell in row[:4])) for row in rows if len(row) > 4}

    def _check_end(self, tasks: dict[str, Task]) -> None:
        """UserError where no task is left and shards are missing."""
        if not (missing := len(self._shards.missing())):
            return
        self._over = self._over or time.monotonic()
        if any(task.state == _WELL for task in tasks.values()) and time.monotonic() - self._over < PATIENCE:
            return
        raise UserError(
            f"all tasks are over and {missing} of {self._plan.shards} shards are missing"
            f"{f' (the last one: {self._last})' if self._last else ''}; the same command with --resume submits others, "
            f"for what is missing; what they said: {printable(str(self._logs))}"
        )

    def _why(self, task: Task) -> str:
        """How a task ended, in words, with what it said last."""
        if task.reason == "JobLaunchFailure":
            return (
                f"{task.state}: its node, {printable(task.node)}, could not start it; it may not see "
                f"{printable(str(self._logs))}, where its log goes"
            )
        try:
            said = (self._logs / f"slurm-{task.name}.log").read_text("utf-8", "replace").splitlines()
        except OSError:
            said = []
        errors = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
        why = next(reversed(errors or [line for line in said if line.strip()]), "")
        return f"{task.state} on {printable(task.node) or '?'}{f': {printable(why)}' if why else ''}"

    def _given_back(self, name: str) -> str:
        """What a task that is over had in hand counts as tried in vain; which shards that were, in words."""
        back: list[int] = []
        with contextlib.suppress(OSError):  # the disk is away: they are tried again all the same
            for worker in registered(self._plan):
                if worker.get("job") == name:
                    back += self._shards.bury(str(worker.get("worker")))
        return f"; shard {', '.join(str(shard + 1) for shard in sorted(set(back)))} goes back" if back else ""


def _done(words: list[str], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program of Slurm. UserError where it takes too long."""
    try:
        return subprocess.run(
            words, cwd=HOME, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", errors="replace", timeout=ANSWER,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UserError(f"{words[0]} gives no answer") from None
    except OSError as error:
        raise UserError(f"{words[0]} cannot be started: {error.strerror}") from None


def _words_of(done: subprocess.CompletedProcess[str]) -> str:
    """What a program of Slurm had to say, in one line."""
    lines = [re.sub(r"^\w+: (error: )?", "", line).strip() for line in done.stderr.splitlines()]
    return printable("; ".join(dict.fromkeys(line for line in lines if line))) or f"exit code {done.returncode}"
