"""What a picture of an answer shows: the evidence, drawn by weight."""

from __future__ import annotations

from kg.exporters import View
from pipelines.evidence import Answer


def picture(answer: Answer) -> View:
    """Return the view with the boxes, words, facts and path that made `answer`."""
    evidence = answer.evidence
    edges = (*evidence.path, *evidence.facts)
    nodes = {end for edge in edges for end in (edge.source, edge.target)}
    nodes |= {one.id for one in (*evidence.objects, *evidence.entities, *evidence.scenes)}
    return View(
        title=answer.question,
        subtitle=f"{answer.text}  (confidence {answer.confidence:.2f})",
        nodes=frozenset(nodes),
        edges=frozenset(edges),
        weights=dict(evidence.weights),
    )
