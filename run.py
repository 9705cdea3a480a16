"""The only door: flags and config.toml become one `Settings` and one job; the job's room does the work.

    python run.py -h
    python run.py -tn 3 -d pages/ --raw

A new job is a class in its room's command.py, and its name in JOBS (or its word in WORDS).
Exit code: 0 all pages done; 1 finished, some pages failed; 2 a mistake that the user can mend; 130 interrupted.
Nothing here imports torch, so that help and mistakes are answered at once.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if importlib.util.find_spec("numpy") is None:  # another Python than that of .venv; else a traceback of our imports
    print(
        f"error: nothing is installed for {sys.executable}: start this with .venv/bin/python (Windows: "
        f".venv\\Scripts\\python) as README.md has it, or {sys.executable} -m pip install -r requirements-sort.txt",
        file=sys.stderr,
    )
    sys.exit(2)

from cluster.command import Status, Working
from evaluation.command import AccuracyPictures, Comparison, Evaluation, Suggestion, Voting, WrongLabels
from hub.command import Conversion, Pull, Push
from output import failures
from output.console import OUTPUT, check_place, drop_output, interruptible, open_streams
from reading.memory import bytes_of
from settings.command import Job, Typed, asked, install_command, override, owners_of
from settings.config_file import HOME, near, read_settings
from settings.earlier_config import note_of_earlier, refuse_earlier
from settings.flags import SHORT_HELP, parse
from settings.schema import Settings
from sorting.command import Sorting
from training.command import Averaging, Training
from utils import UserError, printable

JOBS: tuple[type[Job], ...] = (  # the first one is done where no flag asks for another; -h has them in this order
    Sorting,
    Training,
    Evaluation,
    Comparison,
    AccuracyPictures,
    Voting,
    Suggestion,
    WrongLabels,
    Pull,
    Push,
    Averaging,
    Conversion,
    Working,
    Status,
)
WORDS = {  # the first word of a command -> the module that has its jobs and their parsers
    "explore": "explore.command",
    "writers": "writers.command",
    "formulas": "formulas.command",
    "desk": "desk.command",
}


def main(arguments: Sequence[str] | None = None, *, alone: bool = False) -> int:
    """Run one command; the exit code. alone: the process ends with it."""
    arguments = tuple(sys.argv[1:] if arguments is None else arguments)
    open_streams()
    known: list[tuple[Settings, Job]] = []  # what the command is, once that is understood
    began = time.time()
    with interruptible(alone=alone):
        try:
            return _answer(arguments, known, began)
        except KeyboardInterrupt:  # Ctrl-C again, while the first one was answered
            return _interrupted(known, began)


def _answer(arguments: tuple[str, ...], known: list[tuple[Settings, Job]], began: float) -> int:
    """The exit code of a command, and one line for whatever ends it early."""
    try:
        check_place()
        code = _run(arguments, known)
        sys.stdout.flush()
        return code
    except failures.WriteError as error:
        return _fail(f"{error}, {failures.how_to_go_on(*(known or [(None, None)])[0], began)}", 2)
    except UserError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _interrupted(known, began)
    except BrokenPipeError:  # `| head` has read enough
        drop_output()
        return 1
    except ModuleNotFoundError as error:
        top = (error.name or "").split(".")[0]  # a room or package of ours is no missing package
        if not top or (HOME / f"{top}.py").exists() or (HOME / top / "__init__.py").exists():
            raise
        file = known[0][1].requirements if known and known[0][1].needs else "requirements-sort.txt"
        return _fail(
            f"the Python package {top} is missing: {install_command(*(file or 'requirements.txt').split())}", 2
        )
    except failures.kinds() as error:
        line = failures.line_of(error)
        if line is None:
            raise
        if getattr(error, "filename", None) == OUTPUT:
            drop_output()
        return _fail(f"{line}, {failures.how_to_go_on(*(known or [(None, None)])[0], began)}", 2)


def _interrupted(known: list[tuple[Settings, Job]], began: float) -> int:
    """Say how to go on, where the command has begun something that goes on."""
    code = _fail("interrupted", 130)
    if os.environ.get("RANK", "0") != "0":  # one of several processes of torchrun: the first one speaks
        return code
    if known and (command := known[0][1].to_continue(known[0][0], began)):
        return _fail(f"to continue: {command}", code)
    return code


def _run(arguments: tuple[str, ...], known: list[tuple[Settings, Job]]) -> int:
    if not arguments:  # a question, but nothing was sorted: a script with an empty variable must notice
        print(SHORT_HELP, end="")
        return 2
    try:
        values = read_flags(arguments)
    except SystemExit as done:  # -h
        return int(done.code or 0)
    if values.config:
        refuse_earlier(values.config)
    settings, job = understand(values, arguments)
    known.append((settings, job))
    _notes(settings, values)
    # Before torch is loaded: its threads sleep while they wait instead of spinning, and leave the cores to those that
    # decode pages, and to other programs (benchmarks/predict.py).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports the hub client; hub.client.online() alone lifts it
    from reading.memory_gate import set_budget

    set_budget(bytes_of(settings.input.memory))
    return job.run(settings)


def read_flags(arguments: tuple[str, ...]) -> argparse.Namespace:
    """The flags as typed; UserError for one that is unknown, SystemExit for help."""
    if arguments[0] in WORDS:
        return importlib.import_module(WORDS[arguments[0]]).parse(arguments[1:])
    return parse(arguments, JOBS, WORDS)


def understand(values: argparse.Namespace, arguments: tuple[str, ...]) -> tuple[Settings, Job]:
    """Settings and job of a command; UserError where flags, paths or values do not fit."""
    job = getattr(values, "job", None) or asked(values, JOBS)
    typed = Typed(values, arguments, job, owners_of(JOBS))
    settings = read_settings(typed.path("config", "--config") or _config_beside())
    return job.read(typed, override(settings, typed, JOBS))


def _config_beside() -> Path | None:
    file = near(HOME / "config.toml")
    return file if file.exists() else None


def _notes(settings: Settings, values: argparse.Namespace) -> None:
    if note := note_of_earlier(settings.file):
        print(note, file=sys.stderr)
    if values.safe and not settings.setup.quiet:
        print("note: --safe is always on", file=sys.stderr)


def _fail(line: str, code: int) -> int:
    with contextlib.suppress(BrokenPipeError):
        print(f"{'error: ' if code == 2 else ''}{printable(' '.join(line.split()))}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(alone=True))
