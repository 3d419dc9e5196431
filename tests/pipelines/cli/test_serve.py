"""sightgraph serve: what is missing is told before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Mistake = Callable[..., str]


def test_a_missing_library_is_named_with_the_command_that_installs_it(
    mistake: Mistake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.cli.serve.find_spec", lambda name: None)
    line = mistake("serve")
    assert "fastapi, uvicorn, python-multipart" in line
    assert "pip install 'sightgraph[serve]'" in line


def test_an_address_that_others_reach_needs_a_token(mistake: Mistake, tmp_path: Path) -> None:
    assert "--token FILE" in mistake("serve", "--host", "0.0.0.0")
    short = tmp_path / "token"
    assert "cannot be read" in mistake("serve", "--token", short)
    short.write_text("short\n")
    assert "16 or more" in mistake("serve", "--token", short)
