"""What decoders notice is told: damage in JPEG, TIFF, PNG and PDF never passes for a whole page."""

import csv
import io
import json
import struct
import zlib

import numpy as np
import pytest
import tiny
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import BooleanObject, DecodedStreamObject, DictionaryObject, NameObject, NumberObject, StreamObject

from output.journal import Journal
from output.outcome import Failed, Scored
from reading import tiff_errors
from reading.decoding import PageError, count_frames, read_page
from run import main

hears_libtiff = pytest.mark.skipif(not tiff_errors.can_hear(), reason="this Pillow's libtiff cannot be heard")


def page_of_text(mode="RGB", size=(300, 420)):
    """Lines of dark marks on paper with some grain, so that every part of the file carries something."""
    noise = np.random.default_rng(7)
    grey = noise.normal(235, 6, (size[1], size[0]))
    for y in range(30, size[1] - 30, 18):
        for x in range(25, size[0] - 25, 7):
            if noise.random() < 0.8:
                grey[y : y + 9, x : x + noise.integers(1, 5)] = noise.integers(10, 90)
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert(mode)


def saved(page, kind, **options):
    out = io.BytesIO()
    page.save(out, kind, **options)
    return out.getvalue()


def read(path):
    heard = []
    frames = count_frames(path)
    return read_page(path, None if frames is None else 0, min_side=224, max_pixels=10**8, heard=heard), heard


def told(path):
    """The reason or the warning that a page gets."""
    try:
        _, heard = read(path)
    except PageError as error:
        return str(error)
    return "; ".join(heard)


def without_middle(data, length=600, byte=None):
    at = len(data) // 2
    return data[:at] + (b"" if byte is None else bytes([byte]) * length) + data[at + length :]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("byte", [None, 0])
def test_a_jpeg_of_which_a_piece_is_lost_is_told(tmp_path, options, mode, byte):
    data = saved(page_of_text(mode), "JPEG", quality=85, **options)
    path = tmp_path / "a-1.jpg"
    path.write_bytes(data)
    assert told(path) == ""
    path.write_bytes(without_middle(data, byte=byte))
    assert "JPEG" in told(path)


def test_a_jpeg_cut_and_given_an_end_mark_is_an_error(tmp_path):
    path = tmp_path / "a-1.jpg"
    data = saved(page_of_text(), "JPEG")
    path.write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    with pytest.raises(PageError, match="parts of the JPEG data are missing"):
        read(path)


def test_a_jpeg_that_is_only_odd_is_read_and_doubted(tmp_path):
    path = tmp_path / "a-1.jpg"
    data = saved(page_of_text(), "JPEG")
    path.write_bytes(data.replace(b"\xff\xdb", b"\x12\x34\xff\xdb", 1))  # bytes between two segments of the header
    page, heard = read(path)
    assert heard == ["JPEG: 2 extraneous bytes before marker 0xdb"]
    assert np.array_equal(np.asarray(page), np.asarray(Image.open(path).convert("RGB")))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_sound_jpeg_is_pixel_for_pixel_what_pillow_reads(tmp_path, mode, orientation):
    path = tmp_path / "a-1.jpg"
    exif = Image.Exif()
    exif[274] = orientation
    page_of_text(mode).save(path, quality=80, exif=exif)
    page, heard = read(path)
    with Image.open(path) as image:
        from PIL import ImageOps

        assert np.array_equal(np.asarray(page), np.asarray(ImageOps.exif_transpose(image)))
    assert heard == []


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_png_whose_data_hold_half_of_its_rows_is_an_error(tmp_path, interlaced):
    """Chunks, checksums and end mark are all in order: only the rows are missing."""
    width, height = 64, 40
    if interlaced:
        rows = b"".join(bytes(1 + width // 8) for _ in range(height // 8))  # of the first of seven passes
    else:
        rows = b"".join(b"\0" + b"\xc8" * width for _ in range(height // 2))

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, int(interlaced))
    path = tmp_path / "a-1.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    with pytest.raises(PageError, match="truncated"):
        read(path)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_a_png_whose_last_row_is_black_is_whole(tmp_path, mode):
    page = page_of_text("L")
    page.paste(0, (0, 380, 300, 420))
    path = tmp_path / "a-1.png"
    (Image.fromarray(np.asarray(page).astype(np.uint16) * 257) if mode == "I;16" else page.convert(mode)).save(path)
    assert told(path) == ""


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "group3"])
def test_a_tiff_with_a_zeroed_piece_is_told(tmp_path, compression):
    if compression != "tiff_adobe_deflate" and not tiff_errors.can_hear():
        pytest.skip("this Pillow's libtiff cannot be heard")
    mode = "1" if compression.startswith("group") else "RGB"
    data = saved(page_of_text(mode), "TIFF", compression=compression)
    path = tmp_path / "a-1.tif"
    path.write_bytes(data)
    assert told(path) == ""
    path.write_bytes(without_middle(data, 200, 0))
    assert told(path)


@hears_libtiff
def test_each_page_of_a_tiff_is_judged_by_itself(tmp_path):
    path = tmp_path / "a.tif"
    pages = [page_of_text("1"), page_of_text("1", (280, 400))]
    pages[0].save(path, compression="group4", save_all=True, append_images=pages[1:])
    data = bytearray(path.read_bytes())
    with Image.open(path) as image:
        image.seek(1)
        at = image.tag_v2[273][0]
    data[at + 100 : at + 300] = bytes(200)
    path.write_bytes(data)
    assert read(path)[1] == []
    with pytest.raises(PageError, match="fax data"):
        read_page(path, 1, min_side=224, max_pixels=10**8)


def test_a_tiff_of_which_strips_were_never_written_is_an_error(tmp_path):
    path = tmp_path / "a-1.tif"
    page_of_text("L").save(path, strip_size=300 * 16)
    data = bytearray(path.read_bytes())
    with Image.open(path) as image:
        offsets, counts = image.tag_v2[273], image.tag_v2[279]
    for values in (offsets, counts):
        packed = struct.pack(f"<{len(values)}I", *values)
        at = data.find(packed)
        assert at > 0
        data[at : at + len(packed)] = struct.pack(
            f"<{len(values)}I", *(value if place % 2 else 0 for place, value in enumerate(values))
        )
    path.write_bytes(data)
    with pytest.raises(PageError, match="parts of the image are missing"):
        read(path)


def pdf_of(path, filter_, data, size, name="/P", **entries):
    """A PDF of one page that shows one picture."""
    writer = PdfWriter()
    page = writer.add_blank_page(*size)
    picture = StreamObject()
    picture.set_data(data)
    picture.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(size[0]),
            NameObject("/Height"): NumberObject(size[1]),
            NameObject("/ColorSpace"): NameObject("/DeviceGray"),
            NameObject("/BitsPerComponent"): NumberObject(8),
            NameObject("/Filter"): NameObject(f"/{filter_}"),
        }
    )
    picture.update({NameObject(f"/{key}"): value for key, value in entries.items()})
    content = DecodedStreamObject()
    content.set_data(f"q {size[0]} 0 0 {size[1]} 0 0 cm {name} Do Q".encode())
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/XObject"): DictionaryObject({NameObject(name): writer._add_object(picture)})}
    )
    page[NameObject("/Contents")] = writer._add_object(content.flate_encode())
    writer.write(path)


def fax_of(page):
    with Image.open(io.BytesIO(saved(page, "TIFF", compression="group4"))) as image:
        (offset,), (length,), black = image.tag_v2[273], image.tag_v2[279], image.tag_v2[262] != 0
        parameters = DictionaryObject(
            {
                NameObject("/K"): NumberObject(-1),
                NameObject("/Columns"): NumberObject(page.size[0]),
                NameObject("/Rows"): NumberObject(page.size[1]),
            }
        )
        return image.fp.getvalue()[offset : offset + length], parameters, black


def test_a_pdf_whose_jpeg_lost_a_piece_is_told(tmp_path):
    page = page_of_text("L")
    data = saved(page, "JPEG")
    path = tmp_path / "a.pdf"
    pdf_of(path, "DCTDecode", data, page.size)
    assert told(path) == ""
    pdf_of(path, "DCTDecode", data[: len(data) // 2], page.size)
    assert "JPEG data are missing" in told(path)
    pdf_of(path, "DCTDecode", b"", page.size)
    assert "empty" in told(path)


def test_a_pdf_whose_deflated_picture_lacks_rows_or_has_a_wrong_checksum_is_an_error(tmp_path):
    page = page_of_text("L")
    data = zlib.compress(page.tobytes())
    path = tmp_path / "a.pdf"
    pdf_of(path, "FlateDecode", data, page.size)
    assert told(path) == ""
    pdf_of(path, "FlateDecode", zlib.compress(page.tobytes()[: 300 * 200]), page.size)
    assert "end early" in told(path)
    pdf_of(path, "FlateDecode", data[:-1] + bytes([data[-1] ^ 1]), page.size)
    assert "wrong checksum" in told(path)


@hears_libtiff
def test_a_pdf_whose_fax_has_one_wrong_byte_is_an_error(tmp_path):
    page = page_of_text("1")
    data, parameters, _ = fax_of(page)
    path = tmp_path / "a.pdf"
    pdf_of(path, "CCITTFaxDecode", data, page.size, DecodeParms=parameters, BitsPerComponent=NumberObject(1))
    assert told(path) == ""
    spoiled = without_middle(data, 1, 0)
    pdf_of(path, "CCITTFaxDecode", spoiled, page.size, DecodeParms=parameters, BitsPerComponent=NumberObject(1))
    assert "fax data" in told(path)


@hears_libtiff
def test_flags_of_a_pdf_that_say_false_are_false(tmp_path):
    page = page_of_text("1")
    data, parameters, _ = fax_of(page)
    path = tmp_path / "a.pdf"
    parameters[NameObject("/EncodedByteAlign")] = BooleanObject(False)
    spoiled = without_middle(data, 1, 0)
    pdf_of(path, "CCITTFaxDecode", spoiled, page.size, DecodeParms=parameters, BitsPerComponent=NumberObject(1))
    assert "fax data" in told(path)
    grey = page_of_text("L")
    short = zlib.compress(grey.tobytes()[: 300 * 200])  # enough for a mask of one bit, not for grey
    pdf_of(path, "FlateDecode", short, grey.size, ImageMask=BooleanObject(False))
    assert "end early" in told(path)


def test_a_pdf_whose_jpeg_2000_is_cut_is_an_error(tmp_path):
    page = page_of_text("L")
    data = saved(page, "JPEG2000")
    path = tmp_path / "a.pdf"
    pdf_of(path, "JPXDecode", data, page.size)
    assert told(path) == ""
    pdf_of(path, "JPXDecode", data[: len(data) // 2], page.size)
    assert "truncated" in told(path)


def test_a_pdf_copied_as_text_is_an_error(tmp_path):
    """Line ends became two bytes: nothing stands where the table of contents says."""
    page = page_of_text("L")
    path = tmp_path / "a.pdf"
    pdf_of(path, "DCTDecode", saved(page, "JPEG"), page.size)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert told(path).startswith("damaged")


def test_a_pdf_whose_picture_is_gone_is_an_error_and_an_empty_page_is_none(tmp_path):
    page = page_of_text("L")
    path = tmp_path / "a.pdf"
    pdf_of(path, "DCTDecode", saved(page, "JPEG"), page.size)
    data = path.read_bytes()
    at = data.rfind(b"obj", 0, data.find(b"/DCTDecode"))
    path.write_bytes(data[: at - 4] + b"    xxx" + data[at + 3 :])
    assert "empty page" in told(path) or "missing" in told(path)
    writer = PdfWriter()
    writer.add_blank_page(200, 300)
    writer.write(path)
    assert told(path) == ""


def test_an_empty_sheet_in_a_pdf_is_a_page_like_any_other(tmp_path):
    sheet = Image.new("L", (200, 280), 255)
    path = tmp_path / "a.pdf"
    for filter_, data in (("DCTDecode", saved(sheet, "JPEG")), ("JPXDecode", saved(sheet, "JPEG2000"))):
        pdf_of(path, filter_, data, sheet.size)
        assert told(path) == ""


@pytest.fixture(scope="module")
def doubtful_folder(tmp_path_factory):
    """Two sound pages, and one whose header drew a complaint."""
    folder = tmp_path_factory.mktemp("doubtful")
    data = saved(page_of_text(), "JPEG")
    (folder / "a-1.jpg").write_bytes(data)
    (folder / "a-2.jpg").write_bytes(data.replace(b"\xff\xdb", b"\x12\x34\xff\xdb", 1))
    page_of_text("L").save(folder / "b-1.png")
    return folder


def sorted_table(folder, output, *flags):
    code = main(
        ["-d", str(folder), "--model_path", str(output / "model"), "-o", str(output / "out"), "--quiet", *flags]
    )
    return code, {file.name.split("_")[-1]: rows_of(file) for file in sorted((output / "out" / "tables").glob("*.csv"))}


def rows_of(file):
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_doubtful_page_has_its_scores_and_a_warning_before_its_path(tmp_path, doubtful_folder, capsys):
    tiny.tiny_model_folder(tmp_path / "model", ["DRAW", "PHOTO", "TEXT"])
    code, tables = sorted_table(doubtful_folder, tmp_path, "--raw", "--per_document")
    assert code == 0
    for rows in tables.values():
        assert list(rows[0])[-2:] == ["WARNING", "PATH"]
        assert [row["WARNING"] for row in rows] == ["", "JPEG: 2 extraneous bytes before marker 0xdb", ""]
    (documents,) = (tmp_path / "out" / "tables").glob("*_documents")
    assert [row["WARNING"] != "" for row in rows_of(documents / "a.csv")] == [False, True]
    (record,) = (tmp_path / "out" / "tables").glob("*_run.json")
    assert json.loads(record.read_text("utf-8"))["warnings"] == {"JPEG: 2 extraneous bytes before marker 0xdb": 1}
    assert "1 x JPEG: 2 extraneous bytes" in capsys.readouterr().out


def test_with_strict_a_doubtful_page_is_an_error_and_the_column_is_gone(tmp_path, doubtful_folder):
    tiny.tiny_model_folder(tmp_path / "model", ["DRAW", "PHOTO", "TEXT"])
    code, tables = sorted_table(doubtful_folder, tmp_path, "--strict")
    assert code == 1
    (result,) = (rows for name, rows in tables.items() if name != "ERRORS.csv")
    assert [row["PATH"] for row in result] == ["a-1.jpg", "b-1.png"] and "WARNING" not in result[0]
    assert [row["REASON"] for row in tables["ERRORS.csv"]] == ["doubtful: JPEG: 2 extraneous bytes before marker 0xdb"]


def test_single_pages_show_the_warning(tmp_path, doubtful_folder, capsys):
    tiny.tiny_model_folder(tmp_path / "model", ["DRAW", "PHOTO", "TEXT"])
    assert main(["-f", str(doubtful_folder / "a-2.jpg"), "--model_path", str(tmp_path / "model")]) == 0
    assert "warning: JPEG: 2 extraneous bytes before marker 0xdb" in capsys.readouterr().out


def test_a_warning_survives_in_the_journal(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl", pages=3, batch_size=2)
    journal.append([Scored([0.25, 0.75], "JPEG: odd"), Failed("broken")])
    journal.close()
    line = b'{"batch": 0, "rows": [{"scores": [0.25,0.75], "warning": "JPEG: odd"},"broken"]}\n'
    assert journal.file.read_bytes() == line
    again = Journal(tmp_path / "journal.jsonl", pages=3, batch_size=2)
    assert (again.done, again.failed, again.doubted) == (1, 1, 1)
    assert list(again.outcomes()) == [Scored([0.25, 0.75], "JPEG: odd"), Failed("broken")]
    again.close()


def test_a_broken_stream_that_draws_nothing_is_a_doubt_no_error(tmp_path):
    page = page_of_text("L")
    path = tmp_path / "a.pdf"
    pdf_of(path, "DCTDecode", saved(page, "JPEG"), page.size)
    writer = PdfWriter(clone_from=path)
    private = StreamObject()
    private.set_data(zlib.compress(b"what a program keeps for itself" * 9)[:-2] + b"xx")
    private[NameObject("/Filter")] = NameObject("/FlateDecode")
    writer.pages[0]["/Resources"]["/XObject"]["/P"][NameObject("/Own")] = writer._add_object(private)
    writer.write(path)
    image, heard = read(path)
    assert image.getextrema() != ((255, 255),) * 3
    assert heard == ["PDF: damaged: wrong checksum in its content"]


def test_a_jpeg_of_twelve_bits_is_not_supported_rather_than_damaged(tmp_path):
    data = bytearray(saved(page_of_text("L"), "JPEG"))
    data[data.find(b"\xff\xc0") + 4] = 12
    path = tmp_path / "a-1.jpg"
    path.write_bytes(data)
    with pytest.raises(PageError, match="not supported: a JPEG of 12 bits"):
        read(path)
