"""What is seen in a photograph of a room: cells of the detector's map, colours, objects."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.progress import track
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from kg.files import atomic_path
from pipelines.detections import Detection
from pipelines.detectors.bundled import BundledDetector
from pipelines.photo import Photo
from pipelines.seeing.colours import COLOURS, name_colours

ROWS, COLUMNS = 5, 7
CELLS = ROWS * COLUMNS
SIZE = (448, 320)
"""Width and height at which the detector's backbone reads a photograph."""
COLOUR_SIZE = (70, 50)
"""Pixels that are named by colour: ten by ten a cell."""
COLOUR_FEATURES = len(COLOURS) + 3
"""Share of each colour word, and mean L*, a*, b* in hundreds."""
OBJECTS = 8
"""Most objects of a photograph, the surest first."""
LEAST_SCORE = 0.15
OBJECT_FEATURES = 6 + len(COLOURS)
"""Box, area, score, share of each colour word."""
LAB_SCALE = 100.0


@dataclass(frozen=True, slots=True)
class SeenPhotos:
    """What is seen in N photographs.

    Shapes:
        cells [N, 35, F]: mean of the detector's map over each cell, row by row, float16
        colours [N, 35, 14]; objects [N, 8, 17]: float32
        labels [N, 8]: the detector's class of each object, -1 where there is none
    """

    cells: Tensor
    colours: Tensor
    objects: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.cells)


def look_at(files: Sequence[Path], cache: Path, keep: bool) -> SeenPhotos:
    """Return what is seen in the photographs, from `cache` where the same were seen before.

    keep: write it to `cache`.

    Raises:
        SightGraphError: a photograph cannot be read, or the cache not be written.
    """
    digest = hashlib.sha256("\n".join(map(_fingerprint, files)).encode()).hexdigest()[:12]
    stored = cache / f"photographs-{digest}.safetensors"
    try:
        return SeenPhotos(**load_file(stored))
    except (OSError, TypeError, SafetensorError):
        seen = _look_at(files)
    if keep:
        cache.mkdir(parents=True, exist_ok=True)
        with atomic_path(stored) as path:
            save_file({one.name: getattr(seen, one.name) for one in fields(seen)}, path)
    return seen


def _look_at(files: Sequence[Path]) -> SeenPhotos:
    detector = BundledDetector(threshold=LEAST_SCORE)
    numbers = {label: number for number, label in enumerate(detector.labels)}
    parts = [_one(Photo.open(file), detector, numbers) for file in track(files, "looking")]
    return SeenPhotos(*(torch.stack(part) for part in zip(*parts, strict=True)))


@torch.inference_mode()
def _one(
    photo: Photo, detector: BundledDetector, numbers: Mapping[str, int]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    image = photo.image.resize(SIZE, Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
    names, colours = _colours(photo)
    found = detector(photo)[:OBJECTS]
    objects = torch.zeros(OBJECTS, OBJECT_FEATURES)
    labels = torch.full((OBJECTS,), -1)
    for row, one in enumerate(found):
        objects[row] = torch.tensor(_object(photo, one, names))
        labels[row] = numbers[one.label]
    return _cells(detector, pixels).half(), colours, objects, labels


def _cells(detector: BundledDetector, pixels: Tensor) -> Tensor:
    """Return stages 3 and 4 and the joined map of the backbone, as cells [35, F]."""
    backbone = detector.network.backbone
    body = backbone.body
    fine = body.stage3(body.stage2(body.maxpool(body.conv1(pixels))))
    maps = (fine, body.stage4(fine), backbone(pixels))
    cells = [F.adaptive_avg_pool2d(one, (ROWS, COLUMNS)).flatten(2)[0] for one in maps]
    return torch.cat(cells).t().contiguous()


def _colours(photo: Photo) -> tuple[np.ndarray, Tensor]:
    """Return each pixel's colour word [50, 70], and what the cells show of them [35, 14]."""
    from skimage.color import rgb2lab

    lab = rgb2lab(np.asarray(photo.image.resize(COLOUR_SIZE, Image.Resampling.BOX)))
    names = name_colours(lab)
    words = np.eye(len(COLOURS), dtype=np.float32)[names]
    both = np.concatenate([words, lab.astype(np.float32) / LAB_SCALE], axis=2)
    cells = F.adaptive_avg_pool2d(torch.from_numpy(both).permute(2, 0, 1)[None], (ROWS, COLUMNS))
    return names, cells.flatten(2)[0].t().contiguous()


def _object(photo: Photo, one: Detection, names: np.ndarray) -> list[float]:
    assert one.box is not None
    sides = (photo.width, photo.height) * 2
    x1, y1, x2, y2 = (value / side for value, side in zip(one.box, sides, strict=True))
    height, width = names.shape
    left, top = min(int(x1 * width), width - 1), min(int(y1 * height), height - 1)
    inside = names[top : max(round(y2 * height), top + 1), left : max(round(x2 * width), left + 1)]
    shares = np.bincount(inside.ravel(), minlength=len(COLOURS)) / inside.size
    return [x1, y1, x2, y2, (x2 - x1) * (y2 - y1), one.score, *shares.tolist()]


def _fingerprint(file: Path) -> str:
    return f"{file.name} {file.stat().st_size}"
