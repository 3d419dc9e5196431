"""Names that PyG takes for attributes and types, in place of those that it would trip over."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from torch_geometric.data import Data, HeteroData
from torch_geometric.data.storage import GlobalStorage

ORIGIN = "origin"
SCHEMA = "schema"
NODE_ROW = "node_row"
EDGE_ROW = "edge_row"
OURS = frozenset({ORIGIN, SCHEMA, NODE_ROW, EDGE_ROW, "num_nodes", "edge_index"})
"""What the converters themselves put into a store."""

_FREE = {"x", "y", "pos", "time", "edge_attr", "edge_weight"}
"""Names that PyG gives a meaning which an attribute of that name is meant to have."""
_OF_NODES = {"x", "pos"}
_WRITTEN_BY_PYG = {
    *("ptr", "adj", "adj_t", "tf", "node_type", "edge_type"),
    *("n_id", "e_id", "input_id", "num_edges"),
}
RESERVED = (
    frozenset([*dir(HeteroData), *dir(Data), *dir(GlobalStorage), *_WRITTEN_BY_PYG, *OURS]) - _FREE
)
"""Properties and methods of PyG's classes, and what its loaders and transforms write."""
_SHIFTED = {"index": "idx", "batch": "lot"}
"""Word parts that make PyG add offsets to an attribute's numbers when graphs are batched."""


def attribute_name(name: Hashable, taken: Iterable[str] = ()) -> str:
    """Return a name for the attribute `name` that PyG leaves alone and that is not `taken`.

    >>> attribute_name("label"), attribute_name("edge_index"), attribute_name("keys")
    ('label', 'edge_idx', 'keys_')
    """
    text = str(name)
    for part, substitute in _SHIFTED.items():
        text = text.replace(part, substitute)
    return _unused(text.lstrip("_") or "attribute", RESERVED.union(taken))


def node_name(name: Hashable) -> str:
    """Return `name` without "edge", by which PyG tells attributes of edges from those of nodes."""
    return str(name).replace("edge", "link")


def edge_name(name: Hashable) -> str:
    """Return `name`, unless PyG would take it for features of nodes."""
    return f"edge_{name}" if name in _OF_NODES else str(name)


def graph_name(name: Hashable) -> str:
    """Return `name`, unless PyG would count nodes or edges by it."""
    text = node_name(name).replace("node", "vertex")
    return f"graph_{text}" if text in _OF_NODES else text


def _unused(text: str, taken: Iterable[str]) -> str:
    while text in taken:
        text += "_"
    return text


class TypeNames:
    """Names node or relation types after the values of one attribute.

    A text or whole number makes a type: "object" -> "object", 3 -> "3"; two values never
    share one. Things whose value is missing or of another kind are of the type `default`, and
    keep the attribute. PyG joins type names with "__", so that becomes "_", and none stands at
    an end.

    >>> kinds = TypeNames([{"kind": "a__b"}, {"kind": 1}, {"kind": "1"}, {}], "kind", "node")
    >>> [kinds.of(node) for node in ({"kind": "a__b"}, {"kind": 1}, {"kind": "1"}, {})]
    ['a_b', '1', '1_2', 'node']
    """

    def __init__(
        self, things: Iterable[Mapping[Any, Any]], attribute: str | None, default: str
    ) -> None:
        self.attribute = attribute
        self._names: dict[tuple[type, Hashable], str] = {}
        taken = {ORIGIN}
        for thing in things:
            if self._typed(thing) and (key := self._key(thing)) not in self._names:
                self._names[key] = _numbered(_single_underscores(str(key[1])) or default, taken)
                taken.add(self._names[key])
        self.default = _numbered(default, taken)

    def of(self, thing: Mapping[Any, Any]) -> str:
        """Return the type of what has these attributes."""
        return self._names[self._key(thing)] if self._typed(thing) else self.default

    def without(self, thing: Mapping[Any, Any]) -> Mapping[Any, Any]:
        """Return the attributes that the type does not say already."""
        if not self._typed(thing):
            return thing
        return {name: value for name, value in thing.items() if name != self.attribute}

    def value(self, thing: Mapping[Any, Any]) -> tuple[str, Hashable] | None:
        """Return the type's name and the value that it stands for; None for the default."""
        return (self.of(thing), self._key(thing)[1]) if self._typed(thing) else None

    def _typed(self, thing: Mapping[Any, Any]) -> bool:
        if self.attribute is None or self.attribute not in thing:
            return False
        return isinstance(thing[self.attribute], str | int | np.integer)

    def _key(self, thing: Mapping[Any, Any]) -> tuple[type, Hashable]:
        value = thing[self.attribute]
        return type(value), value


def _single_underscores(text: str) -> str:
    while "__" in text:
        text = text.replace("__", "_")
    return text.strip("_")


def _numbered(text: str, taken: set[str]) -> str:
    number, name = 1, text
    while name in taken:
        number += 1
        name = f"{text}_{number}"
    return name
