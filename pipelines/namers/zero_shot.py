"""Namers that compare a region with names: CLIP, SigLIP and their like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from torch import Tensor

from kg.errors import SightGraphError
from kg.graph import Box
from kg.knowledge.memory import Knowledge
from pipelines.detections import PROPOSAL, Detection, Name
from pipelines.detectors.labels import photographable, read_labels
from pipelines.namers.image_text import ImageTextModel
from pipelines.photo import Photo

PROMPT = "a photo of a {}"
SURE = 0.5
"""A region takes another name than its detector's only if this is so probable: by hand."""
MAX_NAMES = 5
MIN_NAME = 0.05
"""Least probability of a further name: by hand."""
CONTEXT = 0.1
"""Share of a box's sides that is added around it, since a tight cut hides what it stands on."""


class ZeroShotNamer:
    """Names regions by the text that is nearest to them (Radford et al., ICML 2021).

    The probability of a name is the softmax over all names of the model's scaled cosine, as CLIP
    was trained; SigLIP (Zhai et al., ICCV 2023) is read the same way, since names exclude each
    other. Only safetensors weights are read.

    weights: a model id, e.g. "google/siglip-base-patch16-224", or a folder.
    labels: the names to choose from, or a file of them (`labels.read_labels`); None for those of
        the bundled knowledge (`photographable`).

    Raises:
        SightGraphError: there is no such model, or it cannot be downloaded or read.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        labels: Sequence[str] | str | Path | None = None,
    ) -> None:
        if weights is None:
            raise SightGraphError(
                "the namer 'zero_shot' needs a model. Give --namer a model id or a folder."
            )
        self.name = str(weights)
        if isinstance(labels, str | Path):
            labels = tuple(read_labels(Path(labels)).values())
        if labels is None:
            labels = photographable(Knowledge.bundled())
        self.labels = tuple(dict.fromkeys(labels))
        self.model = ImageTextModel(self.name, "zero-shot namer")

    def __call__(self, photo: Photo, detections: Sequence[Detection]) -> list[Detection]:
        """Return the detections with names; proposals that are nothing known are left out."""
        located = [one for one in detections if one.box is not None]
        if not located:
            return list(detections)
        chances = iter(self.probabilities(photo, [one.box for one in located if one.box]))
        named = [one if one.box is None else self._named(one, next(chances)) for one in detections]
        return [one for one in named if one.label != PROPOSAL]

    def probabilities(self, photo: Photo, boxes: Sequence[Box]) -> Tensor:
        """Return the probability of each label in each box: [M, L]."""
        crops = [photo.image.crop(_around(box, photo)) for box in boxes]
        logits = self.model.scale * self.model.images(crops) @ self._texts.t()
        return logits.softmax(dim=1)

    @cached_property
    def _texts(self) -> Tensor:
        """The vectors of the labels, scaled to length 1: [L, F]."""
        return self.model.texts([PROMPT.format(one) for one in self.labels])

    def _named(self, one: Detection, chances: Tensor) -> Detection:
        order = chances.argsort(descending=True, stable=True)[:MAX_NAMES].tolist()
        names = [Name(self.labels[i], round(float(chances[i]), 4)) for i in order]
        names = [names[0], *[name for name in names[1:] if name.probability >= MIN_NAME]]
        best = names[0]
        if one.label != PROPOSAL and best.probability < SURE:
            known = [name for name in names if name.label != one.label]
            own = Name(one.label, round(one.score, 4))
            names = sorted([own, *known], key=lambda name: -name.probability)
            return replace(one, names=tuple(names))
        if best.probability < SURE:
            return one
        return replace(one, label=best.label, score=best.probability, names=tuple(names))


def _around(box: Box, photo: Photo) -> tuple[int, int, int, int]:
    """Return the box with some context, as whole pixels of the photograph, at least one."""
    wide, high = CONTEXT * box.width, CONTEXT * box.height
    x1, y1 = max(int(box.x1 - wide), 0), max(int(box.y1 - high), 0)
    x2, y2 = min(int(box.x2 + wide) + 1, photo.width), min(int(box.y2 + high) + 1, photo.height)
    x1, y1 = min(x1, photo.width - 1), min(y1, photo.height - 1)
    return x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)
