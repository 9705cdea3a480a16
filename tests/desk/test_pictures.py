"""Pictures of pages: pages of PDFs too, another one once the file has changed, and no more on the disk than allowed."""

from __future__ import annotations

import asyncio
import io
import os
import threading

import pytest

pytest.importorskip("fastapi")

from pdf_files import as_pdf
from PIL import Image

import desk.pictures
from desk.pictures import Pictures
from desk.refused import Refused
from reading.memory_gate import budget, one_page, take


@pytest.fixture
def pictures(tmp_path):
    (tmp_path / "pages").mkdir()
    made = Pictures(tmp_path / "pages", tmp_path / "cache", max_pixels=10_000_000)
    yield made
    made.close()


def shown(pictures, path, page=1, width="320"):
    return Image.open(io.BytesIO(asyncio.run(pictures.of(path, page, width)).data))


def cached(tmp_path):
    return sorted((tmp_path / "cache").rglob("*.jpg"))


def test_pages_of_a_pdf(pictures, tmp_path):
    as_pdf(tmp_path / "pages" / "a.pdf", [Image.new("L", (300, 400), value) for value in (0, 128, 255)])
    for page, value in ((1, 0), (2, 128), (3, 255)):
        image = shown(pictures, "a.pdf", page)
        assert image.size == (240, 320) and abs(image.convert("L").getpixel((100, 100)) - value) < 3
    with pytest.raises(Refused, match="its file has no page 4"):
        shown(pictures, "a.pdf", 4)


def test_a_page_that_has_changed_is_another_picture(pictures, tmp_path):
    file = tmp_path / "pages" / "a.png"
    Image.new("L", (100, 100), 0).save(file)
    before = asyncio.run(pictures.of("a.png", 1, "320"))
    Image.new("L", (100, 100), 255).save(file)
    os.utime(file, ns=(1, 1))
    after = asyncio.run(pictures.of("a.png", 1, "320", known=before.tag))
    assert after.tag != before.tag and Image.open(io.BytesIO(after.data)).getpixel((5, 5)) == 255
    assert asyncio.run(pictures.of("a.png", 1, "320", known=after.tag)).data == b""


def test_what_is_made_ready_is_at_hand(pictures, tmp_path):
    pages = [(f"{at}.png", 1) for at in range(5)]
    for at, (path, _) in enumerate(pages):
        Image.new("L", (100, 100), 10 * at).save(tmp_path / "pages" / path)
    pictures.prepare([*pages, ("gone.png", 1), ("../out.png", 1)], "320")
    pictures._ahead.submit(lambda: None).result(60)  # behind all of them
    assert len(cached(tmp_path)) == 5
    for path, _ in pages:
        (tmp_path / "pages" / path).touch()  # another time: made anew
    pictures.prepare(pages[:2], "320")
    pictures._ahead.submit(lambda: None).result(60)
    assert len(cached(tmp_path)) == 7


def test_nobody_waits_for_ever_for_what_fails_as_it_is_made_ready(tmp_path, monkeypatch):
    monkeypatch.setattr(desk.pictures, "PATIENCE", 5)
    Image.new("L", (100, 100)).save(tmp_path / "a.png")
    broken = Pictures(tmp_path, tmp_path / "cache", max_pixels=None)  # a mistake of ours
    broken.prepare([("a.png", 1)], "320")
    broken._ahead.submit(lambda: None).result(60)
    with pytest.raises(TypeError):
        shown(broken, "a.png")
    broken.close()


def test_what_one_person_wishes_does_not_drop_what_another_wished(pictures, tmp_path, monkeypatch):
    for at in range(6):
        Image.new("L", (100, 100), at).save(tmp_path / "pages" / f"{at}.png")
    monkeypatch.setattr(desk.pictures, "WISHES", 4)
    free = threading.Event()
    pictures._ahead.submit(free.wait)  # busy, while they wish
    for pages in ((0, 1), (2, 3), (4, 5)):
        pictures.prepare([(f"{at}.png", 1) for at in pages], "320")
    free.set()
    pictures._ahead.submit(lambda: None).result(60)
    assert len(cached(tmp_path)) == 4  # those of the first one were too many
    for at in range(2, 6):
        shown(pictures, f"{at}.png")
    assert len(cached(tmp_path)) == 4


def test_several_who_ask_at_once_wait_for_one_and_one_who_leaves_takes_nothing_along(pictures, tmp_path, monkeypatch):
    Image.new("L", (100, 100)).save(tmp_path / "pages" / "a.png")

    async def asked():
        with one_page():
            take(budget())  # all memory is had by another page: this one waits
            several = [asyncio.create_task(pictures.of("a.png", 1, "320")) for _ in range(3)]
            while len(pictures._making) < 1:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            several[0].cancel()
            with pytest.raises(Refused, match="not read within") as late:
                monkeypatch.setattr(desk.pictures, "PATIENCE", 0.1)
                await pictures.of("a.png", 1, "320")
            making = list(pictures._making.values())
        return late.value, making, await asyncio.gather(*several, return_exceptions=True)

    late, making, (gone, one, other) = asyncio.run(asked())
    assert (late.status, late.again) == (408, 5) and isinstance(gone, asyncio.CancelledError)
    assert len(making) == 1 and making[0].result() is one.data is other.data
    assert pictures._making == {}


def test_a_cache_is_bounded_and_a_damaged_file_in_it_is_made_again(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(desk.pictures, "MOST", 100_000)
    for at in range(20):
        Image.effect_noise((200, 200), 40 + at).save(tmp_path / "pages" / f"{at}.png")
        shown(pictures, f"{at}.png")
        assert sum(file.stat().st_size for file in cached(tmp_path)) <= 100_000
    last = cached(tmp_path)
    assert last
    for file in last:
        file.write_bytes(b"")
    again = Pictures(tmp_path / "pages", tmp_path / "cache", max_pixels=10_000_000)  # another desk
    assert shown(again, "19.png").size == (200, 200)
    again.close()
