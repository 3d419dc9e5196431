"""What was seen in many photographs, in files: the graph, the grid and the regions of each.

Networks that read whole scenes are trained on these; looking at 7,000 photographs takes an hour.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ImageOps
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from graph_fusion.weights import sha256_of
from kg.errors import SightGraphError
from kg.files import atomic_path
from kg.formats.json import as_json, of_document
from pipelines.datasets.captioned import Captioned
from pipelines.photo import Photo
from pipelines.progress import track
from pipelines.scene import SeenScene, namer_of, see
from pipelines.sightgraph import SightGraph

GRID, MIRRORED, GRAPH, DIGEST = "grid", "mirrored", "graph", "sha256"
"""Names in a file: two arrays, the text of the graph, and the hash of the photograph that was
looked at. All other arrays are regions."""


@dataclass(frozen=True, slots=True)
class TwoSided:
    """A scene, and the cells [C, F] of the photograph's mirror image."""

    scene: SeenScene
    mirrored: np.ndarray


class SceneFiles:
    """The files in a folder; a photograph that has none is looked at, and its file written."""

    def __init__(self, folder: Path, eyes: Callable[[], SightGraph]) -> None:
        self.folder = folder
        self._make_eyes = eyes
        self._eyes: SightGraph | None = None

    def look(self, photographs: Sequence[Captioned]) -> Iterator[TwoSided]:
        """Yield what is seen in each photograph, in their order: together it fills the memory.

        Raises:
            SightGraphError: a photograph cannot be read.
        """
        for one in track(photographs, "looking"):
            yield self(one)

    def __call__(self, photograph: Captioned) -> TwoSided:
        """Return what is seen in one photograph."""
        file = self.folder / (photograph.name.replace("/", "__") + ".safetensors")
        try:
            return _read(file, photograph.file)
        except (OSError, KeyError, ValueError, SafetensorError, SightGraphError):
            found = self._looked(photograph)
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays = {GRID: found.scene.cells, MIRRORED: found.mirrored, **found.scene.regions}
        with atomic_path(file) as path:
            about = {GRAPH: json.dumps(as_json(found.scene.graph))}
            save_file(arrays, path, about | {DIGEST: sha256_of(photograph.file)})
        return found

    def _looked(self, photograph: Captioned) -> TwoSided:
        if self._eyes is None:
            self._eyes = self._make_eyes()
        photo = Photo.open(photograph.file)
        scene = see(self._eyes, photo)
        mirror = Photo(ImageOps.mirror(photo.image), photo.source)
        cells = namer_of(self._eyes).grid(mirror)
        return TwoSided(scene, cells.reshape(-1, cells.shape[-1]).astype(np.float16))


def _read(file: Path, photograph: Path) -> TwoSided:
    """Return what was seen.

    Raises:
        ValueError: it was seen in another photograph of that name; files of before do not tell.
    """
    with safe_open(file, "numpy") as kept:
        digest = kept.metadata().get(DIGEST)
        if digest is not None and photograph.is_file() and digest != sha256_of(photograph):
            raise ValueError("another photograph")
        arrays = {name: kept.get_tensor(name) for name in kept.keys()}  # noqa: SIM118
        graph = of_document(json.loads(kept.metadata()[GRAPH]), file)
    cells, mirrored = arrays.pop(GRID), arrays.pop(MIRRORED)
    regions = {name: one for name, one in arrays.items() if name in graph}
    return TwoSided(SeenScene(graph, cells, regions), mirrored)
