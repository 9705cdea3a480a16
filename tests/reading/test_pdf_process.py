"""PDFs that another process draws: the same pages, and one on which it hangs holds up no other for long."""

import multiprocessing
import os
import signal

import numpy as np
import pytest
from pdf_files import as_pdf, scan
from PIL import Image

from reading.decoding import PageError, Reader, count_frames
from reading.memory_gate import budget, set_budget
from reading.page_errors import LimitError
from reading.pdf_process import pdfs_elsewhere

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


def page(path, frame):
    with Reader(min_side=64, max_pixels=10**8) as reader:
        heard = []
        return np.array(reader.page(path, frame, heard)), heard


@pytest.fixture
def two(tmp_path):
    """A PDF of a grey and a coloured page, and its pages as this process draws them."""
    as_pdf(tmp_path / "two.pdf", [scan(), Image.new("RGB", (300, 400), "red")])
    return tmp_path / "two.pdf", [page(tmp_path / "two.pdf", frame) for frame in (0, 1)]


def test_pages_are_those_that_this_process_draws(two, tmp_path):
    file, before = two
    (tmp_path / "cut.pdf").write_bytes(file.read_bytes()[:200])
    with pytest.raises(PageError) as here:
        count_frames(tmp_path / "cut.pdf")
    with pdfs_elsewhere(seconds=60):
        assert count_frames(file) == 2
        for frame, (pixels, heard) in enumerate(before):
            again = page(file, frame)
            assert np.array_equal(again[0], pixels) and again[1] == heard
        with pytest.raises(PageError, match="page 3 is missing"):
            page(file, 2)
        with pytest.raises(PageError) as there:
            count_frames(tmp_path / "cut.pdf")
        assert str(there.value) == str(here.value)
        assert len(multiprocessing.active_children()) == 1
    assert not multiprocessing.active_children()
    assert np.array_equal(page(file, 0)[0], before[0][0])  # this process again


def test_its_memory_is_that_of_this_process(two):
    before = budget()
    set_budget(100_000)
    try:
        with pdfs_elsewhere(seconds=60), pytest.raises(LimitError, match="memory"):
            page(two[0], 0)
    finally:
        set_budget(before)


@pytest.mark.skipif(os.name == "nt", reason="a process is held still by a signal of Unix")
def test_one_that_hangs_is_given_up_and_others_go_on(two, tmp_path):
    file, before = two
    other = tmp_path / "other.pdf"
    other.write_bytes(file.read_bytes())
    with pdfs_elsewhere(seconds=60) as process:
        assert count_frames(other) == 2
        (child,) = multiprocessing.active_children()
        os.kill(child.pid, signal.SIGSTOP)  # as if PDFium hung
        process._seconds = 0.5
        with pytest.raises(PageError, match="given up: PDFium was at it for more than"):
            page(file, 0)
        assert child not in multiprocessing.active_children()
        process._seconds = 60
        with pytest.raises(PageError, match="given up"):
            page(file, 1)  # not tried again
        assert np.array_equal(page(other, 0)[0], before[0][0])
        os.utime(file, ns=(1, 1))  # it has changed
        assert np.array_equal(page(file, 1)[0], before[1][0])
        (child,) = multiprocessing.active_children()
        child.kill()
        child.join()
        with pytest.raises(PageError, match="the process that drew it died"):
            page(file, 0)
        assert count_frames(file) == 2
