"""A text as pre-computed vectors of its words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from graph_fusion.encoders.base import TokenEncoder
from graph_fusion.encoders.embeddings import padded_rows
from graph_fusion.encoders.tokens import Tokens
from graph_fusion.encoders.word_vector_file import read_word_vectors
from graph_fusion.encoders.words import (
    FIRST,
    PADDING,
    UNKNOWN,
    Vocabulary,
    as_vocabulary,
    masked_names,
    words_of,
)
from kg.errors import SightGraphError

UNKNOWN_CHOICES = ("masked", "trained")


class WordVectors(TokenEncoder):
    """One token a word, with the vector that a file has for it.

    vocabulary: the words wanted. Those without a vector in the file count as unknown.
    file: in the text format of GloVe, word2vec or fastText (`read_word_vectors`); None: the
        vectors come with the `state_dict` afterwards, and `dim` says how long they are.
    frozen: the vectors stay as they are.
    unknown: "masked": an unknown word has zeros and is masked, unless its text has no other
        word: then the first stays, so that there is a token. "trained": one vector is trained
        for all unknown words, also where the others are frozen.

    Raises:
        SightGraphError: the file cannot be used or has none of the words.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | Sequence[str],
        file: str | Path | None = None,
        dim: int | None = None,
        frozen: bool = True,
        unknown: str = "masked",
    ) -> None:
        super().__init__()
        if unknown not in UNKNOWN_CHOICES:
            raise SightGraphError(
                f"unknown='{unknown}' does not exist. Known: {', '.join(UNKNOWN_CHOICES)}."
            )
        self.vocabulary = as_vocabulary(vocabulary)
        self.unknown = unknown
        values = self._read(file, dim)
        self.dim = values.shape[1]
        self.table = nn.Embedding(len(values), self.dim, padding_idx=PADDING)
        self.table.weight = nn.Parameter(values, requires_grad=not frozen)
        self.unknown_vector = nn.Parameter(torch.zeros(self.dim)) if unknown == "trained" else None

    def forward(self, texts: Sequence[str]) -> Tokens:
        words = words_of(texts)
        rows = padded_rows(self.vocabulary, words).to(self.table.weight.device)
        values = self.table(rows)
        mask = rows != PADDING
        is_unknown = rows == UNKNOWN
        if self.unknown_vector is not None:
            values = torch.where(is_unknown.unsqueeze(-1), self.unknown_vector, values)
        else:
            values = values.masked_fill(is_unknown.unsqueeze(-1), 0.0)
            mask = mask & ~is_unknown
            mask[:, 0] |= ~mask.any(1)
        return Tokens(values, mask, names=masked_names(words, mask))

    def config(self) -> dict[str, Any]:
        return {
            "vocabulary": list(self.vocabulary.words),
            "dim": self.dim,
            "frozen": not self.table.weight.requires_grad,
            "unknown": self.unknown,
        }

    def _read(self, file: str | Path | None, dim: int | None) -> torch.Tensor:
        """Return the start of the table, and keep of the vocabulary what the file has."""
        if file is None:
            if dim is None:
                raise SightGraphError(
                    "word vectors need a file (GloVe, word2vec or fastText as text), or dim when "
                    "they are loaded from a state dict afterwards."
                )
            return torch.zeros(len(self.vocabulary) + FIRST, dim)
        read = read_word_vectors(file, self.vocabulary.words)
        if not read.words:
            raise SightGraphError(
                f"'{file}' has a vector for none of the {len(self.vocabulary)} words of the "
                "vocabulary. They are in lower case: is it another language?"
            )
        if dim is not None and dim != read.values.shape[1]:
            raise SightGraphError(
                f"the vectors in '{file}' have {read.values.shape[1]} features, not {dim}."
            )
        self.vocabulary = Vocabulary(read.words)
        first = torch.zeros(FIRST, read.values.shape[1])
        return torch.cat([first, torch.from_numpy(read.values)])
