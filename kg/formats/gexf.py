"""GEXF 1.3, for Gephi; it reads back equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError, SubElement

from kg.errors import SightGraphError
from kg.formats import COLOURS
from kg.formats.graphml import escape, unescape
from kg.formats.json import as_json, edge_of, graph_of, node_of, reason_of
from kg.graph import SceneGraph
from kg.xml_files import refuse_document_type

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import Highlights

_GEXF = "http://gexf.net/1.3"
_VIZ = "http://gexf.net/1.3/viz"
_NODE = {
    "kind": "string",
    "origin": "string",
    "score": "double",
    "box": "string",
    "span": "string",
    "intervals": "string",
    "recording": "string",
}
_EDGE = {
    "kind": "string",
    "origin": "string",
    "score": "double",
    "span": "string",
    "via": "string",
    "predicate": "string",
    "implied": "string",
    "statement": "string",
    "intervals": "string",
}
_PLAIN = ("kind", "origin", "predicate")
"""Fields that are texts; all others are JSON."""


def write_gexf(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write the graph; the weight of an edge is its score, and a node has its kind's colour.

    Characters that XML cannot hold stand as `\\uXXXX`. The text and the photograph stand in the
    description of the file.
    """
    content = as_json(graph)
    root = Element("gexf", {"xmlns": _GEXF, "xmlns:viz": _VIZ, "version": "1.3"})
    about = {"text": content["text"], "photo": content["photo"]}
    meta = SubElement(root, "meta")
    SubElement(meta, "creator").text = "SightGraph"
    SubElement(meta, "description").text = escape(json.dumps(about, ensure_ascii=False))
    drawn = SubElement(root, "graph", {"defaultedgetype": "directed", "mode": "static"})
    for of, fields in (("node", _NODE), ("edge", _EDGE)):
        declared = SubElement(drawn, "attributes", {"class": of})
        for field, kind in fields.items():
            SubElement(declared, "attribute", {"id": field, "title": field, "type": kind})
    nodes, edges = SubElement(drawn, "nodes"), SubElement(drawn, "edges")
    colours = {node.id: COLOURS[node.kind] for node in graph.nodes()}
    for node in content["nodes"]:
        name = {"id": escape(node["id"]), "label": escape(node["label"])}
        element = _with_values(nodes, "node", name, node, _NODE)
        red, green, blue = bytes.fromhex(colours[node["id"]].lstrip("#"))
        rgb = {"r": str(red), "g": str(green), "b": str(blue)}
        SubElement(element, "viz:color", rgb)
    for number, edge in enumerate(content["edges"]):
        name = {
            "id": str(number),
            "source": escape(edge["source"]),
            "target": escape(edge["target"]),
            "label": escape(edge["relation"]),
            "weight": repr(float(edge["score"])),
        }
        _with_values(edges, "edge", name, edge, _EDGE)
    ElementTree.ElementTree(root).write(target, encoding="utf-8", xml_declaration=True)


def _with_values(
    parent: Element, tag: str, name: dict[str, str], entry: dict[str, Any], fields: dict[str, str]
) -> Element:
    element = SubElement(parent, tag, name)
    values = SubElement(element, "attvalues")
    for field in fields:
        if field in entry:
            value = entry[field] if field in _PLAIN else json.dumps(entry[field])
            SubElement(values, "attvalue", {"for": field, "value": escape(value)})
    return element


def read_gexf(source: Path) -> SceneGraph:
    """Return the graph that `kg.formats.gexf` wrote.

    Raises:
        SightGraphError: the file is broken, is no GEXF of SightGraph, or declares a document type.
    """
    with source.open("rb") as file:
        refuse_document_type(file, source)
    try:
        root = ElementTree.parse(source).getroot()
        about = json.loads(unescape(root.findtext(f".//{{{_GEXF}}}description") or ""))
        graph = graph_of(about["photo"], about["text"])
        for element in root.iter(f"{{{_GEXF}}}node"):
            names = {"id": element.attrib["id"], "label": element.attrib["label"]}
            graph.add(node_of(_entry(element, names), graph.text))
        for element in root.iter(f"{{{_GEXF}}}edge"):
            names = {one: element.attrib[one] for one in ("source", "target")}
            names["relation"] = element.attrib["label"]
            graph.connect(edge_of(_entry(element, names), graph.text))
    except ParseError as error:
        raise SightGraphError(f"'{source}' is broken GEXF: {error}.") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise SightGraphError(
            f"'{source}' is no GEXF of SightGraph: {reason_of(error)}."
        ) from error
    return graph


def _entry(element: Element, names: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {name: unescape(value) for name, value in names.items()}
    for one in element.iter(f"{{{_GEXF}}}attvalue"):
        field, value = one.attrib["for"], unescape(one.attrib["value"])
        entry[field] = value if field in _PLAIN else json.loads(value)
    return entry
