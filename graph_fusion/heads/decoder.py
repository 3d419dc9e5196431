"""Writing a sentence word by word: the likeliest next word, or the best of several beams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.heads.base import LOG_ZERO, Head, mean_where
from kg.errors import SightGraphError

PAD, START, END = range(3)
"""Numbers of the words that are no words: after the end, before the first, and the end."""

Step = Callable[[Tensor, Tensor], Tensor]
"""Takes words written so far [N, S] and the sample that each row is of [N]; returns the
log-probabilities of the next word [N, V]."""


@dataclass(frozen=True, slots=True)
class Written:
    """Sentences of a batch. Shapes:

    words [B, S]: `START`, the words, `END` unless cut off, then `PAD`
    log_probabilities [B]: of the whole sentence
    """

    words: Tensor
    log_probabilities: Tensor


def greedy(step: Step, start: Tensor, longest: int) -> Written:
    """Write the likeliest next word until every sentence has ended or is `longest` words long.

    Shapes:
        start [B]: the number of each sample's first word, `START`
        longest: in words, `START` and `END` counted
    """
    samples = torch.arange(len(start), device=start.device)
    words = start.unsqueeze(1)
    ended = torch.zeros_like(start, dtype=torch.bool)
    total = torch.zeros(len(start), device=start.device)
    while words.shape[1] < longest and not ended.all():
        logs = step(words, samples)
        word = logs.argmax(dim=1).masked_fill(ended, PAD)
        gained = logs.gather(1, word.unsqueeze(1)).squeeze(1)
        total = total + gained.masked_fill(ended, 0.0)
        words = torch.cat([words, word.unsqueeze(1)], dim=1)
        ended = ended | (word == END)
    return Written(words, total)


def beam(step: Step, start: Tensor, longest: int, width: int, length_power: float = 1.0) -> Written:
    """Keep the `width` likeliest beginnings of each sentence; return the best when all ended.

    The best has the highest log-probability over length^`length_power`, as long sentences are
    less likely than short ones by their length alone (Wu et al., 2016, section 7, without
    its constant).

    Shapes: as in `greedy`

    Raises:
        SightGraphError: `width` is below 1.
    """
    if width < 1:
        raise SightGraphError(f"the beam's width must be 1 or more, not {width}.")
    batch = len(start)
    samples = torch.arange(batch, device=start.device).repeat_interleave(width)
    words = start.view(batch, 1, 1).repeat(1, width, 1)
    ended = torch.zeros(batch, width, dtype=torch.bool, device=start.device)
    score = torch.full((batch, width), LOG_ZERO, device=start.device)
    score[:, 0] = 0.0  # all beams begin alike: only one may go on
    while words.shape[2] < longest and not ended.all():
        logs = step(words.flatten(0, 1), samples)
        logs = torch.where(ended.unsqueeze(2), _only_pad(logs), logs.view(batch, width, -1))
        score, chosen = (score.unsqueeze(2) + logs).flatten(1).topk(width, dim=1)
        source, word = chosen // logs.shape[2], chosen % logs.shape[2]
        before = words.gather(1, source.unsqueeze(2).expand_as(words))
        words = torch.cat([before, word.unsqueeze(2)], dim=2)
        ended = ended.gather(1, source) | (word == END)
    length = (words[:, :, 1:] != PAD).sum(dim=2).clamp_min(1)
    best = (score / length**length_power).argmax(dim=1, keepdim=True)
    found = words.gather(1, best.unsqueeze(2).expand(-1, -1, words.shape[2])).squeeze(1)
    return Written(_trimmed(found), score.gather(1, best).squeeze(1))


def _only_pad(logs: Tensor) -> Tensor:
    """Return the log-probabilities [V] after an end: `PAD` for certain."""
    only = torch.full_like(logs[0], LOG_ZERO)
    only[PAD] = 0.0
    return only


def _trimmed(words: Tensor) -> Tensor:
    """Return `words` [B, S] without columns that are all `PAD`."""
    return words[:, : int((words != PAD).any(dim=0).sum())]


class DecoderHead(Head):
    """Transformer decoder (Vaswani et al., 2017; norm first) with tied word vectors.

    It looks at the fused tokens and at `pooled`. A late fusion's `parts` are not predicted from
    one by one: its tokens show the decoder both modalities, unmixed.

    words: size V of the vocabulary; the first three are `PAD`, `START` and `END`
    longest: most words of a sentence, `START` and `END` counted

    Shapes:
        fused, masks: B samples
        sentences [B, S]: `START`, words, `END`, then `PAD`; or [B, K, S]: K of each sample, which
            share the work on its tokens
        returns [B, S, V] or [B, K, S, V]: log-probabilities of the word after each; never `PAD`
            or `START`
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
        for layer in self.layers:  # drawing a number for each weight costs more than all products
            layer.self_attn.dropout = layer.multihead_attn.dropout = 0.0  # type: ignore[union-attr]
            for name in ("dropout", "dropout1", "dropout2", "dropout3"):
                setattr(layer, name, SharedDropout(dropout))
        self.norm = nn.LayerNorm(hidden)

    def forward(self, fused: Fused, masks: Masks, sentences: Tensor) -> Tensor:
        memory, absent = looked_at(fused, masks)
        return self._following(self._read(memory, absent, sentences))

    def _read(self, memory: Tensor, absent: Tensor, sentences: Tensor) -> Tensor:
        length = sentences.shape[-1]
        if length > self.longest:
            raise SightGraphError(
                f"a sentence of {length} words is longer than the decoder's longest "
                f"({self.longest}). Cut it, or make the head with a larger `longest`."
            )
        places = torch.arange(length, device=sentences.device)
        h: Tensor = self.words(sentences) * self.words.embedding_dim**0.5 + self.places(places)
        h = h.flatten(1, -2)
        place = torch.arange(h.shape[1], device=sentences.device)
        sentence = torch.div(place, length, rounding_mode="floor")
        unread = (place > place.unsqueeze(1)) | (sentence != sentence.unsqueeze(1))
        for layer in self.layers:
            h = layer(h, memory, tgt_mask=unread, memory_key_padding_mask=absent)
        return h.view(*sentences.shape, -1)

    def _following(self, h: Tensor) -> Tensor:
        logits = F.linear(self.norm(h), self.words.weight)
        unsaid = torch.arange(logits.shape[-1], device=logits.device) < END
        return logits.masked_fill(unsaid, LOG_ZERO).log_softmax(dim=-1)

    def loss(self, log_probabilities: Tensor, sentences: Tensor) -> Tensor:
        """Return the mean of -log p over the words to be written, [].

        Shapes:
            log_probabilities: what `forward` gave for the same `sentences` [B, S] or [B, K, S]
        """
        following = sentences[..., 1:]
        logs = log_probabilities[..., :-1, :].gather(-1, following.unsqueeze(-1)).squeeze(-1)
        return mean_where(-logs, following != PAD)

    def smoothed_loss(
        self, fused: Fused, masks: Masks, sentences: Tensor, smoothing: float
    ) -> Tensor:
        """Return `loss` of what `forward` gives, without work on padding, which is half of all.

        smoothing: share of the target that all words have alike (Szegedy et al., CVPR 2016)
        """
        memory, absent = looked_at(fused, masks)
        following = sentences[..., 1:]
        there = following != PAD
        logs = self._following(self._read(memory, absent, sentences)[..., :-1, :][there])
        right = logs.gather(-1, following[there].unsqueeze(-1)).squeeze(-1)
        alike = logs[:, END:].mean(dim=-1)
        return -((1 - smoothing) * right + smoothing * alike).sum() / there.sum().clamp_min(1)

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


class SharedDropout(nn.Module):
    """Dropout with one mask for all places of a sample (Gal & Ghahramani, NeurIPS 2016).

    Shapes: [B, S, H]
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, h: Tensor) -> Tensor:
        if not self.training or not self.share:
            return h
        mask = F.dropout(torch.ones_like(h[:, :1]), self.share)
        return h * mask


def looked_at(fused: Fused, masks: Masks) -> tuple[Tensor, Tensor]:
    """Return what the decoder looks at [B, 1 + L, H] and which of it is absent [B, 1 + L].

    The pooled vector is always there, so that a sample without tokens has something.
    """
    absent = F.pad(~masks.all, (1, 0), value=False)
    return torch.cat([fused.pooled.unsqueeze(1), fused.tokens], dim=1), absent
