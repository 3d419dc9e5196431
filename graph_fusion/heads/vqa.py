"""Open questions: a fixed list of answers, answers given as texts, and tokens of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.heads.base import (
    LOG_ZERO,
    Head,
    ItemScorer,
    Likeness,
    masked_log_softmax,
    mixed,
    mlp,
    parts_of,
    predict,
    soft_binary,
    soft_cross_entropy,
)
from graph_fusion.tensors import segment_max, segment_sum
from kg.errors import SightGraphError

NOWHERE = -1
"""Row of a token whose label is in no list of answers."""
LOSSES = {"softmax": soft_cross_entropy, "binary": soft_binary}


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the answers of each route stand in one joint list of J answers.

    The same string has one row, by whichever route it is reached; `NOWHERE` is none.

    Shapes (A closed, K open answers, I image tokens): closed [A], open [K], pointer [B, I]
    """

    size: int
    closed: Tensor
    open: Tensor
    pointer: Tensor

    @classmethod
    def from_labels(
        cls,
        closed: Sequence[str],
        open_: Sequence[str],
        tokens: Sequence[Sequence[str | None]],
        width: int,
    ) -> tuple[list[str], Rows]:
        """Return the joint list and its rows; strings are compared as they are.

        tokens: for each sample its tokens' labels, None for a token without one; at most
        `width` (I) of them, the rest is padding.

        Raises:
            SightGraphError: a sample has more than `width` tokens.
        """
        most = max(map(len, tokens), default=0)
        if most > width:
            raise SightGraphError(f"a sample has {most} labels for {width} image tokens.")
        row: dict[str, int] = {}
        for label in (*closed, *open_, *(label for sample in tokens for label in sample)):
            if label is not None:
                row.setdefault(label, len(row))
        pointer = torch.full((len(tokens), width), NOWHERE)
        for number, sample in enumerate(tokens):
            found = [NOWHERE if label is None else row[label] for label in sample]
            pointer[number, : len(found)] = torch.tensor(found, dtype=torch.long)
        first, second = (
            torch.tensor([row[label] for label in labels], dtype=torch.long)
            for labels in (closed, open_)
        )
        return list(row), cls(len(row), first, second, pointer)

    def to(self, device: torch.device | str) -> Rows:
        """Return the rows on `device`."""
        return replace(
            self,
            closed=self.closed.to(device),
            open=self.open.to(device),
            pointer=self.pointer.to(device),
        )


@dataclass(frozen=True, slots=True)
class Answers:
    """Log-probabilities of three routes and of the gate between them.

    Shapes (A closed, K open answers, I image tokens); A and K may be 0:
        closed [B, A], open [B, K], pointer [B, I]: each sums to 1 in a sample that has it
        gate [B, 3]: closed, open, pointer; `LOG_ZERO` where a sample lacks a route
    """

    closed: Tensor
    open: Tensor
    pointer: Tensor
    gate: Tensor

    def by_route(self, rows: Rows) -> Tensor:
        """Return what each route adds to each answer of the joint list: logs [B, 3, J].

        The gate is counted in, so that `exp` of it sums to 1 over routes and answers, but for
        what the pointer gives to tokens that are `NOWHERE` in the list.
        """
        samples = len(self.gate)
        routes = (
            (self.closed, rows.closed.expand(samples, -1)),
            (self.open, rows.open.expand(samples, -1)),
            (self.pointer, rows.pointer),
        )
        each = [
            add_up(logs + self.gate[:, number : number + 1], row, rows.size)
            for number, (logs, row) in enumerate(routes)
        ]
        return torch.stack(each, dim=1)

    def joint(self, rows: Rows) -> Tensor:
        """Return log-probabilities over the joint list [B, J]; `LOG_ZERO` where no route leads."""
        each = self.by_route(rows)
        reached = (each > LOG_ZERO).any(dim=1)
        return torch.logsumexp(each, dim=1).masked_fill(~reached, LOG_ZERO)


class VQAHead(Head):
    """p(a) = g_closed p_closed(a) + g_open p_open(a) + g_pointer Σ_{l: label(l) = a} p_pointer(l).

    A learnt gate g = softmax(MLP(q)) mixes the routes, as between copying and generating
    (See et al., ACL 2017, eq. 9); it shares out over the routes that a sample has.

    answers: length A of the fixed list; 0: there is none
    text_features: D of the open answers' vectors
    loss: "softmax" (cross-entropy against normalised soft scores) or "binary" (each answer a
        yes or no of its own)

    Shapes:
        fused, masks: B samples of I image and T text tokens
        texts [K, D]: vectors of open answers, which training need not have seen; None: none
        pointable [B, I]: image tokens that can be answers, bool; None: all that are there
        returns `Answers`
    """

    def __init__(
        self,
        hidden: int,
        answers: int,
        text_features: int,
        loss: Literal["softmax", "binary"] = "softmax",
    ) -> None:
        super().__init__()
        if loss not in LOSSES:
            raise SightGraphError(f"the loss must be one of {', '.join(LOSSES)}, not '{loss}'.")
        self.form = loss
        self.closed = mlp(hidden, hidden, answers) if answers else None
        self.open = Likeness(hidden, text_features, hidden)
        self.pointer = ItemScorer(hidden, hidden)
        self.gate = mlp(hidden, hidden, 3)

    def forward(
        self,
        fused: Fused,
        masks: Masks,
        texts: Tensor | None = None,
        pointable: Tensor | None = None,
    ) -> Answers:
        there = masks.image if pointable is None else masks.image & pointable
        none = fused.pooled.new_zeros(len(there), 0)
        closed = none if self.closed is None else predict(self.closed, fused)
        open_ = none
        if texts is not None and len(texts):
            open_ = predict(lambda query: self.open(query, texts), fused)
        pointer = self._pointer(fused, there)
        present = torch.stack(
            [
                there.new_full((len(there),), closed.shape[1] > 0),
                there.new_full((len(there),), open_.shape[1] > 0),
                there.any(dim=1),
            ],
            dim=1,
        )
        gate = masked_log_softmax(predict(self.gate, fused), present)
        return Answers(closed, open_, pointer, gate)

    def _pointer(self, fused: Fused, there: Tensor) -> Tensor:
        query, shares = parts_of(fused)
        logits = self.pointer(fused.tokens[:, : there.shape[1]], query)
        each = masked_log_softmax(logits, there.unsqueeze(1).expand_as(logits))
        return mixed(each, shares).masked_fill(~there, LOG_ZERO)

    def loss(self, answers: Answers, rows: Rows, targets: Tensor) -> Tensor:
        """Return the loss of the joint list against soft scores, [].

        Right answers that no route reaches in a sample are left out, and so is a sample that
        has no other: nothing could be learnt from them.

        Shapes:
            targets [B, J]: soft scores in [0, 1] of the joint list of `rows`

        Raises:
            SightGraphError: targets are not of the joint list.
        """
        joint = answers.joint(rows)
        if targets.shape != joint.shape:
            raise SightGraphError(
                f"targets are {tuple(targets.shape)}, the joint list asks for "
                f"{tuple(joint.shape)}. Number them by the `Rows` given with them."
            )
        return LOSSES[self.form](joint, targets * (joint > LOG_ZERO))


def add_up(logs: Tensor, rows: Tensor, size: int) -> Tensor:
    """Return log Σ exp of the entries of each row; `LOG_ZERO` for a row that nothing reaches.

    Shapes:
        logs [B, X]; rows [B, X]: in 0..`size` - 1, or `NOWHERE`, which is dropped
        returns [B, size]
    """
    samples = len(logs)
    kept = (rows != NOWHERE) & (logs > LOG_ZERO)
    start = torch.arange(samples, device=logs.device).unsqueeze(1) * size
    segment, values = (start + rows)[kept], logs[kept]
    most = segment_max(values.detach(), segment, samples * size)
    total = segment_sum((values - most[segment]).exp(), segment, samples * size)
    reached = total > 0
    summed = total.masked_fill(~reached, 1.0).log() + most.masked_fill(~reached, LOG_ZERO)
    return summed.view(samples, size)
