"""How other tools write the objects of photographs: one reader a format, of parsed content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from kg import schema
from pipelines.detectors.given import (
    GivenObject,
    Names,
    class_name,
    from_middle,
    from_side,
    made,
    word,
    words,
)

Entry = Mapping[str, Any]
Reader = Callable[[Any, Names], Iterable[GivenObject]]


def of_entries(content: Any, names: Names) -> Iterator[GivenObject]:
    """A list of labels, or of entries of COCO's results, Ultralytics or supervision."""
    return (_of_entry(one, names) for one in schema.sequence(content, "the content"))


def _of_entry(entry: Any, names: Names) -> GivenObject:
    if isinstance(entry, str):
        return made(entry, None, None)
    one = schema.mapping(entry, "it")
    if "x_min" in one:
        return _of_flat(one, names)
    label = next((one[key] for key in ("label", "category", "category_name", "name") if key in one),
                 None)  # fmt: skip
    number = None
    if not isinstance(label, str):
        label, number = class_name(one["category_id"] if label is None else label, names)
    box = one.get("box", one.get("bbox"))
    if isinstance(box, dict):
        box = [box["x1"], box["y1"], box["x2"], box["y2"]]
    elif box is not None:
        box = from_side(*schema.sequence(box, "bbox", 4))
    score = one.get("score", one.get("confidence"))
    photo = {key: _key(one[key], key) for key in ("file_name", "image_id") if key in one}
    return made(label, score, box, number=number, **photo)


def _key(value: Any, field: str) -> str:
    """Return a name or number as text."""
    return str(schema.whole(value, field)) if isinstance(value, int) else schema.text(value, field)


def of_rows(rows: Iterable[Entry], names: Names) -> Iterator[GivenObject]:
    """Rows of supervision's CSV."""
    return (_of_flat(one, names) for one in rows)


def _of_flat(row: Entry, names: Names) -> GivenObject:
    label, number = row.get("class_name"), None
    if not label:
        label, number = class_name(row["class_id"], names)
    box = [row["x_min"], row["y_min"], row["x_max"], row["y_max"]]
    return made(label, row.get("confidence"), box, number=number)


def _of_coco(content: Entry, names: Names) -> Iterator[GivenObject]:
    """COCO's annotations: boxes with the number of a photograph and of a category."""
    listed = schema.sequence(content.get("categories", []), "categories")
    own = {schema.whole(one["id"], "a category's id"): one["name"] for one in listed} or names
    files = {str(one["id"]): str(one["file_name"]) for one in content.get("images", [])}
    for one in schema.sequence(content["annotations"], "annotations"):
        label, number = class_name(one["category_id"], own)
        box = from_side(*schema.sequence(one["bbox"], "bbox", 4))
        given = one.get("image_id")
        photo = {
            "image_id": None if given is None else str(given),
            "file_name": files.get(str(given), "") if files and given is not None else None,
        }
        yield made(label, one.get("score"), box, number=number, **photo)


def _of_labelme(content: Entry, names: Names) -> Iterator[GivenObject]:
    """LabelMe: shapes with points; a polygon's box holds all of them."""
    photo = content.get("imagePath")
    for one in schema.sequence(content["shapes"], "shapes"):
        points = [schema.sequence(point, "a point", 2) for point in one["points"]]
        xs, ys = ([schema.finite(point[axis], "a point") for point in points] for axis in (0, 1))
        box = [min(xs), min(ys), max(xs), max(ys)]
        yield made(one["label"], None, box, file_name=None if photo is None else str(photo))


def _of_roboflow(content: Entry, names: Names) -> Iterator[GivenObject]:
    """Roboflow's predictions: x and y are the middle of the box."""
    for one in schema.sequence(content["predictions"], "predictions"):
        box = from_middle(one["x"], one["y"], one["width"], one["height"])
        yield made(one["class"], one.get("confidence"), box)


def _of_tensors(content: Entry, names: Names) -> Iterator[GivenObject]:
    """torchvision's output as lists."""
    boxes, numbers = content["boxes"], content["labels"]
    scores = content.get("scores", [None] * len(boxes))
    for box, given, score in zip(boxes, numbers, scores, strict=True):
        label, number = (given, None) if isinstance(given, str) else class_name(given, names)
        yield made(label, score, schema.sequence(box, "a box", 4), number=number)


def _of_scene_graphs(content: Any, names: Names) -> Iterator[GivenObject]:
    """Visual Genome (a list of photographs) and GQA (photographs by their number).

    GQA's relations stand at their subject, Visual Genome's beside the objects.
    """
    pairs = content.items() if isinstance(content, dict) else ((None, one) for one in content)
    for key, photo in pairs:
        number = key if key is not None else photo.get("image_id")
        objects = photo["objects"]
        beside: dict[str, list[tuple[str, str]]] = {}
        for one in photo.get("relationships") or ():
            beside.setdefault(str(_end(one, "subject")), []).append(
                (word(one["predicate"], "the predicate"), str(_end(one, "object")))
            )
        keyed = objects.items() if isinstance(objects, dict) else ((None, one) for one in objects)
        for own, one in keyed:
            id_ = str(own if own is not None else one.get("object_id"))
            here = [
                (word(r["name"], "the relation"), str(r["object"]))
                for r in one.get("relations", ())
            ]
            yield made(
                one["name"] if "name" in one else schema.sequence(one["names"], "names")[0],
                None,
                from_side(one["x"], one["y"], one["w"], one["h"]),
                image_id=None if number is None else str(number),
                attributes=words(one.get("attributes"), "the attributes"),
                key=id_,
                relations=(*here, *beside.get(id_, ())),
            )


def _end(relation: Entry, role: str) -> Any:
    """Return the id of an end of Visual Genome's relation: relationships.json nests the object."""
    return relation[f"{role}_id"] if f"{role}_id" in relation else relation[role]["object_id"]


def _of_panoptic_graphs(content: Entry, names: Names) -> Iterator[GivenObject]:
    """PSG: the corners of boxes, and numbers into the lists of classes and predicates."""
    classes = [*content["thing_classes"], *content.get("stuff_classes", [])]
    predicates = content.get("predicate_classes", [])
    for photo in schema.sequence(content["data"], "data"):
        stated: dict[int, list[tuple[str, str]]] = {}
        for triple in photo.get("relations") or ():
            subject, other, kind = schema.sequence(triple, "a relation", 3)
            name = predicates[schema.whole(kind, "a predicate", most=len(predicates) - 1)]
            stated.setdefault(subject, []).append((word(name, "the predicate"), str(other)))
        for place, one in enumerate(schema.sequence(photo["annotations"], "annotations")):
            label = classes[schema.whole(one["category_id"], "category_id", most=len(classes) - 1)]
            yield made(
                label,
                None,
                schema.sequence(one["bbox"], "bbox", 4),
                file_name=str(photo["file_name"]),
                key=str(place),
                relations=tuple(stated.get(place, ())),
            )


def _of_labels(content: Entry, names: Names) -> Iterator[GivenObject]:
    """A list of labels under "labels"."""
    for one in schema.sequence(content["labels"], "labels"):
        yield made(one, None, None)


def of_voc(root: Element, names: Names) -> Iterator[GivenObject]:
    """Pascal VOC: one XML file a photograph."""
    photo = root.findtext("filename")
    for one in root.iter("object"):
        sides = ("xmin", "ymin", "xmax", "ymax")
        box = [one.findtext(f"bndbox/{name}", "") for name in sides]
        yield made(one.findtext("name", ""), None, box, file_name=photo)


def of_yolo(lines: Iterable[Sequence[str]], names: Names) -> Iterator[GivenObject]:
    """YOLO: class number, middle and size in shares of the photograph, and perhaps a score.

    A line of a class number and three or more points is a polygon: its box holds all of them.
    """
    for parts in lines:
        label, number = class_name(parts[0], names)
        score = None
        if len(parts) in (5, 6):
            box = from_middle(*parts[1:5])
            score = parts[5] if len(parts) == 6 else None
        elif len(parts) >= 7 and len(parts) % 2 == 1:
            values = [schema.finite(one, "a point") for one in parts[1:]]
            xs, ys = values[::2], values[1::2]
            box = min(xs), min(ys), max(xs), max(ys)
        else:
            raise ValueError(
                f"the line '{' '.join(parts)[:60]}' has {len(parts)} numbers, and YOLO writes 5, 6 "
                "with a score, or 7 and more, an odd number, for a polygon"
            )
        yield made(label, score, box, relative=True, number=number)


def _has(*keys: str) -> Callable[[Any], bool]:
    return lambda content: isinstance(content, dict) and all(key in content for key in keys)


def _photo_with_objects(content: Any) -> bool:
    if not isinstance(content, dict | list):
        return False
    first = next(iter(content.values() if isinstance(content, dict) else content), None)
    return isinstance(first, dict) and "objects" in first


def _always(content: Any) -> bool:
    return isinstance(content, list)


JSON_FORMATS: Mapping[str, tuple[Callable[[Any], bool], Reader]] = {
    "coco": (_has("annotations"), _of_coco),
    "labelme": (_has("shapes"), _of_labelme),
    "psg": (_has("thing_classes", "data"), _of_panoptic_graphs),
    "roboflow": (_has("predictions"), _of_roboflow),
    "torchvision": (_has("boxes", "labels"), _of_tensors),
    "labels": (_has("labels"), _of_labels),
    "scene-graphs": (_photo_with_objects, _of_scene_graphs),
    "entries": (_always, of_entries),
}
"""Formats of JSON: the mark by which a file is recognised, and the reader; the first mark counts.

"entries" are lists: COCO results, Ultralytics, supervision, or labels.
"""
