"""FastestDet's weights (dog-qiuqiu/FastestDet, BSD-3-Clause) as a start for our detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from kg.errors import SightGraphError

BACKBONE_FILE = "shufflenet_v2_x0_5_coco_backbone.pth"
DETECTOR_FILE = "fastestdet_coco80_ap50_25.3.pth"
SOFTMAX_SHIFT = 3.0
"""Taken off logits that were trained for a softmax, now that each class stands alone."""


def start_from_fastestdet(network: Any, folder: Path) -> None:
    """Copy FastestDet's backbone, neck, towers and class logits into `network`.

    Box regression keeps its own start: FastestDet codes boxes in another way than FCOS.

    Raises:
        SightGraphError: one of the two files is missing from `folder`.
    """
    body, theirs = _weights(folder / BACKBONE_FILE), _weights(folder / DETECTOR_FILE)
    network.backbone.body.load_state_dict(body)
    context, head = network.backbone.context, network.head
    _copy(theirs, "SPP.Conv1x1.conv1x1.", context.reduce)
    with torch.no_grad():
        reduce = context.reduce[0].weight
        reduce.copy_(reduce[:, joined_order(theirs, body)].clone())
    for number, reach in enumerate(context.reaches, 1):
        _copy(theirs, f"SPP.S{number}.", reach)
    _copy(theirs, "SPP.output.", context.join)
    for branch, name in ((head.classification_head, "cls"), (head.regression_head, "reg")):
        pointwise, depthwise = nn.Sequential(*branch.conv[:2]), nn.Sequential(*branch.conv[3:5])
        _copy(theirs, "detect_head.conv1x1.conv1x1.", pointwise)
        _copy(theirs, f"detect_head.{name}_layers.conv5x5.", depthwise, (0, 1))
    classes, centre = head.classification_head.cls_logits, head.regression_head.bbox_ctrness
    _copy_logits(theirs, "detect_head.cls_layers.conv5x5.", classes, SOFTMAX_SHIFT)
    _copy_logits(theirs, "detect_head.obj_layers.conv5x5.", centre, 0.0)


def joined_order(theirs: dict[str, Tensor], body: dict[str, Tensor]) -> Tensor:
    """Return for each channel that our neck sees the place where FastestDet's neck sees it.

    FastestDet shuffles channels before each block of ShuffleNetV2, torchvision after it, so the
    same features come out of a stage in different orders. Each channel is a row of some block's
    last convolution, known by its values; both orders are followed from there.

    Shapes:
        returns [C], a permutation of the joined channels of stages 2 to 4
    """
    order, offset = [], 0
    for stage in ("stage2", "stage3", "stage4"):
        blocks = len({name.split(".")[1] for name in body if name.startswith(f"{stage}.")})
        first = f"backbone.{stage}.0.branch_proj.2.weight"
        original = _rows(theirs[first], 0) + _rows(_main(theirs, stage, 0), 1)
        ours = _rows(body[f"{stage}.0.branch1.2.weight"], 0)
        ours = _shuffled(ours + _rows(body[f"{stage}.0.branch2.5.weight"], 1))
        for number in range(1, blocks):
            original = original[0::2] + _rows(_main(theirs, stage, number), number + 1)
            rows = _rows(body[f"{stage}.{number}.branch2.5.weight"], number + 1)
            ours = _shuffled(ours[: len(ours) // 2] + rows)
        order += [offset + original.index(channel) for channel in ours]
        offset += len(ours)
    return torch.tensor(order)


def _main(theirs: dict[str, Tensor], stage: str, block: int) -> Tensor:
    return theirs[f"backbone.{stage}.{block}.branch_main.5.weight"]


def _rows(weight: Tensor, part: int) -> list[tuple[float, ...]]:
    """Return what names each output channel of a 1 x 1 convolution, in whatever input order."""
    return [(part, *sorted(row)) for row in weight.flatten(1).tolist()]


def _shuffled(channels: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    half = len(channels) // 2
    return [one for pair in zip(channels[:half], channels[half:], strict=True) for one in pair]


def _weights(file: Path) -> dict[str, Tensor]:
    if not file.is_file():
        raise SightGraphError(f"there is no '{file}'. Set --data to the data folder.")
    weights: dict[str, Tensor] = torch.load(file, weights_only=True, map_location="cpu")
    return weights


@torch.no_grad()
def _copy_logits(theirs: dict[str, Tensor], prefix: str, ours: nn.Conv2d, shift: float) -> None:
    """Fold a 1 x 1 convolution and its batch norm into the middle of a 3 x 3 convolution."""
    norm = {name: theirs[f"{prefix}4.{name}"] for name in ("weight", "bias", "running_mean")}
    scale = norm["weight"] / (theirs[f"{prefix}4.running_var"] + 1e-5).sqrt()
    ours.weight.zero_()
    ours.weight[:, :, 1, 1] = theirs[f"{prefix}3.weight"][:, :, 0, 0] * scale[:, None]
    if ours.bias is not None:
        ours.bias.copy_(norm["bias"] - norm["running_mean"] * scale - shift)


def _copy(
    theirs: dict[str, Tensor], prefix: str, ours: nn.Module, layers: tuple[int, ...] = ()
) -> None:
    """Copy all weights below `prefix`; of a sequence, only the numbered `layers`, if given."""
    found = {name.removeprefix(prefix): v for name, v in theirs.items() if name.startswith(prefix)}
    if layers:
        found = {name: v for name, v in found.items() if int(name.split(".")[0]) in layers}
    ours.load_state_dict(found)
