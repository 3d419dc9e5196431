"""Questions as JSON lines, and their answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg import schema
from kg.errors import SightGraphError
from kg.formats.json import as_json
from kg.knowledge.edits import Edits
from pipelines.batch.photo_files import PhotoFiles, is_uri

if TYPE_CHECKING:
    from pipelines.sightgraph import SightGraph

JOURNAL = "answers.jsonl"
"""The file of rows in the folder of answers that are written in parts."""


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """One line of a file of questions.

    photo: the path or example:NAME; None beside modalities. name: its "id", if it has one.
    to_set, to_unset: facts to set and to unset for this question.
    modalities: names and files of what was recorded beside the photograph.
    given: its other fields, which the answer's row repeats under "given".
    """

    line: int
    photo: str | None
    text: str
    name: str | None = None
    to_set: tuple[str, ...] = ()
    to_unset: tuple[str, ...] = ()
    modalities: tuple[tuple[str, str], ...] = ()
    given: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def row(self) -> dict[str, Any]:
        """The fields of the answer's row that say what was asked."""
        row: dict[str, Any] = {"line": self.line}
        row |= {} if self.name is None else {"id": self.name}
        row |= {"photo": self.photo, "question": self.text}
        row |= {"set": list(self.to_set)} if self.to_set else {}
        row |= {"unset": list(self.to_unset)} if self.to_unset else {}
        row |= {"modalities": dict(self.modalities)} if self.modalities else {}
        return row | ({"given": self.given} if self.given else {})

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> BatchQuestion:
        """Return the question whose `row` it is."""
        return cls(
            row["line"],
            row["photo"],
            row["question"],
            row.get("id"),
            tuple(row.get("set", ())),
            tuple(row.get("unset", ())),
            tuple(row.get("modalities", {}).items()),
            row.get("given", {}),
        )


def read_questions(path: Path) -> list[BatchQuestion]:
    """Read `{"photo": ..., "question": ...}` a line; "id", "set" and "unset" may stand beside.

    Beside the photograph, or in its place, "modalities" may name files: `{"sound": "bark.wav"}`.
    What is not at its path is looked for beside the file.

    Raises:
        SightGraphError: the file is missing, or a line is no such object (with its number).
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise SightGraphError(f"'{path}' is not UTF-8. Save it as UTF-8.") from error
    except OSError as error:
        raise SightGraphError(f"there are no questions at '{path}': {error.strerror}.") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found.append(
                    _question(json.loads(line, parse_constant=_refuse), number, path.parent)
                )
            except (ValueError, KeyError, RecursionError) as error:
                what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise SightGraphError(
                    f'{path}, line {number}: {what}. Write {{"photo": "cat.jpg", "question": '
                    '"What is this?"} on each line.'
                ) from error
    if not found:
        raise SightGraphError(f"'{path}' holds no question.")
    return found


def _refuse(constant: str) -> None:
    """Raise for what JSON does not have, though Python reads it: rows repeat all fields."""
    raise ValueError(f"{constant} is no number of JSON")


def _question(value: Any, line: int, folder: Path) -> BatchQuestion:
    fields = dict(schema.mapping(value, "the line"))
    files = schema.mapping(fields.pop("modalities", {}), "modalities")
    modalities = tuple(
        (str(name), _beside(folder, schema.text(file, f"the file of '{name}'")))
        for name, file in files.items()
    )
    photo = fields.pop("photo", None) if modalities else fields.pop("photo")
    name = fields.pop("id", None)
    return BatchQuestion(
        line,
        None if photo is None else _beside(folder, schema.text(photo, "photo")),
        schema.text(fields.pop("question"), "question"),
        None if name is None else str(name),
        schema.texts(fields.pop("set", None), "set"),
        schema.texts(fields.pop("unset", None), "unset"),
        modalities,
        fields,
    )


def _beside(folder: Path, file: str) -> str:
    """Return the path of a file, or the one of the same name beside the questions."""
    beside = folder / file
    is_there = file.startswith("example:") or Path(file).exists()
    return str(beside) if not is_there and beside.exists() else file


def unanswered(
    questions: Iterable[BatchQuestion], rows: Iterable[dict[str, Any]]
) -> list[BatchQuestion]:
    """Return the questions that none of `rows` answers, whatever line they stand on now."""
    done = Counter(_key(row) for row in rows)
    left = []
    for question in questions:
        key = _key(question.row)
        if done[key]:
            done[key] -= 1
        else:
            left.append(question)
    return left


def latest(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the last row of each question: one that was asked again has several."""
    return [*{_key(row): row for row in rows}.values()]


def _key(row: dict[str, Any]) -> str:
    names = ("id", "photo", "question", "set", "unset", "modalities")
    return json.dumps([row.get(name) for name in names])


@dataclass(frozen=True)
class Answers:
    """The work of a batch of questions.

    with_graph: rows hold the whole graph too.
    """

    load: Callable[[], SightGraph]
    with_graph: bool = False

    def __call__(self) -> Callable[[BatchQuestion], dict[str, Any]]:
        """Load the models and return the work."""
        sightgraph, photographs = self.load(), PhotoFiles()

        def work(question: BatchQuestion) -> dict[str, Any]:
            edits = Edits(question.to_set, question.to_unset)
            photo, files = question.photo, dict(question.modalities) or None
            opened = photographs.open(photo) if photo and is_uri(photo) else photo
            answer = sightgraph.ask(opened, question.text, edits or None, files)
            row = answer.as_json()
            del row["question"]
            return row | ({"graph": as_json(answer.graph)} if self.with_graph else {})

        return work
