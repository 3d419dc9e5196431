"""Photographs with captions as the captioner and the search learn them: both sides of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from graph_fusion.scene_model import Scene, mirrored, scene_of
from graph_fusion.tensors import TextTable
from pipelines.datasets.captioned import Captioned, read_captioned
from pipelines.datasets.scene_files import SceneFiles
from pipelines.datasets.splits import for_choosing, for_training, in_part
from pipelines.sightgraph import SightGraph


def training_records(data: Path, most: int = 0) -> list[Captioned]:
    """Return the photographs that are trained on: by the official lists (`described_part`).

    most: only so many, evenly spaced in the lists, to compare trainings in less time; 0: all.
    """
    found = for_training(in_part(read_captioned(data), "train"))
    size = min(most or len(found), len(found))
    return [found[place * len(found) // size] for place in range(size)]


def development_records(data: Path) -> list[Captioned]:
    """Return the photographs that are chosen on, likewise."""
    return for_choosing(in_part(read_captioned(data), "development"))


def two_sides(
    photographs: Sequence[Captioned], seen: Path, table: TextTable, reads: str
) -> Iterator[tuple[Captioned, Scene, Scene]]:
    """Yield each photograph with its scene and that of its mirror image.

    seen: the folder of what was seen; what is not in it is looked at. table: gets new texts.
    reads: one of `graph_fusion.scene_model.READS`.

    Raises:
        SightGraphError: a photograph cannot be read.
    """
    files = SceneFiles(seen, SightGraph.from_pretrained)
    for photograph, sides in zip(photographs, files.look(photographs), strict=True):
        one = sides.scene
        scene = scene_of(one.graph, one.cells, one.regions, table, reads)
        mirror = Scene(torch.from_numpy(sides.mirrored), mirrored(scene.graph, table))
        yield photograph, scene, mirror
