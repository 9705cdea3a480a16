"""A desk killed at random moments with SIGKILL while people click: every answer that was acknowledged is there, once.

    python benchmarks/kill_desk.py                    # 50 kills, five minutes
    python benchmarks/kill_desk.py --kills 3 --seed 7

People click without a pause, answers and undos, all on the same pages; what was not acknowledged is sent again to the
desk that is started next. One kill in seven more comes while that one still starts. After each kill a copy of
`decisions.sqlite` must hold all that was acknowledged; at the end the log of what was sent is compared with it, with
`trail.csv` and with what the desk shows (desk_people.py). Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # benchmarks/desk.py would hide the project's own

from benchmarks.common import machine, markdown
from benchmarks.desk_people import Log, a_desk, click_all, compare, saved_in

PEOPLE = 12


def main() -> int:
    """Print a line for each kill, and a table; 1 where anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="SIGKILLs while people click (default 50)")
    parser.add_argument("--seed", type=int, default=1, help="decides clicks and moments (default 1)")
    given = parser.parse_args()
    print(f"machine: {machine()}\n", flush=True)
    log, draw, faults = Log(), random.Random(given.seed), []
    starting = on_disk = under_way = 0
    with tempfile.TemporaryDirectory() as name, a_desk(Path(name) / "run") as desk:
        people, stop = click_all(desk, log, PEOPLE, 0.0, given.seed)
        for kill in range(1, given.kills + 1):
            time.sleep(draw.uniform(0, 1.5))
            desk.kill()
            acknowledged, sent = set(log.acknowledged), set(log.sent)
            copy = Path(name) / "copy"
            shutil.copytree(desk.review, copy, ignore=shutil.ignore_patterns("*.lock"))
            saved = {row["answer"] for row in saved_in(copy / "decisions.sqlite")}
            shutil.rmtree(copy)
            lost = acknowledged - saved
            faults += [f"lost at kill {kill}: {log.sent[name]}" for name in lost]
            under_way += len(sent - acknowledged)
            on_disk += len(sent & saved - acknowledged)
            print(f"kill {kill}: {len(acknowledged):,} were acknowledged, {len(lost)} are lost", flush=True)
            desk.begin()
            while draw.random() < 1 / 7:
                time.sleep(draw.uniform(0, 2))
                desk.kill()
                starting += 1
                desk.begin()
            desk.wait()
        time.sleep(1)
        faults += compare(desk, log, people, stop)
    rows = [
        [f"killed while {PEOPLE} people click (and while it started)", f"{given.kills} ({starting})"],
        ["answers and undos that were acknowledged", f"{len(log.acknowledged):,}"],
        ["lost, doubled or changed", f"{len(faults)}"],
        ["not acknowledged at a kill, so sent again (on the disk already)", f"{under_way} ({on_disk})"],
    ]
    print("\n".join(["", markdown(["a desk that is killed", ""], rows), "", *faults[:20]]))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
