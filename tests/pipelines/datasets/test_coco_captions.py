"""pipelines/datasets/coco_captions.py: folders of COCO captions, and the standard transforms."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from torchvision import datasets as torchvision_datasets
from torchvision import transforms

from graph_fusion.encoders import IMAGE_ENCODERS
from kg.errors import SightGraphError
from pipelines.datasets.coco_captions import (
    CocoCaptions,
    read_captions,
    resize_and_crop,
    standard_transform,
)

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "own_captions"
IMAGES = EXAMPLE / "train2017"
ANNOTATIONS = EXAMPLE / "annotations" / "captions_train2017.json"


def test_pairs_are_those_of_torchvision() -> None:
    theirs = torchvision_datasets.CocoCaptions(
        str(IMAGES),
        str(ANNOTATIONS),
        transforms.Compose(
            [
                transforms.Resize(256),
                transforms.CenterCrop(224),
                transforms.ToTensor(),
                transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            ]
        ),
    )
    ours = CocoCaptions(IMAGES, ANNOTATIONS)
    assert len(ours) == len(theirs) == 12
    for number in (0, 7, 11):
        (image, captions), (expected, sentences) = ours[number], theirs[number]
        assert image.shape == (3, 224, 224)
        torch.testing.assert_close(image, expected)
        assert captions == sentences
    assert len(ours[2:4]) == 2


def test_the_encoders_normalise_what_is_cropped_by_themselves() -> None:
    image = Image.open(IMAGES / "000000000001.png").convert("RGB")
    pixels = transforms.ToTensor()(resize_and_crop(64)(image))
    encoder = IMAGE_ENCODERS.make("shufflenet_v2_x0_5")
    torch.testing.assert_close(encoder.standardise(pixels), standard_transform(64)(image))


def test_parts_follow_the_numbers_and_the_official_split() -> None:
    photos = read_captions(EXAMPLE)
    parts = {photo.number: photo.part for photo in photos}
    assert [number for number, part in parts.items() if part == "development"] == [6, 12]
    assert [number for number, part in parts.items() if part == "held-out"] == [14, 15, 16]
    assert all(photo.image.is_file() and len(photo.captions) == 2 for photo in photos)


@pytest.mark.parametrize("place", ["images/train2017", "images"])
def test_photographs_may_lie_in_a_folder_of_images(place: str, tmp_path: Path) -> None:
    shutil.copytree(IMAGES, tmp_path / place)
    shutil.copy(ANNOTATIONS, tmp_path)
    (first, *_) = read_captions(tmp_path)
    assert first.image == tmp_path / place / "000000000001.png"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="has no captions"):
        read_captions(tmp_path)
    shutil.copy(ANNOTATIONS, tmp_path)
    with pytest.raises(SightGraphError, match="photographs of train2017 are missing"):
        read_captions(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "captions_val2017.json").write_text(json.dumps({"images": []}))
    with pytest.raises(SightGraphError, match=r"captions_val2017.json' cannot be read"):
        read_captions(tmp_path)


def test_a_folder_like_coco_mini_is_read_with_its_parts(datasets: Path) -> None:
    photos = read_captions(datasets / "coco_mini")
    assert {photo.part for photo in photos} == {"train", "development", "held-out"}
    assert all(photo.captions and photo.image.is_file() for photo in photos)
