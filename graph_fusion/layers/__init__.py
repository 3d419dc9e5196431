"""Graph layers, chosen by name."""

from __future__ import annotations

from graph_fusion.layers.base import Layer
from graph_fusion.layers.edges import Edges
from kg.registry import Registry

LAYERS: Registry[Layer] = Registry("graph layer")
LAYERS.add("gat", "graph_fusion.layers.gat:GAT")
LAYERS.add("gcn", "graph_fusion.layers.gcn:GCN")
LAYERS.add("pyg", "graph_fusion.layers.pyg:PyG")
LAYERS.add("rgcn", "graph_fusion.layers.rgcn:RGCN")

__all__ = ["LAYERS", "Edges", "Layer"]
