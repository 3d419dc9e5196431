"""FastestDet's weights (dog-qiuqiu/FastestDet, BSD-3-Clause) as a start for our detector."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from graph_fusion.encoders.detector_network import DetectorNetwork
from kg.errors import SightGraphError

BACKBONE_FILE = "shufflenet_v2_x0_5_coco_backbone.pth"
DETECTOR_FILE = "fastestdet_coco80_ap50_25.3.pth"
SIDE = 352
"""What the weights were trained for: photographs stretched to this square."""


def start_from_fastestdet(network: DetectorNetwork, folder: Path) -> None:
    """Copy all of FastestDet's weights into `network`, which then says what FastestDet says.

    Raises:
        SightGraphError: one of the two files is missing from `folder`.
    """
    body, theirs = _weights(folder / BACKBONE_FILE), _weights(folder / DETECTOR_FILE)
    network.backbone.body.load_state_dict(body)
    context, head = network.backbone.context, network.head
    _copy(theirs, "SPP.Conv1x1.conv1x1.", context.reduce)
    with torch.no_grad():
        reduce = context.reduce.get_parameter("0.weight")
        reduce.copy_(reduce[:, joined_order(theirs, body)].clone())
    for number, reach in enumerate(context.reaches, 1):
        _copy(theirs, f"SPP.S{number}.", reach)
    _copy(theirs, "SPP.output.", context.join)
    _copy(theirs, "detect_head.conv1x1.conv1x1.", head.shared)
    for branch, name in ((head.objectness, "obj"), (head.classes, "cls"), (head.boxes, "reg")):
        _copy(theirs, f"detect_head.{name}_layers.conv5x5.", branch)


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


def _copy(theirs: dict[str, Tensor], prefix: str, ours: nn.Module) -> None:
    """Copy all weights below `prefix`."""
    ours.load_state_dict(
        {name.removeprefix(prefix): v for name, v in theirs.items() if name.startswith(prefix)}
    )
