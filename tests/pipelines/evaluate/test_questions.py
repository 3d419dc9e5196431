"""Answers judged by what a file accepts, and what is written of them."""

from __future__ import annotations

import pytest

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import DONT_KNOW, Answer, Candidate, Evidence, completed
from pipelines.datasets.questions import PhotoQuestion
from pipelines.evaluate.questions import Outcome, figures


def question(name: str = "q1", kind: str = "part", *accepted: str) -> PhotoQuestion:
    return PhotoQuestion(name, "a.jpg", "What has it?", accepted or ("wheel",), kind)


def answer(text: str, *candidates: Candidate) -> Answer:
    graph = SceneGraph()
    graph.add(Node("object:0", NodeKind.OBJECT, "car", "bundled", 0.9))
    graph.add(Node("sg:car", NodeKind.CONCEPT, "car", "vehicles.ttl"))
    graph.add(Node("sg:wheel", NodeKind.CONCEPT, "wheel", "vehicles.ttl"))
    fact = graph.connect(Edge("sg:car", "sg:wheel", EdgeKind.FACT, "has part", "vehicles.ttl"))
    evidence = Evidence.from_path(graph, (fact,))
    return Answer("What has it?", text, completed(candidates), evidence, graph)


def test_right_is_what_the_file_accepts_but_for_form() -> None:
    assert Outcome.of(question(), answer("Wheels", Candidate("Wheels", 0.8))).right
    assert not Outcome.of(question(), answer("tyre", Candidate("tyre", 0.8))).right


def test_not_knowing_is_never_right_but_judged_by_its_best_candidate() -> None:
    unknown = answer(DONT_KNOW, Candidate("wheel", 0.1), Candidate("door", 0.05))
    outcome = Outcome.of(question(), unknown)
    assert not outcome.right
    assert (outcome.judged.confidence, outcome.judged.right) == (0.1, True)
    assert outcome.judged.abstained


def test_not_knowing_without_a_candidate_is_as_unsure_as_can_be() -> None:
    judged = Outcome.of(question(), answer(DONT_KNOW)).judged
    assert (judged.confidence, judged.right, judged.abstained) == (0.0, False, True)


def test_figures_count_by_type_and_over_all() -> None:
    outcomes = [
        Outcome.of(question("1"), answer("wheel", Candidate("wheel", 0.9))),
        Outcome.of(question("2"), answer("door", Candidate("door", 0.4))),
        Outcome.of(question("3", "use", "driving"), answer(DONT_KNOW)),
    ]
    found = figures(outcomes)
    assert found["questions"] == 3
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["accuracy, part"] == 0.5
    assert found["accuracy, use"] == 0.0
    assert found["not known"] == pytest.approx(1 / 3)
    assert found["accuracy at 50 % coverage"] == 0.5


def test_every_answer_is_reported_with_its_facts_and_what_was_seen() -> None:
    one = Outcome.of(question(), answer("wheel", Candidate("wheel", 0.8))).report
    assert (one["id"], one["type"], one["accepted"]) == ("q1", "part", ["wheel"])
    assert (one["answer"], one["confidence"], one["right"]) == ("wheel", 0.8, True)
    assert [(found["text"], found["score"]) for found in one["candidates"]] == [
        ("wheel", 0.8),
        (DONT_KNOW, 0.2),
    ]
    assert [fact["relation"] for fact in one["facts"]] == ["has part"]
    assert one["detected"] == ["car"]
