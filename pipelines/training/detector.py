"""Training of the detector, from the weights of FastestDet (dog-qiuqiu/FastestDet, BSD-3-Clause).

An example is a random view of a photograph with boxes (`detector_data`); the objective is
`detection_loss`. The model folder gets model.safetensors and config.json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion import training
from graph_fusion.encoders.detector import STRIDE, Boxes, DetectorNetwork, detection_loss
from graph_fusion.training import Objective, TrainingConfig, TrainingOptions, save_model
from graph_fusion.weights import deterministic
from kg.errors import SightGraphError
from pipelines.datasets.coco import read_coco
from pipelines.datasets.photographs import TeacherPhoto, read_teacher_boxes
from pipelines.datasets.splits import for_choosing, for_training, in_part
from pipelines.detectors import COCO_LABELS
from pipelines.detectors.bundled import BundledDetector
from pipelines.evaluate.detection import MIN_SCORE, best_threshold
from pipelines.training.detector_data import (
    Sample,
    load_samples,
    own_labels,
    training_image,
)

BACKBONE_FILE = "shufflenet_v2_x0_5_coco_backbone.pth"
DETECTOR_FILE = "fastestdet_coco80_ap50_25.3.pth"
SIDE = 352
"""FastestDet was trained on photographs that were resized to this square."""


def start_from_fastestdet(network: DetectorNetwork, folder: Path) -> None:
    """Copy all weights of FastestDet into `network`, so that both give the same output.

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
    """Return for each input channel of our neck its index in the input of FastestDet's neck.

    FastestDet shuffles channels before each block of ShuffleNetV2, torchvision after it, so the
    output channels of a stage have different orders. Each channel is a row of the last
    convolution of a block, which its values identify; both orders follow from there.

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
    """Return an identifier of each output channel of a 1 x 1 convolution, for any input order."""
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


WARM = 200
"""Steps over which the learning rate rises."""


@dataclass(frozen=True, slots=True)
class DetectorTraining(TrainingOptions):
    """How the detector is trained.

    The learning rate rises, stays, and falls over the last `cooldown` of all steps. The result
    is interpolated between the initial weights and the moving average, `trained_share` of the
    average (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022), because few
    photographs are trained on.
    side: of the photographs at inference; training draws from `sides`.
    """

    epochs: int = 2
    batch_size: int = 16
    side: int = 384
    sides: tuple[int, ...] = (352, 384, 416)
    channels: int = 96
    learning_rate: float = 1e-4
    backbone_rate: float = 2e-5
    cooldown: float = 0.7
    real_repeats: int = 4
    average: float = 0.998
    trained_share: float = 0.3


@dataclass(frozen=True, slots=True)
class Views:
    """Views of photographs of one size: images [B, 3, S, S], and the boxes in each."""

    images: Tensor
    boxes: list[Boxes]


class DetectionObjective(Objective[DetectorNetwork, Views]):
    """Random views of `samples`; an example is the index of a sample."""

    def __init__(self, samples: Sequence[Sample], options: DetectorTraining) -> None:
        self.samples, self.options = samples, options

    def collate(self, examples: list[int]) -> Views:
        side = self.options.sides[int(torch.randint(len(self.options.sides), ()))]
        pairs = [training_image(self.samples, index, side) for index in examples]
        return Views(torch.stack([image for image, _ in pairs]), [boxes for _, boxes in pairs])

    def loss(self, model: DetectorNetwork, batch: Views) -> Tensor:
        return detection_loss(model(batch.images), batch.boxes, batch.images.shape[-1] // STRIDE)

    def groups(self, model: DetectorNetwork, config: TrainingConfig) -> list[dict[str, Any]]:
        """Return the groups without the stem, which is frozen."""
        stages = [p for p in model.backbone.body.parameters() if p.requires_grad]
        rest = [*model.backbone.context.parameters(), *model.head.parameters()]
        return [{"params": stages, "lr": self.options.backbone_rate}, {"params": rest}]

    def rate(self, step: int, steps: int, config: TrainingConfig) -> float:
        warm = min(1.0, (step + 1) / WARM)
        return min(warm, max(steps - step, 1) / max(self.options.cooldown * steps, 1.0))

    def start_epoch(self, model: DetectorNetwork, epoch: int) -> None:
        """Keep evaluation mode, so that batch norms keep their statistics."""
        model.eval()


@deterministic()
def train(
    data: Path,
    out: Path,
    options: DetectorTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on `data` (the folder of data sets) and write the model folder `out`.

    Resumes from the checkpoint in `out`/training. Returns the last mean loss and the threshold.

    Raises:
        SightGraphError: a file is missing from `data`.
    """
    options = options or DetectorTraining()
    torch.manual_seed(options.seed)
    out.mkdir(parents=True, exist_ok=True)
    network = DetectorNetwork(len(COCO_LABELS), options.channels).eval()
    start_from_fastestdet(network, data / "weights_shufflenet")
    labels = own_labels(network, data, SIDE, out / "labels.json.gz")
    samples = load_samples(data, training_records(data), labels, options.real_repeats)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.backbone.body.conv1.requires_grad_(False)
    start = {name: value.clone() for name, value in network.state_dict().items()}
    report = training.fit(
        network,
        DetectionObjective(samples, options),
        range(len(samples)),
        [],
        options.config(weight_decay=1e-4, clip=10.0),
        out / "training",
        log,
        about=options.others(),
    )
    weights = _interpolated(start, network.state_dict(), options.trained_share)
    save_model(out, weights, _config(options, MIN_SCORE))
    development = for_choosing(in_part(read_coco(data / "coco_mini"), "development"))
    detector = BundledDetector(out, MIN_SCORE)
    threshold = best_threshold(data / "coco_mini", detector, development)
    save_model(out, weights, _config(options, threshold))
    mean = report.figures["train loss"]
    return {"epochs": float(options.epochs), "mean loss": mean, "threshold": threshold}


def training_records(data: Path) -> list[TeacherPhoto]:
    """Return the photographs that are trained on, sorted by name."""
    photos = sorted(read_teacher_boxes(data), key=lambda one: one.name)
    return for_training(in_part(photos, "train"))


def _interpolated(
    start: Mapping[str, Tensor], average: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """Return `share` of the average and the rest of the initial weights."""
    return {
        name: start[name].lerp(value, share) if value.dtype.is_floating_point else value
        for name, value in average.items()
    }


def _config(options: DetectorTraining, threshold: float) -> dict[str, Any]:
    return {
        "labels": COCO_LABELS,
        "channels": options.channels,
        "side": options.side,
        "score_threshold": threshold,
    }
