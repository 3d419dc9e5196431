"""The bundled detector's network: FCOS on ShuffleNetV2-0.5x, made light.

FCOS: Tian et al., ICCV 2019; ShuffleNetV2: Ma et al., ECCV 2018. torchvision's own classes, but
for the neck and the towers of the head, which are depthwise separable.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import shufflenet_v2_x0_5
from torchvision.models.detection import FCOS
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.fcos import FCOSHead
from torchvision.ops import generalized_box_iou_loss

STRIDE = 16
STAGE_CHANNELS = (48, 96, 192)


class ShuffleBackbone(nn.Module):
    """Stages 2 to 4 of ShuffleNetV2-0.5x, joined in one map of stride 16.

    One level is enough for a detector of this size (FastestDet, dog-qiuqiu, 2022): a map of
    stride 8 would cost three times the rest and serve only the smallest objects.

    Shapes:
        images: [B, 3, H, W], H and W multiples of 32
        returns {"0": [B, C, H/16, W/16]}
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = shufflenet_v2_x0_5(weights=None)
        del self.body.conv5, self.body.fc
        self.context = ContextNeck(sum(STAGE_CHANNELS), channels)
        self.out_channels = channels

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        body = self.body
        stage2 = body.stage2(body.maxpool(body.conv1(images)))
        stage3 = body.stage3(stage2)
        stage4 = body.stage4(stage3)
        fine = F.avg_pool2d(stage2, 3, stride=2, padding=1)
        coarse = F.interpolate(stage4, scale_factor=2.0)
        return OrderedDict([("0", self.context(torch.cat([fine, stage3, coarse], dim=1)))])


class ContextNeck(nn.Module):
    """Sees around each place by one, two and three depthwise 5 x 5 convolutions side by side.

    Shapes:
        joined: [B, C_in, H, W]; returns [B, C, H, W]
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.reduce = nn.Sequential(*_pointwise(in_channels, channels), nn.ReLU())
        self.reaches = nn.ModuleList(
            nn.Sequential(*[part for _ in range(steps) for part in _depthwise(channels)])
            for steps in (1, 2, 3)
        )
        self.join = nn.Sequential(*_pointwise(3 * channels, channels))

    def forward(self, joined: Tensor) -> Tensor:
        x = self.reduce(joined)
        wide = torch.cat([reach(x) for reach in self.reaches], dim=1)
        return torch.relu(x + self.join(wide))


class ScoredHead(FCOSHead):  # type: ignore[misc]
    """FCOS's head, taught by boxes that carry a score in (0, 1] (`targets[i]["scores"]`).

    The class target of a location is its box's score, under the quality focal loss
    (Li et al., NeurIPS 2020, eq. 4), so that a teacher's doubtful box teaches doubt.
    """

    def compute_loss(
        self,
        targets: list[dict[str, Tensor]],
        head_outputs: dict[str, Tensor],
        anchors: list[Tensor],
        matched_idxs: list[Tensor],
    ) -> dict[str, Tensor]:
        logits = head_outputs["cls_logits"]
        wanted, boxes, weights = _targets(targets, matched_idxs, logits)
        located = weights > 0
        total = weights.sum().clamp_min(1.0)
        every_anchor = torch.stack(anchors)
        decoded = self.box_coder.decode(head_outputs["bbox_regression"], every_anchor)
        overlap = generalized_box_iou_loss(decoded[located], boxes[located])
        focal = (wanted - logits.detach().sigmoid()).square()
        classes = F.binary_cross_entropy_with_logits(logits, wanted, focal, reduction="sum")
        sides = self.box_coder.encode(every_anchor, boxes)[located]
        centre = F.binary_cross_entropy_with_logits(
            head_outputs["bbox_ctrness"].squeeze(2)[located], _centreness(sides), reduction="none"
        )
        return {
            "classification": classes / total,
            "bbox_regression": (overlap * weights[located]).sum() / total,
            "bbox_ctrness": (centre * weights[located]).sum() / total,
        }


def build_network(
    classes: int, channels: int = 96, long_side: int = 352, score_threshold: float = 0.05
) -> FCOS:
    """Return the network; class 0 .. classes - 1 are the labels (FCOS knows no background).

    Photographs are scaled to a long side of `long_side` pixels, in RGB, 0..1: the stem
    of the converted backbone has its input channels in that order.
    """
    backbone = ShuffleBackbone(channels)
    head = ScoredHead(channels, num_anchors=1, num_classes=classes, num_convs=1)
    for branch in (head.classification_head, head.regression_head):
        branch.conv = _tower(channels)
    return FCOS(
        backbone,
        num_classes=classes,
        min_size=long_side,
        max_size=long_side,
        image_mean=[0.0, 0.0, 0.0],
        image_std=[1.0, 1.0, 1.0],
        anchor_generator=AnchorGenerator(sizes=((STRIDE,),), aspect_ratios=((1.0,),)),
        head=head,
        center_sampling_radius=1.5,
        score_thresh=score_threshold,
        nms_thresh=0.45,
        detections_per_img=100,
        topk_candidates=400,
    )


def _tower(channels: int) -> nn.Sequential:
    """Return a depthwise separable tower: [B, C, H, W] to the same shape."""
    return nn.Sequential(*_pointwise(channels, channels), nn.ReLU(), *_depthwise(channels))


def _pointwise(in_channels: int, channels: int) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, channels, 1, bias=False), nn.BatchNorm2d(channels)]


def _depthwise(channels: int) -> list[nn.Module]:
    convolution = nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False)
    return [convolution, nn.BatchNorm2d(channels), nn.ReLU()]


def _targets(
    targets: list[dict[str, Tensor]], matched: list[Tensor], logits: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return each location's class targets [B, A, C], box [B, A, 4] and score [B, A]."""
    wanted = torch.zeros_like(logits)
    boxes = logits.new_zeros(*logits.shape[:2], 4)
    weights = logits.new_zeros(logits.shape[:2])
    for row, (target, index) in enumerate(zip(targets, matched, strict=True)):
        here = (index >= 0).nonzero().squeeze(1)
        box = index[here]
        wanted[row, here, target["labels"][box]] = target["scores"][box]
        boxes[row, here] = target["boxes"][box]
        weights[row, here] = target["scores"][box]
    return wanted, boxes, weights


def _centreness(sides: Tensor) -> Tensor:
    """FCOS's centre-ness (eq. 3) of distances [M, 4] to the left, top, right and bottom."""
    across, down = sides[:, [0, 2]], sides[:, [1, 3]]
    ratio = across.amin(1) / across.amax(1) * down.amin(1) / down.amax(1)
    return ratio.clamp_min(0).sqrt()
