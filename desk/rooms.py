"""Which rooms the desk has, in the order of its navigation, and why others are not there.

    rooms, absent = rooms_of(desk)           # what make_app takes; absent: {"review": "nothing was sorted yet: ..."}

A room is one line of `ROOMS`: its name, and what builds it. A builder returns the room, or in one line why there is
none; what it needs is imported as it is called, so that a desk without formulas does not load them.
"""

from __future__ import annotations

from collections.abc import Callable

from desk.app import Room
from desk.desk import Desk
from formulas.flags import SHIPPED
from utils import UserError

Builder = Callable[[Desk], Room | str]


def _review(desk: Desk) -> Room | str:
    from desk.review import review_room

    return review_room(desk)


def _handin(desk: Desk) -> Room | str:
    from desk.handin import handin_room
    from desk.sorter import index_of

    return handin_room(desk.sorter, index_of(desk.settings, desk.sorter, desk.pages, desk.table))


def _collection(desk: Desk) -> Room | str:
    from desk.collection import collection_room
    from desk.sorter import index_of, maps_of

    sorter, why = None, ""
    try:
        sorter = desk.sorter
    except UserError as error:  # all but a search by image does without
        why = str(error)
    index = index_of(desk.settings, sorter, desk.pages, desk.table)
    if isinstance(index, str):
        return index
    reader = sorter.classifying if sorter else why
    most = desk.settings.input.max_pixels
    return collection_room(index, reader, maps=maps_of(desk.settings), reviewed=desk.pages, max_pixels=most)


def _runs(desk: Desk) -> Room | str:
    from desk.runs import runs_room

    return runs_room(desk)


def _formulas(desk: Desk) -> Room | str:
    if not SHIPPED.is_dir():
        return "the model of formulas is not there"
    from desk.formulas import formulas_room
    from formulas.reading_job import open_recognizer

    return formulas_room(open_recognizer(SHIPPED, desk.settings, few=True))


ROOMS: tuple[tuple[str, Builder], ...] = (
    ("review", _review),
    ("handin", _handin),
    ("collection", _collection),
    ("runs", _runs),
    ("formulas", _formulas),
)


def rooms_of(desk: Desk) -> tuple[list[Room], dict[str, str]]:
    """The rooms that there are, and the names of others with the reason why they are not there."""
    rooms: list[Room] = []
    absent: dict[str, str] = {}
    for name, build in ROOMS:
        try:
            built = build(desk)
        except UserError as error:  # a model that cannot be loaded, say: the other rooms need not miss
            built = str(error)
        if isinstance(built, Room):
            rooms.append(built)
        else:
            absent[name] = built
    return rooms, absent
