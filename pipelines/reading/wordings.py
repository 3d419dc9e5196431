"""Wordings of questions by table, read from `data/wordings/*.yaml`.

A file is read when one of its tables is first used. Wordings keep the order of the file, on which
seeded draws depend.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml  # type: ignore[import-untyped]

from kg.errors import SightGraphError, unknown_name
from kg.files import bundled

Wordings = tuple[str, ...]


@cache
def listed(name: str, table: str) -> Wordings:
    """Return the wordings of a table that is one list, such as "count" of the file "questions".

    >>> listed("fact_questions", "phrases")
    ('this', 'the {x}', 'the {x}', 'the {x} in the picture')

    Raises:
        SightGraphError: as `_table`, or the table is not a list of texts.
    """
    return _texts(_table(name, table), f"{name}.yaml, '{table}'")


@cache
def grouped(name: str, table: str) -> Mapping[str, Wordings]:
    """Return a table of lists, most often by the label of a relation.

    Raises:
        SightGraphError: as `_table`, or the table has another form.
    """
    place = f"{name}.yaml, '{table}'"
    groups = _mapping(_table(name, table), place)
    return {key: _texts(value, f"{place}, '{key}'") for key, value in groups.items()}


@cache
def nested(name: str, table: str) -> Mapping[str, Mapping[str, Wordings]]:
    """Return a table of tables of lists.

    Raises:
        SightGraphError: as `_table`, or the table has another form.
    """
    place = f"{name}.yaml, '{table}'"
    return {
        key: {
            below: _texts(value, f"{place}, '{key}', '{below}'")
            for below, value in _mapping(group, f"{place}, '{key}'").items()
        }
        for key, group in _mapping(_table(name, table), place).items()
    }


@cache
def paired(name: str, table: str) -> Mapping[str, str]:
    """Return a table of one text for another, such as irregular plurals.

    Raises:
        SightGraphError: as `_table`, or the table has another form.
    """
    place = f"{name}.yaml, '{table}'"
    pairs = _mapping(_table(name, table), place)
    return {key: _text(value, f"{place}, '{key}'") for key, value in pairs.items()}


def _table(name: str, table: str) -> Any:
    """Return a table as it stands in the file.

    Raises:
        SightGraphError: the file is missing, cannot be read or is not YAML, or has no such table.
    """
    tables = _file(name)
    if table not in tables:
        raise unknown_name(f"table of {name}.yaml", table, tables)
    return tables[table]


@cache
def _file(name: str) -> Mapping[str, Any]:
    path = bundled("wordings", f"{name}.yaml")
    try:
        return _mapping(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SightGraphError(
            f"cannot read the wordings '{path}': {error}. Correct the file or reinstall sightgraph."
        ) from error


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not value:
        raise SightGraphError(f"{place}: expected 'name: ...' lines, not {value!r}.")
    return {_text(key, place): below for key, below in value.items()}


def _texts(value: Any, place: str) -> Wordings:
    if not isinstance(value, list) or not value:
        raise SightGraphError(f"{place}: expected a list of texts, not {value!r}.")
    return tuple(_text(one, place) for one in value)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise SightGraphError(f"{place}: expected a text, not {value!r}. Put it in quotes.")
    return value
