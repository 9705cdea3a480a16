"""The map: the folder opens by a double-click, is found whole or not at all, and no page name can do harm."""

import base64
import json
import os
import re
import sys
import time
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

pytest.importorskip("lancedb")
pytest.importorskip("openTSNE")

import pandas as pd
from browser import Browser, needs_browser
from explore_pages import COLOURS, job, make_index, planted
from PIL import Image
from test_projection import rgb

from explore import map as map_room
from explore.facets import COLOURS as PALETTE
from explore.facets import UNKNOWN, YEARS
from explore.map import run_map
from explore.map_folder import write_folder
from index.database import Index
from settings.schema import Settings
from utils import UserError

HARMFUL = [
    "a/<script>window.harm=1</script>.png".replace("</", "<"),  # no file name holds a slash
    "a/<img src=x onerror=window.harm=1>.png",
    "a/\"onmouseover=window.harm=1 x='.png",
    "a/${window.harm=1}`;window.harm=1;&lt;b&gt;.png",
    "a/javascript:window.harm=1.png",
    "b #1 50%/100 %20?x=1#y & z+.png",
    "b #1 50%/Zápis č. 3 – 数.png",
    "b #1 50%/\u2028line.png",
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """44 pages in groups, some with names that would like to be markup, and the map that `explore map` makes."""
    root = tmp_path_factory.mktemp("collection")
    names = [
        f"box {page_index % 2}/CTX{1900 + page_index}{page_index:02d}-{page_index}.png" for page_index in range(36)
    ]
    names += (
        HARMFUL if os.name != "nt" else [f"b #1 50%/Zápis č. {page_index}.png" for page_index in range(len(HARMFUL))]
    )
    categories = [
        ("DRAW", "TEXT", "PHOTO")[page_index // 12] if page_index < 36 else "<b>&amp;"
        for page_index in range(len(names))
    ]
    years = [1900 + page_index if page_index < 36 else None for page_index in range(len(names))]
    index = make_index(root / "index", root / "pages", names, planted(4, 12)[: len(names)], categories, years)
    ids = index.rows(["id"])["id"]
    index.set_columns(
        ids, {"cluster": [page_index // 12 + 1 if page_index < 40 else -1 for page_index in range(len(ids))]}
    )
    assert run_map(Settings(), job("map", root / "index", root / "out")) == 0
    return root


@pytest.fixture(scope="module")
def browser():
    with Browser() as started:
        yield started


@pytest.fixture
def tab(browser, collection):
    tab = browser.open((collection / "out" / "map" / "browser" / "index.html").as_uri())
    tab.until("window.pageMap && pageMap.points.inView > 0")
    yield tab
    assert tab.problems == [] and tab.foreign == [] and tab.dialogs == []
    assert tab.value("window.harm === undefined")
    tab.ask("Page.close")


def shown(tab):
    return int(re.match(r"(\d+) of 44 pages shown", tab.value("document.querySelector('#shown').textContent"))[1])


def spot(tab, name):
    """Where a page stands in the window: of the thumbnail, or else of the point."""
    return tab.value(
        f"""(() => {{
          const page = PAGES.names.indexOf({json.dumps(name)});
          const box = document.querySelector("#map").getBoundingClientRect();
          const placed = pageMap.points.placed.find(other => other.page === page);
          const at = placed ? [placed.left + placed.width / 2, placed.top + 3] : pageMap.points.screen(page);
          return [box.x + at[0], box.y + at[1]];
        }})()"""
    )


def points_only(tab):
    tab.until("pageMap.points.placed.length > 3")
    tab.click_on("#thumbnails")
    tab.until("pageMap.points.placed.length === 0")


@needs_browser
def test_hover_shows_the_page(tab):
    points_only(tab)
    tab.move(*spot(tab, "CTX191717-17.png"))
    tab.until("!document.querySelector('#tip').hidden")
    text = tab.value("document.querySelector('#tip').innerText")
    assert text.split("\n")[0] == "CTX191717-17.png"
    assert "Category: TEXT" in text and "Year: 1917" in text and "Cluster: 2" in text
    assert tab.until("document.querySelector('#tip-picture').width > 100")
    tab.move(5, 5)
    tab.until("document.querySelector('#tip').hidden")


@needs_browser
def test_a_click_opens_the_page(tab, browser, collection):
    points_only(tab)
    tab.click(*spot(tab, "CTX191717-17.png"))
    wanted = (collection / "pages" / "box 1" / "CTX191717-17.png").as_uri()
    end = time.monotonic() + 30
    while wanted not in browser.windows() and time.monotonic() < end:
        time.sleep(0.05)
    assert wanted in browser.windows()
    assert tab.value("document.querySelector('#chosen-name').textContent") == "CTX191717-17.png"
    assert "box 1/CTX191717-17.png" in tab.value("document.querySelector('#chosen-data').innerText")


@needs_browser
def test_a_drag_moves_the_map_and_opens_nothing(tab, browser):
    points_only(tab)
    before, windows = spot(tab, "CTX191717-17.png"), len(browser.windows())
    tab.drag((before[0], before[1]), (before[0] + 60, before[1] + 30))
    after = spot(tab, "CTX191717-17.png")
    assert after == pytest.approx([before[0] + 60, before[1] + 30], abs=2)
    assert len(browser.windows()) == windows and tab.value("document.querySelector('#chosen').hidden")
    tab.wheel(*after, -300)
    tab.until("pageMap.points.scale > 1.5 * pageMap.points.whole")
    assert spot(tab, "CTX191717-17.png") == pytest.approx(after, abs=2)  # what is under the pointer stays there
    tab.click_on("#fit")
    assert tab.value("pageMap.points.scale === pageMap.points.whole")


@needs_browser
def test_search_and_legend_filter_together(tab):
    assert shown(tab) == 44
    tab.click_on("#search")
    tab.write("zapis")  # accents do not matter
    assert shown(tab) == (1 if os.name != "nt" else 8)
    tab.value("document.querySelector('#search').value = ''")
    tab.write("CTX19 text")
    assert shown(tab) == 12
    tab.write("|nothing|")
    assert shown(tab) == 0
    tab.click_on("#all")
    assert shown(tab) == 44
    tab.click_on("#groups label:nth-child(2) input")  # <b>&amp; stands first, then DRAW
    assert shown(tab) == 32
    assert tab.value(
        "pageMap.points.at(...pageMap.points.screen(PAGES.names.indexOf('CTX190505-5.png')))"
    ) != tab.value("PAGES.names.indexOf('CTX190505-5.png')")
    tab.click_on("#none")
    assert shown(tab) == 0
    tab.click_on("#groups label:nth-child(4) input")
    assert shown(tab) == 12
    tab.value("(s => { s.value = '1'; s.dispatchEvent(new Event('change')); })(document.querySelector('#colour'))")
    assert tab.value("document.querySelector('#legend-title').textContent") == "Cluster"
    assert "category" in tab.value("document.querySelector('#elsewhere').textContent")
    assert shown(tab) == 12  # the other filter holds
    names = tab.value("[...document.querySelectorAll('#groups .name')].map(name => name.textContent)")
    assert names == ["1", "2", "3", "4", "in no cluster"]


@needs_browser
def test_a_group_stands_out_under_the_mouse_and_the_count_stays(tab):
    tab.move(*tab.value("(r => [r.x + 60, r.y + 8])(document.querySelector('#groups label').getBoundingClientRect())"))
    tab.until("pageMap.points.states.filter(state => state === 1).length === 8")
    assert shown(tab) == 44
    tab.click_on("#groups label input")  # off, with the mouse still over it: the others are there
    assert tab.value("pageMap.points.states.filter(state => state === 1).length") == 36 == shown(tab)


@needs_browser
def test_colours_and_thumbnails_are_drawn(tab, tmp_path):
    tab.until("pageMap.points.placed.length > 3")
    page = tab.value("PAGES.names[pageMap.points.placed[0].page]")
    where = tab.value("[pageMap.points.placed[0].left, pageMap.points.placed[0].top]")
    box = tab.value("(box => [box.x, box.y])(document.querySelector('#map').getBoundingClientRect())")
    picture = Image.open(tab.picture(tmp_path / "thumbs.png")).convert("RGB")
    kinds = ["<b>&amp;", "DRAW", "PHOTO", "TEXT"]
    kind = tab.value(f"PAGES.facets[0].groups[PAGES.facets[0].codes[PAGES.names.indexOf({json.dumps(page)})]].name")
    drawn = picture.getpixel((round(box[0] + where[0]) + 12, round(box[1] + where[1]) + 40))
    assert np.abs(np.array(drawn) - rgb(COLOURS[kinds.index(kind)])).max() < 40  # the page itself, not its frame
    tab.click_on("#thumbnails")
    tab.until("pageMap.points.placed.length === 0")
    x, y = spot(tab, "CTX191717-17.png")
    picture = Image.open(tab.picture(tmp_path / "points.png")).convert("RGB")
    assert picture.getpixel((round(x) + 1, round(y) + 3)) == tuple(rgb(PALETTE[3]))


@needs_browser
def test_keys_reach_everything(tab, browser):
    tab.value("document.querySelector('#map').focus()")
    tab.key("+")
    assert tab.value("pageMap.points.scale > pageMap.points.whole")
    tab.key("0")
    assert tab.value("pageMap.points.scale === pageMap.points.whole")
    before = tab.value("pageMap.points.middleX")
    tab.key("ArrowRight")
    assert tab.value("pageMap.points.middleX") > before
    tab.key("0")
    tab.until("document.querySelectorAll('#list button').length === 44")
    tab.key("n")
    first = tab.value("document.querySelector('#chosen-name').textContent")
    assert first == tab.value("document.querySelector('#list button').textContent")
    tab.key("n")
    assert tab.value("document.querySelector('#chosen-name').textContent") != first
    windows = len(browser.windows())
    tab.key("Enter")
    end = time.monotonic() + 30
    while len(browser.windows()) == windows and time.monotonic() < end:
        time.sleep(0.05)
    assert len(browser.windows()) == windows + 1
    tab.ask("Page.bringToFront")
    tab.key("Escape")
    assert tab.value("document.querySelector('#chosen').hidden")
    tab.key("/")
    assert tab.value("document.activeElement.id") == "search"


@needs_browser
def test_names_do_no_harm_and_links_lead_to_the_files(tab, collection):
    pages = tab.value("PAGES.names.map((name, page) => [name, pageMap.linkOf(page), pageMap.pathOf(page)])")
    here = (collection / "out" / "map" / "browser" / "index.html").as_uri()
    found = set()
    for page, (name, link, path) in enumerate(pages):
        tab.value(f"pageMap.choose({page})")
        assert tab.value("document.querySelector('#chosen-name').textContent") == name
        whole = tab.value(f"new URL({json.dumps(link)}, {json.dumps(here)}).href")
        assert whole.startswith("file:///")
        file = Path(unquote(whole.removeprefix("file://" if os.name != "nt" else "file:///")))
        assert file.is_file() and file.samefile(collection / "pages" / path.replace("\\u2028", "\u2028"))
        found.add(file)
        tab.move(*spot(tab, name))
    assert len(found) == 44
    inside = "document.querySelectorAll('#list *, #tip-text *, #chosen-data *, #groups .name *, #chosen-name *')"
    tab.until("document.querySelectorAll('#list button').length === 44")
    tags = tab.value(f"[...new Set([...{inside}].map(each => each.tagName))].sort()")
    assert tags == ["BUTTON", "DD", "DIV", "DT", "LI"]  # none that a name brought along
    assert "<b>&amp;" in tab.value("document.querySelector('#groups').innerText")


@needs_browser
@pytest.mark.skipif(sys.platform != "linux", reason="only there a file's name may be any bytes")
def test_a_name_that_is_no_utf8_opens(tmp_path, browser):
    raw = os.fsdecode(b"z\xe1pis.png")
    try:
        make_index(tmp_path / "index", tmp_path / "pages", [raw, "b.png"], planted(2, 1), [None, None], [None, None])
    except OSError:
        pytest.skip("this file system takes no such name")
    run_map(Settings(), job("map", tmp_path / "index", tmp_path / "out", method="pca"))
    tab = browser.open((tmp_path / "out" / "map" / "browser" / "index.html").as_uri())
    tab.until("window.pageMap && pageMap.points.inView > 0")
    page = tab.value("PAGES.names.findIndex(name => name !== 'b.png')")
    assert tab.value(f"PAGES.names[{page}]") == "z\\xe1pis.png"
    assert tab.value(f"pageMap.linkOf({page})") == "../../../pages/z%E1pis.png"
    tab.value(f"pageMap.choose({page}); document.querySelector('#map').focus()")
    tab.key("Enter")
    end = time.monotonic() + 30
    while not any("z%E1pis.png" in address for address in browser.windows()) and time.monotonic() < end:
        time.sleep(0.05)
    assert any("z%E1pis.png" in address for address in browser.windows()) and tab.problems == []


def test_table_and_index_tell_the_same(collection):
    table = pd.read_parquet(collection / "out" / "map" / "pages.parquet")
    rows = Index.open(collection / "index").rows(["id", "x", "y", "category"])
    assert table["id"].tolist() == rows["id"].tolist() and table["category"].tolist() == rows["category"].tolist()
    assert table["x"].to_numpy() == pytest.approx(rows["x"].to_numpy()) and rows["x"].abs().max() <= 1
    assert json.loads((collection / "out" / "map" / "run.json").read_text(encoding="utf-8"))["method"] == "tsne"


def test_pictures_show_the_colours_of_their_groups(collection):
    for key, colours in (
        ("category", PALETTE[:4]),
        ("cluster", [*PALETTE[:4], UNKNOWN]),
        ("year", [YEARS[0], UNKNOWN]),
    ):
        picture = np.asarray(Image.open(collection / "out" / "map" / f"map_{key}.png").convert("RGB")).astype(int)
        for colour in colours:
            assert (np.abs(picture - rgb(colour)).max(axis=2) < 30).sum() > 100, (key, colour)


@pytest.mark.parametrize("pages", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_few_pages_have_a_map(pages, method, tmp_path):
    make_index(
        tmp_path / "index",
        tmp_path / "pages",
        [f"{n}.png" for n in range(pages)],
        planted(1, pages),
        [None] * pages,
        [None] * pages,
    )
    assert run_map(Settings(), job("map", tmp_path / "index", tmp_path / "out", method=method)) == 0
    rows = Index.open(tmp_path / "index").rows(["x", "y"])
    assert np.isfinite(rows.to_numpy(float)).all() and (tmp_path / "out" / "map" / "browser" / "index.html").is_file()
    assert (tmp_path / "out" / "map" / "map_all.png").is_file()


def test_more_pages_than_a_browser_shows(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(map_room, "MOST", 20)
    make_index(
        tmp_path / "index", tmp_path / "pages", [f"{n}.png" for n in range(30)], planted(2, 15), ["A"] * 30, [None] * 30
    )
    run_map(Settings(), job("map", tmp_path / "index", tmp_path / "out", method="pca"))
    data_shown = data(tmp_path / "out" / "map" / "browser")
    assert len(data_shown["names"]) == 20 and "20 of its 30 pages, drawn at random" in data_shown["note"]
    assert len(pd.read_parquet(tmp_path / "out" / "map" / "pages.parquet")) == 30


def test_a_later_map_replaces_the_earlier_one_and_nothing_else(collection):
    folder = collection / "out" / "map"
    (folder / "browser" / "left.txt").write_text("of an earlier map")
    (folder / "map_all.png").write_bytes(b"of an earlier map")
    (folder / "notes.txt").write_text("mine")
    assert run_map(Settings(), job("map", collection / "index", collection / "out")) == 0
    assert not (folder / "browser" / "left.txt").exists() and not (folder / "map_all.png").exists()
    assert (folder / "notes.txt").read_text() == "mine"
    assert not list(folder.glob("*.part")) and not list(folder.glob("*.old"))
    other = collection / "other"
    (other / "map" / "browser").mkdir(parents=True)
    (other / "map" / "browser" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="holds other things than a map"):
        run_map(Settings(), job("map", collection / "index", other, method="pca"))
    assert (other / "map" / "browser" / "thesis.txt").is_file()


def test_an_index_without_pages(tmp_path):
    make_index(tmp_path / "index", tmp_path, [], planted(1, 0), [], [])
    with pytest.raises(UserError, match="holds no pages"):
        run_map(Settings(), job("map", tmp_path / "index", tmp_path / "out"))


def test_sheets_hold_each_page_at_its_place(tmp_path):
    count = 90  # two sheets of 64
    rows = pd.DataFrame(
        {
            "path": [f"{n}.png" for n in range(count)],
            "document": "d",
            **{name: pd.array([None] * count, "Int32") for name in ("frame", "page", "year", "cluster")},
            "category": None,
        }
    )
    places = np.random.default_rng(0).uniform(-1, 1, (count, 2)).astype(np.float32)

    def pictures(at):
        return [None if n == 7 else Image.new("RGB", (40 if n % 2 else 80, 80), (2 * n, 0, 255 - 2 * n)) for n in at]

    write_folder(tmp_path / "map", rows, places, [tmp_path / path for path in rows["path"]], pictures, title="t")
    data_shown = data(tmp_path / "map")
    thumbs = data_shown["thumbs"]
    width = np.frombuffer(base64.b64decode(thumbs["width"]), np.uint8)
    for page_index, name in enumerate(data_shown["names"]):
        number = int(name.removesuffix(".png"))
        if number == 7:
            assert width[page_index] == 0
            continue
        sheet = Image.open(tmp_path / "map" / "thumbs" / f"{page_index // 64:05d}.jpg")
        corner = page_index % 64 % 8 * thumbs["cell"], page_index % 64 // 8 * thumbs["cell"]
        assert width[page_index] == (40 if number % 2 else 80)
        red, _, blue = sheet.getpixel((corner[0] + 5, corner[1] + 5))
        assert abs(red - 2 * number) < 8 and abs(blue - (255 - 2 * number)) < 8


def data(folder):
    text = (folder / "data.js").read_text(encoding="ascii")
    return json.loads(text.removeprefix("window.PAGES = ").removesuffix(";\n"))
