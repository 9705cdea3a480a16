"""Changes a document that others wrote, and keeps it beside as it was.

change_in_place(Path("manifest.json"), content)      # whether anything changed; manifest.json.bak is the file before
"""

from __future__ import annotations

import shutil
from pathlib import Path

from output.files import whole


def change_in_place(file: Path, content: bytes) -> bool:
    """Give a file another content, where it is another; whether it was.

    It is kept beside as `<name>.bak`, unless one lies there already: that is the file as it was before the first
    change, and is never overwritten. A link is followed; who may read and write the file stays. OSError: it cannot be
    written.
    """
    file = file.resolve()
    if file.read_bytes() == content:
        return False
    backup = file.with_name(f"{file.name}.bak")
    if backup.is_symlink() or not backup.exists():
        with whole(backup) as part:
            shutil.copy2(file, part)
    with whole(file) as part:
        part.write_bytes(content)
        shutil.copymode(file, part)
    return True
