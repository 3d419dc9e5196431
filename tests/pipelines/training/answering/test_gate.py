"""pipelines/training/answering/gate.py: shares and temperatures by likelihood."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.answering.vocabulary_answerer import FEATURES
from pipelines.training.answering.gate import (
    GateTraining,
    Rated,
    _some,
    by_folder,
    fit_gate,
    fit_temperature,
    train,
)


def rated(pointer: float, graph: float, vocabulary: float) -> Rated:
    return Rated((pointer, *(0.0,) * (len(FEATURES) - 1)), graph, vocabulary)


def share(weights: tuple[float, ...], bias: float, pointer: float) -> float:
    return 1 / (1 + math.exp(-(weights[0] * pointer + bias)))


def test_it_learns_when_the_graph_is_right() -> None:
    found = fit_gate([rated(1.0, 0.9, 0.1)] * 20 + [rated(0.0, 0.1, 0.9)] * 20)
    assert share(found.weights, found.bias, 1.0) < 0.3
    assert share(found.weights, found.bias, 0.0) > 0.7


def test_questions_that_neither_answers_change_nothing() -> None:
    asked = [rated(1.0, 0.9, 0.1)] * 20 + [rated(0.0, 0.1, 0.9)] * 20
    hopeless = [rated(0.5, 0.0, 0.0)] * 40
    # the mean over twice as many questions halves all gains but not the decay of the weights
    alone, beside = fit_gate(asked), fit_gate(asked + hopeless)
    assert (beside.weights[0] < 0) == (alone.weights[0] < 0)


def test_heavy_questions_decide() -> None:
    light = [rated(1.0, 0.1, 0.9)] * 30
    heavy = [replace(rated(1.0, 0.9, 0.1), weight=10.0)] * 10
    found = fit_gate(light + heavy)
    assert share(found.weights, found.bias, 1.0) < 0.5
    unweighted = fit_gate(light + [replace(one, weight=1.0) for one in heavy])
    assert share(unweighted.weights, unweighted.bias, 1.0) > 0.5


def test_each_file_of_questions_needs_the_folder_of_its_photographs(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="Give --images for each --questions"):
        by_folder(GateTraining((tmp_path / "a.json", tmp_path / "b.json"), (tmp_path,)))


def test_an_answerer_stays_as_it_was_where_data_are_missing(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    out.mkdir()
    options = GateTraining((), (), vocabulary=(bundled("models", "answerer"),))
    with pytest.raises(SightGraphError, match="okvqa"):
        train(data, out, options)
    assert not list(out.iterdir())


def test_few_questions_are_all_taken() -> None:
    assert sorted(_some([1, 2, 3], 400)) == [1, 2, 3]
    assert len(_some(range(9), 4)) == 4


def test_without_a_question_there_is_nothing_to_fit() -> None:
    with pytest.raises(SightGraphError, match="no question"):
        fit_gate([])


def test_the_temperature_that_made_the_answers_is_found() -> None:
    torch.manual_seed(0)
    logits = torch.randn(4000, 6) * 3
    drawn = torch.multinomial(torch.softmax(logits / 2.5, dim=1), 1)
    targets = torch.zeros(4000, 6).scatter(1, drawn, 1.0)
    chances = torch.softmax(logits, dim=1)
    assert fit_temperature(chances, targets) == pytest.approx(2.5, rel=0.1)
    chances[0] = torch.tensor([1.0, 0, 0, 0, 0, 0])
    assert math.isfinite(fit_temperature(chances, targets))
