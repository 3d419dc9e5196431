"""pipelines/evaluate/captions: a captioner's sentences are scored against people's."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_fusion.caption_model import CaptionConfig, CaptionModel
from graph_fusion.training import save_model
from graph_fusion.weights import shrunk
from kg.errors import SightGraphError
from pipelines.evaluate.captioning.captions import CaptionsEvaluator
from pipelines.evaluate.protocol import Source


def test_every_photograph_gets_a_caption_and_figures(captioned: Path, tmp_path: Path) -> None:
    model = CaptionModel(CaptionConfig(("a", "cat"), hidden=16, heads=4, longest=5))
    save_model(tmp_path, shrunk(model.state_dict()), model.as_json())
    evaluator = CaptionsEvaluator(beams=2, seen=captioned / "seen")
    data = evaluator.dataset(Source(captioned / "flickr8k"))
    report = evaluator(evaluator.system(tmp_path), data)
    assert [one["file_name"] for one in report.rows] == [one.name for one in data]
    assert report.figures["photographs"] == 2
    assert {"BLEU-4", "CIDEr", "SPICE", "CHAIRs"} <= report.figures.keys()


def test_an_empty_list_is_told(captioned: Path) -> None:
    with pytest.raises(SightGraphError, match="test"):
        CaptionsEvaluator().dataset(Source(captioned / "flickr8k", "test"))
