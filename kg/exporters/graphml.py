"""GraphML, for Gephi, yEd, Cytoscape and networkx; it reads back equal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx

from kg.graph import SceneGraph

if TYPE_CHECKING:
    from PIL import Image

    from kg.exporters import View

_NOT_IN_XML = re.compile("[^\t -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\\\\")
"""What XML 1.0 cannot hold or would change, and the backslash that escapes it."""


def write_graphml(graph: SceneGraph, target: Path, image: Image.Image | None, view: View) -> None:
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
