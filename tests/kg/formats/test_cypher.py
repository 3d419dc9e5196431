"""Cypher statements: one a line, and no value ends its string."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from kg.formats import export
from kg.formats.cypher import neo4j_edges
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
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


CONSTRAINT = r"CREATE CONSTRAINT \w+ IF NOT EXISTS FOR \(n:\w+\) REQUIRE n\.\w+ IS UNIQUE;"
"""A schema command of Neo4j's manual, which the openCypher grammar does not have."""


def mistakes_of(statement: str) -> list[str]:
    """Return what the openCypher grammar says against a statement."""
    antlr4, cypher = pytest.importorskip("antlr4"), pytest.importorskip("antlr4_cypher")
    found: list[str] = []

    class Listener(antlr4.error.ErrorListener.ErrorListener):  # type: ignore[misc]
        def syntaxError(self, *about: Any) -> None:  # noqa: N802
            found.append(about[4])

    lexer = cypher.CypherLexer(antlr4.InputStream(statement))
    parser = cypher.CypherParser(antlr4.CommonTokenStream(lexer))
    for part in (lexer, parser):
        part.removeErrorListeners()
        part.addErrorListener(Listener())
    parser.script()
    return found


def test_every_statement_parses(tmp_path: Path) -> None:
    graph = SceneGraph(PhotoInfo(HOSTILE, 9, 9, "a" * 64), HOSTILE)
    graph.add(Node("a", NodeKind.OBJECT, HOSTILE, "x", 1e-7, (1, 2.5, 3e8, 4)))
    graph.add(Node("b", NodeKind.TEXT, "é 🐈 \0\t\u2028\\u0022", "x", span=(1, 3)))
    for relation in ("left of", "match", "3 times", "", HOSTILE):
        graph.connect(Edge("a", "b", EdgeKind.SPATIAL, relation, "x", 1e-9, via=("c", HOSTILE)))
    export(graph, [tmp_path / "a.cypher"])
    constraint, *statements = (tmp_path / "a.cypher").read_text(encoding="utf-8").split(";\n")[:-1]
    assert re.fullmatch(CONSTRAINT, constraint + ";")
    assert len(statements) == 2 + 5
    for statement in statements:
        assert mistakes_of(statement) == []
    assert mistakes_of(statements[0].removesuffix("}"))  # the grammar does refuse


def test_numbers_have_no_exponent_and_an_array_has_one_type(tmp_path: Path) -> None:
    graph = SceneGraph()
    times = ((0.0, 2.0), (3.0, 4.0))
    graph.add(Node("a", NodeKind.OBJECT, "cup", "x", 1e-7, (1, 2.5, 3e8, 4), intervals=times))
    export(graph, [tmp_path / "a.cypher"])
    text = (tmp_path / "a.cypher").read_text()
    assert "score: 0.0000001" in text
    assert "box: [1.0, 2.5, 300000000.0, 4.0]" in text
    assert 'intervals: "[[0.0, 2.0], [3.0, 4.0]]"' in text  # no property is a list of lists
