"""Hand in and Collection in a real browser: drop, choose, look, search, by mouse and by keyboard."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")
pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from browser import Browser, needs_browser
from desk_pages import indexed, page, serving, settings_for
from page_files import encoded

from desk.collection import collection_room
from desk.handin import handin_room
from desk.sorter import index_of, maps_of, open_sorter

pytestmark = needs_browser
ABSENT = "nothing was sorted yet"
HARMFUL = "<img src=x onerror=window.harm=1>.png"


@pytest.fixture(scope="module")
def browser():
    with Browser() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pages of a collection, and files beside them to hand in."""
    root = tmp_path_factory.mktemp("pages")
    (root / "pages").mkdir()
    for number in range(5):
        page(number, (240, 320)).save(root / "pages" / f"CTX194{number // 2}00001-{number}.png")
    page(9, (240, 320)).save(root / "pages" / f"CTX195000009-1 {HARMFUL}")
    page(2, (240, 320)).save(root / HARMFUL)
    several = [page(number, (240, 320)) for number in (1, 3)]
    (root / "two.pdf").write_bytes(encoded(several[0], "PDF", save_all=True, append_images=several[1:]))
    (root / "broken.png").write_bytes((root / HARMFUL).read_bytes()[:300])
    return root


@pytest.fixture(scope="module")
def address(folder, tmp_path_factory, page_model):
    output = tmp_path_factory.mktemp("out")
    indexed(output, folder / "pages", page_model)
    settings = settings_for(output, page_model)
    sorter = open_sorter(settings)
    index = index_of(settings, sorter)
    most = settings.input.max_pixels
    rooms = [
        handin_room(sorter, index),
        collection_room(index, sorter.classifying, maps=maps_of(settings), reviewed=None, max_pixels=most),
    ]
    with serving(rooms, absent={"review": ABSENT}) as there:
        yield there


@pytest.fixture
def opened(browser, address):
    """Open a room; no page of it may ask anything of anybody else, and no name may become an element."""
    tabs = []

    def begin(room):
        tabs.append(browser.open(f"{address}/{room}"))
        tabs[-1].until("document.querySelector('#about')?.textContent")
        return tabs[-1]

    yield begin
    for tab in tabs:
        assert [one for one in tab.problems if "status of 4" not in one] == [] and tab.dialogs == []
        assert [one for one in tab.foreign if not one.startswith(f"{address}/")] == []
        assert tab.value("window.harm") is None
        tab.ask("Page.close")


def texts(tab, selector):
    return tab.value(f"[...document.querySelectorAll({json.dumps(selector)})].map(one => one.textContent)")


def count(tab, selector, number):
    tab.until(f"document.querySelectorAll({json.dumps(selector)}).length === {number}")


def test_files_are_handed_in_and_answered(opened, folder):
    tab = opened("handin")
    tab.choose("#choose", [folder / HARMFUL, folder / "two.pdf", folder / "broken.png"])
    count(tab, ".card.done", 2)
    count(tab, ".card.failed", 1)
    assert sorted(texts(tab, ".name")) == sorted([HARMFUL, "two.pdf", "broken.png"])
    assert "truncated" in texts(tab, ".card.failed .state-text")[0]
    assert texts(tab, ".number:not([hidden])") == ["Page 1", "Page 2"]
    count(tab, ".one .bars li", 9)
    shares = [part.strip("<>\u00a0% ") for part in texts(tab, ".card:last-child .share")]
    assert sum(map(float, shares)) == pytest.approx(100, abs=2)
    tab.until("[...document.querySelectorAll('.one .paper img')].every(image => image.naturalWidth > 0)")
    tab.until("document.querySelector('.card:last-child .tiles img').naturalWidth > 0")
    assert "CTX194100001-2.png" in texts(tab, ".card:last-child .tiles li:first-child")[0]
    assert all("Nobody has measured" in said for said in texts(tab, ".real"))
    tab.value("const make = URL.createObjectURL; URL.createObjectURL = one => "
              "{ one.text().then(text => { window.saved = text; }); return make.call(URL, one); }")  # fmt: skip
    tab.click_on("#save")
    lines = tab.until("window.saved").strip().splitlines()
    tab.value("URL.createObjectURL = make")
    assert len(lines) == 5 and next("truncated" in line for line in lines if line.startswith("broken.png,0,,"))
    tab.value("document.querySelector('.one .paper').click()")
    tab.until("document.querySelector('dialog[open] img').naturalWidth > 0")
    tab.key("Escape")
    count(tab, "dialog", 0)
    tab.value("document.querySelector('.card.failed .remove').focus()")
    tab.key("Enter")
    count(tab, ".card", 2)
    tab.click_on("#clear")
    count(tab, ".card", 0)


def test_a_file_is_dropped_anywhere(opened, folder):
    tab = opened("handin")
    tab.drop(600, 700, [folder / "two.pdf"])
    count(tab, ".card.done .one", 2)
    assert "2 pages" in texts(tab, "#status")[0]
    tab.drop(600, 700, [folder / "pages", folder / "broken.png"])  # a folder cannot be read as a file
    count(tab, ".card.failed", 1)
    assert "pages is a folder" in texts(tab, ".toast.error span")[0] and len(texts(tab, ".card")) == 2


def test_a_link_to_a_room_that_is_not_there_says_why(opened):
    tab = opened("review?view=page")
    tab.until("location.pathname === '/handin' && document.querySelector('.toast.error') !== null")
    assert ABSENT in texts(tab, ".toast.error span")[0]
    tab.click_on(".toast.error button")
    count(tab, ".toast", 0)
    tab.click_on(".absent")  # it stands until it is closed
    tab.click_on(".absent")
    assert len(texts(tab, ".toast.error")) == 1 and ABSENT in texts(tab, ".toast.error span")[0]


def test_the_collection_is_searched_and_walked_through(opened):
    tab = opened("collection")
    count(tab, "#hits li", 6)
    assert texts(tab, "#status") == ["6 pages."]
    tab.click_on("#year_from")
    tab.write("1950")
    tab.click_on("#year_to")
    tab.write("1940")
    tab.key("Enter")
    tab.until("/from 1950 .* 1940/.test(document.querySelector('#status').textContent)")
    tab.click_on("#clear")
    count(tab, "#hits li", 6)
    tab.click_on("#name")
    tab.write("ctx1941")
    tab.key("Enter")
    count(tab, "#hits li", 2)
    assert tab.value("location.search") == "?name=ctx1941"
    tab.value("document.querySelector('#hits button').focus()")
    tab.key("Enter")
    tab.until("document.querySelector('dialog[open] img')?.naturalWidth === 240")
    first = texts(tab, "dialog h2")
    tab.key("ArrowRight")
    tab.until(f"document.querySelector('dialog h2')?.textContent !== {json.dumps(first[0])}")
    tab.key("d")
    tab.until("location.search === '?document=CTX194100001'")
    count(tab, "#hits li", 2)
    tab.value("document.querySelector('#hits button').click()")
    tab.until("document.querySelector('dialog[open] .like') !== null")
    tab.key("l")
    count(tab, "#hits li", 5)
    assert "like=" in tab.value("location.search") and not tab.value("document.querySelector('#sought').hidden")
    tab.value("history.back()")
    count(tab, "#hits li", 2)
    tab.click_on("#clear")
    count(tab, "#hits li", 6)
    tab.click_on("#text")
    tab.write("a drawing")
    tab.key("Enter")
    tab.until("document.querySelector('#notes li') !== null")
    count(tab, "#hits li", 6)


def test_a_picture_is_searched_for(opened, folder):
    tab = opened("collection")
    count(tab, "#hits li", 6)
    tab.choose("#choose", [folder / HARMFUL])
    tab.until("document.querySelector('#sought span').textContent.includes('onerror')")
    tab.until("document.querySelector('#hits .facts')?.textContent.includes('likeness')")
    assert texts(tab, "#hits .file")[0] == "CTX194100001-2.png"
    tab.drop(600, 500, [folder / "broken.png"])
    tab.until("document.querySelector('#status').textContent.includes('truncated')")
    tab.click_on("#forget")
    count(tab, "#hits li", 6)
