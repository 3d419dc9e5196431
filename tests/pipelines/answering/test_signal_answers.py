"""Questions about what a sound is: which are such, and what they are answered from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.answering.evidence import DONT_KNOW
from pipelines.answering.prediction import Prediction
from pipelines.answering.query import query_of
from pipelines.answering.signal_answers import asks_what, signal_answer
from pipelines.answering.support import Support, support_of
from pipelines.build.builder import GraphBuilder
from pipelines.build.signals import words_for
from pipelines.detections import Name
from pipelines.modalities import Modality
from pipelines.reading.parser import Parser

SOUND = words_for("sound")
DOG = (Name("dog", 0.7), Name("violin", 0.2), Name("cat", 0.05))


@pytest.fixture
def ask(builder: GraphBuilder, parser: Parser):  # type: ignore[no-untyped-def]
    def answer(text: str, *names: Name, modality: str = "sound") -> Prediction | None:
        given = Modality.of(modality, np.zeros((9, 2)), "a.wav")
        sentence = parser(text)
        graph = builder([], None, sentence, signals=[replace(given, names=names)])
        return signal_answer(graph, query_of(sentence))

    return answer


@pytest.mark.parametrize(
    "text",
    [
        "Which animal makes this sound?",
        "which animal is making the sound?",
        "What do you hear?",
        "What can be heard?",
        "Which instrument is heard in the recording?",
        "What is this sound?",
        "What made that loud noise?",
        "Whose sound is this?",
    ],
)
def test_a_question_for_the_name_of_the_sound_is_one(text: str) -> None:
    assert asks_what(text, SOUND, True)


@pytest.mark.parametrize(
    "text",
    [
        "What does the animal in this recording eat?",
        "What colour is the dog?",
        "What is a sound made of?",
        "How loud is this sound?",
        "What is on the table?",
    ],
)
def test_another_question_is_none(text: str) -> None:
    assert not asks_what(text, SOUND, True)


def test_the_most_probable_name_is_the_answer_and_the_others_are_candidates(ask) -> None:  # type: ignore[no-untyped-def]
    found = ask("What do you hear?", *DOG)
    assert found.text == "dog"
    assert found.confidence == pytest.approx(0.7)
    assert [one.text for one in found.candidates[:3]] == ["dog", "violin", "cat"]
    assert [one.id for one in found.evidence.signals] == ["signal:sound"]
    assert support_of("dog", (), (), found.evidence.seen) == Support.SEEN


def test_it_is_of_the_kind_that_is_asked_for(ask) -> None:  # type: ignore[no-untyped-def]
    assert ask("Which animal makes this sound?", *DOG).text == "dog"
    assert ask("Which instrument is heard?", *DOG).text == "violin"
    assert ask("Which vehicle makes this sound?", *DOG).text == DONT_KNOW
    facts = [one.relation for one in ask("Which animal is heard?", *DOG).evidence.facts]
    assert facts
    assert set(facts) == {"is a"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Do you hear a dog?", "yes"),
        ("Can you hear an animal?", "yes"),
        ("Is this the sound of a cat?", "no"),
        ("Can you hear a violin?", "no"),
    ],
)
def test_whether_something_is_heard(ask, text: str, answer: str) -> None:  # type: ignore[no-untyped-def]
    found = ask(text, *DOG)
    assert found.text == answer
    assert 0.5 <= found.confidence <= 1


def test_what_nothing_names_is_not_known(ask) -> None:  # type: ignore[no-untyped-def]
    assert ask("What do you hear?").text == DONT_KNOW
    assert ask("Do you hear a dog?") is None


def test_a_name_that_no_knowledge_has_is_an_answer_too(ask) -> None:  # type: ignore[no-untyped-def]
    assert ask("What do you hear?", Name("zzyzx", 0.9)).text == "zzyzx"


def test_another_modality_is_asked_for_by_its_name(ask) -> None:  # type: ignore[no-untyped-def]
    one = Name("dog", 0.9)
    assert ask("What is this radar?", one, modality="radar").text == "dog"
    assert ask("What do you hear?", one, modality="radar") is None
