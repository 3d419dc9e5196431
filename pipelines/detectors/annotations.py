"""Files of objects in photographs, as other tools write them.

Each format is one reader that returns `GivenObject`s; `read_objects` takes the first whose marks
the file bears. Everything is checked here, before any model is loaded.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from kg import schema
from kg.errors import SightGraphError
from kg.xml_files import refuse_document_type
from pipelines.detectors import COCO_LABEL_OF_ID

FORMATS = (
    "COCO results or annotations, LabelMe, Pascal VOC, YOLO, supervision, Ultralytics, Roboflow, "
    "Visual Genome, GQA, PSG, or a list of labels"
)


@dataclass(frozen=True, slots=True)
class GivenObject:
    """An object that a file names.

    label: lower case. score: in [0, 1]; 1 where the file has none.
    box: x1, y1, x2, y2 in pixels, or None. relative: the box is in shares of the photograph.
    file_name, image_id: the photograph, if the file says which.
    number: the class number that was looked up among COCO's, for want of other names.
    """

    label: str
    score: float = 1.0
    box: tuple[float, float, float, float] | None = None
    relative: bool = False
    file_name: str | None = None
    image_id: str | None = None
    number: int | None = None


Entry = Mapping[str, Any]
Names = Mapping[int, str] | None
"""Class names by number, where the user or the file gives them."""


def read_objects(source: Path, labels: Path | None = None) -> list[GivenObject]:
    """Return the objects in a file.

    labels: a file of class names, one a line from number 0, for class numbers in `source`;
        beside YOLO's files, "classes.txt" is taken.

    Raises:
        SightGraphError: the file cannot be read, or is of no known format, or an entry is wrong;
            says which.
    """
    given = None if labels is None else _class_names(labels)
    suffix = source.suffix.lower()
    if suffix == ".txt":
        return _of_lines(source, given)
    if suffix == ".xml":
        return _checked(source, _of_voc(source))
    if suffix == ".csv":
        return _checked(source, (_of_flat(one, given) for one in _csv_rows(source)))
    if suffix == ".jsonl":
        entries = _json_lines(source)
    else:
        content = _json_or_lines(source)
        for marked, reader in READERS:
            if marked(content):
                return _checked(source, reader(content, given))
        entries = content
    if not isinstance(entries, list):
        raise SightGraphError(
            f"'{source}' holds neither a list of objects nor another format that is read: "
            f"{FORMATS}."
        )
    return _checked(source, (_of_entry(one, given) for one in entries))


def _checked(source: Path, objects: Iterable[GivenObject]) -> list[GivenObject]:
    """Return all objects; an error names the file and the number of the entry."""
    found: list[GivenObject] = []
    try:
        found.extend(objects)
    except (KeyError, ValueError) as error:
        reason = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else error
        raise SightGraphError(
            f"{source}, entry {len(found)}: {reason}. An entry needs category_id (or category) "
            "and may have bbox [x, y, width, height] and score."
        ) from error
    return found


def _made(label: Any, score: Any, box: Sequence[Any] | None, **more: Any) -> GivenObject:
    """Return a checked object; `box` is x1, y1, x2, y2."""
    name = schema.text(label, "the label", empty=False).strip().lower()
    sure = 1.0 if score in (None, "") else schema.share(score, "score")
    if box is None:
        return GivenObject(name, sure, **more)
    x1, y1, x2, y2 = schema.corners(list(box), "the box")
    if x2 <= x1 or y2 <= y1:
        raise ValueError(f"the box [{x1:g}, {y1:g}, {x2:g}, {y2:g}] is out of range: it is empty")
    return GivenObject(name, sure, (x1, y1, x2, y2), **more)


def _from_side(x: Any, y: Any, width: Any, height: Any) -> tuple[float, float, float, float]:
    values = (x, y, width, height)
    left, top, wide, high = (schema.finite(one, "bbox", schema.MAX_COORDINATE) for one in values)
    return left, top, left + wide, top + high


def _from_middle(x: Any, y: Any, width: Any, height: Any) -> tuple[float, float, float, float]:
    left, top, right, bottom = _from_side(x, y, width, height)
    half_wide, half_high = (right - left) / 2, (bottom - top) / 2
    return left - half_wide, top - half_high, right - half_wide, bottom - half_high


def _name(number: Any, names: Names) -> tuple[str, int | None]:
    """Return the name of a class number, and the number if it was taken for one of COCO's."""
    key = schema.whole(number, "the class number")
    known = COCO_LABEL_OF_ID if names is None else names
    if key not in known:
        owner = "COCO has" if names is None else "the given names have"
        raise ValueError(f"{owner} no category {key}. Give the names of the classes with --labels")
    return known[key], key if names is None else None


def _of_entry(entry: Any, names: Names) -> GivenObject:
    """A label, or an entry of COCO's results; other tools' keys are understood too."""
    if isinstance(entry, str):
        return _made(entry, None, None)
    one = schema.mapping(entry, "it")
    if "x_min" in one:
        return _of_flat(one, names)
    label = next((one[key] for key in ("label", "category", "category_name", "name") if key in one),
                 None)  # fmt: skip
    number = None
    if not isinstance(label, str):
        label, number = _name(one["category_id"] if label is None else label, names)
    box = one.get("box", one.get("bbox"))
    if isinstance(box, dict):
        box = [box["x1"], box["y1"], box["x2"], box["y2"]]
    elif box is not None:
        box = _from_side(*schema.sequence(box, "bbox", 4))
    score = one.get("score", one.get("confidence"))
    photo = {key: _key(one[key], key) for key in ("file_name", "image_id") if key in one}
    return _made(label, score, box, number=number, **photo)


def _key(value: Any, field: str) -> str:
    """Return the name or number of a photograph as text."""
    return str(schema.whole(value, field)) if isinstance(value, int) else schema.text(value, field)


def _of_flat(row: Entry, names: Names) -> GivenObject:
    """A row of supervision's CSV or JSON."""
    label, number = row.get("class_name"), None
    if not label:
        label, number = _name(row["class_id"], names)
    box = [row["x_min"], row["y_min"], row["x_max"], row["y_max"]]
    return _made(label, row.get("confidence"), box, number=number)


def _of_coco(content: Entry, names: Names) -> Iterator[GivenObject]:
    """COCO's annotations: boxes with the number of a photograph and of a category."""
    listed = schema.sequence(content.get("categories", []), "categories")
    own = {schema.whole(one["id"], "a category's id"): one["name"] for one in listed} or names
    files = {str(one["id"]): str(one["file_name"]) for one in content.get("images", [])}
    for one in schema.sequence(content["annotations"], "annotations"):
        label, number = _name(one["category_id"], own)
        box = _from_side(*schema.sequence(one["bbox"], "bbox", 4))
        photo = files.get(str(one.get("image_id")))
        yield _made(label, one.get("score"), box, number=number, file_name=photo)


def _of_labelme(content: Entry, names: Names) -> Iterator[GivenObject]:
    """LabelMe: shapes with points; a polygon's box holds all of them."""
    photo = content.get("imagePath")
    for one in schema.sequence(content["shapes"], "shapes"):
        points = [schema.sequence(point, "a point", 2) for point in one["points"]]
        xs, ys = ([schema.finite(point[axis], "a point") for point in points] for axis in (0, 1))
        box = [min(xs), min(ys), max(xs), max(ys)]
        yield _made(one["label"], None, box, file_name=None if photo is None else str(photo))


def _of_roboflow(content: Entry, names: Names) -> Iterator[GivenObject]:
    """Roboflow's predictions: x and y are the middle of the box."""
    for one in schema.sequence(content["predictions"], "predictions"):
        box = _from_middle(one["x"], one["y"], one["width"], one["height"])
        yield _made(one["class"], one.get("confidence"), box)


def _of_tensors(content: Entry, names: Names) -> Iterator[GivenObject]:
    """torchvision's output as lists; its numbers are COCO's."""
    boxes, numbers = content["boxes"], content["labels"]
    scores = content.get("scores", [None] * len(boxes))
    for box, given, score in zip(boxes, numbers, scores, strict=True):
        label, number = (given, None) if isinstance(given, str) else _name(given, names)
        yield _made(label, score, schema.sequence(box, "a box", 4), number=number)


def _of_scene_graphs(content: Any, names: Names) -> Iterator[GivenObject]:
    """Visual Genome (a list of photographs) and GQA (photographs by their number)."""
    pairs = content.items() if isinstance(content, dict) else ((None, one) for one in content)
    for key, photo in pairs:
        number = key if key is not None else photo.get("image_id")
        objects = photo["objects"]
        for one in objects.values() if isinstance(objects, dict) else objects:
            label = one["name"] if "name" in one else schema.sequence(one["names"], "names")[0]
            box = _from_side(one["x"], one["y"], one["w"], one["h"])
            yield _made(label, None, box, image_id=None if number is None else str(number))


def _of_panoptic_graphs(content: Entry, names: Names) -> Iterator[GivenObject]:
    """PSG: the corners of boxes, and numbers into the lists of classes."""
    classes = [*content["thing_classes"], *content.get("stuff_classes", [])]
    for photo in schema.sequence(content["data"], "data"):
        for one in schema.sequence(photo["annotations"], "annotations"):
            label = classes[schema.whole(one["category_id"], "category_id", most=len(classes) - 1)]
            box = schema.sequence(one["bbox"], "bbox", 4)
            yield _made(label, None, box, file_name=str(photo["file_name"]))


def _of_labels(content: Entry, names: Names) -> Iterator[GivenObject]:
    for one in schema.sequence(content["labels"], "labels"):
        yield _made(one, None, None)


def _photo_with_objects(content: Any) -> bool:
    first = next(iter(content.values() if isinstance(content, dict) else content), None)
    return isinstance(first, dict) and "objects" in first


def _has(*keys: str) -> Callable[[Any], bool]:
    return lambda content: isinstance(content, dict) and all(key in content for key in keys)


READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Names], Iterable[GivenObject]]], ...] = (
    (_has("annotations"), _of_coco),
    (_has("shapes"), _of_labelme),
    (_has("thing_classes", "data"), _of_panoptic_graphs),
    (_has("predictions"), _of_roboflow),
    (_has("boxes", "labels"), _of_tensors),
    (_has("labels"), _of_labels),
    (
        lambda content: isinstance(content, dict | list) and _photo_with_objects(content),
        _of_scene_graphs,
    ),
)
"""Formats of JSON by their marks; anything else is a list of entries."""


def _of_voc(source: Path) -> Iterator[GivenObject]:
    """Pascal VOC: one XML file a photograph."""
    with source.open("rb") as file:
        refuse_document_type(file, source)
    root = ElementTree.parse(source).getroot()
    photo = root.findtext("filename")
    for one in root.iter("object"):
        names = ("xmin", "ymin", "xmax", "ymax")
        box = [one.findtext(f"bndbox/{name}", "") for name in names]
        yield _made(one.findtext("name", ""), None, box, file_name=photo)


def _of_lines(source: Path, names: Names) -> list[GivenObject]:
    """One label a line, or YOLO's lines: class number, middle, size, and perhaps a score."""
    lines = [line.split() for line in _text(source).splitlines() if line.strip()]
    if not all(len(parts) in (5, 6) and all(map(_is_number, parts)) for parts in lines):
        return _checked(source, (_made(" ".join(parts), None, None) for parts in lines))
    beside = source.with_name("classes.txt")
    if names is None and beside.is_file():
        names = _class_names(beside)
    if names is None:
        raise SightGraphError(
            f"'{source}' holds class numbers. Give their names with --labels FILE, one a line, or "
            "as classes.txt beside it."
        )
    return _checked(source, (_of_yolo(parts, names) for parts in lines))


def _of_yolo(parts: Sequence[str], names: Names) -> GivenObject:
    label, _ = _name(parts[0], names)
    score = parts[5] if len(parts) > 5 else None
    return _made(label, score, _from_middle(*parts[1:5]), relative=True)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _class_names(file: Path) -> dict[int, str]:
    return {number: name.strip() for number, name in enumerate(_text(file).splitlines())}


def _csv_rows(source: Path) -> list[dict[str, Any]]:
    return list(csv.DictReader(_text(source).splitlines()))


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
