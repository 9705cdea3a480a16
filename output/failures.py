"""What could not be written, in one line: full disks, folders that may only be read, files that another program holds,
and what libraries make of them.

    except failures.kinds() as error:
        line = failures.line_of(error)                     # None: no failure of writing, a mistake of ours
        go_on = failures.how_to_go_on(settings, job, began)
"""

from __future__ import annotations

import errno
import os
import re
import sys

from settings.command import Job
from settings.schema import Settings
from utils import UserError, printable

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


class WriteError(UserError):
    """Something could not be written. `run.py` adds how the work goes on, for it knows the command."""


def kinds() -> tuple[type[Exception], ...]:
    """What failures of writing come as, of those libraries that are loaded."""
    safetensors = sys.modules.get("safetensors")
    return (OSError, RuntimeError, *((safetensors.SafetensorError,) if safetensors else ()))


def line_of(error: Exception) -> str | None:
    """The failure in words, with the file; None where it is none of writing, nor of what the system refuses."""
    if isinstance(error, OSError):
        names = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
        return of_system(error.errno, error.strerror or str(error), names[-1] if names else "")
    text = " ".join(str(error).split())
    if isinstance(error, RuntimeError):
        # torch names no reason, and often no file: its writer of zip archives fails, or cannot open one.
        if not re.search(r"PytorchStreamWriter|inline_container|iostream|Parent directory .* does not exist", text):
            return None
        return f"PyTorch could not write a file ({text[:200]}); make room, or choose a folder that may be written"
    number = re.search(r"(?:os error|code:) ?([0-9]+)", text)  # safetensors tells the system's error in its own words
    code = int(number[1]) if number else None
    if code is not None:
        return of_system(code, os.strerror(code), "weights")
    return f"a file of weights could not be read or written: {text[:200]}; put that right"


def of_system(code: int | None, said: str, name: str) -> str:
    """An error of the operating system in words, with what to do."""
    where = f"{printable(name)}: {printable(said)}" if name else printable(said)
    if code in FULL:
        return f"{where}; make room"
    if code in REFUSED:
        return f"{where}; it may only be read, or another program has it open: put that right, or choose another folder"
    return f"{where}; put that right"


def how_to_go_on(settings: Settings | None, job: Job | None, began: float) -> str:
    """How the work goes on after a failure: with `--resume` only where the command knows it and has begun something.

    began: when the command was given, seconds since 1970.
    """
    if settings is None or job is None or not job.begun(settings, began):
        return "then give the same command again"
    alike = job.resume or job.continue_command() == job.command()
    return f"and the same command {'' if alike else 'with --resume '}continues"
