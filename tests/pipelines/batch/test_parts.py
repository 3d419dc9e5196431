"""pipelines/batch/parts: results of many tasks in one file, and what is lost is done again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from rdflib import Graph

from kg.errors import SightGraphError, UnknownNameError
from kg.formats.json import as_json, of_document
from kg.formats.rdf import Names, scene_of
from kg.graph import Node, PhotoInfo, SceneGraph
from kg.vocabulary import NodeKind
from pipelines.batch.engines import Row
from pipelines.batch.graphs import GraphTask
from pipelines.batch.parts import PARTS, PartFolder, read_parts
from pipelines.batch.questions import BatchQuestion

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
TASKS = [GraphTask(one, sha256(one.encode()).hexdigest()) for one in ("a.jpg", "bad", 'c "é".jpg')]


def graph(task: GraphTask) -> Row:
    if task.photo == "bad":
        raise SightGraphError("no photograph.")
    scene = SceneGraph(PhotoInfo(task.photo, 4, 3, task.digest))
    scene.add(Node("object:0", NodeKind.OBJECT, "cat", "test", 0.5))
    return {"nodes": 1, "edges": 0, "graph": as_json(scene)}


def made(folder: PartFolder, tasks: Sequence[GraphTask] = TASKS) -> list[dict[str, Any]]:
    """The manifest of a run."""
    rows = folder.filled_by(lambda: graph)().of_group(tasks)
    return [{**task.row, **row} for task, row in zip(tasks, rows, strict=True)]


@pytest.mark.parametrize("place", ["", "file://"])
def test_a_part_holds_the_graphs_as_a_table_and_as_rdf(tmp_path: Path, place: str) -> None:
    given = (tmp_path / "el se").as_uri() if place else None
    first, bad, last = made(PartFolder.of(given, tmp_path, "parquet,nq"))
    assert bad == {**TASKS[1].row, "error": "no photograph."}
    assert first == {**TASKS[0].row, "part": first["part"], "nodes": 1, "edges": 0}
    assert last["part"] == first["part"]
    parts = tmp_path / ("el se" if place else PARTS)
    assert sorted(one.suffix for one in parts.iterdir()) == [".gz", ".parquet"]
    table = parquet.read_table(parts / f"{first['part']}.parquet")
    assert table["photo"].to_pylist() == [TASKS[0].photo, TASKS[2].photo]
    graphs = [of_document(json.loads(one), "json") for one in table["json"].to_pylist()]
    store = pyoxigraph.Store()
    quads = gzip.decompress((parts / f"{first['part']}.nq.gz").read_bytes())
    store.load(quads, format=pyoxigraph.RdfFormat.N_QUADS)
    for one in graphs:
        name = pyoxigraph.NamedNode(Names.of(one).photo)
        triples = store.dump(format=pyoxigraph.RdfFormat.N_TRIPLES, from_graph=name)
        assert scene_of(Graph().parse(data=triples, format="nt"), Path("rdf")) == one


def test_the_same_tasks_are_the_same_part_and_are_not_doubled(tmp_path: Path) -> None:
    folder = PartFolder.of(None, tmp_path, "parquet")
    assert made(folder) == made(folder)
    assert len(list((tmp_path / PARTS).iterdir())) == 1


def test_a_part_that_no_row_names_is_removed_and_one_that_lacks_a_file_is_done_again(
    tmp_path: Path,
) -> None:
    folder, parts = PartFolder.of(None, tmp_path, "parquet,nq"), tmp_path / PARTS
    other = GraphTask("d.jpg", sha256(b"d.jpg").hexdigest())
    rows = [*made(folder), *made(folder, [other])]
    (parts / "of-others.parquet").touch()
    (parts / f"{folder.run}-1234.nq.gz").touch()
    moved = PartFolder(str(parts), "ffffffff", ["parquet", "nq"])
    assert moved.take_up(rows) == rows
    first, second = (
        {f"{rows[number]['part']}.parquet", f"{rows[number]['part']}.nq.gz"} for number in (0, 3)
    )
    assert {one.name for one in parts.iterdir()} == {"of-others.parquet"} | first | second
    (parts / f"{rows[0]['part']}.nq.gz").unlink()
    assert folder.take_up(rows) == [rows[1], rows[3]]
    assert {one.name for one in parts.iterdir()} == {"of-others.parquet"} | second


def test_other_formats_than_those_of_the_parts_cost_none_of_them(tmp_path: Path) -> None:
    rows = made(PartFolder.of(None, tmp_path, "parquet"))
    with pytest.raises(SightGraphError, match="Go on with '--format parquet', or"):
        PartFolder.of(None, tmp_path, "parquet,nq").take_up(rows)
    assert len([*(tmp_path / PARTS).iterdir()]) == 1
    assert PartFolder.of(None, tmp_path, "parquet").take_up(rows) == rows


def test_a_part_of_which_a_row_was_not_yet_read_is_done_again(tmp_path: Path) -> None:
    folder = PartFolder.of(None, tmp_path, "parquet")
    first, bad, last = made(folder)
    copy = {**first, "photo": "copy.jpg"}
    assert folder.take_up([first, copy, bad, last]) == [first, copy, bad, last]
    assert folder.take_up([first, copy, bad]) == [bad]
    assert not [*(tmp_path / PARTS).iterdir()]


def test_a_folder_that_cannot_be_written_is_an_error_of_each_row(tmp_path: Path) -> None:
    (tmp_path / PARTS).write_text("a file")
    assert all("error" in row for row in made(PartFolder.of(None, tmp_path, "parquet")))


def test_answers_come_back_from_their_parts_whole(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    question = BatchQuestion(1, "a.jpg", "Why?", "q1")
    answer = {"answer": "so", "confidence": 0.5, "evidence": {"path": ["x"]}}
    folder = PartFolder.of(None, tmp_path, "parquet")
    (row,) = folder.filled_by(lambda: lambda _: answer)().of_group([question])
    assert row == {"part": row["part"], "answer": "so", "confidence": 0.5}
    error = {**question.row, "error": "gone"}
    assert [*read_parts(tmp_path / PARTS, [error, {**question.row, **row}])] == [
        error,
        {**question.row, **answer},
    ]
    with pytest.raises(SightGraphError, match="cannot be read"):
        list(read_parts(tmp_path, [row]))


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="parquet"):
        PartFolder.of(None, tmp_path, "parqet")
