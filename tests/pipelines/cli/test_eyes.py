"""pipelines/cli/eyes.py: the options of what looks at the photograph."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from kg.errors import SightGraphError
from pipelines.cli.eyes import OPTIONS, Eyes, eyes_options


@click.command()
@click.argument("photo")
@eyes_options
def command(photo: str, eyes: Eyes) -> None:
    click.echo(f"{photo} {eyes}")


def test_the_command_takes_the_options_as_one_argument() -> None:
    assert CliRunner().invoke(command, ["p"]).output.strip() == f"p {Eyes()}"
    done = CliRunner().invoke(command, ["p", "--text-in-photo", "--detector", "bundled"])
    assert done.output.strip() == f"p {Eyes(detector='bundled', text_in_photo=True)}"


def test_every_option_has_a_sentence_of_help() -> None:
    shown = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert len(OPTIONS) == len(Eyes.__dataclass_fields__)
    for name in Eyes.__dataclass_fields__:
        assert f"--{name.replace('_', '-')}" in shown


@pytest.mark.parametrize(
    ("eyes", "why"),
    [
        (Eyes(detector="precomputed"), "--detections FILE"),
    ],
)
def test_options_that_do_not_agree_are_refused(eyes: Eyes, why: str) -> None:
    with pytest.raises(SightGraphError, match=why):
        eyes.check()
