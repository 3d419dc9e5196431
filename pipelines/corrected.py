"""Answers from a graph that a person corrected, in place of what detector and perception find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Any

from PIL import Image

from kg import schema
from kg.errors import SightGraphError
from kg.formats import read_graph
from kg.formats.json import of_document
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.knowledge.edits import EDIT, EditedKnowledge, Edits
from kg.knowledge.facts import KnowledgeGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build.context import BuildContext
from pipelines.build.signals import add_signals
from pipelines.build.steps import LINKED_ATTRIBUTES
from pipelines.detections import Name
from pipelines.photo import Photo
from pipelines.seeing.geometry import relations
from pipelines.seeing.nothing import NoDetector, NoPerception
from pipelines.sightgraph import SightGraph

INSPECTOR = "inspector"
"""The origin of what a person added in the inspector."""
PERCEIVED = frozenset(
    {NodeKind.OBJECT, NodeKind.ATTRIBUTE, NodeKind.SCENE, NodeKind.TEXT, NodeKind.SIGNAL}
)
"""Kinds of nodes that a photograph and what is beside it show."""
MAX_EMPTY_SIDE = 4096
"""Pixels of a blank photograph's side: nothing is seen in it."""


@dataclass(frozen=True)
class CorrectedGraph:
    """What a photograph shows, as a person corrected it, and the facts to unset.

    Facts of origin "edit" in the graph are set.
    """

    graph: SceneGraph
    unset: tuple[str, ...] = ()

    @classmethod
    def read(cls, source: str | Path) -> CorrectedGraph:
        """Read a file of the inspector, or any graph that `kg.formats.read_graph` reads.

        Raises:
            SightGraphError: the file is missing or broken; the message gives the place.
        """
        path = Path(source)
        if path.suffix.lower() != ".json" or not path.is_file():
            return cls(read_graph(path))
        return cls.of_document(schema.read_json(path), path)

    @classmethod
    def of_document(cls, document: Any, source: str | Path = "the graph") -> CorrectedGraph:
        """Return the corrected graph of the JSON object that the inspector saves.

        Raises:
            SightGraphError: it is no graph; the message names `source` and the entry.
        """
        graph = of_document(document, source)
        try:
            return cls(graph, schema.texts(document.get("unset"), "unset"))
        except ValueError as error:
            raise SightGraphError(f"{source}: {error}.") from error

    def photo(self) -> Photo:
        """Return a blank photograph of the graph's size, for a question without the real one."""
        info = self.graph.photo or PhotoInfo("graph", 1, 1)
        size = (min(info.width, MAX_EMPTY_SIDE), min(info.height, MAX_EMPTY_SIDE))
        return Photo(Image.new("RGB", size, "white"), info.source, info.sha256)

    def in_place_of_eyes(self, sightgraph: SightGraph, edits: Edits | None = None) -> SightGraph:
        """Return the same models with this graph in place of detector, namer and perception.

        edits: further facts to set and to unset.

        Raises:
            SightGraphError: a fact that is set cannot be read.
        """
        builder = replace(sightgraph.builder, photo_steps=(self.add_to, add_signals))
        answering = replace(
            sightgraph,
            detector=NoDetector("corrected graph"),
            perception=NoPerception(),
            builder=builder,
            namer=None,
            text_reader=None,
        )
        own, further = self._edits(sightgraph), edits or Edits()
        both = Edits((*own.set, *further.set), (*own.unset, *further.unset))
        return answering.edited(both) if both else answering

    def add_to(self, graph: SceneGraph, context: BuildContext) -> SceneGraph:
        """Add what was seen and known; what is new is linked to its concepts and their facts.

        Left out is what came from the former question, and what is known of that alone.
        """
        own = self.graph.photo
        if own is not None and graph.photo is not None and own.sha256 == graph.photo.sha256:
            graph.photo = own  # the blank photograph of a question without the real one is smaller
        seen = SceneGraph(self.graph.photo)
        for node in self._without_question():
            seen.add(node)
        for edge in self.graph.edges():
            if edge.source in seen and edge.target in seen and not _is_set(edge):
                seen.connect(edge)
        for node in seen.nodes():
            graph.add(replace(node))
        for edge in seen.edges():
            graph.connect(edge)
        _add_spatial_of_new(graph)
        _link(graph, context)
        return graph

    def _without_question(self) -> list[Node]:
        """Return the nodes of the photograph, and the knowledge that they lead to."""
        found = {n.id for n in self.graph.nodes() if n.kind in PERCEIVED and n.span is None}
        queue = list(found)
        while queue:
            for edge in self.graph.edges_from(queue.pop()):
                if edge.target not in found and not _is_set(edge):
                    found.add(edge.target)
                    queue.append(edge.target)
        return [node for node in self.graph.nodes() if node.id in found]

    def _edits(self, sightgraph: SightGraph) -> Edits:
        """Return the facts to set, and those to unset that are known at all."""
        label = {node.id: node.label for node in self.graph.nodes()}
        texts = [
            f"{label[edge.source]} | {edge.relation} | {label[edge.target]}"
            for edge in self.graph.edges(EdgeKind.FACT)
            if edge.origin == EDIT
        ]
        stores = [finder.store for finder in sightgraph.builder.finders]
        knowledge = sightgraph.builder.knowledge
        unset = [text for text in self.unset if _is_known(text, knowledge, stores)]
        return Edits(tuple(dict.fromkeys(texts)), tuple(unset))


def _is_set(edge: Edge) -> bool:
    """Whether an edge is a fact that a person set: the edited knowledge adds it."""
    return edge.kind == EdgeKind.FACT and edge.origin == EDIT


def _is_known(text: str, knowledge: KnowledgeGraph, stores: Sequence[KnowledgeGraph]) -> bool:
    """Whether the fact can be unset; one of knowledge that is not loaded need not be."""
    try:
        EditedKnowledge(knowledge, Edits(unset=[text]), stores)
    except SightGraphError:
        return False
    return True


def _add_spatial_of_new(graph: SceneGraph) -> None:
    """Add the spatial relations of the objects whose boxes a person drew."""
    photo = graph.photo
    located = [node for node in graph.nodes(NodeKind.OBJECT) if node.box is not None]
    for a, b in permutations(located, 2):
        if photo is None or INSPECTOR not in (a.origin, b.origin):
            continue
        assert a.box is not None
        assert b.box is not None
        for name, score in relations(a.box, b.box, photo.width, photo.height).items():
            graph.connect(Edge(a.id, b.id, EdgeKind.SPATIAL, name, "geometry", score))


def _link(graph: SceneGraph, context: BuildContext) -> None:
    """Link what is not linked to what it names, and add what is known of objects and texts."""
    for node in graph.nodes():
        linked = [one.target for one in graph.edges_from(node.id) if one.kind == EdgeKind.LINK]
        if not linked:
            linked = _new_links(graph, node, context)
        if node.kind in (NodeKind.OBJECT, NodeKind.TEXT, NodeKind.SIGNAL):
            for concept in linked:
                context.concepts.add_outgoing(graph, concept)


def _new_links(graph: SceneGraph, node: Node, context: BuildContext) -> list[str]:
    """Link a node to the concepts that its label denotes, as the builder's steps do."""
    if node.kind in (NodeKind.OBJECT, NodeKind.SIGNAL):
        found = context.concepts.of_name(Name(node.label, 1.0))
        for concept, score in found:
            context.concepts.connect(graph, node.id, concept, score)
        return [concept for concept, _ in found]
    stated = {edge.relation for edge in graph.edges_to(node.id)}
    if node.kind == NodeKind.SCENE or (
        node.kind == NodeKind.ATTRIBUTE and not stated.isdisjoint(LINKED_ATTRIBUTES)
    ):
        return context.concepts.link(graph, node, node.label)
    if node.kind == NodeKind.TEXT and context.concepts.linker.knows(node.label):
        return context.concepts.link(graph, node, node.label)
    return []
