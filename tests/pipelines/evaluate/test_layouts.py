"""pipelines/evaluate/layouts: what holds, what is found again, and boxes beside the baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from graph_fusion.layout_model import LayoutConfig, LayoutModel, in_units
from graph_fusion.training import save_model
from kg.errors import SightGraphError
from kg.files import bundled
from kg.graph import Box
from pipelines.datasets.splits import concept_part
from pipelines.detections import Detection
from pipelines.drawing.patches import Patch
from pipelines.drawing.relations import PLACES
from pipelines.evaluate.layouts import (
    LayoutsEvaluator,
    MeanBoxes,
    found_again,
    likelihoods,
    read_sentences,
    shows,
)
from pipelines.evaluate.protocol import Source
from pipelines.generate.layout_examples import LayoutPhoto


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = LayoutModel(LayoutConfig(hidden=8, layers=1, components=2))
    folder = tmp_path_factory.mktemp("layout")
    save_model(folder, network.state_dict(), network.as_json())
    return folder


def photo(number: int, *labels: str) -> LayoutPhoto:
    boxes = tuple(Box(0.1, 0.1, 0.5 + at / 10, 0.5 + number / 100) for at, _ in enumerate(labels))
    return LayoutPhoto(f"{number}.jpg", "train", 1.3, labels, boxes, (0,) * len(labels), ())


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


def test_the_baseline_is_the_gaussian_of_each_kind() -> None:
    learned = [photo(number, "dog", "cat") for number in range(8)]
    mean = MeanBoxes(learned)
    boxes = in_units(torch.tensor([learned[0].boxes[0], learned[0].boxes[0]]))
    values = in_units(torch.tensor([one.boxes[0] for one in learned]))
    assert torch.allclose(mean.mean(["dog"])[0], values.mean(0))
    assert torch.allclose(mean.mean(["xyzzy"])[0], mean.all[0])
    assert mean.nats(["dog", "xyzzy"], boxes).shape == (2,)


def test_boxes_are_compared_with_real_ones(model: Path) -> None:
    held_out = next(one for one in ("bottle", "giraffe", "train") if concept_part(one) != "train")
    photos = [photo(number, "dog", held_out) for number in range(6)]
    figures = likelihoods(LayoutModel.load(model), photos, photos)
    assert figures["things"] == 12
    for name in ("IoU", "R@0.3", "R@0.5", "IoU, mean box", "IoU, kinds held out"):
        assert 0 <= figures[name] <= 1
    assert figures["IoU, mean box"] > 0.8  # they all lie alike
    assert figures["nats per thing, mean box"] < figures["nats per thing"]


def test_a_piece_is_found_again_by_its_label_at_its_place(model: Path) -> None:
    evaluator = LayoutsEvaluator()
    drawing = evaluator.system(model)("a cat on a sofa")
    box = drawing.layout.boxes[0]
    drawing.patches[0] = Patch("cat", Path("a.jpg"), Box(0, 0, 50, 50))  # type: ignore[index]
    assert found_again(drawing, [Detection("cat", 0.9, "me", box)]) == 1
    assert found_again(drawing, [Detection("dog", 0.9, "me", box)]) == 0
    assert found_again(drawing, [Detection("cat", 0.9, "me", Box(600, 0, 640, 9))]) == 0
