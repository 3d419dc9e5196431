"""vocabulary_answerer.py: the vocabulary's words become those of the facts they agree with."""

from __future__ import annotations

import pytest
import torch

from graph_fusion.heads.graph import POINTER
from kg.graph import Node
from kg.vocabulary import NodeKind
from pipelines.answering.probabilities import Probabilities
from pipelines.answering.vocabulary_answerer import in_whole_words, merged_by_stem


def said(**pointed: float) -> Probabilities:
    """What the graph says of things that are equally right, "_" standing for a blank."""
    labels = [name.replace("_", " ") for name in pointed]
    nodes = [Node(f"kg:{label}", NodeKind.CONCEPT, label, "test") for label in labels]
    route = torch.nn.functional.one_hot(torch.tensor(POINTER), 3).float()
    node = torch.tensor([*pointed.values(), 0.0])
    alike = (frozenset(one.id for one in nodes),)
    rest = (torch.tensor([0.5, 0.4, 0.1]), torch.zeros(len(nodes)))
    return Probabilities(nodes, route, node, *rest, alike=alike)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("drinking", "drinking"),
        ("cutting", "cutting bread"),
        ("car", "car"),
        ("africa", "Africa"),
        ("apples", "apple"),
        ("bread", "bread"),
        ("knife", "knife"),
    ],
)
def test_what_says_the_same_is_called_as_the_graph_calls_it(word: str, name: str) -> None:
    graph = said(drinking=0.2, cutting_bread=0.2, Africa=0.2, apple=0.2, caring=0.2)
    assert merged_by_stem(graph, {word: 0.5}) == {name: 0.5}


def test_of_several_the_one_that_the_graph_finds_likelier_is_taken() -> None:
    graph = said(cutting_bread=0.2, cutting_paper=0.6)
    assert merged_by_stem(graph, {"cutting": 0.5, "cutting paper": 0.25}) == {"cutting paper": 0.75}


def test_where_nothing_is_known_words_stay_as_they_are() -> None:
    assert merged_by_stem(said(), {"cut": 0.5}) == {"cut": 0.5}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is he doing?", "surfing"),
        ("What sport is this?", "surfing"),
        ("What could you do here?", "surf"),
        ("what is this beach good for", "surfing"),
    ],
)
def test_an_answer_has_the_form_that_the_question_asks_for(question: str, answer: str) -> None:
    assert in_whole_words("surf", {"surf": ("surfing", "surf")}, question) == answer


def test_an_answer_that_people_gave_as_it_is_stays() -> None:
    assert in_whole_words("dog", {"surf": ("surfing",)}, "What is it doing?") == "dog"
