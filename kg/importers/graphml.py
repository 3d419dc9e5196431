"""GraphML back to a graph; XML from outside is untrusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import networkx as nx

from kg.errors import SightGraphError
from kg.exporters.graphml import unescape
from kg.graph import PhotoInfo, SceneGraph
from kg.importers.json import edge_of, node_of
from kg.xml_files import refuse_document_type


def read_graphml(source: Path) -> SceneGraph:
    """Return the graph that `kg.exporters.graphml` wrote.

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
    lists = {key: json.loads(plain[key]) for key in ("box", "span", "via") if key in plain}
    return plain | lists
