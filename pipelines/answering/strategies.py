"""How a question is answered: by the first strategy that has an answer, or by the networks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial

from kg.graph import SceneGraph
from kg.vocabulary import NodeKind
from pipelines.answering.activity_answers import activity_answer
from pipelines.answering.answerer import Answerer, FusedQuestion
from pipelines.answering.evidence import DONT_KNOW, Evidence
from pipelines.answering.paths import seen_path
from pipelines.answering.prediction import Prediction, Strategy
from pipelines.answering.presence import absence, seen_option
from pipelines.answering.signal_answers import signal_answer
from pipelines.answering.written_answers import written_answer

SEEN = (NodeKind.OBJECT, NodeKind.SCENE, NodeKind.TEXT, NodeKind.EVENT)
"""Of these a photograph shows at least one, or nothing that is known."""
BLIND_CONFIDENCE = 0.5
"""Of "I don't know" where nothing is seen. Set by hand."""


def strategies(edits: Strategy | None, seeable: Collection[str]) -> dict[str, Strategy]:
    """Return what answers before the networks, in order of precedence, by the rule's name.

    edits: answers from what a person stated, if anything was. seeable: as in `absence`.
    """
    ordered = {
        "edits": edits,
        "signals": signal_answer,
        "written": written_answer,
        "seen-option": seen_option,
        "absence": partial(absence, seeable=frozenset(seeable)),
        "activity": activity_answer,
    }
    return {rule: one for rule, one in ordered.items() if one is not None}


def predict(
    answerer: Answerer,
    fused: FusedQuestion,
    edits: Strategy | None = None,
    seeable: Collection[str] = (),
) -> Prediction:
    """Answer and cite; the networks' candidates share what a strategy leaves of the probability.

    What is seen of the thing in question is cited before what is known of its kind.
    """
    text, candidates = answerer.answer(fused)
    for rule, strategy in strategies(edits, seeable).items():
        found = strategy(fused.graph, fused.query) if answerer.applies(rule) else None
        if found is not None:
            return replace(found.completed_by(candidates), rule=rule)
    of_it = fused.query.answer_type == "attribute"
    shown = seen_path(fused.graph, fused.query.topic, text) if of_it else ()
    evidence = Evidence.from_path(fused.graph, shown) if shown else answerer.cite(fused, text)
    if _is_supported(fused.graph, evidence) or not answerer.applies("no-support"):
        return Prediction(text, candidates, evidence)
    cited = answerer.cite(fused, DONT_KNOW)
    unknown = Prediction.of(DONT_KNOW, BLIND_CONFIDENCE, cited).completed_by(candidates)
    return replace(unknown, rule="no-support")


def _is_supported(graph: SceneGraph, evidence: Evidence) -> bool:
    """Whether anything is seen, or else a fact or a signal speaks for the answer."""
    seen = any(graph.nodes(kind) for kind in SEEN)
    return seen or bool(evidence.facts or evidence.signals)
