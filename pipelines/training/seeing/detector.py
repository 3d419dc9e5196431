"""Training of the bundled detector, from the weights of PicoDet-S (PaddleDetection, Apache-2.0).

An example is a random view of a photograph with boxes (`detector_data`): people's boxes on
coco_mini, and on other photographs those on which three given detectors agree
(`detector_teachers`). The initial network teaches too: what it outputs for an undamaged view the
trained one should output for the damaged one. The model folder gets model.safetensors and
config.json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion import training
from graph_fusion.encoders.detection_loss import Boxes, detection_loss, distillation_loss
from graph_fusion.encoders.picodet import PicoDet, read_ncnn
from graph_fusion.training import Objective, TrainingOptions, save_model
from graph_fusion.weights import deterministic
from kg.errors import SightGraphError
from pipelines.datasets.coco import TRAIN_SPLIT, CocoPhoto, read_coco
from pipelines.datasets.photographs import PhotographParts, TeacherPhoto
from pipelines.datasets.splits import for_choosing, for_training, in_part
from pipelines.detectors import COCO_LABELS
from pipelines.detectors.bundled import BundledDetector, DetectorConfig, load_detector
from pipelines.evaluate.answering.calibration import Judged
from pipelines.evaluate.protocol import Source
from pipelines.evaluate.seeing.detection import CocoPart, average_precision, best_threshold, in_grey
from pipelines.evaluate.seeing.detection_errors import judged
from pipelines.photo import Photo
from pipelines.training.minimise import minimise
from pipelines.training.seeing.detector_data import Sample, damaged, samples, turned
from pipelines.training.seeing.detector_teachers import label_photographs

WEIGHTS = Path("weights_detectors", "picodet-s-416.bin")
PHOTOGRAPHS = {
    "okvqa": 9999,
    "flickr8k_1k": 9999,
    "imagenet_1k_samples": 9999,
    "daquar": 300,
    "flickr8k": 1200,
}
"""At most so many photographs of each folder are labelled by the teachers, in this order. Few of
flickr8k, whose aspect is lost, and of daquar, whose rooms resemble each other; none of
caltech101, which tests the namer."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the way from the initial to the trained weights, of which the best is chosen."""
SURE_OF = 0.05
"""Min score of a detection that the calibration is fitted on."""


@dataclass(frozen=True, slots=True)
class DetectorTraining(TrainingOptions):
    """How the detector is trained.

    The batch norms are folded, as if they were frozen, so the learning rate is small. It rises
    over the first twentieth and falls along a half cosine. The result is interpolated between
    the initial weights and the moving average of the trained ones (Wortsman et al., CVPR 2022).

    side: of the photographs at inference; training draws from `sides`.
    boxes_weight: of the loss of the boxes, beside the distance from the initial network.
    labelled: max number of photographs with the teachers' boxes.
    base: a model folder to start from, and to learn from, instead of the published weights.
    """

    epochs: int = 1
    batch_size: int = 8
    side: int = 416
    sides: tuple[int, ...] = (320, 384)
    learning_rate: float = 5e-5
    boxes_weight: float = 0.3
    real_repeats: int = 6
    labelled: int = 2000
    average: float = 0.995
    base: Path | None = None

    def __post_init__(self) -> None:
        TrainingOptions.__post_init__(self)
        if not self.sides or min(self.sides) < 1:
            raise SightGraphError(f"'sides' is {list(self.sides)}; give at least one, in pixels.")


@dataclass(frozen=True, slots=True)
class Views:
    """Views of photographs of one size: [B, 3, S, S] undamaged and damaged, and their boxes."""

    clean: Tensor
    damaged: Tensor
    boxes: list[Boxes]


class DetectionObjective(Objective[PicoDet, Views]):
    """Random views of `photographs`; an example is the index of one."""

    def __init__(
        self, photographs: Sequence[Sample], teacher: PicoDet, options: DetectorTraining
    ) -> None:
        self.photographs, self.options = photographs, options
        self.teacher = teacher

    def collate(self, examples: list[int]) -> Views:
        side = self.options.sides[int(torch.randint(len(self.options.sides), ()))]
        views = [turned(self.photographs[index], side) for index in examples]
        return Views(
            torch.stack([image for image, _ in views]),
            torch.stack([damaged(image) for image, _ in views]),
            [boxes for _, boxes in views],
        )

    def loss(self, model: PicoDet, batch: Views) -> Tensor:
        with torch.no_grad():
            taught = self.teacher(batch.clean)
        found = model(batch.damaged)
        boxes = detection_loss(found, batch.boxes, batch.damaged.shape[-1])
        return distillation_loss(found, taught) + self.options.boxes_weight * boxes


@deterministic()
def train(
    data: Path,
    out: Path,
    options: DetectorTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on `data` (the folder of data sets) and write the model folder `out`.

    Resumes from the labels and the checkpoint in `out`. Returns the figures on the part
    development by which the share of the trained weights was chosen.

    Raises:
        SightGraphError: a file is missing from `data`.
    """
    options = options or DetectorTraining()
    torch.manual_seed(options.seed)
    out.mkdir(parents=True, exist_ok=True)
    network = initial_network(data, options)
    start = {name: value.clone() for name, value in network.state_dict().items()}
    names = unlabelled(data, options.seed)[: options.labelled]
    taught = label_photographs(data, names, out / "labels.jsonl")
    photographs = samples(data, taught, options.real_repeats)
    log(f"{len(photographs)} photographs, {len(names)} of them with the teachers' boxes")
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    teacher = deepcopy(network).requires_grad_(False)
    report = training.fit(
        network,
        DetectionObjective(photographs, teacher, options),
        range(len(photographs)),
        [],
        options.config(weight_decay=1e-4, clip=10.0, warmup=0.05, save_every=100),
        out / "training",
        log,
        about=options.others(),
    )
    figures = choose_share(data, out, start, network.state_dict(), options, log)
    calibrate(data, out)
    return {"train loss": report.figures["train loss"]} | figures


def initial_network(data: Path, options: DetectorTraining) -> PicoDet:
    """Return the network of `options.base`, or with PaddleDetection's weights.

    Raises:
        SightGraphError: the weights are missing, or of another network.
    """
    if options.base is not None:
        return load_detector(options.base)[0].train()
    network = PicoDet(len(COCO_LABELS))
    read_ncnn(network, data / WEIGHTS)
    return network


def unlabelled(data: Path, seed: int) -> list[str]:
    """Return photographs of the part train without boxes of people, by their path in `data`."""
    part, chance = PhotographParts(data), Random(seed)
    names = []
    for folder, most in PHOTOGRAPHS.items():
        files = [one.relative_to(data).as_posix() for one in (data / folder).rglob("*.jpg")]
        found = [name for name in sorted(files) if part(name) == "train"]
        names += sorted(chance.sample(found, min(most, len(found))))
    return names


def training_records(data: Path) -> list[TeacherPhoto | CocoPhoto]:
    """Return the photographs that may be trained on, those with boxes of people last."""
    part = PhotographParts(data)
    names = unlabelled(data, DetectorTraining().seed)
    people = in_part(read_coco(data / "coco_mini"), "train")
    return for_training([*(TeacherPhoto(name, part(name), []) for name in names), *people])


def choose_share(
    data: Path,
    out: Path,
    start: Mapping[str, Tensor],
    trained: Mapping[str, Tensor],
    options: DetectorTraining,
    log: Callable[[str], None],
) -> dict[str, float]:
    """Write to `out` the best interpolation on coco_mini's part development, in colour and grey."""
    coco = CocoPart.read(Source(data / "coco_mini", TRAIN_SPLIT))
    coco = coco.only(one.file_name for one in development(data))
    config = asdict(DetectorConfig(COCO_LABELS, options.side))
    found: dict[float, float] = {}
    for share in SHARES:
        save_model(out, interpolated(start, trained, share), config)
        detector = BundledDetector(out)
        colour = average_precision(coco, detector.ranked)
        grey = average_precision(coco, lambda photo: detector.ranked(in_grey(photo)))  # noqa: B023
        found[share] = (colour["AP"] + colour["AP50"] + grey["AP"] + grey["AP50"]) / 4
        log(f"share {share}: in colour {colour}, in grey {grey}")
    best = max(found, key=lambda share: found[share])
    save_model(out, interpolated(start, trained, best), config)
    return {"share": best, "start": found[0.0], "chosen": found[best]}


def calibrate(data: Path, out: Path) -> None:
    """Fit the calibration of the scores and the threshold, and write them to config.json.

    A logistic of the logit (Platt, 1999), on people's boxes of coco_mini's parts train and
    development: development alone has too few.
    """
    network, config = load_detector(out)
    weights = {name: value.half() for name, value in network.state_dict().items()}
    save_model(out, weights, asdict(replace(config, scale=1.0, offset=0.0)))
    detector = BundledDetector(out, SURE_OF)  # calibrated with the weights as they are stored
    photos = [one for one in read_coco(data / "coco_mini") if one.part != "held-out"]
    shown = [one for photo in photos for one in _judged(data, detector, photo)]
    logits = torch.tensor([one.confidence for one in shown], dtype=torch.float64).logit(1e-4)
    right = torch.tensor([float(one.right) for one in shown], dtype=torch.float64)
    scale, offset = logistic(logits, right)
    config = replace(detector.config, scale=round(scale, 4), offset=round(offset, 4))
    scores = config.calibrated(logits).tolist()
    calibrated = [Judged(score, one.right) for score, one in zip(scores, shown, strict=True)]
    threshold = best_threshold(calibrated, sum(len(one.boxes) for one in photos))
    save_model(out, weights, asdict(replace(config, threshold=threshold)))


def logistic(logits: Tensor, right: Tensor) -> tuple[float, float]:
    """Return a and b of the probability σ(a x + b) that is most likely for `right` [N], 0 or 1."""
    line = torch.tensor([1.0, 0.0], dtype=torch.float64)

    def loss() -> Tensor:
        return F.binary_cross_entropy_with_logits(line[0] * logits + line[1], right)

    minimise(loss, [line], 100, line_search=False)
    scale, offset = line.tolist()
    return scale, offset


def interpolated(
    start: Mapping[str, Tensor], trained: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """Return `share` of the trained weights and the rest of the initial ones."""
    return {name: start[name].lerp(value, share).contiguous() for name, value in trained.items()}


def development(data: Path) -> list[CocoPhoto]:
    """Return coco_mini's photographs of the part development."""
    return for_choosing(in_part(read_coco(data / "coco_mini"), "development"))


def _judged(data: Path, detector: BundledDetector, photo: CocoPhoto) -> list[Judged]:
    found = detector(Photo.open(data / "coco_mini" / photo.file_name))
    return judged(found, photo.boxes)
