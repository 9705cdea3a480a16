"""README and docs/ keep what they promise: links lead somewhere, and every flag that they name exists."""

import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest

HOME = Path(__file__).resolve().parents[1]
PAGES = [*sorted(HOME.glob("*.md")), *sorted((HOME / "docs").glob("*.md")), *sorted(HOME.glob("models/*lite0/*.md"))]
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")


def text_of(page: Path) -> str:
    """A page's text without its code blocks."""
    text, inside = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            text.append(line)
    return "\n".join(text)


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them: small letters, blanks as hyphens, no punctuation."""
    anchors = set()
    for heading in re.findall(r"^#{1,6} (.+)$", text_of(page), re.MULTILINE):
        kept = (sign for sign in heading.lower() if sign in " -_" or unicodedata.category(sign)[0] in "LN")
        anchors.add("".join(kept).strip().replace(" ", "-"))
    return anchors


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(HOME).as_posix())
def test_links_lead_to_a_file_and_a_heading_that_are_there(page):
    dead = []
    for target in LINK.findall(text_of(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            dead.append(target)
    assert not dead


def test_commands_md_has_every_flag_and_no_other():
    help_of = [sys.executable, str(HOME / "run.py"), "-h"]
    printed = subprocess.run(help_of, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    flags = re.compile(r"(?<![\w-])--?[a-z][a-z_-]*")
    listed = (HOME / "docs" / "commands.md").read_text(encoding="utf-8").split("## All flags")[1].split("```")[1]
    assert set(flags.findall(printed)) - set(flags.findall(listed)) == set()
    assert set(flags.findall(listed)) - set(flags.findall(printed)) == set()


def test_the_readme_can_be_read_in_ten_minutes():
    lines = (HOME / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 130
    assert max(map(len, lines)) <= 120


def test_the_readme_begins_with_the_light_install_on_every_system():
    readme = (HOME / "README.md").read_text(encoding="utf-8").split("## Quick start")[1].split("\n## ")[0]
    (light, all_packages), (windows,) = (re.findall(rf"^```{kind}\n(.+?)^```", readme, re.MULTILINE | re.DOTALL)
                                         for kind in ("sh", "powershell"))  # fmt: skip
    assert "-r requirements-sort.txt" in light and "run.py -d category_samples" in light
    assert "-r requirements.txt" in all_packages and "-m pytest" in all_packages
    assert windows == light.replace("python3 -m", "py -m").replace("/bin/", "\\Scripts\\")


def test_requirements_that_docs_name_are_there():
    named = {
        name for page in PAGES for name in re.findall(r"requirements[\w-]*\.txt", page.read_text(encoding="utf-8"))
    }
    assert named == {file.name for file in HOME.glob("requirements*.txt")}
