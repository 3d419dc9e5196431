"""kg/knowledge/sparql.py: read-only, never out to the network, and within a time limit."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef

from kg.errors import SightGraphError
from kg.knowledge.sparql import check_read_only, select
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source

PREFIX = "PREFIX : <https://example.org/> "


@pytest.fixture
def graph() -> Graph:
    return Graph().parse(
        data="@prefix : <https://example.org/> . :spoon :madeOf :metal . :cup :madeOf :clay .",
        format="turtle",
    )


def test_select_gives_a_row_for_each_match(graph: Graph) -> None:
    rows = select([graph], PREFIX + "SELECT ?thing WHERE { ?thing :madeOf :metal }")
    assert rows == [{"thing": "https://example.org/spoon"}]


def test_ask_gives_true_or_false(graph: Graph) -> None:
    assert select([graph], PREFIX + "ASK { :cup :madeOf :clay }") == [{"ask": "true"}]
    assert select([graph], PREFIX + "ASK { :cup :madeOf :gold }") == [{"ask": "false"}]


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
        ("SELECT * { ?s ?p ?o #\r SERVICE <http://127.0.0.1/> { ?s ?p ?x } \n }", "SERVICE"),
    ],
)
def test_what_writes_or_fetches_is_refused(graph: Graph, query: str, reason: str) -> None:
    before = len(graph)
    with pytest.raises(SightGraphError, match=reason):
        select([graph], PREFIX + query)
    assert len(graph) == before


def test_the_query_that_is_checked_is_the_one_that_is_run() -> None:
    escaped = (
        'SELECT * { ?s ?p ?o FILTER(?o != "x\\u0022#") SERVICE <http://127.0.0.1/> '
        "{ ?s ?p ?x } FILTER(true\n) }"
    )
    checked = check_read_only(escaped, {})
    assert "\\u" not in checked
    assert '"x"#' in checked  # what follows is a comment, for whoever reads it
    with pytest.raises(SightGraphError, match="escapes its escapes"):
        check_read_only("ASK { ?s ?p " + "\\u005c" + "u005c" * 3 + "u0022 }", {})


HEAVY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?b != ?d) }"
"""All triples with all others, twice: days of work for a few thousand."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("sparql")
    file = folder / "things.tsv"
    file.write_text("".join(f"thing {n}\tlikes\tthing {n + 1}\n" for n in range(3000)), "utf-8")
    import_source(file, folder / "store")
    return Store(folder / "store")


def files(folder: Path) -> dict[Path, int]:
    """Return all files of a store with the time of their last change."""
    return {one: one.stat().st_mtime_ns for one in folder.rglob("*") if one.is_file()}


@pytest.mark.parametrize("where", ["graph", "store", "both"])
def test_a_heavy_query_is_ended_in_time_and_leaves_nothing_behind(
    graph: Graph, store: Store, where: str
) -> None:
    for number in range(3000):
        graph.add((URIRef(f"urn:{number}"), URIRef("urn:p"), URIRef(f"urn:{number + 1}")))
    sources: list[Graph | Path] = [] if where == "store" else [graph]
    if where != "graph":
        sources.append(store.triples_folder)
    before, start = files(store.folder), time.perf_counter()
    with pytest.raises(SightGraphError, match=r"ended after 1 s.*LIMIT"):
        select(sources, HEAVY, seconds=1.0)
    assert time.perf_counter() - start < 1.0 + 3.0
    assert files(store.folder) == before


def test_no_process_is_left_running_after_the_time_limit(graph: Graph, store: Store) -> None:
    with pytest.raises(SightGraphError, match="ended"):
        select([store.triples_folder], HEAVY, seconds=1.0)
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("utf-8").split()
    commands = [Path(f"/proc/{one}/cmdline").read_bytes() for one in children]
    assert not any(b"kg.knowledge.sparql" in command for command in commands)


@pytest.mark.parametrize("seconds", [None, 30.0])
def test_a_store_and_a_graph_are_asked_together(
    graph: Graph, store: Store, seconds: float | None
) -> None:
    own = "https://sightgraph.org/own/"
    graph.add((URIRef("https://example.org/cup"), URIRef("urn:near"), URIRef(own + "thing_7")))
    before = files(store.folder)
    query = f"SELECT ?next WHERE {{ ?cup <urn:near> / <{own}relation/likes> ?next }}"
    rows = select([graph, store.triples_folder], query, seconds)
    assert rows == [{"next": own + "thing_8"}]
    assert files(store.folder) == before
    assert len(store.triples) == len(Store(store.folder).triples)


@pytest.mark.parametrize("seconds", [None, 30.0])
def test_a_store_that_may_not_be_written_is_asked_together_with_a_graph_too(
    graph: Graph, store: Store, monkeypatch: pytest.MonkeyPatch, seconds: float | None
) -> None:
    make = tempfile.mkdtemp

    def refuse(suffix: str | None, prefix: str | None, folder: Path | None) -> str:
        if folder is not None:
            raise PermissionError(13, "Permission denied")
        return make(suffix, prefix)

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    query = PREFIX + "SELECT ?cup WHERE { ?cup :madeOf :clay . ?thing skos:prefLabel 'thing 7'@en }"
    assert select([graph, store.triples_folder], query, seconds) == [
        {"cup": "https://example.org/cup"}
    ]


@pytest.mark.parametrize("seconds", [None, 30.0])
def test_texts_of_any_kind_come_back_as_they_are(seconds: float | None) -> None:
    graph = Graph()
    text = 'ä 💡 "quoted" \\ \n\r\t line\u2028'
    graph.add((URIRef("urn:a"), URIRef("urn:p"), Literal(text)))
    graph.add((URIRef("urn:a"), URIRef("urn:q"), Literal(4)))
    rows = select([graph], "SELECT ?x ?y ?z WHERE { ?s <urn:p> ?x ; <urn:q> ?y }", seconds)
    assert rows == [{"x": text, "y": "4"}]


@pytest.mark.parametrize("seconds", [None, 30.0])
def test_a_broken_query_is_the_same_error_with_and_without_a_limit(
    graph: Graph, seconds: float | None
) -> None:
    with pytest.raises(SightGraphError, match="not readable SPARQL"):
        select([graph], "SELECT ?x WHERE { ?x ?p", seconds)


def test_a_query_that_only_the_second_parser_refuses_is_a_plain_error(graph: Graph) -> None:
    query = "SELECT ?s (COUNT(?o) AS ?n) WHERE { ?s ?p ?o }"  # ?s is not grouped by
    messages = []
    for seconds in (None, 30.0):
        try:
            select([graph], query, seconds)
        except SightGraphError as error:
            messages.append(str(error))
    assert all("Traceback" not in message and "kg.errors" not in message for message in messages)


def test_a_process_of_its_own_does_not_import_what_lies_in_the_working_folder(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tempfile.py").write_text("raise SystemExit('the file of a user')", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert select([graph], PREFIX + "ASK { :cup :madeOf :clay }", 30.0) == [{"ask": "true"}]
