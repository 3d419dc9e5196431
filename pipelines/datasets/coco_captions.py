"""Folders of COCO captions: photographs, and a captions_*.json for each official split."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from graph_fusion.encoders.torchvision_models import IMAGENET_DEVIATION, IMAGENET_MEAN
from kg.errors import SightGraphError
from pipelines.datasets.coco import read_coco
from pipelines.datasets.splits import Part, coco_id, coco_part
from pipelines.photo import Photo

SIDE = 224
"""Side in pixels of the images that networks of ImageNet are trained on."""
RESIZED = 256 / 224
"""The shorter side before the crop, as a multiple of the side after it."""
CAPTIONS = "captions_*.json"


@dataclass(frozen=True, slots=True)
class CaptionedPhoto:
    """A photograph with its captions.

    image: its file; number: its id in COCO; split: the official one.
    """

    image: Path
    number: int
    split: str
    part: Part
    captions: tuple[str, ...]


def read_captions(folder: Path) -> list[CaptionedPhoto]:
    """Read a folder of COCO captions, or one like coco_mini, whose captions.json has all splits.

    captions_NAME.json stands in the folder or in `annotations/`; its photographs in NAME/,
    images/NAME/ or images/. NAME is the official split, such as train2017.

    Raises:
        SightGraphError: there are no captions, or a file is of another format.
    """
    if (folder / "captions.json").is_file():
        return [
            CaptionedPhoto(
                folder / one.file_name,
                coco_id(one.file_name),
                one.split,
                one.part,
                tuple(one.captions),
            )
            for one in read_coco(folder)
            if one.captions
        ]
    files = sorted([*folder.glob(CAPTIONS), *(folder / "annotations").glob(CAPTIONS)])
    if not files:
        raise SightGraphError(
            f"'{folder}' has no captions. Give a folder with annotations/captions_train2017.json, "
            "or one like coco_mini."
        )
    return [photo for file in files for photo in _read(folder, file)]


def _read(folder: Path, file: Path) -> Iterator[CaptionedPhoto]:
    split = file.stem.removeprefix("captions_")
    images = image_folder(folder, split)
    for number, name, captions in read_caption_file(file):
        yield CaptionedPhoto(images / name, number, split, coco_part(name, split), captions)


def image_folder(folder: Path, split: str) -> Path:
    """Return where the photographs of a split lie.

    Raises:
        SightGraphError: there is no such folder.
    """
    known = (folder / split, folder / "images" / split, folder / "images")
    found = next((one for one in known if one.is_dir()), None)
    if found is None:
        raise SightGraphError(
            f"the photographs of {split} are missing. Looked in {', '.join(map(str, known))}."
        )
    return found


def read_caption_file(file: Path) -> list[tuple[int, str, tuple[str, ...]]]:
    """Return id, file name and captions of each photograph of a captions_*.json, by their ids.

    Raises:
        SightGraphError: it cannot be read, or is of another format.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        names = {int(one["id"]): str(one["file_name"]) for one in content["images"]}
        captions: dict[int, list[str]] = {number: [] for number in names}
        for one in content["annotations"]:
            captions[one["image_id"]].append(str(one["caption"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as COCO captions: {error!r}. It has the keys 'images' and "
            "'annotations', as captions_val2017.json."
        ) from error
    return [(number, names[number], tuple(captions[number])) for number in sorted(names)]


Transform = Callable[[Image.Image], Any]


def resize_and_crop(side: int = SIDE) -> Transform:
    """Return the transform to a square: the shorter side to 8/7 of `side`, then the centre."""
    from torchvision import transforms

    return transforms.Compose(  # type: ignore[no-any-return]
        [transforms.Resize(round(side * RESIZED)), transforms.CenterCrop(side)]
    )


def standard_transform(side: int = SIDE) -> Transform:
    """Return resize, centre crop, ToTensor, and the normalisation of ImageNet: [3, side, side].

    The image encoders of this library normalise by themselves: they take the image before the
    last step, in [0, 1].
    """
    from torchvision import transforms

    return transforms.Compose(  # type: ignore[no-any-return]
        [
            resize_and_crop(side),
            transforms.ToTensor(),
            transforms.Normalize(IMAGENET_MEAN, IMAGENET_DEVIATION),
        ]
    )


class CocoCaptions(Sequence[tuple[Any, list[str]]]):
    """Pairs (image, captions) in the order of the ids, as `torchvision.datasets.CocoCaptions`.

    images: the folder of the photographs; annotations: its captions_*.json.
    transform: of an RGB image; None: `standard_transform()`.

    Raises:
        SightGraphError: the file cannot be read; later: a photograph cannot.
    """

    def __init__(self, images: Path, annotations: Path, transform: Transform | None = None) -> None:
        self.images = images
        self.transform = transform or standard_transform()
        self.records = read_caption_file(annotations)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: Any) -> Any:
        """Return the pair at `index`, or a list of pairs of a slice."""
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        _, name, captions = self.records[index]
        return self.transform(Photo.open(self.images / name).image), list(captions)
