"""A person at the page of review, in a real browser, for tests.

at = Visit(browser, desk, GRID)                       # desk: a ReviewDesk (review_desk.py)
at.say("TEXT_P"); at.saved(); at.tab.key("z", CTRL)
"""

from __future__ import annotations

import json

from review_desk import CATEGORIES, HARMFUL

__all__ = ["CTRL", "GRID", "HARMFUL", "PAGE", "SHIFT", "Visit", "blind", "guess"]

CTRL, SHIFT = 2, 8
GRID, PAGE = "view=grid&order=table", "view=page&order=table"


class Visit:
    """A tab of a person at the page of review."""

    def __init__(self, browser, desk, query, person="Anna", **size):
        self.desk = desk
        self.tab = tab = browser.open(f"{desk.address}/static/icon.svg", **size)
        tab.until("document.readyState === 'complete' && location.protocol === 'http:'")
        tab.value(f"localStorage.setItem('desk.person', {json.dumps(person)})")
        self.to(query)

    def to(self, query):
        self.tab.ask("Page.navigate", url=f"{self.desk.address}/review?{query}")
        shown = "document.querySelector('.tile, .sheet img') || !document.querySelector('#nothing').hidden"
        self.tab.until(f"!!document.querySelector('#nothing') && Boolean({shown})")
        self.ready()

    def ready(self):
        """All pictures that are shown have arrived, and all answers are saved."""
        self.tab.until("[...document.querySelectorAll('.tile img, .sheet img')].every(one => one.complete)")
        self.saved()

    def saved(self):
        self.tab.until("document.querySelector('#saved').className === 'saved done'")

    def text(self, selector):
        return self.tab.value(f"document.querySelector({json.dumps(selector)})?.textContent")

    def count(self, selector):
        return self.tab.value(f"document.querySelectorAll({json.dumps(selector)}).length")

    def pages(self):
        """Ids of the tiles, in the order in which they are shown."""
        return self.tab.value("[...document.querySelectorAll('.tile')].map(one => Number(one.dataset.id))")

    def shown(self):
        """The id of the large page."""
        return self.tab.value("Number(document.querySelector('.sheet img').src.match(/pages.(\\d+)/)[1])")

    def middle(self, page):
        box = f"document.querySelector('[data-id=\"{page}\"]').getBoundingClientRect()"
        return tuple(self.tab.value(f"(r => [r.x + r.width / 2, r.y + r.height / 2])({box})"))

    def key_of(self, category):
        selector = f"#categories [data-category={json.dumps(category)}] kbd"
        return self.text(selector)

    def say(self, category):
        self.tab.until("[...document.querySelectorAll('.sheet img')].every(one => one.complete)")
        self.tab.key(self.key_of(category))

    def refused(self, status):
        """A refusal of that status was expected; nothing else was, see `end`."""
        assert [one for one in self.tab.problems if f" {status} " in one] != []
        self.tab.problems[:] = [one for one in self.tab.problems if f" {status} " not in one]

    def end(self):
        expected = ("422", "favicon.ico")  # page 6, which is no image; a picture alone (`__init__`) names no icon
        problems = [one for one in self.tab.problems if not any(each in one for each in expected)]
        assert problems == [], problems
        assert self.tab.dialogs == []
        assert [one for one in self.tab.foreign if not one.startswith(self.desk.address)] == []
        assert self.tab.value("window.harm === undefined")
        self.tab.ask("Page.close")


def blind(desk):
    return [page["id"] for page in desk.said("queue?order=table&count=500")["pages"] if page["blind"]]


def guess(page):
    return CATEGORIES[page % 4]
