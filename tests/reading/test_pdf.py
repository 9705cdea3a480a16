"""PDFs that only stand for their content, PDFs with foreign bytes around them, and reasons that are true."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from reading.decoding import PageError, count_frames, read_page
from reading.pages import pages_of_files

PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 420]/Resources<</Font<</F 4 0 R>>>>/Contents 5 0 R%s>>"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Courier>>"
WAIT = "Please wait... If this message is not eventually replaced by the proper contents"
LATER = "To view the full contents of this document, you need a later version of the PDF viewer."


def stream(data, more=b""):
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (more, len(data), data)


def pdf(*objects, catalog=b"", trailer=b""):
    """A PDF whose catalog is object 1, its page tree object 2; `objects` from 3 on."""
    kids = [k for k, body in enumerate(objects, 3) if b"/Type/Page/" in body]
    tree = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(b"%d 0 R" % k for k in kids), len(kids))
    bodies = [b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog, tree, *objects]
    out, places = io.BytesIO(b"%PDF-1.7\n"), []
    out.seek(0, io.SEEK_END)
    for number, body in enumerate(bodies, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    at = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer <</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, trailer, at))
    return out.getvalue()


def text_page(text, more=b""):
    return [PAGE % more, FONT, stream(b"BT /F 9 Tf 20 380 Td (%s) Tj ET" % text.encode())]


def with_files(*names):
    """The entry of a catalog that names embedded files (objects from 6 on), and those objects."""
    objects, entries = [], []
    for k, name in enumerate(names):
        objects += [
            stream(b"content of a file", b"/Type/EmbeddedFile"),
            b"<</Type/Filespec/F(%s)/UF(%s)/EF<</F %d 0 R>>>>" % (name, name, 6 + 2 * k),
        ]
        entries.append(b"(%s)%d 0 R" % (name, 7 + 2 * k))
    return b"/Names<</EmbeddedFiles<</Names[%s]>>>>" % b"".join(entries), objects


def packed(catalog, objects):
    """The same document as Acrobat writes it: catalog and page in an object stream, an xref stream for a table."""
    bodies = {1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog, 2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>"}
    plain = {number: body for number, body in enumerate(objects, 3) if b"stream\n" in body}
    bodies |= {number: body for number, body in enumerate(objects, 3) if number not in plain}
    inside, heads, data = {}, b"", b""
    last = 3 + len(objects)
    for place, (number, body) in enumerate(sorted(bodies.items())):
        inside[number] = place
        heads += b"%d %d " % (number, len(data))
        data += body + b" "
    more = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(bodies), len(heads))
    plain[last] = stream(zlib.compress(heads + data), more)
    out, rows = io.BytesIO(b"%PDF-1.7\n"), {0: (0, 0, 65535)}
    out.seek(0, io.SEEK_END)
    for number, body in plain.items():
        rows[number] = (1, out.tell(), 0)
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    rows |= {number: (2, last, place) for number, place in inside.items()}
    at = out.tell()
    rows[last + 1] = (1, at, 0)
    table = b"".join(struct.pack(">BIH", *rows[number]) for number in range(last + 2))
    more = b"/Type/XRef/Root 1 0 R/W[1 4 2]/Size %d" % (last + 2)
    out.write(b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (last + 1, stream(table, more), at))
    return out.getvalue()


def reason(path):
    page = pages_of_files([path]).pages[0]
    assert page.reason
    with pytest.raises(PageError) as error:
        read_page(path, 0, min_side=64, max_pixels=10**7)
    assert str(error.value) == page.reason
    return page.reason


def is_read(path, pages=1):
    assert [page.reason for page in pages_of_files([path]).pages] == [""] * pages
    image = read_page(path, 0, min_side=64, max_pixels=10**7).convert("L")
    assert image.getextrema()[0] < 100, "nothing was drawn"
    return True


@pytest.mark.parametrize("writer", [pdf, packed])
def test_a_portfolio_is_not_its_cover_sheet(tmp_path, writer):
    names, files = with_files(b"a.pdf", b"b.pdf", b"c.doc")
    objects = [*text_page("For the best experience, open this PDF portfolio in Acrobat"), *files]
    collection = b"/Collection<</Type/Collection/View/D>>"

    def write(name, catalog, objects):
        data = pdf(*objects, catalog=catalog) if writer is pdf else packed(catalog, objects)
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    path = write("portfolio.pdf", names + collection, objects)
    assert reason(path) == "a PDF portfolio: 3 embedded files, not read: save them and sort those"
    one, file = with_files(b"a.pdf")
    path = write("one.pdf", one + collection, [*text_page("cover"), *file])
    assert reason(path) == "a PDF portfolio: 1 embedded file, not read: save it and sort that"
    # An invoice with its data attached, attachments shown in the margin, a portfolio whose files were taken out.
    assert is_read(write("invoice.pdf", one + b"/AF[7 0 R]", [*text_page("Faktura"), *file]))
    assert is_read(write("attached.pdf", names + b"/PageMode/UseAttachments", objects))
    assert is_read(write("emptied.pdf", collection, text_page("Zprava")))


def test_a_form_that_only_adobe_builds_is_not_its_waiting_page(tmp_path):
    template = stream(b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"/>')
    form = b"/AcroForm<</Fields[%s]/XFA 6 0 R>>"

    def write(name, objects, catalog):
        (tmp_path / name).write_bytes(pdf(*objects, catalog=catalog))
        return tmp_path / name

    says = "a dynamic XFA form: its pages are made by Adobe Reader only; print it to a PDF there"
    dynamic = b"/NeedsRendering true" + form % b""
    assert reason(write("wait.pdf", [*text_page(WAIT), template], dynamic)) == says
    assert reason(write("cekejte.pdf", [*text_page("Cekejte prosim"), template], dynamic)) == says
    assert reason(write("old.pdf", [*text_page(WAIT), template], form % b"")) == says
    assert reason(write("older.pdf", [*text_page(LATER), template], form % b"")) == says
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[20 100 200 120]>>"
    static = [*text_page("Please wait for our answer", b"/Annots[7 0 R]"), template, field]
    assert is_read(write("static.pdf", static, form % b"7 0 R"))
    assert is_read(write("static2.pdf", static, b"/NeedsRendering true" + form % b"7 0 R"))
    assert is_read(write("plain.pdf", [*text_page("Zadost"), template], form % b""))
    assert is_read(write("acroform.pdf", text_page(WAIT), b"/AcroForm<</Fields[]>>"))
    two = [*text_page(WAIT), template, PAGE % b""]
    assert is_read(write("two.pdf", two, form % b""), pages=2)


def test_an_encrypted_pdf_leaves_its_reason_to_no_other(tmp_path):
    key = b"<" + b"5A" * 32 + b">"
    locked = b"/Encrypt<</Filter/Standard/V 1/R 2/P -44/O%s/U%s>>/ID[%s%s]" % (key, key, key, key)
    (tmp_path / "secret.pdf").write_bytes(pdf(*text_page("x"), trailer=locked))
    (tmp_path / "none.pdf").write_bytes(pdf(FONT))
    (tmp_path / "sound.pdf").write_bytes(pdf(*text_page("Zprava")))
    secret, none = "encrypted PDF: needs a password", "damaged: not a readable PDF, or one without pages"
    for name, expected in (("none", none), ("secret", secret), ("none", none), ("sound", ""), ("none", none)):
        path = tmp_path / f"{name}.pdf"
        assert is_read(path) if not expected else reason(path) == expected


def test_foreign_bytes_around_a_pdf(tmp_path):
    sound = pdf(*text_page("Zprava o vyzkumu"))
    html = b"<html><body>" + b"<p>served by a portal that says more than it should, 12 0 times</p>\n" * 90 + b"</html>"
    for name, data in {
        "before.pdf": html + sound,
        "behind.pdf": sound + html,
        "both.PDF": html + sound + html,
        "far.pdf": sound + html * 400,  # 2 MB
        "padded.pdf": sound + bytes(5000),
    }.items():
        (tmp_path / name).write_bytes(data)
        assert is_read(tmp_path / name), name
    (tmp_path / "html.pdf").write_bytes(html)
    assert reason(tmp_path / "html.pdf") == "not an image although its name ends in .pdf"


def test_a_cut_revision_is_not_foreign_bytes(tmp_path):
    sound = pdf(*text_page("first revision"))
    again = b"5 0 obj\n" + stream(b"BT /F 9 Tf 20 380 Td (second revision) Tj ET" + b" " * 3000)
    (tmp_path / "a.pdf").write_bytes(sound + again)
    assert reason(tmp_path / "a.pdf") == "truncated: the PDF has no end mark"
    (tmp_path / "b.pdf").write_bytes(sound[: len(sound) - 20] + b" " * 3000)
    assert reason(tmp_path / "b.pdf") == "truncated: the PDF has no end mark"


def test_a_page_that_is_missing_says_how_many_there_are(tmp_path):
    Image.new("L", (60, 90), 9).save(tmp_path / "a.pdf", save_all=True, append_images=[Image.new("L", (60, 90))])
    assert count_frames(tmp_path / "a.pdf") == 2
    with pytest.raises(PageError, match="page 3 is missing: the PDF holds 2"):
        read_page(tmp_path / "a.pdf", 2, min_side=64, max_pixels=10**7)


@pytest.mark.shared
def test_real_portfolio_form_and_foreign_bytes(shared):
    faults = Path(shared) / "faults"
    assert "3 embedded files" in reason(faults / "portfolio_xfa" / "CTX-portfolio.pdf")
    assert "dynamic XFA form" in reason(faults / "portfolio_xfa" / "CTX-xfa.pdf")
    assert is_read(faults / "reading" / "lead_junk_2000.pdf")
    assert is_read(faults / "reading" / "trail_html_5000.pdf")
    assert "encrypted" in reason(faults / "reading" / "graph-encrypted.pdf")
    assert "without pages" in reason(faults / "reading" / "newline-buffer-test.pdf")
