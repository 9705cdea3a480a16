"""Where an index lies and who may write there: read-only, odd names, no temporary folder; pages that all look alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from explore_pages import DIM, job, make_index, planted

from explore.clusters import run_clusters
from explore.duplicates import run_duplicates
from explore.map import run_map
from explore.outliers import run_outliers
from index.database import BackboneInfo, Index
from run import main
from settings.schema import Settings
from utils import UserError

HOME = Path(__file__).resolve().parents[2]
COMMANDS = {"map": run_map, "clusters": run_clusters, "outliers": run_outliers, "duplicates": run_duplicates}
QUIET = replace(Settings(), setup=replace(Settings().setup, quiet=True))


def alike(folder: Path, vectors: np.ndarray) -> Index:
    names = [f"S{number}-1.png" for number in range(len(vectors))]
    return make_index(folder / "ix", folder / "in", names, vectors, [None] * len(names), [None] * len(names))


def places(index: Index) -> np.ndarray:
    index.refresh()
    return index.rows(["x", "y"]).astype("float64").to_numpy(na_value=np.nan)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 40])
def test_pages_that_all_look_alike_have_a_place_each(tmp_path, count):
    index = alike(tmp_path, np.repeat(np.eye(DIM, dtype=np.float16)[:1], count, axis=0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):  # the second time with clusters, whose names stand on the map
            assert run_map(QUIET, job("map", tmp_path / "ix", tmp_path / "out")) == 0
            assert run_clusters(QUIET, job("clusters", tmp_path / "ix", tmp_path / "out")) == 0
        found = places(index)
        assert np.isfinite(found).all()
        assert len(np.unique(found, axis=0)) == count  # none hides another
        assert run_map(QUIET, job("map", tmp_path / "ix", tmp_path / "out", method="pca")) == 0
        assert (places(index) == 0).all()
        if count > 4:
            assert run_outliers(QUIET, job("outliers", tmp_path / "ix", tmp_path / "out", k=3)) == 0


def test_many_of_one_look_and_one_other(tmp_path):
    directions = np.eye(DIM, dtype=np.float16)
    index = alike(tmp_path, np.concatenate([np.repeat(directions[:1], 60, axis=0), directions[1:2]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for command in ("map", "clusters", "map", "outliers"):
            few = {"k": 3} if command == "outliers" else {}
            assert COMMANDS[command](QUIET, job(command, tmp_path / "ix", tmp_path / "out", **few)) == 0
    assert np.isfinite(places(index)).all()


def test_names_that_the_database_would_take_for_addresses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a:b", "http:x", "memory:", "~x", "per%41cent", "has#hash", "q?x", "s3:/bucket/x"):
        if sys.platform == "win32" and set(':?"') & set(name):
            continue
        index = make_index(Path(name), tmp_path / "in", ["a-1.png", "a-2.png"], planted(1, 2), [None] * 2, [None] * 2)
        index.set_columns([5, 7], {"x": [0.5, 0.25]})
        index.remove([7])
        index.tidy()
        assert list(Index.open(Path(name)).rows(["x"])["x"]) == [0.5]
        assert {entry.name for entry in Path(name).iterdir()} >= {"index.json", "pages.lance", "broken.lance"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such names on Windows")
@pytest.mark.parametrize("name", [b"od\x9ad", b"new\nline"])
def test_a_name_that_the_database_cannot_hold_is_refused_whole(tmp_path, name):
    folder = tmp_path / os.fsdecode(name)
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system holds no such names")
    with pytest.raises(UserError, match="give another folder with --index"):
        Index.create(folder, BackboneInfo("tiny", "nowhere", "0", "pooled", 4, False))
    assert not list(folder.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
def test_an_index_that_cannot_be_made_leaves_nothing_half_made(tmp_path):
    command = (
        "import resource; from pathlib import Path; from index.database import BackboneInfo, Index; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400)); "
        "Index.create(Path('ix'), BackboneInfo('tiny', 'nowhere', '0' * 64, 'pooled', 4, False))"
    )
    environment = os.environ | {"PYTHONPATH": str(HOME)}
    ended = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, env=environment, text=True, capture_output=True
    )
    assert "UserError: cannot write the index ix" in ended.stderr
    assert not (tmp_path / "ix").exists()


def can_mount() -> bool:
    try:
        return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


READ_ONLY = """
import sys
from pathlib import Path
from test_places import COMMANDS, QUIET
from explore_pages import job
for command, work in COMMANDS.items():
    code = work(QUIET, job(command, Path("ro"), Path("out")))
    print("ended", command, code)
"""


@pytest.mark.skipif(sys.platform != "linux" or not can_mount(), reason="no mount namespaces here")
def test_an_index_that_may_only_be_read_answers_all_the_same(tmp_path):
    alike(tmp_path, planted(2, 6))
    before = {file: file.read_bytes() for file in (tmp_path / "ix").rglob("*") if file.is_file()}
    (tmp_path / "ro").mkdir()
    (tmp_path / "ask.py").write_text(READ_ONLY)
    mount = "mount --bind ix ro && mount -o remount,bind,ro ro && exec "
    environment = os.environ | {
        "PYTHONPATH": f"{HOME}{os.pathsep}{HOME / 'tests'}{os.pathsep}{HOME / 'tests' / 'explore'}"
    }
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{mount}'{sys.executable}' ask.py"],
        cwd=tmp_path, env=environment, text=True, capture_output=True,
    )  # fmt: skip
    for command, code in (("map", 0), ("clusters", 0), ("outliers", 0), ("duplicates", 1)):  # 1: the files are no scans
        assert f"ended {command} {code}" in ended.stdout, ended.stderr
    assert "x and y are in the files only, not in the index: the index ro may only be read" in ended.stderr
    assert "cluster and cluster_distance are in the files only" in ended.stderr
    assert (tmp_path / "out" / "map" / "pages.parquet").is_file()
    assert (tmp_path / "out" / "duplicates" / "compared.csv").is_file()
    assert before == {file: file.read_bytes() for file in (tmp_path / "ix").rglob("*") if file.is_file()}


def test_an_index_that_another_process_holds_costs_no_map(tmp_path, capsys):
    index = alike(tmp_path, planted(2, 6))
    with Index.open(tmp_path / "ix").locked():
        assert run_map(QUIET, job("map", tmp_path / "ix", tmp_path / "out", method="pca")) == 1
    said = capsys.readouterr()
    assert "x and y are in the files only, not in the index: the index" in said.err
    assert "is being changed by another process" in said.err
    assert (tmp_path / "out" / "map" / "browser" / "index.html").is_file()
    assert np.isnan(places(index)).all()


def test_a_temporary_folder_that_is_not_there_is_named(tmp_path, capsys, monkeypatch):
    alike(tmp_path, planted(2, 6))
    monkeypatch.setenv("TMP" if sys.platform == "win32" else "TMPDIR", str(tmp_path / "no temp"))
    assert run_map(QUIET, job("map", tmp_path / "ix", tmp_path / "out", method="pca")) == 1
    said = capsys.readouterr().err
    assert f"the folder for temporary files, {tmp_path / 'no temp'}, cannot be used" in said
    assert "another process" not in said


def test_files_removed_by_others_are_told_as_such(tmp_path, capsys):
    alike(tmp_path, planted(2, 6))
    for data in (tmp_path / "ix" / "pages.lance" / "data").iterdir():
        data.unlink()
    assert main(["explore", "clusters", "--index", str(tmp_path / "ix"), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "or files of it were removed" in said
    assert len(said.splitlines()) == 1
    assert json.loads((tmp_path / "ix" / "index.json").read_text(encoding="utf-8"))["format"]
