r"""On what kind of disk does a folder lie: of this machine, or a share of a network, where databases lock otherwise.

is_local(Path("result"))          # True: a write-ahead log is safe here
is_local(Path(r"\\server\scans"))  # False
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

# File systems of disks of one machine; all others (nfs, cifs, 9p, sshfs, lustre, ...) may be written by several.
LOCAL = frozenset(
    [
        *("bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuseblk", "hfs", "hfsplus", "jfs", "msdos"),
        *("ntfs", "ntfs3", "overlay", "ramfs", "reiserfs", "tmpfs", "ufs", "vfat", "xfs", "zfs"),
    ]
)
_REMOTE_DRIVE = 4  # what Windows calls the letter of a share


def is_local(folder: Path) -> bool:
    """Whether a folder (or where it will be made) lies on a disk of this machine; False where that cannot be told."""
    place = folder.absolute().resolve()
    if sys.platform == "win32":
        import ctypes

        return not str(place).startswith("\\\\") and ctypes.windll.kernel32.GetDriveTypeW(place.anchor) != _REMOTE_DRIVE
    if sys.platform == "darwin":
        return place.parts[1:2] not in (("Volumes",), ("Network",))
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    return _system_of(os.fspath(place), mounts) in LOCAL


def _system_of(place: str, mounts: list[str]) -> str:
    r"""The file system of a path, by lines of /proc/self/mounts.

    >>> _system_of("/mnt/my scans/a", ["/dev/sda1 / ext4 rw 0 0", r"nas:/x /mnt/my\040scans nfs4 rw 0 0"])
    'nfs4'
    """
    best, system = -1, ""
    for line in mounts:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        at = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[1])
        if (place == at or place.startswith(at.rstrip("/") + "/")) and len(at) >= best:  # the last mount hides others
            best, system = len(at), fields[2]
    return system
