"""Ways to fuse what was seen, said and known; chosen by name."""

from __future__ import annotations

from torch import nn

from kg.registry import Registry

FUSIONS: Registry[nn.Module] = Registry("fusion")
FUSIONS.add("graph", "graph_fusion.fusion.graph:GraphFusion")

__all__ = ["FUSIONS"]
