"""pipelines/evaluate/layouts: what holds, what is found again, and boxes beside the baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from graph_fusion.layout_model import LayoutConfig, LayoutModel
from graph_fusion.training import save_model
from kg.errors import SightGraphError
from kg.files import bundled
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.drawing.patches import Patch
from pipelines.drawing.relations import PLACES
from pipelines.evaluate.drawing.layouts import (
    LayoutsEvaluator,
    found_again,
    read_sentences,
    shows,
)
from pipelines.evaluate.protocol import Source


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = LayoutModel(LayoutConfig(hidden=8, layers=1, components=2))
    folder = tmp_path_factory.mktemp("layout")
    save_model(folder, network.state_dict(), network.as_json())
    return folder


def test_our_sentences_name_known_places_and_things() -> None:
    sentences = read_sentences(bundled("drawing", "sentences.json"))
    assert len({one.text for one in sentences}) == len(sentences) == 60
    for one in sentences:
        assert one.part in ("development", "held-out")
        for subject, place, other in one.relations:
            assert place in PLACES
            assert {subject, other} <= set(one.things), one.text


def test_sentences_are_drawn_and_what_a_person_reads_is_looked_for(
    model: Path, tmp_path: Path
) -> None:
    file = tmp_path / "sentences.json"
    right = {"things": {"cat": 1, "sofa": 1}, "relations": [["cat", "on", "sofa"]]}
    wrong = {"things": {"dog": 1}, "relations": [["dog", "on", "sofa"]]}
    sentences = [{"text": "a cat on a sofa", **right}, {"text": "nothing", **wrong}]
    file.write_text(json.dumps({"sentences": sentences}))
    evaluator = LayoutsEvaluator()
    report = evaluator(evaluator.system(model), evaluator.dataset(Source(file)))
    assert report.figures["relations that hold"] == 0.5
    assert report.figures["relations read by the parser that hold"] == 1.0
    assert report.figures["things drawn of those named"] == pytest.approx(2 / 3)
    assert "nothing" in report.rows[1]["error"]
    layout = evaluator.system(model)("two cats on a sofa").layout
    assert shows(layout, "cat", "on", "sofa")
    assert not shows(layout, "sofa", "on", "cat")
    assert not shows(layout, "dog", "on", "sofa")


@pytest.mark.parametrize("content", ["{}", '{"sentences": [{"text": "a"}]}', "[1]", "no JSON"])
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(SightGraphError):
        read_sentences(tmp_path / "a.json")


def test_a_piece_is_found_again_by_its_label_at_its_place(model: Path) -> None:
    evaluator = LayoutsEvaluator()
    drawing = evaluator.system(model)("a cat on a sofa")
    box = drawing.layout.boxes[0]
    drawing.patches[0] = Patch("cat", Path("a.jpg"), Box(0, 0, 50, 50))  # type: ignore[index]
    assert found_again(drawing, [Detection("cat", 0.9, "me", box)]) == 1
    assert found_again(drawing, [Detection("dog", 0.9, "me", box)]) == 0
    assert found_again(drawing, [Detection("cat", 0.9, "me", Box(600, 0, 640, 9))]) == 0
