"""The room of runs: what it tells of runs, a run and a training that are started from it, the circle that closes."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from browser import Browser, needs_browser
from desk_client import ask
from desk_pages import serving
from desk_runs import HARMFUL, desk_for, over, post, rows_of

from desk.command import OpenDesk
from desk.following import Learning, comparison
from desk.runs import is_own, runs_room
from run import HOME, main
from settings.schema import Settings

NAME = "20261121-101500_ViT-B16"


def test_a_run_that_is_started_here_is_that_of_the_command_line(tmp_path, output, scans, opened):
    assert ask(f"{opened}/api/runs").said == {"total": 0, "start": 0, "runs": []}
    begun = post(f"{opened}/api/started/sort", folder=str(scans))
    assert begun.status == 200 and begun.said["state"] == "running"
    busy = post(f"{opened}/api/started/sort", folder=str(scans))
    assert busy.status == 409 and "at work already" in busy.said["detail"]
    work = over(opened)
    assert (work["state"], work["done"], work["total"]) == ("with failures", 6, 6)
    assert main(["-d", str(scans), "-o", str(tmp_path / "typed"), "-tn", "3", "--quiet"]) == 1
    assert rows_of(output) == rows_of(tmp_path / "typed")

    (run,) = ask(f"{opened}/api/runs").said["runs"]
    assert run["name"] == work["run"] and run["folder"] == str(scans) and run["state"] == "finished with failures"
    assert sum(one["pages"] for one in run["per_category"]) == 5 and run["failed"] == 1 and run["go_on"] == ""
    assert (output / run["report"]).is_file() and (output / run["table"]).is_file()
    details = ask(f"{opened}/api/runs/{run['name']}").said
    assert [one["path"] for one in details["failed_pages"]] == [f"{HARMFUL}.png"]
    picture = ask(f"{opened}/api/runs/{run['name']}/counts")
    assert picture.headers["Content-Type"] == "image/svg+xml" and picture.body.startswith(b"<svg")


def test_what_cannot_be_started_is_one_line(tmp_path, output, scans, opened):
    file = scans / "doc0-1.png"
    for folder, said in [
        ("scans", "the whole path"),
        (str(tmp_path / "none"), "is not there"),
        (str(file), "is a file"),
        ("/a\0b", "cannot be looked at"),
        ("/" + "x" * 3000, "cannot be looked at"),
        ("", "folder"),
    ]:
        refused = post(f"{opened}/api/started/sort", folder=folder)
        assert (
            refused.status == (404 if folder else 422)
            and said in refused.said["detail"]
            and "\n" not in refused.said["detail"]
        )
    for model in ("../elsewhere", "/", "no_such", ".."):
        refused = post(f"{opened}/api/started/sort", folder=str(scans), model=model)
        assert refused.status == 404 and "there is no model" in refused.said["detail"]
    for name in ("x", NAME, "..%2F..%2Fetc", "20261121-101500_%00", "20261121-101500_" + quote("ž" * 150)):
        for path in (f"runs/{name}", f"runs/{name}/counts"):
            assert ask(f"{opened}/api/{path}").status == 404
        for what in ("again", "cancel"):
            assert post(f"{opened}/api/started/{name}/{what}").status in (404, 409)
    foreign = post_from(f"{opened}/api/started/sort", "http://elsewhere.example", folder=str(scans))
    assert foreign.status == 403
    assert not output.exists()  # nothing was begun


def post_from(address: str, origin: str, **values):
    return ask(address, json.dumps(values).encode(), Content_Type="application/json", Origin=origin)


def test_a_desk_that_others_reach_starts_only_what_was_named_at_its_machine(tmp_path, output, scans):
    (tmp_path / "secret").mkdir()
    (scans / "inner").mkdir()
    (scans / "leads").symlink_to(tmp_path / "secret")
    desk = desk_for(output, "0.0.0.0", pages=scans, table=output / "t.csv", run="t")
    with serving([runs_room(desk)]) as address:
        for folder in (tmp_path / "secret", scans / ".." / "secret", scans / "leads", tmp_path, Path.home()):
            for answer in (
                post(f"{address}/api/started/sort", folder=str(folder)),
                ask(f"{address}/api/started/folders?path={quote(str(folder))}"),
            ):
                assert answer.status == 403 and "was not named" in answer.said["detail"]
        assert ask(f"{address}/api/started/folders").said["path"] == str(scans)
        assert ask(f"{address}/api/started/folders?path={quote(str(scans / 'inner'))}").status == 200
        assert ask(f"{address}/api/started").said["any_folder"] is False
    assert not (output / "desk").exists()


def test_whose_address_it_is():
    assert is_own("127.0.0.1") and is_own("::1") and is_own("LOCALHOST")
    assert not is_own("0.0.0.0") and not is_own("::") and not is_own("192.168.1.4") and not is_own("name.example")


def test_folders_to_choose_from(tmp_path, opened, scans):
    (scans / "b").mkdir()
    (scans / "A").mkdir()
    (scans / ".hidden").mkdir()
    view = ask(f"{opened}/api/started/folders?path={quote(str(scans))}").said
    assert (view["folders"], view["pages"], view["parent"]) == (["A", "b"], 6, str(scans.parent))
    assert ask(f"{opened}/api/started/folders").said["path"] == str(Path.home().resolve())


@pytest.mark.parametrize("record", ["[]", "{", '{"model": 3, "pages": "x", "failures": [], "per_category": {"A": -1}}'])
def test_records_of_any_shape_are_told_as_far_as_they_can_be(output, opened, record):
    (output / "tables").mkdir(parents=True)
    (output / "tables" / f"{NAME}_run.json").write_text(record, encoding="utf-8")
    (output / "tables" / "notes_run.json").write_text("{}", encoding="utf-8")
    (run,) = ask(f"{opened}/api/runs").said["runs"]
    assert run["name"] == NAME and run["pages"] == 0 and run["state"] == "stopped"
    assert ask(f"{opened}/api/runs/{NAME}").status in (200, 404)


def test_teaching_says_what_is_missing(output, opened, scans):
    assert "nothing was sorted yet" in ask(f"{opened}/api/started").said["teaching"]
    assert post(f"{opened}/api/started/train", name="mine").status == 409
    if importlib.util.find_spec("torch") is None:
        desk = desk_for(output, pages=scans, table=output / "t.csv", run="t")
        with serving([runs_room(desk)]) as address:
            said = ask(f"{address}/api/started").said["teaching"]
            assert "not installed" in said and "pip install -r requirements.txt" in said
            assert post(f"{address}/api/started/train", name="mine").said["detail"] == said


def test_curve_and_comparison_are_read_as_they_are_written(tmp_path):
    learning, work = Learning(tmp_path, "mine"), tmp_path / "mine.training" / "run"
    assert learning.curve() == []
    work.mkdir(parents=True)
    lines = [{"epoch": 1, "step": 4, "loss": 1.5, "lr": 0.1}, {"epoch": 2, "loss": 1.0, "validation_accuracy": 0.5}]
    (work / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert learning.curve() == [{"epoch": 1, "loss": 1.5}, {"epoch": 2, "loss": 1.0, "validation_accuracy": 0.5}]
    assert not learning.hold_back(tmp_path / "held.csv")
    (tmp_path / "mine").mkdir()
    rows = "PATH,PAGE,CATEGORY,DOCUMENT,SPLIT\na-1.png,1,TEXT,a,train\n./=b.png,2,TEXT,b,test\n"
    (tmp_path / "mine" / "split.csv").write_text(rows, encoding="utf-8")
    assert learning.hold_back(tmp_path / "held.csv")
    assert (tmp_path / "held.csv").read_text("utf-8").split() == ["PATH,PAGE,CLASS,DOCUMENT", "./=b.png,2,TEXT,b"]
    assert comparison(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="the browser of the tests is driven over pipes")
@needs_browser
def test_a_run_by_clicks_and_keys(opened, scans, output):
    with Browser() as browser:
        tab = browser.open(f"{opened}/runs")
        tab.until("document.readyState === 'complete' && document.querySelector('#runs-count').textContent !== ''")
        assert str(output) in tab.value("document.querySelector('#folder-note').textContent")
        tab.click_on("#browse")
        tab.until("document.querySelectorAll('ul.folders button').length > 0")
        tab.key("Escape")
        tab.until("!document.querySelector('dialog')")
        tab.click_on("#folder")
        tab.write(str(scans))
        tab.key("Enter")
        tab.until("!document.querySelector('#now').hidden")
        tab.until("document.querySelector('#runs .state')?.classList.contains('fair')")
        assert tab.value("document.querySelectorAll('article.run').length") == 1
        tab.until("document.querySelector('img.counts').naturalWidth > 0")
        tab.until("document.querySelector('img.counts').complete")
        tab.value("document.querySelector('article.run summary').scrollIntoView({ block: 'center' })")
        tab.click_on("article.run summary")
        tab.until("document.querySelector('article.run .wide td') !== null")
        assert tab.value("document.querySelector('article.run .wide td').textContent") == f"{HARMFUL}.png"
        tab.until("document.querySelector('#sort [type=submit]').disabled === false")
        tab.value("document.querySelector('#folder').value = '/no/such/folder'")
        tab.value("document.querySelector('#sort').scrollIntoView({ block: 'center' })")
        tab.click_on("#sort [type=submit]")
        tab.until("document.querySelector('.toast.error')?.textContent.includes('is not there')")
        assert tab.value("window.harm") is None
        assert [one for one in tab.problems if "404" not in one] == [] and tab.dialogs == []
        assert [one for one in tab.foreign if not one.startswith(f"{opened}/")] == []


def test_the_circle_from_sorting_to_a_better_model(tmp_path, output):
    """Pages are sorted, corrected, and teach a model, which is compared with the one before on documents held back."""
    pytest.importorskip("torch")
    pytest.importorskip("matplotlib")
    from tiny import tiny_model_folder

    from desk.desk import open_desk
    from desk.review import review_room

    scans = (tmp_path / "pages").resolve()
    for number in range(48):
        label, colour = ("DRAW", (200, 60, 60)) if number % 4 < 2 else ("TEXT", (60, 60, 200))
        (scans / label).mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(-30, 30, (48, 36, 3))
        file = scans / label / f"D{number // 2:02}-{number % 2 + 1}.png"
        Image.fromarray((np.array(colour) + noise).astype(np.uint8)).save(file)
    models = tmp_path / "models"
    tiny_model_folder(models / "before", ["DRAW", "PHOTO", "TEXT"])
    settings = Settings().replaced("output", folder=output).replaced("setup", workers=0, model_dir=models)
    with serving([runs_room(open_desk(settings, OpenDesk()))]) as address:
        assert post(f"{address}/api/started/sort", folder=str(scans), model="before").status == 200
        assert over(address)["state"] == "done"
    desk = open_desk(settings, OpenDesk())
    with serving([review_room(desk), runs_room(desk)]) as address:
        pages = ask(f"{address}/api/review/queue?count=60").said["pages"]
        answers = [
            {"page": one["id"], "category": one["path"].split("/")[0], "note": "", "seconds": 1, "answer": str(uuid4())}
            for one in pages
        ]
        drawn = [one for one in answers if one["category"] == "DRAW"]
        assert post(f"{address}/api/review/decisions", person="Anna", view="grid", answers=drawn).status == 200
        possible = ask(f"{address}/api/started").said
        assert possible["teaching"] == "" and possible["before"] == "before"
        assert post(f"{address}/api/started/train", name="../mine").status == 422
        assert post(f"{address}/api/started/train", name="before").status == 409
        name = post(f"{address}/api/started/train", name="mine", model="before").said["name"]
        work = over(address)
        assert work["state"] == "failed" and "only one category (DRAW)" in work["why"] and work["goes_on"]
        answers = [one for one in answers if one["category"] != "DRAW"]
        assert post(f"{address}/api/review/decisions", person="Anna", view="grid", answers=answers).status == 200
        assert post(f"{address}/api/started/{name}/again").status == 200  # with what was corrected since
        work = over(address)
    assert work["state"] == "done", work
    assert work["curve"] and {"epoch", "loss"} <= work["curve"][0].keys()
    compared = {one["model"]: one for one in work["compared"]}
    assert compared.keys() == {"before", "mine"} and compared["mine"]["pages"] == compared["before"]["pages"] > 0
    assert 0 <= compared["mine"]["low"] <= compared["mine"]["accuracy"] <= compared["mine"]["high"] <= 1
    assert len(work["verdict"]) == 1


@needs_browser
def test_a_run_that_was_sorted_here_is_laid_on_the_desk_and_reviewed(output, scans, tmp_path):
    """Nobody goes to a terminal: the desk is opened without a run, sorts a folder, and shows it in Review."""
    command = [sys.executable, str(HOME / "run.py"), "desk", "--no-browser", "--port", "0", "-o", str(output)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path) as desk:
        try:
            address = re.search(r"http://[^ ]+(?=/ )", desk.stdout.readline())[0]
            assert "review" in ask(f"{address}/api/health").said["absent"]
            assert post(f"{address}/api/started/sort", folder=str(scans)).status == 200
            run = over(address)["run"]
            assert "no run lies on the desk" in ask(f"{address}/api/started").said["teaching"]
            with Browser() as browser:
                tab = browser.open(f"{address}/runs")
                tab.until("document.readyState === 'complete' && document.querySelector('#now button.open') !== null")
                tab.click_on("#now button.open")
                tab.until("location.pathname === '/review' || document.querySelector('.toast.error') !== null")
                assert tab.value("location.pathname") == "/review"
            about = ask(f"{address}/api/review").said
            assert about["run"] == run and about["total"] == 5
            possible = ask(f"{address}/api/started").said
            assert [one["state"] for one in possible["earlier"]] == ["with failures"]
            assert post(f"{address}/api/runs/{NAME}/open").status == 404
        finally:
            desk.terminate()
            desk.wait(60)
