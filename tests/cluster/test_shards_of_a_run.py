"""How a run is cut, who gets which shard, and what is published: the rules on which all else rests."""

from __future__ import annotations

import json
import os

import pytest
from counting_work import expected, make_run

from cluster.plan import load_plan, ranges
from cluster.shards import Shards
from utils import UserError

NAMES = [f"f{number}" for number in range(23)]


@pytest.mark.parametrize(("unit", "first", "shards"), [(4, 0, None), (4, 8, 3), (1, 0, 23), (16, 0, 5), (4, 20, 1)])
def test_shards_are_cut_at_batches_and_hold_every_item_once(tmp_path, unit, first, shards):
    plan = make_run(tmp_path, NAMES, unit=unit, first=first, shards=shards)
    again = load_plan(plan.folder)
    assert again == plan and plan.starts[0] == first and plan.starts[-1] == len(NAMES)
    assert shards in (None, plan.shards)
    assert all(start % unit == 0 or start == len(NAMES) for start in plan.starts)
    items = [json.loads(item) for shard in range(plan.shards) for item in again.items(shard)]
    assert items == NAMES[first:]


def test_a_large_run_has_shards_of_a_minute_or_two_and_a_small_one_many(tmp_path):
    assert make_run(tmp_path / "a", [f"f{n}" for n in range(2000)], unit=16).shards == 125
    assert make_run(tmp_path / "b", [f"f{n}" for n in range(5000)], unit=16).shards > 150


def test_an_attempt_is_begun_by_one_worker_alone_and_the_first_one_published_stands(tmp_path):
    shards = Shards(make_run(tmp_path, NAMES, unit=4))
    untried = shards.tries()[2]
    first = shards.begin(2, untried, "a")
    assert first is not None and shards.begin(2, untried, "b") is None
    second = shards.begin(2, shards.tries()[2], "b")
    assert (first.before, second.before) == (0, 1) and first.part != second.part
    second.part.write_bytes(b"of b\n")
    assert shards.publish(second, {"worker": "b"})
    first.part.write_bytes(b"of a\n")  # it was stopped, and wakes now
    assert not shards.publish(first, {"worker": "a"})
    assert shards.file(2).read_bytes() == b"of b\n" and shards.published() == {2} and not first.part.exists()
    assert shards.missing() == [0, 1, 3, 4, 5]


def test_what_a_dead_worker_had_in_hand_is_known_as_dead_and_what_is_given_back_does_not_count(tmp_path):
    shards = Shards(make_run(tmp_path, NAMES, unit=4))
    shards.begin(0, shards.tries()[0], "a")
    shards.begin(1, shards.tries()[1], "b")
    assert shards.bury("a") == [0]
    assert (shards.tries()[0].begun, shards.tries()[0].dead) == (1, 1)
    shards.withdraw("b")
    assert shards.tries()[1].begun == 0
    attempt = shards.begin(1, shards.tries()[1], "c")
    attempt.part.touch()
    shards.give_back(attempt)
    assert shards.tries()[1].begun == 0 and not attempt.part.exists()
    # One that was given back leaves a gap in the numbers: the next one is still another.
    one, two = (shards.begin(1, shards.tries()[1], name) for name in "de")
    shards.give_back(one)
    assert shards.begin(1, shards.tries()[1], "f").mark != two.mark


@pytest.mark.parametrize("content", [b'["f0", 0]\n', b"1\n2\n3\n4\n5\n", b"1\n2\n3\n4", b""])
def test_a_shard_with_lines_too_few_too_many_or_torn_is_refused(tmp_path, content):
    shards = Shards(make_run(tmp_path, NAMES, unit=4, shards=6))
    with pytest.raises(UserError, match="shard 1 of 6 is not done"):
        list(shards.lines(0))
    shards.file(0).write_bytes(content)
    with pytest.raises(UserError, match="damaged: 4 lines should stand there; delete it"):
        list(shards.lines(0))
    shards.file(0).write_bytes(b"".join(expected(NAMES)[:4]))
    assert len(list(shards.lines(0))) == 4


def test_shards_are_named_as_people_count():
    assert ", ".join(ranges([0, 1, 2, 6, 198, 199])) == "1-3, 7, 199-200"


def test_cores_and_memory_are_shared_out(monkeypatch):
    from reading.memory import bytes_of
    from utils import SHARE, cores

    alone, whole = cores(), bytes_of("6 GB")
    monkeypatch.setenv(SHARE, "3")
    assert cores() == max(1, alone // 3) and bytes_of("6 GB") == whole // 3
    monkeypatch.setenv(SHARE, str(10 * (os.cpu_count() or 1)))
    assert cores() == 1
