"""The graphs of many photographs, each in files of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.formats import EXPORTERS, Highlights, export
from kg.formats.json import as_json
from pipelines.batch.photo_files import PhotoFiles
from pipelines.batch.photographs import output_names
from pipelines.photo import file_digest

if TYPE_CHECKING:
    from pipelines.sightgraph import SightGraph

JOURNAL = "graphs.jsonl"
"""The file in the output folder with a row for each photograph."""


@dataclass(frozen=True, slots=True)
class GraphTask:
    """One photograph, and the files that its graph is written to.

    digest: SHA-256 of the file, so that a photograph that was changed is done again.
    targets: none where the graph goes into a part.
    """

    photo: str
    digest: str
    targets: tuple[Path, ...] = ()

    @property
    def row(self) -> dict[str, Any]:
        """The fields of its row that say what it is."""
        return {"photo": self.photo, "sha256": self.digest}

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> GraphTask:
        """Return the task of a photograph whose graph goes into a part."""
        return cls(row["photo"], row["sha256"])

    def is_done_in(self, row: dict[str, Any]) -> bool:
        """Whether `row` of the journal is this task's, and its files are there."""
        if row.get("photo") != self.photo or row.get("sha256") != self.digest:
            return False
        files = {str(one) for one in row.get("files", ())}
        wanted = {str(target) for target in self.targets}
        return "error" in row or (files >= wanted and all(map(Path.is_file, self.targets)))


@dataclass(frozen=True)
class Graphs:
    """The work of a graph batch: make the graph, write its files, return the row.

    with_graph: rows hold the graph too.
    """

    load: Callable[[], SightGraph]
    with_graph: bool = False

    def __call__(self) -> Callable[[GraphTask], dict[str, Any]]:
        """Load the models and return the work."""
        sightgraph, photographs = self.load(), PhotoFiles()

        def work(task: GraphTask) -> dict[str, Any]:
            opened = photographs.open(task.photo)
            scene = sightgraph.graph(opened)
            for target in task.targets:
                target.parent.mkdir(parents=True, exist_ok=True)
            export(scene, task.targets, opened.image, Highlights(title=opened.source))
            nodes, edges = len(scene), scene.networkx.number_of_edges()
            row: dict[str, Any] = {"files": [*map(str, task.targets)]} if task.targets else {}
            row |= {"nodes": nodes, "edges": edges}
            return row | ({"graph": as_json(scene)} if self.with_graph else {})

        return work


def graph_tasks(
    photographs: Sequence[str], folder: Path, formats: Iterable[str]
) -> list[GraphTask]:
    """Return a task for each photograph.

    formats: names such as "json" or ".ttl".

    Raises:
        UnknownNameError: there is no such format.
    """
    endings = [f".{name.strip().removeprefix('.').lower()}" for name in formats]
    for ending in endings:
        EXPORTERS.resolve(ending)
    return [
        GraphTask(photo, file_digest(photo), tuple(folder / f"{name}{one}" for one in endings))
        for photo, name in output_names(photographs).items()
    ]
