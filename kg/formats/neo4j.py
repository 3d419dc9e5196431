"""A zip of CSV files with headers, for `neo4j-admin database import full`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from kg.formats.cypher import neo4j_edges, neo4j_nodes
from kg.graph import SceneGraph

if TYPE_CHECKING:
    from PIL import Image

    from kg.formats import Highlights

NODES = {
    "iri": "iri:ID",
    "label_of_kind": ":LABEL",
    "id": "id",
    "label": "label",
    "origin": "origin",
    "score": "score:double",
    "box": "box:double[]",
    "span": "span:int[]",
    "intervals": "intervals",
    "recording": "recording",
    "photo": "photo",
}
"""The column of each property, with Neo4j's types."""
EDGES = {
    "source": ":START_ID",
    "target": ":END_ID",
    "type": ":TYPE",
    "iri": "iri",
    "relation": "relation",
    "kind": "kind",
    "origin": "origin",
    "score": "score:double",
    "span": "span:int[]",
    "via": "via",
    "predicate": "predicate",
    "implied": "implied",
    "statement": "statement",
    "intervals": "intervals",
}
COMMAND = """\
neo4j-admin database import full --multiline-fields=true --skip-duplicate-nodes=true \\
  --nodes=SightGraph=nodes.csv --relationships=edges.csv neo4j
"""
_FIXED = (1980, 1, 1, 0, 0, 0)
"""The files' time, so that the same graph gives the same bytes."""


def write_neo4j(
    graph: SceneGraph, target: Path, image: Image.Image | None, view: Highlights
) -> None:
    """Write nodes.csv, edges.csv and the command that imports them, as one zip file.

    Boxes and spans are arrays of numbers; lists of texts are JSON, since a text may hold any
    delimiter.
    """
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, text in (
            ("nodes.csv", _table(NODES, neo4j_nodes(graph))),
            ("edges.csv", _table(EDGES, neo4j_edges(graph))),
            ("import.sh", COMMAND),
        ):
            archive.writestr(ZipInfo(name, _FIXED), text.encode("utf-8", "replace"))


def _table(columns: dict[str, str], rows: list[dict[str, Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(columns.values())
    for row in rows:
        writer.writerow([_cell(row.get(name), column) for name, column in columns.items()])
    return buffer.getvalue()


def _cell(value: Any, column: str) -> Any:
    if column.endswith("[]"):
        return ";".join(map(repr, value or ()))
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value
