"""GraphML, for Gephi, yEd, Cytoscape and networkx; it reads back equal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import networkx as nx

from kg.errors import SightGraphError
from kg.formats.json import edge_of, node_of
from kg.graph import PhotoInfo, SceneGraph
from kg.xml_files import refuse_document_type

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import Highlights


_NOT_IN_XML = re.compile("[^\t -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\\\\")
"""What XML 1.0 cannot hold or would change, and the backslash that escapes it."""
_LISTS = ("box", "span", "via", "implied", "statement")


def write_graphml(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the graph with one plain attribute for each field.

    Characters that XML cannot hold stand as `\\uXXXX`, and a backslash as `\\u005c`.
    """
    plain: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    plain.graph = {"text": _text(graph.text), "photo": _photo(graph)}
    plain.graph = {key: value for key, value in plain.graph.items() if value is not None}
    for node in graph.nodes():
        attributes = {
            "label": escape(node.label),
            "kind": node.kind.value,
            "origin": escape(node.origin),
            "score": repr(node.score),
            "box": node.box and json.dumps(node.box),
            "span": node.span and json.dumps(node.span),
        }
        plain.add_node(escape(node.id), **_given(attributes))
    for number, edge in enumerate(graph.edges()):
        attributes = {
            "label": escape(edge.relation),
            "kind": edge.kind.value,
            "origin": escape(edge.origin),
            "score": repr(edge.score),
            "span": edge.span and json.dumps(edge.span),
            "via": escape(json.dumps(edge.via)) if edge.via else None,
            "predicate": escape(edge.predicate) or None,
            "implied": escape(json.dumps(edge.implied)) if edge.implied else None,
            "statement": edge.statement and escape(json.dumps(edge.statement)),
        }
        ends = escape(edge.source), escape(edge.target)
        plain.add_edge(*ends, key=number, **_given(attributes))
    nx.write_graphml(plain, target, prettyprint=True)


def escape(text: str) -> str:
    """Return `text` so that XML holds it unchanged."""
    return _NOT_IN_XML.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def unescape(text: str) -> str:
    """Undo `escape`."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match.group(1), 16)), text)


def _text(text: str | None) -> str | None:
    return None if text is None else escape(text)


def _photo(graph: SceneGraph) -> str | None:
    if graph.photo is None:
        return None
    photo = graph.photo
    return escape(json.dumps([photo.source, photo.width, photo.height]))


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
        photo = plain.graph.get("photo")
        text = plain.graph.get("text")
        graph = SceneGraph(
            None if photo is None else PhotoInfo(*json.loads(unescape(photo))),
            None if text is None else unescape(text),
        )
        for name, fields in plain.nodes(data=True):
            graph.add(node_of(_fields(fields) | {"id": unescape(name)}))
        for start, end, fields in plain.edges(data=True):
            ends = {"source": unescape(start), "target": unescape(end)}
            read = _fields(fields)
            graph.connect(edge_of(read | ends | {"relation": read["label"]}))
    except (ParseError, nx.NetworkXError) as error:
        raise SightGraphError(f"'{source}' is broken GraphML: {error}.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise SightGraphError(
            f"'{source}' is no GraphML of SightGraph: {type(error).__name__} {error}."
        ) from error
    return graph


def _fields(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes with their escapes undone and their lists read."""
    plain = {key: unescape(str(value)) for key, value in attributes.items()}
    lists = {key: json.loads(plain[key]) for key in _LISTS if key in plain}
    return plain | lists
