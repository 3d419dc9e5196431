"""JSON: everything, in order; the documented format (docs/graph-format.md)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg import schema
from kg.errors import SightGraphError
from kg.graph import Box, Edge, Node, PhotoInfo, Recording, SceneGraph, Span, intervals_of
from kg.vocabulary import EdgeKind, NodeKind

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import Highlights


FORMAT = "sightgraph/1"
_PHOTO_FIELDS = ("source", "width", "height", "sha256", "duration")


def write_json(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the whole graph; `kg.formats.json` reads it back equal."""
    text = json.dumps(as_json(graph), indent=1, ensure_ascii=False)
    target.write_text(text + "\n", encoding="utf-8")


def as_json(graph: SceneGraph) -> dict[str, Any]:
    """Return the graph as a JSON object; keys without a value are left out."""
    return {
        "format": FORMAT,
        "photo": None if graph.photo is None else _photo(graph.photo),
        "text": graph.text,
        "nodes": [_node(node) for node in graph.nodes()],
        "edges": [_edge(edge) for edge in graph.edges()],
    }


def _photo(photo: PhotoInfo) -> dict[str, Any]:
    return dict(zip(_PHOTO_FIELDS, photo_values(photo), strict=False))


def photo_values(photo: PhotoInfo) -> list[Any]:
    """Return the fields of a photograph, for formats that hold them as one list."""
    more = [photo.sha256, photo.duration] if photo.duration else [photo.sha256]
    return [photo.source, photo.width, photo.height, *(more if any(more) else ())]


def _node(node: Node) -> dict[str, Any]:
    entry = {
        "id": node.id,
        "kind": node.kind.value,
        "label": node.label,
        "origin": node.origin,
        "score": node.score,
        "box": node.box and list(node.box),
        "span": node.span and list(node.span),
        "intervals": [list(one) for one in node.intervals] or None,
        "recording": node.recording and recording_values(node.recording),
    }
    return {key: value for key, value in entry.items() if value is not None}


def recording_values(recording: Recording) -> dict[str, Any]:
    """Return the fields of a recording; `rate` is left out where there is none."""
    return {key: value for key, value in asdict(recording).items() if value is not None}


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
        "intervals": [list(one) for one in edge.intervals] or None,
    }
    return {key: value for key, value in entry.items() if value is not None}


def read_json(source: Path) -> SceneGraph:
    """Return the graph that `kg.formats.json` wrote.

    Raises:
        SightGraphError: the file is no JSON (with line), or an entry is wrong (with number).
    """
    return of_document(schema.read_json(source), source)


def of_document(document: Any, source: str | Path) -> SceneGraph:
    """Return the graph of such a JSON object; `source` is where it is from, for errors.

    Raises:
        SightGraphError: it is none, or an entry is wrong (with number).
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SightGraphError(f"'{source}' is no SightGraph JSON: it lacks 'format': '{FORMAT}'.")
    try:
        graph = graph_of(document.get("photo"), document.get("text"))
    except (KeyError, ValueError) as error:
        raise SightGraphError(f"{source}: {reason_of(error)}.") from error
    for part, add in (("nodes", _add_node), ("edges", _add_edge)):
        entries = document.get(part, [])
        if not isinstance(entries, list):
            raise SightGraphError(f"{source}: '{part}' is no list.")
        for number, entry in enumerate(entries):
            try:
                add(graph, entry)
            except (KeyError, ValueError, SightGraphError) as error:
                raise SightGraphError(f"{source}, {part}[{number}]: {reason_of(error)}.") from error
    return graph


def reason_of(error: Exception) -> str:
    """Return what was wrong with an entry, without the full stop of a sentence."""
    if type(error) is KeyError:
        return f"'{error.args[0]}' is missing"
    return str(error).removesuffix(".")


def photo_fields(stored: str) -> dict[str, Any]:
    """Return the fields of a photograph that stands as one JSON list in another format.

    Raises:
        ValueError: it is no such list.
    """
    values = schema.sequence(json.loads(stored), "photo")
    if not 3 <= len(values) <= len(_PHOTO_FIELDS):
        raise ValueError("photo has not three to five parts")
    return dict(zip(_PHOTO_FIELDS, values, strict=False))


def graph_of(photo: Any, text: Any) -> SceneGraph:
    """Return an empty graph of a photograph, given by its fields, and of a text.

    Raises:
        KeyError, ValueError: a field is missing, or is of a wrong type or size.
    """
    if photo is not None:
        fields = schema.mapping(photo, "photo")
        photo = PhotoInfo(
            schema.text(fields["source"], "photo.source"),
            schema.whole(fields["width"], "photo.width", least=1, most=schema.MAX_SIDE),
            schema.whole(fields["height"], "photo.height", least=1, most=schema.MAX_SIDE),
            schema.text(fields.get("sha256") or "", "photo.sha256"),
            _duration(fields.get("duration")),
        )
    return SceneGraph(photo, None if text is None else schema.text(text, "text"))


def node_of(entry: Any, text: str | None = None) -> Node:
    """Return the node of a mapping with the fields of `Node`; its span lies inside `text`.

    Raises:
        KeyError, ValueError: a field is missing, or is of a wrong type or size.
    """
    fields = schema.mapping(entry, "the node")
    box = fields.get("box")
    return Node(
        id=schema.text(fields["id"], "id"),
        kind=NodeKind(fields["kind"]),
        label=schema.text(fields["label"], "label"),
        origin=schema.text(fields["origin"], "origin"),
        score=schema.share(fields["score"], "score"),
        box=None if box is None else Box(*schema.corners(box, "box")),
        span=_span(fields.get("span"), text),
        intervals=intervals_of(schema.intervals(fields.get("intervals"), "intervals")),
        recording=recording_of(fields.get("recording")),
    )


def recording_of(value: Any) -> Recording | None:
    """Return the recording of a mapping with its fields; None stays None.

    Raises:
        KeyError, ValueError: a field is missing, or is of a wrong type or size.
    """
    if value is None:
        return None
    fields = schema.mapping(value, "recording")
    rate = fields.get("rate")
    if rate is not None and schema.finite(rate, "recording.rate", schema.MAX_RATE) <= 0:
        raise ValueError(f"recording.rate is {rate}, which is not above 0")
    return Recording(
        modality=schema.text(fields["modality"], "recording.modality", empty=False),
        source=schema.text(fields["source"], "recording.source"),
        sha256=schema.text(fields["sha256"], "recording.sha256"),
        rows=schema.whole(fields["rows"], "recording.rows", 1),
        features=schema.whole(fields["features"], "recording.features", 1),
        rate=None if rate is None else float(rate),
    )


def edge_of(entry: Any, text: str | None = None) -> Edge:
    """Return the edge of a mapping with the fields of `Edge`; its span lies inside `text`.

    Raises:
        KeyError, ValueError: a field is missing, or is of a wrong type or size.
    """
    fields = schema.mapping(entry, "the edge")
    statement = schema.texts(fields.get("statement"), "statement")
    if len(statement) not in (0, 3):
        raise ValueError("statement has not three parts")
    return Edge(
        source=schema.text(fields["source"], "source"),
        target=schema.text(fields["target"], "target"),
        kind=EdgeKind(fields["kind"]),
        relation=schema.text(fields["relation"], "relation"),
        origin=schema.text(fields["origin"], "origin"),
        score=schema.share(fields["score"], "score"),
        span=_span(fields.get("span"), text),
        via=schema.texts(fields.get("via"), "via"),
        predicate=schema.text(fields.get("predicate") or "", "predicate"),
        implied=schema.texts(fields.get("implied"), "implied"),
        statement=(statement[0], statement[1], statement[2]) if statement else None,
        intervals=intervals_of(schema.intervals(fields.get("intervals"), "intervals")),
    )


def _duration(value: Any) -> float:
    seconds = schema.finite(value or 0.0, "photo.duration", schema.MAX_SECONDS)
    if seconds < 0:
        raise ValueError(f"photo.duration is {seconds:g}, which is no number of seconds")
    return seconds


def _span(value: Any, text: str | None) -> Span | None:
    if value is None:
        return None
    start, end = (schema.whole(one, "span") for one in schema.sequence(value, "span", 2))
    if start > end or (text is not None and end > len(text)):
        raise ValueError(f"span is [{start}, {end}], which does not lie inside the text")
    return start, end


def _add_node(graph: SceneGraph, entry: Any) -> None:
    graph.add(node_of(entry, graph.text))


def _add_edge(graph: SceneGraph, entry: Any) -> None:
    graph.connect(edge_of(entry, graph.text))
