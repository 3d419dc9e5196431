"""pipelines/generate/typist.py: questions as people type them, the same from the same seed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.generate.typist import Typist

QUESTION = "What is the animal that cannot swim usually used for?"


def test_the_same_seed_types_the_same_and_another_one_differently() -> None:
    first, again, other = Typist(1), Typist(1), Typist(2)
    typed = [first(QUESTION) for _ in range(30)]
    assert typed == [again(QUESTION) for _ in range(30)]
    assert typed != [other(QUESTION) for _ in range(30)]


def test_most_questions_are_in_lower_case_and_some_have_short_forms_and_slips() -> None:
    typist = Typist(3)
    typed = [typist(QUESTION) for _ in range(400)]
    assert 0.7 < sum(one == one.lower() for one in typed) / 400 < 0.9
    assert any("whats" in one for one in typed)
    assert any("cant" in one for one in typed)
    slipped = [one for one in typed if "usually" not in one and "usualy" not in one]
    assert 0 < len(slipped) < 80
    assert any(one.startswith(("tell me", "do you know", "guess")) for one in typed)


@given(st.text(max_size=80), st.integers(0, 50))
def test_any_text_can_be_typed(text: str, seed: int) -> None:
    assert "\N{ZERO WIDTH SPACE}" not in Typist(seed)(text.replace("\N{ZERO WIDTH SPACE}", ""))
