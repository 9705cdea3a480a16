"""The page of formulas in a real browser: hand in, look, correct, copy; by mouse, by keyboard, on a phone."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from browser import Browser, needs_browser
from desk_client import hand_in, png
from formula_models import picture, pictures

from formulas.latex import LatexError, normalise
from formulas.preview import preview

STYLE = Path(__file__).resolve().parents[2] / "desk" / "static" / "desk.css"
HARMFUL = "<img src=x onerror=window.harm=1>.png"
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.fixture(scope="module")
def browser():
    with Browser() as started:
        yield started


@pytest.fixture
def address(start):
    return start()


@pytest.fixture
def tab(browser, address):
    """The page; nothing on it may fail, and nothing may be asked of anybody else."""
    tab = browser.open(f"{address}/")
    browser.ask("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    tab.until("document.readyState === 'complete' && document.querySelector('#about').textContent !== ''")
    yield tab
    assert tab.problems == [] and tab.dialogs == []
    assert [one for one in tab.foreign if not one.startswith(f"{address}/")] == []
    tab.ask("Page.close")


def text(tab, selector):
    return tab.value(f"document.querySelector({json.dumps(selector)}).textContent")


def latex(tab, card=1):
    return tab.value(f"document.querySelector('.card:nth-child({card}) textarea').value")


def done(tab, count):
    tab.until(f"document.querySelectorAll('.card.done').length === {count}")


def press(tab, selector):
    """A real click on what is scrolled into view first."""
    tab.value(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
    tab.click_on(selector)


def rewrite(tab, written, selector="textarea"):
    """Another text in a field, as typed."""
    tab.value(f"(field => {{ field.focus(); field.select(); }})(document.querySelector({json.dumps(selector)}))")
    tab.write(written)


def several_readings(address, folder):
    """The file of a picture that has another reading."""
    for file in pictures(folder, 12):
        (said,) = hand_in(address, [(file.name, file.read_bytes())]).said
        if said["latex"] and any(one["latex"] for one in said["alternatives"]):
            return file
    raise AssertionError("this model is sure of everything")


def clipboard(tab):
    return tab.value("navigator.clipboard.readText()")


@needs_browser
def test_chosen_pictures_become_cards(tab, address, tmp_path):
    files = pictures(tmp_path, 3)
    tab.choose("#choose", files)
    done(tab, 3)
    said = [hand_in(address, [(file.name, file.read_bytes())]).said[0] for file in files]
    for card, one in enumerate(reversed(said), 1):  # the newest first
        assert text(tab, f".card:nth-child({card}) .name") == one["name"]
        assert latex(tab, card) == one["latex"]
        readings = tab.value(f"document.querySelectorAll('.card:nth-child({card}) .others input').length")
        filled = [each for each in (one, *one["alternatives"]) if each["latex"]]
        assert readings == (len(filled) if len(filled) > 1 else 0)
        assert tab.value(f"document.querySelector('.card:nth-child({card}) img').naturalWidth > 50")
        warnings = tab.value(
            f"[...document.querySelectorAll('.card:nth-child({card}) li')].map(one => one.textContent)"
        )
        assert warnings == one["warnings"]
    assert "f00" in text(tab, "#status")


@needs_browser
def test_another_reading_is_chosen_and_latex_is_corrected(tab, address, tmp_path):
    tab.choose("#choose", [several_readings(address, tmp_path)])
    done(tab, 1)
    first = latex(tab)
    press(tab, ".others label:nth-of-type(2) input")
    second = latex(tab)
    assert second != first and tab.value("document.querySelectorAll('.others input')[1].checked")
    rewrite(tab, r"\frac{a}{\sqrt{b}} + \int_0^1 x\,dx")
    tab.until("document.querySelector('.preview .mfrac') !== null && !document.querySelector('.preview.stale')")
    assert text(tab, ".verdict") == "Edited by you"
    assert tab.value("document.querySelectorAll('.others input:checked').length") == 0
    rewrite(tab, r"\frac{a}{\sqrt{b}")
    tab.until("!document.querySelector('.wrong').hidden")
    assert text(tab, ".wrong").startswith("Not yet LaTeX: ")
    assert tab.value("document.querySelector('textarea').getAttribute('aria-invalid')") == "true"
    assert tab.value("Boolean(document.querySelector('.preview.stale .mfrac'))")  # the last that was LaTeX, pale
    press(tab, ".others label:nth-of-type(1) input")
    assert latex(tab) == first and tab.value("document.querySelector('.wrong').hidden")
    assert text(tab, ".verdict") != "Edited by you"


@needs_browser
def test_arrows_are_seen_in_the_preview(tab, tmp_path):
    tab.choose("#choose", pictures(tmp_path, 1))
    done(tab, 1)
    rewrite(tab, r"\vec{x} + \overrightarrow{AB}")
    tab.until("document.querySelectorAll('.card .preview svg').length === 2")
    widths = tab.value("[...document.querySelectorAll('.card .preview svg')].map(one => one.clientWidth)")
    assert min(widths) > 4


@needs_browser
def test_a_formula_is_copied_in_three_ways(tab, tmp_path):
    tab.choose("#choose", pictures(tmp_path, 1))
    done(tab, 1)
    rewrite(tab, r"x^{2}<\alpha \& 1")
    press(tab, ".copy-mathml")  # at once: it waits for the preview of what was typed
    tab.until("document.querySelector('.copied').textContent === 'Copied: MathML'")
    math = ElementTree.fromstring(clipboard(tab))
    assert math.tag == f"{MATHML}math" and math.get("display") == "block"
    letters = "".join(math.itertext())
    assert "\\" not in letters and "x2<α&1" in re.sub(r"\s", "", letters)
    press(tab, ".copy-latex")
    tab.until("document.querySelector('.copied').textContent === 'Copied: LaTeX'")
    assert clipboard(tab) == r"x^{2}<\alpha \& 1"
    press(tab, ".copy-dollars")
    tab.until("document.querySelector('.copied').textContent.includes('dollars')")
    assert clipboard(tab) == r"$x^{2}<\alpha \& 1$"
    assert "Copied" in text(tab, "#status")


@needs_browser
def test_a_picture_is_pasted_and_text_still_goes_where_the_cursor_is(tab):
    data = base64.b64encode(png(picture("x+1"))).decode()
    tab.click(600, 60)
    tab.value(
        f"""(async () => {{
          const bytes = Uint8Array.from(atob({json.dumps(data)}), sign => sign.charCodeAt(0));
          const blob = new Blob([bytes], {{type: "image/png"}});
          await navigator.clipboard.write([new ClipboardItem({{"image/png": blob}})]);
        }})()"""
    )
    tab.key("v", 2, commands=["paste"])
    done(tab, 1)
    assert text(tab, ".name").endswith("png") or text(tab, ".name") == "pasted picture"
    tab.value("navigator.clipboard.writeText('y_{1}')")
    tab.value("(field => { field.focus(); field.select(); })(document.querySelector('textarea'))")
    tab.key("v", 2, commands=["paste"])
    tab.until("document.querySelector('.verdict').textContent === 'Edited by you'")
    assert latex(tab) == "y_{1}" and tab.value("document.querySelectorAll('.card').length") == 1


@needs_browser
def test_dropped_files_are_read_and_what_is_no_picture_says_why(tab, tmp_path):
    harmful, wrong = tmp_path / HARMFUL, tmp_path / "notes.txt"
    harmful.write_bytes(png(picture("a+b")))
    wrong.write_text("no picture")
    tab.drop(600, 200, [harmful, wrong])
    done(tab, 1)
    tab.until("document.querySelectorAll('.card.failed').length === 1")
    assert text(tab, ".card.failed .state-text").startswith("not an image")
    assert text(tab, ".card.done .name") == HARMFUL
    assert tab.value("window.harm === undefined && document.querySelectorAll('.name *').length === 0")
    assert not tab.value("document.querySelector('.card.failed .again').hidden")
    press(tab, ".card.failed .again")
    tab.until("document.querySelectorAll('.card.failed').length === 1")
    press(tab, ".card.failed .remove")
    assert tab.value("document.querySelectorAll('.card').length") == 1
    assert tab.value("document.activeElement.className") == "remove"
    tab.problems[:] = [one for one in tab.problems if "415" not in one]  # the refusals, as the console has them


@needs_browser
def test_the_keyboard_reaches_everything_in_its_order(tab, address, tmp_path):
    tab.choose("#choose", [several_readings(address, tmp_path)])
    done(tab, 1)
    tab.value("document.querySelector('#choose').focus()")
    seen = []
    for _ in range(7):
        tab.key("Tab")
        seen.append(tab.value("document.activeElement.className || document.activeElement.tagName"))
    assert seen == ["remove", "preview", "TEXTAREA", "copy-latex", "copy-dollars", "copy-mathml", "INPUT"]
    first = latex(tab)
    tab.key("ArrowDown")
    assert latex(tab) != first
    tab.key("Tab", 8)
    tab.key("Enter")
    tab.until("document.querySelector('.copied').textContent !== ''")


@needs_browser
def test_a_screen_reader_has_a_name_for_everything(tab, tmp_path):
    tab.choose("#choose", pictures(tmp_path, 2))
    done(tab, 2)
    tab.ask("Accessibility.enable")
    nodes = [node for node in tab.ask("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
    roles = ("button", "textbox", "radio", "image", "article", "group", "heading")
    named = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes]
    assert [role for role, name in named if role in roles and not name] == []
    assert {role for role, _ in named} >= {"button", "textbox", "image", "article", "status", "main"}
    assert ("textbox", "LaTeX") in named and ("article", "f001.png") in named


@needs_browser
@pytest.mark.parametrize("width", [390, 700, 1200])
def test_nothing_is_cut_off_on_small_screens(browser, address, tmp_path, width):
    tab = browser.open(f"{address}/", width=width, height=844)
    tab.until("document.readyState === 'complete' && document.querySelector('#about').textContent !== ''")
    long_name = tmp_path / f"{'a long name ' * 8}.png"
    long_name.write_bytes(png(picture("x+y=z" * 12)))
    tab.choose("#choose", [long_name])
    done(tab, 1)
    rewrite(tab, "+".join(f"x_{{{number}}}" for number in range(60)))
    tab.until("!document.querySelector('.preview.stale')")
    assert tab.value("document.documentElement.scrollWidth") <= width
    outside = tab.value(
        "[...document.querySelectorAll('button, textarea, figure, fieldset, label')].filter(one => one.offsetParent"
        " && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.className || one.tagName)"
    )
    assert outside == [] and tab.problems == []
    tab.ask("Page.close")


@needs_browser
def test_a_desk_that_has_ended_is_said(browser, start, tmp_path):
    tab = browser.open(f"{start()}/")
    tab.until("document.readyState === 'complete' && document.querySelector('#about').textContent !== ''")
    start.end()
    tab.choose("#choose", pictures(tmp_path, 1))
    tab.until("document.querySelector('.card.failed') !== null")
    assert text(tab, ".card.failed .state-text") == "The desk does not answer: is it still running?"
    tab.ask("Page.close")


def test_colours_can_be_told_apart():
    """Contrast of text by WCAG 2, 4.5 and more, in light and dark."""

    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    blocks = re.findall(r":root \{(.*?)\}", STYLE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        colours = {
            name: "".join(2 * sign for sign in digits) if len(digits) == 3 else digits
            for name, digits in re.findall(r"--([\w-]+): #(\w+);", block)
        }
        pairs = [
            (ink, paper) for ink in ("ink", "soft", "link", "good", "fair", "bad") for paper in ("sheet", "ground")
        ]
        review = [("ink", "over"), ("soft", "over"), ("bad", "over"), ("sheet", "good"), ("sheet", "fair")]
        for ink, paper in [
            *pairs,
            ("on-main", "main"),
            ("note-ink", "note"),
            ("ink", "hover"),
            ("soft", "hover"),
            *review,
        ]:
            lights = sorted((light(colours[ink]), light(colours[paper])))
            assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5, (ink, paper, colours[ink], colours[paper])


@needs_browser
@pytest.mark.shared
def test_real_formulas_are_shown_and_their_mathml_is_well_formed(tab, shared):
    lines = (shared / "formulas" / "im2latex_formulas.txt").read_text(encoding="utf-8").splitlines()
    shown, refused, broken = [], [], []
    for line in lines[::7]:
        try:
            shown.append(preview(normalise(line)))
        except LatexError:  # said on the page
            refused.append(line)
    for at in range(0, len(shown), 500):
        part = json.dumps(shown[at : at + 500])
        asked = f"import('/static/formulas.js').then(page => {part}.map(page.mathml))"
        for number, text_of in enumerate(tab.value(asked)):
            if not text_of:
                refused.append(shown[at + number])
                continue
            if "\\" in "".join(ElementTree.fromstring(text_of).itertext()):
                broken.append(shown[at + number])
    assert len(refused) <= 0.005 * (len(shown) + len(refused)) and broken == []
