"""The tokens that a model of formulas knows, as a tokenizer in the usual files: one word a token of the normal form.

    make_tokenizer(["x _ { 1 }", "\\\\frac { 1 } { 2 }"]).save_pretrained("models/NAME")

`AutoTokenizer.from_pretrained` loads the files without code of ours; `tokenizers.Tokenizer.from_file` needs
tokenizer.json alone.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")  # the order of TrOCR: 0, 1, 2, 3
STRUCTURE = ("{", "}", "_", "^")  # without which no formula can be written


def vocabulary_of(formulas: Iterable[str], least: int = 1) -> dict[str, int]:
    """Each token of the formulas (in normal form) that stands in them at least `least` times -> its number.

    The commonest come first, equals by name, so that the same formulas make the same vocabulary in any order.
    """
    counts = Counter(token for formula in formulas for token in formula.split())
    known = [token for token, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count >= least]
    known += [token for token in STRUCTURE if token not in known]
    return {token: i for i, token in enumerate([*SPECIAL, *known])}


def make_tokenizer(formulas: Iterable[str], least: int = 1) -> "PreTrainedTokenizerFast":
    """The tokenizer of these formulas (in normal form): `<s>`, the tokens, `</s>`; rarer ones than `least` are `<unk>`.

    It decodes to the normal form; `unknown_tokens` tells what it does not know.
    """
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.processors import TemplateProcessing

    start, _, end, unknown = SPECIAL
    tokenizer = Tokenizer(WordLevel(vocabulary_of(formulas, least), unk_token=unknown))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, SPECIAL.index(start)), (end, SPECIAL.index(end))]
    )
    return as_transformers_has_it(tokenizer)


def as_transformers_has_it(tokenizer: "Tokenizer") -> "PreTrainedTokenizerFast":
    """A tokenizer whose first tokens are those of `SPECIAL`, told which of them is what."""
    from transformers import PreTrainedTokenizerFast

    start, pad, end, unknown = SPECIAL
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=start,
        cls_token=start,
        eos_token=end,
        sep_token=end,
        pad_token=pad,
        unk_token=unknown,
        clean_up_tokenization_spaces=False,
        model_input_names=["input_ids", "attention_mask"],
    )


def unknown_tokens(vocabulary: dict[str, int], formula: str) -> list[str]:
    """The tokens of a formula (in normal form) that a tokenizer's `get_vocab()` does not hold, each once."""
    return [token for token in dict.fromkeys(formula.split()) if token not in vocabulary]
