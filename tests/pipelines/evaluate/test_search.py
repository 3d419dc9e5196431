"""pipelines/evaluate/search: both stages are measured, and only near pairs are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from graph_fusion.search_model import SearchConfig, SearchModel
from pipelines.evaluate.protocol import Source
from pipelines.evaluate.search import Encoded, SearchEvaluator, agreements, both_stages
from pipelines.search.agreement import FEATURES, Described, Shown
from pipelines.search.towers import Bank, Towers, Weights, write_bank
from pipelines.training.search import save_search


def test_figures_of_both_ways_and_of_the_towers_alone(captioned: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = SearchModel(SearchConfig(hidden=16, layers=1, trained=0, heads=4))
    weights = Weights(1.0, tuple(9.0 * (one == "found") for one in FEATURES))
    save_search(tmp_path, model, weights)
    write_bank(tmp_path, Bank(np.eye(16, dtype=np.float32), np.eye(16, dtype=np.float32)))
    evaluator = SearchEvaluator(seen=captioned / "seen")
    report = evaluator(Towers(tmp_path), evaluator.dataset(Source(captioned / "flickr8k")))
    assert report.figures["photographs"] == 2
    assert report.figures["texts"] == 5
    assert report.figures["image from text R@5"] == 1.0
    assert "image from text R@1, towers alone" in report.figures


def test_what_is_far_stays_behind_what_is_compared() -> None:
    cosines = np.random.default_rng(0).uniform(-1, 1, (6, 6)).astype(np.float32)
    nothing = Shown((), frozenset())
    encoded = Encoded(cosines, np.arange(6), (nothing,) * 6, (Described((), ()),) * 6)
    near = {(photo, text) for photo, text, _ in agreements(encoded, candidates=2)}
    assert 12 <= len(near) <= 24
    scores = both_stages(encoded, Weights(), candidates=2)
    for text in range(6):
        best = sorted(range(6), key=lambda photo: -scores[photo, text])
        compared = [(photo, text) in near for photo in best]
        assert compared == sorted(compared, reverse=True)
