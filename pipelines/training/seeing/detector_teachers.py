"""Boxes on photographs without labels: where the given COCO detectors agree.

Three networks (PicoDet-S, NanoDet-Plus-m and YOLOX-Nano) see each photograph as it is and
mirrored. Boxes of one label and one place are one box, whose score is the mean over the six
views, with 0 where a view lacks it (weighted boxes fusion; Solovyev, Wang and Gabruseva, Image and
Vision Computing 2021). ncnn and onnxruntime run the networks; training needs them, the package
does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track
from torchvision.ops import batched_nms, box_iou

from kg.files import write_text
from pipelines.datasets.coco import Labelled
from pipelines.detectors import COCO_LABELS

SIDE = 416
MEAN, STD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
"""Of the inputs of PicoDet and NanoDet, in the order of their own channels."""
BINS = 8
"""Distances that a side of a box is a distribution over, in strides."""
SEEN, KEPT = 0.1, 0.1
"""Min score of a box in one view, and of an agreed box."""
MAX_BOXES = 60
"""Of one view, by falling score."""
SAME_VIEW, SAME_OBJECT = 0.6, 0.55
"""Boxes of one label with a higher IoU are one: within a view, and between views."""
Floats = NDArray[np.float32]


class Teacher(Protocol):
    """A network: RGB photograph -> boxes [N, 4] as shares of its sides, scores [N, 80]."""

    def __call__(self, image: Image.Image) -> tuple[Floats, Floats]: ...


def teachers(folder: Path) -> list[Teacher]:
    """Return the networks in `folder` (weights_detectors)."""
    return [PicoDet(folder), NanoDet(folder), Yolox(folder)]


class PicoDet:
    """PicoDet-S 416 (Yu et al., arXiv:2111.00902), run by ncnn."""

    strides = (8, 16, 32, 64)

    def __init__(self, folder: Path) -> None:
        self.network = _ncnn(folder / "picodet-s-416")

    def outputs(self, pixels: Floats) -> tuple[Floats, Floats]:
        """Return scores [A, 80] and logits of the distances [A, 32] of an input [3, H, W]."""
        names = [f"save_infer_model/scale_{number}.tmp_1" for number in range(8)]
        found = _extract(self.network, "image", pixels, names)
        return np.concatenate(found[:4]), np.concatenate(found[4:])

    def __call__(self, image: Image.Image) -> tuple[Floats, Floats]:
        scores, logits = self.outputs(normalised(image))
        return _boxes(_centres(self.strides, 0.5), logits), scores


class NanoDet:
    """NanoDet-Plus-m 416 (RangiLyu/nanodet), run by ncnn: BGR, and no cell offset."""

    strides = (8, 16, 32, 64)

    def __init__(self, folder: Path) -> None:
        self.network = _ncnn(folder / "nanodet-plus-m-416")

    def __call__(self, image: Image.Image) -> tuple[Floats, Floats]:
        red, green, blue = image.split()
        (found,) = _extract(
            self.network, "in0", normalised(Image.merge("RGB", (blue, green, red))), ["out0"]
        )
        found = found.reshape(80 + 4 * BINS, -1).T
        scores = 1 / (1 + np.exp(-found[:, :80]))
        boxes = _boxes(_centres(self.strides, 0.0), found[:, 80:])
        return boxes, np.asarray(scores, np.float32)


class Yolox:
    """YOLOX-Nano 416 (Ge et al., arXiv:2107.08430), run by onnxruntime: BGR, letterboxed."""

    strides = (8, 16, 32)

    def __init__(self, folder: Path) -> None:
        import onnxruntime  # type: ignore[import-untyped]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(folder / "yolox_nano.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, image: Image.Image) -> tuple[Floats, Floats]:
        scale = SIDE / max(image.size)
        size = [max(1, round(scale * side)) for side in image.size]
        canvas = np.full((SIDE, SIDE, 3), 114, np.float32)
        resized = image.resize(size, Image.Resampling.BILINEAR)  # type: ignore[arg-type]
        canvas[: size[1], : size[0]] = np.asarray(resized)[..., ::-1]
        (found,) = self.session.run(None, {"images": canvas.transpose(2, 0, 1)[None].copy()})[0]
        centres = _centres(self.strides, 0.0)
        middle = found[:, :2] * centres[:, 2:] + centres[:, :2]
        half = np.exp(found[:, 2:4]) * centres[:, 2:] / 2
        boxes = np.concatenate([middle - half, middle + half], 1) / np.array(size * 2)
        return boxes.astype(np.float32), found[:, 4:5] * found[:, 5:]


def normalised(image: Image.Image) -> Floats:
    """Return the input [3, 416, 416] of PicoDet for an RGB photograph, stretched to the square."""
    pixels = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32)
    scaled = (pixels - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def agreed_boxes(networks: Sequence[Teacher], image: Image.Image) -> Labelled:
    """Return the boxes on which the views of all `networks` agree, by falling score."""
    views = [view for network in networks for view in _views(network, image)]
    boxes, scores, labels = (torch.cat(part) for part in zip(*views, strict=True))
    view = torch.cat([torch.full((len(one[0]),), n) for n, one in enumerate(views)])
    size = torch.tensor([*image.size] * 2)
    found: Labelled = []
    left = torch.ones(len(boxes), dtype=torch.bool)
    one_object = (box_iou(boxes, boxes) > SAME_OBJECT) & (labels[:, None] == labels)
    for first in scores.argsort(descending=True, stable=True).tolist():
        if not left[first]:
            continue
        same = left & one_object[first]
        left &= ~same
        best = torch.zeros(len(views)).scatter_reduce(0, view[same], scores[same], "amax")
        if (score := float(best.mean())) >= KEPT:
            weight = scores[same, None]
            box = (boxes[same] * weight).sum(0) / weight.sum() * size
            corners = [round(x, 1) for x in box.tolist()]
            found.append((COCO_LABELS[int(labels[first])], round(score, 3), corners))
    return sorted(found, key=lambda one: -one[1])


def label_photographs(data: Path, names: Sequence[str], file: Path) -> dict[str, Labelled]:
    """Return the agreed boxes of the photographs `names` in `data`.

    file: JSON lines, one for each photograph, appended to as they are done; a second call goes on.
    """
    done = dict(_lines(file)) if file.is_file() else {}
    left = [name for name in names if name not in done]
    networks = teachers(data / "weights_detectors") if left else []
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, "".join(json.dumps(one) + "\n" for one in done.items()))  # whole lines only
    with file.open("a", encoding="utf-8") as lines:
        for name in track(left, "labelling"):
            with Image.open(data / name) as opened:
                done[name] = agreed_boxes(networks, opened.convert("RGB"))
            lines.write(json.dumps((name, done[name])) + "\n")
            lines.flush()
    return {name: done[name] for name in names}


def _lines(file: Path) -> Iterator[tuple[str, Labelled]]:
    """Yield the whole lines: the last one may be cut off."""
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            name, boxes = json.loads(line)
            yield name, boxes


def _views(
    network: Teacher, image: Image.Image
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield boxes as shares, scores and labels of the photograph and of its mirror image."""
    for mirrored in (False, True):
        seen = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else image
        boxes, every = (torch.from_numpy(np.ascontiguousarray(one)) for one in network(seen))
        place, label = (every > SEEN).nonzero(as_tuple=True)
        found = boxes[place].clamp(0, 1)
        if mirrored:
            found = torch.stack([1 - found[:, 2], found[:, 1], 1 - found[:, 0], found[:, 3]], 1)
        scores = every[place, label]
        keep = batched_nms(found, scores, label, SAME_VIEW)[:MAX_BOXES]
        yield found[keep], scores[keep], label[keep]


def _ncnn(stem: Path) -> Any:
    import ncnn  # type: ignore[import-untyped]

    network = ncnn.Net()
    network.opt.num_threads = 1
    network.load_param(f"{stem}.param")
    network.load_model(f"{stem}.bin")
    return network


def _extract(network: Any, name: str, pixels: Floats, outputs: Sequence[str]) -> list[Floats]:
    import ncnn

    run = network.create_extractor()
    run.input(name, ncnn.Mat(pixels))
    return [np.array(run.extract(output)[1]) for output in outputs]


def _centres(strides: Sequence[int], offset: float) -> Floats:
    """Return x, y and twice the stride of each cell: [A, 4], pixels of the input."""
    parts = []
    for stride in strides:
        cells = -(-SIDE // stride)
        y, x = np.mgrid[:cells, :cells].reshape(2, -1)
        middle = np.stack([x + offset, y + offset], 1) * stride
        parts.append(np.concatenate([middle, np.full((len(middle), 2), stride)], 1))
    return np.concatenate(parts).astype(np.float32)


def _boxes(centres: Floats, logits: Floats) -> Floats:
    """Return boxes [A, 4] as shares from the logits [A, 32] of left, top, right and bottom."""
    powers = np.exp(
        logits.reshape(-1, 4, BINS) - logits.reshape(-1, 4, BINS).max(-1, keepdims=True)
    )
    distances = (powers / powers.sum(-1, keepdims=True)) @ np.arange(BINS, dtype=np.float32)
    distances = distances * centres[:, 2:3]
    middle = centres[:, :2]
    corners = np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], 1)
    return np.asarray(corners / SIDE, np.float32)
