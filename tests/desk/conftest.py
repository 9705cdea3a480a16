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


@pytest.fixture
def output(tmp_path):
    """The output folder of a desk."""
    return tmp_path / "out"


@pytest.fixture
def scans(tmp_path):
    """Five pages, and a file that is called as HTML is and is none."""
    from desk_pages import page
    from desk_runs import HARMFUL

    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(5):
        page(number).save(folder / f"doc{number // 3}-{number % 3 + 1}.png")
    (folder / f"{HARMFUL}.png").write_bytes(b"no picture")
    return folder.resolve()


@pytest.fixture
def opened(output):
    """The address of a room of runs on the output folder."""
    from desk_pages import serving
    from desk_runs import desk_for

    from desk.runs import runs_room

    with serving([runs_room(desk_for(output))]) as address:
        yield address
