"""learn_transitions.py: pairs of pages in label folders and in tables, and what it does not learn from."""

import json

from scripts import annotation, put, run

LABELS = {"letter": ["TEXT", "TEXT", "PHOTO", "TEXT"], "report": ["TEXT", "TEXT", "TEXT"], "card": ["PHOTO"]}


def test_pairs_are_counted_in_folders_and_in_tables_alike(tmp_path):
    lines = ["FILE,PAGE,CLASS,PATH"]
    for document, labels in LABELS.items():
        for page, label in enumerate(labels, 9):  # 9, 10, ...: in the order of numbers, not of names
            put(tmp_path / "sorted" / label / f"{document}-{page}.png")
            put(tmp_path / "scans" / f"{document}-{page}.png")
            lines.append(f"{document},{page},{label},{document}-{page}.png")
    table = annotation(tmp_path, "\n".join(lines))
    folders, labelled = tmp_path / "folders.json", tmp_path / "labelled.json"
    ended = run("learn_transitions", tmp_path / "sorted", folders)
    assert ended.returncode == 0, ended.stderr
    assert "8 pages of 3 documents: 5 stand right behind another, 60% of them are of its category" in ended.stdout
    found = json.loads(folders.read_text(encoding="utf-8"))
    assert found["categories"] == ["PHOTO", "TEXT"] and found["pages"] == [2, 6] and found["pairs"] == [[0, 1], [1, 3]]
    assert run("learn_transitions", tmp_path / "scans", labelled, "--labels", table).returncode == 0
    assert labelled.read_bytes() == folders.read_bytes()


def test_pages_with_others_between_them_are_no_pair(tmp_path):
    for document in ("letter", "report"):
        for page in (1, 3, 7):
            put(tmp_path / "sorted" / "TEXT" / f"{document}-{page}.png")
    ended = run("learn_transitions", tmp_path / "sorted", tmp_path / "out.json")
    assert ended.returncode == 2 and "none of 2 has" in ended.stderr and len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "out.json").exists()
