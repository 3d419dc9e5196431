"""Fusion by plain graph layers: the question is read only at the end."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, Readout, TokenGraph
from graph_fusion.fusion.graph import graph_layers, token_edges
from graph_fusion.layers import LAYERS
from graph_fusion.parts import Part, name_and_options

BASES = 8
"""Basis matrices of the relational layers."""


class LayeredFusion(Fusion):
    """Graph layers over all tokens, then a readout that the text guides.

    weights: "readout" [B, I].
    """

    reads_graph = True
    layer = "gcn"

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.layers = graph_layers(config, self.part(), **self.options())
        self.readout = Readout(config.hidden)

    def part(self) -> Part:
        """Return the layer, with options that the config may have for it."""
        return self.layer

    def options(self) -> dict[str, int]:
        """Return what this kind of layer wants besides its sizes."""
        return {}

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        h = torch.cat([image, text], dim=1)
        there = masks.all
        h = self.propagate(h, graph.among(there.flatten())) * there.unsqueeze(2)
        image_h, text_h = h[:, : image.shape[1]], h[:, image.shape[1] :]
        pooled, looked = self.readout(image_h, text_h, masks.image, masks.text)
        return Fused(h, pooled, {"readout": looked})

    def propagate(self, h: Tensor, graph: TokenGraph) -> Tensor:
        """Return the tokens [B, L, H] after all layers."""
        samples, length, _ = h.shape
        edges = token_edges(graph, samples, length)
        flat = h.flatten(0, 1)
        for layer in self.layers:
            flat = layer(flat, edges)
        return flat.view_as(h)


class GCNFusion(LayeredFusion):
    """H' = σ(Â H W); the relation of an edge is ignored.

    With `layer: {name: gcn, normalised: false}`: H' = σ(A H W).
    """

    def part(self) -> Part:
        named = name_and_options(self.config.layer, LAYERS.kind)[0]
        return self.config.layer if named == self.layer else self.layer


class GATFusion(LayeredFusion):
    """Graph attention: each node weighs its neighbours by their features."""

    layer = "gat"

    def options(self) -> dict[str, int]:
        return {"heads": self.config.heads}


class RGCNFusion(LayeredFusion):
    """Relational convolution: W_r = Σ_b a_rb V_b, with a_r a linear map of the relation's vector.

    So a relation that training never saw has weights, too. An edge and its reverse are two
    relations.
    """

    layer = "rgcn"

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.coefficients = nn.ModuleList(
            nn.Linear(config.relation_features, 2 * BASES) for _ in range(config.layers)
        )

    def options(self) -> dict[str, int]:
        return {"bases": BASES}

    def propagate(self, h: Tensor, graph: TokenGraph) -> Tensor:
        samples, length, _ = h.shape
        both_ways = graph.relation * 2 + graph.backward.long()
        edges = token_edges(replace(graph, relation=both_ways), samples, length)
        flat = h.flatten(0, 1)
        for layer, coefficients in zip(self.layers, self.coefficients, strict=True):
            flat = layer(flat, edges, coefficients(graph.relations).view(-1, BASES))
        return flat.view_as(h)
