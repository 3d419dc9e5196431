"""Training the bundled detector on real boxes and on a teacher's boxes with their scores."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.determinism import deterministic
from graph_fusion.encoders.detector_network import build_network
from kg.errors import SightGraphError
from kg.files import atomic_path, write_text
from pipelines.tasks.coco import COCO_LABELS, TRAIN_SPLIT, coco_boxes
from pipelines.tasks.fastestdet import start_from_fastestdet

GREY = 0.45
SCORE_THRESHOLD = 0.5
"""Where precision and recall balance (best F1) on the photographs of coco_mini's train part."""


@dataclass(frozen=True, slots=True)
class DetectorTraining:
    """How the detector is trained.

    The learning rate rises, stays, and falls over the last `cooldown` of all steps; what is
    kept is the moving average of the weights.
    """

    epochs: int = 14
    batch_size: int = 16
    side: int = 320
    long_side: int = 352
    channels: int = 96
    learning_rate: float = 1e-3
    backbone_rate: float = 1e-4
    cooldown: float = 0.3
    teacher_score: float = 0.2
    real_repeats: int = 3
    average: float = 0.998
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A photograph [3, H, W] uint8 RGB with boxes [M, 4] in its pixels, labels, scores [M]."""

    image: Tensor
    boxes: Tensor
    labels: Tensor
    scores: Tensor


@deterministic()
def train(
    data: Path,
    out: Path,
    options: DetectorTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on `data` (the folder of data sets) and write the model folder `out`.

    Continues from `out`/checkpoint.pt when there is one. Returns the last mean loss.

    Raises:
        SightGraphError: a file that is needed is missing from `data`.
    """
    options = options or DetectorTraining()
    torch.manual_seed(options.seed)
    network = build_network(len(COCO_LABELS), options.channels, options.side)
    network = network.to(memory_format=torch.channels_last)  # twice as fast on CPUs
    start_from_fastestdet(network, data / "weights_shufflenet")
    samples = load_samples(data, options)
    optimizer = _optimizer(network, options)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    steps = options.epochs * -(-len(samples) // options.batch_size)
    out.mkdir(parents=True, exist_ok=True)
    mean = float("nan")
    epoch, step = _resume(network, optimizer, average, out)
    while epoch < options.epochs:
        torch.manual_seed(options.seed * 1000 + epoch)
        losses = []
        batches = list(_batches(len(samples), options.batch_size))
        for chosen in track(batches, f"epoch {epoch + 1} of {options.epochs}"):
            _set_rate(optimizer, step, steps, options.cooldown)
            loss = _step(network, [samples[i] for i in chosen], optimizer, options)
            _update(average, network.state_dict(), min(options.average, (step + 1) / (step + 10)))
            losses.append(loss)
            step += 1
        epoch += 1
        mean = float(np.mean(losses))
        log(f"epoch {epoch}: mean loss {mean:.4f}")
        _checkpoint(network, optimizer, average, epoch, step, out)
        _export(average, out, options)
    return {"epochs": float(epoch), "mean loss": mean}


def load_samples(data: Path, options: DetectorTraining) -> list[Sample]:
    """Read all photographs, scaled to `options.long_side`, with their boxes.

    Photographs of COCO's train part have real boxes and come `real_repeats` times; the
    others have the teacher's boxes. Nothing of COCO's val part is read.
    """
    teacher = _teacher_boxes(data, options.teacher_score)
    real = coco_boxes(data / "coco_mini", TRAIN_SPLIT)
    samples = []
    for name in track(sorted(teacher), "reading photographs"):
        if name.startswith("coco_mini/"):
            found, repeats = real.get(name.removeprefix("coco_mini/"), []), options.real_repeats
        else:
            found, repeats = teacher[name], 1
        samples.extend([_sample(data / name, found, options.long_side)] * repeats)
    return samples


def _teacher_boxes(data: Path, least: float) -> dict[str, list[tuple[str, float, list[float]]]]:
    file = data / "teacher_boxes.json.gz"
    if not file.is_file():
        raise SightGraphError(
            f"there is no {file.name} in '{data}'. Set --data to the data folder."
        )
    boxes = json.loads(gzip.decompress(file.read_bytes()))["boxes"]
    return {
        name: [(label, score, box) for label, score, box in found if score >= least]
        for name, found in boxes.items()
    }


def _sample(path: Path, found: Sequence[tuple[str, float, list[float]]], long_side: int) -> Sample:
    with Image.open(path) as opened:
        scale = long_side / max(opened.size)
        size = [max(1, round(x * scale)) for x in opened.size]
        rgb = np.asarray(opened.convert("RGB").resize(size, Image.Resampling.BILINEAR))
    image = torch.from_numpy(rgb.copy()).permute(2, 0, 1).contiguous()
    return Sample(
        image,
        torch.tensor([box for _, _, box in found]).view(-1, 4) * scale,
        torch.tensor([COCO_LABELS.index(label) for label, _, _ in found], dtype=torch.long),
        torch.tensor([score for _, score, _ in found]),
    )


def _batches(amount: int, size: int) -> Iterator[list[int]]:
    order = torch.randperm(amount).tolist()
    for start in range(0, amount, size):
        yield order[start : start + size]


def augment(sample: Sample, side: int) -> tuple[Tensor, dict[str, Tensor]]:
    """Return a [3, side, side] view: scaled, shifted, flipped, in other light; and its boxes."""
    _, height, width = sample.image.shape
    scale = side / max(height, width) * float(torch.empty(()).uniform_(0.6, 1.5))
    image = F.interpolate(sample.image.float()[None] / 255, scale_factor=scale, mode="bilinear")[0]
    boxes = sample.boxes * scale
    if torch.rand(()) < 0.5:
        image = image.flip(2)
        boxes = torch.stack(
            [image.shape[2] - boxes[:, 2], boxes[:, 1], image.shape[2] - boxes[:, 0], boxes[:, 3]],
            1,
        )
    image = (image * torch.empty(3, 1, 1).uniform_(0.8, 1.2)).clamp(0, 1)
    canvas = torch.full((3, side, side), GREY)
    dx, dy = (_shift(side, length) for length in (image.shape[2], image.shape[1]))
    left, top = max(dx, 0), max(dy, 0)
    part = image[:, max(-dy, 0) :, max(-dx, 0) :][:, : side - top, : side - left]
    canvas[:, top : top + part.shape[1], left : left + part.shape[2]] = part
    moved = boxes + torch.tensor([dx, dy, dx, dy])
    inside = moved.clamp(0, side)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    left_over = (inside[:, 2:] - inside[:, :2]).prod(1)
    sides = (inside[:, 2:] - inside[:, :2]).amin(1)
    keep = (left_over > 0.3 * area) & (sides >= 4)
    return canvas, {
        "boxes": inside[keep],
        "labels": sample.labels[keep],
        "scores": sample.scores[keep],
    }


def _shift(side: int, length: int) -> int:
    """Return a random place for `length` pixels on a line of `side` pixels."""
    low, high = sorted((0, side - length))
    return int(torch.randint(low, high + 1, ()))


def _step(
    network: Any,
    samples: Sequence[Sample],
    optimizer: torch.optim.Optimizer,
    options: DetectorTraining,
) -> float:
    network.train()
    network.backbone.body.eval()  # the pretrained statistics stay
    pairs = [augment(sample, options.side) for sample in samples]
    losses = network([image for image, _ in pairs], [target for _, target in pairs])
    loss: Tensor = losses["classification"] + 2 * losses["bbox_regression"] + losses["bbox_ctrness"]
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
    optimizer.step()
    return float(loss.detach())


def _optimizer(network: Any, options: DetectorTraining) -> torch.optim.Optimizer:
    body = network.backbone.body
    for parameter in (*body.conv1.parameters(), *body.stage2.parameters()):
        parameter.requires_grad_(False)
    late = [*body.stage3.parameters(), *body.stage4.parameters()]
    started = {id(parameter) for parameter in body.parameters()}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in started]
    return torch.optim.AdamW(
        [
            {"params": late, "lr": options.backbone_rate, "peak": options.backbone_rate},
            {"params": rest, "lr": options.learning_rate, "peak": options.learning_rate},
        ],
        weight_decay=1e-4,
    )


def _set_rate(optimizer: torch.optim.Optimizer, step: int, steps: int, cooldown: float) -> None:
    warm = min(1.0, (step + 1) / 200)
    fall = min(1.0, max(steps - step, 1) / max(cooldown * steps, 1.0))
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * min(warm, fall)


def _update(average: dict[str, Tensor], weights: dict[str, Tensor], keep: float) -> None:
    for name, value in weights.items():
        if value.dtype.is_floating_point:
            average[name].lerp_(value.detach(), 1 - keep)
        else:
            average[name].copy_(value)


def _checkpoint(
    network: Any,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor],
    epoch: int,
    step: int,
    out: Path,
) -> None:
    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "average": average,
        "epoch": epoch,
        "step": step,
    }
    with atomic_path(out / "checkpoint.pt") as path:
        torch.save(state, path)


def _resume(
    network: Any, optimizer: torch.optim.Optimizer, average: dict[str, Tensor], out: Path
) -> tuple[int, int]:
    file = out / "checkpoint.pt"
    if not file.is_file():
        return 0, 0
    state = torch.load(file, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    average.update(state["average"])
    return int(state["epoch"]), int(state["step"])


def _export(average: dict[str, Tensor], out: Path, options: DetectorTraining) -> None:
    with atomic_path(out / "model.safetensors") as path:
        save_file({name: value.contiguous() for name, value in average.items()}, path)
    config = {
        "labels": COCO_LABELS,
        "channels": options.channels,
        "long_side": options.long_side,
        "score_threshold": SCORE_THRESHOLD,
    }
    write_text(out / "config.json", json.dumps(config, indent=1) + "\n")
