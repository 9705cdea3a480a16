"""How much memory this machine has for decoding pages.

bytes_of("6 GB"), bytes_of("auto")      # the second: half of what this process may use
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from pathlib import Path

from settings.sizes import size_of
from utils import sharers

UNKNOWN = 4 * 10**9  # bytes, of a machine that does not tell
_SHARE = 2  # of the machine's memory, one part is for decoding: the other one for the model, and for other programs


def bytes_of(text: str) -> int:
    """A budget as it is written, in bytes: MB, or with a unit; "auto" is half of what the machine has.

    Where processes share this machine, it is this one's part. Raises ValueError(why) for anything else.

    >>> bytes_of("500"), bytes_of("1.5 GB")
    (500000000, 1500000000)
    """
    size = size_of(text)
    return (machine_memory() // _SHARE if size is None else size) // sharers()


@functools.cache
def machine_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or less where a container or a job scheduler set a
    limit (control groups).
    """
    limits = [_physical()]
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            memberships = Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="surrogateescape")
            limits += group_limits(memberships, Path("/sys/fs/cgroup"))
    return min(limits)


def group_limits(memberships: str, mounted: Path) -> list[int]:
    """The limits of the control groups that a process is in, and of those above them, in bytes.

    memberships: of /proc/self/cgroup. mounted: where the groups are to be seen; of both versions.
    """
    limits = []
    for line in memberships.splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:
            top, names = mounted, ("memory.max", "memory.high")
        elif "memory" in controllers.split(","):
            top, names = mounted / "memory", ("memory.limit_in_bytes",)
        else:
            continue
        inside = top / group.lstrip("/")
        for folder in (inside, *inside.parents):  # in a container the path may be that of the machine outside
            for name in names:
                with contextlib.suppress(OSError, ValueError):  # not there; "max"
                    limits.append(int((folder / name).read_text(encoding="ascii")))
            if folder == top:
                break
    return [limit for limit in limits if limit > 0]


def _physical() -> int:
    if sys.platform == "win32":
        return _physical_on_windows()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return UNKNOWN


def _physical_on_windows() -> int:
    import ctypes

    class Status(ctypes.Structure):
        """MEMORYSTATUSEX."""

        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("total", ctypes.c_uint64),
            ("others", ctypes.c_uint64 * 6),
        )

    status = Status(length=ctypes.sizeof(Status))
    done = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.total) if done else UNKNOWN
