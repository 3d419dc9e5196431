"""An own data set: a folder of images, questions, and graphs of what the images show.

docs/tutorial.md describes the format; examples/own_dataset is a small one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError, unknown_name
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.modalities import check_name

PARTS = ("train", "validation", "test")
IMAGES, QUESTIONS, GRAPHS = "images", "questions.json", "graph.json"
QUESTION_KEYS = ("image", "question", "answer", "answers", "options", "modalities", "split")
NO_IMAGE = ""
"""The name of the image of questions that have none."""
GRAPH_KEYS = ("objects", "relations")
OBJECT_KEYS = ("label", "box", "score")
MAX_NUMBER = 1e9
"""Largest coordinate of a box, in pixels."""


@dataclass(frozen=True, slots=True)
class FolderImage:
    """An image with its graph, if the folder has one.

    file: None for that of questions without an image.
    relations: (subject, relation, object); subject and object are indices into `objects`.
    """

    file: Path | None
    objects: tuple[Detection, ...] = ()
    relations: tuple[tuple[int, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FolderQuestion:
    """A question about one image, about other modalities, or about both.

    image: index into `Folder.images`; answers: all of them are right; part: one of `PARTS`.
    options: the candidates of a multiple-choice question.
    modalities: files of further modalities, by name.
    """

    image: int
    text: str
    answers: tuple[str, ...]
    part: str
    options: tuple[str, ...] = ()
    modalities: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Folder:
    """Images, and questions about them."""

    images: tuple[FolderImage, ...]
    questions: tuple[FolderQuestion, ...]


def read_folder(folder: Path) -> Folder:
    """Read `questions.json`, `graph.json` if it is there, and the names of the images.

    Raises:
        SightGraphError: a file is missing or is not as the format says, or an image or the file
            of a modality belongs to two parts.
    """
    records = _read(folder / QUESTIONS, list)
    graphs = _read(folder / GRAPHS, dict) if (folder / GRAPHS).is_file() else {}
    names = sorted({_image_name(one, f"question {row}") for row, one in enumerate(records)})
    for name in graphs:
        if name not in names:
            raise SightGraphError(f"{GRAPHS}: {unknown_name('image', name, names)}")
    images = tuple(_image(folder, name, graphs.get(name, {})) for name in names)
    numbers = {name: number for number, name in enumerate(names)}
    questions = tuple(_question(folder, row, one, numbers) for row, one in enumerate(records))
    _check_parts(questions, names)
    return Folder(images, questions)


def _read(file: Path, kind: type[Any]) -> Any:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SightGraphError(
            f"cannot read '{file}': {error}. docs/tutorial.md describes the folder."
        ) from error
    if not isinstance(found, kind):
        expected = "a list of questions" if kind is list else "an object with one key an image"
        raise SightGraphError(f"'{file}' must hold {expected}.")
    return found


def _image_name(one: Any, where: str) -> str:
    """Return the image of a question; `NO_IMAGE` if it has none but other modalities."""
    if isinstance(one, Mapping) and "image" not in one and one.get("modalities"):
        return NO_IMAGE
    return _text(one, "image", where)


def _question(
    folder: Path, row: int, one: Mapping[str, Any], numbers: Mapping[str, int]
) -> FolderQuestion:
    where = f"question {row}"
    _check_keys(one, QUESTION_KEYS, where)
    answers = one.get("answers", [one["answer"]] if "answer" in one else [])
    if not _texts(answers) or not answers:
        raise SightGraphError(f"{where} needs an answer (text), or answers (a list of texts).")
    options = one.get("options", [])
    if not _texts(options) or (options and not set(options) & set(answers)):
        raise SightGraphError(f"{where}: options is a list of texts, and an answer is one of them.")
    part = _text(one, "split", where)
    if part not in PARTS:
        raise SightGraphError(f"{where}: {unknown_name('split', part, PARTS)}")
    return FolderQuestion(
        numbers[one.get("image", NO_IMAGE)],
        _text(one, "question", where),
        tuple(answers),
        part,
        tuple(options),
        _modalities(folder, one.get("modalities", {}), where),
    )


def _modalities(folder: Path, given: Any, where: str) -> dict[str, Path]:
    """Return the files of a question's modalities, which lie in the folder."""
    if not isinstance(given, Mapping) or not all(isinstance(one, str) for one in given.values()):
        raise SightGraphError(f"{where}: modalities is an object of names and files.")
    found = {}
    for name, file in given.items():
        check_name(name)
        path = folder / file
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise SightGraphError(f"{where}: there is no file '{file}' in the folder.")
        found[name] = path
    return found


def _image(folder: Path, name: str, graph: Mapping[str, Any]) -> FolderImage:
    if name == NO_IMAGE:
        return FolderImage(None)
    file = folder / IMAGES / name
    if not file.is_file():
        raise SightGraphError(f"there is no image '{file}', which a question is about.")
    where = f"{GRAPHS}, {name}"
    _check_keys(graph, GRAPH_KEYS, where)
    objects = tuple(_object(one, where) for one in _list(graph, "objects", where))
    relations = []
    for one in _list(graph, "relations", where):
        if not (isinstance(one, list) and len(one) == 3 and isinstance(one[1], str)):
            raise SightGraphError(f"{where}: a relation is [subject, relation, object].")
        subject, relation, object_ = one
        if any(type(end) is not int or end not in range(len(objects)) for end in one[::2]):
            raise SightGraphError(
                f"{where}: the relation {one} names an object that is not there; objects are "
                "counted from 0."
            )
        relations.append((subject, relation, object_))
    return FolderImage(file, objects, tuple(relations))


def _object(one: Mapping[str, Any], where: str) -> Detection:
    _check_keys(one, OBJECT_KEYS, where)
    box = one.get("box")
    if box is not None:
        numbers = isinstance(box, list) and len(box) == 4 and all(map(_is_number, box))
        if not numbers or not (box[0] < box[2] and box[1] < box[3]):
            raise SightGraphError(
                f"{where}: a box is [x1, y1, x2, y2] in pixels with x1 < x2 and y1 < y2, not {box}."
            )
        box = Box(*map(float, box))
    score = one.get("score", 1.0)
    if not _is_number(score) or not 0 <= score <= 1:
        raise SightGraphError(f"{where}: a score is a number from 0 to 1, not {score!r}.")
    return Detection(_text(one, "label", where), float(score), "folder", box)


def _list(graph: Mapping[str, Any], key: str, where: str) -> list[Any]:
    found = graph.get(key, [])
    if not isinstance(found, list):
        raise SightGraphError(f"{where}: the key '{key}' must hold a list, not {found!r}.")
    return found


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= MAX_NUMBER  # and no NaN


def _check_parts(questions: tuple[FolderQuestion, ...], names: list[str]) -> None:
    part: dict[str, str] = {}
    for one in questions:
        shown = [f"image '{names[one.image]}'"] if names[one.image] != NO_IMAGE else []
        for what in (*shown, *(f"file '{file}'" for file in one.modalities.values())):
            if part.setdefault(what, one.part) != one.part:
                raise SightGraphError(
                    f"{QUESTIONS}: the {what} is in {part[what]} and in {one.part}. All questions "
                    "about it belong to one part."
                )
    for name in PARTS:
        if name not in {one.part for one in questions}:
            raise SightGraphError(f"{QUESTIONS}: no question is in the part '{name}'.")


def _check_keys(one: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(one, Mapping):
        raise SightGraphError(f"{where}: expected an object with the keys {', '.join(known)}.")
    for key in one:
        if key not in known:
            raise SightGraphError(f"{where}: {unknown_name('key', key, known)}")


def _text(one: Any, key: str, where: str) -> str:
    value = one.get(key) if isinstance(one, Mapping) else None
    if not isinstance(value, str) or not value.strip():
        raise SightGraphError(f"{where}: the key '{key}' is missing, or is no text.")
    return value


def _texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(one, str) for one in values)
