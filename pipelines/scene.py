"""What the captioner and the search read of a photograph: its graph, its grid and its regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kg.errors import SightGraphError
from kg.graph import SceneGraph
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph


@dataclass(frozen=True, slots=True)
class SeenScene:
    """A photograph as the eyes see it. Shapes (C cells of a square grid, F features):

    cells [C, F]: rows from the top, float16
    regions: features [F] by the id of the object's node, float16
    """

    graph: SceneGraph
    cells: np.ndarray
    regions: Mapping[str, np.ndarray]


def see(sightgraph: SightGraph, photo: Photo) -> SeenScene:
    """Return what is seen in a photograph.

    Raises:
        SightGraphError: the eyes have not the bundled namer, whose features are read.
    """
    namer = namer_of(sightgraph)
    detections = sightgraph.detect(photo)
    cells = namer.grid(photo)
    regions = {
        f"object:{number}": one.feature.astype(np.float16)
        for number, one in enumerate(detections)
        if one.feature is not None and one.feature_origin == namer.name
    }
    graph = sightgraph.graph_of(photo, detections)
    return SeenScene(graph, cells.reshape(-1, cells.shape[-1]).astype(np.float16), regions)


def namer_of(sightgraph: SightGraph) -> EfficientNetNamer:
    """Return the namer of the eyes.

    Raises:
        SightGraphError: it is not the bundled one.
    """
    if not isinstance(sightgraph.namer, EfficientNetNamer):
        raise SightGraphError(
            "captions and search read the features of the bundled eyes, and other eyes were "
            "given. Leave --detector and --namer out."
        )
    return sightgraph.namer
