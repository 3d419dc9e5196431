"""GraphML, for Gephi, yEd, Cytoscape and networkx; it reads back equal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from xml.etree.ElementTree import ParseError
from xml.sax import saxutils

import networkx as nx

from kg.errors import SightGraphError
from kg.formats.json import (
    edge_of,
    graph_of,
    node_of,
    photo_fields,
    photo_values,
    reason_of,
    recording_values,
)
from kg.graph import SceneGraph
from kg.xml_files import refuse_document_type

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import Highlights


_NOT_IN_XML = re.compile("[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\\\\(?=u[0-9a-f]{4})")
"""What XML 1.0 cannot hold or would change, and a backslash that would read as an escape."""
_DESCRIPTION = "{http://graphml.graphdrawing.org/xmlns}desc"
_LISTS = ("box", "span", "via", "implied", "statement", "intervals", "recording")


def write_graphml(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the graph with one plain attribute for each field.

    The weight of an edge is its score, for tools that draw and rank by it. Characters that XML
    cannot hold stand as `\\uXXXX`. The text and the photograph stand in the description of the
    graph, since Gephi reports attributes of a graph as severe errors.
    """
    plain: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in graph.nodes():
        attributes = {
            "label": escape(node.label),
            "kind": node.kind.value,
            "origin": escape(node.origin),
            "score": float(node.score),
            "box": node.box and json.dumps(node.box),
            "span": node.span and json.dumps(node.span),
            "intervals": json.dumps(node.intervals) if node.intervals else None,
            "recording": node.recording and escape(json.dumps(recording_values(node.recording))),
        }
        plain.add_node(escape(node.id), **_given(attributes))
    for number, edge in enumerate(graph.edges()):
        attributes = {
            "label": escape(edge.relation),
            "kind": edge.kind.value,
            "origin": escape(edge.origin),
            "score": float(edge.score),
            "weight": float(edge.score),
            "span": edge.span and json.dumps(edge.span),
            "via": escape(json.dumps(edge.via)) if edge.via else None,
            "predicate": escape(edge.predicate) or None,
            "implied": escape(json.dumps(edge.implied)) if edge.implied else None,
            "statement": edge.statement and escape(json.dumps(edge.statement)),
            "intervals": json.dumps(edge.intervals) if edge.intervals else None,
        }
        ends = escape(edge.source), escape(edge.target)
        plain.add_edge(*ends, key=number, **_given(attributes))
    lines = [*nx.generate_graphml(plain)]
    start = next(number for number, line in enumerate(lines) if "<graph " in line)
    lines[start] = lines[start].replace("/>", ">")
    lines.insert(start + 1, f"    <desc>{saxutils.escape(_description(graph))}</desc>")
    if not any("</graph>" in line for line in lines):  # a graph without a node is one empty tag
        lines.insert(start + 2, "  </graph>")
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def escape(text: str) -> str:
    """Return `text` so that XML holds it unchanged."""
    return _NOT_IN_XML.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def unescape(text: str) -> str:
    """Undo `escape`."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match.group(1), 16)), text)


def _description(graph: SceneGraph) -> str:
    fields = None if graph.photo is None else photo_values(graph.photo)
    return escape(json.dumps({"text": graph.text, "photo": fields}, ensure_ascii=False))


def _given(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if value is not None}


def read_graphml(source: Path) -> SceneGraph:
    """Return the graph that `kg.formats.graphml` wrote.

    Raises:
        SightGraphError: the file is broken, is no SightGraph GraphML, or declares a document
            type (entities can fill the memory or read files).
    """
    with source.open("rb") as file:
        refuse_document_type(file, source)
    try:
        plain: Any = nx.read_graphml(source, force_multigraph=True)
        photo, text = _read_description(source) or _old_attributes(plain.graph)
        graph = graph_of(None if photo is None else photo_fields(photo), text)
        for name, fields in plain.nodes(data=True):
            graph.add(node_of(_fields(fields) | {"id": unescape(name)}, graph.text))
        for start, end, fields in plain.edges(data=True):
            ends = {"source": unescape(start), "target": unescape(end)}
            read = _fields(fields)
            graph.connect(edge_of(read | ends | {"relation": read["label"]}, graph.text))
    except (ParseError, nx.NetworkXError) as error:
        raise SightGraphError(f"'{source}' is broken GraphML: {error}.") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise SightGraphError(
            f"'{source}' is no GraphML of SightGraph: {reason_of(error)}."
        ) from error
    return graph


def _read_description(source: Path) -> tuple[str | None, Any] | None:
    """Return the photograph as JSON and the text; `refuse_document_type` has read the file."""
    description = ElementTree.parse(source).find(f"*/{_DESCRIPTION}")
    if description is None or not description.text:
        return None
    about = json.loads(unescape(description.text))
    photo = about.get("photo")
    return None if photo is None else json.dumps(photo), about.get("text")


def _old_attributes(attributes: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the photograph as JSON and the text of a file from before November 2026."""
    photo, text = attributes.get("photo"), attributes.get("text")
    return None if photo is None else unescape(photo), None if text is None else unescape(text)


def _fields(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes with their escapes undone and their lists read."""
    plain = {key: unescape(str(value)) for key, value in attributes.items()}
    lists = {key: json.loads(plain[key]) for key in _LISTS if key in plain}
    return plain | lists
