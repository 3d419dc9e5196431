"""Files of objects in photographs, as other tools write them.

The format goes by the file's ending and, of JSON, by the marks of `JSON_FORMATS`, unless it is
named. Everything is checked here, before any model is loaded.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from kg import schema
from kg.errors import SightGraphError, unknown_name
from kg.xml_files import refuse_document_type
from pipelines.detectors import COCO_LABEL_OF_ID, COCO_LABELS
from pipelines.detectors.annotation_formats import JSON_FORMATS, of_rows, of_voc, of_yolo
from pipelines.detectors.given import GivenObject, Names, made
from pipelines.detectors.labels import read_labels

FORMATS = (*JSON_FORMATS, "yolo", "voc", "supervision-csv", "names")
"""Names for `read_objects`; "names" is a text with one label a line."""
ABOUT_FORMATS = (
    "COCO results or annotations, LabelMe, Pascal VOC, YOLO, supervision, Ultralytics, Roboflow, "
    "torchvision, Visual Genome, GQA, PSG, or a list of labels"
)
OWN_NAMES: dict[str, Names] = {"coco": COCO_LABEL_OF_ID, "coco80": dict(enumerate(COCO_LABELS))}
"""Class names that need no file: by COCO's ids, or by place among the 80 (YOLO, Detectron2)."""


def read_objects(
    source: Path, labels: Path | None = None, file_format: str | None = None
) -> list[GivenObject]:
    """Return the objects in a file.

    labels: class names for the class numbers in `source`: a file (`labels.read_labels`), or a
        name of `OWN_NAMES`; beside YOLO's files, "classes.txt" is taken.
    file_format: one of `FORMATS`, where the file does not show which it is of.

    Raises:
        SightGraphError: the file cannot be read, or is of no known format, or an entry is wrong,
            or the classes have numbers only, which may be anybody's; says which.
    """
    if file_format is not None and file_format not in FORMATS:
        raise unknown_name("format of detections", file_format, FORMATS)
    found = _checked(source, _objects(source, file_format, _names(labels)))
    _refuse_unnamed(source, found)
    return found


def _names(labels: Path | None) -> Names:
    if labels is None:
        return None
    own = OWN_NAMES.get(str(labels))
    return read_labels(labels) if own is None or labels.exists() else own


def _objects(source: Path, file_format: str | None, names: Names) -> Iterable[GivenObject]:
    file_format = file_format or _of_ending(source, names)
    if file_format == "voc":
        return of_voc(_xml(source), names)
    if file_format == "supervision-csv":
        return of_rows(csv.DictReader(_text(source).splitlines()), names)
    if file_format in ("names", "yolo"):
        return _of_lines(source, names, file_format)
    content = _json_lines(source) if source.suffix.lower() == ".jsonl" else _json_or_lines(source)
    if file_format is None:
        file_format = next(
            (name for name, (marked, _) in JSON_FORMATS.items() if marked(content)), None
        )
    if file_format is None:
        raise SightGraphError(
            f"'{source}' holds neither a list of objects nor another format that is read: "
            f"{ABOUT_FORMATS}. --detections-format names one."
        )
    return JSON_FORMATS[file_format][1](content, names)


def _of_ending(source: Path, names: Names) -> str | None:
    """Return the format that the ending of the file names, if it names one."""
    ending = source.suffix.lower()
    if ending == ".txt":
        return "yolo" if _is_yolo(_lines(source), names) else "names"
    return {".xml": "voc", ".csv": "supervision-csv"}.get(ending)


def _checked(source: Path, objects: Iterable[GivenObject]) -> list[GivenObject]:
    """Return all objects; an error names the file and the number of the entry."""
    found: list[GivenObject] = []
    try:
        found.extend(objects)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        reason: object = error
        if isinstance(error, KeyError):
            reason = f"'{error.args[0]}' is missing"
        elif isinstance(error, IndexError):
            reason = "a list in it is too short"
        raise SightGraphError(
            f"{source}, entry {len(found)}: {reason}. An entry needs category_id (or category) "
            "and may have bbox [x, y, width, height] and score."
        ) from error
    return found


def _refuse_unnamed(source: Path, objects: Iterable[GivenObject]) -> None:
    """Refuse class numbers without names, unless one is above 80: few sets number past COCO."""
    numbers = [one.number for one in objects if one.number is not None]
    if numbers and max(numbers) <= len(COCO_LABELS):
        raise SightGraphError(
            f"'{source}' has numbers of classes and not their names; {numbers[0]} may be "
            f"COCO's '{COCO_LABEL_OF_ID[numbers[0]]}' or anything else. Give the names: "
            "--labels FILE (one a line, from 0, or JSON), or --labels coco for COCO's ids (1 to "
            "90), or --labels coco80 for the places of COCO's 80 classes (0 to 79)."
        )


def _is_yolo(lines: list[list[str]], names: Names) -> bool:
    """Whether all lines are numbers; with names for the numbers, one is enough."""
    numeric = [all(map(schema.is_number, one)) for one in lines]
    return any(numeric) if names is not None else bool(lines) and all(numeric)


def _of_lines(source: Path, names: Names, file_format: str) -> Iterable[GivenObject]:
    """One label a line, or YOLO's numbers, whose names may stand beside the file."""
    lines = _lines(source)
    if file_format == "names":
        return (made(" ".join(parts), None, None) for parts in lines)
    beside = source.with_name("classes.txt")
    if names is None and beside.is_file():
        names = read_labels(beside)
    if names is None:
        raise SightGraphError(
            f"'{source}' holds class numbers. Give their names with --labels FILE, one a line, or "
            "as classes.txt beside it; of a model trained on COCO: --labels coco80."
        )
    return of_yolo(lines, names)


def _lines(source: Path) -> list[list[str]]:
    return [line.split() for line in _text(source).splitlines() if line.strip()]


def _xml(source: Path) -> ElementTree.Element:
    try:
        with source.open("rb") as file:
            refuse_document_type(file, source)
        return ElementTree.parse(source).getroot()
    except OSError as error:
        raise SightGraphError(f"the detections '{source}' cannot be read: {error}.") from error
    except ElementTree.ParseError as error:
        raise SightGraphError(f"'{source}' is broken XML: {error}.") from error


def _json_lines(source: Path) -> list[Any]:
    found = []
    for number, line in enumerate(_text(source).splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise SightGraphError(f"{source}, line {number}: {error}.") from error
    return found


def _json_or_lines(source: Path) -> Any:
    """Return the content of a JSON file, or of one that holds JSON lines in spite of its ending."""
    try:
        return schema.read_json(source)
    except SightGraphError:
        lines = _text(source).splitlines()
        if len(lines) > 1 and lines[0].startswith("{") and lines[0].endswith("}"):
            return _json_lines(source)
        raise


def _text(source: Path) -> str:
    try:
        return source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SightGraphError(f"the detections '{source}' cannot be read: {error}.") from error
