"""Texts as words, and words as rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion.encoders.base import TokenEncoder, Tokens
from kg.english import treebank_tokens
from kg.errors import SightGraphError

PADDING = 0
UNKNOWN = 1
FIRST = 2
"""Rows of a table of words: 0 is padding, 1 any unknown word, the vocabulary follows."""
UNKNOWN_WORD = "<unknown>"


@dataclass(frozen=True)
class Vocabulary:
    """The words that an encoder knows, in the order of its table.

    Raises:
        SightGraphError: there are none, or one stands twice.
    """

    words: tuple[str, ...]
    _rows: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows = {word: row for row, word in enumerate(self.words, FIRST)}
        if not rows:
            raise SightGraphError(
                "the vocabulary has no words. Build it with Vocabulary.of(texts) from the texts "
                "that are trained on; a smaller minimum keeps more words."
            )
        if len(rows) < len(self.words):
            twice = next(word for word, count in Counter(self.words).items() if count > 1)
            raise SightGraphError(f"the vocabulary has the word '{twice}' twice.")
        object.__setattr__(self, "_rows", rows)

    @classmethod
    def of(cls, texts: Iterable[str], minimum: int = 1) -> Vocabulary:
        """Return the words that occur `minimum` times in `texts`, the most frequent first."""
        counts = Counter(word for text in texts for word in treebank_tokens(text))
        kept = [(-count, word) for word, count in counts.items() if count >= minimum]
        return cls(tuple(word for _, word in sorted(kept)))

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._rows

    def rows(self, words: Iterable[str]) -> list[int]:
        """Return the row of each word, `UNKNOWN` for those that are not known."""
        return [self._rows.get(word, UNKNOWN) for word in words]


def as_vocabulary(given: Vocabulary | Sequence[str]) -> Vocabulary:
    """Return a vocabulary, also from the list of words that a config holds."""
    return given if isinstance(given, Vocabulary) else Vocabulary(tuple(given))


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """Return each text's words, `UNKNOWN_WORD` for a text that has none.

    Raises:
        SightGraphError: `texts` is a single text.
    """
    if isinstance(texts, str):
        raise SightGraphError("an encoder takes a list of texts. Use encoder([text]) for one.")
    return [treebank_tokens(text) or [UNKNOWN_WORD] for text in texts]


def masked_names(words: Sequence[Sequence[str]], mask: Tensor) -> tuple[tuple[str, ...], ...]:
    """Return the name of each place of `mask` [B, L]: its word, "" where no token is."""
    return tuple(
        tuple(row[place] if there else "" for place, there in enumerate(places))
        for row, places in zip(words, mask.tolist(), strict=True)
    )


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
