"""sightgraph search: an index is made, searched, and mistakes are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
Mistake = Callable[..., str]


@pytest.fixture
def weights(tower_folder: Path) -> Path:
    return tower_folder


def test_a_photograph_is_indexed_once_and_found_by_a_text(
    run: Run, weights: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    make = ("search", "index", "example:cat", "example:coffee", "-o", index, "--weights", weights)
    done = run(*make)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "2 added, 0 were there, 0 errors\n"
    assert run(*make).stdout == "0 added, 2 were there, 0 errors\n"
    done = run("search", "a cat on a bus", "--index", index, "--weights", weights)
    assert done.exit_code == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("example:cat")
    assert "bus: not seen" in first
    found = run("search", "find", "a cat", "--index", index, "--weights", weights, "--json")
    assert json.loads(found.stdout)[0]["id"] == "example:cat"
    done = run("search", "remove", "example:cat", "x", "--index", index, "--weights", weights)
    assert done.stdout == "1 removed, 1 were not there\n"


def test_texts_are_indexed_and_found_by_a_photograph(
    run: Run, weights: Path, tmp_path: Path
) -> None:
    lines, index = tmp_path / "captions.txt", tmp_path / "index"
    lines.write_text("a cat\n\na bus in a city\n")
    done = run("search", "index", "--texts", lines, "-o", index, "--weights", weights)
    assert done.stdout == "2 added, 0 were there\n"
    done = run("search", "example:cat", "--index", index, "--weights", weights)
    assert done.exit_code == 0, done.stderr
    assert "cat: cat" in done.stdout
    assert "bus: not seen" in done.stdout


def test_mistakes_are_told(mistake: Mistake, tmp_path: Path) -> None:
    assert "search index" in mistake("search", "a cat", "--index", tmp_path / "none")
    assert "--texts" in mistake("search", "index", "-o", tmp_path / "index")
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    assert "no text" in mistake("search", "index", "--texts", empty, "-o", tmp_path / "index")


def test_a_page_shows_the_photographs_with_boxes(run: Run, weights: Path, tmp_path: Path) -> None:
    index, page = tmp_path / "index", tmp_path / "found.html"
    run("search", "index", "example:cat", "-o", index, "--weights", weights)
    done = run("search", "a cat", "--index", index, "--weights", weights, "-o", page)
    assert done.exit_code == 0, done.stderr
    text = page.read_text()
    assert "data:image/jpeg" in text
    assert "<rect" in text
    assert "the best 1 of 1 photographs" in text
    assert "confidence" not in text


def test_a_page_of_texts_shows_the_photograph_that_they_were_found_by(
    run: Run, weights: Path, mistake: Mistake, tmp_path: Path
) -> None:
    lines, index, page = (tmp_path / name for name in ("captions.txt", "index", "found.html"))
    lines.write_text("a cat\na bus in a city\n")
    run("search", "index", "--texts", lines, "-o", index, "--weights", weights)
    options = ("--index", index, "--weights", weights, "-o", page)
    done = run("search", "example:cat", *options)
    assert done.exit_code == 0, done.stderr
    text = page.read_text()
    assert text.count("data:image/jpeg") == 1
    assert "<rect" in text
    assert "a bus in a city" in text
    assert "the best 2 of 2 texts" in text
    assert "no picture" in mistake("search", "a cat", *options)


def test_a_query_that_is_too_long_for_a_file_name_is_a_text(
    mistake: Mistake, tmp_path: Path
) -> None:
    (tmp_path / "texts").mkdir()
    query = "a cat beside a dog and " * 12
    told = mistake("search", query, "--index", tmp_path, "-o", tmp_path / "found.html")
    assert "a text is searched" in told
