"""What Neo4j's import reads: headers, no dangling ends, and values that stay values."""

from __future__ import annotations

import csv
import io
from pathlib import Path
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
    assert nodes[0]["box:double[]"] == "1.0;2.0;3.5;4.0" or nodes[0]["box:double[]"] == "1;2;3.5;4"
    assert {edges[0][":START_ID"], edges[0][":END_ID"]} == {node["iri:ID"] for node in nodes}
    assert (edges[0][":TYPE"], edges[0]["score:double"]) == ("LEFT_OF", "0.25")


def test_objects_of_two_photographs_have_different_ids(tmp_path: Path) -> None:
    first, _ = tables(graph_of("cup", "a" * 64), tmp_path / "a.zip")
    second, _ = tables(graph_of("cup", "b" * 64), tmp_path / "b.zip")
    assert {node["iri:ID"] for node in first}.isdisjoint(node["iri:ID"] for node in second)
