"""pipelines/namers/rules.py: how sure the namer is, and who gives way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.namers.rules import (
    Agreement,
    NamerConfig,
    Sureness,
    best_other,
    doubts_of,
    logit,
    sigmoid,
)
from pipelines.namers.tree import HypernymTree, Synset


def test_sigmoid_and_logit_are_inverse_where_neither_is_certain() -> None:
    values = np.array([0.01, 0.3, 0.5, 0.99])
    np.testing.assert_allclose(sigmoid(logit(values)), values)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()


def test_doubts_grow_with_the_number_of_classes_and_with_the_spread_of_logits() -> None:
    certain, unsure = np.array([[9.0, 0, 0, 0]]), np.zeros((1, 4))
    assert doubts_of(certain)[0, 0] < 0.01
    assert doubts_of(unsure)[0, 0] == pytest.approx(np.log(4))
    assert doubts_of(unsure)[0, 1] == 0.0


def test_a_name_is_surer_with_its_probability_and_less_sure_with_the_spread() -> None:
    sureness = Sureness(slope=1.0, entropy=0.0, spread=-3.0, bias=3.0)
    calm = sureness(np.array([0.2, 0.8]), np.array([1.0, 0.8]))
    excited = sureness(np.array([0.2, 0.8]), np.array([1.0, 1.4]))
    assert calm[0] < calm[1]
    assert (excited < calm).all()


def test_the_namer_raises_or_lowers_the_detectors_score() -> None:
    rule = NamerConfig.load(bundled("models", "namer")).agreement
    assert rule(0.6, 0.9, 0.02, 0.01) > 0.6 > rule(0.6, 0.001, 0.9, 0.9)
    assert rule(0.9, 0.3, 0.3, 0.1) > rule(0.5, 0.3, 0.3, 0.1)


def test_without_weight_for_what_is_seen_the_score_stays() -> None:
    rule = Agreement(score=1.0, own=0.0, none=0.0, other=0.0, bias=0.0)
    assert rule(0.7, 0.1, 0.8, 0.3) == pytest.approx(0.7)


def test_the_best_other_class_is_outside_the_label() -> None:
    synsets = {
        "dog": Synset("dog", (), named=True),
        "beagle": Synset("beagle", ("dog",), named=True),
        "cup": Synset("cup", (), named=True),
    }
    tree = HypernymTree(("beagle", "cup"), synsets)
    sums = tree.sums(np.array([[0.7, 0.3]], np.float32))[0]
    assert best_other(tree, sums, ["dog"]) == pytest.approx(0.3)
    assert best_other(tree, sums, []) == pytest.approx(0.7)


def test_a_config_is_read_as_it_was_written(tmp_path: Path) -> None:
    config = NamerConfig.load(bundled("models", "namer"))
    config.save(tmp_path)
    assert NamerConfig.load(tmp_path) == config
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SightGraphError, match="sightgraph train namer"):
        NamerConfig.load(tmp_path)
