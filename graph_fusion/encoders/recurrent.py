"""A text as the states of a recurrent network that reads its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from graph_fusion.encoders.base import TokenEncoder, Tokens
from graph_fusion.encoders.words import Vocabulary, WordEmbeddings
from kg.errors import SightGraphError

CELLS: dict[str, type[nn.LSTM | nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}


class Recurrent(TokenEncoder):
    """One token a word: the state after it, of an LSTM (Hochreiter & Schmidhuber, 1997) or GRU
    (Cho et al., EMNLP 2014). `Tokens.last` gives the state after the last word.

    Words that the embeddings mask are passed over, and stand after the others as padding.

    cell: "lstm" or "gru"; dim: features of a state, in each direction.
    vocabulary, embedding: words are vectors of `embedding` features that are trained with it;
        or embeddings: another encoder of `TOKEN_ENCODERS`, or its config with its name under
        "encoder", such as {"encoder": "word_vectors", "vocabulary": [...], "dim": 300}.
    layers, dropout: of the network, dropout between its layers.
    bidirectional: it also reads backwards; a token is then both states, one after the other.
    """

    def __init__(
        self,
        cell: str,
        vocabulary: Vocabulary | Sequence[str] | None = None,
        embedding: int = 128,
        embeddings: TokenEncoder | Mapping[str, Any] | None = None,
        dim: int = 128,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.cell = cell
        self.embeddings = _embeddings(vocabulary, embedding, embeddings)
        self.network = CELLS[cell](
            self.embeddings.dim,
            dim,
            layers,
            batch_first=True,
            dropout=dropout,
            bidirectional=bidirectional,
        )
        self.dim = 2 * dim if bidirectional else dim

    def forward(self, texts: Sequence[str]) -> Tokens:
        words = _closed_up(self.embeddings(texts))
        lengths = words.mask.sum(1)
        if not len(words):
            return Tokens(words.values.new_zeros(0, 1, self.dim), words.mask, names=())
        packed = pack_padded_sequence(
            words.values, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(
            self.network(packed)[0], batch_first=True, total_length=words.mask.shape[1]
        )
        return Tokens(states, words.mask, names=words.names)

    def config(self) -> dict[str, Any]:
        from graph_fusion.encoders import TOKEN_ENCODERS

        made_by = {TOKEN_ENCODERS.resolve(name): name for name in TOKEN_ENCODERS}
        kind = made_by.get(type(self.embeddings))
        if kind is None:
            raise SightGraphError(
                f"the embeddings {type(self.embeddings).__name__} are not in TOKEN_ENCODERS: "
                "register them, so that the encoder can be saved."
            )
        return {
            "embeddings": {"encoder": kind, **self.embeddings.config()},
            "dim": self.network.hidden_size,
            "layers": self.network.num_layers,
            "bidirectional": self.network.bidirectional,
            "dropout": self.network.dropout,
        }


lstm = partial(Recurrent, "lstm")
gru = partial(Recurrent, "gru")


def _embeddings(
    vocabulary: Vocabulary | Sequence[str] | None,
    embedding: int,
    given: TokenEncoder | Mapping[str, Any] | None,
) -> TokenEncoder:
    if (vocabulary is None) == (given is None):
        raise SightGraphError(
            "a recurrent encoder needs either a vocabulary (Vocabulary.of(texts)) or embeddings "
            "(another encoder)."
        )
    if vocabulary is not None:
        return WordEmbeddings(vocabulary, embedding)
    if isinstance(given, TokenEncoder):
        return given
    from graph_fusion.encoders import TOKEN_ENCODERS

    options = dict(given or {})
    return TOKEN_ENCODERS.make(options.pop("encoder"), **options)


def _closed_up(tokens: Tokens) -> Tokens:
    """Return the tokens with those that are there first, in their order.

    Shapes: as `Tokens`; what is masked stays behind the others, without name.
    """
    order = (~tokens.mask).int().argsort(dim=1, stable=True)
    values = tokens.values.gather(1, order.unsqueeze(-1).expand_as(tokens.values))
    mask = tokens.mask.gather(1, order)
    if tokens.names is None:
        return Tokens(values, mask)
    return Tokens(values, mask, names=_reordered(tokens.names, order, mask))


def _reordered(
    names: tuple[tuple[str, ...], ...], order: Tensor, mask: Tensor
) -> tuple[tuple[str, ...], ...]:
    kept = torch.where(mask, order, -1).tolist()
    return tuple(
        tuple(row[place] if place >= 0 else "" for place in places)
        for row, places in zip(names, kept, strict=True)
    )
