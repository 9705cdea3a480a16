"""What `--cluster ray` refuses before any work, with Ray or without it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from settings.config_file import HOME

ABSENT = "import sys; sys.modules['ray'] = None; import run; sys.exit(run.main(sys.argv[1:]))"


def refused(tmp_path, *python, **environment):
    """The one line of a command that is refused."""
    page = HOME / "category_samples" / "DRAW"
    command = [sys.executable, *python, "-d", str(page), "-o", str(tmp_path / "out"), "--cluster", "ray:2"]
    environment = {**os.environ, "PYTHONPATH": str(HOME), **environment}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert not (tmp_path / "out" / "runs").exists()
    (line,) = done.stderr.splitlines()
    return line


def test_ray_that_is_not_installed(tmp_path):
    line = refused(tmp_path, "-c", ABSENT)
    assert "needs ray, which is not installed" in line and line.endswith("requirements-cluster.txt")


def test_a_cluster_that_does_not_answer(tmp_path):
    pytest.importorskip("ray")
    line = refused(tmp_path, str(HOME / "run.py"), RAY_ADDRESS="127.0.0.1:1")
    assert "nothing answers there" in line and "ray start --head" in line
    line = refused(tmp_path, str(HOME / "run.py"), RAY_ADDRESS="ray://head:10001")
    assert "HOST:6379" in line
