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

if TYPE_CHECKING:
    from pipelines.sightgraph import SightGraph


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """One line of a file of questions.

    photo: the path or example:NAME. name: its "id", if it has one.
    to_set, to_unset: facts to set and to unset for this question.
    given: its other fields, which the answer's row repeats under "given".
    """

    line: int
    photo: str
    text: str
    name: str | None = None
    to_set: tuple[str, ...] = ()
    to_unset: tuple[str, ...] = ()
    given: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def row(self) -> dict[str, Any]:
        """The fields of the answer's row that say what was asked."""
        row: dict[str, Any] = {"line": self.line}
        row |= {} if self.name is None else {"id": self.name}
        row |= {"photo": self.photo, "question": self.text}
        row |= {"set": list(self.to_set)} if self.to_set else {}
        row |= {"unset": list(self.to_unset)} if self.to_unset else {}
        return row | ({"given": self.given} if self.given else {})


def read_questions(path: Path) -> list[BatchQuestion]:
    """Read `{"photo": ..., "question": ...}` a line; "id", "set" and "unset" may stand beside.

    A photograph that is not at its path is looked for beside the file.

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
                found.append(_question(json.loads(line), number, path.parent))
            except (ValueError, KeyError, RecursionError) as error:
                what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise SightGraphError(
                    f'{path}, line {number}: {what}. Write {{"photo": "cat.jpg", "question": '
                    '"What is this?"} on each line.'
                ) from error
    if not found:
        raise SightGraphError(f"'{path}' holds no question.")
    return found


def _question(value: Any, line: int, folder: Path) -> BatchQuestion:
    fields = dict(schema.mapping(value, "the line"))
    photo = schema.text(fields.pop("photo"), "photo")
    name = fields.pop("id", None)
    beside = folder / photo
    if not photo.startswith("example:") and not Path(photo).exists() and beside.exists():
        photo = str(beside)
    return BatchQuestion(
        line,
        photo,
        schema.text(fields.pop("question"), "question"),
        None if name is None else str(name),
        schema.texts(fields.pop("set", None), "set"),
        schema.texts(fields.pop("unset", None), "unset"),
        fields,
    )


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


def _key(row: dict[str, Any]) -> str:
    return json.dumps([row.get(name) for name in ("id", "photo", "question", "set", "unset")])


@dataclass(frozen=True)
class Answers:
    """The work of a batch of questions.

    with_graph: rows hold the whole graph too.
    """

    load: Callable[[], SightGraph]
    with_graph: bool = False

    def __call__(self) -> Callable[[BatchQuestion], dict[str, Any]]:
        """Load the models and return the work."""
        sightgraph = self.load()

        def work(question: BatchQuestion) -> dict[str, Any]:
            edits = Edits(question.to_set, question.to_unset)
            answer = sightgraph.ask(question.photo, question.text, edits or None)
            row = answer.as_json()
            del row["question"]
            return row | ({"graph": as_json(answer.graph)} if self.with_graph else {})

        return work
