"""Which font files there are, and what each is for: typing, book print, captions, printers, blackletter, handwriting.

    fonts = Fonts.find(None)                          # what fetch_fonts.py fetched, else the fonts of matplotlib
    fonts = Fonts.find(Path("C:/Windows/Fonts"))      # any folder of TTF, OTF or WOFF files
    typeface(fonts.typewriter[0], 22).getlength("Nálezová zpráva")

A table of names says what a font is for; where it is silent, the font's own tables do: fixed pitch (post), the PANOSE
classification and the weight (OS/2). Whether a font has a letter is read from its cmap. Tables: OpenType 1.9.1
specification, chapters "cmap", "post", "OS/2"; WOFF: W3C Recommendation "WOFF File Format 1.0".
"""

from __future__ import annotations

import os
import re
import struct
import sys
import zlib
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

SUFFIXES = (".ttf", ".otf", ".woff")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,-"  # a font without these is for no page

# The first pattern that is found in the file's name (small letters, without blanks, "-" and "_") tells its role;
# "" : for no page (symbols, mathematics, icons, other scripts, outlines of letters).
ROLES: tuple[tuple[str, str], ...] = (
    (r"symbol|wingding|webding|emoji|icon|math|stixsiz|stixnonuni", ""),
    (r"cmex|cmsy|cmmi|dingbat|marlett|holomdl|music|braille", ""),
    (r"segmdl|mtextra|outline|shadow(?!sinto)|fallback", ""),
    (r"d050000l|standardsymbols|rotunda(?!vet)|initials|keys|lastresort", ""),
    (r"hairline|thin(?!k)|femkeklaver|ocrb[efx]|linbiolinumk|compagnon(bold|italic)|wargames|junkyard", ""),
    (r"penguinattack|flatline|winks|swift|museumfourteen", ""),
    (r"junicode|essays1743|mplus1?serif|levien|hamlet", "serif"),
    (r"ecolier|becausewe|domesticmanners|elabogado|itwasntme|markedfool", "hand"),
    (r"okolaks|apropal|staypuft|cupola|nationalpark|klaudia|berenika|balker|progenisis|havana", "display"),
    (r"cmunss|cmunsx|cmunsi|cmunso|kiteone|biolinum", "sans"),
    (r"arabic|hebrew|thai|greek|cyrill|deva|cjk|inverse|latinext|7segment|14segment|latin-ext", ""),
    (r"fraktur|blackletter|gotisch|texgyrecursor0", "fraktur"),
    (r"unifraktur|grenzegotisch|manufacturing|oldenglish|pirataone", "fraktur"),
    (r"isabella|gamaliel|blankenburg|schwabacher|newrocker|jacquard|textura|kanzlei|engravers", "fraktur"),
    (r"dotmatrix|dotgothic|3270|glasstty|vt220|vt323", "printer"),
    (r"px437|px437|ibm(vga|ega|cga|mda)|pxplus|bmplus|acplus|mxplus", "printer"),
    (r"terminus|spleen|proggy|ocra|ocrb|sharetech", "printer"),
    (r"pressstart|silkscreen|bitter?pixel|unifont|hermit|codystar|terminal", "printer"),
    (r"lucon|consola|inconsolata|anonymous|sourcecode", "printer"),
    (r"dejavusansmono|liberationmono|notomono|notosansmono|robotomono", "printer"),
    (r"ubuntumono|hack|fira(code|mono)|jetbrains|spacemono", "printer"),
    (r"majormono|novamono|b612mono|leaguemono|fixedsys|matrix", "printer"),
    (r"lmmonolt|lmmonoprop|lmmonocaps", "typewriter"),
    (r"typewriter|cour|elite|cutivemono|cmtt|lmmono", "typewriter"),
    (r"lmtypewriter|cursor|nimbusmono|freemono|ibmplexmono|xanhmono", "typewriter"),
    (r"tlwgmono|tlwgtypo|tlwgtypist|typist|tt2020|pica", "typewriter"),
    (r"cmuntt|cmunbtl|cmunbto|cmuntx|cmunit|compagnon|veteran", "typewriter"),
    (r"nanumgothiccoding|ptmono|overpassmono|pt_mono|oldtimer", "typewriter"),
    (r"travelling|prestige|lettergothic|trixie|erika", "typewriter"),
    (r"osifont|routedgothic|isonorm|technic|gost|stencil", "display"),
    (r"opendin|alladin|blackops|sirin|majormono|allerta|staatliches", "display"),
    (r"saira|bebas|impact|leaguegothic|oswald|anton|display", "display"),
    (r"title|poster|lobster|kaffeesatz|bajaderka|havana|limelight", "display"),
    (r"caveat|kalam|homemade|reenie|belleaurore|marckscript", "hand"),
    (r"badscript|dawning|delafield|muellerhoff|nothingyou|cedar", "hand"),
    (r"overtherainbow|sueellen|zeyada|handwriting|script|hand", "hand"),
    (r"humor|femke|breip|rufscript|kristi|dancing|kaushan", "hand"),
    (r"dkg|ecolier|sjfont|delphine|steve|bwht|brushscr|segoesc|inkfree|segoepr|mistral|lucidahandw|freestyle", "hand"),
    (r"shadowsinto|rocksalt|covered|gloria|indieflower|patrick", "hand"),
    (r"architects|justme|crafty|waiting|loved|sacramento", "hand"),
    (r"parisienne|greatvibes|allura|alexbrush|italianno|pinyon", "hand"),
    (r"tangerine|rougescript|petitformal|meddon|ruthie|qwigley", "hand"),
    (r"monsieur|missfajardose|drsugiyama|mrsaint|mrbedfort|mrde", "hand"),
    (r"mrdafoe|bilbo|stalemate|devonshire|clicker|arizonia", "hand"),
    (r"swanky|annie|calligraffitti|givery|schoolbell|walter", "hand"),
    (r"short-?stack|coming|handlee|neucha|nanumpen|permanentm", "hand"),
    (r"nanumpen|gochi|courgette|damion|yellowtail|norican|satisfy", "hand"),
    (r"cookie|leaguescript|lovers|ole|licorice|vibur|kolker", "hand"),
    (r"beth|mynerve|hubballi|gaegu|hi-?melody|playwrite", "hand"),
    (r"joscelyn|essays|square ?peg|ephesis|ballet|whisper|birthstone", "hand"),
    (r"chancery|comicneue|comic|purisa|klee|tomson|virgil", "hand"),
    (r"squarepeg|edunsw|eduvic|edusa|babylonica|waterfall|estonia", "hand"),
    (r"mono(space)?d?|fixed|code|console", "printer"),
    (r"sans|arial|helvet|calibri|verdana|tahoma|segoe", "sans"),
    (r"trebuc|gothic|grotesk|inter|lato|roboto|carlito|cantarell", "sans"),
    (r"heros|adventor|avant|gillius|switzera|universalis|libris", "sans"),
    (r"quicksand|cabin|karla|tuffy|junction|beteckna|jura", "sans"),
    (r"serif|times|garamond|baskerv|bodoni|didot|roman", "serif"),
    (r"libertine|caslon|georgia|palat|cambria|book|century|caladea", "serif"),
    (r"termes|pagella|bonum|schola|stix|cmr|lmr", "serif"),
    (r"gentium|charis|fanwood|goudy|oldstandard|vollkorn|linden|antiqua", "serif"),
)  # fmt: skip


def default_folder() -> Path:
    """Where fetch_fonts.py puts them: the cache of this computer's user."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "page-sorter" / "fonts"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "page-sorter" / "fonts"


@dataclass(frozen=True)
class Fonts:
    """Font files by what they are for. No list but `fraktur` and `hand` is ever empty."""

    typewriter: list[Path]
    serif: list[Path]
    sans: list[Path]
    printer: list[Path]
    fraktur: list[Path]
    display: list[Path]
    hand: list[Path]

    @classmethod
    def find(cls, folder: Path | None = None) -> Fonts:
        """The fonts of `folder`, of fetch_fonts.py's folder if None; matplotlib's fill the roles that stay empty."""
        return _find(folder or default_folder())


@cache
def _find(folder: Path) -> Fonts:
    found = _by_role(folder)
    if not all(found[role] for role in ("typewriter", "serif", "sans", "printer", "display")):
        if not any(found.values()):
            print(
                f"No fonts in {folder}: those of matplotlib serve (python data_scripts/fetch_fonts.py fetches more)",
                file=sys.stderr,
            )
        spare = _by_role(matplotlib_folder())
        for role, files in found.items():
            files.extend([] if files else spare[role])
    for role, other in (("printer", "typewriter"), ("typewriter", "printer"), ("display", "sans"), ("sans", "serif")):
        found[role] = found[role] or list(found[other])
    return Fonts(**found)


def _by_role(folder: Path) -> dict[str, list[Path]]:
    """The folder's fonts by role, in the order of their names (so a seed means the same everywhere)."""
    found: dict[str, list[Path]] = {field.name: [] for field in fields(Fonts)}
    seen = set()
    files = [file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES]
    for file in sorted(files, key=lambda file: (file.name.lower(), str(file))):
        if file.name.lower() not in seen and (kind := role(file)):
            seen.add(file.name.lower())
            found[kind].append(file)
    return found


def matplotlib_folder() -> Path:
    """The fonts that come with matplotlib (a package that this project needs)."""
    found = find_spec("matplotlib")
    return Path(found.origin if found and found.origin else "").parent / "mpl-data" / "fonts" / "ttf"


def role(file: Path) -> str:
    """What the font is for, a field of Fonts; "" where it is for no page or cannot be read."""
    try:
        if not covers(file, LETTERS):
            return ""
        # What FreeType cannot open, or leaves blank, serves nobody.
        if typeface(file, 20).getbbox("nH")[3] <= 0:
            return ""
        name = re.sub(r"[ _-]", "", file.stem.lower())
        for pattern, kind in ROLES:
            if re.search(pattern, name):
                return kind
        return _guess(file)
    except (OSError, struct.error, ValueError, IndexError, KeyError, zlib.error):
        return ""


def _guess(file: Path) -> str:
    """The role by the font's own tables."""
    post, os2 = table(file, "post"), table(file, "OS/2")
    if len(post) >= 16 and struct.unpack(">I", post[12:16])[0]:
        return "printer"
    if len(os2) < 42:
        return "serif"
    weight, family, serifs = struct.unpack(">H", os2[4:6])[0], os2[32], os2[33]
    if family in (3, 4):
        return "hand" if family == 3 else "display"
    if weight >= 800:
        return "display"
    return "sans" if serifs >= 11 or os2[30] == 8 else "serif"


@lru_cache(maxsize=512)
def typeface(file: Path, size: float) -> ImageFont.FreeTypeFont:
    """The font at `size` pixels an em. The same file and size give the same object."""
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)


def covers(file: Path, text: str) -> bool:
    """Whether the font has all letters of the text."""
    return letters(file).issuperset(map(ord, text))


@cache
def letters(file: Path) -> frozenset[int]:
    """The code points that the font has a glyph for; empty if the file is no font. May raise OSError."""
    try:
        cmap = table(file, "cmap")
        return frozenset(_code_points(cmap)) if cmap else frozenset()
    except (struct.error, zlib.error, IndexError):
        return frozenset()


def table(file: Path, tag: str) -> bytes:
    """One table of a TTF, OTF or WOFF file; b"" if it has none of that name."""
    with file.open("rb") as stream:
        head = stream.read(44)
        woff = head[:4] == b"wOFF"
        count = struct.unpack(">H", head[12:14] if woff else head[4:6])[0]
        stream.seek(44 if woff else 12)
        width = 20 if woff else 16
        directory = stream.read(width * count)
        for at in range(0, len(directory) - width + 1, width):
            if directory[at : at + 4] != tag.encode("ascii"):
                continue
            start, length = struct.unpack(">II", directory[at + 4 : at + 12] if woff else directory[at + 8 : at + 16])
            stream.seek(start)
            data = stream.read(length)
            whole = struct.unpack(">I", directory[at + 12 : at + 16])[0] if woff else length
            return zlib.decompress(data) if length < whole else data
    return b""


def _code_points(cmap: bytes) -> set[int]:
    """All code points of the cmap table's Unicode subtables (formats 4, 6 and 12)."""
    found: set[int] = set()
    for index in range(struct.unpack(">H", cmap[2:4])[0]):
        platform, encoding, at = struct.unpack(">HHI", cmap[4 + 8 * index : 12 + 8 * index])
        if platform not in (0, 3) or (platform == 3 and encoding not in (1, 10)):
            continue
        kind = struct.unpack(">H", cmap[at : at + 2])[0]
        if kind == 4:
            segments = struct.unpack(">H", cmap[at + 6 : at + 8])[0] // 2
            column = [
                struct.unpack(f">{segments}H", cmap[at + 14 + shift : at + 14 + shift + 2 * segments])
                for shift in (0, 2 * segments + 2, 4 * segments + 2, 6 * segments + 2)
            ]
            ranges = at + 16 + 6 * segments
            for number, (end, start, delta, offset) in enumerate(zip(*column, strict=True)):
                for code in range(start, min(end, 0xFFFE) + 1):
                    glyph = code
                    if offset:
                        where = ranges + 2 * number + offset + 2 * (code - start)
                        glyph = struct.unpack(">H", cmap[where : where + 2])[0]
                        if not glyph:
                            continue
                    if (glyph + delta) & 0xFFFF:
                        found.add(code)
        elif kind == 6:
            first, count = struct.unpack(">HH", cmap[at + 6 : at + 10])
            found.update(range(first, first + count))
        elif kind == 12:
            for group in range(struct.unpack(">I", cmap[at + 12 : at + 16])[0]):
                start, end, _ = struct.unpack(">III", cmap[at + 16 + 12 * group : at + 28 + 12 * group])
                found.update(range(start, min(end, 0x2FFFF) + 1))
    return found
