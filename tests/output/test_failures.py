"""What cannot be written is one line, and `--resume` is promised only where it goes on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
import tiny
import torch
from PIL import Image
from safetensors.torch import save_file

import run
from evaluation.command import Comparison, Evaluation, Suggestion, Voting
from explore.command import Indexing
from hub.command import Pull
from output import failures
from settings.schema import Settings
from sorting.command import Sorting
from training.command import Training

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")


def raised(work) -> Exception:
    with pytest.raises(failures.kinds()) as caught:
        work()
    return caught.value


@needs_full
def test_every_library_that_writes_is_told_in_one_line(tmp_path):
    def plain():
        with FULL.open("w") as out:
            out.write("x" * 10)

    for work, says in (
        (plain, "No space left on device; make room"),
        (lambda: torch.save({"a": torch.zeros(100_000)}, FULL), "make room"),
        (lambda: torch.save({}, tmp_path / "gone" / "a.pt"), "PyTorch could not write a file"),
        (lambda: save_file({"a": torch.zeros(10)}, tmp_path / "gone" / "a.safetensors"), "No such file or directory"),
        (lambda: (tmp_path / "x").mkdir(parents=True) or (tmp_path / "x").write_text(""), "Is a directory"),
    ):
        line = failures.line_of(raised(work))
        assert line and says in line and "\n" not in line
    assert failures.line_of(RuntimeError("shapes cannot be multiplied")) is None  # a mistake of ours keeps its trace
    refused = failures.line_of(PermissionError(13, "Permission denied", "a\udc9a.csv"))
    assert refused.startswith("a\\x9a.csv: Permission denied; it may only be read, or another program has it open")


def test_resume_is_promised_only_where_it_goes_on(tmp_path):
    settings = Settings().replaced("output", folder=tmp_path / "out").replaced("setup", model_dir=tmp_path / "models")
    now = time.time()
    again = "then give the same command again"
    pages = {"directory": tmp_path}
    jobs = [
        Sorting(**pages),
        Voting(**pages),
        Training(),
        Evaluation(),
        Comparison(),
        Suggestion(**pages, count=3),
        Pull(),
    ]
    for job in [*jobs, Indexing(index=tmp_path)]:
        assert failures.how_to_go_on(settings, job, now) == again
    assert failures.how_to_go_on(None, None, now) == again
    for file in ("out/runs/R/settings.json", "out/tables/R_run.json", "models/mine.training/work.json"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("{}")
    goes_on = "and the same command with --resume continues"
    for job in (Sorting(**pages), Voting(**pages), Training()):
        assert failures.how_to_go_on(settings, job, now) == goes_on
        assert job.to_continue(settings, now) == "python run.py --resume"
    assert failures.how_to_go_on(settings, Training(name="other"), now) == again
    assert failures.how_to_go_on(settings, Sorting(**pages, resume=True), now) == "and the same command continues"
    os.utime(tmp_path / "out/tables/R_run.json", (now - 60, now - 60))  # a run that another command left unfinished
    assert failures.how_to_go_on(settings, Sorting(**pages), now) == again
    assert Sorting(**pages).to_continue(settings, now) == ""
    for job in (Pull(), Indexing(index=tmp_path)):  # they take up what was done without a flag
        assert job.to_continue(settings, now) == "python run.py"


@pytest.mark.skipif(sys.platform == "win32", reason="limits as POSIX systems know them")
def test_a_run_that_cannot_write_is_one_line_and_goes_on(tmp_path, capsys):
    import resource

    tiny.tiny_model_folder(tmp_path / "m", [f"C{number}" for number in range(30)])
    (tmp_path / "scans").mkdir()
    for number in range(300):
        Image.new("L", (8, 8), number % 255).save(tmp_path / "scans" / f"P-{number}.bmp")
    given = ["-d", tmp_path / "scans", "--model_path", tmp_path / "m", "-o", tmp_path / "out", "--batch_size", 50]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))  # the page list fits, the journal does not
        code = run.main([str(word) for word in given])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    last = capsys.readouterr().err.splitlines()[-1]
    assert code == 2
    assert "journal.jsonl: File too large; make room, and the same command with --resume continues" in last
    assert run.main([str(word) for word in [*given, "--resume"]]) == 0


@needs_full
def test_eval_knows_no_resume(tmp_path, capsys):
    tiny.tiny_model_folder(tmp_path / "m", ["DRAW", "PHOTO"])
    for label in ("DRAW", "PHOTO"):
        (tmp_path / "sorted" / label).mkdir(parents=True)
        Image.new("L", (40, 50), 90).save(tmp_path / "sorted" / label / "P-1.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tables").write_text("in the way")
    given = ["--eval", "-d", tmp_path / "sorted", "--model_path", tmp_path / "m", "-o", tmp_path / "out"]
    assert run.main([str(word) for word in given]) == 2
    said = capsys.readouterr().err
    assert "--resume" not in said and "Traceback" not in said
