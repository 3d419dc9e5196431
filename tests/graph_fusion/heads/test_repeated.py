"""graph_fusion/heads/repeated.py: answers that only repeat the question are held back."""

from __future__ import annotations

import pytest
import torch

from graph_fusion.heads.repeated import REPEATED, RepeatedWords

ANSWERS = ["car", "sport car", "sit", "sedan", "yes", "no", "2", "cat"]


@pytest.fixture(scope="module")
def repeated() -> RepeatedWords:
    return RepeatedWords(ANSWERS)


@pytest.mark.parametrize(
    ("question", "held_back"),
    [
        ("What kind of car is this?", ["car"]),
        ("what sports cars are these", ["car", "sport car"]),
        ("Where are they sitting?", ["sit"]),
        ("Is it a cat or a car?", []),
        ("Are there no 2 of them? yes?", []),
        ("", []),
    ],
)
def test_answers_of_the_question_s_words_are_found_in_any_form(
    repeated: RepeatedWords, question: str, held_back: list[str]
) -> None:
    assert [ANSWERS[number] for number in repeated(question)] == held_back


def test_another_answer_wins_unless_the_repeated_one_is_far_more_likely(
    repeated: RepeatedWords,
) -> None:
    chances = torch.tensor([[0.6, 0, 0, 0.4, 0, 0, 0, 0], [0.96, 0, 0, 0.04, 0, 0, 0, 0]])
    question = "What kind of car is this?"
    lowered = repeated.lowered(chances, [question, question])
    assert lowered.sum(dim=1).tolist() == pytest.approx([1, 1])
    assert [ANSWERS[row] for row in lowered.argmax(dim=1).tolist()] == ["sedan", "car"]
    assert lowered[0, 0] / lowered[0, 3] == pytest.approx(1.5 * REPEATED)
    assert torch.equal(
        repeated.lowered(chances, ["What is it?", "Why?"]), chances / chances.sum(1, True)
    )
