"""pipelines/answering/query.py: a user's relations are asked for in the words that they declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.vocabulary import ONTOLOGY
from pipelines.answering.query import RelationWordings
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection

INFO = PhotoInfo("hall.jpg", 640, 480)
ASTROLABE = Detection("astrolabe", 0.9, "test", (100, 200, 200, 300))
GLOBE = Detection("globe", 0.9, "test", (100, 200, 200, 300))
FORK = Detection("fork", 0.9, "test", (300, 200, 400, 300))
CRAFTED_BY = "https://example.org/craftedBy"
OWN = """\
@prefix ex: <https://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix sgo: <https://sightgraph.org/ontology#> .
ex:craftedBy a owl:ObjectProperty ; rdfs:label "crafted by"@en ;
    sgo:asks "who made it"@en, "which workshop is it from"@en .
ex:lentBy a owl:ObjectProperty ; rdfs:label "lent by"@en ;
    sgo:asks "who does it belong to"@en, "who lent it to us"@en .
ex:shownIn a owl:ObjectProperty ; rdfs:label "shown in"@en .
ex:astrolabe skos:prefLabel "astrolabe"@en ; ex:craftedBy ex:arsenius ; ex:lentBy ex:city ;
    ex:shownIn ex:hall .
ex:globe skos:prefLabel "globe"@en ; ex:craftedBy ex:arsenius .
ex:arsenius skos:prefLabel "Arsenius"@en .
"""


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TEXT_ENCODERS.make("minilm")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "own.ttl"
    path.write_text(OWN, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def knowledge(own: Path) -> Knowledge:
    return Knowledge.load([own])


@pytest.fixture(scope="module")
def wordings(knowledge: Knowledge, encoder: TextEncoder) -> RelationWordings:
    return RelationWordings(knowledge, encoder)


@pytest.fixture(scope="module")
def graph(knowledge: Knowledge) -> SceneGraph:
    return GraphBuilder(knowledge)([ASTROLABE, FORK], INFO)


@pytest.mark.parametrize(
    ("frame", "relation", "wording"),
    [
        ("Who made it?", "craftedBy", "who made it"),
        ("who made it", "craftedBy", "who made it"),
        ("Which workshop made it?", "craftedBy", "which workshop is it from"),
        ("Who lent it?", "lentBy", "who lent it to us"),
        ("Who does it belong to?", "lentBy", "who does it belong to"),
    ],
)
def test_a_question_put_in_a_relations_wording_is_for_that_relation(
    wordings: RelationWordings, graph: SceneGraph, frame: str, relation: str, wording: str
) -> None:
    assert wordings(graph, frame) == {f"https://example.org/{relation}": wording}


@pytest.mark.parametrize("frame", ["What colour is it?", "How many are there?", "", "?"])
def test_other_questions_replace_nothing(
    wordings: RelationWordings, graph: SceneGraph, frame: str
) -> None:
    assert wordings(graph, frame) == {}


def test_relations_without_facts_in_the_graph_are_not_read_otherwise(
    knowledge: Knowledge, wordings: RelationWordings
) -> None:
    graph = GraphBuilder(knowledge)([GLOBE], INFO)
    assert wordings(graph, "Who does it belong to?") == {}
    assert wordings(graph, "Who made it?") == {CRAFTED_BY: "who made it"}


def test_without_declared_wordings_nothing_is_replaced(
    own: Path, tmp_path: Path, encoder: TextEncoder
) -> None:
    silent = tmp_path / "silent.ttl"
    lines = OWN.replace(" ;\n    sgo:asks", " .\n#").splitlines()
    silent.write_text("\n".join(lines), encoding="utf-8")
    knowledge = Knowledge.load([silent], with_bundled=False)
    assert knowledge.relations["https://example.org/craftedBy"].asks == ()
    graph = GraphBuilder(knowledge)([ASTROLABE], INFO)
    assert {edge.relation for edge in graph.edges()} >= {"crafted by", "shown in"}
    assert RelationWordings(knowledge, encoder)(graph, "Who made it?") == {}


@pytest.mark.parametrize("frame", ["what is it used for", "what is it made of", "what powers it"])
def test_bundled_relations_keep_their_labels(
    knowledge: Knowledge, wordings: RelationWordings, graph: SceneGraph, frame: str
) -> None:
    asked = {wording for one in knowledge.relations.values() for wording in one.asks}
    assert frame in asked
    assert not any(iri.startswith(ONTOLOGY) for iri in wordings(graph, frame))


def test_a_store_keeps_the_wordings(own: Path, tmp_path: Path, encoder: TextEncoder) -> None:
    import_source(own, tmp_path / "store")
    store = Store(tmp_path / "store")
    graph = GraphBuilder(store)([ASTROLABE], INFO)
    assert RelationWordings(store, encoder)(graph, "Who made it?") == {CRAFTED_BY: "who made it"}
