"""kg/formats: every kind of node has its place in a picture."""

from __future__ import annotations

import re
from pathlib import Path

from kg.formats import COLOURS
from kg.formats.png import COLUMNS
from kg.vocabulary import NodeKind

ROOT = Path(__file__).resolve().parents[3]


def test_every_kind_of_node_has_a_column_and_a_colour() -> None:
    assert set(COLUMNS) == set(COLOURS) == set(NodeKind)


def test_the_page_knows_the_same_columns() -> None:
    view = ROOT / "pipelines" / "inspector" / "web" / "src" / "graph-view.js"
    (listed,) = re.findall(r"const COLUMNS = \{(.*?)\}", view.read_text(encoding="utf-8"))
    columns = dict(re.findall(r"(\w+): (\d)", listed))
    assert columns == {str(kind): str(column) for kind, column in COLUMNS.items()}
