"""A new fusion, compared with two others on Sort-of-CLEVR: python examples/new_fusion.py"""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn

from graph_fusion.fusion import FUSIONS, Fused, Fusion, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.base import Readout
from pipelines.cli import main


class GatedFusion(Fusion):
    """Each image token passes a gate that the question opens: x̃ = x ⊙ σ(W ȳ)."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.gate = nn.Linear(config.hidden, config.hidden)
        self.readout = Readout(config.hidden)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        gate = torch.sigmoid(self.gate(text.mean(1, keepdim=True)))
        pooled, looked = self.readout(image * gate, text, masks.image, masks.text)
        return Fused(torch.cat([image * gate, text], 1), pooled, {"gate": gate, "readout": looked})


FUSIONS.add("gated", GatedFusion)

if __name__ == "__main__":
    compared = ["--fusions", "gated,early,joint"]
    main(["bench", "fusion", "--task", "sort-of-clevr", *compared, *sys.argv[1:]])
