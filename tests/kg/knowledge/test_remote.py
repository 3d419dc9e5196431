"""remote.py against a real SPARQL server on loopback; servers that fail: test_endpoint.py."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

import kg.knowledge.endpoint
import kg.knowledge.remote_queries
from kg.errors import SightGraphError
from kg.files import bundled
from kg.knowledge.facts import Fact
from kg.knowledge.joined import JoinedKnowledge
from kg.knowledge.memory import Knowledge
from kg.knowledge.remote import Recent, RemoteKnowledge
from kg.knowledge.remote_queries import iri, text
from kg.vocabulary import IS_A_IRI, KNOWLEDGE, graph_iri

uvicorn = pytest.importorskip("uvicorn", reason="the SPARQL server of these tests runs on uvicorn")
rdflib_endpoint = pytest.importorskip(
    "rdflib_endpoint", reason="it is the SPARQL server of these tests"
)

FILES = ("animals", "categories", "links", "ontology", "parts", "strengths")
EX = "https://example.org/"
NASTY = (
    'say "hi"',
    'ends with a quote\n"',
    "back\\slash\\",
    r"\u0022 } ?s ?p ?o #",
    "} UNION { ?s ?p ?o",
    "new\nline\r\ttab",
    "<https://example.org/dog> . '''",
)
OWN = """
@prefix : <https://example.org/> .
@prefix sgo: <https://sightgraph.org/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix schema: <https://schema.org/> .
:ice skos:prefLabel "Ice Cream"@en . :tv rdfs:label "TV set" . :shirt schema:name "T-Shirt" .
:eis skos:prefLabel "Glas"@de, "glass"@en . :sundae skos:altLabel "ice cream" .
:eats a owl:ObjectProperty ; rdfs:label "eats" ; rdfs:domain :Animal .
:cat a :Animal, owl:Thing ; :eats [ rdfs:label "something" ], :mouse ; rdfs:seeAlso :page ;
    skos:note "a note" ; rdfs:comment "Purrs."@en, "Schnurrt."@de ; owl:sameAs :felis ;
    :legs 4 ; :born "1889" ; :unlabelledThing :x_y . :Animal rdfs:subClassOf :Being .
[] :eats :mouse .
"""


class Served:
    """A SPARQL server of a graph; `requests` counts what it was asked."""

    def __init__(self, graph: rdflib.Graph) -> None:
        self.graph = graph
        self.app = rdflib_endpoint.SparqlEndpoint(graph=graph, path="/sparql")
        self.requests = 0
        self.url = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += scope["type"] == "http"
        await self.app(scope, receive, send)

    def counted(self, call: Callable[[], Any]) -> int:
        before = self.requests
        call()
        return self.requests - before


@contextmanager
def serve(graph: rdflib.Graph) -> Iterator[Served]:
    served = Served(graph)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(served, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        served.url = f"http://127.0.0.1:{listening.getsockname()[1]}/sparql"
        yield served
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def local() -> Knowledge:
    return Knowledge.load([bundled("kg") / f"{name}.ttl" for name in FILES], with_bundled=False)


@pytest.fixture(scope="module")
def served(local: Knowledge) -> Iterator[Served]:
    with serve(local.rdf) as server:
        yield server


@pytest.fixture(scope="module")
def fetched(served: Served, local: Knowledge) -> RemoteKnowledge:
    """A thirtieth of all that the server knows, fetched at once."""
    remote = RemoteKnowledge(served.url)
    list(remote._facts_about_all(some(local)))
    return remote


def some(local: Knowledge) -> list[str]:
    """Every thirtieth concept but for the scheme, and a few that have facts of rare relations."""
    concepts = [iri for iri in local.concepts if iri != KNOWLEDGE + "everyday"]
    rich = ("cat", "cow", "lemon", "motorcycle", "baseball_glove", "penguin", "pizza", "laptop")
    return [*concepts[::30], *(KNOWLEDGE + name for name in rich)]


@pytest.fixture
def remote(served: Served) -> RemoteKnowledge:
    return RemoteKnowledge(served.url)


@pytest.fixture(scope="module")
def own() -> Iterator[Served]:
    graph = rdflib.Graph().parse(data=OWN, format="turtle")
    ex = rdflib.Namespace(EX)
    for number, value in enumerate(NASTY):
        graph.add((ex[f"nasty{number}"], ex.says, rdflib.Literal(value)))
    for number in range(120):
        graph.add((ex.start, ex.near, ex[f"between{number}"]))
        graph.add((ex[f"between{number}"], ex.near, ex[f"far{number}"]))
    graph.add((ex.far17, ex.near, ex.end))
    for number in range(150):
        graph.add((ex[f"person{number}"], ex.lives, ex.hub))
    with serve(graph) as server:
        yield server


def said(facts: list[Fact]) -> set[tuple[str, str, float, tuple[str, ...]]]:
    return {(fact.relation, fact.object, round(fact.strength, 3), fact.via) for fact in facts}


def test_every_fact_stated_or_inherited_is_that_of_the_files(
    fetched: RemoteKnowledge, local: Knowledge
) -> None:
    assert len(some(local)) > 50
    for concept in some(local):
        assert said(fetched.facts(concept)) == said(local.facts(concept)), concept
        assert fetched.categories(concept) == local.categories(concept), concept
        assert set(fetched.neighbours(concept)) == set(local.neighbours(concept))
    cat = fetched.stated(KNOWLEDGE + "cat")
    assert {(fact.source, fact.own) for fact in cat} == {("127.0.0.1", True)}


def test_every_concept_and_relation_is_called_what_the_files_call_it(
    fetched: RemoteKnowledge, local: Knowledge
) -> None:
    for concept in map(local.concept, some(local)):
        assert concept is not None
        fetched.facts(concept.iri)
        found = fetched.concept(concept.iri)
        assert found is not None
        assert found.label == concept.label == fetched.label(concept.iri)
        assert (found.aliases, found.definition) == (concept.aliases, concept.definition)
        assert sorted(found.same) == sorted(concept.same)
    met = list(fetched.relations)
    assert len(met) >= 20
    assert [fetched.relations[one] for one in met] == [local.relations[one] for one in met]


@pytest.mark.parametrize(
    "form", ["cat", "house cat", "creature", "King of the Jungle", "used for", "qwertyuiop", ""]
)
def test_names_mean_what_they_mean_in_the_files(
    form: str, remote: RemoteKnowledge, local: Knowledge
) -> None:
    assert remote.named(form) == local.named(form.lower())


@pytest.mark.parametrize(
    ("start", "end"), [("cat", "dog"), ("whiskers", "giraffe"), ("cat", "cat"), ("cat", "nothing")]
)
def test_a_path_is_as_long_as_in_the_files(
    start: str, end: str, fetched: RemoteKnowledge, local: Knowledge
) -> None:
    ends = KNOWLEDGE + start, KNOWLEDGE + end
    longest = 2 if end == "nothing" else 6
    found = fetched.path(*ends, longest)
    assert len(found) == len(local.path(*ends, longest))
    place = ends[0]
    for fact in found:
        assert place in (fact.subject, fact.object)
        place = fact.object if fact.subject == place else fact.subject
    assert not found or place == ends[1]


@pytest.mark.parametrize("object_", [KNOWLEDGE + "mammal", KNOWLEDGE + "tail", "literal:4"])
def test_facts_to_an_object_are_those_of_the_files(
    object_: str, remote: RemoteKnowledge, local: Knowledge
) -> None:
    found = {(fact.subject, fact.relation, fact.strength) for fact in remote.facts_to(object_)}
    assert found == {(one.subject, one.relation, one.strength) for one in local.facts_to(object_)}
    assert found


def test_a_query_gives_the_rows_that_it_gives_over_the_files(
    remote: RemoteKnowledge, local: Knowledge
) -> None:
    pattern = f"{{ ?one <{IS_A_IRI}> <{KNOWLEDGE}feline> . OPTIONAL {{ ?one <{EX}no> ?no }} }}"
    for query in (f"SELECT * {pattern}", f"ASK {pattern}", "ASK { <x:a> <x:b> <x:c> }"):
        rows = remote.query(query, seconds=20)
        assert sorted(map(str, rows)) == sorted(map(str, local.query(query, None)))


@pytest.mark.parametrize(
    "query",
    [
        "DELETE WHERE { ?s ?p ?o }",
        "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }",
        "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
        "no SPARQL",
    ],
)
def test_a_query_that_changes_or_fetches_is_never_sent(
    query: str, remote: RemoteKnowledge, served: Served
) -> None:
    def refused() -> None:
        with pytest.raises(SightGraphError):
            remote.query(query)

    assert served.counted(refused) == 0


def test_counts_are_those_of_the_files(own: Served, tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    own.graph.serialize(file, format="turtle")
    known = Knowledge.load([file], with_bundled=False)
    found, counts = RemoteKnowledge(own.url).statistics(), known.statistics()
    del counts["aliases"], counts["concepts"]
    for name in ("facts", "eats"):  # of a node without an IRI, for which no endpoint can be asked
        counts[name] -= 1
    assert found.pop("concepts") == sum(bool(known.stated(one)) for one in known.concepts)
    assert found == counts


def test_a_graph_of_here_is_not_sent_to_the_endpoint(remote: RemoteKnowledge) -> None:
    with pytest.raises(SightGraphError, match="cannot be queried together"):
        remote.query("ASK { ?s ?p ?o }", beside=[rdflib.Graph()])


def test_many_are_fetched_in_few_requests_and_asked_for_in_none(
    served: Served, local: Knowledge
) -> None:
    remote = RemoteKnowledge(served.url)
    animals = [fact.subject for fact in local.facts_to(KNOWLEDGE + "wild_animal")]
    assert len(animals) > 20
    assert served.counted(lambda: remote._facts_about_all(animals)) <= 3
    assert served.counted(lambda: remote.facts(animals[0])) <= 10  # seven levels of categories
    parts = {fact.object for one in animals for fact in remote.stated(one)}
    assert len(parts) > 150
    assert served.counted(lambda: [remote.label(one) for one in parts]) <= 4
    for _ in range(2):
        asked = served.counted(lambda: [remote.facts(one) for one in animals])
    assert asked == 0


def test_a_small_memory_and_small_batches_change_no_answer(
    served: Served, local: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kg.knowledge.remote_queries, "MAX_ROWS", 100)
    remote = RemoteKnowledge(served.url, remembered=60, batch=8)
    cat = KNOWLEDGE + "cat"
    assert said(remote.facts(cat)) == said(local.facts(cat))
    assert remote.label(cat) == "cat"


def test_what_was_asked_for_last_is_remembered() -> None:
    recent: Recent[int] = Recent(6)
    recent.put("a", (1, 2))
    recent.put("b", (3,))
    assert recent.get("a") == (1, 2)
    recent.put("c", ())
    recent.put("d", ())
    assert (recent.get("a"), recent.get("b"), recent.size) == ((1, 2), None, 5)
    recent.put("a", (5,))
    assert (recent.get("a"), recent.size) == ((5,), 4)


def test_a_frontier_of_hundreds_is_fetched_in_a_handful_of_requests(own: Served) -> None:
    remote = RemoteKnowledge(own.url)
    found: list[Fact] = []
    requests = own.counted(lambda: found.extend(remote.path(EX + "start", EX + "end")))
    assert [fact.object for fact in found] == [EX + "between17", EX + "far17", EX + "end"]
    assert requests <= 7  # 1 + 1 for the relation, 120 and 121 places in batches of 100


def test_a_joined_path_asks_the_endpoint_in_batches(own: Served, tmp_path: Path) -> None:
    file = tmp_path / "here.ttl"
    file.write_text(f"<{EX}end> <{EX}near> <{EX}here> .")
    joined = JoinedKnowledge([Knowledge.load([file], False), RemoteKnowledge(own.url)])
    found: list[Fact] = []
    requests = own.counted(lambda: found.extend(joined.path(EX + "start", EX + "here")))
    assert [fact.object for fact in found][1:] == [EX + "far17", EX + "end", EX + "here"]
    assert requests <= 9


def test_joined_facts_of_many_are_those_of_each(own: Served, tmp_path: Path) -> None:
    file = tmp_path / "here.ttl"
    file.write_text(f"<{EX}cat> <{EX}eats> <{EX}cat>, <{EX}mouse>, <{EX}fish> .")
    joined = JoinedKnowledge([Knowledge.load([file], False), RemoteKnowledge(own.url)])
    asked = [EX + "cat", EX + "mouse", "literal:4", EX + "nowhere"]
    found = list(joined._facts_about_all(asked))
    assert found == [(one, fact) for one in asked for fact in joined.facts_about(one)]
    assert len(found) == 10


def test_a_hub_is_cut_off_and_does_not_cut_its_neighbours_off(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kg.knowledge.remote_queries, "MAX_ROWS", 120)
    monkeypatch.setattr(kg.knowledge.remote_queries, "MAX_FACTS", 100)
    remote = RemoteKnowledge(own.url)
    asked = [EX + "hub", *(f"{EX}between{number}" for number in range(50))]
    facts = dict[str, int]()
    for concept, _ in remote._facts_about_all(asked):
        facts[concept] = facts.get(concept, 0) + 1
    assert facts == {EX + "hub": 100} | dict.fromkeys(asked[1:], 2)


@pytest.mark.parametrize(
    ("form", "concepts"),
    [("ice cream", ["ice", "sundae"]), ("the TV set", ["tv"]), ("t-shirt", ["shirt"])],
)
def test_a_name_is_found_however_it_is_written(form: str, concepts: list[str], own: Served) -> None:
    assert RemoteKnowledge(own.url).named(form) == [EX + one for one in concepts]


def test_names_of_other_languages_and_of_relations_name_no_concept(own: Served) -> None:
    remote = RemoteKnowledge(own.url)
    assert remote.named("glas") == remote.named("eats") == []
    assert remote.label(EX + "eis") == "glass"
    assert remote.concept(EX + "eats") is None


def test_texts_schema_and_blank_nodes_are_no_facts(own: Served) -> None:
    remote = RemoteKnowledge(own.url)
    assert {(fact.relation, fact.object) for fact in remote.stated(EX + "cat")} == {
        (IS_A_IRI, EX + "Animal"),
        (EX + "eats", EX + "mouse"),
        (EX + "legs", "literal:4"),
        (EX + "born", "literal:1889"),
        (EX + "unlabelledThing", EX + "x_y"),
    }
    assert remote.categories(EX + "cat") == [EX + "Animal", EX + "Being"]
    assert [fact.subject for fact in remote.facts_to(EX + "mouse")] == [EX + "cat"]
    assert [fact.subject for fact in remote.facts_to("literal:1889")] == [EX + "cat"]
    cat = remote.concept(EX + "cat")
    assert cat is not None
    assert (cat.definition, cat.same) == ("Purrs.", [EX + "felis"])
    assert remote.label(EX + "x_y") == "x y"
    assert remote.relations[EX + "unlabelledThing"].label == "unlabelled thing"
    assert remote.concept(EX + "nowhere") is None


@pytest.mark.parametrize("number", range(len(NASTY)))
def test_a_label_with_quotes_braces_or_backslashes_stays_a_label(number: int, own: Served) -> None:
    remote = RemoteKnowledge(own.url)
    found = remote.facts_to(f"literal:{NASTY[number]}")
    assert [fact.subject for fact in found] == [f"{EX}nasty{number}"]
    assert remote.named(NASTY[number]) == []


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
    | st.text(st.sampled_from('\\"uU0075 {}\n'))
)
def test_any_text_is_read_back_as_it_was_by_two_parsers(value: str) -> None:
    query = f"SELECT ?x {{ VALUES ?x {{ {text(value)} }} }}"
    assert [row["x"].value for row in pyoxigraph.Store().query(query)] == [value]
    assert [str(row[0]) for row in rdflib.Graph().query(query)] == [value]


@pytest.mark.parametrize(
    "term",
    [
        "dog",
        "_:b0",
        "",
        f"{EX}a b",
        f"{EX}> ?p ?o . <{EX}",
        f"{EX}a\n",
        f"{EX}{{x}}",
        "literal:\ud800",
    ],
)
def test_what_is_no_iri_is_refused_and_asked_of_nobody(term: str, own: Served) -> None:
    remote = RemoteKnowledge(own.url)

    def ask() -> None:
        assert remote.stated(term) == remote.facts_to(term) == remote.facts(term) == []
        assert remote.concept(term) is None
        assert remote.path(term, EX + "cat") == []
        assert term not in remote.relations

    assert own.counted(ask) == 0
    with pytest.raises(SightGraphError, match="no absolute IRI"):
        iri(term)


def test_named_graphs_say_who_states_a_fact_and_how_surely() -> None:
    dataset = rdflib.Dataset(default_union=True)
    ex = rdflib.Namespace(EX)
    for source, strength in (("conceptnet", 0.4), ("mine", 0.75)):
        graph = dataset.graph(rdflib.URIRef(graph_iri(source, "", strength)))
        graph.add((ex.cat, ex.likes, ex.milk))
    dataset.graph(rdflib.URIRef(graph_iri("bundled", "a.ttl"))).add((ex.cat, ex.likes, ex.fish))
    with serve(dataset) as server:
        plain = RemoteKnowledge(server.url).stated(EX + "cat")
        named = RemoteKnowledge(server.url, named_graphs=True).stated(EX + "cat")
    assert [(f.object, f.source, f.strength) for f in plain] == [
        (EX + "fish", "127.0.0.1", 1.0),
        (EX + "milk", "127.0.0.1", 1.0),
    ]
    assert [(f.object, f.source, f.own, f.strength) for f in named] == [
        (EX + "fish", "bundled/a.ttl", False, 1.0),
        (EX + "milk", "conceptnet, mine", True, 0.75),
    ]
