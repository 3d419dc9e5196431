"""A text as the counts of its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from graph_fusion.encoders.base import TokenEncoder
from graph_fusion.encoders.tokens import Tokens
from graph_fusion.encoders.words import FIRST, Vocabulary, as_vocabulary, words_of


class BagOfWords(TokenEncoder):
    """One token a text: how often each word of the vocabulary stands in it; nothing to train.

    Unknown words are not counted; a text of nothing else has a token of zeros. The token has
    no name, since it stands for all words.
    """

    _here: Tensor

    def __init__(self, vocabulary: Vocabulary | Sequence[str]) -> None:
        super().__init__()
        self.vocabulary = as_vocabulary(vocabulary)
        self.dim = len(self.vocabulary)
        self.register_buffer("_here", torch.zeros(0), persistent=False)  # knows the device

    def forward(self, texts: Sequence[str]) -> Tokens:
        counts = torch.zeros(len(texts), 1, self.dim)
        for text, words in enumerate(words_of(texts)):
            for row in self.vocabulary.rows(words):
                if row >= FIRST:
                    counts[text, 0, row - FIRST] += 1
        mask = torch.ones(len(texts), 1, dtype=torch.bool)
        return Tokens(counts, mask).to(self._here.device)

    def config(self) -> dict[str, Any]:
        return {"vocabulary": list(self.vocabulary.words)}
