#!/usr/bin/env bash
# tifffile 2026.3.3: samples of 12 bits written big-endian and uncompressed do not read back; little-endian ones do.
#
# The call is accepted, a file comes out, and reading it back with the same version gives other samples, without an error
# or a warning. Whoever makes test files for scanners of 10 or 12 bits must not take such files for truth. Seen: under one
# per cent of the samples equal for ">", all of them for "<". Fails when this changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet tifffile==2026.3.3 imagecodecs==2026.3.6 numpy
"$work/venv/bin/python" - "$work" <<'PYTHON'
import sys

import numpy as np
import tifffile

print("tifffile", tifffile.__version__)
samples = np.random.default_rng(1).integers(0, 4096, (64, 100), dtype=np.uint16)
equal = {}
for order in "<>":
    file = f"{sys.argv[1]}/{'little' if order == '<' else 'big'}.tif"
    tifffile.imwrite(file, samples, bitspersample=12, byteorder=order, photometric="minisblack")
    equal[order] = float((tifffile.imread(file) == samples).mean())
print("share of samples that read back:", equal)
assert equal["<"] == 1.0 and equal[">"] < 0.05, "changed"
print("as described: big-endian 12-bit samples do not survive")
PYTHON
