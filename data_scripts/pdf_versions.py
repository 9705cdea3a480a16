"""Which version of a PDF a page image was made of: each says it of itself, in a text chunk of the PNG.

    pdf = Version(path)
    state(image, pdf)               # CURRENT, EARLIER: made of another version, or FOREIGN: not made by pdf2png.py

Size and time settle it where they are the same; a PDF that was only copied or touched is known by its content.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from common import no_command
from pdf_pages import OF_PAGES, SOURCE, VERSION, png_texts

from output.files import file_hash

CURRENT, EARLIER, FOREIGN, OLDER_FOREIGN = "current", "earlier", "foreign", "older foreign"


class Version:
    """A PDF as it is now; OSError where it is gone."""

    def __init__(self, pdf: Path) -> None:
        self.pdf = pdf
        status = pdf.stat()
        self.size, self.mtime_ns = status.st_size, status.st_mtime_ns

    @property
    def stamp(self) -> str:
        """Its size and time, without a look at its content."""
        return f"{self.size} {self.mtime_ns}"

    @cached_property
    def content(self) -> str:
        """Its SHA-256."""
        return file_hash(self.pdf)

    def __str__(self) -> str:
        return f"{self.stamp} {self.content}"


def state(image: Path, pdf: Version) -> str:
    """What a page image is to the PDF that it bears the name of.

    Images of earlier versions of pdf2png.py, and those of others, say nothing of a version: they are older than their
    PDF, or taken for current.
    """
    texts = png_texts(image)
    recorded = texts.get(VERSION, "").split(" ")
    if len(recorded) == 3:
        if recorded[:2] == [str(pdf.size), str(pdf.mtime_ns)]:
            return CURRENT
        return CURRENT if recorded[0] == str(pdf.size) and recorded[2] == pdf.content else EARLIER
    older = image.stat().st_mtime_ns < pdf.mtime_ns
    if SOURCE in texts and OF_PAGES in texts:
        return EARLIER if older else CURRENT
    return OLDER_FOREIGN if older else FOREIGN


if __name__ == "__main__":
    no_command("page images of PDFs come from data_scripts/pdf2png.py")
