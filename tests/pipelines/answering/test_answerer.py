"""pipelines/answering/answerer.py: when the answer is given, how sure, and on what evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from graph_fusion.tensors import Query
from kg.files import bundled
from kg.graph import PhotoInfo, SceneGraph
from pipelines.answering.answerer import Answerer
from pipelines.answering.evidence import DONT_KNOW, Candidate
from pipelines.answering.query import query_of
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection
from pipelines.reading.parser import Parser

CUP = Detection("cup", 0.9, "test", (100, 50, 200, 150))
CAT = Detection("cat", 0.9, "test", (10, 20, 280, 190))


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    torch.set_num_threads(1)
    return Answerer.load(bundled("models", "answerer"))


@pytest.fixture(scope="module")
def asked(builder: GraphBuilder, parser: Parser) -> dict[str, tuple[SceneGraph, Query]]:
    questions = {
        "What is the cup used for?": CUP,
        "Is this animal a mammal?": CAT,
        "How many cats are there?": CAT,
    }
    made = {}
    for question, seen in questions.items():
        sentence = parser(question)
        graph = builder([seen], PhotoInfo("photo", 320, 240), sentence)
        made[question] = (graph, query_of(sentence))
    return made


def test_equally_right_facts_make_an_answer_sure_together(
    answerer: Answerer, asked: dict[str, tuple[SceneGraph, Query]]
) -> None:
    graph, query = asked["What is the cup used for?"]
    reply = answerer(graph, query)
    uses = {
        graph.node(edge.target).label
        for edge in graph.edges()
        if edge.relation == "used for" and graph.node(edge.source).label == "cup"
    }
    assert reply.text in uses
    answer, *others = reply.candidates
    assert answer.text == reply.text
    assert set(answer.includes) <= uses
    assert not uses & {one.text for one in others}
    assert answer.score > answerer.probability(graph, query, {}, reply.text)


def test_yes_leads_from_the_object_to_what_was_asked(
    answerer: Answerer, asked: dict[str, tuple[SceneGraph, Query]]
) -> None:
    graph, query = asked["Is this animal a mammal?"]
    reply = answerer(graph, query)
    assert reply.text == "yes"
    assert [node.label for node in reply.evidence.objects] == ["cat"]
    assert any(edge.relation == "is a" for edge in reply.evidence.path)


def test_a_count_shows_what_it_counted(
    answerer: Answerer, asked: dict[str, tuple[SceneGraph, Query]]
) -> None:
    reply = answerer(*asked["How many cats are there?"])
    assert reply.text == "1"
    assert [node.id for node in reply.evidence.objects] == ["object:0"]


def test_without_the_facts_the_answer_is_not_known(
    answerer: Answerer, asked: dict[str, tuple[SceneGraph, Query]]
) -> None:
    graph, query = asked["What is the cup used for?"]
    bare = graph.without(*[edge for edge in graph.edges() if edge.relation == "used for"])
    reply = answerer(bare, query)
    best = answerer(graph, query).candidates[0].score
    assert reply.text == DONT_KNOW or reply.candidates[0].score < best


def test_what_is_not_there_is_guessed_at_without_confidence(
    answerer: Answerer, builder: GraphBuilder, parser: Parser
) -> None:
    sentence = parser("What is the object next to the cup used for?")
    graph = builder([CUP], PhotoInfo("photo", 320, 240), sentence)
    guess, *_, unknown = answerer(graph, query_of(sentence)).candidates
    assert unknown.text == DONT_KNOW
    assert guess.score < 0.15 < 0.5 < unknown.score


def test_without_a_vocabulary_nothing_is_answered_where_most_likely_no_node_is_right(
    answerer: Answerer, builder: GraphBuilder, parser: Parser
) -> None:
    alone = replace(answerer, vocabulary=None)
    for question, known in (
        ("What is the object next to the cup used for?", False),
        ("What is the cup used for?", True),
    ):
        sentence = parser(question)
        graph = builder([CUP], PhotoInfo("photo", 320, 240), sentence)
        assert (alone(graph, query_of(sentence)).text != DONT_KNOW) == known


def test_an_empty_graph_is_not_known(answerer: Answerer) -> None:
    reply = answerer(SceneGraph(None, "What is it?"), Query("What is it?", "what is it", "concept"))
    assert (reply.text, reply.candidates) == (DONT_KNOW, (Candidate(DONT_KNOW, 1.0),))


def test_deleting_edges_of_the_tensors_equals_deleting_them_from_the_graph(
    answerer: Answerer, asked: dict[str, tuple[SceneGraph, Query]]
) -> None:
    graph, query = asked["What is the cup used for?"]
    text = answerer(graph, query).text
    edges = graph.edges()
    deletions = [[], edges[:1], edges[3:20], edges[::2]]
    at_once = answerer.probabilities_without(graph, query, {}, text, deletions)
    for edges_gone, probability in zip(deletions, at_once, strict=True):
        alone = answerer.probability(graph.without(*edges_gone), query, {}, text)
        assert probability == pytest.approx(alone, abs=1e-4)


def test_the_probability_of_an_answer_is_its_candidate_s_score(
    answerer: Answerer, asked: dict[str, tuple[SceneGraph, Query]]
) -> None:
    graph, query = asked["Is this animal a mammal?"]
    *candidates, unknown = answerer(graph, query).candidates
    assert unknown.text == DONT_KNOW
    for one in candidates:
        assert answerer.probability(graph, query, {}, one.text) == pytest.approx(one.score)
    assert answerer.probability(graph, query, {}, "no such answer") == 0.0
    assert answerer.probability(SceneGraph(), query, {}, "yes") == 0.0


def test_cited_facts_take_the_answer_with_them(
    answerer: Answerer, asked: dict[str, tuple[SceneGraph, Query]]
) -> None:
    graph, query = asked["What is the cup used for?"]
    reply = answerer(graph, query)
    assert reply.evidence.facts
    before, without = answerer.probabilities_without(
        graph, query, {}, reply.text, [[], reply.evidence.facts]
    )
    assert without < 0.5 * before
