"""How a question is answered: by the first strategy that has an answer, or by the networks."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from pipelines.answering.answerer import Answerer, FusedQuestion
from pipelines.answering.evidence import DONT_KNOW, Evidence
from pipelines.answering.paths import seen_path
from pipelines.answering.prediction import Prediction, Strategy
from pipelines.answering.presence import is_blind_comparison, is_blind_count, presence_answer
from pipelines.answering.signal_answers import signal_answer
from pipelines.answering.written_answers import written_answer

BLIND_CONFIDENCE = 0.5
"""Of "I don't know" where what is compared or counted is not known. Set by hand."""


def strategies(edits: Strategy | None, seeable: Collection[str]) -> tuple[Strategy, ...]:
    """Return what answers before the networks, in order of precedence.

    edits: answers from what a person stated, if anything was. seeable: as in `presence_answer`.
    """
    ordered = (
        edits,
        signal_answer,
        written_answer,
        partial(presence_answer, seeable=seeable),
    )
    return tuple(one for one in ordered if one is not None)


def predict(
    answerer: Answerer,
    fused: FusedQuestion,
    edits: Strategy | None = None,
    seeable: Collection[str] = (),
) -> Prediction:
    """Answer and cite; the networks' candidates share what a strategy leaves of the probability.

    What is seen of the thing in question is cited before what is known of its kind. Without a
    photograph and a modality, the networks answer nothing without a fact.
    """
    text, candidates = answerer.answer(fused)
    for strategy in strategies(edits, seeable):
        found = strategy(fused.graph, fused.query)
        if found is not None:
            return found.completed_by(candidates)
    of_it = fused.query.answer_type == "attribute"
    shown = seen_path(fused.graph, fused.query.topic, text) if of_it else ()
    evidence = Evidence.from_path(fused.graph, shown) if shown else answerer.cite(fused, text)
    blind = fused.graph.photo is None and not evidence.facts and not evidence.signals
    blind = blind or is_blind_comparison(fused.graph, fused.query, evidence)
    if blind or is_blind_count(fused.graph, fused.query, text, seeable):
        unknown = Prediction.of(DONT_KNOW, BLIND_CONFIDENCE, answerer.cite(fused, DONT_KNOW))
        return unknown.completed_by(candidates)
    return Prediction(text, candidates, evidence)
