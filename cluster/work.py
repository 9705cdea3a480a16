"""What a run does with its items: what a job gives a plan, so that any worker can do a shard of it.

class SortingWork: ...                          # sorting/shards.py; its plan says work="sorting.shards:SortingWork"
work_of(plan).lines(plan.items(3))
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Protocol

from cluster.plan import Items, Plan


class Work(Protocol):
    """What is done with the items of a run: the class that a plan names, made with what the plan holds for it."""

    def __init__(self, job: dict[str, Any], head: dict[str, Any]) -> None:
        """job: of the plan. head: the first line of its list. Loads nothing yet."""

    def computed_by(self) -> dict[str, Any]:
        """What must be the same on all machines: versions, model, engine ... UserError where it cannot be had here, or
        where this machine does not see what it needs."""

    def lines(self, items: Items, *, alone: bool = False) -> Iterator[list[bytes]]:
        """What becomes of items, in order, a line each, some at a time. The same for the same items on any machine.

        alone: each by itself, one after another, nothing begun ahead.
        """

    def failed(self, reason: str) -> bytes:
        """The line of an item that cannot be done at all."""

    def failures(self, lines: list[bytes]) -> int:
        """How many of the lines are failures."""

    def away(self, items: list[bytes], lines: list[bytes]) -> str:
        """What is not there though it should be (a drive), so that these failures mean nothing; "" = nothing."""


def work_of(plan: Plan) -> Work:
    """What a plan wants done."""
    module, name = plan.work.split(":")
    return getattr(importlib.import_module(module), name)(plan.job, plan.head())
