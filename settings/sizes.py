"""Sizes of memory as people write them.

size_of("6 GB"), size_of("auto")        # 6_000_000_000, None
in_words(9_800_000_000)                 # "9.8 GB"
"""

from __future__ import annotations

import re

AUTO = "auto"
_UNITS = {
    "": 10**6,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(|[kmg]i?)b?", re.IGNORECASE)
_LEAST = 10**6


def size_of(text: str) -> int | None:
    """A size as it is written, in bytes: MB, or with a unit; None for "auto", whatever the machine gives.

    Raises ValueError(why) for anything else.

    >>> size_of("500"), size_of("1.5 GB"), size_of("2GiB"), size_of("auto")
    (500000000, 1500000000, 2147483648, None)
    """
    if text.strip().lower() == AUTO:
        return None
    written = _SIZE.fullmatch(text.strip())
    if not written:
        raise ValueError('must be auto, or a size in MB or with a unit, as 4000 or "6 GB"')
    size = int(float(written[1]) * _UNITS[written[2].lower()])
    if size < _LEAST:
        raise ValueError("must be at least 1 MB")
    return size


def in_words(size: int) -> str:
    """Bytes as people write them.

    >>> in_words(9_812_000_000), in_words(6_000_000_000), in_words(2_340_000)
    ('9.8 GB', '6 GB', '2.3 MB')
    """
    unit, name = (10**9, "GB") if size >= 10**9 else (10**6, "MB")
    return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
