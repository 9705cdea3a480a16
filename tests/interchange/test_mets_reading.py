"""What a METS file names: its pages in their order, under their ids, and of each page's files the one that is it."""

from __future__ import annotations

import pytest
from mets_files import div, draw, write_mets

from interchange.source import source_of
from utils import UserError


def test_the_pages_in_their_order_the_scan_before_what_was_made_of_it(tmp_path):
    groups = {
        "OCR-D-IMG-BIN": {"b1": "bin/1.tif", "b2": "bin/2.tif"},
        "FULLTEXT": {"t1": "alto/1.xml", "t2": "alto/2.xml"},
        "OCR-D-IMG": {"i1": "img/1.tif", "i2": "img/2.tif"},
    }
    pages = div("p2", "t2", "b2", "i2", order="10") + div("p1", "b1", "t1", "i1", order="9", more='ORDERLABEL="IV"')
    source = source_of(write_mets(tmp_path, groups, pages))
    assert [(page.id, page.label, page.path, page.reason) for page in source.pages] == [
        ("p1", "IV", "img/1.tif", ""),
        ("p2", "", "img/2.tif", ""),
    ]
    assert source.notes == ("mets.xml: 2 pages, file group OCR-D-IMG (there are also: OCR-D-IMG-BIN, FULLTEXT)",)
    assert (source.kind, source.document, source.root) == ("mets", tmp_path.name, tmp_path)
    assert [page.path for page in source_of(tmp_path, file_group="ocr-d-img-bin").pages] == ["bin/1.tif", "bin/2.tif"]
    with pytest.raises(UserError, match=r"--file-group OCR-D-IMGS: mets\.xml has no such .*did you mean OCR-D-IMG"):
        source_of(tmp_path, file_group="OCR-D-IMGS")
    with pytest.raises(UserError, match="FULLTEXT holds no picture"):
        source_of(tmp_path, file_group="FULLTEXT")


def test_a_folder_of_pages_is_none(tmp_path):
    draw(tmp_path / "1.tif", 1)
    assert source_of(tmp_path) is None
    assert source_of(tmp_path / "1.tif") is None
    assert source_of(tmp_path / "absent") is None
