"""What is known, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from kg.vocabulary import KNOWLEDGE

Serve = Callable[..., TestClient]
CAT = KNOWLEDGE + "cat"


def test_neighbours_are_a_piece_of_a_graph(client: TestClient) -> None:
    found = client.get("/api/neighbours", params={"concept": CAT, "limit": 3}).json()
    ids = {node["id"] for node in found["nodes"]}
    assert CAT in ids
    assert len(found["edges"]) == 3
    assert all({edge["source"], edge["target"]} <= ids for edge in found["edges"])
    assert {edge["kind"] for edge in found["edges"]} == {"fact"}


def test_what_is_not_known_has_no_neighbours(client: TestClient) -> None:
    found = client.get("/api/neighbours", params={"concept": "https://example.org/nothing"})
    assert found.json() == {"nodes": [], "edges": []}


def test_labels_are_linked_and_their_facts_told(client: TestClient) -> None:
    assert client.get("/api/link", params={"label": "cats"}).json()[0]["concept"] == CAT
    facts = client.get("/api/facts", params={"label": "cat"}).json()
    assert {"subject", "relation", "object", "source", "via", "statement"} == set(facts[0])


def test_sparql_reads_and_does_nothing_else(client: TestClient) -> None:
    rows = client.post("/api/sparql", json={"query": "SELECT ?s WHERE { ?s ?p ?o } LIMIT 2"})
    assert len(rows.json()) == 2


HEAVY = (
    "SELECT (COUNT(*) AS ?n) WHERE { " + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9)) + "}"
)
"""Steps through 10^9 rows and more of a handful of triples."""


def test_a_query_ends_with_its_time(serve: Serve) -> None:
    began = time.monotonic()
    found = serve(query_seconds=1.0).post("/api/sparql", json={"query": HEAVY})
    assert (found.status_code, time.monotonic() - began < 10) == (422, True)
    assert "the query was ended after 1 s" in found.json()["error"]


def test_a_query_that_takes_too_much_memory_fails_alone(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.knowledge.sparql.MAX_MEMORY", 400 << 20)
    rows = HEAVY.replace("(COUNT(*) AS ?n)", "*") + " ORDER BY ?c0 ?c8"
    client = serve(query_seconds=60.0)
    found = client.post("/api/sparql", json={"query": rows})
    assert found.status_code == 422
    assert "more memory than" in found.json()["error"]
    assert client.post("/api/sparql", json={"query": "ASK { ?s ?p ?o }"}).json() == [
        {"ask": "true"}
    ]


def test_too_many_rows_are_refused(serve: Serve) -> None:
    found = serve(rows=2).post("/api/sparql", json={"query": "SELECT ?s WHERE { ?s ?p ?o }"})
    assert (found.status_code, "Add LIMIT" in found.json()["error"]) == (422, True)


@pytest.mark.parametrize(
    "query", ["DELETE WHERE { ?s ?p ?o }", "ASK { SERVICE <http://x/> { ?s ?p ?o } }", "SELECT"]
)
def test_a_query_that_would_do_more_is_refused(client: TestClient, query: str) -> None:
    assert client.post("/api/sparql", json={"query": query}).status_code == 422
