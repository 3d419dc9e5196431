"""Evaluation of the objects to which referring expressions are resolved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kg.errors import SightGraphError
from kg.graph import Box, PhotoInfo
from kg.knowledge.memory import Knowledge
from kg.vocabulary import EdgeKind
from pipelines.build.builder import GraphBuilder
from pipelines.detections import (
    HAS_COLOUR,
    Detection,
    PerceivedAttribute,
    PerceptionResult,
    strongest,
)
from pipelines.evaluate.protocol import Report, Source
from pipelines.reading.parser import Parser
from pipelines.seeing.geometry import measured

PARTS = ("development", "unseen")
MIN_SHARE = 0.75
"""Objects that score at least this share of the best score are denoted too."""


def denoted(
    builder: GraphBuilder, parser: Parser, photo: Mapping[str, Any], text: str
) -> list[int]:
    """Return the objects that the first noun phrase of `text` denotes, the most probable first."""
    objects = photo["objects"]
    found = [
        Detection(one["label"], 1 - index / 1e4, "people", Box(*one["box"]))
        for index, one in enumerate(objects)
    ]
    geometry = measured(found, photo["width"], photo["height"])
    seen = PerceptionResult(
        tuple(
            (
                *(
                    PerceivedAttribute(HAS_COLOUR, name, 1.0, "people")
                    for name in one.get("colours", [])
                ),
                *words,
            )
            for one, words in zip(objects, geometry, strict=True)
        )
    )
    info = PhotoInfo(photo["file"], photo["width"], photo["height"])
    graph = builder(strongest(found), info, parser(text), seen)
    mentions = [edge for edge in graph.edges(EdgeKind.MENTION) if edge.source == "entity:0"]
    mentions.sort(key=lambda edge: -edge.score)
    return [
        int(edge.target.removeprefix("object:"))
        for edge in mentions
        if edge.score >= MIN_SHARE * mentions[0].score
    ]


@dataclass(frozen=True, slots=True)
class GroundingEvaluator:
    """How often the best object is the right one, and how often exactly the right ones are found.

    The file: {"photos": [{"file", "width", "height", "objects": [{"label", "box", "colours"}],
    "development" and "unseen": [[expression, [object indexes]], ...]}]}.
    """

    def dataset(self, source: Source) -> list[dict[str, Any]]:
        """Read the photographs.

        Raises:
            SightGraphError: the file cannot be read.
        """
        try:
            photos = json.loads(source.data.read_text(encoding="utf-8"))["photos"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SightGraphError(
                f"'{source.data}' cannot be read as grounding cases: {error!r}. "
                "See tests/pipelines/grounding_cases.json."
            ) from error
        return list(photos)

    def system(self) -> tuple[GraphBuilder, Parser]:
        return GraphBuilder(Knowledge.bundled()), Parser(reader="rules")

    def __call__(
        self, system: tuple[GraphBuilder, Parser], dataset: Sequence[Mapping[str, Any]]
    ) -> Report:
        rows: list[dict[str, Any]] = []
        figures: dict[str, float] = {}
        for part in PARTS:
            judged = [
                _judged(denoted(*system, photo, text), photo, part, text, right)
                for photo in dataset
                for text, right in photo[part]
            ]
            amount = max(len(judged), 1)
            figures |= {
                f"{part}: expressions": float(len(judged)),
                f"{part}: top-1": sum(one["top-1"] for one in judged) / amount,
                f"{part}: exactly those": sum(one["exactly those"] for one in judged) / amount,
            }
            rows += judged
        return Report(f"{PARTS[-1]}: top-1", figures, rows)


def _judged(
    found: list[int], photo: Mapping[str, Any], part: str, text: str, right: list[int]
) -> dict[str, Any]:
    return {
        "file": photo["file"],
        "part": part,
        "expression": text,
        "expected": right,
        "found": found,
        "top-1": found[:1] != [] and found[0] in right,
        "exactly those": set(found) == set(right),
    }
