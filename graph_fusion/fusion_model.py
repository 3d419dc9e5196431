"""A front that makes tokens, a fusion by name, and a head; controls that change the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from graph_fusion.fusion import FUSIONS, Fused, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.base import cover, drop_modalities
from kg.registry import Registry

Control = Callable[[TokenGraph, Masks], tuple[TokenGraph, Masks]]
"""Changes the graph, the masks or both; draws from torch's global generator."""


def question_only(graph: TokenGraph, masks: Masks) -> tuple[TokenGraph, Masks]:
    """Take away all image tokens, and with them their edges."""
    masks = replace(masks, image=torch.zeros_like(masks.image))
    return graph.among(masks.all.flatten()), masks


def no_edges(graph: TokenGraph, masks: Masks) -> tuple[TokenGraph, Masks]:
    """Keep the tokens, take away all edges."""
    return graph.chosen(torch.zeros_like(graph.backward)), masks


def all_ones(graph: TokenGraph, masks: Masks) -> tuple[TokenGraph, Masks]:
    """Join every token to every other of its sample, all alike: A = 1, no relations."""
    there = masks.all
    length = there.shape[1]
    pairs = there.unsqueeze(1) & there.unsqueeze(2)
    pairs &= ~torch.eye(length, dtype=torch.bool, device=there.device)
    sample, receiver, sender = pairs.nonzero(as_tuple=True)
    edges = len(sample)
    return TokenGraph(
        senders=sample * length + sender,
        receivers=sample * length + receiver,
        weights=graph.weights.new_ones(edges),
        relation=torch.zeros_like(sample),
        backward=torch.zeros_like(sample, dtype=torch.bool),
        relations=graph.relations.new_zeros(1, graph.relations.shape[1]),
        features=graph.features.new_zeros(edges, graph.features.shape[1]),
    ), masks


def shuffled_edges(graph: TokenGraph, masks: Masks) -> tuple[TokenGraph, Masks]:
    """Keep the graph's form and relations, but hang it on the wrong image tokens.

    No image token keeps its place. One that has no other of its sample to change with loses its
    edges.
    """
    image = torch.cat([masks.image, torch.zeros_like(masks.text)], dim=1).flatten()
    moved = torch.arange(len(image), device=image.device)
    tokens = image.nonzero().squeeze(1)
    sample = torch.div(tokens, masks.all.shape[1], rounding_mode="floor")
    row = tokens[_shuffled_within(sample)]
    moved[row] = row[_next_within(sample)]
    alone = image & (moved == torch.arange(len(image), device=image.device))
    graph = graph.among(~alone)
    return replace(graph, senders=moved[graph.senders], receivers=moved[graph.receivers]), masks


def random_graph(graph: TokenGraph, masks: Masks) -> tuple[TokenGraph, Masks]:
    """Give each message another's receiver: a random graph in which all keep their degrees."""
    length = masks.all.shape[1]
    sample = torch.div(graph.receivers, length, rounding_mode="floor")
    order = sample.argsort(stable=True)
    receivers = torch.empty_like(graph.receivers)
    receivers[order] = graph.receivers[order][_shuffled_within(sample[order])]
    return replace(graph, receivers=receivers), masks


def _shuffled_within(segment: Tensor) -> Tensor:
    """Return a random order of the rows that keeps each in its segment; `segment` [N] rises."""
    drawn = torch.rand(len(segment), dtype=torch.float64, device=segment.device)
    return (segment + drawn).argsort()


def _next_within(segment: Tensor) -> Tensor:
    """Return for each row the next one of its segment, for the last the first; `segment` rises."""
    counts = torch.bincount(segment)
    first = (counts.cumsum(0) - counts)[segment]
    place = torch.arange(len(segment), device=segment.device) - first
    return first + (place + 1) % counts[segment]


CONTROLS: Registry[tuple[TokenGraph, Masks]] = Registry("control")
CONTROLS.add("question_only", question_only)
CONTROLS.add("no_edges", no_edges)
CONTROLS.add("all_ones", all_ones)
CONTROLS.add("shuffled_edges", shuffled_edges)
CONTROLS.add("random_graph", random_graph)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a task's front makes of a batch: the arguments of a `Fusion`.

    Shapes (B samples, I image and T text tokens, H features):
        image [B, I, H], text [B, T, H]
        graph: over the B * (I + T) tokens; masks: image [B, I], text [B, T]
        candidates [B, I]: image tokens among which a pointer chooses, bool; None: all that are
            there. They stay when a control or a missing modality masks the tokens out, as the
            options of a multiple-choice question do.
        names [B, I, H]: what candidates are called, which a pointer reads in place of the tokens
            and which stays as well; None: nothing but the tokens
    """

    image: Tensor
    text: Tensor
    graph: TokenGraph
    masks: Masks
    candidates: Tensor | None = field(default=None, kw_only=True)
    names: Tensor | None = field(default=None, kw_only=True)


class FusionModel(nn.Module):
    """front -> fusion -> head.

    front: any module that turns a task's batch into `Inputs`.
    head: any module called with `Fused` and `Inputs`.
    missing: share of training samples that lose one modality, so that the model can do
        without (random masking, x̃_i = x_i ⊙ m_i).
    control: the name of a control under which it is trained and measured, or None.
    without: names of modalities that are masked out of every batch, to measure what they give.

    Raises:
        UnknownNameError: there is no such fusion or control.
    """

    def __init__(
        self,
        front: nn.Module,
        fusion: str,
        config: FusionConfig,
        head: nn.Module,
        missing: float = 0.0,
        control: str | None = None,
    ) -> None:
        super().__init__()
        self.front = front
        self.fusion = FUSIONS.make(fusion, config=config)
        self.head = head
        self.missing = missing
        self.control = CONTROLS.resolve(control) if control else None
        self.without: tuple[str, ...] = ()

    def forward(self, batch: Any) -> Any:
        fused, inputs = self.fuse(batch)
        return self.head(fused, inputs)

    def fuse(
        self, batch: Any, only: Literal["image", "text"] | None = None
    ) -> tuple[Fused, Inputs]:
        """Return the fused tokens, and what they were fused from: without what is masked out.

        only: the other modality is masked out.
        """
        inputs: Inputs = self.front(batch)
        candidates = inputs.masks.image if inputs.candidates is None else inputs.candidates
        graph, masks = inputs.graph, inputs.masks
        if self.control:
            graph, masks = self.control(graph, masks)
        if self.training and self.missing:
            masks = drop_modalities(masks, self.missing)
        for name in self.without:
            masks = masks.without(name)
        if only:
            none = torch.zeros_like
            image_mask = masks.image if only == "image" else none(masks.image)
            text_mask = masks.text if only == "text" else none(masks.text)
            masks = replace(masks, image=image_mask, text=text_mask)
        image, text = cover(inputs.image, masks.image), cover(inputs.text, masks.text)
        fused: Fused = self.fusion(image, text, graph, masks)
        seen = replace(
            inputs, image=image, text=text, graph=graph, masks=masks, candidates=candidates
        )
        return fused, seen
