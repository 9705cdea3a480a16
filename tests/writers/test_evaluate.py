"""`writers evaluate` on pages that are drawn here, with a tiny model: figures, tables, pictures, and bad input."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")
pytest.importorskip("matplotlib", reason="requirements-writers.txt is not installed")

from hand_pages import draw_hands, tiny_hands, written

from reading.pages import find_pages
from run import main
from settings.schema import Settings
from writers.calibration import calibrate
from writers.described import Begun, describe_pages
from writers.hands import Hands, marks_of

HOME = Path(__file__).resolve().parents[2]
PATTERN = r"(?P<writer>[a-z]+)-(?P<page>\d+)"


def evaluate(model: Path, *arguments: str) -> tuple[int, dict]:
    """Exit code, and the object of --json."""
    Path("result.json").unlink(missing_ok=True)
    typed = ["writers", "evaluate", "pages", "--model", str(model), "--json", "result.json", "-o", "out", "--quiet"]
    code = main([*typed, *(arguments or ("--pattern", PATTERN))])
    return code, json.loads(Path("result.json").read_text(encoding="utf-8")) if Path("result.json").exists() else {}


def rows() -> list[dict[str, str]]:
    [file] = Path("out").glob("evaluate_*/pages.csv")
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_one_object_has_what_scripts_read_at_its_top(here, model, capsys):
    code, result = evaluate(model)
    assert code == 0
    assert all(0 <= result[name] <= 100 for name in ("map", "top1", "soft10"))
    assert (result["pages"], result["writers"], result["queries"], result["lost_queries"]) == (9, 3, 9, 0)
    assert result["model"] == Hands.load(model).hash
    assert result["map"] > result["baselines"]["chance"]["map"] + 20  # three hands that nobody would confuse
    assert "upright RootSIFT + VLAD" in result["baselines"]
    assert result["cross_page_map"] == pytest.approx(result["map"])
    assert result["intervals"]["map"][0] <= result["map"] <= result["intervals"]["map"][1]
    said = capsys.readouterr().out
    assert "chance" in said
    assert "mAP above upright RootSIFT + VLAD" in said
    table = rows()
    assert [row["PATH"] for row in table] == [
        f"{hand}-{at}.png" for hand in ("anna", "berta", "carl") for at in range(3)
    ]
    assert np.mean([float(row["AP"]) for row in table]) * 100 == pytest.approx(result["map"], abs=0.01)
    right = [row["FIRST_HIT"] == "1" for row in table]
    assert 100 * np.mean(right) == pytest.approx(result["top1"])
    assert right == [row["WRITER"] == row["NEAREST_WRITER"] for row in table]
    for name in ("matrix.png", "scores.png", "cmc.png"):
        [picture] = Path("out").glob(f"evaluate_*/{name}")
        with Image.open(picture) as drawn:
            assert max(drawn.size) <= 4000
            assert len(drawn.convert("L").histogram()) - drawn.convert("L").histogram().count(0) > 10


def test_chance_is_exact(here, model):
    _, result = evaluate(model)
    # 8 others, 2 of them right: the expected AP, over all places that two pages can take.
    pairs = [(one, other) for other in range(1, 9) for one in range(1, other)]
    expected = np.mean([(1 / one + 2 / other) / 2 for one, other in pairs])
    assert result["baselines"]["chance"]["map"] == pytest.approx(100 * expected)
    assert result["baselines"]["chance"]["top1"] == pytest.approx(100 * 2 / 8)


def test_bad_pages_are_rows_with_a_reason_and_misses_in_the_headline(here, model, capsys):
    whole = evaluate(model)[1]["map"]
    assert whole == pytest.approx(100)
    Image.new("L", (500, 400), 255).save("pages/anna-7.png")  # blank
    Path("pages/berta-7.png").write_bytes(Path("pages/berta-1.png").read_bytes()[:900])  # cut off
    written("carl", 77).save("pages/cover.png")
    Path("out").rename("before")
    code, result = evaluate(model)
    assert code == 1  # of the page that cannot be read, and the one without a writer
    assert (result["pages"], result["queries"], result["lost_queries"], result["unnamed"]) == (11, 11, 2, 1)
    assert (result["not_described"], result["unread"]) == (2, 1)
    # anna and berta: three pages find two of three others each, the fourth page nothing.
    assert result["map"] == pytest.approx(100 * (6 * 2 / 3 + 3) / 11)
    assert result["described"]["map"] == pytest.approx(whole)
    by_path = {row["PATH"]: row for row in rows()}
    assert len(by_path) == 12
    assert "no handwriting found" in by_path["anna-7.png"]["REASON"]
    assert by_path["berta-7.png"]["REASON"]
    assert by_path["cover.png"]["REASON"].startswith("no writer:")
    assert (by_path["anna-7.png"]["AP"], by_path["anna-7.png"]["FIRST_HIT"]) == ("0.0000", "")
    said = capsys.readouterr().out
    assert "2 queries lost so: misses above, and found by none; of the others alone mAP is 100.0" in said


def test_a_folder_without_any_handwriting_is_judged_zero_and_does_not_fail(tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)
    Path("pages").mkdir()
    for name in ("a-1", "a-2", "b-1"):
        Image.new("L", (400, 300), 255).save(f"pages/{name}.png")
    code, result = evaluate(model)
    assert (code, result["map"], result["top1"], result["pages"]) == (0, 0, 0, 3)
    assert all(row["REASON"] for row in rows())


def test_re_ranking_counts_only_where_it_is_asked_for_and_is_told(here, model, capsys):
    _, plain = evaluate(model)
    assert (plain["rerank"], plain["transductive"]) == (None, False)
    assert plain["reranked"]["sgr"]["transductive"]
    _, again = evaluate(model, "--pattern", PATTERN, "--rerank", "sgr")
    assert (again["rerank"], again["transductive"]) == ("sgr", True)
    assert again["map"] == pytest.approx(plain["reranked"]["sgr"]["map"])
    assert "similarity graph re-ranking (transductive)" in capsys.readouterr().out
    _, white = evaluate(model, "--pattern", PATTERN, "--transductive")
    assert (white["transductive"], white["whitened_on_these_pages"]) == (True, True)
    assert "whitened on the very pages that are judged" in capsys.readouterr().out


def test_the_threshold_of_a_calibrated_model_is_judged_on_these_pages(here, model, tmp_path, capsys):
    hands = Hands.load(model)
    pages = [(hand, hands.vector_of(written(hand, 500 + at))) for hand in ("anna", "berta", "carl") for at in range(3)]
    vectors = np.stack([vector for _, vector in pages])
    made = calibrate(vectors @ vectors.T, [hand for hand, _ in pages])
    Hands(hands.parts, name="calibrated", calibration=made.to_json()).save(tmp_path / "calibrated")
    _, result = evaluate(tmp_path / "calibrated")
    assert result["threshold"]["threshold"] == pytest.approx(made.threshold)
    assert not result["threshold"]["chosen_on_these_pages"]
    assert "the model's calibration on 3 other writers" in capsys.readouterr().out
    _, result = evaluate(model)
    assert result["threshold"]["chosen_on_these_pages"]


def test_pages_that_taught_the_model_are_told(here, model, tmp_path, capsys):
    _, result = evaluate(model)
    assert result["learned"] == 0
    assert "taught the model" not in capsys.readouterr().out
    learned = marks_of([*sorted(Path("pages").glob("anna-*.png")), Path("gone.png")])
    Hands(Hands.load(model).parts, figures={"learned": learned}).save(tmp_path / "taught")
    _, result = evaluate(tmp_path / "taught")
    assert result["learned"] == len(learned) == 3
    assert "warning: 3 files of these taught the model" in capsys.readouterr().out


def test_fragments_of_one_page_are_left_out_of_the_cross_page_map(tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)
    Path("pages").mkdir()
    for number, hand in enumerate(("anna", "berta")):
        for page in range(2):
            for fragment in range(2):
                written(hand, 10 * number + page).save(f"pages/{number}_{page}_{fragment}.png")
    _, result = evaluate(model, "--pattern", "hisfrag20")
    assert result["pages"] == 8
    assert result["top1"] == 100  # the twin of each
    assert 0 < result["cross_page_map"] <= 100
    assert result["queries"] == 8


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["pages"], "--pattern"),
        (["--pattern", PATTERN], "one folder of pages, 0 given"),
        (["pages", "--pattern", "("], "no regular expression"),
        (["pages", "--pattern", r"(?P<writer>x\d)-(?P<page>\d)"], "fits none of 9 pages (anna-0.png, anna-1.png, ...)"),
        (["pages", "--pattern", r"^(?P<writer>a)nna-(?P<page>\d)"], "of one writer"),
        (["pages", "--pattern", r"(?P<writer>.*-\d)(?P<page>)$"], "fits none"),
        (["pages", "--pattern", r"(?P<writer>\w+-\d).?(?P<page>$|\d)"], "fits none"),
        (["pages", "--pattern", PATTERN, "--rerank", "srg"], "did you mean sgr?"),
        (["pages", "--pattern", PATTERN, "--json", "no/where.json"], "--json"),
        (["page", "--pattern", PATTERN], "did you mean pages?"),
        (["empty", "--pattern", PATTERN], "no pages in empty"),
        (["pages", "--pattern", PATTERN, "--model", "pages"], "no model of hands"),
        (["pages", "--pattern", PATTERN, "--model", "nowhere"], "no such folder"),
    ],
)
def test_bad_input_is_one_line(here, model, capsys, typed, said):
    Path("empty").mkdir()
    own = [] if "--model" in typed else ["--model", str(model)]
    assert main(["writers", "evaluate", *typed, *own, "-o", "out"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not Path("out").exists()


def test_one_page_a_writer_is_nothing_to_judge(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("pages").mkdir()
    for hand in ("anna", "berta"):
        written(hand, 1).save(f"pages/{hand}-0.png")
    assert evaluate(tiny_hands(tmp_path / "tiny"))[0] == 2
    assert "each of the 2 writers has one page" in capsys.readouterr().err


def test_a_damaged_model_is_one_line(here, model, capsys):
    broken = Path("broken")
    broken.mkdir()
    record = json.loads((model / "hands.json").read_text(encoding="utf-8"))
    (broken / "hands.json").write_text(json.dumps(record | {"format": 99}), encoding="utf-8")
    (broken / "hands.safetensors").write_bytes((model / "hands.safetensors").read_bytes())
    assert evaluate(broken)[0] == 2
    assert "version 99" in capsys.readouterr().err
    (broken / "hands.json").write_text(json.dumps(record | {"calibration": {"threshold": "x"}}), encoding="utf-8")
    assert evaluate(broken)[0] == 2
    error = capsys.readouterr().err
    assert "calibration" in error
    assert error.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL cannot be sent on Windows")
def test_killed_it_goes_on_and_ends_with_the_same_figures(here, model, capsys):
    draw_hands(here / "pages", each=5, first=3)
    Image.new("L", (400, 500), 255).save(here / "pages" / "anna-90.png")
    (here / "pages" / "carl-91.png").write_bytes(b"no picture")
    code, whole = evaluate(model)
    assert not Path("out/evaluate.begun").exists()
    command = [sys.executable, str(HOME / "run.py"), "writers", "evaluate", "pages", "--model", str(model)]
    command += ["-o", "again", "--pattern", PATTERN, "--workers", "1", "--json", "again.json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun = Path("again/evaluate.begun")
    while not list(begun.glob("*.npz")):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = 8 * len(list(begun.glob("*.npz")))
    assert kept < whole["pages"]
    written("anna", 4711).save("pages/anna-0.png")  # has changed meanwhile: described again
    written("berta", 4711).save("pages/berta-7.png")  # not described yet, or again
    capsys.readouterr()
    assert main(command[2:]) == code == 1
    said = capsys.readouterr()
    assert f" of {whole['pages']} pages were described before" in said.out + said.err
    assert not begun.exists()
    again = json.loads(Path("again.json").read_text(encoding="utf-8"))
    code, whole = evaluate(model)
    assert again == whole


def test_what_another_model_has_described_is_not_taken_up(here, model, tmp_path_factory, capsys):
    other = tiny_hands(tmp_path_factory.mktemp("other") / "tiny", words=4)
    settings = Settings()
    pages = find_pages(Path("pages"))
    for folder, known in ((model, 0), (other, 0), (other, 9)):
        models = {"one": Hands.load(folder)}
        with Begun(Path("begun"), models, settings) as begun:
            assert len(begun.known()) == known
            described = describe_pages(models, pages, settings, begun)
    assert "going on: 9 of 9 pages were described before" in capsys.readouterr().err
    assert described.vectors["one"] == pytest.approx(describe_pages(models, pages, settings).vectors["one"])
    Path("begun/00000000.npz").write_bytes(b"torn")
    with Begun(Path("begun"), models, settings) as begun:
        assert len(begun.known()) == 1
