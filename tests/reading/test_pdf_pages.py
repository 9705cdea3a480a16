"""Pages of PDFs are drawn large enough, upright, with their forms; a locked or damaged file says so."""

import numpy as np
import pypdfium2
import pytest
from page_files import read, reason
from PIL import Image

from reading.decoding import PageError, count_frames

# pytest takes back the filter that reading/decoding.py sets once; that it works is seen in a process of its own below.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


def pdf_of(path, *, width=300, height=420, rotation=0, pages=1):
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        page = document.new_page(width, height)
        page.set_rotation(rotation)
        page.close()
    document.save(path)
    document.close()
    return path


def test_pdf_is_drawn_at_least_twice_as_large_as_the_model(tmp_path):
    for width, height in ((300, 420), (2000, 1000), (30, 2000)):
        page = read(pdf_of(tmp_path / "a.pdf", width=width, height=height), 0, min_side=224)
        assert page.mode == "L"  # empty: grey
        assert min(page.size) >= 448
        assert max(page.size) / min(page.size) == pytest.approx(max(width, height) / min(width, height), rel=0.01)
    thin = read(pdf_of(tmp_path / "thin.pdf", width=1, height=14000), 0, min_side=224, max_pixels=1_000_000)
    assert thin.size[0] * thin.size[1] <= 1_000_000


@pytest.mark.parametrize("is_coloured", [False, True])
def test_a_page_in_colour_stays_so_and_a_grey_one_is_the_same_in_one_channel(tmp_path, is_coloured):
    picture = Image.effect_noise((200, 280), 60).convert("RGB")
    if is_coloured:
        picture.putpixel((150, 270), (250, 30, 40))  # one stamp at the foot
    picture.save(tmp_path / "a.pdf", quality=95, subsampling=0)
    page = read(tmp_path / "a.pdf", 0, min_side=64)
    assert page.mode == ("RGB" if is_coloured else "L")
    with pypdfium2.PdfDocument(tmp_path / "a.pdf") as document:
        alone = document[0].render(scale=page.width / document[0].get_width()).to_pil().convert("RGB")
    assert np.array_equal(np.asarray(page.convert("RGB")), np.asarray(alone))


def test_pdf_pages_are_turned_as_the_file_says(tmp_path):
    assert count_frames(pdf_of(tmp_path / "a.pdf", rotation=90, pages=3)) == 3
    page = read(tmp_path / "a.pdf", 2)
    assert page.size[0] > page.size[1]
    assert "page 4 is missing" in reason(tmp_path / "a.pdf", 3)


FORM = b"""%PDF-1.7
1 0 obj <</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R 6 0 R]>>>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Annots[4 0 R 6 0 R]>> endobj
4 0 obj <</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[0 100 200 200]/AP<</N 5 0 R>>>> endobj
5 0 obj <</Type/XObject/Subtype/Form/BBox[0 0 200 100]/Length 20>> stream
0 g 0 0 200 100 re f
endstream endobj
6 0 obj <</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 200 50]/AP<</N 7 0 R>>>> endobj
7 0 obj <</Type/XObject/Subtype/Form/BBox[0 0 200 50]/Length 19>> stream
0 g 0 0 200 50 re f
endstream endobj
trailer <</Root 1 0 R>>
%%EOF
"""


def test_pdf_forms_and_annotations_are_drawn(tmp_path):
    (tmp_path / "form.pdf").write_bytes(FORM)
    page = read(tmp_path / "form.pdf", 0, min_side=50).convert("L")
    assert page.size == (200, 200)
    assert page.getpixel((100, 50)) == 0, "the form field"
    assert page.getpixel((100, 175)) == 0, "the stamp"
    assert page.getpixel((100, 125)) == 255


def test_encrypted_pdf_says_so(tmp_path):
    # The standard security handler with keys that no password fits.
    key = "<" + "5A" * 32 + ">"
    body = FORM.replace(
        b"trailer <</Root 1 0 R>>",
        f"8 0 obj <</Filter/Standard/V 1/R 2/P -44/O{key}/U{key}>> endobj\n"
        f"trailer <</Root 1 0 R/Encrypt 8 0 R/ID[{key}{key}]>>".encode(),
    )
    (tmp_path / "secret.pdf").write_bytes(body)
    with pytest.raises(PageError, match="encrypted PDF: needs a password"):
        count_frames(tmp_path / "secret.pdf")
    assert reason(tmp_path / "secret.pdf", 0) == "encrypted PDF: needs a password"


def test_damaged_pdf_says_so(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\nnothing in it\n%%EOF\n")
    assert reason(tmp_path / "a.pdf", 0).startswith("damaged: not a readable PDF")
    linear = b"%PDF-1.4\n1 0 obj <</Linearized 1/L 99999/H[1 2]>> endobj\n%%EOF\n"
    (tmp_path / "b.pdf").write_bytes(linear)
    with pytest.raises(PageError, match="shorter than it says"):
        count_frames(tmp_path / "b.pdf")
    (tmp_path / "c.pdf").write_bytes(FORM + bytes(5000))  # padded by an archive
    assert count_frames(tmp_path / "c.pdf") == 1


@pytest.mark.shared
def test_a_real_report_looks_like_its_300_dpi_picture(shared):
    path = next((shared / "pdf").glob("*.pdf"))
    document = pypdfium2.PdfDocument(path)
    try:
        for number in (0, 13, 15):
            small = read(path, number, min_side=224).convert("L").resize((224, 224), Image.Resampling.BICUBIC)
            page = document[number]
            large = page.render(scale=300 / 72).to_pil().convert("L").resize((224, 224), Image.Resampling.BICUBIC)
            page.close()
            assert np.abs(np.asarray(small, int) - np.asarray(large, int)).mean() < 3
    finally:
        document.close()
