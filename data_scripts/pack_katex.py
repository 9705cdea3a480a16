"""Packs KaTeX, which shows formulas in the browser, into desk/static/katex: of the npm package, what a browser loads.

    python data_scripts/pack_katex.py              # the version that is named here; needs npm (Node.js)
    python data_scripts/pack_katex.py 0.19.1

Taken are katex.min.js, katex.min.css, the WOFF2 fonts and the licence (MIT). Two older kinds of fonts, which no browser
of the last ten years asks for, are left out, in the style sheet too. Nothing else is changed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, start

from output.files import replace_folder, whole_folder
from utils import UserError, printable

VERSION = "0.19.1"
FOLDER = Path(__file__).resolve().parents[1] / "desk" / "static" / "katex"
NUMBERS = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){2}")
FONT = re.compile(r"package/dist/fonts/(KaTeX_[\w-]+\.woff2)")
PLAIN = {"package/dist/katex.min.js": "katex.min.js", "package/LICENSE": "LICENSE"}
STYLE = "package/dist/katex.min.css"
OLDER_FONTS = re.compile(r',url\(fonts/[\w-]+\.(?:woff|ttf)\) format\("\w+"\)')


def main(arguments: Sequence[str]) -> int:
    """Fetch the package and replace the folder; the exit code."""
    parser = Parser(
        "Packs KaTeX, which shows formulas in the browser, into desk/static/katex: of the npm package, what a browser "
        "loads. Needs npm (Node.js) and the internet.",
        f"example:\n  python data_scripts/pack_katex.py {VERSION}",
    )
    parser.add_argument("version", nargs="?", default=VERSION, metavar="VERSION", help=f"(default: {VERSION})")
    args = parser.parse_args(arguments)
    if not NUMBERS.fullmatch(args.version):
        raise UserError(f"{printable(args.version)} is no version of KaTeX: three numbers, as in {VERSION}")
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("npm is not installed (Node.js has it)")
    if args.dry_run:
        print(f"would pack KaTeX {args.version} into {FOLDER}")
        return 0
    with tempfile.TemporaryDirectory() as place:
        fetch = [npm, "pack", "--silent", f"katex@{args.version}", "--pack-destination", place]
        if subprocess.run(fetch, check=False).returncode:
            raise UserError(f"npm could not fetch KaTeX {args.version}: what it says stands above")
        (package,) = Path(place).glob("katex-*.tgz")
        pack(package, FOLDER, args.version)
    return 0


def pack(package: Path, folder: Path, version: str) -> None:
    """Write what a browser loads of an npm package into a folder, which is replaced."""
    part, ready = (folder.with_name(f"{folder.name}.{name}") for name in ("part", "new"))
    shutil.rmtree(ready, ignore_errors=True)
    with whole_folder(ready, part) as new, tarfile.open(package) as files:
        (new / "fonts").mkdir()
        for member in files:
            font = FONT.fullmatch(member.name)
            if member.name in PLAIN:
                (new / PLAIN[member.name]).write_bytes(_bytes(files, member))
            elif member.name == STYLE:
                style = OLDER_FONTS.sub("", _bytes(files, member).decode())
                (new / "katex.min.css").write_text(style, encoding="utf-8", newline="\n")
            elif font:
                (new / "fonts" / font[1]).write_bytes(_bytes(files, member))
        about = f"KaTeX {version} (MIT, see LICENSE), as packed by: python data_scripts/pack_katex.py {version}\n"
        (new / "README.txt").write_text(about, encoding="utf-8", newline="\n")
    replace_folder(ready, folder)


def _bytes(files: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = files.extractfile(member)
    if file is None:
        raise ValueError(f"{member.name} is no file")
    return file.read()


if __name__ == "__main__":
    start(main)
