"""`[output] sequence`: the hidden Markov model against all ways that a document can go, and the tables of runs that
were killed, cut into shards, joined with earlier ones or voted on: the same, whatever happened on the way."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny
from PIL import Image
from test_resume import interrupted
from test_since import newest, tables_of
from test_sorting import draw, rows_of, sort

from sorting.together import posterior
from sorting.transitions import learn, learned_of, read_transitions, text_of
from utils import UserError

CATEGORIES = ["DRAW", "PHOTO", "TEXT"]
DIRECTED = [[70, 20, 10], [5, 55, 40], [30, 10, 60]]  # pairs: what stands behind is not what stands before


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sequence")
    for seed in (0, 1):
        tiny.tiny_model_folder(folder / f"m{seed}", CATEGORIES, seed=seed)
    return folder


@pytest.fixture
def how(models, tmp_path):
    """A command that decides documents together, by transitions that tell before from behind."""
    config = tmp_path / "config.toml"
    mine = written(tmp_path / "mine.json", CATEGORIES, DIRECTED)
    config.write_text(f"[output]\nsequence = true\ntransitions = {json.dumps(str(mine))}\n", encoding="utf-8")
    return ("--config", config, "--model_path", models / "m0", "--batch_size", 2, "--workers", 0, "--raw")


def written(file: Path, categories: list[str], pairs: list[list[int]], /, **others: object) -> Path:
    counted = {"format": 1, "weight": 3, "categories": categories, "pages": [sum(row) for row in pairs], "pairs": pairs}
    file.write_text(json.dumps(counted | others), encoding="utf-8")
    return file


def scans(folder: Path) -> Path:
    """Documents that batches of two pages part: with a gap, with a page that fails, of a PDF, named by their folder, of
    one page, and two of one name."""
    for number in (1, 2, 3, 7):
        draw(folder / f"doc-{number}.png", number)
    (folder / "doc-4.png").write_bytes(b"no picture")
    first, second, third = (Image.open(draw(folder / ".d" / f"{n}.png", n)).convert("RGB") for n in (11, 12, 13))
    first.save(folder / "report.pdf", save_all=True, append_images=[second, third])
    for box, numbers in (("box1", (9, 10, 11)), ("box2", (9, 10))):
        for number in numbers:
            draw(folder / box / f"IMG_{number}.png", 3 * number + len(box))
    draw(folder / "letter.png", 5)
    for place in ("a", "b"):
        draw(folder / place / "same-1.png", ord(place))
    return folder


DOCUMENTS = (  # of `scans`: each page, or the one that failed, in the order of the document, and its place there
    [("doc-1.png", 1), ("doc-2.png", 2), ("doc-3.png", 3), (None, 4), ("doc-7.png", 7)],
    [("report.pdf", 1), ("report.pdf", 2), ("report.pdf", 3)],
    [("box1/IMG_9.png", 1), ("box1/IMG_10.png", 2), ("box1/IMG_11.png", 3)],
    [("box2/IMG_9.png", 1), ("box2/IMG_10.png", 2)],
)
ALONE = ("letter.png", "a/same-1.png", "b/same-1.png")


def every_way(scores: np.ndarray, at: list[int], transitions) -> np.ndarray:
    """The same as `posterior`, by adding up all ways that categories can follow each other."""
    pages, categories = scores.shape
    found = np.zeros(scores.shape)
    for way in itertools.product(range(categories), repeat=pages):
        likely = transitions.share[way[0]]
        for page, category in enumerate(way):
            if page:
                step = np.linalg.matrix_power(transitions.next, at[page] - at[page - 1])
                likely *= step[way[page - 1], category]
            if not np.isnan(scores[page, 0]):
                likely *= scores[page, category] / transitions.share[category]
        found[range(pages), way] += likely
    return found / found.sum(axis=1, keepdims=True)


def test_scores_are_those_of_all_ways_that_a_document_can_go(tmp_path):
    rng = np.random.default_rng(0)
    mine = read_transitions(written(tmp_path / "mine.json", CATEGORIES, DIRECTED)).of(CATEGORIES)
    for transitions in (mine, read_transitions(None).of(CATEGORIES)):
        scores = rng.dirichlet([0.5] * 3, 6)
        scores[2] = np.nan  # a page that failed
        at = [0, 1, 2, 5, 6, 8]
        np.testing.assert_allclose(posterior(scores, at, transitions), every_way(scores, at, transitions), atol=1e-12)
        only = np.full((3, 3), np.nan)
        only[1] = scores[0]
        np.testing.assert_allclose(posterior(only, [0, 1, 2], transitions)[1], scores[0], atol=1e-12)


def test_a_doubtful_page_goes_with_its_neighbours_and_far_ones_do_not_matter():
    transitions = read_transitions(None).of(["DRAW", "TEXT"])
    scores = np.array([[0.02, 0.98], [0.55, 0.45], [0.02, 0.98]])
    near, far = (posterior(scores, at, transitions) for at in ([0, 1, 2], [0, 400, 900]))
    assert near[1].argmax() == 1 and near[1, 1] < 0.9
    np.testing.assert_allclose(far, scores, atol=1e-9)


def raw_rows(folder: Path) -> dict[tuple[str, int], list[float]]:
    rows = rows_of(folder, "*_RAW.csv")
    return {(row["PATH"], int(row["PAGE"])): [float(row[name]) for name in CATEGORIES] for row in rows}


def test_tables_have_what_documents_say_and_the_raw_table_what_pages_say(tmp_path, how, models):
    folder = scans(tmp_path / "scans")
    assert sort("-d", folder, "-o", tmp_path / "alone", *how, "--no-sequence") == 1
    assert sort("-d", folder, "-o", tmp_path / "out", *how, "-tn", 3) == 1
    one, other = (next((tmp_path / name / "tables").glob("*_RAW.csv")) for name in ("alone", "out"))
    assert one.read_bytes() == other.read_bytes()
    said, rows = raw_rows(tmp_path / "out"), rows_of(tmp_path / "out", "result_*.csv")
    found = {(row["PATH"], int(row["PAGE"])): row for row in rows}
    assert len(found) == len(said) == 15
    transitions = read_transitions(tmp_path / "mine.json").of(CATEGORIES)
    moved = 0
    for document in DOCUMENTS:
        keys = [(path, at if path and path.startswith(("doc", "report")) else None) for path, at in document]
        keys = [key if key[1] else next((k for k in said if k[0] == key[0]), key) for key in keys]
        scores = np.array([said.get(key, [np.nan] * 3) for key in keys])
        wanted = every_way(scores, [at for _, at in document], transitions)
        for key, row in zip(keys, wanted, strict=True):
            if key in found:
                got = {found[key][f"CLASS-{rank}"]: float(found[key][f"SCORE-{rank}"]) for rank in (1, 2, 3)}
                assert [got[name] for name in CATEGORIES] == pytest.approx(row.tolist(), abs=1e-4), key
                moved += abs(row - said[key]).max() > 0.01
    assert moved >= 8
    before = {row["PATH"]: row for row in rows_of(tmp_path / "alone", "result_*.csv")}
    for path in ALONE:  # a document of one page is as it was
        assert {name: found[path, 1][name] for name in ("CLASS-1", "SCORE-1")} == {
            name: before[path][name] for name in ("CLASS-1", "SCORE-1")
        }
    record = json.loads(next((tmp_path / "out" / "tables").glob("*_run.json")).read_text(encoding="utf-8"))
    assert record["sequence"]["transitions"] == str(tmp_path / "mine.json")


def test_without_documents_of_several_pages_tables_are_the_same_bytes(tmp_path, how):
    for number in range(1, 6):
        draw(tmp_path / "scans" / f"letter{number}x.png", number)
    for flag in ("--sequence", "--no-sequence"):
        assert sort("-d", tmp_path / "scans", "-o", tmp_path / flag, *how, flag, "--per_document") == 0
    assert tables_of(tmp_path / "--sequence").items() == tables_of(tmp_path / "--no-sequence").items()


def test_killed_resumed_and_cut_into_shards_the_tables_are_those_of_an_unbroken_run(tmp_path, how, monkeypatch):
    folder = scans(tmp_path / "scans")
    named = [*how, "--per_document", "--report", "--write", "jsonl"]
    assert sort("-d", folder, "-o", tmp_path / "whole", *named) == 1
    for batches in (1, 4):
        output = tmp_path / f"killed{batches}"
        interrupted(monkeypatch, batches, "-d", folder, "-o", output, *named)
        assert sort("-d", folder, "-o", output, *named, "--resume") == 1
        assert tables_of(output) == tables_of(tmp_path / "whole")
    for shard in ("2/3", "1/3", "3/3"):
        sort("-d", folder, "-o", tmp_path / "shards", *named, "--shard", shard)
    assert sort("-d", folder, "-o", tmp_path / "shards", *named, "--merge") == 1
    assert tables_of(tmp_path / "shards") == tables_of(tmp_path / "whole")
    lines = next(tmp_path.glob("shards/interchange/*/*.jsonl")).read_text(encoding="utf-8")
    best = {row["PATH"]: row["CLASS-1"] for row in rows_of(tmp_path / "shards", "result_*.csv")}
    assert len(best) > 10 and all(f'"{category}"' in lines for category in best.values())


def test_with_other_transitions_no_run_goes_on(tmp_path, how, monkeypatch, capsys):
    folder = scans(tmp_path / "scans")
    interrupted(monkeypatch, 2, "-d", folder, "-o", tmp_path / "out", *how)
    mine = (tmp_path / "mine.json").read_text(encoding="utf-8")
    written(tmp_path / "mine.json", CATEGORIES, [[60, 30, 10], *DIRECTED[1:]])
    assert sort("-d", folder, "-o", tmp_path / "out", *how, "--resume") == 2
    assert "transitions" in capsys.readouterr().err
    (tmp_path / "mine.json").write_text(mine, encoding="utf-8")
    assert sort("-d", folder, "-o", tmp_path / "out", *how, "--resume") == 1


def test_pages_that_an_earlier_run_has_sorted_are_part_of_their_documents(tmp_path, how):
    later = scans(tmp_path / "later")
    folder = tmp_path / "scans"
    shutil.copytree(later, folder)
    for name in ("doc-2.png", "box1/IMG_10.png"):
        (folder / name).unlink()
    assert sort("-d", folder, "-o", tmp_path / "out", *how) == 1
    first = newest(tmp_path / "out")
    for name in ("doc-2.png", "box1/IMG_10.png"):
        shutil.copy(later / name, folder / name)
    assert sort("-d", folder, "-o", tmp_path / "whole", *how) == 1
    assert sort("-d", folder, "-o", tmp_path / "out", *how, "--since", first, "--joined") == 1
    wanted = {name: text for name, text in tables_of(tmp_path / "whole").items() if name.endswith(".csv")}
    assert {name: text for name, text in tables_of(tmp_path / "out").items() if name.endswith(".csv")} == wanted
    assert sort("-d", folder, "-o", tmp_path / "out", *how, "--since", first) == 1
    own = next((tmp_path / "out" / "tables").glob(f"result_{newest(tmp_path / 'out')}*.csv"))
    lines, every = (file.read_text(encoding="utf-8").splitlines() for file in
                    (own, next((tmp_path / "whole" / "tables").glob("result_*.csv"))))  # fmt: skip
    assert len(lines) == 3 and set(lines) < set(every)


def test_single_files_and_votes_are_decided_together_too(tmp_path, how, models, capsys):
    folder = scans(tmp_path / "scans")
    assert sort("-f", folder / "report.pdf", *how[:-1]) == 0
    shown = [line.split()[-1] for line in capsys.readouterr().out.splitlines()[1:]]
    assert sort("-d", folder, "-o", tmp_path / "out", *how) == 1
    rows = {(row["PATH"], row["PAGE"]): row for row in rows_of(tmp_path / "out", "result_*.csv")}
    assert shown == [rows["report.pdf", str(page)]["SCORE-1"] for page in (1, 2, 3)]
    vote = ("--best", "-d", folder, "--model_dir", models, *how[:2], "--batch_size", 2)
    assert sort(*vote, "-o", tmp_path / "votes") == sort(*vote, "-o", tmp_path / "plain", "--no-sequence") == 1
    average, together = ([float(row["SCORE"]) for row in votes if row["PATH"] == "report.pdf"]
                         for votes in map(votes_of, (tmp_path / "plain", tmp_path / "votes")))  # fmt: skip
    each = []
    for name in ("m0", "m1"):
        assert sort("-d", folder, "-o", tmp_path / name, *how[:2], "--model_path", models / name, "--raw") == 1
        each.append([scores for (path, _), scores in raw_rows(tmp_path / name).items() if path == "report.pdf"])
    mean = np.mean(each, axis=0)
    assert average == pytest.approx(mean.max(axis=1).tolist(), abs=1e-4)
    transitions = read_transitions(tmp_path / "mine.json").of(CATEGORIES)
    assert together == pytest.approx(every_way(mean, [1, 2, 3], transitions).max(axis=1).tolist(), abs=1e-4)


def votes_of(folder: Path) -> list[dict[str, str]]:
    table = next(file for file in (folder / "tables").glob("best_*.csv") if "ERRORS" not in file.name)
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ({"format": 9}, "is not what this version"),
        ({"pages": [100, 100]}, "is not what this version"),
        ({"weight": 0}, "is not what this version"),
        ({"pairs": [[-1, 0, 0]] * 3}, "is not what this version"),
        ({"categories": ["DRAW", "MAP", "TEXT"]}, "that the model does not sort into: MAP;"),
        (None, "is no file"),
    ],
)
def test_transitions_that_do_not_fit_are_one_line_before_any_page_is_read(tmp_path, how, capsys, counted, said):
    if counted is None:
        (tmp_path / "mine.json").unlink()
    else:
        written(tmp_path / "mine.json", CATEGORIES, DIRECTED, **counted)
    draw(tmp_path / "scans" / "doc-1.png", 1)
    assert sort("-d", tmp_path / "scans", "-o", tmp_path / "out", *how) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.glob("out/runs/*"))


def test_what_is_learned_follows_the_pairs_and_is_careful_where_documents_differ(tmp_path):
    file = tmp_path / "learned.json"
    file.write_text(text_of(learn([list(enumerate(["TEXT", "DRAW"] * 10)) for _ in range(8)])), encoding="utf-8")
    found = read_transitions(file).of(["TEXT", "MAP", "DRAW"])
    assert found.next[0, 2] > 0.95 and found.next[2, 0] > 0.95
    assert found.next[1].argmax() != 1 and found.share.sum() == pytest.approx(1) and found.share[1] < 0.02
    short = [[(0, "TEXT"), (1, name), (2, "DRAW"), (9, "DRAW")] for name in ("TEXT", "DRAW")]
    careful = learn([*short, list(enumerate(["TEXT"] * 300))])
    assert careful["weight"] >= 30 and sum(map(sum, careful["pairs"])) == 303
    assert learned_of(careful, file).of(["DRAW", "TEXT"]).next[1, 1] < 0.99
    with pytest.raises(UserError, match="none of 1 has"):
        learn([[(0, "TEXT"), (5, "DRAW")]])
