"""Pages that processes decode: the same batches as on threads, whatever happens to a process."""

import multiprocessing
import os
import signal

import numpy as np
import pytest
from page_files import drawn, saved
from PIL import Image

from reading.loader import FEW, load_batches
from reading.memory_gate import budget, set_budget
from reading.pages import find_pages
from reading.transform import PageTransform

WORKERS = 2
DEADLY = (13, 13)  # size of a page
# pytest takes back the filter that reading/decoding.py sets once.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


class Crashing(PageTransform):
    """Ends its process at a page of one size, as a decoder does that trips over a hostile file."""

    def __call__(self, image: Image.Image) -> np.ndarray:
        if image.size == DEADLY and multiprocessing.parent_process():
            os._exit(3)
        return super().__call__(image)


TRANSFORM = Crashing((32, 24), "pad", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@pytest.fixture(autouse=True)
def _budget():
    before = budget()
    yield
    set_budget(before)
    assert not multiprocessing.active_children()


def pages_in(folder, count=FEW * WORKERS):
    for number in range(count):
        page = drawn("L").rotate(9 * number, fillcolor="white")
        if number % 3:
            page = Image.merge("RGB", (page, page.point(lambda v: v * 3 // 4), page))
        saved(folder, page, f"page-{number}.{('png', 'jpg', 'tif')[number % 3]}")
    return folder


def batches_of(folder, *, processes, **options):
    return load_batches(
        find_pages(folder), TRANSFORM, batch_size=7, workers=WORKERS, max_pixels=10**7, processes=processes, **options
    )


def told(batches):
    return [(batch.index, batch.pages, batch.pixels.tobytes(), batch.reasons, batch.warnings) for batch in batches]


@pytest.mark.parametrize("strict", [False, True])
def test_processes_and_threads_give_the_same_batches(tmp_path, strict):
    pages_in(tmp_path)
    frames = [drawn("L").rotate(turn) for turn in (0, 90, 180)]
    frames[0].save(tmp_path / "many.tif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "many.pdf", save_all=True, append_images=frames[1:])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes((tmp_path / "page-0.png").read_bytes()[:-200])
    doubtful = bytearray((tmp_path / "page-1.jpg").read_bytes())
    doubtful[-2:-2] = b"\x12" * 40
    (tmp_path / "doubtful.jpg").write_bytes(doubtful)
    saved(tmp_path, drawn("RGB").resize((1500, 1500)), "large.png")  # over the budget
    set_budget(6_000_000)
    wanted = told(batches_of(tmp_path, processes=False, strict=strict))
    assert len({reason for *_, reasons, _ in wanted for reason in reasons}) >= 4
    assert strict or any(warning for *_, warnings in wanted for warning in warnings)
    stream = batches_of(tmp_path, processes=True, strict=strict)
    first = next(stream)
    assert len(multiprocessing.active_children()) == WORKERS
    assert told([first, *stream]) == wanted


def test_a_page_that_ends_its_process_twice_fails_alone(tmp_path):
    wanted = told(batches_of(pages_in(tmp_path), processes=False))
    saved(tmp_path, Image.new("L", DEADLY), "page-1x.png")
    failed = [
        (page.path, reason)
        for batch in batches_of(tmp_path, processes=True)
        for page, reason, pixels in zip(batch.pages, batch.reasons, batch.pixels, strict=True)
        if reason and not pixels.any()
    ]
    assert failed == [
        (
            "page-1x.png",
            "the process that decoded it died, and so did a second one (exit code 3): damaged, or too large",
        )
    ]
    (tmp_path / "page-1x.png").unlink()
    assert told(batches_of(tmp_path, processes=True)) == wanted


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_killed_process_costs_no_page(tmp_path):
    pages_in(tmp_path, 2 * FEW * WORKERS)
    wanted, seen = told(batches_of(tmp_path, processes=False)), []
    for number, batch in enumerate(batches_of(tmp_path, processes=True)):
        if number in (0, 4):
            for process in multiprocessing.active_children():
                os.kill(process.pid, signal.SIGKILL)
        seen.append(batch)
    assert told(seen) == wanted


def test_who_stops_in_the_middle_leaves_no_process(tmp_path):
    stream = batches_of(pages_in(tmp_path), processes=True)
    next(stream)
    assert multiprocessing.active_children()
    stream.close()
    assert not multiprocessing.active_children()
