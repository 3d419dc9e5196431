"""Captions: a small transformer that writes words while it looks at the fused tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.heads.base import LOG_ZERO, Head
from graph_fusion.heads.losses import mean_where
from graph_fusion.heads.search import END, PAD, START, Written, beam, greedy
from kg.errors import SightGraphError


class DecoderHead(Head):
    """Transformer decoder (Vaswani et al., 2017; norm first) with tied word vectors.

    It looks at the fused tokens and at `pooled`. A late fusion's `parts` are not predicted from
    one by one: its tokens show the decoder both modalities, unmixed.

    words: size V of the vocabulary; the first three are `PAD`, `START` and `END`
    longest: most words of a sentence, `START` and `END` counted

    Shapes:
        fused, masks: B samples
        sentences [B, S]: `START`, words, `END`, then `PAD`
        returns [B, S, V]: log-probabilities of the word after each; never `PAD` or `START`
    """

    def __init__(
        self,
        hidden: int,
        words: int,
        layers: int = 2,
        heads: int = 4,
        longest: int = 32,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if words <= END + 1:
            raise SightGraphError(
                f"a vocabulary of {words} holds no word: the first three are PAD, START and END."
            )
        self.longest = longest
        self.words = nn.Embedding(words, hidden)
        nn.init.normal_(self.words.weight, std=hidden**-0.5)  # it also gives the logits
        self.places = nn.Embedding(longest, hidden)
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(
                hidden, heads, 4 * hidden, dropout, batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(hidden)

    def forward(self, fused: Fused, masks: Masks, sentences: Tensor) -> Tensor:
        memory, absent = looked_at(fused, masks)
        return self._following(self._read(memory, absent, sentences))

    def _read(self, memory: Tensor, absent: Tensor, sentences: Tensor) -> Tensor:
        length = sentences.shape[1]
        if length > self.longest:
            raise SightGraphError(
                f"a sentence of {length} words is longer than the decoder's longest "
                f"({self.longest}). Cut it, or make the head with a larger `longest`."
            )
        places = torch.arange(length, device=sentences.device)
        later = places > places.unsqueeze(1)
        h: Tensor = self.words(sentences) * self.words.embedding_dim**0.5 + self.places(places)
        for layer in self.layers:
            h = layer(h, memory, tgt_mask=later, memory_key_padding_mask=absent)
        return h

    def _following(self, h: Tensor) -> Tensor:
        logits = F.linear(self.norm(h), self.words.weight)
        unsaid = torch.arange(logits.shape[-1], device=logits.device) < END
        return logits.masked_fill(unsaid, LOG_ZERO).log_softmax(dim=-1)

    def loss(self, log_probabilities: Tensor, sentences: Tensor) -> Tensor:
        """Return the mean of -log p over the words to be written, [].

        Shapes:
            log_probabilities [B, S, V]: what `forward` gave for the same `sentences` [B, S]
        """
        following = sentences[:, 1:]
        logs = log_probabilities[:, :-1].gather(2, following.unsqueeze(2)).squeeze(2)
        return mean_where(-logs, following != PAD)

    @torch.no_grad()
    def write(
        self, fused: Fused, masks: Masks, width: int = 1, length_power: float = 1.0
    ) -> Written:
        """Write a sentence for each sample, the same each time: dropout is off meanwhile.

        width: number of beams; 1 is greedy
        length_power: how far beams are compared by log-probability per word (see `beam`)

        Raises:
            SightGraphError: `width` is below 1.
        """
        memory, absent = looked_at(fused, masks)

        def step(written: Tensor, sample: Tensor) -> Tensor:
            read = self._read(memory[sample], absent[sample], written)
            return self._following(read[:, -1])

        start = torch.full((len(memory),), START, device=memory.device)
        training = self.training
        self.eval()
        try:
            if width == 1:
                return greedy(step, start, self.longest)
            return beam(step, start, self.longest, width, length_power)
        finally:
            self.train(training)


def looked_at(fused: Fused, masks: Masks) -> tuple[Tensor, Tensor]:
    """Return what the decoder looks at [B, 1 + L, H] and which of it is absent [B, 1 + L].

    The pooled vector is always there, so that a sample without tokens has something.
    """
    absent = F.pad(~masks.all, (1, 0), value=False)
    return torch.cat([fused.pooled.unsqueeze(1), fused.tokens], dim=1), absent
