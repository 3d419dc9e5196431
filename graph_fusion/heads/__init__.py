"""Heads, from fused tokens or graphs to answers; chosen by name."""

from __future__ import annotations

from torch import nn

from kg.registry import Registry

HEADS: Registry[nn.Module] = Registry("head")
HEADS.add("choice", "graph_fusion.heads.choice:ChoiceHead")
HEADS.add("closed", "graph_fusion.heads.choice:ClosedHead")
HEADS.add("count", "graph_fusion.heads.choice:CountHead")
HEADS.add("decoder", "graph_fusion.heads.decoder:DecoderHead")
HEADS.add("graph", "graph_fusion.heads.graph:AnswerHeads")
HEADS.add("matching", "graph_fusion.heads.choice:MatchingHead")
HEADS.add("named", "graph_fusion.heads.choice:NamedAnswers")
HEADS.add("pointer", "graph_fusion.heads.choice:PointerHead")
HEADS.add("vqa", "graph_fusion.heads.vqa:VQAHead")
HEADS.add("yes_no", "graph_fusion.heads.choice:YesNoHead")

__all__ = ["HEADS"]
