"""How often the best facts of a store hold what a question asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.progress import track

from graph_fusion.encoders import TEXT_ENCODERS
from kg.errors import SightGraphError
from kg.knowledge.store import Store
from kg.retrieval import Candidates, Ranker, Retriever
from pipelines.build.retrieval import relation_vectors
from pipelines.datasets.retrieval import Asked, Judge, SeedFinder

BEST = (10, 20, 50, 200)
RANKINGS = ("trained", "pagerank", "strength")
_PAGERANK, _STRENGTH = 11, 2


def evaluate_retrieval(
    questions: Sequence[Asked], store: Store, ranker: Ranker
) -> dict[str, dict[str, float]]:
    """Return for each ranking the share of `questions` answered within the best k facts.

    A question with a fact needs that fact; any other needs a right answer at either end of one.
    "any" is the share where any candidate would do: no ranking can do better.

    Raises:
        SightGraphError: there is no question.
    """
    if not questions:
        raise SightGraphError("there is no question of a photograph that training set aside.")
    encoder = TEXT_ENCODERS.make("minilm")
    retriever, seeds, judge = Retriever(store), SeedFinder(store), Judge(store)
    relations = relation_vectors(retriever, encoder)
    vectors = encoder([one.question for one in questions]).numpy()
    hits = {name: dict.fromkeys(BEST, 0) for name in RANKINGS}
    reachable = 0
    for one, vector in zip(
        track(questions, "questions", console=Console(stderr=True)), vectors, strict=True
    ):
        found = retriever.candidates(one.question, *seeds(one))
        if not len(found):
            continue
        right = _right(judge, one, found)
        reachable += bool(right.any())
        for name, scores in (
            ("trained", ranker(found, vector, relations)),
            ("pagerank", found.features[:, _PAGERANK]),
            ("strength", found.features[:, _STRENGTH]),
        ):
            best = retriever.best(found, scores, max(BEST))
            for k in BEST:
                hits[name][k] += bool(right[best[:k]].any())
    shares = {
        name: {str(k): count / len(questions) for k, count in found.items()}
        for name, found in hits.items()
    }
    return shares | {"any": {"all": reachable / len(questions)}}


def _right(judge: Judge, one: Asked, found: Candidates) -> np.ndarray:
    if one.fact is not None:
        return judge.is_fact(one, found)
    return judge.holds_answer(one, found.other) | judge.holds_answer(one, found.seed)
