"""Uploaded modalities are kept by their hash, within a limit."""

from __future__ import annotations

import io

import numpy as np
import pytest
from fastapi import HTTPException

from kg.errors import SightGraphError
from pipelines.service.kept_modalities import KeptModalities


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_the_oldest_go_when_the_room_is_used_up() -> None:
    kept = KeptModalities(most=100)
    first = kept.add("depth", npy(np.zeros(20, np.float32)), ".npy")
    second = kept.add("depth", npy(np.ones(20, np.float32)), ".npy")
    assert kept.open({"depth": second.sha256})["depth"] is second
    with pytest.raises(HTTPException):
        kept.open({"depth": first.sha256})


def test_a_modality_is_opened_by_any_name_that_can_be_one() -> None:
    kept = KeptModalities(most=1000)
    one = kept.add("depth", npy(np.zeros(3)), ".npy")
    assert kept.open({"radar": one.sha256})["radar"].name == "radar"
    with pytest.raises(SightGraphError, match="name"):
        kept.open({"photo": one.sha256})
