"""Work that takes a moment, done on a few threads while the desk goes on answering.

    pool = Pool(workers=4, most=200)
    done = await pool.each([lambda: read(one), lambda: read(other)], seconds=120)     # each: its result, or Refused

A request has at most half of the threads at once: one that brings many pictures, or a slow one, leaves room for others.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from desk.refused import Refused

T = TypeVar("T")


class Pool:
    """workers: threads, 2 or more. most: works that may be in line or being done."""

    def __init__(self, workers: int, most: int) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="desk")
        self._share, self._most = max(1, workers // 2), most
        self._count, self._counting = 0, threading.Lock()

    async def each(self, works: Sequence[Callable[[], T]], seconds: float) -> list[T | Refused]:
        """What the works return, in their order; `Refused` in the place of one that was not done within `seconds`.

        Refused (429) where too many are in line.
        """
        with self._counting:
            if self._count + len(works) > self._most:
                raise Refused(429, f"busy: {self._count} files are in line, try again in a moment", again=2)
            self._count += len(works)
        turns = asyncio.Semaphore(self._share)
        end = asyncio.get_running_loop().time() + seconds
        return await asyncio.gather(*(self._one(work, turns, end, seconds) for work in works))

    async def _one(self, work: Callable[[], T], turns: asyncio.Semaphore, end: float, seconds: float) -> T | Refused:
        begun = None
        try:
            async with asyncio.timeout_at(end), turns:
                begun = self._threads.submit(work)
                begun.add_done_callback(lambda _: self._done())  # it counts until its thread is free again
                return await asyncio.wrap_future(begun)
        except TimeoutError:
            return Refused(408, f"not read within {seconds:.0f} seconds")
        finally:
            if begun is None:
                self._done()

    def _done(self) -> None:
        with self._counting:
            self._count -= 1

    def close(self) -> None:
        """Begin nothing more; what is being done ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
