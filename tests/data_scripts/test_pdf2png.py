"""pdf2png.py on real PDFs: scans, turned and masked ones, drawn pages, locked and broken files."""

import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from pdf_files import GRID, LOCKED, as_pdf, assemble, drawing, pixels_of, placed, raw_image, scan
from PIL import Image
from scripts import SCRIPTS, run


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A shelf of PDFs of all kinds, converted once; (folder, pages, what the command said)."""
    base = tmp_path_factory.mktemp("shelf")
    folder = base / "PDFka s mezerou"
    as_pdf(folder / "box 1" / "Zpráva.pdf", [scan(1), scan(2, mode="RGB"), scan(3)])
    as_pdf(folder / "box 2" / "Zpráva.pdf", [scan(4)])
    as_pdf(folder / "REPORT.PDF", [scan(5, mode="1")])
    as_pdf(folder / "LONG.pdf", [scan(6, (80, 100)) for _ in range(101)], dpi=30)
    (folder / "drawn.pdf").write_bytes(assemble(drawing(b"", b"1 0 0 rg 20 20 100 50 re f")))
    (folder / "locked.pdf").write_bytes(LOCKED)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing here\n%%EOF\n")
    (folder / "cut.pdf").write_bytes((folder / "REPORT.PDF").read_bytes()[:3000])
    (folder / "empty.pdf").write_bytes(b"")
    for name in ("twin.pdf", "TWIN.pdf"):
        as_pdf(folder / name, [scan(7)])
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    dry = run("pdf2png", folder, "--output", base / "pages", "--dry-run")
    assert not (base / "pages").exists()
    ended = run("pdf2png", folder, "--output", base / "pages", "--workers", 2)
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    return folder, base / "pages", ended, dry


def test_every_page_has_its_place(shelf):
    _, pages, ended, dry = shelf
    images = {file.relative_to(pages).as_posix() for file in pages.rglob("*") if file.is_file()}
    expected = {f"box 1/Zpráva/Zpráva-{page}.png" for page in (1, 2, 3)} | {"box 2/Zpráva/Zpráva-1.png"}
    expected |= {"REPORT/REPORT-1.png", "drawn/drawn-1.png"} | {f"LONG/LONG-{page:03d}.png" for page in range(1, 102)}
    assert images == expected
    assert ended.returncode == dry.returncode == 1
    assert "107 pages: 107 made" in ended.stdout and "107 would be made" in dry.stdout


def test_what_cannot_be_converted_is_listed(shelf):
    _, _, ended, _ = shelf
    listed = ended.stderr.partition("left undone:")[2].splitlines()[1:]
    reasons = {line.split(":")[0].strip(): line for line in listed}
    assert set(reasons) == {"locked.pdf", "broken.pdf", "cut.pdf", "empty.pdf", "TWIN.pdf and twin.pdf"}
    assert "password" in reasons["locked.pdf"] and "truncated" in reasons["cut.pdf"] and "empty" in reasons["empty.pdf"]


def test_scans_keep_their_own_pixels(shelf):
    import pypdfium2

    folder, pages, _, _ = shelf
    for name, count in (("box 1/Zpráva", 3), ("REPORT", 1)):
        pdf = next(file for file in (folder / name).parent.iterdir() if file.stem == Path(name).name)
        document = pypdfium2.PdfDocument(pdf)
        for number in range(count):
            image = next(document[number].get_objects()).get_bitmap(render=False).to_pil()
            with Image.open(pages / name / f"{Path(name).name}-{number + 1}.png") as made:
                assert made.size == image.size
                assert (np.asarray(made.convert("RGB")) == np.asarray(image.convert("RGB"))).all()
                assert made.mode == ("1" if name == "REPORT" else "L")  # grey scans stay grey, 1-bit ones 1-bit
                assert round(made.info["dpi"][0]) == 100
    lossless = scan(5, mode="1")  # PDFs keep 1-bit images as they are
    assert (pixels_of(pages / "REPORT" / "REPORT-1.png") == np.asarray(lossless.convert("L"))).all()


def test_a_drawn_page_has_the_wanted_resolution(shelf):
    _, pages, _, _ = shelf
    with Image.open(pages / "drawn" / "drawn-1.png") as image:
        assert image.mode == "RGB" and image.info["dpi"][0] == pytest.approx(300, abs=0.1)
        assert abs(image.width - 200 * 300 / 72) <= 1 and image.getpixel((200, 200)) == (255, 0, 0)


def test_second_start_makes_only_what_is_missing(shelf):
    folder, pages, _, _ = shelf
    files = {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in pages.rglob("*.png")}
    gone = pages / "LONG" / "LONG-050.png"
    content = gone.read_bytes()
    gone.unlink()
    (pages / "LONG" / f".{'0' * 16}.4711.part").write_bytes(b"half a page")
    ended = run("pdf2png", folder, "--output", pages)
    assert "1 made, 106 there already" in ended.stdout
    assert gone.read_bytes() == content
    after = {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in pages.rglob("*") if file.is_file()}
    assert {file: mark for file, mark in after.items() if file != gone} == {f: m for f, m in files.items() if f != gone}


@pytest.mark.parametrize(
    ("matrix", "rotate", "expected"),
    [
        (b"200 0 0 100 0 0", 0, GRID),
        (b"200 0 0 -100 0 100", 0, GRID[::-1]),
        (b"-200 0 0 100 200 0", 0, GRID[:, ::-1]),
        (b"200 0 0 100 0 0", 90, np.rot90(GRID, -1)),
        (b"200 0 0 100 0 0", 180, np.rot90(GRID, 2)),
        (b"200 0 0 100 0 0", 270, np.rot90(GRID)),
        (b"0 200 -100 0 100 0", 0, np.rot90(GRID)),
        (b"0 -200 100 0 0 200", 0, np.rot90(GRID, -1)),
        (b"0 200 100 0 0 0", 0, np.rot90(GRID[:, ::-1], -1)),
        (b"0 -200 -100 0 100 200", 0, GRID.T),
        (b"0 200 -100 0 100 0", 90, GRID),
    ],
)
def test_turned_scans_stand_as_they_are_shown(tmp_path, matrix, rotate, expected):
    media = (100, 200) if matrix.startswith(b"0") else (200, 100)
    (tmp_path / "X.pdf").write_bytes(placed(matrix, GRID, media=media, boxes=b"/Rotate %d" % rotate))
    assert run("pdf2png", tmp_path, "--workers", 1).returncode == 0
    assert (pixels_of(tmp_path / "X" / "X-1.png") == expected).all()


@pytest.mark.parametrize(("mode", "its_pixels"), [(3, True), (0, False)])
def test_hidden_text_leaves_a_scan_a_scan(tmp_path, mode, its_pixels):
    text = b"BT %d Tr /F 40 Tf 20 30 Td (OCR) Tj ET" % mode
    (tmp_path / "X.pdf").write_bytes(placed(b"200 0 0 100 0 0", GRID, content=text))
    assert run("pdf2png", tmp_path, "--workers", 1).returncode == 0
    made = pixels_of(tmp_path / "X" / "X-1.png")
    assert (made.shape == GRID.shape and (made == GRID).all()) == its_pixels


def test_scans_that_are_shown_otherwise_are_drawn_as_shown(tmp_path):
    mask = np.full((400, 800), 255, np.uint8)
    mask[:, 400:] = 0  # the right half is not shown
    masked = placed(b"200 0 0 100 0 0", GRID, b"/SMask 6 0 R", [raw_image(mask)])
    (tmp_path / "masked.pdf").write_bytes(masked)
    (tmp_path / "stamped.pdf").write_bytes(placed(b"200 0 0 100 0 0", GRID, content=b"0 g 20 20 60 30 re f"))
    (tmp_path / "inverted.pdf").write_bytes(placed(b"200 0 0 100 0 0", GRID, b"/Decode[1 0]"))
    (tmp_path / "margins.pdf").write_bytes(placed(b"160 0 0 80 20 10", GRID))
    (tmp_path / "cropped.pdf").write_bytes(placed(b"200 0 0 100 0 0", GRID, boxes=b"/CropBox[0 0 100 100]"))
    assert run("pdf2png", tmp_path, "--workers", 1).returncode == 0
    masked = pixels_of(tmp_path / "masked" / "masked-1.png")
    assert masked.shape == GRID.shape and masked[:, 420:].min() == 255 and masked[:, :380].min() < 40
    stamped = pixels_of(tmp_path / "stamped" / "stamped-1.png")
    assert stamped[300, 150] == 0 and stamped.shape != GRID.shape  # drawn at --dpi: not a scan alone
    assert np.abs(pixels_of(tmp_path / "inverted" / "inverted-1.png").astype(int) - (255 - GRID)).max() <= 1
    assert pixels_of(tmp_path / "margins" / "margins-1.png").shape == (500, 1000)  # the scan's 360 dpi, margins kept
    cropped = pixels_of(tmp_path / "cropped" / "cropped-1.png")
    assert np.abs(cropped.astype(int) - GRID[:, :400]).mean() < 3


def test_pages_grey_and_dpi(tmp_path):
    as_pdf(tmp_path / "X.pdf", [scan(n, mode="RGB") for n in range(12)])
    (tmp_path / "D.pdf").write_bytes(assemble(drawing(b"", b"1 0 0 rg 20 20 100 50 re f", pages=3)))
    ended = run("pdf2png", tmp_path, "--pages", "2-3,11-", "--grey", "--dpi", 72, "--output", tmp_path / "out")
    assert ended.returncode == 0
    names = sorted(file.name for file in (tmp_path / "out").rglob("*.png"))
    assert names == ["D-2.png", "D-3.png", "X-02.png", "X-03.png", "X-11.png", "X-12.png"]
    with Image.open(tmp_path / "out" / "D" / "D-2.png") as image:
        assert image.mode == "L" and image.size == (200, 100)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "does not exist"),
        (["."], "no PDFs"),
        ([".", "--dpi", "0"], "whole number"),
        ([".", "--dip", "300"], "did you mean --dpi"),
        ([".", "--pages", "5-1"], "--pages"),
        ([], "PDF_FOLDER"),
    ],
)
def test_mistakes_are_one_line(tmp_path, arguments, words):
    ended = run("pdf2png", *arguments, cwd=tmp_path)
    assert ended.returncode == 2 and words in ended.stderr
    assert len(ended.stderr.splitlines()) == 1 and ended.stderr.startswith("error: ")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_all_workers(tmp_path, sign):
    as_pdf(tmp_path / "X.pdf", [scan(n, (700, 1000)) for n in range(24)])
    command = [sys.executable, str(SCRIPTS / "pdf2png.py"), ".", "--workers", "2"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (tmp_path / "X").is_dir():
        time.sleep(0.01)
    process.send_signal(sign)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "goes on" in said and "Traceback" not in said
    for _ in range(300):  # a worker that was told to end may need a moment on a busy machine
        here = [entry.name for entry in Path("/proc").glob("[0-9]*") if _working_in(entry, tmp_path)]
        if not here:
            break
        time.sleep(0.1)
    assert not here
    assert run("pdf2png", ".", cwd=tmp_path).returncode == 0
    assert len(list((tmp_path / "X").iterdir())) == 24


def _working_in(entry, folder):
    try:
        return (entry / "cwd").readlink() == folder and int(entry.name) != os.getpid()
    except OSError:
        return False


@pytest.mark.shared
def test_a_real_report(shared, tmp_path):
    ended = run("pdf2png", shared / "pdf", "--output", tmp_path, "--dpi", 100, "--pages", "1,16,22")
    assert ended.returncode == 0
    images = sorted(tmp_path.rglob("*.png"))
    assert [file.name for file in images] == [f"CTX200502635-{page}.png" for page in ("01", "16", "22")]
    for file in images:
        grey = pixels_of(file)
        assert grey.max() > 250 and grey.min() < 60 and max(grey.shape) == pytest.approx(1170, abs=3)


# ---- units and resolutions ----


@pytest.mark.parametrize("packed", [False, True])
def test_the_user_unit_of_a_large_plan(tmp_path, packed):
    """A page of 200 x 100 units of 1/36 inch, drawn and as a scan."""
    plan = assemble(drawing(b"/UserUnit 2.0", b"1 0 0 rg 20 20 100 50 re f"))
    if packed:
        plan = in_object_streams(drawing(b"/UserUnit 2.0", b"1 0 0 rg 20 20 100 50 re f"))
    (tmp_path / "plan.pdf").write_bytes(plan)
    (tmp_path / "scan.pdf").write_bytes(placed(b"200 0 0 100 0 0", GRID, boxes=b"/UserUnit 2"))
    (tmp_path / "part.pdf").write_bytes(placed(b"160 0 0 80 20 10", GRID, boxes=b"/UserUnit 2"))
    assert run("pdf2png", tmp_path, "--dpi", 72, "--workers", 1).returncode == 0
    sizes = {}
    for name in ("plan", "scan", "part"):
        with Image.open(tmp_path / name / f"{name}-1.png") as image:
            sizes[name] = (image.size, round(image.info["dpi"][0]))
    assert sizes == {"plan": ((400, 200), 72), "scan": ((800, 400), 144), "part": ((1000, 500), 180)}


def in_object_streams(objects):
    """A PDF whose dictionaries stand in a compressed object stream, as PDF 1.5 allows."""
    *plain, last = objects  # the last one is a stream itself
    heads, bodies = b"", b""
    for number, content in enumerate(plain, 1):
        heads += b"%d %d " % (number, len(bodies))
        bodies += content + b" "
    inside = zlib.compress(heads + bodies)
    out = b"%PDF-1.6\n"
    offsets = {len(objects): len(out)}
    out += b"%d 0 obj%s\nendobj\n" % (len(objects), last)
    pack = len(objects) + 1
    offsets[pack] = len(out)
    head = b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/DecodeParms<</Predictor 1>>/Length %d>>"
    out += b"%d 0 obj%sstream\n%s\nendstream\nendobj\n" % (
        pack, head % (len(plain), len(heads), len(inside)), inside)  # fmt: skip
    offsets[pack + 1] = len(out)
    rows = [
        (0, 0, 255),
        *((2, pack, at) for at in range(len(plain))),
        *((1, offsets[at], 0) for at in range(pack - 1, pack + 2)),
    ]
    table = b"".join(
        kind.to_bytes(1, "big") + offset.to_bytes(4, "big") + at.to_bytes(1, "big") for kind, offset, at in rows
    )
    head = b"<</Type/XRef/Size %d/W[1 4 1]/Root 1 0 R/Length %d>>" % (len(rows), len(table))
    out += b"%d 0 obj%sstream\n%s\nendstream\nendobj\n" % (pack + 1, head, table)
    return out + b"startxref\n%d\n%%%%EOF\n" % offsets[pack + 1]


@pytest.mark.parametrize("rotate", [0, 90])
def test_a_scan_of_unequal_resolution_keeps_the_pages_proportions(tmp_path, rotate):
    """A fax of 200 x 98 dpi, in grey and in black and white, on a page of 200 x 100 points."""
    grey = GRID[::4][:68, :560]
    black = np.where(grey > 128, 255, 0).astype(np.uint8)
    for name, pixels in (("grey", grey), ("black", black)):
        boxes = b"/Rotate %d" % rotate
        (tmp_path / f"{name}.pdf").write_bytes(placed(b"200 0 0 100 0 0", pixels, boxes=boxes))
    (tmp_path / "fine.pdf").write_bytes(placed(b"200 0 0 100 0 0", GRID[:398], boxes=b"/Rotate %d" % rotate))
    assert run("pdf2png", tmp_path, "--workers", 1).returncode == 0
    for name, size, mode in (("grey", (560, 280), "L"), ("black", (560, 280), "1"), ("fine", (800, 398), "L")):
        with Image.open(tmp_path / name / f"{name}-1.png") as image:
            assert image.size == (size if rotate == 0 else size[::-1])
            assert image.mode == mode
    made = pixels_of(tmp_path / "black" / "black-1.png")
    shown = Image.fromarray(np.rot90(black, -rotate // 90)).resize(made.shape[::-1], Image.Resampling.NEAREST)
    assert (made == np.asarray(shown)).all()
