"""`explore duplicates`: the same page scanned again is found, a page that is only alike is not, nothing is deleted."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from forms import form, scan_again
from PIL import Image

pytest.importorskip("cv2", reason="requirements-explore.txt is not installed")
pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from explore_pages import DIM, job
from scanned_again import HOME, index_of, side_by_side, table
from vector_index import vectors_of

from explore.comparing import Compared, compare_pairs, read_verdicts
from explore.duplicates import COMPARED, appearance, candidates, run_duplicates, write_table
from explore.grouping import Grouping, group_pages
from explore.keeping import Copy, propose, quality_of
from explore.near_duplicates import SAME, Verdict, compare, see
from index.database import Index
from reading.sketch import sketch
from settings.config_file import read_settings
from settings.schema import Settings


@pytest.fixture
def settings() -> Settings:
    settings = read_settings(HOME / "config.toml")
    return settings.replaced("setup", quiet=True, workers=2)


# ---- which to keep ---------------------------------------------------------------------------------------------------


def copy(row: int, **changes: object) -> Copy:
    values = {"resolution": 1.0, "area": 1.0, "angle": 0.0, "quality": 100, "colour": False, "size": 1000}
    values |= {"content": str(row), "path": f"a/{row}.png"} | changes
    return Copy(row, **values)


@pytest.mark.parametrize(
    ("copies", "keep", "why"),
    [
        ([copy(0, area=0.9, resolution=2.0), copy(1)], 1, "shows more of the page"),
        ([copy(0), copy(1, resolution=1.5)], 1, "finer"),
        ([copy(0, resolution=2.0, quality=40), copy(1)], 1, "finer"),  # enlarged and compressed hard
        ([copy(0, quality=40, resolution=1.0), copy(1, quality=95, resolution=0.5)], 1, "finer"),
        ([copy(0), copy(1, colour=True)], 1, "in colour"),
        ([copy(0, quality=92), copy(1)], 1, "less compressed"),
        ([copy(0), copy(1, size=2000)], 1, "the larger file"),
        ([copy(1, path="b/1.png"), copy(0)], 0, "the first by name"),
        ([copy(0, path="a/b/0.png"), copy(1, path="z.png")], 1, "the first by name"),
    ],
)
def test_proposal(copies: list[Copy], keep: int, why: str) -> None:
    order, said = propose(copies)
    assert order[0].row == keep
    assert why in said[0]
    assert sorted(copy.row for copy in order) == sorted(copy.row for copy in copies)


@pytest.mark.parametrize("quality", [20, 40, 75, 95])
def test_quality_of_a_jpeg_file(tmp_path: Path, quality: int) -> None:
    form(1).save(tmp_path / "a.jpg", quality=quality)
    assert quality_of(tmp_path / "a.jpg", None) == (quality, False)


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Six forms of one series, two of them scanned again, one file copied."""
    root = tmp_path / "pages"
    (root / "again").mkdir(parents=True)
    for number in range(6):
        form(number).save(root / f"form{number}.png")
    scan_again(form(0), quality=None).save(root / "again" / "zero.jpg", quality=40)
    scan_again(form(1), scale=1.6, crop=0, quality=None).save(root / "again" / "one.png")
    shutil.copy(root / "form2.png", root / "again" / "two.png")
    return root


def test_groups_and_proposals(tmp_path: Path, archive: Path, settings: Settings, capsys) -> None:
    before = {path: path.read_bytes() for path in archive.rglob("*.*")}
    index_of(tmp_path / "index", archive)
    assert run_duplicates(settings, job("duplicates", tmp_path / "index", tmp_path / "out")) == 0
    rows = table(tmp_path / "out" / "duplicates" / "groups.csv")
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        groups.setdefault(row["GROUP"], []).append((row["PROPOSAL"], row["PATH"]))
    assert sorted(groups.values()) == [
        [("keep", "again/one.png"), ("duplicate", "form1.png")],  # finer
        [("keep", "form0.png"), ("duplicate", "again/zero.jpg")],
        [("keep", "form2.png"), ("duplicate", "again/two.png")],
    ]
    why = {row["PATH"]: row["WHY"] for row in rows}
    assert "finer" in why["again/one.png"]
    assert "shows more of the page" in why["form0.png"]
    assert "turned by 1.5 degrees" in why["again/zero.jpg"]
    assert "JPEG quality 40" in why["again/zero.jpg"]
    assert why["again/two.png"] == "the same bytes"
    assert {path: path.read_bytes() for path in archive.rglob("*.*")} == before
    with Image.open(tmp_path / "out" / "duplicates" / "groups_01.png") as sheet:
        assert sheet.width > 1200  # six tiles
    said = capsys.readouterr().out
    assert "3 groups of pages" in said
    assert "nothing was moved or deleted" in said


def test_exact_opens_no_page(tmp_path: Path, archive: Path, settings: Settings) -> None:
    index_of(tmp_path / "index", archive)
    assert run_duplicates(settings, job("duplicates", tmp_path / "index", tmp_path / "out", exact=True)) == 0
    rows = table(tmp_path / "out" / "duplicates" / "groups.csv")
    assert [row["PATH"] for row in rows] == ["form2.png", "again/two.png"]
    assert not (tmp_path / "index" / COMPARED).exists()


def test_a_second_run_opens_nothing_again(tmp_path: Path, archive: Path, settings: Settings, capsys) -> None:
    index_of(tmp_path / "index", archive)
    wanted = job("duplicates", tmp_path / "index", tmp_path / "out")
    run_duplicates(settings, wanted)
    first = (tmp_path / "out" / "duplicates" / "groups.csv").read_bytes()
    kept = (tmp_path / "index" / COMPARED).read_bytes()
    capsys.readouterr()
    run_duplicates(settings, wanted)
    assert (tmp_path / "out" / "duplicates" / "groups.csv").read_bytes() == first
    assert (tmp_path / "index" / COMPARED).read_bytes() == kept
    pairs = kept.count(b"\n") - 1
    assert pairs >= 10
    assert f"{pairs} of them in an earlier run" in capsys.readouterr().out


def test_a_changed_and_a_vanished_file_are_said(tmp_path: Path, archive: Path, settings: Settings, capsys) -> None:
    index_of(tmp_path / "index", archive)
    form(0).save(archive / "form1.png")  # another page now, whose vector is not known
    (archive / "again" / "two.png").unlink()
    assert run_duplicates(settings, job("duplicates", tmp_path / "index", tmp_path / "out")) == 1
    paths = {row["PATH"] for row in table(tmp_path / "out" / "duplicates" / "groups.csv")}
    assert paths == {"form0.png", "again/zero.jpg"}
    notes = capsys.readouterr().err
    assert "form1.png: its file has changed since it was indexed" in notes
    assert "again/two.png: its file cannot be opened" in notes


def test_a_broken_page_stops_nothing(tmp_path: Path, archive: Path, settings: Settings) -> None:
    file = archive / "form3.png"
    file.write_bytes(file.read_bytes()[:2000])
    index_of(tmp_path / "index", archive)
    assert run_duplicates(settings, job("duplicates", tmp_path / "index", tmp_path / "out")) == 1
    assert len(table(tmp_path / "out" / "duplicates" / "groups.csv")) == 6


def test_killed_while_comparing(tmp_path: Path, archive: Path, settings: Settings) -> None:
    """Verdicts of a killed process are taken over, also past a torn line; the result is that of an undisturbed run."""
    index_of(tmp_path / "index", archive)
    kept = tmp_path / "index" / COMPARED
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, 'tests')\n"
        "from settings.config_file import read_settings; from explore.duplicates import run_duplicates\n"
        "from explore_pages import job\n"
        "folder = Path(sys.argv[1])\n"
        "settings = read_settings(Path('config.toml')).replaced('setup', quiet=True, workers=1)\n"
        "run_duplicates(settings, job('duplicates', folder / 'index', folder / 'out'))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=HOME)
    while process.poll() is None and (not kept.exists() or kept.read_bytes().count(b"\n") < 5):
        time.sleep(0.01)
    process.kill()
    process.wait()
    done = len(read_verdicts(kept))
    assert done >= 4
    with kept.open("ab") as stream:
        stream.write(b"1,torn")
    rows = Index.open(tmp_path / "index").rows()
    pairs = [(one, other) for other in range(len(rows)) for one in range(other)]
    pairs = [(one, other) for one, other in pairs if rows["hash"][one] != rows["hash"][other]]
    after = compare_pairs(pairs, rows, kept, workers=2, max_pixels=10**8, quiet=True)
    fresh = compare_pairs(pairs, rows, tmp_path / "other.csv", workers=1, max_pixels=10**8, quiet=True)
    assert after.earlier >= 4
    assert after.same == fresh.same
    assert len(read_verdicts(kept)) == len(read_verdicts(tmp_path / "other.csv"))


def test_a_scan_is_found_among_pages_that_a_model_cannot_tell_apart(tmp_path: Path, archive: Path) -> None:
    """All vectors are alike here; the thumbnails tell which form was scanned again."""
    index = index_of(tmp_path / "index", archive)
    rows = index.rows(["id", "path"])
    path = rows["path"].tolist()
    looks = appearance(index, rows["id"].to_numpy())[0].astype(np.float32)
    np.testing.assert_allclose(np.linalg.norm(looks, axis=1), 1, atol=2e-3)
    similarity = looks[:, DIM:] @ looks[:, DIM:].T
    np.fill_diagonal(similarity, -1)
    assert path[similarity[path.index("again/zero.jpg")].argmax()] == "form0.png"
    assert path[similarity[path.index("again/one.png")].argmax()] == "form1.png"


def test_sketch_of_an_empty_page() -> None:
    assert not sketch(Image.new("L", (141, 200), 246)).any()
    assert np.linalg.norm(sketch(form(1).resize((141, 200)))) == pytest.approx(1)


def test_candidates_are_near_neighbours_once_each() -> None:
    vectors = vectors_of(200, DIM)
    vectors[150] = vectors[3] + np.float16(0.02)
    nothing = np.zeros((200, DIM // 2), np.float16)
    assert (3, 150) in candidates(vectors, nothing)
    assert all(one < other for one, other in candidates(vectors, nothing))


@pytest.mark.parametrize("shade", [20, 128, 255], ids=["black bed", "grey bed", "blank verso"])
def test_nothing_around_a_page_is_no_reason_to_keep_it(shade: int) -> None:
    """A coarser scan with the scanner's bed, or an empty page beside it, shows no more of the page."""
    page = form(1)
    bed = Image.new("L", (2 * page.width, round(1.2 * page.height)), shade)
    bed.paste(page, (60, 90))
    coarser = bed.resize((round(0.6 * bed.width), round(0.6 * bed.height)), Image.Resampling.BICUBIC)
    verdict = compare(see(page), see(coarser))
    assert verdict.same
    assert verdict.area == pytest.approx(1, abs=0.02)
    order, why = propose([copy(0), copy(1, resolution=verdict.resolution, area=verdict.area)])
    assert (order[0].row, why[0]) == (0, "finer")


def test_a_spread_joins_nothing(tmp_path: Path, settings: Settings, capsys) -> None:
    """Two finer pages, and both on one coarser scan: all stay, and no group holds two different pages."""
    root = tmp_path / "pages"
    root.mkdir()
    form(1).save(root / "a.png")
    form(2).save(root / "b.png")
    scan_again(form(2), quality=None).save(root / "b_again.png")
    side_by_side(form(1), form(2)).save(root / "spread.png")
    index_of(tmp_path / "index", root)
    rows = Index.open(tmp_path / "index").rows()
    pairs = [(one, other) for other in range(4) for one in range(other)]
    compare_pairs(pairs, rows, tmp_path / "index" / COMPARED, workers=1, max_pixels=10**8, quiet=True)
    grouping = group_pages(
        rows,
        pairs,
        lambda pairs: compare_pairs(pairs, rows, tmp_path / "log.csv", workers=1, max_pixels=10**8, quiet=True),
    )
    paths = rows["path"].tolist()
    assert [[paths[member] for member in group.rows] for group in grouping.groups] == [["b.png", "b_again.png"]]
    assert [[paths[member] for member in part.rows] for part in grouping.parts] == [
        ["spread.png", "a.png"],
        ["spread.png", "b.png"],
    ]
    write_table(tmp_path, rows, [*grouping.groups, *grouping.parts], {}, [], excel=False)
    said = [(row["GROUP"], row["PROPOSAL"], row["PATH"]) for row in table(tmp_path / "groups.csv")]
    assert said == [
        ("1", "keep", "b.png"), ("1", "duplicate", "b_again.png"), ("2", "keep", "spread.png"),
        ("2", "part of", "a.png"), ("3", "keep", "spread.png"), ("3", "part of", "b.png"),
    ]  # fmt: skip


def test_pages_that_differ_are_not_joined_through_a_third(tmp_path: Path) -> None:
    """0 and 2 are both the same as 1, and differ: 1 goes with the one that it is more like."""
    root = tmp_path / "pages"
    root.mkdir()
    for number in range(4):
        form(number).save(root / f"{number}.png")
    rows = index_of(tmp_path / "index", root).rows()

    def same(residue: float) -> Verdict:
        return Verdict(SAME, "", 100, residue, 1.0, 1.0, 1.0, 0.0)

    done = Compared(same={(0, 1): same(3.0), (1, 2): same(1.0), (2, 3): same(2.0)}, others={(0, 2)})
    grouping = Grouping(rows, done)
    assert [sorted(group.rows) for group in grouping.groups] == [[1, 2, 3]]
    assert all({0, member} not in map(set, grouping.unsure()) for member in range(4))


def test_each_page_is_laid_on_the_one_to_keep(tmp_path: Path) -> None:
    """A chain 0 = 1 = 2 is looked at again from its best page; what then differs leaves the group."""
    root = tmp_path / "pages"
    root.mkdir()
    for number in range(3):
        form(number).save(root / f"{number}.png")
    rows = index_of(tmp_path / "index", root).rows()
    finer = Verdict(SAME, "", 100, 1.0, 1.0, 2.0, 1.0, 0.0)
    asked = []

    def compare(pairs: list[tuple[int, int]]) -> Compared:
        asked.append(list(pairs))
        if len(asked) == 1:
            return Compared(same={(0, 1): finer, (1, 2): finer})  # 2 is the finest
        return Compared(others=set(pairs))

    grouping = group_pages(rows, [(0, 1), (1, 2)], compare)
    assert asked[1:] == [[(0, 2)]]
    assert [sorted(group.rows) for group in grouping.groups] == [[0, 1]]


def test_pages_scanned_upside_down_and_on_their_side_are_found(tmp_path: Path, settings: Settings) -> None:
    """The backbone of this index knows nothing: all is found by the turned sketches."""
    root = tmp_path / "pages"
    (root / "turned").mkdir(parents=True)
    for number in range(24):
        form(number).save(root / f"form{number:02d}.png")
    for number, turn in ((3, 90), (7, 180), (11, 270)):
        again = scan_again(form(number), quality=None).rotate(turn, expand=True)
        again.save(root / "turned" / f"{number:02d}.jpg", quality=60)
    index_of(tmp_path / "index", root)
    assert run_duplicates(settings, job("duplicates", tmp_path / "index", tmp_path / "out")) == 0
    groups: dict[str, list[str]] = {}
    for row in table(tmp_path / "out" / "duplicates" / "groups.csv"):
        assert row["PROPOSAL"] in ("keep", "duplicate")
        groups.setdefault(row["GROUP"], []).append(row["PATH"])
    assert sorted(groups.values()) == [[f"form{n:02d}.png", f"turned/{n:02d}.jpg"] for n in (3, 7, 11)]


def test_of_two_scans_it_is_said_which_one_lies_upside_down(tmp_path: Path, settings: Settings) -> None:
    page = HOME / "category_samples" / "TEXT_T" / "CTX198750010-2.jpg"
    root = tmp_path / "pages"
    root.mkdir()
    shutil.copy(page, root / "b_upright.jpg")
    with Image.open(page) as image:
        image.rotate(180).save(root / "a_turned.png")
    for number in range(3):
        form(number).save(root / f"form{number}.png")
    index_of(tmp_path / "index", root)
    out = tmp_path / "out"
    assert run_duplicates(settings, job("duplicates", tmp_path / "index", out)) == 0
    turns = {row["PATH"]: row["TURN"] for row in table(out / "duplicates" / "groups.csv")}
    assert turns == {"a_turned.png": "180", "b_upright.jpg": "0"}


def test_verdicts_of_an_earlier_rule_are_given_up(tmp_path: Path, archive: Path) -> None:
    rows = index_of(tmp_path / "index", archive).rows()
    kept = tmp_path / "compared.csv"
    one, other = sorted([rows["hash"][0], rows["hash"][3]])
    kept.write_text(f"RULE,HASH_1,HASH_2,SAME\n1,{one},{other},True\n", encoding="utf-8")
    done = compare_pairs([(0, 3)], rows, kept, workers=1, max_pixels=10**8, quiet=True)
    assert (done.now, done.earlier) == (1, 0)
    assert len(kept.read_text(encoding="utf-8").splitlines()) == 2
    assert compare_pairs([(0, 3)], rows, kept, workers=1, max_pixels=10**8, quiet=True).earlier == 1
