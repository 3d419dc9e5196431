"""JSON: everything, in order; the documented format (docs/graph-format.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.errors import SightGraphError
from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import Highlights


FORMAT = "sightgraph/1"


def write_json(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the whole graph; `kg.formats.json` reads it back equal."""
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
        "predicate": edge.predicate or None,
        "implied": list(edge.implied) or None,
        "statement": edge.statement and list(edge.statement),
    }
    return {key: value for key, value in entry.items() if value is not None}


def read_json(source: Path) -> SceneGraph:
    """Return the graph that `kg.formats.json` wrote.

    Raises:
        SightGraphError: the file is no JSON (with line), or an entry is wrong (with number).
    """
    try:
        document = json.loads(source.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise SightGraphError(f"{source}, line {error.lineno}: {error.msg}.") from error
    except UnicodeDecodeError as error:
        raise SightGraphError(f"{source}, byte {error.start}: not UTF-8.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SightGraphError(f"'{source}' is no SightGraph JSON: it lacks 'format': '{FORMAT}'.")
    photo = document.get("photo")
    graph = SceneGraph(
        None if photo is None else PhotoInfo(photo["source"], photo["width"], photo["height"]),
        document.get("text"),
    )
    for part, add in (("nodes", _add_node), ("edges", _add_edge)):
        for number, entry in enumerate(document.get(part, [])):
            try:
                add(graph, entry)
            except (KeyError, TypeError, ValueError, SightGraphError) as error:
                reason = f"'{error.args[0]}' is missing" if type(error) is KeyError else error
                raise SightGraphError(f"{source}, {part}[{number}]: {reason}.") from error
    return graph


def node_of(entry: Mapping[str, Any]) -> Node:
    """Return the node of a mapping with the fields of `Node`."""
    box, span = entry.get("box"), entry.get("span")
    return Node(
        id=str(entry["id"]),
        kind=NodeKind(entry["kind"]),
        label=str(entry["label"]),
        origin=str(entry["origin"]),
        score=float(entry["score"]),
        box=None if box is None else Box(*box[:4]),
        span=None if span is None else (int(span[0]), int(span[1])),
    )


def edge_of(entry: Mapping[str, Any]) -> Edge:
    """Return the edge of a mapping with the fields of `Edge`."""
    span, statement = entry.get("span"), entry.get("statement")
    return Edge(
        source=str(entry["source"]),
        target=str(entry["target"]),
        kind=EdgeKind(entry["kind"]),
        relation=str(entry["relation"]),
        origin=str(entry["origin"]),
        score=float(entry["score"]),
        span=None if span is None else (int(span[0]), int(span[1])),
        via=tuple(entry.get("via") or ()),
        predicate=str(entry.get("predicate") or ""),
        implied=tuple(entry.get("implied") or ()),
        statement=None if statement is None else (statement[0], statement[1], statement[2]),
    )


def _add_node(graph: SceneGraph, entry: Mapping[str, Any]) -> None:
    graph.add(node_of(entry))


def _add_edge(graph: SceneGraph, entry: Mapping[str, Any]) -> None:
    graph.connect(edge_of(entry))
