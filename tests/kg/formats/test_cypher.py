"""Cypher statements: one a line, and no value ends its string."""

from __future__ import annotations

import json
import re
from pathlib import Path

from kg.formats import export
from kg.formats.cypher import neo4j_edges
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

HOSTILE = 'a"}) DETACH DELETE n;\n// \\'


def test_hostile_labels_stay_inside_their_strings(tmp_path: Path) -> None:
    graph = SceneGraph()
    graph.add(Node(HOSTILE, NodeKind.OBJECT, HOSTILE, HOSTILE))
    export(graph, [tmp_path / "a.cypher"])
    constraint, statement = (tmp_path / "a.cypher").read_text().splitlines()
    assert constraint.endswith(";")
    strings = re.findall(r'"(?:[^"\\]|\\.)*"', statement)
    assert HOSTILE in [json.loads(one) for one in strings]
    for one in strings:
        statement = statement.replace(one, "TEXT", 1)
    assert "DELETE" not in statement


def test_relations_become_types_that_need_no_quotes() -> None:
    graph = SceneGraph()
    graph.add(Node("a", NodeKind.OBJECT, "a", "x"))
    for relation in ("left of", "3 times", "`]-() DETACH", "", "é"):
        graph.connect(Edge("a", "a", EdgeKind.SPATIAL, relation, "x"))
    types = [edge["type"] for edge in neo4j_edges(graph)]
    assert types == ["LEFT_OF", "R_3_TIMES", "DETACH", "R", "R"]
