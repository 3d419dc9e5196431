"""--modality: nodes beside the photograph or in its place, and one line for each mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result

from graph_fusion.signal_model import SignalNetwork
from kg.formats import read_graph
from kg.vocabulary import NodeKind
from pipelines.modalities.naming import save

Run = Callable[..., Result]
Mistake = Callable[..., str]


@pytest.fixture
def radar(tmp_path: Path) -> Path:
    np.save(tmp_path / "radar.npy", np.ones((4, 3)))
    return tmp_path / "radar.npy"


@pytest.fixture
def namer(tmp_path: Path) -> Path:
    """Names everything "dog"."""
    network = SignalNetwork(3, 2, 4)
    torch.nn.init.zeros_(network.names.weight)
    with torch.no_grad():
        network.names.bias.copy_(torch.tensor([3.0, 0.0]))
    save(tmp_path / "namer", "radar", ("dog", "car"), network)
    return tmp_path / "namer"


def test_a_question_without_a_photograph_is_answered_from_the_modality(
    run: Run, radar: Path, namer: Path
) -> None:
    asked = ("ask", "--modality", f"radar={radar}", "--signal-namer", namer)
    lines = run(*asked, "What is this radar?").stdout.splitlines()
    assert lines[0] == "dog  (confidence 0.95, seen)"
    assert f"    dog  0.95  radar, {radar}  namer  weight" in "\n".join(lines)
    assert lines[-1] == "missing: no photograph was given: nothing is seen"


def test_a_graph_of_a_modality_alone_is_written(run: Run, radar: Path, tmp_path: Path) -> None:
    targets = tmp_path / "a.json", tmp_path / "a.ttl"
    done = run("graph", "--modality", f"radar={radar}", "-o", *targets)
    assert done.exit_code == 0, done.stderr
    first, second = map(read_graph, targets)
    assert first == second
    (node,) = first.nodes()
    assert node.kind == NodeKind.SIGNAL
    assert node.recording is not None
    assert node.recording.source == str(radar)


def test_a_question_alone_is_answered_from_what_is_known(run: Run) -> None:
    answer = json.loads(run("ask", "What is a cup made of?", "--json").stdout)
    assert answer["answer"] == "ceramic"
    assert answer["missing"] == ["no photograph was given: nothing is seen"]
    assert json.loads(run("ask", "What is on the table?", "--json").stdout)["answer"] == (
        "I don't know"
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("--modality", "radar"), "not NAME=FILE"),
        (("--modality", "radar=none.npy"), "there is no file"),
        (("--modality", "photo={radar}"), "cannot be named 'photo'"),
        (("--modality", "a b/c={radar}"), "no name of a modality"),
        (("--modality", "a={radar}", "--modality", "a={radar}"), "twice"),
        (("--modality", "a={radar}", "--signal-namer", "none"), "cannot be read"),
    ],
)
def test_a_mistake_is_one_line(
    mistake: Mistake, radar: Path, given: tuple[str, ...], reason: str
) -> None:
    options = [one.format(radar=radar) for one in given]
    assert reason in mistake("ask", *options, "What is this?")


def test_many_photographs_take_no_modality(mistake: Mistake, radar: Path, tmp_path: Path) -> None:
    given = ("--modality", f"radar={radar}")
    assert "one photograph" in mistake(
        "graph", "example:cat", "example:coffee", *given, "-o", tmp_path
    )
