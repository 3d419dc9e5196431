"""abilities.py: facts say whether something can do what is asked, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graph_fusion.tensors import Query
from kg.files import bundled
from kg.graph import Edge, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind
from pipelines.answering.abilities import SURE, stated_ability
from pipelines.answering.answerer import Answerer
from pipelines.answering.query import query_of
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
        ("Can the vehicle float?", "boat", True),
        ("Can this animal fly?", "cat", False),
        ("Can this animal play chess?", "cat", None),
        ("What can this animal do?", "cat", None),
    ],
)
def test_a_stated_ability_decides(read: Read, question: str, seen: str, yes: bool | None) -> None:
    assert stated_ability(*read(question, seen)) is yes


def test_where_facts_disagree_none_decides(read: Read) -> None:
    graph, query = read("Can this animal jump?", "elephant")
    (no,) = [one for one in graph.edges() if one.relation == "cannot" and "jump" in one.target]
    graph.connect(Edge(no.source, no.target, EdgeKind.FACT, "can", "test"))
    assert stated_ability(graph, query) is None


def test_the_answer_rests_on_the_fact_that_states_it(read: Read) -> None:
    answerer = Answerer.load(bundled("models", "answerer"))
    graph, query = read("Can this animal jump?", "elephant")
    reply = answerer(graph, query)
    assert (reply.text, reply.confidence) == ("no", pytest.approx(SURE, abs=0.05))
    assert [fact.relation for fact in reply.evidence.facts] == ["cannot"]
