"""Photographs with boxes for training the detector, and the views that it is trained on."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.progress import track
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders.detector import Boxes, DetectorNetwork
from kg.files import atomic_path
from pipelines.datasets.coco import Labelled, read_coco
from pipelines.datasets.photographs import TeacherPhoto, read_teacher_boxes
from pipelines.detectors import COCO_LABELS
from pipelines.detectors.bundled import detect
from pipelines.photo import Photo

GREY = 0.45
LONG_SIDE = 512
"""Photographs are cached in memory at most this large."""
MIN_LABEL_SCORE = 0.1
MAX_ZOOM, MIN_ZOOM, MAX_STRETCH = 1.35, 0.75, 1.2
MOSAIC = 0.1
"""Share of training images that are mosaics of four photographs."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A photograph [3, H, W] uint8 RGB with its boxes, as shares of H and W."""

    image: Tensor
    boxes: Boxes


def load_samples(
    data: Path, photos: Sequence[TeacherPhoto], labels: Mapping[str, Labelled], real_repeats: int
) -> list[Sample]:
    """Read `photos` with the boxes of `labels`.

    Those of coco_mini have their real boxes and stand `real_repeats` times.
    """
    real = {f"coco_mini/{one.file_name}": one.boxes for one in read_coco(data / "coco_mini")}
    samples = []
    for one in track(photos, "reading photographs"):
        sample = _sample(data / one.name, real.get(one.name, labels[one.name]))
        samples.extend([sample] * (real_repeats if one.name in real else 1))
    return samples


def own_labels(network: DetectorNetwork, data: Path, side: int, file: Path) -> dict[str, Labelled]:
    """Return what `network` detects in six views of each photograph with boxes of the teacher.

    file: the cache.

    Raises:
        SightGraphError: the file of the teacher's boxes is missing.
    """
    if file.is_file():
        cached: dict[str, Labelled] = json.loads(gzip.decompress(file.read_bytes()))
        return cached
    labels: dict[str, Labelled] = {}
    for name in track(sorted(one.name for one in read_teacher_boxes(data)), "detecting"):
        boxes, scores, classes = detect(
            network, Photo.open(data / name), "crops", side, MIN_LABEL_SCORE
        )
        labels[name] = [
            (COCO_LABELS[int(label)], round(float(score), 3), [round(x, 1) for x in box.tolist()])
            for box, score, label in zip(boxes, scores, classes, strict=True)
        ]
    with atomic_path(file) as path:
        path.write_bytes(gzip.compress(json.dumps(labels).encode(), mtime=0))
    return labels


def _sample(path: Path, found: Labelled) -> Sample:
    with Image.open(path) as opened:
        size = torch.tensor([*opened.size] * 2)
        scale = min(1.0, LONG_SIDE / max(opened.size))
        small = [max(1, round(x * scale)) for x in opened.size]
        rgb = np.asarray(opened.convert("RGB").resize(small, Image.Resampling.BILINEAR))
    image = torch.from_numpy(rgb.copy()).permute(2, 0, 1).contiguous()
    boxes = Boxes(
        torch.tensor([box for _, _, box in found]).view(-1, 4) / size,
        torch.tensor([COCO_LABELS.index(label) for label, _, _ in found], dtype=torch.long),
        torch.tensor([score for _, score, _ in found]),
    )
    return Sample(image, boxes)


def training_image(samples: Sequence[Sample], index: int, side: int) -> tuple[Tensor, Boxes]:
    """Return a random [3, side, side] view of a sample, or a mosaic of it and three others."""
    if torch.rand(()) >= MOSAIC:
        return augment(samples[index], side)
    half = side // 2
    others = torch.randint(len(samples), (3,)).tolist()
    parts = [augment(samples[i], half) for i in (index, *others)]
    images = [image for image, _ in parts]
    mosaic = torch.cat([torch.cat(images[:2], 2), torch.cat(images[2:], 2)], 1)
    shifts = torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5], [0.5, 0.5]]).repeat(1, 2)
    return mosaic, Boxes(
        torch.cat([boxes.corners / 2 + by for (_, boxes), by in zip(parts, shifts, strict=True)]),
        torch.cat([boxes.labels for _, boxes in parts]),
        torch.cat([boxes.scores for _, boxes in parts]),
    )


def augment(sample: Sample, side: int) -> tuple[Tensor, Boxes]:
    """Return a random [3, side, side] view: scaled, stretched, shifted, mirrored, brightened."""
    zoom = float(torch.empty(()).uniform_(MIN_ZOOM, MAX_ZOOM))
    stretch = float(torch.empty(()).uniform_(1 / MAX_STRETCH, MAX_STRETCH)) ** 0.5
    width, height = round(side * zoom * stretch), round(side * zoom / stretch)
    image = F.interpolate(sample.image.float()[None] / 255, (height, width), mode="bilinear")[0]
    corners = sample.boxes.corners
    if torch.rand(()) < 0.5:
        image = image.flip(2)
        x1, y1, x2, y2 = corners.unbind(1)
        corners = torch.stack([1 - x2, y1, 1 - x1, y2], 1)
    image = (image * torch.empty(3, 1, 1).uniform_(0.8, 1.2)).clamp(0, 1)
    dx, dy = _shift(side, width), _shift(side, height)
    canvas = torch.full((3, side, side), GREY)
    left, top = max(dx, 0), max(dy, 0)
    part = image[:, max(-dy, 0) :, max(-dx, 0) :][:, : side - top, : side - left]
    canvas[:, top : top + part.shape[1], left : left + part.shape[2]] = part
    moved = corners * torch.tensor([width, height] * 2) + torch.tensor([dx, dy] * 2)
    inside = moved.clamp(0, side)
    area = (moved[:, 2:] - moved[:, :2]).prod(1)
    left_over = (inside[:, 2:] - inside[:, :2]).prod(1)
    keep = (left_over > 0.4 * area) & ((inside[:, 2:] - inside[:, :2]).amin(1) >= 4)
    boxes = sample.boxes
    return canvas, Boxes(inside[keep] / side, boxes.labels[keep], boxes.scores[keep])


def _shift(side: int, length: int) -> int:
    """Return a random offset of `length` pixels on a line of `side` pixels."""
    low, high = sorted((0, side - length))
    return int(torch.randint(low, high + 1, ()))
