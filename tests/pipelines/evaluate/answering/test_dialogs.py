"""pipelines/evaluate/answering/dialogs.py: right turns, and what the parts are worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.datasets.dialogs import DialogTurn, PhotoDialog
from pipelines.evaluate import Source
from pipelines.evaluate.answering.dialogs import WITHOUT, DialogsEvaluator, PhotoDialogs
from pipelines.sightgraph import SightGraph

DIALOG = PhotoDialog(
    "cat",
    "example:cat",
    (
        DialogTurn("What animal is this?", ("cat",)),
        DialogTurn("What sound does it make?", ("purr", "meow"), ("cat",)),
        DialogTurn("What sound does it make?", ("moo",), ("cow",)),
        DialogTurn("No, that is a dog."),
        DialogTurn("What animal is this?", ("dog",)),
        DialogTurn("nonsense it is not", ("x",), ("cat",)),
    ),
)

KNOWING = PhotoDialog(
    "covered",
    "example:cat",
    (
        DialogTurn("What animal is this?", ("cat",)),
        DialogTurn("What is it covered in?", ("fur",), ("cat",)),
    ),
)


def test_turns_references_and_worth_are_counted(sightgraph: SightGraph) -> None:
    report = DialogsEvaluator()(sightgraph, PhotoDialogs([DIALOG], Path()))
    found = report.figures
    assert report.primary in found
    assert found["turns with an answer"] == 5
    assert found["right turns"] == pytest.approx(3 / 5)
    assert found["right first turns"] == 1
    assert found["right later turns after a right first one"] == pytest.approx(2 / 4)
    assert found["references"] == 3
    assert found["references resolved"] == pytest.approx(1 / 3)
    assert len(report.rows) == 6
    assert json.dumps(report.as_json())


def test_parts_that_are_taken_away_are_missed(sightgraph: SightGraph) -> None:
    dialogs = PhotoDialogs([DIALOG, KNOWING], Path())
    right = {
        one: DialogsEvaluator(without=one)(sightgraph, dialogs).figures["right turns"]
        for one in (None, *WITHOUT)
    }
    assert right["corrections"] < right[None]
    assert right["references"] <= right["corrections"]
    assert right["knowledge"] < right[None]
    assert right["edges"] < right[None]


def test_photographs_are_looked_for_first(tmp_path: Path) -> None:
    file = tmp_path / "dialogs.json"
    turns = [{"question": "What is this?", "answers": ["cat"]}]
    file.write_text(json.dumps({"dialogs": [{"id": "a", "file_name": "no.jpg", "turns": turns}]}))
    with pytest.raises(Exception, match="no photograph"):
        PhotoDialogs.read(Source(file, None, tmp_path))
