"""Any number of named modalities through any fusion."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from graph_fusion.fusion.base import Fused, Fusion, Masks, TokenGraph, cover, no_graph
from kg.errors import SightGraphError

TEXT, IMAGE = "text", "image"


def join(
    tokens: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
) -> tuple[Tensor, Tensor, Masks]:
    """Return the image tokens, the text tokens and the masks of named modalities.

    The tokens of all modalities but the text follow each other, the image's first. Where there is
    no text, or nothing else, one token that is masked out stands for it.

    Shapes (B samples, H features; K differs from modality to modality):
        tokens: [B, K, H], or [B, H] for one vector a sample, by name
        masks: [B, K] or [B], bool: which are there; default all
        returns [B, I, H], [B, T, H], and masks [B, I], [B, T]

    Raises:
        SightGraphError: nothing is given, or shapes do not fit each other.
    """
    if not tokens:
        raise SightGraphError('no modality is given. Give such as {"sound": tokens}.')
    given = {name: one.unsqueeze(1) if one.dim() == 2 else one for name, one in tokens.items()}
    first = next(iter(given.values()))
    there = {}
    for name, one in given.items():
        if one.dim() != 3 or one.shape[::2] != first.shape[::2]:
            raise SightGraphError(
                f"the tokens of '{name}' are {list(tokens[name].shape)}: expected [B, K, H] or "
                f"[B, H] with B = {len(first)} and H = {first.shape[-1]}."
            )
        there[name] = _mask(name, one, (masks or {}).get(name))
    order = sorted((name for name in given if name != TEXT), key=lambda name: name != IMAGE)
    nothing = first.new_zeros(len(first), 1, first.shape[2])
    no_mask = torch.zeros(len(first), 1, dtype=torch.bool, device=first.device)
    image = torch.cat([given[name] for name in order] or [nothing], dim=1)
    image_mask = torch.cat([there[name] for name in order] or [no_mask], dim=1)
    ranges, start = {}, 0
    for name in order:
        end = start + given[name].shape[1]
        if name != IMAGE:
            ranges[name] = (start, end)
        start = end
    found = Masks(image_mask, there.get(TEXT, no_mask), ranges)
    return image, given.get(TEXT, nothing), found


def fuse_named(
    fusion: Fusion,
    tokens: Mapping[str, Tensor],
    masks: Mapping[str, Tensor] | None = None,
    graph: TokenGraph | None = None,
) -> Fused:
    """Fuse named modalities, each of which may be missing in some samples (`join`).

    graph: over the joined tokens; None: without edges.
    """
    image, text, there = join(tokens, masks)
    if graph is None:
        config = fusion.config
        graph = no_graph(image, config.relation_features, config.edge_features)
    fused: Fused = fusion(cover(image, there.image), cover(text, there.text), graph, there)
    return fused


def _mask(name: str, tokens: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
    if mask.dim() == 1:
        mask = mask.unsqueeze(1).expand(tokens.shape[:2])
    if mask.dtype != torch.bool or mask.shape != tokens.shape[:2]:
        raise SightGraphError(
            f"the mask of '{name}' is {mask.dtype} {list(mask.shape)}: expected bool [B] or "
            f"{list(tokens.shape[:2])}."
        )
    return mask
