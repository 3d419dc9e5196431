"""pipelines/answering/vocabulary_answerer.py: the share of the vocabulary in an answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kg.errors import SightGraphError
from kg.graph import Node
from kg.vocabulary import NodeKind
from pipelines.answering.probabilities import Probabilities
from pipelines.answering.vocabulary_answerer import FEATURES, GATE_FILE, Gate, features


def said(pointer: float = 0.9, petrol: float = 0.8) -> Probabilities:
    """The graph points at petrol, or at nothing."""
    nodes = [
        Node("entity:0", NodeKind.ENTITY, "vehicle", "test"),
        Node("kg:petrol", NodeKind.CONCEPT, "petrol", "test"),
    ]
    rest = (1 - pointer) / 2
    return Probabilities(
        nodes,
        torch.tensor([pointer, rest, rest]),
        torch.tensor([0.0, petrol, 1 - petrol]),
        torch.tensor([0.5, 0.3, 0.2]),
        torch.zeros(2),
    )


SPOKEN = {"gas": 0.6, "petrol": 0.2, "yes": 0.1}


def test_the_features_are_those_that_are_named() -> None:
    found = dict(zip(FEATURES, features(said(), SPOKEN, "concept"), strict=True))
    assert found["pointer"] == pytest.approx(0.9)
    assert found["graph's best"] == pytest.approx(0.72)
    assert found["vocabulary's best"] == pytest.approx(0.6)
    assert found["vocabulary's lead"] == pytest.approx(0.4)
    assert found["vocabulary on the graph's best"] == pytest.approx(0.2)
    assert found["graph on the vocabulary's best"] == 0.0
    assert found["vocabulary on yes and no"] == pytest.approx(0.1)
    assert (found["asks for concept"], found["asks for number"]) == (1.0, 0.0)


def test_a_share_of_nothing_is_the_graph_and_of_all_the_vocabulary() -> None:
    none = (0.0,) * len(FEATURES)
    assert Gate(none, -40.0).share(said(), SPOKEN, "concept") < 1e-9
    assert Gate(none, 40.0).share(said(), SPOKEN, "concept") > 1 - 1e-9
    assert Gate(none, 0.0).share(said(), SPOKEN, "concept") == 0.5


def test_it_is_answered_without_any_vocabulary_word_or_node() -> None:
    values = features(said(pointer=0.0, petrol=0.0), {}, "object")
    assert len(values) == len(FEATURES)


def test_mixed_probabilities_are_those_of_both_by_their_shares() -> None:
    graph = said()
    mixed = Probabilities(
        graph.nodes, graph.route, graph.node, graph.yes_no, graph.counted, SPOKEN, 0.25
    )
    assert mixed.of("petrol") == pytest.approx(0.75 * 0.72 + 0.25 * 0.2)
    assert mixed.of("gas") == pytest.approx(0.25 * 0.6)
    assert mixed.no_answer == pytest.approx(0.75 * graph.no_answer)
    assert mixed.candidates()[0].text == "petrol"
    assert mixed.graph_scores() == graph.scores()


def test_it_reads_back_and_a_file_of_another_length_is_refused(tmp_path: Path) -> None:
    mixing = Gate(tuple(0.5 * i for i in range(len(FEATURES))), -1.0)
    mixing.save(tmp_path)
    assert Gate.load(tmp_path) == mixing
    (tmp_path / GATE_FILE).write_text('{"weights": [1.0], "bias": 0.0}')
    with pytest.raises(SightGraphError, match="answerer"):
        Gate.load(tmp_path)
