"""Fetches two dozen real photographs with open licences, from which draw_pages.py makes more lifelike pages.

    python data_scripts/fetch_photographs.py                      # into the cache of this computer's user
    python data_scripts/fetch_photographs.py ~/photographs        # or into a folder of your choice

They come out of three packages (about 36 MB in all, checked by SHA-256): scikit-image and scikit-learn from PyPI, and
Debian's lomiri-wallpapers-16.04. CREDITS.txt in the folder names each picture's author and licence: CC0, public domain,
"no known copyright restrictions" (one, of a museum) or CC BY.
Without them draw_pages.py works too, with computed photographs alone. Nothing of it belongs into the repository.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import lzma
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image

from drawing.snapshots import default_folder
from output.files import whole

LONGEST = 1280  # pixels of a stored picture's longer side: as much as a drawn page can hold
TIMEOUT = 60  # seconds


@dataclass(frozen=True)
class Package:
    """A package file: its address, its SHA-256, and the folder in it that holds the pictures."""

    address: str
    sha256: str
    folder: str


PACKAGES = {
    "scikit-image 0.26.0": Package(
        "https://files.pythonhosted.org/packages/23/4d/a3cc1e96f080e253dad2251bfae7587cf2b7912bcd76fd43fd366ff35a87/"
        "scikit_image-0.26.0-cp312-cp312-win_amd64.whl",
        "abed017474593cd3056ae0fe948d07d0747b27a085e92df5474f4955dd65aec0",
        "skimage/data/",
    ),
    "scikit-learn 1.7.2": Package(
        "https://files.pythonhosted.org/packages/c6/99/ed35197a158f1fdc2fe7c3680e9c70d0128f662e1fee4ed495f4b5e13db0/"
        "scikit_learn-1.7.2-cp312-cp312-win_amd64.whl",
        "6088aa475f0785e01bcf8529f55280a3d7d298679f50c0bb70a2364a82d0b290",
        "sklearn/datasets/images/",
    ),
    "lomiri-wallpapers-16.04 20.04.0-2": Package(
        "http://deb.debian.org/debian/pool/main/l/lomiri-wallpapers/lomiri-wallpapers-16.04_20.04.0-2_all.deb",
        "a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab",
        "./usr/share/backgrounds/",
    ),
}
_SKIMAGE, _SKLEARN, _LOMIRI = PACKAGES
# File, package, author, licence; as the packages' own copyright files and docstrings state them.
PHOTOGRAPHS = (
    ("camera.png", _SKIMAGE, "Lav Varshney", "CC0 1.0"),
    ("astronaut.png", _SKIMAGE, "NASA", "public domain"),
    ("brick.png", _SKIMAGE, "CC0Textures (ambientCG)", "CC0 1.0"),
    ("grass.png", _SKIMAGE, "linolafett (DeviantArt)", "CC0 1.0"),
    ("gravel.png", _SKIMAGE, "CC0Textures (ambientCG)", "CC0 1.0"),
    ("coins.png", _SKIMAGE, "Brooklyn Museum Collection", "no known copyright restrictions"),
    ("chelsea.png", _SKIMAGE, "Stefan van der Walt", "CC0 1.0"),
    ("clock_motion.png", _SKIMAGE, "Stefan van der Walt", "public domain"),
    ("coffee.png", _SKIMAGE, "Rachel Michetti", "CC0 1.0"),
    ("rocket.jpg", _SKIMAGE, "SpaceX", "public domain"),
    ("cell.png", _SKIMAGE, "Paul Müller et al.", "CC0 1.0"),
    ("china.jpg", _SKLEARN, "danielbuechele", "CC BY 2.0"),
    ("flower.jpg", _SKLEARN, "vultilion (the package names danielbuechele, its link vultilion)", "CC BY 2.0"),
    ("aitzgorri_by_Aitzol_Berasategi.jpg", _LOMIRI, "Aitzol Berasategi", "CC BY 4.0"),
    ("friends_by_Aitzol_Berasategi.jpg", _LOMIRI, "Aitzol Berasategi", "CC BY 4.0"),
    ("life_by_Aitzol_Berasategi.jpg", _LOMIRI, "Aitzol Berasategi", "CC BY 4.0"),
    ("picosdeeuropa_by_Aitzol_Berasategi.jpg", _LOMIRI, "Aitzol Berasategi", "CC BY 4.0"),
    ("sunset_by_Aitzol_Berasategi.jpg", _LOMIRI, "Aitzol Berasategi", "CC BY 4.0"),
    ("Picture_0B_by_freespace.jpg", _LOMIRI, 'Trevor "Freespace"', "CC BY 4.0"),
    ("Picture_1A_by_freespace.jpg", _LOMIRI, 'Trevor "Freespace"', "CC BY 4.0"),
    ("Wine_by_Jakkub_Mede.jpg", _LOMIRI, "Jakub Mede", "CC BY 4.0"),
    ("seeding_by_Clements_Engelhardt.jpg", _LOMIRI, "Clemens Engelhardt", "CC0 1.0"),
)


def deb_data(package: bytes) -> tarfile.TarFile:
    """The tar of files inside a Debian package: an `ar` archive of 60-byte headers, one of its members data.tar.xz."""
    at = 8
    while at < len(package):
        name, size = package[at : at + 16].decode("ascii").strip(" /"), int(package[at + 48 : at + 58])
        if name == "data.tar.xz":
            return tarfile.open(fileobj=io.BytesIO(lzma.decompress(package[at + 60 : at + 60 + size])))
        at += 60 + size + size % 2
    raise tarfile.ReadError("no data.tar.xz in the Debian package")


def pictures(package: Package, content: bytes, names: list[str]) -> dict[str, bytes]:
    """The named files of a wheel or a Debian package."""
    if package.address.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            return {name: wheel.read(package.folder + name) for name in names}
    with deb_data(content) as files:
        contents = {}
        for name in names:
            member = files.extractfile(package.folder + name)
            if member is not None:
                contents[name] = member.read()
        return contents


def fetch(name: str, package: Package) -> bytes:
    """The package as bytes, checked; raises OSError or ValueError with what went wrong."""
    print(f"Fetching {name} ...", flush=True)
    with urllib.request.urlopen(package.address, timeout=TIMEOUT) as answer:
        content = answer.read()
    digest = hashlib.sha256(content).hexdigest()
    if digest != package.sha256:
        raise ValueError(
            f"{package.address} is not the file that is expected (SHA-256 {digest}): nothing of it was kept"
        )
    return content


def asked_folder(arguments: list[str] | None, about: str, default: Path) -> Path:
    """The folder that a fetching command names, made if need be; where it cannot be: one line, exit code 2."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0], epilog="Run it again to fetch what is missing.")
    parser.add_argument("folder", nargs="?", type=Path, default=default, help="where to (default: %(default)s)")
    folder = parser.parse_args(arguments).folder
    with contextlib.suppress(RuntimeError):  # a name such as ~box that is no user's
        folder = folder.expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        print(f"{folder} cannot be made a folder: {problem.strerror}. Name another one.", file=sys.stderr)
        raise SystemExit(2) from None
    return folder


def main(arguments: list[str] | None = None) -> int:
    """Fetch what the folder does not hold yet; exit code 0 if all is there, 1 if a package could not be fetched."""
    folder = asked_folder(arguments, __doc__, default_folder())
    failed = 0
    for title, package in PACKAGES.items():
        names = [name for name, source, _, _ in PHOTOGRAPHS if source == title]
        missing = [name for name in names if not (folder / name).with_suffix(".jpg").exists()]
        if not missing:
            continue
        try:
            contents = pictures(package, fetch(title, package), missing)
        except (OSError, ValueError, KeyError, tarfile.TarError, lzma.LZMAError, zipfile.BadZipFile) as problem:
            print(
                f"{title} could not be fetched: {problem}. The other packages serve without it; try again later.",
                file=sys.stderr,
            )
            failed += 1
            continue
        for name, content in contents.items():
            with Image.open(io.BytesIO(content)) as opened:
                image = opened.convert("RGB")
            image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
            with whole((folder / name).with_suffix(".jpg")) as part:
                image.save(part, "JPEG", quality=95)
    credits_ = [f"{name}\t{author}\t{licence}\t{source}" for name, source, author, licence in PHOTOGRAPHS]
    (folder / "CREDITS.txt").write_text(
        "\n".join(["file\tauthor\tlicence\tpackage", *credits_]) + "\n", encoding="utf-8"
    )
    count = len(list(folder.glob("*.jpg")))
    print(f"{count} of {len(PHOTOGRAPHS)} photographs in {folder}; licences in CREDITS.txt there")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
