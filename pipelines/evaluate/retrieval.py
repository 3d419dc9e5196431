"""How often the best facts of a store hold what a question asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from graph_fusion.encoders import TEXT_ENCODERS
from kg.errors import SightGraphError
from kg.files import bundled
from kg.knowledge.store import Store
from kg.retrieval import Candidates, Ranker, Retriever
from pipelines.build.retrieval import relation_vectors
from pipelines.datasets.retrieval import Judge, RetrievalQuestion, SeedFinder, read_questions
from pipelines.datasets.splits import in_part
from pipelines.evaluate.protocol import Report, Source

BEST = (10, 20, 50, 200)
RANKINGS = ("trained", "pagerank", "strength")
_PAGERANK, _STRENGTH = 11, 2


@dataclass(frozen=True, slots=True)
class RetrievalEvaluator:
    """For each ranking the share of questions answered within the best k facts.

    A question with a fact needs that fact; any other needs a right answer at either end of one.
    "any" is the share where any candidate would do: no ranking can do better.

    kg: folder of the store that is searched. limit: only so many questions.
    """

    kg: Path
    limit: int | None = None

    def dataset(self, source: Source) -> list[RetrievalQuestion]:
        """Return the questions about photographs that training holds out.

        Raises:
            SightGraphError: the file cannot be read, or there is no such question.
        """
        questions = in_part(read_questions(source.data), "held-out")[: self.limit]
        if not questions:
            raise SightGraphError("there is no question of a held-out photograph.")
        return questions

    def system(self, model: Path | None = None) -> Ranker:
        return Ranker.load((model or bundled("models", "retrieval")) / "model.safetensors")

    def __call__(self, ranker: Ranker, dataset: Sequence[RetrievalQuestion]) -> Report:
        rows = list(ranked(dataset, Store(self.kg), ranker))
        figures: dict[str, float] = {"questions": len(rows)}
        for name, k in product(RANKINGS, BEST):
            hits = sum(row[name] is not None and row[name] <= k for row in rows)
            figures[f"{name}, best {k}"] = hits / len(rows)
        figures["any, best all"] = sum(row["any"] for row in rows) / len(rows)
        return Report(f"{RANKINGS[0]}, best {BEST[0]}", figures, rows)


def ranked(
    questions: Sequence[RetrievalQuestion], store: Store, ranker: Ranker
) -> Iterator[dict[str, Any]]:
    """Yield for each question its best right fact's place in each ranking, from 1; None if none.

    Only the best `max(BEST)` facts are looked through. any: whether any candidate is right.
    """
    encoder = TEXT_ENCODERS.make("minilm")
    retriever, seeds, judge = Retriever(store), SeedFinder(store), Judge(store)
    relations = relation_vectors(retriever, encoder)
    vectors = encoder([one.question for one in questions]).numpy()
    for one, vector in zip(
        track(questions, "questions", console=Console(stderr=True)), vectors, strict=True
    ):
        row: dict[str, Any] = {"question": one.question, **dict.fromkeys(RANKINGS), "any": False}
        found = retriever.candidates(one.question, *seeds(one))
        if len(found):
            right = _right(judge, one, found)
            row["any"] = bool(right.any())
            for name, scores in (
                ("trained", ranker(found, vector, relations)),
                ("pagerank", found.features[:, _PAGERANK]),
                ("strength", found.features[:, _STRENGTH]),
            ):
                places = np.flatnonzero(right[retriever.best(found, scores, max(BEST))])
                row[name] = int(places[0]) + 1 if len(places) else None
        yield row


def _right(judge: Judge, one: RetrievalQuestion, found: Candidates) -> np.ndarray:
    if one.fact is not None:
        return judge.is_fact(one, found)
    return judge.holds_answer(one, found.other) | judge.holds_answer(one, found.seed)
