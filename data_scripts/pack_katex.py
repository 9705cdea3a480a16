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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from output.files import replace_folder, whole_folder

VERSION = "0.19.1"
FOLDER = Path(__file__).resolve().parents[1] / "desk" / "static" / "katex"
FONT = re.compile(r"package/dist/fonts/(KaTeX_[\w-]+\.woff2)")
PLAIN = {"package/dist/katex.min.js": "katex.min.js", "package/LICENSE": "LICENSE"}
STYLE = "package/dist/katex.min.css"
OLDER_FONTS = re.compile(r',url\(fonts/[\w-]+\.(?:woff|ttf)\) format\("\w+"\)')


def main(version: str = VERSION) -> None:
    """Fetch the package and replace the folder."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not installed (Node.js has it)")
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([npm, "pack", "--silent", f"katex@{version}", "--pack-destination", place], check=True)
        (package,) = Path(place).glob("katex-*.tgz")
        pack(package, FOLDER, version)
    print(f"KaTeX {version}: {sum(file.stat().st_size for file in FOLDER.rglob('*') if file.is_file()):,} bytes")


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
    main(*sys.argv[1:2])
