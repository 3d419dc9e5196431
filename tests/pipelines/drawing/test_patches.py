"""pipelines/drawing/patches: pieces of photographs with boxes."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from PIL import Image

from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.drawing.drawer import Drawer
from pipelines.drawing.patches import Patch, Patches, cut, read_patches, softened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A COCO folder: one photograph, with a dog in red and a sofa in green."""
    image = Image.new("RGB", (200, 100), "white")
    image.paste((255, 0, 0), (10, 10, 70, 60))
    image.paste((0, 255, 0), (100, 20, 190, 90))
    (tmp_path / "images").mkdir()
    image.save(tmp_path / "images" / "a.png")
    boxes = [(1, [10, 10, 60, 50]), (2, [100, 20, 90, 70]), (1, [0, 0, 5, 5])]
    written = {
        "images": [{"id": 1, "file_name": "images/a.png", "width": 200, "height": 100}],
        "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "couch"}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": kind, "bbox": box, "iscrowd": 0}
            for n, (kind, box) in enumerate(boxes)
        ],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(written))
    return tmp_path


def patches_of(folder: Path, drawer: Drawer) -> Patches:
    return Patches(read_patches(folder), drawer.builder.knowledge, drawer.linker)


def test_pieces_are_found_by_name_and_by_kind(folder: Path, drawer: Drawer) -> None:
    patches = patches_of(folder, drawer)
    assert len(patches) == 2  # the third is too small
    box, chance = Box(0, 0, 60, 50), random.Random(0)
    for name, label in (("dog", "dog"), ("sofa", "couch"), ("beagle", "dog"), ("animal", "dog")):
        found = patches.choose(name, box, chance)
        assert found is not None
        assert found.label == label
    assert patches.choose("xyzzy", box, chance) is None


def test_a_piece_is_cut_and_gets_a_soft_edge(folder: Path) -> None:
    piece = cut(read_patches(folder)[0])
    assert piece.size == (60, 50)
    assert piece.getpixel((5, 5)) == (255, 0, 0)
    soft = softened(piece, 120, 100)
    assert soft.size == (120, 100)
    assert soft.getpixel((0, 0))[3] < 128  # type: ignore[index]
    assert soft.getpixel((60, 50)) == (255, 0, 0, 255)


def test_a_picture_of_pieces_shows_them_in_both_formats(folder: Path, drawer: Drawer) -> None:
    found = drawer("a dog on a sofa", 0, patches_of(folder, drawer))
    assert set(found.patches) == {0, 1}
    x, y = found.layout.boxes[0].centre
    assert found.image.getpixel((round(x), round(y))) == (255, 0, 0)
    assert found.svg.count("data:image/png;base64,") == 2
    assert found.svg == drawer("a dog on a sofa", 0, patches_of(folder, drawer)).svg
    assert found.as_json()["things"][0]["patch"]["file"] == "a.png"


def test_what_is_no_folder_of_boxes_is_told(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(SightGraphError, match="no annotations"):
        read_patches(tmp_path / "images")
    (folder / "images" / "a.png").unlink()
    with pytest.raises(SightGraphError, match="names no photograph"):
        read_patches(folder)


def test_annotations_lead_to_no_file_outside_their_folder(folder: Path) -> None:
    (folder / "inner").mkdir()
    text = (folder / "annotations.json").read_text().replace("images/a.png", "../images/a.png")
    (folder / "inner" / "annotations.json").write_text(text)
    with pytest.raises(SightGraphError, match="names no photograph"):
        read_patches(folder / "inner")


def test_a_name_with_a_null_byte_is_none_of_a_file(folder: Path) -> None:
    file = folder / "annotations.json"
    file.write_text(file.read_text().replace("images/a.png", "a\\u0000.png"))
    with pytest.raises(SightGraphError, match="no photograph that lies beside it"):
        read_patches(folder)


def test_a_box_outside_of_its_photograph_is_told(folder: Path) -> None:
    with pytest.raises(SightGraphError, match="outside"):
        cut(Patch("dog", folder / "images" / "a.png", Box(900, 900, 990, 990)))
