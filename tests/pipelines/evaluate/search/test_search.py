"""pipelines/evaluate/search: both stages are measured, and only near pairs are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.evaluate.protocol import Source
from pipelines.evaluate.search.search import (
    Encoded,
    SearchEvaluator,
    agreements,
    both_stages,
    near_rarities,
)
from pipelines.search.agreement import Described, Frequencies, Shown
from pipelines.search.towers import Towers, Weights


def test_figures_of_both_ways_and_of_the_towers_alone(captioned: Path, tower_folder: Path) -> None:
    evaluator = SearchEvaluator(seen=captioned / "seen")
    report = evaluator(Towers(tower_folder), evaluator.dataset(Source(captioned / "flickr8k")))
    assert report.figures["photographs"] == 2
    assert report.figures["texts"] == 5
    assert report.figures["image from text R@5"] == 1.0
    assert "image from text R@1, corrected" in report.figures
    ranks = [row["rank"] for row in report.rows if row["way"] == "image from text"]
    assert (len(ranks), len(report.rows)) == (5, 7)
    first = sum(rank == 1 for rank in ranks) / 5
    assert report.figures["image from text R@1"] == pytest.approx(first)


def test_what_is_far_stays_behind_what_is_compared() -> None:
    cosines = np.random.default_rng(0).uniform(-1, 1, (6, 6)).astype(np.float32)
    nothing = Shown((), frozenset())
    texts = (Described((), ()),) * 6
    encoded = Encoded(cosines, cosines, np.arange(6), (nothing,) * 6, texts, Frequencies(0, {}))
    rarity = near_rarities(encoded)
    near = {(photo, text) for photo, text, _ in agreements(encoded, rarity, candidates=2)}
    assert 12 <= len(near) <= 24
    scores = both_stages(encoded, Weights(), rarity, candidates=2)
    for text in range(6):
        best = sorted(range(6), key=lambda photo: -scores[photo, text])
        compared = [(photo, text) in near for photo in best]
        assert compared == sorted(compared, reverse=True)
