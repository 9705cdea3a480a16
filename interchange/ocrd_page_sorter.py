#!/usr/bin/env python3
"""Sorts the pages of an OCR-D workspace: the entry point beside run.py, a processor of OCR-D core 3.

    ocrd-page-sorter -I OCR-D-IMG -O OCR-D-CLASS       # in a workspace; docs/archives.md: how it gets on the PATH
    python interchange/ocrd_page_sorter.py -h

What it does is ocrd_processor.py's. Exit code: as OCR-D has it; 2 a mistake that the user can mend.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":  # this room's folder is no place for imports: all are counted from the project's
    sys.path[0] = str(Path(__file__).resolve().parents[1])


def main() -> int:
    """Run one command of OCR-D's command line for processors; the exit code."""
    from settings.command import check_packages
    from utils import UserError, printable

    os.environ["HF_HUB_OFFLINE"] = "1"  # as run.py has it: nothing here opens a connection
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        check_packages("ocrd-page-sorter", ("ocrd",), "requirements-ocrd.txt")
        check_packages("ocrd-page-sorter", ("safetensors", "pypdfium2", "tifffile"), "requirements-sort.txt")
        from interchange.ocrd_processor import command

        command()
    except UserError as error:
        print(f"error: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
