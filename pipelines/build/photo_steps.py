"""Steps of the builder that add what the photograph shows: objects, layout, perception."""

from __future__ import annotations

from itertools import permutations

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build.context import BuildContext
from pipelines.seeing.geometry import relations
from pipelines.seeing.perception_types import HAS_COLOUR, MAY_BE_MADE_OF, MAY_HAVE_SHAPE

LINKED_ATTRIBUTES = {HAS_COLOUR, MAY_BE_MADE_OF, MAY_HAVE_SHAPE}
"""Attributes that the knowledge graph has as concepts."""


def add_objects(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the i-th detection as the node `object:i`, with its concepts and their facts."""
    for index, one in enumerate(context.detections):
        node = graph.add(
            Node(f"object:{index}", NodeKind.OBJECT, one.label, one.origin, one.score, one.box)
        )
        for concept in context.concepts.link(graph, node, one.label):
            context.concepts.add_outgoing(graph, concept)
    return graph


def add_spatial(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the spatial relations of all pairs of boxes, if the photograph's size is known."""
    if graph.photo is None:
        return graph
    located = [node for node in graph.nodes(NodeKind.OBJECT) if node.box is not None]
    for a, b in permutations(located, 2):
        assert a.box is not None
        assert b.box is not None
        found = relations(a.box, b.box, graph.photo.width, graph.photo.height)
        for name, score in found.items():
            graph.connect(Edge(a.id, b.id, EdgeKind.SPATIAL, name, "geometry", score))
    return graph


def add_attributes(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the attributes that perception found of each object: one node a word."""
    for index, attributes in enumerate(context.perceived.attributes):
        for one in attributes:
            node = graph.add(Node(f"seen:{one.label}", NodeKind.ATTRIBUTE, one.label, one.origin))
            graph.connect(
                Edge(
                    f"object:{index}",
                    node.id,
                    EdgeKind.SEMANTIC,
                    one.relation,
                    one.origin,
                    one.score,
                )
            )
            if one.relation in LINKED_ATTRIBUTES:
                context.concepts.link(graph, node, one.label)
    return graph


def add_visual_relations(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the relations between objects that perception found."""
    for one in context.perceived.relations:
        source, target = f"object:{one.subject}", f"object:{one.object}"
        graph.connect(
            Edge(source, target, EdgeKind.SEMANTIC, one.predicate, "relations", one.score)
        )
    return graph


def add_scenes(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Add the scenes that the whole photograph shows, with their concepts."""
    for one in context.perceived.scenes:
        node = graph.add(Node(f"scene:{one.label}", NodeKind.SCENE, one.label, "scenes", one.score))
        context.concepts.link(graph, node, one.label)
    return graph
