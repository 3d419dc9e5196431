"""sightgraph chat: lines in, turns out; nothing that is said ends it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.formats import read_graph
from kg.vocabulary import NodeKind
from pipelines.cli import main


def talk(*lines: str | bytes, options: tuple[str, ...] = (), photo: str = "example:cat") -> Result:
    """Pipe lines into the command."""
    text = b"".join(one if isinstance(one, bytes) else f"{one}\n".encode() for one in lines)
    return CliRunner().invoke(main, ["chat", photo, *options], input=text)


def test_a_scripted_dialog_shows_how_each_turn_was_understood(tmp_path: Path) -> None:
    file, graph = tmp_path / "dialog.json", tmp_path / "graph.json"
    done = talk(
        "What animal is this?", "Is it a mammal?", "/why", "No, that is a dog.",
        "What animal is this?", "/undo", "/undo", "/facts", "/graph", f"/graph {graph}", "/help",
        "/quit", "never read", options=("--dialog", str(file)),
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        "> What animal is this?",
        "cat  (confidence 0.82, seen)",
        "> Is it a mammal?",
    ]
    assert "  it = cat (object 0)" in lines
    assert "  asked: Is the cat a mammal?" in lines
    assert "because:" in lines
    assert "Changed: cat (object 0) is a dog." in lines
    assert "dog  (confidence 0.90, seen)" in lines
    assert "taken back: No, that is a dog." in lines
    assert "never read" not in done.stdout
    assert [node.kind for node in read_graph(graph).nodes()].count(NodeKind.TURN) == 4
    again = talk("What does it eat?", options=("--dialog", str(file)))
    assert "it = cat (object 0)" in again.stdout
    assert len(json.loads(file.read_text())["turns"]) == 3


def test_nothing_that_is_said_ends_the_dialog() -> None:
    done = talk(
        b"\xff\xfe\n", "a" * 2001, b"b" * 300_000 + b"\n", "Was ist das hier?", "/nope", "/undo",
        "/why", "/facts", "/graph /nowhere/at/all.json", "/graph x.odd", "hello",
        "\x1b[31mred\x1b[0m?", "", "   ", "No.", b"Is it a mammal?",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert all(one.startswith("sightgraph: ") for one in done.stderr.splitlines())
    assert len(done.stderr.splitlines()) >= 10
    assert done.stdout.splitlines()[-1].startswith("yes")


def test_json_prints_a_line_for_each_turn() -> None:
    done = talk("What animal is this?", "Is it a mammal?", options=("--json",))
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["reply"], second["reply"]) == ("cat", "yes")
    assert second["references"] == [["it", "cat", ["object:0"]]]


@pytest.mark.parametrize("content", ["{", "{}", '{"format": "sightgraph-dialog/1"}'])
def test_a_broken_dialog_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "dialog.json"
    file.write_text(content)
    done = talk("Is it a cat?", options=("--dialog", str(file)))
    assert done.exit_code == 2
    assert file.read_text() == content


def test_a_photograph_or_a_graph_is_needed() -> None:
    done = CliRunner().invoke(main, ["chat"])
    assert done.exit_code == 2
    assert "PHOTO" in done.stderr


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, *typed: str | type[BaseException]) -> Result:
    """Type lines, and keys that raise, at a terminal."""
    left = iter(typed)

    def read(prompt: str) -> str:
        line = next(left)
        if isinstance(line, str):
            return line
        raise line

    monkeypatch.setattr("pipelines.cli.chat._is_terminal", lambda: True)
    monkeypatch.setattr("builtins.input", read)
    return CliRunner().invoke(main, ["chat", "example:cat"])


def test_at_a_terminal_ctrl_c_drops_a_line_and_ctrl_d_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unwritable = tmp_path / "file"
    unwritable.write_text("not a folder")
    done = at_a_terminal(
        monkeypatch, "", "\t  ", KeyboardInterrupt, "\x00\x07\x1b]0;title\x07", "é" * 5000,
        f"/graph {unwritable}/graph.json", f"/graph {tmp_path}", KeyboardInterrupt,
        "Is it a cat?", EOFError, "never read",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert not set("\x00\x07\x1b") & set(done.stdout + done.stderr)
    assert "yes" in done.stdout
    told = done.stderr.splitlines()
    assert len(told) == 3  # the long line and two files; control characters say nothing
    assert all(one.startswith("sightgraph: ") for one in told)
    assert "fault of the program" not in done.stderr
    assert unwritable.read_text() == "not a folder"


def test_ctrl_c_while_a_turn_is_answered_ends_like_any_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(dialog: object, text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.dialog.Dialog.ask", interrupted)
    assert at_a_terminal(monkeypatch, "Is it a cat?", EOFError).exit_code == 130
