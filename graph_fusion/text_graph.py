"""A network that reads a caption as a graph: which words are nodes, and what links them.

Token features of MiniLM, one per word; a score for every label between every ordered pair of
words, as in biaffine graph parsing (Dozat & Manning, ICLR 2017; Dozat & Manning, ACL 2018 for
graphs), with what the words between and around a pair say added by attention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

LONGEST_NODE = 4
"""Words of a node: "base ball player" has three."""


@dataclass(frozen=True, slots=True)
class TextGraphConfig:
    """The closed word lists of the network; index 0 of each means "none", or "as it stands".

    links: labels between two words: "is" for attributes, and predicates.
    names: what a node may be called instead of its own words ("two" is "2").
    implied: attributes that no word of the caption names ("feet" are "2").
    """

    links: tuple[str, ...]
    names: tuple[str, ...]
    implied: tuple[str, ...]
    hidden: int = 256


class Read(NamedTuple):
    """Logits for B captions of N words.

    Shapes:
        links [B, N, N, L]: from the subject's last word (dim 1) to the object's (dim 2)
        lengths [B, N, 4]: words of the node that ends here, less one
        names [B, N, M]; implied [B, N, I]
    """

    links: Tensor
    lengths: Tensor
    names: Tensor
    implied: Tensor


class TextGraphNetwork(nn.Module):
    """MiniLM's encoder with heads for links, lengths, names and implied attributes.

    encoder: a transformers BERT model; its word embeddings are not trained.

    Shapes:
        pieces, piece_mask [B, P]: token ids and which are there
        word_of_piece [B, P]: index of each piece's word, -1 for none; words: N
    """

    def __init__(self, config: TextGraphConfig, encoder: nn.Module, features: int = 384) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        for parameter in encoder.embeddings.parameters():  # type: ignore[union-attr]
            parameter.requires_grad_(False)
        self.pairs = PairScorer(features, config.hidden, len(config.links))
        self.nodes = nn.Sequential(nn.Linear(features, config.hidden), nn.GELU())
        self.lengths = nn.Linear(config.hidden, LONGEST_NODE)
        self.names = nn.Linear(config.hidden, len(config.names))
        self.implied = nn.Linear(config.hidden, len(config.implied))

    def forward(
        self, pieces: Tensor, piece_mask: Tensor, word_of_piece: Tensor, words: int
    ) -> Read:
        hidden = self.encoder(input_ids=pieces, attention_mask=piece_mask).last_hidden_state
        member = word_of_piece[:, None, :] == torch.arange(words)[None, :, None]
        count = member.sum(-1, keepdim=True)
        h = (member.float() @ hidden) / count.clamp_min(1)
        nodes = self.nodes(h)
        return Read(
            self.pairs(h, count.squeeze(-1) > 0),
            self.lengths(nodes),
            self.names(nodes),
            self.implied(nodes),
        )


class PairScorer(nn.Module):
    """Scores every label for every ordered pair of words.

    A pair's features: both words', their product, and the words that the pair attends to.

    Shapes:
        h [B, N, F], there [B, N]; returns [B, N, N, L]
    """

    def __init__(self, features: int, hidden: int, labels: int) -> None:
        super().__init__()
        self.subject = nn.Sequential(nn.Linear(features, hidden), nn.GELU(), nn.Dropout(0.1))
        self.object = nn.Sequential(nn.Linear(features, hidden), nn.GELU(), nn.Dropout(0.1))
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.key = nn.Linear(features, hidden, bias=False)
        self.seen = nn.Linear(features, hidden, bias=False)
        self.mix = nn.Linear(3 * hidden, hidden)
        self.label = nn.Linear(hidden, labels)

    def forward(self, h: Tensor, there: Tensor) -> Tensor:
        subject, target = self.subject(h)[:, :, None], self.object(h)[:, None]
        both = subject * target
        asks = self.query(subject + target + both)
        attention = torch.einsum("bijd,bkd->bijk", asks, self.key(h)) / asks.shape[-1] ** 0.5
        attention = attention.masked_fill(~there[:, None, None, :], float("-inf")).softmax(-1)
        around = torch.einsum("bijk,bkd->bijd", attention, self.seen(h))
        mixed = self.mix(torch.cat([subject + target, subject - target, both], -1)) + around
        scores: Tensor = self.label(torch.nn.functional.gelu(mixed))
        return scores
