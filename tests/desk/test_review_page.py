"""The page of review in a real browser: many pages and one, by keys, clicks and drags."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from browser import needs_browser
from review_visit import CTRL, GRID, PAGE, SHIFT, blind, guess


@needs_browser
def test_the_name_is_asked_once(browser, desk):
    tab = browser.open(f"{desk.address}/review")
    tab.until("document.querySelector('dialog[open] #person-name') !== null")
    tab.key("Enter")  # nobody has no name
    assert tab.value("document.querySelector('dialog[open]') !== null")
    tab.write("  Eva   Novak ")
    tab.key("Enter")
    tab.until("document.querySelectorAll('.tile').length > 0")
    assert tab.value("document.querySelector('#change-person').textContent") == "Eva Novak"
    tab.ask("Page.navigate", url=f"{desk.address}/review?view=page")
    tab.until("document.querySelector('.sheet img') !== null")
    assert tab.value("document.querySelector('dialog[open]') === null")
    tab.value("localStorage.clear()")
    tab.ask("Page.close")


@needs_browser
def test_a_digit_relabels_what_the_mouse_points_at_and_enter_accepts_the_rest(visit, desk):
    at = visit()
    screen = at.pages()
    hidden = set(blind(desk))
    assert len(screen) == 24
    seen = [page for page in screen if page not in {*hidden, 6}]  # 6 has no picture
    wrong = seen[3]
    at.tab.move(*at.middle(wrong))
    at.say("PHOTO" if guess(wrong) != "PHOTO" else "DRAW")
    at.saved()
    assert list(desk.decisions()) == [wrong]
    assert at.count(".tile.decided.changed") == 1 and at.pages() == screen  # it stays where it is
    at.tab.key("Enter")
    at.tab.until("document.querySelectorAll('.toast').length === 1")
    assert at.pages() == screen and f"{len(screen) - len(seen)} pages" in at.text(".toast")
    at.tab.key("Enter")  # what no guess or picture was shown of is left
    at.tab.until(f"!document.querySelector('[data-id=\"{screen[0]}\"]')")
    at.saved()
    said = desk.decisions()
    assert set(said) == set(seen)
    assert all(said[page] == {"Anna": guess(page)} for page in seen if page != wrong)
    assert not set(at.pages()) & set(screen)


@needs_browser
def test_many_are_chosen_by_drag_by_shift_and_by_keys(visit, desk):
    at = visit()
    screen = at.pages()
    width = at.tab.value("getComputedStyle(document.querySelector('#grid')).gridTemplateColumns.split(' ').length")
    start, stop = at.middle(screen[0]), at.middle(screen[width + 1])
    at.tab.drag(start, stop)
    assert at.count("[aria-selected=true]") == 4
    at.say("blank")
    at.saved()
    assert desk.decisions() == {screen[at_]: {"Anna": "blank"} for at_ in (0, 1, width, width + 1)}
    at.tab.click(*at.middle(screen[2]))
    at.tab.ask("Input.dispatchMouseEvent", type="mousePressed", x=at.middle(screen[5])[0], y=at.middle(screen[5])[1],
               button="left", buttons=1, clickCount=1, modifiers=SHIFT)  # fmt: skip
    at.tab.ask("Input.dispatchMouseEvent", type="mouseReleased", x=at.middle(screen[5])[0], y=at.middle(screen[5])[1],
               button="left", clickCount=1, modifiers=SHIFT)  # fmt: skip
    assert at.count("[aria-selected=true]") == 4 and "4 pages" in at.text("#facts")
    at.say("cover")
    at.saved()
    assert sum(one == {"Anna": "cover"} for one in desk.decisions().values()) == 4
    at.tab.move(5, 5)
    at.tab.value(f"document.querySelector('[data-id=\"{screen[-1]}\"]').focus()")
    at.tab.key("ArrowLeft", SHIFT)
    at.tab.key("ArrowLeft", SHIFT)
    assert at.count("[aria-selected=true]") == 3
    before = desk.decisions()
    at.tab.key("Escape")
    for name in ("ArrowUp", "ArrowLeft", "ArrowRight", "ArrowDown", "Home", "End", "PageDown", "PageUp"):
        at.tab.key(name)  # moving decides nothing
    at.ready()
    assert desk.decisions() == before


@needs_browser
def test_undo_takes_back_all_that_one_key_did_and_redo_does_it_again(visit, desk):
    at = visit()
    screen = at.pages()
    at.tab.move(5, 5)
    at.tab.key("a", CTRL)
    at.say("chart")
    at.saved()
    at.tab.value(f"document.querySelector('[data-id=\"{screen[1]}\"]').focus()")
    at.say("PHOTO")
    at.saved()
    assert desk.decisions()[screen[1]] == {"Anna": "PHOTO"}
    at.tab.key("z", CTRL)
    at.saved()
    assert desk.decisions() == {page: {"Anna": "chart"} for page in screen}
    at.tab.key("z", CTRL)
    at.saved()
    assert desk.decisions() == {} and at.count(".tile.decided") == 0
    at.tab.key("z", CTRL)  # nothing is left to undo
    at.tab.key("z", CTRL | SHIFT)
    at.tab.key("y", CTRL)
    at.saved()
    assert desk.decisions() == {**{page: {"Anna": "chart"} for page in screen}, screen[1]: {"Anna": "PHOTO"}}
    at.to(PAGE)  # opened anew: what was done can still be undone
    at.tab.key("z", CTRL)
    at.saved()
    assert desk.decisions()[screen[1]] == {"Anna": "chart"} and at.shown() == screen[1]


@needs_browser
def test_one_page_arrows_move_and_deciding_keys_go_on_to_the_next_undecided(visit, desk):
    at = visit(PAGE)
    assert at.shown() == 0
    for name, shown in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("ArrowDown", 2), ("ArrowUp", 1)]:
        at.tab.key(name)
        at.tab.until(f"document.querySelector('.sheet img').src.includes('pages/{shown}/')")
    assert desk.decisions() == {}
    at.say("TEXT_P")
    assert at.shown() == 2
    at.tab.key("ArrowLeft")
    assert at.shown() == 1 and "You: TEXT_P" in at.text("#facts")
    at.tab.key("ArrowLeft")
    at.say("DRAW")
    assert at.shown() == 2  # 1 is decided already
    at.tab.key("s")
    assert at.shown() == 3
    at.saved()
    assert desk.decisions() == {0: {"Anna": "DRAW"}, 1: {"Anna": "TEXT_P"}}
    at.tab.key("z", CTRL)
    assert at.shown() == 0
    at.saved()
    assert desk.decisions() == {1: {"Anna": "TEXT_P"}}


@needs_browser
def test_the_next_page_is_there_before_it_is_asked_for(visit):
    at = visit(PAGE)
    at.tab.until("performance.getEntriesByType('resource').filter(one => one.name.includes('width=1600')).length >= 5")
    time.sleep(0.3)
    asked = len(at.tab.requests)
    at.tab.key("ArrowRight")
    assert at.tab.value("document.querySelector('.sheet img').complete")
    assert [one for one in at.tab.requests[asked:] if "pages/1/picture?width=1600" in one] == []


@needs_browser
def test_zoom_turn_and_pan(visit):
    at = visit(PAGE)
    box = "document.querySelector('.sheet img').getBoundingClientRect()"
    size = f"(r => [Math.round(r.width), Math.round(r.height)])({box})"
    width, height = at.tab.value(size)
    at.tab.key("+")
    wider, _ = at.tab.value(size)
    assert wider > width
    at.tab.key("f")
    assert at.tab.value(size) == [width, height]
    at.tab.key("r")
    lying = at.tab.value(size)
    assert lying[0] > lying[1]  # the page stood
    at.tab.key("R", SHIFT)
    assert at.tab.value(size) == [width, height]
    for _ in range(8):
        at.tab.key("+")
    left = at.tab.value("document.querySelector('.sheet img').getBoundingClientRect().left")
    at.tab.drag((500, 500), (560, 500))
    assert at.tab.value("document.querySelector('.sheet img').getBoundingClientRect().left") > left


@needs_browser
def test_all_is_reached_by_the_keyboard_and_has_a_name(visit):
    at = visit()
    at.tab.value("document.body.focus()")
    at.tab.key("?")
    at.tab.until("document.querySelector('dialog .keys') !== null")
    assert "accept the guesses" in at.text("dialog .keys") and "TEXT_P" in at.text("dialog .keys")
    at.tab.key("Escape")
    at.tab.value("document.querySelector('.skip').focus()")
    seen = set()
    for _ in range(40):
        at.tab.key("Tab")
        seen.add(at.tab.value("document.activeElement.id || document.activeElement.className"))
    assert seen >= {"open-keys", "state", "order", "category", "search", "tiles", "accept", "own"}
    assert any(one.startswith("tile") for one in seen)
    for query in (GRID, PAGE):
        at.to(query)
        at.tab.ask("Accessibility.enable")
        nodes = [node for node in at.tab.ask("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
        named = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes]
        roles = ("button", "textbox", "searchbox", "combobox", "radio", "image", "option", "listbox", "group", "link")
        assert [role for role, name in named if role in roles and not name] == []
    assert ("image", "Picture of CTX1900, page 1") in named


@needs_browser
@pytest.mark.parametrize(("width", "height"), [(390, 844), (700, 450), (820, 1180), (1280, 720)])
@pytest.mark.parametrize("query", [GRID, PAGE])
def test_nothing_is_cut_off_on_telephones_tablets_and_at_200_percent(visit, query, width, height):
    at = visit(query, width=width, height=height)
    assert at.tab.value("document.documentElement.scrollWidth") <= width
    box = "document.querySelector('#accept').getBoundingClientRect()"
    left, right, top, bottom = at.tab.value(f"(r => [r.left, r.right, r.top, r.bottom])({box})")
    assert min(left, top) >= 0 and right <= width and bottom <= height  # always at hand


IN_VIEW = """[...document.querySelectorAll('.tile')].filter(tile => {
  const box = tile.getBoundingClientRect(), middle = box.top + box.height / 2;
  return middle > 0 && middle < document.querySelector('#bar').getBoundingClientRect().top;
}).map(tile => Number(tile.dataset.id))"""


@needs_browser
@pytest.mark.parametrize(("width", "height"), [(390, 844), (640, 400)])  # a telephone; 1280 x 800 at 200 %
def test_what_was_not_in_view_is_not_accepted(visit, desk, width, height):
    at = visit(width=width, height=height)
    seen = set(at.tab.value(IN_VIEW))
    at.tab.key("Enter")
    at.tab.until("document.scrollingElement.scrollTop > 0")
    at.saved()
    assert desk.decisions() == {}
    for _ in range(12):
        if at.count(".tile.decided") or desk.decisions():
            break
        seen |= set(at.tab.value(IN_VIEW))
        at.tab.key("Enter")
        at.saved()
    assert set(desk.decisions()) == set(range(24)) - {*blind(desk), 6} and set(desk.decisions()) <= seen


@needs_browser
def test_at_200_percent_the_keys_of_the_categories_hide_nothing_that_is_looked_at(visit):
    at = visit(width=640, height=400)
    for _ in range(3):
        at.tab.key("ArrowDown")
        focused, bar = "document.activeElement.getBoundingClientRect()", "document.querySelector('#bar')"
        assert at.tab.value(f"{focused}.bottom <= {bar}.getBoundingClientRect().top + 1")
    at.to(PAGE)
    stage = "document.querySelector('#stage').getBoundingClientRect()"
    assert at.tab.value(f"{stage}.top >= -1 && {stage}.bottom <= {bar}.getBoundingClientRect().top + 1")
