"""How commands end: exit codes, one line for a mistake, no traceback."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from kg.errors import SightGraphError, SightGraphWarning
from pipelines.cli import main
from pipelines.cli.app import Application

COMMANDS = {
    "album",
    *(
        "ask",
        "bench",
        "caption",
        "chat",
        "convert",
        "draw",
        "evaluate",
        "explain",
        "graph",
        "kg",
        "parse",
        "report",
        "search",
        "serve",
        "train",
        "video",
    ),
}
ROOT = Path(__file__).resolve().parents[3]


def run_raising(error: BaseException) -> Result:
    """Run an application whose only command fails with `error`."""

    @click.group(cls=Application)
    def application() -> None: ...

    @application.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(application, ["fail"])


def in_shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as the installed script does."""
    program = "import sys; from pipelines.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True
    )


def test_commands_that_users_type_are_all_there() -> None:
    assert set(main.list_commands(click.Context(main))) == COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands_are_listed_as_their_help_pages_begin(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert (command.help or "").split("\n\n")[0].replace("\n", " ") == main.later.about(name)


def test_mistake_is_one_line_on_stderr_and_exit_code_2() -> None:
    done = run_raising(SightGraphError("this is\n  wrong. Mend it."))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "sightgraph: this is wrong. Mend it.\n"


def test_full_disk_is_one_line_and_exit_code_2() -> None:
    done = run_raising(OSError(28, "No space left on device", "answer.html"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "sightgraph: No space left on device: answer.html\n"


def test_interruption_ends_with_130_as_shells_expect() -> None:
    done = run_raising(KeyboardInterrupt())
    assert done.exit_code == 130
    assert "Traceback" not in done.output


def test_error_of_our_own_making_is_not_hidden() -> None:
    done = run_raising(ZeroDivisionError("a \x1b[31mbug"))
    assert (done.exit_code, done.stdout) == (70, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("sightgraph: unexpected ZeroDivisionError: a \\x1b[31mbug.")
    assert "--debug" in line


def test_debug_shows_where_an_unexpected_error_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("pipelines.photo.Photo.open", fail)
    arguments = ["ask", "example:cat", "Why?"]
    assert CliRunner().invoke(main, arguments).exit_code == 70
    done = CliRunner().invoke(main, ["--debug", *arguments])
    assert isinstance(done.exception, ZeroDivisionError)


def test_a_full_disk_without_a_number_is_one_line() -> None:
    done = run_raising(OSError("No space left on device"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "No space left" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_argument_that_is_not_utf8_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sightgraph", "ask", b"a\xff", "Why?"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == "sightgraph: the argument 'a\\udcff' is not UTF-8.\n"


def test_a_warning_of_ours_is_one_line() -> None:
    @click.group(cls=Application)
    def application() -> None: ...

    @application.command()
    def warn() -> None:
        warnings.warn("half of it is used", SightGraphWarning, stacklevel=1)

    done = CliRunner().invoke(application, ["warn"])
    assert (done.exit_code, done.stderr) == (0, "sightgraph: half of it is used\n")


@pytest.mark.parametrize(
    "arguments",
    [["asks"], ["ask", "example:cat"], ["ask", "--colour", "example:cat", "Why?"], ["kg", "lnik"]],
)
def test_wrong_usage_exits_2_and_points_to_the_help(
    run: Callable[..., Result], arguments: list[str]
) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert "--help" in done.stderr
    assert "Traceback" not in done.stderr


def test_mistake_in_a_shell_has_no_traceback() -> None:
    done = in_shell("ask", "no-such-photo.jpg", "What is this?")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "sightgraph: there is no photograph at 'no-such-photo.jpg'. Give a file or example:NAME.\n"
    )


def test_version_is_the_package_s() -> None:
    import sightgraph

    done = in_shell("--version")
    if sightgraph.__version__.startswith("0+"):
        pytest.skip("not installed")
    assert done.stdout == f"sightgraph, version {sightgraph.__version__}\n"


@pytest.mark.parametrize(("command", "threads"), [("parse", "1"), ("train", "None")])
def test_a_single_question_runs_on_one_thread_and_training_on_all(
    command: str, threads: str
) -> None:
    program = (
        "import os, sys\n"
        "os.environ.pop('OMP_NUM_THREADS', None)\n"
        "from pipelines.cli import main\n"
        f"try: main([{command!r}, '--help'])\n"
        "except SystemExit: pass\n"
        "print(os.environ.get('OMP_NUM_THREADS'), os.environ['OMP_WAIT_POLICY'], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.split() == [threads, "passive"]


def test_the_package_is_run_as_a_module_without_a_model_library() -> None:
    program = [sys.executable, "-X", "importtime", "-m", "sightgraph", "--help"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "evaluate" in done.stdout
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not loaded & {"torch", "spacy", "transformers", "rdflib", "matplotlib"}


def test_the_end_is_not_waited_for_but_nothing_is_left_out() -> None:
    program = """
import atexit, sys
sys.modules["torch"] = object()  # what takes long to take down
atexit.register(print, "cleaned up")
from pipelines.cli import main
main()
"""
    for arguments, code in ((["--version"], 0), (["nonsense"], 2)):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == code
        assert done.stdout.endswith("cleaned up\n")
