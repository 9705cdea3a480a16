"""The report: what it shows of a run, of any size, and that names in it stay text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

import run
from output.counts_picture import MOST, counts_picture
from output.outcome import Failed, Scored
from reading.pages import Page, PageList
from sorting import report_choice
from sorting.report import write_report
from sorting.report_choice import choose
from sorting.report_page import About, report_page
from sorting.results import TableStyle

STYLE = TableStyle(["DRAW", "TEXT"], 1)
ABOUT = About("box", "20261129-101500_X", [("folder", "/scans")], ["result.csv"])


class Tags(HTMLParser):
    """What a browser makes of it: all tags with their attributes, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def drawn(file: Path, number: int = 1) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("L", (300, 400), 250)
    for line in range(5 + number % 9):
        ImageDraw.Draw(image).rectangle((20, 30 + 35 * line, 260, 45 + 35 * line), fill=(31 * number) % 200)
    image.save(file)
    return file


def pages_of(*names: str) -> list[Page]:
    return [
        Page(name, Path(name).stem.rpartition("-")[0] or Path(name).stem, at + 1, None) for at, name in enumerate(names)
    ]


def test_the_least_sure_pages_are_the_doubtful_ones_and_documents_keep_their_order():
    pages = PageList(Path(), pages_of("a-1.png", "a-2.png", "b-1.png", "b-2.png"))
    outcomes = [
        Scored([0.9, 0.1]),
        Failed("the file\nis empty"),
        Scored([0.45, 0.55], "a bad line"),
        Scored([0.2, 0.8]),
    ]
    shown = choose(pages, outcomes, STYLE)
    assert [(one.page.path, one.category, one.second) for one in shown.doubtful] == [
        ("b-1.png", "TEXT", "DRAW"),
        ("b-2.png", "TEXT", "DRAW"),
        ("a-1.png", "DRAW", "TEXT"),
    ]
    assert shown.per_category == {"DRAW": 1, "TEXT": 2} and shown.failed == 1
    assert [(page.path, reason) for page, reason in shown.failures] == [("a-2.png", "the file is empty")]
    strips = [(strip.name, [bool(example) for _, _, example in strip.shown]) for strip in shown.strips]
    assert strips == [("a", [True, False]), ("b", [True, True])]
    assert shown.warnings == {"a bad line": 1}
    assert "of 2 documents" in report_page(shown, ABOUT, {})


def test_a_large_run_has_a_report_of_bounded_size_which_says_so():
    count = 30_000
    pages = PageList(Path(), [Page(f"doc{at // 3:05}-{at % 3 + 1}.png", f"doc{at // 3:05}", at % 3 + 1, None)
                              for at in range(count)])  # fmt: skip
    outcomes = (Failed("cut off") if at % 10 == 0 else Scored([at / count, 1 - at / count]) for at in range(count))
    shown = choose(pages, outcomes, STYLE)
    assert shown.pages == count and shown.failed == 3000
    assert len(shown.examples["DRAW"]) == report_choice.EXAMPLES
    assert len(shown.strips) == report_choice.DOCUMENTS and shown.documents == 10_000
    assert len(shown.pictures()) < 120
    text = report_page(shown, ABOUT, {})
    assert len(text) < 400_000
    for said in ("The first 200 of 10000 documents", "The first 200 of 3000", "The 48 of 27000 sorted pages"):
        assert said in text
    assert choose(pages, [Failed("x")] * count, STYLE).pictures() == {}
    few = PageList(Path(), pages.pages[:40])  # sure ones are no doubtful ones, however few pages there are
    assert len(choose(few, [Scored([0.9, 0.1])] * 40, STYLE).doubtful) == 10


def test_examples_are_drawn_from_all_of_the_run_and_always_the_same():
    pages = PageList(Path(), [Page(f"d{at}.png", f"d{at}", 1, None) for at in range(2000)])
    once, again = (choose(pages, [Scored([0.9, 0.1])] * 2000, STYLE).examples["DRAW"] for _ in range(2))
    assert once == again
    assert min(one.number for one in once) < 1000 < max(one.number for one in once)


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "</title>&amp;\u202ex"]
)
def test_names_are_text(name):
    pages = PageList(Path(), [Page(f"{name}/{name}.png", name, 1, None), Page("b.png", name, 2, None)])
    style = TableStyle([name, "TEXT"], 1)
    shown = choose(pages, [Scored([0.9, 0.1], name), Failed(name)], style)
    text = report_page(shown, About(name, name, [(name, name)], [name]), {0: name})
    parsed = Tags(text)
    assert not {tag for tag, _ in parsed.tags} & {"script", "iframe", "object"}
    assert not [one for _, one in parsed.tags if any(key.startswith("on") for key in one)]
    assert all(re.fullmatch(r"pages/\d+\.jpg|counts\.svg", one["src"]) for tag, one in parsed.tags if tag == "img")
    assert name.replace("\u202e", "?") in parsed.text
    assert [tag for tag, _ in Tags(counts_picture({name: 3})).tags].count("svg") == 1
    assert "<script" not in counts_picture({name: 3}) and "<img" not in counts_picture({name: 3})


def test_the_picture_of_counts_is_bounded():
    picture = counts_picture({f"C{at}": at for at in range(500)}, failed=2)
    assert picture.count("<rect") == MOST + 2 and "(441 other categories)" in picture and "(failed)" in picture


def test_a_page_that_is_gone_by_then_says_so(tmp_path):
    drawn(tmp_path / "a-1.png")
    pages = PageList(tmp_path, pages_of("a-1.png", "a-2.png"))
    shown = choose(pages, [Scored([0.9, 0.1]), Scored([0.8, 0.2])], STYLE)
    page = write_report(tmp_path / "report", shown, ABOUT, root=tmp_path, max_pixels=10**9, quiet=True)
    assert [file.name for file in (page.parent / "pages").iterdir()] == ["0.jpg"]
    assert "no picture: " in page.read_text("utf-8")
    assert not (tmp_path / "report.part").exists()


def test_report_of_a_run_and_of_one_that_was_resumed(tmp_path, monkeypatch):
    scans, out = tmp_path / "scans", tmp_path / "out"
    for number in range(5):
        drawn(scans / f"doc{number // 3}-{number % 3 + 1}.png", number)
    (scans / "torn-1.jpg").write_bytes(b"\xff\xd8\xff")
    flags = ["-d", str(scans), "-o", str(out), "--report", "--quiet", "--batch_size", "2", "--engine", "onnx"]
    assert run.main(flags) == 1
    (record,) = (out / "tables").glob("*_run.json")
    name = json.loads(record.read_text("utf-8"))["name"]
    folder = out / "report" / name
    text = (folder / "index.html").read_text("utf-8")
    wanted = {one["src"] for tag, one in Tags(text).tags if tag == "img"}
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert there == wanted | {"index.html"} and len(wanted) == 6
    assert "torn-1.jpg" in text and f"result_{name}" in text
    assert re.search("</h3><p class=soft>[^<]{9,}</p><ul", text)  # what a category stands for

    killed, done = tmp_path / "killed", []
    from output.runs import Run

    append = Run.append

    def killed_after_one(self, outcomes):
        append(self, outcomes)
        done.append(1)
        if len(done) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "append", killed_after_one)
    flags[3] = str(killed)
    assert run.main(flags) == 130
    assert not (killed / "report").exists()
    assert run.main([*flags, "--resume"]) == 1
    (other,) = (killed / "report").glob("*/index.html")
    strip = re.compile(r'<section id="about">.*</section>|Run [^<]*', re.DOTALL)
    assert strip.sub("", other.read_text("utf-8")) == strip.sub("", text)
    for file in (folder / "pages").iterdir():
        assert (other.parent / "pages" / file.name).read_bytes() == file.read_bytes()
