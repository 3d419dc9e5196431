"""Fusions of image tokens, text tokens and a graph, by name, behind one interface."""

from __future__ import annotations

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, TokenGraph, no_graph
from kg.registry import Registry

FUSIONS: Registry[Fusion] = Registry("fusion")
FUSIONS.add("early", "graph_fusion.fusion.concatenation:EarlyFusion")
FUSIONS.add("late", "graph_fusion.fusion.concatenation:LateFusion")
FUSIONS.add("hybrid", "graph_fusion.fusion.concatenation:HybridFusion")
FUSIONS.add("additive", "graph_fusion.fusion.attention:AdditiveAttention")
FUSIONS.add("dot_product", "graph_fusion.fusion.attention:DotProduct")
FUSIONS.add("text_over_image", "graph_fusion.fusion.attention:TextOverImage")
FUSIONS.add("image_over_text", "graph_fusion.fusion.attention:ImageOverText")
FUSIONS.add("joint", "graph_fusion.fusion.attention:JointAttention")
FUSIONS.add("transformer", "graph_fusion.fusion.attention:TransformerFusion")
FUSIONS.add("image_tokens", "graph_fusion.fusion.language:ImageTokensFusion")
FUSIONS.add("gcn", "graph_fusion.fusion.layered:GCNFusion")
FUSIONS.add("rgcn", "graph_fusion.fusion.layered:RGCNFusion")
FUSIONS.add("gat", "graph_fusion.fusion.layered:GATFusion")
FUSIONS.add("graph", "graph_fusion.fusion.graph:GraphFusion")
FUSIONS.add("language", "graph_fusion.fusion.language:LanguageFusion")
FUSIONS.add("language_graph", "graph_fusion.fusion.language:LanguageGraphFusion")
FUSIONS.add("graph_attention", "graph_fusion.fusion.graph:GraphAttentionFusion")

DEFAULT_FUSION = "graph_attention"
"""Fusion of a task or config that names none."""
ANSWERER_FUSION = "graph"
"""Fusion of the answerer, whose question is one token: attention to one token is always 1."""


def fusion_class(name: str) -> type[Fusion]:
    """Return the class of a fusion, which says what the fusion reads.

    Raises:
        UnknownNameError: there is no such fusion.
    """
    fusion = FUSIONS.resolve(name)
    assert isinstance(fusion, type)
    assert issubclass(fusion, Fusion)
    return fusion


__all__ = [
    "ANSWERER_FUSION",
    "DEFAULT_FUSION",
    "FUSIONS",
    "Fused",
    "Fusion",
    "FusionConfig",
    "Masks",
    "TokenGraph",
    "fusion_class",
    "no_graph",
]
