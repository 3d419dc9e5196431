"""Turtle and JSON-LD: our own vocabulary, PROV-O for where a statement is from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rdflib import PROV, RDF, RDFS, SDO, TIME, XSD, Graph, Literal, Namespace, URIRef

from kg.errors import SightGraphError
from kg.formats.json import (
    as_json,
    edge_of,
    graph_of,
    node_of,
    photo_fields,
    photo_values,
    reason_of,
    recording_values,
)
from kg.graph import Edge, Interval, Node, SceneGraph
from kg.knowledge.rdf_files import parse_file
from kg.vocabulary import KNOWLEDGE, ONTOLOGY, SCENE, NodeKind

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import Highlights


TERMS = Namespace(ONTOLOGY)
_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that is no part of a percent encoding, which no IRI may hold."""
_OLD_GRAPH = URIRef(SCENE + "graph")
"""The graph of files from before December 2026, whose names were the same in every file."""
_NUMBERED = re.compile("[a-z]+([:-])[0-9]+")
"""Ids such as object:0, and such as could be taken for what they become, object-0."""


@dataclass(frozen=True)
class Names:
    """The IRIs of a graph's parts, made from the content of its photograph.

    Graphs of several photographs can thus be read as one. What was seen has one name in all
    graphs of a photograph; words, edges and the graph itself have names of this text.

    photo: what the names of everything in the photograph begin with; graph: likewise of all that
        is of this text only.
    """

    photo: str
    graph: str

    @classmethod
    def of(cls, graph: SceneGraph) -> Names:
        """Return the names; those of a graph without a known photograph are of its own content."""
        digest = graph.photo.sha256 if graph.photo is not None else ""
        if not re.fullmatch("[0-9a-f]{64}", digest):
            content = as_json(graph)
            for part in ("nodes", "edges"):
                content[part] = sorted(content[part], key=json.dumps)
            digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        photo = f"{SCENE}{digest}/"
        if graph.text is None:
            return cls(photo, photo)
        words = hashlib.sha256(json.dumps(graph.text).encode()).hexdigest()[:16]
        return cls(photo, f"{photo}{words}/")

    def node(self, node: Node) -> URIRef:
        """Return a node's IRI: of a concept or value the same in all graphs."""
        if node.kind in (NodeKind.CONCEPT, NodeKind.LITERAL) or _is_iri(node.id):
            return resource_of(node.id)
        of_text = node.span is not None or node.kind == NodeKind.TURN
        base = self.graph if of_text else self.photo
        numbered = _NUMBERED.fullmatch(node.id)
        new = {":": "-", "-": "%2D"}[numbered[1]] if numbered else ""
        local = node.id.replace(numbered[1], new) if numbered else quote(node.id, safe="")
        return URIRef(base + local)

    def time(self, resource: URIRef) -> str:
        """Return what the IRIs of the times of a node or edge of this graph begin with."""
        local = str(resource)
        within = local.startswith((self.photo, self.graph))
        return f"{local}/time-" if within else f"{self.graph}{quote(local, safe='')}/time-"

    def edge(self, number: int) -> URIRef:
        """Return the IRI of the statement about an edge."""
        return URIRef(f"{self.graph}edge-{number}")


def write_turtle(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the graph as Turtle; `kg.formats.rdf` reads it back equal."""
    as_rdf(graph).serialize(target, format="turtle", encoding="utf-8")


def write_jsonld(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the graph as JSON-LD; `kg.formats.rdf` reads it back equal."""
    context = _prefixes(Names.of(graph))
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
    """Return the graph as RDF, with names that no graph of another photograph has (`Names`).

    Every node is a resource of class sgo:Object, sgo:Concept ...; every edge a plain triple,
    and a resource of class sgo:Edge with its kind, origin, score and place. Texts are
    JSON strings, since RDF cannot hold every character.
    """
    rdf, names = Graph(), Names.of(graph)
    for prefix, namespace in _prefixes(names).items():
        rdf.bind(prefix, namespace)
    whole = URIRef(names.graph + "graph")
    rdf.add((whole, RDF.type, TERMS.SceneGraph))
    photograph = URIRef(names.photo + "photograph")
    if graph.photo is not None:
        rdf.add((whole, TERMS.photo, Literal(json.dumps(photo_values(graph.photo)))))
        if graph.photo.duration:
            rdf.add((photograph, RDF.type, SDO.VideoObject))
            rdf.add((photograph, SDO.duration, _seconds(graph.photo.duration)))
        rdf.add((photograph, RDF.type, TERMS.Photograph))
        rdf.add((photograph, RDFS.label, Literal(_readable(graph.photo.source))))
    if graph.text is not None:
        rdf.add((whole, TERMS.text, Literal(json.dumps(graph.text))))
    iris = {node.id: names.node(node) for node in graph.nodes()}
    for place, node in enumerate(graph.nodes()):
        resource = iris[node.id]
        rdf.add((resource, RDF.type, TERMS[node.kind.value.capitalize()]))
        rdf.add((resource, RDFS.label, Literal(_readable(node.label))))
        if node.kind in _SEEN and node.span is None and graph.photo is not None:
            rdf.add((resource, TERMS.inPhotograph, photograph))
        fields: list[Any] = [node.id, node.kind.value, node.label, node.origin, node.score]
        fields += [node.box, node.span, place]  # RDF itself has no order
        if node.intervals or node.recording is not None:
            fields.append(node.intervals)
        if node.recording is not None:
            fields.append(recording_values(node.recording))
        rdf.add((whole, TERMS.node, Literal(json.dumps(fields))))
        _attribute(rdf, resource, node.origin, node.score)
        _add_times(rdf, resource, names.time(resource), node.intervals, photograph)
        _add_recording(rdf, resource, node)
    for number, edge in enumerate(graph.edges()):
        _add_edge(rdf, edge, names.edge(number), iris)
        statement = names.edge(number)
        _add_times(rdf, statement, names.time(statement), edge.intervals, photograph)
    return rdf


_SEEN = {*(NodeKind.OBJECT, NodeKind.SCENE, NodeKind.TEXT, NodeKind.ATTRIBUTE, NodeKind.EVENT)}


def _prefixes(names: Names) -> dict[str, str]:
    found = {"sgo": ONTOLOGY, "sg": KNOWLEDGE, "prov": str(PROV), "rdfs": str(RDFS)}
    found |= {"xsd": str(XSD), "rel": SCENE + "relation/", "origin": SCENE + "origin/"}
    found |= {"photo": names.photo, "time": str(TIME), "schema": str(SDO)}
    return found if names.graph == names.photo else found | {"words": names.graph}


def _add_recording(rdf: Graph, resource: URIRef, node: Node) -> None:
    """Add the modality of a signal and the file that it is from."""
    if node.recording is not None:
        rdf.add((resource, TERMS.modality, Literal(_readable(node.recording.modality))))
        rdf.add((resource, TERMS.file, Literal(_readable(node.recording.source))))
        rdf.add((resource, TERMS.sha256, Literal(_readable(node.recording.sha256))))


def _is_iri(text: str) -> bool:
    """Whether RDF can hold `text` as an IRI."""
    safe = quote(text, safe=":/#?=&%+,;@!$'()*~.-_") == text
    return safe and "://" in text and not _BAD_PERCENT.search(text)


def resource_of(node_id: str) -> URIRef:
    """Return the IRI of a concept or value: its id where that is one, else a name in `SCENE`."""
    return URIRef(node_id if _is_iri(node_id) else SCENE + quote(node_id, safe=""))


def _add_edge(rdf: Graph, edge: Edge, statement: URIRef, iris: Mapping[str, URIRef]) -> None:
    source, target = iris[edge.source], iris[edge.target]
    relation = URIRef(SCENE + "relation/" + quote(edge.relation, safe=""))
    rdf.add((source, relation, target))
    rdf.add((relation, RDFS.label, Literal(_readable(edge.relation))))
    rdf.add((statement, RDF.type, TERMS.Edge))
    rdf.add((statement, TERMS.source, source))
    rdf.add((statement, TERMS.relation, relation))
    rdf.add((statement, TERMS.target, target))
    fields: list[Any] = [edge.source, edge.target, edge.kind.value, edge.relation, edge.origin]
    fields += [edge.score, edge.span, edge.via, edge.predicate, edge.implied, edge.statement]
    fields += [edge.intervals] if edge.intervals else []
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


def _add_times(
    rdf: Graph, resource: URIRef, base: str, intervals: tuple[Interval, ...], video: URIRef
) -> None:
    """Add each interval as a part of the video (schema:Clip), which is a time of the resource."""
    for number, one in enumerate(intervals):
        clip = URIRef(f"{base}{number}")
        rdf.add((resource, TIME.hasTime, clip))
        rdf.add((clip, RDF.type, TIME.Interval))
        rdf.add((clip, RDF.type, SDO.Clip))
        rdf.add((clip, SDO.startOffset, _seconds(one.start)))
        rdf.add((clip, SDO.endOffset, _seconds(one.end)))
        rdf.add((clip, SDO.isPartOf, video))


def _seconds(value: float) -> Literal:
    return Literal(repr(float(value)), datatype=XSD.double)


def _readable(text: str) -> str:
    """Drop the control characters that no RDF syntax can hold."""
    return "".join(character for character in text if character >= " ")


_NODE_FIELDS = ("id", "kind", "label", "origin", "score", "box", "span")
_EDGE_FIELDS = ("source", "target", "kind", "relation", "origin", "score", "span", "via")
_FACT_FIELDS = ("predicate", "implied", "statement")
"""Further fields of an edge, which files of earlier versions lack."""
_TIMED_FIELDS = ("intervals", "recording")
"""Further fields of what has a time; only nodes have a recording."""


def read_turtle(source: Path) -> SceneGraph:
    """Return the graph that `kg.formats.rdf` wrote.

    Raises:
        SightGraphError: the file is broken (with line), or holds no scene graph.
    """
    return scene_of(parse_file(source), source)


read_jsonld = read_turtle


def scene_of(rdf: Graph, source: Path, whole: str | None = None) -> SceneGraph:
    """Return the scene graph that `rdf`, read from `source`, holds.

    whole: the IRI of the graph's resource, of class sgo:SceneGraph, where there are several.

    Raises:
        SightGraphError: it holds none, several, or a broken one.
    """
    found = sorted(str(one) for one in rdf.subjects(RDF.type, TERMS.SceneGraph))
    if not found or (whole is not None and whole not in found):
        raise SightGraphError(f"'{source}' holds no scene graph of SightGraph.")
    if whole is None and len(found) > 1:
        raise SightGraphError(
            f"'{source}' holds {len(found)} scene graphs. Read one with kg.formats.rdf.scene_of: "
            f"{', '.join(found)}."
        )
    resource = URIRef(whole or found[0])
    photo, text = rdf.value(resource, TERMS.photo), rdf.value(resource, TERMS.text)
    try:
        graph = graph_of(
            None if photo is None else photo_fields(str(photo)),
            None if text is None else json.loads(str(text)),
        )
        for node in _nodes(rdf, resource):
            graph.add(node_of(node, graph.text))
        for edge in _edges(rdf, resource):
            graph.connect(edge_of(edge, graph.text))
    except (KeyError, TypeError, ValueError, IndexError, RecursionError, OverflowError) as error:
        raise SightGraphError(
            f"'{source}': a node or edge is broken: {reason_of(error)}."
        ) from error
    return graph


def _nodes(rdf: Graph, whole: URIRef) -> list[dict[str, Any]]:
    owner = None if whole == _OLD_GRAPH else whole
    fields = [json.loads(str(text)) for text in rdf.objects(owner, TERMS.node)]
    place = len(_NODE_FIELDS)
    ordered = sorted(fields, key=lambda one: int(one[place]))
    return [
        dict(zip(_NODE_FIELDS, one[:place], strict=True))
        | dict(zip(_TIMED_FIELDS, one[place + 1 :], strict=False))
        for one in ordered
    ]


def _edges(rdf: Graph, whole: URIRef) -> list[dict[str, Any]]:
    start = str(whole).removesuffix("graph") + ("edge/" if whole == _OLD_GRAPH else "edge-")
    numbered = sorted(
        (int(str(statement).removeprefix(start)), str(text))
        for statement, text in rdf.subject_objects(TERMS.edge)
        if str(statement).startswith(start)
    )
    return [_edge(json.loads(text)) for _, text in numbered]


def _edge(fields: list[Any]) -> dict[str, Any]:
    known = len(_EDGE_FIELDS)
    entry = dict(zip(_EDGE_FIELDS, fields[:known], strict=True))
    facts = known + len(_FACT_FIELDS)
    entry |= dict(zip(_FACT_FIELDS, fields[known:facts], strict=bool(fields[known:])))
    return entry | dict(zip(_TIMED_FIELDS, fields[facts:], strict=False))
