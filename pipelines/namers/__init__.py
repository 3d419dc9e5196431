"""Namers, chosen by name: (photograph, detections) -> detections with names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from kg.registry import Registry
from pipelines.detections import Detection
from pipelines.photo import Photo


@runtime_checkable
class Namer(Protocol):
    """Names what a detector found.

    It gives each detection its names and the region's feature, adds the main object of the
    photograph if no box holds it, and drops or generalises what it is not sure of. The same
    photograph and detections give the same bits.
    """

    name: str

    def __call__(self, photo: Photo, detections: Sequence[Detection]) -> list[Detection]: ...


NAMERS: Registry[Namer] = Registry("namer")
NAMERS.add(
    "efficientnet_lite2",
    "pipelines.namers.efficientnet:EfficientNetNamer",
    "1,000 kinds of ImageNet and what they are kinds of; comes with SightGraph.",
)
NAMERS.add(
    "zero_shot",
    "pipelines.namers.zero_shot:ZeroShotNamer",
    "Any CLIP or SigLIP model; chooses among all kinds that the knowledge has.",
)


def make_namer(choice: str | Namer, **options: Any) -> Namer:
    """Return a namer by name of `NAMERS`, or the namer given.

    A folder, or the id of a model on Hugging Face's hub ("google/siglip-base-patch16-224"), is
    the `weights` of "zero_shot".

    Raises:
        SightGraphError: the name is unknown, or the weights cannot be had.
    """
    if isinstance(choice, str) and choice not in NAMERS and _is_model(choice):
        return NAMERS.make("zero_shot", weights=choice, **options)
    return NAMERS.make(choice, **options)


def _is_model(name: str) -> bool:
    return ":" not in name and ("/" in name or Path(name).is_dir())


__all__ = ["NAMERS", "Namer", "make_namer"]
