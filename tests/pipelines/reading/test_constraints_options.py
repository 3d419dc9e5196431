"""pipelines/reading/constraints.py: what a question of choice lets choose between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.answering.probabilities import restrict_to_options
from pipelines.reading.constraints import options_of
from pipelines.reading.parser import Parser


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Is the mug left or right of the spoon?", ("left", "right")),
        ("Is the dog on the left or on the right of the picture?", ("left", "right")),
        ("Do potatoes grow above or below the soil?", ("above", "below")),
        ("Which chair is nearer, the blue one or the yellow one?", ("blue", "yellow")),
        ("Does it grow on bushes or in the soil?", ("bushes", "soil")),
        ("Which is the oldest, the car, the bus or the tram?", ("car", "bus", "tram")),
        ("Is this a mammal?", ()),
        ("What is on the table?", ()),
        ("or", ()),
    ],
)
def test_alternatives_are_read_as_bare_words(text: str, options: tuple[str, ...]) -> None:
    assert options_of(text) == options


def test_the_parsed_question_carries_its_alternatives(parser: Parser) -> None:
    question = parser("Is the cup made of wood or metal?").question
    assert question is not None
    assert question.options == ("wood", "metal")


def test_only_the_alternatives_are_left_in_any_form_of_the_word() -> None:
    scores = {"tree": 0.2, "yes": 0.6, "ground": 0.2}
    assert restrict_to_options(scores, ("trees", "ground")) == {"tree": 0.5, "ground": 0.5}
    assert restrict_to_options(scores, ("red", "green")) == {}


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert all(one.strip() for one in options_of(text))


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.01, 1), min_size=1))
def test_what_is_on_no_option_is_shared_among_the_options(found: dict[str, float]) -> None:
    scores = {text: score / sum(found.values()) for text, score in found.items()}
    left = restrict_to_options(scores, ("a", "b"))
    assert set(left) == set(scores) & {"a", "b"}
    share = (1 - sum(scores[text] for text in left)) / 2
    assert left == pytest.approx({text: scores[text] + share for text in left})
