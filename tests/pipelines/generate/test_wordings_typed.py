"""data/wordings/typed.yaml: its slots, and the relations and categories that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from kg.files import bundled
from kg.knowledge.memory import Knowledge

FILE = yaml.safe_load(bundled("wordings", "typed.yaml").read_text(encoding="utf-8"))
CHOICE = {"a", "b"}
FACT = {"o", "a_o", "verb"}
EXACTLY = {
    "facts": {"s"},
    "facts_typed": {"s"},
    "two_hops": {"s"},
    "colour": {"s"},
    "doing": {"s"},
    "choice": {"s", "a", "b"},
    "colour_yes_no": {"s", "colour"},
    "colour_select": {"colour"},
    "doing_object": {"s", "doing"},
    "place": set(),
    "style": set(),
    "replacements": set(),
    "typing": set(),
    "neighbour_keys": set(),
}
"""Slots that each wording of a table has."""
SOME = {
    "select": FACT,
    "select_two": FACT | CHOICE,
    "yes_no": FACT | {"s"},
    "yes_no_expecting": FACT | {"s"},
    "yes_no_negated": FACT | {"s"},
    "compare": CHOICE,
    "exists": {"a_x", "xs"},
    "count": {"x", "xs"},
    "kind": {"s", "x", "a_x"},
    "absent": {"x", "xs"},
    "references": {"x", "a_x", "xs", "c", "y", "colour", "doing"},
}
"""Slots of which a wording of a table has some."""
BY_RELATION = [
    "facts", "select", "select_two", "yes_no", "yes_no_expecting", "yes_no_negated", "choice",
]  # fmt: skip


def texts(table: Any) -> Iterator[str]:
    """Yield the texts of a table, of its lists and of those of the tables in it."""
    if isinstance(table, str):
        yield table
    else:
        for one in table.values() if isinstance(table, Mapping) else table:
            yield from texts(one)


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("table", FILE)
def test_wordings_have_the_slots_of_their_table_and_no_wording_stands_twice(table: str) -> None:
    found = list(texts(FILE[table]))
    if table in EXACTLY:
        assert {one for one in found if slots(one) != EXACTLY[table]} == set()
    else:
        assert {one for one in found if slots(one) - SOME[table]} == set()
    lists = FILE[table].values() if isinstance(FILE[table], Mapping) else [FILE[table]]
    for one in lists:
        if isinstance(one, list):
            assert len(one) == len(set(one))


@pytest.mark.parametrize("table", ["select", "select_two", "yes_no_expecting", "yes_no_negated"])
def test_what_asks_for_one_of_several_or_whether_names_the_object(table: str) -> None:
    assert {one for one in texts(FILE[table]) if not slots(one) & FACT} == set()


def test_only_activities_are_named_by_their_verb() -> None:
    activities = {"used for", "can", "cannot"}
    for table in BY_RELATION:
        for relation, wordings in FILE[table].items():
            assert relation in activities or not any("verb" in slots(one) for one in wordings)


def test_relations_categories_and_properties_exist_and_each_relation_is_asked_for() -> None:
    knowledge = Knowledge.bundled()
    relations = {one.label for one in knowledge.relations.values()}
    labels = {knowledge.label(one) for one in knowledge.concepts}
    assert set(FILE["facts"]) == set(FILE["select"]) == set(FILE["choice"]) == relations
    assert all(set(FILE[table]) <= relations for table in BY_RELATION)
    for relation, by_category in FILE["facts_typed"].items():
        assert relation in relations
        assert set(by_category) <= labels
    for first, then in FILE["two_hops"].items():
        assert {first, *then} <= relations
    assert set(FILE["compare"]) <= relations | labels


def test_typing_has_probabilities_and_replacements_change_the_text() -> None:
    assert all(0 < float(one) < 1 for one in FILE["typing"].values())
    assert all(left != right for left, right in FILE["replacements"].items())
    assert all(key not in keys for key, keys in FILE["neighbour_keys"].items())
