"""Packs the program, without Python and all, into one folder for people who have no Python.

    python3 -m venv .venv && .venv/bin/pip install -r requirements-sort.txt pyinstaller
    .venv/bin/python .ci/pack.py packed           # packed/page-sorter: a program, its model, settings

The folder is for the system and the processor that this runs on. It sorts; what needs more packages says so.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
NAME = "page-sorter"  # not "sort", which every system has
BESIDE = ("config.toml", "category_descriptions", "models/efficientnet-lite0", "LICENSE", "README.md", "docs")
# Jobs are imported by name, as they are asked for.
ROOMS = ("sorting", "evaluation", "encoders", "reading", "output", "settings", "interchange")
START = """
import multiprocessing, sys
multiprocessing.freeze_support()
from run import main
sys.exit(main(alone=True))
"""


def main(output: Path) -> None:
    """Pack into a folder in `output`."""
    if find_spec("torch"):
        sys.exit("pack in an environment of its own, without torch: see the top of .ci/pack.py")
    from PyInstaller.__main__ import run

    packages = re.findall(r"^[\w-]+", (HOME / "requirements-sort.txt").read_text(encoding="utf-8"), re.MULTILINE)
    with tempfile.TemporaryDirectory() as work:
        start = Path(work) / "start.py"
        start.write_text(START, encoding="utf-8")
        flags = [str(start), "--name", NAME, "--console", "--noconfirm", "--log-level", "WARN"]
        flags += ["--exclude-module", "tkinter"]
        flags += ["--paths", str(HOME), "--distpath", str(output), "--workpath", work, "--specpath", work]
        modules = ["explore.command"]
        modules += [f"{room}.{file.stem}" for room in ROOMS for file in (HOME / room).glob("[a-z]*.py")]
        flags += [word for module in modules for word in ("--hidden-import", module)]
        flags += [word for package in packages for word in ("--recursive-copy-metadata", package)]  # versions, licences
        run(flags)
    for name in BESIDE:
        source, target = HOME / name, output / NAME / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
