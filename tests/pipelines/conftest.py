"""Parts that take seconds to load, loaded once."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kg.knowledge.memory import Knowledge
from pipelines.build.builder import GraphBuilder
from pipelines.datasets.coco import TRAIN_SPLIT, VAL_SPLIT
from pipelines.detectors import COCO_IDS, COCO_LABELS
from pipelines.generate.knowledge_scenes import SceneQuestion, write_parts
from pipelines.photo import Photo
from pipelines.reading.parser import Parser
from pipelines.sightgraph import SightGraph


@pytest.fixture(scope="session")
def builder() -> GraphBuilder:
    return GraphBuilder(Knowledge.bundled())


@pytest.fixture(scope="session")
def parser() -> Parser:
    return Parser()


@pytest.fixture(scope="session")
def sightgraph() -> SightGraph:
    """The bundled one; it is frozen, and a variant is a copy."""
    return SightGraph.from_pretrained()


WIDTH, HEIGHT = 320, 240
TRAIN_PHOTOS, VAL_PHOTOS, OBJECTS = 40, 16, 6


def annotation(number: int, photo: int, chance: Random) -> dict[str, Any]:
    width, height = chance.randint(50, 150), chance.randint(50, 120)
    left, top = chance.randint(0, WIDTH - width), chance.randint(0, HEIGHT - height)
    return {
        "id": number,
        "image_id": photo,
        "category_id": chance.choice(COCO_IDS),
        "bbox": [left, top, width, height],
        "iscrowd": 0,
    }


@pytest.fixture(scope="session")
def scenes_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like coco_mini: grey photographs, and boxes at random with random labels."""
    folder, chance = tmp_path_factory.mktemp("scenes"), Random(0)
    images, annotations = [], []
    for photo in range(TRAIN_PHOTOS + VAL_PHOTOS):
        split = TRAIN_SPLIT if photo < TRAIN_PHOTOS else VAL_SPLIT
        name = f"images/{split}/{photo:03}.png"
        images.append(
            {"id": photo, "file_name": name, "width": WIDTH, "height": HEIGHT, "split": split}
        )
        found = [annotation(photo * OBJECTS + i, photo, chance) for i in range(OBJECTS)]
        found[1]["category_id"] = found[0]["category_id"]  # two of a kind
        annotations += found
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), 128, np.uint8)).save(folder / name)
    labels = zip(COCO_IDS, COCO_LABELS, strict=True)
    categories = [{"id": number, "name": label} for number, label in labels]
    written = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(written))
    return folder


@pytest.fixture(scope="session")
def scene_parts(scenes_folder: Path) -> dict[str, list[SceneQuestion]]:
    return write_parts(scenes_folder, questions=5)


CAPTIONS = {
    "cat": ["a cat looks up", "a striped cat", "the cat has whiskers"],
    "coffee": ["a cup of coffee on a table", "coffee in a white cup"],
    "astronaut": ["a woman in an orange suit", "an astronaut smiles"],
    "motorcycle": ["a red motorcycle in a garage"],
}
"""Of photographs in scikit-image's wheel."""


@pytest.fixture(scope="session")
def captioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets with four captioned photographs, and `seen` for what is seen there."""
    data = tmp_path_factory.mktemp("captioned")
    for folder, photos in (
        ("flickr8k", {"cat": "train", "astronaut": "val"}),
        ("flickr8k_1k", {"coffee": "train"}),
        ("coco_mini", {"motorcycle": TRAIN_SPLIT}),
    ):
        images, annotations = [], []
        for number, (name, split) in enumerate(photos.items()):
            image = Photo.open(f"example:{name}").image.resize((160, 120))
            file = f"images/{name}_{number:09}.png"
            (data / folder / file).parent.mkdir(parents=True, exist_ok=True)
            image.save(data / folder / file)
            size = {"width": 160, "height": 120}
            images.append({"id": number, "file_name": file, "split": split, **size})
            annotations += [{"image_id": number, "caption": one} for one in CAPTIONS[name]]
        written = {"images": images, "annotations": annotations, "categories": []}
        if folder == "coco_mini":
            (data / folder / "captions.json").write_text(json.dumps(written))
            written = {**written, "annotations": []}
        (data / folder / "annotations.json").write_text(json.dumps(written))
    return data


@pytest.fixture(scope="session")
def tower_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Towers of a search that have learned nothing: what is found is found by the graphs."""
    import torch

    from graph_fusion.search_model import SearchConfig, SearchModel
    from pipelines.search.agreement import FEATURES, Frequencies
    from pipelines.search.towers import Bank, Weights, write_bank, write_frequencies
    from pipelines.training.search.search import save_search

    folder = tmp_path_factory.mktemp("towers")
    torch.manual_seed(0)
    model = SearchModel(SearchConfig(hidden=16, layers=1, trained=0, heads=4))
    save_search(folder, model, Weights(1.0, tuple(9.0 * (one == "found") for one in FEATURES)))
    write_bank(folder, Bank(np.eye(16, dtype=np.float32), np.eye(16, dtype=np.float32)))
    write_frequencies(folder, Frequencies(0, {}))
    return folder
