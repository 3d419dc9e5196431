"""pipelines/answering/strategies.py: which strategy answers, and what becomes of the candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from graph_fusion.tensors import Query
from kg.files import bundled
from kg.graph import PhotoInfo, SceneGraph
from pipelines.answering.answerer import Answerer, FusedQuestion
from pipelines.answering.edit_answers import EDIT_CONFIDENCE, by_statement
from pipelines.answering.evidence import DONT_KNOW, Candidate, Evidence, completed
from pipelines.answering.prediction import Prediction
from pipelines.answering.query import query_of
from pipelines.answering.strategies import BLIND_CONFIDENCE, predict
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Name
from pipelines.modalities import Modality
from pipelines.reading.parser import Parser

HEARD = (Name("dog", 0.7), Name("violin", 0.2))
Fuse = Callable[..., FusedQuestion]
PHOTO = PhotoInfo("photo.jpg", 640, 480)


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    return Answerer.load(bundled("models", "answerer"))


@pytest.fixture
def fuse(answerer: Answerer, builder: GraphBuilder, parser: Parser) -> Fuse:
    """Fuse a question with a photograph without objects, or none, and with a sound, or none."""

    def fused(text: str, photo: PhotoInfo | None = PHOTO, heard: bool = True) -> FusedQuestion:
        sound = replace(Modality.of("sound", np.zeros((9, 2)), "a.wav"), names=HEARD)
        sentence = parser(text)
        graph = builder([], photo, sentence, signals=[sound] if heard else [])
        return answerer.fuse(graph, query_of(sentence), {})

    return fused


def stated(graph: SceneGraph, query: Query) -> Prediction:
    return by_statement("a wolf")


def test_a_statement_takes_precedence_over_what_is_heard(answerer: Answerer, fuse: Fuse) -> None:
    fused = fuse("Which animal makes this sound?")
    assert predict(answerer, fused).text == "dog"
    answer = predict(answerer, fused, stated)
    assert (answer.text, answer.confidence) == ("a wolf", EDIT_CONFIDENCE)


def test_the_rest_of_the_probability_goes_to_the_candidates_of_the_networks() -> None:
    networks = completed([Candidate("cup", 0.6), Candidate("table", 0.2)])
    answer = by_statement("spoon").completed_by(networks)
    assert [one.text for one in answer.candidates] == ["spoon", "cup", "table", DONT_KNOW]
    assert [one.score for one in answer.candidates] == pytest.approx([0.9, 0.06, 0.02, 0.02])


def test_what_names_all_its_candidates_gets_no_others() -> None:
    whole = Prediction("dog", completed([Candidate("dog", 0.7)]), Evidence())
    assert whole.completed_by(completed([Candidate("cup", 0.6)])) is whole


def test_of_what_is_not_seen_only_a_photograph_speaks(answerer: Answerer, fuse: Fuse) -> None:
    question = "What colour is the cup?"
    seen = predict(answerer, fuse(question), seeable=["cup"])
    assert seen.text == "I see no cup"
    blind = predict(answerer, fuse(question, None), seeable=["cup"])
    assert blind.text != "I see no cup"


@pytest.mark.parametrize("photo", [None, PHOTO], ids=["no photograph", "nothing seen"])
def test_where_nothing_is_seen_nothing_is_answered_without_support(
    answerer: Answerer, fuse: Fuse, photo: PhotoInfo | None
) -> None:
    answer = predict(answerer, fuse("What is that thing made of?", photo, heard=False))
    assert (answer.text, answer.confidence) == (DONT_KNOW, BLIND_CONFIDENCE)
    assert answer.rule == "no-support"
    named = predict(answerer, fuse("What is a dog?", photo, heard=False))
    assert named.text != DONT_KNOW
