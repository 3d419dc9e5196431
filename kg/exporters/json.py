"""JSON: everything, in order; the documented format (docs/graph-format.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.graph import Edge, Node, SceneGraph

if TYPE_CHECKING:
    from PIL import Image

    from kg.exporters import View

FORMAT = "sightgraph/1"


def write_json(graph: SceneGraph, target: Path, image: Image.Image | None, view: View) -> None:
    """Write the whole graph; `kg.importers.json` reads it back equal."""
    text = json.dumps(as_json(graph), indent=1, ensure_ascii=False)
    target.write_text(text + "\n", encoding="utf-8")


def as_json(graph: SceneGraph) -> dict[str, Any]:
    """Return the graph as a JSON object; keys without a value are left out."""
    photo = graph.photo
    return {
        "format": FORMAT,
        "photo": photo and {"source": photo.source, "width": photo.width, "height": photo.height},
        "text": graph.text,
        "nodes": [_node(node) for node in graph.nodes()],
        "edges": [_edge(edge) for edge in graph.edges()],
    }


def _node(node: Node) -> dict[str, Any]:
    entry = {
        "id": node.id,
        "kind": node.kind.value,
        "label": node.label,
        "origin": node.origin,
        "score": node.score,
        "box": node.box and list(node.box),
        "span": node.span and list(node.span),
    }
    return {key: value for key, value in entry.items() if value is not None}


def _edge(edge: Edge) -> dict[str, Any]:
    entry = {
        "source": edge.source,
        "target": edge.target,
        "kind": edge.kind.value,
        "relation": edge.relation,
        "origin": edge.origin,
        "score": edge.score,
        "span": edge.span and list(edge.span),
        "via": list(edge.via) or None,
    }
    return {key: value for key, value in entry.items() if value is not None}
