"""pipelines/detectors/hub.py: what goes wrong is one line that says how to go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.detectors.hub import PATIENCE, loading_from_hub


@pytest.mark.parametrize(
    ("name", "advice"),
    [("someone/model", "Go online once"), ("./folder/model/deep", "save_pretrained")],
)
def test_the_advice_is_that_for_an_id_or_for_a_folder(
    name: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.detectors.hub._reach", lambda name: None)
    with (
        pytest.raises(SightGraphError, match=advice) as caught,
        loading_from_hub("namer", name),
    ):
        raise OSError("no network.\nA second line")
    assert "\n" not in str(caught.value)
    assert "no network. " in str(caught.value)
    assert "--preset offline" in str(caught.value)


def test_an_error_without_words_is_named_by_its_class(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="KeyError"), loading_from_hub("x", str(tmp_path)):
        raise KeyError


def test_without_a_network_the_hub_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import HfApi

    asked = []

    def unreachable(self: object, name: str, timeout: float) -> None:
        asked.append((name, timeout))
        raise ConnectionError("name or service not known")

    monkeypatch.setattr(HfApi, "model_info", unreachable)
    with (
        pytest.raises(SightGraphError, match=r"not known.*Go online once"),
        loading_from_hub("namer", "someone/model"),
    ):
        raise AssertionError("it tried to load")
    assert asked == [("someone/model", PATIENCE)]


def test_a_folder_is_read_without_a_network(tmp_path: Path) -> None:
    with loading_from_hub("namer", str(tmp_path)) as options:
        assert options == {"local_files_only": True}
