"""The threads of the desk: a slow work holds up no other, and none is counted twice."""

from __future__ import annotations

import asyncio
import threading

import pytest

from desk.pool import Pool
from desk.refused import Refused


def test_slow_works_leave_room_for_others():
    pool, free = Pool(workers=4, most=100), threading.Event()

    async def both():
        slow = asyncio.create_task(pool.each([free.wait] * 20, seconds=60))
        await asyncio.sleep(0)
        quick = await pool.each([lambda: 1, lambda: 2], seconds=60)  # the slow ones wait until it is done
        free.set()
        return quick, await slow

    assert asyncio.run(both()) == ([1, 2], [True] * 20)
    pool.close()


def test_one_that_takes_too_long_is_given_up_and_counts_until_it_ends():
    pool, free, began = Pool(workers=2, most=2), threading.Event(), threading.Event()

    def slow():
        began.set()
        return free.wait()

    async def late():
        done = await pool.each([slow, lambda: 1], seconds=0.2)
        assert [one.status for one in done] == [408, 408]  # a request has half of the threads: the second had no turn
        await pool.each([lambda: 1], seconds=60)
        with pytest.raises(Refused) as refused:
            await pool.each([lambda: 1, lambda: 2], seconds=60)
        assert refused.value.status == 429
        assert began.is_set()
        free.set()

    asyncio.run(late())
    while pool._count:
        pass
    assert asyncio.run(pool.each([lambda: 1, lambda: 2], seconds=60)) == [1, 2]
    pool.close()


def test_what_a_work_raises_comes_out_and_is_not_counted_any_more():
    pool = Pool(workers=2, most=1)

    def fail():
        raise ValueError("no")

    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            asyncio.run(pool.each([fail], seconds=60))
    pool.close()
