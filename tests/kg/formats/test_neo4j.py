"""What Neo4j's import reads: headers, no dangling ends, and values that stay values."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from kg.formats import export
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

HOSTILE = 'a;b,"c"\nd\'}) DETACH DELETE n //'


def tables(graph: SceneGraph, target: Path) -> list[list[dict[str, str]]]:
    export(graph, [target])
    with ZipFile(target) as archive:
        texts = [archive.read(name).decode() for name in ("nodes.csv", "edges.csv")]
    return [list(csv.DictReader(io.StringIO(text, newline=""))) for text in texts]


def graph_of(label: str, sha256: str) -> SceneGraph:
    graph = SceneGraph(PhotoInfo("x.jpg", 9, 9, sha256))
    graph.add(Node("object:0", NodeKind.OBJECT, label, "bundled", 0.5, (1, 2, 3.5, 4)))
    graph.add(Node("object:1", NodeKind.OBJECT, "cup", "bundled", 0.5))
    graph.connect(Edge("object:0", "object:1", EdgeKind.SPATIAL, "left of", "geometry", 0.25))
    return graph


def test_columns_are_typed_and_each_edge_ends_at_a_node(tmp_path: Path) -> None:
    nodes, edges = tables(graph_of(HOSTILE, "a" * 64), tmp_path / "graph.zip")
    assert nodes[0][":LABEL"] == "Object"
    assert nodes[0]["label"] == HOSTILE
    assert nodes[0]["box:double[]"] == "1.0;2.0;3.5;4.0"
    assert {edges[0][":START_ID"], edges[0][":END_ID"]} == {node["iri:ID"] for node in nodes}
    assert (edges[0][":TYPE"], edges[0]["score:double"]) == ("LEFT_OF", "0.25")


def test_objects_of_two_photographs_have_different_ids(tmp_path: Path) -> None:
    first, _ = tables(graph_of("cup", "a" * 64), tmp_path / "a.zip")
    second, _ = tables(graph_of("cup", "b" * 64), tmp_path / "b.zip")
    assert {node["iri:ID"] for node in first}.isdisjoint(node["iri:ID"] for node in second)


FIELD = re.compile(r"(?P<name>\w*)(?::(?P<type>ID|LABEL|START_ID|END_ID|TYPE|int|double|string)"
                   r"(?P<array>\[\])?)?")  # fmt: skip
"""A field of a header as Neo4j's manual has it: Operations, Import, CSV header format."""
READ: dict[str, Callable[[str], Any]] = {"int": int, "double": float}


def imported(text: str) -> list[dict[str, Any]]:
    """Read a table as neo4j-admin does, and refuse what it refuses."""
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    fields = [FIELD.fullmatch(one) for one in header]
    assert all(fields), header
    named = [one["name"] or one["type"] for one in fields if one]
    assert len(set(named)) == len(named)
    found = []
    for row in rows:
        assert len(row) == len(header)
        values = {}
        for name, cell, field in zip(named, row, fields, strict=True):
            read = READ.get(field["type"] or "string", str) if field else str
            values[name] = [*map(read, filter(None, cell.split(";")))] if field and field["array"] \
                else read(cell)  # fmt: skip
        found.append(values)
    return found


def test_the_tables_follow_the_grammar_of_the_import(tmp_path: Path) -> None:
    graph = graph_of(HOSTILE, "a" * 64)
    graph.add(Node("text:0", NodeKind.TEXT, '"\r\n,', "x", 1e-7, (1, 2, 3, 4), (0, 2)))
    export(graph, [tmp_path / "graph.zip"])
    with ZipFile(tmp_path / "graph.zip") as archive:
        nodes, edges = (imported(archive.read(f"{one}.csv").decode()) for one in ("nodes", "edges"))
        command = archive.read("import.sh").decode()
    assert [one["label"] for one in nodes] == [HOSTILE, "cup", '"\r\n,']
    assert (nodes[2]["score"], nodes[2]["box"], nodes[2]["span"]) == (1e-7, [1, 2, 3, 4], [0, 2])
    known = {one["iri"] for one in nodes}
    assert len(known) == len(nodes)
    assert all({one["START_ID"], one["END_ID"]} <= known for one in edges)
    assert all(re.fullmatch("[A-Z][A-Z0-9_]*", one["TYPE"]) for one in edges)
    assert {"--nodes=SightGraph=nodes.csv", "--relationships=edges.csv"} <= set(command.split())
