"""Dialogs written by hand about photographs, with the answers that each turn accepts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg import schema
from kg.errors import SightGraphError
from pipelines.datasets.questions import EXAMPLE, read_listed


@dataclass(frozen=True, slots=True)
class DialogTurn:
    """What a person says.

    answers: all that count as right; () for a correction, which has no answer.
    refers: names of what a reference in it stands for, any of which will do; () where it has
        none, or nobody wrote it down.
    """

    text: str
    answers: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotoDialog:
    """A dialog about a photograph; file_name: a path in the folder of images, or example:NAME."""

    id: str
    file_name: str
    turns: tuple[DialogTurn, ...]
    part: str = ""

    def photo(self, images: Path) -> str:
        """Return what `Photo.open` takes, for photographs in the folder `images`."""
        is_example = self.file_name.startswith(EXAMPLE)
        return self.file_name if is_example else str(images / self.file_name)


def read_dialogs(file: Path, part: str | None = None) -> list[PhotoDialog]:
    """Return the dialogs of `file`, or those of one `part`, in the order of the file.

    Raises:
        SightGraphError: the file cannot be read, an entry lacks a field (with its number), an id
            stands twice, or none is of that part.
    """
    return read_listed(file, "dialog", _dialog, part)


def _dialog(entry: Any, where: str) -> PhotoDialog:
    try:
        fields = schema.mapping(entry, "the dialog")
        turns = schema.sequence(fields["turns"], "turns")
        if not turns:
            raise ValueError("turns is empty")
        return PhotoDialog(
            schema.text(fields["id"], "id", empty=False),
            schema.text(fields["file_name"], "file_name", empty=False),
            tuple(_turn(one) for one in turns),
            schema.text(fields.get("part") or "", "part"),
        )
    except KeyError as error:
        raise SightGraphError(f"{where}: {error} is missing.") from error
    except ValueError as error:
        raise SightGraphError(f"{where}: {error}.") from error


def _turn(entry: Any) -> DialogTurn:
    fields = schema.mapping(entry, "a turn")
    refers = fields.get("refers")
    return DialogTurn(
        schema.text(fields["question"], "question", empty=False),
        schema.texts(fields.get("answers"), "answers"),
        (refers,) if isinstance(refers, str) else schema.texts(refers, "refers"),
    )
