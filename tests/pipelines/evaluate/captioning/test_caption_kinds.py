"""Names of COCO's kinds in captions."""

from __future__ import annotations

import pytest

from pipelines.detectors import COCO_LABELS
from pipelines.evaluate.captioning.caption_kinds import bundled_kind_names

NAMED = {
    "a boy and two puppies": ["person", "dog"],
    "people watch children": ["person", "person"],
    "a hot dog on a plate": ["hot dog"],
    "a train track through the woods": [],
    "a german shepherd beside a sofa": ["dog", "couch"],
    "an orange shirt under a mountain range": [],
    "oranges": ["orange"],
    "a football player with a ball": ["person", "sports ball"],
    "playing football": [],
    "men on motorbikes and a fire hydrant": ["person", "motorcycle", "fire hydrant"],
    "a statue of nothing": [],
    "": [],
}


@pytest.mark.parametrize("caption", NAMED)
def test_kinds_are_named_by_synonyms_plurals_and_what_is_a_kind_of_them(caption: str) -> None:
    assert bundled_kind_names().mentions(caption.split()) == NAMED[caption]


@pytest.mark.parametrize("label", sorted(set(COCO_LABELS) - {"orange"}))
def test_the_name_of_each_kind_names_it(label: str) -> None:
    assert bundled_kind_names().mentions(label.split()) == [label]
