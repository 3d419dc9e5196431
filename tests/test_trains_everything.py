"""`make models` trains every model that ships, by commands that exist, in an order that works."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from pipelines.cli.app import main

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "data" / "models"


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The commands of `make models`, in its order, as words."""
    folder = tmp_path_factory.mktemp("models")
    printed = make("-n", f"DATASETS={folder / 'data'}", f"RUNS={folder / 'runs'}").stdout
    lines = printed.replace("\\\n", " ").splitlines()
    return [shlex.split(one) for one in lines if one.startswith("sightgraph ")]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = ["make", "-f", "data/models/Makefile", *arguments]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_every_shipped_model_is_trained(commands: list[list[str]]) -> None:
    trained = {Path(one[one.index("--out") + 1]).name for one in commands if "--out" in one}
    shipped = {one.parent.name for one in MODELS.glob("*/CARD.md")}
    assert shipped <= trained


def test_every_command_can_be_given(commands: list[list[str]]) -> None:
    assert len(commands) > 15
    for _, *words in commands:
        context = click.Context(main, info_name="sightgraph", **main.context_settings)
        while isinstance(context.command, click.Group):
            name, *words = words
            command = context.command.get_command(context, name)
            assert command is not None, name
            if isinstance(command, click.Group):
                context = click.Context(command, info_name=name, parent=context)
            else:
                context = command.make_context(name, words, parent=context)


def test_configs_are_there(commands: list[list[str]]) -> None:
    configs = [one[one.index("--config") + 1] for one in commands if "--config" in one]
    written = [one for one in configs if Path(one).is_relative_to(MODELS)]
    assert written
    assert all(Path(one).is_file() for one in written)


def test_what_is_looked_with_is_trained_before_what_looks(commands: list[list[str]]) -> None:
    order = [Path(one[one.index("--out") + 1]).name for one in commands if "--out" in one]
    for first, then in (
        ("detector", "namer"),
        ("namer", "tags"),
        ("tags", "answerer"),
        ("okvqa", "answerer"),
        ("scenes", "captions"),
    ):
        assert order.index(first) < order.index(then)


def test_what_is_ready_is_left_out_without_its_training(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    ready.mkdir()
    for one in ("names", "parser", "detector", "namer", "retrieval"):
        (ready / one).touch()
    arguments = ("-n", "DATASETS=data", f"RUNS={tmp_path}")
    left = make(*arguments, f"{ready}/relations", f"{ready}/retrieval").stdout.splitlines()
    (trained,) = [one for one in left if one.startswith("sightgraph ")]
    assert "train relations" in trained


def test_without_data_it_says_what_to_give() -> None:
    refused = make("-n")
    assert refused.returncode != 0
    assert re.search(r"make models DATASETS=DIR", refused.stderr)
