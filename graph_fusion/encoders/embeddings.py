"""A text as trained vectors of its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion.encoders.base import TokenEncoder
from graph_fusion.encoders.tokens import Tokens
from graph_fusion.encoders.words import (
    FIRST,
    PADDING,
    Vocabulary,
    as_vocabulary,
    masked_names,
    words_of,
)


class WordEmbeddings(TokenEncoder):
    """One token a word, from a table that is trained; all unknown words share one vector.

    dim: features of a word; dropout: of whole features while training.
    """

    def __init__(
        self, vocabulary: Vocabulary | Sequence[str], dim: int = 128, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.vocabulary = as_vocabulary(vocabulary)
        self.dim = dim
        self.table = nn.Embedding(len(self.vocabulary) + FIRST, dim, padding_idx=PADDING)
        self.dropout = nn.Dropout(dropout)

    def forward(self, texts: Sequence[str]) -> Tokens:
        words = words_of(texts)
        rows = padded_rows(self.vocabulary, words).to(self.table.weight.device)
        values = self.dropout(self.table(rows))
        mask = rows != PADDING
        return Tokens(values, mask, names=masked_names(words, mask))

    def config(self) -> dict[str, Any]:
        return {
            "vocabulary": list(self.vocabulary.words),
            "dim": self.dim,
            "dropout": self.dropout.p,
        }


def padded_rows(vocabulary: Vocabulary, words: Sequence[Sequence[str]]) -> Tensor:
    """Return the rows of each text's words, filled up with `PADDING`: [B, L], L at least 1."""
    longest = max((len(row) for row in words), default=1)
    rows = torch.full((len(words), longest), PADDING)
    for text, row in enumerate(words):
        rows[text, : len(row)] = torch.tensor(vocabulary.rows(row))
    return rows
