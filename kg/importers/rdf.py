"""Turtle and JSON-LD back to a graph."""

from __future__ import annotations

import json
from pathlib import Path

from rdflib import Graph

from kg.errors import SightGraphError
from kg.exporters.rdf import GRAPH_NODE, TERMS
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.importers.json import edge_of, node_of
from kg.rdf_files import parse_file

_NODE_FIELDS = ("id", "kind", "label", "origin", "score", "box", "span")
_EDGE_FIELDS = ("source", "target", "kind", "relation", "origin", "score", "span", "via")


def read_turtle(source: Path) -> SceneGraph:
    """Return the graph that `kg.exporters.rdf` wrote.

    Raises:
        SightGraphError: the file is broken (with line), or holds no scene graph.
    """
    return scene_of(parse_file(source), source)


read_jsonld = read_turtle


def scene_of(rdf: Graph, source: Path) -> SceneGraph:
    """Return the scene graph that `rdf`, read from `source`, holds.

    Raises:
        SightGraphError: it holds none, or a broken one.
    """
    if (GRAPH_NODE, None, TERMS.SceneGraph) not in rdf:
        raise SightGraphError(f"'{source}' holds no scene graph of SightGraph.")
    photo, text = rdf.value(GRAPH_NODE, TERMS.photo), rdf.value(GRAPH_NODE, TERMS.text)
    try:
        graph = SceneGraph(
            None if photo is None else PhotoInfo(*json.loads(str(photo))),
            None if text is None else json.loads(str(text)),
        )
        for node in _nodes(rdf):
            graph.add(node)
        for edge in _edges(rdf):
            graph.connect(edge)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SightGraphError(f"'{source}': a node or edge is broken: {error}.") from error
    return graph


def _nodes(rdf: Graph) -> list[Node]:
    fields = [json.loads(str(text)) for text in rdf.objects(None, TERMS.node)]
    ordered = sorted(fields, key=lambda one: int(one[-1]))
    return [node_of(dict(zip(_NODE_FIELDS, one[:-1], strict=True))) for one in ordered]


def _edges(rdf: Graph) -> list[Edge]:
    numbered = sorted(
        (int(str(statement).rpartition("/")[2]), str(text))
        for statement, text in rdf.subject_objects(TERMS.edge)
    )
    return [edge_of(dict(zip(_EDGE_FIELDS, json.loads(text), strict=True))) for _, text in numbered]
