"""pipelines/cli/options.py: which names belong to an option, and which to the command."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from PIL import Image

from kg.formats import export
from kg.graph import PhotoInfo, SceneGraph
from pipelines.cli.options import MANY_FILES, Command


@click.command(cls=Command)
@click.argument("photo")
@click.argument("question")
@click.option("--flag", is_flag=True)
@click.option("--text")
@click.option("-o", "--export", "targets", multiple=True, metavar=MANY_FILES)
def command(
    photo: str, question: str, flag: bool, text: str | None, targets: tuple[str, ...]
) -> None:
    click.echo(repr((photo, question, flag, text, targets)))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("p q", ("p", "q", False, None, ())),
        ("p q -o a b c", ("p", "q", False, None, ("a", "b", "c"))),
        ("p q --export a b --text t", ("p", "q", False, "t", ("a", "b"))),
        ("p q -o a b --flag -o c", ("p", "q", True, None, ("a", "b", "c"))),
        ("-o a p q", ("p", "q", False, None, ("a",))),
        ("p -o a q", ("p", "q", False, None, ("a",))),
        ("-o a p q b", ("p", "q", False, None, ("a", "b"))),
        ("--text t p q -o a", ("p", "q", False, "t", ("a",))),
        ("--flag p q -o a b", ("p", "q", True, None, ("a", "b"))),
        ("--text=t p q -o a b", ("p", "q", False, "t", ("a", "b"))),
    ],
)
def test_names_go_where_a_person_means_them(arguments: str, expected: tuple[object, ...]) -> None:
    done = CliRunner().invoke(command, arguments.split())
    assert done.exit_code == 0, done.output
    assert done.output.strip() == repr(expected)


@click.command(cls=Command)
@click.argument("photos", nargs=-1)
@click.option("-o", "--export", "targets", multiple=True, metavar=MANY_FILES)
def several(photos: tuple[str, ...], targets: tuple[str, ...]) -> None:
    click.echo(repr((photos, targets)))


def test_a_photograph_among_the_files_to_write_is_not_written_over(tmp_path: Path) -> None:
    photo, other, picture = (tmp_path / name for name in ("b.png", "a.png", "graph.png"))
    for one in (photo, other):
        Image.new("RGB", (4, 4)).save(one)
    export(SceneGraph(PhotoInfo("a.png", 4, 4)), [picture])
    refused = CliRunner().invoke(several, ["-o", "scene.png", str(other), str(photo)])
    assert "is a photograph, which would be written over" in refused.output
    again = CliRunner().invoke(several, ["a.png", "-o", "scene.json", str(picture)])
    assert again.output.strip() == repr((("a.png",), ("scene.json", str(picture))))
    meant = CliRunner().invoke(several, ["a.png", "-o", "scene.json", "-o", str(photo)])
    assert meant.exit_code == 0


@click.command(cls=Command)
@click.option("--split")
@click.option("--model")
def renamed(split: str | None, model: str | None) -> None:
    click.echo(repr((split, model)))


@pytest.mark.parametrize(
    "arguments", ["--split a --model m", "--part a --weights m", "--part=a --checkpoint=m"]
)
def test_former_names_of_options_still_work_and_are_not_shown(arguments: str) -> None:
    done = CliRunner().invoke(renamed, arguments.split())
    assert done.output.strip() == "('a', 'm')"
    assert "--part" not in CliRunner().invoke(renamed, ["--help"]).output


def test_a_name_that_belongs_nowhere_is_refused() -> None:
    assert CliRunner().invoke(command, ["p", "q", "r"]).exit_code == 2
