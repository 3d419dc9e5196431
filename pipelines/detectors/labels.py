"""Names of classes: label files, and the kinds of things that the knowledge knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from kg.vocabulary import KNOWLEDGE

MAX_YAML = 1_000_000
"""Characters of a YAML file, whose parser is slow; a thousand classes need a fiftieth of it."""
_UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError),
    yaml.YAMLError,
)


def read_labels(file: Path) -> dict[int, str]:
    """Return the name of each class by its number, in lower case.

    The file is a text with one name a line (numbered from 0), a JSON list, a JSON object
    {"1": "cat"} or one with such a value for "names", "labels" or "id2label", or COCO annotations
    (`categories`); YAML, such as YOLO's data.yaml, holds the same.

    Raises:
        SightGraphError: it is missing, or of another form.
    """
    try:
        return _numbered(_content(file))
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:200]
        raise SightGraphError(
            f"the labels '{file}' cannot be read: {reason}. Give a text with one name a line, or "
            'JSON: a list, or {"1": "cat", ...}.'
        ) from error


def _content(file: Path) -> Any:
    text = file.read_text(encoding="utf-8-sig")
    ending = file.suffix.lower()
    if ending == ".json":
        return json.loads(text)
    if ending not in (".yaml", ".yml"):
        return text.rstrip().splitlines()
    if len(text) > MAX_YAML:
        raise ValueError(f"it has more than {MAX_YAML} characters")
    return yaml.safe_load(text)


def _numbered(content: Any) -> dict[int, str]:
    if isinstance(content, str):
        raise ValueError("it is one text and no list")
    if isinstance(content, dict):
        if isinstance(content.get("categories"), list):
            named = {int(one["id"]): one["name"] for one in content["categories"]}
        else:
            for key in ("names", "labels", "id2label"):
                if key in content:
                    return _numbered(content[key])
            named = {int(number): name for number, name in content.items()}
    else:
        lines = [one.strip() for one in content]
        named = dict(enumerate(lines))
    if not named or not all(name.strip() for name in named.values()):
        raise ValueError("a class has no name")
    return {number: " ".join(name.split()).lower() for number, name in named.items()}


def numbered_for(labels: dict[int, str], classes: int, file: str) -> dict[int, str]:
    """Return `labels` as a network with `classes` outputs, the first for the background, counts.

    A list may name the background or leave it out; its numbers are then raised by one.

    Raises:
        SightGraphError: there are more or fewer names than classes.
    """
    listed = set(labels) == set(range(len(labels)))
    if listed and len(labels) == classes - 1:
        return {number + 1: name for number, name in labels.items()}
    if max(labels) < classes and (not listed or len(labels) == classes):
        return labels
    raise SightGraphError(
        f"'{file}' has {classes - 1} classes and a background, but the labels name "
        f"{len(labels)}. Give --labels a file with a name for each class, in their order."
    )


PHYSICAL = KNOWLEDGE + "physical_object"


def photographable(knowledge: Knowledge) -> tuple[str, ...]:
    """Return the names of all kinds of physical objects that are known, sorted."""
    kinds = (one for one in knowledge.concepts if PHYSICAL in knowledge.categories(one))
    return tuple(sorted({knowledge.label(one) for one in kinds}))
