"""Labels from a table: pages are found where they lie, what is missing is told, documents stay whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import run
from evaluation.judging import Seen
from settings.schema import Settings
from training.labels import labelled_by_table
from utils import UserError

HEAD = "FILE,PAGE,CLASS,CORRECT,PATH\n"


@pytest.fixture
def scans(tmp_path) -> Path:
    for name in ("box1/0001.png", "box1/0002.png", "box2/0001.png", "A-1.png", "sub/A-2.png", "nul/007-1.png"):
        file = tmp_path / "scans" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (40, 50), len(name) * 9).save(file)
    pages = [Image.new("1", (40, 50), at % 2) for at in range(3)]
    pages[0].save(tmp_path / "scans" / "fax.tif", save_all=True, append_images=pages[1:])
    return tmp_path / "scans"


def table(tmp_path: Path, rows: str, head: str = HEAD) -> Path:
    (tmp_path / "corrected.csv").write_text(head + rows, encoding="utf-8")
    return tmp_path / "corrected.csv"


def test_pages_are_found_where_they_lie_and_their_documents_as_anywhere(tmp_path, scans):
    file = table(
        tmp_path,
        "0001,1,TEXT,TEXT,box1/0001.png\n0001,1,TEXT,MAP,box2\\0001.png\n0002,2,MAP,MAP,./box1/0002.png\n"
        "fax,2,TEXT,TEXT,fax.tif\nA,1,TEXT,,A-1.png\nA,2,MAP,none of these,sub/A-2.png\nGone,9,MAP,MAP,gone/x.png\n",
    )
    found = labelled_by_table(scans, file, Settings())
    by_page = {(page.path, page.number): label for page, label in zip(found.pages, found.labels, strict=True)}
    assert by_page == {
        ("box1/0001.png", 1): "TEXT",
        ("box2/0001.png", 1): "MAP",
        ("box1/0002.png", 1): "MAP",
        ("fax.tif", 2): "TEXT",
    }
    assert dict(zip([page.path for page in found.pages], found.documents, strict=True)) == {
        "box1/0001.png": "box1", "box2/0001.png": "box2", "box1/0002.png": "box1", "fax.tif": "fax",
    }  # fmt: skip
    said = "\n".join(found.notes)
    assert "1 row names a page" in said and "gone/x.png" in said and "line 8" in said
    assert "1 pages are of no category" in said and "1 rows without CORRECT" in said


def test_a_few_corrected_pages_of_a_box_are_one_document_as_all_of_it_is(tmp_path, scans):
    rows = "0001,1,TEXT,TEXT,box1/0001.png\n0002,2,MAP,MAP,box1/0002.png\n"  # none of box2, which has such names too
    found = labelled_by_table(scans, table(tmp_path, rows), Settings())
    assert found.documents == ["box1", "box1"]


def test_without_path_file_and_page_tell_and_documents_may_be_told(tmp_path, scans):
    rows = "A,1,MAP,d\n7,1,TEXT,d\n0001,1,MAP,e\n"
    found = labelled_by_table(scans, table(tmp_path, rows, "FILE,PAGE,CLASS,DOCUMENT\n"), Settings())
    assert {page.path: label for page, label in zip(found.pages, found.labels, strict=True)} == {
        "A-1.png": "MAP",
        "nul/007-1.png": "TEXT",
    }
    assert found.documents == ["d", "d"]
    assert any("there are 2: a column PATH decides" in note for note in found.notes)


def test_the_file_that_is_called_exactly_so_is_meant(tmp_path, scans):
    Image.new("L", (40, 50), 90).save(scans / "nul" / "7-1.png")
    found = labelled_by_table(
        scans, table(tmp_path, "7,1,MAP\n007,1,TEXT\n07,1,MAP\n", "FILE,PAGE,CLASS\n"), Settings()
    )
    assert {page.path: label for page, label in zip(found.pages, found.labels, strict=True)} == {
        "nul/7-1.png": "MAP",
        "nul/007-1.png": "TEXT",
    }
    assert any("07 page 1 (there are 2" in note for note in found.notes)


def test_pages_of_a_file_that_cannot_be_read_keep_their_labels_and_reason(tmp_path, scans):
    (scans / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing of it")
    rows = "broken,2,MAP,MAP,broken.pdf\nbroken,1,TEXT,TEXT,broken.pdf\nbroken,3,TEXT,TEXT,\nA,1,TEXT,TEXT,A-1.png\n"
    found = labelled_by_table(scans, table(tmp_path, rows), Settings())
    told = [(page.path, page.number, label) for page, label in zip(found.pages, found.labels, strict=True)]
    broken = [("broken.pdf", 1, "TEXT"), ("broken.pdf", 2, "MAP"), ("broken.pdf", 3, "TEXT")]
    assert told == [("A-1.png", 1, "TEXT"), *broken]
    assert [bool(page.reason) for page in found.pages] == [False, True, True, True]


def test_a_box_is_no_name_elsewhere_even_where_it_is_written_down(tmp_path, scans):
    rows = "0001,1,TEXT,box1,box1/0001.png\n0001,1,MAP,Will of 1811,box2/0001.png\n"
    found = labelled_by_table(scans, table(tmp_path, rows, "FILE,PAGE,CLASS,DOCUMENT,PATH\n"), Settings())
    assert found.documents == ["box1", "Will of 1811"]
    found.contents = ["one", "other"]
    learned = frozenset(["box1", "Will of 1811"])
    seen = Seen(learned, contents=frozenset(["elsewhere"]), root=tmp_path / "elsewhere")
    assert seen.mask(found).tolist() == [False, True]


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        (
            "0001,1,T,will,box1/0001.png\n0002,2,MAP,,box1/0002.png\n0001,1,MAP,,box2/0001.png\n",
            "FILE,PAGE,CLASS,DOCUMENT,PATH\n",
            "some pages of box1 only (box1/0001.png page 1 has it, box1/0002.png page 1 has not): fill it for all",
        ),
        ("A,1,T,MAP,A-1.png\nA,1,T,TEXT,A-1.png\n", HEAD, "line 3: A-1.png page 1 is TEXT here and MAP in line 2"),
        ("A,1,T,MAP,other/A-1.png\n", HEAD, "give that with -d"),
        ("A,1,T,,A-1.png\n", HEAD, "no row has a label"),
        ("A,1,T,Map,A-1.png\nA,2,T,MAP,sub/A-2.png\n", HEAD, "letter case"),
        ("A,1,T\n", "FILE,PAGE,CLASS-1\n", "no column CLASS"),
        ("1,T\n", "PAGE,CLASS\n", "neither FILE nor PATH"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, scans, rows, head, said):
    with pytest.raises(UserError) as refused:
        labelled_by_table(scans, table(tmp_path, rows, head), Settings())
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_flags_that_do_not_fit(tmp_path, scans, capsys):
    file = table(tmp_path, "A,1,T,MAP,A-1.png\n")
    for flags, said in [
        (["--train", "-d", str(scans), "--labels", str(tmp_path)], "is a folder"),
        (["--train", "-d", str(scans), "--labels", "nowhere.csv"], "no such table"),
        (["--train", "-d", str(scans), "--labels", str(file), "--split", "folders"], "give one"),
        (["--eval", "--labels", str(file)], "with -d"),
        (["-d", str(scans), "--labels", str(file)], "--labels belongs to"),
    ]:
        assert run.main(flags) == 2
        assert said in capsys.readouterr().err


def killed_as_it_begins(flags: list[str]) -> None:
    from test_training import Killed

    from training import job

    def stop(*_, **__):
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(job, "fit", stop)
        run.main(flags)


def test_train_and_eval_by_a_table(tmp_path, capsys):
    """The circle: pages that were never sorted into folders teach a model, and judge it on documents it never saw."""
    pytest.importorskip("torch")
    pytest.importorskip("matplotlib")
    from test_training import draw_labelled, settings_of
    from tiny import tiny_base

    folder = draw_labelled(tmp_path / "scans", documents=10, pages=2)
    rows = [
        f"{file.stem[:-2]},{file.stem[-1]},MAP,{file.parent.name},{file.relative_to(folder).as_posix()}\n"
        for file in sorted(folder.rglob("*.png"))
    ]
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing of it")
    broken = "broken,1,MAP,DRAW,broken.pdf\nbroken,2,MAP,TEXT,broken.pdf\n"
    file = table(tmp_path, "".join(rows) + broken)
    settings_of(tmp_path, epochs=2, validation=0.2, test=0.2)
    tiny_base(tmp_path / "base", "dual")
    pages = ["--config", str(tmp_path / "config.toml"), "-d", str(folder)]
    flags = [*pages, "--labels", str(file)]
    training = ["--train", "-m", str(tmp_path / "base"), "--name", "mine"]
    killed_as_it_begins([*flags, *training])
    for words, change, said in [
        (pages, "", f"was begun with --labels {file}: give the same"),
        (
            flags,
            "A,1,T,MAP,DRAW/A-1.png\n",
            f"{file} was changed since the unfinished training mine began: put it back",
        ),
    ]:
        with file.open("a", encoding="utf-8") as added:
            added.write(change)
        capsys.readouterr()
        assert run.main([*words, *training, "--resume"]) == 2
        assert said in capsys.readouterr().err
    table(tmp_path, "".join(rows) + broken)
    assert run.main([*flags, *training, "--resume"]) == 0
    said = capsys.readouterr().err
    assert "broken.pdf" in said
    split = (tmp_path / "models" / "mine" / "split.csv").read_text(encoding="utf-8").splitlines()
    unreadable = [line for line in split if line.endswith(",unreadable")]
    assert [line.split(",")[:3] for line in unreadable] == [["broken.pdf", "1", "DRAW"], ["broken.pdf", "2", "TEXT"]]
    split = [line for line in split if line not in unreadable]
    table(tmp_path, "".join(rows))
    sides: dict[str, set[str]] = {}
    for line in split[1:]:
        *_, document, side = line.split(",")
        sides.setdefault(document, set()).add(side)
    assert len(split) == 61 and all(len(side) == 1 for side in sides.values())
    assert {side for one in sides.values() for side in one} == {"train", "validation", "test"}
    out = ["-o", str(tmp_path / "out")]
    capsys.readouterr()
    assert run.main([*flags, *out, "--eval", "--model_path", str(tmp_path / "models" / "mine")]) == 0
    assert run.main([*flags, *out, "--eval_dir"]) == 0
    assert "12 pages" in capsys.readouterr().out  # those of test documents: the others were seen
