"""A scene graph as a networkx graph of plain attributes, and as RDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx
from rdflib import Graph

from kg.errors import SightGraphError
from kg.formats.json import edge_of, graph_of, node_of, recording_values
from kg.formats.rdf import as_rdf, scene_of
from kg.graph import Box, Edge, Interval, Node, PhotoInfo, Recording, SceneGraph

_NODE = [field.name for field in fields(Node) if field.name != "id"]
_EDGE = [field.name for field in fields(Edge) if field.name not in ("source", "target")]
_PHOTO = [field.name for field in fields(PhotoInfo)]
_PHOTO_PREFIX = "photo_"
_UNKNOWN = {"sha256": ("",), "duration": (0.0,)}
"""Values of a photograph's fields that are no attributes."""


def to_networkx(scene: SceneGraph) -> nx.MultiDiGraph[str]:
    """Return `scene` with each field of its nodes and edges as an attribute.

    A box or span that is not there, and an empty `via`, is no attribute. The graph has `text`,
    `photo_source`, `photo_width`, `photo_height`, `photo_sha256` and `photo_duration`, where there
    are such. Order and edge keys are kept.

    >>> from kg.vocabulary import NodeKind
    >>> scene = SceneGraph(PhotoInfo("cat.jpg", 640, 480))
    >>> _ = scene.add(Node("object:0", NodeKind.OBJECT, "cat", "bundled", 0.9))
    >>> graph = to_networkx(scene)
    >>> graph.nodes["object:0"], graph.graph["photo_width"]
    ({'kind': 'object', 'label': 'cat', 'origin': 'bundled', 'score': 0.9}, 640)
    >>> from_networkx(graph) == scene
    True
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    if scene.text is not None:
        graph.graph["text"] = scene.text
    if scene.photo is not None:
        values = {name: getattr(scene.photo, name) for name in _PHOTO}
        known = {
            name: value for name, value in values.items() if value not in _UNKNOWN.get(name, ())
        }
        graph.graph.update({_PHOTO_PREFIX + name: value for name, value in known.items()})
    for node in scene.nodes():
        graph.add_node(node.id, **_plain(node, _NODE))
    for source, target, key, edge in scene.networkx.edges(keys=True, data="edge"):
        graph.add_edge(source, target, key)
        graph.edges[source, target, key].update(_plain(edge, _EDGE))
    return graph


def from_networkx(graph: nx.Graph[Any]) -> SceneGraph:
    """Return the scene graph that `to_networkx` made `graph` from.

    Raises:
        SightGraphError: a field is missing or wrong, or an attribute is no field; the message
            gives the place.
    """
    if not graph.is_directed():
        raise SightGraphError(
            "a scene graph is directed, and this graph is not. Convert it with `to_directed()`."
        )
    names = [_PHOTO_PREFIX + name for name in _PHOTO]
    _check_known(graph.graph, ["text", *names], "the graph")
    scene: SceneGraph = _made(_empty_scene, graph.graph, "it")
    for node_id, attributes in graph.nodes(data=True):
        what = f"the node {node_id!r}"
        if not isinstance(node_id, str):
            raise SightGraphError(f"{what} must have a text as its id. Rename it.")
        _check_known(attributes, _NODE, what)
        scene.add(_made(partial(node_of, text=scene.text), attributes | {"id": node_id}, what))
    for source, target, attributes in graph.edges(data=True):
        what = f"the edge {source!r} - {target!r}"
        _check_known(attributes, _EDGE, what)
        ends = {"source": source, "target": target}
        scene.connect(_made(partial(edge_of, text=scene.text), attributes | ends, what))
    return scene


def to_rdf(scene: SceneGraph) -> Graph:
    """Return `scene` as RDF, in the vocabulary of the Turtle export."""
    return as_rdf(scene)


def from_rdf(rdf: Graph) -> SceneGraph:
    """Return the scene graph that `to_rdf` wrote, equal.

    Raises:
        SightGraphError: there is none in `rdf`, or a part is broken.
    """
    return scene_of(rdf, Path("the RDF graph"))


def _empty_scene(attributes: Mapping[Any, Any]) -> SceneGraph:
    names = {name: _PHOTO_PREFIX + name for name in _PHOTO}
    known = any(name in attributes for name in names.values())
    given = {name: key for name, key in names.items() if name not in _UNKNOWN or key in attributes}
    photo = {name: attributes[key] for name, key in given.items()} if known else None
    return graph_of(photo, attributes.get("text"))


def _plain(thing: Node | Edge, names: list[str]) -> dict[str, Any]:
    values = {name: getattr(thing, name) for name in names}
    plain = {name: _plain_value(one) for name, one in values.items()}
    return {
        name: value
        for name, value in plain.items()
        if value not in (None, ()) and (name, value) != ("predicate", "")
    }


def _plain_value(value: Any) -> Any:
    """Return a value that other libraries know: no enum, boxes and times as plain tuples."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Recording):
        return recording_values(value)
    if isinstance(value, Box):
        return tuple(value)
    is_timed = isinstance(value, tuple) and value and isinstance(value[0], Interval)
    return tuple(map(tuple, value)) if is_timed else value


def _check_known(attributes: Mapping[Any, Any], known: list[str], what: str) -> None:
    for name in attributes:
        if name not in known:
            raise SightGraphError(
                f"{what} has the attribute {name!r}, for which a scene graph has no field. Delete "
                "it, or keep the networkx graph, which holds it."
            )


def _made(make: Any, attributes: dict[str, Any], what: str) -> Any:
    try:
        return make(attributes)
    except KeyError as error:
        raise SightGraphError(f"{what} lacks the attribute {error}. Add it.") from error
    except (TypeError, ValueError, IndexError) as error:
        raise SightGraphError(f"{what} is no part of a scene graph: {error}.") from error
