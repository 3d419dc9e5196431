"""Names that PyG takes for attributes and types, in place of those that it would trip over."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor
from torch_geometric.data import Data, HeteroData
from torch_geometric.data.storage import GlobalStorage

from graph_fusion.converters.columns import Column, Form, elements, pack
from kg.errors import SightGraphError

ORIGIN = "origin"
SCHEMA = "schema"
NODE_ROW = "node_row"
EDGE_ROW = "edge_row"
OURS = frozenset({ORIGIN, SCHEMA, NODE_ROW, EDGE_ROW, "num_nodes", "edge_index"})
"""What the converters themselves put into a store."""

_FREE = {"x", "y", "pos", "time", "edge_attr", "edge_weight"}
"""Names that PyG gives a meaning, which an attribute of that name has here too."""
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


Attributes = Mapping[Hashable, Any]
Ends = tuple[int, int]
"""Row numbers of the node that an edge starts at, and of the one that it ends at."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One attribute of all nodes or edges of a table."""

    name: Hashable
    value: Tensor | Column
    form: Form | None = None

    @property
    def shape(self) -> tuple[int, ...] | None:
        """What the rows look like: the shape of one, or None for a column."""
        return tuple(self.value.shape[1:]) if isinstance(self.value, Tensor) else None


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """What a store cannot say by its tensors.

    names, forms: by name in the store, what the attribute was called and what its values were.
    type: the store's type as it was named, and the attribute value that this stands for.
    rows, ends: of edges, in the order that the store had at first.
    """

    names: Mapping[str, Hashable] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    type: tuple[str, Hashable] | None = None
    rows: tuple[int, ...] = ()
    ends: tuple[Ends, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """What the graph was: its kind, its nodes' ids and its edges' keys, by row number.

    schemas: of the graph's own attributes ("graph"); in `Data` of "node" and "edge" too.
    node_type, edge_type: attributes that became types; None in `Data`, which has none.
    typed: whether it was made for `HeteroData`.
    """

    directed: bool = True
    multigraph: bool = True
    ids: tuple[Hashable, ...] = ()
    keys: tuple[Hashable, ...] = ()
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    node_type: str | None = "kind"
    edge_type: str | None = "relation"
    typed: bool = True


def fields_of(rows: Sequence[int], things: Sequence[Attributes]) -> list[Field]:
    """Return the attributes of `things`, whose row numbers are `rows`, as fields.

    An attribute that all have becomes a tensor where `pack` finds one, else a column.
    """
    names = dict.fromkeys(name for thing in things for name in thing)
    return [_field(name, rows, things) for name in names]


def graph_fields(attributes: Attributes) -> list[Field]:
    """Return the attributes of a graph as fields of one row; a tensor [..] stays as it is."""
    fields = []
    for name, value in attributes.items():
        if type(value) is Tensor and value.dim():
            fields.append(Field(name, value, Form("whole", value.dtype, value.dim())))
        else:
            fields.append(_field(name, [0], [{name: value}]))
    return fields


def name_fields(
    tables: Sequence[tuple[list[Field], Callable[[Hashable], str]]], taken: set[str]
) -> list[dict[str, Field]]:
    """Return each table by names for a store, none of them in `taken`, which gains them.

    A table stands with what it would call an attribute. An attribute is called the same in all
    tables as long as its rows look the same. Where they do not, the first tensor keeps the
    name: PyG's `collect` and `to_homogeneous` take for granted that one name means one kind of
    tensor.
    """
    requests = [(name_of(one.name), one) for table, name_of in tables for one in table]
    plain: dict[str, tuple[int, ...] | None] = {}
    for text, one in requests:
        if plain.get(text) is None:
            plain[text] = one.shape
    chosen: dict[tuple[str, Hashable, tuple[int, ...] | None], str] = {}
    for text, one in requests:
        if (text, one.name, one.shape) not in chosen:
            name = text if plain[text] == one.shape else f"{text}_{_look(one)}"
            name = attribute_name(name, taken)
            chosen[text, one.name, one.shape] = name
            taken.add(name)
    return [
        {chosen[name_of(one.name), one.name, one.shape]: one for one in table}
        for table, name_of in tables
    ]


def schema_of(
    fields: Mapping[str, Field],
    type_: tuple[str, Hashable] | None = None,
    rows: Iterable[int] = (),
    ends: Iterable[Ends] = (),
) -> Schema:
    """Return what is needed to read `fields` back."""
    names = {stored: one.name for stored, one in fields.items()}
    forms = {stored: one.form for stored, one in fields.items() if one.form is not None}
    return Schema(names, forms, type_, tuple(rows), tuple(ends))


def write_fields(store: Any, fields: Mapping[str, Field]) -> None:
    """Put `fields` into a PyG store."""
    for stored, one in fields.items():
        store[stored] = one.value


def read_fields(
    store: Mapping[str, Any], schema: Schema, rows: Sequence[int | None], what: str
) -> list[dict[Hashable, Any]]:
    """Return the attributes of each node or edge of a store, in the store's order.

    rows: their row numbers, None where they are new; what: the store, for errors.

    Raises:
        SightGraphError: something in the store has not one value for each row.
    """
    things: list[dict[Hashable, Any]] = [{} for _ in rows]
    for stored, value in store.items():
        if stored in OURS:
            continue
        name = schema.names.get(stored, stored)
        if isinstance(value, Column):
            for thing, row in zip(things, rows, strict=True):
                if row in value:
                    thing[name] = value[row]  # type: ignore[index]
            continue
        values = elements(value, schema.forms.get(stored), len(rows), f"{what}['{stored}']")
        for thing, one in zip(things, values, strict=True):
            thing[name] = one
    return things


def read_graph_fields(store: Mapping[str, Any], schema: Schema) -> dict[Hashable, Any]:
    """Return the attributes of a graph; what is not in `schema` stays as it is."""
    attributes: dict[Hashable, Any] = {}
    for stored, value in store.items():
        if stored in OURS:
            continue
        name, form = schema.names.get(stored, stored), schema.forms.get(stored)
        if isinstance(value, Column):
            attributes[name] = value[0]
        elif form is None or form.container == "whole":
            attributes[name] = value
        else:
            attributes[name] = elements(value, form, 1, f"data['{stored}']")[0]
    return attributes


def row_numbers(store: Mapping[str, Any], stored: str, size: int, what: str) -> list[int | None]:
    """Return the row numbers of a store's nodes or edges, None for each where it has none.

    Raises:
        SightGraphError: there are more or fewer than `size`.
    """
    rows = store.get(stored)
    if rows is None:
        return [None] * size
    if len(rows) != size:
        raise SightGraphError(
            f"{what} has {size} rows, but its '{stored}' names {len(rows)}. Select both alike, or "
            f"delete '{stored}': they are new ones then."
        )
    numbers: list[int | None] = rows.tolist()
    return numbers


def _field(name: Hashable, rows: Sequence[int], things: Sequence[Attributes]) -> Field:
    having = {row: thing[name] for row, thing in zip(rows, things, strict=True) if name in thing}
    if all(name in thing for thing in things):
        packed = pack([thing[name] for thing in things])
        if packed is not None:
            return Field(name, *packed)
    return Field(name, Column(having))


def _look(one: Field) -> str:
    if one.shape is None:
        return "column"
    return "x".join(map(str, one.shape)) or "number"
