"""A job in shards that needs no model: how many letters each file has. What its files are called decides what befalls
the process that reads them."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path


class CountingWork:
    """See `cluster.work.Work`; items are names of files below the list's root."""

    def __init__(self, job, head):
        self.root, self.job = Path(head["root"]), job

    def computed_by(self):
        return {"alphabet": os.environ.get("ALPHABET", "latin")}

    def lines(self, items, *, alone=False):
        for item in items:
            name = json.loads(item)
            if name.startswith("kills"):
                os.kill(os.getpid(), signal.SIGKILL)
            if name.startswith("slow"):
                time.sleep(0.2)
            try:
                text = (self.root / name).read_text("utf-8")
            except FileNotFoundError:
                yield [self.failed("it is not there")]
            else:
                yield [json.dumps([name, len(text)]).encode()]

    def failed(self, reason):
        return json.dumps(reason).encode()

    def failures(self, lines):
        return sum(line.startswith(b'"') for line in lines)

    def away(self, items, lines):
        return "" if self.root.is_dir() and any(self.root.iterdir()) else f"the folder {self.root} is not there"


def make_run(folder, names, **cut_as):
    """A run of files, cut: its plan."""
    from cluster.plan import cut
    from cluster.shards import Shards

    root, work = folder / "files", folder / "out" / "runs" / "run"
    root.mkdir(parents=True)
    work.mkdir(parents=True)
    for number, name in enumerate(names):
        (root / name).write_text("x" * number, "utf-8")
    (work / "list").write_text("\n".join([json.dumps({"root": str(root)}), *map(json.dumps, names), ""]), "ascii")
    plan = cut(work, "list", count=len(names), work="counting_work:CountingWork", job={}, **cut_as)
    Shards(plan).make()
    return plan


def expected(names):
    """All lines of a run that nothing disturbs, in order."""
    return [json.dumps([name, number]).encode() + b"\n" for number, name in enumerate(names)]


def given(plan):
    """All lines that the shards of a run have given."""
    from cluster.shards import Shards

    return [line for shard in range(plan.shards) for line in Shards(plan).lines(shard)]
