"""pipelines/search/hub: another model finds, and the graphs still say why."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.search.hub import HubTowers
from pipelines.search.library import Library
from pipelines.search.towers import bundled_frequencies, bundled_weights
from pipelines.sightgraph import SightGraph
from tests.pipelines.namers.test_zero_shot import clip


def test_photographs_are_indexed_by_a_model_of_the_hub(
    tower_folder: Path, sightgraph: SightGraph, tmp_path: Path
) -> None:
    (tmp_path / "clip").mkdir()
    clip(tmp_path / "clip")
    towers = HubTowers(
        str(tmp_path / "clip"), bundled_weights(tower_folder), bundled_frequencies(tower_folder)
    )
    library = Library(tmp_path / "index", "photographs", towers, create=True)
    names = ["example:cat", "example:coffee"]
    assert list(library.add_photographs(sightgraph, names)) == [None, None]
    best, _ = library.find_by_text("a cat", sightgraph.parser)
    assert best.found[0][1] is not None
    assert towers.weights.features == bundled_weights(tower_folder).features
    assert towers.weights.cosine == pytest.approx(towers.model.scale)
