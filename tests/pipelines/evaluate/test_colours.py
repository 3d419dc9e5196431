"""colours.py: the colours of objects that captions name."""

from __future__ import annotations

from pathlib import Path

from pipelines.evaluate.colours import named_colours
from pipelines.reading.text_graph_reader import TrainedReader


def test_captions_name_colours_of_objects(datasets: Path) -> None:
    found = named_colours(datasets, False, TrainedReader())
    assert len(found) > 10
    for name, box, colours in found:
        assert "train" not in name
        assert box[0] < box[2]
        assert colours
