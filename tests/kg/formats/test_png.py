"""kg/formats: every kind of node has its place in a picture."""

from __future__ import annotations

import re
from pathlib import Path

import kg.formats
from kg.formats import COLOURS
from kg.formats.png import COLUMNS
from kg.vocabulary import NodeKind


def test_every_kind_of_node_has_a_column_and_a_colour() -> None:
    assert set(COLUMNS) == set(COLOURS) == set(NodeKind)


def test_the_page_knows_the_same_columns() -> None:
    page = Path(kg.formats.__file__).with_name("graph.html").read_text(encoding="utf-8")
    (listed,) = re.findall(r"const columns = \{(.*?)\}", page)
    columns = dict(re.findall(r"(\w+): (\d)", listed))
    assert columns == {str(kind): str(column) for kind, column in COLUMNS.items()}
