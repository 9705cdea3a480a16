"""Fetches fonts with open licences, with which draw_pages.py draws more lifelike pages.

    python data_scripts/fetch_fonts.py                    # into the cache of this computer's user
    python data_scripts/fetch_fonts.py ~/fonts            # or into a folder of your choice (draw_pages.py --fonts)

They come from Debian stable (complete fonts, with Czech, Polish and German letters) and from npm's Fontsource
packages (handwriting, typewriters), about 50 MB to fetch, 90 MB on disk; each file's checksum is that of the
package index. A package that is there is not fetched again. LICENCES.txt in the folder lists packages, versions and
licences; each package's own licence text lies beside its fonts. Without fonts draw_pages.py works too, with the few
that matplotlib brings.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import lzma
import os
import re
import sys
import tarfile
import urllib.error
import urllib.request
from dataclasses import fields
from pathlib import Path, PurePosixPath

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fetch_photographs import asked_folder, deb_data

from drawing.fonts import SUFFIXES, Fonts, default_folder, role
from output.files import whole_folder

DEBIAN = "https://deb.debian.org/debian/"
INDEX = "dists/stable/main/binary-all/Packages.xz"
NPM = "https://registry.npmjs.org/"
TIMEOUT = 60  # seconds
LIST = "LICENCES.txt"

# What a package is chosen for; what each of its files is for, drawing/fonts.py decides.
DEBIAN_CHOICE = {
    "typewriters and their like": (
        "gnutypewriter courier-prime freefont-otf lmodern cmu tlwg-typewriter-otf tlwg-typist-otf "
        "tlwg-typo-otf tlwg-mono-otf liberation"
    ),
    "printers and terminals": "3270 glasstty pc ocr-a ocr-b hermit anonymous-pro inconsolata dejavu-core",
    "book print": (
        "texgyre adf-baskervald adf-berenis adf-romande adf-accanthis adf-tribun ebgaramond fanwood "
        "goudybookletter oldstandard linuxlibertine vollkorn lindenhill sil-gentium-basic crosextra-caladea "
        "century-catalogue essays1743 gfs-didot gfs-artemisia quattrocento prociono levien-museum"
    ),
    "captions, forms, reports": (
        "crosextra-carlito adf-gillius adf-libris adf-switzera adf-universalis cantarell lato open-sans tuffy "
        "cabin junction karla jura quicksand dosis roboto-unhinted"
    ),
    "blackletter, technical lettering, titles": (
        "gamaliel blankenburg gotico-antiqua osifont routed-gothic opendin bebas-neue yanone-kaffeesatz "
        "havana bajaderka apropal levien-typoscript okolaks"
    ),
    "handwriting": (
        "dkg-handwriting breip isabella rufscript kristi dancingscript kaushanscript ecolier-court sjfonts bwht"
    ),
}
DEBIAN_PACKAGES = tuple(name for names in DEBIAN_CHOICE.values() for name in names.split())
NPM_CHOICE = {
    "typewriters": (
        "special-elite cutive-mono kite-one xanh-mono courier-prime ibm-plex-mono nanum-gothic-coding "
        "syne-mono nova-mono share-tech-mono vt323"
    ),
    "blackletter, stencils": (
        "unifrakturmaguntia unifrakturcook grenze-gotisch pirata-one stardos-stencil allerta-stencil black-ops-one"
    ),
    "handwriting": (
        "caveat kalam homemade-apple reenie-beanie la-belle-aurore marck-script bad-script "
        "dawning-of-a-new-day mrs-saint-delafield herr-von-muellerhoff nothing-you-could-do "
        "cedarville-cursive over-the-rainbow sue-ellen-francisco zeyada shadows-into-light rock-salt "
        "covered-by-your-grace gloria-hallelujah indie-flower patrick-hand architects-daughter "
        "just-me-again-down-here waiting-for-the-sunrise loved-by-the-king sacramento meddon ruthie "
        "monsieur-la-doulaise mr-de-haviland mr-dafoe bilbo stalemate clicker-script swanky-and-moo-moo "
        "annie-use-your-telescope give-you-glory schoolbell coming-soon handlee neucha gochi-hand damion "
        "allura pinyon-script petit-formal-script italianno rouge-script league-script lovers-quarrel "
        "beth-ellen mynerve nanum-pen-script crafty-girls licorice square-peg qwigley"
    ),
}
NPM_PACKAGES = tuple(name for names in NPM_CHOICE.values() for name in names.split())


class Fetched(ValueError):
    """A package that cannot be used: another checksum, no fonts in it."""


def get(address: str) -> bytes:
    """What stands at the address; raises OSError."""
    with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
        return answer.read()


def read_index(text: str, wanted: set[str]) -> dict[str, dict[str, str]]:
    """The fields of the wanted packages of a Debian package index (deb822: paragraphs of "Field: value")."""
    packages = {}
    for paragraph in text.split("\n\n"):
        name = paragraph[9 : paragraph.find("\n")] if paragraph.startswith("Package: ") else ""
        if name in wanted:
            lines = (line.partition(": ") for line in paragraph.splitlines() if line[:1].strip())
            packages[name] = {field: value for field, _, value in lines}
    return packages


def font_licences(text: str) -> str:
    """The licences that a Debian copyright file names for the fonts: all but that of Debian's own packaging."""
    named = {}
    for paragraph in re.split(r"\n\s*\n", text):
        files = re.search(r"^Files: *\n? *(\S+)", paragraph, re.MULTILINE)
        licence = re.search(r"^License: *(\S.*)", paragraph, re.MULTILINE)
        if files and licence and not files[1].startswith("debian/"):
            named[licence[1].strip()] = True
    return ", ".join(named)


def from_debian(entry: dict[str, str], mirror: str = DEBIAN) -> tuple[dict[str, bytes], str, str]:
    """A Debian package's fonts and its copyright file by name; its version; its licences."""
    content = get(mirror + entry["Filename"])
    if hashlib.sha256(content).hexdigest() != entry["SHA256"]:
        raise Fetched("the file is not the one that Debian's index names (another SHA-256)")
    contents, licences = {}, ""
    with deb_data(content) as files:
        for member in files:
            name = PurePosixPath(member.name).name
            if not member.isfile():
                continue
            if name.lower().endswith(SUFFIXES[:2]):
                contents[name] = files.extractfile(member).read()
            elif name == "copyright":
                contents["copyright.txt"] = files.extractfile(member).read()
                licences = font_licences(contents["copyright.txt"].decode("utf-8", "replace"))
    return contents, entry["Version"], licences or "see copyright.txt"


def from_npm(name: str, registry: str = NPM) -> tuple[dict[str, bytes], str, str]:
    """The Latin fonts (WOFF) and the licence of a Fontsource package; its version; its licence."""
    about = json.loads(get(f"{registry}@fontsource/{name}/latest"))
    content = get(about["dist"]["tarball"])
    kind, _, expected = about["dist"]["integrity"].partition("-")
    if base64.b64encode(hashlib.new(kind, content).digest()).decode("ascii") != expected:
        raise Fetched("the file is not the one that the registry names (another checksum)")
    contents = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as files:
        for member in files:
            short = PurePosixPath(member.name).name
            if re.search(r"-latin-(400|700)-(normal|italic)\.woff$", short):
                contents[short] = files.extractfile(member).read()
            elif short == "LICENSE":
                contents["copyright.txt"] = files.extractfile(member).read()
    return contents, about["version"], about.get("license", "see copyright.txt")


def keep(folder: Path, contents: dict[str, bytes], about: list[str]) -> None:
    """Write a package's files into a folder of its own, which appears as a whole or not at all."""
    if not any(name.lower().endswith(SUFFIXES) for name in contents):
        raise Fetched("there are no TTF, OTF or WOFF files in it")
    with whole_folder(folder, folder.with_name(f".{folder.name}.{os.getpid()}.part")) as part:
        for name, content in contents.items():
            (part / re.sub(r'[<>:"/\\|?*]', "_", name)).write_bytes(content)
        (part / "package.txt").write_text("\t".join(about) + "\n", encoding="utf-8")


def fetch_all(folder: Path, mirror: str = DEBIAN, registry: str = NPM) -> list[str]:
    """Fetch every package that the folder lacks; the names of those that could not be fetched, with the reason."""
    failed = []
    jobs = [(f"fonts-{name}", "debian") for name in DEBIAN_PACKAGES] + [(name, "npm") for name in NPM_PACKAGES]
    folders = {(name, source): folder / (name if source == "debian" else f"npm-{name}") for name, source in jobs}
    jobs = [job for job in jobs if not folders[job].is_dir()]
    debian = {name for name, source in jobs if source == "debian"}
    index: dict[str, dict[str, str]] = {}
    if debian:
        try:
            index = read_index(lzma.decompress(get(mirror + INDEX)).decode("utf-8", "replace"), debian)
        except (OSError, lzma.LZMAError) as problem:
            failed.append(f"Debian's fonts: {mirror + INDEX}: {problem}")
            jobs = [job for job in jobs if job[1] != "debian"]
    for number, (name, source) in enumerate(jobs, 1):
        print(f"[{number}/{len(jobs)}] {name}", flush=True)
        try:
            if source == "debian" and name not in index:
                raise Fetched("Debian stable has no such package any more")
            contents, version, licence = (
                from_debian(index[name], mirror) if source == "debian" else from_npm(name, registry)
            )
            title = f"Debian {name}" if source == "debian" else f"npm @fontsource/{name}"
            keep(folders[name, source], contents, [title, version, licence])
        except (OSError, ValueError, KeyError, tarfile.TarError, lzma.LZMAError, EOFError) as problem:
            failed.append(f"{name}: {problem}")
    return failed


def summary(folder: Path) -> list[str]:
    """Lines that say how many fonts there are for what; writes LICENCES.txt."""
    packages = sorted(folder.glob("*/package.txt"))
    rows = ["package\tversion\tlicences", *(file.read_text(encoding="utf-8").strip() for file in packages)]
    (folder / LIST).write_text("\n".join(rows) + "\n", encoding="utf-8")
    roles: dict[str, int] = {field.name: 0 for field in fields(Fonts)}
    for file in folder.rglob("*"):
        if file.suffix.lower() in SUFFIXES and (kind := role(file)):
            roles[kind] += 1
    counts = ", ".join(f"{count} {kind}" for kind, count in roles.items())
    return [f"{len(packages)} packages in {folder}", f"Fonts: {counts}", f"Versions and licences: {folder / LIST}"]


def main(arguments: list[str] | None = None) -> int:
    """Fetch what the folder does not hold yet; exit code 0 if all is there, 1 if something could not be fetched."""
    folder = asked_folder(arguments, __doc__, default_folder())
    try:
        failed = fetch_all(folder)
    except KeyboardInterrupt:
        print("Stopped; what is fetched is kept, the same command goes on.", file=sys.stderr)
        return 130
    print("\n".join(summary(folder)))
    if failed:
        print(
            f"{len(failed)} could not be fetched (run it again later; the others serve without them):\n  "
            + "\n  ".join(failed),
            file=sys.stderr,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
