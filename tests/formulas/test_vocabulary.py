"""The tokenizer of formulas: its files load without our code, and nothing is lost on the way to numbers and back."""

from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from formulas.latex import normalise
from formulas.vocabulary import make_tokenizer, unknown_tokens, vocabulary_of

FORMULAS = [
    normalise(latex)
    for latex in (
        "\\left( {a'\\over b} \\right) < s > \\quad \\mbox{for all } x_1, ",
        "\\begin{array}{cc} a & [b] \\\\ c & \\{ d \\} \\end{array} \\not\\subset \\hat\\imath",
        '\\left. x \\right|_0 ~ \\| \\alpha ! ? " ` @',
    )
]


def test_numbers_and_back_with_and_without_transformers(tmp_path: Path) -> None:
    make_tokenizer(FORMULAS).save_pretrained(tmp_path)
    full = AutoTokenizer.from_pretrained(tmp_path)
    light = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for formula in FORMULAS:
        numbers = full(formula).input_ids
        assert numbers[0] == 0
        assert numbers[-1] == 2
        assert 3 not in numbers
        assert len(numbers) == len(formula.split()) + 2
        assert full.decode(numbers, skip_special_tokens=True) == formula
        assert light.encode(formula).ids == numbers
        assert light.decode(numbers, skip_special_tokens=True) == formula
    batch = full(FORMULAS, padding=True).input_ids
    assert {len(numbers) for numbers in batch} == {max(len(formula.split()) for formula in FORMULAS) + 2}
    assert batch[-1][-1] == full.pad_token_id == 1
    assert (full.bos_token_id, full.eos_token_id, full.unk_token_id) == (0, 2, 3)


def test_rare_tokens_are_told() -> None:
    tokenizer = make_tokenizer(["a b", "a c", "a c"], least=2)
    assert unknown_tokens(tokenizer.get_vocab(), "b a d b") == ["b", "d"]
    assert tokenizer("a b c").input_ids == [0, 4, 3, 5, 2]


def test_the_same_formulas_make_the_same_vocabulary_in_any_order() -> None:
    assert list(vocabulary_of(FORMULAS).items()) == list(vocabulary_of(reversed(FORMULAS)).items())
    assert {"{", "}", "_", "^"} < set(vocabulary_of(["a"]))
