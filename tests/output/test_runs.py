"""Runs: names, locks, journals, and what is left after kills. As a script this file is the process that gets killed
(with the checkout on PYTHONPATH).

python tests/output/test_runs.py OUTPUT PAGES [--resume] [--hold]       one run, or what is left of it
python tests/output/test_runs.py OUTPUT --every-step                    kills a small run before each file operation
"""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import pytest

from output.outcome import NO_SCORES, Failed, Scored
from output.runs import Run, sweep
from reading.listing import Passed
from reading.pages import Page, PageList
from sorting.results import TableStyle, write_tables
from utils import UserError

ROOT = Path(__file__).resolve().parents[2]
CATEGORIES = ["DRAW", "PHOTO", "TEXT"]
STYLE = TableStyle(CATEGORIES, 2, raw=True, per_document=True, document_from="folder", document_pattern="")
IDENTITY = {"input": "scans", "model": {"hash": "ab" * 32}, "top_n": 2}
EXECUTION = {"batch_size": 8, "device": "cpu", "precision": "fp32"}
STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}
not_windows = pytest.mark.skipif(os.name == "nt", reason="kills and forks as POSIX systems know them")


def page_list(number, root="scans"):
    pages = [
        Page(path=f"box{at % 5}/D-{at}.png", file=f"D{at:05d}", number=at + 1, frame=None, reason="")
        for at in range(number)
    ]
    return PageList(Path(root), pages, Passed({".txt": 3}))


def outcome_of(at):
    """What the model says of a page: float32 scores, or a failure."""
    if at % 37 == 5:
        return Failed("the file is empty" if at % 2 else "truncated: 17 of 40 KB")
    logits = np.random.default_rng(at).normal(size=3).astype(np.float32)
    return Scored((np.exp(logits) / np.exp(logits).sum()).tolist())


def work(output, number, resume, size=8):
    """One command as sorting/job.py does it."""
    execution = {**EXECUTION, "batch_size": size}
    pages = page_list(number)
    run = (
        Run.resume(output, identity=IDENTITY, execution=execution)
        if resume
        else Run.start(output, "ViT-B16", pages, identity=IDENTITY, execution=execution)
    )
    with run:
        while run.done < run.batches:
            first = run.done * size
            run.append([outcome_of(at) for at in range(first, min(first + size, number))])
        print("tables", flush=True)
        write_tables(run.tables, run.name, run.pages, run.outcomes(), STYLE)
        run.finish({"pages": number})


def contents(output):
    """Every table of an output folder that holds one run, the run's name cut out; the record apart."""
    records = sorted((output / "tables").glob("*_run.json"))
    assert len(records) == 1, records
    name = records[0].name.removesuffix("_run.json")
    files = [path for path in (output / "tables").rglob("*") if path.is_file() and path not in records]
    return {str(path.relative_to(output / "tables")).replace(name, ""): path.read_bytes() for path in files}


def finished(output):
    states = [json.loads(record.read_bytes() or b"{}").get("state", "") for record in output.glob("tables/*_run.json")]
    return any(state.startswith("finished") for state in states)


def process(output, *words):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    return subprocess.Popen(
        [sys.executable, __file__, str(output), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def begun(output, batches=3, **changes):
    """A run with a few batches in its journal, let go as by a killed process."""
    execution = {**EXECUTION, **changes}
    run = Run.start(output, "ViT-B16", page_list(40), identity=IDENTITY, execution=execution)
    for batch in range(batches):
        run.append([outcome_of(at) for at in range(batch * 8, batch * 8 + 8)])
    run.close()
    return run


def test_a_whole_run_leaves_tables_and_a_record_only(tmp_path):
    work(tmp_path, 50, resume=False)
    assert list((tmp_path / "runs").iterdir()) == []
    record = json.loads(next((tmp_path / "tables").glob("*_run.json")).read_text(encoding="utf-8"))
    assert record["state"] == "finished with failures" and record["pages"] == 50
    assert sorted(contents(tmp_path))[0] == "_ERRORS.csv"


def test_scores_come_back_from_the_journal_as_they_went_in(tmp_path):
    run = Run.start(tmp_path, "B", page_list(40), identity={}, execution=EXECUTION)
    for batch in range(run.batches):
        run.append([outcome_of(at) for at in range(batch * 8, batch * 8 + 8)])
    back = list(run.outcomes())
    exact = [Scored(np.float32(one.scores).tolist()) if isinstance(one, Scored) else one for one in back]
    assert exact == list(map(outcome_of, range(40)))
    assert run.failed == sum(isinstance(one, Failed) for one in back) == 1
    run.close()


def test_scores_that_are_no_numbers_are_a_failure_of_that_page_only(tmp_path):
    with Run.start(tmp_path, "B", page_list(3), identity={}, execution=EXECUTION) as run:
        run.append([Scored([0.5, 0.5]), Scored([float("nan"), 0.5]), Scored([float("inf"), float("-inf")])])
        first, second, third = run.outcomes()
    assert first == Scored([0.5, 0.5]) and second == third == Failed(NO_SCORES)


def test_batches_are_cut_by_position_and_taken_whole(tmp_path):
    with Run.start(tmp_path, "B", page_list(10), identity={}, execution=EXECUTION) as run:
        assert run.batches == 2
        with pytest.raises(ValueError, match="has 8 pages"):
            run.append([Failed("x")] * 7)
        run.append([Scored([0.1, 0.9])] * 8)
        with pytest.raises(ValueError, match="3 scores"):
            run.append([Scored([0.1, 0.9]), Scored([0.1, 0.2, 0.7])])
        with pytest.raises(ValueError, match="1 of 2"):
            run.finish({})
        run.append([Scored([0.1, 0.9])] * 2)
        with pytest.raises(ValueError, match="has 0 pages"):
            run.append([Failed("x")])


@pytest.mark.parametrize(
    "tail", [b"", b'{"batch": 3, "ro', b"\0" * 4096, b'{"batch": 3, "rows": []}\n', b"[1]\n", b"null\n"]
)
def test_a_damaged_end_of_the_journal_is_cut_off(tmp_path, tail):
    run = begun(tmp_path)
    journal = run.work / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + tail)
    with Run.resume(tmp_path, identity=IDENTITY, execution=EXECUTION) as run:
        assert (run.done, run.resumed, run.failed) == (3, True, 1)
        assert journal.read_bytes() == whole


def test_a_journal_cut_at_any_byte_keeps_its_whole_lines(tmp_path):
    run = begun(tmp_path)
    journal = run.work / "journal.jsonl"
    whole = journal.read_bytes()
    lines = list(itertools.accumulate(map(len, whole.splitlines(keepends=True))))
    for cut in [*range(0, len(whole), 41), *lines, *(end - 1 for end in lines), *(end + 1 for end in lines[:-1])]:
        journal.write_bytes(whole[:cut])
        with Run.resume(tmp_path, identity=IDENTITY, execution=EXECUTION) as run:
            assert run.done == sum(end <= cut for end in lines)
            assert len(list(run.outcomes())) == 8 * run.done


def test_the_page_list_is_resumed_from_the_store(tmp_path):
    pages = page_list(20, root=str(tmp_path / "scans"))
    pages.pages[3] = Page(path="b\udc9a/č.png", file="č", number=4, frame=2, reason="unreadable")
    Run.start(tmp_path, "B", pages, identity={}, execution=EXECUTION).close()
    with Run.resume(tmp_path, identity={}, execution=EXECUTION) as run:
        assert run.pages.pages == pages.pages and run.pages.root == pages.root


def test_what_differs_is_named(tmp_path):
    begun(tmp_path)
    resume = {"identity": IDENTITY, "execution": EXECUTION}
    for changed, told in [
        ({"identity": {**IDENTITY, "input": "other"}}, "input = scans (here other)"),
        ({"identity": {**IDENTITY, "model": {"hash": "cd" * 32}}}, "model.hash = abababababab (here cdcdcdcdcdcd)"),
        ({"identity": {**IDENTITY, "raw": True}}, "raw = nothing (here true)"),
        ({"execution": {**EXECUTION, "batch_size": 16}}, "resume it with --batch_size 8"),
        ({"execution": {"batch_size": 8, "device": "cuda", "precision": "bf16"}}, "--device cpu --precision fp32"),
    ]:
        with pytest.raises(UserError) as caught:
            Run.resume(tmp_path, **{**resume, **changed})
        assert told in str(caught.value) and "\n" not in str(caught.value)
    Run.resume(tmp_path, **resume).close()  # a refusal lets the lock go


def test_nothing_to_resume(tmp_path):
    for output in (tmp_path / "absent", tmp_path):
        with pytest.raises(UserError, match="no unfinished run"):
            Run.resume(output, identity={}, execution=EXECUTION)
    assert not (tmp_path / "absent").exists()


def test_the_newest_run_is_resumed_even_in_one_second(tmp_path):
    names = [begun(tmp_path).name for _ in range(3)]
    assert len(set(names)) == 3
    with Run.resume(tmp_path, identity=IDENTITY, execution=EXECUTION) as run:
        assert run.name == names[2]
        with Run.resume(tmp_path, identity=IDENTITY, execution=EXECUTION) as second:  # the newest is held
            assert second.name == names[1]


def test_an_interrupted_run_says_so_and_is_resumed(tmp_path):
    run = Run.start(tmp_path, "B", page_list(8), identity={}, execution=EXECUTION)
    record = run.write_record({"state": "interrupted", "path": Path("a\udc9a")})
    run.close()
    assert json.loads(record.read_bytes())["state"] == "interrupted"
    assert json.loads(record.read_bytes())["path"] == "a\udc9a"
    with Run.resume(tmp_path, identity={}, execution=EXECUTION) as run:
        assert json.loads(record.read_bytes())["state"] == "running"
        run.append([Scored([1.0])] * 8)
        run.finish({})
    assert json.loads(record.read_bytes())["state"] == "finished"


def test_an_output_folder_that_cannot_be_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "runs").write_text("")
    for output in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "half"):
        with pytest.raises(UserError, match="a file of that name is in the way") as caught:
            Run.start(output, "B", page_list(1), identity={}, execution=EXECUTION)
        assert "\n" not in str(caught.value)


@not_windows
def test_a_full_disk_is_one_line_and_loses_no_batch(tmp_path):
    import resource

    begun(tmp_path, batches=2)
    size = next((tmp_path / "runs").glob("*/journal.jsonl")).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Run.resume(tmp_path, identity=IDENTITY, execution=EXECUTION) as run:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, hard))  # a real write that stops half-way
            with pytest.raises(UserError, match=r"cannot write .*journal\.jsonl: File too large; make room"):
                run.append([outcome_of(at) for at in range(16, 24)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert run.done == 2 and (run.work / "journal.jsonl").stat().st_size == size
        run.append([outcome_of(at) for at in range(16, 24)])
        assert len(list(run.outcomes())) == 24


def test_processes_that_start_in_one_second_get_names_of_their_own(tmp_path):
    while time.time() % 1 > 0.2:
        time.sleep(0.01)
    running = [process(tmp_path, 20) for _ in range(4)]
    assert [one.wait(60) for one in running] == [0] * 4, [one.stderr.read() for one in running]
    records = [json.loads(path.read_bytes()) for path in (tmp_path / "tables").glob("*_run.json")]
    assert len({record["name"] for record in records}) == 4
    assert len(list((tmp_path / "tables").glob("result_*.csv"))) == 4
    assert len({path.read_bytes() for path in (tmp_path / "tables").glob("*_RAW.csv")}) == 1
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_run_held_by_a_living_process_is_left_alone(tmp_path):
    holder = process(tmp_path, 40, "--hold")
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(UserError, match="held by a living process"):
        Run.resume(tmp_path, identity=IDENTITY, execution=EXECUTION)
    holder.kill()
    holder.wait(60)
    with Run.resume(tmp_path, identity=IDENTITY, execution=EXECUTION) as run:
        assert run.done == 1


@not_windows
def test_killed_at_random_moments_the_tables_are_the_same(tmp_path):
    number, chance, kills = 600, random.Random(3), 0
    work(tmp_path / "whole", number, resume=False)
    for series in range(3):
        output = tmp_path / str(series)
        for attempt in itertools.count():
            one = process(output, number, *(["--resume"] if list(output.glob("runs/*/settings.json")) else []))
            if attempt < 4:
                if attempt < 2:  # while batches are appended
                    while one.poll() is None and not list(output.glob("runs/*/settings.json")):
                        time.sleep(0.001)
                    time.sleep(chance.uniform(0, 0.02))
                else:  # while tables are written
                    one.stdout.readline()
                    time.sleep(chance.uniform(0, 0.04))
                one.send_signal(signal.SIGKILL)
            code = one.wait(60)
            kills += code == -signal.SIGKILL
            if code == 0 or finished(output):
                break
            assert code == -signal.SIGKILL, one.stderr.read()
        sweep(output)  # as the next command does
        assert contents(output) == contents(tmp_path / "whole")
        assert list((output / "runs").iterdir()) == []
    assert kills >= 6


@not_windows
def test_killed_before_each_file_operation_the_tables_are_the_same(tmp_path):
    one = process(tmp_path, "--every-step")
    out, err = one.communicate(timeout=120)
    assert one.returncode == 0, err
    steps, unbegun, resumed, ended = map(int, out.split()[-4:])
    assert steps == unbegun + resumed + ended
    assert unbegun > 3 and resumed > 20 and ended > 3


def forked(job, kill_at=None):
    """Run a job in a forked process that kills itself before its `kill_at`-th file operation; its exit status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    steps = itertools.count()

    def step(event, arguments):
        writes = event != "open" or (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if event in STEPS and writes and next(steps) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    code = 4
    try:
        if kill_at is not None:
            sys.addaudithook(step)
        job()
        code = 0
    except UserError as error:
        code = 2 if "no unfinished run" in str(error) else 3
    finally:  # the child never comes back into its parent's code
        if code > 2:
            traceback.print_exc()
        os._exit(code)


def kill_before_each_step(output):
    """For every k: a run killed before file operation k, `--resume`, and a new start where nothing was begun."""
    forked(lambda: work(output / "whole", 45, resume=False, size=10))
    want = contents(output / "whole")
    unbegun = resumed = ended = 0
    for k in itertools.count():
        folder = output / str(k)
        folder.mkdir()
        status = forked(lambda folder=folder: work(folder, 45, resume=False, size=10), k)
        if status == 0:
            break
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, (k, status)
        was_finished = finished(folder)
        code = os.waitstatus_to_exitcode(forked(lambda folder=folder: work(folder, 45, resume=True, size=10)))
        if was_finished:
            assert code == 2, f"step {k}: a finished run was resumed"
            ended += 1
        elif code == 2:
            unbegun += 1
            assert forked(lambda folder=folder: work(folder, 45, resume=False, size=10)) == 0
        else:
            assert code == 0, (k, code)
            resumed += 1
        assert contents(folder) == want, k
        assert list(folder.glob("runs/*")) == [], k
    print(k, unbegun, resumed, ended)


if __name__ == "__main__":
    given = sys.argv[1:]
    if "--every-step" in given:
        kill_before_each_step(Path(given[0]))
    elif "--hold" in given:
        held = Run.start(Path(given[0]), "B", page_list(int(given[1])), identity=IDENTITY, execution=EXECUTION)
        held.append([outcome_of(at) for at in range(8)])
        print("held", flush=True)
        time.sleep(600)
    else:
        work(Path(given[0]), int(given[1]), "--resume" in given)
