"""A small run to be reviewed: real pages, a result table and a run record as a run leaves them; a desk that has it."""

from __future__ import annotations

import contextlib
import csv
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from desk_client import Answer, ask
from PIL import Image

RUN = "20261121-101500_ViT-B16"
CATEGORIES = ["DRAW", "PHOTO", "TEXT_P", "TEXT_T"]
HEAD = ["FILE", "PAGE", "CLASS-1", "CLASS-2", "SCORE-1", "SCORE-2", "PATH"]


def row(number: int, first: str = "TEXT_P", second: str = "TEXT_T", score: float = 0.9, path: str = "") -> list[str]:
    """A row of a result table: eight pages a document."""
    document, page = divmod(number, 8)
    file = f"CTX{100 + document}"
    return [file, str(page + 1), first, second, f"{score:.4f}", f"{1 - score:.4f}", path or f"{file}-{page + 1}.png"]


def write_table(file: Path, rows: Sequence[Sequence[str]], head: Sequence[str] = HEAD) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([head, *rows])
    return file


def a_run(folder: Path, rows: Sequence[Sequence[str]] | None = None) -> Path:
    """Write a run below a folder; its table."""
    if rows is None:
        rows = [row(at, CATEGORIES[at % 4], CATEGORIES[(at + 1) % 4], 0.6 + at / 100) for at in range(40)]
    pages = folder / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    for number, cells in enumerate(rows):
        with contextlib.suppress(OSError, ValueError):
            if not (pages / cells[-1]).exists() and Path(cells[-1]).name == cells[-1]:
                Image.new("L", (60, 80), number % 256).save(pages / cells[-1])
    tables = folder / "out" / "tables"
    table = write_table(tables / f"result_{RUN}_2n_4c.csv", rows)
    record = {"name": RUN, "input": str(pages), "model": {"name": "v9", "hash": "ab" * 32, "categories": CATEGORIES}}
    (tables / f"{RUN}_run.json").write_text(json.dumps(record), encoding="utf-8")
    return table


def a_desk(table: Path, output: Path):
    """What `run.py desk TABLE` makes of it."""
    from desk.command import OpenDesk
    from desk.desk import open_desk
    from settings.schema import Settings

    return open_desk(Settings().replaced("output", folder=output), OpenDesk(table=table, browser=False))


@contextlib.contextmanager
def answering(table: Path, output: Path, token: str = "") -> Iterator[str]:
    """A desk with the room of review alone; its address."""
    with answering_desk(a_desk(table, output), token) as address:
        yield address


@contextlib.contextmanager
def answering_desk(desk, token: str = "") -> Iterator[str]:
    """As `answering`, of a desk that was opened."""
    from desk.review import review_room
    from desk.serving import listening, server_of

    room = review_room(desk)
    with listening("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        server = server_of([room], "The desk", port, token)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/api/review"
        finally:
            server.should_exit = True
            thread.join()


def post(address: str, **body: object) -> Answer:
    return ask(address, json.dumps(body).encode(), Content_Type="application/json")


def name_of(number: int) -> str:
    """What a browser would call an answer."""
    return f"00000000-0000-4000-8000-{number:012d}"


def decide(address: str, person: str, *answers: tuple[int, str, int], blind: bool = False) -> Answer:
    """Answers of (page, category, number of its name). blind: whether the guess was hidden."""
    given = [
        {"page": page, "category": category, "answer": name_of(number), "blind": blind}
        for page, category, number in answers
    ]
    return post(f"{address}/decisions", person=person, answers=given)
