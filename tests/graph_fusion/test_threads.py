"""graph_fusion/threads.py: one thread unless somebody has chosen otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from graph_fusion.threads import CHOSEN_BEFORE, VARIABLE, use_threads
from kg.errors import SightGraphError


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (VARIABLE, *CHOSEN_BEFORE):
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("settings", "threads"),
    [
        ({}, 1),
        ({VARIABLE: "2"}, 2),
        ({VARIABLE: "all"}, 3),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "3", VARIABLE: "2"}, 2),
        ({VARIABLE: " "}, 1),
    ],
)
def test_threads_are_those_that_were_chosen(
    settings: dict[str, str], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    use_threads()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "²"])
def test_what_is_no_number_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(SightGraphError, match=VARIABLE):
        use_threads()
    assert torch.get_num_threads() == 3
