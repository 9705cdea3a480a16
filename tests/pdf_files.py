"""PDFs of scans and of drawings, written by hand where no library writes them so."""

import numpy as np
from PIL import Image, ImageDraw

LOCKED = b"""%%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
4 0 obj<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -4>>endobj
trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]/Size 5>>
%%%%EOF
""" % (b"41" * 32, b"42" * 32)


def scan(seed=1, size=(310, 440), mode="L"):
    rng = np.random.default_rng(seed)
    image = Image.fromarray(rng.integers(150, 255, (size[1] // 8, size[0] // 8), np.uint8)).resize(size)
    ImageDraw.Draw(image).rectangle((20, 30, 120, 60), fill=10)
    return image.convert(mode)


def as_pdf(file, images, dpi=100):
    file.parent.mkdir(parents=True, exist_ok=True)
    images[0].save(file, format="PDF", resolution=dpi, save_all=True, append_images=images[1:])


def drawing(boxes, content, resources=b"", pages=1, media=(200, 100)):
    """A PDF of drawn pages, written by hand: `boxes` go into the page, `content` is its drawing."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (b"3 0 R " * pages, pages)]
    objects.append(
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]%s/Resources<<%s>>/Contents 4 0 R>>" % (*media, boxes, resources)
    )
    objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
    return objects


def assemble(objects):
    out = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def raw_image(pixels, more=b""):
    height, width = pixels.shape
    head = b"<</Type/XObject/Subtype/Image/ColorSpace/DeviceGray/BitsPerComponent 8/Width %d/Height %d%s/Length %d>>"
    return head % (width, height, more, pixels.size) + b"stream\n" + pixels.tobytes() + b"\nendstream"


FONT = b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"


def placed(matrix, pixels, more=b"", extra=(), content=b"", media=(200, 100), boxes=b""):
    """A page that shows a grey image through `matrix`, and what `content` draws on it."""
    draw = b"q %s cm /I Do Q %s" % (matrix, content)
    objects = drawing(boxes, draw, b"/XObject<</I 5 0 R>>" + FONT, media=media)
    return assemble([*objects, raw_image(pixels, more), *extra])


def pixels_of(file):
    with Image.open(file) as image:
        return np.asarray(image.convert("L"))


GRID = np.random.default_rng(0).integers(0, 256, (50, 100), np.uint8).repeat(8, 0).repeat(8, 1)  # 400 x 800
