"""XML of strangers: what may not be trusted is refused in one line, before anything is built from it."""

from __future__ import annotations

import importlib.util

import pytest

from interchange.xml_files import elements, root_of, tree_of, walk
from utils import UserError

READERS = [elements, *([tree_of] if importlib.util.find_spec("lxml") else [])]


@pytest.fixture
def written(tmp_path):
    def write(content: str | bytes):
        file = tmp_path / "some.xml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "declared", ['<!ENTITY a "b">', '<!ENTITY a SYSTEM "file:///etc/hostname">', '<!ATTLIST a b CDATA "c">', ""]
)
def test_a_dtd_inside_the_file_is_refused_whatever_it_declares(written, read, declared):
    file = written(f"<!DOCTYPE a [{declared}]><a>&#65;</a>")
    with pytest.raises(UserError, match=r"some\.xml brings a DTD of its own") as said:
        read(file)
    assert "\n" not in str(said.value)
    assert root_of(file) is None


def test_a_dtd_elsewhere_is_not_read(written):
    file = written('<!DOCTYPE a SYSTEM "https://example.org/a.dtd"><a ID="x">text</a>')
    assert elements(file).text == "text"


def test_what_is_written_again_needs_no_dtd_and_loses_nothing(written):
    etree = pytest.importorskip("lxml.etree")
    file = written('<!DOCTYPE a SYSTEM "https://example.org/a.dtd"><a ID="x">text</a>')
    assert tree_of(file).getroot().text == "text"
    (file.parent / "a.dtd").write_text('<!ENTITY z "read"><!ATTLIST a b CDATA "given">', encoding="utf-8")
    here = f'<!DOCTYPE a SYSTEM "{(file.parent / "a.dtd").as_uri()}">'
    root = tree_of(written(f'{here}<a ID="&amp;">A &amp; &z;</a>')).getroot()
    assert b'<a ID="&amp;">A &amp; &z;</a>' in etree.tostring(root) and dict(root.attrib) == {"ID": "&"}
    with pytest.raises(UserError, match="an entity in an attribute"):
        tree_of(written(f'{here}<a ID="x&amp;&z;"/>'))


@pytest.mark.parametrize("read", READERS)
def test_size_and_depth_are_bounded(written, read):
    file = written("<a><b><c/></b></a>")
    assert len(list(read(file, deepest=3, most_bytes=18).iter())) == 3
    with pytest.raises(UserError, match="line 1: more than 2 elements inside each other"):
        read(file, deepest=2)
    with pytest.raises(UserError, match=r"larger than .* MB"):
        read(file, most_bytes=17)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<a><b></a>", r"mismatched tag, line 1, column 9"),
        ("<a>", "no element found|unclosed token"),
        ("", "no element found"),
        ("<a>&unknown;</a>", "undefined entity"),
        ("<x:a/>", "unbound prefix"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "unknown encoding"),
        (b"<a>\xff</a>", "not well-formed"),
        ("PK\3\4", "not well-formed"),
    ],
)
def test_what_is_no_xml_is_said_with_its_place(written, read, content, why):
    with pytest.raises(UserError, match=rf"some\.xml is no sound XML: .*({why})"):
        read(written(content))


def test_encodings_of_archives_are_read(written):
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "iso-8859-2", "windows-1250"):
        name = encoding.removesuffix("-sig")
        file = written(f'<?xml version="1.0" encoding="{name}"?><a b="Příloha"/>'.encode(encoding))
        assert elements(file).get("b") == "Příloha"
        assert root_of(file) == ("", "a")


def test_the_end_of_a_file_is_not_read_where_its_beginning_says_enough(written):
    file = written("<a xmlns='urn:x'>" + "<b/>" * 200_000 + "</broken>")
    assert root_of(file) == ("urn:x", "a")
    with pytest.raises(UserError, match="mismatched tag"):
        walk(file, lambda *_: None)


@pytest.mark.skipif(len(READERS) < 2, reason="lxml is not installed")
def test_to_be_written_again_a_file_keeps_all_that_is_in_it(written):
    from lxml import etree

    content = (
        b"<?xml version='1.0' encoding='UTF-8'?>\n<!-- c --><m:a xmlns:m=\"urn:m\" b='1'><![CDATA[<]]> <?p i?></m:a>"
    )
    tree = tree_of(written(content))
    again = etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
    assert again.replace(b'b="1"', b"b='1'") == content
