"""pipelines/seeing/activities.py: who does what, by where it is seen."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from kg.files import bundled
from kg.graph import Box
from kg.vocabulary import IS_DOING
from pipelines.detections import Detection
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.namers.tagger import Tagger
from pipelines.photo import Photo
from pipelines.seeing.activities import ActivityClassifier

FRAME = Box(0.0, 0.0, 90.0, 90.0)
LEFT, RIGHT = Box(0.0, 0.0, 40.0, 90.0), Box(55.0, 0.0, 90.0, 90.0)
NEVER, SURE = -12.0, 3.0


@pytest.fixture(scope="module")
def activities() -> ActivityClassifier:
    return ActivityClassifier()


def cells(activities: ActivityClassifier, **seen: tuple[int, int]) -> np.ndarray:
    """Logits of a photograph that shows each activity in one cell only, (row, column)."""
    labels = activities.tagger.labels
    found = np.full((9, 9, len(labels)), NEVER, np.float32)
    for label, (row, column) in seen.items():
        found[row, column, labels.index(label)] = SURE
    return found


def boxes(*given: Box | None) -> list[Detection]:
    return [Detection("person", 0.9, "test", box) for box in given]


def test_who_has_the_cell_of_an_activity_does_it(activities: ActivityClassifier) -> None:
    seen = cells(activities, jumping=(4, 1), reading=(4, 7))
    found = activities(seen, boxes(LEFT, RIGHT), [0, 1], FRAME)
    assert [one.label for one in found[0]] == ["jumping"]
    assert [one.label for one in found[1]] == ["reading"]
    assert {one.relation for some in found.values() for one in some} == {IS_DOING}
    assert all(0 < one.score <= 1 for some in found.values() for one in some)


def test_only_agents_do_something_and_one_without_a_box_may_be_anywhere(
    activities: ActivityClassifier,
) -> None:
    seen = cells(activities, jumping=(4, 1))
    assert list(activities(seen, boxes(LEFT, None), [1], FRAME)) == [1]
    assert activities(seen, boxes(LEFT, None), [1], FRAME)[1][0].label == "jumping"
    assert activities(seen, boxes(LEFT), [], FRAME) == {}


@pytest.mark.parametrize("box", [Box(89.9, 89.9, 90.0, 90.0), Box(-5.0, -5.0, 0.1, 200.0)])
def test_boxes_at_the_edge_touch_at_least_one_cell(
    activities: ActivityClassifier, box: Box
) -> None:
    found = activities(cells(activities, jumping=(8, 8)), boxes(box), [0], FRAME)
    assert [one.label for one in found[0]] == ["jumping"]


def test_a_picture_of_nothing_shows_no_activity(activities: ActivityClassifier) -> None:
    grey = Photo(Image.new("RGB", (320, 240), (128, 128, 128)), "grey")
    grid = EfficientNetNamer(tags=None).grid(grey)
    found = activities(activities.cells(grid), boxes(None), [0], FRAME)
    assert found == {0: []}


def test_the_bundled_tags_are_of_activities() -> None:
    assert Tagger(bundled("models", "activities")).of == "activities"
    assert Tagger(bundled("models", "tags")).of == "things"
