"""The room of formulas, answering on a port of this machine, with a tiny model."""

from __future__ import annotations

import threading

import pytest


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A model folder with graphs; its readings are random, and always the same."""
    from formula_models import tiny_formula_model

    return tiny_formula_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def recognizer(model):
    from formulas.recognizer import Recognizer

    return Recognizer.load(model, threads=1)


class Desks:
    """Desks that answer until `end`."""

    def __init__(self, recognizer):
        self._recognizer, self._begun = recognizer, []

    def __call__(self, limits=None, token=""):
        """Start one; its address."""
        from desk.formulas import formulas_room
        from desk.serving import listening, server_of

        door = listening("127.0.0.1", 0)
        port = door.getsockname()[1]
        server = server_of([formulas_room(self._recognizer, limits)], "Formulas", port, token)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        self._begun.append((server, thread, door))
        return f"http://127.0.0.1:{port}"

    def end(self):
        for server, thread, door in self._begun:
            server.should_exit = True
            thread.join()
            door.close()
        self._begun.clear()


@pytest.fixture
def start(recognizer):
    desks = Desks(recognizer)
    yield desks
    desks.end()


@pytest.fixture(scope="session")
def page_model(tmp_path_factory):
    """A tiny model of pages with graphs, of the categories in `desk_pages.LABELS`."""
    from tiny import tiny_model_folder

    return tiny_model_folder(tmp_path_factory.mktemp("models") / "pages")


@pytest.fixture(scope="module")
def browser():
    from browser import Browser

    with Browser() as started:
        yield started


@pytest.fixture
def desk(tmp_path):
    """A run to be reviewed, on a desk that answers."""
    from review_desk import ReviewDesk

    with ReviewDesk(tmp_path) as opened:
        yield opened


@pytest.fixture
def visit(browser, desk):
    """Visits to the page of review; nothing on it may fail."""
    from review_visit import GRID, Visit

    visits = []

    def begin(query=GRID, **more):
        visits.append(Visit(browser, desk, query, **more))
        return visits[-1]

    yield begin
    for one in visits:
        one.end()
