"""The matrix Â that graph convolutions multiply with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from graph_fusion.layers.matrix import (
    Blocks,
    Ends,
    Matrix,
    Packed,
    loops_for,
    to_keep,
    wrong_edges,
)
from kg.errors import SightGraphError


def normalise(senders: Tensor, receivers: Tensor, weights: Tensor, size: int) -> Tensor:
    """Return the entries of Â = D^-1/2 (A + I) D^-1/2 (Kipf & Welling, ICLR 2017, section 2.1).

    D holds the mean of each node's incoming and outgoing weight in A + I. For a symmetric A
    this is the paper's degree; ours need not be symmetric, since a question may open a
    relation in one direction only.

    Shapes:
        senders, receivers: [E] node numbers; an undirected edge stands there twice
        weights: [E], not negative
        returns [E + N]: of the edges, then of the N loops
    """
    touching = weights.new_zeros(size).index_add(0, receivers, weights)
    degree = 1 + touching.index_add(0, senders, weights) / 2
    scale = degree.rsqrt()
    return torch.cat([scale[receivers] * weights * scale[senders], 1 / degree])


DENSE_FILL_ON_CPU = 1 / 3
"""Share of the blocks' entries that edges and loops fill, from which dense blocks win.

`benchmarks/layers.py --degrees 5 12 24`, 16 to 64 nodes, 256 and 512 features, one thread: at a
tenth packed takes a fifth less time than dense, at 0.35 to 0.4 they are level, with dense
quicker to build, and from 0.6 dense takes up to a fifth less.
"""

DENSE_NODES_ELSEWHERE = 256
"""Nodes of a graph up to which a GPU takes dense blocks: one batched product, no sorting.

Not measured: no GPU was at hand. It bounds the memory, at 256 nodes 256 kB a graph.
"""


def dense_is_quicker(edges: int, nodes: int, per_graph: int | None, device: torch.device) -> bool:
    """Return whether dense blocks beat the packed matrix.

    edges, nodes: E and N of the whole batch. per_graph: n, where all graphs have n nodes.
    """
    if not per_graph:
        return False
    if device.type == "cpu":
        return edges + nodes >= DENSE_FILL_ON_CPU * nodes * per_graph
    return per_graph <= DENSE_NODES_ELSEWHERE


PATHS = ("packed", "dense", "fused")


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of graphs whose nodes lie one after another; a message goes from its sender.

    What layers make of the edges is kept, so that several layers share it: hand one `Edges` to
    all layers of a step, and a new one to the next step.

    per_graph: n, when every graph was padded to n nodes: graph b has the nodes b * n to
        (b + 1) * n - 1. None when graphs differ in size.
    path: how products are made, "packed", "dense", or "fused": with dense blocks in one Triton
        kernel, where a layer has one; None: the quicker of the first two (`is_dense`).

    Shapes:
        senders, receivers [E]: node numbers below `size` (N), long
        weights [E]: not negative; None: ones of torch's default type. May ask for gradients.
        relation [E]: number of each edge's relation, long; None where no layer asks for it

    Raises:
        SightGraphError: shapes differ, or `size` is no multiple of `per_graph`. An edge that
            leaves the batch or joins two graphs is found when a layer uses it, on the CPU.
    """

    senders: Tensor
    receivers: Tensor
    size: int
    weights: Tensor | None = None
    relation: Tensor | None = None
    per_graph: int | None = None
    path: str | None = None
    ends: Ends = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("receivers", "weights", "relation"):
            given = getattr(self, name)
            if given is not None and given.shape != self.senders.shape:
                raise SightGraphError(
                    f"{name} of the edges has the shape {list(given.shape)}, senders "
                    f"{list(self.senders.shape)}: give one number for each edge."
                )
        if self.per_graph and self.size % self.per_graph:
            raise SightGraphError(
                f"{self.size} nodes cannot be graphs of {self.per_graph} nodes each: pad every "
                "graph to the same size, or leave per_graph out."
            )
        if self.path is not None and self.path not in PATHS:
            raise SightGraphError(f"unknown path '{self.path}'. Known: {', '.join(PATHS)}.")
        if self.path in ("dense", "fused") and not self.per_graph:
            raise SightGraphError(
                f"the {self.path} path needs per_graph: pad every graph to one size."
            )
        ends = Ends(self.senders, self.receivers, self.size, self.per_graph, self.relation)
        object.__setattr__(self, "ends", ends)

    def __len__(self) -> int:
        return len(self.senders)

    def weighted(self, weights: Tensor | None) -> Edges:
        """Return these edges with other `weights` [E]; where they lead is worked out once."""
        edges = replace(self, weights=weights)
        object.__setattr__(edges, "ends", self.ends)
        return edges

    def by(self, path: str) -> Edges:
        """Return these edges with products made by another `path`.

        Raises:
            SightGraphError: there is no such path, or it needs graphs of one size.
        """
        edges = replace(self, path=path)
        object.__setattr__(edges, "ends", self.ends)
        return edges

    @cached_property
    def is_dense(self) -> bool:
        """Whether products are made with dense blocks: as `path` says, else the quicker way."""
        if self.path is not None:
            return self.path != "packed"
        return dense_is_quicker(len(self), self.size, self.per_graph, self.senders.device)

    @cached_property
    def adjacency(self) -> Matrix:
        """Â = D^-1/2 (A + I) D^-1/2 of the weights, as `normalise` says; parallel edges add up."""
        weights = self._weights_or_ones
        if _compiled(weights):
            with to_keep():
                return self._compiled_adjacency(weights)
        # Gradients, too, whoever asks first: it is kept.
        with to_keep(), torch.set_grad_enabled(weights.requires_grad):
            self.check()
            values = normalise(self.senders, self.receivers, weights, self.size)
            return self.matrix(values, loops=True)

    @property
    def unnormalised(self) -> Matrix:
        """A of the weights as they are, without loops; parallel edges add up."""
        self.check()
        return self.matrix(self._weights_or_ones)

    def matrix(self, values: Tensor, loops: bool = False) -> Matrix:
        """Return the matrix whose product with h [N, F] sums, at receivers, values times senders.

        values: [E]; with `loops` [E + N], the last N for every node's own features.
        """
        if self.is_dense:
            nodes = self.per_graph or 1
            places = self.ends.looped_places if loops else self.ends.places
            blocks = values.new_zeros(self.size * nodes).index_add(0, places, values)
            return Blocks(blocks.view(-1, nodes, nodes))
        pattern = self.ends.looped if loops else self.ends.packed
        return Packed(pattern, values.index_select(0, pattern.order))

    @property
    def _weights_or_ones(self) -> Tensor:
        if self.weights is not None:
            return self.weights
        return torch.ones(len(self), device=self.senders.device)

    def _compiled_adjacency(self, weights: Tensor) -> Matrix:
        loops = loops_for(len(self))
        if self.is_dense:
            nodes = self.per_graph or 1
            ends = (one.contiguous().numpy() for one in (self.receivers, self.senders, weights))
            try:
                blocks = loops.normalised_blocks(*ends, self.size, nodes)
            except ValueError as error:
                raise SightGraphError(wrong_edges(str(error), self.size, nodes)) from error
            return Blocks(torch.from_numpy(blocks).view(-1, nodes, nodes))
        pattern = self.ends.looped
        places = (one.numpy() for one in (pattern.rows, pattern.columns, pattern.order))
        values = loops.normalised(*places, weights.contiguous().numpy(), self.size)
        return Packed(pattern, torch.from_numpy(values))

    def check(self) -> None:
        """Work out where the edges lead, which refuses edges that do not fit the batch."""
        _ = self.ends.looped_places if self.is_dense else self.ends.looped


def _compiled(weights: Tensor) -> bool:
    """Whether the compiled loops take these weights: plain numbers on the CPU."""
    return (
        weights.device.type == "cpu"
        and not weights.requires_grad
        and weights.dtype in (torch.float32, torch.float64)
    )
