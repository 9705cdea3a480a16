"""Starters for Windows and Unix, and processes that die."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import ROOT, SCRIPTS, put


def kill_itself(task):
    if task == 3:
        os._exit(7)
    return task * task


def test_a_process_that_dies_takes_only_its_task_with_it():
    sys.path.insert(0, str(SCRIPTS))
    from processes import WorkerDied, in_processes

    answers = dict(in_processes(kill_itself, iter(range(8)), 2))
    assert isinstance(answers.pop(3), WorkerDied)
    assert answers == {number: number * number for number in range(8) if number != 3}


def test_windows_starters():
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    assert "*.bat     text eol=crlf" in attributes
    for name in ("pdf2png", "move_single", "sort"):
        content = (SCRIPTS / "windows" / f"{name}.bat").read_bytes()
        assert content.isascii() and content.count(b"\n") == content.count(b"\r\n") > 5
        text = content.decode("ascii")
        assert text.count(f'"%~dp0..\\{name}.py" %*') == 2 and (SCRIPTS / f"{name}.py").is_file()
        assert text.rstrip().endswith("exit /b %code%")


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_unix_starters_pass_everything_on(tmp_path):
    for name in ("pdf2png", "move_single", "sort"):
        starter = SCRIPTS / "unix" / f"{name}.sh"
        assert os.access(starter, os.X_OK)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    folder = tmp_path / "žluté strany; $(x)"
    put(folder / "X" / "X-1.png")
    link = tmp_path / "bin"
    link.symlink_to(SCRIPTS / "unix")
    ended = subprocess.run([link / "move_single.sh", folder], cwd="/", env=environment, capture_output=True, text=True)
    assert ended.returncode == 0 and (folder / "onepagers" / "X-1.png").is_file()


def test_scripts_need_no_more_than_sorting_or_say_so_before_any_work(tmp_path):
    light = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
for name in ("torch", "transformers", "timm", "onnx", "pandas", "sklearn", "matplotlib", "scipy", "imagecodecs", "cv2"):
    sys.modules[name] = None
for words in (line.split() for line in sys.stdin):
    sys.argv = words
    try:
        runpy.run_path(words[0], run_name="__main__")
    except SystemExit as done:
        print("ended with", done.code)
"""
    scripts = [file for file in sorted(SCRIPTS.glob("*.py")) if "no_command(" not in file.read_text(encoding="utf-8")]
    scripts = [file for file in scripts if file.name != "common.py"]
    (tmp_path / "pages" / "TEXT").mkdir(parents=True)
    needing = {"dataset.py": "matplotlib", "make_default_model.py": "torch", "make_look.py": "torch"}
    commands = [f"{file} --help" for file in scripts] + [f"{SCRIPTS / name} pages" for name in needing]
    done = subprocess.run([sys.executable, "-c", light, SCRIPTS], cwd=tmp_path, input="\n".join(commands),
                          capture_output=True, text=True, check=True)  # fmt: skip
    codes = [line for line in done.stdout.splitlines() if line.startswith("ended with")]
    assert codes == ["ended with 0"] * len(scripts) + ["ended with 2"] * 3
    for line, package in zip(done.stderr.splitlines(), needing.values(), strict=True):
        assert package in line and " -m pip install " in line
