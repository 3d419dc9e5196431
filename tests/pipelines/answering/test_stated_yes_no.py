"""stated_yes_no.py: facts say whether what is asked is so, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from graph_fusion.tensors import Query
from kg.files import bundled
from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.vocabulary import CAPABLE_OF
from pipelines.answering.answerer import Answerer
from pipelines.answering.query import query_of
from pipelines.answering.stated_yes_no import STATED_CONFIDENCE, forms, stated_yes_no
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection
from pipelines.reading.parser import Parser

SEEN = {
    "cat": Detection("cat", 0.9, "test", (10, 20, 280, 190)),
    "elephant": Detection("elephant", 0.9, "test", (10, 20, 280, 190)),
    "boat": Detection("boat", 0.9, "test", (10, 20, 280, 190)),
}


Read = Callable[[str, str], tuple[SceneGraph, Query]]


@pytest.fixture
def read(builder: GraphBuilder, parser: Parser) -> Read:
    def read(question: str, seen: str) -> tuple[SceneGraph, Query]:
        sentence = parser(question)
        photo = PhotoInfo("photo", 320, 240)
        graph = builder([SEEN[seen]], photo, sentence)
        return graph, query_of(sentence)

    return read


@pytest.mark.parametrize(
    ("question", "seen", "yes"),
    [
        ("Is this animal good at climbing?", "cat", True),
        ("Can this animal jump?", "elephant", False),
        ("Is this animal unable to jump?", "elephant", True),
        ("is it true that this animal cant jump", "elephant", True),
        ("is it true that this animal can't jump", "elephant", True),
        ("cant this animal jump", "elephant", False),
        ("isnt this animal good at climbing", "cat", True),
        ("could the big grey animal jump", "elephant", False),
        ("is there any sugar in donuts", "cat", True),
        ("are chickens unable to sing", "cat", True),
        ("Is this animal grey?", "elephant", None),
        ("Is the cat sleeping?", "cat", None),
        ("isnt the cat eating mice", "cat", None),
        ("Is the cat capable of climbing?", "cat", True),
        ("Is the cat on a bed?", "cat", None),
        ("Is there any milk in the cup?", "cat", None),
        ("Can the vehicle float?", "boat", True),
        ("Can this animal fly?", "cat", False),
        ("Can this animal fly or not?", "cat", False),
        ("Can this animal climb or not?", "cat", True),
        ("Can this animal play chess?", "cat", None),
        ("What can this animal do?", "cat", None),
        ("Does this animal have whiskers?", "cat", True),
        ("Does this vehicle need water?", "boat", True),
        ("Is this animal an elephant?", "cat", None),
        ("Is this animal a mammal?", "cat", None),
        ("Does this animal eat mice or grass?", "cat", None),
    ],
)
def test_a_stated_fact_decides(read: Read, question: str, seen: str, yes: bool | None) -> None:
    assert stated_yes_no(*read(question, seen)) is yes


def test_an_article_is_no_form_of_a_noun() -> None:
    assert "thing" not in forms("Can the cat fly?")
    assert {"flying", "cat"} <= forms("Can the cat fly?")


def test_a_relation_of_which_nobody_knows_whether_it_denies_states_nothing(read: Read) -> None:
    graph, query = read("Does this animal have whiskers?", "cat")
    stating = [
        one for one in graph.edges() if "whisker" in one.target and one.relation == "has part"
    ]
    others = graph.without(*stating)
    for edge in stating:
        others.connect(replace(edge, predicate="https://example.org/lacks", implied=()))
    assert stated_yes_no(graph, query) is True
    assert stated_yes_no(others, query) is None


def test_where_facts_disagree_none_decides(read: Read) -> None:
    graph, query = read("Can this animal jump?", "elephant")
    (no,) = [one for one in graph.edges() if one.relation == "cannot" and "jump" in one.target]
    graph.connect(replace(no, relation="can", predicate=CAPABLE_OF))
    assert stated_yes_no(graph, query) is None


OWN = """
@prefix ex: <https://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sgo: <https://sightgraph.org/ontology#> .
ex:masters rdfs:subPropertyOf ex:isAbleTo ; rdfs:label "masters"@en .
ex:isAbleTo owl:equivalentProperty sgo:capableOf ; rdfs:label "is able to"@en .
ex:failsAt a owl:ObjectProperty ; sgo:negates sgo:capableOf ; rdfs:label "fails at"@en .
ex:cat rdfs:label "cat"@en ; ex:masters ex:chess ; ex:isAbleTo ex:ski ; ex:failsAt ex:dive .
ex:chess rdfs:label "play chess"@en . ex:ski rdfs:label "ski"@en . ex:dive rdfs:label "dive"@en .
"""


@pytest.mark.parametrize("stored", [False, True])
def test_a_users_relation_states_an_ability_by_what_it_is_and_not_by_its_label(
    parser: Parser, tmp_path: Path, stored: bool
) -> None:
    own = tmp_path / "own.ttl"
    own.write_text(OWN, encoding="utf-8")
    if stored:
        import_source(bundled("kg"), tmp_path / "store", name="bundled")
        import_source(own, tmp_path / "store")
    knowledge = Store(tmp_path / "store") if stored else Knowledge.load([own])
    photo = PhotoInfo("photo", 320, 240)
    for activity, yes in (("play chess", True), ("ski", True), ("dive", False)):
        sentence = parser(f"Can the cat {activity}?")
        graph = GraphBuilder(knowledge)([SEEN["cat"]], photo, sentence)
        assert stated_yes_no(graph, query_of(sentence)) is yes
    (edge,) = [one for one in graph.edges() if one.relation == "masters"]
    assert edge.predicate == "https://example.org/masters"
    assert CAPABLE_OF in edge.implied
    assert edge.statement == (
        "https://example.org/cat",
        "https://example.org/masters",
        "https://example.org/chess",
    )


def test_the_answer_rests_on_the_fact_that_states_it(read: Read) -> None:
    answerer = Answerer.load(bundled("models", "answerer"))
    graph, query = read("Can this animal jump?", "elephant")
    reply = answerer(graph, query)
    assert (reply.text, reply.confidence) == ("no", pytest.approx(STATED_CONFIDENCE, abs=0.05))
    assert [fact.relation for fact in reply.evidence.facts] == ["cannot"]
