"""A front that makes tokens, a fusion by name, and a head: the model that the bench compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from graph_fusion.controls import CONTROLS
from graph_fusion.fusion import FUSIONS, Fused, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.base import cover, drop_modalities


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a task's front makes of a batch: the arguments of a `Fusion`.

    Shapes (B samples, I image and T text tokens, H features):
        image [B, I, H], text [B, T, H]
        graph: over the B * (I + T) tokens; masks: image [B, I], text [B, T]
    """

    image: Tensor
    text: Tensor
    graph: TokenGraph
    masks: Masks


class FusionModel(nn.Module):
    """front -> fusion -> head.

    front: any module that turns a task's batch into `Inputs`.
    head: any module called with `Fused` and `Inputs`.
    missing: share of training samples that lose one modality, so that the model can do
        without (random masking, x̃_i = x_i ⊙ m_i).
    control: the name of a control under which it is trained and measured, or None.

    Raises:
        UnknownNameError: there is no such fusion or control.
    """

    def __init__(
        self,
        front: nn.Module,
        fusion: str,
        config: FusionConfig,
        head: nn.Module,
        missing: float = 0.0,
        control: str | None = None,
    ) -> None:
        super().__init__()
        self.front = front
        self.fusion = FUSIONS.make(fusion, config=config)
        self.head = head
        self.missing = missing
        self.control = CONTROLS.resolve(control) if control else None

    def forward(self, batch: Any) -> Any:
        fused, inputs = self.fuse(batch)
        return self.head(fused, inputs)

    def fuse(
        self, batch: Any, only: Literal["image", "text"] | None = None
    ) -> tuple[Fused, Inputs]:
        """Return the fused tokens, and what they were fused from.

        only: the other modality is masked out.
        """
        inputs: Inputs = self.front(batch)
        graph, masks = inputs.graph, inputs.masks
        if self.control:
            graph, masks = self.control(graph, masks)
        if self.training and self.missing:
            masks = drop_modalities(masks, self.missing)
        if only:
            none = torch.zeros_like
            image_mask = masks.image if only == "image" else none(masks.image)
            text_mask = masks.text if only == "text" else none(masks.text)
            masks = Masks(image_mask, text_mask)
        image, text = cover(inputs.image, masks.image), cover(inputs.text, masks.text)
        fused: Fused = self.fusion(image, text, graph, masks)
        return fused, inputs
