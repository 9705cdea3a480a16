"""The commands of `writers` that read models, where PyTorch and what stands on it are not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from hand_pages import draw_hands

HOME = Path(__file__).resolve().parents[2]
ABSENT = ("torch", "torchvision", "transformers", "timm", "pandas", "sklearn", "scipy", "matplotlib", "openTSNE")
RUN = f"""import json, sys
from importlib.machinery import PathFinder
class Without(PathFinder):  # finds what is installed, but for these
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in {ABSENT} else PathFinder.find_spec(name, path, target)
sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
from run import main
codes = [main(arguments) for arguments in json.loads(sys.argv[1])]
sys.exit(str(codes) if any(codes) else 0)"""


def test_index_search_groups_and_compare_need_none_of_it(tmp_path, model):
    draw_hands(tmp_path / "pages", each=2)
    index, output = ["--index", str(tmp_path / "ix"), "--quiet"], ["-o", str(tmp_path / "out")]
    pages = [str(tmp_path / "pages" / name) for name in ("anna-0.png", "berta-0.png")]
    commands = [
        ["index", str(tmp_path / "pages"), "--model", str(model), *index],
        ["search", "--image", pages[0], *index, *output],
        ["groups", "--threshold", "0.5", *index, *output],
        ["compare", *pages, "--model", str(model), "--quiet", *output],
    ]
    typed = json.dumps([["writers", *command] for command in commands])
    done = subprocess.run([sys.executable, "-c", RUN, typed], cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "6 pages in" in done.stdout
    left = {file.name for file in (tmp_path / "out").rglob("*")}
    assert {"pages.csv", "sheet.png", "groups.csv", "group_1.png", "run.json"} <= left
