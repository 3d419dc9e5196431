"""Encoders of text and images, chosen by name."""

from __future__ import annotations

from graph_fusion.encoders.text import TextEncoder
from kg.registry import Registry

TEXT_ENCODERS: Registry[TextEncoder] = Registry("text encoder")
TEXT_ENCODERS.add("minilm", "graph_fusion.encoders.text:MiniLM")

__all__ = ["TEXT_ENCODERS", "TextEncoder"]
