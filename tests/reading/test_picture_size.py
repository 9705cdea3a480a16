"""How large a picture is, told by its header alone."""

import pytest
from page_files import HEIGHT, WIDTH, WRITERS, encoded
from PIL import Image

from reading.decoding import PageError, picture_size


@pytest.mark.parametrize("name", [name for name in WRITERS if not name.endswith(".pdf")])
def test_of_every_format(tmp_path, name):
    (tmp_path / name).write_bytes(WRITERS[name]())
    assert picture_size(tmp_path / name, 0 if name == "frames.tif" else None) == (WIDTH, HEIGHT)


def test_as_it_is_stored_even_where_the_data_are_cut(tmp_path):
    turned = Image.new("L", (30, 20))
    exif = turned.getexif()
    exif[0x0112] = 6
    file = tmp_path / "turned.jpg"
    turned.save(file, exif=exif)
    assert picture_size(file, None) == (30, 20)
    file.write_bytes(file.read_bytes()[:-10])
    assert picture_size(file, None) == (30, 20)


def test_of_each_page_of_a_tiff(tmp_path):
    pages = [Image.new("L", (30 + number, 20)) for number in range(3)]
    file = tmp_path / "several.tif"
    pages[0].save(file, save_all=True, append_images=pages[1:])
    assert [picture_size(file, frame) for frame in range(3)] == [(30, 20), (31, 20), (32, 20)]
    with pytest.raises(PageError, match="page 4 is missing: the file holds 3 pages"):
        picture_size(file, 3)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("report.pdf", WRITERS["report.pdf"], "no size in pixels"),
        ("empty.png", lambda: b"", "empty"),
        ("text.png", lambda: b"no picture", "not an image"),
        ("cut.tif", lambda: encoded(Image.new("L", (9, 9)), "TIFF")[:12], "truncated"),
    ],
)
def test_where_it_cannot_be_told(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content())
    with pytest.raises(PageError, match=says):
        picture_size(tmp_path / name, None)
    with pytest.raises(PageError, match="not there"):
        picture_size(tmp_path / "absent.png", None)
