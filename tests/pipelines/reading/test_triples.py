"""pipelines/reading/triples.py: the notation of triples and the canonical predicates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reading.triples import canonical, format_triples, parse_triples

part = (
    st.text("abcdefghijklmnop -'2", min_size=1, max_size=12)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
triples = st.lists(st.tuples(part, part, part), unique=True)


@given(triples)
def test_what_is_written_is_read_again(found: list[tuple[str, str, str]]) -> None:
    assert parse_triples(format_triples(found)) == found


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    assert all(len(one) == 3 and all(one) for one in parse_triples(text))


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("riding", "ride"),
        ("is riding on", "ride on"),
        ("wears", "wear"),
        ("has", "have"),
        ("standing on", "stand on"),
        ("laying on", "lie on"),
        ("covered in", "cover with"),
        ("using", "use"),
        ("across", "across"),
        ("swing", "swing"),
    ],
)
def test_forms_of_a_predicate_are_one(said: str, form: str) -> None:
    assert canonical(said) == (form, False)


def test_belonging_is_having_the_other_way_round() -> None:
    assert canonical("part of") == canonical("of") == ("have", True)


@given(st.text(min_size=1, max_size=30))
def test_any_predicate_has_a_form(predicate: str) -> None:
    assert isinstance(canonical(predicate).text, str)
