"""Cypher, for `cypher-shell --file` and Neo4j Browser."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.formats.json import as_json
from kg.formats.rdf import Names
from kg.graph import SceneGraph

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import Highlights


NESTED = frozenset({"intervals", "recording"})
"""Fields that are written as JSON: a property is no map and no list of lists."""


def write_cypher(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write one statement for each node and edge; to run it again changes nothing.

    A node's `iri` is its name in the Turtle export, so that graphs of several photographs merge.
    """
    lines = ["CREATE CONSTRAINT sightgraph_iri IF NOT EXISTS FOR (n:SightGraph)"]
    lines[0] += " REQUIRE n.iri IS UNIQUE;"
    for node in neo4j_nodes(graph):
        label, iri = node.pop("label_of_kind"), quote(node.pop("iri"))
        lines.append(f"MERGE (n:SightGraph {{iri: {iri}}}) SET n:{label}, n += {_map(node)};")
    for edge in neo4j_edges(graph):
        kind, name = edge.pop("type"), quote(edge.pop("iri"))
        source, end = quote(edge.pop("source")), quote(edge.pop("target"))
        lines.append(
            f"MATCH (a:SightGraph {{iri: {source}}}), (b:SightGraph {{iri: {end}}}) "
            f"MERGE (a)-[r:{kind} {{iri: {name}}}]->(b) SET r += {_map(edge)};"
        )
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def neo4j_nodes(graph: SceneGraph) -> list[dict[str, Any]]:
    """Return the nodes' properties, with `iri` and `label_of_kind` ("Object")."""
    names = Names.of(graph)
    iris = {node.id: str(names.node(node)) for node in graph.nodes()}
    photo = {"photo": graph.photo.source} if graph.photo is not None else {}
    found = []
    for node in as_json(graph)["nodes"]:
        about = {} if node["kind"] in ("concept", "literal") else photo
        kind = str(node.pop("kind"))
        iri = iris[node["id"]]
        if "box" in node:
            node["box"] = [*map(float, node["box"])]  # an array has one type
        for name in NESTED & node.keys():
            node[name] = json.dumps(node[name])
        found.append({"iri": iri, "label_of_kind": kind.capitalize(), **node, **about})
    return found


def neo4j_edges(graph: SceneGraph) -> list[dict[str, Any]]:
    """Return the edges' properties, with `iri`, `source` and `target` by IRI, and `type`."""
    names = Names.of(graph)
    iris = {node.id: str(names.node(node)) for node in graph.nodes()}
    found = []
    for number, edge in enumerate(as_json(graph)["edges"]):
        ends = {"source": iris[edge["source"]], "target": iris[edge["target"]]}
        kind = re.sub(r"[^A-Z0-9]+", "_", edge["relation"].upper()).strip("_")
        type_ = kind if re.match("[A-Z]", kind) else f"R_{kind}".rstrip("_")
        nested = {name: json.dumps(edge[name]) for name in NESTED & edge.keys()}
        found.append({**edge, **nested, **ends, "iri": str(names.edge(number)), "type": type_})
    return found


def quote(text: str) -> str:
    """Return `text` as a Cypher string, which has the escapes of JSON."""
    return json.dumps(text)


def _map(properties: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {_value(v)}" for name, v in properties.items()) + "}"


def _value(value: Any) -> str:
    """Return a text, a number without exponent, or a list of either, as Cypher writes it."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else json.dumps(value)
