"""Short rendered videos, and eyes that know where their things are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.facts import KnowledgeGraph
from pipelines.answering.evidence import Answer, Candidate, Evidence, completed
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection
from pipelines.generate.videos.actors import SIZES, Script
from pipelines.generate.videos.noise import detections
from pipelines.generate.videos.pixels import frames, write_video
from pipelines.generate.videos.scripts import script
from pipelines.photo import Photo
from pipelines.reading.parser import Parser
from pipelines.video.frames import Video
from pipelines.video.watch import WatchedVideo, watch

PICKS_UP, PUTS_DOWN, FOLLOWS, SITS = 1002, 1011, 1005, 1006
"""Seeds of scripts."""


@dataclass
class KnownBoxes:
    """A detector that gives the boxes of each frame by its number."""

    boxes: Sequence[list[Detection]]
    name: str = "drawn"

    def __call__(self, photo: Photo) -> list[Detection]:
        return self.boxes[int(photo.source.rpartition("/")[2])]


@dataclass
class DrawnEyes:
    """Eyes whose detector knows the boxes; every question about a frame is answered "red"."""

    detector: KnownBoxes
    builder: GraphBuilder
    parser: Parser
    namer: None = None
    asked: list[str] = field(default_factory=list)

    @property
    def knowledge(self) -> KnowledgeGraph:
        return self.builder.knowledge

    def graph_of(self, photo: Photo, detections: Sequence[Detection]) -> SceneGraph:
        info = PhotoInfo(photo.source, photo.width, photo.height, photo.sha256)
        return self.builder(detections, info)

    def ask(self, photo: Photo, question: str) -> Answer:
        self.asked.append(question)
        found = completed([Candidate("red", 0.75)])
        return Answer(question, "red", found, Evidence(), SceneGraph())


def render(made: Script, target: Path, seed: int) -> Path:
    """Draw a script with plain coloured shapes."""
    shades = {
        label: [Image.new("RGBA", (20, 20), (40 * place % 255, 90, 240 - 20 * place, 255))]
        for place, label in enumerate(SIZES)
    }
    ground = Image.new("RGB", (8, 8), (90, 99, 110))
    write_video(target, frames(made, shades, ground, seed, grain=0))
    return target


Seen = Callable[[int], tuple[DrawnEyes, WatchedVideo]]


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory, builder: GraphBuilder, parser: Parser) -> Seen:
    """Render and watch the video of a seed, once."""
    folder = tmp_path_factory.mktemp("videos")
    known: dict[int, tuple[DrawnEyes, WatchedVideo]] = {}

    def of(seed: int) -> tuple[DrawnEyes, WatchedVideo]:
        if seed not in known:
            made = script(seed)
            file = render(made, folder / f"{seed}.mp4", seed)
            eyes = DrawnEyes(KnownBoxes([*detections(made, seed)]), builder, parser)
            known[seed] = eyes, watch(eyes, Video.open(file))
        return known[seed]

    return of


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two seconds in which a white bar goes from left to right, 10 frames a second."""
    target = tmp_path / "bar.mp4"

    def pictures() -> list[np.ndarray]:
        found = [np.zeros((48, 64, 3), np.uint8) for _ in range(20)]
        for place, one in enumerate(found):
            one[:, 2 * place : 2 * place + 8] = 255
        return found

    write_video(target, iter(pictures()))
    return target
