#!/bin/sh
# pdf2png.sh: PDFs become page images. Run it from where it lies, on any folder:
#     data_scripts/unix/pdf2png.sh ~/scans --output ~/pages
#     data_scripts/unix/pdf2png.sh --help
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd) || exit 2
python=$here/../.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$here/pdf2png.py" "$@"
