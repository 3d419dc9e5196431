"""pipelines/training/search/search_agreement: what tells right from wrong gets the weight."""

from __future__ import annotations

import numpy as np

from pipelines.evaluate.search.search import Encoded, figures_of
from pipelines.search.agreement import FEATURES, Described, Frequencies, Shown, Thing, Wanted
from pipelines.training.search.search_agreement import fit_weights, fitted, half_of

PHOTOS = 24


def thing(name: str) -> Thing:
    return Thing(name, 0.9, None, frozenset({name}), frozenset({name}), frozenset())


def wanted(name: str) -> Wanted:
    return Wanted(name, frozenset({name}), frozenset({name}), ())


def encoded(seed: int = 0) -> Encoded:
    """Return photographs of one thing each; cosines say little, and the graphs all."""
    cosines = np.random.default_rng(seed).normal(0, 0.1, (PHOTOS, PHOTOS)).astype(np.float32)
    names = [f"thing {number}" for number in range(PHOTOS)]
    return Encoded(
        cosines,
        cosines,
        np.arange(PHOTOS),
        tuple(Shown((thing(name),), frozenset()) for name in names),
        tuple(Described((wanted(name),), ()) for name in names),
        Frequencies(0, {}),
    )


def test_agreement_finds_what_the_cosine_does_not() -> None:
    one = encoded()
    weights = fitted(one)
    by_name = dict(zip(FEATURES, weights.features, strict=True))
    assert by_name["found"] > by_name["unsaid"]
    figures = figures_of(one, weights)
    assert figures["image from text R@1"] == 1.0
    assert figures["image from text R@1, corrected"] < 0.5


def test_figures_are_of_the_half_that_was_not_fitted_on() -> None:
    _, figures = fit_weights(encoded())
    assert figures["image from text R@1"] == 1.0
    assert figures["image from text R@1, corrected"] < 0.6


def test_a_half_has_its_own_texts() -> None:
    half = half_of(encoded(), 1)
    assert half.cosines.shape == (PHOTOS // 2, PHOTOS // 2)
    assert half.owner.tolist() == list(range(PHOTOS // 2))
    assert half.shown[0].things[0].label == "thing 1"
