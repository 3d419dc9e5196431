"""Inputs of DAQUAR's model: cells, colours and objects of a photograph, words, questions.

There are few rooms, and a model overfits to raw features of them: trained on these it answered
worse than without a photograph. So it is given these scores, and for each photograph
of training those of a reader that has not seen its room (stacking; Wolpert, Neural Networks 1992).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders.hugging_face import HuggingFaceText
from graph_fusion.encoders.text import MiniLM, stored
from graph_fusion.weights import read_weights
from kg.errors import SightGraphError
from kg.files import atomic_path
from pipelines.datasets.daquar import RoomQuestion, whole_answers
from pipelines.detections import Detection
from pipelines.detectors import COCO_LABELS, Detector, make_detector
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo
from pipelines.progress import track
from pipelines.reading.wordings import paired
from pipelines.seeing.colours import COLOURS, name_colours

ROWS, COLUMNS = 5, 7
CELLS = ROWS * COLUMNS
COLOUR_SIZE = (70, 50)
"""Pixels that are named by colour: ten by ten a cell."""
COLOUR_FEATURES = len(COLOURS) + 3
"""Share of each colour word, and mean L*, a*, b* in hundreds."""
OBJECTS = 8
"""Maximum number of objects of a photograph; those with the highest scores are taken."""
MIN_SCORE = 0.15
NUMBERS = {label: number for number, label in enumerate(COCO_LABELS)}
OBJECT_FEATURES = 6 + len(COLOURS)
"""Box, area, score, share of each colour word."""
LAB_SCALE = 100.0


@dataclass(frozen=True, slots=True)
class SeenPhotos:
    """Features of N photographs.

    Shapes:
        cells [N, 35, F]: mean of the namer's grid over each cell, row by row, float16
        colours [N, 35, 14]; objects [N, 8, 17]: float32
        labels [N, 8]: each object's number in `COCO_LABELS`, -1 where there is none
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
        return SeenPhotos(**read_weights(stored))
    except (OSError, TypeError, ValueError, SafetensorError):
        seen = _look_at(files)
    if keep:
        cache.mkdir(parents=True, exist_ok=True)
        with atomic_path(stored) as path:
            save_file({one.name: getattr(seen, one.name) for one in fields(seen)}, path)
    return seen


def _look_at(files: Sequence[Path]) -> SeenPhotos:
    detector, namer = make_detector("bundled", threshold=MIN_SCORE), EfficientNetNamer()
    parts = [_one(Photo.open(file), detector, namer) for file in track(files, "looking")]
    return SeenPhotos(*(torch.stack(part) for part in zip(*parts, strict=True)))


def _one(
    photo: Photo, detector: Detector, namer: EfficientNetNamer
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    names, colours = _colours(photo)
    found = [one for one in detector(photo) if one.label in NUMBERS][:OBJECTS]
    objects = torch.zeros(OBJECTS, OBJECT_FEATURES)
    labels = torch.full((OBJECTS,), -1)
    for row, one in enumerate(found):
        objects[row] = torch.tensor(_object(photo, one, names))
        labels[row] = NUMBERS[one.label]
    return _cells(namer.grid(photo)).half(), colours, objects, labels


def _cells(grid: np.ndarray) -> Tensor:
    """Return the means of a grid [H, W, F] over the cells: [35, F]."""
    planes = torch.from_numpy(grid).permute(2, 0, 1)[None]
    cells = F.adaptive_avg_pool2d(planes, (ROWS, COLUMNS))
    return cells.flatten(2)[0].t().contiguous()


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


BATCH = 32
MIRROR = {"left": "right", "right": "left"}


def mirrored(text: str) -> str:
    """Return what a question becomes when its photograph is mirrored.

    >>> mirrored("what is left of the lamp on the right wall")
    'what is right of the lamp on the left wall'
    """
    return " ".join(MIRROR.get(word, word) for word in text.split())


def names_object(text: str, label: str) -> bool:
    """Return whether a question contains the name of a class, in the singular or the plural.

    >>> names_object("how many chairs are at the table", "dining table")
    True
    """
    padded = f" {text} "
    names = {label, paired("daquar", "names").get(label, label)}
    return any(f" {name}{end} " in padded for name in names for end in ("", "s", "es"))


def encode_questions(texts: Sequence[str]) -> Tensor:
    """Return the mean of each text's word pieces in MiniLM's last layer, and its first [Q, 2, 384].

    All runs share them (`stored`).
    """
    return stored(["first and mean", MiniLM().identity, *texts], lambda: _encode(texts))


@torch.inference_mode()
def _encode(texts: Sequence[str]) -> Tensor:
    encoder = HuggingFaceText().eval()
    once = sorted(set(texts), key=lambda text: (len(text), text))
    parts = []
    for start in track(range(0, len(once), BATCH), "reading"):
        tokens = encoder(once[start : start + BATCH])
        count = tokens.mask.sum(1, keepdim=True)
        parts.append(torch.stack([tokens.values.sum(1) / count, tokens.values[:, 0]], dim=1))
    row = {text: number for number, text in enumerate(once)}
    return torch.cat(parts)[[row[text] for text in texts]]


FOLDS = 10
STRENGTH = 3000.0
"""λ of the ridge; 1,500 to 5,000 rank the words of held-out rooms about equally well."""
MIN_COUNT = 10
"""Answers that occur less often have no score of their own."""
SMALLEST = 1e-4
"""Keeps features and words that never change from being divided by zero."""


@dataclass(frozen=True, slots=True)
class WordReader:
    """scores = (x - mean) / deviation · matrix, for each cell; a photograph's is their mean.

    Shapes (F features, K words): mean, deviation [F]; matrix [F, K]
    """

    mean: Tensor
    deviation: Tensor
    matrix: Tensor

    def __call__(self, cells: Tensor) -> Tensor:
        """Return the scores [N, C, K] of `cells` [N, C, F]."""
        return ((cells.float() - self.mean) / self.deviation) @ self.matrix

    def save(self, file: Path) -> None:
        with atomic_path(file) as path:
            save_file({"mean": self.mean, "deviation": self.deviation, "matrix": self.matrix}, path)

    @classmethod
    def load(cls, file: Path) -> WordReader:
        """Read what `save` wrote.

        Raises:
            SightGraphError: the file is none of ours.
        """
        try:
            return cls(**read_weights(file))
        except (OSError, TypeError, ValueError, SafetensorError) as error:
            raise SightGraphError(
                f"cannot read '{file}': {error}. It stands beside the model that `sightgraph "
                "train daquar` writes."
            ) from error


def common_words(questions: Sequence[RoomQuestion]) -> list[str]:
    """Return the single answers that are right often enough, numbers left out."""
    counts = whole_answers(questions)
    return [
        answer[0]
        for answer, often in counts.items()
        if len(answer) == 1 and often >= MIN_COUNT and not answer[0].isdigit()
    ]


def words_said(
    questions: Sequence[RoomQuestion], words: Sequence[str], rows: Mapping[int, int]
) -> Tensor:
    """Return 1 where a question of a photograph says a word or is answered by it: [N, K].

    rows: by a photograph's number its row; questions about others are passed over.
    """
    targets = torch.zeros(len(rows), len(words))
    for one in questions:
        if one.photograph in rows:
            text = f" {one.text} "
            for column, word in enumerate(words):
                if word in one.answers or f" {word.replace('_', ' ')} " in text:
                    targets[rows[one.photograph], column] = 1
    return targets


def fit_words(cells: Tensor, targets: Tensor, fold: Sequence[int]) -> tuple[WordReader, Tensor]:
    """Return a reader fitted on all photographs, and scores by readers that have not seen each.

    Scores have deviation 1 over the photographs.

    Shapes:
        cells [N, C, F]; targets [N, K]; fold: N numbers, alike for photographs of a room
        returns the reader and [N, C, K]
    """
    means = cells.float().mean(1)
    mean, deviation = means.mean(0), means.std(0) + SMALLEST
    x = (means - mean) / deviation
    parts = torch.tensor(fold)
    unseen = torch.zeros(*cells.shape[:2], targets.shape[1])
    for part in sorted(set(fold)):
        others = parts != part
        reader = WordReader(mean, deviation, ridge(x[others], targets[others], STRENGTH))
        unseen[~others] = reader(cells[~others])
    scale = unseen.mean(1).std(0) + SMALLEST
    return WordReader(mean, deviation, ridge(x, targets, STRENGTH) / scale), unseen / scale


def ridge(x: Tensor, y: Tensor, strength: float) -> Tensor:
    """Return Xᵀ (X Xᵀ + λ I)⁻¹ (Y - mean): the dual form, for fewer rows than columns or not.

    Shapes: x [N, F]; y [N, K]; returns [F, K]
    """
    kernel = x @ x.t() + strength * torch.eye(len(x))
    found: Tensor = x.t() @ torch.linalg.solve(kernel, y - y.mean(0))
    return found
