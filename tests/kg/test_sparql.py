"""kg/sparql.py: read-only, and never out to the network."""

from __future__ import annotations

import pytest
from rdflib import Graph

from kg.errors import SightGraphError
from kg.sparql import select

PREFIX = "PREFIX : <https://example.org/> "


@pytest.fixture
def graph() -> Graph:
    return Graph().parse(
        data="@prefix : <https://example.org/> . :spoon :madeOf :metal . :cup :madeOf :clay .",
        format="turtle",
    )


def test_select_gives_a_row_for_each_match(graph: Graph) -> None:
    rows = select(graph, PREFIX + "SELECT ?thing WHERE { ?thing :madeOf :metal }")
    assert rows == [{"thing": "https://example.org/spoon"}]


def test_ask_gives_true_or_false(graph: Graph) -> None:
    assert select(graph, PREFIX + "ASK { :cup :madeOf :clay }") == [{"ask": "true"}]
    assert select(graph, PREFIX + "ASK { :cup :madeOf :gold }") == [{"ask": "false"}]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("INSERT DATA { :a :b :c }", "not readable"),
        ("DELETE WHERE { ?s ?p ?o }", "not readable"),
        ("LOAD <http://127.0.0.1/x>", "not readable"),
        ("SELECT ?x WHERE { ?x ?p", "not readable"),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "only SELECT and ASK"),
        ("SELECT ?x WHERE { SERVICE <http://127.0.0.1/> { ?x ?p ?o } }", "SERVICE"),
        ("SELECT ?x FROM <http://127.0.0.1/x> WHERE { ?x ?p ?o }", "FROM"),
        (
            "SELECT ?x WHERE { { SELECT ?x WHERE { SERVICE <http://127.0.0.1/> { ?x ?p ?o } } } }",
            "SERVICE",
        ),
    ],
)
def test_what_writes_or_fetches_is_refused(graph: Graph, query: str, reason: str) -> None:
    before = len(graph)
    with pytest.raises(SightGraphError, match=reason):
        select(graph, PREFIX + query)
    assert len(graph) == before
