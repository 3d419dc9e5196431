"""Readers of captions, by name; importing this imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kg.registry import Registry

if TYPE_CHECKING:
    from pipelines.reading.triples import Triple

DEFAULT_READER = "trained"


class CaptionReader(Protocol):
    """Reads a caption into triples."""

    def __call__(self, caption: str) -> list[Triple]: ...


READERS: Registry[CaptionReader] = Registry("reader")
READERS.add("rules", "pipelines.reading.parser:RulesReader")
READERS.add("trained", "pipelines.reading.text_graph_reader:TrainedReader")
