"""Messages that say how to mend the mistake."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kg.errors import MAX_VALUE, SightGraphError, printable, unknown_name


def test_far_off_name_gets_no_suggestion_but_all_known_names() -> None:
    message = str(unknown_name("detector", "xyz", ["fcos", "bundled"]))
    assert message == "unknown detector 'xyz'. Known: bundled, fcos."


def test_near_name_is_suggested() -> None:
    assert "Did you mean 'bundled'?" in str(unknown_name("detector", "bundle", ["fcos", "bundled"]))


def test_message_is_not_quoted_as_a_key_errors_would_be() -> None:
    assert not str(unknown_name("detector", "xyz", [])).startswith(("'", '"'))


def test_a_long_value_is_cut_and_the_rest_of_the_message_stays() -> None:
    message = str(SightGraphError(f"'{'x' * 80_000}' is no number. Write one."))
    assert len(message) < MAX_VALUE + 60
    assert message.endswith("...' is no number. Write one.")


@given(st.text())
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    assert all(one.isprintable() or one in "\n\t" for one in printable(text))


@given(
    st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="'"), max_size=99)
)
def test_a_usual_message_stays_as_it_is(text: str) -> None:
    usual = "".join(one for one in text if one.isprintable())
    assert printable(usual) == usual
