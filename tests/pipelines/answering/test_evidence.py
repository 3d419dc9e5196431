"""Evidence is the part of the graph that a path touches; an answer becomes plain JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kg.errors import SightGraphError
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import DONT_KNOW, Answer, Candidate, Evidence, completed

QUESTION = "What does this vehicle need?"
MENTION = Edge("entity:0", "object:0", EdgeKind.MENTION, "means", "grounding", 0.8)
LINK = Edge("object:0", "kg:motorcycle", EdgeKind.LINK, "means", "linker")
FACT = Edge(
    *("kg:motorcycle", "kg:fuel", EdgeKind.FACT, "requires", "vehicles.ttl"),
    via=("motor vehicle",),
    predicate="sgo:requires",
    statement=("kg:motor_vehicle", "sgo:requires", "kg:fuel"),
)


@pytest.fixture
def graph() -> SceneGraph:
    graph = SceneGraph(PhotoInfo("example:motorcycle", 741, 497), QUESTION)
    graph.add(Node("entity:0", NodeKind.ENTITY, "vehicle", "parser", span=(15, 22)))
    box = (12.04, 30.0, 400.0, 380.0)
    graph.add(Node("object:0", NodeKind.OBJECT, "motorcycle", "bundled", 0.91234, box=box))
    graph.add(Node("object:1", NodeKind.OBJECT, "car", "bundled", 0.4))
    graph.add(Node("kg:motorcycle", NodeKind.CONCEPT, "motorcycle", "vehicles.ttl"))
    graph.add(Node("kg:fuel", NodeKind.CONCEPT, "fuel", "vehicles.ttl"))
    for edge in (MENTION, LINK, FACT):
        graph.connect(edge)
    return graph


def answered(graph: SceneGraph, evidence: Evidence) -> Answer:
    return Answer(
        question=QUESTION,
        text="fuel",
        candidates=completed((Candidate("fuel", 0.93456, ("petrol",)), Candidate("wheels", 0.01))),
        evidence=evidence,
        graph=graph,
        timings_ms={"detect": 12.3456},
        models={"detector": "bundled"},
    )


def test_evidence_is_what_the_path_touches_and_no_more(graph: SceneGraph) -> None:
    evidence = Evidence.from_path(graph, (MENTION, LINK, FACT))
    assert [node.label for node in evidence.objects] == ["motorcycle"]
    assert [node.label for node in evidence.entities] == ["vehicle"]
    assert evidence.facts == (FACT,)
    assert evidence.path == (MENTION, LINK, FACT)


def test_nodes_beside_the_path_count_once(graph: SceneGraph) -> None:
    evidence = Evidence.from_path(graph, (MENTION,), graph.node("object:1"), graph.node("object:0"))
    assert [node.id for node in evidence.objects] == ["object:0", "object:1"]


def test_further_facts_stand_behind_those_of_the_path_and_once(graph: SceneGraph) -> None:
    other = graph.connect(Edge("kg:motorcycle", "kg:fuel", EdgeKind.FACT, "burns", "own.ttl"))
    evidence = Evidence.from_path(graph, (MENTION, LINK, FACT), facts=(other, FACT))
    assert evidence.facts == (FACT, other)
    assert evidence.path == (MENTION, LINK, FACT)


def test_a_node_weighs_by_its_widest_edge_on_the_path(graph: SceneGraph) -> None:
    strength = {MENTION: 0.5, LINK: 0.25, FACT: 1.0}
    evidence = Evidence.from_path(graph, (MENTION,), strength=strength)
    assert evidence.weight(graph.node("object:0")) == pytest.approx(0.91234 * 0.5 * 0.8)
    off_path = Evidence.from_path(graph, (), graph.node("object:0"), strength={LINK: 0.25})
    assert off_path.weight(graph.node("object:0")) == pytest.approx(0.91234 * 0.25)


def test_what_nobody_measured_weighs_its_score(graph: SceneGraph) -> None:
    assert Evidence((graph.node("object:1"),)).weight(graph.node("object:1")) == 0.4
    assert Evidence.from_path(graph, (MENTION,)).weight(MENTION) == 0.8


def test_path_through_a_node_of_another_graph_is_refused(graph: SceneGraph) -> None:
    with pytest.raises(SightGraphError, match="no node 'entity:0'"):
        Evidence.from_path(SceneGraph(), (MENTION,))


def test_json_object_has_the_documented_content(graph: SceneGraph) -> None:
    strength = {MENTION: 0.5, LINK: 0.75, FACT: 0.25}
    path = (MENTION, LINK, FACT)
    answer = answered(graph, Evidence.from_path(graph, path, strength=strength))
    assert json.loads(json.dumps(answer.as_json())) == {
        "question": QUESTION,
        "answer": "fuel",
        "confidence": 0.9346,
        "support": "inferred",
        "rule": None,
        "candidates": [
            {"text": "fuel", "score": 0.9346},
            {"text": "wheels", "score": 0.01},
            {"text": DONT_KNOW, "score": 0.0554},
        ],
        "evidence": {
            "objects": [
                {
                    "id": "object:0",
                    "label": "motorcycle",
                    "score": 0.9123,
                    "box": [12.0, 30.0, 400.0, 380.0],
                    "weight": 0.6843,
                }
            ],
            "entities": [{"text": "vehicle", "start": 15, "end": 22, "weight": 0.4}],
            "facts": [
                {
                    "subject": "motorcycle",
                    "relation": "requires",
                    "object": "fuel",
                    "source": "vehicles.ttl",
                    "via": ["motor vehicle"],
                    "predicate": "sgo:requires",
                    "statement": ["kg:motor_vehicle", "sgo:requires", "kg:fuel"],
                    "weight": 0.25,
                }
            ],
            "scenes": [],
            "texts": [],
            "signals": [],
            "path": [
                {
                    "source": "entity:0",
                    "source_label": "vehicle",
                    "relation": "means",
                    "target": "object:0",
                    "target_label": "motorcycle",
                    "kind": "mention",
                    "score": 0.8,
                    "weight": 0.4,
                },
                {
                    "source": "object:0",
                    "source_label": "motorcycle",
                    "relation": "means",
                    "target": "kg:motorcycle",
                    "target_label": "motorcycle",
                    "kind": "link",
                    "score": 1.0,
                    "weight": 0.75,
                },
                {
                    "source": "kg:motorcycle",
                    "source_label": "motorcycle",
                    "relation": "requires",
                    "target": "kg:fuel",
                    "target_label": "fuel",
                    "kind": "fact",
                    "score": 1.0,
                    "weight": 0.25,
                },
            ],
        },
        "missing": [],
        "timings_ms": {"detect": 12.35},
        "models": {"detector": "bundled"},
    }


def test_numpy_numbers_of_a_detector_become_plain_json(graph: SceneGraph) -> None:
    box = tuple(np.array([1.04, 2.0, 3.0, 4.0], np.float32))
    node = graph.add(
        Node("object:2", NodeKind.OBJECT, "cup", "own", np.float32(0.5), box=box)  # type: ignore[arg-type]
    )
    text = json.dumps(answered(graph, Evidence.from_path(graph, (), node)).as_json())
    assert json.loads(text)["evidence"]["objects"][0]["box"] == [1.0, 2.0, 3.0, 4.0]


def test_object_without_a_box_says_null(graph: SceneGraph) -> None:
    answer = answered(graph, Evidence.from_path(graph, (), graph.node("object:1")))
    assert answer.as_json()["evidence"]["objects"][0]["box"] is None


def test_facts_are_spoken_in_labels_with_iris_beside_them(graph: SceneGraph) -> None:
    answer = answered(graph, Evidence.from_path(graph, (MENTION, LINK, FACT)))
    (fact,) = answer.facts
    assert (fact.subject, fact.relation, fact.object) == ("motorcycle", "requires", "fuel")
    iris = (fact.subject_iri, fact.predicate, fact.object_iri)
    assert iris == ("kg:motorcycle", "sgo:requires", "kg:fuel")
    assert (fact.via, fact.weight) == (("motor vehicle",), 1.0)


def test_an_answer_prints_as_a_person_would_say_it(graph: SceneGraph) -> None:
    answer = answered(graph, Evidence.from_path(graph, (MENTION, LINK, FACT)))
    said = "fuel (confidence 0.93, inferred)\n  motorcycle requires fuel [vehicles.ttl]"
    assert str(answer) == said


def test_a_notebook_shows_the_photograph_its_boxes_and_the_support(graph: SceneGraph) -> None:
    page = answered(graph, Evidence.from_path(graph, (MENTION, LINK, FACT)))._repr_html_()
    assert "data:image/jpeg;base64," in page
    assert page.count("<rect") == 1
    assert ">inferred</span>" in page
    assert "motorcycle requires fuel (vehicles.ttl)" in page
    assert "<script" not in page
