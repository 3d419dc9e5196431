"""One check for every trainer: a killed training resumes to the same weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch

Train = Callable[[Path, Callable[[str], None]], Mapping[str, torch.Tensor]]
"""Trains in a folder, reports each epoch, and returns the weights."""


class KilledError(Exception):
    """Stands for what ends a process."""


@pytest.fixture
def resumes(tmp_path: Path) -> Callable[[Train], None]:
    """Train whole, and in parts after an error at the end of the first epoch; compare bits."""

    def check(train: Train) -> None:
        def killed(line: str) -> None:
            if "epoch" in line:
                raise KilledError

        whole = train(tmp_path / "whole", lambda line: None)
        with pytest.raises(KilledError):
            train(tmp_path / "parts", killed)
        parts = train(tmp_path / "parts", lambda line: None)
        assert whole.keys() == parts.keys()
        assert [name for name in whole if not torch.equal(whole[name], parts[name])] == []

    return check
