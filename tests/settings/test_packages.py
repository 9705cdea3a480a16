"""What is not installed is said before any work, in one line with the command that installs it."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import tiny_model_folder

from run import JOBS, WORDS
from settings.command import PACKAGES, Job, check_packages
from settings.config_file import HOME
from utils import UserError

FILES = ("requirements-sort.txt", "requirements.txt", "requirements-explore.txt", "requirements-writers.txt",
         "requirements-formulas.txt", "requirements-desk.txt", "requirements-interchange.txt")  # fmt: skip
# What the light install has not.
ABSENT = ["torch", "torchvision", "transformers", "timm", "onnx", "onnxscript", "pandas", "sklearn", "matplotlib",
          "scipy", "imagecodecs", "lancedb", "pyarrow", "openTSNE", "cv2",
          "fastapi", "uvicorn", "python_multipart"]  # fmt: skip
# Commands one after another in a process that has none of them; the last line of stdout is their exit codes.
LIGHT = """
import json, sys
for name in json.loads(sys.argv[1]):
    sys.modules[name] = None
import run
codes = [run.main(command) for command in json.loads(sys.argv[2])]
print(json.dumps(codes))
"""


def without(absent: list[str], commands: list[list[str]], cwd: Path) -> tuple[list[int], list[str]]:
    """Exit codes, and the lines on stderr."""
    code = [sys.executable, "-c", LIGHT, json.dumps(absent), json.dumps(commands)]
    environment = {**os.environ, "PYTHONPATH": str(HOME)}
    done = subprocess.run(code, cwd=cwd, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]), done.stderr.splitlines()


def bounds(file: str) -> dict[str, str]:
    """Package -> its lower bound."""
    lines = (HOME / file).read_text(encoding="utf-8").splitlines()
    return dict(re.fullmatch(r"([\w.-]+)(>=[\w.]+)", line).groups() for line in lines if not line.startswith("#"))


def jobs() -> list[type[Job]]:
    behind_words = [job for word in WORDS.values() for job in importlib.import_module(word).COMMANDS.values()]
    return [*JOBS, *behind_words]


def test_what_needs_more_says_so_before_any_work(tmp_path):
    (tmp_path / "pages" / "TEXT").mkdir(parents=True)
    commands = {
        ("--train", "-d", "pages"): "torch, transformers, onnx, onnxscript, timm, torchvision, scipy, matplotlib",
        ("--average", "a", "b"): "torch, transformers, onnx, onnxscript",
        ("--hf", "-rev", "v1"): "torch, transformers, onnx, onnxscript",
        ("--convert", "old", "--model_path", "new"): "torch, transformers, onnx, onnxscript",
        ("--push", "--model_path", "new", "--repo", "me/pages"): "torch, transformers, onnx, onnxscript",
        ("--eval", "-d", "pages"): "matplotlib",
        ("--eval_dir", "-d", "pages"): "matplotlib",
        ("--vis",): "matplotlib",
        ("explore", "index", "pages"): "lancedb, pyarrow",
        ("explore", "map"): "lancedb, pyarrow, pandas, scikit-learn, matplotlib, openTSNE",
        ("explore", "duplicates"): "lancedb, pyarrow, pandas, scikit-learn, scipy, opencv-python-headless",
        ("explore", "clusters"): "lancedb, pyarrow, pandas, scikit-learn",
        ("formulas", "serve"): "fastapi, uvicorn, python-multipart",
        ("desk",): "fastapi, uvicorn, python-multipart",
    }
    before = sorted(tmp_path.rglob("*"))
    codes, lines = without(ABSENT, [list(command) for command in commands], tmp_path)
    assert codes == [2] * len(commands)
    assert len(lines) == len(commands)
    for (command, missing), line in zip(commands.items(), lines, strict=True):
        assert missing in line and command[0] in line
        files = {"explore": "explore", "formulas": "desk", "desk": "desk"}
        file = f"requirements-{files[command[0]]}.txt" if command[0] in files else "requirements.txt"
        assert re.search(rf"-m pip install (-r )?\S*({file}|{missing})$", line), line
    assert sorted(tmp_path.rglob("*")) == before


def test_a_model_that_needs_pytorch_is_refused_before_pages_are_looked_for(tmp_path):
    tiny_model_folder(tmp_path / "mine")
    for graph in (tmp_path / "mine").glob("*.onnx"):
        graph.unlink()
    (tmp_path / "mine" / "graphs.json").unlink()
    flags = ["-d", ".", "--model_path", "mine"]
    commands = [flags, ["--suggest", "3", *flags], ["--eval", *flags], ["-d", ".", "--precision", "bf16"]]
    codes, lines = without([name for name in ABSENT if name != "matplotlib"], commands, tmp_path)
    assert codes == [2] * 4
    assert [line for line in lines if re.search(r"^error: .*-m pip install -r \S*requirements.txt$", line)] == lines


def test_one_package_of_many_is_named_alone(tmp_path):
    codes, (line,) = without(["timm"], [["--train", "-d", "."]], tmp_path)
    assert codes == [2]
    assert line.startswith("error: --train needs timm, which is not installed: ")


def test_help_needs_nothing(tmp_path):
    codes, lines = without(
        ABSENT, [["-h"], [], ["explore", "-h"], ["explore", "map", "-h"], ["writers", "finetune", "-h"]], tmp_path
    )
    assert codes == [0, 2, 0, 0, 0]
    assert lines == []


def test_a_missing_submodule_is_named_by_its_package(tmp_path):
    # of a program that names it nowhere: the last resort
    (tmp_path / "page.png").touch()
    codes, lines = without(["safetensors", "safetensors.numpy"], [["-d", "."]], tmp_path)
    assert codes == [2]
    assert re.search(r"the Python package safetensors is missing: .*-m pip install -r .*-sort.txt$", lines[-1])


def test_a_python_without_any_package_is_told_which_one_to_take(tmp_path):
    command = [sys.executable, "-S", "-E", str(HOME / "run.py"), "-h"]  # without site-packages
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert ".venv/bin/python" in line and "-m pip install -r requirements-sort.txt" in line


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.__name__)
def test_what_a_job_needs_is_in_its_requirements(job):
    files = (job.requirements or "requirements.txt").split()
    listed = {name.lower() for file in files for name in bounds(file)}
    assert {PACKAGES.get(name, name).lower() for name in job.needs} <= listed
    if not set(FILES[2:]) & set(files):
        check_packages(job.title, job.needs, job.requirements)  # these tests run with all of requirements.txt


def test_an_unknown_package_is_not_installed():
    with pytest.raises(UserError, match=r"a needs no_such_package, which is not installed: .* -m pip install no_such"):
        check_packages("a", ["json", "no_such_package"], "")


def test_requirements_agree():
    light, full, *others = map(bounds, FILES)
    assert light.items() <= full.items()
    for other in others:
        assert {name: bound for name, bound in other.items() if name in full}.items() <= full.items()
    for one, other in itertools.combinations(others, 2):
        assert {name: bound for name, bound in one.items() if name in other}.items() <= other.items()
    assert {"torch", "transformers", "timm", "pandas", "matplotlib", "scikit-learn", "imagecodecs"}.isdisjoint(light)
