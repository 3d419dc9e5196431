"""What stands for the things of a script: cut-outs of photographs that a detector finds again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageFilter

from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.datasets.coco import read_coco
from pipelines.detections import Detection
from pipelines.detectors import Detector
from pipelines.generate.videos.actors import (
    ANIMALS,
    HEIGHT,
    PEOPLE,
    PORTABLE,
    SEATS,
    SIZES,
    WIDTH,
    Script,
)
from pipelines.generate.videos.pixels import Patches
from pipelines.photo import Photo

STAND_INS = {
    "laptop": (50, 42),
    "clock": (40, 40),
    "vase": (30, 50),
    "bottle": (22, 54),
    "bowl": (50, 36),
    "cake": (50, 40),
    "pizza": (52, 44),
    "potted plant": (44, 54),
    "book": (40, 40),
}
"""Portable things, with their sizes, that stand for those of which there is no cut-out."""
ALL_SIZES = SIZES | STAND_INS
LEAST_SIDE, BLUR, SURE = 36, 9, 0.4
"""Pixels of a cut-out's shorter side; of the blur of a background; the least score and overlap with
which a cut-out must be found again."""
SOFTNESS = 0.06
"""Width of the edge that fades, as a share of the shorter side."""


def soft_edged(patch: Image.Image) -> Image.Image:
    """Return a rectangle of a photograph as a patch, RGBA, whose edges fade."""
    width, height = patch.size
    mask = Image.new("L", patch.size, 0)
    fade = max(1, round(SOFTNESS * min(width, height)))
    mask.paste(255, (fade, fade, width - fade, height - fade))
    found = patch.convert("RGBA")
    found.putalpha(mask.filter(ImageFilter.GaussianBlur(fade / 1.5)))
    return found


def with_looks(made: Script, patches: Patches) -> Script:
    """Return a script in which what has no patch is another seat or portable thing that has one."""
    names = {one.label: one.label for one in made.actors}
    for label in names:
        if not patches.get(label):
            alike = SEATS if label in SEATS else (*PORTABLE, *STAND_INS)
            able = [one for one in alike if patches.get(one)]
            names[label] = next((one for one in able if one not in names.values()), able[0])
    actors = [replace(one, label=names[one.label]) for one in made.actors]
    events = [
        replace(one, who=names[one.who], what=None if one.what is None else names[one.what])
        for one in made.events
    ]
    return replace(made, actors=actors, events=events)


def patches_of(
    folder: Path, detector: Detector, most: int = 6
) -> tuple[dict[str, list[Image.Image]], list[Image.Image]]:
    """Return cut-outs of a folder's train photographs by label, and backgrounds without things.

    Cut-outs are those that the detector finds again on a plain ground, the surest `most` of each
    label; backgrounds are blurred photographs in which it finds nothing.

    Raises:
        SightGraphError: the folder is not like coco_mini, or has too few such photographs.
    """
    found: dict[str, list[tuple[float, Image.Image]]] = {label: [] for label in ALL_SIZES}
    grounds: list[Image.Image] = []
    for one in read_coco(folder):
        wanted = [(label, Box(*box)) for label, _, box in one.boxes if label in found]
        if one.part != "train" or not (wanted or len(grounds) < most):
            continue
        image = Photo.open(folder / one.file_name).image
        if len(grounds) < most:
            ground = image.resize((WIDTH, HEIGHT)).filter(ImageFilter.GaussianBlur(BLUR))
            if not detector(Photo.open(ground)):
                grounds.append(ground)
        for label, box in wanted:
            if min(box.width, box.height) >= LEAST_SIDE and _has_usual_shape(label, box):
                patch = image.crop((round(box.x1), round(box.y1), round(box.x2), round(box.y2)))
                for look in (patch.convert("RGBA"), soft_edged(patch)):
                    found[label].append((_found_again(look, label, detector), look))
    chosen = {
        label: [patch for sure, patch in sorted(some, key=lambda one: -one[0])[:most] if sure > 0]
        for label, some in found.items()
    }
    kinds = (PEOPLE, ANIMALS, SEATS, (*PORTABLE, *STAND_INS))
    if not grounds or not all(any(chosen[label] for label in kind) for kind in kinds):
        raise SightGraphError(
            f"'{folder}' has too few photographs whose people, dogs, seats and things are found."
        )
    return chosen, grounds


def _has_usual_shape(label: str, box: Box) -> bool:
    """Whether a box is about as narrow as the thing is drawn: no half of a person."""
    width, height = ALL_SIZES[label]
    return 0.5 <= (box.width / box.height) / (width / height) <= 2.0


def _found_again(patch: Image.Image, label: str, detector: Detector) -> float:
    """Return the lower score of a cut-out on a light and a dark ground; 0 if one hides it."""
    width, height = ALL_SIZES[label]
    place = Box(200, HEIGHT - 30 - height, 200 + width, HEIGHT - 30)
    pasted, least = patch.resize((width, height)), 1.0
    for grey in (90, 150):
        ground = Image.new("RGB", (WIDTH, HEIGHT), (grey, grey, grey))
        ground.paste(pasted, (int(place.x1), int(place.y1)), pasted)
        near = [one for one in detector(Photo.open(ground)) if _is_at(one, place)]
        if not near or near[0].label != label or near[0].score < SURE:
            return 0.0
        least = min(least, near[0].score)
    return least


def _is_at(one: Detection, place: Box) -> bool:
    return one.box is not None and one.box.iou(place) >= SURE
