"""datasets/mentioned.py: nouns of captions as concepts that can be seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.knowledge.memory import Knowledge
from kg.vocabulary import KNOWLEDGE
from pipelines.datasets.mentioned import (
    above,
    activities,
    captioned_photographs,
    is_stuff,
    is_visible,
    mentioned_in,
    nouns,
    visible_concepts,
)
from pipelines.reading.parser import load_pipeline


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge.bundled()


def test_nouns_are_taken_with_those_before_them() -> None:
    doc = load_pipeline()("two brown dogs chase a tennis ball on the grass .")
    assert list(nouns(doc)) == ["dog", "tennis ball", "grass"]


def test_things_and_ground_are_visible_but_no_activities_colours_or_places(
    knowledge: Knowledge,
) -> None:
    concepts = visible_concepts(knowledge)
    for seen in ("dog", "helmet", "snow", "sky"):
        assert concepts(seen), seen
    for unseen in ("swimming", "music", "red", "nose", "crowd", "beach"):
        assert not concepts(unseen), unseen
    assert concepts("dog") == [KNOWLEDGE + "dog"]


def test_snow_and_sky_have_no_limits_but_grass_is_a_plant(knowledge: Knowledge) -> None:
    concepts = visible_concepts(knowledge)
    limits = {word: not is_stuff(*concepts(word), knowledge) for word in ("snow", "sky", "grass")}
    assert limits == {"snow": False, "sky": False, "grass": True}


def test_what_a_dog_is_above_it_is_visible_too(knowledge: Knowledge) -> None:
    found = above(KNOWLEDGE + "dog", knowledge)
    assert KNOWLEDGE + "animal" in found
    assert all(is_visible(one, knowledge) for one in found)


def test_captions_of_flickr8k_say_what_is_there(datasets: Path, knowledge: Knowledge) -> None:
    photographs = captioned_photographs(datasets)
    assert len(photographs) > 7000
    assert {one.part for one in photographs} == {"train", "development", "held-out"}
    found = mentioned_in(photographs[:100], knowledge)
    dogs = [one for one in found if one.named[KNOWLEDGE + "dog"] >= 2]
    assert len(dogs) > 10
    assert all(one.said[KNOWLEDGE + "animal"] >= one.named[KNOWLEDGE + "dog"] for one in dogs)


@pytest.mark.parametrize(
    ("caption", "doing"),
    [
        ("a dog jumps over a log while a man is watching", {"jumping", "watching"}),
        ("a man wearing a hat is holding a cup", set()),
        ("two boys are playing soccer in the park", {"playing", "football game"}),
        ("the surfer is riding a wave", {"riding"}),
    ],
)
def test_activities_are_verbs_that_stand_alone_and_sports(
    caption: str, doing: set[str], knowledge: Knowledge
) -> None:
    assert activities(knowledge)(load_pipeline()(caption))[0] == doing
