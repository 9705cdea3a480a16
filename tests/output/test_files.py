"""output/files.py: a file is there whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from output.files import part_of, replace_folder, whole, whole_folder, write_json, write_lines, write_whole

HOME = Path(__file__).resolve().parents[2]


def test_a_file_is_of_before_until_the_new_one_is_whole(tmp_path):
    file = write_whole(tmp_path / "rows.json", "old")
    with whole(file) as part, part.open("wb") as stream:
        stream.write(b"half")
        stream.flush()
        assert file.read_bytes() == b"old"
        stream.write(b" and half")
    assert file.read_bytes() == b"half and half"
    assert list(tmp_path.iterdir()) == [file]


def test_what_fails_half_way_leaves_nothing_but_the_file_of_before(tmp_path):
    file = write_whole(tmp_path / "table.csv", b"old")

    def rows():
        yield "one"
        raise ValueError("no second row")

    with pytest.raises(ValueError, match="no second row"):
        write_lines(file, rows())
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]
    with pytest.raises(FileNotFoundError), whole(file):
        pass  # whoever was to write has not: that is no empty file
    assert file.read_bytes() == b"old"


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_half_way_the_file_is_of_before_and_the_next_write_needs_no_help(tmp_path):
    file = write_whole(tmp_path / "table.csv", "old")
    killed = (
        "import os, sys, pathlib, signal; from output.files import whole\n"
        "with whole(pathlib.Path(sys.argv[1])) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", killed, file], cwd=HOME, check=False).returncode == -signal.SIGKILL
    assert file.read_text() == "old" and part_of(file).read_text() == "half"
    write_whole(file, "new")
    assert file.read_text() == "new" and list(tmp_path.iterdir()) == [file]


def test_a_name_that_is_no_text_comes_back_from_json_as_it_was(tmp_path):
    name = os.fsdecode(b"nap\x9ar") if os.name == "posix" else "nap\udc9ar"
    file = write_json(tmp_path / "run.json", {"input": Path(name), "title": "Nápěvy"})
    assert json.loads(file.read_bytes()) == {"input": name, "title": "Nápěvy"}
    assert "Nápěvy" in file.read_text(encoding="utf-8")


def test_a_new_folder_is_there_whole_or_not_at_all(tmp_path):
    folder, part = tmp_path / "mine", tmp_path / ".mine.part"
    part.mkdir()
    (part / "of a killed process").touch()
    with pytest.raises(ValueError, match="no card"), whole_folder(folder, part):
        (part / "model").touch()
        raise ValueError("no card")
    assert list(tmp_path.iterdir()) == []
    with whole_folder(folder, part):
        (part / "model").touch()
        assert not folder.exists()
    assert [path.name for path in folder.rglob("*")] == ["model"] and not part.exists()


def test_a_folder_takes_the_place_of_an_earlier_one_with_nothing_of_it_left(tmp_path):
    folder, part = tmp_path / "map", part_of(tmp_path / "map")
    for content in ("old", "new"):
        part.mkdir()
        (part / content).touch()
        assert replace_folder(part, folder) == folder
        assert [path.name for path in folder.iterdir()] == [content]
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_in_the_place_of_the_growing_file_is_not_followed(tmp_path):
    """As a folder of strangers may hold one."""
    (tmp_path / "elsewhere").write_text("mine", encoding="utf-8")
    (tmp_path / "mets.xml.part").symlink_to(tmp_path / "elsewhere")
    write_whole(tmp_path / "mets.xml", "new")
    assert (tmp_path / "elsewhere").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "mets.xml").read_text(encoding="utf-8") == "new" and not (tmp_path / "mets.xml").is_symlink()
