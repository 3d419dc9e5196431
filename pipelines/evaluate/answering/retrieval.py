"""How often the best facts of a store hold what a question asks for: OK-VQA and FVQA."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph_fusion.encoders import TEXT_ENCODERS
from kg.english import ARTICLES, normalise, singular_forms
from kg.errors import SightGraphError
from kg.files import bundled
from kg.index.mentions import MentionFinder
from kg.knowledge.store import Store
from kg.retrieval import Candidates, Ranker, Retriever
from kg.vocabulary import local_name
from pipelines.build.retrieval import MEANINGS, relation_vectors
from pipelines.datasets.fvqa import read_fvqa
from pipelines.datasets.okvqa import OpenQuestion, read_okvqa
from pipelines.datasets.splits import Part, in_part
from pipelines.evaluate.protocol import Report, Source
from pipelines.progress import track
from pipelines.reading.parser import Parser

AGREED = 0.6
"""Answers with this soft score (two of ten people) count as right, if the question has any."""
FVQA_RELATIONS = {"transnbhd": "dbpedia", "IsA": "broader"}
"""FVQA's names of relations that a store has under another name."""


@dataclass(frozen=True, slots=True)
class RetrievalQuestion:
    """A question whose answer or fact a store may hold.

    answers: forms of the right answers' names. seen: names of what the photograph shows.
    fact: subject, relation and object as FVQA names them, where the question has one.
    """

    question: str
    seen: tuple[str, ...]
    answers: frozenset[str]
    part: Part
    fact: tuple[str, str, str] | None = None
    photo: str = ""


def read_questions(file: Path) -> list[RetrievalQuestion]:
    """Read OK-VQA's questions, or those of FVQA that have a caption.

    What is seen is OK-VQA's listed detections, and FVQA's caption.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    try:
        with file.open(encoding="utf-8") as opened:
            is_fvqa = opened.read(1) == "{"
    except (OSError, ValueError) as error:
        raise SightGraphError(
            f"cannot read the questions '{file}' as OK-VQA's or FVQA's train.json: {error!r}."
        ) from error
    if is_fvqa:
        return [_of_fvqa(one) for one in read_fvqa(file) if one.caption]
    return [_of_okvqa(one) for one in read_okvqa(file)]


def _of_okvqa(one: OpenQuestion) -> RetrievalQuestion:
    agreed = [answer for answer, score in one.scores.items() if score >= AGREED]
    answers = (form for answer in agreed or one.scores for form in name_forms(answer))
    return RetrievalQuestion(one.question, one.seen, frozenset(answers), one.part, photo=one.photo)


def _of_fvqa(one: OpenQuestion) -> RetrievalQuestion:
    answers = frozenset(form for answer in one.scores for form in name_forms(answer))
    return RetrievalQuestion(
        one.question, (one.caption or "",), answers, one.part, one.fact, one.photo
    )


class SeedFinder:
    """Finds the nodes of a store that a question names and a photograph shows.

    Each text is read as it stands and by its lemmas without articles, since much of ConceptNet is
    written so: "hunt for mouse".
    """

    def __init__(self, store: Store) -> None:
        self.index = store.index
        self.mentions = MentionFinder(store.index)
        self.parser = Parser(reader="rules")

    def __call__(self, question: RetrievalQuestion) -> tuple[list[int], list[int]]:
        """Return the nodes that the question names, and further ones of what is seen."""
        named = self._nodes(question.question)
        shown: list[int] = []
        for text in question.seen:
            whole = self.index.named(normalise(text))
            shown += whole[:MEANINGS].tolist() if len(whole) else self._nodes(text)
        return named, [node for node in dict.fromkeys(shown) if node not in named]

    def _nodes(self, text: str) -> list[int]:
        tokens = self.parser(text).tokens
        lemmas = [one.lemma or one.text for one in tokens if one.text.lower() not in ARTICLES]
        found: list[int] = []
        for reading in (text, " ".join(lemmas)):
            for mention in self.mentions(reading, typos=False):
                found += self.mentions.nodes(mention)[:MEANINGS].tolist()
                for form in singular_forms(mention.name):
                    found += self.index.named(form)[:MEANINGS].tolist()
        return list(dict.fromkeys(found))


class Judge:
    """Decides which candidates hold a right answer or are the question's fact."""

    def __init__(self, store: Store) -> None:
        self.index = store.index
        self._forms: dict[int, frozenset[str]] = {}
        self._numbers: dict[str, list[int]] = {}
        for number, iri in enumerate(self.index.relations):
            self._numbers.setdefault(_plain(local_name(iri)), []).append(number)

    def holds_answer(
        self, question: RetrievalQuestion, nodes: NDArray[np.int32]
    ) -> NDArray[np.bool_]:
        """Return for each node whether its name is a right answer [K]."""
        distinct, place = np.unique(nodes, return_inverse=True)
        right = [bool(self.forms(int(node)) & question.answers) for node in distinct]
        return np.array(right, bool)[place]

    def is_fact(self, question: RetrievalQuestion, candidates: Candidates) -> NDArray[np.bool_]:
        """Return for each candidate whether it is the question's fact [K].

        The relation must be the same; the ends may be written in other forms.
        """
        if question.fact is None:
            return np.zeros(len(candidates), bool)
        subject, relation, object_ = question.fact
        numbers = self._numbers.get(_plain(FVQA_RELATIONS.get(relation, relation)), [])
        ends = (frozenset(name_forms(subject)), frozenset(name_forms(object_)))
        found = np.zeros(len(candidates), bool)
        for i in np.flatnonzero(np.isin(candidates.relation, numbers)).tolist():
            seed, other = int(candidates.seed[i]), int(candidates.other[i])
            first, second = (seed, other) if candidates.outgoing[i] else (other, seed)
            found[i] = bool(self.forms(first) & ends[0] and self.forms(second) & ends[1])
        return found

    def forms(self, node: int) -> frozenset[str]:
        """Return the forms of a node's name."""
        if node not in self._forms:
            self._forms[node] = frozenset(name_forms(self.index.label(node)))
        return self._forms[node]


def name_forms(name: str) -> Iterator[str]:
    """Yield the forms under which a name counts as the same."""
    plain = normalise(name.removeprefix("Category:"))
    yield plain
    yield from singular_forms(plain)


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


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

    Only the best `max(BEST)` facts are examined. any: whether any candidate is right.
    """
    encoder = TEXT_ENCODERS.make("minilm")
    retriever, seeds, judge = Retriever(store), SeedFinder(store), Judge(store)
    relations = relation_vectors(retriever, encoder)
    vectors = encoder([one.question for one in questions]).numpy()
    for one, vector in zip(track(questions, "questions"), vectors, strict=True):
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
