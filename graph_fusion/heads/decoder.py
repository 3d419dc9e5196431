"""Writing a sentence word by word: the likeliest next word, or the best of several beams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
"""Takes words written so far [N, S] and the sample that each row is of [N], as many rows for each
sample, one sample after another; returns the log-probabilities of the next word [N, V]."""


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
        if heads < 1 or hidden % heads:
            raise SightGraphError(f"hidden ({hidden}) must be a multiple of heads ({heads}).")
        self.longest = longest
        self.words = nn.Embedding(words, hidden)
        nn.init.normal_(self.words.weight, std=hidden**-0.5)  # it also gives the logits
        self.places = nn.Embedding(longest, hidden)
        self.layers = nn.ModuleList(DecoderLayer(hidden, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)

    def forward(self, fused: Fused, masks: Masks, sentences: Tensor) -> Tensor:
        return self._following(self._read(self._look(fused, masks), sentences))

    def _look(self, fused: Fused, masks: Masks) -> list[Looked]:
        """Return what each layer looks at."""
        memory, absent = looked_at(fused, masks)
        return [layer.look(memory, absent) for layer in self.layers]  # type: ignore[operator]

    def _read(self, looked: Sequence[Looked], sentences: Tensor) -> Tensor:
        length = sentences.shape[-1]
        if length > self.longest:
            raise SightGraphError(
                f"a sentence of {length} words is longer than the decoder's longest "
                f"({self.longest}). Cut it, or make the head with a larger `longest`."
            )
        places = self.places.weight[:length]
        h: Tensor = self.words(sentences) * self.words.embedding_dim**0.5 + places
        h = h.view(len(h), -1, length, h.shape[-1])
        for layer, one in zip(self.layers, looked, strict=True):
            h = layer(h, one)
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
        following = sentences[..., 1:]
        there = following != PAD
        read = self._read(self._look(fused, masks), sentences)
        logs = self._following(read[..., :-1, :][there])
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
        start = torch.full((len(fused.pooled),), START, device=fused.pooled.device)
        training = self.training
        self.eval()
        looked = self._look(fused, masks)

        def step(written: Tensor, _: Tensor) -> Tensor:
            read = self._read(looked, written.view(len(start), -1, written.shape[-1]))
            return self._following(read[:, :, -1]).flatten(0, 1)

        try:
            if width == 1:
                return greedy(step, start, self.longest)
            return beam(step, start, self.longest, width, length_power)
        finally:
            self.train(training)


Looked = tuple[Tensor, Tensor, Tensor]
"""Keys and values [B, heads, L, d] of what is looked at, and what is added to the logits
[B, 1, 1, L]."""


class DecoderLayer(nn.Module):
    """Attention to the words so far, then to the tokens, then two linear layers; norm first.

    The words of K sentences of a sample read only their own sentence; all look at the same tokens.

    Shapes: h [B, K, S, H]; memory [B, L, H]; absent [B, L], bool
    """

    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(3))
        self.read, self.read_out = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.ask, self.seen = nn.Linear(hidden, hidden), nn.Linear(hidden, 2 * hidden)
        self.seen_out = nn.Linear(hidden, hidden)
        self.wider, self.narrower = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)
        self.drop = SharedDropout(dropout)

    def look(self, memory: Tensor, absent: Tensor) -> Looked:
        """Return the keys and values of the tokens, which stay while a sentence is written."""
        keys, values = (self._heads(one) for one in self.seen(memory).chunk(2, dim=-1))
        return keys, values, barred(absent, keys.dtype)[:, None, None, :]

    def forward(self, h: Tensor, looked: Looked) -> Tensor:
        samples, sentences, length, hidden = h.shape
        flat = h.flatten(0, 1)
        q, k, v = (self._heads(one) for one in self.read(self.norms[0](flat)).chunk(3, dim=-1))
        place = torch.arange(length, device=h.device)
        later = barred(place > place.unsqueeze(1), q.dtype)
        read = self.read_out(attended(q, k, v, later)).view(samples, -1, hidden)
        h = h.flatten(1, 2) + self.drop(read)
        seen = attended(self._heads(self.ask(self.norms[1](h))), *looked)
        h = h + self.drop(self.seen_out(seen))
        h = h + self.drop(self.narrower(self.drop(F.relu(self.wider(self.norms[2](h))))))
        return h.view(samples, sentences, length, hidden)

    def _heads(self, h: Tensor) -> Tensor:
        """Return [N, L, H] as [N, heads, L, d]."""
        return h.view(*h.shape[:2], self.heads, -1).transpose(1, 2)


def attended(query: Tensor, key: Tensor, value: Tensor, added: Tensor) -> Tensor:
    """Return softmax(QKᵀ/√d + `added`) V, heads side by side: [N, L, H].

    Step by step: backwards, this is twice as quick on a CPU as torch's fused operation.
    """
    logits = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1) + added
    read: Tensor = (logits.softmax(dim=-1) @ value).transpose(1, 2).flatten(-2)
    return read


def barred(where: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what is added to logits so that nothing is read `where` this is True."""
    return torch.zeros(where.shape, dtype=dtype, device=where.device).masked_fill(where, LOG_ZERO)


class SharedDropout(nn.Module):
    """Dropout with one mask for all places of a sample (Gal & Ghahramani, NeurIPS 2016).

    Drawing a number for each place would take a quarter of a training's time on a CPU.

    Shapes: [B, S, H]
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, h: Tensor) -> Tensor:
        if not self.training or not self.share:
            return h
        return h * F.dropout(torch.ones_like(h[:, :1]), self.share)


def looked_at(fused: Fused, masks: Masks) -> tuple[Tensor, Tensor]:
    """Return what the decoder looks at [B, 1 + L, H] and which of it is absent [B, 1 + L].

    The pooled vector is always there, so that a sample without tokens has something.
    """
    absent = F.pad(~masks.all, (1, 0), value=False)
    return torch.cat([fused.pooled.unsqueeze(1), fused.tokens], dim=1), absent
