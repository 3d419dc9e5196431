"""pipelines/cli/options.py: which names belong to an option, and which to the command."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

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
