"""Every command of `explore` where PyTorch and what stands on it are not installed, with the model that ships."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

HOME = Path(__file__).resolve().parents[2]
RUN = """import json, sys
from importlib.machinery import PathFinder
class Without(PathFinder):  # finds what is installed, but for these
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        absent = name in ("torch", "torchvision", "transformers", "timm")
        return None if absent else PathFinder.find_spec(name, path, target)
sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
from run import main
codes = [main(arguments) for arguments in json.loads(sys.argv[1])]
sys.exit(str(codes) if any(codes) else 0)"""


def ended(*commands: list[str]) -> subprocess.CompletedProcess[str]:
    typed = json.dumps([["explore", *command] for command in commands])
    return subprocess.run([sys.executable, "-c", RUN, typed], cwd=HOME, capture_output=True, text=True, check=False)


def test_every_command_works(tmp_path):
    samples = HOME / "category_samples"
    pages = sorted(samples.glob("DRAW/*.jpg"))[:3] + sorted(samples.glob("TEXT/*.jpg"))[:3]
    assert len(pages) == 6
    (tmp_path / "pages").mkdir()
    for page in pages:
        (tmp_path / "pages" / page.name).write_bytes(page.read_bytes())
    index, output = ["--index", str(tmp_path / "ix"), "--quiet"], ["-o", str(tmp_path / "out")]
    done = ended(
        ["index", str(tmp_path / "pages"), *index],
        ["search", "--image", str(tmp_path / "pages" / pages[0].name), *index, *output],
        ["search", "--text", "a drawing, map or plan", *index, *output],
        ["clusters", "--clusters", "2", *index, *output],
        ["map", *index, *output],
        ["duplicates", *index, *output],
        ["outliers", *index, *output],
    )
    assert done.returncode == 0, done.stderr
    assert "6 pages in" in done.stdout
    left = {file.name for file in (tmp_path / "out").rglob("*")}
    assert {"pages.csv", "sheet.png", "clusters.csv", "pages.parquet", "groups.csv", "outliers.csv"} <= left


def test_a_backbone_that_needs_it_is_one_line_before_any_work(tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "config.json").write_text('{"model_type": "vit"}')
    index = ["--index", str(tmp_path / "ix")]
    done = ended(["index", str(HOME / "category_samples"), "--backbone", str(tmp_path / "plain"), *index])
    [line, _] = done.stderr.splitlines()
    assert "needs PyTorch, which is not installed" in line
    assert line.endswith("-m pip install -r requirements.txt")
    assert not (tmp_path / "ix").exists()
