"""Graph layers, chosen by name."""

from __future__ import annotations

from torch import nn

from kg.registry import Registry

LAYERS: Registry[nn.Module] = Registry("graph layer")
LAYERS.add("gcn", "graph_fusion.layers.gcn:GCN")

__all__ = ["LAYERS"]
