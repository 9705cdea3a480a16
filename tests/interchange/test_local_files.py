"""What a document says of a file: the file below the folder, or why nothing is read. Nothing outside is."""

from __future__ import annotations

import os
import re

import pytest
from mets_files import draw

from interchange.local_files import ABSENT, LocalFiles


@pytest.fixture
def files(tmp_path) -> LocalFiles:
    for name in ("img/1.png", "img/a b.png", "img/50%.png", "img/x%20y.png"):
        draw(tmp_path / "box" / name, 1)
    draw(tmp_path / "outside.png", 2)
    return LocalFiles(tmp_path / "box")


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("img/1.png", "img/1.png"),
        ("./img//1.png", "img/1.png"),
        ("img/../img/1.png", "img/1.png"),
        ("img\\1.png", "img/1.png"),
        ("img/a%20b.png", "img/a b.png"),
        ("img/a b.png", "img/a b.png"),
        ("img/50%.png", "img/50%.png"),
        ("img/50%25.png", "img/50%.png"),
        ("img/x%20y.png", "img/x%20y.png"),  # a file of just that name goes first
        ("img%5C1.png", "img/1.png"),
        ("file:img/1.png", "img/1.png"),
        (" img/1.png\n", "img/1.png"),
    ],
)
def test_a_file_is_found_however_its_path_is_written(files, said, path):
    assert files.find(said) == (path, "")


def test_an_absolute_path_is_one_only_inside_the_folder(files):
    inside = (files.root / "img" / "a b.png").as_posix()
    assert files.find(inside) == ("img/a b.png", "")
    url = (files.root / "img" / "a b.png").absolute().as_uri()
    assert files.find(url) == ("img/a b.png", "")
    assert files.find(url.replace("file://", "file://localhost")) == ("img/a b.png", "")
    outside = (files.root.parent / "outside.png").absolute()
    for said in (str(outside), outside.as_uri(), "../outside.png", "%2E%2E/outside.png", "img/../../outside.png"):
        path, reason = files.find(said)
        assert path == said
        assert reason == f"its path leads out of the folder {files.root}: not read"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("https://example.org/1.png", r"it lies on the network \(https://example\.org\): nothing is fetched"),
        ("S3://bucket/1.png", r"on the network \(S3://bucket\)"),
        ("x-new://host/1.png", r"on the network \(x-new://host\)"),
        ("file://server/share/1.png", r"on another machine \(server\)"),
        ("urn:nbn:de:1", r"no path of a file \(urn:\)"),
        ("data:image/png;base64,AAAA", r"no path of a file \(data:\)"),
        ("img/2.png", ABSENT),
        ("img", "it is a folder"),
        (".", "it is a folder"),
        ("img/1.png/x", "is a file, no folder"),
        ("img/" + "n" * 5000, ABSENT),
        ("img/1.png\0", "is no path"),
        ("img/%00.png", ABSENT),
        ("  ", "names no file"),
        ("\ud800.png", "is no path"),
        ("file:", "is no path"),
    ],
)
def test_what_cannot_be_read_says_why(files, said, reason):
    found = files.find(said)[1]
    assert re.search(reason, found)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows; drives are real there")
def test_links_are_followed_inside_only_and_other_drives_are_outside(files):
    root = files.root
    (root / "in.png").symlink_to("img/1.png")
    (root / "out.png").symlink_to("../outside.png")
    (root / "elsewhere").symlink_to("..")
    (root / "loop.png").symlink_to("loop.png")
    os.mkfifo(root / "pipe.png")
    assert files.find("in.png") == ("in.png", "")
    for said in ("out.png", "elsewhere/outside.png"):
        assert "link that leads out of the folder" in files.find(said)[1]
    assert files.find("loop.png")[1]
    assert "a device or a pipe" in files.find("pipe.png")[1]
    for said in ("C:\\scans\\1.png", "file:///C:/scans/1.png", "\\\\server\\share\\1.png"):
        assert "leads out of the folder" in files.find(said)[1]
