"""pipelines/cli/eyes.py: the options of what looks at the photograph."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from pipelines.cli.eyes import HUB_NAMER, OPTIONS, PRESETS, Eyes, eyes_options
from pipelines.detectors import DETECTORS


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
        (Eyes(detector="bundled", detections=Path("seen.json")), "Leave --detector"),
        (Eyes(threshold=0.3, detections=Path("seen.json")), "--threshold out"),
        (Eyes(detections_format="yolo"), "Give --detections FILE"),
        (Eyes(preset="hub", detector="bundled"), "--preset chooses"),
        (Eyes(labels=Path("labels.txt")), "--labels names"),
    ],
)
def test_options_that_do_not_agree_are_refused(eyes: Eyes, why: str) -> None:
    with pytest.raises(SightGraphError, match=why):
        eyes.check()


def test_a_preset_says_what_it_downloads_and_how_to_go_on_without_a_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def offline(name: str) -> None:
        raise OSError("we couldn't connect to the hub")

    monkeypatch.setattr("pipelines.detectors.hub._reach", offline)
    with pytest.raises(SightGraphError, match=r"owlv2.*Go online once.*--preset offline"):
        Eyes(preset="hub").load(Knowledge.bundled())
    (line,) = capsys.readouterr().err.splitlines()
    assert "owlv2" in line
    assert HUB_NAMER in line
    assert "GB" in line


def test_every_preset_names_registered_parts() -> None:
    assert sorted(PRESETS) == ["hub", "offline"]
    for preset in PRESETS.values():
        assert preset.detector is None or preset.detector in DETECTORS
        assert bool(preset.downloads) == bool(preset.detector or preset.namer)
