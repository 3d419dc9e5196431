"""pipelines/bench/okvqa.py: OK-VQA as a task, from a folder of data sets to an answerer."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from graph_fusion.vocabulary_model import VocabularyAnswerer
from graph_fusion.vocabulary_tensors import VocabularyInput
from kg.errors import SightGraphError, UnknownNameError
from pipelines.bench.okvqa import OKVQA, OpenPrepared, _mixed
from pipelines.bench.task_training import read_training, train_task
from pipelines.evaluate import Source
from pipelines.evaluate.answering.okvqa import OKVQAEvaluator
from pipelines.training.answering.vocabulary import OpenExample


class Tiny(OKVQA):
    before = (3, 0, 0)
    beside = (1, 1, 2)
    sizes = replace(OKVQA.sizes, layers=1)
    training = replace(OKVQA.training, epochs=1, log="none")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Forty photographs, half with a cat and half with a dog."""
    for name in ("okvqa", "aokvqa", "fvqa"):
        (tmp_path / name).mkdir()
    rows = [
        {
            "question_id": photo,
            "image_id": photo,
            "question": "Which pet is this?",
            "scores": {animal: 1.0, "pet": 0.6},
            "detections": [animal, "sofa"],
        }
        for photo in range(40)
        for animal in [("cat", "dog")[photo % 2]]
    ]
    (tmp_path / "okvqa" / "train.json").write_text(json.dumps(rows))
    with (tmp_path / "aokvqa" / "train.csv").open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["image_id", "question_id", "question", "direct_answers"])
        writer.writerow(["999", "a", "What barks?", str(["dog"] * 10)])
    fact = {"fact": ["cat", "IsA", "pet"], "answer": "pet", "img_file": "x", "question_id": "1"}
    fvqa = {"1": fact | {"question": "What is the cat?"}}
    (tmp_path / "fvqa" / "train.json").write_text(json.dumps(fvqa))
    return tmp_path


@pytest.mark.parametrize("fusion", ["language_graph", "graph_attention"])
def test_it_trains_measures_and_writes_what_evaluate_reads(data: Path, fusion: str) -> None:
    task, out = Tiny(), data / "run"
    figures = train_task(task, data, read_training(task, None, fusion=fusion), out, lambda _: None)
    assert 0 <= figures["accuracy"] <= 1
    answerer = VocabularyAnswerer.load(out)
    assert answerer.config.answers == ("cat", "dog", "pet")
    assert answerer.config.members[0].fusion == fusion
    evaluator = OKVQAEvaluator()
    questions = evaluator.dataset(Source(data / "okvqa" / "train.json", "held-out"))
    measured = evaluator(evaluator.system(out), questions).figures
    assert measured["questions"] > 0


def test_photographs_set_aside_are_in_no_training_part(data: Path) -> None:
    prepared = Tiny().prepare(data, data / "run")
    assert isinstance(prepared, OpenPrepared)
    held_out = {id(one) for group in prepared.test for one in group}
    taught = {id(one) for group in (*prepared.train, *prepared.before) for one in group}
    assert held_out
    assert not held_out & taught
    assert len(prepared.validation) == 0, "the last epoch is kept, whatever is held out"


def test_the_folder_must_be_given() -> None:
    with pytest.raises(SightGraphError, match="--data"):
        OKVQA().prepare(None, Path())


def test_sources_are_left_out_by_the_config() -> None:
    graph = VocabularyInput("Which pet is this?", ("cat",), (), ())
    examples = {name: [OpenExample(graph, {0: 1.0})] * 9 for name in ("okvqa", "aokvqa", "beside")}
    drawn, before = _mixed(examples, {"okvqa": 5, "aokvqa": 1})
    assert (len(drawn), before) == (6, [])
    assert len(_mixed(examples, {"okvqa": 50})[0]) == 9
    with pytest.raises(SightGraphError, match="no question"):
        _mixed(examples, {"okvqa": 0})
    with pytest.raises(UnknownNameError, match="okvqa"):
        _mixed(examples, {"okvka": 5})
