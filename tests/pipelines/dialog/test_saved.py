"""pipelines/dialog/saved.py: a dialog goes on from its file, and hostile files are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SightGraphError
from pipelines.dialog import Dialog
from pipelines.dialog.saved import dialog_of, document_of, read, save
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph

Begin = Callable[[], Dialog]


def test_a_saved_dialog_goes_on_where_it_was(
    begin: Begin, sightgraph: SightGraph, photo: Photo, tmp_path: Path
) -> None:
    dialog = begin()
    for line in ("What is the right dog?", "No, that is a horse", "What does it eat?"):
        dialog.ask(line)
    save(dialog, tmp_path / "dialog.json")
    again = read(tmp_path / "dialog.json", sightgraph, photo)
    assert again.turns == dialog.turns
    assert again.graph == dialog.graph
    assert again.why() == dialog.why()
    assert again.ask("Is it an animal?") == dialog.ask("Is it an animal?")
    for _ in range(3):
        again.undo()
        dialog.undo()
    assert again.graph == dialog.graph


def test_a_file_that_cannot_be_written_stays_as_it_was(begin: Begin, tmp_path: Path) -> None:
    with pytest.raises(SightGraphError):
        save(begin(), tmp_path / "nowhere" / "dialog.json")


def test_other_photographs_are_refused(
    begin: Begin, sightgraph: SightGraph, tmp_path: Path
) -> None:
    document = document_of(begin())
    document["scene"]["photo"]["sha256"] = "0" * 64
    with pytest.raises(SightGraphError, match="another photograph"):
        dialog_of(document, sightgraph, "example:cat")


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"format": "sightgraph/1"},
        {"scene": None},
        {"turns": 5},
        {"turns": [{}]},
        {"turns": [{"said": 1}]},
        {"unset": "x"},
        {"scene": {"format": "sightgraph/1", "nodes": [{"id": 3}]}},
    ],
)
def test_broken_documents_are_refused(begin: Begin, sightgraph: SightGraph, wrong: Any) -> None:
    document = {**document_of(begin()), **wrong} if isinstance(wrong, dict) else wrong
    with pytest.raises(SightGraphError):
        dialog_of(json.loads(json.dumps(document)), sightgraph)


def test_changes_of_a_hostile_file_harm_nothing(begin: Begin, sightgraph: SightGraph) -> None:
    dialog = begin()
    dialog.ask("there are two cups")
    document = document_of(dialog)
    document["turns"][0]["changes"] = [
        ["remove", "object:99", "", ""], ["relate", "object:0", "on", "nothing"],
        ["count", "cup", "", "many"], ["name", "literal:4", "", "x"],
    ]  # fmt: skip
    again = dialog_of(document, sightgraph)
    assert again.ask("How many cups are there?").reply
