"""Non-maximum suppression by torchvision's operator, without torchvision's slow import."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor


def nms(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Return the boxes that no better box overlaps by more than `threshold`, the best first.

    Shapes:
        boxes: [N, 4], scores: [N]; returns [K] positions
    """
    _load_operators()
    kept: Tensor = torch.ops.torchvision.nms(boxes, scores, threshold)
    return kept


def batched_nms(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """Return what `nms` keeps among the boxes of each label, the best first.

    The boxes of each label are shifted to a place of their own, as in torchvision: so no box
    overlaps one of another label.

    Shapes:
        boxes: [N, 4], scores and labels: [N]; returns [K] positions
    """
    if not len(boxes):
        return labels.new_zeros(0, dtype=torch.long)
    shift = labels.to(boxes) * (boxes.max() + 1)
    return nms(boxes + shift[:, None], scores, threshold)


@cache
def _load_operators() -> None:
    """Load torchvision's compiled operators alone; its package imports all of torch._dynamo."""
    spec = find_spec("torchvision")
    for folder in (spec and spec.submodule_search_locations) or ():
        for library in sorted(Path(folder).glob("_C*.so")):
            torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
    if not hasattr(torch.ops.torchvision, "nms"):  # another layout, as on Windows
        import_module("torchvision")
