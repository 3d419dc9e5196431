"""Controls: what is left when the graph is taken away or made false.

A fusion that does as well under a control does not use what the control takes away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from graph_fusion.fusion.base import Masks, TokenGraph
from kg.registry import Registry

Control = Callable[[TokenGraph, Masks], tuple[TokenGraph, Masks]]
"""Changes the graph, the masks or both; draws from torch's global generator."""


def question_only(graph: TokenGraph, masks: Masks) -> tuple[TokenGraph, Masks]:
    """Take away all image tokens, and with them their edges."""
    masks = Masks(torch.zeros_like(masks.image), masks.text)
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
    """Keep the graph's form and relations, but hang it on the wrong image tokens."""
    image = torch.cat([masks.image, torch.zeros_like(masks.text)], dim=1).flatten()
    moved = torch.arange(len(image), device=image.device)
    tokens = image.nonzero().squeeze(1)
    sample = torch.div(tokens, masks.all.shape[1], rounding_mode="floor")
    moved[tokens] = tokens[_shuffled_within(sample)]
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


CONTROLS: Registry[tuple[TokenGraph, Masks]] = Registry("control")
CONTROLS.add("question_only", question_only)
CONTROLS.add("no_edges", no_edges)
CONTROLS.add("all_ones", all_ones)
CONTROLS.add("shuffled_edges", shuffled_edges)
CONTROLS.add("random_graph", random_graph)
