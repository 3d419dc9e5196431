"""deletion.py: an answer loses what its evidence gave it, and little by other facts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import pytest

from kg.graph import Box
from kg.vocabulary import EdgeKind
from pipelines.cli.output import picture
from pipelines.detections import Detection
from pipelines.explain import Control, Explanation, explain, pieces, without_piece
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph


class CupAndBowl:
    """A detector that sees the same in every photograph, so that only `explain` is tested."""

    name = "fixed"

    def __call__(self, photo: Photo) -> list[Detection]:
        return [
            Detection("cup", 0.79, self.name, Box(183, 23, 470, 387)),
            Detection("dining table", 0.45, self.name, Box(2, 2, 598, 398)),
            Detection("bowl", 0.4, self.name, Box(90, 120, 480, 390)),
        ]


@pytest.fixture(scope="module")
def cup(sightgraph: SightGraph) -> Explanation:
    fixed = replace(sightgraph, detector=CupAndBowl(), namer=None)
    return explain(fixed, "example:coffee", "What is the cup made of?")


@pytest.fixture(scope="module")
def mammal(sightgraph: SightGraph) -> Explanation:
    return explain(sightgraph, "example:cat", "Is this animal a mammal?")


def test_without_its_fact_another_answer_is_given(sightgraph: SightGraph) -> None:
    powered = explain(sightgraph, "example:motorcycle", "What does this vehicle need to run?")
    (fact,) = [one for one in powered.effects if one.piece.kind == "fact"]
    assert fact.piece.name == "motorcycle powered by petrol"
    assert (powered.text, fact.answer == "petrol") == ("petrol", False)
    assert fact.probability < 0.1 < powered.probability


def test_what_the_vocabulary_says_too_is_still_likely_without_its_fact(cup: Explanation) -> None:
    (fact,) = [one for one in cup.effects if one.piece.kind == "fact"]
    assert (cup.text, fact.piece.name) == ("ceramic", "cup made of ceramic")
    assert 0.1 < fact.probability < cup.probability


def test_the_greatest_loss_stands_first_and_random_facts_take_less(cup: Explanation) -> None:
    changes = [one.change for one in cup.effects]
    assert changes == sorted(changes)
    first = cup.effects[0]
    assert first.control is not None
    assert first.change < first.control
    for one in cup.effects:
        assert one.change == pytest.approx(one.probability - cup.probability)


def test_words_mean_the_cat_no_more_without_the_facts_that_say_what_it_is(
    mammal: Explanation,
) -> None:
    assert mammal.text == "yes"
    facts = {one.piece.name: one for one in mammal.effects if one.piece.kind == "fact"}
    assert {"cat is a feline", "feline is a mammal"} <= set(facts)
    assert all(one.change < -0.1 for one in facts.values())
    (all_facts,) = [one for one in mammal.effects if one.piece.kind == "facts"]
    assert all_facts.change < -0.1


def test_every_piece_of_the_evidence_is_tried_once(mammal: Explanation) -> None:
    evidence = mammal.answer.evidence
    tried = [one.piece.kind for one in mammal.effects]
    assert tried.count("box") == len(evidence.objects)
    assert tried.count("word") == len(evidence.entities)
    assert tried.count("fact") == len(evidence.facts)


def test_a_box_goes_with_its_node_and_edges(cup: Explanation) -> None:
    answer = cup.answer
    (box,) = [
        one for one in pieces(answer.graph, answer.evidence, answer.question) if one.kind == "box"
    ]
    left = without_piece(answer.graph, box)
    assert box.node is not None
    assert box.node not in left
    assert {node.id for node in answer.graph.nodes()} - {node.id for node in left.nodes()} == {
        box.node
    }
    assert all(box.node not in (edge.source, edge.target) for edge in left.edges())


class OpenEyes:
    """A detector that finds a cat only where it is told to look for one."""

    name = "open"
    deduplicates = True
    names: tuple[str, ...] = ("tv",)

    def __init__(self) -> None:
        self.looks: list[bool] = []

    def looking_for(self, names: Sequence[str]) -> OpenEyes:
        told = copy(self)
        told.names = (*names, *self.names)
        return told

    def __call__(self, photo: Photo) -> list[Detection]:
        self.looks.append("cat" in self.names)
        cats = [Detection("cat", 0.9, self.name, Box(60, 20, 440, 300))] if self.looks[-1] else []
        return [*cats, Detection("tv", 0.6, self.name, Box(0, 0, 40, 40))]


def test_the_photograph_is_looked_at_once_and_for_what_the_question_names(
    sightgraph: SightGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.explain.pieces", lambda *_: [])  # what takes long
    eyes = OpenEyes()
    told = replace(sightgraph, detector=eyes, namer=None)
    explained = explain(told, "example:cat", "Is the cat a mammal?")
    assert eyes.looks == [True]
    assert explained.answer.graph.node("object:0").label == "cat"


def test_controls_are_other_facts_and_the_same_ones_for_the_same_seed(cup: Explanation) -> None:
    graph, cited = cup.answer.graph, cup.answer.evidence.facts
    drawn = Control(graph, cited, draws=3, seed=7).deletions(2)
    assert drawn == Control(graph, cited, draws=3, seed=7).deletions(2)
    assert len(drawn) == 3
    for deletion in drawn:
        facts = {edge for edge in deletion if edge.kind == EdgeKind.FACT}
        assert len(facts) == 2
        assert not facts & set(cited)
    every = graph.edges(EdgeKind.FACT)
    assert Control(graph, every, draws=3, seed=7).deletions(2) == []


def test_an_unknown_answer_is_explained_by_its_best_candidate(sightgraph: SightGraph) -> None:
    explanation = explain(sightgraph, "example:coffee", "Is the cup a blorb?")
    content = explanation.as_json()
    json.dumps(content, allow_nan=False)
    assert set(content) == {"answer", "explained", "probability", "effects"}
    if explanation.answer.candidates and explanation.answer.text == "I don't know":
        assert explanation.text == explanation.answer.candidates[0].text


def test_a_picture_highlights_the_evidence_with_its_weights(cup: Explanation) -> None:
    view = picture(cup.answer)
    evidence = cup.answer.evidence
    assert set(evidence.path) | set(evidence.facts) == view.edges
    assert {one.id for one in evidence.objects} <= view.nodes
    for one in evidence.objects:
        assert view.weight(one.id) == pytest.approx(evidence.weight(one))
