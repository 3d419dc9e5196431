"""pipelines/reading/descriptions: single names are read like sentences."""

from __future__ import annotations

import pytest

from pipelines.reading.descriptions import entities_of, seen_relation
from pipelines.reading.parser import Parser


@pytest.mark.parametrize(
    ("text", "names"),
    [("a cat", ["cat"]), ("the Cat", ["cat"]), ("a cat on a sofa", ["cat", "sofa"])],
)
def test_what_a_description_names(parser: Parser, text: str, names: list[str]) -> None:
    assert [one.lemma for one in entities_of(parser(text))] == names


def test_words_of_descriptions_are_relations_of_the_graph() -> None:
    assert seen_relation("beside") == seen_relation("next to") == "near"
    assert seen_relation("hold") == "hold"
