"""Training the bundled detector on real boxes and on what its start sees by many views."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn

from graph_fusion.determinism import deterministic
from graph_fusion.encoders.detector_loss import detection_loss
from graph_fusion.encoders.detector_network import STRIDE, DetectorNetwork
from kg.files import atomic_path, write_text
from pipelines.detectors.bundled import BundledDetector
from pipelines.tasks.coco import COCO_LABELS
from pipelines.tasks.detection import LEAST_SCORE, best_threshold
from pipelines.tasks.detection_data import (
    batches,
    is_held_out,
    load_samples,
    own_labels,
    training_image,
)
from pipelines.tasks.fastestdet import SIDE, start_from_fastestdet


@dataclass(frozen=True, slots=True)
class DetectorTraining:
    """How the detector is trained.

    The learning rate rises, stays, and falls over the last `cooldown` of all steps. What is
    kept lies between the start and the moving average of the weights, at `trained_share` of
    the way (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022): so few
    photographs teach something, and cost the start little of what it knows.
    side: of the photographs that it is made for; training draws its sides around it.
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
    seed: int = 0


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
    out.mkdir(parents=True, exist_ok=True)
    network = DetectorNetwork(len(COCO_LABELS), options.channels).eval()
    start_from_fastestdet(network, data / "weights_shufflenet")
    labels = own_labels(network, data, SIDE, out / "labels.json.gz")
    samples = load_samples(data, labels, options.real_repeats)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = _optimizer(network, options)
    start = {name: value.clone() for name, value in network.state_dict().items()}
    average = {name: value.clone() for name, value in start.items()}
    steps = options.epochs * -(-len(samples) // options.batch_size)
    mean = float("nan")
    epoch, step = _resume(network, optimizer, average, out)
    while epoch < options.epochs:
        torch.manual_seed(options.seed * 1000 + epoch)
        losses = []
        order = list(batches(len(samples), options.batch_size))
        for chosen in track(order, f"epoch {epoch + 1} of {options.epochs}"):
            _set_rate(optimizer, step, steps, options.cooldown)
            side = options.sides[int(torch.randint(len(options.sides), ()))]
            pairs = [training_image(samples, index, side) for index in chosen]
            found = network(torch.stack([image for image, _ in pairs]))
            loss = detection_loss(found, [boxes for _, boxes in pairs], side // STRIDE)
            _descend(network, loss, optimizer)
            _update(average, network.state_dict(), min(options.average, (step + 1) / (step + 10)))
            losses.append(float(loss.detach()))
            step += 1
        epoch += 1
        mean = float(np.mean(losses))
        log(f"epoch {epoch}: mean loss {mean:.4f}")
        _checkpoint(network, optimizer, average, epoch, step, out)
    _export(start, average, out, options)
    threshold = best_threshold(data / "coco_mini", BundledDetector(out, LEAST_SCORE), is_held_out)
    _write_config(out, options, threshold)
    return {"epochs": float(epoch), "mean loss": mean, "threshold": threshold}


def _descend(network: nn.Module, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
    optimizer.step()


def _optimizer(network: DetectorNetwork, options: DetectorTraining) -> torch.optim.Optimizer:
    """The stem stays; batch norms keep their statistics (the network is in eval mode)."""
    body = network.backbone.body
    for parameter in body.conv1.parameters():
        parameter.requires_grad_(False)
    stages = [p for p in body.parameters() if p.requires_grad]
    rest = [*network.backbone.context.parameters(), *network.head.parameters()]
    return torch.optim.AdamW(
        [
            {"params": stages, "lr": options.backbone_rate, "peak": options.backbone_rate},
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
    network: nn.Module,
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
    network: nn.Module, optimizer: torch.optim.Optimizer, average: dict[str, Tensor], out: Path
) -> tuple[int, int]:
    file = out / "checkpoint.pt"
    if not file.is_file():
        return 0, 0
    state = torch.load(file, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    average.update(state["average"])
    return int(state["epoch"]), int(state["step"])


def _export(
    start: dict[str, Tensor], average: dict[str, Tensor], out: Path, options: DetectorTraining
) -> None:
    kept = {
        name: start[name].lerp(value, options.trained_share)
        for name, value in average.items()
        if value.dtype.is_floating_point
    }
    with atomic_path(out / "model.safetensors") as path:
        save_file({name: v.contiguous() for name, v in (average | kept).items()}, path)
    _write_config(out, options, LEAST_SCORE)


def _write_config(out: Path, options: DetectorTraining, threshold: float) -> None:
    config = {
        "labels": COCO_LABELS,
        "channels": options.channels,
        "side": options.side,
        "score_threshold": threshold,
    }
    write_text(out / "config.json", json.dumps(config, indent=1) + "\n")
