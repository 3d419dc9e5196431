"""What is known, over HTTP."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from kg.vocabulary import KNOWLEDGE

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


@pytest.mark.parametrize(
    "query", ["DELETE WHERE { ?s ?p ?o }", "ASK { SERVICE <http://x/> { ?s ?p ?o } }", "SELECT"]
)
def test_a_query_that_would_do_more_is_refused(client: TestClient, query: str) -> None:
    assert client.post("/api/sparql", json={"query": query}).status_code == 422
