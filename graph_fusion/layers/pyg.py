"""A convolution of torch_geometric as a graph layer."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric import nn as pyg

from graph_fusion.layers.base import Activation, Layer
from graph_fusion.layers.edges import Edges
from kg.errors import SightGraphError, unknown_name


class PyG(Layer):
    """σ(conv(h)), conv by the name of its class in torch_geometric.nn, such as "SAGEConv".

    It is made as `conv(in_features, out_features, **options)`, and must take (x, edge_index, ...):
    51 of 66 do, some of them with options. It is tried on two nodes when it is made. Weights and
    relations of the edges are handed on as `edge_weight` and `edge_type` where its forward takes
    them, and left out where it does not: a SAGEConv does not see weights.

    Shapes:
        h: [N, F_in], the nodes of all graphs of a batch one after another
        returns [N, F_out]

    Raises:
        UnknownNameError: torch_geometric.nn has no such convolution.
        SightGraphError: it cannot be made of these options, needs more than features and edges, or
            relations that the edges do not have, or gives other than `out_features`.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        activation: Activation = torch.relu,
        residual: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
        conv: str = "GCNConv",
        **options: Any,
    ) -> None:
        if activation is torch.relu:
            activation = F.relu  # not in place: a conv may need its own output for gradients
        super().__init__(in_features, out_features, activation, residual, layer_norm, dropout)
        known = set(pyg.conv.__all__) - {"MessagePassing"}  # what all convolutions derive from
        if conv not in known:
            raise unknown_name("convolution of torch_geometric.nn", conv, known)
        try:
            self.conv = getattr(pyg, conv)(in_features, out_features, **options)
        except (TypeError, ValueError, AssertionError, AttributeError, ImportError) as error:
            raise SightGraphError(
                f"cannot make torch_geometric's {conv}({in_features}, {out_features}) with the "
                f"options {options}: {error}. Its page in PyG's documentation names them."
            ) from error
        self.name = conv
        parameters = list(inspect.signature(self.conv.forward).parameters)
        if parameters[:2] != ["x", "edge_index"]:
            raise SightGraphError(
                f"{conv} takes {', '.join(parameters)}: as a layer here a convolution takes x and "
                "edge_index first. Choose another one, such as SAGEConv."
            )
        self.takes = frozenset(parameters)
        self._try()

    def _try(self) -> None:
        """Run a copy on a graph of two nodes; the generator and what the layer caches stay."""
        places = torch.tensor([0, 1])
        edges = Edges(places, places.flip(0), 2, torch.ones(2), torch.zeros_like(places))
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                self._convolved(copy.deepcopy(self.conv), torch.ones(2, self.in_features), edges)
        except SightGraphError:
            raise
        except Exception as error:  # whatever a convolution raises that needs other arguments
            raise SightGraphError(
                f"{self.name} cannot be run on features and edges alone: {error}. Choose other "
                "options, or another convolution, such as SAGEConv."
            ) from error

    def forward(self, h: Tensor, edges: Edges) -> Tensor:
        return self.finish(h, self._convolved(self.conv, h, edges))

    def _convolved(self, conv: Any, h: Tensor, edges: Edges) -> Tensor:
        known = {"edge_weight": edges.weights, "edge_type": edges.relation}
        given = {name: value for name, value in known.items() if name in self.takes}
        if "edge_type" in given and edges.relation is None:
            raise SightGraphError(
                f"{self.name} needs relations: give Edges(relation=...), or choose a convolution "
                "without edge_type."
            )
        out: Tensor = conv(h, torch.stack([edges.senders, edges.receivers]), **given)
        if not isinstance(out, Tensor) or out.shape != (len(h), self.out_features):
            shape = list(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise SightGraphError(
                f"{self.name} gave {shape} for {len(h)} nodes and {self.out_features} "
                "features out: choose options (heads, concat) that give these."
            )
        return out
