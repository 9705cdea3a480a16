"""Makes `encoders/turn.safetensors`: what says whether a page lies upright, on its side or upside down.

    python data_scripts/draw_pages.py drawn --pages 2600 --seed 9019 --upright
    python data_scripts/make_turn.py drawn --work turn_work        # writes encoders/turn.safetensors and turn.onnx

Any label folders of upright pages will do, drawn or real ones. Each page, and a second scan of it, goes four ways round
through the first stages of EfficientNet-Lite0 with its ImageNet weights; what they see is kept in the work folder, so
that a start that was broken off goes on (1.3 MB a page, there and in memory). A small network is taught on that; one
document in six only says when it is sure. No model has to be made anew for it, nor it for a model.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, check_packages, folder_argument, start, whole_number

from encoders.turning import FILE
from output.files import whole
from settings.given_paths import given_path
from utils import UserError, split_page_name

EXAMPLES = """\
examples:
  python data_scripts/draw_pages.py drawn --pages 2600 --seed 9019 --upright
  python data_scripts/make_turn.py drawn --work turn_work"""
LEAST = 12  # pages: the way can be tried with few


def main(arguments: Sequence[str]) -> int:
    """Look at pages, teach the small network, write it with the stages' weights and its graph; the exit code."""
    parser = Parser(__doc__.splitlines()[0], EXAMPLES)
    parser.add_argument(
        "pages", type=given_path, nargs="+", metavar="PAGES", help="label folders of pages (JPEG), all of them upright"
    )
    parser.add_argument(
        "--work", type=given_path, default=Path("turn_work"), metavar="DIR", help="what is seen (default: %(default)s)"
    )
    parser.add_argument(
        "--most", type=whole_number(LEAST, 99_999), default=2600, metavar="N", help="pages (default: %(default)s)"
    )
    parser.add_argument(
        "--epochs", type=whole_number(1, 999), default=14, metavar="N", help="passes over it (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=whole_number(0, 999_999), default=1, metavar="S", help="of the teaching (default: %(default)s)"
    )
    parser.add_argument(
        "--output", type=given_path, default=FILE, metavar="FILE", help="what is written (default: %(default)s)"
    )
    typed = parser.read(arguments)
    check_packages("make_turn.py", ("torch", "timm", "onnx"), "requirements.txt")
    files = sorted(file for folder in typed.pages for file in folder_argument(folder).glob("*/*.jpg"))
    random.Random(1).shuffle(files)
    files = files[: typed.most]
    if len(files) < LEAST:
        raise UserError(f"{len(files)} JPEG pages in label folders below {typed.pages[0]}; better 1,000")
    if typed.dry_run:
        print(f"{len(files)} pages -> {typed.output}")
        return 0
    from look_graph import write_graph
    from make_look import stages
    from safetensors.torch import save_file
    from turn_graph import STAGES, graph_of
    from turn_making import SCANS, maps_of, taught

    from encoders.base import WEIGHTS

    typed.work.mkdir(parents=True, exist_ok=True)
    maps = maps_of(files, typed.work)
    looks = len(maps) // len(files)
    documents = [split_page_name(file.stem)[0] for file in files for _ in range(looks)]
    kinds = [file.parent.name for file in files for _ in range(looks)]
    learned = taught(maps, documents, kinds, epochs=typed.epochs, seed=typed.seed)
    first = stages(STAGES).state_dict().items()
    stored = {f"network.{name}": value for name, value in first if value.is_floating_point()}
    stored |= {f"small.{name}": value for name, value in learned.tensors.items()}
    about = {name: str(value) for name, value in learned.settings.items()}
    about |= {"weights": WEIGHTS, "licence": "Apache-2.0", "pages": str(len(files)), "scans": str(1 + SCANS)}
    typed.output.parent.mkdir(parents=True, exist_ok=True)
    with whole(typed.output) as part:
        save_file({name: tensor.half().contiguous() for name, tensor in stored.items()}, part, metadata=about)
    for line in learned.lines:
        print(line)
    print(f"{learned.settings}")
    print(f"{typed.output}: {typed.output.stat().st_size / 2**10:.0f} KB")
    write_graph(typed.output, graph_of)
    return 0


if __name__ == "__main__":
    start(main)
