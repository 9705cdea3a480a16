#!/usr/bin/env bash
# Pillow 13.0.0: in JPEG 2000 of more than 8 bits and two to four channels, the highest value decodes as 0.
#
# A colour scan of 10, 12 or 16 bits, as archives keep them, has white paper at the top of its range: it comes out black,
# without an error or a warning. Grey (one channel) is right, and so are 8 bits. Seen: maximum 0 where 255 is right; the
# value just below the top is right. OpenJPEG itself (by way of imagecodecs) gives the top back as it was written.
# Fails when this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pillow==13.0.0 imagecodecs==2026.3.6 numpy
"$work/venv/bin/python" - <<'PYTHON'
import io

import imagecodecs
import numpy as np
import PIL
from PIL import Image

print("Pillow", PIL.__version__, "imagecodecs", imagecodecs.__version__)
for bits in (8, 10, 12, 16):
    for channels in (1, 3):
        top = 2**bits - 1
        kind = np.uint8 if bits == 8 else np.uint16
        shape = (32, 32, channels) if channels > 1 else (32, 32)
        seen = {}
        for value in (top, top - 2 ** max(0, bits - 8)):  # the top, and one grey level of 8 bits below it
            data = imagecodecs.jpeg2k_encode(
                np.full(shape, value, kind), level=0, codecformat="JP2", bitspersample=bits, mct=False
            )
            assert (imagecodecs.jpeg2k_decode(data) == value).all(), "the file is sound"
            with Image.open(io.BytesIO(data)) as image:
                pixels, mode = np.asarray(image), image.mode
            seen[value] = int(pixels.max())
        print(f"{bits} bits, {channels} channels, mode {mode}: {seen}")
        white = seen[top]
        expected_black = bits > 8 and channels > 1
        assert (white == 0) == expected_black, f"changed: {bits} bits, {channels} channels: white is {white}"
print("as described: white is black above 8 bits in colour")
PYTHON
