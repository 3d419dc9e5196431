"""A photograph with two dogs, a person, a cup and a table, and models that see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from PIL import Image

from kg.graph import Box
from pipelines.detections import Detection
from pipelines.dialog import Dialog
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph

OBJECTS = (
    ("dog", 0.95, (20, 100, 120, 230)),
    ("dog", 0.90, (220, 120, 300, 220)),
    ("person", 0.85, (130, 20, 190, 230)),
    ("cup", 0.80, (200, 60, 215, 80)),
    ("dining table", 0.75, (190, 75, 310, 160)),
)
"""object:0 is the left dog, object:1 the right one."""


class Seen:
    """A detector that has seen the same everywhere."""

    name = "seen"

    def __call__(self, photo: Photo) -> list[Detection]:
        return [Detection(label, score, "seen", Box(*box)) for label, score, box in OBJECTS]


@pytest.fixture(scope="session")
def sightgraph() -> SightGraph:
    torch.set_num_threads(1)
    return replace(SightGraph.from_pretrained(Seen()), text_reader=None)


@pytest.fixture(scope="session")
def photo() -> Photo:
    return Photo(Image.new("RGB", (320, 240), "grey"), "yard.jpg")


@pytest.fixture
def begin(sightgraph: SightGraph, photo: Photo) -> Callable[[], Dialog]:
    """Begin a dialog about the photograph."""
    return lambda: Dialog.about(sightgraph, photo)
