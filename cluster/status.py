"""Lends a hand to a run in shards, and tells how far it is, from its folder alone.

python run.py --worker result/runs/NAME
python run.py --status result/runs/NAME
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from cluster.nodes import registered
from cluster.plan import load_plan, ranges
from cluster.shards import Shards
from cluster.work import work_of
from cluster.worker import Worker, open_run
from output.console import say
from output.files import json_if_whole
from output.progress import duration
from utils import UserError, printable

if TYPE_CHECKING:
    from cluster.command import Status, Working
    from settings.schema import Settings

_SHOWN = 12  # shards, and workers, that are named


def run_worker(settings: Settings, job: Working) -> int:
    """Do shards until none is left; 0, 130 interrupted."""
    plan = open_run(job.folder)
    worker = Worker(plan, say)
    say(f"{plan.shards} shards, {len(worker.shards.missing())} of them to be done", settings.setup.quiet)
    done = worker.run()
    print(f"{done} shards were done here; none is left")
    return 0


def run_status(settings: Settings, job: Status) -> int:
    """Print how far a run is. UserError where there is none."""
    print("\n".join(status_lines(job.folder)))
    return 0


def status_lines(folder: Path) -> list[str]:
    """How far a run in shards is, for people."""
    plan = load_plan(folder)
    record = json_if_whole(folder.parent.parent / "tables" / f"{folder.name}_run.json")
    if plan is None:
        if record:
            return [f"{folder.name}: {record.get('state', '?')}, {record.get('done', 0)} pages, not in shards any more"]
        raise UserError(f"there is no run {printable(str(folder))}: give OUTPUT/runs/NAME, or the name of a run in -o")
    shards = Shards(plan)
    published, said = sorted(shards.published()), shards.said()
    work = work_of(plan)
    total = plan.starts[-1]
    done = plan.starts[0] + sum(plan.size(shard) for shard in published)
    failed = sum(work.failures(list(shards.lines(shard))) for shard in published)
    lines = [
        f"{folder.name}: {done} of {total} pages ({100 * done // max(1, total)} %), {failed} failed; "
        f"{len(published)} of {plan.shards} shards"
    ]
    if published:
        times = [shards.file(shard).stat().st_mtime for shard in published]
        seconds = max(times) - (folder / "plan.json").stat().st_mtime
        rate = (done - plan.starts[0]) / seconds if seconds > 0 else 0.0
        left = duration((total - done) / rate) if rate > 0 else "?"
        ago = duration(max(0.0, time.time() - max(times)))
        lines.append(f"{rate:.1f} pages/s until the last shard was published, {ago} ago; at that rate {left} are left")
    missing = [shard for shard in range(plan.shards) if shard not in set(published)]
    in_hand = [
        f"shard {shard + 1} by {printable(str(attempts[-1].get('worker', '?')))}"
        + (f" (tried {len(attempts)} times)" if len(attempts) > 1 else "")
        for shard, attempts in said.items()
        if shard in missing and not attempts[-1].get("dead")
    ]
    if in_hand:
        lines.append(f"begun and not published: {'; '.join(in_hand[:_SHOWN])}{' ...' if len(in_hand) > _SHOWN else ''}")
    waiting = list(ranges([shard for shard in missing if shard not in said or said[shard][-1].get("dead")]))
    if waiting:
        lines.append(f"waiting: shards {', '.join(waiting[:_SHOWN])}{' ...' if len(waiting) > _SHOWN else ''}")
    hosts: dict[str, int] = {}
    for worker in registered(plan):
        hosts[str(worker.get("host"))] = hosts.get(str(worker.get("host")), 0) + 1
    if hosts:
        lines.append("workers so far: " + ", ".join(f"{count} on {printable(host)}" for host, count in hosts.items()))
    if not missing:
        lines.append("all shards are done: the command that began it, given again (sorting: with --resume), joins them")
    return lines
