"""pipelines/video/questions: what is asked over time, and what is not."""

from __future__ import annotations

import math

import pytest

from kg.graph import Interval
from pipelines.reading.parser import Parser
from pipelines.video.questions import TimedQuestion, named_time, read
from pipelines.video.rules import Rules

EVENTS = Rules.bundled().events


@pytest.mark.parametrize(
    ("question", "within", "rest"),
    [
        ("what is the dog doing at 3 seconds?", (2.5, 3.5), "what is the dog doing?"),
        ("who enters between 2 and 4.5 seconds?", (2, 4.5), "who enters?"),
        ("what happens after 2 s?", (2, math.inf), "what happens?"),
        ("is there a cup at 1:05?", (64.5, 65.5), "is there a cup?"),
        ("does he stop before second 4?", (0, 4), "does he stop?"),
        ("where is the cat at the beginning of the video?", (0, 1), "where is the cat?"),
        ("where is the cat at the end?", (8, 9), "where is the cat?"),
        ("what colour is the dog?", None, "what colour is the dog?"),
    ],
)
def test_named_times_are_read_and_taken_out(
    question: str, within: tuple[float, float] | None, rest: str
) -> None:
    found, without = named_time(question, 9.0)
    assert found == (None if within is None else Interval(*within))
    assert without == rest


def reading(parser: Parser, question: str) -> TimedQuestion | None:
    return read(parser(question), EVENTS, None)


ASKED = [
    ("what does the man pick up after he enters?", "what", "picks up", "after", "enters"),
    ("who enters first?", "who", "enters", None, None),
    ("does the man leave before the dog?", "whether", "leaves", "before", None),
    ("who puts down the red cup?", "who", "puts down", None, None),
    ("when does the woman sit down on the chair?", "when", "sits", None, None),
    ("how often does the dog stop?", "how often", "stops", None, None),
    ("how many people enter?", "how many", "enters", None, None),
    ("what is picked up by the man?", "what", "picks up", None, None),
    ("which animal follows the man?", "who", "follows", None, None),
    ("does he carry a bag while he follows the dog?", "whether", "carries", "while", "follows"),
    ("what happens after the man enters?", "doing", None, "after", "enters"),
    ("how long does the man carry the bag?", "how long", "carries", None, None),
    ("what is the dog doing?", "doing", None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("question", "asked", "event", "relation", "other"), ASKED)
def test_questions_over_time_are_read(
    parser: Parser,
    question: str,
    asked: str,
    event: str | None,
    relation: str | None,
    other: str | None,
) -> None:
    found = reading(parser, question)
    assert found is not None
    assert (found.asked, found.clause.event, found.relation) == (asked, event, relation)
    assert (found.other and found.other.event) == other


@pytest.mark.parametrize(
    "question",
    ["what colour is the dog?", "is this animal a mammal?", "where is the cat?"],
)
def test_other_questions_are_left_to_the_frame(parser: Parser, question: str) -> None:
    assert reading(parser, question) is None


def test_a_verb_that_was_read_as_a_noun_is_no_name(parser: Parser) -> None:
    found = reading(parser, "what happens after the man enters?")
    assert found is not None
    assert found.other is not None
    assert found.other.who is not None
    assert found.entities[found.other.who].text == "man"
