"""Review in a real browser: what people say is theirs, is text, and is never lost, without the desk too."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from browser import needs_browser
from review_desk import ReviewDesk
from review_visit import CTRL, GRID, HARMFUL, PAGE, Visit, blind, guess


@needs_browser
def test_enter_accepts_a_guess_and_never_one_that_is_not_shown(visit, desk):
    hidden = blind(desk)
    assert hidden, "no page of this run is blind: give it another name (tests/review_desk.py)"
    at = visit(f"{PAGE}&page={hidden[0]}")
    assert "No guess is shown" in at.text("#facts") and at.count(".bars li") == 0
    at.tab.key("Enter")
    at.saved()
    assert at.shown() == hidden[0] and desk.decisions() == {}
    seen = next(page for page in range(40) if page not in hidden)
    at.to(f"{PAGE}&page={seen}")
    assert at.count(".bars li") == 2
    at.tab.key("Enter")
    at.saved()
    assert desk.decisions() == {seen: {"Anna": guess(seen)}}
    at.to("view=grid&order=category")
    names = at.tab.value("[...document.querySelectorAll('.group')].map(one => one.getAttribute('aria-label'))")
    assert names[-1].startswith("No guess is shown") or not set(hidden) & set(at.pages())


@needs_browser
def test_an_answer_without_the_guess_counts_as_it_was_first_given(visit, desk):
    slip, changed = blind(desk)[:2]
    at = visit(f"{PAGE}&page={slip}")
    at.say("cover")
    at.tab.key("z", CTRL)
    assert at.shown() == slip and at.count(".bars li") == 0
    at.say(guess(slip))
    at.saved()
    rate = desk.said("progress")["blind"]
    assert (rate["n"], rate["wrong"]) == (1, 0)
    at.to(f"{PAGE}&page={changed}")
    at.say("cover")
    at.saved()
    at.to(f"{PAGE}&page={changed}&state=all")  # and now the guess is shown
    assert at.count(".bars li") == 2
    at.say(guess(changed))
    at.saved()
    rate = desk.said("progress")["blind"]
    assert desk.decisions()[changed] == {"Anna": guess(changed)} and (rate["n"], rate["wrong"]) == (2, 1)


@needs_browser
def test_names_and_notes_are_text_and_a_broken_page_says_why(visit, desk):
    at = visit(f"{PAGE}&page=5")
    assert HARMFUL in at.text("#facts h2")
    at.tab.key("n")
    at.tab.until("document.querySelector('dialog textarea') !== null")
    at.tab.write("<b>torn</b> at the top, 5?")
    at.tab.key("Enter", CTRL)
    assert "<b>torn</b>" in at.text("#facts .noted")
    at.say("cover")
    at.saved()
    (decision,) = desk.said("pages/5")["decisions"]
    assert (decision["category"], decision["note"]) == ("cover", "<b>torn</b> at the top, 5?")
    at.tab.until("document.querySelector('.notice').textContent.includes('cannot be shown: ')")
    at.to(GRID)
    assert at.count("#grid b, #grid .name span *, #facts b") == 0
    at.tab.until("document.querySelector('[data-id=\"6\"] .no-picture') !== null")


@needs_browser
def test_an_own_category_gets_a_key_and_is_an_answer(visit, desk):
    at = visit(PAGE)
    before = at.tab.value("[...document.querySelectorAll('#categories kbd')].map(one => one.textContent)")
    at.tab.click_on("#own")
    at.tab.until("document.querySelector('#own-name') !== null")
    at.tab.write("a/b")
    at.tab.key("Enter")
    at.tab.until("document.querySelector('dialog .wrong').textContent !== ''")  # no folder could be called so
    at.tab.value("document.querySelector('#own-name').select()")
    at.tab.write("Stamps & seals")
    at.tab.key("Enter")
    at.tab.until("document.querySelector('[data-category=\"Stamps & seals\"]') !== null")
    keys = at.tab.value("[...document.querySelectorAll('#categories kbd')].map(one => one.textContent)")
    assert keys[:-1] == before and keys[-1]
    at.tab.until("document.querySelector('dialog[open]') === null")
    at.tab.key(keys[-1])
    at.saved()
    assert desk.decisions() == {0: {"Anna": "Stamps & seals"}}
    at.refused(409)


@needs_browser
def test_two_people_disagree_and_a_third_looks(visit, desk):
    anna, ben = visit(f"{PAGE}&page=2&state=all"), visit(f"{PAGE}&page=3&state=all", person="Ben")
    anna.say("DRAW")
    anna.saved()
    ben.to(f"{PAGE}&page=2&state=all")
    ben.say("PHOTO")
    ben.saved()
    assert desk.decisions()[2] == {"Anna": "DRAW", "Ben": "PHOTO"}
    ben.tab.value("localStorage.setItem('desk.person', 'Cleo')")
    ben.to("view=page&state=disputed")
    assert ben.shown() == 2 and "Anna: DRAW" in ben.text("#facts") and "Ben: PHOTO" in ben.text("#facts")
    ben.tab.until("document.querySelector('#progress').textContent.includes('1 disputed')")
    ben.say("DRAW")
    ben.saved()
    assert desk.said("queue?state=disputed")["total"] == 0


@needs_browser
def test_two_people_do_not_look_at_the_same_page(visit, desk):
    visit(GRID, person="Ben")
    at = visit(PAGE)
    assert at.shown() == 24  # Ben has the first 24
    at.tab.key("ArrowLeft")
    assert "Ben looks at it now" in at.text("#facts")
    at.to(GRID)
    assert at.count(".tile.lent") == 0 and at.pages()[0] >= 24
    at.tab.key("PageUp")
    at.tab.until("document.querySelectorAll('.tile.lent').length === 24")
    at.tab.key("Enter")  # nothing of it is Anna's to accept
    at.tab.until("document.querySelectorAll('.tile.lent').length === 0")
    assert desk.decisions() == {}
    at.tab.key("PageDown")
    at.tab.until("!document.querySelector('#nothing').hidden")
    assert "24 pages were passed over, as somebody else looks at them" in at.text("#nothing")


@needs_browser
def test_answers_wait_in_the_page_while_the_desk_is_away(visit, desk):
    at = visit(PAGE)
    at.say("DRAW")
    at.saved()
    desk.__exit__()
    at.say("PHOTO")
    at.tab.until("document.querySelector('#saved').className === 'saved trouble'")
    assert at.text("#saved").startswith("1 not saved: The desk does not answer")
    at.tab.until("document.querySelector('.sheet img') !== null")
    at.tab.key("z", CTRL)
    at.say("LINE_T")
    assert at.text("#saved").startswith("3 not saved")
    event = "new Event('beforeunload', {cancelable: true})"
    leaving = f"(event => {{ dispatchEvent(event); return event.defaultPrevented; }})({event})"
    assert at.tab.value(leaving)
    desk.__enter__()
    at.saved()
    assert desk.decisions() == {0: {"Anna": "DRAW"}, 1: {"Anna": "LINE_T"}}
    assert not at.tab.value(leaving)
    at.tab.problems[:] = []  # the requests that nobody answered


@needs_browser
def test_a_page_that_was_opened_with_other_rows_shows_and_decides_none_of_them(visit, desk):
    at = visit(PAGE)
    desk.__exit__()
    table = desk.table.read_bytes()
    head, *rows = table.splitlines(keepends=True)
    desk.table.write_bytes(b"".join([head, *rows[::-1]]))
    desk.__enter__()
    at.say("PHOTO")
    at.tab.until("document.querySelector('#saved').textContent.includes('another run')")
    for _ in range(11):  # beyond those that were made ready
        at.tab.key("ArrowRight")
        at.tab.until("document.querySelector('.sheet img')?.complete || document.querySelector('.notice').textContent")
    at.tab.until("document.querySelector('.notice').textContent.includes('another run')")
    assert desk.decisions() == {}
    desk.__exit__()
    desk.table.write_bytes(table)
    desk.__enter__()
    at.saved()
    assert desk.decisions() == {0: {"Anna": "PHOTO"}}
    at.tab.problems[:] = []  # what was refused, or not answered


@needs_browser
def test_pictures_that_did_not_come_come_with_the_desk(visit, desk):
    at = visit(PAGE)
    desk.__exit__()
    for _ in range(11):  # beyond those that were made ready
        at.tab.key("ArrowRight")
        at.tab.until("document.querySelector('.sheet img')?.complete || document.querySelector('.notice').textContent")
    at.tab.until("document.querySelector('.notice').textContent.includes('does not answer')")
    at.say("DRAW")  # of a page that nobody sees
    desk.__enter__()
    at.tab.until("document.querySelector('.sheet img')?.complete")
    at.say("PHOTO")
    at.saved()
    assert desk.decisions() == {11: {"Anna": "PHOTO"}}
    at.tab.problems[:] = []  # the requests that nobody answered


@needs_browser
def test_answers_of_a_page_that_was_closed_are_sent_as_it_is_opened_again(visit, desk):
    at = visit(PAGE)
    line = {"kind": "answer", "id": "3d9f0c52-7f4e-4c1b-9a63-1c1f1f0a7d11-0", "person": "Anna", "view": "page"}
    line |= {"page": 4, "category": "DRAW", "note": "", "seconds": 1}
    place = f"desk.unsaved.{desk.said('')['token']}.earlier"
    at.tab.value(f"localStorage.setItem({json.dumps(place)}, {json.dumps(json.dumps([line]))})")
    at.to(PAGE)
    at.tab.until("document.querySelector('.toast') !== null")
    at.saved()
    assert desk.decisions() == {4: {"Anna": "DRAW"}}
    assert at.tab.value("Object.keys(localStorage).filter(key => key.startsWith('desk.unsaved')).length") == 0
    answers = [{"page": page, "category": "PHOTO", "answer": f"many-pages-{page}"} for page in (1, 2, 3)]
    desk.said("decisions", {"person": "Anna", "answers": answers})
    undone = [{"kind": "undo", "id": f"many-undone-{page}", "of": f"many-pages-{page}"} for page in (3, 2, 1)]
    undone = [{**one, "person": "Anna", "page": page} for one, page in zip(undone, (3, 2, 1), strict=True)]
    at.tab.value(f"localStorage.setItem({json.dumps(place)}, {json.dumps(json.dumps(undone))})")
    at.to(f"{GRID}&state=all")
    assert at.count(".tile.decided") == 1  # and none of those that were accepted at once and taken back
    assert desk.decisions() == {4: {"Anna": "DRAW"}}
    at.tab.key("z", CTRL)
    at.tab.key("y", CTRL)
    at.saved()
    assert desk.decisions() == {4: {"Anna": "DRAW"}}
    before = f"{desk.said('')['token'][:-1]}.earlier"  # the same table, with other rows
    at.tab.value(f"localStorage.setItem({json.dumps('desk.unsaved.' + before)}, {json.dumps(json.dumps([line]))})")
    at.to(PAGE)
    at.tab.until("document.querySelector('.toast')?.textContent.startsWith('1 answer on a table of this name')")
    at.tab.value(f"localStorage.removeItem({json.dumps('desk.unsaved.' + before)})")
    refused = {**line, "id": "another-answer-0", "page": 7, "category": "NOWHERE"}
    at.tab.value(f"localStorage.setItem({json.dumps(place)}, {json.dumps(json.dumps([refused]))})")
    at.to(PAGE)
    at.tab.until("document.querySelector('.toast.error') !== null")
    assert "NOWHERE" in at.text(".toast.error") and desk.decisions() == {4: {"Anna": "DRAW"}}
    at.refused(404)


@needs_browser
def test_what_was_said_too_long_ago_to_be_undone_is_not_said_anew_by_enter(visit, desk):
    def given(page, category, number):
        return {"page": page, "category": category, "answer": f"long-ago-{number:05d}-0"}

    desk.said("decisions", {"person": "Anna", "answers": [given(4, "cover", 0)]})
    for start in range(1, 10_001, 500):
        answers = [given(3, "DRAW", number) for number in range(start, start + 500)]
        desk.said("decisions", {"person": "Anna", "answers": answers})
    at = visit(f"{GRID}&state=all")
    assert at.count(".tile.decided") == 2
    at.tab.key("Enter")
    at.tab.until("document.querySelectorAll('.tile.decided').length > 20")
    at.saved()
    assert desk.decisions()[4] == {"Anna": "cover"}


@needs_browser
def test_search_state_and_document_choose_what_is_looked_at(visit, desk):
    at = visit()
    at.tab.value("document.querySelector('#search').focus()")
    at.tab.write("CTX1903 ")
    at.tab.until("document.querySelectorAll('.tile').length === 4")
    assert at.tab.value("document.querySelector('#search').value") == "CTX1903 "  # one goes on typing
    assert at.pages() == [12, 13, 14, 15] and at.tab.value("document.activeElement.id") == "search"
    at.tab.key("Enter")  # back to the pages
    at.ready()
    assert "search=CTX1903" in at.tab.value("location.search") and desk.decisions() == {}
    at.to(f"{PAGE}&page=9")
    at.tab.click_on("#facts .plain")
    at.tab.until("document.querySelector('#whole').textContent.includes('CTX1902')")
    at.tab.key("g")
    at.tab.until("document.querySelectorAll('.tile').length === 4")
    at.tab.click_on("#whole")
    at.tab.until("document.querySelectorAll('.tile').length === 24")
    at.tab.value("document.querySelector('#search').focus()")
    at.tab.write("nowhere")
    at.tab.until("document.querySelector('#nothing').textContent.startsWith('No page is like that.')")
    assert "search=nowhere" in at.tab.value("location.search")
    at.to("state=disputed")
    assert at.text("#nothing").startswith("No page is disputed.")


@needs_browser
def test_a_search_that_comes_late_is_not_shown(visit):
    at = visit()
    at.tab.hold("*search=CTX1903*")
    at.tab.value("document.querySelector('#search').focus()")
    at.tab.write("CTX1903")
    at.tab.until_held()
    at.tab.value("document.querySelector('#search').select()")
    at.tab.write("CTX1904")
    at.tab.until("document.querySelectorAll('.tile').length === 4")
    assert sorted(at.pages()) == [16, 17, 18, 19]
    at.tab.let_go()
    at.tab.until("performance.getEntriesByType('resource').some(one => one.name.includes('CTX1903'))")
    at.tab.value("new Promise(done => setTimeout(done, 300))")
    assert sorted(at.pages()) == [16, 17, 18, 19] and "search=CTX1904" in at.tab.value("location.search")


WALK = """
(async () => {
  const { Queue } = await import("/static/review_queue.js");
  const { ask } = await import("/static/frame.js");
  const { newId } = await import("/static/review_answers.js");
  const given = new Map();
  const say = (person, pages, category) => {
    const answers = pages.map(page => ({ page, category, note: "", seconds: 0, answer: newId() }));
    for (const one of answers) given.set(one.page, one.answer);
    return ask("/api/review/decisions", { body: { person, view: "page", answers } });
  };
  const undo = page => ask("/api/review/undo", { body: { person: "Anna", answer: given.get(page), undo: newId() } });
  const walks = [];
  const walk = async (filter, act) => {
    const all = { order: "doubtful", category: "", document: "", search: "", ...filter };
    const { pages } = await ask(`/api/review/queue?${new URLSearchParams({ ...all, count: 500 })}`);
    const wanted = pages.map(page => page.id);
    const queue = new Queue(all, "Anna"), seen = [];
    for (;;) {
      await queue.reach(seen.length + 1);
      if (!queue.pages[seen.length]) break;
      seen.push(queue.pages[seen.length].id);
      await act(seen.at(-1));
    }
    walks.push([JSON.stringify(filter), wanted, seen]);
  };
  await walk({ state: "open" }, page => say("Anna", [page], "DRAW"));
  await walk({ state: "decided" }, undo);
  await walk({ state: "open", category: "DRAW", order: "likeness" }, page => say("Anna", [page], "DRAW"));
  await walk({ state: "open", search: "ctx19" }, page => say("Anna", [page], "DRAW"));
  const both = walks.at(-1)[2];
  await say("Ben", both, "PHOTO");
  await walk({ state: "disputed", order: "document" }, page => say("Cleo", [page], "DRAW"));
  await walk({ state: "all", order: "table" }, page => say("Anna", [page], "PHOTO"));
  return walks;
})()
"""


@needs_browser
def test_whatever_is_answered_on_the_way_each_page_of_a_queue_comes_once(browser, tmp_path):
    with ReviewDesk(tmp_path, pages=170) as desk:  # a request takes 120
        at = Visit(browser, desk, GRID)
        for queue, wanted, seen in at.tab.value(WALK):
            assert seen == wanted, queue
        assert len(wanted) == 170
        at.end()


@needs_browser
def test_enter_keeps_an_answer_that_was_given(visit, desk):
    at = visit(f"{PAGE}&state=all")
    assert "Accept the guess" in at.text("#accept")
    at.say("PHOTO")
    at.tab.key("ArrowLeft")
    assert at.shown() == 0 and "Keep your answer" in at.text("#accept")
    at.ready()
    at.tab.key("Enter")
    at.ready()
    assert at.shown() == 1 and desk.decisions() == {0: {"Anna": "PHOTO"}}
