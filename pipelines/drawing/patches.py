"""Pieces cut from photographs with boxes, in place of drawn shapes.

The photographs are the user's, and so are their licences; nothing of them is bundled.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from kg.errors import SightGraphError
from kg.graph import Box
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from pipelines.detectors.annotations import read_objects
from pipelines.photo import Photo

MIN_SIDE = 24
"""Pixels of the smaller side of a piece: smaller ones show nothing when they are enlarged."""
CANDIDATES = 6
"""Best fitting pieces, of which one is drawn by chance."""
SOFT = 0.04
"""Width of the soft edge of a piece, as a share of its smaller side."""
ANNOTATIONS = ("annotations.json", "_annotations.coco.json", "instances.json")


@dataclass(frozen=True, slots=True)
class Patch:
    """A box in a photograph; box in pixels of the file."""

    label: str
    file: Path
    box: Box

    @property
    def shape(self) -> float:
        """Width by height."""
        return self.box.width / max(self.box.height, 1.0)


class Patches:
    """Finds a piece for a name: of that name, or of a kind of it."""

    def __init__(self, patches: Iterable[Patch], knowledge: KnowledgeGraph, linker: Linker) -> None:
        self.knowledge, self.linker = knowledge, linker
        self._of: dict[str, list[Patch]] = defaultdict(list)
        for one in patches:
            if min(one.box.width, one.box.height) >= MIN_SIDE:
                self._of[one.label].append(one)
        self._kinds: dict[str, frozenset[str]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def choose(self, name: str, box: Box, chance: random.Random) -> Patch | None:
        """Return a piece for a thing that gets `box`: of those that fit its form, one by chance."""
        several = self._of.get(name) or self._of_kind(name)
        if not several:
            return None
        wanted = box.width / max(box.height, 1.0)

        def misfit(one: Patch) -> float:
            stretched = max(one.shape / wanted, wanted / one.shape)
            enlarged = max(box.width / one.box.width, 1.0)
            return float(stretched * enlarged**0.5)

        return chance.choice(sorted(several, key=misfit)[:CANDIDATES])

    def _of_kind(self, name: str) -> list[Patch]:
        """Return the pieces of labels that mean the same, or a kind of it, or what it is one of."""
        wanted = self._concepts(name, with_categories=False)
        found = [
            label for label in self._of if wanted & self._concepts(label, with_categories=True)
        ]
        if not found:
            own = self._concepts(name, with_categories=True)
            found = [label for label in self._of if self._concepts(label, False) & own]
        return [one for label in found for one in self._of[label]]

    def _concepts(self, name: str, with_categories: bool) -> frozenset[str]:
        links = self.linker.best(name, head=True)
        concepts = {one.concept for one in links}
        if with_categories:
            for one in list(concepts):
                concepts |= set(self.knowledge.categories(one))
        return frozenset(concepts)


def read_patches(source: Path) -> list[Patch]:
    """Return the pieces of a folder of photographs with annotations, or of an annotation file.

    Raises:
        SightGraphError: there are no annotations, or they name no photograph that is there.
    """
    file = source
    if source.is_dir():
        file = next((source / one for one in ANNOTATIONS if (source / one).is_file()), source)
        if file is source:
            raise SightGraphError(
                f"'{source}' has no annotations. Give a folder with {ANNOTATIONS[0]} in COCO's "
                "format beside its photographs, or the annotation file."
            )
    objects = [one for one in read_objects(file) if one.box is not None and one.file_name]
    places = {name: _place(file.parent, name) for name in {str(one.file_name) for one in objects}}
    found = [
        Patch(one.label, place, Box(*one.box))
        for one in objects
        if one.box is not None and (place := places[str(one.file_name)]) is not None
    ]
    if not found:
        raise SightGraphError(
            f"'{file}' names no photograph that lies beside it. Keep the photographs in the "
            "folder of the annotations."
        )
    return found


def _place(folder: Path, name: str) -> Path | None:
    """Return where a photograph lies: as it is named, or in a folder `images`; never outside."""
    for one in (folder / name, folder / "images" / name):
        try:
            inside = one.resolve().is_relative_to(folder.resolve())
        except ValueError:  # a name with a null byte is none of a file
            return None
        if inside and one.is_file():
            return one
    return None


def cut(patch: Patch) -> Image.Image:
    """Return the pixels of a piece.

    Raises:
        SightGraphError: the photograph cannot be read, or the box lies outside of it.
    """
    image = Photo.open(patch.file).image
    x1, y1 = max(int(patch.box.x1), 0), max(int(patch.box.y1), 0)
    x2, y2 = min(round(patch.box.x2), image.width), min(round(patch.box.y2), image.height)
    if x2 <= x1 or y2 <= y1:
        raise SightGraphError(f"'{patch.file}': the box of a {patch.label} lies outside of it.")
    return image.crop((x1, y1, x2, y2))


def softened(piece: Image.Image, width: int, height: int) -> Image.Image:
    """Return a piece in another size with a soft edge, RGBA."""
    image = piece.resize((max(width, 1), max(height, 1)), Image.Resampling.LANCZOS).convert("RGBA")
    edge = max(1, round(SOFT * min(image.size)))
    mask = Image.new("L", image.size, 0)
    inner = (edge, edge, max(image.width - edge, edge), max(image.height - edge, edge))
    ImageDraw.Draw(mask).rectangle(inner, fill=255)
    image.putalpha(mask.filter(ImageFilter.GaussianBlur(edge / 2)))
    return image
