#!/usr/bin/env bash
# pypdfium2 5.15.2: PDFium takes no notice of a page's UserUnit, and no call of it tells the value.
#
# Plans and maps larger than 200 inches need /UserUnit (PDF 1.6, ISO 32000-1 table 30: the size of a default unit in
# 1/72 inch). With /UserUnit 10 PDFium gives the page the size that it would have without, so whoever computes dots per
# inch from it is wrong by a factor of ten. Seen: the same size for both pages. The value is kept when the page is
# imported into a new document, where it can be read from the bytes. Fails when this changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pypdfium2==5.15.2 pypdf==7.1.1
"$work/venv/bin/python" - "$work/plan.pdf" <<'PYTHON'
import io
import sys

import pypdf
import pypdfium2
from pypdf.generic import NameObject, NumberObject

writer = pypdf.PdfWriter()
writer.add_blank_page(100, 141)
writer.add_blank_page(100, 141)[NameObject("/UserUnit")] = NumberObject(10)
writer.pdf_header = "%PDF-1.6"
writer.write(sys.argv[1])

document = pypdfium2.PdfDocument(sys.argv[1])
plain, scaled = (document[number].get_size() for number in (0, 1))
print("pypdfium2", pypdfium2.PYPDFIUM_INFO, "PDFium", pypdfium2.PDFIUM_INFO)
print("size without UserUnit:", plain, "with UserUnit 10:", scaled)
assert plain == scaled, "changed: PDFium now scales the page"
copy = pypdfium2.PdfDocument.new()
copy.import_pages(document, [1])
copy.save(out := io.BytesIO())
assert b"/UserUnit 10" in out.getvalue(), "changed: an import no longer keeps it"
print("as described: ignored in the size, kept in a copy")
PYTHON
