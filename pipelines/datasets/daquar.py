"""DAQUAR: questions that people asked about rooms (Malinowski & Fritz, NeurIPS 2014).

Photographs of NYU Depth v2 were taken one after another in a room, and its official parts share
no room. So a run of photographs whose numbers have no gap is one room and lies in one part:
neighbours in training would make the figures better than those of the official test.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from pipelines.datasets.splits import Part, room_part

SEPARATOR = ", "
"""Between the answers of one question, where they are one text."""


@dataclass(frozen=True, slots=True)
class RoomQuestion:
    """A question with its whole answer, a set of words such as {"night_stand", "lamp"}.

    photograph: number of its photograph, whose room's part is the question's.
    """

    id: int
    photograph: int
    text: str
    answers: frozenset[str]
    part: Part


@dataclass(frozen=True, slots=True)
class RoomPhoto:
    """A photograph; room: the number of the first photograph of its room."""

    file: Path
    room: int
    part: Part


@dataclass(frozen=True, slots=True)
class Daquar:
    """Questions in the file's order, and the photographs by their numbers."""

    questions: tuple[RoomQuestion, ...]
    photographs: Mapping[int, RoomPhoto]


def read_daquar(folder: Path) -> Daquar:
    """Read `images.json` and `questions.json`.

    Raises:
        SightGraphError: the folder lacks a file or a photograph, or what it holds is something
            else.
    """
    photographs = read_photographs(folder)
    records = _records(folder / "questions.json")
    numbers = [_whole(one, "image_id", "questions.json") for one in records]
    for number in dict.fromkeys(numbers):
        if number not in photographs:
            raise SightGraphError(
                f"{folder / 'questions.json'} asks about photograph {number}, which images.json "
                "does not name. Take both files from the same release."
            )
        if not photographs[number].file.is_file():
            raise SightGraphError(
                f"the photograph '{photographs[number].file}' is missing. Put the folder images "
                "beside images.json."
            )
    questions = (
        _question(one, photographs[number].part)
        for one, number in zip(records, numbers, strict=True)
    )
    return Daquar(tuple(questions), photographs)


def read_photographs(folder: Path) -> dict[int, RoomPhoto]:
    """Read the photographs of `images.json`, by their numbers.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    name = "images.json"
    records = {_whole(one, "id", name): one for one in _records(folder / name)}
    room = rooms(records)
    return {
        number: RoomPhoto(
            folder / _text(one, "file_name", name),
            room[number],
            room_part(room[number], one.get("split")),
        )
        for number, one in records.items()
    }


def rooms(numbers: Iterable[int]) -> dict[int, int]:
    """Return for each photograph the first one of its run without a gap.

    >>> rooms([7, 3, 4, 8, 10])
    {3: 3, 4: 3, 7: 7, 8: 7, 10: 10}
    """
    found: dict[int, int] = {}
    for number in sorted(set(numbers)):
        found[number] = found.get(number - 1, number)
    return found


def whole_answers(questions: Sequence[RoomQuestion]) -> Counter[tuple[str, ...]]:
    """Return how often each whole answer is right, the most frequent first."""
    counts = Counter(tuple(sorted(one.answers)) for one in questions)
    return Counter(dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))))


def spoken(answer: Iterable[str]) -> str:
    """Return a whole answer as a text.

    >>> spoken(["lamp", "night_stand"])
    'lamp, night stand'
    """
    return SEPARATOR.join(word.replace("_", " ") for word in answer)


def _question(record: Any, part: Part) -> RoomQuestion:
    name = "questions.json"
    answers = record.get("answers")
    if not isinstance(answers, list) or not answers or not all(isinstance(a, str) for a in answers):
        raise SightGraphError(f"{name}: 'answers' of {str(record)[:60]} must be a list of words.")
    return RoomQuestion(
        _whole(record, "question_id", name),
        _whole(record, "image_id", name),
        _text(record, "question", name),
        frozenset(answers),
        part,
    )


def _records(file: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SightGraphError(
            f"cannot read '{file}': {error.strerror}. --data is the folder of DAQUAR, with "
            "images.json, questions.json and images."
        ) from error
    except ValueError as error:
        raise SightGraphError(f"'{file}' is not JSON: {error}.") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SightGraphError(f"'{file}' must hold a list of objects.")
    return found


def _whole(record: Mapping[str, Any], key: str, name: str) -> int:
    value = record.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise SightGraphError(f"{name}: '{key}' of {str(record)[:60]} must be a whole number.")
    return value


def _text(record: Mapping[str, Any], key: str, name: str) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        raise SightGraphError(f"{name}: '{key}' of {str(record)[:60]} must be a text.")
    return value
