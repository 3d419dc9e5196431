"""Turtle and JSON-LD: our own vocabulary, PROV-O for where a statement is from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rdflib import PROV, RDF, RDFS, XSD, Graph, Literal, Namespace, URIRef

from kg.errors import SightGraphError
from kg.formats.json import edge_of, graph_of, node_of, photo_fields, reason_of
from kg.graph import Edge, SceneGraph
from kg.knowledge.rdf_files import parse_file
from kg.vocabulary import ONTOLOGY, SCENE

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import Highlights


TERMS = Namespace(ONTOLOGY)
_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that is no part of a percent encoding, which no IRI may hold."""
GRAPH_NODE = URIRef(SCENE + "graph")


def write_turtle(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the graph as Turtle; `kg.formats.rdf` reads it back equal."""
    as_rdf(graph).serialize(target, format="turtle", encoding="utf-8")


def write_jsonld(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the graph as JSON-LD; `kg.formats.rdf` reads it back equal."""
    context = {"sgo": ONTOLOGY, "prov": str(PROV), "rdfs": str(RDFS), "xsd": str(XSD)}
    document = json.loads(as_rdf(graph).serialize(format="json-ld", context=context))
    text = json.dumps(_in_order(document), indent=1, ensure_ascii=False)
    target.write_text(text, encoding="utf-8")


def _in_order(part: Any) -> Any:
    """Return JSON-LD with sorted keys and lists: none of its lists has an order of its own."""
    if isinstance(part, dict):
        return {key: _in_order(part[key]) for key in sorted(part)}
    if isinstance(part, list):
        return sorted(map(_in_order, part), key=lambda one: json.dumps(one, ensure_ascii=False))
    return part


def as_rdf(graph: SceneGraph) -> Graph:
    """Return the graph as RDF.

    Every node is a resource of class sgo:Object, sgo:Concept ...; every edge a plain triple,
    and a resource of class sgo:Edge with its kind, origin, score and place. Texts are
    JSON strings, since RDF cannot hold every character.
    """
    rdf = Graph()
    for prefix, namespace in (("sgo", TERMS), ("prov", PROV), ("scene", Namespace(SCENE))):
        rdf.bind(prefix, namespace)
    rdf.add((GRAPH_NODE, RDF.type, TERMS.SceneGraph))
    if graph.photo is not None:
        photo = [graph.photo.source, graph.photo.width, graph.photo.height]
        rdf.add((GRAPH_NODE, TERMS.photo, Literal(json.dumps(photo))))
    if graph.text is not None:
        rdf.add((GRAPH_NODE, TERMS.text, Literal(json.dumps(graph.text))))
    for place, node in enumerate(graph.nodes()):
        resource = resource_of(node.id)
        rdf.add((resource, RDF.type, TERMS[node.kind.value.capitalize()]))
        rdf.add((resource, RDFS.label, Literal(_readable(node.label))))
        fields: list[Any] = [node.id, node.kind.value, node.label, node.origin, node.score]
        fields += [node.box, node.span, place]  # RDF itself has no order
        rdf.add((resource, TERMS.node, Literal(json.dumps(fields))))
        _attribute(rdf, resource, node.origin, node.score)
    for number, edge in enumerate(graph.edges()):
        _add_edge(rdf, edge, number)
    return rdf


def resource_of(node_id: str) -> URIRef:
    """Return a node's IRI: its id where that is one, else a name below `SCENE`."""
    safe = quote(node_id, safe=":/#?=&%+,;@!$'()*~.-_") == node_id
    if safe and "://" in node_id and not _BAD_PERCENT.search(node_id):
        return URIRef(node_id)
    return URIRef(SCENE + quote(node_id, safe=""))


def _add_edge(rdf: Graph, edge: Edge, number: int) -> None:
    source, target = resource_of(edge.source), resource_of(edge.target)
    relation = URIRef(SCENE + "relation/" + quote(edge.relation, safe=""))
    rdf.add((source, relation, target))
    rdf.add((relation, RDFS.label, Literal(_readable(edge.relation))))
    statement = URIRef(f"{SCENE}edge/{number}")
    rdf.add((statement, RDF.type, TERMS.Edge))
    rdf.add((statement, TERMS.source, source))
    rdf.add((statement, TERMS.relation, relation))
    rdf.add((statement, TERMS.target, target))
    fields: list[Any] = [edge.source, edge.target, edge.kind.value, edge.relation, edge.origin]
    fields += [edge.score, edge.span, edge.via, edge.predicate, edge.implied, edge.statement]
    rdf.add((statement, TERMS.edge, Literal(json.dumps(fields))))
    if edge.predicate:
        rdf.add((statement, RDF.predicate, resource_of(edge.predicate)))
    _attribute(rdf, statement, edge.origin, edge.score)


def _attribute(rdf: Graph, resource: URIRef, origin: str, score: float) -> None:
    agent = URIRef(SCENE + "origin/" + quote(origin, safe=""))
    rdf.add((resource, PROV.wasAttributedTo, agent))
    rdf.add((agent, RDF.type, PROV.Agent))
    rdf.add((agent, RDFS.label, Literal(_readable(origin))))
    rdf.add((resource, TERMS.score, Literal(repr(score), datatype=XSD.double)))


def _readable(text: str) -> str:
    """Drop the control characters that no RDF syntax can hold."""
    return "".join(character for character in text if character >= " ")


_NODE_FIELDS = ("id", "kind", "label", "origin", "score", "box", "span")
_EDGE_FIELDS = ("source", "target", "kind", "relation", "origin", "score", "span", "via")
_FACT_FIELDS = ("predicate", "implied", "statement")
"""Further fields of an edge, which files of earlier versions lack."""


def read_turtle(source: Path) -> SceneGraph:
    """Return the graph that `kg.formats.rdf` wrote.

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
        graph = graph_of(
            None if photo is None else photo_fields(str(photo)),
            None if text is None else json.loads(str(text)),
        )
        for node in _nodes(rdf):
            graph.add(node_of(node, graph.text))
        for edge in _edges(rdf):
            graph.connect(edge_of(edge, graph.text))
    except (KeyError, TypeError, ValueError, IndexError, RecursionError, OverflowError) as error:
        raise SightGraphError(
            f"'{source}': a node or edge is broken: {reason_of(error)}."
        ) from error
    return graph


def _nodes(rdf: Graph) -> list[dict[str, Any]]:
    fields = [json.loads(str(text)) for text in rdf.objects(None, TERMS.node)]
    ordered = sorted(fields, key=lambda one: int(one[-1]))
    return [dict(zip(_NODE_FIELDS, one[:-1], strict=True)) for one in ordered]


def _edges(rdf: Graph) -> list[dict[str, Any]]:
    numbered = sorted(
        (int(str(statement).rpartition("/")[2]), str(text))
        for statement, text in rdf.subject_objects(TERMS.edge)
    )
    return [_edge(json.loads(text)) for _, text in numbered]


def _edge(fields: list[Any]) -> dict[str, Any]:
    known = len(_EDGE_FIELDS)
    entry = dict(zip(_EDGE_FIELDS, fields[:known], strict=True))
    return entry | dict(zip(_FACT_FIELDS, fields[known:], strict=bool(fields[known:])))
