"""Image modes and tokenizers of `formulas train`, each taught alike: the same drawings, network, steps and seed.

    python data_scripts/collect_formulas.py simple.txt --simple 20300
    python run.py formulas draw simple.txt drawn/ --renderer mathtext --held 300
    python benchmarks/formulas_ways.py drawn/ --side 80 --work ways/

A way starts from random weights of the preset `micro` in a model folder of its own, and is taught and judged by the
commands that users type. No canvas has many more pixels than another: `wide` takes as much of 192 x 800 as a formula
needs (95 in 100 of those above at most 6,144 pixels), `letterbox` and `squash` are squares of --side: 80 has 6,400,
384 is as published for TrOCR. `bpe` is a byte-level BPE made of the same formulas: the published one, 50,265 pieces
of English, would be nine tenths of this network.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HOME), str(HOME / "benchmarks")]

from common import machine, markdown, run_process  # noqa: E402

PIECES = 1000  # of the BPE
JUDGED = ("goal_cer", "goal_exact", "shuffled_goal_cer")


def main() -> int:
    """Teach and judge every way that is asked for, and print the table; 1 where a command failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drawn", type=Path, help="a folder that `formulas draw --held N` made")
    parser.add_argument("--steps", type=int, default=4000, help="of 16 formulas (default %(default)s)")
    parser.add_argument("--side", type=int, default=384, help="pixels of letterbox and squash (default %(default)s)")
    parser.add_argument(
        "--ways",
        nargs="+",
        default=["wide-latex", "wide-bpe", "letterbox-latex", "letterbox-bpe", "squash-latex", "squash-bpe"],
        metavar="MODE-TOKENIZER",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", type=Path, help="a folder that keeps models, so that a killed benchmark goes on")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = given.work or Path(temporary)
        rows = [judged(way, given, work) for way in given.ways]
    print(f"{machine()}\n")
    print(
        markdown(
            ["image", "tokenizer", "tokens a formula", "CER", "exact", "with other formulas' readings", "minutes"], rows
        )
    )
    return 0


def judged(way: str, given: argparse.Namespace, work: Path) -> list[str]:
    """Teach one way, and its row. given: the command line."""
    drawn, steps, threads = given.drawn, given.steps, given.threads
    mode, _, tokenizer = way.partition("-")
    base, name, figures = work / f"{way}.base", way, work / f"{way}.json"
    if not base.exists():
        length = make_base(base, drawn, mode, tokenizer, given.side)
        (work / f"{way}.length").write_text(str(length), "ascii")
    train = ["run.py", "formulas", "train", drawn, "--base", base, "--preset", "micro", "--steps", str(steps)]
    if not (work / name).exists():
        ran([*train, "--name", name, "--model_dir", work, "--quiet"], threads)
    judge = ["run.py", "formulas", "evaluate", drawn, "--split", "validation", "--model", work / name, "--beams", "1"]
    if not figures.exists():
        ran([*judge, "--json", figures, "-o", work / f"{way}.judged", "--quiet"], threads)
    said = json.loads(figures.read_text("utf-8"))
    minutes = json.loads((work / name / "formulas.json").read_text("utf-8"))["training"]["seconds_of_last_start"] / 60
    cer, exact, shuffled = (said[key] for key in JUDGED)
    length = float((work / f"{way}.length").read_text("ascii"))
    return [mode, tokenizer, f"{length:.0f}", f"{cer:.3f}", f"{exact:.1%}", f"{shuffled:.3f}", f"{minutes:.0f}"]


def make_base(folder: Path, drawn: Path, mode: str, kind: str, side: int) -> float:
    """A model folder with random weights and an untrained canvas; how many tokens a formula has on average."""
    import torch

    from formulas.data import Columns, pairs_of
    from formulas.latex import LatexError, normalise
    from formulas.model_folder import Parts, save_folder
    from formulas.network import new_model
    from formulas.pictures import Canvas
    from formulas.vocabulary import make_tokenizer

    formulas = []
    for pair in pairs_of((str(drawn),), columns=Columns("", ""), configuration="").pairs:
        if pair.split == "train":
            try:
                formulas.append(normalise(pair.latex))
            except LatexError:
                continue  # `formulas train` lists it as left out
    tokenizer = make_tokenizer(formulas) if kind == "latex" else make_bpe(formulas)
    torch.manual_seed(420)
    canvas = Canvas() if mode == "wide" else Canvas(mode, side, side, step=0, type_size=0.0)
    folder.mkdir(parents=True)
    parts = Parts(canvas=canvas, tokenizer=kind, longest=256)
    save_folder(folder, new_model("micro", len(tokenizer)), tokenizer, parts, "random weights\n", dtype="float32")
    return sum(len(tokenizer(formula)["input_ids"]) for formula in formulas) / len(formulas)


def make_bpe(formulas: list[str]) -> object:
    """A byte-level BPE of these formulas, as TrOCR has one of English."""
    from tokenizers import ByteLevelBPETokenizer
    from tokenizers.processors import RobertaProcessing

    from formulas.vocabulary import SPECIAL, as_transformers_has_it

    start, _, end, _ = SPECIAL
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(formulas, vocab_size=PIECES, special_tokens=list(SPECIAL), show_progress=False)
    bpe.post_processor = RobertaProcessing((end, 2), (start, 0), trim_offsets=False, add_prefix_space=False)
    return as_transformers_has_it(bpe._tokenizer)


def ran(arguments: list[str | Path], threads: int) -> None:
    """A command of the project, to its end. SystemExit: it failed."""
    done = run_process(arguments, threads)
    if done.code not in (0, 1):  # 1: pairs were left out, each told
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with {done.code}:\n{done.output}")


if __name__ == "__main__":
    raise SystemExit(main())
