"""What is known: concepts, facts, neighbours, and SPARQL that only reads."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from kg.errors import SightGraphError
from kg.knowledge.facts import Fact, KnowledgeGraph
from kg.vocabulary import LITERAL, EdgeKind, NodeKind
from pipelines.service.state import Shared

routes = APIRouter(prefix="/api")
MAX_NEIGHBOURS = 500
Label = Annotated[str, Query(min_length=1, max_length=200)]


class Sparql(BaseModel):
    """A SELECT or ASK query."""

    query: Annotated[str, Field(min_length=1, max_length=20_000)]


@routes.get("/link")
def link(label: Label, shared: Shared) -> list[dict[str, Any]]:
    """Return which concepts a label may mean, best first."""
    return [asdict(one) for one in shared.linker.link(label, head=True)]


@routes.get("/facts")
def facts(label: Label, shared: Shared, own: bool = False) -> list[dict[str, Any]]:
    """Return what is known of a label; own: without what holds of its categories."""
    known = shared.knowledge
    return [
        {
            "subject": one.label,
            "relation": known.relations[fact.relation].label,
            "object": known.label(fact.object),
            "source": fact.source,
            "via": [known.label(category) for category in fact.via],
            "statement": list(known.statement(fact)),
        }
        for one in shared.linker.best(label)
        for fact in known.facts(one.concept, inherited=not own)
    ]


@routes.get("/neighbours")
def neighbours(
    concept: Annotated[str, Query(min_length=1, max_length=2000)],
    shared: Shared,
    limit: Annotated[int, Query(ge=1, le=MAX_NEIGHBOURS)] = 50,
) -> dict[str, Any]:
    """Return the facts that a concept stands in, as nodes and edges of a graph."""
    known = shared.knowledge
    found = known.facts_about(concept)[:limit]
    ends = dict.fromkeys([concept, *(end for one in found for end in (one.subject, one.object))])
    known_at_all = found or known.concept(concept) is not None
    return {
        "nodes": [_node(known, end) for end in ends] if known_at_all else [],
        "edges": [_edge(known, one) for one in found],
    }


@routes.post("/sparql")
async def sparql(asked: Sparql, shared: Shared) -> list[dict[str, str]]:
    """Run a SELECT or ASK query; one object of variable -> text for each row."""
    settings = shared.settings
    if shared.queries.locked():
        raise HTTPException(503, "too many queries are running.", {"Retry-After": "2"})
    async with shared.queries:
        rows = await run_in_threadpool(shared.knowledge.query, asked.query, settings.query_seconds)
    if len(rows) > settings.rows:
        raise SightGraphError(f"the result has more than {settings.rows} rows. Add LIMIT.")
    return rows


def _node(known: KnowledgeGraph, term: str) -> dict[str, Any]:
    kind = NodeKind.LITERAL if term.startswith(LITERAL) else NodeKind.CONCEPT
    concept = None if kind == NodeKind.LITERAL else known.concept(term)
    origin = concept.source if concept else "knowledge"
    return {"id": term, "kind": kind, "label": known.label(term), "origin": origin, "score": 1.0}


def _edge(known: KnowledgeGraph, fact: Fact) -> dict[str, Any]:
    return {
        "source": fact.subject,
        "target": fact.object,
        "kind": EdgeKind.FACT,
        "relation": known.relations[fact.relation].label,
        "origin": fact.source,
        "score": fact.strength,
        "predicate": fact.relation,
        "statement": list(known.statement(fact)),
    }
