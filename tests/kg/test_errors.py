"""Messages that say how to mend the mistake."""

from __future__ import annotations

from kg.errors import unknown_name


def test_far_off_name_gets_no_suggestion_but_all_known_names() -> None:
    message = str(unknown_name("detector", "xyz", ["fcos", "bundled"]))
    assert message == "unknown detector 'xyz'. Known: bundled, fcos."


def test_near_name_is_suggested() -> None:
    assert "Did you mean 'bundled'?" in str(unknown_name("detector", "bundle", ["fcos", "bundled"]))


def test_message_is_not_quoted_as_a_key_errors_would_be() -> None:
    assert not str(unknown_name("detector", "xyz", [])).startswith(("'", '"'))
