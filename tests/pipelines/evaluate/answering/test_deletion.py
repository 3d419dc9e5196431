"""pipelines/evaluate/answering/deletion.py: the measure over many questions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kg.graph import Box
from pipelines.datasets.questions import PhotoQuestion
from pipelines.detections import Detection
from pipelines.evaluate.answering.deletion import Deletion, DeletionEvaluator, figures
from pipelines.evaluate.answering.questions import PhotoQuestions
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph


def question(name: str, text: str) -> PhotoQuestion:
    return PhotoQuestion(name, "example:motorcycle", text, ("petrol",), "two hops")


def deleted(facts: tuple[str, ...], before: float, without: float, control: float) -> Deletion:
    return Deletion(question("q", "?"), "wood", facts, before, without, control)


def test_figures_count_only_answers_that_cite_facts() -> None:
    tested = [
        deleted(("a",), 0.8, 0.1, 0.8),
        deleted(("a", "b"), 0.6, 0.6, 0.5),
        deleted((), 0.9, 0.9, 0.9),
    ]
    found = figures(tested)
    assert (found["answers"], found["answers that cite facts"]) == (3, 2)
    assert found["rest on them more than on others"] == 0.5
    assert found["mean drop without the cited facts"] == pytest.approx(0.35)
    assert found["mean drop without random facts"] == pytest.approx(0.05)
    assert found["cited facts an answer"] == 1.5


def test_equal_drops_do_not_count_as_resting_on_the_facts() -> None:
    assert not deleted(("a",), 0.8, 0.8, 0.8).rests_on_facts
    assert figures([])["answers"] == 0


class OneMotorcycle:
    """A detector that sees the same in every photograph, so that only the deletion is tested."""

    name = "fixed"

    def __call__(self, photo: Photo) -> list[Detection]:
        return [Detection("motorcycle", 0.8, self.name, Box(79, 59, 695, 465))]


def test_a_real_answer_rests_on_its_fact_and_the_unknown_is_left_out(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    asked = [
        question("known", "What is this vehicle powered by?"),
        question("unknown", "What is that thing on the left used for?"),
    ]
    sightgraph = replace(SightGraph.from_pretrained(), detector=OneMotorcycle(), namer=None)
    evaluate, dataset = DeletionEvaluator(), PhotoQuestions(asked, tmp_path)
    tested = list(evaluate.deletions(sightgraph, dataset))
    known = tested[0]
    assert known.question.id == "known"
    assert known.facts == ("motorcycle powered by petrol",)
    assert known.rests_on_facts
    assert known.drop > 0.1
    assert tested == list(evaluate.deletions(sightgraph, dataset))
    content = evaluate(sightgraph, dataset).as_json()
    assert content["answers"][0]["facts"] == ["motorcycle powered by petrol"]
