"""sightgraph explain: a line for each piece of evidence, as JSON, and drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
Mistake = Callable[..., str]

ROOT = Path(__file__).resolve().parents[3]
QUESTION = "What powers this vehicle?"
KEYS = {"kind", "piece", "weight", "answer", "probability", "change", "control"}
"""What docs/answer-format.md promises of each effect."""


@pytest.fixture
def asked(tmp_path: Path) -> tuple[object, ...]:
    """One motorcycle with a box, seen by somebody else's detector."""
    path = tmp_path / "seen.json"
    seen = {"category": "motorcycle", "bbox": [40, 30, 600, 400], "score": 0.9}
    path.write_text(json.dumps([seen]))
    return ("explain", "example:motorcycle", QUESTION, "--detections", path)


def test_lines_say_the_same_as_the_json_and_pictures_are_written(
    run: Run, asked: tuple[object, ...], tmp_path: Path
) -> None:
    picture, page = tmp_path / "why.png", tmp_path / "why.html"
    done = run(*asked, "--json", "--export", picture, page)
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert all(set(one) == KEYS for one in told["effects"])
    assert {"box", "word", "fact"} <= {one["kind"] for one in told["effects"]}
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "node_weights" in page.read_text(encoding="utf-8")

    lines = run(*asked).stdout.splitlines()
    answer = told["answer"]
    certainty = f"confidence {answer['confidence']:.2f}, {answer['support']}"
    assert lines[0] == f"{answer['answer']}  ({certainty})"
    assert len(lines) == 3 + len(told["effects"])
    for line, one in zip(lines[3:], told["effects"], strict=True):
        assert one["piece"] in line
        assert f"{one['change']:+.2f}" in line


def test_documentation_names_every_key() -> None:
    page = (ROOT / "docs" / "answer-format.md").read_text(encoding="utf-8")
    for key in KEYS:
        assert f".{key}`" in page, key


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["example:cat", "  "], "the question is empty"),
        (["nowhere.jpg", "What is this?"], "'nowhere.jpg'"),
        (["example:cat", "What is this?", "--export", "why.ttl"], "'.ttl' names no format"),
        (["example:cat", "What is this?", "--only-kg"], "--kg"),
    ],
)
def test_mistakes_are_named_before_the_long_work(
    mistake: Mistake, arguments: list[str], reason: str
) -> None:
    assert reason in mistake("explain", *arguments)
