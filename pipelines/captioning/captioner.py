"""From a photograph to a sentence about it, in which every thing links to the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from graph_fusion.caption_model import STYLES, CaptionModel, Vocabulary
from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.scene_model import scene_batch, scene_of
from graph_fusion.tensors import TextTable
from kg.errors import unknown_name
from kg.files import bundled
from kg.graph import Node, SceneGraph, Span
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.photo import Photo, PhotoSource
from pipelines.scene import SeenScene, see
from pipelines.sightgraph import SightGraph

BEAMS = 5
LENGTH_POWERS = {"usual": 1.0, "short": 0.7, "detailed": 1.3}
"""How far long sentences are preferred, by style (`graph_fusion.heads.decoder.beam`)."""
SEEN = (NodeKind.OBJECT, NodeKind.SCENE, NodeKind.TEXT)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A thing that a caption names. span: of its noun, in characters of the caption.

    nodes: what in the photograph's graph it is, the surest first; none: the graph does not hold
        it, and only the network says so.
    """

    text: str
    span: Span
    nodes: tuple[Node, ...]

    @property
    def held(self) -> bool:
        """Whether the graph holds it."""
        return bool(self.nodes)


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence about a photograph. graph: the photograph's, with the sentence linked into it."""

    text: str
    phrases: tuple[Phrase, ...]
    graph: SceneGraph
    model: str

    def as_json(self) -> dict[str, Any]:
        """Return the caption, and what each of its phrases rests on."""
        return {
            "caption": self.text,
            "model": self.model,
            "phrases": [
                {
                    "text": one.text,
                    "span": list(one.span),
                    "held": one.held,
                    "nodes": [
                        {
                            "id": node.id,
                            "label": node.label,
                            "score": node.score,
                            "box": node.box and list(node.box),
                        }
                        for node in one.nodes
                    ],
                }
                for one in self.phrases
            ],
        }


class Writer(Protocol):
    """Writes a sentence about a photograph; the bundled network does, and those of a hub."""

    name: str

    def write(self, sightgraph: SightGraph, photo: Photo, beams: int, style: str) -> str:
        """Return a sentence, in lower case and without a full stop."""
        ...


class Captioner:
    """The bundled writer: a decoder over the fused tokens of the photograph's graph and grid.

    folder: what `sightgraph train captions` wrote; the bundled one by default.

    Raises:
        SightGraphError: the folder does not hold what the training wrote.
    """

    name = "scene_graph"

    def __init__(self, folder: Path | None = None, encoder: TextEncoder | None = None) -> None:
        self.model = CaptionModel.load(folder or bundled("models", "captions"))
        self.encoder = encoder or TEXT_ENCODERS.make("minilm")
        self.vocabulary = Vocabulary(self.model.config.words)

    def write(self, sightgraph: SightGraph, photo: Photo, beams: int, style: str) -> str:
        """Return a sentence about one photograph."""
        return self.write_all([see(sightgraph, photo)], beams, style)[0]

    def write_all(
        self, scenes: Sequence[SeenScene], beams: int = BEAMS, style: str = "usual"
    ) -> list[str]:
        """Return a sentence about each of many photographs.

        Raises:
            UnknownNameError: there is no such style.
            SightGraphError: `beams` is below 1.
        """
        if style not in STYLES:
            raise unknown_name("style", style, STYLES)
        if not scenes:
            return []
        table = TextTable()
        read = [
            scene_of(one.graph, one.cells, one.regions, table, self.model.config.reads)
            for one in scenes
        ]
        styles = torch.full((len(read),), STYLES.index(style))
        batch = scene_batch(read, self.encoder(table.texts()), styles)
        with torch.inference_mode():
            written = self.model.write(batch, beams, LENGTH_POWERS[style])
        return [self.vocabulary.text(row) for row in written.words.tolist()]


def describe(
    sightgraph: SightGraph,
    writer: Writer,
    source: PhotoSource,
    beams: int = BEAMS,
    style: str = "usual",
) -> Caption:
    """Write a sentence about a photograph, and link what it names to the photograph's graph.

    Raises:
        SightGraphError: the photograph cannot be read, or an option is wrong.
    """
    photo = Photo.open(source)
    text = writer.write(sightgraph, photo, beams, style)
    detections = sightgraph.detect(photo)
    graph = sightgraph.graph_of(photo, detections, sightgraph.parser(text))
    return Caption(text, phrases_of(graph), graph, writer.name)


def phrases_of(graph: SceneGraph) -> tuple[Phrase, ...]:
    """Return the things that the graph's text names, in the order of the text."""
    assert graph.text is not None, "the graph was built with a text"
    found = []
    for entity in graph.nodes(NodeKind.ENTITY):
        if entity.span is not None:
            start, end = entity.span
            found.append(Phrase(graph.text[start:end], entity.span, _seen_as(graph, entity)))
    return tuple(sorted(found, key=lambda one: one.span))


def _seen_as(graph: SceneGraph, entity: Node) -> tuple[Node, ...]:
    """Return what of the photograph an entity is: objects it mentions, else what means the same."""
    edges = graph.edges_from(entity.id)
    mentioned = [graph.node(one.target) for one in edges if one.kind == EdgeKind.MENTION]
    concepts = {one.target for one in edges if one.kind == EdgeKind.LINK}
    same = [
        graph.node(one.source)
        for concept in concepts
        for one in graph.edges_to(concept)
        if one.kind == EdgeKind.LINK and graph.node(one.source).kind in SEEN
    ]
    nodes = {one.id: one for one in (*mentioned, *([] if mentioned else same))}
    return tuple(sorted(nodes.values(), key=lambda one: -one.score))


__all__ = ["Caption", "Captioner", "Phrase", "Writer", "describe", "phrases_of"]
