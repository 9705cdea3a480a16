"""What a request is answered that cannot be done: a status of HTTP and one line that says why.

raise Refused(413, "at most 32 pictures a request, 40 given")
"""

from __future__ import annotations

from reading.page_errors import LimitError, PageError, UnknownKindError


class Refused(Exception):
    """status: 4xx. The message is one line for who asked. again: seconds until another try is worth it, 0 = never."""

    def __init__(self, status: int, reason: str, again: int = 0) -> None:
        super().__init__(reason)
        self.status, self.again = status, again


def refusal_of(error: PageError) -> Refused:
    """Of a file that somebody handed in and that cannot be read."""
    kinds = {UnknownKindError: 415, LimitError: 413}
    reason = str(error).partition(" (raise [input]")[0]  # that setting is not for who hands in a file
    return Refused(kinds.get(type(error), 422), reason)
