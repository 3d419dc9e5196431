"""pipelines/seeing/asked.py: what a question has a detector look for."""

from __future__ import annotations

import pytest

from kg.knowledge.memory import Knowledge
from pipelines.reading.parser import Parser
from pipelines.seeing.asked import MAX_KINDS, asked_names


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge.bundled()


def test_the_things_that_a_question_names_and_their_kinds(
    parser: Parser, knowledge: Knowledge
) -> None:
    names = asked_names(parser("What does the bird on the xylorimba eat?"), knowledge)
    assert names[0] == "bird"
    assert "xylorimba" in names
    assert len(names) > 2
    assert len(asked_names(parser("What does this animal eat?"), knowledge)) <= 1 + MAX_KINDS


@pytest.mark.parametrize(
    "question", ["What is this?", "What is in the picture?", "What is the object on the left?"]
)
def test_words_that_only_point_name_nothing(
    question: str, parser: Parser, knowledge: Knowledge
) -> None:
    assert asked_names(parser(question), knowledge) == ()


def test_what_is_no_physical_object_is_not_looked_for(parser: Parser, knowledge: Knowledge) -> None:
    assert "swimming" not in asked_names(parser("Is the dog used for swimming?"), knowledge)


def test_nothing_is_asked_without_a_text(knowledge: Knowledge) -> None:
    assert asked_names(None, knowledge) == ()
