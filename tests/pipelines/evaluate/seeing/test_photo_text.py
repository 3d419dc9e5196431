"""pipelines/evaluate/seeing/photo_text.py: the drawn words that are read where they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from kg.graph import Box
from pipelines.detections import PerceivedText
from pipelines.evaluate.protocol import Source
from pipelines.evaluate.seeing.photo_text import PhotoTextEvaluator
from pipelines.generate.drawn_text import DrawnText
from pipelines.photo import Photo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images = [
        {"id": i, "file_name": f"{i}.png", "width": 320, "height": 240, "split": "val2017"}
        for i in range(2)
    ]
    for one in images:
        Image.new("RGB", (320, 240), "grey").save(tmp_path / str(one["file_name"]))
    content = {"images": images, "annotations": [], "categories": []}
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    return tmp_path


class Knowing:
    """Reads what was drawn, shifted by some pixels."""

    name = "knowing"

    def __init__(self, drawn: list[DrawnText], shift: float) -> None:
        self.drawn, self.shift = drawn, shift

    def __call__(self, photo: Photo) -> list[PerceivedText]:
        return [
            PerceivedText(
                one.text.lower(),
                1.0,
                Box(one.box.x1, one.box.y1 + self.shift, one.box.x2, one.box.y2 + self.shift),
            )
            for one in self.drawn
        ]


@pytest.mark.parametrize(("shift", "share"), [(0.0, 1.0), (1000.0, 0.0)])
def test_a_word_counts_if_it_is_read_where_it_was_drawn(
    folder: Path, shift: float, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.evaluate.seeing import photo_text

    drawn: list[DrawnText] = []
    original = photo_text.draw_texts

    def kept(*arguments: object) -> tuple[Image.Image, list[DrawnText]]:
        image, texts = original(*arguments)  # type: ignore[arg-type]
        drawn[:] = texts
        return image, texts

    monkeypatch.setattr(photo_text, "draw_texts", kept)
    evaluator = PhotoTextEvaluator()
    report = evaluator(Knowing(drawn, shift), evaluator.dataset(Source(folder)))
    assert report.primary == "word accuracy"
    assert report.figures["word accuracy"] == share
    assert report.figures["photographs"] == 2
    assert report.figures["words"] == len(report.rows) > 0


def test_a_limit_takes_the_first_photographs(folder: Path) -> None:
    assert len(PhotoTextEvaluator(limit=1).dataset(Source(folder))) == 1
