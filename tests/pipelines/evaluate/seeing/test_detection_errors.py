"""pipelines/evaluate/seeing/detection_errors.py: right, wrong and second boxes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.datasets.coco import Labelled
from pipelines.detections import Detection
from pipelines.evaluate.seeing.detection_errors import doubled, judged

CAT: Labelled = [("cat", 1.0, [10, 10, 50, 50])]


def found(label: str, score: float, *corners: float) -> Detection:
    return Detection(label, score, "test", corners)  # type: ignore[arg-type]


def test_an_object_counts_once_and_for_its_label() -> None:
    detections = [
        found("cat", 0.9, 10, 10, 50, 48),
        found("cat", 0.8, 12, 10, 50, 50),
        found("dog", 0.95, 10, 10, 50, 50),
    ]
    assert [(one.confidence, one.right) for one in judged(detections, CAT)] == [
        (0.95, False),
        (0.9, True),
        (0.8, False),
    ]


def test_a_second_box_is_one_that_overlaps_or_covers_what_is_found() -> None:
    first = found("cat", 0.9, 10, 10, 50, 48)
    assert doubled([first], CAT) == 0
    assert doubled([first, found("dog", 0.5, 10, 12, 50, 50)], CAT) == 1
    assert doubled([first, found("cat", 0.5, 15, 15, 25, 25)], CAT) == 1  # its head
    assert doubled([first, found("cat", 0.5, 0, 0, 200, 200)], CAT) == 1  # everything
    assert doubled([first, found("dog", 0.5, 15, 15, 25, 25)], CAT) == 0
    assert doubled([first, found("cat", 0.5, 60, 60, 90, 90)], CAT) == 0


def test_boxes_of_two_objects_at_one_place_are_not_doubled() -> None:
    objects: Labelled = [*CAT, ("chair", 1.0, [10, 10, 50, 55])]
    both = [found("chair", 0.9, 10, 10, 50, 52), found("cat", 0.5, 10, 10, 50, 50)]
    assert doubled(both, objects) == 0


corner = st.integers(0, 40)
boxes = st.tuples(corner, corner, st.integers(1, 40), st.integers(1, 40)).map(
    lambda c: (c[0], c[1], c[0] + c[2], c[1] + c[3])
)


@given(st.lists(st.tuples(st.sampled_from(["cat", "dog"]), boxes), max_size=6))
def test_the_objects_themselves_are_all_right_and_none_is_wrong_and_right_at_once(
    objects: list[tuple[str, tuple[float, float, float, float]]],
) -> None:
    real: Labelled = [(label, 1.0, list(corners)) for label, corners in objects]
    detections = [found(label, 0.9, *corners) for label, corners in objects]
    assert all(one.right for one in judged(detections, real))
    assert doubled(detections, real) + sum(one.right for one in judged(detections, [])) == 0
