"""How a page lies, and what says so: sheets are scanned on their side and upside down, and no EXIF tells.

    turn = finder.find(image)                 # Turn(90, 0.998): 90 degrees clockwise bring it upright
    pixels = transform(image, turn.clockwise)  # as if it had been scanned upright

What finds it stands in encoders/turning.py; here is what travels with a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image

CLOCKWISE = (0, 90, 180, 270)


class Turn(NamedTuple):
    """degrees: clockwise, that bring a page upright, of `CLOCKWISE`; None where nobody can tell (a pattern, an empty
    sheet). sure: the probability of the likeliest, 0..1. certain: whether it is likely enough to turn the page by it.
    """

    degrees: int | None
    sure: float
    certain: bool = True

    @property
    def clockwise(self) -> int:
        """By how much it is turned to be sorted: one of which nobody is certain is taken as it lies."""
        return (self.degrees or 0) if self.certain else 0


class TurnFinder(Protocol):
    """What says how pages lie, from any number of threads. It can be sent to a process that decodes."""

    def find(self, image: Image) -> Turn:
        """Of a page in mode "L" or "RGB"."""
