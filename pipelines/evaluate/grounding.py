"""Measuring which objects referring expressions are taken to mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from kg.graph import Box, PhotoInfo
from kg.knowledge.memory import Knowledge
from kg.vocabulary import EdgeKind
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection
from pipelines.reading.parser import Parser
from pipelines.seeing.geometry import measured
from pipelines.seeing.perception_types import HAS_COLOUR, Seen, SeenAttribute

LEAST_SHARE = 0.75
"""Objects that score at least this share of the best one are meant as well."""


def meant(builder: GraphBuilder, parser: Parser, photo: Mapping[str, Any], text: str) -> list[int]:
    """Return the objects that the first thing named in `text` means, the likeliest first."""
    objects = photo["objects"]
    found = [
        Detection(one["label"], 1 - index / 1e4, "people", Box(*one["box"]))
        for index, one in enumerate(objects)
    ]
    geometry = measured(found, photo["width"], photo["height"])
    seen = Seen(
        tuple(
            (
                *(
                    SeenAttribute(HAS_COLOUR, name, 1.0, "people")
                    for name in one.get("colours", [])
                ),
                *words,
            )
            for one, words in zip(objects, geometry, strict=True)
        )
    )
    info = PhotoInfo(photo["file"], photo["width"], photo["height"])
    graph = builder(found, info, parser(text), seen)
    mentions = [edge for edge in graph.edges(EdgeKind.MENTION) if edge.source == "entity:0"]
    mentions.sort(key=lambda edge: -edge.score)
    return [
        int(edge.target.removeprefix("object:"))
        for edge in mentions
        if edge.score >= LEAST_SHARE * mentions[0].score
    ]


def evaluate(file: Path) -> dict[str, float]:
    """Return how often the best object is meant, and how often exactly the right ones are.

    `file`: {"photos": [{"file", "width", "height", "objects": [{"label", "box", "colours"}],
    "development" and "unseen": [[expression, [object indexes]], ...]}]}.

    Raises:
        SightGraphError: the file cannot be read.
    """
    try:
        photos = json.loads(file.read_text(encoding="utf-8"))["photos"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as grounding cases: {error!r}. "
            "See tests/pipelines/grounding_cases.json."
        ) from error
    builder, parser = GraphBuilder(Knowledge.bundled()), Parser(reader="rules")
    figures: dict[str, float] = {}
    for part in ("development", "unseen"):
        best, exact = [], []
        for photo in photos:
            for text, wanted in photo[part]:
                found = meant(builder, parser, photo, text)
                best.append(found[:1] != [] and found[0] in wanted)
                exact.append(set(found) == set(wanted))
        figures |= {
            f"{part}: expressions": float(len(best)),
            f"{part}: top-1": sum(best) / max(len(best), 1),
            f"{part}: exactly those": sum(exact) / max(len(exact), 1),
        }
    return figures
