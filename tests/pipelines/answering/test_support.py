"""Each answer has one kind of support, which follows from its evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kg.graph import Edge, Node
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.support import PERSON, Support, support_of

DOG = Node("object:0", NodeKind.OBJECT, "dog", "bundled", 0.9)
CAT = Node("object:1", NodeKind.OBJECT, "cat", "bundled", 0.9)
SIGN = Node("text:0", NodeKind.TEXT, "STOP", "rapidocr", 0.9)
BEACH = Node("scene:0", NodeKind.SCENE, "beach", "scenes", 0.9)
MENTION = Edge("entity:0", "object:0", EdgeKind.MENTION, "means", "grounder")
LINK = Edge("object:0", "kg:dog", EdgeKind.LINK, "means", "linker")
FACT = Edge("kg:dog", "kg:herding", EdgeKind.FACT, "used for", "animals.ttl")
INHERITED = replace(FACT, target="kg:breathing", relation="can", via=("animal",))
SECOND = Edge("kg:herding", "kg:sheep", EdgeKind.FACT, "needs", "animals.ttl")
NEAR = Edge("object:0", "object:1", EdgeKind.SPATIAL, "near", "geometry")
BROWN = Edge("object:0", "attribute:0", EdgeKind.SEMANTIC, "has colour", "colours")


def support(
    text: str, *path: Edge, facts: tuple[Edge, ...] = (), seen: tuple[Node, ...] = (DOG,)
) -> Support:
    return support_of(text, path, facts, seen)


def test_one_asserted_fact_at_the_end_of_the_path_states_the_answer() -> None:
    assert support("herding", MENTION, LINK, FACT, facts=(FACT,)) == "stated"
    assert support("herding", FACT, facts=(FACT,), seen=()) == "stated"


def test_the_link_from_a_stated_fact_to_its_object_in_the_photograph_is_no_further_step() -> None:
    assert support("dog", FACT, LINK, facts=(FACT,)) == "stated"


def test_other_cited_facts_beside_the_path_do_not_make_a_stated_answer_inferred() -> None:
    assert support("herding", MENTION, LINK, FACT, facts=(FACT, SECOND)) == "stated"


@pytest.mark.parametrize(
    "path",
    [(MENTION, LINK, INHERITED), (LINK, FACT, SECOND), (MENTION, LINK, INHERITED, SECOND)],
)
def test_an_inherited_fact_or_several_facts_make_the_answer_inferred(
    path: tuple[Edge, ...],
) -> None:
    assert support("breathing", *path) == "inferred"


def test_a_fact_that_only_selects_the_object_makes_what_is_seen_of_it_inferred() -> None:
    assert support("cat", FACT, LINK, NEAR, facts=(FACT,), seen=(DOG, CAT)) == "inferred"


def test_cited_facts_without_a_path_do_not_state_the_answer() -> None:
    assert support("breathing", facts=(FACT,)) == "inferred"


@pytest.mark.parametrize(
    ("text", "path", "seen"),
    [
        ("brown", (MENTION, BROWN), (DOG,)),
        ("cat", (MENTION, NEAR), (DOG, CAT)),
        ("the dogs", (MENTION,), (DOG,)),
        ("2", (MENTION,), (DOG, CAT)),
        ("STOP", (), (SIGN,)),
        ("beach", (), (BEACH,)),
    ],
)
def test_what_the_photograph_shows_is_seen(
    text: str, path: tuple[Edge, ...], seen: tuple[Node, ...]
) -> None:
    assert support(text, *path, seen=seen) == "seen"


def test_an_object_that_the_words_denote_does_not_make_any_answer_about_it_seen() -> None:
    assert support("friendly", MENTION, LINK) == "guess"


def test_what_the_question_says_is_not_seen() -> None:
    said = replace(BROWN, source="entity:0", origin="parser", span=(4, 9))
    assert support("brown", said) == "guess"


def test_an_answer_without_evidence_is_a_guess() -> None:
    assert support("England", seen=()) == "guess"


def test_what_is_not_there_is_seen_not_to_be() -> None:
    assert support("I see no horse", seen=()) == "seen"


def test_what_two_things_have_in_common_is_no_evidence() -> None:
    """Bedding is for sleeping, beds are for sleeping, beds are white: so is no bedspread."""
    one = replace(FACT, source="kg:bedding", target="kg:sleeping")
    two = replace(FACT, source="kg:bed", target="kg:sleeping")
    white = replace(FACT, source="kg:bed", target="kg:white", relation="has the colour")
    assert support("white", LINK, one, two, white, facts=(one, two, white)) == "guess"
    wool = replace(FACT, source="kg:sheep", target="kg:wool", relation="produces")
    made = replace(FACT, source="kg:sweater", target="kg:wool", relation="made of")
    assert support("sweater", LINK, wool, made, facts=(wool, made)) == "inferred"


def test_that_people_use_something_is_no_evidence_of_what_a_person_does() -> None:
    used = replace(FACT, source="kg:tripod", target=PERSON, relation="used by")
    camera = replace(FACT, source="kg:tripod", target="kg:camera", relation="used with")
    assert support("camera", MENTION, LINK, used, camera, facts=(used, camera)) == "guess"
    chef = replace(used, target="kg:chef")
    assert support("camera", MENTION, LINK, chef, camera, facts=(chef, camera)) == "inferred"
