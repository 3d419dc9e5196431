"""pipelines/namers/verifier.py: which of a detector's labels the namer sees."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from kg.files import bundled
from pipelines.namers.rules import NamerConfig
from pipelines.namers.verifier import Verifier
from pipelines.training.seeing.namer_agreement import fit_verifier

LABELS = ("cup", "dog")


@pytest.fixture
def verifier() -> Verifier:
    """Learned from features that have one direction for each label, and others for none."""
    random = torch.Generator().manual_seed(0)
    targets = torch.arange(60) % 3
    centres = torch.eye(8)[:3]
    features = F.normalize(centres[targets] + 0.2 * torch.randn(60, 8, generator=random), dim=1)
    return fit_verifier(LABELS, features, targets)


def test_what_was_shown_is_known_again_and_other_things_are_none(verifier: Verifier) -> None:
    found = verifier(torch.eye(8)[:3])
    assert found.argmax(1).tolist() == [0, 1, 2]
    torch.testing.assert_close(found.sum(1), torch.ones(3))
    assert verifier.number == {"cup": 0, "dog": 1}


def test_a_verifier_is_read_as_it_was_written_for_as_many_labels(
    verifier: Verifier, tmp_path: Path
) -> None:
    verifier.save(tmp_path)
    again = Verifier.load(tmp_path, LABELS)
    torch.testing.assert_close(again.weight, verifier.weight.half().float())
    with pytest.raises(ValueError, match="3 rows for 1 labels"):
        Verifier.load(tmp_path, LABELS[:1])


def test_the_bundled_one_knows_the_detectors_labels() -> None:
    folder = bundled("models", "namer")
    verifier = Verifier.load(folder, NamerConfig.load(folder).labels)
    assert {"person", "cup", "toilet"} <= set(verifier.labels)
    assert verifier.weight.shape == (len(verifier.labels) + 1, 1280)
