"""pipelines/answering/activity_answers.py: which questions an activity answers, and whose."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kg.graph import Box, PhotoInfo
from kg.vocabulary import IS_DOING
from pipelines.answering.activity_answers import activity_answer
from pipelines.answering.prediction import Prediction
from pipelines.answering.query import query_of
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection, PerceivedAttribute, PerceptionResult
from pipelines.reading.parser import Parser

PHOTO = PhotoInfo("photo.jpg", 100, 100)
SEEN = (
    Detection("dog", 0.9, "test", Box(0, 0, 40, 40)),
    Detection("person", 0.9, "test", Box(50, 0, 100, 100)),
    Detection("cat", 0.9, "test", Box(0, 50, 40, 90)),
)
Ask = Callable[[str], Prediction | None]


@pytest.fixture
def ask(builder: GraphBuilder, parser: Parser) -> Ask:
    """A dog jumps, a person runs and may be walking; of the cat nothing is known."""

    def doing(label: str, score: float) -> PerceivedAttribute:
        return PerceivedAttribute(IS_DOING, label, score, "activities")

    perceived = PerceptionResult(
        ((doing("jumping", 0.8),), (doing("walking", 0.3), doing("running", 0.5)), ())
    )

    def asked(text: str) -> Prediction | None:
        sentence = parser(text)
        graph = builder(SEEN, PHOTO, sentence, perceived)
        return activity_answer(graph, query_of(sentence))

    return asked


@pytest.mark.parametrize(
    ("text", "doing"),
    [
        ("What is the dog doing?", "jumping"),
        ("what is the man doing", "running"),
        ("whats the dog up to", "jumping"),
        ("What are they doing?", "jumping"),
    ],
)
def test_what_somebody_is_doing_is_their_most_probable_activity(
    ask: Ask, text: str, doing: str
) -> None:
    answer = ask(text)
    assert answer is not None
    assert answer.text == doing
    assert [edge.relation for edge in answer.evidence.path] == [IS_DOING]


@pytest.mark.parametrize(
    "text",
    [
        "What is the cat doing?",
        "What is the man doing with the ball?",
        "What sport is the man doing?",
        "Is the dog doing something?",
        "What does the dog eat?",
    ],
)
def test_other_questions_are_left_to_the_networks(ask: Ask, text: str) -> None:
    assert ask(text) is None
