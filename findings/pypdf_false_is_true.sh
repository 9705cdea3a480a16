#!/usr/bin/env bash
# pypdf 7.1.1: a boolean of a PDF that is false is true where Python asks for its truth.
#
# A fax picture may say /EncodedByteAlign false, a picture /ImageMask false (ISO 32000-1, tables 11 and 89). pypdf reads
# each as a BooleanObject, which equals False but has no truth of its own, so that `if picture.get("/ImageMask")` takes
# the branch for masks. Seen: bool() of it is True, == False is True, .value is False. Ask for `.value`. Fails when this
# changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pypdf==7.1.1
"$work/venv/bin/python" - "$work/mask.pdf" <<'PYTHON'
import sys

import pypdf
from pypdf.generic import BooleanObject, NameObject

writer = pypdf.PdfWriter()
writer.add_blank_page(100, 141)[NameObject("/ImageMask")] = BooleanObject(False)
writer.write(sys.argv[1])

read = pypdf.PdfReader(sys.argv[1]).pages[0]["/ImageMask"]
print("pypdf", pypdf.__version__, "read from the file:", repr(read.value), "== False:", read == False, "bool():", bool(read))
assert read.value is False and read == False
assert bool(read) is True, "changed: false is false now"
print("as described: it equals False and is true")
PYTHON
