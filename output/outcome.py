"""What became of a page: it was scored, or it failed and says why. (What a room makes of pages beside scores is a class
of its own, as `Done` has it.)

outcomes = [Scored([0.9, 0.1]), Scored([0.6, 0.4], "JPEG: bad Huffman code"), Failed("the file is empty")]
count_failed(outcomes)      # 1
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from reading.turns import Turn

NO_SCORES = "the model gave no valid scores for this page"


class Done(Protocol):
    """What became of a page that did not fail, as the journal of a run keeps it.

    warning: what a decoder complained about, "" for nothing. width: the same number for all pages of a run; none: why a
    page failed that has no `is_sound` outcome.
    """

    warning: str
    none: ClassVar[str]

    @property
    def width(self) -> int:
        """Numbers that the outcome holds."""

    @property
    def is_sound(self) -> bool:
        """Whether they are numbers."""

    def line(self) -> str:
        """JSON in ASCII, on one line, and no bare string; it comes back exactly."""

    @classmethod
    def from_line(cls, value: Any) -> Self:
        """What `line` was of, parsed; KeyError, TypeError or ValueError where it is none."""


@dataclass(frozen=True, slots=True)
class Scored:
    """scores: over the categories, unrounded. warning: what a decoder complained about, "" for nothing.

    unlike: how unlike the page is to those that the model learned from, in 0..1; None where the model cannot say.
    turn: how the page lies, None where nobody asked.
    """

    scores: list[float]
    warning: str = ""
    unlike: float | None = None
    turn: Turn | None = None
    none: ClassVar[str] = NO_SCORES

    @property
    def width(self) -> int:
        """How many categories there are."""
        return len(self.scores)

    @property
    def is_sound(self) -> bool:
        """Whether all scores are numbers."""
        return all(map(math.isfinite, self.scores)) and (self.unlike is None or math.isfinite(self.unlike))

    def line(self) -> str:
        """As `Done` has it."""
        # Nine significant digits bring every float32 back exactly.
        scores = f"[{','.join(format(score, '.9g') for score in self.scores)}]"
        more = {name: value for name in ("warning", "unlike") if (value := getattr(self, name)) not in ("", None)}
        if self.turn is not None:
            more["turn"] = [self.turn.degrees, round(self.turn.sure, 4), self.turn.certain]
        return f'{{"scores": {scores}, {json.dumps(more)[1:]}' if more else scores

    @classmethod
    def from_line(cls, value: Any) -> Scored:
        """As `Done` has it."""
        if isinstance(value, list):
            return cls(value)
        turn = value.get("turn")
        if turn is not None:
            degrees, sure, certain = turn  # the journal reads all numbers as floats
            turn = Turn(None if degrees is None else int(degrees), float(sure), bool(certain))
        return cls(value["scores"], value.get("warning", ""), value.get("unlike"), turn)


@dataclass(frozen=True, slots=True)
class Failed:
    """reason: one plain phrase for the errors table."""

    reason: str


Outcome = Scored | Failed


def line_of(outcome: Done | Failed) -> str:
    """JSON in ASCII, on one line; `outcome_of` brings it back."""
    return json.dumps(outcome.reason) if isinstance(outcome, Failed) else outcome.line()


def outcome_of(value: object, kind: type[Done] = Scored) -> Done | Failed:
    """What `line_of` was of, parsed. KeyError, TypeError or ValueError where it is none."""
    return Failed(value) if isinstance(value, str) else kind.from_line(value)


def count_failed(outcomes: Iterable[Outcome]) -> int:
    """How many of them failed."""
    return sum(isinstance(outcome, Failed) for outcome in outcomes)
