"""graph_fusion/fusion/missing: random masking prepares for a modality that is not there."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion import FUSIONS, FusionConfig, Masks, no_graph
from graph_fusion.fusion.base import cover, drop_modalities

CLASSES, HIDDEN = 4, 16


def full(samples: int) -> Masks:
    return Masks(torch.ones(samples, 2, dtype=torch.bool), torch.ones(samples, 1, dtype=torch.bool))


def test_the_share_of_samples_loses_one_modality_and_none_loses_both() -> None:
    torch.manual_seed(0)
    masks = drop_modalities(full(4000), 0.4)
    image, text = masks.image.all(1), masks.text.all(1)
    assert (image | text).all()
    assert torch.equal(masks.image.any(1), image)
    for gone in (~image, ~text):
        assert 0.17 < gone.float().mean() < 0.23


def test_a_sample_that_has_one_modality_keeps_it() -> None:
    masks = Masks(torch.zeros(50, 2, dtype=torch.bool), torch.ones(50, 1, dtype=torch.bool))
    assert drop_modalities(masks, 1.0).text.all()


def test_covered_tokens_are_zeros() -> None:
    assert cover(torch.ones(1, 2, 3), torch.tensor([[True, False]])).sum(2).tolist() == [[3, 0]]


def samples(amount: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """The text shows the class plainly, the image under noise."""
    generator = torch.Generator().manual_seed(seed)
    label = torch.randint(CLASSES, (amount,), generator=generator)
    shown = F.one_hot(label, HIDDEN).float()
    noise = torch.randn(amount, 2, HIDDEN, generator=generator)
    return shown.unsqueeze(1) + 0.4 * noise, 2 * shown.unsqueeze(1), label


def trained(name: str, missing: float) -> nn.ModuleDict:
    torch.manual_seed(0)
    config = FusionConfig(hidden=HIDDEN, layers=1, heads=2, dropout=0.0)
    model = nn.ModuleDict(
        {"fusion": FUSIONS.make(name, config=config), "head": nn.Linear(HIDDEN, CLASSES)}
    )
    image, text, label = samples(256, seed=1)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(80):
        masks = drop_modalities(full(len(label)), missing)
        loss = F.cross_entropy(logits(model, image, text, masks), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def logits(model: nn.ModuleDict, image: Tensor, text: Tensor, masks: Masks) -> Tensor:
    image, text = cover(image, masks.image), cover(text, masks.text)
    return model["head"](model["fusion"](image, text, no_graph(image), masks).pooled)


@torch.no_grad()
def accuracy_without_text(model: nn.ModuleDict) -> float:
    image, text, label = samples(1000, seed=2)
    masks = full(len(label))
    masks = Masks(masks.image, torch.zeros_like(masks.text))
    return float((logits(model, image, text, masks).argmax(1) == label).float().mean())


@pytest.mark.parametrize("name", ["early", "late", "additive", "joint", "transformer"])
def test_masked_training_holds_up_without_a_modality(name: str) -> None:
    masked, unmasked = (accuracy_without_text(trained(name, share)) for share in (0.5, 0.0))
    assert masked > unmasked
    assert masked > 0.7
