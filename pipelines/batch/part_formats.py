"""The files of a part: a table, and RDF."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Sequence
from typing import Any

from kg.files import readable
from pipelines.batch.engines import Row

COLUMNS = {
    "line": "int64",
    "id": "string",
    "photo": "string",
    "sha256": "string",
    "question": "string",
    "nodes": "int32",
    "edges": "int32",
    "answer": "string",
    "confidence": "double",
}
"""Columns of Parquet and their types, where rows have such a field; `json` holds all of the row."""


def as_parquet(rows: Sequence[Row]) -> bytes:
    """Return a Parquet file: `COLUMNS`, and `json` with the graph, or else the whole row."""
    import pyarrow
    from pyarrow import parquet

    types = {name: one for name, one in COLUMNS.items() if any(name in row for row in rows)}
    table = {
        name: pyarrow.array([_cell(row.get(name)) for row in rows], one)
        for name, one in types.items()
    }
    content = [row["graph"] if "answer" not in row else row for row in rows]
    table["json"] = pyarrow.array(
        [readable(json.dumps(one, ensure_ascii=False)) for one in content]
    )
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(table), file, compression="zstd")
    return file.getvalue()


def _cell(value: Any) -> Any:
    return readable(value) if isinstance(value, str) else value


def as_nquads(rows: Sequence[Row]) -> bytes:
    """Return compressed N-Quads: the graph of each row as a named graph, as in an album."""
    from kg.formats.json import of_document
    from kg.formats.rdf import Names, as_rdf

    lines: list[str] = []
    for row in rows:
        graph = of_document(row["graph"], row["photo"] or "an answer")
        name = Names.of(graph).photo
        triples = as_rdf(graph).serialize(format="nt").split("\n")
        lines += [f"{one.removesuffix('.')}<{name}> ." for one in sorted(triples) if one]
    return gzip.compress("\n".join([*lines, ""]).encode(), mtime=0)


__all__ = ["as_nquads", "as_parquet"]
