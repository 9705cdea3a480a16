"""Reading formulas where only the packages of requirements-sort.txt are installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from formula_models import pictures

HOME = Path(__file__).resolve().parents[2]
ABSENT = ("torch", "torchvision", "transformers", "timm", "pandas", "sklearn", "scipy", "matplotlib", "onnx",
          "onnxscript", "jiwer", "sacrebleu", "accelerate", "datasets", "pyarrow", "cv2", "imagecodecs")  # fmt: skip
RUN = f"""import json, sys
from importlib.machinery import PathFinder
class Without(PathFinder):  # finds what is installed, but for these
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in {ABSENT} else PathFinder.find_spec(name, path, target)
sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
from run import main
print(json.dumps([main(arguments) for arguments in json.loads(sys.argv[1])]))"""


def light(*commands: list[str]) -> tuple[list[int], str, str]:
    typed = json.dumps([["formulas", *command] for command in commands])
    done = subprocess.run([sys.executable, "-c", RUN, typed], cwd=HOME, capture_output=True, text=True, check=True)
    *printed, codes = done.stdout.splitlines()
    return json.loads(codes), "\n".join(printed), done.stderr


def test_a_picture_and_a_folder_are_read(tmp_path, model):
    pictures(tmp_path / "scans", 3)
    how = ["--model", str(model), "--quiet"]
    codes, printed, said = light(
        ["read", str(tmp_path / "scans" / "f000.png"), *how],
        ["read", str(tmp_path / "scans"), "-o", str(tmp_path / "out"), "--json", *how],
    )
    assert codes == [0, 0], said
    assert "3 pictures: 3 read, 0 failed" in printed


def test_what_needs_more_says_which(tmp_path, model):
    codes, _, said = light(
        ["read", "x.png", "--model", str(model), "--engine", "torch"], ["evaluate", "data"], ["train", "data"]
    )
    assert codes == [2, 2, 2]
    lines = said.splitlines()
    assert "needs PyTorch, which is not installed" in lines[0]
    assert re.search(r"formulas evaluate needs .*jiwer, sacrebleu.*requirements-formulas\.txt", lines[1])
    assert re.search(r"formulas train needs .*torch.*requirements-formulas\.txt", lines[2])
