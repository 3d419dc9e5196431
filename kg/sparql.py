"""SPARQL over knowledge: read-only, and never out to the network."""

from __future__ import annotations

from typing import Any

from rdflib import Graph
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue

from kg.errors import SightGraphError

_FETCHING = {"ServiceGraphPattern": "SERVICE", "DatasetClause": "FROM"}


def select(graph: Graph, sparql: str) -> list[dict[str, str]]:
    """Run a SELECT or ASK query; one dictionary of variable -> text for each row.

    An ASK query gives one row, `{"ask": "true"}` or `{"ask": "false"}`.

    Raises:
        SightGraphError: the query is broken, is no SELECT or ASK, or uses SERVICE or FROM.
    """
    try:
        query = prepareQuery(sparql, initNs=dict(graph.namespaces()))
    except Exception as error:  # pyparsing and rdflib raise many kinds
        raise SightGraphError(
            f"the query is not readable SPARQL: {error}. Only SELECT and ASK are run."
        ) from error
    algebra: Any = query.algebra
    if algebra.name not in ("SelectQuery", "AskQuery"):
        raise SightGraphError(f"only SELECT and ASK are run, not {algebra.name}.")
    _refuse_fetching(algebra)
    result = graph.query(query)
    if result.type == "ASK":
        return [{"ask": str(bool(result.askAnswer)).lower()}]
    names = [str(variable) for variable in result.vars or []]
    rows: Any = result
    return [{name: str(row[name]) for name in names if row[name] is not None} for row in rows]


def _refuse_fetching(part: Any) -> None:
    """Walk a query's algebra and refuse every part that would fetch from elsewhere."""
    if isinstance(part, CompValue):
        if part.name in _FETCHING:
            raise SightGraphError(
                f"{_FETCHING[part.name]} would fetch from elsewhere and is not run. Leave it out."
            )
        for value in part.values():
            _refuse_fetching(value)
    elif isinstance(part, list | tuple | set):
        for value in part:
            _refuse_fetching(value)
