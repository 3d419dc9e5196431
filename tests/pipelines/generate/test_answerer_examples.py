"""pipelines/generate/answerer_examples.py: people's questions that the knowledge can answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graph_fusion.model import ModelConfig
from graph_fusion.tensors import TextTable
from kg.knowledge.memory import Knowledge
from pipelines.build.builder import GraphBuilder
from pipelines.datasets.splits import coco_part
from pipelines.detections import Detection
from pipelines.generate import answerer_examples
from pipelines.generate.answerer_examples import (
    ExampleMaker,
    HumanQuestions,
    Picture,
    some_pictures,
)
from pipelines.reading.parser import Parser


def entry(question: str, answers: dict[str, float], *labels: str) -> dict[str, object]:
    return {
        "image_id": 7,
        "question_id": 1,
        "question": question,
        "scores": answers,
        "detections": list(labels),
    }


ASKED = [
    entry("What would it like to hunt?", {"house mouse": 1, "yarn": 0.3}, "cat", "qwertyuiop"),
    entry("Who built this house?", {"le corbusier": 1}, "house"),
    entry("Is it tame?", {"yes": 1}, "cat"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "okvqa").mkdir()
    (tmp_path / "okvqa" / "train.json").write_text(json.dumps(ASKED))
    return tmp_path


def test_questions_within_reach_of_the_labels_are_kept(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answerer_examples, "UNKNOWN_SHARE", 0.0)
    (one,) = HumanQuestions(Knowledge.bundled(), {}, seed=0)(data)
    assert one.text == "What would it like to hunt?"
    assert one.answers == {"house mouse"}
    assert [seen.label for seen in one.picture.detections] == ["cat"]


def test_only_photographs_of_the_part_train_are_asked_about(tmp_path: Path) -> None:
    others = [one for one in range(100) if coco_part(one) != "train"]
    assert {coco_part(one) for one in others} == {"development", "held-out"}
    (tmp_path / "okvqa").mkdir()
    asked = [one | {"image_id": photo} for one in ASKED for photo in others]
    (tmp_path / "okvqa" / "train.json").write_text(json.dumps([*ASKED, *asked]))
    photos = {one.picture.name for one in HumanQuestions(Knowledge.bundled(), {}, seed=0)(tmp_path)}
    assert photos == {"okvqa/images/COCO_train2014_000000000007.jpg"}


def test_of_some_photographs_those_that_people_asked_about_come_first() -> None:
    names = [*(f"caltech101/{n}.jpg" for n in range(9)), "okvqa/a.jpg", "okvqa/b.jpg"]
    pictures = [Picture(name, "train", None, ()) for name in names]
    chosen = [one.name for one in some_pictures(pictures, 4, seed=1)]
    assert set(chosen[:2]) == {"okvqa/a.jpg", "okvqa/b.jpg"}
    assert chosen == [one.name for one in some_pictures(pictures, 4, seed=1)]
    assert len(some_pictures(pictures, 99, seed=1)) == 11


def test_without_the_file_nobody_asked(tmp_path: Path) -> None:
    assert list(HumanQuestions(Knowledge.bundled(), {}, seed=0)(tmp_path)) == []


@pytest.mark.parametrize(("answer", "known"), [("mice", False), ("whiskers", True)])
def test_an_example_knows_its_answer_and_not_the_way(
    builder: GraphBuilder, parser: Parser, answer: str, known: bool
) -> None:
    maker = ExampleMaker(builder, parser, TextTable(), ModelConfig(), seed=0)
    picture = Picture("cat.jpg", "train", None, (Detection("cat", 0.5, "labels"),))
    example = maker.human_example(picture, "What is beside its nose?", {answer})
    assert bool(example.answers.any()) is known
    assert (example.path < 0).all()
