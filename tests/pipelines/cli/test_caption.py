"""sightgraph caption: the sentence first, then what each of its things is in the graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from graph_fusion.caption_model import CaptionConfig, CaptionModel
from graph_fusion.training import save_model
from graph_fusion.weights import shrunk

Run = Callable[..., Result]
Mistake = Callable[..., str]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A captioner that knows one word."""
    model = CaptionModel(CaptionConfig(("cat",), hidden=16, heads=4, longest=3))
    save_model(tmp_path / "weights", shrunk(model.state_dict()), model.as_json())
    return tmp_path / "weights"


def test_the_sentence_is_printed_and_the_graph_written(
    run: Run, weights: Path, tmp_path: Path
) -> None:
    target = tmp_path / "cat.json"
    done = run("caption", "example:cat", "--weights", weights, "-o", target)
    assert done.exit_code == 0, done.stderr
    assert set(done.stdout.splitlines()[0].split()) <= {"cat"}
    assert json.loads(target.read_text())["text"] == done.stdout.splitlines()[0]


def test_json_has_the_phrases(run: Run, weights: Path) -> None:
    done = run("caption", "example:cat", "--weights", weights, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout).keys() == {"caption", "model", "phrases"}


def test_wrong_options_are_told_before_a_model_is_loaded(mistake: Mistake, tmp_path: Path) -> None:
    assert "odd" in mistake("caption", "example:cat", "-o", tmp_path / "a.odd")
    assert "nothing" in mistake("caption", tmp_path / "nothing.jpg")
    assert "train captions" in mistake("caption", "example:cat", "--weights", tmp_path)


def test_a_model_of_the_hub_that_is_not_here_is_told(mistake: Mistake, tmp_path: Path) -> None:
    assert "nobody" in mistake("caption", "example:cat", "--model", tmp_path / "nobody")
