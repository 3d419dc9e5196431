"""Writing a sentence word by word: the likeliest next word, or the best of several beams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from graph_fusion.heads.base import LOG_ZERO
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
