"""relations*.py: the recalls, the file, and what is taught."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import SightGraphError
from pipelines.datasets.relations import RelatedPhoto, as_json, read_relations
from pipelines.datasets.splits import predicate_part
from pipelines.evaluate import Source
from pipelines.evaluate.seeing.relations import RelationsEvaluator, Scorer, ranks, recalls
from pipelines.generate.relation_examples import with_general_names

PHOTO = RelatedPhoto(
    "p", 100, 100, ("person", "horse"), ((10, 0, 40, 60), (0, 30, 60, 90)), ((0, "ride", 1),)
)
NAMES = ["ride", "on", "near"]


def fixed(scores: list[list[float]]) -> Any:
    def score(
        photo: RelatedPhoto, pairs: Sequence[tuple[int, int]], predicates: Sequence[str]
    ) -> np.ndarray:
        assert list(pairs) == [(0, 1), (1, 0)]
        return np.array(scores)

    return score


def measure(
    photos: list[RelatedPhoto],
    predicates: list[str],
    scorer: Scorer,
    unseen: frozenset[str] = frozenset(),
) -> dict[str, float]:
    return recalls(ranks(photos, predicates, scorer), unseen)


def test_only_the_best_k_of_a_pair_compete() -> None:
    second = [[0.5, 0.9, 0.1], [0.0, 0.0, 0.0]]  # "ride" is the pair's second choice
    found = measure([PHOTO], NAMES, fixed(second))
    assert found["R@50 k=1"] == 0
    assert found["R@50 k=all"] == 1
    first = [[0.9, 0.5, 0.1], [1.0, 0.0, 0.0]]
    assert measure([PHOTO], NAMES, fixed(first))["R@50 k=1"] == 1


def test_recall_is_cut_at_fifty_and_a_hundred() -> None:
    many = RelatedPhoto("p", 100, 100, ("x",) * 10, ((0, 0, 9, 9),) * 10, ((0, "on", 1),))
    rank_70 = np.zeros((90, 1))
    rank_70[:, 0] = -np.arange(90)
    rank_70[0, 0] = -69.5
    found = measure([many], ["on"], lambda *_: rank_70)
    assert (found["R@50 k=1"], found["R@100 k=1"]) == (0, 1)


def test_recall_is_over_all_relations_and_also_by_predicate() -> None:
    twice = RelatedPhoto("q", 100, 100, PHOTO.labels, PHOTO.boxes, ((0, "on", 1), (1, "near", 0)))
    scores = [[0.1, 0.9, 0.2], [0.9, 0.1, 0.2]]
    found = measure([PHOTO, twice], NAMES, fixed(scores), frozenset({"near"}))
    assert found["R@50 k=1"] == pytest.approx(1 / 3)
    assert found["mean R@50 k=1"] == pytest.approx(1 / 3)
    assert found["unseen predicates: R@50 k=1"] == 0
    assert found["relations"] == 3


def write(folder: Path, **changes: Any) -> Path:
    content: dict[str, Any] = as_json([PHOTO], NAMES)
    content["images"][0] |= changes
    (folder / "r.json").write_text(json.dumps(content))
    return folder / "r.json"


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    photos, predicates = read_relations(write(tmp_path))
    assert photos == [PHOTO]
    assert predicates == sorted(NAMES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"relations": [[0, "ride", 7]]}, "points to object 7"),
        ({"relations": [[0, "fly", 1]]}, "'fly' is not among"),
        ({"objects": [{"label": "cat", "box": [5, 5, 1, 1]}] * 2}, "is not"),
        ({"width": 0}, "above 0"),
    ],
)
def test_a_wrong_image_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SightGraphError, match=f"image p: .*{message}"):
        read_relations(write(tmp_path, **changes))


def test_no_file_and_no_json_are_refused(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("[]")
    for name in ("r.json", "missing.json"):
        with pytest.raises(SightGraphError, match="cannot be read as relations"):
            read_relations(tmp_path / name)


def test_bundled_model_knows_that_people_ride_horses(tmp_path: Path) -> None:
    evaluate = RelationsEvaluator(baselines=True)
    report = evaluate(evaluate.system(), evaluate.dataset(Source(write(tmp_path))))
    assert report.figures["R@50 k=1"] == 1
    assert "words alone: R@50 k=1" in report.figures
    (relation,) = report.rows[0]["relations"]
    assert relation["rank k=1"] < 50


def test_a_predicate_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path)
    content = json.loads(file.read_text())
    content["predicates"].append(content["predicates"][0])
    file.write_text(json.dumps(content))
    with pytest.raises(SightGraphError, match="twice"):
        read_relations(file)


def test_a_part_that_the_file_does_not_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="unknown part of"):
        RelationsEvaluator().dataset(Source(write(tmp_path), "val"))


def test_people_are_also_taught_as_persons() -> None:
    captions = with_general_names([[("man", "ride", "horse"), ("cup", "on", "table")]])
    assert captions == [
        [("man", "ride", "horse"), ("cup", "on", "table")],
        [("person", "ride", "horse")],
    ]


def test_frequent_predicates_are_always_taught() -> None:
    assert predicate_part("on", 5000) == "train"
    assert any(predicate_part(name, 20) == "held-out" for name in map(str, range(100)))
