"""pdf2png.py on PDFs that changed since: no old page stays beside a new one, no image of others is replaced."""

import os

from pdf_files import as_pdf, pixels_of
from PIL import Image
from scripts import run


def shades(folder):
    """The mean grey of each page image below a folder."""
    return {file.relative_to(folder).as_posix(): round(pixels_of(file).mean()) for file in folder.rglob("*.png")}


def flat(shade):
    return Image.new("L", (80, 100), shade)


def test_a_corrected_pdf_leaves_no_old_page_beside_a_new_one(tmp_path):
    pdf, out = tmp_path / "pdf" / "X.pdf", tmp_path / "out"
    as_pdf(tmp_path / "pdf" / "Y.pdf", [flat(30)])
    as_pdf(pdf, [flat(200), flat(210)])
    assert run("pdf2png", pdf.parent, "-o", out).returncode == 0
    before = shades(out)
    (out / "X" / "X-2.png").unlink()
    as_pdf(pdf, [flat(90), flat(100), flat(110)])
    ended = run("pdf2png", pdf.parent, "-o", out)
    assert ended.returncode == 1 and "X.pdf has changed since 1 page image (X-1.png) was made of it" in ended.stderr
    assert "--anew" in ended.stderr and "0 made" in ended.stdout
    assert shades(out) == {name: shade for name, shade in before.items() if name != "X/X-2.png"}
    dry = run("pdf2png", pdf.parent, "-o", out, "--anew", "--dry-run")
    assert dry.returncode == 0 and "3 would be made" in dry.stdout and shades(out)["X/X-1.png"] == before["X/X-1.png"]
    ended = run("pdf2png", pdf.parent, "-o", out, "--anew")
    assert ended.returncode == 0 and "3 made, 1 there already" in ended.stdout
    assert shades(out) == {"Y/Y-1.png": 30, "X/X-1.png": 90, "X/X-2.png": 100, "X/X-3.png": 110}
    assert "0 made, 4 there already" in run("pdf2png", pdf.parent, "-o", out, "--anew").stdout


def test_a_pdf_that_was_only_copied_again_is_no_other(tmp_path):
    as_pdf(tmp_path / "X.pdf", [flat(200)])
    run("pdf2png", tmp_path)
    os.utime(tmp_path / "X.pdf", (2e9, 2e9))
    ended = run("pdf2png", tmp_path)
    assert ended.returncode == 0 and "0 made, 1 there already" in ended.stdout


def test_pages_that_are_no_more_are_named(tmp_path):
    as_pdf(tmp_path / "X.pdf", [flat(n) for n in range(50, 62)])
    run("pdf2png", tmp_path)
    as_pdf(tmp_path / "X.pdf", [flat(n) for n in range(150, 159)])
    ended = run("pdf2png", tmp_path, "--anew")  # 9 pages: their names need no zero any more
    assert ended.returncode == 1 and "X.pdf has 9 pages now" in ended.stderr and "X-10.png" in ended.stderr
    left = {f"X-{n}.png": 40 + n + 9 for n in (10, 11, 12)}
    assert shades(tmp_path / "X") == {f"X-{n}.png": 149 + n for n in range(1, 10)} | left


def test_a_moved_page_is_made_again_where_it_lies(tmp_path):
    for name in ("ONE", "MORE"):
        as_pdf(tmp_path / f"{name}.pdf", [flat(200)])
    run("pdf2png", tmp_path)
    run("move_single", tmp_path)
    as_pdf(tmp_path / "ONE.pdf", [flat(90)])
    as_pdf(tmp_path / "MORE.pdf", [flat(100), flat(110)])
    ended = run("pdf2png", tmp_path)
    assert ended.returncode == 1 and "ONE.pdf" in ended.stderr and "MORE.pdf" in ended.stderr
    assert run("pdf2png", tmp_path, "--anew").returncode == 0
    assert shades(tmp_path) == {"onepagers/ONE-1.png": 90, "MORE/MORE-1.png": 100, "MORE/MORE-2.png": 110}


def test_images_of_others_are_never_replaced(tmp_path):
    as_pdf(tmp_path / "X.pdf", [flat(200), flat(210)])
    (tmp_path / "X").mkdir()
    flat(77).save(tmp_path / "X" / "X-1.png")
    os.utime(tmp_path / "X" / "X-1.png", (1e9, 1e9))
    ended = run("pdf2png", tmp_path, "--anew")
    assert ended.returncode == 0 and "1 page image that pdf2png.py has not made is older" in ended.stdout
    assert shades(tmp_path / "X") == {"X-1.png": 77, "X-2.png": 210}
