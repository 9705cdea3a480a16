"""The pictures of docs/desk.md: each room of the desk with the sample pages, in headless Chromium; a minute.

    python benchmarks/desk_pictures.py            # into docs/desk/; needs requirements-desk.txt and -explore.txt, too

Sorts `category_samples` into a folder of its own, indexes it, opens the desk on it, and does with real keys and clicks
what each picture shows. The files are WebP, as good as 60 KB allow.
"""

from __future__ import annotations

import argparse
import base64
import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from PIL import Image

from tests.browser import Browser, Tab

HOME = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT, LARGEST = 1200, 800, 60_000  # pixels, pixels, bytes of a picture
DOCUMENT = "CTX200050003"  # four pages of three categories
DOUBTFUL = "DRAW_L/CTX194750012-80.jpg"  # which the model takes for a form that was filled in by hand
SET_FORMULA = r"""(() => {
  const place = Object.assign(document.createElement("div"), { id: "drawn" });
  Object.assign(place.style, { position: "fixed", left: 0, top: 0, zIndex: 99, padding: "0 12px", background: "#fff" });
  document.body.append(place);
  katex.render("\\int_0^\\infty e^{-x^2}\\,dx=\\frac{\\sqrt{\\pi}}{2}", place, { displayMode: true });
  return [place.offsetWidth, place.offsetHeight];
})()"""
LOADED = (
    "[...document.images].filter(one => !one.hidden && one.getBoundingClientRect().top < innerHeight)"
    ".every(one => one.complete && one.naturalWidth)"
)


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=HOME / "docs" / "desk", help="the folder of the pictures")
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="archive-") as folder:
        scans, results = Path(folder) / "box1", Path(folder) / "result"
        shutil.copytree(HOME / "category_samples", scans)
        run = [sys.executable, str(HOME / "run.py")]
        subprocess.run([*run, "-d", scans, "-o", results, "-tn", "3", "--report", "--quiet"], check=True)
        (table,) = (results / "tables").glob("result_*.csv")
        index = results / "index"
        subprocess.run([*run, "explore", "index", scans, "--index", index, "--table", table, "--quiet"], check=True)
        command = [*run, "desk", "-o", results, "--port", "0", "--no-browser", "--quiet"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as desk, Browser() as browser:
            try:
                address = re.search(r"http://\S+(?=/ )", desk.stdout.readline())[0]
                # to say who one is before the page asks
                tab = browser.open(f"{address}/static/icon.svg", WIDTH, HEIGHT)
                tab.until(f"location.href.startsWith('{address}') && document.readyState === 'complete'")
                tab.value("localStorage.setItem('desk.person', 'Anna'); localStorage.setItem('desk.tiles', '36')")
                for room in (review_grid, review_page, hand_in, collection, runs, formulas):
                    room(tab, address, Path(folder))
                    save(tab, output / f"{room.__name__}.webp")
            finally:
                desk.terminate()


def go(tab: Tab, address: str, ready: str) -> None:
    """Open a page, and wait until that is true of it."""
    tab.move(2, HEIGHT - 2)
    tab.ask("Page.navigate", url=address)
    tab.until(f"location.href.startsWith('{address.partition('?')[0]}') && Boolean({ready}) && {LOADED}")


def review_grid(tab: Tab, address: str, folder: Path) -> None:
    """One page gets another category, the mouse points at the next one that is wrong."""
    go(tab, f"{address}/review?view=grid", "document.querySelector('.tile')")
    place = "[...document.querySelectorAll('.tile')].find(one => /CTX194750012, page 80/.test(one.ariaLabel))"
    middle = f"(r => [r.x + r.width / 2, r.y + r.height / 2])({place}.getBoundingClientRect())"
    tab.move(*tab.value(middle))
    tab.key(tab.value("document.querySelector('#categories [data-category=DRAW_L] kbd').textContent"))
    tab.until("document.querySelector('#saved.done') !== null && document.querySelector('.tile.changed') !== null")


def review_page(tab: Tab, address: str, folder: Path) -> None:
    """A page of a document, with its neighbours."""
    query = f"view=page&state=all&order=document&document={DOCUMENT}"
    go(tab, f"{address}/review?{query}", "document.querySelector('.sheet img')?.naturalWidth")
    tab.key("ArrowRight")
    time.sleep(1)
    tab.until(LOADED)


def hand_in(tab: Tab, address: str, folder: Path) -> None:
    """A page of which the model is not sure."""
    go(tab, f"{address}/handin", "document.querySelector('#about')?.textContent")
    tab.choose("#choose", [folder / "box1" / DOUBTFUL])
    tab.until(f"document.querySelector('.card.done .tiles li') && {LOADED}")
    tab.value("document.querySelector('#trust').scrollIntoView()")


def collection(tab: Tab, address: str, folder: Path) -> None:
    """Pages like a picture."""
    go(tab, f"{address}/collection", "document.querySelector('.hit')")
    tab.choose("#choose", [folder / "box1" / "DRAW" / "CTX199950013-5.jpg"])
    tab.until(f"/likeness/.test(document.querySelector('.hit .facts')?.textContent) && {LOADED}")


def formulas(tab: Tab, address: str, folder: Path) -> None:
    """A formula, set by KaTeX as in print, and how its picture is read."""
    go(tab, f"{address}/formulas", "document.querySelector('#about')?.textContent")
    width, height = tab.value(SET_FORMULA)
    tab.until("document.fonts.ready.then(() => true)")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 2}
    data = tab.ask("Page.captureScreenshot", format="png", clip=clip)["data"]
    (folder / "formula.png").write_bytes(base64.b64decode(data))
    tab.value("document.querySelector('#drawn').remove()")
    tab.choose("#choose", [folder / "formula.png"])
    tab.until(f"document.querySelector('.card.done .katex') !== null && {LOADED}")


def runs(tab: Tab, address: str, folder: Path) -> None:
    """The run, below what can be started."""
    go(tab, f"{address}/runs", "document.querySelector('article.run')")
    tab.value("document.querySelector('article.run').scrollIntoView({block: 'end'})")


def save(tab: Tab, file: Path) -> None:
    """The page as it is seen now, in the best quality that is small enough."""
    time.sleep(1)  # what moves has come to rest
    data = tab.picture(file.with_suffix(".png"))
    with Image.open(data) as image:
        for quality in range(90, 0, -5):
            small = io.BytesIO()
            image.convert("RGB").save(small, "WEBP", quality=quality, method=6)
            if small.tell() <= LARGEST:
                break
    data.unlink()
    file.write_bytes(small.getvalue())
    print(f"{file}: {small.tell() / 1000:.0f} KB, quality {quality}")


if __name__ == "__main__":
    main()
