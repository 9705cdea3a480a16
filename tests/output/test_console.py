"""Real processes in odd places: streams that are closed, a working directory that is gone, Ctrl-C again and again."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import tiny_model_folder

HOME = Path(__file__).resolve().parents[2]
RUN = HOME / "run.py"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shells and signals of POSIX")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(1)
    for name in ("pages/X-1.png", "pages/X-2.png", "~box/Y-1.png", "~scan-1.png", "labels/MAP/a-1.png"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (60, 40), dtype=np.uint8)).save(file)
    tiny_model_folder(folder / "model", ["LETTER", "MAP", "PHOTO"])
    return folder


def shell(command: str, cwd: Path) -> tuple[int, str, str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, shell=True, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout, done.stderr


def command(*words: object, script: Path = RUN) -> str:
    return shlex.join([sys.executable, str(script), *map(str, words)])


def test_closed_streams_cost_nothing(place, tmp_path):
    """What is printed goes nowhere then, and into no file that was opened in its place."""
    sort = command("-d", "pages", "--model_path", "model", "-o", tmp_path / "out", "--raw")
    code, _, err = shell(f"{sort} >&-", place)
    assert code == 0 and "Traceback" not in err, err
    assert shell(f"{sort} >&- 2>&- <&-", place)[0] == 0
    tables = sorted((tmp_path / "out" / "tables").glob("result_*.csv"))
    assert len(tables) == 2
    assert tables[0].read_text(encoding="utf-8") == tables[1].read_text(encoding="utf-8")
    for words in (["-h"], [], ["explore", "-h"], ["--version"]):
        code, _, err = shell(f"{command(*words)} >&-", place)
        assert code == (0 if words else 2) and not err
    annotate = command("labels", tmp_path / "annotation.csv", script=HOME / "data_scripts" / "annotate.py")
    code, _, err = shell(f"{annotate} >&-", place)
    assert code == 0 and not err
    assert (tmp_path / "annotation.csv").read_text(encoding="utf-8").splitlines()[1:] == ["a,1,MAP,MAP/a-1.png"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_printed_is_one_line(place, tmp_path, unbuffered):
    """The tables are whole then, but the line that names them is lost: exit 2 says so."""
    sort = command("-d", "pages", "--model_path", "model", "-o", tmp_path / "out", "--quiet")
    annotate = command("labels", tmp_path / "annotation.csv", script=HOME / "data_scripts" / "annotate.py")
    for words in (sort, command("-h"), command("--version"), command("explore", "-h"), annotate):
        code, _, err = shell(f"PYTHONUNBUFFERED={unbuffered} {words} > /dev/full", place)
        assert code == 2, words
        assert err.startswith("error: ") and len(err.splitlines()) == 1, err
        assert "standard output: no space left on device; make room" in err.lower()
    assert len(list((tmp_path / "out" / "tables").glob("result_*.csv"))) == 1


@pytest.mark.parametrize("script", [RUN, HOME / "data_scripts" / "annotate.py"])
def test_a_working_directory_that_is_gone_is_one_line(place, tmp_path, script):
    gone = tmp_path / "gone"
    gone.mkdir()
    words = ("-d", place / "pages") if script == RUN else (place / "labels", tmp_path / "annotation.csv")
    code, _, err = shell(
        f"cd {shlex.quote(str(gone))} && rmdir {shlex.quote(str(gone))} && {command(*words, script=script)}", place
    )
    assert code == 2
    assert err.startswith("error: the working directory does not exist any more") and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "part",
    [
        "duplicates",
        "dataset_measures",
        "dataset_pictures",
        "pdf_pages",
        "pdf_shards",
        "pdf_versions",
        "processes",
        "shelf",
    ],
)
def test_a_part_of_the_data_scripts_is_no_command_that_does_nothing(place, part):
    script = HOME / "data_scripts" / f"{part}.py"
    code, out, err = shell(command(place / "labels", script=script), place)
    assert code == 2 and not out
    assert err.startswith("error: this file is a part of the data scripts, not a command") and ".py" in err
    assert len(err.splitlines()) == 1


def test_names_that_begin_with_a_tilde(place, tmp_path):
    code, out, err = shell(command("-f", "~scan-1.png", "--model_path", "model"), place)
    assert code == 0, err
    assert "~scan" in out
    out_folder = "~no-user-is-called-so"
    code, _, err = shell(command("-d", "~box", "--model_path", "model", "-o", out_folder), place)
    assert code == 0, err
    assert list((place / out_folder / "tables").glob("result_*.csv"))
    code, _, err = shell(command("-d", "~boxes"), place)
    assert code == 2 and err == "error: the folder ~boxes does not exist; did you mean ~box?\n"
    for words in (["-m", "~x", "-d", "pages"], ["--model_path", "~x", "-d", "pages"], ["--config", "~x", "-d", "pages"],
                  ["--wrong_labels", "~x"], ["--convert", "~x", "--model_path", "y"], ["--average", "~x"]):  # fmt: skip
        code, _, err = shell(command(*words), place)
        assert code == 2 and len(err.splitlines()) == 1 and err.startswith("error: "), err


def slow_pages(folder: Path, source: Path, count: int) -> Path:
    folder.mkdir()
    for index in range(count):
        os.link(source, folder / f"A-{index}.png")
    return folder


@pytest.mark.parametrize("times", [2, 3, 6])
def test_ctrl_c_again_and_again_still_tells_how_to_go_on(place, tmp_path, times):
    pages = slow_pages(tmp_path / "many", place / "pages/X-1.png", 1500)
    words = ["-d", pages, "--model_path", place / "model", "--batch_size", "1", "-o", "out", "--raw"]
    process = subprocess.Popen(
        shlex.split(command(*words)), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not any(file.stat().st_size for file in tmp_path.glob("out/runs/*/journal.jsonl")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.03 if times < 6 else 0.002)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err and "Exception ignored" not in err
    assert [line for line in err.splitlines() if line.startswith("to continue: ")]
    if times == 3:  # what belongs to a run is not changed on the way
        code, _, err = shell(command(*words, "--resume", "--exclude", "A-1.png"), tmp_path)
        assert code == 2 and "exclude" in err
    code, _, err = shell(command(*words, "--resume"), tmp_path)
    assert code == 0, err
    table = next((tmp_path / "out/tables").glob("result_*.csv"))
    assert len(table.read_text(encoding="utf-8").splitlines()) == 1501
