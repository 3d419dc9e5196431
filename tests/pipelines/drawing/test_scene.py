"""pipelines/drawing/scene: counts, repeated mentions, colours, grounds, and contradictions."""

from __future__ import annotations

import pytest

from kg.errors import SightGraphError
from kg.linking import Linker
from pipelines.drawing.drawer import Drawer
from pipelines.drawing.scene import DrawnScene, scene_of
from pipelines.reading.parser import Parser


@pytest.fixture
def scene(rules: Parser, linker: Linker, drawer: Drawer):  # type: ignore[no-untyped-def]
    def read(text: str) -> DrawnScene:
        return scene_of(rules(text), linker, drawer.carries)

    return read


def named(scene: DrawnScene) -> list[str]:
    return [one.name for one in scene.things]


def said(scene: DrawnScene) -> set[tuple[str, str, str]]:
    names = named(scene)
    return {(names[one.subject], one.place, names[one.object]) for one in scene.said}


def test_things_relations_and_colours_are_read(scene) -> None:  # type: ignore[no-untyped-def]
    found = scene("a dog under a table next to a red ball")
    assert named(found) == ["dog", "table", "ball"]
    assert found.things[2].colour == "red"
    assert said(found) == {("dog", "beneath", "table"), ("dog", "near", "ball")}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("two dogs on a sofa", 2),
        ("a dog on a sofa", 1),
        ("dogs on a sofa", 2),
        ("several dogs on a sofa", 3),
    ],
)
def test_things_are_drawn_as_often_as_they_are_counted(scene, text: str, count: int) -> None:  # type: ignore[no-untyped-def]
    found = scene(text)
    assert named(found).count("dog") == count
    assert len(found.said) == count


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("no dogs on a sofa", ["sofa"]),
        ("0 dogs on a sofa", ["sofa"]),
        ("zero dogs on a sofa", ["sofa"]),
        ("a cat without a hat", ["cat"]),
        ("a cat with no hat", ["cat"]),
        ("² dogs on a sofa", ["dog", "dog", "sofa"]),
    ],
)
def test_what_is_said_not_to_be_there_is_not_drawn(scene, text: str, things: list[str]) -> None:  # type: ignore[no-untyped-def]
    found = scene(text)
    assert named(found) == things
    assert not any(predicate == "without" for _, predicate, _ in said(found))


def test_a_denied_statement_is_refused(scene) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SightGraphError, match=r"denies something \('not'\)"):
        scene("a dog that is not on a sofa")


def test_each_number_counts_its_own_things(scene) -> None:  # type: ignore[no-untyped-def]
    assert sorted(named(scene("two dogs and three cats on a sofa"))) == (
        ["cat"] * 3 + ["dog"] * 2 + ["sofa"]
    )


def test_a_thing_that_is_named_again_is_drawn_once(scene) -> None:  # type: ignore[no-untyped-def]
    found = scene("The cup is on the table. The table is next to a chair.")
    assert named(found) == ["cup", "table", "chair"]
    assert len(said(found)) == 2


def test_it_is_what_was_named_first(scene) -> None:  # type: ignore[no-untyped-def]
    found = scene("The ball is inside the box. It is on a table.")
    assert said(found) == {("ball", "in", "box"), ("ball", "on", "table")}


def test_grounds_carry_and_clothes_are_worn(scene) -> None:  # type: ignore[no-untyped-def]
    found = scene("A girl in a yellow dress is playing in the snow")
    assert found.things[named(found).index("snow")].background == "ground"
    assert ("girl", "around", "dress") in said(found)
    assert ("girl", "on", "snow") in said(found)


def test_what_stands_on_a_ground_is_beside_what_the_ground_is_said_to_be(scene) -> None:  # type: ignore[no-untyped-def]
    found = scene("a girl standing on grass to the left of a car")
    assert ("girl", "left of", "car") in said(found)


def test_who_wears_a_thing_does_what_is_said_behind_it(scene) -> None:  # type: ignore[no-untyped-def]
    found = scene("a girl in a yellow dress riding a horse")
    assert ("girl", "on", "horse") in said(found)


def test_between_is_left_of_one_and_right_of_the_other(scene) -> None:  # type: ignore[no-untyped-def]
    assert said(scene("a bird between two trees")) == {
        ("tree", "left of", "bird"),
        ("bird", "left of", "tree"),
    }


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a cat under a bed", "beneath"),
        ("a boat under a bridge", "beneath"),
        ("a plate beneath a pizza", "under"),
        ("a table under a cup", "under"),
        ("a woman under an umbrella", "below"),
        ("a dog below a chair", "below"),
    ],
)
def test_what_is_under_a_thing_carries_it_or_is_sheltered(scene, text: str, place: str) -> None:  # type: ignore[no-untyped-def]
    assert [one.place for one in scene(text).said] == [place]


def test_sizes_are_read(scene) -> None:  # type: ignore[no-untyped-def]
    assert [one.size for one in scene("a small car in front of a large bus").things] == [-1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "a cat above a dog and the dog above the cat",
        "a cup in a box, and the box is in the cup",
        "a dog under a table, and the table is under the dog",
        "a cat left of a dog, and the dog is left of the cat",
    ],
)
def test_a_text_that_contradicts_itself_is_refused(scene, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SightGraphError, match="contradicts itself"):
        scene(text)


@pytest.mark.parametrize("text", ["nothing", "quickly run", "!!!", "in the background"])
def test_a_text_without_things_is_refused(scene, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SightGraphError, match="nothing that can be drawn"):
        scene(text)


@pytest.mark.parametrize("text", ["99 dogs on a sofa", "1000000 dogs"])
def test_too_many_things_are_refused(scene, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SightGraphError, match="more than 20"):
        scene(text)
