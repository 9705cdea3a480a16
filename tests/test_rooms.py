"""The order of rooms, held by machine: what each file of the project imports, read from its text.

Imports inside functions and under TYPE_CHECKING count like all others. (import-linter takes packages only, and
run.py, classifier.py and utils.py are modules.)
"""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[1]
# Each row imports only rows before it; rooms of one row do not import each other.
ORDER = [
    {"utils", "drawing"},  # drawing: the page generator, which formulas alone imports
    {"settings"},
    {"reading"},
    {"output"},
    {"cluster"},
    {"encoders"},
    {"classifier"},
    {"interchange"},
    {"sorting"},
    {"index"},
    {"training"},
    {"hub"},
    {"evaluation", "explore", "writers", "formulas"},
    {"desk"},
    {"run"},
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
ROOMS = set(RANK)
ABOVE = {"data_scripts", "benchmarks", "tests"}  # may import all, and are imported by none
HEAVY = ("torch", "torchvision", "transformers", "pandas", "sklearn", "matplotlib", "lancedb", "pyarrow", "cv2")
DESK = ("fastapi", "uvicorn")
MOST_LINES = 400
TABLE = "# table of data"  # the first line of a file that may be longer


def files_of(folders: set[str]) -> dict[str, Path]:
    """Module -> its file."""
    files = [file for folder in folders for file in (HOME / folder).rglob("*.py")]
    files += [HOME / f"{room}.py" for room in folders if (HOME / f"{room}.py").is_file()]
    return {".".join(file.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


FILES = files_of(ROOMS)


def room_of(module: str) -> str:
    return module.partition(".")[0]


def imports_of(module: str) -> set[str]:
    """The modules of the project that one of them imports."""
    modules: set[str] = set()
    package = module.split(".") if FILES[module].name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []  # `from .hand import` and the like
            source = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{source}.{alias.name}" for alias in node.names]
            modules |= {name if name in FILES else source for name in names}
    return {name for name in modules if room_of(name) in {*ROOMS, *ABOVE}}


IMPORTS = {module: imports_of(module) for module in FILES}


def test_the_rooms_are_those_of_the_order():
    packages = {file.parent.name for file in HOME.glob("*/__init__.py")}
    modules = {file.stem for file in HOME.glob("*.py")}
    assert (packages | modules) - ABOVE == ROOMS
    assert all(IMPORTS[module] for module in ("run", "sorting.job", "training.job"))  # the reader of imports reads


def test_nothing_imports_upward():
    upward = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        for other in others
        if room_of(module) != room_of(other)
        and not RANK.get(room_of(other), len(ORDER)) < RANK.get(room_of(module), -1)
    ]
    assert upward == []
    drawn_by = {room_of(module) for module in FILES if "drawing" in map(room_of, IMPORTS[module])}
    assert drawn_by == {"drawing", "formulas"}


def test_no_files_import_each_other_in_a_circle():
    left = {module: {other for other in others if other in IMPORTS} for module, others in IMPORTS.items()}
    free = {None}
    while free:  # what imports none that is left, or is imported by none that is left, is in no circle
        imported = set().union(*left.values())
        free = {module for module, others in left.items() if not others or module not in imported}
        left = {module: others - free for module, others in left.items() if module not in free}
    assert left == {}


def test_every_job_is_one_line_of_run_and_nothing_else_names_all():
    from run import JOBS, WORDS
    from settings.command import Job

    # A room's jobs may lie in several files: command.py, and *_command.py beside it, which that one lists.
    commands = {module for module in FILES if module.endswith("command") and room_of(module) != "settings"}
    modules = {module: importlib.import_module(module) for module in commands}
    theirs = {
        value
        for module, content in modules.items()
        for value in vars(content).values()
        if isinstance(value, type) and issubclass(value, Job) and value.__module__ == module
    }
    behind_words = {job for word in WORDS.values() for job in modules[word].COMMANDS.values()}
    assert len(JOBS) == len(set(JOBS))
    assert {*JOBS, *behind_words} == theirs
    flags = [job.flag for job in JOBS]
    assert len(flags) == len(set(flags))
    lists = {"run", *WORDS.values()}
    most = {module: len(IMPORTS[module] & commands) for module in FILES if module not in lists}
    assert max(most.values()) <= 2  # its own room's, and that of a job that it hands over to


def test_what_does_a_job_is_a_function_of_its_room():
    from run import JOBS, WORDS

    behind_words = [job for word in WORDS.values() for job in importlib.import_module(word).COMMANDS.values()]
    for job in [*JOBS, *behind_words]:
        module, function = job.work.split(":")
        # the desk shows what other rooms do, and comes after them: a command of theirs may name its work there
        assert room_of(module) in (room_of(job.__module__), "desk")
        tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, job.work


@pytest.mark.parametrize(
    "typed",
    [
        *(["-h"], ["explore", "-h"], ["explore", "index", "-h"], ["writers", "-h"], ["writers", "compare", "-h"]),
        *(["formulas", "-h"], ["formulas", "serve", "-h"], ["desk", "-h"], []),
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(typed):
    heavy = (*HEAVY, *DESK)
    code = f"import sys, run; run.main({typed!r}); print('loaded:', *[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_no_file_is_longer_than_a_reader_holds():
    lengths = {}
    for file in files_of(ROOMS | ABOVE).values():
        lines = file.read_text(encoding="utf-8").splitlines()
        if lines[:1] != [TABLE]:
            lengths[file.relative_to(HOME).as_posix()] = len(lines)
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_no_folder_of_scripts_is_taken_for_a_package():
    """Scripts find what lies beside them first: a folder `ray` there passes for Ray where that is not installed."""
    folders = {path.name for path in (HOME / "data_scripts").iterdir() if path.is_dir()}
    named = {
        line.partition("#")[0].strip().lower().replace("-", "_")
        for file in HOME.glob("requirements*.txt")
        for line in file.read_text("utf-8").splitlines()
    }
    packages = {word for line in named if (word := re.split(r"[^a-z0-9_]", line)[0])}
    assert "ray" in packages and not folders & packages
