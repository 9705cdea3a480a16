"""`--since RUN`: only what is new is sorted, and `--joined` tables are those of one whole run, byte for byte."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny
from PIL import Image
from test_resume import interrupted
from test_sorting import draw, rows_of, sort

CATEGORIES = ["DRAW", "PHOTO", "TEXT"]
LONG_AGO = 1_600_000_000  # seconds since 1970: times before the run looked


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "for_lists" / "tiny"  # made once, for the tests of lists too
    if not folder.exists():
        tiny.tiny_model_folder(folder, CATEGORIES)
    return folder


@pytest.fixture
def how(model):
    return ("--model_path", model, "--batch_size", 2, "--workers", 0)


def pages(folder: Path, numbers=range(1, 7)) -> Path:
    for number in numbers:
        aged(draw(folder / f"doc-{number}.png", number))
    return folder


def aged(file: Path, seconds: int = LONG_AGO) -> Path:
    os.utime(file, (seconds, seconds))
    return file


def several(file: Path, *numbers: int) -> Path:
    """A TIFF or PDF of several pages."""
    first, *others = (Image.open(draw(file.parent / ".drawn" / f"{number}.png", number)) for number in numbers)
    first.convert("RGB").save(file, save_all=True, append_images=[other.convert("RGB") for other in others])
    return aged(file)


def newest(output: Path) -> str:
    """The name of the last run; runs of the same second are told apart by a number."""
    records = (output / "tables").glob("*_run.json")
    return max(records, key=lambda file: file.stat().st_mtime_ns).name.removesuffix("_run.json")


def record_of(output: Path, name: str = "") -> dict:
    return json.loads((output / "tables" / f"{name or newest(output)}_run.json").read_text(encoding="utf-8"))


def tables_of(output: Path) -> dict[str, bytes]:
    """All that the last run left in tables/, its record apart; names without the run's."""
    name = newest(output)
    files = [file for file in (output / "tables").rglob("*") if name in str(file) and file.is_file()]
    return {
        file.relative_to(output / "tables").as_posix().replace(name, ""): file.read_bytes()
        for file in files
        if file.name != f"{name}_run.json"
    }


def test_joined_tables_are_those_of_one_whole_run(tmp_path, how, capsys):
    scans = pages(tmp_path / "scans")
    report, stays = several(scans / "report.pdf", 1, 2, 3), several(scans / "stays.tif", 4, 5)
    aged(draw(scans / "box" / "doc-1.png", 30))
    (scans / "torn-9.png").write_text("no image", encoding="utf-8")
    tables = ("--raw", "-tn", 2, "--per_document", *how)
    assert sort("-d", scans, "-o", tmp_path / "out", *tables) == 1
    first = newest(tmp_path / "out")
    before = tables_of(tmp_path / "out")

    draw(scans / "TEXT" / "new-1.png", 8)  # new, and TRUE comes with its folder
    draw(scans / "doc-3.png", 40)  # changed
    (scans / "doc-2.png").unlink()  # gone
    several(report, 3, 2)  # one page less
    shutil.copyfile(scans / "doc-4.png", scans / "other.png")
    (scans / "other.png").replace(scans / "doc-4.png")  # another time, the same content
    draw(scans / "torn-9.png", 9)  # what had failed is whole now
    damaged = bytearray(draw(scans / "heard-1.jpg", 5, mode="RGB", size=(300, 400)).read_bytes())
    damaged[-2:-2] = b"\x00\x00\x00\x00"  # libjpeg complains about it: WARNING comes
    (scans / "heard-1.jpg").write_bytes(damaged)
    capsys.readouterr()
    assert sort("-d", scans, "-o", tmp_path / "out", *tables, "--since", first, "--joined") == 0
    said = capsys.readouterr().err
    assert "2 files are new, 2 changed, 1 had failed and are tried again, 6 unchanged, 1 gone" in said
    assert sort("-d", scans, "-o", tmp_path / "whole", *tables) == 0
    joined = tables_of(tmp_path / "out")
    assert joined == tables_of(tmp_path / "whole")
    assert {"_RAW.csv", "_files.jsonl.gz", "result__2n_3c.csv"} <= joined.keys()
    head = joined["result__2n_3c.csv"].splitlines()[0]
    assert b"WARNING" in head and b"TRUE" in head and b"WARNING" not in before["result__2n_3c.csv"]
    record, whole = record_of(tmp_path / "out"), record_of(tmp_path / "whole")
    assert record["since"] == {
        "run": first, "new": 2, "changed": 2, "again": 1, "unchanged": 6, "gone": 1, "joined": True
    }  # fmt: skip
    for key in ("pages", "done", "missing", "failed", "failures", "warnings", "per_category"):
        assert record[key] == whole[key], key

    # What was there goes: its columns go too, and a run that was joined can be gone on from.
    (scans / "heard-1.jpg").unlink()
    shutil.rmtree(scans / "TEXT")
    stays.write_bytes(stays.read_bytes()[:200])
    second = newest(tmp_path / "out")
    assert sort("-d", scans, "-o", tmp_path / "out", *tables, "--since", second, "--joined") == 1
    shutil.rmtree(tmp_path / "whole")
    assert sort("-d", scans, "-o", tmp_path / "whole", *tables) == 1
    assert tables_of(tmp_path / "out") == tables_of(tmp_path / "whole")
    assert b"WARNING" not in tables_of(tmp_path / "out")["result__2n_3c.csv"]


def test_alone_it_writes_what_is_new_and_runs_make_a_chain(tmp_path, how, capsys):
    scans, out = pages(tmp_path / "scans"), tmp_path / "out"
    assert sort("-d", scans, "-o", out, *how) == 0
    names = [newest(out)]
    for number in (7, 8):
        draw(scans / f"doc-{number}.png", number)
        assert sort("-d", scans, "-o", out, *how, "--since", names[-1]) == 0
        names.append(newest(out))
        [table] = [file for file in (out / "tables").glob("result_*.csv") if names[-1] in file.name]
        assert [line.rsplit(",")[-1] for line in table.read_text().splitlines()[1:]] == [f"doc-{number}.png"]
    everything = {file: file.stat().st_mtime_ns for file in out.rglob("*")}
    capsys.readouterr()
    assert sort("-d", scans, "-o", out, *how, "--since", names[-1]) == 0
    assert capsys.readouterr().out == f"nothing new since {names[-1]}: no table is written\n"
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == everything
    # The tables of a chain can be joined even where nothing is new, and by the path of a record that lies elsewhere.
    shutil.copytree(out / "tables", tmp_path / "kept")
    record = tmp_path / "kept" / f"{names[-1]}_run.json"
    assert sort("-d", scans, "-o", tmp_path / "joined", *how, "--since", record, "--joined") == 0
    assert sort("-d", scans, "-o", tmp_path / "whole", *how) == 0
    assert tables_of(tmp_path / "joined") == tables_of(tmp_path / "whole")


def test_a_file_of_the_same_size_and_time_but_new_is_noticed(tmp_path, how):
    """Files that were changed just before the run looked at them may change again within the same tick of the clock."""
    scans = tmp_path / "scans"
    for number in (1, 2):
        draw(scans / f"a-{number}.bmp", number)
    assert sort("-d", scans, "-o", tmp_path / "out", *how) == 0
    stamp = (scans / "a-1.bmp").stat()
    Image.new("L", (90, 120), 250).save(scans / "a-1.bmp")  # of the same size: nothing is compressed
    os.utime(scans / "a-1.bmp", ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    assert (scans / "a-1.bmp").stat().st_size == stamp.st_size
    assert sort("-d", scans, "-o", tmp_path / "out", *how, "--since", newest(tmp_path / "out")) == 0
    assert {name: record_of(tmp_path / "out")["since"][name] for name in ("changed", "unchanged")} == {
        "changed": 1, "unchanged": 1
    }  # fmt: skip


def test_a_file_that_changes_while_the_run_works_counts_as_changed(tmp_path, how, monkeypatch):
    from sorting import seen

    scans, out = pages(tmp_path / "scans", range(1, 4)), tmp_path / "out"
    page = aged(draw(scans / "same-4.bmp", 4))
    look_at = seen.Seen.look_at

    def change(self, batch):  # after the page was read, and before its content is hashed
        batch = list(batch)
        if any(one.path == page.name for one in batch):
            Image.new("L", (90, 120), 250).save(page)  # of the same size
        look_at(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(seen.Seen, "look_at", change)
        assert sort("-d", scans, "-o", out, *how) == 0
    assert sort("-d", scans, "-o", out, *how, "--since", newest(out), "--joined") == 0
    assert record_of(out)["since"]["changed"] == 1
    assert sort("-d", scans, "-o", tmp_path / "whole", *how) == 0
    assert tables_of(out) == tables_of(tmp_path / "whole")


def test_a_folder_that_was_moved_is_known_by_its_contents(tmp_path, how, capsys):
    scans, out = pages(tmp_path / "scans"), tmp_path / "out"
    assert sort("-d", scans, "-o", out, *how) == 0
    scans.rename(tmp_path / "moved")
    stamp = (tmp_path / "moved" / "doc-2.png").stat()
    content = bytearray((tmp_path / "moved" / "doc-2.png").read_bytes())
    content[-1] ^= 1
    (tmp_path / "moved" / "doc-2.png").write_bytes(content)
    os.utime(tmp_path / "moved" / "doc-2.png", ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    code = sort("-d", tmp_path / "moved", "-o", out, *how, "--since", newest(out))
    assert code in (0, 1)
    assert "0 files are new, 1 changed, 5 unchanged" in capsys.readouterr().err
    assert record_of(out)["since"]["changed"] == 1


def test_what_may_be_gone_without_a_trace_is_tried_again(tmp_path, how, capsys):
    """Rights, memory, --max_pixels: what was in the way of a page changes neither its size nor its time."""
    scans, out = pages(tmp_path / "scans", (1, 2)), tmp_path / "out"
    (scans / "torn-1.png").write_text("no image", encoding="utf-8")
    aged(scans / "torn-1.png")
    small, large = (Image.open(draw(tmp_path / f"{size}.png", 1, size=(size, size))) for size in (90, 300))
    small.save(scans / "two.tif", save_all=True, append_images=[large])  # its second page fails
    aged(scans / "two.tif")
    how = (*how, "--max_pixels", 20_000)
    assert sort("-d", scans, "-o", out, *how) == 1
    assert sort("-d", scans, "-o", out, *how, "--since", newest(out)) == 1
    assert "2 had failed and are tried again, 2 unchanged" in capsys.readouterr().err
    assert [row["PATH"] for row in rows_of_newest(out, "*_ERRORS.csv")] == ["torn-1.png", "two.tif"]


def rows_of_newest(output: Path, pattern: str) -> list[dict[str, str]]:
    name = newest(output)
    only = output.parent / "only" / "tables"
    shutil.rmtree(only, ignore_errors=True)
    only.mkdir(parents=True)
    for file in (output / "tables").glob(pattern):
        if name in file.name:
            shutil.copyfile(file, only / file.name)
    return rows_of(only.parent, pattern)


def test_a_run_that_does_not_fit_is_refused_in_one_line(tmp_path, how, model, monkeypatch, capsys):
    scans, out = pages(tmp_path / "scans"), tmp_path / "out"
    (scans / "inner").mkdir()
    shutil.copyfile(scans / "doc-1.png", scans / "inner" / "doc-1.png")
    shutil.copytree(model, tmp_path / "other")
    values = json.loads((model / "page_classifier.json").read_text(encoding="utf-8"))
    told = json.dumps(values | {"temperature": 2.0})
    (tmp_path / "other" / "page_classifier.json").write_text(told, encoding="utf-8")
    interrupted(monkeypatch, 2, "-d", scans, "-o", out, *how)
    unfinished = newest(out)
    time.sleep(0.01)
    assert sort("-d", scans, "-o", out, *how) == 0
    name = newest(out)
    base = ("-d", scans, "-o", out, *how)

    def refused(*arguments) -> str:
        capsys.readouterr()
        before = sorted(out.rglob("*"))
        assert sort(*arguments) == 2
        assert sorted(out.rglob("*")) == before
        [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        return line

    assert f"the newest there: {name}" in refused(*base, "--since", "20200101-000000_tiny")
    assert "is not finished (interrupted)" in refused(*base, "--since", unfinished)
    assert "model = " in refused("-d", scans, "-o", out, "--model_path", tmp_path / "other", "--since", name)
    assert "settings.strict = false (here true)" in refused(*base, "--strict", "--since", name)
    assert "one lies in the other" in refused("-d", scans / "inner", "-o", out, *how, "--since", name)
    assert "--joined joins" in refused(*base, "--joined")
    assert "not for -f" in refused("-f", scans / "doc-1.png", "-o", out, *how, "--since", name)
    assert "--since belongs to sorting" in refused("--best", "-d", scans, "--since", name)
    file = out / "tables" / f"{name}_files.jsonl.gz"
    content = file.read_bytes()
    lines = gzip.decompress(content).replace(b'"doc-1.png"', b'"doc-0.png"')
    file.write_bytes(gzip.compress(lines))
    assert f"is not as the run {name} wrote it" in refused(*base, "--since", name, "--joined")
    file.unlink()
    assert "cannot be read" in refused(*base, "--since", name)
    record = out / "tables" / f"{name}_run.json"
    earlier = json.loads(record.read_text(encoding="utf-8"))
    del earlier["seen"]  # as an earlier version wrote it
    record.write_text(json.dumps(earlier), encoding="utf-8")
    assert "earlier version" in refused(*base, "--since", name)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL cannot be sent on Windows")
def test_killed_and_resumed_it_ends_the_same_though_the_earlier_run_is_gone(tmp_path, how):
    scans, out = pages(tmp_path / "scans"), tmp_path / "out"
    assert sort("-d", scans, "-o", out, "--raw", *how) == 0
    first = newest(out)
    for number in range(10, 210):
        draw(scans / f"new-{number}.png", number)
    command = ["-d", scans, "-o", out, "--raw", *how, "--since", first, "--joined"]
    words = [sys.executable, Path(__file__).parents[2] / "run.py", *command]
    process = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            journals = list((out / "runs").glob("*/journal.jsonl"))
            if journals and journals[0].read_bytes().count(b"\n") >= 20:
                break
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    (out / "tables" / f"{first}_files.jsonl.gz").unlink()
    assert sort(*command, "--resume") == 0
    assert not list((out / "runs").iterdir())
    assert record_of(out)["since"]["new"] == 200
    assert sort("-d", scans, "-o", tmp_path / "whole", "--raw", *how) == 0
    assert tables_of(out) == tables_of(tmp_path / "whole")


def test_interrupted_its_tables_are_the_beginning_of_the_joined_ones(tmp_path, how, monkeypatch):
    scans, out = pages(tmp_path / "scans"), tmp_path / "out"
    assert sort("-d", scans, "-o", out, *how) == 0
    for number in range(7, 10):
        draw(scans / f"doc-{number}.png", number)
        draw(scans / f"a-{number}.png", number)
    command = ("-d", scans, "-o", out, *how, "--since", newest(out), "--joined")
    interrupted(monkeypatch, 2, *command)
    paths = [row["PATH"] for row in rows_of_newest(out, "result_*")]
    assert paths == [f"{name}.png" for name in ("a-7", "a-8", "a-9", *(f"doc-{number}" for number in range(1, 8)))]
    assert (record_of(out)["done"], record_of(out)["missing"]) == (10, 2)
    assert sort(*command, "--resume") == 0
    assert sort("-d", scans, "-o", tmp_path / "whole", *how) == 0
    assert tables_of(out) == tables_of(tmp_path / "whole")


def test_formats_and_reports_have_the_joined_pages_too(tmp_path, how):
    scans, out = pages(tmp_path / "scans", (1, 2)), tmp_path / "out"
    assert sort("-d", scans, "-o", out, *how) == 0
    draw(scans / "doc-3.png", 3)
    since = ("-d", scans, "-o", out, *how, "--since", newest(out))
    assert sort(*since, "--joined", "--write", "jsonl", "--report") == 0
    [lines] = (out / "interchange").rglob("*.jsonl")
    assert [json.loads(line)["path"] for line in lines.read_text(encoding="utf-8").splitlines()] == [
        "doc-1.png", "doc-2.png", "doc-3.png"
    ]  # fmt: skip
    assert "3 pages" in next((out / "report").rglob("index.html")).read_text(encoding="utf-8")


def test_in_shards_too(tmp_path, how):
    scans, out = pages(tmp_path / "scans"), tmp_path / "out"
    cluster = ("--cluster", "local:2")
    assert sort("-d", scans, "-o", out, *how, *cluster) == 0
    assert sort("-d", scans, "-o", tmp_path / "first", *how) == 0
    assert tables_of(out) == tables_of(tmp_path / "first")
    draw(scans / "doc-2.png", 33)
    aged(scans / "doc-3.png", LONG_AGO + 9)  # the same content
    draw(scans / "doc-9.png", 9)
    assert sort("-d", scans, "-o", out, *how, *cluster, "--since", newest(out), "--joined") == 0
    assert {name: record_of(out)["since"][name] for name in ("new", "changed", "unchanged")} == {
        "new": 1, "changed": 1, "unchanged": 5
    }  # fmt: skip
    assert sort("-d", scans, "-o", tmp_path / "whole", *how) == 0
    assert tables_of(out) == tables_of(tmp_path / "whole")
