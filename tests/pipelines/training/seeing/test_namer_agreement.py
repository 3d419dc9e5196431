"""pipelines/training/seeing/namer_agreement.py: when a detector's label is kept."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from pipelines.namers.labels import SynsetLabels
from pipelines.namers.tree import HypernymTree, Synset
from pipelines.training.seeing.namer_agreement import KEEP, AgreementTraining
from pipelines.training.seeing.namer_data import Views

NAMES = ("dog", "cup")
SYNSETS = {
    "dog": Synset("dog", (), named=True),
    "beagle": Synset("beagle", ("dog",), named=True),
    "mug": Synset("coffee cup", (), named=True),
    "snake": Synset("snake", (), named=True),
}
RANDOM = torch.Generator().manual_seed(0)


def looked(number: int, kind: int) -> tuple[Tensor, Tensor]:
    """Return features [N, 6] and logits [N, 3] of views of one of three kinds of things."""
    features = torch.eye(6)[kind] + 0.2 * torch.randn(number, 6, generator=RANDOM)
    logits = 3 * torch.eye(3)[kind] + torch.randn(number, 3, generator=RANDOM)
    return F.normalize(features, dim=1), logits


def views(*parts: tuple[int, int, dict[str, object]]) -> Views:
    """Return views: how many, of which kind of thing (beagle, mug, snake), with which facts."""
    seen = [looked(number, kind) for number, kind, _ in parts]
    facts = [{"photo": i, **fact} for number, _, fact in parts for i in range(number)]
    return Views(torch.cat([b for _, b in seen]), torch.cat([a for a, _ in seen]), facts)


@pytest.fixture
def training() -> AgreementTraining:
    tree = HypernymTree(("beagle", "mug", "snake"), SYNSETS)
    dog = {"label": "dog", "score": 0.6}
    return AgreementTraining(
        tree,
        SynsetLabels(tree),
        temperature=1.0,
        names=NAMES,
        boxes=views((12, 0, {"label": "dog"}), (12, 1, {"label": "cup"})),
        samples=views((12, 0, {"synset": "beagle"}), (12, 2, {"synset": "snake"})),
        detected=views(
            (12, 0, {**dog, "right": True, "nothing": False}),
            (12, 2, {**dog, "right": False, "nothing": True}),
        ),
        detected_samples=views((12, 2, {**dog, "synset": "snake"})),
    )


def test_a_class_is_a_label_by_its_synsets_and_unclear_by_a_word(
    training: AgreementTraining,
) -> None:
    assert training.of_class == {"beagle": ("dog",), "mug": None, "snake": ()}


def test_a_label_is_kept_where_the_namer_sees_it_at_the_same_score(
    training: AgreementTraining,
) -> None:
    agreed = training()
    dog, snake = agreed.verifier(torch.eye(6)[[0, 2]])
    sees = agreed.rule(0.6, float(dog[0]), float(dog[-1]), 0.05)
    other = agreed.rule(0.6, float(snake[0]), float(snake[-1]), 0.9)
    assert sees > KEEP > other
    assert agreed.figures["detections"] == 36
    assert agreed.figures["kept: right"] > 0.9


def test_the_same_views_give_the_same_rule(training: AgreementTraining) -> None:
    one, other = training(), training()
    assert one.rule == other.rule
    assert torch.equal(one.verifier.weight, other.verifier.weight)
